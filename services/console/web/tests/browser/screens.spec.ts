import { readFileSync } from 'node:fs';

import { expect, type Route, test } from '@playwright/test';

import { accessible, complaints, held } from './pages';
import { contact, Server } from './server';
import { recorded, solved } from './solved';

const server = new Server();
// Markup in every text that comes from outside.
const EVIL = `<img src=x onerror="alert(1)"><script>alert(2)</script>`;

test.beforeAll(async () => {
  await server.start();
  recorded(server, [
    contact({ text: 'We refund the double charge', dueIn: -90, customer: 'C-1', id: '0199c3a4-6f00-7000-8000-000000000002' }),
    contact({ text: 'We call back about the router', dueIn: 120, customer: 'C-1' }),
    contact({ text: EVIL, dueIn: 30, customer: 'C-evil', agent: 'evil', id: '0199c3a4-6f00-7000-8000-000000000003' }),
  ]);
});

test.afterAll(() => server.end());

test('a customer: what to mind, what is promised, all that happened', async ({ page }) => {
  const wrong = complaints(page);
  await page.goto(`${server.url}/customer/C-1`);
  await expect(page.getByRole('heading', { name: 'Customer C-1' })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Mind' })).toContainText('A promise is overdue');
  await expect(page.getByRole('region', { name: 'Open promises' })).toContainText('We refund the double charge');
  const timeline = page.getByRole('region', { name: 'Timeline' });
  await expect(timeline.getByRole('article')).toHaveCount(2);
  await expect(timeline).toContainText('That is all that was ever recorded.');
  await accessible(page);
  expect(wrong).toEqual([]);
});

test('a customer whom nobody knows is not one without contacts', async ({ page }) => {
  await page.goto(server.url);
  await page.getByRole('link', { name: 'Customer', exact: true }).click();
  await page.getByRole('search').getByRole('combobox').fill('C-unknown');
  await page.keyboard.press('Enter');
  await expect(page.getByText('Nothing was ever recorded of C-unknown.')).toBeVisible();
});

test('somebody is found by parts of the name, and chosen by keys', async ({ page }) => {
  const named = (customer: string, name: string, dueIn: number) => ({
    ...contact({ text: `We send ${name} the form`, dueIn, customer }),
    customer: { customer_id: customer, display_name: name },
  });
  server.record([named('C-7', 'Nadia Brandt', 10), named('C-8', 'Nadine Brandtner', 5_000)]);
  const wrong = complaints(page);
  await page.goto(`${server.url}/customer`);
  await page.getByRole('search').getByRole('combobox').pressSequentially('bran NAD');
  // Who was in contact last comes first.
  const found = page.getByRole('listbox', { name: 'Customers that fit' });
  await expect(found.getByRole('option')).toHaveText([/Nadine Brandtner · C-8.*1 open promise/s, /Nadia Brandt · C-7.*1 open promise/s]);
  await accessible(page);
  await page.keyboard.press('ArrowDown');
  await expect(found.getByRole('option', { selected: true })).toContainText('Nadia');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Customer C-7' })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Timeline' })).toContainText('We send Nadia Brandt the form');
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog').getByRole('combobox').fill('nadine');
  await expect(page.getByRole('option', { name: 'Customer Nadine Brandtner · C-8' })).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Customer C-8' })).toBeVisible();
  // A name that is taken for an id leads to whoever has it.
  await page.goto(`${server.url}/customer/brandtner`);
  await expect(page.getByText('Nothing was ever recorded of brandtner.')).toBeVisible();
  await found.getByRole('option').click();
  await expect(page).toHaveURL(/\/customer\/C-8$/);
  expect(wrong).toEqual([]);
});

test('a call in progress is shown while it lasts', async ({ page }) => {
  await page.goto(`${server.url}/customer/C-1`);
  await expect(page.getByRole('article').first()).toBeVisible();
  const event = (id: string, kind: string) => ({
    source: 'pbx', call_id: 'call-1', event_id: id, kind: `CALL_EVENT_KIND_${kind}`,
    occurred_at: new Date().toISOString(), customer_id: 'C-1', queue_id: 'billing', direction: 'DIRECTION_INBOUND',
  });
  const events = [event('1', 'STARTED'), event('2', 'QUEUED')].map((one) => JSON.stringify(one)).join('\n');
  server.command(['calls', 'report', '-'], undefined, events);
  await expect(page.getByRole('region', { name: 'Calls in progress' })).toContainText('waiting in a queue');
});

