// Open promises, and what the policies in use make of them: first only looked at, then so.

import type { RetargetOpenResponse } from '../../gen/aftercall/followups/v1/batches_pb';
import { followups, including, once, requestId, wrote } from '../client';
import { type Failure, failureOf } from '../failure';
import { hinderedBy } from '../write.svelte';

export const RETARGETING = 'followups.v1.FollowupService/RetargetOpen';

export interface Retargeted {
  examined: bigint;
  changed: bigint;
  movedByHand: bigint;
  otherPolicy: bigint;
  otherTarget: bigint;
  missedNow: bigint;
  missedThen: bigint;
  refused: { id: string; message: string }[];
}

const NOTHING: Retargeted = {
  examined: 0n, changed: 0n, movedByHand: 0n, otherPolicy: 0n, otherTarget: 0n, missedNow: 0n, missedThen: 0n, refused: [],
};

function added(sum: Retargeted, page: RetargetOpenResponse): Retargeted {
  const refused = page.commitments.flatMap(({ commitmentId: id, status }) => (status ? [{ id, message: status.message }] : []));
  return {
    examined: sum.examined + page.examined,
    changed: sum.changed + page.changed,
    movedByHand: sum.movedByHand + page.movedByHand,
    otherPolicy: sum.otherPolicy + page.otherPolicy,
    otherTarget: sum.otherTarget + page.otherTarget,
    missedNow: sum.missedNow + page.missedNow,
    missedThen: sum.missedThen + page.missedThen,
    refused: [...sum.refused, ...refused],
  };
}

export class Retarget {
  // What would change, as far as it was looked at.
  looked = $state.raw<Retargeted | undefined>();
  done = $state.raw<Retargeted | undefined>();
  doing = $state(false);
  failure = $state.raw<Failure | undefined>();
  // One name for each page: who tries the rest again does nothing twice.
  #names: string[] = [];

  async look(): Promise<void> {
    this.done = undefined;
    this.#names = [];
    await this.#all(true);
  }

  async apply(): Promise<void> {
    await this.#all(false);
  }

  async #all(validateOnly: boolean): Promise<void> {
    if (this.doing || hinderedBy(RETARGETING) !== '') return;
    this.doing = true;
    this.failure = undefined;
    let sum = NOTHING;
    try {
      let pageToken = '';
      for (let page = 0; page === 0 || pageToken !== ''; page += 1) {
        const name = validateOnly ? requestId() : (this.#names[page] ??= requestId());
        const answer = await followups.retargetOpen({ requestId: name, validateOnly, pageToken, ...including() }, once());
        wrote(answer.position);
        sum = added(sum, answer);
        pageToken = answer.nextPageToken;
      }
      if (validateOnly) this.looked = sum;
      else {
        this.done = sum;
        this.looked = undefined;
      }
    } catch (thrown) {
      this.failure = failureOf(thrown);
    }
    this.doing = false;
  }
}
