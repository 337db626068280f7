// One thing that is changed: sent under one name, so that a double click is one request, and shown once the server has
// said yes.

import { requestId, wrote } from '../client';
import { type Failure, failureOf } from '../failure';
import { live } from '../live.svelte';
import { session } from '../session.svelte';
import { t } from '../words.svelte';

// Why a method can't be called now; empty if it can.
export function hinderedBy(method: string): string {
  if (!session.may(method)) return t().act.lacking;
  return live.isStale ? t().live.writesOff : '';
}

export class Write {
  doing = $state(false);
  failure = $state.raw<Failure | undefined>();
  #name = { id: requestId(), of: '' };

  // Sends what is asked for by `run`; the same again has the same name. Gives what was answered, or nothing.
  async send<T extends object>(what: unknown, run: (requestId: string) => Promise<T>): Promise<T | undefined> {
    if (this.doing) return undefined;
    this.doing = true;
    this.failure = undefined;
    try {
      const answer = await run(this.#request(what));
      if ('position' in answer && typeof answer.position === 'string') wrote(answer.position);
      // What is asked for next is another request, even if it says the same.
      this.#name = { id: requestId(), of: '' };
      return answer;
    } catch (thrown) {
      this.failure = failureOf(thrown);
      return undefined;
    } finally {
      this.doing = false;
    }
  }

  #request(what: unknown): string {
    const said = JSON.stringify(what, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
    if (this.#name.of !== said) this.#name = { id: this.#name.of === '' ? this.#name.id : requestId(), of: said };
    return this.#name.id;
  }
}
