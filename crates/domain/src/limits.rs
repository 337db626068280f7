//! Every bound on what comes from outside, in one place. Lengths of texts are in bytes of UTF-8.

/// Field violations that one answer lists.
pub const VIOLATIONS_MAX: usize = 50;
/// Ids of the caller's, codes, labels.
pub const ID_BYTES_MAX: usize = 128;
/// Short texts: titles, transfer reasons, outcomes.
pub const LINE_BYTES_MAX: usize = 512;
/// Long texts: resolutions, promises, notes.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;
/// The longest texts: a customer's own words, as a mail has them, and summaries.
pub const WORDS_BYTES_MAX: usize = 64 * 1024;
/// Handles of one customer in one contact.
pub const HANDLES_MAX: usize = 20;
/// Customers that one customer is merged with.
pub const MERGES_MAX: usize = 50;
/// Teams of one caller, and sites: each is looked for apart.
pub const GROUPS_MAX: usize = 100;
/// Warnings that one answer lists.
pub const WARNINGS_MAX: usize = 50;
/// Contact reasons of one interaction.
pub const CONTACT_REASONS_MAX: usize = 20;
/// Promises of one interaction.
pub const COMMITMENTS_MAX: usize = 50;
/// Promises that one interaction follows up.
pub const FOLLOW_UPS_MAX: usize = 50;
/// Pieces of evidence of how a contact ended.
pub const DROP_EVIDENCE_MAX: usize = 20;
/// Elements of any other list of an interaction.
pub const LIST_MAX: usize = 200;

/// The longest path through a voice menu in one line, in bytes.
pub const IVR_PATH_BYTES_MAX: usize = 512;
/// Points of a sentiment series.
pub const SENTIMENT_POINTS_MAX: usize = 2_000;
/// Sentiments of one contact by different scorers, beside that of its record.
pub const SENTIMENTS_MAX: usize = 5;
/// Places in a text that led to one score.
pub const SENTIMENT_EVIDENCE_MAX: usize = 50;
/// What is added to a contact by one analysis, encoded.
pub const ANALYSIS_BYTES_MAX: usize = 128 << 10;
/// Turns that the built-in scorer takes at once.
pub const SCORED_TURNS_MAX: usize = 2_000;
/// Their texts together.
pub const SCORED_BYTES_MAX: usize = 256 << 10;
/// Promises that are found at once in what was said.
pub const SAYINGS_MAX: usize = 50;
/// How much of what was said is the text of a promise that was found in it.
pub const SAYING_BYTES_MAX: usize = 1_024;
/// From which confidence on what was said is proposed as a promise, in percent.
pub const PROPOSED_CONFIDENCE_MIN: u8 = 50;
/// From which confidence on a signal raises an alert.
pub const ALERTED_CONFIDENCE_MIN: f64 = 0.5;
/// Rules of alerts that one escalation policy is for.
pub const ESCALATION_RULES_MAX: usize = 20;
/// How far ahead of our clock a caller's may be, in seconds.
pub const CLOCK_SKEW_S_MAX: i64 = 5 * 60;
/// By how much the times of a contact's parts may lie outside of the contact, in seconds: they are
/// several systems' clocks.
pub const SEGMENT_OVERLAP_S_MAX: i64 = 60;
/// How far ahead a promise may be due, in days.
pub const DUE_DAYS_MAX: i64 = 1_095;
/// How often a promise may move, whoever moves it. Moves beyond it that a log holds all the same count.
pub const RESCHEDULES_MAX: u32 = 100;
/// Promises that one promise waits for.
pub const DEPENDENCIES_MAX: usize = 20;
/// Promises that are looked through, one waiting for the other, before they count as waiting for themselves.
pub const DEPENDENCIES_WALKED_MAX: usize = 500;
/// A recurrence rule.
pub const RRULE_BYTES_MAX: usize = 256;
/// How many times a recurrence rule has, where it says so.
pub const OCCURRENCES_MAX: u32 = 1_000;
/// How many promises of a series may be open at once, where nobody says it.
pub const OPEN_OCCURRENCES: u32 = 3;
/// The same, whoever says it.
pub const OPEN_OCCURRENCES_MAX: u32 = 20;
/// Times of a rule that are looked through for the next occurrence: more than the hours of [`DUE_DAYS_MAX`] days.
pub const RULE_TIMES_MAX: usize = 27_000;
/// The steps of a plan.
pub const PLAN_STEPS_MAX: u32 = 1_000;
/// For how many days after its end a promise may be reopened.
pub const REOPEN_DAYS_MAX: i64 = 7;
/// For how many days after a told due passed the customer is taken to reach out for that, if the promise is over.
pub const REPEAT_DAYS_MAX: i64 = 30;
/// Dues that had passed when a contact began, of which the cause of the contact is found.
pub const CAUSES_LOOKED_AT_MAX: usize = 100;
/// Within how many days it is promised at most to put right what somebody was told.
pub const CORRECTION_DAYS_MAX: i64 = 365;
/// The latest contacts of a customer that are looked at once more when more is known of broken promises to them.
pub const CONTACTS_LOOKED_AT_MAX: usize = 50;
/// Codes of a taxonomy.
pub const TAXONOMY_NODES_MAX: usize = 2_000;
/// Groups of a tenant's synonyms in one language,
pub const SYNONYM_GROUPS_MAX: usize = 1_000;
/// the words and phrases of a group,
pub const SYNONYM_WORDS_MAX: usize = 20;
/// the words of a phrase,
pub const SYNONYM_PHRASE_WORDS_MAX: usize = 3;
/// how long each of them may be, in bytes: no longer one is searched for,
pub const SYNONYM_WORD_BYTES_MAX: usize = 40;
/// and how long all of them are together, in bytes.
pub const SYNONYMS_BYTES_MAX: usize = 128 << 10;

