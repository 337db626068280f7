// A list that the server gives page by page.

import { including } from './client';
import { type Failure, failureOf } from './failure';

export interface Page<T> {
  items: T[];
  next: string;
  total?: bigint | undefined;
  // Whether there may be more than `total`.
  isLeast?: boolean;
}

export interface At {
  pageToken: string;
  signal: AbortSignal;
  // The position that a first page must include.
  minPosition?: string;
}

// All pages of a list, up to so many items, for lists that are short.
export async function allOf<T>(read: (at: Omit<At, 'signal'>) => Promise<Page<T>>, most = Infinity): Promise<{ items: T[]; isCut: boolean }> {
  const items: T[] = [];
  let pageToken = '';
  do {
    const page = await read({ pageToken, ...(pageToken === '' ? including() : {}) });
    items.push(...page.items);
    pageToken = page.next;
  } while (pageToken !== '' && items.length < most);
  return { items, isCut: pageToken !== '' };
}

// A page may be empty though others follow: so many are read in a row until there is something to show.
const EMPTY_PAGES_MAX = 20;

export class Paged<T> {
  items = $state.raw<T[]>([]);
  total = $state.raw<bigint | undefined>();
  isLeast = $state(false);
  // Whether anything was answered yet.
  known = $state(false);
  complete = $state(false);
  reading = $state(false);
  failure = $state.raw<Failure | undefined>();
  // When the first page was read.
  readAt = $state(0);
  #read: (at: At) => Promise<Page<T>>;
  #pageToken = '';
  #asking: AbortController | undefined;

  constructor(read: (at: At) => Promise<Page<T>>) {
    this.#read = read;
  }

  get isEmpty(): boolean {
    return this.known && this.complete && this.items.length === 0;
  }

  // Reads it from its beginning. What was shown before stays until the answer is there.
  async ask(): Promise<void> {
    this.#asking?.abort();
    this.#asking = new AbortController();
    this.#pageToken = '';
    await this.#page(this.#asking.signal, true);
  }

  async more(): Promise<void> {
    if (this.reading || this.complete || !this.known || !this.#asking) return;
    await this.#page(this.#asking.signal, false);
  }

  stop(): void {
    this.#asking?.abort();
  }

  // Tries again what failed: the next page, or all of it.
  async again(): Promise<void> {
    await (this.known && this.#pageToken !== '' ? this.more() : this.ask());
  }

  // Puts what the server answered in the place of what it was; nothing, where it is in this list no more.
  replace(is: (item: T) => boolean, by?: T): void {
    const before = this.items.length;
    this.items = this.items.flatMap((item) => (is(item) ? (by === undefined ? [] : [by]) : [item]));
    if (this.total !== undefined) this.total -= BigInt(before - this.items.length);
  }

  async #page(signal: AbortSignal, first: boolean): Promise<void> {
    this.reading = true;
    this.failure = undefined;
    try {
      let page: Page<T>;
      let gathered: T[] = [];
      let pages = 0;
      do {
        page = await this.#read({ pageToken: this.#pageToken, signal, ...(first && pages === 0 ? including() : {}) });
        if (signal.aborted) return;
        this.#pageToken = page.next;
        gathered = [...gathered, ...page.items];
        if (first && pages === 0) {
          this.total = page.total;
          this.isLeast = page.isLeast ?? false;
        }
        pages += 1;
      } while (gathered.length === 0 && this.#pageToken !== '' && pages < EMPTY_PAGES_MAX);
      this.items = first ? gathered : [...this.items, ...gathered];
      this.complete = this.#pageToken === '';
      this.known = true;
      if (first) this.readAt = Date.now();
    } catch (thrown) {
      if (signal.aborted) return;
      this.failure = failureOf(thrown);
      if (first && !this.known) this.items = [];
    }
    this.reading = false;
  }
}
