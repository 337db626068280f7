//! What many contacts come to together.

use super::contact::{Facts, HOLD_REASONS, flag, known, promised};
use super::feeling::Felt;
use super::{ANSWER_WITHIN_S, DAY_MS, NO_GAP, REPEAT_DAYS};

/// Where [`HOLD_REASONS`] has the holds to verify a fact.
const VERIFY: usize = 2;

/// What the definitions leave open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Within how many seconds a contact is to be answered.
    pub answer_within_s: u32,
    /// Within how many days a customer who is back has not been helped at the first contact.
    pub repeat_days: u32,
    /// Now, in microseconds since the Unix epoch: who may still come back has not been helped for sure.
    pub now_us: i64,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            answer_within_s: ANSWER_WITHIN_S,
            repeat_days: REPEAT_DAYS,
            now_us: i64::MAX,
        }
    }
}

/// What is counted of contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counted {
    /// Offered.
    Offered,
    /// Handled.
    Handled,
    /// Answered.
    Answered,
    /// Answered within the time.
    AnsweredWithin,
    /// Abandoned.
    Abandoned,
    /// Abandoned at once.
    ShortAbandoned,
    /// Handed on.
    Transferred,
    /// Cut off.
    Dropped,
    /// Inbound contacts of known customers with a reason.
    Resolvable,
    /// After which the customer was not back.
    ResolvedFirst,
    /// Cut off, with the customer back soon: one contact with the one by which they were back.
    Redialled,
    /// Repeats of the same family.
    Repeat,
    /// Recorded.
    Recorded,
    /// Of which telephony alone tells.
    Unrecorded,
    /// Of which it is known since when the customer has had the trouble.
    Onset,
    /// In which the customer was promised something.
    Promised,
    /// In which a promise was made that was kept.
    PromiseKept,
    /// In which one was made that was kept too late.
    PromiseLate,
    /// In which one was made that was not kept.
    PromiseBroken,
    /// In which one was made that we called off without the customer's word.
    PromiseCalledOff,
    /// In which one was made that is open.
    PromiseOpen,
    /// In which one was made that we moved without telling the customer.
    PromiseMovedAlone,
}

/// Why a customer came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// A promise was not kept.
    LapsedCommitment,
    /// The contact before was cut off.
    Drop,
    /// What the customer had been told was wrong.
    Correction,
    /// The contact before of the same family was not solved.
    NotResolved,
    /// The contact before of the same family was solved, and there is something new.
    NewFacts,
    /// There was one of the same family.
    Unknown,
    /// There was one of other families.
    Unrelated,
}

impl Terms {
    /// Whether a gap between two contacts is so small that the second one is a repeat.
    pub const fn is_repeat(self, gap: u32) -> bool {
        gap != NO_GAP && (gap as u64) < self.repeat_days as u64 * DAY_MS as u64
    }

    /// Whether a contact is one of those that are counted.
    pub fn counts(self, what: Counted, facts: &Facts) -> bool {
        let is_resolvable = facts.has(flag::RESOLVABLE);
        match what {
            Counted::Offered => facts.has(flag::OFFERED),
            Counted::Handled => facts.has(flag::HANDLED),
            Counted::Answered => facts.has(flag::ANSWERED),
            Counted::AnsweredWithin => {
                let within_ms = u64::from(self.answer_within_s) * 1_000;
                let is_known = facts.has(flag::ANSWERED | known::ANSWER);
                is_known && u64::from(facts.answer) <= within_ms
            }
            Counted::Abandoned => facts.has(flag::ABANDONED),
            Counted::ShortAbandoned => facts.has(flag::SHORT_ABANDONED),
            Counted::Transferred => facts.transfers > 0,
            Counted::Dropped => facts.has(flag::DROPPED),
            Counted::Resolvable => is_resolvable,
            Counted::ResolvedFirst => {
                let is_back = self.is_repeat(facts.until_family);
                is_resolvable && !facts.has(flag::DROPPED) && !is_back
            }
            Counted::Redialled => facts.has(flag::RESOLVABLE | flag::REDIALLED),
            Counted::Repeat => {
                let is_one_with_the_next = facts.has(flag::REDIALLED);
                is_resolvable && !is_one_with_the_next && self.is_repeat(facts.since_family)
            }
            Counted::Recorded => !facts.has(flag::UNRECORDED),
            Counted::Unrecorded => facts.has(flag::UNRECORDED),
            Counted::Onset => facts.has(known::ONSET),
            Counted::Promised => facts.promises[promised::ALL] > 0,
            Counted::PromiseKept => facts.promises[promised::KEPT] > 0,
            Counted::PromiseLate => facts.promises[promised::LATE] > 0,
            Counted::PromiseBroken => facts.promises[promised::BROKEN] > 0,
            Counted::PromiseCalledOff => facts.promises[promised::CALLED_OFF] > 0,
            Counted::PromiseOpen => facts.promises[promised::OPEN] > 0,
            Counted::PromiseMovedAlone => facts.promises[promised::MOVED_ALONE] > 0,
        }
    }

