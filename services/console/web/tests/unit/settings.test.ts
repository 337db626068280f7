import { create } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';

import { FollowUpPolicySchema } from '../../src/gen/aftercall/model/v1/policy_pb';
import { CalendarSchema, SettingSchema } from '../../src/gen/aftercall/model/v1/setting_pb';
import { datesOf, dayOf, hoursFrom, hoursText, weeksOf, withEdits } from '../../src/lib/settings/calendar';
import { differing } from '../../src/lib/settings/lines';
import { draftOf, isWhole, withDraft } from '../../src/lib/settings/policy';

const open = [{ opens: '09:00', closes: '17:00' }];
const calendar = create(CalendarSchema, {
  timeZone: 'Europe/Berlin',
  weekly: { monday: open, tuesday: open, wednesday: open, thursday: open, friday: open },
  closedDates: [{ date: '2027-12-25', label: 'Christmas' }],
  specialDates: [{ date: '2027-12-24', hours: [{ opens: '09:00', closes: '12:00' }] }],
});

it('a date is closed, has hours of its own, or is as its day of the week', () => {
  expect(dayOf(calendar, '2027-12-25')).toMatchObject({ kind: 'closed', hours: [], label: 'Christmas' });
  expect(hoursText(dayOf(calendar, '2027-12-24').hours)).toBe('09:00–12:00');
  expect(dayOf(calendar, '2027-12-23')).toMatchObject({ kind: 'usual' });
  expect(hoursText(dayOf(calendar, '2027-12-23').hours)).toBe('09:00–17:00');
  expect(dayOf(calendar, '2027-12-26').hours).toEqual([]);
});

it('a sheet has each day of a month once, from Monday on', () => {
  const weeks = weeksOf(2028, 2);
  expect(weeks.flat().filter(Boolean)).toHaveLength(29);
  expect(weeks[0]?.[0]).toBeUndefined();
  expect(weeks[0]?.[1]).toBe('2028-02-01');
});

it('what somebody made of dates takes the place of what stood there, and the rest stays', () => {
  const changed = withEdits(calendar, {
    '2027-12-25': { kind: 'usual', hours: '', label: '' },
    '2027-12-24': { kind: 'closed', hours: '', label: 'Christmas Eve' },
    '2027-05-01': { kind: 'special', hours: '8:00-12:00, 13:00–15:00', label: 'May Day' },
  });
  expect(changed.closedDates.map(({ date }) => date)).toEqual(['2027-12-24']);
  expect(hoursText(changed.specialDates[0]?.hours ?? [])).toBe('08:00–12:00, 13:00–15:00');
  expect(changed.weekly).toEqual(calendar.weekly);
  expect(datesOf(changed, 2027).map(({ date }) => date)).toEqual(['2027-05-01', '2027-12-24']);
  expect(datesOf(changed, 2028)).toEqual([]);
});

it('hours that nobody can mean are none', () => {
  for (const text of ['', 'nine to five', '09:00', '09:00-12:00,']) expect(hoursFrom(text), text).toBeUndefined();
});

it('a policy keeps what has no field, and its target and warnings come back', () => {
  const policy = create(FollowUpPolicySchema, {
    displayName: 'Call backs',
    position: 3,
    internalTarget: { rule: { case: 'sinceMade', value: { duration: { seconds: 7200n }, calendarId: 'hours' } } },
    promiseStages: [
      { stageId: 'soon', basis: { case: 'beforeDueElapsed', value: { seconds: 1800n } } },
      { stageId: 'late', basis: { case: 'percentBusiness', value: { percent: 80, calendarId: 'hours' } } },
    ],
    escalationPolicyId: 'urgent',
    expireAfter: { seconds: 86_400n },
  });
  const draft = draftOf(policy);
  expect(draft.target).toEqual({ rule: 'sinceMade', minutes: 120, calendar: 'hours' });
  expect(withDraft(policy, draft)).toEqual(policy);
  const without = withDraft(policy, { ...draft, target: { rule: '', minutes: 1, calendar: '' }, promiseStages: [] });
  expect(without.internalTarget).toBeUndefined();
  expect(without.promiseStages).toEqual([]);
  expect(without.expireAfter).toEqual(policy.expireAfter);
  expect(isWhole(draft)).toBe(true);
  expect(isWhole({ ...draft, targetStages: [{ id: ' ', basis: 'percentElapsed', value: 50, calendar: '' }] })).toBe(false);
  expect(isWhole({ ...draft, target: { rule: 'beforeDue', minutes: 60, calendar: '' } })).toBe(false);
});

it('of two versions only what differs is held beside each other', () => {
  const of = (label: string) =>
    create(SettingSchema, { settingId: 'hours', body: { case: 'calendar', value: withEdits(calendar, { '2027-12-25': { kind: 'closed', hours: '', label } }) } });
  expect(differing(of('Christmas'), of('Christmas Day'))).toEqual([['2027-12-25 – Christmas'], ['2027-12-25 – Christmas Day']]);
});
