// One thing that is done with a candidate, a solution or a flag: asked for in a dialog, sent under one name, and shown
// once the server has said yes.

import { Code } from '@connectrpc/connect';

import { SolutionFlagKind, SolutionFlagState, type SolutionFlag } from '../../gen/aftercall/model/v1/evidence_pb';
import type { Recall } from '../../gen/aftercall/model/v1/recall_pb';
import { type Candidate, HarmClass, type Solution, VersionState } from '../../gen/aftercall/model/v1/solution_pb';
import { once, wrote } from '../client';
import { type Failure, failureOf } from '../failure';
import { session } from '../session.svelte';
import { timestamp } from '../time';
import { hinderedBy, RequestName } from '../write.svelte';
import { evidence, knowledge, methodOf, solutions } from './services';
import { lacksFourEyes, SPECS, type Verb } from './verbs';
import { k } from './words.svelte';

export interface SourceLook {
  uri: string;
  title: string;
  looked: boolean;
  hash: string;
}

// What the dialog's fields say. Times are instants, in milliseconds.
export interface Fields {
  title: string;
  reason: string;
  note: string;
  until: number | undefined;
  target: string;
  reviewers: string;
  against: string;
  verifyBy: number | undefined;
  harm: HarmClass;
  corrects: boolean;
  correction: string;
  withinDays: number;
  team: string;
  flagKind: SolutionFlagKind;
  contact: string;
  sources: SourceLook[];
  // Whether somebody has looked a second time at words that seem to be personal.
  looked: boolean;
}

// What it is about.
export interface About {
  candidate?: Candidate;
  solution?: Solution;
  flag?: SolutionFlag;
  target?: string;
}

// What came of it.
export interface Done {
  candidate?: Candidate;
  solution?: Solution;
  flag?: SolutionFlag;
  recall?: Recall;
  warnings: string[];
}

const DAY_MS = 86_400_000;

// Why something can't be done now; empty if it can.
export function hindrance(verb: Verb, solution?: Solution): string {
  const method = methodOf(SPECS[verb].method);
  if (session.may(method) && solution && lacksFourEyes(verb, solution, session.who?.actor ?? '')) return k().act.fourEyes;
  return hinderedBy(method);
}

export class Deed {
  readonly verb: Verb;
  readonly about: About;
  fields: Fields = $state({
    title: '', reason: '', note: '', until: undefined, target: '', reviewers: '', against: '', verifyBy: undefined,
    harm: HarmClass.UNSPECIFIED, corrects: true, correction: '', withinDays: 2, team: '',
    flagKind: SolutionFlagKind.UNSPECIFIED, contact: '', sources: [], looked: false,
  });
  doing = $state(false);
  failure = $state.raw<Failure | undefined>();
  // How it stands now, where somebody else was faster.
  conflict = $state.raw<{ candidate?: Candidate; solution?: Solution } | undefined>();
  // Whether words that seem to be personal were found: from then on it is asked whether they may stay.
  personal = $state(false);
  #name = new RequestName();
  #sequence: bigint;

  constructor(verb: Verb, about: About) {
    this.verb = verb;
    this.about = about;
    this.#sequence = about.solution?.sequence ?? 0n;
    this.fields.target = about.target ?? '';
    if (verb === 'putOff') this.fields.until = Date.now() + 7 * DAY_MS;
    const sources = about.solution?.sources ?? [];
    this.fields.sources = sources.flatMap(({ uri, title, contentHash }) => (uri === '' ? [] : [{ uri, title, looked: false, hash: contentHash }]));
    // What was promised when it was recalled stays as it was.
    if (about.solution?.state === VersionState.RECALLED) this.fields.corrects = false;
    if (verb === 'verify') this.fields.verifyBy = Date.now() + 180 * DAY_MS;
  }

