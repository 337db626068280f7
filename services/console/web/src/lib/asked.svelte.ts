// Something that is asked for once, and again when the question is another one.

import { once } from './client';
import { type Failure, failureOf } from './failure';

export type Ask<T> = (options: ReturnType<typeof once>) => Promise<T>;

export class Asked<T> {
  data = $state.raw<T | undefined>();
  failure = $state.raw<Failure | undefined>();
  reading = $state(false);
  // When it was asked for what is there.
  at = $state(0);
  #asking: AbortController | undefined;
  #ask: Ask<T> | undefined;

  // Asks another question: what was answered before is not shown as its answer.
  async ask(ask: Ask<T>): Promise<void> {
    this.data = undefined;
    this.#ask = ask;
    await this.again();
  }

  // Asks the same again. What is there stays until there is something newer.
  async again(): Promise<void> {
    if (!this.#ask) return;
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    this.reading = true;
    this.failure = undefined;
    const at = Date.now();
    try {
      const data = await this.#ask(once(asking.signal));
      if (asking.signal.aborted) return;
      this.data = data;
      this.at = at;
    } catch (thrown) {
      if (asking.signal.aborted) return;
      this.failure = failureOf(thrown);
    }
    this.reading = false;
  }
}
