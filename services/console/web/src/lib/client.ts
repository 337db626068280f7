// The services, as the pages call them: gRPC-Web to where the pages come from.

import { Code, createClient, type Interceptor } from '@connectrpc/connect';
import { createGrpcWebTransport } from '@connectrpc/connect-web';

import { AlertService } from '../gen/aftercall/alerts/v1/alerts_pb';
import { LiveCallService } from '../gen/aftercall/followups/v1/calls_pb';
import { FollowupService } from '../gen/aftercall/followups/v1/followups_pb';
import { failureOf } from './failure';

// How long a single answer may take.
const TIMEOUT_MS = 20_000;

// Tells whoever asked to know that nobody is signed in any more.
let signedOut: () => void = () => {};

export function onSignedOut(tell: () => void): void {
  signedOut = tell;
}

// Says that a call was refused because nobody is signed in.
export function lost(): void {
  signedOut();
}

const noticing: Interceptor = (next) => async (request) => {
  try {
    return await next(request);
  } catch (thrown) {
    if (failureOf(thrown).code === Code.Unauthenticated) signedOut();
    throw thrown;
  }
};

export const transport = createGrpcWebTransport({ baseUrl: location.origin, interceptors: [noticing] });

export const followups = createClient(FollowupService, transport);
export const alerts = createClient(AlertService, transport);
export const calls = createClient(LiveCallService, transport);

// What a call that is answered once is given.
export function once(signal?: AbortSignal): { timeoutMs: number; signal?: AbortSignal } {
  return signal ? { timeoutMs: TIMEOUT_MS, signal } : { timeoutMs: TIMEOUT_MS };
}

// Where the last write of this tab stands: what is read after it includes it.
let written = '';

export function wrote(position: string): void {
  if (position !== '') written = position;
}

// What an answer must include: that write, or all up to `place`, where a stream tells what comes after it.
export function including(place = ''): { minPosition: string } {
  return { minPosition: place || written };
}

// A name for one command. Sent again under the same name, it is done once.
export function requestId(): string {
  return crypto.randomUUID();
}
