// What was typed and not saved, for as long as the page is open and nobody else signs in: words that may be personal are
// kept nowhere else. Whoever leaves the page while there is any is asked.

import { session } from './session.svelte';

class Kept {
  #forms = new Map<string, unknown>();
  #whose = '';

  constructor() {
    addEventListener('beforeunload', (event) => {
      this.#look();
      if (this.#forms.size > 0) event.preventDefault();
    });
  }

  get<T>(key: string): T | undefined {
    this.#look();
    return this.#forms.get(key) as T | undefined;
  }

  // Nothing keeps nothing.
  keep(key: string, form: unknown): void {
    this.#look();
    if (form === undefined) this.#forms.delete(key);
    else this.#forms.set(key, form);
  }

  #look(): void {
    if (session.whose !== this.#whose) this.#forms.clear();
    this.#whose = session.whose;
  }
}

export const kept = new Kept();
