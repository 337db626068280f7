import { expect, it } from 'vitest';

import { TimeBucket } from '../../src/gen/aftercall/insight/v1/measures_pb';
import { beginOf, beside, bucketOf, bucketsOf, periodOf } from '../../src/lib/period';

const NOON = Date.UTC(2026, 10, 30, 12);

it('a period is the last four weeks, until the address says otherwise', () => {
  const usual = periodOf(new URLSearchParams(), NOON, 'Europe/Berlin');
  expect(usual).toEqual({ from: '2026-11-03', before: '2026-12-01', zone: 'Europe/Berlin' });
  const asked = periodOf(new URLSearchParams('from=2026-01-01&before=2026-02-01&zone=America/New_York'), NOON, 'UTC');
  expect(asked).toEqual({ from: '2026-01-01', before: '2026-02-01', zone: 'America/New_York' });
  for (const wrong of ['from=2026-02-30&before=2026-03-09', 'from=2026-03-01&before=2026-03-01', 'from=x&before=y&zone=Nowhere/At_All']) {
    expect(periodOf(new URLSearchParams(wrong), NOON, 'Europe/Berlin')).toEqual(usual);
  }
});

it('periods lie side by side', () => {
  const period = { from: '2026-03-02', before: '2026-03-09', zone: 'UTC' };
  expect(beside(period, -1)).toEqual({ from: '2026-02-23', before: '2026-03-02', zone: 'UTC' });
  expect(beside(period, 1)).toEqual({ from: '2026-03-09', before: '2026-03-16', zone: 'UTC' });
});

it('days begin by the clocks of the zone, whatever they do', () => {
  const zone = 'Europe/Berlin';
  const days = bucketsOf({ from: '2026-03-28', before: '2026-03-31', zone });
  expect(days).toEqual(['2026-03-28', '2026-03-29', '2026-03-30'].map((date) => beginOf(date, zone)));
  // The clocks are put forward on the second one.
  expect((days[2] ?? 0) - (days[1] ?? 0)).toBe(23 * 3_600_000);
});

it('weeks begin on Mondays, and months on their first day', () => {
  const weeks = { from: '2026-05-06', before: '2026-08-01', zone: 'UTC' };
  expect(bucketOf(weeks)).toBe(TimeBucket.WEEK);
  expect(bucketsOf(weeks)[0]).toBe(Date.UTC(2026, 4, 4));
  const months = { from: '2025-12-15', before: '2026-12-15', zone: 'UTC' };
  expect(bucketOf(months)).toBe(TimeBucket.MONTH);
  expect(bucketsOf(months)).toHaveLength(13);
  expect(bucketsOf(months)[2]).toBe(Date.UTC(2026, 1, 1));
});
