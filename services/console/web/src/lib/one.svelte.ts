// One promise: how it stands, why it is due then, and all that happened to it.

import { type Alert } from '../gen/aftercall/model/v1/alert_pb';
import { type ExplainDueResponse } from '../gen/aftercall/followups/v1/followups_pb';
import { type Commitment, CommitmentClock, type Reschedule } from '../gen/aftercall/model/v1/commitment_pb';
import { promiseOf } from './alarm.svelte';
import { alerts, followups, including, once } from './client';
import { type Failure, failureOf } from './failure';
import { millis } from './time';
import { askedText } from './words.svelte';

const PAGE_SIZE = 500;
// So many alerts of its customer are looked through at most; of a caller whom nobody knows, of everybody.
const ALERTS_MAX = 5_000;

// What happened, in order.
export interface Happening {
  at: number;
  what: 'made' | 'moved' | 'lapsed' | 'attempt' | 'paused' | 'resumed' | 'asked' | 'closed';
  clock?: CommitmentClock;
  who: string;
  // What else there is to say: a due, a reason, a result.
  due?: number;
  words?: string;
  result?: number;
}

export class One {
  readonly id: string;
  promise = $state.raw<Commitment | undefined>();
  explained = $state.raw<ExplainDueResponse | undefined>();
  // Of our own due, where the customer was told another.
  own = $state.raw<ExplainDueResponse | undefined>();
  moves = $state.raw<Reschedule[]>([]);
  alerts = $state.raw<Alert[]>([]);
  // Whether there may be more alerts than were looked through.
  capped = $state(false);
  alertsRead = $state(false);
  failure = $state.raw<Failure | undefined>();
  // What failed beside the promise itself, which is shown all the same.
  besides = $state.raw<Failure | undefined>();
  #reading = false;
  // Whether it is to be read once more, and what that must include.
  #again: string | undefined;

  constructor(id: string) {
    this.id = id;
  }

  // One after the other, so that what was read last is the latest.
  async read(place = ''): Promise<void> {
    this.#again = place;
    if (this.#reading) return;
    this.#reading = true;
    while (this.#again !== undefined) await this.#readOnce(this.#again);
    this.#reading = false;
  }

  async #readOnce(place: string): Promise<void> {
    this.#again = undefined;
    this.failure = undefined;
    this.besides = undefined;
    const commitmentId = this.id;
    try {
      this.promise = (await followups.getCommitment({ commitmentId, ...including(place) }, once())).commitment;
    } catch (thrown) {
      this.failure = failureOf(thrown);
      return;
    }
    try {
      const hasOwn = this.promise?.toldToCustomer && this.promise.target;
      const [explained, own, moves, raised] = await Promise.all([
        followups.explainDue({ commitmentId }, once()),
        hasOwn ? followups.explainDue({ commitmentId, clock: CommitmentClock.INTERNAL }, once()) : undefined,
        followups.listReschedules({ commitmentId, pageSize: 500 }, once()),
        this.#raised(),
      ]);
      this.explained = explained;
      // Whose turn it was is said once.
      this.own = own && { ...own, shares: [] };
      this.moves = moves.reschedules;
      this.alerts = raised;
      this.alertsRead = true;
    } catch (thrown) {
      this.besides = failureOf(thrown);
    }
  }

  // The alerts about it, wherever they are among those of its customer.
  async #raised(): Promise<Alert[]> {
    const found: Alert[] = [];
    const customerId = this.promise?.customerId;
    const kind = this.promise?.kind;
    const filter = { customerIds: customerId ? [customerId] : [], kinds: kind ? [kind] : [] };
    let pageToken = '';
    let looked = 0;
    do {
      const page = await alerts.listAlerts({ filter, pageSize: PAGE_SIZE, pageToken }, once());
      found.push(...page.alerts.filter((alert) => promiseOf(alert)?.commitmentId === this.id));
      pageToken = page.nextPageToken;
      looked += PAGE_SIZE;
    } while (pageToken !== '' && looked < ALERTS_MAX);
    this.capped = pageToken !== '';
    return found;
  }

  take(promise: Commitment): void {
    if (promise.commitmentId !== this.id) return;
    if (this.promise && promise.version <= this.promise.version) return;
    void this.read();
  }

  get happenings(): Happening[] {
    const { promise } = this;
    if (!promise) return [];
    const list: Happening[] = [];
    const add = (at: number | undefined, what: Happening['what'], who: string, more: Partial<Happening> = {}) => {
      if (at !== undefined) list.push({ at, what, who, ...more });
    };
    add(millis(promise.madeAt), 'made', promise.madeByAgentId, { words: promise.promiseText });
    for (const move of this.moves.length > 0 ? this.moves : promise.reschedules) {
      add(millis(move.rescheduledAt), 'moved', move.rescheduledBy, withDue(millis(move.toDue), { clock: move.clock, words: move.reason }));
    }
    for (const lapse of promise.lapses) add(millis(lapse.lapsedAt), 'lapsed', '', { clock: lapse.clock });
    for (const attempt of promise.attempts) add(millis(attempt.attemptedAt), 'attempt', attempt.attemptedBy, { result: attempt.result });
    for (const pause of [...promise.pauses, ...(promise.pause ? [promise.pause] : [])]) {
      add(millis(pause.pausedAt), 'paused', pause.pausedBy, { words: pause.note });
      add(millis(pause.resumedAt), 'resumed', '');
    }
    const { handover } = promise;
    if (handover) add(millis(handover.askedAt), 'asked', handover.askedBy, { words: askedText(handover, promise.timeZone) });
    add(millis(promise.closedAt), 'closed', promise.closedBy, { words: promise.closeNote });
    return list.sort((one, other) => other.at - one.at);
  }
}

function withDue(due: number | undefined, more: Partial<Happening>): Partial<Happening> {
  return due === undefined ? more : { ...more, due };
}
