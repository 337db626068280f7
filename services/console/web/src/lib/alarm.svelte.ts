// The alerts that are open: read once, then told of as they change.

import { type Alert, AlertState, type PromiseSubject } from '../gen/aftercall/model/v1/alert_pb';
import { alerts, including, once } from './client';
import { type Failure, failureOf, mayBeOver } from './failure';
import { live } from './live.svelte';
import { millis } from './time';

const PAGE_SIZE = 500;
const ALERTS_MAX = 2_000;

const OPEN = [AlertState.PENDING, AlertState.TRIGGERED, AlertState.ACKNOWLEDGED, AlertState.SNOOZED];

// The promise that an alert is about; none of one about a contact or a customer.
export function promiseOf(alert: Alert | undefined): PromiseSubject | undefined {
  return alert?.subject.case === 'promise' ? alert.subject.value : undefined;
}

// Whether nobody has seen to it yet.
export function isUntaken(alert: Alert): boolean {
  return alert.state === AlertState.TRIGGERED || alert.state === AlertState.PENDING;
}

// Whether nothing is to be done about it any more.
export function isOver(alert: Alert): boolean {
  return !OPEN.includes(alert.state);
}

export class Alarm {
  #open = new Map<string, Alert>();
  // The ids in their order, while somebody is at the list: nothing moves under the hand.
  #kept: string[] | undefined;
  // What is shown though it is over, until the order is made anew.
  #over = new Map<string, Alert>();
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
        if (mayBeOver(this.failure)) void this.read();
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
      // What was not read again is over; how, nobody said.
      if (!this.capped) for (const [id, alert] of this.#open) if (!read.has(id)) this.#end({ ...alert, state: AlertState.RESOLVED });
      this.#open = read;
      // What comes first is shown, whoever points at it already.
      if (this.loading) this.settle();
    } catch (thrown) {
      if (reading.signal.aborted) return;
      this.failure = failureOf(thrown);
    }
    this.loading = false;
    this.revision += 1;
  }

  take(alert: Alert): void {
    this.#told.add(alert.alertId);
    if (isOver(alert)) this.#end(alert);
    else this.#open.set(alert.alertId, alert);
    this.revision += 1;
  }

  // While somebody is at the list, alerts stay where they are.
  hold(held: boolean): void {
    this.#over.clear();
    this.#kept = held ? this.#inOrder().map(({ alertId }) => alertId) : undefined;
    this.revision += 1;
  }

  // Shows all that is new.
  settle(): void {
    this.hold(this.#kept !== undefined);
  }

  // What nobody has seen to first, then the gravest, then what waits longest; in the order that is held, if one is.
  list(): Alert[] {
    void this.revision;
    return this.#kept?.flatMap((id) => this.#open.get(id) ?? this.#over.get(id) ?? []) ?? this.#inOrder();
  }

  // What came since the order is held.
  waiting(): Alert[] {
    void this.revision;
    if (!this.#kept) return [];
    const kept = new Set(this.#kept);
    return [...this.#open.values()].filter(({ alertId }) => !kept.has(alertId));
  }

  #end(alert: Alert): void {
    if (this.#open.delete(alert.alertId) && this.#kept) this.#over.set(alert.alertId, alert);
  }

  #inOrder(): Alert[] {
    const handled = (alert: Alert) => (isUntaken(alert) ? 0 : 1);
    return [...this.#open.values()].sort(
      (one, other) =>
        handled(one) - handled(other) ||
        other.severity - one.severity ||
        (millis(one.firstFiredAt) ?? 0) - (millis(other.firstFiredAt) ?? 0),
    );
  }
}