  // Whether all that is needed is there.
  get isWhole(): boolean {
    const { title, reason, until, target, harm, flagKind, sources, verifyBy } = this.fields;
    const looked = sources.filter((one) => one.looked);
    const has: Record<string, boolean> = {
      'title!': title.trim() !== '',
      'reason!': reason.trim() !== '',
      'until!': until !== undefined,
      'target!': target.trim() !== '',
      'harm!': harm !== HarmClass.UNSPECIFIED,
      'flagKind!': flagKind !== SolutionFlagKind.UNSPECIFIED,
      'sources!': looked.length > 0 && looked.every(({ hash }) => hash.trim() !== ''),
      'verifyBy!': verifyBy !== undefined,
    };
    return SPECS[this.verb].asks.every((ask) => has[ask] ?? true);
  }

  // Takes what is there now for what is built on.
  goOn(): void {
    this.#sequence = this.conflict?.solution?.sequence ?? this.#sequence;
    this.conflict = undefined;
    this.failure = undefined;
  }

  // Sends it. Gives what came of it; nothing where it was refused, or is being done already.
  async send(): Promise<Done | undefined> {
    if (this.doing || !this.isWhole || hindrance(this.verb, this.about.solution) !== '') return undefined;
    this.doing = true;
    this.failure = undefined;
    this.conflict = undefined;
    try {
      return await this.#do();
    } catch (thrown) {
      this.failure = failureOf(thrown);
      if (this.failure.reason === 'PERSONAL_WORDS') this.personal = true;
      await this.#look();
      return undefined;
    } finally {
      this.doing = false;
    }
  }

  // Somebody else was faster: how it stands now.
  async #look(): Promise<void> {
    const { candidate, solution } = this.about;
    const isTaken = this.failure?.reason === 'CANDIDATE_CLAIMED' || this.failure?.reason === 'CANDIDATE_STATE' || this.failure?.reason === 'CANDIDATE_ALREADY_PROMOTED';
    const isStale = this.failure?.code === Code.Aborted || this.failure?.reason === 'SOLUTION_STATE';
    try {
      if (candidate && isTaken) {
        const now = (await knowledge.getCandidate({ candidateId: candidate.candidateId, latest: true }, once())).candidate;
        if (now) this.conflict = { candidate: now };
      } else if (solution && isStale) {
        const { solutionId, version } = solution;
        const now = (await solutions.getSolutionVersion({ solutionId, version, latest: true }, once())).solution;
        if (now && now.sequence !== this.#sequence) this.conflict = { solution: now };
      }
    } catch {
      // The failure that is shown already says enough.
    }
  }

