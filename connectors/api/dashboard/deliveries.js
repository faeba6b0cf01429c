// Who is told of what: routes and sinks as configured, and where to see what became of it.
import { html } from '/vendor/preact.js';
import { ask } from '/app/live.js';
import { Badge, Copy, Empty, Panel, Skeleton, Trouble, count, plain, seconds, useAsked } from '/app/ui.js';

// --- the configuration, as the node describes it: one key a line, values as in JSON

function readAlerts(toml) {
  const out = { routes: [], sinks: [], inhibitions: 0 };
  let into = null;
  for (const line of toml.split('\n')) {
    const table = /^\[+([^\]]+)\]+$/.exec(line.trim());
    if (table) {
      const [, sink] = /^alerts\.sinks\.(.+)$/.exec(table[1]) || [];
      into = null;
      if (sink) out.sinks.push((into = { id: sink.replace(/^"|"$/g, '') }));
      else if (table[1] === 'alerts.route') out.routes.push((into = {}));
      else if (table[1] === 'alerts.inhibit') ++out.inhibitions;
      continue;
    }
    const [, key, text] = (into && /^([\w-]+) = (.*)$/.exec(line)) || [];
    if (!key) continue;
    try {
      into[key] = JSON.parse(text);
    } catch {
      into[key] = text;
    }
  }
  return out;
}

const listOf = (value) => (Array.isArray(value) ? value : value ? [value] : []);
function wants(route) {
  const out = ['agent', 'type', 'chain', 'label'].filter((name) => listOf(route[name]).length).map((name) => listOf(route[name]).map((x) => plain(String(x), 40).replaceAll('_', ' ')).join(' or '));
  if (route.min_severity) out.unshift(`${route.min_severity} or worse`);
  if (route.min_confidence) out.push(`confidence ${route.min_confidence} or more`);
  return out.length ? out : ['every signal'];
}
const spell = (text) => seconds(parseFloat(text) * ({ ms: 0.001, m: 60, h: 3600, d: 86_400 }[/[a-z]+$/.exec(text)?.[0]] || 1));
function manners(route) {
  return [route.wait_for && route.wait_for !== 'pending' && `waits until ${route.wait_for}`, parseFloat(route.suppress_for) > 0 && `quiet for ${spell(route.suppress_for)} after one`,
    parseFloat(route.group_wait) > 0 && `in groups of ${spell(route.group_wait)}`, route.tell_finality === false && 'does not tell of finality'].filter(Boolean);
}
const quoted = (text) => (/^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

function Routes({ routes, file }) {
  if (!routes.length) return html`<${Empty} title="No routes">A route says which signals are told to whom: docs/alerts.md has a first one.<//>`;
  return html`<ul class="routes">${routes.slice(0, 100).map((route) => html`<li key=${route.name}><span class="what"><b><bdi>${plain(route.name, 60)}</bdi></b>
      <span class="muted wraps">${wants(route).join(' · ')}</span>${manners(route).length > 0 && html`<span class="muted wraps">${manners(route).join(' · ')}</span>`}</span>
    <span class="to"><span class="muted" aria-label="to">→</span>${listOf(route.sinks).map((sink) => html`<${Badge} state=${sink} />`)}</span>
    <${Copy} text=${`eremos-node alerts test ${quoted(route.name)} --config ${quoted(file || 'eremos.toml')}`} label="Copy the command that sends a test by ${plain(route.name, 60)}">Test<//></li>`)}</ul>
    <p class="muted">Test copies the command that sends one test alert to each sink of the route, and says who took it.</p>`;
}

function Sinks({ sinks }) {
  if (!sinks.length) return html`<${Empty} title="No sinks">A webhook, a chat, a mailbox, a file or a program can take alerts.<//>`;
  return html`<ul class="rules">${sinks.slice(0, 16).map((sink) => html`<li key=${sink.id}><span class="what"><b><bdi>${plain(sink.id, 60)}</bdi></b></span>
    <${Badge} state=${sink.kind} /></li>`)}</ul>`;
}

// --- what only the command line tells today

const commands = [
  ['What became of each delivery', 'eremos-node alerts list'], ['Dead letters', 'eremos-node alerts dead'],
  ['Send one again', 'eremos-node alerts resend ID'], ['What is silenced', 'eremos-node alerts silence list'],
  ['Silence a type for two hours', 'eremos-node alerts silence add --type TYPE --for 2h --comment WHY'],
];

function Outbox() {
  return html`<${Panel} title="Outbox, dead letters and silences"><p class="muted">The API does not tell of them yet; the command line does, beside the running node.</p>
    <ul class="commands">${commands.map(([what, text]) => html`<li><span class="what"><b>${what}</b><code class="wraps">${text}</code></span><${Copy} text=${text} label="Copy ${text}" /></li>`)}</ul><//>`;
}

export default function Deliveries() {
  const { value, problem, loading, again } = useAsked('config', async (signal) => {
    const config = await ask('/api/v1/config', { signal });
    return { ...readAlerts(config.toml), file: config.file };
  });
  if (problem && !value) return html`<${Trouble} problem=${problem} again=${again} />`;
  if (loading && !value) return html`<${Skeleton} rows=${8} />`;
  return html`<div class="columns"><div class="column">
      <${Panel} title="Routes" note=${value.routes.length ? `${count(value.routes.length)} of them${value.inhibitions ? `, ${count(value.inhibitions)} ${value.inhibitions === 1 ? 'inhibition' : 'inhibitions'}` : ''}` : ''}><${Routes} routes=${value.routes} file=${value.file} /><//></div>
    <div class="column"><${Panel} title="Sinks" note=${value.sinks.length ? `${count(value.sinks.length)} of them` : ''}><${Sinks} sinks=${value.sinks} /><//>
      <${Outbox} /></div></div>`;
}
