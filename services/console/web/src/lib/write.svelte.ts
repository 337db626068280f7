// One thing that is changed: sent under one name, so that a double click is one request, and shown once the server has
// said yes.

import { requestId, wrote } from './client';
import { type Failure, failureOf } from './failure';
import { live } from './live.svelte';
import { session } from './session.svelte';
import { t } from './words.svelte';

// Why a method can't be called now; empty if it can.
export function hinderedBy(method: string): string {
  if (!session.may(method)) return t().act.lacking;
  return live.isStale ? t().live.writesOff : '';
}

// The name of what is asked for: sent twice, it is done once. Other words are another request.
export class RequestName {
  // When it was first asked for.
  at = Date.now();
  #id = requestId();
  #of = '';

  of(what: unknown): string {
    const said = JSON.stringify(what, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
    if (this.#of !== said) {
      if (this.#of !== '') this.#id = requestId();
      this.#of = said;
      this.at = Date.now();
    }
    return this.#id;
  }
}

export class Write {
  doing = $state(false);
  failure = $state.raw<Failure | undefined>();
  #name = new RequestName();

  // Sends what is asked for by `run`; the same again has the same name, and the same time. Gives what was answered, or nothing.
  async send<T extends object>(what: unknown, run: (requestId: string, at: number) => Promise<T>): Promise<T | undefined> {
    if (this.doing) return undefined;
    this.doing = true;
    this.failure = undefined;
    try {
      const answer = await run(this.#name.of(what), this.#name.at);
      if ('position' in answer && typeof answer.position === 'string') wrote(answer.position);
      // What is asked for next is another request, even if it says the same.
      this.#name = new RequestName();
      return answer;
    } catch (thrown) {
      this.failure = failureOf(thrown);
      return undefined;
    } finally {
      this.doing = false;
    }
  }
}
