import { expect, test } from '@playwright/test';

import { contact, Server } from './server';

const server = new Server();
const ID = '0199c3a4-6f00-7000-8000-000000000005';

test.beforeAll(async () => {
  await server.start();
  server.record([contact({ text: 'Promised once', dueIn: 30, id: ID })]);
});

test.afterAll(() => server.end());

test('Esc leaves a field, whatever sort it is, and not the screen as well', async ({ page }) => {
  await page.goto(server.url);
  await page.keyboard.press('/');
  await expect(page).toHaveURL(/\/search$/);
  for (const field of [page.getByRole('searchbox'), page.getByLabel('Order')]) {
    await field.focus();
    await page.keyboard.press('Escape');
    await expect(field).not.toBeFocused();
    await page.keyboard.press('Escape');
    await expect(page).toHaveURL(/\/search$/);
  }
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(`${server.url}/`);
});

test('Esc goes back within the console, and never out of it', async ({ page }) => {
  await page.goto('about:blank');
  await page.goto(`${server.url}/promise/${ID}`);
  await page.getByRole('link', { name: 'C-1001' }).first().click();
  await expect(page).toHaveURL(/\/customer\/C-1001$/);
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(`${server.url}/promise/${ID}`);
  // A link that was opened by itself has nothing before it.
  await expect(page.getByRole('button', { name: 'Fulfil' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(`${server.url}/board`);
});
