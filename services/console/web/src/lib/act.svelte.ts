// What is done with promises and alerts: asked for in a dialog, sent under one name, shown once the server has said yes.

import type { Message } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';

import type { Alert } from '../gen/aftercall/model/v1/alert_pb';
import type { Commitment } from '../gen/aftercall/model/v1/commitment_pb';
import { alerts, followups, once, wrote } from './client';
import { type Failure, failureOf } from './failure';
import { timestamp } from './time';
import { hinderedBy, RequestName } from './write.svelte';

export type PromiseVerb = 'fulfil' | 'reschedule' | 'reassign' | 'cancel' | 'accept' | 'decline' | 'withdraw';
export type AlertVerb = 'acknowledge' | 'snooze' | 'close';
export type Verb = PromiseVerb | AlertVerb;

// How many promises one request takes.
const BATCH_MAX = 100;

const METHODS: Record<Verb, string> = {
  fulfil: 'followups.v1.FollowupService/FulfilCommitment',
  reschedule: 'followups.v1.FollowupService/RescheduleCommitment',
  reassign: 'followups.v1.FollowupService/ReassignCommitment',
  cancel: 'followups.v1.FollowupService/CancelCommitment',
  accept: 'followups.v1.FollowupService/AcceptHandover',
  // One method: it is declined by whoever was asked, and taken back by others.
  decline: 'followups.v1.FollowupService/EndHandover',
  withdraw: 'followups.v1.FollowupService/EndHandover',
  acknowledge: 'alerts.v1.AlertService/AcknowledgeAlert',
  snooze: 'alerts.v1.AlertService/SnoozeAlert',
  close: 'alerts.v1.AlertService/CloseAlert',
};

// Why something can't be done now; empty if it can.
export function hindrance(verb: Verb): string {
  return hinderedBy(METHODS[verb]);
}

// What the dialog's fields say.
export interface Fields {
  note: string;
  evidence: string;
  // An instant, in milliseconds.
  at: number | undefined;
  reason: string;
  informed: string;
  agent: string;
  queue: string;
  team: string;
  atOnce: boolean;
}

export interface Refused {
  id: string;
  message: string;
}

export class Act {
  readonly verb: Verb;
  readonly promises: Commitment[];
  readonly alert: Alert | undefined;
  fields: Fields = $state({
    note: '', evidence: '', at: undefined, reason: '', informed: '', agent: '', queue: '', team: '', atOnce: false,
  });
  doing = $state(false);
  failure = $state.raw<Failure | undefined>();
  // What somebody else made of the one promise meanwhile.
  conflict = $state.raw<Commitment | undefined>();
  refused = $state.raw<Refused[]>([]);
  // One name for what is asked for: sent twice, it is done once. Other words are another request.
  #name = new RequestName();
  #version: bigint;
  #batched = new Map<string, string>();

  constructor(verb: Verb, promises: Commitment[], alert?: Alert) {
    this.verb = verb;
    this.promises = promises;
    this.alert = alert;
    this.#version = promises[0]?.version ?? 0n;
  }

  // Whether all that is needed is there.
  get isWhole(): boolean {
    const { at, reason, agent, queue } = this.fields;
    switch (this.verb) {
      case 'fulfil':
      case 'acknowledge':
      case 'accept':
      case 'decline':
      case 'withdraw':
        return true;
      case 'reschedule':
        return at !== undefined && reason.trim() !== '';
      case 'snooze':
        return at !== undefined;
      case 'reassign':
        return (agent.trim() === '') !== (queue.trim() === '');
      case 'cancel':
      case 'close':
        return reason.trim() !== '';
    }
  }

  // Takes the promise as it is now for what is built on.
  goOnFrom(current: Commitment): void {
    this.#version = current.version;
    this.conflict = undefined;
    this.failure = undefined;
  }

