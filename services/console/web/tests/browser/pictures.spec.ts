// Every screen by day and by night, beside pictures of how it is meant to look. They are seven tenths as large as the
// page, which is enough to see by, and small. `npx playwright test pictures --update-snapshots` makes them anew; whoever
// does that looks at each of them.

import { expect, type Locator, type Page, test } from '@playwright/test';

import { type Caller, Server } from './server';
import { fill, fillReview, LATE, NOW } from './shown';

const lead: Caller = { token: 'token-of-the-lead-0123456789', tenant: 'acme', actor: 'lea', roles: ['team_lead'] };
const server = new Server();
const reviewed = new Server();
const known = new Server([lead]);
let solution = '';

test.use({ viewport: { width: 1280, height: 720 }, deviceScaleFactor: 0.7 });

test.beforeAll(async () => {
  await Promise.all([server.start(), reviewed.start(), known.start()]);
  fillReview(reviewed);
  solution = await fill(server);
});

test.afterAll(() => Promise.all([server.end(), reviewed.end(), known.end()]));

test.beforeEach(({ page }) => page.clock.setFixedTime(NOW));

// What the server's own clock says, and ids that it makes up, are covered.
async function picture(page: Page, name: string, covered: Locator[] = []): Promise<void> {
  expect(await hasFont(page), 'the pictures are of pages in DejaVu Sans: make it the system’s font').toBe(true);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // A row or two buttons that are not where they were are more than what is tolerated.
    const options = { mask: covered, maskColor: '#808080', scale: 'device', maxDiffPixelRatio: 0.002 } as const;
    await expect(page).toHaveScreenshot(`${name}-${colorScheme}.png`, options);
  }
}

// Whether the system's font is the one of the pictures.
function hasFont(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const pen = document.createElement('canvas').getContext('2d');
    const widths = ['system-ui', '"DejaVu Sans"', 'monospace'].map((font) => {
      if (pen) pen.font = `100px ${font}`;
      return pen?.measureText('Promises by due, 10:20').width;
    });
    return widths[0] === widths[1] && widths[1] !== widths[2];
  });
}

test('board', async ({ page }) => {
  await page.goto(server.url);
  await expect(page.getByTestId('total')).toHaveText('10 promises');
  await expect(page.getByTestId('alerts')).toHaveText('2');
  await picture(page, 'board', [page.locator('[data-alert] .faint')]);
});

test('customer', async ({ page }) => {
  await page.goto(`${server.url}/customer/C-1001`);
  await expect(page.getByText('That is all that was ever recorded.')).toBeVisible();
  await expect(page.getByText('Open promises')).toBeVisible();
  await picture(page, 'customer');
});

test('search', async ({ page }) => {
  await page.goto(`${server.url}/search?q=router`);
  await expect(page.getByTestId('hits')).toHaveText('4 contacts');
  await picture(page, 'search');
});

test('promise', async ({ page }) => {
  await page.goto(`${server.url}/promise/${LATE}`);
  await expect(page.getByRole('img', { name: /Open time/ })).toBeVisible();
  await expect(page.locator('[data-alert]')).toHaveCount(1);
  await picture(page, 'promise', [page.locator('[data-alert] .faint'), page.getByText(/^\d+ days$/), page.getByText(/tzdb/)]);
});

test('review', async ({ page }) => {
  await page.goto(`${reviewed.url}/review`);
  await expect(page.getByTestId('candidates')).toHaveText('4 candidates');
  await page.getByRole('listitem').filter({ hasText: 'delivery' }).getByRole('link').click();
  const candidate = page.getByRole('article', { name: 'Candidate' });
  await expect(candidate.getByRole('link', { name: 'Who brings the modem' })).toBeVisible();
  await picture(page, 'review', [candidate.getByText(/\d\d:\d\d C/), candidate.locator('li code')]);
});

test('solutions', async ({ page }) => {
  await page.goto(`${server.url}/solutions`);
  await expect(page.getByTestId('solutions')).toHaveText('3 solutions');
  await picture(page, 'solutions', [page.getByRole('main').locator('.one-line.faint')]);
  await page.goto(`${server.url}/solutions/${solution}`);
  await expect(page.getByRole('heading', { name: 'Router does not sync' })).toBeVisible();
  // Whole cells: how long a time's text is depends on the day.
  await picture(page, 'solution', [page.getByRole('main').locator('dd:has(time)')]);
});

test('insight', async ({ page }) => {
  await page.goto(`${server.url}/insight?driver=delivery.late`);
  await expect(page.getByRole('row').filter({ hasText: 'delivery.late' })).toBeVisible();
  const chart = page.getByRole('img', { name: /delivery.late/ });
  await expect(chart.locator('canvas')).toHaveCount(1);
  await chart.evaluate((one) => one.scrollIntoView({ block: 'end' }));
  await picture(page, 'insight', [page.getByText(/^Complete as of/)]);
});

test('settings', async ({ page }) => {
  await page.goto(`${server.url}/settings/calendars/hours?year=2025`);
  await expect(page.locator('[data-date="2025-12-25"]')).toBeVisible();
  await picture(page, 'settings', [page.getByText(/^developer, /)]);
});

test('signing in, and where one is signed in', async ({ page }) => {
  await page.goto(known.url);
  await expect(page.getByLabel('Token')).toBeVisible();
  await picture(page, 'sign-in');
  await page.getByLabel('Token').fill(lead.token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('link', { name: 'Sessions' }).click();
  await expect(page.getByText('this one')).toBeVisible();
  await picture(page, 'sessions', [page.getByRole('cell', { name: /Chrome|\d\d:\d\d/ })]);
});
