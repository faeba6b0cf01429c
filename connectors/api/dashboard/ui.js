// What things look like: values as text, the small marks that views share, and the chart.
import { html, useEffect, useRef, useState } from '/vendor/preact.js';

// --- values

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const compacted = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });
export const count = (x) => (Number.isFinite(x) ? grouped.format(x) : '–');
export const compact = (x) => (Number.isFinite(x) ? (Math.abs(x) < 10_000 ? grouped.format(x) : compacted.format(x)) : '–');
export const rate = (x) => (x < 10 && x > 0 ? x.toFixed(1) : compact(x));
export const percent = (x) => (Number.isFinite(x) ? `${Math.round(x * 100)} %` : '–');

export function seconds(x) {
  if (!Number.isFinite(x)) return '–';
  if (x < 0.0009995) return `${Math.round(x * 1e6)} µs`;
  if (x < 1) return `${(x * 1000).toPrecision(x < 0.01 ? 2 : 3)} ms`;
  if (x < 90) return `${x < 10 ? x.toFixed(1) : Math.round(x)} s`;
  if (x < 5400) return `${Math.round(x / 60)} min`;
  if (x < 172_800) return `${Math.round(x / 3600)} h`;
  return `${Math.round(x / 86_400)} d`;
}

/// Text from outside: what is unseen or turns the text around is spelled out, and it ends.
export function plain(value, max = 160) {
  const text = typeof value === 'string' ? value : JSON.stringify(value) ?? '';
  const seen = text.slice(0, max).replace(
    /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return text.length > max ? `${seen}…` : seen;
}
export const short = (hex) => (/^0x[0-9a-fA-F]{16,}$/.test(hex) ? `${hex.slice(0, 8)}…${hex.slice(-4)}` : plain(hex, 24));
export const words = (name, max = 60) => {
  const text = plain(name, max).replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
};

export function coins(wei) {
  let value;
  try {
    value = BigInt(wei);
  } catch {
    return plain(wei, 40);
  }
  const sign = value < 0n ? '−' : '';
  if (value < 0n) value = -value;
  const whole = value / 10n ** 18n;
  const part = String(value % 10n ** 18n).padStart(18, '0').slice(0, 4).replace(/0+$/, '');
  if (whole === 0n && part === '' && value > 0n) return `${sign}${value < 10n ** 9n ? `${value} wei` : `${value / 10n ** 9n} gwei`}`;
  return `${sign}${whole.toLocaleString('en')}${part && whole < 1000n ? `.${part}` : ''}`;
}

const pad = (x) => String(x).padStart(2, '0');
export function moment(ms, zone, withDay = true) {
  const d = new Date(ms);
  if (!Number.isFinite(ms) || Number.isNaN(d.getTime())) return '–';
  const parts = zone === 'utc'
    ? [d.getUTCFullYear(), d.getUTCMonth() + 1, d.getUTCDate(), d.getUTCHours(), d.getUTCMinutes(), d.getUTCSeconds()]
    : [d.getFullYear(), d.getMonth() + 1, d.getDate(), d.getHours(), d.getMinutes(), d.getSeconds()];
  const time = parts.slice(3).map(pad).join(':');
  return withDay ? `${parts[0]}-${pad(parts[1])}-${pad(parts[2])} ${time}` : time;
}

// --- state of a view

export function useCell(source) {
  const [value, set] = useState(source.get());
  useEffect(() => {
    set(source.get());
    return source.watch(set);
  }, [source]);
  return value;
}

/// Draws again every so often.
export function useTick(every) {
  const [, set] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && set((n) => n + 1), every);
    return () => clearInterval(timer);
  }, [every]);
}

/// {value, problem, loading, again}: asked when the view opens, when `key` changes and every so often.
export function useAsked(key, asks, every = 0) {
  const [state, set] = useState({ loading: true });
  const [turn, again] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    let timer = 0;
    const run = async () => {
      try {
        const value = await asks(abort.signal);
        if (!abort.signal.aborted) set({ value, loading: false });
      } catch (problem) {
        if (!abort.signal.aborted) set((old) => ({ value: old.value, problem, loading: false }));
      }
      if (every && !abort.signal.aborted) timer = setTimeout(run, every);
    };
    run();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [key, turn, every]);
  return { ...state, again: () => again((n) => n + 1) };
}

// --- marks

