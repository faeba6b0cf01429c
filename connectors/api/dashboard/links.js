// Who is linked with whom, as signals, their evidence and memories tell it; and where each stands on the map. Pure.

const address = /^0x[0-9a-f]{40}$/;
const lower = (value) => String(value ?? '').toLowerCase();
/// The addresses that a detail names: one, or several with commas between.
const addressesIn = (value) => (Array.isArray(value) ? value.map(lower) : typeof value === 'string' ? lower(value).split(',') : []).filter((x) => address.test(x));

/// Details that name an address: what it did, or what was done to it by the subject.
const acts = {
  deployer: 'deployed', funder: 'funded', funded_by: 'funded', caller: 'called', addresses: 'acted with others on', from: 'sent from', wallets: 'acted with others on',
  buyers: 'bought', minters: 'minted', owner: 'owns', sender: 'sent to',
};
const suffered = { to: 'sent to', now: 'points now to', before: 'pointed before to', token: 'uses', contract: 'concerns', pool: 'uses', implementation: 'points now to' };

/// A bounded graph: {nodes: id → {id, kind, name}, edges: 'from to what' → {from, to, what, times}}.
export function emptyGraph(nodesMax) {
  return { nodes: new Map(), edges: new Map(), nodesMax, left: 0 };
}

export function addNode(graph, id, kind = 'address', name = '') {
  const known = graph.nodes.get(id);
  if (known) {
    if (known.kind === 'address') known.kind = kind;
    known.name ||= name;
    return true;
  }
  if (graph.nodes.size >= graph.nodesMax) {
    ++graph.left;
    return false;
  }
  graph.nodes.set(id, { id, kind, name });
  return true;
}

export function addEdge(graph, from, to, what) {
  if (from === to || !addNode(graph, from) || !addNode(graph, to)) return;
  const key = `${from} ${to} ${what}`;
  const edge = graph.edges.get(key) || { from, to, what, times: 0 };
  ++edge.times;
  graph.edges.set(key, edge);
}

const kindOf = { deployer: 'deployer', funder: 'funder', funded_by: 'funder', contract: 'contract', token: 'contract', pool: 'contract', now: 'contract', implementation: 'contract' };

/// What a signal or a memory says in its details.
export function addDetails(graph, subject, details) {
  const about = lower(subject);
  if (!about.startsWith('0x') || !details || typeof details !== 'object') return;
  addNode(graph, about);
  for (const [name, value] of Object.entries(details)) {
    if (name === 'subject') continue;
    for (const other of addressesIn(value)) {
      if (suffered[name]) addEdge(graph, about, other, suffered[name]);
      else addEdge(graph, other, about, acts[name] || name.replaceAll('_', ' ').slice(0, 40));
      if (kindOf[name] && graph.nodes.has(other)) addNode(graph, other, kindOf[name]);
      if (typeof details[`${name}_name`] === 'string' && graph.nodes.has(other)) addNode(graph, other, 'address', details[`${name}_name`]);
    }
  }
  if (details.deployer && graph.nodes.has(about)) addNode(graph, about, 'contract');
  if (typeof details.funder_name === 'string' && !addressesIn(details.funder).length) {
    // Its address is not told, its name is.
    const id = `name:${details.funder_name}`;
    if (addNode(graph, id, 'funder', details.funder_name)) for (const to of addressesIn(details.deployer)) addEdge(graph, id, to, 'funded');
  }
}

/// What an event of the evidence shows.
export function addEvent(graph, event, subject) {
  const data = event?.data;
  if (!data || typeof data !== 'object') return;
  const [from, to, at] = [lower(data.from), lower(data.to), lower(data.address)];
  if (event.type === 'transaction' || event.type === 'mempool') {
    if (address.test(from) && address.test(to)) addEdge(graph, from, to, 'sent to');
    else if (address.test(from) && address.test(lower(data.contract_address))) {
      addEdge(graph, from, lower(data.contract_address), 'deployed');
      addNode(graph, lower(data.contract_address), 'contract');
    }
  } else if (event.type === 'contract_event' && address.test(at)) {
    addNode(graph, at, 'contract');
    for (const topic of (Array.isArray(data.topics) ? data.topics : []).slice(1))
      // An address fills the last 20 of a topic's 32 bytes.
      if (/^0x0{24}[0-9a-f]{40}$/.test(lower(topic)) && !/^0x0{60}/.test(lower(topic))) addEdge(graph, `0x${lower(topic).slice(26)}`, at, String(data.event_name || 'log').split('(')[0].slice(0, 40));
  } else if (event.type === 'wallet_activity' && address.test(at)) addEdge(graph, at, lower(subject), 'moved coins');
}

/// Steps from the middle, and a place on the circle of that distance: the same for the same graph.
export function layOut(graph, middle) {
  const beside = new Map([...graph.nodes.keys()].map((id) => [id, []]));
  for (const { from, to } of graph.edges.values()) {
    beside.get(from).push(to);
    beside.get(to).push(from);
  }
  const places = new Map([[middle, { x: 0, y: 0, steps: 0, turn: 0 }]]);
  let ring = [middle];
  let radius = 0;
  for (let steps = 1; ring.length && steps < 50; ++steps) {
    const next = [];
    const taken = new Set();
    for (const id of ring)
      for (const other of [...(beside.get(id) || [])].sort())
        if (!places.has(other) && !taken.has(other)) {
          taken.add(other);
          next.push(other);
        }
    // Dense circles are as large as their nodes need; those of one ancestor stay together.
    radius = Math.max(radius + 1, (next.length * 0.16) / Math.PI);
    // The first stands outside of whom it is linked with.
    const start = steps === 1 ? -Math.PI / 2 + Math.PI / Math.max(next.length, 2) : next.length ? places.get(beside.get(next[0]).find((x) => places.has(x))).turn : 0;
    next.forEach((id, i) => {
      const turn = start + (2 * Math.PI * i) / next.length;
      const own = radius + (next.length > 24 ? 0.3 * (i % 3) : 0);
      places.set(id, { x: own * Math.cos(turn), y: -own * Math.sin(turn), steps, turn });
    });
    ring = next;
  }
  // What nothing links to the middle stands apart, below.
  const lone = [...graph.nodes.keys()].filter((id) => !places.has(id)).sort();
  lone.forEach((id, i) => places.set(id, { x: (i % 40) * 0.4 - Math.min(lone.length, 40) * 0.2, y: -radius - 1 - Math.floor(i / 40) * 0.4, steps: -1, turn: 0 }));
  return places;
}
