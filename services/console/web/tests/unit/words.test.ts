import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { Code, ConnectError } from '@connectrpc/connect';
import { expect, it } from 'vitest';

import { csv } from '../../src/lib/csv';
import { de } from '../../src/lib/de';
import { en } from '../../src/lib/en';
import { failureOf } from '../../src/lib/failure';
import { de as driversDe } from '../../src/lib/insight/drivers.de';
import { en as driversEn } from '../../src/lib/insight/drivers.en';
import { de as evidenceDe } from '../../src/lib/insight/evidence.de';
import { en as evidenceEn } from '../../src/lib/insight/evidence.en';
import { de as frameDe } from '../../src/lib/insight/frame.de';
import { en as frameEn } from '../../src/lib/insight/frame.en';
import { de as problemsDe } from '../../src/lib/insight/problems.de';
import { en as problemsEn } from '../../src/lib/insight/problems.en';
import { de as promisesDe } from '../../src/lib/insight/promises.de';
import { en as promisesEn } from '../../src/lib/insight/promises.en';
import { de as repeatsDe } from '../../src/lib/insight/repeats.de';
import { en as repeatsEn } from '../../src/lib/insight/repeats.en';
import { de as sharedDe } from '../../src/lib/insight/shared.de';
import { en as sharedEn } from '../../src/lib/insight/shared.en';
import { de as settingsDe } from '../../src/lib/settings/de';
import { en as settingsEn } from '../../src/lib/settings/en';

function detail(type: string, write: (writer: BinaryWriter) => void) {
  const writer = new BinaryWriter();
  write(writer);
  return { type, value: writer.finish() };
}

it('a failure is told with its reason, its fields and whether to try again', () => {
  const error = new ConnectError('promised_by is in the past', Code.InvalidArgument);
  error.details.push(
    detail('google.rpc.ErrorInfo', (writer) => {
      writer.tag(1, 2).string('INVALID').tag(2, 2).string('aftercall');
      writer.tag(3, 2).fork().tag(1, 2).string('version').tag(2, 2).string('7').join();
    }),
    detail('google.rpc.BadRequest', (writer) => {
      writer.tag(1, 2).fork().tag(1, 2).string('promised_by').tag(2, 2).string('choose a later time').tag(3, 2).string('PAST').join();
    }),
  );
  expect(failureOf(error)).toEqual({
    code: Code.InvalidArgument,
    reason: 'INVALID',
    message: 'promised_by is in the past',
    fields: [{ field: 'promised_by', description: 'choose a later time', reason: 'PAST' }],
    metadata: { version: '7' },
    retryable: false,
    at: expect.any(Number),
  });
  expect(failureOf(new ConnectError('gone', Code.Unavailable)).retryable).toBe(true);
  const lacking = new ConnectError('it lacks something', Code.FailedPrecondition);
  lacking.details.push(
    detail('google.rpc.PreconditionFailure', (writer) => {
      writer.tag(1, 2).fork().tag(1, 2).string('REQUIRED').tag(2, 2).string('customer_wording').tag(3, 2).string('is required').join();
    }),
  );
  expect(failureOf(lacking).fields).toEqual([{ field: 'customer_wording', description: 'is required', reason: 'REQUIRED' }]);
});

it('a cell that a spreadsheet would reckon with is told to be text, and a number is one', () => {
  expect(csv(['a "b"', '=1+1', '-a1', '-2', 'x\ny'])).toBe(
    '"a ""b""","\'=1+1","\'-a1","-2","x\ny"',
  );
});

// What screens bring along, in both languages.
const parts: [object, object][] = [
  [driversEn, driversDe],
  [evidenceEn, evidenceDe],
  [frameEn, frameDe],
  [problemsEn, problemsDe],
  [promisesEn, promisesDe],
  [repeatsEn, repeatsDe],
  [sharedEn, sharedDe],
  [settingsEn, settingsDe],
];

// Each entry of one catalogue is in the other one: types see to what is fixed, this to what is looked up by name.
it('both languages say the same things', () => {
  const names = (catalogue: object, path = ''): string[] =>
    Object.entries(catalogue).flatMap(([name, value]) =>
      typeof value === 'object' && value !== null ? names(value, `${path}${name}.`) : [`${path}${name}`],
    );
  expect(names(de).sort()).toEqual(names(en).sort());
  for (const [one, other] of parts) expect(names(other).sort()).toEqual(names(one).sort());
});
