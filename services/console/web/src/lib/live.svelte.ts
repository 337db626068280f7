// What happens, as it happens: one stream of each kind a browser, however many tabs it has.
//
// The tab that holds the lock listens to the server and tells the others. When it closes, another one goes on from the
// last place that it heard of. Who hears nothing for longer than the server is ever silent has lost the connection.

import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';

import { type WatchAlertsResponse, WatchAlertsResponseSchema } from '../gen/aftercall/alerts/v1/alerts_pb';
import {
  type WatchCommitmentsResponse,
  WatchCommitmentsResponseSchema,
} from '../gen/aftercall/followups/v1/boards_pb';
import { type WatchCallsResponse, WatchCallsResponseSchema } from '../gen/aftercall/followups/v1/calls_pb';
import { alerts, calls, followups, lost } from './client';
import { failureOf } from './failure';
import { session } from './session.svelte';

export type Kind = 'promises' | 'alerts' | 'calls';

interface Told {
  promises: WatchCommitmentsResponse;
  alerts: WatchAlertsResponse;
  calls: WatchCallsResponse;
}

// What tabs say to each other.
type Word =
  | { said: 'told'; kind: Kind; bytes: Uint8Array }
  // Something may have been missed: read all of it again.
  | { said: 'anew'; kind: Kind }
  | { said: 'silenced'; kind: Kind }
  // The server is there, though it tells nothing.
  | { said: 'there' }
  // A tab has come, and knows no calls yet.
  | { said: 'hello' };

const SCHEMAS = {
  promises: WatchCommitmentsResponseSchema,
  alerts: WatchAlertsResponseSchema,
  calls: WatchCallsResponseSchema,
} as const;

const OPEN = {
  promises: (resumeToken: string, signal: AbortSignal) => followups.watchCommitments({ resumeToken }, { signal }),
  alerts: (resumeToken: string, signal: AbortSignal) => alerts.watchAlerts({ resumeToken }, { signal }),
  calls: (resumeToken: string, signal: AbortSignal) => calls.watchCalls({ resumeToken }, { signal }),
} as const;

// The server says something every 5 seconds at least.
const SILENCE_MS = 12_000;
// What was heard last is called old from here on, and nothing is written any more.
export const STALE_MS = 10_000;
// How often whoever may hear of nothing asks whether the server is there.
const ASK_MS = 4_000;
const PAUSE_MS = { first: 300, most: 5_000 };

type Taker<K extends Kind> = (told: Told[K]) => void;

