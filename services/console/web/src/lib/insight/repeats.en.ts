// Repeats, in English. The other catalogue has the same entries.

export const en = {
  groupsOf: (shown: string, all: string) => `${shown} of ${all} groups are shown.`,
  repeatsWhat: 'Contacts that came back within seven days, or because a promise was not kept: by the first cause that is true, with the time that they took.',
  noRepeats: 'Nobody came back in this period.',
  repeatsOverTime: 'Repeats over time, by cause',
  repeatBy: { UNSPECIFIED: 'the cause alone', TEAM: 'Team', REASON: 'Reason', COMMITMENT: 'Promise' },
  cause: 'Cause',
  minutes: 'Minutes',
  cost: 'A minute costs',
  currency: 'Currency',
  money: 'Cost',
};

export type Words = typeof en;
