import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';

import { CommitmentLifecycle, CommitmentSchema, HandoverSchema } from '../../src/gen/aftercall/model/v1/commitment_pb';
import { type BoardFilter, boundsOf, fits, inOrder, isOpen, isWithin, sectionOf } from '../../src/lib/due';
import { timestamp } from '../../src/lib/time';

const NOW = Date.UTC(2026, 10, 30, 12);
const HOUR = 3_600_000;
const ALL: BoardFilter = { teams: [], owners: [], mine: false, due: '' };

function promise(id: string, dueIn: number, agent = 'ann') {
  return create(CommitmentSchema, {
    commitmentId: id,
    promisedBy: timestamp(NOW + dueIn),
    teamId: 'billing',
    owner: { owner: { case: 'agentId', value: agent } },
    lifecycle: CommitmentLifecycle.ACTIVE,
  });
}

describe('a board', () => {
  it('tells late from soon, and today from later', () => {
    expect(sectionOf(NOW - 1, boundsOf(NOW, 'UTC'))).toBe('overdue');
    // Done exactly at its due, a promise is kept: it is not late yet.
    expect(sectionOf(NOW, boundsOf(NOW, 'UTC'))).toBe('hour');
    expect(sectionOf(NOW + HOUR, boundsOf(NOW, 'UTC'))).toBe('today');
    expect(sectionOf(NOW + 12 * HOUR, boundsOf(NOW, 'UTC'))).toBe('later');
    expect(sectionOf(NOW + 11.5 * HOUR, boundsOf(NOW, 'Europe/Berlin'))).toBe('later');
  });

  it('has the earliest due first, and the same order every time', () => {
    const list = [promise('c', 5), promise('b', 1), promise('a', 5)];
    expect([...inOrder(list)]).toEqual([['b', NOW + 1], ['a', NOW + 5], ['c', NOW + 5]]);
  });

  it('shows what fits all filters', () => {
    const one = promise('a', 0);
    expect(fits(one, ALL, 'bob')).toBe(true);
    expect(fits(one, { ...ALL, teams: ['billing'], owners: ['agent:ann'] }, 'bob')).toBe(true);
    expect(fits(one, { ...ALL, teams: ['other'] }, 'bob')).toBe(false);
    expect(fits(one, { ...ALL, mine: true }, 'bob')).toBe(false);
    expect(fits(one, { ...ALL, mine: true }, 'ann')).toBe(true);
  });

  it('counts what somebody is asked to keep as theirs', () => {
    const asked = promise('a', 0);
    asked.handover = create(HandoverSchema, { toOwner: { owner: { case: 'agentId', value: 'bob' } } });
    expect(fits(asked, { ...ALL, mine: true }, 'bob')).toBe(true);
  });

  it('keeps within the due that is asked for', () => {
    expect(isWithin(NOW - 1, { ...ALL, due: 'overdue' }, boundsOf(NOW, 'UTC'))).toBe(true);
    expect(isWithin(NOW + 1, { ...ALL, due: 'overdue' }, boundsOf(NOW, 'UTC'))).toBe(false);
    expect(isWithin(NOW + 2 * HOUR, { ...ALL, due: 'hour' }, boundsOf(NOW, 'UTC'))).toBe(false);
    expect(isWithin(NOW + 2 * HOUR, { ...ALL, due: 'today' }, boundsOf(NOW, 'UTC'))).toBe(true);
  });

  it('knows what is still to be done', () => {
    expect(isOpen(promise('a', 0))).toBe(true);
    expect(isOpen(create(CommitmentSchema, { lifecycle: CommitmentLifecycle.FULFILLED }))).toBe(false);
  });
});