test('whoever is reached by a number: their calls, and what is promised to them, though nobody knows who it is', async ({ page }) => {
  const by = { kind: 'HANDLE_KIND_TELEPHONE', value: '+49 30 999001' };
  const event = (id: string, kind: string, value: string) => ({
    source: 'pbx', call_id: `call-${value}`, event_id: id, kind: `CALL_EVENT_KIND_${kind}`,
    occurred_at: new Date().toISOString(), handles: [{ ...by, value }], queue_id: 'billing', direction: 'DIRECTION_INBOUND',
  });
  const report = (value: string) => server.command(['calls', 'report', '-'], undefined, [event('1', 'STARTED', value), event('2', 'QUEUED', value)].map((one) => JSON.stringify(one)).join('\n'));
  await page.goto(`${server.url}/customer?handle=${encodeURIComponent('030 999001')}`);
  await expect(page.getByText('Nothing was ever recorded of 030 999001.')).toBeVisible();
  report('+49 30 999002');
  report(by.value);
  const calls = page.getByRole('region', { name: 'Calls in progress' });
  await expect(calls).toContainText('waiting in a queue');
  await expect(calls.getByRole('listitem')).toHaveCount(1);
  server.record([{ ...contact({ text: 'We call that number back', dueIn: 60 }), customer: { handles: [by] } }]);
  await page.getByRole('button', { name: /change/ }).click();
  await expect(page.getByRole('region', { name: 'Open promises' })).toContainText('We call that number back');
});

test('what is read again while more of it is on its way has its beginning', async ({ page }) => {
  const many = Array.from({ length: 60 }, (_, n) => contact({ text: `Said before, ${n}`, dueIn: 60 * 24 * 5, customer: 'C-long' }));
  recorded(server, many);
  let pages = 0;
  page.on('request', (request) => {
    if (request.url().endsWith('/ListTimeline')) pages += 1;
  });
  // The screen is loaded when it is asked for: the watch may begin before it, and then it has nothing to read again.
  const begin = await held(page, '**/WatchCommitments');
  await page.goto(`${server.url}/customer/C-long`);
  await expect(page.locator('[data-entry]')).toHaveCount(50);
  begin();
  // Once at first, and once more as the watch began.
  await expect.poll(() => pages).toBe(2);
  await expect(page.locator('[data-entry]')).toHaveCount(50);
  const contacts = page.getByRole('region', { name: 'Timeline' }).getByRole('article');
  const more = page.getByRole('button', { name: 'Show more' });
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const hold = async (route: Route) => {
    await released;
    await route.continue().catch(() => {});
  };
  await page.route('**/ListTimeline', hold, { times: 1 });
  await more.click();
  await expect.poll(() => pages).toBe(3);
  server.record([contact({ text: 'Said just now', dueIn: 60 * 24 * 5, customer: 'C-long' })]);
  await page.getByRole('button', { name: /change/ }).click();
  await expect(contacts.first()).toContainText('Said just now');
  release();
  await expect(async () => {
    if ((await more.count()) > 0) await more.click();
    await expect(page.getByText('That is all that was ever recorded.')).toBeVisible({ timeout: 1_000 });
  }).toPass();
  await expect(contacts).toHaveCount(61);
  await expect(contacts.first()).toContainText('Said just now');
});

test('a solution is made of a case: its candidate is shown, or a draft is begun', async ({ page }) => {
  const wrong = complaints(page);
  const open = { code: 'line.noise', primary: true, stated_verbatim: 'There is a noise on the line', resolution: 'REASON_RESOLUTION_NOT_RESOLVED' };
  recorded(server, [
    solved({ asked: 'No dial tone', resolution: 'Replace the plug of the telephone.', reason: 'line.dead', customer: 'S-1' }),
    { ...solved({ asked: 'Noise', resolution: 'Try another plug first.', customer: 'S-2' }), contact_reasons: [open] },
  ]);
  const make = page.getByRole('button', { name: 'Make a solution of this case' });
  await page.goto(`${server.url}/customer/S-1`);
  await make.click();
  await expect(page).toHaveURL(/\/review\//);
  await expect(page.getByRole('article', { name: 'Candidate' })).toContainText('Replace the plug of the telephone.');

  await page.goto(`${server.url}/customer/S-2`);
  await make.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Make a solution of it' });
  const name = dialog.getByLabel('What it is about, in a line');
  await expect(name).toBeFocused();
  await name.fill('Noise '.repeat(100));
  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('alert')).toContainText('solution.title');
  await accessible(page);
  await name.fill('Noise on the line');
  await dialog.getByRole('button', { name: 'Make a draft of it' }).click();
  await expect(page).toHaveURL(/\/solutions\/.*edit=1/);
  await expect(page.getByLabel('What to do')).toHaveValue('Try another plug first.');
  expect(wrong).toEqual([]);
});

