// A program that changes promises by gRPC while somebody looks at the board.

import { type ClientHttp2Session, connect } from 'node:http2';
import { randomUUID } from 'node:crypto';

import { create, type DescMessage, type MessageInitShape, toBinary } from '@bufbuild/protobuf';

import { FulfilCommitmentRequestSchema, ReassignCommitmentRequestSchema } from '../../src/gen/aftercall/followups/v1/commands_pb';

export class Caller {
  readonly #session: ClientHttp2Session;

  constructor(url: string) {
    this.#session = connect(url);
  }

  fulfil(commitmentId: string): Promise<void> {
    return this.#call('FulfilCommitment', FulfilCommitmentRequestSchema, { requestId: randomUUID(), commitmentId });
  }

  reassign(commitmentId: string, agent: string): Promise<void> {
    const toOwner = { owner: { case: 'agentId' as const, value: agent } };
    return this.#call('ReassignCommitment', ReassignCommitmentRequestSchema, { requestId: randomUUID(), commitmentId, toOwner, atOnce: true });
  }

  end(): void {
    this.#session.close();
  }

  #call<Desc extends DescMessage>(method: string, schema: Desc, said: MessageInitShape<Desc>): Promise<void> {
    const bytes = toBinary(schema, create(schema, said));
    const frame = Buffer.alloc(5 + bytes.length);
    frame.writeUInt32BE(bytes.length, 1);
    frame.set(bytes, 5);
    return new Promise((resolve, reject) => {
      const stream = this.#session.request({
        ':method': 'POST',
        ':path': `/aftercall.followups.v1.FollowupService/${method}`,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      let status = '';
      let message = '';
      const heed = (headers: Record<string, string | string[] | number | undefined>) => {
        if (headers['grpc-status'] === undefined) return;
        status = String(headers['grpc-status']);
        message = String(headers['grpc-message'] ?? '');
      };
      stream.on('response', heed).on('trailers', heed).on('error', reject).resume();
      stream.on('close', () => (status === '0' ? resolve() : reject(new Error(`${method}: ${status} ${message}`))));
      stream.end(frame);
    });
  }
}
