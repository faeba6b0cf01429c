// The frame around the views: where we are (in the URL), the connection, the theme, the token.
import { html, render, useEffect, useRef, useState } from '/vendor/preact.js';
import { cell, link, stream, tokenNeeded, useToken } from '/app/live.js';
import { Icon, Skeleton, Trouble, moment, seconds, useCell, useTick } from '/app/ui.js';

// --- the URL: #/view?name=value

function readPlace() {
  const [name, query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  return { view: views[name] ? name : 'overview', query: Object.fromEntries(new URLSearchParams(query)) };
}
export function hashOf(view, query = {}) {
  const set = Object.entries(query).filter(([, value]) => value !== '' && value !== undefined && value !== null);
  return `#/${view}${set.length ? `?${new URLSearchParams(set)}` : ''}`;
}
/// Filters replace the entry of the browser's history; a place adds one.
export function go(view, query, replace = false) {
  if (!replace) location.hash = hashOf(view, query);
  else {
    history.replaceState(null, '', hashOf(view, query));
    place.set(readPlace());
  }
}

const views = {
  overview: { title: 'Overview', load: () => import('/app/overview.js') },
  signals: { title: 'Signals', load: () => import('/app/signals.js') },
  society: { title: 'Society', load: () => import('/app/society.js') },
  deliveries: { title: 'Deliveries', load: () => import('/app/deliveries.js') },
  map: { title: 'Map', load: () => import('/app/map.js'), of: 'signals' },
  about: { title: 'About', load: () => import('/app/about.js') },
};
const place = cell(readPlace());
addEventListener('hashchange', () => place.set(readPlace()));

// --- what the reader prefers

const kept = (name, fallback) => cell(localStorage.getItem(`eremos.${name}`) || fallback);
const keep = (name, source, value) => {
  localStorage.setItem(`eremos.${name}`, value);
  source.set(value);
};
const darkScreen = matchMedia('(prefers-color-scheme: dark)');
const theme = kept('theme', darkScreen.matches ? 'dark' : 'light');
const zone = kept('zone', 'local');
const applyTheme = () => (document.documentElement.dataset.theme = theme.get());
theme.watch(applyTheme);
applyTheme();

// --- parts of the frame

function Connection() {
  useTick(500);
  const now = useCell(link);
  const left = Math.max(0, Math.ceil((now.retryAt - Date.now()) / 1000));
  const text = { live: 'Live', connecting: 'Connecting…', token: 'Token needed', waiting: `Retry in ${left} s` }[now.state];
  return html`<span class="connection ${now.state}" role="status" data-state=${now.state}><i aria-hidden="true" />${text}</span>`;
}

function Cut() {
  useTick(1000);
  const now = useCell(link);
  if (now.state !== 'waiting') return null;
  return html`<div class="banner" role="alert"><${Icon} name="warn" />
    <span><strong>Not connected</strong> for ${seconds((Date.now() - now.since) / 1000)}: ${now.why}. What you see is as of then; what comes
    meanwhile is fetched when the stream continues at its cursor.</span>
    <button class="button" onClick=${() => stream.retryNow()}>Connect now</button></div>`;
}

function TokenForm() {
  const why = useCell(tokenNeeded);
  const field = useRef(null);
  useEffect(() => field.current?.focus(), [why]);
  const submit = (event) => {
    event.preventDefault();
    if (field.current.value.trim()) useToken(field.current.value);
  };
  return html`<main id="main" class="gate"><form class="panel" onSubmit=${submit}>
    <h1>This node asks who you are</h1>
    <p>${why === 'unknown' ? 'It does not know that token. Check that it was copied whole.' : 'Its API wants a bearer token. Whoever runs the node has set them in '}
    ${why !== 'unknown' && html`<code>[[api.tokens]]</code>.`}</p>
    <label for="token">Token</label>
    <input id="token" type="password" autocomplete="off" spellcheck="false" ref=${field} aria-invalid=${why === 'unknown'} required />
    <button class="button primary">Continue</button>
    <p class="muted">Kept in this tab only, until it is closed.</p></form></main>`;
}

function Clock({ at }) {
  useTick(1000);
  return html`<time class="clock">${moment(Date.now(), at, false)}</time>`;
}

function View({ name, query }) {
  const [state, set] = useState({});
  const shared = { query, zone: useCell(zone), theme: useCell(theme) };
  useEffect(() => {
    views[name].load().then(
      (module) => set({ name, Part: module.default }),
      () => set({ name, problem: { title: 'Not loaded', message: 'This part of the page could not be fetched from the node.' } }));
  }, [name]);
  if (state.name !== name) return html`<${Skeleton} rows=${6} />`;
  if (state.problem) return html`<${Trouble} problem=${state.problem} again=${() => location.reload()} />`;
  return html`<${state.Part} ...${shared} key=${name} />`;
}

function App() {
  const { view, query } = useCell(place);
  const needed = useCell(tokenNeeded);
  const currentTheme = useCell(theme);
  const currentZone = useCell(zone);
  useEffect(() => {
    document.title = `${views[view].title} · Eremos`;
  }, [view]);
  return html`<a class="skip" href="#main" onClick=${(e) => { e.preventDefault(); document.getElementById('main').focus(); }}>To the content</a>
    <nav class="side" aria-label="Views">
      <span class="brand"><svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="8" /><path d="M9 9h14M9 16h10M9 23h14" /></svg>Eremos</span>
      ${Object.entries(views).filter(([, { of }]) => !of).map(([name, { title }]) => html`<a href=${hashOf(name)} aria-current=${name === (views[view].of || view) ? 'page' : undefined}>
        <${Icon} name=${name} /><span>${title}</span></a>`)}
    </nav>
    <div class="page">
      <header class="top">
        <h1>${views[view].title}</h1>
        <${Connection} />
        <span class="gap" />
        <${Clock} at=${currentZone} />
        <button class="chip" onClick=${() => keep('zone', zone, currentZone === 'utc' ? 'local' : 'utc')}
          aria-label="Times are ${currentZone === 'utc' ? 'UTC; show local time' : 'local; show UTC'}">${currentZone === 'utc' ? 'UTC' : 'Local'}</button>
        <button class="chip" id="theme" onClick=${() => keep('theme', theme, currentTheme === 'dark' ? 'light' : 'dark')}
          aria-label="To the ${currentTheme === 'dark' ? 'light' : 'dark'} theme"><${Icon} name=${currentTheme === 'dark' ? 'sun' : 'moon'} /></button>
      </header>
      <${Cut} />
      ${needed ? html`<${TokenForm} />` : html`<main id="main" tabindex="-1"><${View} name=${view} query=${query} /></main>`}
    </div>`;
}

stream.start();
render(html`<${App} />`, document.getElementById('app'));
