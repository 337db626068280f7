// Contacts one by one, as the filter behind a number gives them: counted by who counted the number.

import { ContactFact, type Measures } from '../gen/aftercall/insight/v1/measures_pb';
import type { StruggleCounts } from '../gen/aftercall/knowledge/v1/search_pb';
import type { Interaction } from '../gen/aftercall/model/v1/interaction_pb';
import { behindKind, behindOf } from './behind';
import { including, once } from './client';
import { type Failure, failureOf } from './failure';
import { insight } from './measuring';
import { history } from './past';
import { struggleOf, struggles } from './struggling';
import { timestamp } from './time';

const PAGE_SIZE = 50;

// A page of what is behind a number: contacts by their ids, and how many there are on all pages.
interface Page {
  ids: string[];
  // Those of the page that are searches, and no contacts.
  searches: number;
  total: bigint | undefined;
  next: string;
}

type Options = ReturnType<typeof once>;

export class Contacts {
  list = $state.raw<Interaction[]>([]);
  // How many there are; of a struggle, contacts and searches together.
  total = $state.raw<bigint | undefined>();
  searches = $state(0);
  // How many of those that were read so far can't be shown, since they are somebody else's to see by now.
  missing = $state(0);
  measures = $state.raw<Measures | undefined>();
  counts = $state.raw<StruggleCounts | undefined>();
  complete = $state(false);
  reading = $state(false);
  failure = $state.raw<Failure | undefined>();
  readAt = $state(0);
  #query = new URLSearchParams();
  #pageToken = '';
  #asking: AbortController | undefined;

  async ask(query: URLSearchParams): Promise<void> {
    this.#asking?.abort();
    this.#asking = new AbortController();
    this.#query = query;
    this.#pageToken = '';
    this.list = [];
    this.total = undefined;
    this.searches = 0;
    this.missing = 0;
    this.measures = undefined;
    this.counts = undefined;
    this.complete = false;
    this.reading = false;
    await this.more();
  }

  async more(): Promise<void> {
    const { signal } = this.#asking ?? {};
    if (this.reading || this.complete || !signal) return;
    this.reading = true;
    this.failure = undefined;
    try {
      const options = once(signal);
      const first = this.#pageToken === '';
      const page = await this.#page(options);
      const found = await contactsOf(page.ids, options);
      if (signal.aborted) return;
      if (first) await this.#measure(options);
      if (signal.aborted) return;
      this.list = [...this.list, ...found];
      this.searches += page.searches;
      this.missing += page.ids.length - found.length;
      this.total = page.total ?? this.total;
      this.#pageToken = page.next;
      this.complete = page.next === '';
      this.readAt = Date.now();
    } catch (thrown) {
      if (signal.aborted) return;
      this.failure = failureOf(thrown);
    }
    this.reading = false;
  }

  async #page(options: Options): Promise<Page> {
    const query = this.#query;
    const asked = { pageSize: PAGE_SIZE, pageToken: this.#pageToken, ...(this.#pageToken === '' ? including() : {}) };
    const kind = behindKind(query);
    if (kind === 'ids') {
      const ids = [...new Set(query.getAll('contact'))];
      return { ids, searches: 0, total: BigInt(ids.length), next: '' };
    }
    if (kind === 'struggle') {
      const { reason, team, from, before, sign } = struggleOf(query);
      const [since, until] = [timestamp(Date.parse(from)), timestamp(Date.parse(before))];
      const which = { reasonCode: reason, teamId: team, sign, from: since, before: until };
      const page = await struggles.listStruggleEvidence({ ...which, ...asked }, options);
      this.counts = page.counts ?? this.counts;
      const ids = page.evidence.map(({ interactionId }) => interactionId).filter(Boolean);
      return { ids, searches: page.evidence.length - ids.length, total: page.totalSize, next: page.nextPageToken };
    }
    const page = await insight.listContacts({ filter: behindOf(query), ...asked }, options);
    const ids = page.contacts.map(({ interactionId }) => interactionId);
    return { ids, searches: 0, total: page.totalSize, next: page.nextPageToken };
  }

  // How many promises those contacts have, where the number is one of promises.
  async #measure(options: Options): Promise<void> {
    const filter = behindOf(this.#query);
    const isOfPromises = (filter.facts ?? []).some((fact) => fact >= ContactFact.PROMISED && fact <= ContactFact.PROMISE_MOVED_ALONE);
    if (behindKind(this.#query) !== 'contacts' || !isOfPromises) return;
    const { total } = await insight.aggregate({ filter, ...including() }, options);
    this.measures = total;
  }
}

// The contacts of so many ids, in their order. What did not fit into one answer is asked for again.
async function contactsOf(ids: readonly string[], options: Options): Promise<Interaction[]> {
  const found = new Map<string, Interaction>();
  let left: readonly string[] = ids;
  while (left.length > 0) {
    const names = left.slice(0, 100).map((value) => ({ which: { case: 'interactionId' as const, value } }));
    const answer = await history.batchGetInteractions({ names }, options);
    for (const one of answer.interactions) found.set(one.interactionId, one);
    const again = answer.leftOut.map(({ which }) => (which.case === 'interactionId' ? which.value : '')).filter(Boolean);
    // An answer that has nothing at all would be asked for for ever.
    if (again.length >= names.length) break;
    left = [...again, ...left.slice(100)];
  }
  return ids.flatMap((id) => found.get(id) ?? []);
}
