// What became of promises, in German.

import type { Words } from './promises.en';

export const de: Words = {
  period: 'Zeitraum',
  promisesWhat: 'Zusagen, die der Kunde erfuhr, nach dem Zeitpunkt des Kontakts, in dem sie gegeben wurden. Jede Zahl führt zu diesen Kontakten.',
  noPromises: 'In diesem Zeitraum wurde nichts zugesagt.',
  promises: 'Zusagen',
  promisesOverTime: 'Was aus Zusagen wurde, nach dem Tag, an dem sie gegeben wurden',
  keptRate: 'Gehalten, von den entschiedenen',
  outcomes: {
    kept: 'gehalten', late: 'zu spät gehalten', broken: 'gebrochen', calledOff: 'von uns allein abgesagt', movedAlone: 'von uns allein verschoben', open: 'offen', all: 'gegeben',
  },
};
