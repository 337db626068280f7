import { expect, it } from 'vitest';

import { SentimentBand, SentimentTrend } from '../../src/gen/aftercall/history/v1/history_pb';
import { ContactFact, Dimension, RepeatCauseKind } from '../../src/gen/aftercall/insight/v1/measures_pb';
import { Channel, SignalKind } from '../../src/gen/aftercall/model/v1/interaction_pb';
import { behindAt, behindKind, behindOf, contactsAt } from '../../src/lib/behind';
import { filterBefore } from '../../src/lib/insight/asking';

const queryOf = (address: string) => new URL(address, 'http://localhost').searchParams;

it('a filter comes back from its address, to the last billionth of a second', () => {
  const filter = {
    teamIds: ['billing', 'Vertrieb & Co'],
    reasonFamilies: ['delivery'],
    channels: [Channel.VOICE],
    repeatCauses: [RepeatCauseKind.NOT_RESOLVED],
    unset: [Dimension.ROOT_CAUSE],
    facts: [ContactFact.PROMISE_KEPT],
    repeatWithinDays: 7,
    occurredFrom: { seconds: 1_795_000_000n, nanos: 1_000 },
    occurredBefore: { seconds: 1_795_086_400n, nanos: 0 },
  };
  const address = behindAt(filter);
  expect(address.startsWith('/search?behind=contacts&')).toBe(true);
  expect(behindKind(queryOf(address))).toBe('contacts');
  const back = Object.entries(behindOf(queryOf(address))).filter(([, value]) => !Array.isArray(value) || value.length > 0);
  expect(Object.fromEntries(back)).toEqual(filter);
});

it('what customers felt, what was noticed and by whose word come back, too', () => {
  const filter = {
    query: 'charged twice',
    sentimentScorers: ['rules'],
    allSentimentScorers: ['rules', 'model & more'],
    sentimentScorer: 'rules',
    sentiments: [SentimentBand.NEGATIVE],
    worstSentiments: [SentimentBand.NEGATIVE, SentimentBand.NEUTRAL],
    sentimentTrends: [SentimentTrend.WORSE],
    signals: [SignalKind.LEGAL_THREAT],
    allSignals: [SignalKind.CHURN_THREAT, SignalKind.MANAGER_REQUEST],
  };
  const back = Object.entries(behindOf(queryOf(behindAt(filter)))).filter(([, value]) => !Array.isArray(value) || value.length > 0);
  expect(Object.fromEntries(back)).toEqual(filter);
});

it('what an address can’t mean asks for nothing', () => {
  const filter = behindOf(new URLSearchParams('behind=contacts&fact=NONE_SUCH&from=yesterday&repeat-within=-3&channel=VOICE'));
  expect(filter.facts).toEqual([]);
  expect(filter.channels).toEqual([Channel.VOICE]);
  expect(filter.occurredFrom).toBeUndefined();
  expect(filter.repeatWithinDays).toBeUndefined();
});

it('contacts by their ids are each asked for once', () => {
  expect(queryOf(contactsAt(['one', 'two', 'one'])).getAll('contact')).toEqual(['one', 'two']);
});

it('the period before is as long, and ends where the period begins', () => {
  const filter = { occurredFrom: { seconds: 100n, nanos: 5 }, occurredBefore: { seconds: 250n, nanos: 7 } };
  expect(filterBefore(filter)).toEqual({ occurredFrom: { seconds: -50n, nanos: 3 }, occurredBefore: { seconds: 100n, nanos: 5 } });
});
