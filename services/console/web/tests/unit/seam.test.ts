import { expect, it } from 'vitest';

import { Seam } from '../../src/lib/seam';

it('what is told from where the reading ended is all there is', () => {
  const seam = new Seam();
  seam.reading();
  expect(seam.readThrough('a')).toBe(false);
  expect(seam.toldFrom('a')).toBe(false);
  seam.reading();
  expect(seam.toldFrom('b')).toBe(false);
  expect(seam.readThrough('b')).toBe(false);
});

it('between two places something may be missing, whichever is known first', () => {
  const seam = new Seam();
  seam.reading();
  expect(seam.readThrough('a')).toBe(false);
  expect(seam.toldFrom('b')).toBe(true);
  seam.reading();
  expect(seam.toldFrom('b')).toBe(false);
  expect(seam.readThrough('a')).toBe(true);
});

it('what is read after it began to be told lacks nothing', () => {
  const seam = new Seam();
  seam.reading();
  seam.readThrough('a');
  expect(seam.toldFrom('b')).toBe(true);
  seam.reading();
  expect(seam.readThrough('c')).toBe(false);
});

it('what could not be read is missing', () => {
  const seam = new Seam();
  seam.reading();
  seam.readThrough('');
  expect(seam.toldFrom('a')).toBe(true);
});
