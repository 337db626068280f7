// Repeats, in German.

import type { Words } from './repeats.en';

export const de: Words = {
  groupsOf: (shown, all) => `${shown} von ${all} Gruppen sind zu sehen.`,
  repeatsWhat: 'Kontakte, die binnen sieben Tagen wiederkamen, oder weil eine Zusage nicht gehalten wurde: nach der ersten Ursache, die zutrifft, mit der Zeit, die sie brauchten.',
  noRepeats: 'In diesem Zeitraum kam niemand wieder.',
  repeatsOverTime: 'Wiederholungen im Verlauf, nach Ursache',
  repeatBy: { UNSPECIFIED: 'der Ursache allein', TEAM: 'Team', REASON: 'Grund', COMMITMENT: 'Zusage' },
  cause: 'Ursache',
  minutes: 'Minuten',
  cost: 'Eine Minute kostet',
  currency: 'Währung',
  money: 'Kosten',
};
