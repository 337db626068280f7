// Names under which people are reached, as the server finds them by what somebody types.

import { type Handle, HandleKind } from '../gen/aftercall/model/v1/handle_pb';

// So many digits a country's code has at most.
const COUNTRY_DIGITS_MAX = 3;

// Whether somebody who is reached by `handles` is who was asked for, in any usual spelling.
export function isReachedBy(asked: string, handles: readonly Pick<Handle, 'kind' | 'value'>[]): boolean {
  return handles.some(({ kind, value }) => (kind === HandleKind.TELEPHONE ? isNumber(asked, value) : plain(asked) === plain(value)));
}

// A number is recorded with its country's code where that is known, and else by its digits. Asked for without that code,
// it is found in every country.
function isNumber(asked: string, recorded: string): boolean {
  const number = asked.replace('(0)', '').replaceAll(/[^\d+]/g, '').replace(/^00/, '+');
  if (number.startsWith('+')) return number === recorded;
  const local = number.replace(/^0+/, '');
  if (local === '') return false;
  if (!recorded.startsWith('+')) return recorded.replace(/^0+/, '') === local;
  const before = recorded.length - 1 - local.length;
  return recorded.endsWith(local) && before <= COUNTRY_DIGITS_MAX;
}

const plain = (name: string) => name.trim().replace(/^@/, '').toLowerCase();
