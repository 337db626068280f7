// Webhooks, how far each is, and what was sent to one of them.

import { Code } from '@connectrpc/connect';

import { type Webhook, type WebhookDelivery, WebhookDeliveryState } from '../../gen/aftercall/model/v1/webhook_pb';
import type { GetWebhookResponse, TestWebhookResponse } from '../../gen/aftercall/notify/v1/webhooks_pb';
import { Asked } from '../asked.svelte';
import { including, once } from '../client';
import { allOf, Paged } from '../paged.svelte';
import { webhooks } from './services';
import { Write } from '../write.svelte';

export const CREATING = 'notify.v1.WebhookService/CreateWebhook';
export const ROTATING = 'notify.v1.WebhookService/RotateWebhookKey';
const PAGE_SIZE = 500;
const DELIVERIES_PAGE_SIZE = 50;

export async function allWebhooks(options: ReturnType<typeof once>): Promise<Webhook[]> {
  const { items } = await allOf(async (at) => {
    const page = await webhooks.listWebhooks({ ...at, pageSize: PAGE_SIZE }, options);
    return { items: page.webhooks, next: page.nextPageToken };
  });
  return items;
}

function deliveries(webhookId: string, state: WebhookDeliveryState): Paged<WebhookDelivery> {
  return new Paged(async ({ signal, ...at }) => {
    const page = await webhooks.listWebhookDeliveries({ ...at, webhookId, state, pageSize: DELIVERIES_PAGE_SIZE }, once(signal));
    return { items: page.deliveries, next: page.nextPageToken };
  });
}

export class Hook {
  readonly id: string;
  readonly standing = new Asked<GetWebhookResponse>();
  readonly write = new Write();
  state: WebhookDeliveryState = $state(WebhookDeliveryState.UNSPECIFIED);
  // Those of that state.
  deliveries: Paged<WebhookDelivery>;
  tested = $state.raw<TestWebhookResponse | undefined>();
  // How many are sent again.
  replayed = $state<number | undefined>();
  // What somebody else made of it meanwhile.
  conflict = $state.raw<Webhook | undefined>();

  constructor(id: string) {
    this.id = id;
    this.deliveries = $state.raw(deliveries(id, this.state));
  }

  async read(): Promise<void> {
    const request = { webhookId: this.id, ...including() };
    await this.standing.ask((options) => webhooks.getWebhook(request, options));
  }

  async list(state: WebhookDeliveryState): Promise<void> {
    this.deliveries.stop();
    this.state = state;
    this.deliveries = deliveries(this.id, state);
    await this.deliveries.ask();
  }

  // Takes it out of use, or into use again. Gives how it is then.
  async use(webhook: Webhook, disabled: boolean, catchUp: boolean): Promise<Webhook | undefined> {
    this.conflict = undefined;
    const { displayName, url, eventTypes, personalAllowed, format, version } = webhook;
    const wanted = { displayName, url, eventTypes, personalAllowed, format, disabled };
    const asked = { webhookId: this.id, webhook: wanted, expectedVersion: version, catchUp };
    const answer = await this.write.send(asked, (requestId) => webhooks.updateWebhook({ requestId, ...asked }, once()));
    if (!answer) await this.#look();
    return answer?.webhook;
  }

  // Another version than was built on.
  async #look(): Promise<void> {
    if (this.write.failure?.code !== Code.Aborted) return;
    try {
      this.conflict = (await webhooks.getWebhook({ webhookId: this.id, latest: true }, once())).webhook;
    } catch {
      // The failure that is shown already says enough.
    }
  }

  async test(): Promise<void> {
    this.tested = undefined;
    const webhookId = this.id;
    const answer = await this.write.send(['test', webhookId], async () => ({
      tested: await webhooks.testWebhook({ webhookId, ...including() }, once()),
    }));
    this.tested = answer?.tested;
  }

  // Delivers one again, or all that are dead.
  async replay(sequence?: bigint): Promise<void> {
    this.replayed = undefined;
    const webhookId = this.id;
    const one = sequence === undefined ? {} : { firstSequence: sequence, lastSequence: sequence };
    let [replayed, next] = [0, 0n];
    do {
      const asked = { webhookId, deadOnly: sequence === undefined, ...one, ...(next > 0n ? { firstSequence: next } : {}) };
      const answer = await this.write.send(asked, (requestId) => webhooks.replayWebhook({ requestId, ...asked }, once()));
      if (!answer) return;
      replayed += answer.replayed;
      next = sequence === undefined ? answer.nextSequence : 0n;
    } while (next > 0n);
    this.replayed = replayed;
    await Promise.all([this.read(), this.list(this.state)]);
  }
}
