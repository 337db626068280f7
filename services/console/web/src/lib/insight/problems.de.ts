// Problems, in German.

import type { Words } from './problems.en';

export const de: Words = {
  after: 'danach',
  problemsWhat: (n) => `Übel, die viele Kontakte gemeinsam haben: ihre Kontakte in den letzten ${n} Tagen bis jetzt, und in ebenso vielen davor.`,
  noProblems: 'Kein Problem ist angelegt. Legen Sie eines mit „aftercall insight problems“ an.',
  problem: 'Problem',
  department: 'Abteilung',
  state: 'Stand',
  problemStates: { OPEN: 'offen', IMPROVED: 'verbessert', CLOSED: 'abgeschlossen' },
  improvements: 'Was dagegen getan wurde',
  avoided: (n, low, high) => `${n} Kontakte erspart (${low} bis ${high}, 95 %)`,
  provisional: 'noch nicht vorbei',
};
