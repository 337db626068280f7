import { type Browser, expect, type Page, test } from '@playwright/test';

import { row } from '../browser/pages';
import { contact, Server } from '../browser/server';
import { Caller } from './caller';
import { add, percentile } from './report';
import { watch } from './seen';

const CHANGES = 200;
const MANY = 10_000;

const id = (n: number) => `0199c3a4-6f00-7000-8000-${String(n).padStart(12, '0')}`;

// As on a laptop of some years ago, at the far end of a company's network.
async function slow(page: Page, latency: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', { offline: false, latency, downloadThroughput: -1, uploadThroughput: -1 });
}

interface Opened {
  // Since the address was entered: the first that is not empty, and the first promises.
  first: number;
  promises: number;
}

// Opens the board in a browser that never was there.
async function opened(browser: Browser, url: string): Promise<Opened> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await slow(page, 40);
  await page.addInitScript(() => {
    const seeing = new MutationObserver(() => {
      if (!document.querySelector('[role=row] a')) return;
      seeing.disconnect();
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => Object.assign(window, { promisesShown: performance.now() });
      requestAnimationFrame(() => port2.postMessage(0));
    });
    seeing.observe(document, { subtree: true, childList: true });
  });
  await page.goto(`${url}/board`);
  const promises = await (await page.waitForFunction(() => (window as unknown as { promisesShown?: number }).promisesShown)).jsonValue();
  const first = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime);
  await context.close();
  return { first: first ?? Number.NaN, promises: promises ?? Number.NaN };
}

test('the first paint of the board', async ({ browser }) => {
  const server = await new Server().start();
  try {
    server.record(Array.from({ length: 500 }, (_, n) => contact({ text: `Promise number ${n}`, dueIn: n * 5 - 60, customer: `C-${n % 90}` })));
    // The first one starts the browser's own processes, too.
    await opened(browser, server.url);
    const all: Opened[] = [];
    for (let n = 0; n < 20; n += 1) all.push(await opened(browser, server.url));
    add('board: first paint, p50', percentile(all.map(({ first }) => first), 50), 'ms');
    add('board: first paint, p95', percentile(all.map(({ first }) => first), 95), 'ms', 1000);
    add('board: first promises, p50', percentile(all.map(({ promises }) => promises), 50), 'ms');
    add('board: first promises, p95', percentile(all.map(({ promises }) => promises), 95), 'ms', 1000);
  } finally {
    await server.end();
  }
});

test('from a change until it is on the open board', async ({ page }) => {
  const server = await new Server().start();
  const caller = new Caller(server.url);
  try {
    // One falls due every 300 ms, from the moment on when all are there and the board is open.
    const begin = Date.now() + 15_000;
    const dueAt = (n: number) => begin + n * 300;
    const minutes = (at: number) => (at - Date.now()) / 60_000;
    server.record(Array.from({ length: 300 }, (_, n) => contact({ text: `Later ${n}`, dueIn: 60 * 24 + n, customer: `L-${n % 40}` })));
    server.record(Array.from({ length: CHANGES }, (_, n) => contact({ text: `Due ${n}`, dueIn: minutes(dueAt(n)), customer: `C-${n}`, id: id(n) })));
    await page.goto(server.url);
    await expect(page.getByTestId('total')).toHaveText(`${300 + CHANGES} promises`);
    const seen = await watch(page);
    if (Date.now() > begin) throw new Error('the board was not open when the first one was due');
    const [told, moved, gone]: [number[], number[], number[]] = [[], [], []];
    for (let n = 0; n < CHANGES; n += 1) {
      // The page's own clock says that it is late; that the server noticed is what the alert says.
      told.push((await seen({ selector: `[data-alert] a[href="/promise/${id(n)}"]` })) - dueAt(n));
      const handed = seen({ selector: `#row-${id(n)} .owner`, text: `agent-${n}` });
      let sent = Date.now();
      await caller.reassign(id(n), `agent-${n}`);
      moved.push((await handed) - sent);
      const kept = seen({ selector: `#row-${id(n)}`, gone: true });
      sent = Date.now();
      await caller.fulfil(id(n));
      gone.push((await kept) - sent);
    }
    for (const [name, values] of [['due → its alert on the board', told], ['given away → in its row', moved], ['kept → off the board', gone]] as const) {
      add(`${name}, p50`, percentile(values, 50), 'ms');
      add(`${name}, p99`, percentile(values, 99), 'ms', 250);
    }
  } finally {
    caller.end();
    await server.end();
  }
});

// How long each frame takes while the whole list goes by, twenty-five rows a frame.
function scrolled(page: Page): Promise<number[]> {
  return page.getByRole('grid').evaluate(
    (grid) =>
      new Promise<number[]>((resolve) => {
        const frames: number[] = [];
        let before = 0;
        const next = (now: number) => {
          if (before > 0) frames.push(now - before);
          before = now;
          if (grid.scrollTop + grid.clientHeight >= grid.scrollHeight) {
            resolve(frames);
            return;
          }
          grid.scrollTop += 700;
          requestAnimationFrame(next);
        };
        grid.scrollTop = 0;
        requestAnimationFrame(next);
      }),
  );
}

test('ten thousand rows, scrolled', async ({ page }) => {
  const server = await new Server().start();
  try {
    server.record(
      Array.from({ length: MANY }, (_, n) =>
        contact({ text: `Promise number ${n}`, dueIn: 600 + n, customer: `C-${n % 900}`, agent: `agent-${n % 40}`, team: `team-${n % 7}` }),
      ),
    );
    await page.goto(server.url);
    await expect(row(page, /Promise number 0\b/)).toBeVisible();
    await expect(page.getByTestId('total')).toHaveText('10,000 promises', { timeout: 60_000 });
    for (const [name, goal] of [['10,000 rows: a frame', 33], ['… at a quarter of the processor', undefined]] as const) {
      if (goal === undefined) await slow(page, 0);
      const frames = await scrolled(page);
      add(`${name}, p50`, percentile(frames, 50), 'ms');
      add(`${name}, p95`, percentile(frames, 95), 'ms', goal);
      add(`${name}, the longest`, Math.max(...frames), 'ms');
    }
  } finally {
    await server.end();
  }
});
