// Who is told of what: routes and sinks as configured, what became of each delivery, and what is silenced.
import { html, useState } from '/vendor/preact.js';
import { ask, order, withQuery } from '/app/live.js';
import { Badge, Copy, Empty, Panel, Skeleton, Trouble, count, moment, plain, seconds, short, useAsked, words } from '/app/ui.js';

const shownMax = 100;
const states = [['', 'All'], ['due', 'Due'], ['dead', 'Dead'], ['delivered', 'Delivered'], ['suppressed', 'Suppressed'], ['silenced', 'Silenced']];
const tones = { delivered: 'good', due: 'warn', dead: 'bad' };

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

function Sinks({ sinks, waiting, problem }) {
  if (!sinks.length) return html`<${Empty} title="No sinks">A webhook, a chat, a mailbox, a file or a program can take alerts.<//>`;
  return html`<ul class="rules">${sinks.slice(0, 16).map((sink) => {
    const due = waiting?.find((x) => x.sink === sink.id)?.due || 0;
    return html`<li key=${sink.id}><span class="what"><b><bdi>${plain(sink.id, 60)}</bdi></b><span class="muted">${plain(sink.kind, 20)}</span></span>
      ${problem ? html`<span class="muted">not known</span>` : due ? html`<${Badge} state="${count(due)} due" tone="warn" />` : html`<span class="muted">nothing waits</span>`}</li>`;
  })}</ul>`;
}

// --- an order to the node, with what came of it

function Act({ path, label, done, children, primary = false }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const act = async () => {
    setBusy(true);
    setProblem(null);
    try {
      await order(path);
      done();
    } catch (error) {
      setProblem(error);
    }
    setBusy(false);
  };
  return html`<span class="controls"><button class="button small ${primary ? 'primary' : ''}" disabled=${busy} aria-label=${label} onClick=${act}>${busy ? '…' : children}</button>
    ${problem && html`<span class="bad-text" role="alert">${problem.status === 403 ? 'This token may only read' : plain(problem.message, 120)}</span>`}</span>`;
}

function Outbox({ zone, query }) {
  const [state, choose] = useState(states.some(([name]) => name === query.state) ? query.state : '');
  const path = withQuery('/api/v1/alerts', { limit: shownMax, state });
  const { value, problem, loading, again } = useAsked(path, (signal) => ask(path, { signal }), 5000);
  const choices = html`<div class="choices" role="group" aria-label="State">${states.map(([name, title]) => html`<button aria-pressed=${name === state} onClick=${() => choose(name)}>${title}</button>`)}</div>`;
  let body;
  if (problem) body = html`<${Trouble} problem=${problem} again=${again} />`;
  else if (loading && !value) body = html`<${Skeleton} rows=${6} />`;
  else if (!value.items.length) body = html`<${Empty} title=${state === 'dead' ? 'No dead letters' : 'Nothing here'}>${state === 'dead' ? 'Whatever was given up would wait here to be sent again.'
    : 'What routes take out of the signals shows here, with what became of it.'}<//>`;
  else body = html`<ul class="deliveries">${value.items.map((x) => html`<li key=${x.id} data-alert=${x.id}>
      <span class="cell"><${Badge} state=${x.state} tone=${tones[x.state]} /></span>
      <span class="what"><b>${words(x.kind)}</b><span class="muted"><bdi>${plain(x.route, 40)}</bdi> → <bdi>${plain(x.sink, 40)}</bdi></span></span>
      <span class="what"><a href="#/signals?id=${encodeURIComponent(x.signal)}"><code>${plain(x.signal, 8)}</code></a>
        <span class=${x.error ? 'bad-text wraps' : 'muted'}>${x.error ? plain(x.error, 120) : `${count(x.attempts)} ${x.attempts === 1 ? 'try' : 'tries'}`}</span></span>
      <span class="when"><time>${moment(x.created, zone)}</time>${x.next_attempt && x.state === 'due' && x.next_attempt > Date.now() ? html`<span class="muted">again in ${seconds((x.next_attempt - Date.now()) / 1000)}</span>` : null}</span>
      ${x.state === 'dead' ? html`<${Act} path=${`/api/v1/alerts/${encodeURIComponent(x.id)}/resend`} label="Send ${x.id} again" done=${again}>Send again<//>` : html`<span />`}</li>`)}</ul>
    ${value.items.length === shownMax && html`<p class="muted">The newest ${count(shownMax)}.</p>`}`;
  return html`<${Panel} title="Outbox" note=${value && !problem ? `${count(value.items.length)} shown` : ''} actions=${choices}>${body}<//>`;
}

