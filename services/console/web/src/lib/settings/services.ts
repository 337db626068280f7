// Settings and those who are told, for the screen that shows them: the board does without.

import { createClient } from '@connectrpc/connect';

import { MailService } from '../../gen/aftercall/notify/v1/mail_pb';
import { WebhookService } from '../../gen/aftercall/notify/v1/webhooks_pb';
import { SettingsService } from '../../gen/aftercall/settings/v1/settings_pb';
import { transport } from '../client';

export const settings = createClient(SettingsService, transport);
export const webhooks = createClient(WebhookService, transport);
export const mail = createClient(MailService, transport);
