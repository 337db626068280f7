// The services of knowledge, for the screens that show it, and where those screens are.

import { createClient } from '@connectrpc/connect';

import { EvidenceService } from '../../gen/aftercall/knowledge/v1/evidence_pb';
import { KnowledgeService } from '../../gen/aftercall/knowledge/v1/knowledge_pb';
import { SearchService } from '../../gen/aftercall/knowledge/v1/search_pb';
import { SolutionService } from '../../gen/aftercall/knowledge/v1/solutions_pb';
import { transport } from '../client';
import { session } from '../session.svelte';

export const knowledge = createClient(KnowledgeService, transport);
export const solutions = createClient(SolutionService, transport);
export const evidence = createClient(EvidenceService, transport);
export const searches = createClient(SearchService, transport);

// A method's whole name, for one such as `EvidenceService/ListFlags`.
export function methodOf(method: string): string {
  return `knowledge.v1.${method}`;
}

// Whether the roles allow it.
export function may(method: string): boolean {
  return session.may(methodOf(method));
}

// Where a solution is; without a version, the one that is live.
export function solutionAt(id: string, version = 0, more: Record<string, string> = {}): string {
  const query = new URLSearchParams({ ...(version > 0 ? { version: String(version) } : {}), ...more }).toString();
  return `/solutions/${encodeURIComponent(id)}${query === '' ? '' : `?${query}`}`;
}
