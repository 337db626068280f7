import { randomUUID } from 'node:crypto';

import { expect, type Page, test } from '@playwright/test';

import { accessible, complaints } from './pages';
import { contact, Server } from './server';

const server = new Server();
const KEPT = '0199c3a4-6f00-7000-8000-0000000000a1';
const DAY_MS = 86_400_000;

// A contact of some days ago in which nothing was promised.
function call(daysAgo: number, customer: string, reason: string): object {
  return {
    external_ref: { source_system: 'crm', external_id: randomUUID() },
    channel: 'CHANNEL_VOICE',
    direction: 'DIRECTION_INBOUND',
    customer: { customer_id: customer, display_name: `Name of ${customer}`, time_zone: 'Europe/Berlin' },
    agent_id: 'a.marsh',
    team_id: daysAgo % 2 === 0 ? 'billing' : 'sales',
    occurred_at: new Date(Date.now() - daysAgo * DAY_MS - 60_000).toISOString(),
    ended_at: new Date(Date.now() - daysAgo * DAY_MS + 240_000).toISOString(),
    contact_reasons: [{ code: reason, primary: true, resolution: 'REASON_RESOLUTION_NOT_RESOLVED' }],
    handling: { summary: `About ${reason}.` },
    disposition: { code: 'solved' },
    no_follow_up_promised: true,
  };
}

test.beforeAll(async () => {
  await server.start();
  const many = Array.from({ length: 24 }, (_, n) => call(1 + n, `D-${n}`, 'delivery.late'));
  const before = Array.from({ length: 4 }, (_, n) => call(32 + n, `B-${n}`, 'delivery.late'));
  const others = Array.from({ length: 20 }, (_, n) => call(30 + n, `O-${n}`, 'billing.question'));
  const again = [call(6, 'C-again', 'router.broken'), call(4, 'C-again', 'router.broken'), call(3, 'C-again', 'router.broken')];
  const promise = contact({ text: 'We call back about the part', dueIn: 60, customer: 'C-kept', id: KEPT });
  server.record([...many, ...before, ...others, ...again, promise]);
  server.command(['followups', 'fulfil', KEPT, '--note', 'Called.']);
});

test.afterAll(() => server.end());

// What is behind each of the first numbers that lead somewhere: exactly as many.
async function asManyAsItSays(page: Page, where: string, most: number): Promise<void> {
  const links = page.getByRole('main').locator(`${where} a[href*="behind=contacts"]`);
  await expect(links.first()).toBeVisible();
  const numbers = await links.evaluateAll((all) => all.map((one) => [one.textContent ?? '', one.getAttribute('href') ?? '']));
  for (const [text, href] of numbers.slice(0, most)) {
    await page.goto(server.url + href);
    await expect(page.getByTestId('hits')).toHaveText(text === '1' ? '1 contact' : `${text} contacts`);
  }
}

test('what rose and fell: how sure it is, over time, and the contacts behind each number', async ({ page }) => {
  const wrong = complaints(page);
  await page.goto(server.url);
  await page.keyboard.press('g');
  await page.keyboard.press('i');
  await expect(page).toHaveURL(/\/insight$/);
  const row = page.getByRole('row').filter({ hasText: 'delivery.late' });
  await expect(row).toContainText('24');
  await expect(row).toContainText(/n = 28/);
  await expect(page.getByRole('img', { name: /Contacts over time/ }).or(page.getByText(/too few for a trend/))).toBeVisible();
  await row.getByRole('link', { name: 'Over time' }).click();
  await expect(page.getByRole('img', { name: 'Contacts over time: delivery.late, as a picture of the table beside' })).toBeVisible();
  await expect(page.getByRole('img').locator('canvas')).toHaveCount(1);
  await expect(page.getByText(/^Complete as of/).first()).toBeVisible();
  await accessible(page);
  expect(wrong).toEqual([]);
  await asManyAsItSays(page, 'table', 8);
  expect(wrong).toEqual([]);
});

