// What the node does right now, and what is wrong with it.
import { html, useEffect, useMemo, useState } from '/vendor/preact.js';
import { ask, askText, depths, eventTypes, lanes, link, pastProblem, rates, stats, stream, wantPast } from '/app/live.js';
import { Badge, Chart, Confidence, Empty, Icon, Panel, Severity, Skeleton, Trouble, compact, count, moment, plain, rate, seconds, short,
         useAsked, useCell, words } from '/app/ui.js';

let spanKept = 3600;  // until the page is closed
const spans = [[300, '5 min'], [600, '10 min'], [3600, '1 h'], [21_600, '6 h']];
const latestMax = 7;

// --- health

const advice = {
  'event processing': 'A chain has stopped taking blocks. Its card below and the log say why; troubleshooting.md has the ways out.',
  'message queue': 'Agents or the store are slower than the chain. See in Society who lags; pause it, or give the node more room.',
  'agent registration': 'Look at the agent in Society: release it from quarantine, or pause it until its cause is found.',
  'memory growth': 'The node holds more than its bounds add up to. Restart it and report what ran.',
  'providers': 'Check the provider’s URL, key and limits: eremos-node doctor tries each one out.',
  'store': 'Is the disk full or the data folder read-only? The node goes on once it can write.',
  'draining': 'The node was told to end and finishes what it has begun.',
};
/// When each trouble was first seen by this page.
const seenSince = new Map();

function readHealth(text) {
  const checks = text.split('\n').map((line) => /^\[([+-])\] ([^:]+)(?:: (.*))?$/.exec(line)).filter(Boolean)
    .map(([, sign, name, why]) => ({ name, why: sign === '-' ? why || 'not well' : '' }));
  for (const { name, why } of checks)
    if (!why) seenSince.delete(name);
    else if (!seenSince.has(name)) seenSince.set(name, Date.now());
  return checks;
}

function Health({ zone }) {
  const { value, problem, loading, again } = useAsked('health', async (signal) => readHealth(await askText('/readyz?verbose', { signal, accept503: true })), 5000);
  if (loading && !value) return html`<div class="health"><${Skeleton} rows=${1} /></div>`;
  if (problem) return html`<div class="health bad"><${Trouble} problem=${problem} again=${again} /></div>`;
  const wrong = value.filter((check) => check.why);
  return html`<section class="health ${wrong.length ? 'bad' : 'good'}" aria-label="Health">
    <div class="health-line"><${Icon} name=${wrong.length ? 'warn' : 'check'} />
      <strong>${wrong.length === 0 ? 'All is well' : wrong.length === 1 ? 'One thing is wrong' : `${wrong.length} things are wrong`}</strong>
      <ul class="checks">${value.map((check) => html`<li class=${check.why ? 'bad' : 'good'}>
        <${Icon} name=${check.why ? 'close' : 'check'} />${check.name}</li>`)}</ul></div>
    ${wrong.map((check) => html`<div class="wrong"><strong>${plain(check.why)}</strong>
      <span class="muted">since ${moment(seenSince.get(check.name), zone, false)} (${seconds((Date.now() - seenSince.get(check.name)) / 1000)})</span>
      <p>${advice[check.name] || 'The node’s log says more.'}</p></div>`)}</section>`;
}

// --- latency, from the histograms at /metrics

const stages = [
  ['decoded', 'eremos_receive_to_decoded_seconds', '', 'From a block’s receipt to being taken in: decoded, checked, in its place'],
  ['lane, critical', 'eremos_lane_wait_seconds', 'critical', 'What a critical event waits in its lane before an agent handles it'],
  ['lane, others', 'eremos_lane_wait_seconds', '', 'What all other events wait in theirs'],
  ['handled', 'eremos_receive_to_handled_seconds', 'all', 'From an event’s receipt to having been handled by an agent'],
  ['agents and rules', 'eremos_block_settled_seconds', '', 'From a block’s way to agents to the last they say of it'],
  ['stored', 'eremos_receive_to_stored_seconds', '', 'From a block’s receipt to its signals being stored and told'],
];
/// The buckets of every series together; `lane`: critical alone, all of them, or ('') all but critical.
function readHistogram(text, name, lane) {
  const sums = new Map();
  for (const [, labels, bound, value] of text.matchAll(new RegExp(`^${name}_bucket\\{([^}]*?),?le="([^"]+)"\\} (\\S+)`, 'gm'))) {
    if (lane !== 'all' && labels.includes('lane="critical"') !== (lane === 'critical')) continue;
    const at = bound === '+Inf' ? Infinity : Number(bound);
    sums.set(at, (sums.get(at) || 0) + Number(value));
  }
  return [...sums].sort((a, b) => a[0] - b[0]);
}
function quantile(buckets, share) {
  const total = buckets.length ? buckets[buckets.length - 1][1] : 0;
  if (!total) return NaN;
  const wanted = share * total;
  let [low, below] = [0, 0];
  for (const [bound, upTo] of buckets) {
    if (upTo >= wanted) return bound === Infinity ? low : low + ((bound - low) * (wanted - below)) / Math.max(1, upTo - below);
    [low, below] = [bound, upTo];
  }
  return NaN;
}

