// Values over time, drawn by uPlot in the colours of the theme.
import { html, useEffect, useRef, useState } from '/vendor/preact.js';
import { compact, moment } from '/app/ui.js';

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
    <div class="plot" ref=${box} role="img" aria-label="${label}: now ${format(stacked ? total : now[1] ?? 0)} ${unit}" />
    <figcaption>${names.map((name, i) => html`<span><i class="dot series-${i + first}" />${name.replaceAll('_', ' ')}
      <b>${now.length ? format(now[i + 1]) : '–'}</b></span>`)}</figcaption></figure>`;
}
