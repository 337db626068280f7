// What the team can't answer: who is asked, and where what shows it stands.

import { createClient } from '@connectrpc/connect';

import { SearchService, StruggleSign } from '../gen/aftercall/knowledge/v1/search_pb';
import { transport } from './client';

export const struggles = createClient(SearchService, transport);

// What shows that the team can't answer something: all of it, or by one sign.
export interface StruggleAsked {
  reason: string;
  team: string;
  // Dates by UTC, the second one without.
  from: string;
  before: string;
  sign: StruggleSign;
}

export function struggleAt({ reason, team, from, before, sign }: StruggleAsked): string {
  const query = new URLSearchParams({ behind: 'struggle', reason, from, before });
  if (team) query.append('team', team);
  if (sign) query.append('sign', StruggleSign[sign]);
  return `/search?${query}`;
}

export function struggleOf(query: URLSearchParams): StruggleAsked {
  const sign = (StruggleSign as Record<string | number, string | number>)[query.get('sign') ?? ''];
  return {
    reason: query.get('reason') ?? '',
    team: query.get('team') ?? '',
    from: query.get('from') ?? '',
    before: query.get('before') ?? '',
    sign: typeof sign === 'number' ? sign : StruggleSign.UNSPECIFIED,
  };
}
