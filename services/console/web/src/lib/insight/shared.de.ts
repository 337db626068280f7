// What several views of Insight call things, in German.

import type { Words } from './shared.en';

export const de: Words = {
  dimensions: {
    REASON: 'Grund', REASON_FAMILY: 'Familie der Gründe', TEAM: 'Team', QUEUE: 'Warteschlange', CHANNEL: 'Kanal', DISPOSITION: 'Abschluss',
    CLIENT_ACCOUNT: 'Auftraggeber', LANGUAGE: 'Sprache', ROOT_CAUSE: 'Ursache', DRIVER_SEGMENT: 'Auslöser', IVR_NODE: 'Letzter Menüschritt',
  },
  causes: {
    LAPSED_COMMITMENT: 'Eine Zusage wurde nicht gehalten', DROP: 'Der Anruf davor brach ab', NOT_RESOLVED: 'Es war nicht gelöst',
    UNKNOWN: 'Wieder dasselbe, und nichts sagt, warum', UNRELATED: 'Etwas anderes', CORRECTION: 'Es war etwas Falsches gesagt worden',
    NEW_FACTS: 'Dasselbe mit etwas Neuem',
  },
};