  // Sends it. Gives whether all of it is done; `tell` is given each promise and alert as it is then.
  async send(tell: (done: Commitment | Alert) => void): Promise<boolean> {
    if (this.doing || !this.isWhole || hindrance(this.verb) !== '') return false;
    this.doing = true;
    this.failure = undefined;
    this.refused = [];
    try {
      if (this.alert) tell(await this.#alert(this.alert));
      else if (this.promises.length === 1) tell(await this.#one());
      else await this.#many(tell);
      return this.refused.length === 0;
    } catch (thrown) {
      this.failure = failureOf(thrown);
      await this.#look();
      return false;
    } finally {
      this.doing = false;
    }
  }

  // Another version than was built on: shows both.
  async #look(): Promise<void> {
    const [promise] = this.promises;
    if (this.failure?.code !== Code.Aborted || !promise || this.promises.length > 1) return;
    try {
      const { commitmentId } = promise;
      const { commitment } = await followups.getCommitment({ commitmentId, latest: true }, once());
      this.conflict = commitment;
    } catch {
      // The failure that is shown already says enough.
    }
  }

  #command() {
    const { note, evidence, at, reason, informed, agent, queue, team, atOnce } = $state.snapshot(this.fields);
    const due = at === undefined ? {} : { promisedBy: timestamp(at) };
    const told = informed.trim() === '' ? {} : { customerInformedMessageId: informed.trim() };
    const owner =
      agent.trim() === ''
        ? { case: 'queueId' as const, value: queue.trim() }
        : { case: 'agentId' as const, value: agent.trim() };
    return {
      fulfil: { note, ...(evidence.trim() === '' ? {} : { evidenceMessageId: evidence.trim() }) },
      reschedule: { ...due, reason, ...told },
      reassign: { toOwner: { owner }, toTeamId: team.trim(), atOnce },
      cancel: { reason, ...told },
      accept: {},
      decline: {},
      withdraw: {},
    };
  }

  async #one(): Promise<Commitment> {
    const verb = this.verb as PromiseVerb;
    const command = this.#command();
    const commitmentId = this.promises[0]?.commitmentId ?? '';
    const head = { commitmentId, expectedVersion: this.#version };
    const requestId = this.#name.of([head, command[verb]]);
    const options = once();
    const answer = await {
      fulfil: () => followups.fulfilCommitment({ requestId, ...head, ...command.fulfil }, options),
      reschedule: () => followups.rescheduleCommitment({ requestId, ...head, ...command.reschedule }, options),
      reassign: () => followups.reassignCommitment({ requestId, ...head, ...command.reassign }, options),
      cancel: () => followups.cancelCommitment({ requestId, ...head, ...command.cancel }, options),
      accept: () => followups.acceptHandover({ requestId, ...head }, options),
      decline: () => followups.endHandover({ requestId, ...head }, options),
      withdraw: () => followups.endHandover({ requestId, ...head }, options),
    }[verb]();
    wrote(answer.position);
    return certain(answer.commitment);
  }

  // Several at once, so many a request. What is done is not asked for again when the rest is tried once more.
  async #many(tell: (done: Commitment) => void): Promise<void> {
    const verb = this.verb as PromiseVerb;
    const command = this.#command();
    const left = this.promises.filter(({ commitmentId }) => !this.#batched.has(commitmentId));
    for (let start = 0; start < left.length; start += BATCH_MAX) {
      const part = left.slice(start, start + BATCH_MAX);
      const targets = part.map(({ commitmentId, version }) => ({ commitmentId, expectedVersion: version }));
      const requestId = this.#name.of([targets, command[verb]]);
      const asked = {
        fulfil: { case: 'fulfil' as const, value: command.fulfil },
        reschedule: { case: 'reschedule' as const, value: command.reschedule },
        reassign: { case: 'reassign' as const, value: command.reassign },
        cancel: { case: 'cancel' as const, value: command.cancel },
        accept: { case: 'acceptHandover' as const, value: command.accept },
        decline: { case: 'endHandover' as const, value: command.decline },
        withdraw: { case: 'endHandover' as const, value: command.withdraw },
      }[verb];
      const answer = await followups.batchCommitments({ requestId, targets, command: asked }, once());
      wrote(answer.position);
      for (const { commitmentId, commitment, status } of answer.commitments) {
        if (status) this.refused = [...this.refused, { id: commitmentId, message: status.message }];
        else this.#batched.set(commitmentId, commitmentId);
        if (commitment) tell(commitment);
      }
    }
  }

  async #alert({ alertId }: Alert): Promise<Alert> {
    const { at, reason, note } = $state.snapshot(this.fields);
    const until = at === undefined ? undefined : timestamp(at);
    const requestId = this.#name.of([alertId, this.verb, at, reason, note]);
    const options = once();
    const answer = await {
      acknowledge: () =>
        alerts.acknowledgeAlert(
          { requestId, alertId, note, ...(until ? { acknowledgedUntil: until } : {}) },
          options,
        ),
      snooze: () => alerts.snoozeAlert({ requestId, alertId, ...(until ? { snoozedUntil: until } : {}) }, options),
      close: () => alerts.closeAlert({ requestId, alertId, reason }, options),
    }[this.verb as AlertVerb]();
    wrote(answer.position);
    return certain(answer.alert);
  }
}

function certain<T extends Message>(answered: T | undefined): T {
  if (answered === undefined) throw new Error('the server answered without what was changed');
  return answered;
}
