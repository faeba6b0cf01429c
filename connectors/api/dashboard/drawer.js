// One signal, and why: its evidence in order, its numbers, what else is known of its subject.
import { html, useEffect, useRef } from '/vendor/preact.js';
import { ask, curlOf } from '/app/live.js';
import { Badge, Confidence, Copy, Hex, Icon, Severity, Skeleton, Trouble, coins, count, moment, plain, short, useAsked, words } from '/app/ui.js';

const evidenceShown = 60;

function Value({ name, value }) {
  if (value === null || value === undefined) return html`<span class="muted">none</span>`;
  if (typeof value === 'number') return Number.isInteger(value) ? count(value) : value.toFixed(4).replace(/0+$/, '');
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (name === 'signal' && /^[0-9a-f]{32}$/.test(text)) return html`<a href="#/signals?id=${text}">the signal it is about</a>`;
  if (/_wei$|^balance_change$/.test(name) && /^-?\d+$/.test(text)) return html`<span title="${plain(text, 100)} wei">${coins(text)} <small class="muted">coins</small></span>`;
  const parts = text.split(',');
  if (parts.every((part) => /^0x[0-9a-fA-F]{16,}$/.test(part))) return html`<span class="hexes">${parts.slice(0, 8).map((part) => html`<${Hex} value=${part} />`)}
    ${parts.length > 8 && html`<span class="muted">and ${parts.length - 8} more</span>`}</span>`;
  return html`<bdi title=${plain(text, 1000)}>${plain(text, 240)}</bdi>`;
}

function Facts({ values }) {
  const entries = values && typeof values === 'object' ? Object.entries(values) : [];
  if (!entries.length) return html`<p class="muted">It gives no numbers.</p>`;
  return html`<dl class="values">${entries.slice(0, 40).map(([name, value]) => html`<div><dt>${words(name.replace(/_wei$/, ''))}</dt><dd><${Value} name=${name} value=${value} /></dd></div>`)}</dl>`;
}

function Event({ entry, zone }) {
  const e = entry.event;
  const data = e.data || {};
  let what;
  if (e.type === 'transaction' || e.type === 'mempool') what = html`<${Hex} value=${data.from} /> <span aria-label="to">→</span> ${data.to ? html`<${Hex} value=${data.to} />` : html`<b>new contract</b>`}
    <b class="amount">${coins(data.value ?? '0')} <small>coins</small></b>${data.status === 0 && html`<${Badge} state="failed" tone="bad" />`}`;
  else if (e.type === 'contract_event') what = html`<b>${plain(data.event_name || 'Log', 60)}</b> of <${Hex} value=${data.address} />`;
  else if (e.type === 'wallet_activity') what = html`<${Hex} value=${data.address} /> <b class="amount">${coins(data.balance_change ?? '0')} <small>coins</small></b>
    <span class="muted">dealt with about ${count(data.counterparties ?? 0)}, anomaly ${Number(data.anomaly_score ?? 0).toFixed(2)}</span>`;
  else what = html`<span class="muted">${plain(JSON.stringify(data), 160)}</span>`;
  return html`<li class="step"><i aria-hidden="true" /><div><span class="muted">${words(e.type)} · block ${count(e.block_number)} · <time>${moment(e.event_time, zone)}</time></span>
    <span class="line">${what}</span></div></li>`;
}

/// The API takes no longer subject than that (its openapi.json); whatever has one is no address.
const subjectMax = 512;
const askAbout = (path, about, signal) => about.length > subjectMax ? Promise.resolve({ items: [] })
  : ask(`${path}?limit=8&subject=${encodeURIComponent(about)}`, { signal });

function Related({ signal, open }) {
  const about = String(signal.subject ?? '');
  const others = useAsked(`others ${about}`, (s) => askAbout('/api/v1/signals', about, s));
  const memories = useAsked(`memories ${about}`, (s) => askAbout('/api/v1/memory', about, s));
  const list = (others.value?.items || []).filter((s) => s.id !== signal.id);
  const kept = memories.value?.items || [];
  return html`<section><h3>Also about ${short(String(about))}</h3>
    ${!others.loading && !memories.loading && !list.length && !kept.length && html`<p class="muted">Nothing else is known of it.</p>`}
    ${list.length > 0 && html`<ul class="related">${list.map((s) => html`<li><button onClick=${() => open(s.id)}><${Severity} level=${s.severity} /><span>${words(s.type)}</span>
      <span class="muted"><bdi>${plain(s.agent, 30)}</bdi>, block ${count(s.block_number)}</span></button></li>`)}</ul>`}
    ${kept.length > 0 && html`<h4>Memories</h4><ul class="related">${kept.map((m) => html`<li><div><${Badge} state=${m.type} /><span class="muted"><bdi>${plain(m.agent, 30)}</bdi></span>
      <span>${words((m.tags || [])[0] || m.key)}</span><${Confidence} value=${m.confidence} /></div></li>`)}</ul>`}</section>`;
}

