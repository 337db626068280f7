// What went wrong, as a person is told: the reason, each field, and whether trying again may help.

import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { Code, ConnectError } from '@connectrpc/connect';

export interface FieldProblem {
  field: string;
  description: string;
  reason: string;
}

export interface Failure {
  code: Code;
  // A stable name, such as VERSION_CONFLICT; empty where nobody gave one.
  reason: string;
  message: string;
  fields: FieldProblem[];
  metadata: Record<string, string>;
  // Whether the same request may succeed later.
  retryable: boolean;
  // When it was met, in milliseconds.
  at: number;
}

const PAUSE_MS = 4_000;

// Whether it is worth while to ask again by oneself, once the server is heard.
export function mayBeOver(failure: Failure | undefined): boolean {
  return failure !== undefined && failure.retryable && Date.now() - failure.at > PAUSE_MS;
}

// A failure that no service answered with.
export function failureSaying(message: string, reason = ''): Failure {
  return { code: Code.Unavailable, reason, message, fields: [], metadata: {}, retryable: true, at: Date.now() };
}

const RETRYABLE = new Set([Code.Unavailable, Code.ResourceExhausted, Code.DeadlineExceeded, Code.Unknown]);

// The failure behind whatever was thrown.
export function failureOf(thrown: unknown): Failure {
  const error = ConnectError.from(thrown);
  const failure: Failure = {
    code: error.code,
    reason: '',
    message: error.rawMessage,
    fields: [],
    metadata: {},
    retryable: RETRYABLE.has(error.code),
    at: Date.now(),
  };
  for (const detail of error.details) {
    if (!('type' in detail) || !(detail.value instanceof Uint8Array)) continue;
    if (detail.type === 'google.rpc.ErrorInfo') {
      Object.assign(failure, errorInfo(detail.value));
    } else if (detail.type === 'google.rpc.BadRequest') {
      failure.fields = messages(detail.value, 1).map(fieldProblem);
    } else if (detail.type === 'google.rpc.PreconditionFailure') {
      failure.fields = messages(detail.value, 1).map(precondition);
    }
  }
  return failure;
}

// Details are few and of fixed form (google/rpc/error_details.proto), so they are read field by field.
function errorInfo(bytes: Uint8Array): Pick<Failure, 'reason' | 'metadata'> {
  const metadata: Record<string, string> = {};
  for (const entry of messages(bytes, 3)) {
    const fields = strings(entry);
    metadata[fields.get(1) ?? ''] = fields.get(2) ?? '';
  }
  return { reason: strings(bytes).get(1) ?? '', metadata };
}

function fieldProblem(bytes: Uint8Array): FieldProblem {
  const fields = strings(bytes);
  return { field: fields.get(1) ?? '', description: fields.get(2) ?? '', reason: fields.get(3) ?? '' };
}

// What is not as it would have to be: its subject is a field, its type the reason.
function precondition(bytes: Uint8Array): FieldProblem {
  const fields = strings(bytes);
  return { field: fields.get(2) ?? '', description: fields.get(3) ?? '', reason: fields.get(1) ?? '' };
}

function strings(bytes: Uint8Array): Map<number, string> {
  const decoder = new TextDecoder();
  const found = new Map<number, string>();
  for (const [number, value] of fields(bytes)) found.set(number, decoder.decode(value));
  return found;
}

function messages(bytes: Uint8Array, wanted: number): Uint8Array[] {
  return fields(bytes).flatMap(([number, value]) => (number === wanted ? [value] : []));
}

function fields(bytes: Uint8Array): [number, Uint8Array][] {
  const reader = new BinaryReader(bytes);
  const found: [number, Uint8Array][] = [];
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (type === WireType.LengthDelimited) found.push([number, reader.bytes()]);
    else reader.skip(type, number);
  }
  return found;
}
