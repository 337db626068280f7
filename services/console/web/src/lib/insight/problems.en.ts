// Problems, in English. The other catalogue has the same entries.

export const en = {
  after: 'after',
  problemsWhat: (n: string) => `Troubles that many contacts have in common: their contacts in the last ${n} days until now, and in as many before.`,
  noProblems: 'No problem was set up. Make one with “aftercall insight problems”.',
  problem: 'Problem',
  department: 'Department',
  state: 'State',
  problemStates: { OPEN: 'open', IMPROVED: 'improved', CLOSED: 'closed' } as Record<string, string>,
  improvements: 'What was done about it',
  avoided: (n: string, low: string, high: string) => `${n} contacts spared (${low} to ${high}, 95 %)`,
  provisional: 'not over yet',
};

export type Words = typeof en;
