import { writeFileSync } from 'node:fs';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { expect, type Page, test } from '@playwright/test';

import { accessible, complaints } from './pages';
import { type Caller, contact, Server } from './server';

// Webhooks on this machine are told, with secrets sealed by a key of this test's own.
function telling(dir: string): string {
  const key = join(dir, 'secrets.key');
  writeFileSync(key, '5a'.repeat(32));
  return `[notify]\nsecrets_key_file = ${JSON.stringify(key)}\nprivate_networks = ["127.0.0.0/8"]\n`;
}

const lead: Caller = { token: 'token-of-the-lead-0123456789', tenant: 'acme', actor: 'lea', roles: ['team_lead'] };
const server = new Server([], telling);
const known = new Server([lead]);
// What the receiver of webhooks answers.
let status = 410;
let receiver: HttpServer;

const CALENDAR = {
  displayName: 'Opening hours',
  timeZone: 'Europe/Berlin',
  weekly: Object.fromEntries(
    ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'].map((day) => [day, [{ opens: '09:00', closes: '17:00' }]]),
  ),
  closedDates: [{ date: '2027-12-25', label: 'Christmas' }],
};
const POLICY = { displayName: 'Call backs', position: 1, appliesTo: { kinds: ['COMMITMENT_KIND_CALL_BACK'] } };

function put(kind: string, id: string, body: object): void {
  server.command([kind, 'set', id, '-'], undefined, JSON.stringify(body));
}

