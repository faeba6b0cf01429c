// Who is told of what: routes and sinks as configured, what became of each delivery, and what is silenced.
import { html, useEffect, useState } from '/vendor/preact.js';
import { ask, order, withQuery } from '/app/live.js';
import { go } from '/app/main.js';
import { Badge, Empty, Icon, Panel, Skeleton, Trouble, count, moment, plain, seconds, short, useAsked, words } from '/app/ui.js';

const shownMax = 100;
const firstShown = 25;
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
// --- an order to the node, with what came of it

const whyNot = (problem) => (problem.status === 403 ? 'This token may only read' : plain(problem.message, 160));

function Act({ path, method = 'POST', label, begin, done, children }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const act = async () => {
    setBusy(true);
    setProblem(null);
    begin?.();
    try {
      done(await order(path, undefined, method));
    } catch (error) {
      setProblem(error);
    }
    setBusy(false);
  };
  return html`<span class="controls"><button class="button small" disabled=${busy} aria-label=${label} onClick=${act}>${busy ? '…' : children}</button>
    ${problem && html`<span class="bad-text" role="alert">${whyNot(problem)}</span>`}</span>`;
}

function Routes({ routes }) {
  if (!routes.length) return html`<${Empty} title="No routes">A route says which signals are told to whom: docs/alerts.md has a first one.<//>`;
  return html`<ul class="routes">${routes.slice(0, 100).map((route) => html`<${Route} key=${route.name} route=${route} />`)}</ul>`;
}

function Route({ route }) {
  const [answers, answer] = useState(null);
  return html`<li data-route=${route.name}><span class="what"><b><bdi>${plain(route.name, 60)}</bdi></b>
      <span class="muted wraps">${wants(route).join(' · ')}</span>${manners(route).length > 0 && html`<span class="muted wraps">${manners(route).join(' · ')}</span>`}</span>
    <span class="to"><span class="muted" aria-label="to">→</span>${listOf(route.sinks).map((sink) => html`<${Badge} state=${sink} />`)}</span>
    <${Act} path=${`/api/v1/alerts/routes/${encodeURIComponent(route.name)}/test`} label="Test ${plain(route.name, 60)}" begin=${() => answer(null)} done=${({ items }) => answer(items)}>Test<//>
    <div role="status">${answers && html`<ul class="answers">${answers.map((x) => html`<li class=${x.delivered ? 'good-text' : 'bad-text'}><${Icon} name=${x.delivered ? 'check' : 'warn'} />
      <span><bdi>${plain(x.sink, 60)}</bdi> ${x.delivered ? 'took the test alert' : html`did not take it: ${plain(x.error, 200)}`}</span></li>`)}</ul>`}</div></li>`;
}

function Sinks({ sinks, waiting, problem }) {
  if (!sinks.length) return html`<${Empty} title="No sinks">A webhook, a chat, a mailbox, a file or a program can take alerts.<//>`;
  return html`<ul class="rules">${sinks.slice(0, 16).map((sink) => {
    const { due = 0, dead = 0 } = waiting?.find((x) => x.sink === sink.id) || {};
    return html`<li key=${sink.id} data-sink=${sink.id}><span class="what"><b><bdi>${plain(sink.id, 60)}</bdi></b><span class="muted">${plain(sink.kind, 20)}</span></span>
      ${dead > 0 && html`<a href="#/deliveries?state=dead"><${Badge} state="${count(dead)} dead" tone="bad" /></a>`}
      ${due > 0 && html`<a href="#/deliveries?state=due"><${Badge} state="${count(due)} due" tone="warn" /></a>`}
      ${!due && !dead && html`<span class="muted">${problem ? 'not known' : 'nothing waits'}</span>`}</li>`;
  })}</ul>`;
}

// --- what became of each delivery

function Delivery({ x, zone, again }) {
  const wait = x.state === 'due' && x.next_attempt > Date.now() ? (x.next_attempt - Date.now()) / 1000 : 0;
  const tries = `${count(x.attempts)} ${x.attempts === 1 ? 'try' : 'tries'}`;
  return html`<li data-alert=${x.id}>
    <span class="cell"><${Badge} state=${x.state} tone=${tones[x.state]} /></span>
    <span class="what"><b>${words(x.kind)}</b><span class="muted"><bdi>${plain(x.route, 40)}</bdi> → <bdi>${plain(x.sink, 40)}</bdi></span></span>
    <span class="what"><a href="#/signals?id=${encodeURIComponent(x.signal)}" aria-label="Signal ${plain(x.signal, 8)}"><code>${plain(x.signal.slice(0, 8), 8)}</code></a>
      <span class=${x.error ? 'bad-text wraps' : 'muted'}>${x.error ? plain(x.error, 120) : x.attempts ? tries : 'not sent'}</span></span>
    <span class="when"><time>${moment(x.created, zone)}</time>${x.error || wait ? html`<span class="muted">${tries}${wait ? `, again in ${seconds(wait)}` : ''}</span>` : null}</span>
    ${x.state === 'dead' ? html`<${Act} path=${`/api/v1/alerts/${encodeURIComponent(x.id)}/resend`} label="Send again: ${plain(x.id, 60)}" done=${again}>Send again<//>` : html`<span class="none" />`}</li>`;
}

