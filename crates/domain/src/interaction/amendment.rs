//! Parts of a contact's record that are replaced.

use jiff::Timestamp;

use super::check::Checker;
use super::ivr::{check_path, check_within};
use super::recording::{check_labels, check_reasons, check_segments, check_speech, each};
use super::segment::Span;
use super::sentiment::check_sentiments;
use super::{
    ContactReason, Disconnect, Disposition, DriverSegment, DriverSetter, Escalation, Handling,
    Interruption, IvrStep, NonTalk, Segment, Sentiment, Signal, SolutionUse,
};
use crate::violation::Reason;
use crate::{Cleaner, FieldPath, Violations, Warning};

/// What telephony knows of a contact, as an update mask names it: an integration may replace it.
pub const TELEPHONY: [&str; 5] = [
    "segments",
    "disconnect",
    "occurred_at",
    "ended_at",
    "ivr_path",
];

/// The fields that an amendment may replace, as an update mask names them.
pub const AMENDABLE: [&str; 18] = [
    "contact_reasons",
    "handling",
    "disposition",
    "solution_uses",
    "escalations",
    "signals",
    "sentiment",
    "labels",
    "segments",
    "disconnect",
    "occurred_at",
    "ended_at",
    "problem_onset_at",
    "non_talk",
    "interruptions",
    "sentiments",
    "driver_segment",
    "ivr_path",
];

/// New values for fields of a record, each as a whole. `None` leaves the field as it is; an empty
/// value empties it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Amendment {
    /// Why the customer called.
    pub contact_reasons: Option<Vec<ContactReason>>,
    /// How it was handled.
    pub handling: Option<Option<Handling>>,
    /// The wrap-up code.
    pub disposition: Option<Option<Disposition>>,
    /// Solutions that were looked at or relied on.
    pub solution_uses: Option<Vec<SolutionUse>>,
    /// Calls for somebody with more say or knowledge.
    pub escalations: Option<Vec<Escalation>>,
    /// What deserves notice.
    pub signals: Option<Vec<Signal>>,
    /// How the customer felt.
    pub sentiment: Option<Option<Sentiment>>,
    /// Free labels.
    pub labels: Option<Vec<String>>,
    /// The contact in parts.
    pub segments: Option<Vec<Segment>>,
    /// How the contact ended.
    pub disconnect: Option<Option<Disconnect>>,
    /// When it began for the customer.
    pub occurred_at: Option<Timestamp>,
    /// When it ended for the customer.
    pub ended_at: Option<Option<Timestamp>>,
    /// Since when the customer has had the trouble.
    pub problem_onset_at: Option<Option<Timestamp>>,
    /// When nobody spoke.
    pub non_talk: Option<Vec<NonTalk>>,
    /// When somebody spoke while the other one did.
    pub interruptions: Option<Vec<Interruption>>,
    /// How participants felt by further scorers.
    pub sentiments: Option<Vec<Sentiment>>,
    /// What made the customer call.
    pub driver_segment: Option<Option<DriverSegment>>,
    /// The way through the voice menu.
    pub ivr_path: Option<Vec<IvrStep>>,
}

impl Amendment {
    /// Cleans the new values and checks them by the rules of a record, at the request's fields
    /// `interaction` and `reason`. `found` holds what was wrong with their encoding. Gives also what
    /// was not taken as it was sent.
    ///
    /// # Errors
    /// Everything that is wrong, all at once.
    pub fn check(
        self,
        reason: &mut String,
        now: Timestamp,
        mut found: Violations,
    ) -> Result<(Self, Vec<Warning>), Violations> {
        let mut cleaner = Cleaner::default();
        cleaner.text(FieldPath::of("reason"), reason);
        let mut checker = Checker {
            now,
            import: false,
            found: &mut found,
        };
        checker.required_line(FieldPath::of("reason"), reason);
        self.check_cleaned(cleaner, now, found)
    }

    /// The same of values that are saved before there is a record, which takes no reason.
    ///
    /// # Errors
    /// Everything that is wrong, all at once.
    pub fn check_saved(
        self,
        now: Timestamp,
        found: Violations,
    ) -> Result<(Self, Vec<Warning>), Violations> {
        self.check_cleaned(Cleaner::default(), now, found)
    }

    fn check_cleaned(
        mut self,
        mut cleaner: Cleaner,
        now: Timestamp,
        mut found: Violations,
    ) -> Result<(Self, Vec<Warning>), Violations> {
        let at = FieldPath::of("interaction");
        self.clean(at, &mut cleaner);
        let mut checker = Checker {
            now,
            import: false,
            found: &mut found,
        };
        self.check_contact(at, &mut checker);
        self.check_care(at, &mut checker);
        if found.is_empty() {
            self.derive();
        }
        found.into_result((self, cleaner.into_warnings()))
    }

