// Solutions by words and filters. What is asked for stands in the address.

import { VerificationState } from '../../gen/aftercall/model/v1/evidence_pb';
import { Audience, type Confidence, type Solution, VersionState } from '../../gen/aftercall/model/v1/solution_pb';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { once } from '../client';
import type { At, Page } from '../paged.svelte';
import { knowledge, searches } from './services';

export const STATES = {
  published: VersionState.PUBLISHED, draft: VersionState.DRAFT, 'in-review': VersionState.IN_REVIEW, approved: VersionState.APPROVED,
  superseded: VersionState.SUPERSEDED, recalled: VersionState.RECALLED, retired: VersionState.RETIRED, merged: VersionState.MERGED,
} as const;
export type StateName = keyof typeof STATES;
export const STATE_NAMES = Object.keys(STATES) as StateName[];
// What is not published is for those who work on solutions.
export const WORKED_ON: readonly StateName[] = ['draft', 'in-review', 'approved'];

export const AUDIENCES = {
  team: Audience.TEAM, client: Audience.CLIENT_ACCOUNT, internal: Audience.INTERNAL, partner: Audience.PARTNER,
  customer: Audience.CUSTOMER, public: Audience.PUBLIC, bot: Audience.BOT,
} as const;
export type AudienceName = keyof typeof AUDIENCES;
export const AUDIENCE_NAMES = Object.keys(AUDIENCES) as AudienceName[];

export interface Asked {
  words: string;
  state: StateName;
  audience: AudienceName | '';
  language: string;
  unverified: boolean;
}

// A solution as the list shows it.
export interface Found {
  id: string;
  version: number;
  title: string;
  // The passage that fits, or what solves it.
  passage: string;
  state: VersionState;
  confidence: Confidence;
  audience: Audience;
  language: string;
  isOld: boolean;
  reasonCode: string;
  publishedAt: Timestamp | undefined;
  isGuess: boolean;
  // In how many contacts it was used; left out where that is not told.
  uses?: bigint;
  lower?: number;
}

const PAGE_SIZE = 50;

export function found({ words, state, audience, language, unverified }: Asked): (at: At) => Promise<Page<Found>> {
  const fits = (one: Found) => (!unverified || one.isOld) && (words === '' || audience === '' || one.audience === AUDIENCES[audience]);
  return async ({ signal, ...at }) => {
    if (words === '') {
      const audiences = audience === '' ? [] : [AUDIENCES[audience]];
      const request = { ...at, states: [STATES[state]], audiences, language, pageSize: PAGE_SIZE, includeTotal: at.pageToken === '' };
      const page = await knowledge.listSolutions(request, once(signal));
      const total = unverified ? {} : { total: page.totalSize, isLeast: page.totalSizeIsLowerBound };
      return { items: page.solutions.map(listed).filter(fits), next: page.nextPageToken, ...total };
    }
    // As of something that is being typed: a whole question would be kept as one that nobody could answer.
    const page = await searches.searchSolutions({ ...at, text: words, filter: { language }, pageSize: PAGE_SIZE, isFinished: false }, once(signal));
    const items = page.hits.map((hit): Found => ({
      id: hit.solutionId, version: hit.version, title: hit.title, passage: hit.snippet, state: VersionState.PUBLISHED, confidence: hit.confidence,
      audience: hit.audience, language: hit.language, isOld: hit.verificationExpired, reasonCode: hit.reasonCode, publishedAt: hit.publishedAt, isGuess: hit.isGuess,
    }));
    const total = unverified || audience !== '' ? {} : { total: page.totalSize };
    return { items: items.filter(fits), next: page.nextPageToken, ...total };
  };
}

function listed(solution: Solution): Found {
  const { solutionId, version, title, state, confidence, audience, language, reasonCode, publishedAt, stats, verificationState } = solution;
  return {
    id: solutionId, version, title, passage: solution.resolution || solution.customerWording, state, confidence, audience, language, reasonCode, publishedAt,
    isOld: verificationState === VerificationState.EXPIRED || verificationState === VerificationState.WITHDRAWN,
    isGuess: false,
    ...(stats ? { uses: stats.linkCount, lower: stats.wilsonLower } : {}),
  };
}
