// What rose and fell, in German.

import type { Words } from './drivers.en';

export const de: Words = {
  driversWhat: 'Anteile an allen Kontakten, verglichen mit dem Zeitraum davor; zuerst, was am wenigsten Zufall ist. Wie sicher es ist, ist um die Zahl der Vergleiche bereinigt.',
  compared: (n) => `${n} verglichen`,
  points: 'Prozentpunkte',
  share: 'Anteil',
  sure: 'Wie sicher es ist',
  isNew: 'neu',
  overTime: 'Verlauf',
  driverOverTime: (name) => `Kontakte im Verlauf: ${name}`,
  fewJudged: (n) => `n = ${n}: zu wenige, um etwas zu sagen`,
  sureness: {
    sure: (q, n) => `kaum Zufall (q ${q}, n = ${n})`,
    likely: (q, n) => `wohl kein Zufall (q ${q}, n = ${n})`,
    chance: (q, n) => `kann Zufall sein (q ${q}, n = ${n})`,
  },
};
