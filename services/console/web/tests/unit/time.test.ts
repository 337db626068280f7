import { describe, expect, it } from 'vitest';

import { endOfDay, fromField, instantOf, isZone, span, timestamp, toField, wallOf } from '../../src/lib/time';

const BERLIN = 'Europe/Berlin';
const wall = (year: number, month: number, day: number, hour = 0, minute = 0) => ({ year, month, day, hour, minute });

describe('clocks in a zone', () => {
  it('show what they show, and are read back', () => {
    const at = Date.UTC(2026, 10, 30, 23, 30);
    expect(wallOf(at, BERLIN)).toEqual(wall(2026, 12, 1, 0, 30));
    expect(instantOf(wall(2026, 12, 1, 0, 30), BERLIN)).toBe(at);
    expect(toField(at, 'UTC')).toBe('2026-11-30T23:30');
    expect(fromField('2026-11-30T23:30', 'UTC')).toBe(at);
    expect(fromField('', 'UTC')).toBeUndefined();
  });

  it('leap forward: a time that there is not is as far after the leap', () => {
    expect(instantOf(wall(2027, 3, 28, 2, 30), BERLIN)).toBe(Date.UTC(2027, 2, 28, 1, 30));
    expect(instantOf(wall(2027, 3, 28, 3, 0), BERLIN)).toBe(Date.UTC(2027, 2, 28, 1, 0));
  });

  it('go back: of a time that comes twice the first is meant', () => {
    expect(instantOf(wall(2026, 10, 25, 2, 30), BERLIN)).toBe(Date.UTC(2026, 9, 25, 0, 30));
  });

  it('end a day at its midnight, however long it was', () => {
    const noon = Date.UTC(2026, 9, 25, 11);
    expect(endOfDay(noon, BERLIN)).toBe(Date.UTC(2026, 9, 25, 23));
    expect(endOfDay(noon, 'Pacific/Kiritimati')).toBe(Date.UTC(2026, 9, 26, 10));
    expect(endOfDay(Date.UTC(2026, 11, 31, 12), 'UTC')).toBe(Date.UTC(2027, 0, 1));
  });

  it('are of a zone that there is', () => {
    expect(isZone(BERLIN)).toBe(true);
    expect(isZone('Europe/Nowhere')).toBe(false);
    expect(isZone('')).toBe(false);
  });
});

describe('spans', () => {
  it('are said in their two largest units', () => {
    const minute = 60_000;
    expect(span(-125 * minute, 'en')).toBe('2 hr 5 min');
    expect(span(59_000, 'en')).toBe('0 min');
    expect(span(25 * 60 * minute, 'en')).toBe('1 day 1 hr');
    expect(span(10 * 24 * 60 * minute + 5, 'de')).toBe('10 Tg.');
  });
});

it('instants before the epoch keep their nanoseconds positive', () => {
  expect(timestamp(-1)).toEqual({ seconds: -1n, nanos: 999_000_000 });
});
