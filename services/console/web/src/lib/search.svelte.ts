// Contacts by words and facets. What is asked for stands in the address, and nowhere else.

import type { MessageInitShape } from '@bufbuild/protobuf';

import {
  Facet,
  type FacetCounts,
  type InteractionFilterSchema,
  SearchOrder,
  type SearchResult,
  SentimentBand,
} from '../gen/aftercall/history/v1/history_pb';
import { Channel, Direction, type Interaction } from '../gen/aftercall/model/v1/interaction_pb';
import { including, once } from './client';
import { history } from './past';
import { csv } from './csv';
import { type Failure, failureOf } from './failure';
import { fromField, isZone, millis, timestamp } from './time';
import { zone } from './words.svelte';

// The facets by their names in the address, in the order in which they are shown.
export const FACETS = {
  reason: Facet.REASON,
  team: Facet.TEAM,
  agent: Facet.AGENT,
  disposition: Facet.DISPOSITION,
  channel: Facet.CHANNEL,
  direction: Facet.DIRECTION,
  sentiment: Facet.SENTIMENT,
  label: Facet.LABEL,
} as const;

export type FacetName = keyof typeof FACETS;
export const FACET_NAMES = Object.keys(FACETS) as FacetName[];

const PAGE_SIZE = 50;
const EXPORT_PAGE_SIZE = 200;
// What a file holds at most.
export const EXPORTED_MAX = 10_000;

// The value of an enum by the name that the server gives it, such as `CHANNEL_VOICE`.
function byName<T extends number>(values: Record<string, string | T>, prefix: string, name: string): T[] {
  const value = values[name.replace(prefix, '')];
  return typeof value === 'number' ? [value] : [];
}

// In which zone the dates of an address are meant: whoever follows it finds the same.
export function zoneOf(query: URLSearchParams): string {
  const said = query.get('zone') ?? '';
  return isZone(said) ? said : zone();
}

export function filterOf(query: URLSearchParams): MessageInitShape<typeof InteractionFilterSchema> {
  const all = (name: string) => query.getAll(name);
  const at = (name: string) => {
    const ms = fromField(`${query.get(name) ?? ''}T00:00`, zoneOf(query));
    return ms === undefined ? undefined : timestamp(ms);
  };
  const [from, before] = [at('from'), at('before')];
  return {
    reasonCodes: all('reason'),
    teamIds: all('team'),
    agentIds: all('agent'),
    dispositionCodes: all('disposition'),
    channels: all('channel').flatMap((name) => byName<Channel>(Channel, 'CHANNEL_', name)),
    directions: all('direction').flatMap((name) => byName<Direction>(Direction, 'DIRECTION_', name)),
    sentiments: all('sentiment').flatMap((name) => byName<SentimentBand>(SentimentBand, 'SENTIMENT_BAND_', name)),
    labels: all('label'),
    customerIds: all('customer'),
    ...(query.has('open') ? { openPromise: true } : {}),
    ...(from ? { occurredFrom: from } : {}),
    ...(before ? { occurredBefore: before } : {}),
  };
}

function requestOf(query: URLSearchParams) {
  const orders: Record<string, SearchOrder> = { newest: SearchOrder.TIME_DESC, oldest: SearchOrder.TIME_ASC };
  return {
    query: query.get('q') ?? '',
    filter: filterOf(query),
    order: orders[query.get('order') ?? ''] ?? SearchOrder.UNSPECIFIED,
  };
}

// What narrows a search: the words, and each filter with its value.
export interface Narrowing {
  name: string;
  value: string;
}

export function narrowings(query: URLSearchParams): Narrowing[] {
  return [...query].filter(([name, value]) => name !== 'order' && name !== 'zone' && value !== '').map(([name, value]) => ({ name, value }));
}

export function without(query: URLSearchParams, { name, value }: Narrowing): URLSearchParams {
  const rest = [...query].filter(([one, its]) => one !== name || its !== value);
  return new URLSearchParams(rest);
}

