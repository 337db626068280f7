// Instants in zones. Nothing here takes the machine's zone for granted.

import type { Duration, Timestamp } from '@bufbuild/protobuf/wkt';

export interface Wall {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
}

export function millis(at: Timestamp | undefined): number | undefined {
  return at === undefined ? undefined : Number(at.seconds) * 1000 + Math.floor(at.nanos / 1_000_000);
}

export function timestamp(ms: number): Pick<Timestamp, 'seconds' | 'nanos'> {
  const seconds = Math.floor(ms / 1000);
  return { seconds: BigInt(seconds), nanos: (ms - seconds * 1000) * 1_000_000 };
}

export function durationMs(duration: Duration | undefined): number {
  return duration === undefined ? 0 : Number(duration.seconds) * 1000 + Math.floor(duration.nanos / 1_000_000);
}

// Asking takes a good part of a millisecond, and every row does it more than once. Who travels has another zone soon.
const ASK_AGAIN_MS = 60_000;
let own = { zone: '', askedAt: 0 };

export function ownZone(): string {
  const now = Date.now();
  if (own.zone === '' || Math.abs(now - own.askedAt) > ASK_AGAIN_MS) {
    own = { zone: Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC', askedAt: now };
  }
  return own.zone;
}

const zones = new Map<string, boolean>();

export function isZone(zone: string): boolean {
  let is = zones.get(zone);
  if (is === undefined) {
    is = zone !== '' && knows(zone);
    zones.set(zone, is);
  }
  return is;
}

function knows(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

const formats = new Map<string, Intl.DateTimeFormat>();

// Making one takes long, and a list needs the same ones again and again.
export function format(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = language + JSON.stringify(options);
  let made = formats.get(key);
  if (made === undefined) {
    made = new Intl.DateTimeFormat(language, options);
    formats.set(key, made);
  }
  return made;
}

const numbers = new Map<string, Intl.NumberFormat>();

export function numberFormat(language: string, options: Intl.NumberFormatOptions = {}): Intl.NumberFormat {
  const key = language + JSON.stringify(options);
  let made = numbers.get(key);
  if (made === undefined) {
    made = new Intl.NumberFormat(language, options);
    numbers.set(key, made);
  }
  return made;
}

// What clocks in `zone` show at an instant.
export function wallOf(ms: number, zone: string): Wall {
  const parts = format('en-GB', {
    timeZone: zone,
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    hourCycle: 'h23',
  }).formatToParts(ms);
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value ?? 0);
  return { year: of('year'), month: of('month'), day: of('day'), hour: of('hour'), minute: of('minute') };
}

function asUtc(wall: Wall): number {
  return Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute);
}

// The first instant at which clocks in `zone` show `wall`. Of a time that they leap over, the one as far after the
// leap.
export function instantOf(wall: Wall, zone: string): number {
  const wanted = asUtc(wall);
  const offset = (at: number) => asUtc(wallOf(at, zone)) - Math.floor(at / 60_000) * 60_000;
  const before = wanted - offset(wanted - 86_400_000);
  const after = wanted - offset(wanted + 86_400_000);
  const fitting = [before, after].filter((at) => asUtc(wallOf(at, zone)) === wanted);
  return fitting.length > 0 ? Math.min(...fitting) : before;
}

// The first instant of the day after the one of `ms`, in `zone`.
export function endOfDay(ms: number, zone: string): number {
  const { year, month, day } = wallOf(ms, zone);
  const next = new Date(Date.UTC(year, month - 1, day + 1));
  return instantOf(
    { year: next.getUTCFullYear(), month: next.getUTCMonth() + 1, day: next.getUTCDate(), hour: 0, minute: 0 },
    zone,
  );
}

const DAY_MS = 86_400_000;

// The date so many days after one.
export function dateAfter(date: string, days: number): string {
  return new Date(Date.parse(date) + days * DAY_MS).toISOString().slice(0, 10);
}

export function daysBetween(from: string, before: string): number {
  return Math.round((Date.parse(before) - Date.parse(from)) / DAY_MS);
}

const two = (number: number) => String(number).padStart(2, '0');

// As a field for date and time has it.
export function toField(ms: number, zone: string): string {
  const { year, month, day, hour, minute } = wallOf(ms, zone);
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}`;
}

// What such a field says; undefined where it says nothing.
export function fromField(text: string, zone: string): number | undefined {
  const found = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})/.exec(text);
  if (found === null) return undefined;
  const [year, month, day, hour, minute] = found.slice(1).map(Number) as [number, number, number, number, number];
  return instantOf({ year, month, day, hour, minute }, zone);
}

// A span in its two largest units, such as `2 h 5 min`.
export function span(ms: number, language: string): string {
  const minutes = Math.floor(Math.abs(ms) / 60_000);
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  const unit = (value: number, name: 'day' | 'hour' | 'minute') =>
    numberFormat(language, { style: 'unit', unit: name, unitDisplay: 'short' }).format(value);
  if (days > 0) return hours > 0 && days < 7 ? `${unit(days, 'day')} ${unit(hours, 'hour')}` : unit(days, 'day');
  if (hours > 0) return rest > 0 ? `${unit(hours, 'hour')} ${unit(rest, 'minute')}` : unit(hours, 'hour');
  return unit(rest, 'minute');
}
