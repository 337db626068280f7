// The alerts that are open: read once, then told of as they change.

import { type Alert, AlertState, type PromiseSubject } from '../gen/aftercall/model/v1/alert_pb';
import { alerts, including, once } from './client';
import { type Failure, failureOf } from './failure';
import { live } from './live.svelte';
import { millis } from './time';

const PAGE_SIZE = 500;
const ALERTS_MAX = 2_000;

const OPEN = [AlertState.TRIGGERED, AlertState.ACKNOWLEDGED, AlertState.SNOOZED];

// The promise that an alert is about; none of one about a contact or a customer.
export function promiseOf(alert: Alert | undefined): PromiseSubject | undefined {
  return alert?.subject.case === 'promise' ? alert.subject.value : undefined;
}

export class Alarm {
  #open = new Map<string, Alert>();
  #told = new Set<string>();
  #reading: AbortController | undefined;
  #customerId: string;

  revision = $state(0);
  loading = $state(true);
  capped = $state(false);
  failure = $state.raw<Failure | undefined>();

  // Of one customer, or of all.
  constructor(customerId = '') {
    this.#customerId = customerId;
  }

  start(): () => void {
    const stop = live.on(
      'alerts',
      ({ alert }) => {
        if (alert && (this.#customerId === '' || alert.customerId === this.#customerId)) this.take(alert);
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
    this.failure = undefined;
    this.#told.clear();
    const read = new Map<string, Alert>();
    try {
      let pageToken = '';
      do {
        const customerIds = this.#customerId === '' ? [] : [this.#customerId];
        const page = await alerts.listAlerts(
          { filter: { states: OPEN, customerIds }, pageSize: PAGE_SIZE, pageToken, ...(pageToken === '' ? including(live.place('alerts')) : {}) },
          once(reading.signal),
        );
        for (const alert of page.alerts) read.set(alert.alertId, alert);
        pageToken = page.nextPageToken;
      } while (pageToken !== '' && read.size < ALERTS_MAX);
      this.capped = pageToken !== '';
      for (const id of this.#told) {
        const newer = this.#open.get(id);
        if (newer) read.set(id, newer);
        else read.delete(id);
      }
      this.#open = read;
    } catch (thrown) {
      if (reading.signal.aborted) return;
      this.failure = failureOf(thrown);
    }
    this.loading = false;
    this.revision += 1;
  }

  take(alert: Alert): void {
    this.#told.add(alert.alertId);
    if (OPEN.includes(alert.state)) this.#open.set(alert.alertId, alert);
    else this.#open.delete(alert.alertId);
    this.revision += 1;
  }

  // What nobody has seen to first, then the gravest, then what waits longest.
  list(): Alert[] {
    void this.revision;
    const handled = (alert: Alert) => (alert.state === AlertState.TRIGGERED ? 0 : 1);
    return [...this.#open.values()].sort(
      (one, other) =>
        handled(one) - handled(other) ||
        other.severity - one.severity ||
        (millis(one.firstFiredAt) ?? 0) - (millis(other.firstFiredAt) ?? 0),
    );
  }
}
