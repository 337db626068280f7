// What became of promises, in English. The other catalogue has the same entries.

export const en = {
  period: 'Period',
  promisesWhat: 'Promises that the customer was told, by when the contact was in which they were made. Each number leads to those contacts.',
  noPromises: 'Nothing was promised in this period.',
  promises: 'Promises',
  promisesOverTime: 'What became of promises, by when they were made',
  keptRate: 'Kept, of those that are decided',
  outcomes: {
    kept: 'kept', late: 'kept late', broken: 'broken', calledOff: 'called off by us alone', movedAlone: 'moved by us alone', open: 'open', all: 'made',
  },
};

export type Words = typeof en;
