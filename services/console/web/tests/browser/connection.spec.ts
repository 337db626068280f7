import { expect, test } from '@playwright/test';

import { pick, row } from './pages';
import { contact, Server } from './server';

const server = new Server();

test.beforeAll(async () => {
  await server.start();
  server.record([contact({ text: 'There from the start', dueIn: 30 })]);
});

test.afterAll(() => server.end());

test('a server that is killed is shown as gone, and what comes later is missed by nobody', async ({ page }) => {
  await page.goto(server.url);
  await expect(row(page, 'There from the start')).toBeVisible();
  await server.kill();
  await expect(page.getByText(/Not heard from the server/)).toBeVisible({ timeout: 20_000 });
  await pick(page, 'There from the start');
  await expect(page.getByRole('button', { name: 'Fulfil' })).toHaveAttribute('aria-disabled', 'true');

  await server.start();
  await expect(page.getByText(/Not heard from the server/)).toHaveCount(0, { timeout: 20_000 });
  await page.mouse.move(5, 5);
  server.record([contact({ text: 'After the restart', dueIn: 35 })]);
  // What is new waits while a row has the focus, and may not be there yet when the key is pressed.
  await expect(async () => {
    await page.keyboard.press('.');
    await expect(row(page, 'After the restart')).toHaveCount(1, { timeout: 500 });
  }).toPass();
  await expect(row(page, 'There from the start')).toHaveCount(1);
  await expect(page.getByTestId('total')).toHaveText('2 promises');
});

test('what could not be read is read once the server is heard again, though nobody asks', async ({ page }) => {
  const [lists, failed] = ['**/List{Commitments,Alerts}', page.getByRole('alert')];
  await page.route(lists, (route) => route.abort());
  await page.goto(server.url);
  await expect(failed).toHaveCount(2);
  await expect(page.getByTestId('total')).not.toContainText('Loading');
  await page.unroute(lists);
  await expect(row(page, 'There from the start')).toBeVisible();
  await expect(failed).toHaveCount(0);
});

test('twelve tabs have one stream of each kind, and another one goes on when its tab closes', async ({ browser }) => {
  const context = await browser.newContext();
  const streams = new Map<string, number>();
  context.on('request', (request) => {
    const method = new URL(request.url()).pathname.split('/').pop() ?? '';
    if (method.startsWith('Watch')) streams.set(method, (streams.get(method) ?? 0) + 1);
  });
  const pages = [];
  for (let n = 0; n < 12; n += 1) {
    const page = await context.newPage();
    await page.goto(server.url);
    await expect(row(page, 'There from the start')).toBeVisible();
    pages.push(page);
  }
  expect(Object.fromEntries(streams)).toEqual({ WatchCommitments: 1, WatchAlerts: 1, WatchCalls: 1 });
  server.record([contact({ text: 'Seen by twelve', dueIn: 45 })]);
  for (const page of pages) await expect(row(page, 'Seen by twelve')).toHaveCount(1);
  await pages.shift()?.close();
  server.record([contact({ text: 'Seen by eleven', dueIn: 46 })]);
  for (const page of pages) await expect(row(page, 'Seen by eleven')).toHaveCount(1);
  await context.close();
});

test('after a sleep of ten minutes the page catches up by itself', async ({ page }) => {
  await page.clock.install();
  await page.goto(server.url);
  await expect(row(page, 'There from the start')).toBeVisible();
  server.record([contact({ text: 'Made while asleep', dueIn: 90 })]);
  await page.clock.fastForward('10:00');
  await page.clock.resume();
  await expect(row(page, 'Made while asleep')).toHaveCount(1);
  await expect(page.getByText(/Not heard from the server/)).toHaveCount(0);
  await expect(row(page, 'There from the start')).toHaveCount(1);
});

test('single keys do nothing once they are switched off', async ({ page }) => {
  await page.goto(server.url);
  await expect(row(page, 'There from the start')).toBeVisible();
  await page.getByRole('button', { name: 'Preferences' }).click();
  await page.getByLabel('Single keys do something').uncheck();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.keyboard.press('/');
  await page.keyboard.press('?');
  await expect(page).toHaveURL(/\/$/);
  await expect(page.getByRole('dialog')).toHaveCount(0);
  // What needs a second key is no single one.
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('dialog', { name: 'Go to' })).toBeVisible();
});
