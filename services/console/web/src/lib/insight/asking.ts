// What Insight asks: of which contacts, over which period, and what it makes of the answers.

import type { AggregateRow } from '../../gen/aftercall/insight/v1/insight_pb';
import type { Asking, Filter, Instant } from '../behind';
import { beginOf, beside, bucketOf, bucketsOf, type Period } from '../period';
import { millis, timestamp } from '../time';

export const VIEWS = ['drivers', 'repeats', 'promises', 'struggles', 'slips', 'problems'] as const;
export type View = (typeof VIEWS)[number];

// Of fewer no trend is drawn: their number says more.
export const TREND_MIN = 20;

export interface Question {
  period: Period;
  team: string;
  // Whether the period before is shown beside.
  compare: boolean;
}

// A number, and the filter of exactly its contacts.
export interface Cell {
  n: number;
  filter: Filter;
}

// What was counted from an instant until the next one.
export interface Row {
  from: number;
  cells: Cell[];
}

export function filterOf({ period, team }: Question): Asking {
  return {
    ...(team === '' ? {} : { teamIds: [team] }),
    occurredFrom: timestamp(beginOf(period.from, period.zone)),
    occurredBefore: timestamp(beginOf(period.before, period.zone)),
  };
}

// The same for as long a time before, as the server takes it.
export function filterBefore<T extends Filter>(filter: T): T {
  const [from, before] = [nanos(filter.occurredFrom), nanos(filter.occurredBefore)];
  if (from === undefined || before === undefined) return filter;
  return { ...filter, occurredFrom: fromNanos(from - (before - from)), occurredBefore: fromNanos(from) };
}

const SECOND = 1_000_000_000n;

function nanos(at: Instant | undefined): bigint | undefined {
  return at === undefined ? undefined : at.seconds * SECOND + BigInt(at.nanos);
}

function fromNanos(at: bigint): Instant {
  const seconds = at / SECOND - (at % SECOND < 0n ? 1n : 0n);
  return { seconds, nanos: Number(at - seconds * SECOND) };
}

// The rows of an answer by time. In what it leaves out there is nothing, which is a number, too: `none` asks for it.
export function rowsOf(period: Period, rows: readonly AggregateRow[], cells: (rows: AggregateRow[], none: Filter) => Cell[]): Row[] {
  const begins = new Map<number, AggregateRow[]>(bucketsOf(period).map((from) => [from, []]));
  for (const row of rows) {
    const from = millis(row.bucketFrom) ?? 0;
    begins.set(from, [...(begins.get(from) ?? []), row]);
  }
  const sorted = [...begins].sort(([one], [other]) => one - other);
  const [first, last] = [beginOf(period.from, period.zone), beginOf(period.before, period.zone)];
  return sorted.map(([from, its], n) => {
    const until = Math.min(sorted[n + 1]?.[0] ?? last, last);
    const none = { occurredFrom: timestamp(Math.max(from, first)), occurredBefore: timestamp(until) };
    return { from, cells: cells(its, none) };
  });
}

// How the days of a period are asked for.
export function byTime(period: Period) {
  return { bucket: bucketOf(period), timeZone: period.zone };
}

// The address of a view of the same contacts and period.
export function insightAt(view: View, query: URLSearchParams): string {
  const kept = new URLSearchParams();
  for (const name of ['from', 'before', 'zone', 'team', 'compare', 'table']) {
    const value = query.get(name);
    if (value) kept.append(name, value);
  }
  const text = kept.toString();
  return `/insight/${view}${text === '' ? '' : `?${text}`}`;
}

// The period so many of its lengths away, as an address has it.
export function moved(period: Period, steps: number): Record<'from' | 'before', string> {
  const { from, before } = beside(period, steps);
  return { from, before };
}

// How sure it is that a difference is none of chance, by the corrected probability.
export function sureness(q: number): 'sure' | 'likely' | 'chance' {
  if (q < 0.01) return 'sure';
  return q < 0.05 ? 'likely' : 'chance';
}