test('a search: facets, what excludes everything, and a file of what was found', async ({ page }) => {
  const wrong = complaints(page);
  await page.goto(server.url);
  await page.keyboard.press('/');
  await expect(page).toHaveURL(/\/search$/);
  await page.getByRole('searchbox').fill('router');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('hits')).toHaveText('1 contact');
  await expect(page.locator('mark').first()).toHaveText('router');
  await expect(page).toHaveURL(/q=router/);
  await page.getByRole('checkbox', { name: /^evil/ }).waitFor({ state: 'detached' });
  await page.goto(`${server.url}/search?q=router&agent=evil`);
  await expect(page.getByText('No contact fits.')).toBeVisible();
  await page.getByRole('link', { name: /Without “evil”: 1/ }).click();
  await expect(page.getByTestId('hits')).toHaveText('1 contact');
  await accessible(page);
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export as CSV' }).click();
  const file = readFileSync(await (await downloading).path(), 'utf8');
  expect(file.trim().split('\r\n')).toHaveLength(2);
  expect(file).toContain('We call back about the router');
  // A mood is a number, and no formula.
  expect(file).toContain(',"-3",');

  // A date is meant in the zone in which it was chosen, whoever follows the address.
  await page.getByLabel('From, Europe/Berlin').fill('2020-01-01');
  await expect(page).toHaveURL(/from=2020-01-01&zone=Europe%2FBerlin/);
  await expect(page.getByTestId('hits')).toHaveText('1 contact');
  await page.goto(`${server.url}/search?q=router&from=2020-01-01&zone=America%2FNew_York`);
  await expect(page.getByLabel('From, America/New_York')).toHaveValue('2020-01-01');
  await page.getByLabel('From, America/New_York').fill('');
  await expect(page).toHaveURL(`${server.url}/search?q=router`);
  expect(wrong).toEqual([]);
});

test('a promise: why it is due then, and all that happened to it', async ({ page }) => {
  const wrong = complaints(page);
  await page.goto(`${server.url}/promise/0199c3a4-6f00-7000-8000-000000000002`);
  await expect(page.getByRole('img', { name: /Open time/ })).toBeVisible();
  await expect(page.getByRole('region', { name: 'What happened' })).toContainText('Due passed');
  await expect(page.getByRole('region', { name: 'Alerts' })).toContainText('due has passed');
  await page.getByRole('button', { name: 'Who was told, and who was not' }).first().click();
  await expect(page.getByRole('region', { name: 'Alerts' })).toContainText('no escalation policy is named');
  // The customer's zone and mine, and always which one.
  await expect(page.getByRole('region', { name: 'Promise', exact: true })).toContainText('America/New_York');
  await expect(page.getByRole('region', { name: 'Promise', exact: true })).toContainText('Europe/Berlin');
  await accessible(page);
  await page.getByRole('button', { name: 'Call off' }).click();
  await page.getByRole('textbox', { name: 'Why' }).fill('Entered twice.');
  await page.getByRole('dialog').getByRole('button', { name: 'Call off' }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(page.getByText('called off').first()).toBeVisible();
  expect(wrong).toEqual([]);
});

test('a promise of more attempts than are listed says how many there were', async ({ page }) => {
  const id = '0199c3a4-6f00-7000-8000-00000000000c';
  server.record([contact({ text: 'Tried again and again', dueIn: 60 * 24 * 5, customer: 'C-tried', id })]);
  for (let n = 0; n < 21; n += 1) server.command(['followups', 'attempt', id, '--result', 'no_answer']);
  await page.goto(`${server.url}/promise/${id}`);
  const history = page.getByRole('region', { name: 'What happened' });
  await expect(history.getByText('Customer tried')).toHaveCount(20);
  await expect(history).toContainText('The customer was tried 21 times: the latest 20 are listed.');
  await expect(page.getByText('No alert was raised.')).toBeVisible();
});

test('a promise that there is not is said to be missing', async ({ page }) => {
  await page.goto(`${server.url}/promise/none-such`);
  await expect(page.getByText('There is no such promise')).toBeVisible();
});

test('markup in any text is text', async ({ page }) => {
  const wrong = complaints(page);
  for (const path of ['/board', '/customer/C-evil', '/search?q=alert', '/promise/0199c3a4-6f00-7000-8000-000000000003', `/customer/${encodeURIComponent(EVIL)}`]) {
    await page.goto(server.url + path);
    await expect(page.getByText('onerror').first()).toBeVisible();
  }
  expect(wrong).toEqual([]);
});

test('nothing is found by a wrong address, and it says so', async ({ page }) => {
  await page.goto(`${server.url}/nowhere`);
  await page.getByRole('link', { name: 'To the board' }).click();
  await expect(page).toHaveURL(/\/board$/);
});

test('in German, in the dark, on a narrow screen, twice as large', async ({ page }) => {
  const wrong = complaints(page);
  await page.goto(server.url);
  await page.getByRole('button', { name: 'Preferences' }).click();
  await page.getByLabel('Language').selectOption('de');
  await page.getByLabel('Darstellung').selectOption('dark');
  await page.getByRole('button', { name: 'Schließen' }).click();
  await expect(page.getByRole('heading', { name: 'Zusagen nach Fälligkeit' })).toBeVisible();
  for (const size of [{ width: 1280, height: 800 }, { width: 640, height: 400 }, { width: 320, height: 640 }]) {
    await page.setViewportSize(size);
    for (const path of ['/board', '/customer/C-1', '/search?q=router', '/promise/0199c3a4-6f00-7000-8000-000000000003', '/sessions']) {
      await page.goto(server.url + path);
      await expect(page.getByRole('main').getByRole('heading').first()).toBeAttached();
      await accessible(page);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect(over, `${path} at ${size.width}`).toBeLessThanOrEqual(0);
    }
  }
  expect(wrong).toEqual([]);
});