class Live {
  now = $state(Date.now());
  #heard = $state.raw<Record<Kind, number>>(at(Date.now()));
  #silenced = $state.raw<ReadonlySet<Kind>>(new Set());
  // How long ago the older one of the two streams that the board lives on was heard.
  readonly age = $derived(Math.max(0, this.now - Math.min(...this.#counted().map((kind) => this.#heard[kind]))));
  readonly isStale = $derived(this.age > STALE_MS);

  #tokens: Record<Kind, string> = { promises: '', alerts: '', calls: '' };
  #takers: { [K in Kind]: Set<Taker<K>> } = { promises: new Set(), alerts: new Set(), calls: new Set() };
  #anew: Record<Kind, Set<() => void>> = { promises: new Set(), alerts: new Set(), calls: new Set() };
  // The calls that are live, so that a tab which comes later is told of them; under no id, how many are left out.
  #live = new Map<string, Uint8Array>();
  #channel: BroadcastChannel | undefined;
  #leads = false;
  #running: AbortController | undefined;
  #wake = new Set<() => void>();

  // Begins to listen for somebody, with the other tabs in which it is the same one. Asked again, it does nothing.
  start(whose: string): void {
    if (this.#running) return;
    const running = new AbortController();
    this.#running = running;
    const channel = new BroadcastChannel(`aftercall ${whose}`);
    this.#channel = channel;
    this.#heard = at(Date.now());
    const ticking = setInterval(() => {
      this.now = Date.now();
    }, 1000);
    running.signal.addEventListener('abort', () => {
      clearInterval(ticking);
      channel.close();
    });
    channel.onmessage = (event: MessageEvent<Word>) => this.#hear(event.data);
    const wake = () => {
      this.now = Date.now();
      for (const one of this.#wake) one();
    };
    for (const name of ['online', 'focus', 'pageshow']) addEventListener(name, wake, { signal: running.signal });
    document.addEventListener('visibilitychange', wake, { signal: running.signal });
    this.#say({ said: 'hello' });
    const lead = async () => {
      this.#leads = true;
      const kinds: Kind[] = ['promises', 'alerts', 'calls'];
      await Promise.all([...kinds.map((kind) => this.#listen(kind, running.signal)), this.#ask(running.signal)]);
      this.#leads = false;
    };
    // Without locks, which only secure pages have, each tab listens for itself.
    const locks = (navigator as { locks?: LockManager }).locks;
    const led = locks ? locks.request(`aftercall-stream ${whose}`, { signal: running.signal }, lead) : lead();
    led.catch(() => {});
  }

  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#channel = undefined;
    this.#tokens = { promises: '', alerts: '', calls: '' };
    this.#live.clear();
    this.#silenced = new Set();
  }

  // Tells `take` of everything of a kind, and `again` when something may have been missed. Gives how to stop that.
  on<K extends Kind>(kind: K, take: Taker<K>, again: () => void): () => void {
    const takers: Set<Taker<K>> = this.#takers[kind];
    takers.add(take);
    this.#anew[kind].add(again);
    if (kind === 'calls') for (const bytes of this.#live.values()) this.#tell(kind, bytes);
    return () => {
      takers.delete(take);
      this.#anew[kind].delete(again);
    };
  }

  // Up to where everything of a kind was told: whoever reads from there on misses nothing. Empty where nothing was.
  place(kind: Kind): string {
    return this.#tokens[kind];
  }

  // Whether the caller may not hear of a kind.
  isSilenced(kind: Kind): boolean {
    return this.#silenced.has(kind);
  }

  #counted(): Kind[] {
    const counted = (['promises', 'alerts'] as const).filter((kind) => !this.#silenced.has(kind));
    return counted.length > 0 ? counted : ['promises'];
  }

  async #listen(kind: Kind, signal: AbortSignal): Promise<void> {
    let pause = PAUSE_MS.first;
    while (!signal.aborted) {
      try {
        await this.#hearServer(kind, signal, () => {
          pause = PAUSE_MS.first;
        });
      } catch (thrown) {
        const { code } = failureOf(thrown);
        if (signal.aborted) return;
        if (code === Code.Unauthenticated) {
          lost();
          return;
        }
        if (code === Code.PermissionDenied || code === Code.Unimplemented) {
          this.#silence(kind);
          this.#say({ said: 'silenced', kind });
          return;
        }
        // A place that the server does not know any more.
        if (code === Code.InvalidArgument || code === Code.FailedPrecondition || code === Code.OutOfRange) {
          this.#tokens[kind] = '';
        }
      }
      await this.#rest(pause, signal);
      pause = Math.min(pause * 2, PAUSE_MS.most);
      // A stream also ends because somebody else has signed in: what is theirs is not for this page.
      if (signal.aborted || (await session.load()) === 'other') return;
    }
  }

  // Roles may allow neither promises nor alerts, as those of reviewers do: then nothing is heard of itself, and a server
  // that is there would be taken for lost.
  async #ask(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#rest(ASK_MS, signal);
      if (signal.aborted || !this.isSilenced('promises') || !this.isSilenced('alerts')) continue;
      const look = await session.load();
      if (signal.aborted || look === 'other') return;
      if (look === 'away') continue;
      this.#there();
      this.#say({ said: 'there' });
    }
  }

  #there(): void {
    this.now = Date.now();
    this.#heard = at(this.now);
  }

  async #hearServer(kind: Kind, signal: AbortSignal, heard: () => void): Promise<void> {
    const attempt = new AbortController();
    const end = () => attempt.abort();
    signal.addEventListener('abort', end);
    let watchdog = setTimeout(end, SILENCE_MS);
    // Timers stand still while a machine sleeps; what was open then is dead, whatever it looks like.
    const look = () => {
      if (Date.now() - this.#heard[kind] > SILENCE_MS) end();
    };
    this.#wake.add(look);
    // It begins where the server is by then: what happened after something was read and before that is told to nobody.
    // Only one of calls tells first of all that are live.
    let isNew = this.#tokens[kind] === '';
    const isWhole = kind === 'calls';
    if (isNew && isWhole) this.#begin(kind);
    try {
      for await (const told of OPEN[kind](this.#tokens[kind], attempt.signal)) {
        clearTimeout(watchdog);
        watchdog = setTimeout(end, SILENCE_MS);
        heard();
        const bytes = toBinary(SCHEMAS[kind], told as never);
        this.#tell(kind, bytes);
        this.#say({ said: 'told', kind, bytes });
        if (isNew && !isWhole) this.#begin(kind);
        isNew = false;
      }
    } finally {
      clearTimeout(watchdog);
      signal.removeEventListener('abort', end);
      this.#wake.delete(look);
    }
  }

  #begin(kind: Kind): void {
    this.#again(kind);
    this.#say({ said: 'anew', kind });
  }

  #hear(word: Word): void {
    if (word.said === 'told') this.#tell(word.kind, word.bytes);
    else if (word.said === 'anew') this.#again(word.kind);
    else if (word.said === 'silenced') this.#silence(word.kind);
    else if (word.said === 'there') this.#there();
    else if (this.#leads) this.#welcome();
  }

  // A tab that comes later is told what this one knows.
  #welcome(): void {
    for (const kind of this.#silenced) this.#say({ said: 'silenced', kind });
    for (const bytes of this.#live.values()) this.#say({ said: 'told', kind: 'calls', bytes });
  }

  #tell(kind: Kind, bytes: Uint8Array): void {
    const now = Date.now();
    this.#heard = { ...this.#heard, [kind]: now };
    this.now = now;
    const told = fromBinary(SCHEMAS[kind] as typeof WatchCallsResponseSchema, bytes);
    if (told.resumeToken !== '') this.#tokens[kind] = told.resumeToken;
    if (kind === 'calls' && told.leftOutCount > 0) this.#live.set('', bytes);
    if (kind === 'calls' && told.call) {
      if (told.left) this.#live.delete(told.call.interactionId);
      else this.#live.set(told.call.interactionId, bytes);
    }
    for (const take of this.#takers[kind] as Set<Taker<'calls'>>) take(told);
  }

  #again(kind: Kind): void {
    if (kind === 'calls') this.#live.clear();
    for (const again of this.#anew[kind]) again();
  }

  #silence(kind: Kind): void {
    this.#silenced = new Set([...this.#silenced, kind]);
  }

  #say(word: Word): void {
    this.#channel?.postMessage(word);
  }

  // Waits, but not longer than until somebody looks again.
  #rest(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wake.add(done);
      signal.addEventListener('abort', done);
    });
  }
}

function at(ms: number): Record<Kind, number> {
  return { promises: ms, alerts: ms, calls: ms };
}

export const live = new Live();
