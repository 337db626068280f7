// What Insight says, in English. The other catalogue has the same entries.

export const en = {
  title: 'Insight',
  views: {
    drivers: 'What rose and fell', repeats: 'Repeats', promises: 'Promises', struggles: 'Struggles', slips: 'Slip-ups', problems: 'Problems',
  },
  from: 'From',
  beforeDate: 'Before',
  zone: 'Days in zone',
  zoneUnknown: 'No zone has this name.',
  team: 'Team',
  compare: 'Compare with the period before',
  tableOnly: 'Tables alone',
  earlier: 'The period before',
  later: 'The period after',
  last: 'Last',
  days: (n: string) => `${n} days`,
  before: 'Period before',
  all: 'All',
  by: 'By',
  contacts: 'Contacts',
  since: 'From',
  unsaid: 'not recorded',
  lacking: 'Your roles don’t allow this view.',
  completeThrough: (when: string) => `Complete as of ${when}.`,
  old: (span: string) => `That was ${span} ago.`,
  again: 'Read again',
  empty: 'No contacts in this period. Choose another one, or another team.',
  few: (n: string) => `Only ${n} in all: too few for a trend, so none is drawn.`,
  chartOf: (title: string) => `${title}, as a picture of the table beside`,
  firstOnly: (n: string) => `Only the first ${n} are shown.`,
};

export type Words = typeof en;
