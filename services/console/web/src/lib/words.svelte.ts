// How things are said: in the language and zone that somebody prefers.

import { type Catalogue, en } from './en';
import { type Language, prefs } from './prefs.svelte';
import { format, isZone, millis, numberFormat, ownZone, span as spanIn, wallOf } from './time';

import type { Commitment, Handover, Owner } from '../gen/aftercall/model/v1/commitment_pb';

// What every language is called by those who speak it.
export const LANGUAGES: Record<Language, string> = { en: 'English', de: 'Deutsch' };

let catalogue: Catalogue = $state.raw(en);

// Has everything said in the preferred language from now on. Only the one that is spoken is loaded.
export async function speak(): Promise<void> {
  catalogue = prefs.language === 'de' ? (await import('./de')).de : en;
  document.documentElement.lang = prefs.language;
}

// The catalogue in force.
export function t(): Catalogue {
  return catalogue;
}

// The language with the customs of where somebody is: days before months, or hours to 24.
function locale(): string {
  return navigator.languages.find((one) => one.split('-')[0] === prefs.language) ?? prefs.language;
}

export function number(value: number | bigint): string {
  return numberFormat(locale()).format(value);
}

export function span(ms: number): string {
  return spanIn(ms, locale());
}

// The zone in which a time is shown, where its customer's is `theirs`.
export function zone(theirs = ''): string {
  if (prefs.zone === 'utc') return 'UTC';
  if (prefs.zone === 'customer' && isZone(theirs)) return theirs;
  return ownZone();
}

// An instant, with its zone: without the day where that is `now`'s.
export function moment(ms: number, theirs = '', now = Date.now()): string {
  const timeZone = zone(theirs);
  const wall = wallOf(ms, timeZone);
  const today = wallOf(now, timeZone);
  const isThisYear = wall.year === today.year;
  const isToday = isThisYear && wall.month === today.month && wall.day === today.day;
  const day: Intl.DateTimeFormatOptions = isToday ? {} : { weekday: 'short', day: 'numeric', month: 'short' };
  const year: Intl.DateTimeFormatOptions = isThisYear ? {} : { year: 'numeric' };
  const clock: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' };
  return format(locale(), { timeZone, ...day, ...year, ...clock }).format(ms);
}

// A day, as tables and charts over time name it.
export function dayText(ms: number, timeZone: string): string {
  return format(locale(), { timeZone, day: 'numeric', month: 'short', year: '2-digit' }).format(ms);
}

// A date, which is in no zone: by its midnight in UTC.
export function utcDay(ms: number): string {
  return format(locale(), { timeZone: 'UTC', weekday: 'short', day: 'numeric', month: 'long', year: 'numeric' }).format(ms);
}

export function monthName(ms: number): string {
  return format(locale(), { timeZone: 'UTC', month: 'long' }).format(ms);
}

export function weekdayName(ms: number): string {
  return format(locale(), { timeZone: 'UTC', weekday: 'short' }).format(ms);
}

// A share of 1, with so many digits as it takes to tell small ones apart.
export function percent(share: number): string {
  return numberFormat(locale(), { style: 'percent', maximumFractionDigits: 1 }).format(share);
}

export function money(amount: number, currency: string): string {
  return numberFormat(locale(), { style: 'currency', currency }).format(amount);
}

// The same in every zone that may be meant, for whoever looks closer.
export function everywhere(ms: number, theirs = ''): string {
  const zones = new Set([ownZone(), ...(isZone(theirs) ? [theirs] : []), 'UTC']);
  const said = [...zones].map((timeZone) => {
    const options: Intl.DateTimeFormatOptions = { timeZone, dateStyle: 'full', timeStyle: 'medium' };
    return `${format(locale(), options).format(ms)} (${timeZone})`;
  });
  return said.join('\n');
}

// The name that a catalogue has for an enum's value; the value's own where there is none.
export function named(values: Record<string | number, string | number>, value: number, words: Record<string, string>): string {
  const name = String(values[value] ?? value);
  return words[name] ?? name;
}

export function ownerName(owner: Owner | undefined): string {
  if (owner?.owner.case === 'agentId') return owner.owner.value;
  if (owner?.owner.case === 'queueId') return t().words.queue(owner.owner.value);
  return t().words.nobody;
}

// Who is asked to keep a promise, and until when they may say so.
export function askedText({ toOwner, acceptUntil }: Handover, theirs: string, now = Date.now()): string {
  const until = millis(acceptUntil);
  return t().board.asked(ownerName(toOwner), until === undefined ? '' : moment(until, theirs, now));
}

// Whom a promise was made to, as people call them.
export function customerName(promise: Commitment): string {
  return promise.customerName || promise.customerId || promise.handles[0]?.value || t().words.unknownCustomer;
}
