// The agents: what each does, what they say to each other and remember, and the hand on the switch.
import { html, useEffect, useRef, useState } from '/vendor/preact.js';
import { ask, growth, memoryTotals, order, stats, stream, wantPast } from '/app/live.js';
import { Badge, Chart, Confidence, Copy, Empty, Icon, Panel, Skeleton, Trouble, compact, count, moment, percent, plain, seconds, short, useAsked, useCell,
         words } from '/app/ui.js';

const ruleRole = 'rule';
const talkMax = 400;      // messages the graph rests on
const recentMax = 8;
const growthSeconds = 21_600;
const growthRows = () => growth.last(growthSeconds);

// --- the switch

function Controls({ agent, done }) {
  const [busy, setBusy] = useState('');
  const [problem, setProblem] = useState(null);
  const act = async (what) => {
    setBusy(what);
    setProblem(null);
    try {
      const path = agent.role === ruleRole && what !== 'release'
        ? `/api/v1/rules/${encodeURIComponent(agent.agent)}/${what === 'pause' ? 'disable' : 'enable'}`
        : `/api/v1/agents/${encodeURIComponent(agent.agent)}/${what}`;
      await order(`${path}?chain=${agent.chain_id}`);
      await done();
    } catch (error) {
      setProblem(error);
    }
    setBusy('');
  };
  const what = agent.state === 'paused' ? 'resume' : agent.state === 'quarantined' ? 'release' : 'pause';
  return html`<span class="controls"><button class="button small ${what === 'release' ? 'primary' : ''}" disabled=${busy !== ''} onClick=${() => act(what)}
      aria-label="${words(what)} ${plain(agent.agent, 60)}"><${Icon} name=${what === 'pause' ? 'pause' : 'play'} />${busy ? '…' : words(what)}</button>
    ${problem && html`<span class="bad-text" role="alert">${problem.status === 403 ? 'This token may only read' : plain(problem.message, 120)}</span>`}</span>`;
}

function Agent({ agent, done }) {
  const waiting = Object.entries(agent.depth || {}).filter(([, n]) => n > 0);
  const per = agent.events_handled ? agent.busy_ns / 1e9 / agent.events_handled : NaN;
  return html`<li class="agent" data-agent=${agent.agent}>
    <span class="name"><span class="glyph" aria-hidden="true">${plain(agent.glyph || '·', 4)}</span>
      <span><b><bdi>${plain(agent.agent, 60)}</bdi></b><span class="muted">${plain(agent.role, 40)}</span></span></span>
    <span class="cell"><${Badge} state=${agent.state} /></span>
    <span class="cell"><em>Lag</em>${agent.lag_events > 0 || agent.lag_blocks > 0 ? html`<b>${compact(agent.lag_events)}</b> <small>events</small>
      ${waiting.length > 0 && html`<span class="muted" title=${waiting.map(([lane, n]) => `${lane} ${compact(n)}`).join(', ')}>${waiting.map(([lane, n]) => `${lane} ${compact(n)}`).join(', ')}</span>`}` : html`<span class="muted">none</span>`}</span>
    <span class="cell num"><em>Events</em>${compact(agent.events_handled)}</span>
    <span class="cell num"><em>Signals</em>${compact(agent.signals)}</span>
    <span class="cell num"><em>Memories</em>${compact(agent.memories)}</span>
    <span class="cell num"><em>Said / heard</em>${compact(agent.messages)} / ${compact(agent.heard)}</span>
    <span class="cell num"><em>Per event</em>${seconds(per)}</span>
    <span class="cell num"><em>Restarts</em><span class=${agent.restarts ? 'bad-text' : ''}>${count(agent.restarts)}</span></span>
    ${agent.chain_id !== 0 && html`<${Controls} agent=${agent} done=${done} />`}</li>`;
}

// --- who talks to whom

