// A period by local dates, and the buckets that it has.

import { TimeBucket } from '../gen/aftercall/insight/v1/measures_pb';
import { dateAfter, daysBetween, instantOf, isZone, wallOf } from './time';

export interface Period {
  // Local dates, the second one without.
  from: string;
  before: string;
  zone: string;
}

const USUAL_DAYS = 28;
// Longer periods are shown by the week, and even longer ones by the month.
const DAYS_MAX = 45;
const WEEKS_MAX_DAYS = 200;

const DATE = /^\d{4}-\d{2}-\d{2}$/;

function isDate(text: string): boolean {
  return DATE.test(text) && !Number.isNaN(Date.parse(text)) && dateAfter(text, 0) === text;
}

// The local date of an instant.
export function dateOf(ms: number, zone: string): string {
  const { year, month, day } = wallOf(ms, zone);
  return new Date(Date.UTC(year, month - 1, day)).toISOString().slice(0, 10);
}

// When a local date begins.
export function beginOf(date: string, zone: string): number {
  const [year, month, day] = date.split('-').map(Number) as [number, number, number];
  return instantOf({ year, month, day, hour: 0, minute: 0 }, zone);
}

// The period that an address asks for: the last four weeks, unless it says otherwise.
export function periodOf(query: URLSearchParams, now: number, usualZone: string): Period {
  const asked = query.get('zone') ?? '';
  const zone = isZone(asked) ? asked : usualZone;
  const [from, before] = [query.get('from') ?? '', query.get('before') ?? ''];
  if (isDate(from) && isDate(before) && from < before) return { from, before, zone };
  const tomorrow = dateAfter(dateOf(now, zone), 1);
  return { from: dateAfter(tomorrow, -USUAL_DAYS), before: tomorrow, zone };
}

// The period as long as this one, before or after it.
export function beside({ from, before, zone }: Period, steps: number): Period {
  const days = daysBetween(from, before) * steps;
  return { from: dateAfter(from, days), before: dateAfter(before, days), zone };
}

export function bucketOf({ from, before }: Period): TimeBucket {
  const days = daysBetween(from, before);
  if (days <= DAYS_MAX) return TimeBucket.DAY;
  return days <= WEEKS_MAX_DAYS ? TimeBucket.WEEK : TimeBucket.MONTH;
}

// When each bucket of a period begins; the first may begin before the period does.
export function bucketsOf(period: Period): number[] {
  const bucket = bucketOf(period);
  let date = period.from;
  // 1970-01-05 was a Monday.
  if (bucket === TimeBucket.WEEK) date = dateAfter(date, -(((daysBetween('1970-01-05', date) % 7) + 7) % 7));
  if (bucket === TimeBucket.MONTH) date = `${date.slice(0, 8)}01`;
  const begins: number[] = [];
  while (date < period.before) {
    begins.push(beginOf(date, period.zone));
    if (bucket === TimeBucket.DAY) date = dateAfter(date, 1);
    else if (bucket === TimeBucket.WEEK) date = dateAfter(date, 7);
    else date = `${dateAfter(`${date.slice(0, 8)}28`, 4).slice(0, 8)}01`;
  }
  return begins;
}
