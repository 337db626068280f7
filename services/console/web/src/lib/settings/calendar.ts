// A calendar's days, as its sheet shows them, and what somebody changes of them.

import { create } from '@bufbuild/protobuf';

import {
  type Calendar, CalendarSchema, ClosedDateSchema, type Hours, HoursSchema, SpecialDateSchema, type Week,
} from '../../gen/aftercall/model/v1/setting_pb';

// What a date is: as its day of the week is, closed by itself, or with hours of its own.
export interface Day {
  kind: 'usual' | 'closed' | 'special';
  hours: Hours[];
  label: string;
}

// What somebody made of a date.
export interface Edit {
  kind: Day['kind'];
  // Such as `09:00-12:00, 13:00-17:00`; for `special` alone.
  hours: string;
  label: string;
}

export type Edits = Readonly<Record<string, Edit>>;

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;
const DAY_MS = 86_400_000;

// The day of the week of a date, 0 for Sunday.
export function weekday(date: string): number {
  return new Date(Date.parse(date)).getUTCDay();
}

export function usualHours(week: Week | undefined, date: string): Hours[] {
  return week?.[WEEKDAYS[weekday(date)] ?? 'sunday'] ?? [];
}

export function dayOf(calendar: Calendar, date: string): Day {
  const closed = calendar.closedDates.find((one) => one.date === date);
  if (closed) return { kind: 'closed', hours: [], label: closed.label };
  const special = calendar.specialDates.find((one) => one.date === date);
  if (special) return { kind: 'special', hours: special.hours, label: special.label };
  return { kind: 'usual', hours: usualHours(calendar.weekly, date), label: '' };
}

// All dates of a month, by weeks from Monday on; none where the week belongs to another month.
export function weeksOf(year: number, month: number): (string | undefined)[][] {
  const first = Date.UTC(year, month - 1, 1);
  const days = (Date.UTC(year, month, 1) - first) / DAY_MS;
  const lead = (new Date(first).getUTCDay() + 6) % 7;
  const weeks: (string | undefined)[][] = [];
  for (let from = -lead; from < days; from += 7) {
    weeks.push(
      Array.from({ length: 7 }, (_, n) => {
        const day = from + n;
        return day >= 0 && day < days ? new Date(first + day * DAY_MS).toISOString().slice(0, 10) : undefined;
      }),
    );
  }
  return weeks;
}

export function hoursText(hours: readonly Hours[]): string {
  return hours.map(({ opens, closes }) => `${opens}–${closes}`).join(', ');
}

// The hours that a text says; none if it says none that can be meant.
export function hoursFrom(text: string): Hours[] | undefined {
  const parts = text.split(',').map((part) => /^\s*(\d{1,2}:\d{2})\s*[-–]\s*(\d{1,2}:\d{2})\s*$/.exec(part));
  if (parts.some((part) => part === null)) return undefined;
  const full = (time: string | undefined) => (time ?? '').padStart(5, '0');
  return parts.map((part) => create(HoursSchema, { opens: full(part?.[1]), closes: full(part?.[2]) }));
}

// A calendar with what somebody made of its dates.
export function withEdits(calendar: Calendar, edits: Edits, effectiveFrom?: string): Calendar {
  const others = <T extends { date: string }>(list: readonly T[]) => list.filter(({ date }) => !(date in edits));
  const of = (kind: Edit['kind']) => Object.entries(edits).filter(([, edit]) => edit.kind === kind);
  const closed = of('closed').map(([date, { label }]) => create(ClosedDateSchema, { date, label }));
  const special = of('special').map(([date, { label, hours }]) =>
    create(SpecialDateSchema, { date, label, hours: hoursFrom(hours) ?? [] }),
  );
  const byDate = <T extends { date: string }>(list: T[]) => list.sort((one, other) => (one.date < other.date ? -1 : 1));
  const { displayName, timeZone, weekly } = calendar;
  return create(CalendarSchema, {
    displayName,
    timeZone,
    ...(weekly ? { weekly } : {}),
    closedDates: byDate([...others(calendar.closedDates), ...closed]),
    specialDates: byDate([...others(calendar.specialDates), ...special]),
    effectiveFrom: effectiveFrom ?? calendar.effectiveFrom,
  });
}

// The dates of a year that differ from their day of the week, in order.
export function datesOf(calendar: Calendar, year: number): { date: string; day: Day }[] {
  const dates = [...calendar.closedDates, ...calendar.specialDates].map(({ date }) => date);
  const within = dates.filter((date) => date.startsWith(`${String(year).padStart(4, '0')}-`)).sort();
  return [...new Set(within)].map((date) => ({ date, day: dayOf(calendar, date) }));
}
