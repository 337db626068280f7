// What the pictures show: a morning of a company that does not exist, at times that never change. All of it has long
// passed, so that no server refuses it, whatever its clock says.

import type { Server } from './server';
import { published, recorded, solved } from './solved';

// Tuesday, 10:20 in Berlin: what the browser's clock shows in all pictures.
export const NOW = new Date('2025-03-04T09:20:00Z');
export const LATE = '0195601a-0000-7000-8000-000000000001';

const TEAMS: Record<string, string> = { 'a.marsh': 'billing', 'b.ross': 'technics', 'c.diaz': 'sales', 'd.okafor': 'billing' };
const NAMES: Record<string, string> = {
  'C-1001': 'Nadia Brandt', 'C-1002': 'Owen Castle', 'C-1003': 'Priya Nair', 'C-1004': 'Bakery Lindholm', 'C-1005': 'Jonas Weidmann',
  'C-1006': 'Harbour Dental Practice', 'C-1007': 'Mateo Alvarez', 'C-1008': 'Ines Duarte', 'C-1009': 'Tom Ferris', 'C-1010': 'Yuki Tanabe',
};

interface Call {
  n: number;
  customer: keyof typeof NAMES;
  agent: keyof typeof TEAMS;
  // Before so many minutes.
  ago: number;
  reason: string;
  asked: string;
  summary: string;
  // What was promised, for in so many minutes.
  promise?: { kind: string; text: string; dueIn: number; id?: string };
  resolution?: string;
  mood?: [number, number];
  used?: { id: string; version: number };
}

const at = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000).toISOString();

function call({ n, customer, agent, ago, reason, asked, summary, promise, resolution, mood = [0, 1], used }: Call): object {
  return {
    external_ref: { source_system: 'crm', external_id: `call-${n}` },
    channel: n % 5 === 4 ? 'CHANNEL_CHAT' : 'CHANNEL_VOICE',
    direction: 'DIRECTION_INBOUND',
    customer: { customer_id: customer, display_name: NAMES[customer] ?? customer, time_zone: 'America/New_York' },
    agent_id: agent,
    team_id: TEAMS[agent],
    site_id: 'lyon',
    occurred_at: at(-ago),
    ended_at: at(-ago + 4 + (n % 6)),
    contact_reasons: [
      { code: reason, primary: true, stated_verbatim: asked, resolution: `REASON_RESOLUTION_${resolution ? 'RESOLVED' : 'NOT_RESOLVED'}` },
    ],
    handling: { summary, ...(resolution ? { resolution } : {}) },
    disposition: { code: resolution ? 'resolved' : 'follow_up' },
    sentiment: { start: mood[0], end: mood[1] },
    ...(used ? { solution_uses: [{ solution_id: used.id, version: used.version, kind: 'SOLUTION_USE_KIND_USED_AS_IS' }] } : {}),
    ...(promise === undefined
      ? { no_follow_up_promised: true }
      : {
          commitments: [
            {
              commitment_id: promise.id ?? `0195601a-0000-7000-8000-0000000001${String(n).padStart(2, '0')}`,
              kind: `COMMITMENT_KIND_${promise.kind}`,
              promise_text: promise.text,
              told_to_customer: true,
              promised_by: at(promise.dueIn),
              time_zone: 'America/New_York',
            },
          ],
        }),
  };
}

const ROUTER = 'Swap the grey cable between splitter and router, then wait two minutes until the lamp stays green.';
const HOUR = 60;
const DAY = 24 * HOUR;

