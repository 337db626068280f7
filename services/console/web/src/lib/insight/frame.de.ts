// What Insight says, in German.

import type { Words } from './frame.en';

export const de: Words = {
  title: 'Einblick',
  views: {
    drivers: 'Was stieg und fiel', repeats: 'Wiederholungen', promises: 'Zusagen', struggles: 'Mühen', slips: 'Pannen', problems: 'Probleme',
  },
  from: 'Ab',
  beforeDate: 'Vor',
  zone: 'Tage in Zone',
  zoneUnknown: 'Keine Zone heißt so.',
  team: 'Team',
  compare: 'Mit dem Zeitraum davor vergleichen',
  tableOnly: 'Nur Tabellen',
  earlier: 'Der Zeitraum davor',
  later: 'Der Zeitraum danach',
  last: 'Letzte',
  days: (n) => `${n} Tage`,
  before: 'Zeitraum davor',
  all: 'Alle',
  by: 'Nach',
  contacts: 'Kontakte',
  since: 'Ab',
  unsaid: 'nicht aufgezeichnet',
  lacking: 'Ihre Rollen erlauben diese Ansicht nicht.',
  completeThrough: (when) => `Vollständig bis ${when}.`,
  old: (span) => `Das war vor ${span}.`,
  again: 'Neu lesen',
  empty: 'Keine Kontakte in diesem Zeitraum. Wählen Sie einen anderen, oder ein anderes Team.',
  few: (n) => `Nur ${n} im Ganzen: zu wenige für einen Verlauf, darum ist keiner gezeichnet.`,
  chartOf: (title) => `${title}, als Bild der Tabelle daneben`,
  firstOnly: (n) => `Nur die ersten ${n} sind zu sehen.`,
};
