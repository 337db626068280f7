import { expect, test } from '@playwright/test';

import { accessible, complaints, pick, row } from './pages';
import { contact, Server } from './server';

const server = new Server();

test.beforeAll(async () => {
  await server.start();
  server.record([
    contact({ text: 'We look into the late one', dueIn: -30, customer: 'C-1' }),
    contact({ text: 'We call back soon', dueIn: 25, customer: 'C-2' }),
    contact({ text: 'We send the papers', dueIn: 60 * 24 * 3, customer: 'C-3', agent: 'b.ross', team: 'sales' }),
  ]);
});

test.afterAll(() => server.end());

test('shows promises by due, and alerts beside them', async ({ page }) => {
  const wrong = complaints(page);
  await page.goto(server.url);
  await expect(page.getByTestId('total')).toHaveText('3 promises');
  const texts = await page.getByRole('row').allInnerTexts();
  const order = ['Overdue', 'late one', 'Within the hour', 'call back soon', 'After today', 'papers'];
  expect(texts.map((text) => order.findIndex((part) => text.includes(part)))).toEqual([0, 1, 2, 3, 4, 5]);
  await expect(row(page, 'late one')).toContainText(/mins? late/);
  await expect(page.getByTestId('alerts')).not.toHaveText('0');
  await accessible(page);
  expect(wrong).toEqual([]);
});

test('filters stand in the address', async ({ page }) => {
  await page.goto(`${server.url}/board?team=sales`);
  await expect(row(page, 'papers')).toBeVisible();
  await expect(row(page, 'late one')).toHaveCount(0);
  await page.getByRole('button', { name: 'sales', exact: true }).click();
  await expect(page).toHaveURL(`${server.url}/board`);
  await expect(row(page, 'late one')).toBeVisible();
  await page.getByLabel('Due', { exact: true }).selectOption('overdue');
  await expect(page).toHaveURL(`${server.url}/board?due=overdue`);
  await page.reload();
  await expect(row(page, 'late one')).toBeVisible();
  await expect(row(page, 'papers')).toHaveCount(0);
  await page.getByRole('link', { name: 'C-1', exact: true }).first().click();
  await expect(page).toHaveURL(/\/customer\/C-1$/);
  await page.goBack();
  await expect(page).toHaveURL(`${server.url}/board?due=overdue`);
});

test('a promise is moved, given away and kept by keys alone', async ({ page }) => {
  server.record([contact({ text: 'Kept by keys', dueIn: 10, customer: 'C-4' })]);
  await page.goto(`${server.url}/board?due=hour`);
  await expect(row(page, 'Kept by keys')).toBeVisible();
  await page.keyboard.press('j');
  for (let step = 0; step < 5 && !(await row(page, 'Kept by keys').evaluate((one) => one === document.activeElement)); step += 1) {
    await page.keyboard.press('j');
  }
  await expect(row(page, 'Kept by keys')).toBeFocused();

  await page.keyboard.press('m');
  await page.getByLabel('To agent').fill('b.ross');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(row(page, 'Kept by keys')).toContainText('b.ross');
  // The row that has the focus keeps it, and stays where it is.
  await expect(row(page, 'Kept by keys')).toBeFocused();

  await page.keyboard.press('f');
  await expect(page.getByRole('dialog', { name: 'The promise was kept' })).toBeVisible();
  await page.getByLabel('How it was done').fill('Called, all is well.');
  await page.getByRole('dialog').getByRole('button', { name: 'Fulfil' }).press('Enter');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(row(page, 'Kept by keys')).toContainText('done');
  await page.keyboard.press('.');
  await expect(row(page, 'Kept by keys')).toHaveCount(0);
});

test('news come by themselves, and wait while somebody is in the list', async ({ page }) => {
  await page.goto(server.url);
  await expect(row(page, 'late one')).toBeVisible();
  await page.mouse.move(5, 5);
  server.record([contact({ text: 'Came by itself', dueIn: 40, customer: 'C-5' })]);
  await expect(row(page, 'Came by itself')).toBeVisible();

  await page.keyboard.press('j');
  await expect(page.locator('[role=row]:focus')).toHaveCount(1);
  const before = await page.locator('[role=row]:focus').boundingBox();
  server.record([contact({ text: 'Waits to be shown', dueIn: -300, customer: 'C-5' })]);
  await expect(page.getByRole('button', { name: /change/ })).toBeVisible();
  expect(await page.locator('[role=row]:focus').boundingBox()).toEqual(before);
  await expect(row(page, 'Waits to be shown')).toHaveCount(0);
  await page.keyboard.press('.');
  await expect(row(page, 'Waits to be shown')).toBeVisible();
});

