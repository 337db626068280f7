// What the screens list, by what the address asks for.

import { type Review, type SolutionFlag, SolutionFlagState } from '../../gen/aftercall/model/v1/evidence_pb';
import { type Candidate, CandidateState, type Solution, VersionState } from '../../gen/aftercall/model/v1/solution_pb';
import { once } from '../client';
import type { At, Page } from '../paged.svelte';
import { evidence, knowledge } from './services';

export const LISTS = ['candidates', 'drafts', 'queue', 'flags'] as const;
export type List = (typeof LISTS)[number];

// The states of candidates by their names in the address; of `mine` the claimed ones are the caller's alone.
export const CANDIDATE_STATES = {
  open: CandidateState.OPEN,
  mine: CandidateState.CLAIMED,
  claimed: CandidateState.CLAIMED,
  'put-off': CandidateState.PUT_OFF,
  rejected: CandidateState.REJECTED,
  promoted: CandidateState.PROMOTED,
  merged: CandidateState.MERGED,
} as const;
export type CandidateStateName = keyof typeof CANDIDATE_STATES;
export const CANDIDATE_STATE_NAMES = Object.keys(CANDIDATE_STATES) as CandidateStateName[];

export const FLAG_STATES = {
  open: SolutionFlagState.OPEN,
  confirmed: SolutionFlagState.CONFIRMED,
  dismissed: SolutionFlagState.DISMISSED,
} as const;
export type FlagStateName = keyof typeof FLAG_STATES;
export const FLAG_STATE_NAMES = Object.keys(FLAG_STATES) as FlagStateName[];

const PAGE_SIZE = 100;
const WORKED_ON = [VersionState.DRAFT, VersionState.IN_REVIEW, VersionState.APPROVED];

// What is in the address, or the first one.
export function oneOf<T extends string>(names: readonly T[], value: string | null): T {
  return names.find((name) => name === value) ?? (names[0] as T);
}

export function candidates(state: CandidateStateName, reasonCode: string): (at: At) => Promise<Page<Candidate>> {
  return async ({ signal, ...at }) => {
    const mine = state === 'mine';
    const page = await knowledge.listCandidates(
      { ...at, state: CANDIDATE_STATES[state], mine, reasonCode, pageSize: PAGE_SIZE, includeTotal: at.pageToken === '' },
      once(signal),
    );
    return { items: page.candidates, next: page.nextPageToken, total: page.totalSize, isLeast: page.totalSizeIsLowerBound };
  };
}

export async function drafts({ signal, ...at }: At): Promise<Page<Solution>> {
  const page = await knowledge.listSolutions({ ...at, states: WORKED_ON, pageSize: PAGE_SIZE }, once(signal));
  return { items: page.solutions, next: page.nextPageToken };
}

export async function queue({ signal, ...at }: At): Promise<Page<Review>> {
  const page = await evidence.listReviewQueue({ ...at, pageSize: PAGE_SIZE }, once(signal));
  return { items: page.reviews, next: page.nextPageToken };
}

export function flags(state: FlagStateName, solutionId = ''): (at: At) => Promise<Page<SolutionFlag>> {
  return async ({ signal, ...at }) => {
    const page = await evidence.listFlags({ ...at, solutionId, state: FLAG_STATES[state], pageSize: PAGE_SIZE }, once(signal));
    return { items: page.flags, next: page.nextPageToken };
  };
}
