// The console as a process of its own, in front of roles in theirs. They meet on the Kafka that
// `cargo xtask console --browser` starts.

import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';

import { expect, test } from '@playwright/test';

import { complaints, row } from './pages';
import { type Caller, contact, Server } from './server';

const BROKERS = process.env.AFTERCALL_TEST_KAFKA ?? '';
const TOPIC = `browser-${randomUUID()}`;
const lead: Caller = { token: 'token-of-the-lead-0123456789', tenant: 'acme', actor: 'lea', roles: ['supervisor'] };
const admin: Caller = { token: 'token-of-the-crm-0123456789', tenant: 'acme', actor: 'crm', roles: ['integration'] };
const LOG = `[log]\nengine = "kafka"\n[log.kafka]\nbrokers = "${BROKERS}"\ntopic = "${TOPIC}"\n`;

const servers: Server[] = [];

async function start(roles: string[], more = ''): Promise<Server> {
  const server = new Server([lead, admin], () => LOG + more, roles);
  servers.push(server);
  return server.start();
}

// Waits until a server does its work.
async function serves(server: Server): Promise<void> {
  await expect(async () => void server.command(['health'])).toPass({ timeout: 60_000 });
}

let promises: Server;
let front: Server;

test.beforeAll(async () => {
  test.setTimeout(180_000);
  if (BROKERS === '') throw new Error('AFTERCALL_TEST_KAFKA must name the brokers: cargo xtask console --browser does so');
  const env = {
    ...process.env,
    AFTERCALL_LOG__ENGINE: 'kafka',
    AFTERCALL_LOG__KAFKA__BROKERS: BROKERS,
    AFTERCALL_LOG__KAFKA__TOPIC: TOPIC,
  };
  const init = ['log', 'init', '--partitions', '3', '--replication', '1', '--min-in-sync', '1'];
  execFileSync(process.env.AFTERCALL_BINARY ?? '', init, { env });
  promises = await start(['followups']);
  const rest = ['recorder', 'history', 'knowledge', 'settings', 'notify', 'insight'];
  const others = await start(rest);
  const at = [...rest.map((role) => `${role} = "${others.url}"`), `followups = "${promises.url}"`];
  front = await start(['console'], `[console.services]\n${at.join('\n')}\n`);
  await serves(front);
  front.record([contact({ text: 'Promised before', dueIn: 30 })], admin.token);
});

test.afterAll(() => Promise.all(servers.map((server) => server.end())));

test('signing in, a board that moves, and a role that goes and comes back', async ({ page }) => {
  test.setTimeout(180_000);
  const wrong = complaints(page);
  await page.goto(`${front.url}/board`);
  await page.getByLabel('Token').fill(lead.token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(row(page, 'Promised before')).toBeVisible();
  // What happens is told through it. Rows under the hand do not move, so the hand goes away.
  await page.mouse.move(0, 0);
  front.record([contact({ text: 'Promised since', dueIn: 40, customer: 'C-2' })], admin.token);
  await expect(row(page, 'Promised since')).toBeVisible();
  // Other screens ask other roles.
  await page.goto(`${front.url}/customer/C-2`);
  await expect(page.getByRole('region', { name: 'Timeline' })).toContainText('Promised since');
  await promises.kill();
  await expect(() => expect(() => front.command(['health'])).toThrow()).toPass({ timeout: 60_000 });
  await promises.start();
  await serves(front);
  await page.goto(`${front.url}/board`);
  await expect(row(page, 'Promised since')).toBeVisible();
  expect(wrong).toEqual([]);
});
