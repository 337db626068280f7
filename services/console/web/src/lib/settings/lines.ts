// What a version of a setting says, line by line: so that two of them can be held beside each other.

import type { Setting } from '../../gen/aftercall/model/v1/setting_pb';
import { hoursText } from './calendar';
import { type FieldName, typedOf } from './fields';
import { draftOf, type StageDraft } from './policy';

const WEEK = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

const stageLine = (of: string, { id, basis, value, calendar }: StageDraft) => [of, id, basis, value, calendar].filter(Boolean).join(' ');

// What fields are called.
export type Names = Partial<Record<FieldName | 'retired', string>>;

export function linesOf({ body, retired }: Setting, names: Names = {}, zone = 'UTC'): string[] {
  const lines = retired ? [names.retired ?? 'retired'] : [];
  if (body.case === 'calendar') {
    const { displayName, timeZone, weekly, closedDates, specialDates, effectiveFrom } = body.value;
    lines.push(displayName, timeZone, effectiveFrom);
    for (const day of WEEK) lines.push(`${day} ${hoursText(weekly?.[day] ?? []) || '–'}`);
    for (const { date, label } of closedDates) lines.push(`${date} – ${label}`);
    for (const { date, hours, label } of specialDates) lines.push(`${date} ${hoursText(hours)} ${label}`);
  } else if (body.case === 'followUpPolicy') {
    const { target, promiseStages, targetStages } = draftOf(body.value);
    const { displayName, position, escalationPolicyId } = body.value;
    lines.push(displayName, `position ${position}`, escalationPolicyId && `escalation ${escalationPolicyId}`);
    if (target.rule) lines.push(`target ${target.rule} ${target.minutes} min ${target.calendar}`);
    lines.push(...promiseStages.map((one) => stageLine('due', one)), ...targetStages.map((one) => stageLine('target', one)));
  }
  for (const [name, text] of Object.entries(typedOf(body, zone)) as [FieldName, string][]) {
    lines.push(...text.split('\n').filter(Boolean).map((line) => `${names[name] ?? name}: ${line}`));
  }
  return lines.filter(Boolean).map((line) => line.trim());
}

// What each of two says that the other one does not.
export function differing(one: Setting, other: Setting, names?: Names, zone?: string): [string[], string[]] {
  const [its, others] = [linesOf(one, names, zone), linesOf(other, names, zone)];
  return [its.filter((line) => !others.includes(line)), others.filter((line) => !its.includes(line))];
}
