// One solution, in one of its versions.

import { type Recall, type RecalledParty } from '../../gen/aftercall/model/v1/recall_pb';
import { type Solution, type SolutionChange, type VersionStats } from '../../gen/aftercall/model/v1/solution_pb';
import { type ToldSolution } from '../../gen/aftercall/model/v1/evidence_pb';
import { including, once } from '../client';
import { type Failure, failureOf } from '../failure';
import { allOf, type At, type Page } from '../paged.svelte';
import { evidence, knowledge, may, solutions } from './services';

const PAGE_SIZE = 100;
// So many recalled parties are counted at most.
export const COUNTED_MAX = 5_000;

export class OneSolution {
  readonly id: string;
  // The version that is asked for; 0 for the one that is live, or was last.
  readonly version: number;
  readonly unredirected: boolean;
  solution = $state.raw<Solution | undefined>();
  redirectedFrom = $state('');
  stats = $state.raw<VersionStats[]>([]);
  failure = $state.raw<Failure | undefined>();
  besides = $state.raw<Failure | undefined>();
  readAt = $state(0);
  reading = $state(false);

  constructor(id: string, version: number, unredirected: boolean) {
    this.id = id;
    this.version = version;
    this.unredirected = unredirected;
  }

  async read(): Promise<void> {
    this.reading = true;
    this.failure = undefined;
    this.besides = undefined;
    try {
      if (this.version > 0) {
        this.solution = (await solutions.getSolutionVersion({ solutionId: this.id, version: this.version, ...including() }, once())).solution;
      } else {
        const answer = await knowledge.getSolution({ solutionId: this.id, unredirected: this.unredirected, ...including() }, once());
        this.solution = answer.solution;
        this.redirectedFrom = answer.redirectedFrom;
      }
      this.readAt = Date.now();
      await this.#readStats();
    } catch (thrown) {
      this.failure = failureOf(thrown);
    }
    this.reading = false;
  }

  // Takes what a command answered, if it is of this version: what can be done next goes by it at once, not by what was read before.
  take(now: Solution | undefined): void {
    if (now && now.solutionId === this.solution?.solutionId && now.version === this.solution.version) this.solution = now;
  }

  // How many customers and contacts were told a version, as far as it is known.
  told(version: number): bigint | undefined {
    return this.besides || this.readAt === 0 ? undefined : (this.stats.find((one) => one.version === version)?.toldCount ?? 0n);
  }

  async #readStats(): Promise<void> {
    if (!may('EvidenceService/ListVersionStats') || !this.solution) return;
    try {
      const { solutionId } = this.solution;
      this.stats = (await evidence.listVersionStats({ solutionId, pageSize: 500, ...including() }, once())).versions;
    } catch (thrown) {
      this.besides = failureOf(thrown);
    }
  }
}

export function versions(solutionId: string): (at: At) => Promise<Page<Solution>> {
  return async ({ signal, ...at }) => {
    const page = await solutions.listVersions({ ...at, solutionId, pageSize: PAGE_SIZE }, once(signal));
    return { items: page.versions, next: page.nextPageToken };
  };
}

export function changes(solutionId: string): (at: At) => Promise<Page<SolutionChange>> {
  return async ({ signal, ...at }) => {
    const page = await solutions.listChanges({ ...at, solutionId, pageSize: PAGE_SIZE }, once(signal));
    return { items: page.changes, next: page.nextPageToken };
  };
}

export function uses(solutionId: string, version: number): (at: At) => Promise<Page<ToldSolution>> {
  return async ({ signal, ...at }) => {
    const page = await evidence.listUses({ ...at, solutionId, version, pageSize: PAGE_SIZE }, once(signal));
    return { items: page.uses, next: page.nextPageToken };
  };
}

// A recall, whom it concerns, and what was promised because of it.
export interface Recalled {
  recall: Recall;
  parties: RecalledParty[];
  promised: number;
  // Whether there are more parties than were counted.
  isCut: boolean;
}

export async function recalled(solutionId: string, version: number): Promise<Recalled | undefined> {
  const { recall } = await evidence.getRecall({ solutionId, version, ...including() }, once());
  if (!recall) return undefined;
  const { items: parties, isCut } = await allOf(async (at) => {
    const page = await evidence.listRecalled({ ...at, solutionId, version, pageSize: 500 }, once());
    return { items: page.parties, next: page.nextPageToken };
  }, COUNTED_MAX);
  return { recall, parties, promised: parties.filter(({ commitmentId }) => commitmentId !== '').length, isCut };
}
