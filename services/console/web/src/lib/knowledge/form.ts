// What a version says, as a form has it: lists are lines, times are fields. What was not touched is sent as it was.

import type { MessageInitShape } from '@bufbuild/protobuf';

import { Audience, Governance, type Solution, type SolutionSchema } from '../../gen/aftercall/model/v1/solution_pb';
import { fromField, millis, timestamp, toField } from '../time';

export interface Form {
  title: string;
  questions: string;
  symptoms: string;
  environment: string;
  discriminating: string;
  cause: string;
  resolution: string;
  workaround: string;
  customerWording: string;
  doNotSay: string;
  sources: string;
  reasonCode: string;
  audience: Audience;
  governance: Governance;
  clientAccountId: string;
  language: string;
  translationOf: string;
  ownerGroup: string;
  verifyBy: string;
  effectiveFrom: string;
  changeNote: string;
}

export type FormField = keyof Form;

const TEXTS = {
  title: 'title', cause: 'cause', resolution: 'resolution', workaround: 'workaround', customerWording: 'customerWording',
  reasonCode: 'reasonCode', clientAccountId: 'clientAccountId', language: 'language', translationOf: 'translationOf',
  ownerGroup: 'ownerGroup', changeNote: 'changeNote',
} as const;
const LISTS = {
  questions: 'questionInCustomerWords', symptoms: 'symptoms', discriminating: 'discriminatingQuestions', doNotSay: 'doNotSay',
} as const;
const TIMES = { verifyBy: 'verifyBy', effectiveFrom: 'effectiveFrom' } as const;

// An element of a list that has lines of its own is shown as one.
const asLine = (text: string) => text.replaceAll(/\s*\n\s*/g, ' ');

export function formOf(solution: Solution, zone: string): Form {
  const time = (name: keyof typeof TIMES) => {
    const ms = millis(solution[TIMES[name]]);
    return ms === undefined ? '' : toField(ms, zone);
  };
  const list = (name: keyof typeof LISTS) => solution[LISTS[name]].map(asLine).join('\n');
  return {
    title: solution.title,
    questions: list('questions'),
    symptoms: list('symptoms'),
    environment: solution.environment.map(({ key, value }) => asLine(`${key}: ${value}`)).join('\n'),
    discriminating: list('discriminating'),
    cause: solution.cause,
    resolution: solution.resolution,
    workaround: solution.workaround,
    customerWording: solution.customerWording,
    doNotSay: list('doNotSay'),
    sources: solution.sources.map(({ uri, title }) => asLine(`${uri} ${title}`.trim())).join('\n'),
    reasonCode: solution.reasonCode,
    audience: solution.audience,
    governance: solution.governance,
    clientAccountId: solution.clientAccountId,
    language: solution.language,
    translationOf: solution.translationOf,
    ownerGroup: solution.ownerGroup,
    verifyBy: time('verifyBy'),
    effectiveFrom: time('effectiveFrom'),
    changeNote: solution.changeNote,
  };
}

export function linesOf(text: string): string[] {
  return text.split('\n').map((line) => line.trim()).filter(Boolean);
}

// What the form says. `base` is what it began with, `actor` who looked at a source that is new, at `now`.
export function saidBy(form: Form, base: Solution, zone: string, actor: string, now: number): MessageInitShape<typeof SolutionSchema> {
  const was = formOf(base, zone);
  const said: MessageInitShape<typeof SolutionSchema> = { audience: form.audience, governance: form.governance };
  for (const name of Object.keys(TEXTS) as (keyof typeof TEXTS)[]) said[TEXTS[name]] = form[name].trim() === was[name].trim() ? base[TEXTS[name]] : form[name].trim();
  for (const name of Object.keys(LISTS) as (keyof typeof LISTS)[]) said[LISTS[name]] = form[name] === was[name] ? [...base[LISTS[name]]] : linesOf(form[name]);
  said.environment = form.environment === was.environment ? base.environment.map(({ key, value }) => ({ key, value })) : linesOf(form.environment).map(entry);
  said.sources = linesOf(form.sources).map((line) => source(line, base, actor, now));
  for (const name of Object.keys(TIMES) as (keyof typeof TIMES)[]) {
    const before = base[TIMES[name]];
    const ms = form[name] === was[name] ? undefined : fromField(form[name], zone);
    if (form[name] === was[name] && before) said[TIMES[name]] = { seconds: before.seconds, nanos: before.nanos };
    else if (ms !== undefined) said[TIMES[name]] = timestamp(ms);
  }
  return said;
}

function entry(line: string): { key: string; value: string } {
  const at = line.indexOf(':');
  return at < 0 ? { key: line, value: '' } : { key: line.slice(0, at).trim(), value: line.slice(at + 1).trim() };
}

// A source that was there before keeps when it was looked at, and its hash.
function source(line: string, base: Solution, actor: string, now: number) {
  const [first = '', ...rest] = line.split(/\s+/);
  // What has neither a scheme nor a path is no address but a name, such as that of a manual.
  const isAddress = /[:/]/.test(first);
  const [uri, title] = isAddress ? [first, rest.join(' ')] : ['', line];
  const known = base.sources.find((one) => (isAddress ? one.uri === uri : one.uri === '' && one.title === title));
  if (!known) return { uri, title, checkedAt: timestamp(now), checkedBy: actor };
  const { checkedAt, checkedBy, contentHash } = known;
  const at = checkedAt ? { checkedAt: { seconds: checkedAt.seconds, nanos: checkedAt.nanos } } : {};
  return { uri, title, checkedBy, contentHash, ...at };
}

// Which fields of two forms are different.
export function differing(one: Form, other: Form): FormField[] {
  return (Object.keys(one) as FormField[]).filter((name) => one[name] !== other[name]);
}