function Latency() {
  // It can wait until what is above it is there.
  const [ready, set] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => set(true), 2500);
    return () => clearTimeout(timer);
  }, []);
  const { value, problem, loading } = useAsked(`latency${ready}`, async (signal) => {
    if (!ready) return null;
    const text = await askText('/metrics', { signal });
    return stages.map(([name, metric, lane, what]) => {
      const buckets = readHistogram(text, metric, lane);
      return { name, what, at: [0.5, 0.99, 0.999].map((share) => quantile(buckets, share)) };
    });
  }, 10_000);
  let body;
  if (problem) body = html`<${Trouble} problem=${problem} />`;
  else if (!ready || (loading && !value)) body = html`<${Skeleton} rows=${3} />`;
  else if (!value || value.every((stage) => Number.isNaN(stage.at[0]))) body = html`<${Empty} title="Nothing timed yet">Latency shows once a block is stored.<//>`;
  else body = html`<table class="latency"><thead><tr><th scope="col">Stage</th><th scope="col">p50</th><th scope="col">p99</th><th scope="col">p99.9</th></tr></thead>
    <tbody>${value.map((stage) => html`<tr title=${stage.what}><th scope="row">${stage.name}</th>
      ${stage.at.map((at) => html`<td>${Number.isNaN(at) ? '–' : seconds(at)}</td>`)}</tr>`)}</tbody></table>
    <p class="muted">Since the node started; a figure is good to the width of its bucket.</p>`;
  return html`<${Panel} title="Latency" note="by stage">${body}<//>`;
}

// --- chains

const ledgerStates = ['verified', 'repaired', 'suspect', 'unchecked'];

function Chain({ chain, stream: flow }) {
  const lag = Math.max(0, chain.head - chain.committed);
  const { connector } = chain;
  const bad = connector.bad.reduce((sum, x) => sum + x.count, 0);
  const checked = chain.verified + chain.repaired + chain.suspect + chain.unchecked;
  return html`<article class="chain" aria-label="Chain ${chain.source}">
    <header><h3><bdi>${plain(chain.source, 40)}</bdi></h3><span class="muted">id ${chain.chain_id}</span><${Badge} state=${chain.state} /></header>
    ${chain.stopped_because && html`<p class="bad-text">${plain(chain.stopped_because, 300)}</p>`}
    <div class="head-line"><div><span>Head</span><b>${count(chain.head)}</b></div>
      <div><span>Lag</span><b class=${lag > 3 ? 'bad-text' : ''}>${count(lag)} <small>${lag === 1 ? 'block' : 'blocks'}</small></b></div>
      <div><span>Safe</span><b>${chain.safe ? html`−${count(chain.head - chain.safe)}` : '–'}</b></div>
      <div><span>Final</span><b>${chain.finalized ? html`−${count(chain.head - chain.finalized)}` : '–'}</b></div></div>
    <dl class="facts">
      <div><dt>Blocks</dt><dd>${count(chain.blocks)}</dd></div><div><dt>Transactions</dt><dd>${compact(chain.transactions)}</dd></div>
      <div><dt>Logs</dt><dd>${compact(chain.logs)}</dd></div><div><dt>Reverted blocks</dt><dd>${count(chain.reverted)}</dd></div>
      ${flow && html`<div><dt>Waiting blocks</dt><dd>${count(flow.blocks_waiting)}</dd></div>
        <div><dt>Gaps</dt><dd class=${flow.gaps ? 'bad-text' : ''}>${count(flow.gaps)}</dd></div>`}</dl>
    <div class="ledger"><div class="ledger-bar" role="img" aria-label="Ledger: ${chain.verified} verified, ${chain.repaired} repaired, ${chain.suspect} suspect, ${chain.unchecked} unchecked">
      ${ledgerStates.map((state) => chain[state] > 0 && html`<i class=${state} style=${{ flexGrow: chain[state] }} />`)}</div>
      <span>Ledger: ${checked ? ledgerStates.filter((state) => chain[state] > 0).map((state, i) => html`${i > 0 && ', '}<span class=${state === 'suspect' ? 'bad-text' : ''}>${count(chain[state])} ${state}</span>`) : 'no block yet'}</span></div>
    <footer><${Badge} state=${connector.state} /><bdi>${plain(connector.name || connector.kind, 40)}</bdi>
      <span class="muted">${count(connector.reconnects)} reconnects · ${bad ? html`<b class="bad-text">${count(bad)} bad inputs</b>` : 'no bad input'}</span></footer>
  </article>`;
}

// --- latest signals

