// A browser before the dashboard, for test_dashboard.py: one JSON line per claim; "CUT" asks for the
// connections to be cut. Usage: dashboard.js URL OPEN_API_URL TOKEN_URL TOKEN [pictures FOLDER | look FOLDER | open MINUTES]
const fs = require('fs');
const {chromium} = require('playwright-core');

const [url, api, guarded, token, mode, wish] = process.argv.slice(2);
const figure = (text) => console.log(JSON.stringify({figure: text}));
const need = (holds, claim) => {
  console.log(JSON.stringify({holds: Boolean(holds), claim}));
  if (!holds) process.exit(1);
};
async function until(what, claim, seconds = 60) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    try {
      if (await what()) return need(true, claim);
    } catch (error) {
      if (Date.now() > end) console.error(error.message);
    }
    if (Date.now() > end) return need(false, `${claim} (within ${seconds} s)`);
    await new Promise((done) => setTimeout(done, 50));
  }
}
const ask = async (path) => (await fetch(api + path)).json();

/// A page that remembers what it complained of, asked for and was told.
async function open(browser, base, place, options = {}) {
  const context = await browser.newContext({viewport: {width: 1440, height: 900}, colorScheme: 'dark', ...options});
  const page = await context.newPage();
  page.complaints = [];
  page.requests = [];
  page.told = [];
  // A busy machine may make the node not ready for a moment, which is an answer, not an error.
  page.on('console', (m) => m.type() === 'error' && !m.location().url.includes('/readyz') && page.complaints.push(m.text()));
  page.on('pageerror', (error) => page.complaints.push(error.message));
  page.on('request', (request) => page.requests.push(request.url()));
  page.on('websocket', (socket) => {
    page.requests.push(socket.url());
    // Where the page goes on is what it has heard; the rest of an earlier socket it has not.
    const from = new URL(socket.url()).searchParams.get('cursor');
    const at = from ? page.told.findLastIndex((item) => item.cursor === from) : -1;
    if (at >= 0) page.told.length = at + 1;
    page.socket = socket;
    socket.on('framereceived', ({payload}) => page.socket === socket && page.told.push(...JSON.parse(payload)));
  });
  page.setDefaultTimeout(60_000);
  page.on('dialog', (dialog) => page.complaints.push(`dialog ${dialog.message()}`) && dialog.dismiss());
  await page.goto(`${base}/${place}`);
  return page;
}
/// What it says; nothing where there is none.
const textOf = (page, selector) => page.$eval(selector, (x) => x.textContent).catch(() => '');
const rows = (page) => page.$$eval('.signal', (all) => all.map((row) => row.dataset.id));