function Graph({ agents, talk }) {
  const names = agents.map((a) => a.agent).slice(0, 40);
  const edges = new Map();
  for (const m of talk) {
    const receivers = m.to ? [m.to] : [''];
    for (const to of receivers) {
      const key = `${m.from}\n${to}`;
      edges.set(key, (edges.get(key) || 0) + 1);
    }
  }
  const most = Math.max(1, ...edges.values());
  const place = (name) => {
    const at = names.indexOf(name);
    if (at < 0) return null;
    const turn = (2 * Math.PI * at) / names.length - Math.PI / 2;
    return { x: 250 + 168 * Math.cos(turn), y: 190 + 132 * Math.sin(turn), turn };
  };
  const centre = { x: 250, y: 190 };
  const freshest = talk.length ? talk[0] : null;
  return html`<svg class="graph" viewBox="-60 0 620 380" role="img" aria-label="Messages between ${names.length} agents; the list beside it says the same">
    ${[...edges].map(([key, n]) => {
      const [from, to] = key.split('\n');
      const a = place(from);
      const b = to ? place(to) : centre;
      if (!a || !b || from === to) return null;
      const bend = { x: (a.x + b.x) / 2 + (centre.x - (a.x + b.x) / 2) * 0.35 + (b.y - a.y) * 0.08, y: (a.y + b.y) / 2 + (centre.y - (a.y + b.y) / 2) * 0.35 - (b.x - a.x) * 0.08 };
      const fresh = freshest && freshest.from === from && (freshest.to || '') === to;
      return html`<path key=${key} class="edge ${fresh ? 'fresh' : ''}" d="M${a.x} ${a.y}Q${bend.x} ${bend.y} ${b.x} ${b.y}" stroke-width=${1 + (4 * n) / most}><title>${`${from} → ${to || 'everybody'}: ${n}`}</title></path>`;
    })}
    <g class="everybody"><circle cx=${centre.x} cy=${centre.y} r="19" /><text x=${centre.x} y=${centre.y + 4}>all</text></g>
    ${agents.slice(0, 40).map((a) => {
      const { x, y, turn } = place(a.agent);
      const left = Math.cos(turn) < -0.2;
      const right = Math.cos(turn) > 0.2;
      return html`<g key=${a.agent} class="node ${a.state === 'running' || a.state === 'lagging' ? '' : 'quiet'}">
        <circle cx=${x} cy=${y} r="16" /><text x=${x} y=${y + 5}>${plain(a.glyph || a.agent.slice(0, 1), 2)}</text>
        <text class="tag ${left ? 'end' : right ? 'start' : ''}" x=${x + (left ? -22 : right ? 22 : 0)} y=${y + (left || right ? 4 : Math.sin(turn) < 0 ? -22 : 32)} >${plain(a.agent, 18)}</text></g>`;
    })}</svg>`;
}

function Talk({ agents, zone }) {
  const { value, problem, loading, again } = useAsked('talk', (signal) => ask('/api/v1/messages?limit=200', { signal }));
  const [live, set] = useState([]);
  const batch = useRef([]);
  useEffect(() => {
    let timer = 0;
    const leave = stream.on('messages', (items) => {
      batch.current = [...items].reverse().concat(batch.current).slice(0, talkMax);
      timer ||= setTimeout(() => {
        timer = 0;
        const taken = batch.current;
        batch.current = [];
        set((old) => taken.concat(old).slice(0, talkMax));
      }, 500);
    });
    return () => {
      clearTimeout(timer);
      leave();
    };
  }, []);
  const all = live.concat(value?.items || []).filter((m) => m.status !== 'retracted').slice(0, talkMax);
  let body;
  if (problem && !all.length) body = html`<${Trouble} problem=${problem} again=${again} />`;
  else if (loading && !all.length) body = html`<${Skeleton} rows=${5} />`;
  else if (!all.length) body = html`<${Empty} title="Nobody has spoken yet">Agents write to each other when something concerns more than one.<//>`;
  else body = html`<div class="talk"><${Graph} agents=${agents} talk=${all} />
    <ul class="messages">${all.slice(0, recentMax).map((m) => html`<li><span><b><bdi>${plain(m.from, 30)}</bdi></b> <span class="muted">→</span> <bdi>${m.to ? plain(m.to, 30) : 'everybody'}</bdi></span>
      <span class="muted"><bdi>${plain(m.topic, 40)}</bdi> · block ${count(m.block_number)} · ${moment(m.event_time, zone, false)}</span></li>`)}</ul></div>`;
  return html`<${Panel} title="Messages" note=${all.length ? `the last ${count(all.length)}` : ''}>${body}<//>`;
}

// --- memory

/// What it is about: said in its details, or the end of its key.
const subjectOf = (m) => (/0x[0-9a-fA-F]{40,64}/.exec(String(m.details?.subject ?? m.key)) || [''])[0];