test('the period stands in the address, and keys move it', async ({ page }) => {
  await page.goto(`${server.url}/insight/drivers?from=2026-03-02&before=2026-03-09&zone=America/New_York`);
  await expect(page.getByText('No contacts in this period.')).toBeVisible();
  await page.keyboard.press('[');
  await expect(page).toHaveURL(/from=2026-02-23&before=2026-03-02/);
  await page.keyboard.press(']');
  await expect(page.getByLabel('From', { exact: true })).toHaveValue('2026-03-02');
  await page.keyboard.press('=');
  await expect(page.getByLabel('Compare with the period before')).not.toBeChecked();
  await page.getByRole('link', { name: 'Repeats' }).click();
  await expect(page).toHaveURL(/\/insight\/repeats\?.*zone=America%2FNew_York/);
  await page.goBack();
  await expect(page.getByRole('heading', { name: 'Insight' })).toBeVisible();
  await expect(page.getByLabel('Days in zone')).toHaveValue('America/New_York');
});

test('repeats by cause, with the time and the money that they took', async ({ page }) => {
  await page.goto(`${server.url}/insight/repeats`);
  const row = page.getByRole('row').filter({ hasText: 'It was not solved' }).or(page.getByRole('row').filter({ hasText: 'nothing says why' }));
  await expect(row.first().getByRole('link').first()).toHaveText('2');
  await page.getByLabel('A minute costs').fill('2');
  await page.keyboard.press('Tab');
  await expect(page).toHaveURL(/cost=2/);
  await expect(row.first()).toContainText('€');
  await accessible(page);
  await row.first().getByRole('link').first().click();
  await expect(page.getByTestId('hits')).toHaveText('2 contacts');
  await expect(page.getByRole('article')).toHaveCount(2);
  await page.keyboard.press('j');
  await expect(page.locator('[data-hit]:focus')).toHaveCount(1);
  await page.getByRole('button', { name: 'Back' }).click();
  await expect(page).toHaveURL(/\/insight\/repeats/);
});

test('promises that were kept, and the contacts in which they were made', async ({ page }) => {
  await page.goto(`${server.url}/insight/promises`);
  const kept = page.getByRole('row', { name: /^kept \d/ });
  await expect(kept.getByRole('link').first()).toHaveText('1');
  await accessible(page);
  await kept.getByRole('link').first().click();
  await expect(page.getByTestId('hits')).toHaveText('1 contact');
  await expect(page.getByRole('status').filter({ hasText: '1 contact' })).toContainText('with 1 promise: a promise was kept');
  await expect(page.getByRole('article')).toContainText('We call back about the part');
});

test('struggles, slip-ups and problems: what there is, and why there is nothing', async ({ page }) => {
  const wrong = complaints(page);
  await page.goto(`${server.url}/insight/struggles`);
  await expect(page.getByText(/Came back with the same|Nothing shows that/).first()).toBeVisible();
  await accessible(page);
  await page.goto(`${server.url}/insight/slips?least=2`);
  await expect(page.getByRole('link', { name: 'C-again' })).toBeVisible();
  await page.getByRole('link', { name: '2 slip-ups' }).click();
  await expect(page.getByTestId('hits')).toHaveText('2 contacts');
  await page.goto(`${server.url}/insight/problems`);
  await expect(page.getByText('No problem was set up.')).toBeVisible();
  server.command(['insight', 'problems', 'create', 'Deliveries are late', '--department', 'logistics', '--reason', 'delivery.late']);
  await page.getByRole('button', { name: 'Read again' }).click();
  await expect(page.getByRole('row').filter({ hasText: 'Deliveries are late' })).toContainText('logistics');
  await expect(page.getByRole('img', { name: /Deliveries are late/ })).toBeVisible();
  await accessible(page);
  await asManyAsItSays(page, 'table', 3);
  expect(wrong).toEqual([]);
});

test('insight in German, in the dark and on a narrow screen', async ({ page }) => {
  const wrong = complaints(page);
  await page.goto(server.url);
  await page.getByRole('button', { name: 'Preferences' }).click();
  await page.getByLabel('Language').selectOption('de');
  await page.getByLabel('Darstellung').selectOption('dark');
  await page.getByRole('button', { name: 'Schließen' }).click();
  for (const size of [{ width: 640, height: 400 }, { width: 320, height: 640 }]) {
    await page.setViewportSize(size);
    for (const view of ['drivers', 'repeats', 'promises', 'struggles', 'slips', 'problems']) {
      await page.goto(`${server.url}/insight/${view}`);
      await expect(page.getByRole('heading', { name: 'Einblick' })).toBeVisible();
      await expect(page.getByText(/Vollständig bis/).first()).toBeVisible();
      await accessible(page);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect(over, `${view} at ${size.width}`).toBeLessThanOrEqual(0);
    }
  }
  expect(wrong).toEqual([]);
});