async function axe(page, where) {
  // Not by a script element: the page's policy allows none of ours.
  await page.evaluate(fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'));
  const {violations} = await page.evaluate(() => globalThis.axe.run());
  const serious = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical');
  need(serious.length === 0, `axe finds nothing serious in ${where}` +
       serious.map((v) => ` ${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(' | ')}`).join(';'));
}

async function firstView(browser) {
  const page = await open(browser, url, '');
  const cdp = await page.context().newCDPSession(page);
  let bytes = 0;
  await cdp.send('Network.enable');
  await cdp.send('Network.setCacheDisabled', {cacheDisabled: true});
  cdp.on('Network.loadingFinished', ({encodedDataLength}) => (bytes += encodedDataLength));
  page.requests.length = 0;
  await page.reload();
  await page.waitForSelector('.chain');
  await page.waitForSelector('.latest li');
  await page.waitForSelector('.plot canvas');
  await until(() => page.requests.some((address) => address.includes('/stats/history')), 'charts ask for what was before');
  await page.waitForLoadState('networkidle', {timeout: 2000}).catch(() => {});
  // Health is asked for again every 5 s, and latency when all else is there.
  const asked = new Set(page.requests.filter((address) => !address.endsWith('/metrics'))).size;
  need(asked <= 12, `the first view takes ${asked} requests`);
  need(bytes > 0 && bytes <= 120_000, `and ${bytes} bytes`);
  const paint = await page.evaluate(() => Math.round(performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1));
  figure(`first contentful paint after ${paint} ms`);
  await until(async () => (await textOf(page, '.health strong')) === 'All is well', 'health is told at a glance');
  await until(async () => (await textOf(page, '[data-state]')).includes('Live'), 'and that the page is live');
  const theme = () => page.evaluate(() => [document.documentElement.dataset.theme, getComputedStyle(document.body).backgroundColor].join());
  const before = await theme();
  await axe(page, 'Overview, dark');
  await page.click('#theme');
  await until(async () => (await theme()) !== before, 'the theme toggles');
  await axe(page, 'Overview, light');
  await page.reload();
  await until(async () => (await theme()).startsWith('light'), 'and is remembered');
  need(page.complaints.length === 0, `the console is quiet ${page.complaints}`);
  await page.context().close();
}

async function signals(browser) {
  const page = await open(browser, url, '#/signals');
  await page.waitForSelector('.signal');
  const first = await rows(page);
  await until(async () => (await rows(page)).some((id) => !first.includes(id)), 'signals appear live');
  await axe(page, 'Signals');

  await page.selectOption('[name=severity]', 'medium');
  await until(async () => page.url().includes('severity=medium'), 'a filter stands in the URL');
  const levels = () => page.$$eval('.signal .severity', (all) => all.map((x) => x.textContent.trim()));
  await until(async () => (await levels()).length > 0 && (await levels()).every((x) => ['medium', 'high', 'critical'].includes(x)), 'and filters');
  const again = await open(browser, url, page.url().slice(url.length + 1));
  await until(async () => (await again.inputValue('[name=severity]')) === 'medium', 'who opens that URL has the filter');
  await again.context().close();
  await page.fill('[name=subject]', '0x0000000000000000000000000000000000000001');
  await page.press('[name=subject]', 'Enter');
  await until(async () => (await textOf(page, '.empty')).includes('Nothing passes'), 'an empty list says why');
  await page.click('.empty button');

  await page.waitForSelector('.signal');
  await page.focus('.signal');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.drawer section h3:has-text("Evidence")');
  // Asked for each time: a later block may add to a signal while one looks.
  const story = () => ask(`/api/v1/signals/${new URLSearchParams(page.url().split('?')[1]).get('id')}/explain`);
  await until(async () => (await textOf(page, '.drawer')).toLowerCase().includes(((await story()).sentence || 'evidence').toLowerCase()),
              'explain opens by keyboard and says what it means');
  await until(async () => (await page.$$('.drawer .step')).length === (await story()).evidence.filter((e) => e.event).length, 'with its evidence');
  await axe(page, 'the drawer');
  await page.keyboard.press('Escape');
  await until(async () => (await page.$('.drawer')) === null && !page.url().includes('id='), 'Escape closes it');

  // --- cut, and nothing is missing: what the page was told is the feed, each item once
  await until(() => page.told.some((item) => item.topic === 'signals'), 'the stream tells signals');
  const seen = page.told.length;
  console.log('CUT');
  await until(() => page.told.length > seen + 40, 'the stream goes on by itself');
  const changes = page.told.filter((item) => !['stats', 'gap'].includes(item.topic)).map((item) => Number(item.cursor.split('.')[0]));
  const broken = changes.findIndex((seq, i) => i > 0 && seq !== changes[i - 1] + 1);
  need(broken < 0, `${changes.length} changes in a row: nothing missing, nothing twice${broken < 0 ? '' : `, but ${changes[broken]} after ${changes[broken - 1]}`}`);
  await until(async () => {
    // Signals of one block have no order, and the next may be under way.
    const wanted = (await ask('/api/v1/signals?limit=80')).items.map((s) => s.id);
    const shown = await rows(page);
    return wanted.slice(0, 8).every((id) => shown.includes(id)) && shown.slice(0, 8).every((id) => wanted.includes(id));
  }, 'and the list is that of the node');
  need(page.complaints.every((text) => /WebSocket|ERR_|Failed to load/.test(text)), `only the cut is on the console ${page.complaints}`);
  const nodes = await page.evaluate(() => document.querySelectorAll('*').length);
  need(nodes <= 2000, `the page has ${nodes} elements`);
  await page.context().close();
}

async function society(browser) {
  const page = await open(browser, url, '#/society');
  const agent = '[data-agent=skiero]';
  await page.waitForSelector(agent);
  await axe(page, 'Society');
  const state = async () => (await ask('/api/v1/agents/skiero')).items[0].state;
  await page.click(`${agent} button`);
  await until(async () => (await state()) === 'paused', 'an agent is paused');
  await until(async () => (await textOf(page, `${agent} .badge`)) === 'paused', 'and shown so');
  await page.click(`${agent} button`);
  await until(async () => (await state()) === 'running', 'and resumed');
  await until(async () => (await textOf(page, `${agent} .badge`)) === 'running', 'and shown so');
  await page.waitForSelector('.graph .edge', {state: 'attached'});
  need(page.complaints.length === 0, `the console is quiet ${page.complaints}`);
  await page.context().close();
}

async function deliveries(browser) {
  const page = await open(browser, url, '#/deliveries');
  await until(async () => (await textOf(page, '.routes')).includes('by-file'), 'routes are told');
  need((await textOf(page, '.routes')).includes('high or worse') && (await textOf(page, '.routes')).includes('quiet for 10 min'), 'with what they want');
  need((await textOf(page, '.rules')).includes('journal'), 'and sinks');
  await page.click('[data-route=by-file] button');
  await until(async () => (await textOf(page, '[data-route=by-file] .answers')).includes('journal took the test alert'), 'a route is tried out');
  const list = async (query) => (await ask(`/api/v1/alerts?${query}`)).items;

  await page.waitForSelector('[data-alert]');
  await until(async () => (await list('state=dead')).length > 0, 'a receiver refuses one for good');
  await until(async () => (await textOf(page, '[data-sink=ops]')).includes('dead'), 'which is counted at its sink');
  await page.click('[data-sink=ops] a');
  await until(async () => page.url().includes('state=dead') && (await page.$$('[data-alert] .badge.bad')).length > 0, 'dead letters are listed');
  need((await textOf(page, '[data-alert]')).includes('410'), 'with what their receiver said');
  await axe(page, 'Deliveries');
  const id = await page.$eval('[data-alert]', (row) => row.dataset.alert);
  await page.click(`[data-alert="${id}"] button`);
  await until(async () => (await list('state=delivered&sink=ops&limit=500')).some((alert) => alert.id === id), 'one is sent again, and arrives under its id');
  await until(async () => (await page.$(`[data-alert="${id}"]`)) === null, 'and leaves the list');

  await page.click('.silence .button');
  await until(async () => (await textOf(page, '.silence .bad-text')).includes('Say what'), 'a silence of everything is not made');
  await page.selectOption('.silence [name=route]', 'by-file');
  await page.fill('.silence [name=comment]', 'known <b>since May</b>');
  await page.click('.silence .button');
  await until(async () => (await textOf(page, '.silences')).includes('Route by-file') && (await textOf(page, '.silences')).includes('<b>since May'), 'a silence is made and listed');
  need((await ask('/api/v1/silences')).items.length === 1, 'the node has it');
  await until(async () => (await list('state=silenced&route=by-file')).length > 0, 'and keeps alerts back');
  await page.click('[aria-label=State] button:has-text("Silenced")');
  await until(async () => (await textOf(page, '[data-alert] .badge')) === 'silenced', 'which the outbox shows');
  await page.click('.silences button');
  await until(async () => (await page.$('.silences')) === null && (await ask('/api/v1/silences')).items.length === 0, 'the silence is ended');
  const nodes = await page.evaluate(() => document.querySelectorAll('*').length);
  need(nodes <= 2000, `the page has ${nodes} elements`);
  need(page.complaints.length === 0, `the console is quiet ${page.complaints}`);
  await page.context().close();
}

/// Seconds that a chart shows, as it says.
async function shown(page, name) {
  const label = await page.$eval(`.plot[aria-label^="${name}"]`, (plot) => plot.getAttribute('aria-label')).catch(() => '');
  const [, number, unit] = /shown: the last ([\d.]+) (s|min|h)$/.exec(label) || [];
  return number * {s: 1, min: 60, h: 3600}[unit];
}

async function history(browser) {
  await until(async () => (await ask('/api/v1/stats/history')).times.length >= 6, 'the node keeps what was before', 90);
  const page = await open(browser, url, '#/overview');
  const began = Date.now();
  await until(async () => (await shown(page, 'Events per second')) >= 45, 'charts begin with what was before the page was opened', 15);
  need((await shown(page, 'Waiting events')) >= 45 && Date.now() - began < 30_000, 'all of them');
  await page.click('[aria-label="Time shown"] button:has-text("6 h")');
  await until(async () => (await shown(page, 'Events per second')) >= 45, 'also of six hours');
  await page.click('[aria-label="Time shown"] button:has-text("5 min")');
  await until(async () => (await shown(page, 'Events per second')) >= 45 && (await shown(page, 'Events per second')) <= 300, 'and of five minutes');
  await page.goto(`${url}/#/society`);
  await until(async () => (await shown(page, 'Memories')) >= 45, 'memory, too');
  need(page.complaints.length === 0, `the console is quiet ${page.complaints}`);
  await page.context().close();

  const other = await open(browser, url, '#/about');
  await other.route('**/stats/history*', (route) => route.fulfill({status: 503, json: {title: 'Service Unavailable', status: 503, detail: 'not now'}}));
  await other.goto(`${url}/#/overview`);
  await other.reload();
  await until(async () => (await textOf(other, '.panel[aria-label="Events per second"] .note')).includes('does not tell of before'), 'where it does not, the page says so');
  await other.context().close();
}

async function map(browser) {
  const page = await open(browser, url, '#/signals');
  // How a driver without a graphics card fares is no error of the page.
  const complaints = () => page.complaints.filter((text) => !/GL Driver|WebGL/.test(text));
  const [found] = (await ask('/api/v1/signals?limit=1&type=high_value_transaction')).items;
  await page.goto(`${url}/#/signals?id=${found.id}`);
  await page.click('.drawer footer a[href^="#/map"]');
  await until(async () => (await page.$$('.edges li')).length > 0, 'a signal has a map, with its links as a list');
  await page.waitForSelector('.map-box canvas', {state: 'attached'});
  need(page.requests.some((address) => address.endsWith('/vendor/sigma.js')), 'drawn by sigma.js, which is fetched only then');
  await page.click('.edges .end');
  await until(async () => (await textOf(page, '.chosen')).includes('Signals about it'), 'an address of it can be chosen');
  await axe(page, 'Map');
  need(complaints().length === 0, `the console is quiet ${complaints()}`);

  const hub = `0x${'1'.repeat(40)}`;
  const evidence = Array.from({length: 1500}, (_, i) => ({id: `${i}`, event: {type: 'transaction', data: {from: `0x${i.toString(16).padStart(40, 'a')}`, to: hub}}}));
  await page.route('**/explain', (route) => route.fulfill({json: {signal: {...found, subject: hub, details: {}}, sentence: '', evidence}}));
  await page.goto(`${url}/#/map?signal=${'d'.repeat(32)}`);
  await until(async () => (await textOf(page, '.legend')).includes('999'), 'a map has at most 1,000 addresses');
  await page.waitForSelector('.map-box canvas', {state: 'attached'});
  const nodes = await page.evaluate(() => document.querySelectorAll('*').length);
  need(nodes <= 2000, `and the page then ${nodes} elements`);
  await page.context().close();
}

/// What a chain or a proxy may send.
async function badInput(browser) {
  const evil = '<img src=x onerror="alert(1)"><script>alert(2)</script>\u202e' + 'x'.repeat(10_000);
  const page = await open(browser, url, '#/about');
  const [real] = (await ask('/api/v1/signals?limit=1')).items;
  const made = [
    {...real, id: 'a'.repeat(32), type: evil, agent: evil, glyph: evil, subject: evil, severity: evil, details: {[evil.slice(0, 99)]: evil}},
    {...real, id: 'b'.repeat(32), type: null, agent: null, glyph: null, subject: null, severity: null, details: null, confidence: null},
    {...real, id: 'c'.repeat(32), status: 'retracted', revision: 2},
  ].map((s, i) => ({...s, event_time: 9e12 - i}));
  let answer = {status: 200, json: {items: made, next: null}};
  await page.route('**/api/v1/signals?*', (route) => route.fulfill(answer));
  await page.route('**/explain', (route) => route.fulfill({json: {signal: made[0], sentence: evil, evidence: [{id: evil, event: {type: evil, data: {a: evil}}}]}}));
  await page.goto(`${url}/#/signals`);
  await page.waitForSelector(`.signal[data-id=${'a'.repeat(32)}]`);
  const text = await page.textContent(`.signal[data-id=${'a'.repeat(32)}]`);
  need(text.toLowerCase().includes('<img src=x onerror') && !text.includes('\u202e'), 'markup in a signal is text');
  need((await page.$$('main img, main script')).length === 0, 'and makes no element');
  need((await page.$(`.signal[data-id=${'b'.repeat(32)}]`)) !== null, 'null fields are shown as what they are');
  need((await page.$(`.signal.retracted[data-id=${'c'.repeat(32)}]`)) !== null, 'a retraction is seen');
  await page.click(`.signal[data-id=${'a'.repeat(32)}]`);
  await page.waitForSelector('.drawer .step');
  need((await page.$$('.drawer img, .drawer script')).length === 0, 'nor does an explanation');
  await page.keyboard.press('Escape');
  need((await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)), 'long words stay in the page');
  need(page.complaints.length === 0, `the console is quiet ${page.complaints}`);
  for (const [status, words] of [[429, 'Asked too often'], [500, 'went wrong'], [503, 'not now']]) {
    answer = {status, headers: {'Retry-After': '3', 'Content-Type': 'application/problem+json'},
              body: JSON.stringify({title: 'Problem', status, detail: status === 429 ? 'slow down' : words})};
    await page.goto(`${url}/#/about`);
    await page.waitForSelector('main .legal');
    await page.goto(`${url}/#/signals`);
    await until(async () => (await textOf(page, '.list .trouble')).includes(words), `${status} has its own state`);
    await page.waitForSelector('.list .trouble + .rows .signal');
    need((await textOf(page, '.list .trouble')).includes(words), 'which stays when signals come by the stream');
  }
  await page.context().close();
}

