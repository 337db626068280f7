// What measures contacts, for the screens that show it: the board does without.

import { createClient } from '@connectrpc/connect';

import { InsightService } from '../gen/aftercall/insight/v1/insight_pb';
import { transport } from './client';

export const insight = createClient(InsightService, transport);