test.beforeAll(async () => {
  receiver = createServer((request, answer) => {
    request.resume().on('end', () => answer.writeHead(status).end());
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  await Promise.all([server.start(), known.start()]);
  put('calendars', 'hours', CALENDAR);
  put('policies', 'call-backs', POLICY);
  put('teams', 'billing', { displayName: 'Billing', memberIds: ['a.marsh', 'b.ross'], leadIds: ['lea'], queueIds: ['billing'] });
  put('receivers', 'lea', { displayName: 'Lea', agentId: 'lea', mailAddress: 'lea@example.test' });
});

test.afterAll(async () => {
  receiver.close();
  await Promise.all([server.end(), known.end()]);
});

// Who chose a date gets a dialog for it.
async function choose(page: Page, date: string): Promise<void> {
  await page.locator(`[data-date="${date}"]`).click();
  await expect(page.getByRole('dialog', { name: 'Change' })).toBeVisible();
}

test('a calendar on its sheet: a date is closed, and saved as a new version', async ({ page }) => {
  const wrong = complaints(page);
  await page.goto(server.url);
  await page.keyboard.press('g');
  await page.keyboard.press('e');
  await page.goto(`${server.url}/settings/calendars/hours?year=2027`);
  await expect(page.locator('[data-date="2027-12-25"]')).toHaveAccessibleName(/closed, Christmas/);
  await accessible(page);
  await page.locator('[data-date="2027-12-23"]').focus();
  await page.keyboard.press('ArrowRight');
  await expect(page.locator('[data-date="2027-12-24"]')).toBeFocused();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Change' });
  await dialog.getByLabel('Hours of its own').check();
  await dialog.getByLabel(/^Hours, such as/).fill('9 to noon');
  await expect(dialog.getByText('Write hours as')).toBeVisible();
  await expect(dialog.getByRole('button', { name: 'Take over' })).toBeDisabled();
  await dialog.getByLabel(/^Hours, such as/).fill('09:00-12:00');
  await dialog.getByLabel('Why').fill('Christmas Eve');
  await dialog.getByRole('button', { name: 'Take over' }).click();
  await expect(page.getByRole('region', { name: 'Changes' })).toContainText('2027-12-24 09:00–12:00 Christmas Eve');
  await page.getByRole('region', { name: 'Changes' }).getByLabel('Why').fill('As every year');
  // A double click is one request.
  let sent = 0;
  page.on('request', (request) => {
    if (request.url().endsWith('/ChangeSettings')) sent += 1;
  });
  await page.getByRole('button', { name: 'Save as a new version' }).dblclick();
  await expect(page.getByText('Version 2 is saved.')).toBeVisible();
  expect(sent).toBe(1);
  expect(server.command(['calendars', 'show', 'hours', '--json'])).toContain('Christmas Eve');
  await page.getByText('Versions', { exact: true }).click();
  await expect(page.getByText('As every year').last()).toBeVisible();
  await page.getByRole('button', { name: 'Version 1' }).click();
  await expect(page.getByText('This is version 1, as it was.')).toBeVisible();
  await expect(page.getByText('Christmas Eve')).toHaveCount(0);
  expect(wrong).toEqual([]);
});

test('when something would be due by a calendar', async ({ page }) => {
  await page.goto(`${server.url}/settings/calendars/hours`);
  const due = page.getByRole('region', { name: 'When would it be due?' });
  await due.getByLabel('Told on').fill('2027-03-05T16:00');
  await due.getByLabel('After open hours').fill('2');
  await due.getByRole('button', { name: 'Reckon' }).click();
  await expect(due.getByRole('status').filter({ hasText: 'Due' })).toContainText(/8 Mar.* 10:00/);
  await expect(due.getByRole('img', { name: /Open time/ })).toBeVisible();
  await accessible(page);
});

test('somebody else was faster: both versions are shown, and mine goes on top', async ({ page }) => {
  await page.goto(`${server.url}/settings/calendars/hours?year=2028`);
  await choose(page, '2028-05-01');
  await page.getByRole('dialog').getByLabel('Why').fill('May Day');
  await page.getByRole('button', { name: 'Take over' }).click();
  put('calendars', 'hours', { ...CALENDAR, closedDates: [{ date: '2028-01-01', label: 'New Year' }] });
  await page.getByRole('button', { name: 'Save as a new version' }).click();
  const conflict = page.getByRole('alert');
  await expect(conflict).toContainText('May Day');
  await expect(conflict).toContainText('New Year');
  await page.getByRole('button', { name: 'Put mine on top of it' }).click();
  await expect(page.getByText(/Version \d+ is saved\./)).toBeVisible();
  const now = server.command(['calendars', 'show', 'hours', '--json']);
  expect(now).toContain('May Day');
  expect(now).toContain('New Year');
});

test('a policy is tried out on what was promised, saved, and open promises follow it', async ({ page }) => {
  const wrong = complaints(page);
  server.record([contact({ text: 'We call back', dueIn: 60 * 24 * 4, customer: 'C-1' })]);
  await page.goto(`${server.url}/settings/policies/call-backs`);
  await page.getByLabel('Our own due').selectOption('sinceMade');
  await page.getByLabel('Open hours').fill('2');
  await page.getByLabel('Calendar').selectOption('hours');
  const warned = page.getByRole('group', { name: 'Warned before the promise is due' });
  await warned.getByRole('button', { name: 'Add a warning' }).click();
  await expect(page.getByRole('button', { name: 'Save as a new version' })).toHaveAttribute('aria-disabled', 'true');
  await warned.getByLabel('Name').fill('soon');
  await accessible(page);
  await page.getByRole('button', { name: 'What it would change', exact: true }).click();
  await expect(page.getByText('Of 1 promise of the last 90 days')).toBeVisible();
  await page.getByRole('button', { name: 'Save as a new version' }).click();
  await expect(page.getByText('Version 2 is saved.')).toBeVisible();
  const open = page.getByRole('region', { name: 'Open promises' });
  await open.getByRole('button', { name: 'What would change of open promises' }).click();
  await expect(open).toContainText('1 open promise looked at');
  await open.getByRole('button', { name: 'Let open promises follow' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Let open promises follow' }).click();
  await expect(open).toContainText('1 open promise follows the settings in use now.');

  // Both dues of what is promised from then on are explained.
  const id = '0199c3a4-6f00-7000-8000-00000000000b';
  server.record([contact({ text: 'With a due of our own', dueIn: 60 * 24 * 4, customer: 'C-2', id })]);
  await page.goto(`${server.url}/promise/${id}`);
  const why = page.getByRole('region', { name: 'Why it is due then' });
  await expect(why.getByRole('heading', { name: 'Our own due' })).toBeVisible();
  await expect(why.getByRole('img', { name: /Open time/ })).toHaveCount(2);
  await expect(why).toContainText('Calendar hours');
  await accessible(page);
  expect(wrong).toEqual([]);
});

test('what was changed and not saved is there when one comes back, and is asked about before the page is left', async ({ page }) => {
  const rule = page.getByLabel('Our own due');
  const changes = page.getByRole('region', { name: 'Changes' });
  const tab = (name: string) => page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name, exact: true });
  await page.goto(`${server.url}/settings/policies/call-backs`);
  await expect(rule).toBeVisible();
  await rule.selectOption('beforeDue');
  await changes.getByLabel('Why').fill('Half written');
  // Esc leaves the field; pressed twice, as people do, it does no more than that.
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await rule.focus();
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(/\/settings\/policies\/call-backs$/);
  await page.getByText('Versions', { exact: true }).click();
  await page.getByRole('button', { name: 'Version 1' }).click();
  await expect(page.getByText('This is version 1, as it was.')).toBeVisible();
  await expect(changes).toHaveCount(0);

  await tab('Calendars').click();
  await expect(rule).toHaveCount(0);
  await tab('Policies').click();
  await expect(rule).toHaveValue('beforeDue');
  await expect(changes.getByLabel('Why')).toHaveValue('Half written');
  const asking = page.waitForEvent('dialog');
  await page.close({ runBeforeUnload: true });
  const asked = await asking;
  expect(asked.type()).toBe('beforeunload');
  await asked.dismiss();
  await changes.getByRole('button', { name: 'Discard' }).click();
  await expect(changes).toHaveCount(0);
  await tab('Teams').click();
  await tab('Policies').click();
  await expect(rule).not.toHaveValue('beforeDue');
});

test('dates of a calendar that were not saved are there when one comes back', async ({ page }) => {
  await page.goto(`${server.url}/settings/calendars/hours?year=2029`);
  await choose(page, '2029-05-01');
  await page.getByRole('dialog').getByLabel('Why').fill('Half planned');
  await page.getByRole('button', { name: 'Take over' }).click();
  const changes = page.getByRole('region', { name: 'Changes' });
  await expect(changes).toContainText('Half planned');
  await page.getByRole('link', { name: 'Board' }).click();
  await expect(page.getByRole('heading', { name: 'Promises by due' })).toBeVisible();
  await page.goBack();
  await expect(changes).toContainText('Half planned');
});

test('teams, receivers and what else is set up can be read', async ({ page }) => {
  await page.goto(`${server.url}/settings/teams`);
  await expect(page.getByRole('main')).toContainText('b.ross');
  await page.getByRole('link', { name: 'Receivers' }).click();
  await expect(page.getByRole('main')).toContainText('lea@example.test');
  await page.getByRole('button', { name: 'Send a test mail' }).click();
  await expect(page.getByText('no mail server is configured').or(page.getByRole('alert')).first()).toBeVisible();
  await page.getByRole('link', { name: 'Other settings' }).click();
  await expect(page.getByText('Nothing of this kind is set up.')).toBeVisible();
  await accessible(page);
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Sessions' }).click();
  await expect(page).toHaveURL(/\/sessions$/);
});

test('a silence is made until a time, and ended early', async ({ page }) => {
  const wrong = complaints(page);
  await page.goto(`${server.url}/settings/others?kind=silences`);
  await page.getByRole('button', { name: 'New', exact: true }).click();
  const dialog = page.getByRole('dialog');
  const save = dialog.getByRole('button', { name: 'Save as a new version' });
  await dialog.getByLabel('Id', { exact: true }).fill('telephones');
  await dialog.getByLabel(/^Alerts/).fill('kind=call_back,refund\npriority!=p1');
  await dialog.getByLabel(/^Why nobody/).fill('The telephones are being replaced');
  // One without an end is not even sent.
  await expect(save).toHaveAttribute('aria-disabled', 'true');
  await dialog.getByLabel(/^Until/).fill('2020-01-01T08:00');
  await save.click();
  await expect(dialog.getByRole('alert')).toContainText('changes[0].setting.silence.ends_at');
  await accessible(page);
  await dialog.getByLabel(/^Until/).fill(new Date(Date.now() + 48 * 3_600_000).toISOString().slice(0, 16));
  await expect(dialog.getByRole('region', { name: 'Changes' })).toContainText('Alerts: priority!=p1');
  await save.click();
  await expect(dialog).toHaveCount(0);
  await expect(page).toHaveURL(/\/telephones\?kind=silences$/);
  await expect(page.getByText('Version 1 is saved.')).toBeVisible();
  await expect(page.getByRole('main')).toContainText('call_back, refund');
  await page.getByRole('button', { name: 'End it now' }).click();
  await dialog.getByLabel('Why', { exact: true }).fill('They work');
  await save.click();
  await expect(page.getByText('Version 2 is saved.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Take into use again' })).toBeVisible();
  expect(wrong).toEqual([]);
});

test('a team and a receiver are made and changed by their few fields', async ({ page }) => {
  const wrong = complaints(page);
  await page.goto(`${server.url}/settings/teams/billing`);
  await page.getByRole('button', { name: 'Change', exact: true }).click();
  const dialog = page.getByRole('dialog');
  const save = dialog.getByRole('button', { name: 'Save as a new version' });
  await dialog.getByLabel(/^Members/).fill('a.marsh\nc.diaz');
  await expect(dialog.getByRole('region', { name: 'Changes' })).toContainText('Members: c.diaz');
  await accessible(page);
  // Somebody else was faster: both are shown, and what was not touched stays theirs.
  put('teams', 'billing', { displayName: 'Billing', memberIds: ['a.marsh', 'b.ross'], leadIds: ['lea'], queueIds: ['billing'], siteId: 'lyon' });
  await save.click();
  await expect(dialog.getByRole('alert')).toContainText('Site: lyon');
  await dialog.getByRole('button', { name: 'Put mine on top of it' }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByText('Version 3 is saved.')).toBeVisible();
  const now = server.command(['teams', 'show', 'billing', '--json']);
  expect(now).toContain('c.diaz');
  expect(now).toContain('lyon');

  await page.goto(`${server.url}/settings/receivers`);
  await page.getByRole('button', { name: 'New', exact: true }).click();
  await dialog.getByLabel('Id', { exact: true }).fill('desk');
  await dialog.getByLabel('Agent', { exact: true }).fill('kim');
  await dialog.getByLabel('Team', { exact: true }).fill('billing');
  await expect(dialog.getByLabel('Agent', { exact: true })).toHaveValue('');
  await dialog.getByLabel('Mail', { exact: true }).fill('desk');
  await save.click();
  await expect(dialog.getByRole('alert')).toContainText('changes[0].setting.receiver.mail_address');
  await dialog.getByLabel('Mail', { exact: true }).fill('desk@example.test');
  await dialog.getByLabel('Not disturbed').fill('22:00-07:00');
  await dialog.getByLabel('Zone').fill('Europe/Berlin');
  await save.click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole('main')).toContainText('desk@example.test');
  await expect(page.getByRole('main')).toContainText('22:00–07:00');
  await page.getByRole('button', { name: 'Take out of use' }).click();
  await save.click();
  await expect(page.getByRole('button', { name: 'Take into use again' })).toBeVisible();
  expect(wrong).toEqual([]);
});

