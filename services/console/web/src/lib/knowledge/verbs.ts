// What can be done with candidates, solutions and flags: what each asks for, and when it is offered.

import {
  type Candidate, CandidateState, Confidence, Governance, type Solution, VersionState,
} from '../../gen/aftercall/model/v1/solution_pb';

export type CandidateVerb = 'claim' | 'release' | 'putOff' | 'reject' | 'mergeInto';
export type SolutionVerb =
  | 'begin' | 'draftNext' | 'submit' | 'requestChanges' | 'takeBack' | 'discard' | 'approve' | 'publish' | 'rollBack' | 'retire'
  | 'restore' | 'mergeWith' | 'unmerge' | 'recall' | 'verify' | 'validate' | 'flag';
export type FlagVerb = 'confirm' | 'dismiss';
export type Verb = CandidateVerb | SolutionVerb | FlagVerb;

// What a dialog asks for; what ends in `!` is needed.
export type Ask =
  | 'title!' | 'reason' | 'reason!' | 'note' | 'until' | 'until!' | 'target!' | 'target' | 'reviewers' | 'against' | 'harm!' | 'correction'
  | 'flagKind!' | 'contact' | 'sources!' | 'verifyBy!';

interface Spec {
  method: string;
  asks: readonly Ask[];
}

const FLAG = { method: 'EvidenceService/ResolveFlag', asks: ['note'] } as const;

export const SPECS: Record<Verb, Spec> = {
  claim: { method: 'KnowledgeService/ClaimCandidate', asks: ['until'] },
  release: { method: 'KnowledgeService/ReleaseCandidate', asks: ['reason'] },
  putOff: { method: 'KnowledgeService/PutOffCandidate', asks: ['until!', 'reason'] },
  reject: { method: 'KnowledgeService/RejectCandidate', asks: ['reason!'] },
  mergeInto: { method: 'KnowledgeService/MergeCandidate', asks: ['target!'] },
  begin: { method: 'SolutionService/DraftSolution', asks: ['title!'] },
  draftNext: { method: 'SolutionService/DraftSolution', asks: [] },
  submit: { method: 'SolutionService/SubmitForReview', asks: ['reviewers', 'note'] },
  requestChanges: { method: 'SolutionService/RequestChanges', asks: ['reason!'] },
  takeBack: { method: 'SolutionService/TakeBack', asks: ['reason'] },
  discard: { method: 'SolutionService/DiscardDraft', asks: ['reason'] },
  approve: { method: 'SolutionService/ApproveVersion', asks: ['note'] },
  publish: { method: 'SolutionService/PublishVersion', asks: ['reason'] },
  rollBack: { method: 'SolutionService/RollBack', asks: ['reason!', 'against'] },
  retire: { method: 'SolutionService/RetireSolution', asks: ['target', 'reason!'] },
  restore: { method: 'SolutionService/RestoreSolution', asks: ['reason!', 'against'] },
  mergeWith: { method: 'SolutionService/MergeSolutions', asks: ['target!', 'reason!'] },
  unmerge: { method: 'SolutionService/UnmergeSolution', asks: ['reason!'] },
  recall: { method: 'EvidenceService/RecallVersion', asks: ['harm!', 'reason!', 'correction'] },
  verify: { method: 'EvidenceService/VerifySolution', asks: ['sources!', 'verifyBy!', 'note'] },
  validate: { method: 'EvidenceService/ValidateSolution', asks: ['note'] },
  flag: { method: 'EvidenceService/FlagSolution', asks: ['flagKind!', 'note', 'contact'] },
  confirm: FLAG,
  dismiss: FLAG,
};

const DECIDABLE = [CandidateState.OPEN, CandidateState.CLAIMED, CandidateState.PUT_OFF];
const RELEASABLE = [CandidateState.CLAIMED, CandidateState.PUT_OFF, CandidateState.REJECTED, CandidateState.MERGED];

// Whether a candidate still waits for a decision.
export function isUndecided({ state }: Candidate): boolean {
  return DECIDABLE.includes(state);
}

export function verbsForCandidate(candidate: Candidate): CandidateVerb[] {
  return [
    ...(isUndecided(candidate) ? (['claim', 'putOff', 'reject'] as const) : []),
    ...(RELEASABLE.includes(candidate.state) ? (['release'] as const) : []),
  ];
}

// Which commands a version is open to by how far it has come; the service decides by all else.
export function verbsFor(solution: Solution): SolutionVerb[] {
  switch (solution.state) {
    case VersionState.DRAFT:
      return ['submit', 'approve', 'discard'];
    case VersionState.IN_REVIEW:
      return ['approve', 'requestChanges', 'takeBack', 'discard'];
    case VersionState.APPROVED:
      return ['publish', 'requestChanges', 'takeBack', 'discard'];
    case VersionState.PUBLISHED:
      return published(solution);
    case VersionState.SUPERSEDED:
      return ['rollBack', 'recall'];
    case VersionState.RETIRED:
      return solution.publishedAt ? ['restore', 'recall'] : [];
    case VersionState.MERGED:
      return ['unmerge', 'recall'];
    // More can be said of it.
    case VersionState.RECALLED:
      return ['recall'];
    default:
      return [];
  }
}

function published(solution: Solution): SolutionVerb[] {
  return [
    ...(solution.draftVersion === 0 ? (['draftNext'] as const) : []),
    ...(solution.confidence === Confidence.NOT_VALIDATED ? (['validate'] as const) : []),
    ...(solution.sources.some(({ uri }) => uri !== '') ? (['verify'] as const) : []),
    'flag', 'mergeWith', 'retire', 'recall',
  ];
}

// Whether an approval would be of the own work where that is not allowed: two people have to see what law or contract
// govern.
export function lacksFourEyes(verb: Verb, solution: Solution, actor: string): boolean {
  if (verb !== 'approve' || solution.governance !== Governance.COMPLIANCE_BASED) return false;
  return solution.editors.includes(actor) || solution.author === actor || solution.submittedBy === actor;
}
