// The promises of the board: read once, then told of as they change.
//
// What is shown keeps its order under the hand: news wait until nobody points at a row.

import type { Commitment } from '../gen/aftercall/model/v1/commitment_pb';
import { followups, including, once } from './client';
import {
  type BoardFilter, type Bounds, dueOf, fits, inOrder, isOpen, isWithin, OPEN_LIFECYCLES, ownerKey, sectionOf, teamOf,
} from './due';
import { type Failure, failureOf, mayBeOver } from './failure';
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
  #held = false;
  #changed = new Set<string>();
  #announced = false;
  #reading: AbortController | undefined;
  // Whether all is to be read again once the first page is there.
  #again = false;
  // Between which instants sections are by now.
  #now: Bounds = { now: 0, hour: 0, today: 0 };
  #filter: BoardFilter = { teams: [], owners: [], mine: false, due: '' };
  #me = '';

  // The ids of what is shown, in order, with the dues by which they were put in order.
  dues = $state.raw<ReadonlyMap<string, number>>(new Map());
  // Between which instants the sections are that are shown.
  bounds = $state.raw(this.#now);
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
        if (mayBeOver(this.failure)) void this.read();
      },
      () => {
        // What comes first is shown first.
        if (this.loading) this.#again = true;
        else void this.read();
      },
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
    this.#again = false;
    this.#versions.clear();
    const seen = new Set<string>();
    // What is read for the first time comes in order, below what is there.
    const keeps = () => this.#held && this.readAt > 0;
    try {
      let pageToken = '';
      let pageSize = FIRST_PAGE_SIZE;
      do {
        const page = await followups.listCommitments(
          { filter: { lifecycles: OPEN_LIFECYCLES }, pageSize, pageToken, ...(pageToken === '' ? including(live.place('promises')) : {}) },
          once(reading.signal),
        );
        for (const promise of page.commitments) {
          seen.add(promise.commitmentId);
          if (this.#versions.has(promise.commitmentId)) continue;
          if (keeps()) this.take(promise, false);
          else this.#open.set(promise.commitmentId, promise);
        }
        pageToken = page.nextPageToken;
        pageSize = PAGE_SIZE;
        this.loading = false;
        if (!keeps()) this.#arrange();
        if (this.#again) return void this.read();
      } while (pageToken !== '' && seen.size < PROMISES_MAX);
      this.capped = pageToken !== '';
      // What was not read again, and did not change meanwhile, is open no more.
      for (const [id, promise] of this.#open) {
        if (seen.has(id) || this.#versions.has(id)) continue;
        if (keeps()) this.take(promise, true);
        else this.#open.delete(id);
      }
      if (!keeps()) this.#arrange();
      this.complete = true;
      this.readAt = Date.now();
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
    if (!held && (this.#changed.size > 0 || this.bounds !== this.#now)) this.#arrange();
  }

  // Time passes, and sections begin elsewhere.
  pass(bounds: Bounds): void {
    this.#now = bounds;
    if (this.#held) this.#count();
    else this.bounds = bounds;
  }

  // Shows all that is new.
  settle(): void {
    this.#arrange();
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
      if (this.#held) this.#count();
      else this.#arrange();
    });
  }

  // Counts what would be elsewhere if it were put in order now.
  #count(): void {
    let news = 0;
    for (const id of this.#changed) if (this.#isNews(id)) news += 1;
    if (this.bounds !== this.#now) for (const [id, due] of this.dues) if (!this.#changed.has(id) && this.#hasPassed(due)) news += 1;
    this.news = news;
    this.revision += 1;
  }

  #isNews(id: string): boolean {
    const promise = this.#open.get(id);
    const isShown = this.dues.has(id);
    return promise ? isShown || fits(promise, this.#filter, this.#me) : isShown;
  }

  // Whether a due is in another section by now, of which one is shown.
  #hasPassed(due: number): boolean {
    const isShown = [this.bounds, this.#now].some((bounds) => isWithin(due, this.#filter, bounds));
    return isShown && sectionOf(due, this.bounds) !== sectionOf(due, this.#now);
  }

  #arrange(): void {
    this.#ended.clear();
    this.#changed.clear();
    const fitting = [...this.#open.values()].filter((promise) => fits(promise, this.#filter, this.#me));
    this.dues = inOrder(fitting);
    this.bounds = this.#now;
    this.news = 0;
    this.revision += 1;
  }
}