test('on the wall nothing waits for a hand', async ({ page }) => {
  await page.goto(`${server.url}/board?wall=1`);
  await row(page, 'late one').hover();
  server.record([contact({ text: 'Came to the wall', dueIn: 42, customer: 'C-5' })]);
  await expect(row(page, 'Came to the wall')).toBeVisible();
  // Where one can do something, rows stay under the hand.
  await page.getByRole('button', { name: 'Leave wall' }).click();
  await row(page, 'late one').hover();
  server.record([contact({ text: 'Waits for the hand', dueIn: 43, customer: 'C-5' })]);
  await expect(page.getByRole('button', { name: /change/ })).toBeVisible();
  await expect(row(page, 'Waits for the hand')).toHaveCount(0);
  await page.keyboard.press('.');
  await expect(row(page, 'Waits for the hand')).toBeVisible();
});

test('time passes: rows stay under the hand, the focus stays on its promise, and what is elsewhere by then is counted', async ({ page }) => {
  server.record([contact({ text: 'Due in two minutes', dueIn: 2, customer: 'C-5' })]);
  await page.clock.install();
  await page.goto(server.url);
  await pick(page, 'Due in two minutes');
  const focused = page.locator('[role=row]:focus');
  await expect(focused).toContainText('Due in two minutes');
  const place = await focused.getAttribute('style');
  const ofHour = async () => (await page.getByRole('row').allInnerTexts()).findIndex((text) => text.startsWith('Within the hour'));
  const before = await ofHour();
  await page.clock.fastForward('03:00');
  await page.clock.resume();
  await expect(focused).toContainText(/late/);
  await expect(page.getByRole('button', { name: /change/ })).toBeVisible();
  await expect(focused).toContainText('Due in two minutes');
  expect(await focused.getAttribute('style')).toBe(place);
  expect(await ofHour()).toBe(before);

  await page.keyboard.press('.');
  await expect.poll(ofHour).toBeGreaterThan(before);
  await expect(page.getByRole('button', { name: /change/ })).toHaveCount(0);
  await expect(focused).toContainText('Due in two minutes');
  // What is ticked is what has the focus.
  await page.keyboard.press('x');
  await expect(row(page, 'Due in two minutes').getByRole('checkbox')).toBeChecked();
});

test('a row that moves among others keeps the focus, and what others change moves nothing', async ({ page }) => {
  const id = '0199c3a4-6f00-7000-8000-000000000004';
  server.record([
    contact({ text: 'Moves away', dueIn: 26, customer: 'C-5', id }),
    contact({ text: 'Stays after it', dueIn: 27, customer: 'C-5' }),
  ]);
  await page.goto(server.url);
  await expect(row(page, 'Stays after it')).toBeVisible();
  await pick(page, 'Moves away');
  const after = await row(page, 'Stays after it').getAttribute('style');
  server.command(['followups', 'reschedule', id, '--to', '72h', '--reason', 'The part comes later.', '--customer-informed-message', 'mail-1']);
  await expect(page.getByRole('button', { name: /change/ })).toBeVisible();
  await expect(row(page, 'Moves away')).toContainText('in 2 days');
  expect(await row(page, 'Stays after it').getAttribute('style')).toBe(after);
  await page.keyboard.press('.');
  await expect.poll(() => row(page, 'Stays after it').getAttribute('style')).not.toBe(after);
  await expect(row(page, 'Moves away')).toBeFocused();
});

