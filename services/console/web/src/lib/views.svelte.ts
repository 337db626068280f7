// Searches that somebody gave a name, kept in this browser for whoever it was.

import { session } from './session.svelte';

const PLACE = `aftercall.views ${JSON.stringify([session.who?.tenant, session.who?.actor])}`;
const VIEWS_MAX = 50;

export interface View {
  name: string;
  query: string;
}

function read(): View[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(PLACE) ?? '[]');
    if (!Array.isArray(kept)) return [];
    return kept.filter((one): one is View => typeof one?.name === 'string' && typeof one?.query === 'string').slice(0, VIEWS_MAX);
  } catch {
    return [];
  }
}

class Views {
  list = $state.raw<View[]>(read());

  save(name: string, query: string): void {
    const others = this.list.filter((one) => one.name !== name);
    this.#keep([...others, { name, query }].slice(-VIEWS_MAX));
  }

  forget(name: string): void {
    this.#keep(this.list.filter((one) => one.name !== name));
  }

  #keep(list: View[]): void {
    this.list = list;
    try {
      localStorage.setItem(PLACE, JSON.stringify(list));
    } catch {
      // It is there as long as the page is open.
    }
  }
}

export const views = new Views();
