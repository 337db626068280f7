// The few fields of teams, receivers, silences and webhooks: what a form asks for, and what is made of what it says.

import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { Timestamp } from '@bufbuild/protobuf/wkt';

import { ReceiverSchema, TeamSchema } from '../../gen/aftercall/model/v1/escalation_pb';
import { type Setting, SettingKind } from '../../gen/aftercall/model/v1/setting_pb';
import { type LabelMatcher, SilenceSchema } from '../../gen/aftercall/model/v1/silence_pb';
import type { WebhookSchema } from '../../gen/aftercall/model/v1/webhook_pb';
import { fromField, millis, timestamp, toField } from '../time';

type Body = Setting['body'];

// How each field is typed: into an input of that type, or one a line.
const FORMS = {
  team: { displayName: 'text', memberIds: 'lines', leadIds: 'lines', queueIds: 'lines', siteId: 'text' },
  receiver: {
    displayName: 'text', agentId: 'text', teamId: 'text', mailAddress: 'email', webhookId: 'text', language: 'text', timeZone: 'text', quietHours: 'text',
    budgetPerHour: 'number', personalAllowed: 'checkbox',
  },
  silence: { matchers: 'lines', startsAt: 'datetime-local', endsAt: 'datetime-local', reason: 'text' },
  webhook: { displayName: 'text', url: 'url', eventTypes: 'lines', personalAllowed: 'checkbox' },
} as const;

export type Form = keyof typeof FORMS;
export type FieldName = { [F in Form]: keyof (typeof FORMS)[F] }[Form];
// What the fields say, as it was typed: all those of its form.
export type Draft = Partial<Record<FieldName, string>>;

const NEEDED: readonly FieldName[] = ['matchers', 'endsAt', 'reason', 'url', 'eventTypes'];
// What a field says that is ticked.
export const TICKED = '✓';
// What may be typed.
export const HINTS: Draft = {
  matchers: 'kind=call_back,refund\npriority!=p1', eventTypes: 'aftercall.commitment.*', quietHours: '22:00–07:00', timeZone: 'Europe/Berlin', language: 'de-CH',
};
// A receiver is an agent's or a team's, and not both.
export const INSTEAD: Partial<Record<FieldName, FieldName>> = { agentId: 'teamId', teamId: 'agentId' };

export const fieldsOf = (form: Form) => Object.entries(FORMS[form]) as [FieldName, string][];

export const isNeeded = (name: FieldName) => NEEDED.includes(name);

// Whether all that is needed is said. What it means is the server's to judge.
export function isWhole(draft: Draft): boolean {
  return NEEDED.every((name) => draft[name]?.trim() !== '');
}

// What a new setting of a kind begins with; nothing where those of the kind have more than a few fields.
export function blankOf(kind: SettingKind): Body | undefined {
  switch (kind) {
    case SettingKind.TEAM:
      return { case: 'team', value: create(TeamSchema) };
    case SettingKind.RECEIVER:
      return { case: 'receiver', value: create(ReceiverSchema) };
    case SettingKind.SILENCE:
      return { case: 'silence', value: create(SilenceSchema) };
    default:
      return undefined;
  }
}

export const matcherText = ({ label, excluded, values }: LabelMatcher) => `${label}${excluded ? '!=' : '='}${values.join(',')}`;

// What a line such as `priority!=p1,p2` says. What says no value is left to the server to refuse.
export function matcherOf(line: string): { label: string; excluded: boolean; values: string[] } {
  const [, label = line, not = '', values = ''] = /^(.*?)(!?)=(.*)$/.exec(line) ?? [];
  return { label: label.trim(), excluded: not !== '', values: values.split(',').map((value) => value.trim()).filter(Boolean) };
}

const linesOf = (text: string) => text.split('\n').map((line) => line.trim()).filter(Boolean);

const ticked = (is: boolean) => (is ? TICKED : '');

