// Who is signed in, and what they may do.

import { tick } from 'svelte';

import { type Failure, failureSaying } from './failure';

// How long an answer may take.
const TIMEOUT_MS = 10_000;

export interface Who {
  tenant: string;
  actor: string;
  roles: string[];
  teams: string[];
  methods: string[];
  // When the session ends; none where nobody has to sign in.
  ends_at?: string;
}

export interface OpenSession {
  id: string;
  tenant: string;
  actor: string;
  began_at: string;
  ends_at: string;
  browser: string;
  is_this: boolean;
}

// What came of asking who it is: who it was before, somebody else or nobody, or no answer.
export type Look = 'same' | 'other' | 'away';

class Session {
  who = $state.raw<Who | undefined>();
  // Whether it was asked who it is.
  known = $state(false);
  failure = $state.raw<Failure | undefined>();
  readonly whose = $derived(keyOf(this.who));
  #methods = $derived(new Set(this.who?.methods));
  // Whose page this is: once it was somebody's, it becomes nobody else's.
  #owner = '';
  // Whether it is about to be loaded anew, for somebody else.
  #ends = false;
  #looking: Promise<Look> | undefined;
  #turn = 0;
  // Tabs tell each other who is signed in. Whoever hears of somebody else asks the server.
  #channel = new BroadcastChannel('aftercall-session');

  constructor() {
    this.#channel.onmessage = ({ data }: MessageEvent<string>) => {
      if (data !== this.whose) void this.load();
    };
  }

  // Asks the server who it is. Without an answer it stays who it was.
  load(): Promise<Look> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<Look> {
    const turn = this.#turn;
    let who: Who | undefined;
    try {
      who = await asked<Who>('GET', '/api/session');
    } catch (thrown) {
      const failure = thrown as Failure;
      if (failure.reason !== 'SIGNED_OUT') {
        if (!this.who) this.failure = failure;
        this.known = !this.#ends;
        return 'away';
      }
    }
    // Somebody signed in or out meanwhile: this answer is of before.
    return turn === this.#turn ? this.#take(who) : 'away';
  }

  async signIn(token: string): Promise<void> {
    this.#take(await asked<Who>('POST', '/api/session', { token }));
  }

  async signOut(): Promise<void> {
    const { leads_to } = await asked<{ leads_to?: string }>('DELETE', '/api/session');
    this.#take(undefined);
    // Who signed in elsewhere signs out there, too, and comes back from there.
    if (leads_to !== undefined) location.assign(leads_to);
  }

  lost(): void {
    this.#take(undefined);
  }

  #take(who: Who | undefined): Look {
    const before = this.whose;
    const whose = keyOf(who);
    this.#turn += 1;
    if (this.#ends) return 'other';
    if (whose !== '' && this.#owner !== '' && whose !== this.#owner) {
      // What this page holds is somebody else's: nothing of it is shown, sent or asked about any more.
      this.#ends = true;
      this.who = undefined;
      this.known = false;
      void tick().then(() => location.reload());
      return 'other';
    }
    this.#owner = whose || this.#owner;
    this.who = who;
    this.known = true;
    this.failure = undefined;
    if (whose === before) return 'same';
    this.#channel.postMessage(whose);
    return 'other';
  }

  // Whether the roles allow a method, such as `followups.v1.FollowupService/FulfilCommitment`.
  may(method: string): boolean {
    return this.#methods.has(`/aftercall.${method}`);
  }
}

export const session = new Session();

// What the provider is called at which people sign in, if there is one.
export async function provider(): Promise<string | undefined> {
  return (await asked<{ oidc?: string }>('GET', '/api/sign-in')).oidc;
}

// Where signing in there begins; it leads back to `to`.
export function signInElsewhere(to: string): void {
  location.assign(`/oidc/start?to=${encodeURIComponent(to)}`);
}

export function sessions(): Promise<OpenSession[]> {
  return asked<OpenSession[]>('GET', '/api/sessions');
}

export function endSession(id: string): Promise<unknown> {
  return asked('DELETE', `/api/sessions/${encodeURIComponent(id)}`);
}

// Somebody with what they may; empty for nobody.
function keyOf(who: Who | undefined): string {
  return who ? JSON.stringify([who.tenant, who.actor, who.roles, who.teams]) : '';
}

async function asked<T>(method: string, path: string, body?: unknown): Promise<T> {
  const failure = failureSaying('', 'UNREACHABLE');
  let answer: Response;
  try {
    answer = await fetch(path, {
      method,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
  } catch {
    throw failure;
  }
  const said = await answer.json().catch(() => undefined);
  if (answer.ok && said) return said as T;
  throw { ...failure, retryable: answer.status >= 500, reason: said?.reason ?? '', message: said?.message ?? '' };
}
