import { create, type DescEnum, type DescField, type DescFile, type DescMessage, fromBinary, toBinary } from '@bufbuild/protobuf';
import { fileDesc } from '@bufbuild/protobuf/codegenv2';
import { describe, expect, test } from 'vitest';

import { textOf } from '../../protos';
import { CommitmentLifecycle, CommitmentSchema } from '../../src/gen/aftercall/model/v1/commitment_pb';
import { fileOf } from '../../src/lib/protos';

const sources = import.meta.glob<string>('../../src/gen/**/*_pb.ts', { query: '?raw', import: 'default', eager: true });
const modules = import.meta.glob<Record<string, unknown>>('../../src/gen/**/*_pb.ts', { eager: true });

const fieldOf = (field: DescField) => ({
  name: field.name, localName: field.localName, jsonName: field.jsonName, number: field.number, kind: field.fieldKind, presence: field.presence, oneof: field.oneof?.localName,
  list: field.fieldKind === 'list' && field.listKind, scalar: field.scalar, message: field.message?.typeName, enum: field.enum?.typeName, map: field.fieldKind === 'map' && field.mapKind, key: field.fieldKind === 'map' && field.mapKey,
  packed: 'packed' in field && field.packed, utf8: 'utf8Validation' in field && field.utf8Validation,
});
const enumOf = (one: DescEnum) => ({
  typeName: one.typeName, open: one.open, values: one.values.map(({ name, localName, number }) => ({ name, localName, number })),
});
const messageOf = (message: DescMessage): object => ({
  typeName: message.typeName, fields: message.fields.map(fieldOf), members: message.members.map((one) => one.localName),
  oneofs: message.oneofs.map((one) => one.localName), enums: message.nestedEnums.map(enumOf), messages: message.nestedMessages.map(messageOf),
});
const said = (file: DescFile) => ({
  name: file.name, edition: file.edition, dependencies: file.dependencies.map((one) => one.name), enums: file.enums.map(enumOf), messages: file.messages.map(messageOf),
  services: file.services.map((service) => ({
    typeName: service.typeName,
    methods: service.methods.map(({ name, localName, methodKind, input, output, idempotency }) =>
      ({ name, localName, methodKind, input: input.typeName, output: output.typeName, idempotency })),
  })),
});

describe('the short text of a proto', () => {
  test.each(Object.keys(sources))('says all that %s says', (path) => {
    const base64 = /fileDesc\("([^"]+)"/.exec(sources[path] ?? '')?.[1] ?? '';
    const built = Object.entries(modules[path] ?? {}).find(([name]) => name.startsWith('file_'))?.[1] as DescFile;
    const generated = fileDesc(base64, [...built.dependencies]);
    expect(said(built)).toEqual(said(generated));
    expect(said(fileOf(textOf(base64) ?? '', [...built.dependencies]))).toEqual(said(generated));
  });

  test('carries messages there and back', () => {
    const promise = create(CommitmentSchema, {
      commitmentId: 'c1', lifecycle: CommitmentLifecycle.FULFILLED, version: 7n, promisedBy: { seconds: 1_799_999_999n, nanos: 5 },
      owner: { owner: { case: 'queueId', value: 'billing' } }, handles: [{ value: 'lea@example.com' }],
    });
    expect(fromBinary(CommitmentSchema, toBinary(CommitmentSchema, promise))).toEqual(promise);
  });
});