async function tokens(browser) {
  const page = await open(browser, guarded, '#/signals');
  await page.waitForSelector('#token');
  need(true, 'a node with tokens asks for one');
  await axe(page, 'the token form');
  await page.fill('#token', 'not-the-token-of-it');
  await page.click('.gate button');
  await page.waitForSelector('#token[aria-invalid=true]');
  need(true, 'says that one is unknown');
  await page.fill('#token', token);
  await page.click('.gate button');
  await page.waitForSelector('.connection.live');
  await until(async () => (await page.$('.gate')) === null, 'and lets in who has it');
  await page.context().close();
}

async function small(browser) {
  for (const view of ['overview', 'signals', 'society', 'deliveries', 'map', 'about']) {
    const page = await open(browser, url, `#/${view}`, {viewport: {width: 360, height: 740}});
    await page.waitForSelector('main .panel');
    await until(() => page.evaluate(() => document.documentElement.scrollWidth <= 360), `${view} fits 360 px`, 10);
    await page.context().close();
  }
}

/// A page that somebody leaves open, going around the views: what it keeps, and what it does not.
async function heldOpen(browser) {
  const page = await open(browser, url, '#/overview');
  const cdp = await page.context().newCDPSession(page);
  await page.evaluate(() => {
    globalThis.longest = 0;
    globalThis.long = 0;
    new PerformanceObserver((list) => list.getEntries().forEach(({duration}) => {
      globalThis.long += duration > 100 ? 1 : 0;
      globalThis.longest = Math.max(globalThis.longest, duration);
    })).observe({type: 'longtask'});
  });
  const views = ['signals', 'society', 'overview'];
  const began = Date.now();
  for (let turn = 0; Date.now() - began < Number(wish) * 60_000; ++turn) {
    let most = 0;
    for (const view of views) {
      await page.evaluate((hash) => (location.hash = hash), `#/${view}`);
      await page.waitForTimeout(20_000);
      most = Math.max(most, await page.evaluate(() => document.querySelectorAll('*').length));
    }
    page.told.length = 0;
    await cdp.send('HeapProfiler.collectGarbage');
    const {usedSize} = await cdp.send('Runtime.getHeapUsage');
    const node = (await ask('/api/v1/stats')).node;
    figure(`after ${Math.round((Date.now() - began) / 60_000)} min: heap ${(usedSize / 1e6).toFixed(2)} MB, at most ${most} elements, ` +
           `${await page.evaluate(() => globalThis.long)} tasks over 100 ms, the longest ${Math.round(await page.evaluate(() => globalThis.longest))} ms, ` +
           `${Math.round(node.streams.reduce((sum, s) => sum + s.events_per_second_1s, 0))} events/s`);
  }
  need(page.complaints.length === 0, `the console is quiet ${page.complaints}`);
}

