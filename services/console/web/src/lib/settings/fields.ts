// The few fields of teams, receivers, silences and webhooks: what a form asks for, and what is made of what it says.

import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import type { Timestamp } from '@bufbuild/protobuf/wkt';

import { type QuietHours, ReceiverSchema, TeamSchema } from '../../gen/aftercall/model/v1/escalation_pb';
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

type Form = keyof typeof FORMS;
export type FieldName = { [F in Form]: keyof (typeof FORMS)[F] }[Form];
// What the fields say, as it was typed: all those of a form.
export type Typed = Partial<Record<FieldName, string>>;

const NEEDED: readonly FieldName[] = ['matchers', 'endsAt', 'reason', 'url', 'eventTypes'];
// What a field says that is ticked.
export const TICKED = '✓';
// What may be typed.
export const HINTS: Typed = { matchers: 'kind=call_back,refund\npriority!=p1', eventTypes: 'aftercall.commitment.*', quietHours: '22:00–07:00' };
// A receiver is an agent's or a team's, and not both.
export const INSTEAD: Partial<Record<FieldName, FieldName>> = { agentId: 'teamId', teamId: 'agentId' };

// The fields of a form, and how each is typed; none of what is no form.
export const fieldsOf = (form: string | undefined) => Object.entries(FORMS[form as Form] ?? {}) as [FieldName, string][];

export const isNeeded = (name: FieldName) => NEEDED.includes(name);

// Whether all that is needed is said. What it means is the server's to judge.
export function isSaid(typed: Typed): boolean {
  return NEEDED.every((name) => typed[name]?.trim() !== '');
}

function made(form: 'team' | 'receiver' | 'silence', said: Record<string, unknown>): Body {
  const schema: DescMessage = { team: TeamSchema, receiver: ReceiverSchema, silence: SilenceSchema }[form];
  return { case: form, value: create(schema, said) } as Body;
}

// What a new setting of a kind begins with; nothing where those of the kind have more than a few fields.
export function blankOf(kind: SettingKind): Body | undefined {
  if (kind === SettingKind.TEAM) return made('team', {});
  if (kind === SettingKind.RECEIVER) return made('receiver', {});
  return kind === SettingKind.SILENCE ? made('silence', {}) : undefined;
}

export const matcherText = ({ label, excluded, values }: LabelMatcher) => `${label}${excluded ? '!=' : '='}${values.join(',')}`;

// What a line such as `priority!=p1,p2` says. What says no value is left to the server to refuse.
export function matcherOf(line: string): { label: string; excluded: boolean; values: string[] } {
  const [, label = line, not = '', values = ''] = /^(.*?)(!?)=(.*)$/.exec(line) ?? [];
  return { label: label.trim(), excluded: not !== '', values: parts(values, ',') };
}

const parts = (text: string, by: string) => text.split(by).map((part) => part.trim()).filter(Boolean);

// What a setting says, by the names of its fields.
function saidBy({ case: form, value }: Body): Record<string, unknown> {
  const whole: Record<string, unknown> = { ...value };
  if (form === 'receiver' && value.who.case) whole[value.who.case] = value.who.value;
  return Object.fromEntries(fieldsOf(form).map(([name]) => [name, whole[name]]));
}

function textOf(value: unknown, zone: string): string {
  if (Array.isArray(value)) return value.map((one: string | LabelMatcher) => (typeof one === 'string' ? one : matcherText(one))).join('\n');
  if (value === true) return TICKED;
  if (typeof value !== 'object' || value === null) return value ? String(value) : '';
  if (!('begins' in value)) return toField(millis(value as Timestamp) ?? 0, zone);
  const { begins, ends } = value as QuietHours;
  return `${begins}–${ends}`;
}

function meant(name: FieldName, is: string, text: string, zone: string): unknown {
  switch (is) {
    case 'lines':
      return name === 'matchers' ? parts(text, '\n').map(matcherOf) : parts(text, '\n');
    case 'checkbox':
      return text !== '';
    case 'number':
      return Math.round(Math.abs(Number(text))) || 0;
    case 'datetime-local': {
      const at = fromField(text, zone);
      return at === undefined ? undefined : timestamp(at);
    }
    default: {
      if (name !== 'quietHours') return text.trim();
      const [begins, ends = ''] = parts(text.replace('-', '–'), '–');
      return begins ? { begins, ends } : undefined;
    }
  }
}

// What the fields say of a setting; nothing where it has more than a few.
export function typedOf(body: Body, zone: string): Typed {
  return Object.fromEntries(Object.entries(saidBy(body)).map(([name, value]) => [name, textOf(value, zone)]));
}

// A setting with what somebody changed of its fields, which said `was` before; what they did not touch stays as it is.
export function withTyped(body: Body, typed: Typed, was: Typed, zone: string): Body {
  if (body.case !== 'team' && body.case !== 'receiver' && body.case !== 'silence') return body;
  const said = saidBy(body);
  for (const [name, is] of fieldsOf(body.case)) {
    if (typed[name] !== was[name]) said[name] = meant(name, is, typed[name] ?? '', zone);
  }
  const whose = (['agentId', 'teamId'] as const).find((one) => said[one]);
  return made(body.case, whose ? { ...said, who: { case: whose, value: said[whose] } } : said);
}

// The webhook that its fields say.
export function webhookOf(typed: Typed): MessageInitShape<typeof WebhookSchema> {
  return Object.fromEntries(fieldsOf('webhook').map(([name, is]) => [name, meant(name, is, typed[name] ?? '', '')])) as never;
}
