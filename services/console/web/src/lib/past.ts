// The past, for the screens that show it: the board does without.

import { createClient } from '@connectrpc/connect';

import { HistoryService } from '../gen/aftercall/history/v1/history_pb';
import { transport } from './client';

export const history = createClient(HistoryService, transport);
