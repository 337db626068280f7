// What somebody changes of a follow-up policy: our own due, and when somebody is warned.

import { create } from '@bufbuild/protobuf';
import type { Duration } from '@bufbuild/protobuf/wkt';
import { DurationSchema } from '@bufbuild/protobuf/wkt';

import {
  type FollowUpPolicy, FollowUpPolicySchema, type InternalTargetRule, InternalTargetRuleSchema, OpenTimeSchema, PercentBusinessSchema,
  type WarnStage, WarnStageSchema,
} from '../../gen/aftercall/model/v1/policy_pb';

export type TargetRule = '' | 'sinceMade' | 'beforeDue';
export type Basis = 'beforeDueElapsed' | 'beforeDueBusiness' | 'percentElapsed' | 'percentBusiness';

// As the fields say it. Times are in minutes.
export interface TargetDraft {
  rule: TargetRule;
  minutes: number;
  calendar: string;
}

export interface StageDraft {
  id: string;
  basis: Basis;
  // Minutes, or per cent.
  value: number;
  calendar: string;
}

export interface PolicyDraft {
  target: TargetDraft;
  promiseStages: StageDraft[];
  targetStages: StageDraft[];
}

export const BASES: readonly Basis[] = ['beforeDueElapsed', 'beforeDueBusiness', 'percentElapsed', 'percentBusiness'];

export const hasCalendar = (basis: Basis) => basis === 'beforeDueBusiness' || basis === 'percentBusiness';
export const isShare = (basis: Basis) => basis === 'percentElapsed' || basis === 'percentBusiness';

const minutesOf = (duration: Duration | undefined) => (duration ? Number(duration.seconds) / 60 + duration.nanos / 6e10 : 0);

function durationOf(minutes: number): Duration {
  const seconds = Math.round(minutes * 60);
  return create(DurationSchema, { seconds: BigInt(seconds) });
}

function targetOf(rule: InternalTargetRule | undefined): TargetDraft {
  const { rule: said } = rule ?? { rule: undefined };
  if (said?.case === undefined) return { rule: '', minutes: 60, calendar: '' };
  return { rule: said.case, minutes: minutesOf(said.value.duration), calendar: said.value.calendarId };
}

function stageOf({ stageId: id, basis }: WarnStage): StageDraft {
  switch (basis.case) {
    case 'beforeDueBusiness':
      return { id, basis: basis.case, value: minutesOf(basis.value.duration), calendar: basis.value.calendarId };
    case 'percentElapsed':
      return { id, basis: basis.case, value: basis.value, calendar: '' };
    case 'percentBusiness':
      return { id, basis: basis.case, value: basis.value.percent, calendar: basis.value.calendarId };
    default:
      return { id, basis: 'beforeDueElapsed', value: minutesOf(basis.value), calendar: '' };
  }
}

export function draftOf(policy: FollowUpPolicy): PolicyDraft {
  return {
    target: targetOf(policy.internalTarget),
    promiseStages: policy.promiseStages.map(stageOf),
    targetStages: policy.targetStages.map(stageOf),
  };
}

function stage({ id, basis, value, calendar }: StageDraft): WarnStage {
  const calendarId = calendar;
  const said: WarnStage['basis'] = {
    beforeDueElapsed: () => ({ case: 'beforeDueElapsed' as const, value: durationOf(value) }),
    beforeDueBusiness: () => ({ case: 'beforeDueBusiness' as const, value: create(OpenTimeSchema, { duration: durationOf(value), calendarId }) }),
    percentElapsed: () => ({ case: 'percentElapsed' as const, value: Math.round(value) }),
    percentBusiness: () => ({ case: 'percentBusiness' as const, value: create(PercentBusinessSchema, { percent: Math.round(value), calendarId }) }),
  }[basis]();
  return create(WarnStageSchema, { stageId: id.trim(), basis: said });
}

// A policy with what somebody made of it; what has no field stays as it is.
export function withDraft(policy: FollowUpPolicy, draft: PolicyDraft): FollowUpPolicy {
  const { rule, minutes, calendar: calendarId } = draft.target;
  const { internalTarget: _, promiseStages: __, targetStages: ___, $typeName: ____, $unknown: _____, ...rest } = policy;
  const time = create(OpenTimeSchema, { duration: durationOf(minutes), calendarId });
  const target = rule === '' ? {} : { internalTarget: create(InternalTargetRuleSchema, { rule: { case: rule, value: time } }) };
  return create(FollowUpPolicySchema, {
    ...rest,
    ...target,
    promiseStages: draft.promiseStages.map(stage),
    targetStages: draft.targetStages.map(stage),
  });
}

// Whether all that is needed is said. What it means is the server's to judge.
export function isWhole({ target, promiseStages, targetStages }: PolicyDraft): boolean {
  const stages = [...promiseStages, ...targetStages];
  const targetIsWhole = target.rule === '' || (target.minutes > 0 && target.calendar !== '');
  return targetIsWhole && stages.every(({ id, basis, value, calendar }) => id.trim() !== '' && value > 0 && (!hasCalendar(basis) || calendar !== ''));
}
