// Who is signed in, and what they may do.

import { Code } from '@connectrpc/connect';

import type { Failure } from './failure';

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

class Session {
  who = $state.raw<Who | undefined>();
  // Whether it was asked who it is.
  known = $state(false);
  failure = $state.raw<Failure | undefined>();
  #methods = $derived(new Set(this.who?.methods));

  async load(): Promise<void> {
    try {
      this.who = await asked<Who>('GET', '/api/session');
      this.failure = undefined;
    } catch (thrown) {
      const failure = thrown as Failure;
      this.who = undefined;
      this.failure = failure.reason === 'SIGNED_OUT' ? undefined : failure;
    }
    this.known = true;
  }

  async signIn(token: string): Promise<void> {
    this.who = await asked<Who>('POST', '/api/session', { token });
  }

  async signOut(): Promise<void> {
    const { leads_to } = await asked<{ leads_to?: string }>('DELETE', '/api/session');
    this.who = undefined;
    // Who signed in elsewhere signs out there, too, and comes back from there.
    if (leads_to !== undefined) location.assign(leads_to);
  }

  lost(): void {
    this.who = undefined;
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

async function asked<T>(method: string, path: string, body?: unknown): Promise<T> {
  const failure: Failure = {
    code: Code.Unavailable,
    reason: 'UNREACHABLE',
    message: '',
    fields: [],
    metadata: {},
    retryable: true,
  };
  let answer: Response;
  try {
    answer = await fetch(path, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
  } catch {
    throw failure;
  }
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said as T;
  throw { ...failure, retryable: answer.status >= 500, reason: said.reason ?? '', message: said.message ?? '' };
}
