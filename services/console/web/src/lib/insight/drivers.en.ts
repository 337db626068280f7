// What rose and fell, in English. The other catalogue has the same entries.

export const en = {
  driversWhat: 'Shares of all contacts, compared with the period before, those first that are least likely chance. How sure it is is corrected for how many were compared.',
  compared: (n: string) => `${n} compared`,
  points: 'Percentage points',
  share: 'Share',
  sure: 'How sure it is',
  isNew: 'new',
  overTime: 'Over time',
  driverOverTime: (name: string) => `Contacts over time: ${name}`,
  fewJudged: (n: string) => `n = ${n}: too few to say`,
  sureness: {
    sure: (q: string, n: string) => `hardly chance (q ${q}, n = ${n})`,
    likely: (q: string, n: string) => `probably no chance (q ${q}, n = ${n})`,
    chance: (q: string, n: string) => `may be chance (q ${q}, n = ${n})`,
  },
};

export type Words = typeof en;
