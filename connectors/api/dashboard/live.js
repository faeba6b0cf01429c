// The public API, as the page uses it: requests, and one stream that comes back at its cursor.

/// A problem document of the API, or what kept it from answering.
export class Problem extends Error {
  constructor(status, title, detail) {
    super(detail || title);
    this.status = status;
    this.title = title;
  }
}

const tokenKey = 'eremos.token';
export const token = {
  get: () => sessionStorage.getItem(tokenKey) || '',
  set: (text) => (text ? sessionStorage.setItem(tokenKey, text) : sessionStorage.removeItem(tokenKey)),
};

/// One value that others watch.
export function cell(value) {
  const watchers = new Set();
  return {
    get: () => value,
    set(next) {
      value = next;
      for (const tell of [...watchers]) tell(next);
    },
    watch(tell) {
      watchers.add(tell);
      return () => watchers.delete(tell);
    },
  };
}

/// '' | 'missing' | 'unknown': whether the node wants a token that the page does not have.
export const tokenNeeded = cell('');

/// The text of an answer; throws Problem.
export async function askText(path, { method = 'GET', body, signal, accept503 = false } = {}) {
  const headers = {};
  if (token.get()) headers.Authorization = `Bearer ${token.get()}`;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  let reply;
  try {
    reply = await fetch(path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Problem(0, 'No answer', 'The node does not answer.');
  }
  const text = await reply.text();
  if (reply.ok || (accept503 && reply.status === 503)) return text;
  let problem = {};
  try {
    problem = JSON.parse(text);
  } catch {
    // a proxy's page, not the node's
  }
  if (reply.status === 401) tokenNeeded.set(token.get() ? 'unknown' : 'missing');
  const wait = reply.headers.get('retry-after');
  const advice = reply.status === 429 ? ` Asked too often; try again in ${wait || 'a few'} s.` : '';
  throw new Problem(reply.status, problem.title || `Status ${reply.status}`, (problem.detail || '') + advice);
}

export const ask = async (path, options) => JSON.parse(await askText(path, options));
export const order = (path, body, method = 'POST') => ask(path, { method, body });

/// A path with a query of what is set.
export function withQuery(path, values) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values))
    if (value !== undefined && value !== null && value !== '') query.set(name, value);
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

/// How a person asks the same in a shell.
export function curlOf(path) {
  const auth = token.get() ? ' -H "Authorization: Bearer $TOKEN"' : '';
  return `curl -s${auth} '${location.origin}${path}'`;
}

const topics = ['signals', 'messages', 'memory', 'stats'];
const pauseFirst = 500;
const pauseMax = 15_000;
/// Statistics come every second: a stream that says nothing for so long is dead.
const silenceMax = 10_000;

/// {state: 'connecting' | 'live' | 'waiting' | 'token', since, retryAt, why}
export const link = cell({ state: 'connecting', since: Date.now(), retryAt: 0, why: '' });

class Stream {
  cursor = '';
  pause = pauseFirst;
  listeners = new Map(topics.concat('gap').map((topic) => [topic, new Set()]));
  socket = null;
  timer = 0;
  heardAt = 0;

  on(topic, listener) {
    this.listeners.get(topic).add(listener);
    return () => this.listeners.get(topic).delete(listener);
  }

  start() {
    setInterval(() => this.watchSilence(), 1000);
    addEventListener('online', () => this.retryNow());
    this.open();
  }

  retryNow() {
    if (link.get().state === 'live') return;
    clearTimeout(this.timer);
    this.pause = pauseFirst;
    this.open();
  }

  open() {
    this.drop();
    const query = topics.map((topic) => `topic=${topic}`);
    if (this.cursor) query.push(`cursor=${this.cursor}`);
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
    const protocols = token.get() ? ['eremos', `bearer.${token.get()}`] : ['eremos'];
    let socket;
    try {
      socket = new WebSocket(`${scheme}//${location.host}/api/v1/stream?${query.join('&')}`, protocols);
    } catch {
      return this.askForToken('unknown');  // a token no header can carry
    }
    this.socket = socket;
    this.heardAt = Date.now();
    socket.onopen = () => {
      this.heardAt = Date.now();
      this.pause = pauseFirst;
      link.set({ state: 'live', since: Date.now(), retryAt: 0, why: '' });
    };
    socket.onmessage = ({ data }) => socket === this.socket && this.take(data);
    socket.onclose = ({ code, reason }) => socket === this.socket && this.lost(code, reason);
  }

  drop() {
    const old = this.socket;
    this.socket = null;
    if (old) old.close();
  }

  take(data) {
    this.heardAt = Date.now();
    const groups = new Map();
    for (const { topic, cursor, item } of JSON.parse(data)) {
      this.cursor = cursor;
      if (!groups.has(topic)) groups.set(topic, []);
      groups.get(topic).push(item);
    }
    for (const [topic, items] of groups)
      for (const listener of this.listeners.get(topic) || []) listener(items);
  }

  watchSilence() {
    // Also one that is never answered, where nothing is heard of its opening.
    if (!this.socket || Date.now() - this.heardAt < silenceMax) return;
    this.drop();
    this.lost(0, 'nothing came for 10 s');
  }

