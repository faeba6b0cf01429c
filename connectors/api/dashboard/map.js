// Addresses around a signal: who funded, deployed, called and paid whom, as evidence and memories tell it.
import { html, useEffect, useMemo, useRef, useState } from '/vendor/preact.js';
import { ask } from '/app/live.js';
import { addDetails, addEvent, addNode, emptyGraph, layOut } from '/app/links.js';
import { Empty, Hex, Panel, Skeleton, Trouble, count, plain, short, useAsked, words } from '/app/ui.js';

const nodesMax = 1000;
const listed = 150;       // links in the list beside the picture
const askedMax = 12;      // neighbours of whom more is asked
const atOnce = 6;
const subjectMax = 512;   // of the API
const colours = { subject: '--sev-critical', funder: '--series-4', deployer: '--series-2', contract: '--series-3', address: '--series-1' };
const kinds = Object.keys(colours);
const colourOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/// Drawn with WebGL by sigma.js, which is fetched when the first map is opened.
let drawing = null;
function loadDrawing() {
  const load = (src) => new Promise((done, failed) => {
    const script = document.createElement('script');
    script.src = src;
    script.onload = done;
    script.onerror = () => failed(new Error('This part of the page could not be fetched from the node.'));
    document.head.append(script);
  });
  drawing ||= Promise.all([load('/vendor/graphology.js'), load('/vendor/sigma.js')]).catch((error) => {
    drawing = null;
    throw error;
  });
  return drawing;
}

async function gather(id, signal) {
  const story = await ask(`/api/v1/signals/${encodeURIComponent(id)}/explain`, { signal });
  const middle = String(story.signal.subject ?? '').toLowerCase();
  const graph = emptyGraph(nodesMax);
  addNode(graph, middle, 'subject');
  addDetails(graph, middle, story.signal.details);
  for (const { event } of story.evidence) addEvent(graph, event, middle);
  const known = async (about) => {
    if (!about.startsWith('0x') || about.length > subjectMax) return;
    const wanted = `limit=20&subject=${encodeURIComponent(about)}`;
    const [signals, memories] = await Promise.all([ask(`/api/v1/signals?${wanted}`, { signal }), ask(`/api/v1/memory?${wanted}`, { signal })]);
    for (const x of signals.items) addDetails(graph, x.subject, x.details);
    for (const x of memories.items) addDetails(graph, about, x.details);
  };
  const [labels] = await Promise.all([ask('/api/v1/labels?limit=500', { signal }), known(middle)]);
  const near = [...graph.nodes.keys()].filter((x) => x !== middle).slice(0, askedMax);
  for (let i = 0; i < near.length; i += atOnce) await Promise.all(near.slice(i, i + atOnce).map(known));
  for (const x of labels.items) {
    const node = graph.nodes.get(String(x.address).toLowerCase());
    if (node) node.name ||= String(x.name);
  }
  return { graph, middle, signal: story.signal };
}

const nameOf = (node) => (node.name ? plain(node.name, 28) : node.id.startsWith('0x') ? short(node.id) : plain(node.id, 28));

function Picture({ graph, middle, chosen, choose, theme }) {
  const box = useRef(null);
  const drawn = useRef(null);
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    let left = false;
    loadDrawing().then(() => {
      if (left) return;
      const places = layOut(graph, middle);
      const model = new window.graphology.MultiDirectedGraph();
      const many = graph.nodes.size > 150;
      for (const node of graph.nodes.values()) {
        const { x, y, steps } = places.get(node.id);
        const size = node.id === middle ? 15 : many ? 4 : node.kind === 'address' ? 7 : 10;
        model.addNode(node.id, { x, y, size, label: nameOf(node), color: colourOf(colours[node.kind]), forceLabel: node.id === middle || (!many && steps === 1 && node.kind !== 'address') });
      }
      for (const [key, { from, to, times }] of graph.edges)
        model.addEdgeWithKey(key, from, to, { size: Math.min(5, 1 + Math.log2(times)), type: 'arrow' });
      const [text, line, surface] = [colourOf('--text'), colourOf(many ? '--edge-faint' : '--edge'), colourOf('--surface')];
      const sigma = new window.Sigma(model, box.current, {
        allowInvalidContainer: true, defaultEdgeColor: line, labelColor: { color: text }, labelFont: 'system-ui, sans-serif', labelSize: 12, labelDensity: 0.6,
        labelRenderedSizeThreshold: many ? 12 : 6, minCameraRatio: 0.05, maxCameraRatio: 3, stagePadding: many ? 40 : Math.min(96, box.current.clientWidth / 6),
        // Sigma's own would be white in every theme.
        defaultDrawNodeHover: (context, { x, y, size, label }) => {
          context.font = '600 12px system-ui, sans-serif';
          const width = context.measureText(label).width;
          context.fillStyle = surface;
          context.strokeStyle = text;
          context.beginPath();
          context.roundRect(x + size + 1, y - 11, width + 12, 22, 6);
          context.fill();
          context.stroke();
          context.fillStyle = text;
          context.fillText(label, x + size + 7, y + 4);
        },
        edgeReducer: (key, data) => {
          const [from, to] = key.split(' ');
          const { chosen: now } = drawn.current;
          return now && (from === now || to === now) ? { ...data, color: colourOf('--accent'), zIndex: 1 } : data;
        },
        nodeReducer: (id, data) => (drawn.current.chosen === id ? { ...data, highlighted: true } : data),
      });
      drawn.current = { sigma, chosen };
      sigma.on('clickNode', ({ node }) => choose(node));
      sigma.on('clickStage', () => choose(''));
      sigma.refresh();
    }).catch((error) => !left && setProblem({ title: 'No picture', message: `${error.message} The list says the same.` }));
    drawn.current = { sigma: null, chosen };
    return () => {
      left = true;
      drawn.current?.sigma?.kill();
    };
  }, [graph, middle, theme]);
  useEffect(() => {
    if (!drawn.current) return;
    drawn.current.chosen = chosen;
    drawn.current.sigma?.refresh({ skipIndexation: true });
  }, [chosen]);
  const zoom = (what) => drawn.current?.sigma?.getCamera()[what]({ duration: 200 });
  if (problem) return html`<${Trouble} problem=${problem} />`;
  return html`<div class="map-frame"><div class="map-box" ref=${box} role="img" aria-label="${count(graph.nodes.size)} addresses; the list beside it says the same" />
    <div class="map-zoom"><button class="chip" aria-label="Closer" onClick=${() => zoom('animatedZoom')}>+</button>
      <button class="chip" aria-label="Farther" onClick=${() => zoom('animatedUnzoom')}>−</button>
      <button class="chip" aria-label="The whole map" onClick=${() => zoom('animatedReset')}>○</button></div></div>`;
}

