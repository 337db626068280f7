//! A contact's record that is fit to be written.

use std::collections::HashSet;
use std::convert::Infallible;

use jiff::Timestamp;

use super::check::Checker;
use super::customer::check_handle;
use super::ivr::check_path;
use super::segment::Span;
use super::sentiment::check_sentiments;
use super::{
    ContactReason, Interaction, Interruption, NonTalk, Segment, Sentiment, amendment, forms,
};
use crate::commitment::is_cyclic;
use crate::due::{Calendars, Telling};
use crate::limits::{COMMITMENTS_MAX, CONTACT_REASONS_MAX, DEPENDENCIES_MAX, LIST_MAX};
use crate::violation::Reason;
use crate::{Cleaner, CommitmentId, FieldPath, Violations, Warning, ids};

/// A contact whose record breaks no rule. There is no other way to make one than
/// [`Recording::check`].
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    interaction: Interaction,
    import_batch: String,
    warnings: Vec<Warning>,
}

impl Recording {
    /// Cleans the record's texts, makes instants of its dues by `calendars`, and checks it, at the request's
    /// fields `interaction` and `import_batch`. `found` holds what was wrong with its encoding.
    ///
    /// # Errors
    /// Everything that is wrong, all at once.
    pub fn check(
        mut interaction: Interaction,
        import_batch: String,
        calendars: &impl Calendars,
        now: Timestamp,
        mut found: Violations,
    ) -> Result<Self, Violations> {
        let mut cleaner = Cleaner::default();
        interaction.clean(FieldPath::of("interaction"), &mut cleaner);
        let is_import = !import_batch.is_empty();
        interaction.reckon_dues(is_import, calendars, &mut found, &mut cleaner);
        let mut checker = Checker {
            now,
            import: is_import,
            found: &mut found,
        };
        checker.id(FieldPath::of("import_batch"), &import_batch);
        interaction.check(FieldPath::of("interaction"), &mut checker);
        if found.is_empty() {
            let own = interaction.sentiment.iter_mut();
            own.chain(&mut interaction.sentiments)
                .for_each(Sentiment::derive);
        }
        found.into_result(Self {
            interaction,
            import_batch,
            warnings: cleaner.into_warnings(),
        })
    }

    /// The record, the import that it belongs to, which is empty for what comes live, and what was
    /// not taken as it was sent.
    pub fn into_parts(self) -> (Interaction, String, Vec<Warning>) {
        let Self {
            interaction,
            import_batch,
            warnings,
        } = self;
        (interaction, import_batch, warnings)
    }
}

impl Interaction {
    /// Makes instants of the dues that were told otherwise, once.
    fn reckon_dues(
        &mut self,
        is_import: bool,
        calendars: &impl Calendars,
        found: &mut Violations,
        cleaner: &mut Cleaner,
    ) {
        let telling = Telling {
            occurred_at: self.occurred_at,
            is_import,
        };
        let root = FieldPath::of("interaction");
        let promises = root.field("commitments");
        for (index, promise) in self.commitments.iter_mut().enumerate() {
            let at = promises.index(index);
            promise.reckon(at, (telling, calendars), found, cleaner);
        }
    }

    fn check(&self, at: FieldPath<'_>, checker: &mut Checker<'_>) {
        checker.form(
            at.field("interaction_id"),
            &self.interaction_id,
            forms::UUID,
        );
        if let Some(external_ref) = &self.external_ref {
            external_ref.check(at.field("external_ref"), checker);
        }
        self.customer.check(at.field("customer"), checker);
        if let Some(handle) = &self.our_handle {
            check_handle(handle, at.field("our_handle"), checker);
        }
        checker.id(at.field("client_account_id"), &self.client_account_id);
        checker.id(at.field("agent_id"), &self.agent_id);
        checker.id(at.field("team_id"), &self.team_id);
        checker.id(at.field("site_id"), &self.site_id);
        checker.past_time(at.field("occurred_at"), Some(self.occurred_at));
        amendment::check_ended(at, self.ended_at, self.occurred_at, checker);
        amendment::check_onset(at, self.problem_onset_at, Some(self.occurred_at), checker);
        let span = Span {
            began_at: Some(self.occurred_at),
            ended_at: self.ended_at,
        };
        check_segments(at, &self.segments, span, checker);
        check_path(at, &self.ivr_path, span, checker);
        if let Some(disconnect) = &self.disconnect {
            disconnect.check(at.field("disconnect"), checker);
        }
        check_reasons(at, &self.contact_reasons, checker);
        if let Some(handling) = &self.handling {
            handling.check(at.field("handling"), checker);
        }
        if let Some(disposition) = &self.disposition {
            disposition.check(at.field("disposition"), checker);
        }
        if let Some(segment) = &self.driver_segment {
            segment.check(at.field("driver_segment"), checker);
        }
        self.check_promises(at, checker);
        self.check_followed_up(at, checker);
        let uses = at.field("solution_uses");
        each(uses, &self.solution_uses, checker, |one, at, checker| {
            one.check(at, checker)
        });
        let escalations = at.field("escalations");
        each(
            escalations,
            &self.escalations,
            checker,
            |one, at, checker| one.check(at, checker),
        );
        let signals = at.field("signals");
        each(signals, &self.signals, checker, |one, at, checker| {
            one.check(at, checker)
        });
        if let Some(sentiment) = &self.sentiment {
            sentiment.check(at.field("sentiment"), checker);
        }
        check_sentiments(at.field("sentiments"), &self.sentiments, checker);
        check_labels(at, &self.labels, checker);
        check_speech(at, &self.non_talk, &self.interruptions, checker);
        let previous = at.field("previous_interaction_id");
        checker.form(previous, &self.previous_interaction_id, forms::UUID);
    }

