// The contacts and searches behind numbers, struggles and slip-ups, in English. The other catalogue has the same entries.

export const en = {
  contact: 'contact',
  promise: 'promise',
  customer: 'Customer',
  strugglesWhat: 'What the team can’t answer, the worst first, by days of UTC. Each number leads to what was counted.',
  noStruggles: 'Nothing shows that something could not be answered in this period.',
  score: 'Points',
  signs: {
    lookupHolds: 'On hold to look something up', unansweredSearches: 'Searches that found nothing', transfersAfterSearch: 'Handed on after a search',
    assists: 'Calls for help', corrections: 'Corrected later', repeats: 'Came back with the same',
  },
  questions: 'Asked like this',
  times: (n: string) => `${n}×`,
  nearest: 'The solution that comes nearest',
  nearestGuess: 'Near, but hardly an answer',
  slipsWhat: (n: string, days: string) => `Customers with whom at least ${n} things went wrong within ${days} days, whenever that was.`,
  noSlips: 'With nobody so much went wrong.',
  windowDays: 'Within days',
  threshold: 'At least',
  slips: (n: string) => `${n} slip-ups`,
  merged: (ids: string) => `One with ${ids}`,
  slipKinds: {
    LAPSE: 'A promise was not kept when it was due', DROP: 'The contact was cut off', REPEAT: 'Came back with the same',
    CORRECTION: 'Had been told something wrong', LONG_WAIT: 'Waited long',
  } as Record<string, string>,
  behind: {
    title: 'Contacts behind a number',
    contacts: (n: string) => (n === '1' ? '1 contact' : `${n} contacts`),
    evidence: (n: string) => (n === '1' ? '1 contact or search' : `${n} contacts and searches`),
    searches: (n: string) => (n === '1' ? '1 of them is a search' : `${n} of them are searches`),
    missing: (n: string) => `${n} can’t be shown: somebody erased them, or you may not see them.`,
    empty: 'There is none: the number is 0.',
    end: 'That is all of them.',
    back: 'Back',
    search: 'Search all contacts',
    within: (what: string) => `Only: ${what}`,
    withPromises: (n: string, what: string) => (n === '1' ? `with 1 promise: ${what}` : `with ${n} promises: ${what}`),
    names: {
      agent: 'Agent', team: 'Team', site: 'Site', queue: 'Queue', reason: 'Reason', family: 'Family of reasons', disposition: 'Wrap-up code',
      language: 'Language', client: 'Client', promise: 'Because of promise', 'promise-team': 'Promise of team', root: 'Root cause',
      'driver-segment': 'Driver', 'driver-family': 'Family of drivers', 'ivr-node': 'Last step of the voice menu', 'ivr-path': 'Way through the voice menu',
      scorer: 'Scored by', 'each-scorer': 'Scored by each of', 'felt-by': 'Feelings as scored by', words: 'With the words',
      felt: 'Felt at the end', 'felt-worst': 'Felt at worst', moved: 'Feeling moved', signal: 'Signal', 'each-signal': 'With each of the signals',
      channel: 'Channel', direction: 'Direction', cause: 'Came back because', unset: 'Not recorded', fact: 'Of them',
      'repeat-within': 'Within days', 'answer-within': 'Within seconds', from: 'From', before: 'Before', sign: 'Shown by', contact: 'Contact',
    } as Record<string, string>,
    facts: {
      OFFERED: 'could be answered', HANDLED: 'handled', ANSWERED: 'answered', ANSWERED_WITHIN: 'answered in time', ABANDONED: 'left before anybody answered',
      SHORT_ABANDONED: 'left at once', TRANSFERRED: 'handed on', DROPPED: 'cut off', RESOLVABLE: 'could be solved at once', RESOLVED_FIRST: 'solved at once',
      REPEAT: 'came back', ONSET: 'said since when', REDIALLED: 'cut off, and back at once', PROMISED: 'something was promised', PROMISE_KEPT: 'a promise was kept',
      PROMISE_LATE: 'a promise was kept late', PROMISE_BROKEN: 'a promise was broken', PROMISE_CALLED_OFF: 'we called a promise off alone',
      PROMISE_OPEN: 'a promise is open', PROMISE_MOVED_ALONE: 'we moved a promise alone', RECORDED: 'recorded', UNRECORDED: 'calls that nobody recorded',
    } as Record<string, string>,
  },
};

export type Words = typeof en;