function Silences({ zone }) {
  const { value, problem, loading, again } = useAsked('silences', (signal) => ask('/api/v1/silences', { signal }), 10_000);
  const [wrong, setWrong] = useState(null);
  const add = async (event) => {
    event.preventDefault();
    const form = event.target;
    setWrong(null);
    try {
      await order(withQuery('/api/v1/silences', { type: form.type.value.trim(), subject: form.subject.value.trim(), seconds: form.hours.value * 3600, comment: form.comment.value.trim() }));
      form.reset();
      again();
    } catch (error) {
      setWrong(error);
    }
  };
  let body;
  if (problem && !value) body = html`<${Trouble} problem=${problem} again=${again} />`;
  else if (loading && !value) body = html`<${Skeleton} rows=${2} />`;
  else body = value.items.length ? html`<ul class="rules">${value.items.slice(0, shownMax).map((s) => html`<li key=${s.id}><span class="what">
      <b><bdi>${['route', 'type', 'agent', 'subject'].filter((name) => s[name]).map((name) => `${name} ${name === 'subject' ? short(s[name]) : plain(s[name], 40)}`).join(', ') || 'everything'}</bdi></b>
      <span class="muted">until <time>${moment(s.until, zone)}</time>${s.comment && html` · <bdi>${plain(s.comment, 80)}</bdi>`}</span></span>
      <${Act} path=${`/api/v1/silences/${s.id}/end`} label="End silence ${s.id}" done=${again}>End<//></li>`)}</ul>` : html`<p class="muted">Nothing is silenced.</p>`;
  return html`<${Panel} title="Silences">${body}<form class="silence" onSubmit=${add} aria-label="A new silence">
    <label><span>Type of signal</span><input name="type" placeholder="any" spellcheck="false" /></label>
    <label><span>Address</span><input name="subject" placeholder="any" spellcheck="false" /></label>
    <label><span>For</span><select name="hours">${[[1, '1 hour'], [4, '4 hours'], [24, 'a day'], [168, 'a week']].map(([hours, text]) => html`<option value=${hours}>${text}</option>`)}</select></label>
    <label><span>Why</span><input name="comment" maxlength="200" /></label>
    ${wrong && html`<p class="bad-text" role="alert">${wrong.status === 403 ? 'This token may only read' : plain(wrong.message, 200)}</p>`}
    <button class="button">Silence</button></form><//>`;
}

export default function Deliveries({ zone, query }) {
  const { value, problem, loading, again } = useAsked('config', async (signal) => {
    const config = await ask('/api/v1/config', { signal });
    return { ...readAlerts(config.toml), file: config.file };
  });
  const waiting = useAsked('waiting', (signal) => ask('/api/v1/alerts/waiting', { signal }), 5000);
  if (problem && !value) return html`<${Trouble} problem=${problem} again=${again} />`;
  if (loading && !value) return html`<${Skeleton} rows=${8} />`;
  return html`<div class="columns"><div class="column">
      <${Panel} title="Routes" note=${value.routes.length ? `${count(value.routes.length)} of them${value.inhibitions ? `, ${count(value.inhibitions)} ${value.inhibitions === 1 ? 'inhibition' : 'inhibitions'}` : ''}` : ''}><${Routes} routes=${value.routes} file=${value.file} /><//>
      <${Outbox} zone=${zone} query=${query} /></div>
    <div class="column"><${Panel} title="Sinks" note=${value.sinks.length ? `${count(value.sinks.length)} of them` : ''}><${Sinks} sinks=${value.sinks} waiting=${waiting.value?.items} problem=${waiting.problem} /><//>
      <${Silences} zone=${zone} /></div></div>`;
}
