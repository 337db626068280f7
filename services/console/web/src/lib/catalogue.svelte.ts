// What a screen says, in the preferred language. Each screen brings its own words, so that the first one needs none of
// them.

import { prefs } from './prefs.svelte';

export class Said<C extends object> {
  readonly #english: C;
  readonly #load: () => Promise<C>;
  #loading: Promise<C> | undefined;
  #german = $state.raw<C | undefined>();

  constructor(english: C, german: () => Promise<C>) {
    this.#english = english;
    this.#load = german;
  }

  // The catalogue in force: English until the other one has come.
  get t(): C {
    if (prefs.language !== 'de') return this.#english;
    void this.speak();
    return this.#german ?? this.#english;
  }

  // Loads what the preferred language needs, once. Without it English is spoken.
  async speak(): Promise<void> {
    if (prefs.language !== 'de' || this.#german) return;
    this.#loading ??= this.#load();
    try {
      this.#german = await this.#loading;
    } catch {
      this.#loading = undefined;
    }
  }
}
