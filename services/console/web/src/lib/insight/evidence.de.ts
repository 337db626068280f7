// The contacts and searches behind numbers, struggles and slip-ups, in German.

import type { Words } from './evidence.en';

export const de: Words = {
  contact: 'Kontakt',
  promise: 'Zusage',
  customer: 'Kunde',
  strugglesWhat: 'Was das Team nicht beantworten kann, das Schlimmste zuerst, nach Tagen in UTC. Jede Zahl führt zu dem, was gezählt wurde.',
  noStruggles: 'In diesem Zeitraum zeigt nichts, dass etwas nicht zu beantworten war.',
  score: 'Punkte',
  signs: {
    lookupHolds: 'Gehalten, um nachzusehen', unansweredSearches: 'Suchen ohne Fund', transfersAfterSearch: 'Nach einer Suche weitergegeben',
    assists: 'Rufe um Hilfe', corrections: 'Später berichtigt', repeats: 'Kam mit demselben wieder',
  },
  questions: 'So wurde gefragt',
  times: (n) => `${n}×`,
  nearest: 'Die Lösung, die am nächsten kommt',
  nearestGuess: 'Nahe, aber kaum eine Antwort',
  slipsWhat: (n, days) => `Kunden, bei denen binnen ${days} Tagen mindestens ${n} Dinge schiefgingen, wann auch immer.`,
  noSlips: 'Bei niemandem ging so viel schief.',
  windowDays: 'Binnen Tagen',
  threshold: 'Mindestens',
  slips: (n) => `${n} Pannen`,
  merged: (ids) => `Eins mit ${ids}`,
  slipKinds: {
    LAPSE: 'Eine Zusage wurde bis zur Frist nicht gehalten', DROP: 'Der Kontakt brach ab', REPEAT: 'Kam mit demselben wieder',
    CORRECTION: 'Es war etwas Falsches gesagt worden', LONG_WAIT: 'Wartete lange',
  },
  behind: {
    title: 'Kontakte hinter einer Zahl',
    contacts: (n) => (n === '1' ? '1 Kontakt' : `${n} Kontakte`),
    evidence: (n) => (n === '1' ? '1 Kontakt oder Suche' : `${n} Kontakte und Suchen`),
    searches: (n) => (n === '1' ? '1 davon ist eine Suche' : `${n} davon sind Suchen`),
    missing: (n) => `${n} sind nicht zu zeigen: jemand löschte sie, oder Sie dürfen sie nicht sehen.`,
    empty: 'Es gibt keinen: die Zahl ist 0.',
    end: 'Das sind alle.',
    back: 'Zurück',
    search: 'Alle Kontakte durchsuchen',
    within: (what) => `Nur: ${what}`,
    withPromises: (n, what) => (n === '1' ? `mit 1 Zusage: ${what}` : `mit ${n} Zusagen: ${what}`),
    names: {
      agent: 'Mitarbeiter', team: 'Team', site: 'Standort', queue: 'Warteschlange', reason: 'Grund', family: 'Familie der Gründe', disposition: 'Abschluss',
      language: 'Sprache', client: 'Auftraggeber', promise: 'Wegen der Zusage', 'promise-team': 'Zusage des Teams', root: 'Ursache',
      'driver-segment': 'Auslöser', 'driver-family': 'Familie der Auslöser', 'ivr-node': 'Letzter Schritt im Sprachmenü', 'ivr-path': 'Weg durch das Sprachmenü',
      scorer: 'Bewertet von', 'each-scorer': 'Bewertet von jedem von', 'felt-by': 'Stimmung, bewertet von', words: 'Mit den Wörtern',
      felt: 'Stimmung am Ende', 'felt-worst': 'Schlechteste Stimmung', moved: 'Stimmung wurde', signal: 'Signal', 'each-signal': 'Mit jedem der Signale',
      channel: 'Kanal', direction: 'Richtung', cause: 'Kam wieder, weil', unset: 'Nicht aufgezeichnet', fact: 'Davon',
      'repeat-within': 'Binnen Tagen', 'answer-within': 'Binnen Sekunden', from: 'Ab', before: 'Vor', sign: 'Zu sehen an', contact: 'Kontakt',
    },
    facts: {
      OFFERED: 'zu beantworten', HANDLED: 'bearbeitet', ANSWERED: 'angenommen', ANSWERED_WITHIN: 'rechtzeitig angenommen', ABANDONED: 'aufgelegt, bevor jemand annahm',
      SHORT_ABANDONED: 'sofort aufgelegt', TRANSFERRED: 'weitergegeben', DROPPED: 'abgebrochen', RESOLVABLE: 'sofort zu lösen', RESOLVED_FIRST: 'sofort gelöst',
      REPEAT: 'kam wieder', ONSET: 'sagte, seit wann', REDIALLED: 'abgebrochen, und gleich wieder da', PROMISED: 'etwas wurde zugesagt', PROMISE_KEPT: 'eine Zusage wurde gehalten',
      PROMISE_LATE: 'eine Zusage wurde zu spät gehalten', PROMISE_BROKEN: 'eine Zusage wurde gebrochen', PROMISE_CALLED_OFF: 'wir sagten eine Zusage allein ab',
      PROMISE_OPEN: 'eine Zusage ist offen', PROMISE_MOVED_ALONE: 'wir verschoben eine Zusage allein', RECORDED: 'aufgezeichnet', UNRECORDED: 'Anrufe, die niemand aufzeichnete',
    },
  },
};
