import { create } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';

import { ReceiverSchema, TeamSchema } from '../../src/gen/aftercall/model/v1/escalation_pb';
import { FollowUpPolicySchema } from '../../src/gen/aftercall/model/v1/policy_pb';
import { CalendarSchema, type Setting, SettingSchema } from '../../src/gen/aftercall/model/v1/setting_pb';
import { LabelMatcherSchema, SilenceSchema } from '../../src/gen/aftercall/model/v1/silence_pb';
import { datesOf, dayOf, hoursFrom, hoursText, weeksOf, withEdits } from '../../src/lib/settings/calendar';
import { isSaid, matcherOf, matcherText, type Typed, typedOf, webhookOf, withTyped } from '../../src/lib/settings/fields';
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

const team: Setting['body'] = { case: 'team', value: create(TeamSchema, { displayName: 'Billing', memberIds: ['a', 'b'], queueIds: ['q'] }) };
const receiver: Setting['body'] = {
  case: 'receiver',
  value: create(ReceiverSchema, { who: { case: 'agentId', value: 'lea' }, quietHours: { begins: '22:00', ends: '07:00' }, timeZone: 'Europe/Berlin', budgetPerHour: 20, personalAllowed: true }),
};
const silence: Setting['body'] = {
  case: 'silence',
  value: create(SilenceSchema, {
    matchers: [{ label: 'kind', values: ['call_back', 'refund'] }, { label: 'priority', values: ['p1'], excluded: true }],
    startsAt: { seconds: 1_800_000_007n },
    endsAt: { seconds: 1_800_090_000n },
    reason: 'Works',
  }),
};

it('what nobody touched stays as it is, down to the second', () => {
  for (const body of [team, receiver, silence]) {
    const typed = typedOf(body, 'Europe/Berlin');
    expect(withTyped(body, typed, typed, 'Europe/Berlin')).toEqual(body);
    expect(isSaid(typed)).toBe(true);
  }
});

it('what somebody changed is put on top of what another one made of it meanwhile', () => {
  const was = typedOf(team, 'UTC');
  const theirs: Setting['body'] = { case: 'team', value: create(TeamSchema, { displayName: 'Billing', memberIds: ['a'], siteId: 'lyon' }) };
  const both = withTyped(theirs, { ...was, memberIds: 'a\n c \n\n' }, was, 'UTC');
  expect(both.value).toMatchObject({ memberIds: ['a', 'c'], queueIds: [], siteId: 'lyon' });
  const other = typedOf(receiver, 'UTC');
  const changed = withTyped(receiver, { ...other, agentId: '', teamId: 'billing', quietHours: '', personalAllowed: '' }, other, 'UTC');
  expect(changed.value).toMatchObject({ who: { case: 'teamId', value: 'billing' }, personalAllowed: false, timeZone: 'Europe/Berlin' });
  expect(changed.value).not.toHaveProperty('quietHours', expect.anything());
});

it('a silence ends when its field says, in the zone of the field', () => {
  const was = typedOf(silence, 'Europe/Berlin');
  const later = withTyped(silence, { ...was, endsAt: '2027-07-01T10:00' }, was, 'Europe/Berlin');
  expect(later.case === 'silence' && later.value.endsAt?.seconds).toBe(BigInt(Date.UTC(2027, 6, 1, 8) / 1000));
  expect(later.case === 'silence' && later.value.startsAt?.seconds).toBe(1_800_000_007n);
  expect(isSaid({ ...was, endsAt: '' })).toBe(false);
});

it('conditions are lines, and what is none is left for the server to refuse', () => {
  expect(matcherOf('priority!=p1, p2')).toEqual({ label: 'priority', excluded: true, values: ['p1', 'p2'] });
  expect(matcherText(create(LabelMatcherSchema, matcherOf('kind=call_back,refund')))).toBe('kind=call_back,refund');
  expect(matcherOf('nonsense')).toEqual({ label: 'nonsense', excluded: false, values: [] });
});

it('a webhook is what its fields say', () => {
  const typed: Typed = { displayName: ' The CRM', url: 'https://crm.example/hook', eventTypes: 'aftercall.commitment.*\n\n aftercall.alert.*', personalAllowed: '' };
  expect(webhookOf(typed)).toEqual({ displayName: 'The CRM', url: 'https://crm.example/hook', eventTypes: ['aftercall.commitment.*', 'aftercall.alert.*'], personalAllowed: false });
  expect(isSaid({ ...typed, eventTypes: ' ' })).toBe(false);
});

it('two versions of what has few fields differ by what those are called', () => {
  const of = (memberIds: string[], retired = false) => create(SettingSchema, { settingId: 'billing', retired, body: { case: 'team', value: create(TeamSchema, { memberIds }) } });
  expect(differing(of(['a', 'b']), of(['a'], true), { memberIds: 'Members', retired: 'out of use' })).toEqual([['Members: b'], ['out of use']]);
});
