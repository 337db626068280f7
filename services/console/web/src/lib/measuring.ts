// What measures, for the screens that show it: the board does without.

import { createClient } from '@connectrpc/connect';

import { InsightService } from '../gen/aftercall/insight/v1/insight_pb';
import { ProblemService } from '../gen/aftercall/insight/v1/problems_pb';
import { SearchService } from '../gen/aftercall/knowledge/v1/search_pb';
import { transport } from './client';

export const insight = createClient(InsightService, transport);
export const problems = createClient(ProblemService, transport);
export const struggles = createClient(SearchService, transport);
