// What agents concluded, as they conclude it.
import { html, useCallback, useEffect, useMemo, useRef, useState } from '/vendor/preact.js';
import { ask, stats, stream, withQuery } from '/app/live.js';
import { go } from '/app/main.js';
import { Drawer } from '/app/drawer.js';
import { Badge, Confidence, Copy, Empty, Icon, Rows, Severity, Skeleton, Trouble, coins, count, moment, plain, severities, short, useCell,
         words } from '/app/ui.js';

/// As many as one can scroll through; older ones are a filter away.
const keptMax = 1000;
const pageSize = 100;
const filterNames = ['severity', 'min_confidence', 'type', 'agent', 'chain', 'status', 'subject'];
const statuses = ['provisional', 'active', 'retracted', 'expired'];

const filtersOf = (query) => Object.fromEntries(filterNames.filter((name) => query[name]).map((name) => [name, query[name]]));

function takes(filters, s) {
  return (!filters.severity || severities.indexOf(s.severity) >= severities.indexOf(filters.severity)) &&
    (!filters.min_confidence || s.confidence >= Number(filters.min_confidence)) &&
    (!filters.type || s.type === filters.type) && (!filters.agent || s.agent === filters.agent) &&
    (!filters.chain || String(s.chain_id) === filters.chain) && (!filters.status || s.status === filters.status) &&
    (!filters.subject || String(s.subject).toLowerCase() === filters.subject.toLowerCase());
}

/// Newest first; a later revision takes the place of an earlier one.
function merge(old, items, filters) {
  const known = new Map(old.map((s) => [s.id, s]));
  for (const s of items) {
    const was = known.get(s.id);
    if (was && was.revision > s.revision) continue;
    // What no longer passes stays while it is in sight, so that a retraction is seen.
    if (was || takes(filters, s)) known.set(s.id, s);
  }
  return [...known.values()].sort((a, b) => b.event_time - a.event_time || b.emitted_at - a.emitted_at || (a.id < b.id ? 1 : -1)).slice(0, keptMax);
}

function useSignals(filters, paused) {
  const key = JSON.stringify(filters);
  const [state, set] = useState({ rows: [], loading: true, next: null });
  const [held, hold] = useState([]);
  const wanted = useRef(paused);
  wanted.current = paused;
  const load = useCallback(async (cursor) => {
    try {
      const page = await ask(withQuery('/api/v1/signals', { ...filters, limit: pageSize, cursor }));
      set((old) => ({ rows: merge(cursor ? old.rows : old.key === key ? old.rows : [], page.items, filters), next: page.next, loading: false, key }));
    } catch (problem) {
      set((old) => ({ ...old, problem, loading: false, key }));
    }
  }, [key]);
  useEffect(() => {
    set({ rows: [], loading: true, next: null, key });
    hold([]);
    // Many may come within a frame: they are drawn together.
    let batch = [];
    let timer = 0;
    const flush = () => {
      timer = 0;
      const items = batch;
      batch = [];
      if (wanted.current) hold((old) => old.concat(items).slice(-keptMax));
      else set((old) => ({ ...old, rows: merge(old.rows, items, filters) }));
    };
    const leave = stream.on('signals', (items) => {
      batch = batch.concat(items).slice(-keptMax);
      timer ||= setTimeout(flush, 200);
    });
    const gap = stream.on('gap', () => load());
    load();
    return () => {
      clearTimeout(timer);
      leave();
      gap();
    };
  }, [key]);
  useEffect(() => {
    if (paused || !held.length) return;
    set((old) => ({ ...old, rows: merge(old.rows, held, filters) }));
    hold([]);
  }, [paused]);
  const asking = useRef(false);
  const older = useCallback(async () => {
    if (!state.next || asking.current || state.rows.length >= keptMax) return;
    asking.current = true;
    await load(state.next);
    asking.current = false;
  }, [state.next, state.rows.length, load]);
  return { ...state, held: held.filter((s) => takes(filters, s)).length, older, again: () => load() };
}

/// The few details that say most.
function gist(details) {
  if (!details || typeof details !== 'object') return '';
  return Object.entries(details).filter(([name]) => !/(_wei|^signal|^event|addresses|wei$)/.test(name)).slice(0, 3)
    .map(([name, value]) => {
      const text = typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(2)
        : name === 'balance_change_wei' ? coins(value) : typeof value === 'string' ? (value.startsWith('0x') ? short(value) : plain(value, 34)) : plain(value, 34);
      return `${plain(name, 40).replaceAll('_', ' ')} ${text}`;
    }).join(' · ');
}

function Row({ s, zone, open, chosen }) {
  const gone = s.status === 'retracted' || s.status === 'expired';
  return html`<button class="signal ${gone ? 'retracted' : ''} ${chosen ? 'chosen' : ''} edge-${severities.includes(s.severity) ? s.severity : 'info'}" onClick=${() => open(s.id)}
      data-id=${s.id} aria-haspopup="dialog">
    <${Severity} level=${s.severity} />
    <span class="what"><b>${words(s.type)}</b><span class="muted gist"><bdi>${gist(s.details)}</bdi></span></span>
    <span class="who"><span class="glyph" aria-hidden="true">${plain(s.glyph, 4)}</span><bdi>${plain(s.agent, 40)}</bdi></span>
    <code class="subject">${short(String(s.subject ?? ''))}</code>
    <${Confidence} value=${s.confidence} />
    <span class="state">${s.status !== 'active' && html`<${Badge} state=${s.status} />`}${s.revision > 1 && s.status === 'active' && html`<${Badge} state="rev ${s.revision}" />`}
      ${s.integrity && html`<${Badge} state=${s.integrity} />`}</span>
    <span class="when"><time>${moment(s.event_time, zone)}</time><span class="muted">block ${count(s.block_number)}</span></span>
  </button>`;
}

