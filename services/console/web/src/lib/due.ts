// Which due counts for whoever looks at a board, and what stands behind it.

import type { Alert } from '../gen/aftercall/model/v1/alert_pb';
import { type Commitment, CommitmentLifecycle, type Owner } from '../gen/aftercall/model/v1/commitment_pb';
import { endOfDay, millis } from './time';

export type Section = 'overdue' | 'hour' | 'today' | 'later';

const OPEN: ReadonlySet<CommitmentLifecycle> = new Set([
  CommitmentLifecycle.ACTIVE,
  CommitmentLifecycle.PAUSED,
  CommitmentLifecycle.PROPOSED,
]);

export const OPEN_LIFECYCLES = [...OPEN];

export function isOpen(promise: Commitment): boolean {
  return OPEN.has(promise.lifecycle);
}

// By when the customer was told.
export function dueOf(promise: Commitment): number {
  return millis(promise.promisedBy) ?? Number.MAX_SAFE_INTEGER;
}

// The instants between sections, reckoned once for a whole list.
export interface Bounds {
  now: number;
  hour: number;
  today: number;
}

export function boundsOf(now: number, zone: string): Bounds {
  return { now, hour: now + 3_600_000, today: endOfDay(now, zone) };
}

export function sectionOf(due: number, { now, hour, today }: Bounds): Section {
  if (due < now) return 'overdue';
  if (due < hour) return 'hour';
  return due < today ? 'today' : 'later';
}

export interface BoardFilter {
  teams: string[];
  owners: string[];
  mine: boolean;
  due: '' | 'overdue' | 'hour' | 'today';
}

export function ownerKey({ owner: whose }: Pick<Commitment, 'owner'>): string {
  const owner = whose?.owner;
  if (owner?.case === 'agentId') return `agent:${owner.value}`;
  return owner?.case === 'queueId' ? `queue:${owner.value}` : '';
}

// The team in which a promise is kept; where nobody said it, that of whoever made it.
export function teamOf(promise: Commitment): string {
  return promise.ownerTeamId || promise.teamId;
}

export function fits(promise: Commitment, filter: BoardFilter, me: string): boolean {
  return concerns(promise, teamOf(promise), filter, me, promise.handover?.toOwner);
}

// An alert is narrowed by whose it is, as promises are; what it warns of counts whenever it is due.
export function fitsAlert(alert: Alert, filter: BoardFilter, me: string): boolean {
  return concerns(alert, alert.teamId, filter, me);
}

function concerns(one: Pick<Commitment, 'owner'>, team: string, filter: BoardFilter, me: string, asked?: Owner): boolean {
  if (filter.teams.length > 0 && !filter.teams.includes(team)) return false;
  if (filter.owners.length > 0 && !filter.owners.includes(ownerKey(one))) return false;
  return !filter.mine || ownerKey(one) === `agent:${me}` || (asked?.owner.case === 'agentId' && asked.owner.value === me);
}

// Whether a due is within what the filter asks for, which changes as time passes.
export function isWithin(due: number, filter: BoardFilter, bounds: Bounds): boolean {
  switch (filter.due) {
    case '':
      return true;
    case 'overdue':
      return due < bounds.now;
    case 'hour':
      return due < bounds.hour;
    case 'today':
      return due < bounds.today;
  }
}

// The ids of promises with their dues, the earliest first; of one due, always in the same order.
export function inOrder(promises: Iterable<Commitment>): Map<string, number> {
  const dues = [...promises].map((promise): [string, number] => [promise.commitmentId, dueOf(promise)]);
  return new Map(dues.sort(([one, its], [other, others]) => its - others || (one < other ? -1 : 1)));
}