const CALLS: Call[] = [
  { n: 1, customer: 'C-1001', agent: 'a.marsh', ago: 6 * HOUR, reason: 'billing.double_charge', asked: 'You took the money twice', summary: 'Charged twice for February; the second one is to go back.', promise: { kind: 'REFUND', text: 'The second charge of 49.90 goes back by the morning', dueIn: -95, id: LATE }, mood: [-2, -3] },
  { n: 2, customer: 'C-1004', agent: 'b.ross', ago: 5 * HOUR, reason: 'router.no_sync', asked: 'The card terminal is offline since six', summary: 'No line since six in the morning; the shop can not take cards.', promise: { kind: 'TECH_VISIT', text: 'A technician is at the shop before ten', dueIn: -20 }, mood: [-3, -2] },
  { n: 3, customer: 'C-1003', agent: 'a.marsh', ago: 70, reason: 'billing.address', asked: 'The invoice names my old address', summary: 'Moved in January; the invoice names the old address.', promise: { kind: 'CALL_BACK', text: 'We call back once the address is changed', dueIn: 8 } },
  { n: 4, customer: 'C-1002', agent: 'd.okafor', ago: 3 * HOUR, reason: 'contract.end', asked: 'When does my contract end', summary: 'Asks when the contract ends and what leaving costs.', promise: { kind: 'SEND_INFO', text: 'The dates of the contract by mail', dueIn: 35 } },
  { n: 5, customer: 'C-1006', agent: 'b.ross', ago: 2 * HOUR, reason: 'router.no_sync', asked: 'The router does not sync after the storm', summary: 'Router lost its line after the storm; the lamp blinks red.', promise: { kind: 'CALL_BACK', text: 'We call back with what the line measurement says', dueIn: 55 }, mood: [-1, 0] },
  { n: 6, customer: 'C-1005', agent: 'c.diaz', ago: 90, reason: 'sales.upgrade', asked: 'Can I have the faster line', summary: 'Wants the faster line from April.', promise: { kind: 'SEND_DOCUMENT', text: 'The offer for the faster line, with the price for 24 months and what happens to the router that is rented now', dueIn: 3 * HOUR } },
  { n: 7, customer: 'C-1007', agent: 'c.diaz', ago: 80, reason: 'sales.move', asked: 'I move in April', summary: 'Moves on the first of April, takes the line along.', promise: { kind: 'STATUS_UPDATE', text: 'Whether the line can move along', dueIn: 6 * HOUR } },
  { n: 8, customer: 'C-1008', agent: 'd.okafor', ago: 40, reason: 'billing.question', asked: 'What is the item of 3 euros', summary: 'Asks about an item of 3 euros on the invoice.', promise: { kind: 'INVESTIGATE', text: 'We find out what the item is', dueIn: DAY } },
  { n: 9, customer: 'C-1009', agent: 'b.ross', ago: 30, reason: 'mobile.sim', asked: 'The new card is not found', summary: 'The phone does not find the new card; it may be broken.', promise: { kind: 'REPLACEMENT', text: 'A new card by post', dueIn: 3 * DAY } },
  { n: 10, customer: 'C-1001', agent: 'b.ross', ago: 9 * DAY, reason: 'router.no_sync', asked: 'My router does not sync', summary: 'The router did not sync; the grey cable was broken.', resolution: ROUTER, mood: [-2, 1] },
  { n: 11, customer: 'C-1001', agent: 'a.marsh', ago: 2 * DAY, reason: 'billing.double_charge', asked: 'Why are there two charges', summary: 'Saw two charges; one is only reserved.', resolution: 'Explained that the second one is reserved, and not taken.', mood: [-1, -1] },
  { n: 12, customer: 'C-1010', agent: 'b.ross', ago: 12 * DAY, reason: 'router.no_sync', asked: 'Internet is gone and the router blinks', summary: 'Router without sync; a new grey cable helped.', resolution: ROUTER, mood: [-1, 2] },
  { n: 13, customer: 'C-1009', agent: 'b.ross', ago: 11 * DAY, reason: 'mobile.sim', asked: 'The phone says there is no card', summary: 'Card not found; put in the wrong way round.', resolution: 'Clean the contacts of the card and put it in with the notch to the left.' },
  { n: 14, customer: 'C-1010', agent: 'c.diaz', ago: 50, reason: 'sales.upgrade', asked: 'What does the faster line cost', summary: 'Asks what the faster line costs.', promise: { kind: 'CALL_BACK', text: 'We call back with a price', dueIn: 5 * HOUR } },
];