export function Drawer({ id, known, zone, close, open }) {
  const box = useRef(null);
  const path = `/api/v1/signals/${encodeURIComponent(id)}/explain`;
  // A new revision is explained anew.
  const { value, problem, loading, again } = useAsked(`${id} ${known?.revision ?? ''} ${known?.status ?? ''}`, (signal) => ask(path, { signal }));
  useEffect(() => box.current?.focus(), [id]);
  const keys = (event) => {
    if (event.key === 'Escape') close();
    if (event.key !== 'Tab') return;
    const stops = [...box.current.querySelectorAll('button, a[href], input')];
    const edge = event.shiftKey ? stops[0] : stops[stops.length - 1];
    if (document.activeElement !== edge && document.activeElement !== box.current) return;
    if (document.activeElement === box.current && !event.shiftKey) return;
    event.preventDefault();
    (event.shiftKey ? stops[stops.length - 1] : stops[0])?.focus();
  };
  const s = value?.signal || known;
  const gone = (value?.evidence || []).filter((entry) => !entry.event).length;
  const steps = (value?.evidence || []).filter((entry) => entry.event).sort((a, b) => (a.event?.sequence ?? 0) - (b.event?.sequence ?? 0));
  return html`<div class="shade" onClick=${close} />
    <aside class="drawer" role="dialog" aria-modal="true" aria-labelledby="drawer-title" tabindex="-1" ref=${box} onKeyDown=${keys}>
    <header><div><span class="muted">${s ? html`<bdi>${plain(s.glyph, 4)} ${plain(s.agent, 40)}</bdi>` : 'Signal'}</span>
      <h2 id="drawer-title">${s ? words(s.type) : short(id)}</h2></div>
      <button class="chip" onClick=${close} aria-label="Close"><${Icon} name="close" /></button></header>
    <div class="drawer-body">
    ${s && html`${s.status === 'retracted' && html`<p class="notice bad">Taken back: a block it rests on is no longer part of the chain.</p>`}
      <div class="marks"><${Severity} level=${s.severity} /><${Confidence} value=${s.confidence} /><${Badge} state=${s.status} /><${Badge} state=${s.finality} />
        ${s.revision > 1 && html`<${Badge} state="revision ${s.revision}" />`}${s.integrity && html`<${Badge} state=${s.integrity} />`}</div>
      ${value?.sentence && html`<p class="sentence">${words(value.sentence, 500)}</p>`}
      <dl class="values"><div><dt>About</dt><dd><${Hex} value=${String(s.subject ?? '')} /></dd></div>
        <div><dt>Chain time</dt><dd><time>${moment(s.event_time, 'utc')} UTC</time> <span class="muted">${moment(s.event_time, 'local')} local</span></dd></div>
        <div><dt>Concluded</dt><dd><time>${moment(s.emitted_at, zone)}</time></dd></div>
        <div><dt>Block</dt><dd>${count(s.block_number)} <${Hex} value=${s.block_hash} /></dd></div></dl>
      <section><h3>Numbers it rests on</h3><${Facts} values=${s.details} /></section>`}
    ${problem ? html`<${Trouble} problem=${problem} again=${again} />` : loading && !value ? html`<${Skeleton} rows=${5} />` : value && html`
      <section><h3>Evidence <small class="muted">${count(s.evidence_total)} ${s.evidence_total === 1 ? 'event' : 'events'}</small></h3>
        <ol class="timeline">${steps.slice(0, evidenceShown).map((entry) => html`<${Event} entry=${entry} zone=${zone} key=${entry.id} />`)}</ol>
        ${gone > 0 && html`<p class="muted">${gone === 1 ? 'One event is' : `${count(gone)} events are`} not kept in the store; the JSON names ${gone === 1 ? 'it' : 'them'}.</p>`}
        ${s.evidence_total > gone + Math.min(steps.length, evidenceShown) && html`<p class="muted">And ${count(s.evidence_total - gone - Math.min(steps.length, evidenceShown))} more.</p>`}</section>
      <${Related} signal=${s} open=${open} />`}
    </div>
    <footer><a class="button" href="#/map?signal=${encodeURIComponent(id)}"><${Icon} name="map" />Map</a><${Copy} text=${JSON.stringify(value || s || {}, null, 2)} label="Copy as JSON">JSON<//><${Copy} text=${curlOf(path)} label="Copy as a curl command">curl<//>
      <${Copy} text=${location.href} label="Copy a link to this signal">Link<//></footer></aside>`;
}