// What the fields say of a setting; nothing where it has more than those.
export function draftOf(body: Body, zone: string): Draft {
  const field = (at: Timestamp | undefined) => (at ? toField(millis(at) ?? 0, zone) : '');
  switch (body.case) {
    case 'team': {
      const { displayName, memberIds, leadIds, queueIds, siteId } = body.value;
      return { displayName, memberIds: memberIds.join('\n'), leadIds: leadIds.join('\n'), queueIds: queueIds.join('\n'), siteId };
    }
    case 'receiver': {
      const { displayName, who, mailAddress, webhookId, language, timeZone, quietHours, budgetPerHour, personalAllowed } = body.value;
      return {
        displayName, mailAddress, webhookId, language, timeZone,
        agentId: who.case === 'agentId' ? who.value : '',
        teamId: who.case === 'teamId' ? who.value : '',
        quietHours: quietHours ? `${quietHours.begins}–${quietHours.ends}` : '',
        budgetPerHour: budgetPerHour ? String(budgetPerHour) : '',
        personalAllowed: ticked(personalAllowed),
      };
    }
    case 'silence': {
      const { matchers, startsAt, endsAt, reason } = body.value;
      return { matchers: matchers.map(matcherText).join('\n'), startsAt: field(startsAt), endsAt: field(endsAt), reason };
    }
    default:
      return {};
  }
}

// A setting with what somebody changed of its fields, which said `was` before; what they did not touch stays as it is.
export function withDraft(body: Body, draft: Draft, was: Draft, zone: string): Body {
  const now = draftOf(body, zone);
  const isOurs = (name: FieldName) => draft[name] !== was[name];
  const of = (name: FieldName) => ((isOurs(name) ? draft[name] : now[name]) ?? '').trim();
  const list = (name: FieldName) => linesOf(of(name));
  switch (body.case) {
    case 'team': {
      const [displayName, siteId] = [of('displayName'), of('siteId')];
      return { case: 'team', value: create(TeamSchema, { displayName, siteId, memberIds: list('memberIds'), leadIds: list('leadIds'), queueIds: list('queueIds') }) };
    }
    case 'receiver': {
      const [agentId, teamId] = [of('agentId'), of('teamId')];
      const [begins = '', ends = ''] = of('quietHours').split(/\s*[-–]\s*/);
      const value = create(ReceiverSchema, {
        displayName: of('displayName'),
        mailAddress: of('mailAddress'),
        webhookId: of('webhookId'),
        language: of('language'),
        timeZone: of('timeZone'),
        ...(agentId ? { who: { case: 'agentId' as const, value: agentId } } : teamId ? { who: { case: 'teamId' as const, value: teamId } } : {}),
        ...(begins ? { quietHours: { begins, ends } } : {}),
        budgetPerHour: Math.round(Math.abs(Number(of('budgetPerHour')))) || 0,
        personalAllowed: of('personalAllowed') !== '',
      });
      return { case: 'receiver', value };
    }
    case 'silence': {
      const { value } = body;
      // A field has no seconds: what was not touched keeps its own.
      const at = (name: 'startsAt' | 'endsAt') => {
        if (!isOurs(name)) return value[name];
        const ms = fromField(of(name), zone);
        return ms === undefined ? undefined : timestamp(ms);
      };
      const [startsAt, endsAt] = [at('startsAt'), at('endsAt')];
      const times = { ...(startsAt ? { startsAt } : {}), ...(endsAt ? { endsAt } : {}) };
      return { case: 'silence', value: create(SilenceSchema, { matchers: list('matchers').map(matcherOf), ...times, reason: of('reason') }) };
    }
    default:
      return body;
  }
}

// The webhook that its fields say.
export function webhookOf({ displayName = '', url = '', eventTypes = '', personalAllowed = '' }: Draft): MessageInitShape<typeof WebhookSchema> {
  return { displayName: displayName.trim(), url: url.trim(), eventTypes: linesOf(eventTypes), personalAllowed: personalAllowed !== '' };
}
