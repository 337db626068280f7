// A page that is open all day outlives the program that it came from: what is loaded later may be gone, or the server away.

import { expect, type Page, test } from '@playwright/test';

import { accessible, complaints } from './pages';
import { Server } from './server';

const server = new Server();

test.beforeAll(() => server.start());

test.afterAll(() => server.end());

async function opened(page: Page): Promise<void> {
  await page.goto(server.url);
  await expect(page.getByRole('heading', { name: 'Promises by due' })).toBeVisible();
}

test('after an upgrade a screen says that there is a newer version, and loads it', async ({ page }) => {
  const wrong = complaints(page);
  await opened(page);
  await page.route('**/assets/Sessions-*.js', (route) => route.fulfill({ status: 404, body: '' }));
  await page.route(`${server.url}/`, (route) => route.fulfill({ contentType: 'text/html', body: '<script type="module" src="/assets/first-newer.js"></script>' }));
  await page.getByRole('link', { name: 'Sessions' }).click();
  const told = page.getByRole('alert');
  await expect(told).toContainText('There is a newer version of the console.');
  await accessible(page);
  await page.unrouteAll();
  await told.getByRole('button', { name: 'Load again' }).click();
  await expect(page.getByRole('heading', { name: 'Sessions' })).toBeVisible();
  await expect(told).toHaveCount(0);
  expect(wrong).toEqual([]);
});

test('a dialog that did not come says so', async ({ page }) => {
  await opened(page);
  await page.route('**/assets/Help-*.js', (route) => route.abort());
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog', { name: 'That did not work' });
  await expect(dialog).toContainText('A part of the console did not come.');
  await page.keyboard.press('Escape');
  // It is hidden at once, and gone a moment later.
  await expect(page.locator('dialog')).toHaveCount(0);
  await page.keyboard.press('?');
  await expect(dialog).toBeVisible();
  await page.unrouteAll();
  await dialog.getByRole('button', { name: 'Load again' }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole('heading', { name: 'Promises by due' })).toBeVisible();
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
});

test('a screen that is opened while the server is away comes once it is back', async ({ page }) => {
  await opened(page);
  await server.kill();
  await page.getByRole('link', { name: 'Sessions' }).click();
  const told = page.getByRole('main').getByRole('alert');
  await expect(told).toContainText('The server can’t be reached.');
  await server.start();
  await expect(async () => {
    if ((await told.count()) > 0) await told.getByRole('button').click({ timeout: 1_000 });
    await expect(page.getByRole('heading', { name: 'Sessions' })).toBeVisible({ timeout: 1_000 });
  }).toPass();
});