test('several are moved at once, and what is wrong is said field by field', async ({ page }) => {
  server.record([1, 2, 3].map((n) => contact({ text: `Moved together ${n}`, dueIn: 55, customer: `M-${n}` })));
  await page.goto(server.url);
  // One that comes later would wait until nobody is in the list.
  for (const n of [1, 2, 3]) await expect(row(page, `Moved together ${n}`)).toBeVisible();
  for (const n of [1, 2, 3]) await row(page, `Moved together ${n}`).getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Reschedule' }).click();
  await expect(page.getByRole('dialog', { name: 'Move the dues of 3 promises' })).toBeVisible();
  await expect(page.getByRole('dialog').getByRole('listitem')).toHaveText([/Moved together 1/, /Moved together 2/, /Moved together 3/]);
  // Esc closes the dialog, and what is ticked stays so.
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(row(page, 'Moved together 2').getByRole('checkbox')).toBeChecked();
  await page.getByRole('button', { name: 'Reschedule' }).click();
  await page.getByLabel(/^New due/).fill('2020-01-01T10:00');
  await page.getByLabel('Why').fill('The part comes later.');
  const send = page.getByRole('dialog').getByRole('button', { name: 'Reschedule' });
  await send.click();
  await expect(page.getByRole('alert')).toBeVisible();
  await page.getByRole('button', { name: 'Tomorrow 10:00' }).click();
  await send.click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('nothing is done with what is ticked and hidden by a filter', async ({ page }) => {
  await page.goto(server.url);
  for (const text of ['late one', 'papers']) await row(page, text).getByRole('checkbox').check();
  await page.getByRole('button', { name: 'sales', exact: true }).click();
  await expect(row(page, 'late one')).toHaveCount(0);
  await expect(page.getByText('1 more is hidden by the filters')).toBeVisible();
  await page.getByRole('button', { name: 'Reschedule' }).click();
  await expect(page.getByRole('dialog', { name: 'Move the due', exact: true })).toContainText('We send the papers');
});

test('an alert is seen to, and it is said by whom and until when', async ({ page }) => {
  await page.goto(server.url);
  const alert = page.locator('[data-alert]').filter({ hasText: 'C-1' }).first();
  await alert.getByRole('button', { name: 'Acknowledge' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Acknowledge' }).click();
  await expect(alert).toContainText('developer sees to it until');
});

test('alerts stay under the hand, and the dialog says which one it is about', async ({ page }) => {
  await page.goto(`${server.url}/board`);
  const alerts = page.locator('[data-alert]');
  await alerts.first().hover();
  const before = await alerts.first().getAttribute('data-alert');
  const place = await alerts.first().boundingBox();
  server.record([contact({ text: 'Graver than the rest', dueIn: -600, customer: 'C-8' })]);
  const news = page.getByRole('button', { name: /new alerts?: show/ });
  await expect(news).toBeVisible();
  expect(await alerts.first().getAttribute('data-alert')).toBe(before);
  expect(await alerts.first().boundingBox()).toEqual(place);
  await expect(alerts.filter({ hasText: 'C-8' })).toHaveCount(0);

  await news.click();
  await expect(news).toHaveCount(0);
  const alert = alerts.filter({ hasText: 'C-8' }).first();
  const rule = await alert.locator('strong').innerText();
  await alert.getByRole('button', { name: 'Acknowledge' }).click();
  await expect(page.getByRole('dialog')).toContainText(rule);
  await expect(page.getByRole('dialog')).toContainText('Graver than the rest');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();

  // Filters are of alerts as well.
  await page.goto(`${server.url}/board?team=sales`);
  await expect(page.getByText('No open alert fits the filters.')).toBeVisible();
  await expect(alerts).toHaveCount(0);
});

test('who is asked to keep a promise is said, and asked no more', async ({ page }) => {
  const id = '0199c3a4-6f00-7000-8000-000000000009';
  server.record([contact({ text: 'Somebody else is asked', dueIn: 35, customer: 'C-9', id })]);
  await page.goto(server.url);
  await pick(page, 'Somebody else is asked');
  await page.keyboard.press('m');
  await page.getByLabel('To agent').fill('b.ross');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(row(page, 'Somebody else is asked')).toContainText(/asked: b\.ross, until/);
  await expect(row(page, 'Somebody else is asked').getByRole('gridcell').nth(4)).toHaveText('a.marsh');

  await page.goto(`${server.url}/promise/${id}`);
  const facts = page.getByRole('region', { name: 'Promise', exact: true });
  await expect(facts).toContainText(/asked: b\.ross, until/);
  await expect(page.getByRole('region', { name: 'What happened' })).toContainText(/asked: b\.ross, until/);
  await facts.getByRole('button', { name: 'Ask no more' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Ask no more' }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(facts).not.toContainText('asked:');
});

test('a double click is one request', async ({ page }) => {
  server.record([contact({ text: 'Clicked twice', dueIn: 15, customer: 'C-6' })]);
  await page.goto(server.url);
  let sent = 0;
  page.on('request', (request) => {
    if (request.url().endsWith('/FulfilCommitment')) sent += 1;
  });
  await pick(page, 'Clicked twice');
  await page.keyboard.press('f');
  await page.getByRole('dialog').getByRole('button', { name: 'Fulfil' }).dblclick();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  expect(sent).toBe(1);
});

test('somebody else was faster: both versions are shown', async ({ page }) => {
  server.record([contact({ text: 'Changed by two', dueIn: 20, customer: 'C-7', id: '0199c3a4-6f00-7000-8000-000000000001' })]);
  await page.goto(server.url);
  await pick(page, 'Changed by two');
  await page.keyboard.press('r');
  await page.getByRole('button', { name: '+4 h' }).click();
  await page.getByLabel('Why').fill('Later.');
  server.command(['followups', 'reassign', '0199c3a4-6f00-7000-8000-000000000001', '--to-agent', 'b.ross', '--at-once']);
  await page.getByRole('dialog').getByRole('button', { name: 'Reschedule' }).click();
  await expect(page.getByText('Somebody else changed it meanwhile.')).toBeVisible();
  await expect(page.getByRole('dialog').getByText('b.ross')).toBeVisible();
  await page.getByRole('button', { name: 'Do it all the same' }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
});