test('a webhook is paused and resumed, tested, and delivers again what is dead', async ({ page }) => {
  const wrong = complaints(page);
  const { port } = receiver.address() as AddressInfo;
  server.command(['webhooks', 'create', `http://127.0.0.1:${port}/hook`, '--event', 'aftercall.commitment.*', '--name', 'The CRM']);
  server.record([contact({ text: 'Told of by the webhook', dueIn: 60, customer: 'C-2' })]);
  await page.goto(`${server.url}/settings/webhooks`);
  // Its receiver said that it is gone: what was to be delivered is dead.
  await expect(async () => {
    await page.reload();
    await expect(page.getByRole('main')).toContainText('its receiver is gone', { timeout: 1_000 });
    await expect(page.getByRole('button', { name: /Deliver all dead letters again/ })).toBeVisible({ timeout: 1_000 });
  }).toPass();
  await accessible(page);
  status = 204;
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(page.getByText('in use', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Send a test' }).click();
  await expect(page.getByText(/^Delivered, in/)).toBeVisible();
  const again = page.getByRole('button', { name: /Deliver all dead letters again/ });
  if ((await again.count()) > 0) {
    await again.click();
    await expect(page.getByText(/(is|are) to be delivered again/)).toBeVisible();
  }
  await expect(async () => {
    await page.reload();
    await expect(page.getByRole('cell', { name: 'delivered', exact: true }).first()).toBeVisible({ timeout: 1_000 });
  }).toPass();
  await page.getByLabel('State').selectOption('DEAD');
  await expect(page).toHaveURL(/state=DEAD/);
  await expect(page.getByText('There is none in this state.')).toBeVisible();
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByRole('button', { name: 'Resume' })).toBeVisible();
  expect(wrong).toEqual([]);
});

test('a webhook is made, its secret is shown once, and a new one takes its place', async ({ page }) => {
  const wrong = complaints(page);
  const { port } = receiver.address() as AddressInfo;
  await page.goto(`${server.url}/settings/webhooks`);
  await page.getByRole('button', { name: 'New', exact: true }).click();
  const dialog = page.getByRole('dialog');
  const make = dialog.getByRole('button', { name: 'New', exact: true });
  await dialog.getByLabel('Name').fill('The shop');
  await dialog.getByLabel('Address').fill(`http://somebody@127.0.0.1:${port}/hook`);
  await expect(make).toBeDisabled();
  await dialog.getByLabel(/^Told of/).fill('aftercall.commitment.*');
  await make.click();
  await expect(dialog.getByRole('alert')).toContainText('webhook.url');
  await accessible(page);
  await dialog.getByLabel('Address').fill(`http://127.0.0.1:${port}/hook`);
  await make.click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole('heading', { name: 'The shop' })).toBeVisible();
  const secret = page.getByText(/^whsec_/);
  const first = (await secret.textContent()) ?? '';
  expect(first).toMatch(/^whsec_/);
  await accessible(page);
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  await expect(secret).toHaveCount(0);
  await page.getByRole('button', { name: 'New secret' }).click();
  await expect(dialog).toContainText('24 hours');
  await dialog.getByRole('button', { name: 'New secret' }).click();
  await expect(secret).toBeVisible();
  await expect(secret).not.toHaveText(first);
  await page.reload();
  await expect(page.getByRole('heading', { name: 'The shop' })).toBeVisible();
  await expect(secret).toHaveCount(0);
  expect(wrong).toEqual([]);
});