export class Search {
  results = $state.raw<SearchResult[]>([]);
  facets = $state.raw<FacetCounts[]>([]);
  total = $state(0n);
  complete = $state(false);
  reading = $state(false);
  failure = $state.raw<Failure | undefined>();
  // How many there would be without each narrowing, where there are none with all of them.
  relaxed = $state.raw<{ narrowing: Narrowing; total: bigint }[]>([]);
  exported = $state<number | undefined>();
  #query = new URLSearchParams();
  #pageToken = '';
  #asking: AbortController | undefined;

  async ask(query: URLSearchParams): Promise<void> {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    this.#query = query;
    this.#pageToken = '';
    this.relaxed = [];
    this.complete = false;
    await this.#read(asking.signal, true);
    if (!asking.signal.aborted && !this.failure && this.total === 0n) await this.#relax(asking.signal);
  }

  async more(): Promise<void> {
    if (this.reading || this.complete || !this.#asking) return;
    await this.#read(this.#asking.signal, false);
  }

  async #read(signal: AbortSignal, first: boolean): Promise<void> {
    this.reading = true;
    this.failure = undefined;
    try {
      const facets = Object.values(FACETS);
      const request = { ...requestOf(this.#query), facets, pageSize: PAGE_SIZE, pageToken: this.#pageToken };
      const page = await history.searchInteractions({ ...request, ...(first ? including() : {}) }, once(signal));
      this.results = first ? page.results : [...this.results, ...page.results];
      this.facets = page.facets;
      this.total = page.totalSize;
      this.#pageToken = page.nextPageToken;
      this.complete = this.#pageToken === '';
    } catch (thrown) {
      if (signal.aborted) return;
      if (first) this.results = [];
      this.failure = failureOf(thrown);
    }
    this.reading = false;
  }

  // Which of the narrowings excludes everything.
  async #relax(signal: AbortSignal): Promise<void> {
    const asked = narrowings(this.#query);
    if (asked.length < 2) return;
    const counts = await Promise.all(
      asked.slice(0, 8).map(async (narrowing) => {
        const request = requestOf(without(this.#query, narrowing));
        const page = await history.searchInteractions({ ...request, pageSize: 1 }, once(signal));
        return { narrowing, total: page.totalSize };
      }),
    ).catch(() => []);
    if (!signal.aborted) this.relaxed = counts.filter(({ total }) => total > 0n);
  }

  // All that is found, as a file. Gives it whole, or nothing and a failure.
  async export(): Promise<Blob | undefined> {
    if (this.exported !== undefined) return undefined;
    this.exported = 0;
    this.failure = undefined;
    const lines = [csv(COLUMNS)];
    try {
      let pageToken = '';
      do {
        const request = { ...requestOf(this.#query), pageSize: EXPORT_PAGE_SIZE, pageToken };
        const page = await history.searchInteractions(request, once());
        for (const { interaction } of page.results) {
          if (interaction && lines.length <= EXPORTED_MAX) lines.push(csv(row(interaction)));
        }
        pageToken = page.nextPageToken;
        this.exported = lines.length - 1;
      } while (pageToken !== '' && lines.length <= EXPORTED_MAX);
      return new Blob(['\ufeff', lines.join('\r\n'), '\r\n'], { type: 'text/csv;charset=utf-8' });
    } catch (thrown) {
      this.failure = failureOf(thrown);
      return undefined;
    } finally {
      this.exported = undefined;
    }
  }
}

const COLUMNS = [
  'interaction_id', 'occurred_at', 'customer_id', 'channel', 'direction', 'agent_id', 'team_id', 'reason', 'disposition',
  'sentiment_end', 'summary',
];

function row(contact: Interaction): string[] {
  const at = millis(contact.occurredAt);
  return [
    contact.interactionId,
    at === undefined ? '' : new Date(at).toISOString(),
    contact.customer?.customerId ?? '',
    Channel[contact.channel] ?? '',
    Direction[contact.direction] ?? '',
    contact.agentId,
    contact.teamId,
    contact.contactReasons.find((reason) => reason.primary)?.code ?? '',
    contact.disposition?.code ?? '',
    contact.sentiment?.end === undefined ? '' : String(contact.sentiment.end),
    contact.handling?.summary ?? '',
  ];
}
