// Contacts that teach something, and what is made of them, as a CRM and reviewers would.

import { randomUUID } from 'node:crypto';

import type { Server } from './server';

export interface Solved {
  asked: string;
  resolution: string;
  reason?: string;
  customer?: string;
  agent?: string;
  // Before so many minutes.
  ago?: number;
  // Solutions that were used, by their ids and versions.
  used?: { id: string; version: number }[];
}

// A contact that says how it was solved.
export function solved({ asked, resolution, reason = 'router.no_sync', customer = 'K-1', agent = 'a.marsh', ago = 60, used = [] }: Solved): object {
  return {
    external_ref: { source_system: 'crm', external_id: randomUUID() },
    channel: 'CHANNEL_VOICE',
    direction: 'DIRECTION_INBOUND',
    customer: { customer_id: customer, display_name: `Name of ${customer}`, time_zone: 'America/New_York' },
    agent_id: agent,
    team_id: 'billing',
    site_id: 'lyon',
    occurred_at: new Date(Date.now() - ago * 60_000).toISOString(),
    contact_reasons: [{ code: reason, primary: true, stated_verbatim: asked, resolution: 'REASON_RESOLUTION_RESOLVED' }],
    handling: { summary: asked, resolution },
    disposition: { code: 'resolved' },
    no_follow_up_promised: true,
    solution_uses: used.map(({ id, version }) => ({ solution_id: id, version, kind: 'SOLUTION_USE_KIND_USED_AS_IS', relied_on_for_statement: true })),
  };
}

// Records contacts, and waits until they are in what the screens show: these lists are read once, and not told of news.
export function recorded(server: Server, contacts: object[], token?: string): void {
  const input = contacts.map((interaction) => JSON.stringify({ interaction })).join('\n');
  const printed = server.command(['record', '-', '--json'], token, input);
  const position = [...printed.matchAll(/"position":\s*"([^"]+)"/g)].at(-1)?.[1];
  if (position === undefined) throw new Error(`no position: ${printed.slice(-200)}`);
  for (const read of [['solutions', 'candidates'], ['search', '--limit', '1']]) server.command([...read, '--after', position], token);
}

interface Made {
  solution_id: string;
  version: number;
}

// A solution that is live, with these words.
export function published(server: Server, title: string, resolution: string, more: string[] = [], token?: string): Made {
  const draft = read(server.command(['solutions', 'draft', '--title', title, '--resolution', resolution, ...more, '--json'], token));
  const { solution_id: id, version } = draft;
  server.command(['solutions', 'approve', id, String(version)], token);
  server.command(['solutions', 'publish', id, String(version)], token);
  return draft;
}

// The solution in what a command printed.
export function read(printed: string): Made {
  const said = JSON.parse(printed.trim().split('\n')[0] ?? '{}');
  const { solutionId, solution_id, version } = said.solution ?? said;
  return { solution_id: solution_id ?? solutionId, version };
}