  async lost(code, reason) {
    this.socket = null;
    const before = link.get();
    const since = before.state === 'waiting' ? before.since : Date.now();
    const wait = this.pause * (0.8 + 0.4 * Math.random());
    this.pause = Math.min(this.pause * 2, pauseMax);
    let why = reason || (code === 1001 ? 'the node ends' : 'the connection was cut');
    link.set({ state: 'waiting', since, retryAt: Date.now() + wait, why });
    this.timer = setTimeout(() => this.open(), wait);
    // A WebSocket does not tell the page why it was refused; a request does.
    try {
      await ask('/api/v1/log-level');
    } catch (problem) {
      if (problem.status === 401) return this.askForToken();
      why = problem.status === 0 ? 'the node does not answer' : `${problem.title}: ${problem.message}`;
      const now = link.get();
      if (now.state === 'waiting') link.set({ ...now, why });
    }
  }

  askForToken(what) {
    clearTimeout(this.timer);
    if (what) tokenNeeded.set(what);
    link.set({ state: 'token', since: Date.now(), retryAt: 0, why: 'a token is needed' });
  }
}

export const stream = new Stream();

export function useToken(text) {
  token.set(text.trim());
  tokenNeeded.set('');
  stream.pause = pauseFirst;
  clearTimeout(stream.timer);
  link.set({ state: 'connecting', since: Date.now(), retryAt: 0, why: '' });
  stream.open();
}

// --- values over time: what the node kept from before, and what the stream has told since

/// Rates by the second for ten minutes, by ten seconds for six hours.
const fineMax = 600;
const coarseMax = 2160;
const coarseEvery = 10;
/// Between rows of our own: more is a hole, which what the node kept fills.
const holeSeconds = 30;
/// Points of what the node kept: as many as a chart shows apart.
const pastMax = 180;

const meanOf = (rows) => rows[0].map((_, i) => rows.reduce((sum, row) => sum + row[i], 0) / rows.length);

class History {
  past = [];
  fine = [];
  coarse = [];
  #open = [];  // rows of the mean that is being made

  add(sample) {
    this.fine.push(sample);
    if (this.fine.length > fineMax) this.fine.shift();
    this.#open.push(sample);
    if (this.#open.length < coarseEvery) return;
    this.coarse.push(meanOf(this.#open));
    if (this.coarse.length > coarseMax) this.coarse.shift();
    this.#open = [];
  }

  /// Rows of the last `seconds`: our own, and where there are none, the node's.
  last(seconds) {
    const own = seconds <= fineMax ? this.fine : this.#open.length ? [...this.coarse, meanOf(this.#open)] : this.coarse;
    const out = [];
    let at = 0;
    let before = -Infinity;
    for (const row of own) {
      const fills = row[0] - before > holeSeconds;
      for (; at < this.past.length && this.past[at][0] < row[0]; ++at) if (fills && this.past[at][0] > before) out.push(this.past[at]);
      out.push(row);
      before = row[0];
    }
    for (; at < this.past.length; ++at) if (this.past[at][0] > before) out.push(this.past[at]);
    const from = out.length ? out[out.length - 1][0] - seconds : 0;
    return out.filter((row) => row[0] >= from);
  }
}

export const eventTypes = ['transaction', 'contract_event', 'wallet_activity', 'mempool', 'block'];
export const lanes = ['critical', 'high', 'medium', 'low', 'block', 'control'];
export const memoryTotals = ['memories', 'memories_kept', 'correlations'];

export const rates = new History();   // time, then events/s by eventTypes
export const depths = new History();  // time, then events that wait by lanes
export const growth = new History();  // time, then memoryTotals
/// The newest statistics of the node.
export const stats = cell(null);

/// What kept the node from telling of before; null: it has.
export const pastProblem = cell(null);
let pastSeconds = 3600;

async function askPast() {
  const seconds = pastSeconds;
  try {
    const told = await ask(withQuery('/api/v1/stats/history', { seconds, points: pastMax }));
    if (seconds !== pastSeconds) return;
    const table = (columns) => told.times.map((time, i) => [time / 1000, ...columns.map((column) => column?.[i] ?? 0)]);
    rates.past = table(eventTypes.map((type) => told.events_per_second[type]));
    depths.past = table(lanes.map((lane) => told.waiting[lane]));
    growth.past = table(memoryTotals.map((name) => told[name]));
    pastProblem.set(null);
  } catch (problem) {
    pastProblem.set(problem);
  }
}
/// How far back a view looks.
export function wantPast(seconds) {
  if (seconds === pastSeconds) return;
  pastSeconds = seconds;
  if (link.get().state === 'live') askPast();
}
// Also after a cut, for what happened meanwhile.
let liveSince = 0;
link.watch(({ state, since }) => {
  if (state !== 'live' || since === liveSince) return;
  liveSince = since;
  askPast();
});

const sumOf = (streams, pick) => streams.reduce((sum, s) => sum + (pick(s) || 0), 0);
let before = null;

stream.on('stats', (items) => {
  for (const item of items) {
    const seconds = item.taken_at / 1000;
    const totals = eventTypes.map((type) => sumOf(item.streams, (s) => s.events_by_type[type]));
    depths.add([seconds, ...lanes.map((lane) => sumOf(item.streams, (s) => s.depth[lane]))]);
    growth.add([seconds, ...memoryTotals.map((name) => sumOf(item.streams, (s) => s.coordination[name]))]);
    // After a restart of the node its counters begin anew.
    if (before && seconds > before.seconds && totals.every((x, i) => x >= before.totals[i])) {
      const passed = seconds - before.seconds;
      rates.add([seconds, ...totals.map((x, i) => (x - before.totals[i]) / passed)]);
    }
    before = { seconds, totals };
  }
  stats.set(items[items.length - 1]);
});