    /// Why a contact is a repeat; none if it isn't.
    pub const fn why(self, facts: &Facts) -> Option<Why> {
        let is_back = self.is_repeat(facts.since_any);
        if facts.has(flag::BY_LAPSE) {
            Some(Why::LapsedCommitment)
        } else if is_back && facts.has(flag::AFTER_DROP) {
            Some(Why::Drop)
        } else if self.is_repeat(facts.since_correction) {
            Some(Why::Correction)
        } else if !is_back {
            None
        } else if !self.is_repeat(facts.since_family) {
            Some(Why::Unrelated)
        } else if facts.has(flag::AFTER_UNSOLVED) {
            Some(Why::NotResolved)
        } else if facts.has(flag::WITH_NEWS) {
            Some(Why::NewFacts)
        } else {
            Some(Why::Unknown)
        }
    }
}

macro_rules! sums {
    ($($(#[$doc:meta])* $field:ident),* $(,)?) => {
        /// Sums over contacts. Times are in milliseconds.
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct Sums {
            $($(#[$doc])* pub $field: u64,)*
            /// The longest time on hold.
            pub longest_hold: u64,
            /// How many holds, and how long, by [`HOLD_REASONS`].
            pub holds_by_reason: [(u64, u64); HOLD_REASONS.len()],
            /// How customers felt, and what was noticed; whoever adds contacts says by which scorer.
            pub felt: Felt,
        }

        impl Sums {
            /// Adds what other contacts came to.
            pub fn merge(&mut self, other: &Self) {
                $(self.$field += other.$field;)*
                self.longest_hold = self.longest_hold.max(other.longest_hold);
                for (own, (count, time)) in self.holds_by_reason.iter_mut().zip(other.holds_by_reason) {
                    own.0 += count;
                    own.1 += time;
                }
                self.felt.merge(&other.felt);
            }
        }
    };
}

sums! {
    /// Contacts.
    contacts,
    /// Of these, those of which telephony alone tells.
    unrecorded,
    /// Offered.
    offered,
    /// Handled.
    handled,
    /// Answered.
    answered,
    /// Abandoned.
    abandoned,
    /// Abandoned at once.
    short_abandoned,
    /// Answered within the time.
    answered_within,
    /// In queues.
    queue_wait,
    /// Contacts of which that is known.
    queue_wait_contacts,
    /// In queues, with that of contacts that are gone on with counted in those that go on with them.
    waited,
    /// Contacts of which that is known; those that are gone on with are one with the next.
    waited_contacts,
    /// Ringing.
    ring,
    /// Talking.
    talk,
    /// On hold.
    hold,
    /// How many holds.
    holds,
    /// After-call work.
    after_call,
    /// Until the first answer.
    answer,
    /// Contacts of which that is known.
    answer_contacts,
    /// From begin to end.
    contact,
    /// Contacts of which that is known.
    contact_contacts,
    /// Handed on.
    transfers,
    /// Contacts that were handed on.
    transferred,
    /// Cut off.
    dropped,
    /// Inbound contacts of known customers with a reason.
    resolvable,
    /// After which the customer was not back.
    resolved_first,
    /// Of these, who may still come back.
    provisional,
    /// Cut off, with the customer back soon.
    redialled,
    /// Repeats of the same family.
    repeats,
    /// Promises told.
    promises,
    /// Kept.
    promises_kept,
    /// Kept late.
    promises_late,
    /// Broken.
    promises_broken,
    /// Of these, called off by us.
    promises_called_off,
    /// Open.
    promises_open,
    /// Moved by us without telling the customer.
    promises_moved_alone,
    /// In which nobody spoke.
    dead_air,
    /// How many such times.
    dead_airs,
    /// How often agents interrupted customers.
    interruptions_by_agents,
    /// How often customers interrupted agents.
    interruptions_by_customers,
    /// Contacts of which it is known since when the customer has had the trouble.
    onset_contacts,
    /// Contacts from then on, these too.
    since_onset_contacts,
    /// Their time.
    since_onset_time,
    /// How often the customer was handed on in them.
    since_onset_transfers,
    /// From then until the end, in whole seconds.
    effort_s,
    /// Contacts of which that is known.
    effort_contacts,
}

impl Sums {
    /// Adds a contact.
    pub fn add(&mut self, facts: &Facts, occurred_at_us: i64, terms: &Terms) {
        let one = |flags: u32| u64::from(facts.has(flags));
        self.contacts += 1;
        self.unrecorded += one(flag::UNRECORDED);
        self.offered += one(flag::OFFERED);
        self.handled += one(flag::HANDLED);
        self.answered += one(flag::ANSWERED);
        self.abandoned += one(flag::ABANDONED);
        self.short_abandoned += one(flag::SHORT_ABANDONED);
        let is_within = terms.counts(Counted::AnsweredWithin, facts);
        self.answered_within += u64::from(is_within);
        self.queue_wait += u64::from(facts.queue_wait);
        self.queue_wait_contacts += one(known::QUEUE_WAIT);
        if !facts.has(flag::GONE_ON_WITH) {
            self.add_wait(facts);
        }
        self.ring += u64::from(facts.ring);
        self.talk += u64::from(facts.talk);
        self.hold += u64::from(facts.hold);
        self.after_call += u64::from(facts.after_call);
        self.answer += u64::from(facts.answer);
        self.answer_contacts += one(known::ANSWER);
        self.contact += u64::from(facts.contact);
        self.contact_contacts += one(known::CONTACT);
        self.transfers += u64::from(facts.transfers);
        self.transferred += u64::from(facts.transfers > 0);
        self.dropped += one(flag::DROPPED);
        if facts.hold > 0 || facts.longest_hold > 0 || facts.holds != [(0, 0); HOLD_REASONS.len()] {
            self.add_holds(facts);
        }
        if facts.has(flag::RESOLVABLE) {
            self.add_resolution(facts, occurred_at_us, terms);
        }
        if facts.flags & (known::ONSET | known::EFFORT) != 0 {
            self.add_effort(facts);
        }
        if facts.dead_airs > 0 || facts.interruptions != [0; 2] {
            self.add_speech(facts);
        }
        if facts.promises != [0; promised::COUNTS] {
            self.add_promises(facts);
        }
    }

    /// Adds what was heard; in most contacts nobody listened.
    fn add_speech(&mut self, facts: &Facts) {
        let [by_agents, by_customers] = facts.interruptions.map(u64::from);
        self.dead_air += u64::from(facts.dead_air);
        self.dead_airs += u64::from(facts.dead_airs);
        self.interruptions_by_agents += by_agents;
        self.interruptions_by_customers += by_customers;
    }

    /// Adds promises; in most contacts none is made.
    fn add_promises(&mut self, facts: &Facts) {
        let promises = |which: usize| u64::from(facts.promises[which]);
        self.promises += promises(promised::ALL);
        self.promises_kept += promises(promised::KEPT);
        self.promises_late += promises(promised::LATE);
        self.promises_broken += promises(promised::BROKEN);
        self.promises_called_off += promises(promised::CALLED_OFF);
        self.promises_open += promises(promised::OPEN);
        self.promises_moved_alone += promises(promised::MOVED_ALONE);
    }

    /// Adds the wait of a contact that no other one goes on with.
    fn add_wait(&mut self, facts: &Facts) {
        let is_known = facts.has(known::QUEUE_WAIT) || facts.waited_before > 0;
        self.waited += u64::from(facts.queue_wait) + u64::from(facts.waited_before);
        self.waited_contacts += u64::from(is_known);
    }

    fn add_effort(&mut self, facts: &Facts) {
        self.onset_contacts += u64::from(facts.has(known::ONSET));
        self.since_onset_contacts += u64::from(facts.since_onset.contacts);
        self.since_onset_time += u64::from(facts.since_onset.time);
        self.since_onset_transfers += u64::from(facts.since_onset.transfers);
        self.effort_s += u64::from(facts.effort_s);
        self.effort_contacts += u64::from(facts.has(known::EFFORT));
    }

    fn add_holds(&mut self, facts: &Facts) {
        self.longest_hold = self.longest_hold.max(facts.longest_hold.into());
        for (own, (count, time)) in self.holds_by_reason.iter_mut().zip(facts.holds) {
            own.0 += u64::from(count);
            own.1 += u64::from(time);
            self.holds += u64::from(count);
        }
    }

    fn add_resolution(&mut self, facts: &Facts, occurred_at_us: i64, terms: &Terms) {
        self.resolvable += 1;
        self.redialled += u64::from(terms.counts(Counted::Redialled, facts));
        self.repeats += u64::from(terms.counts(Counted::Repeat, facts));
        if terms.counts(Counted::ResolvedFirst, facts) {
            self.resolved_first += 1;
            let window_us = i64::from(terms.repeat_days) * i64::from(DAY_MS) * 1_000;
            let is_provisional = occurred_at_us.saturating_add(window_us) > terms.now_us;
            self.provisional += u64::from(is_provisional);
        }
    }

    /// Talk, hold and after-call work.
    pub const fn handle(&self) -> u64 {
        self.talk + self.hold + self.after_call
    }

    /// Time on hold to verify a fact.
    pub const fn verify_hold(&self) -> u64 {
        self.holds_by_reason[VERIFY].1
    }

    /// AHT in seconds.
    pub fn average_handle(&self) -> Option<f64> {
        seconds_each(self.handle(), self.handled)
    }

    /// AHT without the holds to verify a fact, in seconds.
    pub fn average_handle_less_verify(&self) -> Option<f64> {
        let own = self.handle().saturating_sub(self.verify_hold());
        seconds_each(own, self.handled)
    }

    /// ASA in seconds.
    pub fn average_answer(&self) -> Option<f64> {
        seconds_each(self.answer, self.answer_contacts)
    }

    /// Abandoned of those offered.
    pub fn abandonment(&self) -> Option<f64> {
        mean(self.abandoned, self.offered)
    }

    /// Answered within the time, of those offered but for short abandons.
    pub fn service_level(&self) -> Option<f64> {
        let of = self.offered.saturating_sub(self.short_abandoned);
        mean(self.answered_within, of)
    }

    /// Resolved at the first contact. A contact that was cut off is one with the contact by which the customer was back.
    pub fn first_contact_resolution(&self) -> Option<f64> {
        let of = self.resolvable.saturating_sub(self.redialled);
        mean(self.resolved_first, of)
    }

    /// Repeats of those that could be. A contact that was cut off is one with the contact by which the customer was back.
    pub fn repeat_rate(&self) -> Option<f64> {
        let of = self.resolvable.saturating_sub(self.redialled);
        mean(self.repeats, of)
    }

    /// What customers waited in queues until they were through, in seconds.
    pub fn average_wait(&self) -> Option<f64> {
        seconds_each(self.waited, self.waited_contacts)
    }

    /// From when the trouble began until a contact about it ended, in seconds.
    pub fn average_effort(&self) -> Option<f64> {
        mean(self.effort_s, self.effort_contacts)
    }

    /// Contacts since the trouble began, of those of which that is known.
    pub fn average_since_onset_contacts(&self) -> Option<f64> {
        mean(self.since_onset_contacts, self.onset_contacts)
    }

    /// How long these took, in seconds.
    pub fn average_since_onset_time(&self) -> Option<f64> {
        seconds_each(self.since_onset_time, self.onset_contacts)
    }

    /// How often the customer was handed on in them.
    pub fn average_since_onset_transfers(&self) -> Option<f64> {
        mean(self.since_onset_transfers, self.onset_contacts)
    }

    /// Promises kept in time of those that are decided.
    pub fn kept_rate(&self) -> Option<f64> {
        let decided = self.promises_kept + self.promises_late + self.promises_broken;
        mean(self.promises_kept, decided)
    }
}

#[allow(clippy::cast_precision_loss, reason = "sums stay far below 2^53")]
fn seconds_each(milliseconds: u64, count: u64) -> Option<f64> {
    (count > 0).then(|| milliseconds as f64 / 1_000.0 / count as f64)
}

/// A part of a whole, or a sum over how many there are.
#[allow(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn mean(sum: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| sum as f64 / of as f64)
}
