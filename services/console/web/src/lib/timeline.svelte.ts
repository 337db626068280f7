// What is known of a customer: what an agent needs first, then everything, page by page.

import type { GetCustomerContextResponse, TimelineEntry } from '../gen/aftercall/history/v1/history_pb';
import { Asked } from './asked.svelte';
import { including, once } from './client';
import { live } from './live.svelte';
import { Paged } from './paged.svelte';
import { history } from './past';

const PAGE_SIZE = 50;

// Whose: by the CRM's key, or by what they are reached under.
export type Whose = { case: 'customerId'; value: string } | { case: 'handle'; value: { value: string } };

export class Story {
  readonly context = new Asked<GetCustomerContextResponse>();
  readonly timeline: Paged<TimelineEntry>;
  #whose: Whose;

  constructor(whose: Whose) {
    this.#whose = whose;
    this.timeline = new Paged(async ({ pageToken, signal }) => {
      const first = pageToken === '' ? told() : {};
      const page = await history.listTimeline({ whose, pageSize: PAGE_SIZE, pageToken, ...first }, once(signal));
      return { items: page.entries, next: page.nextPageToken };
    });
  }

  // Whether nothing was ever recorded, as far as everything was read.
  get isUnknown(): boolean {
    const { data } = this.context;
    return data?.interactions.length === 0 && data.openCommitments.length === 0 && this.timeline.isEmpty;
  }

  // Whether no more than the beginning is shown.
  get isShort(): boolean {
    return this.timeline.items.length <= PAGE_SIZE;
  }

  begin(): void {
    const whose = this.#whose;
    void this.context.ask((options) => history.getCustomerContext({ whose, ...told() }, options));
    void this.timeline.ask();
  }

  // Reads all of it again, as after a change. What is shown stays until there is something newer.
  again(): void {
    void this.context.again();
    void this.timeline.ask();
  }
}

// All that was told of promises is part of what is read.
const told = () => including(live.place('promises'));