test('who may not change settings is not offered it, and is told why not', async ({ page }) => {
  await page.goto(`${known.url}/settings`);
  await page.getByLabel('Token').fill(lead.token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByText('No calendar is set up.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Save as a new version' })).toHaveCount(0);
  await page.getByRole('link', { name: 'Teams' }).click();
  const make = page.getByRole('button', { name: 'New', exact: true });
  await expect(make).toHaveAttribute('aria-disabled', 'true');
  await expect(make).toHaveAttribute('title', 'Your roles don’t allow this');
  await page.getByRole('link', { name: 'Webhooks' }).click();
  await expect(page.getByText('Your roles don’t allow this view.')).toBeVisible();
});

test('settings in German, in the dark and on a narrow screen', async ({ page }) => {
  await page.goto(server.url);
  await page.getByRole('button', { name: 'Preferences' }).click();
  await page.getByLabel('Language').selectOption('de');
  await page.getByLabel('Darstellung').selectOption('dark');
  await page.getByRole('button', { name: 'Schließen' }).click();
  await page.setViewportSize({ width: 320, height: 640 });
  for (const tab of ['calendars', 'policies', 'teams', 'receivers', 'webhooks', 'others', 'others?kind=silences']) {
    await page.goto(`${server.url}/settings/${tab}`);
    await expect(page.getByRole('heading', { name: 'Einrichtung' })).toBeVisible();
    await accessible(page);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(over, tab).toBeLessThanOrEqual(0);
  }
});
