// What is known of a customer: what an agent needs first, then everything, page by page.

import type {
  GetCustomerContextResponse,
  TimelineEntry,
} from '../gen/aftercall/history/v1/history_pb';
import { including, once } from './client';
import { history } from './past';
import { type Failure, failureOf } from './failure';

const PAGE_SIZE = 50;

// Whose: by the CRM's key, or by what they are reached under.
export type Whose = { case: 'customerId'; value: string } | { case: 'handle'; value: { value: string } };

export class Story {
  readonly whose: Whose;
  context = $state.raw<GetCustomerContextResponse | undefined>();
  entries = $state.raw<TimelineEntry[]>([]);
  complete = $state(false);
  reading = $state(false);
  failure = $state.raw<Failure | undefined>();
  contextFailure = $state.raw<Failure | undefined>();
  #pageToken = '';

  constructor(whose: Whose) {
    this.whose = whose;
  }

  // Whether nothing was ever recorded, as far as everything was read.
  get isUnknown(): boolean {
    const none = this.context?.interactions.length === 0 && this.context.openCommitments.length === 0;
    return none && this.complete && this.entries.length === 0;
  }

  async readContext(): Promise<void> {
    this.contextFailure = undefined;
    try {
      this.context = await history.getCustomerContext({ whose: this.whose, ...including() }, once());
    } catch (thrown) {
      this.contextFailure = failureOf(thrown);
    }
  }

  async more(): Promise<void> {
    if (this.reading || this.complete) return;
    this.reading = true;
    this.failure = undefined;
    try {
      const first = this.#pageToken === '';
      const page = await history.listTimeline(
        { whose: this.whose, pageSize: PAGE_SIZE, pageToken: this.#pageToken, ...(first ? including() : {}) },
        once(),
      );
      this.entries = [...this.entries, ...page.entries];
      this.#pageToken = page.nextPageToken;
      this.complete = this.#pageToken === '';
    } catch (thrown) {
      this.failure = failureOf(thrown);
    } finally {
      this.reading = false;
    }
  }

  // Reads all of it again, as after a change.
  async again(): Promise<void> {
    this.#pageToken = '';
    this.complete = false;
    const before = this.entries;
    this.entries = [];
    await Promise.all([this.readContext(), this.more()]);
    if (this.failure) this.entries = before;
  }
}