  #request(): string {
    const { candidate, solution, flag } = this.about;
    return this.#name.of([candidate?.candidateId, solution?.solutionId, solution?.version, flag?.flagId, this.#sequence, $state.snapshot(this.fields)]);
  }

  async #do(): Promise<Done> {
    const { candidate, solution, flag } = this.about;
    const answer = flag
      ? await this.#judge(flag)
      : candidate
        ? await this.#decide(candidate.candidateId)
        : solution
          ? await this.#change(solution)
          : await this.#begin();
    wrote(answer.position);
    const warnings = 'warnings' in answer ? answer.warnings.map(({ field, description }) => `${field}: ${description}`) : [];
    return {
      ...('candidate' in answer && answer.candidate ? { candidate: answer.candidate } : {}),
      ...('solution' in answer && answer.solution ? { solution: answer.solution } : {}),
      ...('flag' in answer && answer.flag ? { flag: answer.flag } : {}),
      ...('recall' in answer && answer.recall ? { recall: answer.recall } : {}),
      warnings,
    };
  }

  #begin() {
    return solutions.draftSolution({ requestId: this.#request(), solution: { title: this.fields.title.trim() } }, once());
  }

  #judge({ solutionId, flagId }: SolutionFlag) {
    const state = this.verb === 'confirm' ? SolutionFlagState.CONFIRMED : SolutionFlagState.DISMISSED;
    return evidence.resolveFlag({ requestId: this.#request(), solutionId, flagId, state, note: this.fields.note.trim() }, once());
  }

  #decide(candidateId: string) {
    const { reason, until, target } = this.fields;
    const head = { requestId: this.#request(), candidateId };
    const by = until === undefined ? {} : { until: timestamp(until) };
    const why = { reason: reason.trim() };
    switch (this.verb) {
      case 'claim':
        return knowledge.claimCandidate({ ...head, ...by }, once());
      case 'release':
        return knowledge.releaseCandidate({ ...head, ...why }, once());
      case 'putOff':
        return knowledge.putOffCandidate({ ...head, ...by, ...why }, once());
      case 'reject':
        return knowledge.rejectCandidate({ ...head, ...why }, once());
      default:
        return knowledge.mergeCandidate({ ...head, solutionId: target.trim() }, once());
    }
  }

  #change({ solutionId, version }: Solution) {
    const { reason, note, target, reviewers, against, verifyBy, looked } = $state.snapshot(this.fields);
    const requestId = this.#request();
    const expectedSequence = this.#sequence;
    const whole = { requestId, solutionId, expectedSequence };
    const one = { ...whole, version };
    const why = { reason: reason.trim() };
    const said = { note: note.trim() };
    const personalReviewed = this.personal && looked;
    const by = verifyBy === undefined ? {} : { verifyBy: timestamp(verifyBy) };
    const verified = against.trim() === '' ? {} : { verifiedAgainst: against.trim(), ...by };
    switch (this.verb) {
      case 'draftNext':
        return solutions.draftSolution({ ...whole, basedOnVersion: 0 }, once());
      case 'submit':
        return solutions.submitForReview({ ...one, ...said, personalReviewed, reviewers: reviewers.split(/[\s,]+/).filter(Boolean) }, once());
      case 'requestChanges':
        return solutions.requestChanges({ ...one, ...why }, once());
      case 'takeBack':
        return solutions.takeBack({ ...one, ...why }, once());
      case 'discard':
        return solutions.discardDraft({ ...one, ...why }, once());
      case 'approve':
        return solutions.approveVersion({ ...one, ...said, personalReviewed }, once());
      case 'publish':
        return solutions.publishVersion({ ...one, ...why, personalReviewed }, once());
      case 'rollBack':
        return solutions.rollBack({ ...one, ...why, ...verified }, once());
      case 'retire':
        return solutions.retireSolution({ ...whole, ...why, replacedBy: target.trim() }, once());
      case 'restore':
        return solutions.restoreSolution({ ...whole, ...why, ...verified }, once());
      case 'mergeWith':
        return solutions.mergeSolutions({ requestId, targetId: target.trim(), sourceIds: [solutionId], ...why }, once());
      case 'unmerge':
        return solutions.unmergeSolution({ ...whole, ...why }, once());
      default:
        return this.#evidence(one);
    }
  }

  #evidence(one: { requestId: string; solutionId: string; version: number; expectedSequence: bigint }) {
    const { reason, note, harm, corrects, correction, withinDays, team, flagKind, contact, sources, verifyBy } = $state.snapshot(this.fields);
    const said = { note: note.trim() };
    const within = { seconds: BigInt(Math.round(withinDays * 86_400)), nanos: 0 };
    switch (this.verb) {
      case 'recall': {
        const promised = corrects ? { correction: { text: correction.trim(), within, ownerTeamId: team.trim() } } : {};
        return evidence.recallVersion({ ...one, harmClass: harm, reason: reason.trim(), ...promised }, once());
      }
      case 'verify': {
        // The same at every try: another time would be another request.
        const checkedAt = timestamp(this.#name.at);
        const checks = sources.filter((source) => source.looked).map(({ uri, hash }) => ({ uri, contentHash: hash.trim(), checkedAt }));
        return evidence.verifySolution({ ...one, ...said, sources: checks, verifyBy: timestamp(verifyBy ?? 0) }, once());
      }
      case 'validate':
        return evidence.validateSolution({ ...one, ...said }, once());
      default:
        return evidence.flagSolution({ ...one, ...said, kind: flagKind, interactionId: contact.trim() }, once());
    }
  }
}
