// The promises of the board: read once, then told of as they change.
//
// What is shown keeps its order under the hand: news wait until nobody points at a row.

import type { Commitment } from '../gen/aftercall/model/v1/commitment_pb';
import { followups, including, once } from './client';
import { type BoardFilter, dueOf, fits, inOrder, isOpen, OPEN_LIFECYCLES, ownerKey, teamOf } from './due';
import { type Failure, failureOf } from './failure';
import { live } from './live.svelte';

const PAGE_SIZE = 500;
// The first page is small: it fills what is seen at first, and is there sooner.
const FIRST_PAGE_SIZE = 60;
// More are not read: a board of more is narrowed by a filter.
export const PROMISES_MAX = 10_000;

export interface Count {
  key: string;
  count: number;
}

export class Board {
  // Open promises by their ids, whatever the filter.
  #open = new Map<string, Commitment>();
  // What is shown though it is open no more, until the order is made anew.
  #ended = new Map<string, Commitment>();
  // Those that changed while they were read: what was read of them may be older.
  #versions = new Map<string, bigint>();
  #order: string[] = [];
  #shown: ReadonlySet<string> = new Set();
  #held = false;
  #changed = new Set<string>();
  #announced = false;
  #reading: AbortController | undefined;
  #filter: BoardFilter = { teams: [], owners: [], mine: false, due: '' };
  #me = '';

  // Changes whenever something else is to be shown.
  revision = $state(0);
  loading = $state(true);
  // Whether all there are were read, or as many as are read.
  complete = $state(false);
  capped = $state(false);
  failure = $state.raw<Failure | undefined>();
  readAt = $state(0);
  // How many changes wait to be shown.
  news = $state(0);

  // Reads and listens until what is returned is called.
  start(): () => void {
    const stop = live.on(
      'promises',
      ({ commitment, left }) => {
        if (commitment) this.take(commitment, left);
      },
      () => void this.read(),
    );
    void this.read();
    return () => {
      stop();
      this.#reading?.abort();
    };
  }

  async read(): Promise<void> {
    this.#reading?.abort();
    const reading = new AbortController();
    this.#reading = reading;
    this.loading = this.#open.size === 0;
    this.failure = undefined;
    this.complete = false;
    this.#versions.clear();
    const seen = new Set<string>();
    try {
      let pageToken = '';
      let pageSize = FIRST_PAGE_SIZE;
      do {
        const page = await followups.listCommitments(
          { filter: { lifecycles: OPEN_LIFECYCLES }, pageSize, pageToken, ...(pageToken === '' ? including() : {}) },
          once(reading.signal),
        );
        for (const promise of page.commitments) {
          seen.add(promise.commitmentId);
          if (!this.#versions.has(promise.commitmentId)) this.#open.set(promise.commitmentId, promise);
        }
        pageToken = page.nextPageToken;
        pageSize = PAGE_SIZE;
        this.loading = false;
        this.#arrange();
      } while (pageToken !== '' && seen.size < PROMISES_MAX);
      this.capped = pageToken !== '';
      // What was not read again, and did not change meanwhile, is open no more.
      for (const id of this.#open.keys()) if (!seen.has(id) && !this.#versions.has(id)) this.#open.delete(id);
      this.complete = true;
      this.readAt = Date.now();
      this.#arrange();
    } catch (thrown) {
      if (reading.signal.aborted) return;
      this.failure = failureOf(thrown);
      this.loading = false;
    }
  }

  // A promise as it is now. What is older than what is known is passed over.
  take(promise: Commitment, left: boolean): void {
    const id = promise.commitmentId;
    const known = this.#open.get(id) ?? this.#ended.get(id);
    if (!left && known && promise.version < known.version) return;
    this.#versions.set(id, promise.version);
    const stays = !left && isOpen(promise);
    if (stays) {
      this.#open.set(id, promise);
      this.#ended.delete(id);
    } else {
      this.#open.delete(id);
      // Of one that is not read any more the id alone is told.
      if (known) this.#ended.set(id, left ? known : promise);
    }
    const was = known !== undefined && this.#ended.get(id) === undefined;
    const isMoved = known === undefined || dueOf(known) !== dueOf(promise) || was !== stays;
    if ((stays || known) && isMoved) this.#changed.add(id);
    this.#announce();
  }

  filterBy(filter: BoardFilter, me: string): void {
    this.#filter = filter;
    this.#me = me;
    this.#arrange();
  }

  // While somebody points at a row, rows stay where they are.
  hold(held: boolean): void {
    this.#held = held;
    if (!held && this.#changed.size > 0) this.#arrange();
  }

  // Shows all that is new.
  settle(): void {
    this.#arrange();
  }

  // The ids of what is shown, in order.
  get order(): readonly string[] {
    void this.revision;
    return this.#order;
  }

  get(id: string): Commitment | undefined {
    void this.revision;
    return this.#open.get(id) ?? this.#ended.get(id);
  }

  isEnded(id: string): boolean {
    void this.revision;
    return this.#ended.has(id);
  }

  // How many open promises there are, whatever the filter.
  get size(): number {
    void this.revision;
    return this.#open.size;
  }

  byTeam(): Count[] {
    return this.#counted(teamOf);
  }

  byOwner(): Count[] {
    return this.#counted(ownerKey);
  }

  #counted(keyOf: (promise: Commitment) => string): Count[] {
    void this.revision;
    const counts = new Map<string, number>();
    for (const promise of this.#open.values()) {
      const key = keyOf(promise);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const list = [...counts].map(([key, count]) => ({ key, count }));
    return list.sort((one, other) => other.count - one.count || (one.key < other.key ? -1 : 1));
  }

  // Many changes in a row are shown at once.
  #announce(): void {
    if (this.#announced) return;
    this.#announced = true;
    queueMicrotask(() => {
      this.#announced = false;
      if (!this.#held) this.#arrange();
      else {
        this.news = [...this.#changed].filter((id) => this.#isNews(id)).length;
        this.revision += 1;
      }
    });
  }

  #isNews(id: string): boolean {
    const promise = this.#open.get(id);
    const isShown = this.#shown.has(id);
    return promise ? isShown || fits(promise, this.#filter, this.#me) : isShown;
  }

  #arrange(): void {
    this.#ended.clear();
    this.#changed.clear();
    const fitting = [...this.#open.values()].filter((promise) => fits(promise, this.#filter, this.#me));
    this.#order = inOrder(fitting);
    this.#shown = new Set(this.#order);
    this.news = 0;
    this.revision += 1;
  }
}
