// The contacts behind a number: the filter that came with it, as it stands in the address. There are exactly as many.

import type { Timestamp } from '@bufbuild/protobuf/wkt';

import { SentimentBand, SentimentTrend } from '../gen/aftercall/history/v1/history_pb';
import type { ContactFilter } from '../gen/aftercall/insight/v1/insight_pb';
import { ContactFact, Dimension, RepeatCauseKind } from '../gen/aftercall/insight/v1/measures_pb';
import { Channel, Direction, SignalKind } from '../gen/aftercall/model/v1/interaction_pb';

// Of a search there is nothing in it: no page asks for contacts by one, and a filter asks for what its question did.
export type Instant = Pick<Timestamp, 'seconds' | 'nanos'>;
type Lists = Omit<ContactFilter, '$typeName' | '$unknown' | 'occurredFrom' | 'occurredBefore'>;

// What contacts must fulfil, as an answer has it and as an address does.
export interface Filter extends Partial<Lists> {
  occurredFrom?: Instant | undefined;
  occurredBefore?: Instant | undefined;
}

// What a request is given: fields that ask for nothing are left out of it.
export type Asking = Partial<Lists> & { occurredFrom?: Instant; occurredBefore?: Instant };

// Under which name each list of texts stands in the address.
const TEXTS = {
  agent: 'agentIds', team: 'teamIds', site: 'siteIds', queue: 'queueIds', reason: 'reasonCodes', family: 'reasonFamilies',
  disposition: 'dispositionCodes', language: 'languages', client: 'clientAccountIds', promise: 'repeatCommitmentIds',
  'promise-team': 'repeatTeamIds', root: 'rootCauseCodes', 'driver-segment': 'driverCodes', 'driver-family': 'driverFamilies',
  'ivr-node': 'ivrNodes', 'ivr-path': 'ivrPaths', scorer: 'sentimentScorers', 'each-scorer': 'allSentimentScorers',
} as const;

// The same of texts of which there is one.
const ONE = { words: 'query', 'felt-by': 'sentimentScorer' } as const;

type Values = Record<string | number, string | number>;

// The same for lists of an enum's values, which stand there by their names.
const NAMES = {
  channel: ['channels', Channel], direction: ['directions', Direction], cause: ['repeatCauses', RepeatCauseKind],
  unset: ['unset', Dimension], fact: ['facts', ContactFact],
  felt: ['sentiments', SentimentBand], 'felt-worst': ['worstSentiments', SentimentBand], moved: ['sentimentTrends', SentimentTrend],
  signal: ['signals', SignalKind], 'each-signal': ['allSignals', SignalKind],
} as const;

const NUMBERS = { 'repeat-within': 'repeatWithinDays', 'answer-within': 'answerWithinSeconds' } as const;

export const BEHIND_NAMES: ReadonlySet<string> = new Set([
  ...Object.keys(TEXTS), ...Object.keys(ONE), ...Object.keys(NAMES), ...Object.keys(NUMBERS), 'from', 'before', 'contact', 'sign', 'of',
]);

// Whether an address asks for the contacts behind a number, and of which kind the number is.
export function behindKind(query: URLSearchParams): 'contacts' | 'struggle' | 'ids' | '' {
  const kind = query.get('behind');
  return kind === 'contacts' || kind === 'struggle' || kind === 'ids' ? kind : '';
}

// To the last billionth of a second, so that there are as many.
export function instantText(at: Instant | undefined): string {
  if (at === undefined) return '';
  const { seconds, nanos } = at;
  const rest = nanos === 0 ? '' : `.${String(nanos).padStart(9, '0').replace(/0+$/, '')}`;
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}${rest}Z`;
}

export function instantFrom(text: string): Instant | undefined {
  const found = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?Z$/.exec(text);
  const ms = found ? Date.parse(`${found[1]}Z`) : Number.NaN;
  if (!found || Number.isNaN(ms)) return undefined;
  return { seconds: BigInt(ms / 1000), nanos: Number((found[2] ?? '').padEnd(9, '0')) };
}

// Where the contacts that a filter asks for are shown.
export function behindAt(filter: Filter | undefined): string {
  const query = new URLSearchParams({ behind: 'contacts' });
  const asked: Filter = filter ?? {};
  for (const [name, field] of Object.entries(TEXTS)) for (const one of asked[field] ?? []) query.append(name, one);
  for (const [name, field] of Object.entries(ONE)) {
    const text = asked[field];
    if (text) query.append(name, text);
  }
  for (const [name, [field, values]] of Object.entries(NAMES)) {
    for (const one of asked[field] ?? []) query.append(name, String((values as Values)[one] ?? one));
  }
  for (const [name, field] of Object.entries(NUMBERS)) if (asked[field]) query.append(name, String(asked[field]));
  const [from, before] = [instantText(asked.occurredFrom), instantText(asked.occurredBefore)];
  if (from) query.append('from', from);
  if (before) query.append('before', before);
  return `/search?${query}`;
}

// The filter of such an address. What it can't mean is left out of it.
export function behindOf(query: URLSearchParams): Asking {
  const filter: Asking = {};
  for (const [name, field] of Object.entries(TEXTS)) filter[field] = query.getAll(name).filter(Boolean);
  for (const [name, field] of Object.entries(ONE)) {
    const text = query.get(name);
    if (text) filter[field] = text;
  }
  for (const [name, [field, values]] of Object.entries(NAMES)) {
    const known = query.getAll(name).map((one) => (values as Values)[one]);
    filter[field] = known.filter((one): one is number => typeof one === 'number');
  }
  for (const [name, field] of Object.entries(NUMBERS)) {
    const number = Number(query.get(name));
    if (Number.isInteger(number) && number > 0) filter[field] = number;
  }
  const [from, before] = [instantFrom(query.get('from') ?? ''), instantFrom(query.get('before') ?? '')];
  if (from) filter.occurredFrom = from;
  if (before) filter.occurredBefore = before;
  return filter;
}

export function contactsAt(ids: readonly string[]): string {
  const query = new URLSearchParams({ behind: 'ids' });
  for (const id of new Set(ids)) query.append('contact', id);
  return `/search?${query}`;
}