/// Codes that are told beside one that is not known.
pub const NEAR_CODES_MAX: usize = 3;
/// The latest contacts that a promise caused which are shown with it.
pub const CAUSED_SHOWN_MAX: usize = 20;
/// Contacts that broken promises caused, over which one request counts.
pub const REPEATS_COUNTED_MAX: usize = 200_000;
/// Groups of one such count that are told.
pub const REPEAT_GROUPS_MAX: usize = 1_000;
/// For how long after it was known that a contact was cut off it is promised by itself to call back: later, as after
/// a long downtime, nobody waits for it.
pub const DROP_RECOVERY_HOURS_MAX: i64 = 24;
/// For how long after a call-back would have been due it is still promised, when it becomes known only then that the
/// contact was cut off: of what an old log tells nobody waits any more.
pub const DROP_KNOWN_LATE_HOURS_MAX: i64 = 24;
/// The latest contacts that are proposed as evidence of a promise.
pub const PROPOSED_EVIDENCE_MAX: usize = 5;
/// How many days a proposal may wait until somebody confirms it.
pub const PROPOSED_DAYS_MAX: i64 = 7;
/// How many hours a proposal that was found in what was said waits, once its contact is recorded.
pub const PROPOSED_SAID_HOURS: i64 = 24;
/// How often our own clock of a promise may stand still.
pub const PAUSES_MAX: usize = 100;
/// The latest moves of a promise that are kept and shown with it; each is an event of its own, and listed.
pub const RESCHEDULES_SHOWN_MAX: usize = 3;
/// The latest attempts to keep a promise that are kept and shown with it.
pub const ATTEMPTS_SHOWN_MAX: usize = 20;
/// The attempts of a promise of which it is kept when they were: of more, those are left out that are closest to others.
pub const ATTEMPTS_COUNTED_MAX: usize = 100;
/// The latest lapses of a promise that are kept and shown with it: of each due that it may have had.
pub const LAPSES_SHOWN_MAX: usize = RESCHEDULES_MAX as usize + 1;
/// How often a contact's record may change, whoever changes it. Changes beyond it that a log holds all the
/// same count.
pub const AMENDMENTS_MAX: u64 = 1_000;
/// The new values of one amendment, encoded. What a record and all amendments of its fields make together
/// is then still an answer that clients take.
pub const AMENDMENT_BYTES_MAX: usize = 256 << 10;
/// Settings of one kind that a tenant has, those out of use included.
pub const SETTINGS_OF_A_KIND_MAX: usize = 1_000;
/// Settings that one request changes.
pub const SETTINGS_CHANGED_MAX: usize = 50;
/// Values of one condition of a policy, or of one label of a silence.
pub const POLICY_VALUES_MAX: usize = 200;
/// Stages before one due of a policy.
pub const WARN_STAGES_MAX: usize = 10;
/// For how many days somebody may be waited for: to accept, to be called back, to take an alert.
pub const WAIT_DAYS_MAX: i64 = 30;
/// After how many days overdue a promise is given up, if its policy doesn't say.
pub const EXPIRE_AFTER_DAYS: i64 = 90;
/// Attempts that a policy may ask for.
pub const ATTEMPTS_MAX: u32 = 20;
/// The parts of a day in which customers are tried.
pub const DAYPARTS: u32 = 3;
/// Levels of an escalation policy.
pub const ESCALATION_LEVELS_MAX: usize = 10;
/// How often the levels of an escalation policy begin anew.
pub const ESCALATION_LOOPS_MAX: u32 = 10;
/// Who is told on one level.
pub const ESCALATION_TARGETS_MAX: usize = 50;
/// Members of a team.
pub const TEAM_MEMBERS_MAX: usize = 1_000;
/// Leads of a team.
pub const TEAM_LEADS_MAX: usize = 50;
/// Queues of a team.
pub const TEAM_QUEUES_MAX: usize = 200;
/// For how many days policies are run over the promises that were made.
pub const SHADOW_DAYS_MAX: usize = 90;
/// How many open promises a run of policies holds in memory at once; it goes through the log again for more.
pub const SHADOW_OPEN_MAX: usize = 400_000;
/// How much a receiver is told in an hour, if it doesn't say.
pub const BUDGET_PER_HOUR: u32 = 20;
/// How much a receiver may be told in an hour.
pub const BUDGET_PER_HOUR_MAX: u32 = 1_000;
/// Alerts that one message to a receiver names; it says how many there are beyond.
pub const ALERTS_TOLD_MAX: usize = 100;
/// A mail address: what RFC 5321 leaves of a path.
pub const MAIL_BYTES_MAX: usize = 254;
/// Promises that one mail names.
pub const MAIL_PROMISES_MAX: usize = 50;
/// How much of a promise's text a mail holds.
pub const MAIL_TEXT_BYTES_MAX: usize = 500;
/// Matchers of a silence.
pub const MATCHERS_MAX: usize = 20;
/// How long a silence may be, in days.
pub const SILENCE_DAYS_MAX: i64 = 30;
/// Webhooks of one tenant.
pub const WEBHOOKS_MAX: usize = 100;
/// Types of events of one webhook.
pub const WEBHOOK_EVENT_TYPES_MAX: usize = 50;
/// A webhook's URL.
pub const URL_BYTES_MAX: usize = 2_048;
/// For how long a secret that was replaced may sign, in seconds.
pub const SECRET_KEPT_S_MAX: i64 = 30 * 86_400;
/// Deliveries of a webhook that are kept after they came to an end, whatever else is forgotten.
pub const DELIVERIES_KEPT: u64 = 10_000;
/// Deliveries that one request sends again.
pub const REPLAYED_MAX: usize = 1_000;
/// Calendars of one agent's promises that are not revoked.
pub const CALENDAR_FEEDS_MAX: usize = 20;
/// Promises in a calendar: those that are due first.
pub const CALENDAR_FEED_PROMISES_MAX: usize = 500;
/// How much of a promise's text a calendar holds.
pub const CALENDAR_FEED_TEXT_BYTES_MAX: usize = 2_000;
/// Intervals in which a calendar is open on one day.
pub const HOURS_PER_DAY_MAX: usize = 24;
/// Dates of one calendar that are closed or have hours of their own.
pub const CALENDAR_EXCEPTIONS_MAX: usize = 2_000;
/// A feed of holidays, in bytes.
pub const FEED_BYTES_MAX: usize = 1 << 20;
/// Events of a feed of holidays.
pub const FEED_EVENTS_MAX: usize = 5_000;
/// Events of a feed of holidays that repeat by a rule.
pub const FEED_RULES_MAX: usize = 200;
/// Times that all rules of a feed make together, those that are long past included.
pub const FEED_TIMES_MAX: usize = 200_000;
/// What somebody who approves holidays is told of their feed.
pub const FEED_NOTES_MAX: usize = 50;
/// How long one event of a feed may be, in days.
pub const FEED_EVENT_DAYS_MAX: i64 = 366;
/// How many days of holidays are staged at once.
pub const STAGED_DAYS_MAX: i64 = 3_660;
/// The seconds of a day.
pub const SECONDS_PER_DAY: i64 = 86_400;
/// The nanoseconds of a second.
pub const NANOS_PER_SECOND: i64 = 1_000_000_000;
/// The earliest time that is taken, in seconds since the Unix epoch: the year 1970.
pub const TIME_S_MIN: i64 = 0;
/// The first time that is not taken, in seconds since the Unix epoch: the year 2200.
pub const TIME_S_MAX: i64 = 7_258_118_400;
/// Questions in customers' words of one solution.
pub const QUESTIONS_MAX: usize = 20;
/// Elements of all lists and maps of one request together. The largest record that is taken has a
/// fraction of it.
pub const ELEMENTS_MAX: usize = 50_000;
/// Changes of one solution. A recall is taken beyond them.
pub const SOLUTION_CHANGES_MAX: u64 = 10_000;
/// Versions of one solution.
pub const SOLUTION_VERSIONS_MAX: u32 = 1_000;
/// Persons who write in one version: each is remembered, so that none of them approves it where that matters.
pub const SOLUTION_EDITORS_MAX: usize = 50;
/// For how many days after it was made a merge of solutions may be undone.
pub const UNMERGE_DAYS_MAX: i64 = 30;
/// Symptoms of one solution, questions that tell it from others, and things not to say: of each.
pub const SOLUTION_LINES_MAX: usize = 20;
/// Names with values that say where a solution fits.
pub const ENVIRONMENT_MAX: usize = 20;
/// Sources of one solution.
pub const SOURCES_MAX: usize = 20;
/// An address of a source.
pub const URI_BYTES_MAX: usize = 2_048;
/// All texts of one version together.
pub const SOLUTION_BYTES_MAX: usize = 192 << 10;
/// How far ahead a solution may be verified again, or go live, in days.
pub const VERIFY_DAYS_MAX: i64 = 3_660;
/// Persons who are asked to review a version.
pub const REVIEWERS_MAX: usize = 20;
/// Solutions that are merged into another one by one request.
pub const MERGED_AT_ONCE_MAX: usize = 20;
/// Solutions that were merged into one, and into those.
pub const MERGED_SOLUTIONS_MAX: usize = 100;
/// Words of one sentence that are taken in at once.
pub const SENTENCE_WORDS_MAX: usize = 40;
/// Words of two texts that are compared one by one; then lines.
pub const DIFF_PIECES_MAX: usize = 4_000;
/// Events of one call that are kept, and how many revisions of one together with them: what comes after is not.
pub const CALL_EVENTS_MAX: usize = 500;
/// Events of one batch, or reported by one answer of a stream.
pub const CALL_EVENTS_REPORTED_MAX: usize = 500;
/// How long after its end was heard of a call's events settle, in seconds, unless the tenant sets it: what comes later
/// restates it.
pub const CALL_LATE_WINDOW_S: i64 = 15 * 60;
/// How long a call may last of whose end nobody tells, in seconds, unless the tenant sets it: then it is closed.
pub const CALL_DURATION_S_MAX: i64 = 8 * 60 * 60;
/// How long after its end a call waits for its wrap-up, in seconds, unless the tenant sets it: then it is completed without.
pub const CALL_WRAP_UP_S_MAX: i64 = 2 * 60 * 60;
/// How long after it could be wrapped up a call may be told of for the first time, in seconds, and still be listed as
/// one that has no wrap-up: of what an old log tells nobody is asked for one.
pub const CALL_TOLD_LATE_S_MAX: i64 = 24 * 60 * 60;
/// Restatements of one call that are shown.
pub const RESTATEMENTS_MAX: usize = 20;
/// Judgements on whether one call was lost that are shown.
pub const DROP_JUDGEMENTS_MAX: usize = 20;
/// From how long on hold on a customer who hangs up is taken to be lost, in seconds, unless the tenant sets it.
pub const DROP_HOLD_S_MIN: i64 = 60;
/// Within how long after a call a customer who calls again is taken to have been cut off, in seconds, unless the tenant sets
/// it.
pub const DROP_BACK_WITHIN_S: i64 = 10 * 60;
/// How short and how long the time on hold may be set, in seconds, from which on a customer who hangs up is taken to be lost.
pub const DROP_HOLD_S: (i64, i64) = (1, 60 * 60);
/// How short and how long the time may be set, in seconds, within which a customer who is back goes on with a call.
pub const DROP_BACK_S: (i64, i64) = (1, SECONDS_PER_DAY);
/// How short and how long the time may be set, in seconds, in which a call's events settle.
pub const CALL_LATE_S: (i64, i64) = (60, SECONDS_PER_DAY);
/// How short and how long the time may be set, in seconds, after which a call is closed of whose end nobody tells.
pub const CALL_DURATION_S: (i64, i64) = (10 * 60, 7 * SECONDS_PER_DAY);
/// How short and how long the time may be set, in seconds, for which a wrap-up is waited.
pub const CALL_WRAP_UP_S: (i64, i64) = (60, 7 * SECONDS_PER_DAY);