    /// Promises, or the word that there are none; never both, never neither.
    fn check_promises(&self, at: FieldPath<'_>, checker: &mut Checker<'_>) {
        let list = at.field("commitments");
        match (self.commitments.is_empty(), self.no_follow_up_promised) {
            (true, false) => {
                let text = "say what was promised, or set no_follow_up_promised";
                checker.add(list, Reason::Required, text);
            }
            (false, true) => {
                let text = "no_follow_up_promised is set, and there are commitments; drop either";
                checker.add(list, Reason::Conflicting, text);
            }
            _ => {}
        }
        if !checker.count(list, self.commitments.len(), COMMITMENTS_MAX) {
            return;
        }
        for (index, draft) in self.commitments.iter().enumerate() {
            let at = list.index(index);
            draft.check(at, self.occurred_at, checker);
            let id = ids::canonical(&draft.commitment_id);
            let mut before = self.commitments[..index].iter();
            if id.is_some() && before.any(|other| ids::canonical(&other.commitment_id) == id) {
                let text = "another commitment of the list has the same id; give each its own";
                checker.add(at.field("commitment_id"), Reason::Conflicting, text);
            }
        }
        self.check_dependencies(list, checker);
    }

    /// The promises of a record wait for one another alone, and none for itself.
    fn check_dependencies(&self, list: FieldPath<'_>, checker: &mut Checker<'_>) {
        let named = |id: &str| {
            let mut all = self.commitments.iter();
            all.find(|draft| {
                ids::canonical(&draft.commitment_id).is_some_and(|own| own.to_string() == id)
            })
        };
        for (index, draft) in self.commitments.iter().enumerate() {
            let at = list.index(index);
            let at = at.field("depends_on");
            for (place, id) in draft.depends_on.iter().enumerate().take(DEPENDENCIES_MAX) {
                if named(id).is_none() {
                    let text = "is no commitment_id of this list; name those that this record makes, and set \
                                others by SetDependencies";
                    checker.add(at.index(place), Reason::NotFound, text);
                }
            }
            let next = |id: &str| {
                Ok::<_, Infallible>(named(id).map_or_else(Vec::new, |it| it.depends_on.clone()))
            };
            let id = CommitmentId::read(&draft.commitment_id);
            let Ok(cyclic) = is_cyclic(id.as_str(), &draft.depends_on, next);
            if cyclic && !draft.commitment_id.is_empty() {
                let text = "the promise would wait for itself; take one of them out";
                checker.add(at, Reason::CyclicDependency, text);
            }
        }
    }
}

/// Checks each element of a list that isn't too long.
pub(super) fn each<T>(
    at: FieldPath<'_>,
    list: &[T],
    checker: &mut Checker<'_>,
    check: impl Fn(&T, FieldPath<'_>, &mut Checker<'_>),
) {
    if checker.count(at, list.len(), LIST_MAX) {
        for (index, element) in list.iter().enumerate() {
            check(element, at.index(index), checker);
        }
    }
}

/// Times in which nobody spoke, and those in which two did.
pub(super) fn check_speech(
    at: FieldPath<'_>,
    non_talk: &[NonTalk],
    interruptions: &[Interruption],
    checker: &mut Checker<'_>,
) {
    let silent = at.field("non_talk");
    each(silent, non_talk, checker, |one, at, checker| {
        one.check(at, checker)
    });
    checker.count(at.field("interruptions"), interruptions.len(), LIST_MAX);
}

/// At least one reason, and exactly one of them primary.
pub(super) fn check_reasons(
    at: FieldPath<'_>,
    reasons: &[ContactReason],
    checker: &mut Checker<'_>,
) {
    let list = at.field("contact_reasons");
    if !checker.count(list, reasons.len(), CONTACT_REASONS_MAX) {
        return;
    }
    let primary = reasons.iter().filter(|reason| reason.primary).count();
    if reasons.is_empty() {
        let text = "say why the customer called: at least one reason, one of them primary";
        checker.add(list, Reason::Required, text);
    } else if primary != 1 {
        let text = "exactly one reason is the primary one; set primary on one only";
        checker.add(list, Reason::Conflicting, text);
    }
    for (index, reason) in reasons.iter().enumerate() {
        reason.check(list.index(index), checker);
    }
}

/// Segments are sound, lie within the contact, and are told apart by their ids.
pub(super) fn check_segments(
    at: FieldPath<'_>,
    segments: &[Segment],
    span: Span,
    checker: &mut Checker<'_>,
) {
    let list = at.field("segments");
    each(list, segments, checker, |one, at, checker| {
        one.check(at, checker);
        one.check_within(at, span, checker);
    });
    if segments.len() < 2 || segments.len() > LIST_MAX {
        return;
    }
    let mut seen = HashSet::with_capacity(segments.len());
    for (index, segment) in segments.iter().enumerate() {
        if !segment.segment_id.is_empty() && !seen.insert(&segment.segment_id) {
            let text = "another segment has the same id; give each its own";
            let at = list.index(index);
            checker.add(at.field("segment_id"), Reason::Conflicting, text);
        }
    }
}

pub(super) fn check_labels(at: FieldPath<'_>, labels: &[String], checker: &mut Checker<'_>) {
    each(at.field("labels"), labels, checker, |label, at, checker| {
        checker.required_id(at, label);
    });
}