function Correlations({ zone }) {
  const { value, problem, loading, again } = useAsked('correlations', (signal) => ask('/api/v1/correlations?limit=8', { signal }), 15_000);
  let body;
  if (problem && !value) body = html`<${Trouble} problem=${problem} again=${again} />`;
  else if (loading && !value) body = html`<${Skeleton} rows=${4} />`;
  else if (!value.items.length) body = html`<${Empty} title="None yet">When agents that reason apart agree about one subject, it shows here.<//>`;
  else body = html`<ul class="correlations">${value.items.map((m) => html`<li key=${m.id}><${Confidence} value=${m.confidence} />
    <span class="what"><b>${words(m.details?.types ?? String(m.key).split(':')[1] ?? m.key).replaceAll(',', ' + ')}</b>
      <span class="muted"><bdi>${plain(m.details?.agents ?? m.agent, 80).replaceAll(',', ', ')}</bdi></span></span>
    ${subjectOf(m) ? html`<a href="#/signals?subject=${subjectOf(m)}"><code>${short(subjectOf(m))}</code></a>` : html`<span />`}
    <time class="muted">${moment(m.event_time, zone)}</time></li>`)}</ul>`;
  return html`<${Panel} title="Correlations" note="what agents say together">${body}<//>`;
}

export default function Society({ zone, theme }) {
  const { value, problem, loading, again } = useAsked('agents', (signal) => ask('/api/v1/agents', { signal }), 2000);
  const now = useCell(stats);
  useEffect(() => wantPast(growthSeconds), []);
  const [said, say] = useState('');
  if (problem && !value) return html`<${Trouble} problem=${problem} again=${again} />`;
  if (loading && !value) return html`<${Skeleton} rows=${9} />`;
  const all = value.items;
  const agents = all.filter((a) => a.role !== ruleRole);
  const rules = all.filter((a) => a.role === ruleRole);
  const chains = [...new Set(agents.map((a) => a.chain_id))];
  const done = async () => {
    again();
    say('Done');
    setTimeout(() => say(''), 2000);
  };
  const list = (items) => html`<ul class="agents">${items.slice(0, 200).map((a) => html`<${Agent} key=${`${a.agent} ${a.chain_id}`} agent=${a} done=${done} />`)}</ul>`;
  const titleOf = (id) => (id === 0 ? 'Agents above the chains' : chains.length > 1 ? `Agents on ${nameOf(id)}` : 'Agents');
  const nameOf = (id) => now?.chains.find((c) => c.chain_id === id)?.source || `chain ${id}`;
  return html`<p class="only-heard" role="status">${said}</p>
    ${problem && html`<${Trouble} problem=${problem} again=${again} />`}
    ${agents.length === 0 && html`<${Empty} title="No agents">No chain runs, or none has agents. The configuration says who watches what.<//>`}
    ${chains.map((id) => html`<${Panel} key=${id} title=${titleOf(id)} note="${agents.filter((a) => a.chain_id === id).length} of them">
      ${list(agents.filter((a) => a.chain_id === id))}<//>`)}
    <div class="columns"><div class="column"><${Talk} agents=${all.filter((a) => a.chain_id === all[0]?.chain_id)} zone=${zone} />
      <${Correlations} zone=${zone} /></div><div class="column">
      <${Panel} title="Memory"><${Chart} names=${memoryTotals} rows=${growthRows} zone=${zone} theme=${theme} unit="memories" label="Memories, all and kept, and correlations" /><//>
      <${Panel} title="Rules" note=${rules.length ? `${rules.length} of them` : ''}>${rules.length ? html`<ul class="rules">${rules.slice(0, 200).map((r) => html`<li key=${`${r.agent} ${r.chain_id}`} data-agent=${r.agent}>
        <span class="what"><b><bdi>${plain(r.agent, 60)}</bdi></b><span class="muted">fired ${count(Math.max(r.signals, r.memories, r.messages))} times · ${compact(r.events_handled)} events</span></span>
        <${Badge} state=${r.state} /><${Controls} agent=${r} done=${done} /></li>`)}</ul>`
        : html`<${Empty} title="No rules">Rules are written in the configuration, without code: docs/adding_a_rule.md.<//>`}<//></div></div>`;
}