// Calls that came more often, or less, than four weeks before.
function counted(): object[] {
  const one = (n: number, days: number, reason: string): object =>
    call({ n: 100 + n, customer: `C-${2000 + n}`, agent: Object.keys(TEAMS)[n % 4] ?? 'a.marsh', ago: days * DAY + (n % 7) * HOUR, reason, asked: reason, summary: `About ${reason}.` });
  return [
    ...Array.from({ length: 30 }, (_, n) => one(n, 1 + ((n * n) % 26), 'delivery.late')),
    ...Array.from({ length: 8 }, (_, n) => one(40 + n, 29 + n * 2, 'delivery.late')),
    ...Array.from({ length: 9 }, (_, n) => one(60 + n, 1 + n * 2, 'contract.end')),
    ...Array.from({ length: 26 }, (_, n) => one(80 + n, 29 + (n % 20), 'contract.end')),
  ];
}

// Fills a server that is up. Gives the id of a solution that is live.
export async function fill(server: Server): Promise<string> {
  recorded(server, [...CALLS.map(call), ...counted()]);
  const id = published(server, 'Router does not sync', ROUTER, ['--question', 'My router does not sync', '--question', 'The lamp blinks red', '--language', 'en']).solution_id;
  published(server, 'Invoice shows the old address', 'Change the billing address under contracts, then send the invoice again.', ['--say', 'We change it, and you get the invoice once more.', '--audience', 'internal']);
  published(server, 'What an item of 3 euros is', 'It is the fee for paper invoices; offer to switch to mail.', ['--language', 'en']);
  const weekly = Object.fromEntries(['monday', 'tuesday', 'wednesday', 'thursday', 'friday'].map((day) => [day, [{ opens: '09:00', closes: '17:00' }]]));
  const closedDates = [{ date: '2025-05-01', label: 'May Day' }, { date: '2025-12-25', label: 'Christmas' }];
  server.command(['calendars', 'set', 'hours', '-'], undefined, JSON.stringify({ displayName: 'Opening hours', timeZone: 'Europe/Berlin', weekly, closedDates }));
  await settle(server);
  return id;
}

// For the server all dues have passed. Alerts about those that have not for the browser are put away.
async function settle(server: Server): Promise<void> {
  const promises = CALLS.filter(({ promise }) => promise !== undefined);
  const late = promises.filter(({ promise }) => promise !== undefined && promise.dueIn < 0).map(({ customer }) => customer);
  const read = (): { alertId: string; customerId: string }[] => {
    const printed = server.command(['alerts', 'list', '--json']).trim().split('\n');
    return printed.map((line) => JSON.parse(line)).filter(({ alertId }) => alertId !== undefined);
  };
  let alerts = read();
  for (let tries = 0; alerts.length < promises.length && tries < 100; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    alerts = read();
  }
  const early = alerts.filter(({ customerId }) => !late.includes(customerId));
  for (const { alertId } of early) server.command(['alerts', 'close', alertId, '--reason', 'Not due yet.']);
}

// What waits for a reviewer. What it would save is reckoned from the server's last weeks, so that these are lately.
export function fillReview(server: Server): void {
  recorded(server, [
    ...[1, 2, 3, 4].map((n) => solved({ asked: 'My router does not sync', resolution: ROUTER, customer: `K-${n}`, ago: 60 * n })),
    ...[1, 2].map((n) => solved({ asked: 'The invoice names the old address', resolution: 'Change the billing address under contracts and send the invoice again.', reason: 'billing.address', customer: `K-1${n}` })),
    solved({ asked: 'The card is not found', resolution: 'Clean the contacts of the card and put it in with the notch to the left.', reason: 'mobile.sim' }),
    solved({ asked: 'Who do I call', resolution: 'Told Name of K-7 to call +49 30 1234567 about the delivery of the modem.', reason: 'delivery.who', customer: 'K-7' }),
  ]);
  published(server, 'Who brings the modem', 'Tell them whom to call about the delivery of the modem.', ['--question', 'Who do I call']);
}