/// Every view at both widths and in both themes, for whoever changes how it looks.
async function look(browser) {
  const made = (await ask('/api/v1/signals?limit=1&type=launch_detected')).items[0];
  const views = {overview: '', signals: '', drawer: '', society: '', deliveries: '', dead: '', map: `?signal=${made.id}`, about: ''};
  for (const [width, height] of [[1440, 960], [360, 740]])
    for (const colorScheme of ['dark', 'light'])
      for (const [name, query] of Object.entries(views)) {
        const view = {drawer: 'signals', dead: 'deliveries'}[name] ?? name;
        const more = {drawer: `?id=${made.id}`, dead: '?state=dead'}[name] ?? query;
        const page = await open(browser, url, `#/${view}${more}`, {viewport: {width, height}, colorScheme});
        await page.waitForTimeout({map: 6000, overview: 5000}[name] ?? 3000);
        await page.screenshot({path: `${wish}/${name}-${width}-${colorScheme}.png`, fullPage: view !== 'signals'});
        await page.context().close();
      }
}

/// Pictures for docs/images, where asked for.
async function picture(browser) {
  const made = (await ask('/api/v1/signals?limit=1&type=launch_detected')).items[0];
  for (const [name, view, width, height, colorScheme] of [
    ['overview-dark', 'overview', 1440, 960, 'dark'], ['signals-light', 'signals', 1440, 960, 'light'], ['society-dark', 'society', 1440, 960, 'dark'],
    ['map-light', 'map', 1440, 900, 'light'], ['deliveries-dark', 'deliveries', 1440, 900, 'dark'], ['signals-phone', 'signals', 360, 740, 'light'],
    ['overview-phone-dark', 'overview', 360, 740, 'dark']]) {
    const page = await open(browser, url, `#/${view}${view === 'map' ? `?signal=${made.id}` : ''}`, {viewport: {width, height}, colorScheme});
    await page.waitForTimeout({overview: 65_000, society: 30_000, map: 9000}[view] ?? 4000);
    if (name === 'signals-light') {
      const high = await page.$('.signal.edge-medium');
      if (high) await high.click();
      await page.waitForTimeout(1500);
    }
    await page.screenshot({path: `${wish}/${name}.png`});
    await page.context().close();
  }
}

(async () => {
  const browser = await chromium.launch({executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox', '--enable-unsafe-swiftshader']});
  if (mode === 'pictures') await picture(browser);
  else if (mode === 'look') await look(browser);
  else if (mode === 'open') await heldOpen(browser);
  else for (const part of [firstView, signals, society, deliveries, history, map, badInput, tokens, small]) await part(browser);
  await browser.close();
})().catch((error) => need(false, error.stack));