function Outbox({ zone, query }) {
  const state = states.some(([name]) => name === query.state) ? query.state : '';
  const [wanted, setWanted] = useState(firstShown);
  useEffect(() => setWanted(firstShown), [state]);
  const path = withQuery('/api/v1/alerts', { limit: wanted, state });
  const { value, problem, loading, again } = useAsked(path, async (signal) => ({ state, ...(await ask(path, { signal })) }), 5000);
  const rows = value?.state === state ? value : null;
  const choices = html`<div class="choices" role="group" aria-label="State">${states.map(([name, title]) =>
    html`<button aria-pressed=${name === state} onClick=${() => go('deliveries', { ...query, state: name }, true)}>${title}</button>`)}</div>`;
  let body;
  if (problem && !rows) body = html`<${Trouble} problem=${problem} again=${again} />`;
  else if (!rows) body = html`<${Skeleton} rows=${6} />`;
  else if (!rows.items.length) body = html`<${Empty} title=${state === 'dead' ? 'No dead letters' : 'Nothing here'}>${state === 'dead' ? 'Whatever was given up would wait here to be sent again.'
    : 'What routes take out of the signals shows here, with what became of it.'}<//>`;
  else body = html`<ul class="deliveries">${rows.items.map((x) => html`<${Delivery} key=${x.id} x=${x} zone=${zone} again=${again} />`)}</ul>
    ${rows.next && wanted < shownMax && html`<p><button class="button small" onClick=${() => setWanted(Math.min(shownMax, wanted * 2))}>Show older ones</button></p>`}
    ${rows.next && wanted >= shownMax && html`<p class="muted">The newest ${count(rows.items.length)}; <code>eremos-node alerts list</code> and the API have the rest.</p>`}`;
  return html`<${Panel} title="Outbox" actions=${choices}>${problem && rows && html`<${Trouble} problem=${problem} again=${again} />`}${body}<//>`;
}

// --- what is not to be told for a while

const silenced = (s) => ['route', 'type', 'agent', 'subject'].filter((name) => s[name]).map((name) =>
  `${name === 'subject' ? 'about' : name} ${name === 'subject' ? short(s[name]) : plain(s[name], 40)}`).join(', ');

function Silences({ routes, zone }) {
  const { value, problem, loading, again } = useAsked('silences', (signal) => ask('/api/v1/silences', { signal }), 10_000);
  const [wrong, setWrong] = useState('');
  const add = async (event) => {
    event.preventDefault();
    const form = event.target;
    const said = Object.fromEntries(['route', 'type', 'subject', 'comment'].map((name) => [name, form[name].value.trim()]).filter(([, text]) => text));
    if (!said.route && !said.type && !said.subject) return setWrong('Say what is to be silenced: a route, a type or an address.');
    setWrong('');
    try {
      await order('/api/v1/silences', { ...said, seconds: Number(form.hours.value) * 3600 });
      form.reset();
      again();
    } catch (error) {
      setWrong(whyNot(error));
    }
  };
  let body;
  if (problem && !value) body = html`<${Trouble} problem=${problem} again=${again} />`;
  else if (loading && !value) body = html`<${Skeleton} rows=${2} />`;
  else body = value.items.length ? html`<ul class="rules silences">${value.items.slice(0, shownMax).map((s) => html`<li key=${s.id} data-silence=${s.id}><span class="what">
      <b class="wraps"><bdi>${words(silenced(s), 200)}</bdi></b>
      <span class="muted wraps">until <time>${moment(s.until, zone)}</time>${s.comment && html` · <bdi>${plain(s.comment, 120)}</bdi>`}</span></span>
      <${Act} path=${`/api/v1/silences/${s.id}`} method="DELETE" label="End the silence ${s.id}" done=${again}>End<//></li>`)}</ul>` : html`<p class="muted">Nothing is silenced.</p>`;
  return html`<${Panel} title="Silences">${body}<form class="silence" onSubmit=${add} aria-label="A new silence">
    <h3>Keep alerts back</h3>
    <label><span>Of the route</span><select name="route"><option value="">any</option>${routes.slice(0, 100).map(({ name }) => html`<option value=${name}>${plain(name, 60)}</option>`)}</select></label>
    <label><span>For</span><select name="hours">${[[1, '1 hour'], [4, '4 hours'], [24, 'a day'], [168, 'a week']].map(([hours, text]) => html`<option value=${hours}>${text}</option>`)}</select></label>
    <label><span>Of the type</span><input name="type" placeholder="any, like flood" maxlength="128" spellcheck="false" autocapitalize="off" /></label>
    <label><span>About</span><input name="subject" placeholder="any 0x…" maxlength="128" spellcheck="false" autocapitalize="off" /></label>
    <label class="wide"><span>Why</span><input name="comment" maxlength="200" placeholder="for whoever looks here next" /></label>
    ${wrong && html`<p class="bad-text" role="alert">${wrong}</p>`}
    <button class="button">Silence</button></form><//>`;
}

export default function Deliveries({ zone, query }) {
  const { value, problem, loading, again } = useAsked('config', async (signal) => {
    const config = await ask('/api/v1/config', { signal });
    return readAlerts(config.toml);
  });
  const waiting = useAsked('waiting', (signal) => ask('/api/v1/alerts/waiting', { signal }), 5000);
  if (problem && !value) return html`<${Trouble} problem=${problem} again=${again} />`;
  if (loading && !value) return html`<${Skeleton} rows=${8} />`;
  return html`<div class="columns"><div class="column">
      <${Panel} title="Routes" note=${value.routes.length ? `${count(value.routes.length)} of them${value.inhibitions ? `, ${count(value.inhibitions)} ${value.inhibitions === 1 ? 'inhibition' : 'inhibitions'}` : ''}` : ''}><${Routes} routes=${value.routes} /><//>
      <${Outbox} zone=${zone} query=${query} /></div>
    <div class="column"><${Panel} title="Sinks" note=${value.sinks.length ? `${count(value.sinks.length)} of them` : ''}><${Sinks} sinks=${value.sinks} waiting=${waiting.value?.items} problem=${waiting.problem} /><//>
      <${Silences} routes=${value.routes} zone=${zone} /></div></div>`;
}
