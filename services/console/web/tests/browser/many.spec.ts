import { expect, test } from '@playwright/test';

import { pick, row } from './pages';
import { contact, Server } from './server';

const server = new Server();
const COUNT = 10_000;

test.beforeAll(async () => {
  test.setTimeout(240_000);
  await server.start();
  const contacts = Array.from({ length: COUNT }, (_, n) =>
    contact({ text: `Promise number ${n}`, dueIn: 600 + n, customer: `C-${n % 900}`, agent: `agent-${n % 40}`, team: `team-${n % 7}` }),
  );
  server.record(contacts);
});

test.afterAll(() => server.end());

test('ten thousand promises are a list like any other', async ({ page }) => {
  test.setTimeout(120_000);
  await page.goto(server.url);
  await expect(row(page, /Promise number 0\b/)).toBeVisible();
  await expect(page.getByTestId('total')).toHaveText('10,000 promises', { timeout: 60_000 });
  const grid = page.getByRole('grid');
  await grid.evaluate((one) => one.scrollTo(0, one.scrollHeight));
  await expect(row(page, `Promise number ${COUNT - 1}`)).toBeVisible();
  // What is not seen is not there.
  expect(await page.getByRole('row').count()).toBeLessThan(100);
  await grid.evaluate((one) => one.scrollTo(0, 0));
  await pick(page, /Promise number 0\b/);
  for (let n = 0; n < 60; n += 1) await page.keyboard.press('j');
  await expect(page.locator('[role=row]:focus')).toContainText('Promise number 60');
});