function End({ node, choose }) {
  return html`<button class="end" onClick=${() => choose(node.id)} title=${plain(node.id, 80)}><i class="kind ${node.kind}" aria-hidden="true" /><bdi>${nameOf(node)}</bdi></button>`;
}

function Links({ graph, chosen, choose }) {
  const all = [...graph.edges.values()].filter((e) => !chosen || e.from === chosen || e.to === chosen).sort((a, b) => b.times - a.times);
  const node = graph.nodes.get(chosen);
  return html`<${Panel} title="Links" className="links" note=${`${count(all.length)} ${all.length === 1 ? 'link' : 'links'}`}
      actions=${chosen && html`<button class="button small more" onClick=${() => choose('')}>Show all</button>`}>
    ${node && html`<div class="chosen"><span class="line"><i class="kind ${node.kind}" aria-hidden="true" /><b><bdi>${node.name ? plain(node.name, 60) : words(node.kind)}</bdi></b></span>
      ${node.id.startsWith('0x') && html`<${Hex} value=${node.id} /><a href="#/signals?subject=${node.id}">Signals about it</a>`}</div>`}
    <ul class="edges">${all.slice(0, listed).map((e) => html`<li key=${`${e.from} ${e.to} ${e.what}`}><${End} node=${graph.nodes.get(e.from)} choose=${choose} />
      <span class="muted">${plain(e.what, 40)}${e.times > 1 && ` ${count(e.times)}×`}</span><${End} node=${graph.nodes.get(e.to)} choose=${choose} /></li>`)}</ul>
    ${all.length > listed && html`<p class="muted">The first ${count(listed)} of ${count(all.length)}; choose an address to see its own.</p>`}<//>`;
}

export default function AddressMap({ query, theme }) {
  const id = query.signal || '';
  const { value, problem, loading, again } = useAsked(id, (signal) => (id ? gather(id, signal) : null));
  const [chosen, choose] = useState('');
  useEffect(() => choose(''), [id]);
  const total = useMemo(() => value && kinds.map((kind) => [kind, [...value.graph.nodes.values()].filter((n) => n.kind === kind).length]), [value]);
  if (!id) return html`<${Panel} title="No signal chosen"><${Empty} title="A map begins at a signal">Open one in <a href="#/signals">Signals</a> and choose Map.<//><//>`;
  if (problem && !value) return html`<${Trouble} problem=${problem} again=${again} />`;
  if (loading || !value) return html`<${Panel} title="Addresses"><${Skeleton} rows=${9} /><//>`;
  const { graph, middle, signal } = value;
  return html`<div class="columns map"><${Panel} title=${words(signal.type)} note="addresses around ${short(String(signal.subject))}"
      actions=${html`<a class="more" href="#/signals?id=${id}">To the signal</a>`}>
    <${Picture} graph=${graph} middle=${middle} chosen=${chosen} choose=${choose} theme=${theme} />
    <p class="legend">${total.filter(([, n]) => n > 0).map(([kind, n]) => html`<span><i class="kind ${kind}" aria-hidden="true" />${words(kind)} <b>${count(n)}</b></span>`)}
      ${graph.left > 0 && html`<span>more than ${count(nodesMax)}: the rest is left out</span>`}</p><//>
    <${Links} graph=${graph} chosen=${chosen} choose=${choose} /></div>`;
}
