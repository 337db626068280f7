import { expect, test } from 'vitest';

import { HandleKind } from '../../src/gen/aftercall/model/v1/handle_pb';
import { isReachedBy } from '../../src/lib/handle';

const number = (value: string) => [{ kind: HandleKind.TELEPHONE, value }];

test('a number is the same in every usual spelling', () => {
  for (const asked of ['+4930999001', '+49 30 999001', '0049 30/999001', '+49 (0)30 999001', '030 999001', '4930999001']) {
    expect(isReachedBy(asked, number('+4930999001')), asked).toBe(true);
  }
  // Recorded without its country, it is known by its digits alone.
  expect(isReachedBy('030 999001', number('030999001'))).toBe(true);
});

test('a number of another country, or one that ends alike, is somebody else’s', () => {
  for (const asked of ['+43 30 999001', '999001', '0', '+', 'anonymous', '']) {
    expect(isReachedBy(asked, number('+4930999001')), asked).toBe(false);
  }
  expect(isReachedBy('+4930999001', [])).toBe(false);
});

test('names are the same whatever their capitals', () => {
  const handles = [{ kind: HandleKind.MAIL, value: 'Lea@example.com' }, { kind: HandleKind.CHAT, value: '@lea' }];
  expect(isReachedBy(' lea@EXAMPLE.com', handles)).toBe(true);
  expect(isReachedBy('LEA', handles)).toBe(true);
  expect(isReachedBy('max@example.com', handles)).toBe(false);
});
