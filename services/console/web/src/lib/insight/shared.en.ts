// What several views of Insight call things, in English. The other catalogue has the same entries.

export const en = {
  dimensions: {
    REASON: 'Reason', REASON_FAMILY: 'Family of reasons', TEAM: 'Team', QUEUE: 'Queue', CHANNEL: 'Channel', DISPOSITION: 'Wrap-up code',
    CLIENT_ACCOUNT: 'Client', LANGUAGE: 'Language', ROOT_CAUSE: 'Root cause', DRIVER_SEGMENT: 'Driver', IVR_NODE: 'Last menu step',
  },
  causes: {
    LAPSED_COMMITMENT: 'A promise was not kept', DROP: 'The call before was cut off', NOT_RESOLVED: 'It was not solved',
    UNKNOWN: 'The same again, and nothing says why', UNRELATED: 'Something else', CORRECTION: 'They had been told something wrong',
    NEW_FACTS: 'The same with something new',
  } as Record<string, string>,
};

export type Words = typeof en;