    /// Checks the new times against those of the contact as it stands, where the amendment doesn't
    /// replace them.
    ///
    /// # Errors
    /// Everything that is wrong, all at once.
    pub fn check_times(
        &self,
        began_at: Timestamp,
        ended_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), Violations> {
        let mut found = Violations::new();
        let mut checker = Checker {
            now,
            import: false,
            found: &mut found,
        };
        let at = FieldPath::of("interaction");
        let began_at = self.occurred_at.unwrap_or(began_at);
        if let Some(ended_at) = self.ended_at {
            check_ended(at, ended_at, began_at, &mut checker);
        } else if self.occurred_at.is_some() && ended_at.is_some_and(|ended| ended < began_at) {
            let text = "is after ended_at; correct one of the two";
            checker.add(at.field("occurred_at"), Reason::Conflicting, text);
        }
        if let Some(onset_at) = self.problem_onset_at {
            check_onset(at, onset_at, Some(began_at), &mut checker);
        }
        let span = Span {
            began_at: Some(began_at),
            ended_at: self.ended_at.unwrap_or(ended_at),
        };
        if let Some(segments) = &self.segments {
            let list = at.field("segments");
            for (index, segment) in segments.iter().enumerate() {
                segment.check_within(list.index(index), span, &mut checker);
            }
        }
        if let Some(path) = &self.ivr_path {
            check_within(at, path, span, &mut checker);
        }
        found.into_result(())
    }

    /// Whether all that it replaces is what programs know: what telephony does, which is times, segments, the way through the
    /// voice menu and how it ended; and what a classifier takes for what made the customer call.
    pub const fn is_of_programs(&self) -> bool {
        let Self {
            contact_reasons: None,
            handling: None,
            disposition: None,
            solution_uses: None,
            escalations: None,
            signals: None,
            sentiment: None,
            labels: None,
            problem_onset_at: None,
            non_talk: None,
            interruptions: None,
            sentiments: None,
            driver_segment,
            segments: _,
            disconnect: _,
            occurred_at: _,
            ended_at: _,
            ivr_path: _,
        } = self
        else {
            return false;
        };
        match driver_segment {
            None => true,
            Some(Some(segment)) => matches!(segment.set_by, DriverSetter::Classifier),
            // Whoever takes it away may take away what an agent said.
            Some(None) => false,
        }
    }

    /// Says what follows from the sentiments that are given.
    fn derive(&mut self) {
        let own = self.sentiment.iter_mut().flatten();
        let others = self.sentiments.iter_mut().flatten();
        own.chain(others).for_each(Sentiment::derive);
    }

    fn check_contact(&self, at: FieldPath<'_>, checker: &mut Checker<'_>) {
        if let Some(reasons) = &self.contact_reasons {
            check_reasons(at, reasons, checker);
        }
        let span = Span {
            began_at: self.occurred_at,
            ended_at: self.ended_at.flatten(),
        };
        if let Some(segments) = &self.segments {
            check_segments(at, segments, span, checker);
        }
        if let Some(path) = &self.ivr_path {
            check_path(at, path, span, checker);
        }
        if let Some(Some(disconnect)) = &self.disconnect {
            disconnect.check(at.field("disconnect"), checker);
        }
        if let Some(Some(segment)) = &self.driver_segment {
            segment.check(at.field("driver_segment"), checker);
        }
        checker.past_time(at.field("occurred_at"), self.occurred_at);
        if let Some(ended_at) = self.ended_at {
            check_ended(at, ended_at, Timestamp::MIN, checker);
        }
        if let Some(onset_at) = self.problem_onset_at {
            check_onset(at, onset_at, None, checker);
        }
        if let Some(labels) = &self.labels {
            check_labels(at, labels, checker);
        }
        if let Some(Some(disposition)) = &self.disposition {
            disposition.check(at.field("disposition"), checker);
        }
    }

    fn check_care(&self, at: FieldPath<'_>, checker: &mut Checker<'_>) {
        if let Some(Some(handling)) = &self.handling {
            handling.check(at.field("handling"), checker);
        }
        if let Some(uses) = &self.solution_uses {
            let at = at.field("solution_uses");
            each(at, uses, checker, |one, at, checker| one.check(at, checker));
        }
        if let Some(escalations) = &self.escalations {
            let at = at.field("escalations");
            each(at, escalations, checker, |one, at, checker| {
                one.check(at, checker)
            });
        }
        if let Some(signals) = &self.signals {
            let at = at.field("signals");
            each(at, signals, checker, |one, at, checker| {
                one.check(at, checker)
            });
        }
        if let Some(Some(sentiment)) = &self.sentiment {
            sentiment.check(at.field("sentiment"), checker);
        }
        if let Some(sentiments) = &self.sentiments {
            check_sentiments(at.field("sentiments"), sentiments, checker);
        }
        let non_talk = self.non_talk.as_deref().unwrap_or_default();
        let interruptions = self.interruptions.as_deref().unwrap_or_default();
        check_speech(at, non_talk, interruptions, checker);
    }
}

/// A contact has ended, and not before it began.
pub(super) fn check_ended(
    at: FieldPath<'_>,
    ended_at: Option<Timestamp>,
    occurred_at: Timestamp,
    checker: &mut Checker<'_>,
) {
    checker.past_time(at.field("ended_at"), ended_at);
    if ended_at.is_some_and(|ended| ended < occurred_at) {
        let text = "is before occurred_at; correct one of the two";
        checker.add(at.field("ended_at"), Reason::Conflicting, text);
    }
}

/// A trouble began before the contact about it.
pub(super) fn check_onset(
    at: FieldPath<'_>,
    onset_at: Option<Timestamp>,
    occurred_at: Option<Timestamp>,
    checker: &mut Checker<'_>,
) {
    checker.past_time(at.field("problem_onset_at"), onset_at);
    let is_after = onset_at.zip(occurred_at);
    if is_after.is_some_and(|(onset, occurred)| onset > occurred) {
        let text = "is after occurred_at; a trouble begins before the contact about it";
        checker.add(at.field("problem_onset_at"), Reason::Conflicting, text);
    }
}
