// Customers by what somebody types of them: a part of a name, an id, a number or an address.

import type { FoundCustomer } from '../gen/aftercall/history/v1/history_pb';
import { including, once } from './client';
import { history } from './past';
import { t } from './words.svelte';

// For how long nobody types before it is asked.
const PAUSE_MS = 150;
const FOUND_MAX = 8;

export class Finder {
  // Who was found, and by what.
  found = $state.raw<FoundCustomer[]>([]);
  text = $state.raw('');
  #asking: AbortController | undefined;
  #pause: ReturnType<typeof setTimeout> | undefined;

  // Asks when nobody has typed for a moment.
  type(typed: string): void {
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => void this.ask(typed), PAUSE_MS);
  }

  // Asks at once. Whether it is answered: it is not where something else was asked for meanwhile.
  async ask(typed: string): Promise<boolean> {
    clearTimeout(this.#pause);
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    const text = typed.trim();
    let found: FoundCustomer[] = [];
    try {
      // One letter is refused. From Thai on, scripts have characters that say enough.
      if (text.length > 1 || text > '\u0dff') found = (await history.findCustomers({ text, pageSize: FOUND_MAX, ...including() }, once(asking.signal))).customers;
    } catch {
      // Nobody is found then; where what was typed leads to, it is said what is wrong.
    }
    if (asking.signal.aborted) return false;
    this.found = found;
    this.text = text;
    return true;
  }
}

// What somebody is called, by which other name they were found, and their id.
export function called({ displayName, matchedName, customerId }: FoundCustomer): string {
  const also = matchedName === '' ? '' : ` (${t().customer.also(matchedName)})`;
  return displayName === '' ? customerId : `${displayName}${also} · ${customerId}`;
}
