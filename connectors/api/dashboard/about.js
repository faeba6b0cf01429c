// What this page and the node behind it are made of.
import { html } from '/vendor/preact.js';
import { stats } from '/app/live.js';
import { Panel, plain, seconds, useCell } from '/app/ui.js';

const parts = [
  ['Preact', 'MIT', '© 2015-present Jason Miller', 'https://preactjs.com'],
  ['htm', 'Apache-2.0', '© 2018 Google Inc.', 'https://github.com/developit/htm'],
  ['uPlot', 'MIT', '© 2022 Leon Sorokin', 'https://github.com/leeoniya/uPlot'],
  ['sigma.js', 'MIT', '© Alexis Jacomy, Guillaume Plique, Benoît Simard and others', 'https://www.sigmajs.org'],
  ['graphology', 'MIT', '© Guillaume Plique', 'https://graphology.github.io'],
];
const links = [
  ['/openapi.json', 'every route of the API; this page uses nothing else'],
  ['/readyz?verbose', 'whether all is well'],
  ['/metrics', 'counters for Prometheus'],
  ['/api/v1/signals', 'what agents concluded'],
];

export default function About() {
  const now = useCell(stats);
  return html`<div class="grid"><${Panel} title="This node"><dl class="values">
      <div><dt>Version</dt><dd>${now ? plain(now.version, 60) : '–'}</dd></div>
      <div><dt>Runs since</dt><dd>${now ? seconds(now.uptime_seconds) : '–'}</dd></div>
      <div><dt>Licence</dt><dd>Apache-2.0</dd></div></dl>
    <h3>The same for scripts</h3><ul class="plain">${links.map(([path, what]) => html`<li><a href=${path}>${path}</a> <span class="muted">${what}</span></li>`)}</ul><//>
    <${Panel} title="Keys"><dl class="values"><div><dt>Tab, Enter</dt><dd>go to and press anything</dd></div>
      <div><dt>↑ ↓</dt><dd>from signal to signal</dd></div><div><dt>Esc</dt><dd>closes what is open</dd></div></dl><//>
    <${Panel} title="Made with"><ul class="plain">${parts.map(([name, licence, holder, at]) => html`<li><a href=${at} rel="noreferrer">${name}</a> <span class="muted">${licence}, ${holder}</span></li>`)}</ul>
      <h3>MIT</h3><p class="legal">Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the “Software”), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions: The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software. The Software is provided “as is”, without warranty of any kind, express or implied, including but not limited to the warranties of merchantability, fitness for a particular purpose and noninfringement. In no event shall the authors or copyright holders be liable for any claim, damages or other liability, whether in an action of contract, tort or otherwise, arising from, out of or in connection with the Software or the use or other dealings in the Software.</p>
      <p class="legal">Apache-2.0: <a href="https://www.apache.org/licenses/LICENSE-2.0" rel="noreferrer">apache.org/licenses/LICENSE-2.0</a></p><//></div>`;
}