function Filters({ query, set, types, agents, chains, shown }) {
  const choice = (name, label, values, any) => html`<label><span>${label}</span><select name=${name} value=${query[name] || ''}
    onChange=${(e) => set(name, e.target.value)}><option value="">${any}</option>
    ${[...new Set([...values, ...(query[name] ? [query[name]] : [])])].map((v) => html`<option value=${v} selected=${v === query[name]}>${plain(v, 50)}</option>`)}</select></label>`;
  return html`<form id="filters" class="filters ${shown ? 'shown' : ''}" role="search" aria-label="Filters" onSubmit=${(e) => e.preventDefault()}>
    ${choice('severity', 'Severity at least', severities, 'any')}
    <label><span>Confidence at least</span><select name="min_confidence" value=${query.min_confidence || ''} onChange=${(e) => set('min_confidence', e.target.value)}>
      <option value="">any</option>${['0.5', '0.6', '0.7', '0.8', '0.9'].map((v) => html`<option value=${v} selected=${v === query.min_confidence}>${percent10(v)}</option>`)}</select></label>
    ${choice('type', 'Type', types, 'all')}${choice('agent', 'Agent', agents, 'all')}${choice('status', 'Status', statuses, 'all')}
    ${chains.length > 1 && choice('chain', 'Chain', chains, 'all')}
    <label class="grow"><span>Address or transaction</span><${Subject} value=${query.subject || ''} set=${(text) => set('subject', text.trim())} /></label></form>`;
}
/// Keeps what is being typed while the list goes on.
function Subject({ value, set }) {
  const [text, type] = useState(value);
  useEffect(() => type(value), [value]);
  return html`<input name="subject" type="search" placeholder="0x…" spellcheck="false" value=${text}
    onInput=${(e) => type(e.target.value)} onChange=${(e) => set(e.target.value)} />`;
}
const percent10 = (v) => `${Math.round(v * 100)} %`;

export default function Signals({ query, zone }) {
  const [paused, setPaused] = useState(false);
  const [shown, setShown] = useState(false);  // where there is little room
  const filters = useMemo(() => filtersOf(query), [JSON.stringify(filtersOf(query))]);
  const { rows, loading, problem, held, older, again } = useSignals(filters, paused);
  const now = useCell(stats);
  const [narrow, setNarrow] = useState(innerWidth < 760);
  useEffect(() => {
    const see = () => setNarrow(innerWidth < 760);
    addEventListener('resize', see);
    return () => removeEventListener('resize', see);
  }, []);
  const types = useRef(new Set());
  const agents = useRef(new Set());
  for (const s of rows) {
    if (types.current.size < 100) types.current.add(s.type);
    if (agents.current.size < 100) agents.current.add(s.agent);
  }
  const set = (name, value) => go('signals', { ...query, [name]: value }, true);
  const open = (id) => go('signals', { ...query, id });
  const close = () => {
    const { id, ...rest } = query;
    go('signals', rest, true);
    requestAnimationFrame(() => document.querySelector(`.signal[data-id="${CSS.escape(id)}"]`)?.focus());
  };
  const active = Object.keys(filters).length;
  let list;
  if (problem && !rows.length) list = null;
  else if (loading && !rows.length) list = html`<${Skeleton} rows=${8} />`;
  else if (!rows.length) list = html`<${Empty} title=${active ? 'Nothing passes these filters' : 'No signals yet'}>
    ${active ? html`<button class="button" onClick=${() => go('signals', {}, true)}>Take the filters away</button>` : 'Agents speak when they are sure enough. What they find shows here at once.'}<//>`;
  else list = html`<${Rows} items=${rows} height=${narrow ? 98 : 58} keyOf=${(s) => s.id} label="Signals, newest first" onEnd=${older}
    row=${(s) => html`<${Row} s=${s} zone=${zone} open=${open} chosen=${s.id === query.id} />`} />`;
  return html`<div class="signals-view">
    <${Filters} shown=${shown} query=${query} set=${set} types=${[...types.current].sort()} agents=${[...agents.current].sort()} chains=${now ? now.chains.map((c) => String(c.chain_id)) : []} />
    <div class="bar"><button class="button filters-switch" aria-expanded=${shown} aria-controls="filters" onClick=${() => setShown(!shown)}>Filters${active ? ` (${active})` : ''}</button>
      <span class="muted" role="status">${count(rows.length)} ${rows.length === keptMax ? 'newest shown' : 'shown'}${active ? `, ${active} ${active === 1 ? 'filter' : 'filters'}` : ''}</span>
      ${active > 0 && html`<button class="button small" onClick=${() => go('signals', {}, true)}>Clear</button>`}
      <span class="gap" />
      <${Copy} text=${curl(filters)} label="Copy this list as a curl command">curl<//>
      <button class="button" aria-pressed=${paused} onClick=${() => setPaused(!paused)}><${Icon} name=${paused ? 'play' : 'pause'} />
        ${paused ? `Go on${held ? ` (${held} new)` : ''}` : 'Hold'}</button></div>
    <div class="panel list">${problem && html`<${Trouble} problem=${problem} again=${again} />`}${list}</div>
    ${query.id && html`<${Drawer} id=${query.id} known=${rows.find((s) => s.id === query.id)} zone=${zone} close=${close} open=${open} />`}</div>`;
}
const curl = (filters) => `curl -s '${location.origin}${withQuery('/api/v1/signals', filters)}'`;