function Latest({ zone }) {
  const { value, problem, loading, again } = useAsked('latest', (signal) => ask(`/api/v1/signals?limit=${latestMax}`, { signal }));
  const [live, set] = useState([]);
  useEffect(() => stream.on('signals', (items) => set((old) => newest([...items].reverse(), old))), []);
  const rows = newest(live, value?.items || []);
  let body;
  if (problem && !rows.length) body = html`<${Trouble} problem=${problem} again=${again} />`;
  else if (loading && !rows.length) body = html`<${Skeleton} rows=${latestMax} />`;
  else if (!rows.length) body = html`<${Empty} title="No signals yet">Agents speak when they are sure enough. The first one shows here at once.<//>`;
  else body = html`<ul class="latest">${rows.map((s) => html`<li key=${s.id} class=${s.status === 'retracted' ? 'retracted' : ''}>
    <a href="#/signals?id=${encodeURIComponent(s.id)}"><${Severity} level=${s.severity} />
      <span class="what"><b>${words(s.type)}</b><span class="muted"><bdi>${plain(s.agent, 30)}</bdi> · ${short(s.subject)}</span></span>
      <${Confidence} value=${s.confidence} /><time>${moment(s.emitted_at, zone, false)}</time></a></li>`)}</ul>`;
  return html`<${Panel} title="Latest signals" actions=${html`<a class="more" href="#/signals">All signals</a>`}>${body}<//>`;
}
function newest(first, then) {
  const known = new Set();
  return [...first, ...then].filter((s) => !known.has(s.id) && known.add(s.id)).slice(0, latestMax);
}

function Tile({ name, value, unit, note }) {
  return html`<div class="tile"><span>${name}</span><b>${value} <small>${unit}</small></b><em>${note}</em></div>`;
}

export default function Overview({ zone, theme }) {
  const now = useCell(stats);
  const { state } = useCell(link);
  const noPast = useCell(pastProblem);
  const [span, setSpan] = useState(spanKept);
  const rows = useMemo(() => () => rates.last(span), [span]);
  const depthRows = useMemo(() => () => depths.last(span), [span]);
  useEffect(() => wantPast((spanKept = span)), [span]);
  if (!now) {
    return html`<${Health} zone=${zone} />${state === 'connecting' ? html`<${Skeleton} rows=${8} />`
      : html`<${Empty} title="Waiting for the node">Statistics come every second once the stream is open.<//>`}`;
  }
  const all = (pick) => now.streams.reduce((sum, s) => sum + pick(s), 0);
  const waiting = all((s) => lanes.reduce((sum, lane) => sum + (s.depth[lane] || 0), 0));
  const lagging = now.streams.flatMap((s) => Object.entries(s.lag_events)).filter(([, lag]) => lag > 0).sort((a, b) => b[1] - a[1]);
  const choices = html`<div class="choices" role="group" aria-label="Time shown">${spans.map(([value, name]) =>
    html`<button aria-pressed=${value === span} onClick=${() => setSpan(value)}>${name}</button>`)}</div>`;
  const chains = html`<section class="chains" aria-label="Chains">${now.chains.map((chain) => html`<${Chain} key=${chain.chain_id} chain=${chain}
    stream=${now.streams.find((s) => s.chain_id === chain.chain_id)} />`)}</section>`;
  return html`<${Health} zone=${zone} />
    <div class="tiles">
      <${Tile} name="Events" value=${rate(all((s) => s.events_per_second_1s))} unit="/s" note=${`${compact(all((s) => s.events_total))} in all`} />
      <${Tile} name="Waiting in lanes" value=${compact(waiting)} unit="events" note=${lagging.length ? `${plain(lagging[0][0], 24)} has ${compact(lagging[0][1])}` : 'nobody lags'} />
      <${Tile} name="Signals" value=${compact(now.store.signals)} unit="this run" note=${`${count(now.store.signals_known)} known before`} />
      <${Tile} name="Memories" value=${compact(all((s) => s.coordination.memories_kept))} unit="shared" note=${`${compact(all((s) => s.coordination.messages))} messages`} />
      <${Tile} name="Blocks stored" value=${compact(now.store.blocks)} unit="" note=${`${count(all((s) => s.blocks_reverted))} reverted`} />
      <${Tile} name="Uptime" value=${seconds(now.uptime_seconds)} unit="" note=${`Eremos ${plain(now.version, 20)}`} />
    </div>
    <div class="columns"><div class="column">
      <${Panel} title="Events per second" note=${noPast ? 'since this page was opened: the node does not tell of before' : ''} actions=${choices}>
        <${Chart} names=${eventTypes} rows=${rows} stacked unit="events/s" zone=${zone} theme=${theme} label="Events per second by type" format=${rate} /><//>
      <${Latest} zone=${zone} /></div><div class="column">
      <${Panel} title="Waiting events by lane">
        <${Chart} names=${lanes} rows=${depthRows} stacked unit="events" zone=${zone} theme=${theme} label="Waiting events by lane" /><//>
      <${Latency} />
      ${now.chains.length === 1 && chains}</div></div>
    ${now.chains.length > 1 && chains}`;
}