export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d=${paths[name]} /></svg>`;
}
const paths = {
  overview: 'M3 11l4-4 3 3 6-6M3 16h14',
  signals: 'M10 3v3M10 14v3M3 10h3M14 10h3M10 7.5a2.5 2.5 0 100 5 2.5 2.5 0 000-5',
  society: 'M6 6.5a2 2 0 100 .01M14 6.5a2 2 0 100 .01M10 14.5a2 2 0 100 .01M8 6.5h4M7.2 8.3l2 4.2M12.8 8.3l-2 4.2',
  deliveries: 'M3 5.5h14v9H3zM3 6l7 5.5L17 6',
  map: 'M5 14.5a2 2 0 100 .01M10 4.5a2 2 0 100 .01M15.5 12.5a2 2 0 100 .01M5.8 12.8l3.4-6.6M10.9 6.4l3.8 4.5M7 14.3l6.6-1.4',
  about: 'M10 3a7 7 0 100 14 7 7 0 000-14M10 9v4M10 6.6v.2',
  sun: 'M10 6.5a3.5 3.5 0 100 7 3.5 3.5 0 000-7M10 2v2M10 16v2M2 10h2M16 10h2M4.5 4.5l1.3 1.3M14.2 14.2l1.3 1.3M4.5 15.5l1.3-1.3M14.2 5.8l1.3-1.3',
  moon: 'M16 12.2A6.5 6.5 0 017.8 4a6.5 6.5 0 108.2 8.2z',
  close: 'M5 5l10 10M15 5L5 15',
  copy: 'M7 7h9v9H7zM13 7V4H4v9h3',
  check: 'M4 10.5l4 4 8-9',
  pause: 'M7 5v10M13 5v10',
  play: 'M6.5 4.5l8.5 5.5-8.5 5.5z',
  warn: 'M10 3.5l7.5 13h-15zM10 8.5v3.5M10 14.3v.2',
};

export const severities = ['info', 'low', 'medium', 'high', 'critical'];

/// Bars as well as colour, so that it reads without either.
export function Severity({ level }) {
  const at = severities.indexOf(level);
  return html`<span class="severity ${at < 0 ? '' : level}" title="Severity: ${plain(level, 20)}">
    <span class="bars" aria-hidden="true">${severities.map((_, i) => html`<i class=${i <= at ? 'on' : ''} />`)}</span>
    <span>${plain(level ?? 'unknown', 20)}</span></span>`;
}

export function Confidence({ value }) {
  const share = Math.min(1, Math.max(0, Number(value) || 0));
  return html`<span class="confidence" title="Confidence ${share.toFixed(2)}">
    <span class="meter" aria-hidden="true"><i style=${{ width: `${share * 100}%` }} /></span>
    <span class="figure">${percent(share)}</span></span>`;
}

const tones = {
  running: 'good', live: 'good', active: 'good', verified: 'good', connected: 'good', following: 'good', ready: 'good', lagging: 'warn',
  paused: 'calm', provisional: 'calm', connecting: 'warn', restarting: 'warn', repaired: 'warn', holding: 'warn',
  quarantined: 'bad', retracted: 'bad', stopped: 'bad', blocked: 'bad', disconnected: 'bad', suspect: 'bad',
};
export function Badge({ state, tone }) {
  return html`<span class="badge ${tone || tones[state] || 'calm'}">${plain(state ?? '–', 24)}</span>`;
}

export function Copy({ text, label, children }) {
  const [done, set] = useState(false);
  const copy = async (event) => {
    event.stopPropagation();
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Pages over plain HTTP from elsewhere have no clipboard.
      const area = document.createElement('textarea');
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand('copy');
      area.remove();
    }
    set(true);
    setTimeout(() => set(false), 1200);
  };
  return html`<button class=${children ? 'button' : 'copy'} type="button" onClick=${copy} title=${label} aria-label=${label}>
    <${Icon} name=${done ? 'check' : 'copy'} />${children && html`<span aria-live="polite">${done ? 'Copied' : children}</span>`}</button>`;
}

/// A hash or an address: short to read, whole to copy.
export function Hex({ value, name }) {
  if (!value) return html`<span class="muted">–</span>`;
  return html`<span class="hex">${name && html`<bdi class="label">${plain(name, 40)}</bdi>`}
    <code title=${plain(value, 200)}>${short(value)}</code><${Copy} text=${String(value)} label="Copy ${short(value)}" /></span>`;
}

export function Panel({ title, note, actions, children, className = '' }) {
  return html`<section class="panel ${className}" aria-label=${title}>
    <header><h2>${title}</h2>${note && html`<span class="note">${note}</span>`}${actions}</header>${children}</section>`;
}

export function Empty({ title, children }) {
  return html`<div class="empty"><${Icon} name="signals" /><strong>${title}</strong><p>${children}</p></div>`;
}
export function Skeleton({ rows = 4 }) {
  return html`<div class="skeleton" role="status" aria-label="Loading">${Array.from({ length: rows }, () => html`<i />`)}</div>`;
}
export function Trouble({ problem, again }) {
  return html`<div class="trouble" role="alert"><${Icon} name="warn" /><div><strong>${plain(problem.title || 'Error')}</strong>
    <p>${plain(problem.message, 300)}</p></div>${again && html`<button class="button" onClick=${again}>Try again</button>`}</div>`;
}

/// Rows of one height, of which only those in sight are in the page. Arrow keys move between them.
export function Rows({ items, height, keyOf, row, label, onEnd }) {
  const box = useRef(null);
  const [view, set] = useState({ top: 0, size: 800 });
  useEffect(() => {
    const el = box.current;
    const see = () => {
      set({ top: el.scrollTop, size: el.clientHeight });
      if (onEnd && el.scrollHeight - el.scrollTop - el.clientHeight < height * 4) onEnd();
    };
    const watch = new ResizeObserver(see);
    watch.observe(el);
    el.addEventListener('scroll', see, { passive: true });
    return () => {
      watch.disconnect();
      el.removeEventListener('scroll', see);
    };
  }, [height, onEnd]);
  const first = Math.max(0, Math.floor(view.top / height) - 4);
  const last = Math.min(items.length, first + Math.ceil(view.size / height) + 9);
  const move = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const item = step && event.target.closest('[data-at]');
    if (!item) return;
    event.preventDefault();
    const at = Number(item.dataset.at) + step;
    const el = box.current;
    if (at * height < el.scrollTop) el.scrollTop = at * height;
    if ((at + 1) * height > el.scrollTop + el.clientHeight) el.scrollTop = (at + 1) * height - el.clientHeight;
    el.querySelector(`[data-at="${at}"] button`)?.focus();
  };
  return html`<div class="rows" ref=${box} onKeyDown=${move} tabindex="-1">
    <div role="list" aria-label=${label} class="rows-all" style=${{ height: `${items.length * height}px` }}>
      ${items.slice(first, last).map((item, i) => html`<div role="listitem" class="rows-one" key=${keyOf(item)}
        data-at=${first + i} aria-setsize=${items.length} aria-posinset=${first + i + 1}
        style=${{ transform: `translateY(${(first + i) * height}px)`, height: `${height}px` }}>${row(item)}</div>`)}
    </div></div>`;
}

// --- values over time, drawn by uPlot in the colours of the theme

const whole = Array.from({ length: 12 }, (_, i) => [1, 2, 5].map((x) => x * 10 ** i)).flat();
const colourOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/// `rows` gives [time, value…] per moment; the names' colours are --series-1 …
export function Chart({ names, rows, stacked = false, unit = '', zone, theme, label, format = compact, first = 1 }) {
  const box = useRef(null);
  const plot = useRef(null);
  const [pointed, point] = useState(-1);  // the moment under the pointer
  const data = () => {
    const table = rows();
    const columns = [table.map((row) => row[0])];
    // The top of the stack is drawn first and the lower areas over it.
    for (let i = names.length; i >= 1; --i)
      columns.push(table.map((row) => {
        if (!stacked) return row[i];
        let sum = 0;
        for (let k = 1; k <= i; ++k) sum += row[k];
        return sum;
      }));
    return columns;
  };

  useEffect(() => {
    const text = colourOf('--muted');
    const grid = { stroke: colourOf('--grid'), width: 1 };
    const font = '11px system-ui, sans-serif';
    const series = names.map((_, i) => {
      const colour = colourOf(`--series-${i + first}`);
      return { stroke: colour, width: 1.5, points: { show: false },
               fill: stacked ? `color-mix(in srgb, ${colour} 42%, ${colourOf('--surface')})` : undefined };
    }).reverse();
    const el = box.current;
    plot.current = new window.uPlot({
      width: Math.max(200, el.clientWidth), height: el.clientHeight, padding: [8, 16, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { size: 6 }, drag: { x: false } },
      hooks: { setCursor: [(u) => point(u.cursor.idx ?? -1)] },
      // Not less than a minute, so that the first seconds do not look like a history.
      scales: { x: { range: (_, from, to) => [Math.min(from, to - 60), to] }, y: { range: (_, low, high) => [0, Math.max(4, high * 1.12)] } },
      axes: [
        { stroke: text, grid: { show: false }, ticks: { show: false }, font, size: 26,
          values: (_, marks) => marks.map((s) => moment(s * 1000, zone, false).slice(0, marks.length > 1 && marks[1] - marks[0] >= 60 ? 5 : 8)),
          space: 76 },
        { stroke: text, grid, ticks: { show: false }, font, size: 46, space: 34, incrs: whole, values: (_, marks) => marks.map(format) },
      ],
      series: [{}, ...series],
    }, data(), el);
    const resize = new ResizeObserver(() => plot.current.setSize({ width: Math.max(200, el.clientWidth), height: el.clientHeight }));
    resize.observe(el);
    const timer = setInterval(() => !document.hidden && plot.current.setData(data()), 1000);
    return () => {
      clearInterval(timer);
      resize.disconnect();
      plot.current.destroy();
    };
  }, [names, stacked, zone, theme, rows]);

  const table = rows();
  const last = table.length - 1;
  const now = table[pointed >= 0 && pointed <= last ? pointed : last] || [];
  const total = now.slice(1).reduce((a, b) => a + b, 0);
  return html`<figure class="chart">
    <div class="plot" ref=${box} role="img" aria-label="${label}: now ${format(stacked ? total : now[1] ?? 0)} ${unit}; shown: the last ${seconds(table.length ? table[last][0] - table[0][0] : 0)}" />
    <figcaption>${names.map((name, i) => html`<span><i class="dot series-${i + first}" />${name.replaceAll('_', ' ')}
      <b>${now.length ? format(now[i + 1]) : '–'}</b></span>`)}</figcaption></figure>`;
}
