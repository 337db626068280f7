import { request as http } from 'node:http';

import { expect, type Page, test } from '@playwright/test';

import { accessible, row } from './pages';
import { type Caller, contact, Server } from './server';

const lead: Caller = { token: 'token-of-the-lead-0123456789', tenant: 'acme', actor: 'lea', roles: ['team_lead'] };
const admin: Caller = { token: 'token-of-the-crm-0123456789', tenant: 'acme', actor: 'crm', roles: ['integration'] };
const other: Caller = { token: 'token-of-globex-0123456789', tenant: 'globex', actor: 'gus', roles: ['supervisor', 'integration'] };
const boss: Caller = { token: 'token-of-the-boss-0123456789', tenant: 'acme', actor: 'bea', roles: ['supervisor'] };
const known = new Server([lead, admin, other, boss]);
const open = new Server();

test.beforeAll(async () => {
  await Promise.all([known.start(), open.start()]);
  known.record([contact({ text: 'Promised by acme', dueIn: 30 })], admin.token);
  known.record([contact({ text: 'Promised by globex', dueIn: 30 })], other.token);
});

test.afterAll(() => Promise.all([known.end(), open.end()]));

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

// A request with exactly these headers, as no browser would let a page send it.
function ask(server: Server, method: string, path: string, headers: Record<string, string>, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.url);
    const asked = http({ hostname, port, path, method, headers, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

const LIST = '/aftercall.followups.v1.FollowupService/ListCommitments';
const GRPC_WEB = { 'content-type': 'application/grpc-web+proto', 'x-grpc-web': '1' };
const EMPTY = '\0\0\0\0\0';

test('a name that was made to lead here is not answered to', async () => {
  for (const path of ['/', LIST, '/api/session']) {
    const answer = await ask(open, 'GET', path, { host: 'rebound.example' });
    expect(answer.status, path).toBe(421);
    expect(JSON.parse(answer.body).reason).toBe('HOST_UNKNOWN');
  }
});

test('what a page of another origin sends is refused, and its own is answered', async () => {
  const own = { ...GRPC_WEB, origin: open.url };
  expect((await ask(open, 'POST', LIST, own, EMPTY)).status).toBe(200);
  const foreign: Record<string, string>[] = [
    { ...GRPC_WEB, origin: 'http://evil.example' },
    { ...GRPC_WEB, origin: 'null' },
    GRPC_WEB,
    { ...own, 'sec-fetch-site': 'cross-site' },
    { ...own, 'sec-fetch-site': 'same-site' },
  ];
  for (const headers of foreign) {
    const answer = await ask(open, 'POST', LIST, headers, EMPTY);
    expect(answer.status, JSON.stringify(headers)).toBe(403);
    expect(JSON.parse(answer.body).reason).toBe('ORIGIN_FOREIGN');
  }
  // As a form of another page would send it, which asks nobody beforehand.
  expect((await ask(open, 'POST', LIST, { 'content-type': 'text/plain', origin: open.url }, EMPTY)).status).toBe(405);
  expect((await ask(open, 'OPTIONS', LIST, { origin: 'http://evil.example' })).status).toBe(405);
});

test('pages are told what they may do', async () => {
  const { headers } = await ask(open, 'GET', '/', {});
  expect(headers['content-security-policy']).toContain("default-src 'none'");
  expect(headers['content-security-policy']).toContain("require-trusted-types-for 'script'");
  expect(headers['x-content-type-options']).toBe('nosniff');
  expect(headers['cross-origin-opener-policy']).toBe('same-origin');
  const framed = await ask(open, 'GET', '/assets/x.js', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' });
  expect(framed.status).toBe(403);
});

test('a cookie that was made up is nobody’s', async () => {
  for (const cookie of ['__Host-aftercall=AAAA', `__Host-aftercall=${'A'.repeat(120)}`, 'other=1', '']) {
    const answer = await ask(known, 'POST', LIST, { ...GRPC_WEB, origin: known.url, cookie }, EMPTY);
    expect(answer.headers['grpc-status'] ?? answer.body, cookie).toMatch(/16/);
  }
  const bearer = { ...GRPC_WEB, origin: known.url, authorization: `Bearer ${lead.token}` };
  const answer = await ask(known, 'POST', LIST, bearer, EMPTY);
  expect(answer.headers['grpc-status'] ?? answer.body).toMatch(/16/);
});

test('signing in: the token is given once, and no script can read what became of it', async ({ page, context }) => {
  await page.goto(`${known.url}/board?due=hour`);
  await accessible(page);
  await page.getByLabel('Token').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toContainText('The token is not known');
  await page.getByLabel('Token').fill(lead.token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  // Who signs in goes on where they wanted to be.
  await expect(page).toHaveURL(`${known.url}/board?due=hour`);
  await expect(row(page, 'Promised by acme')).toBeVisible();
  await expect(page.getByText('globex')).toHaveCount(0);
  const [cookie] = await context.cookies(known.url);
  expect(cookie).toMatchObject({ name: '__Host-aftercall', httpOnly: true, secure: true, sameSite: 'Strict', path: '/' });
  expect(cookie?.value).not.toContain(lead.token);
  const seen = await page.evaluate(() => document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage }));
  expect(seen).not.toContain('token-of');
  // What the roles don't allow is not offered, and it is said why.
  const close = page.locator('[data-alert] button', { hasText: 'Put away' });
  for (const button of await close.all()) await expect(button).toHaveAttribute('aria-disabled', 'true');
  await page.goto(`${known.url}/customer/C-1001`);
  await expect(page.getByRole('region', { name: 'Timeline' })).not.toContainText('globex');
});

test('a session that is ended elsewhere ends here at once', async ({ browser }) => {
  const [one, two] = await Promise.all([browser.newContext(), browser.newContext()]);
  const pages = await Promise.all([one.newPage(), two.newPage()]);
  for (const page of pages) {
    await page.goto(known.url);
    await page.getByLabel('Token').fill(lead.token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(row(page, 'Promised by acme')).toBeVisible();
  }
  const [mine, theirs] = pages as [(typeof pages)[0], (typeof pages)[0]];
  await mine.goto(`${known.url}/sessions`);
  const others = mine.getByRole('row').filter({ hasNotText: 'this one' }).filter({ hasText: 'lea' });
  await expect(others.first()).toBeVisible();
  while ((await others.count()) > 0) {
    const count = await others.count();
    await others.first().getByRole('button', { name: 'End' }).click();
    await expect(others).toHaveCount(count - 1);
  }
  // Its stream was open: it ends, and whoever asks again is nobody.
  await expect(theirs.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await known.kill();
  await known.start();
  await mine.goto(known.url);
  await expect(row(mine, 'Promised by acme')).toBeVisible();
  await mine.getByRole('button', { name: 'Sign out' }).click();
  await expect(mine.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await Promise.all([one.close(), two.close()]);
});

async function signIn(page: Page, { token, actor, tenant }: Caller): Promise<void> {
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByText(`${actor} · ${tenant}`)).toBeVisible();
}

test('who signs in in one tab is who every tab is from then on, and no tab tells one what is another’s', async ({ browser }) => {
  const context = await browser.newContext();
  const [one, two] = [await context.newPage(), await context.newPage()];
  let asked: string[] = [];
  one.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await one.goto(known.url);
  await signIn(one, lead);
  await expect(row(one, 'Promised by acme')).toBeVisible();
  await expect.poll(() => asked.filter((path) => path.includes('/Watch')).length).toBe(3);
  await two.goto(`${known.url}/search`);
  await expect(two.getByText('lea · acme')).toBeVisible();
  asked = [];
  // As by another way of signing in, of which no page is told.
  await two.evaluate(async (token) => {
    const headers = { 'content-type': 'application/json' };
    await fetch('/api/session', { method: 'POST', headers, body: JSON.stringify({ token }) });
  }, other.token);
  for (const page of [one, two]) await expect(page.getByText('gus · globex')).toBeVisible();
  await expect(row(one, 'Promised by globex')).toBeVisible();
  await expect(row(one, 'Promised by acme')).toHaveCount(0);
  // The page that was somebody else's watched nothing of theirs.
  expect(asked.slice(0, asked.indexOf('/')).filter((path) => path.includes('/Watch'))).toEqual([]);
  await two.getByRole('button', { name: 'Sign out' }).click();
  for (const page of [one, two]) await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  // And back again, in a tab that had been another's.
  await signIn(two, lead);
  await expect(one.getByText('lea · acme')).toBeVisible();
  await expect(row(one, 'Promised by acme')).toBeVisible();
  await expect(row(one, 'Promised by globex')).toHaveCount(0);
  await context.close();
});

test('who is asked to keep a promise accepts it, and keeps it from then on', async ({ page }) => {
  const id = '0199c3a4-6f00-7000-8000-00000000000a';
  known.record([contact({ text: 'Given to lea', dueIn: 50, id })], admin.token);
  known.command(['followups', 'reassign', id, '--to-agent', 'lea'], boss.token);
  await page.goto(`${known.url}/promise/${id}`);
  await signIn(page, lead);
  const facts = page.getByRole('region', { name: 'Promise', exact: true });
  await expect(facts).toContainText('asked: lea');
  await expect(facts.getByRole('button', { name: 'Decline' })).toBeVisible();
  await facts.getByRole('button', { name: 'Accept' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Accept' }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(facts).not.toContainText('asked:');
  await expect(facts).toContainText('lea');
});

test('saved views are shown to who saved them', async ({ page }) => {
  const saved = page.getByRole('link', { name: 'Only mine', exact: true });
  await page.goto(`${known.url}/search?q=charged`);
  await signIn(page, lead);
  await page.getByRole('button', { name: 'Save view' }).click();
  await page.getByLabel('Name of the view').fill('Only mine');
  await page.getByRole('dialog').getByRole('button', { name: 'Save view' }).click();
  await expect(saved).toBeVisible();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await signIn(page, other);
  await expect(page.getByTestId('hits')).toBeVisible();
  await expect(saved).toHaveCount(0);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await signIn(page, lead);
  await expect(saved).toBeVisible();
});

test('signing out that fails says so, and can be tried again', async ({ page }) => {
  await page.goto(known.url);
  await signIn(page, lead);
  await page.route('**/api/session', (route) => (route.request().method() === 'DELETE' ? route.abort() : route.continue()));
  await page.getByRole('button', { name: 'Sign out' }).click();
  const failed = page.getByRole('alert').filter({ hasText: 'The server can’t be reached.' });
  await expect(failed).toBeVisible();
  await expect(page.getByText('lea · acme')).toBeVisible();
  await page.unrouteAll();
  await failed.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
});
