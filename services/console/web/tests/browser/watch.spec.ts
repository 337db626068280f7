// Between what is read and what is told nothing gets lost: while a watch begins late, goes on after a broken line, or
// begins anew.

import { expect, type Page, test } from '@playwright/test';

import { Line } from './line';
import { held, row } from './pages';
import { contact, Server } from './server';

const server = new Server();
let line: Line;
const idOf = (n: number) => `0199c3a4-6f00-7000-8000-0000000001${String(n).padStart(2, '0')}`;

test.beforeAll(async () => {
  await server.start();
  line = await new Line(server.url).open();
  const customers = ['C-1', 'C-2', 'C-3', 'C-4'];
  server.record(customers.map((customer, n) => contact({ text: `Promised to ${customer}`, dueIn: -20, customer, id: idOf(n + 1) })));
});

test.afterAll(() => {
  line.end();
  return server.end();
});

const fulfil = (n: number) => server.command(['followups', 'fulfil', idOf(n)]);

// How often a page asks for something.
function counted(page: Page, method: string): () => number {
  let count = 0;
  page.on('request', (request) => {
    if (request.url().endsWith(`/${method}`)) count += 1;
  });
  return () => count;
}

test('what happens after the list was read and before the watch begins is shown all the same', async ({ page }) => {
  const begin = await held(page, '**/Watch*');
  await page.goto(server.url);
  await expect(row(page, 'Promised to C-1')).toBeVisible();
  await expect(page.getByTestId('total')).toHaveText('4 promises');
  fulfil(1);
  begin();
  await expect(row(page, 'Promised to C-1')).toHaveCount(0);
  await expect(page.getByTestId('total')).toHaveText('3 promises');
  await expect(page.locator('[data-alert]').filter({ hasText: 'C-1' })).toHaveCount(0);
});

test('so it is on a promise’s screen, and on a customer’s', async ({ browser }) => {
  const contexts = await Promise.all([browser.newContext(), browser.newContext()]);
  const [promise, customer] = (await Promise.all(contexts.map((one) => one.newPage()))) as [Page, Page];
  const begins = [await held(promise, '**/Watch*'), await held(customer, '**/Watch*')];
  await promise.goto(`${server.url}/promise/${idOf(2)}`);
  await customer.goto(`${server.url}/customer/C-2`);
  await expect(promise.getByRole('button', { name: 'Fulfil' })).toBeVisible();
  await expect(customer.getByRole('region', { name: 'Open promises' })).toContainText('Promised to C-2');
  await expect(customer.getByText('That is all that was ever recorded.')).toBeVisible();
  fulfil(2);
  for (const begin of begins) begin();
  await expect(promise.getByRole('button', { name: 'Fulfil' })).toHaveCount(0);
  await expect(customer.getByRole('region', { name: 'Open promises' })).toContainText('Nothing is promised.');
  await Promise.all(contexts.map((one) => one.close()));
});

test('after a line that broke, the watch goes on from its place, and nothing is read again', async ({ page }) => {
  const lists = counted(page, 'ListCommitments');
  const watches = counted(page, 'WatchCommitments');
  await page.goto(line.url);
  await expect(row(page, 'Promised to C-3')).toBeVisible();
  // Once at first, and once more as the watch began.
  await expect.poll(lists).toBe(2);
  await expect(page.getByTestId('total')).toHaveText(/^\d+ promises$/);
  line.cut();
  server.record([contact({ text: 'Made while nothing came through', dueIn: 30, customer: 'C-5' })]);
  await expect.poll(watches).toBeGreaterThan(1);
  await expect(row(page, 'Made while nothing came through')).toHaveCount(0);
  line.mend();
  await expect(row(page, 'Made while nothing came through')).toBeVisible();
  await expect(row(page, 'Made while nothing came through')).toHaveCount(1);
  expect(lists()).toBe(2);
});

test('where the server does not know the place any more, what there is is read again once it is watched', async ({ page }) => {
  let watches = 0;
  let begin = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  await page.route('**/WatchCommitments', async (route) => {
    watches += 1;
    // As it answers to the place of another log.
    const refused = { status: 200, headers: { 'content-type': 'application/grpc-web+proto', 'grpc-status': '3' }, body: '' };
    if (watches === 2) return route.fulfill(refused);
    if (watches > 2) await begun;
    return route.continue().catch(() => {});
  });
  const lists = counted(page, 'ListCommitments');
  await page.goto(line.url);
  await expect(row(page, 'Promised to C-4')).toBeVisible();
  await expect.poll(lists).toBe(2);
  line.cut();
  line.mend();
  await expect.poll(() => watches).toBe(3);
  fulfil(4);
  begin();
  await expect(row(page, 'Promised to C-4')).toHaveCount(0);
});
