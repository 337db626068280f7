//! What a contact teaches: of each of its reasons that was resolved, how; what came of its escalations; and
//! how what the customer was wrongly told was put right. Each is a *case* of a candidate.

use std::collections::BTreeSet;

use aftercall_domain::solution;
use aftercall_proto::model::v1::CaseKind;
use uuid::Uuid;

use crate::form::Form;
use crate::limits::{LESSONS_MAX, USUAL_SECONDS};
use crate::records::{Case, Taught};

/// One thing that a contact teaches.
#[derive(Debug)]
pub(crate) struct Lesson<'a> {
    pub(crate) kind: CaseKind,
    pub(crate) reason_code: &'a str,
    /// What solved it.
    pub(crate) words: &'a str,
    /// The reason in the customer's words.
    pub(crate) stated_verbatim: &'a str,
    pub(crate) form: Form,
    pub(crate) candidate_id: String,
    wording_id: Uuid,
}

/// What a contact teaches, each candidate once; what comes first in this order, if it says one in several ways:
/// resolutions, outcomes of escalations, corrections. At most [`LESSONS_MAX`].
pub(crate) fn of<'a>(case: &'a Case, tenant_id: &str) -> Vec<Lesson<'a>> {
    let primary = (case.reason_code.as_str(), case.stated_verbatim.as_str());
    let others = case.also_resolved.iter();
    let others = others.map(|one| (one.reason_code.as_str(), one.stated_verbatim.as_str()));
    let resolved = case.resolved.then_some(primary).into_iter().chain(others);
    let resolutions = resolved.map(|of| (CaseKind::Resolution, of, case.resolution.as_str()));
    let outcomes = case.outcomes.iter();
    let outcomes = outcomes.map(|words| (CaseKind::EscalationOutcome, primary, words.as_str()));
    let corrections = case.corrections.iter().filter_map(|one| {
        let kept = one.kept.as_deref()?;
        // What was promised says what is right, where nobody said how that was told.
        let words = if kept.is_empty() {
            &one.promise_text
        } else {
            kept
        };
        Some((CaseKind::Correction, primary, words))
    });
    let mut seen = BTreeSet::new();
    let all = resolutions.chain(outcomes).chain(corrections);
    let lessons = all.filter_map(|(kind, (reason_code, stated_verbatim), words)| {
        let wording_id = solution::candidate_id(tenant_id, reason_code, words)?;
        let form = Form::of(words)?;
        let candidate_id = form.candidate_id(tenant_id, reason_code);
        seen.insert(candidate_id.clone()).then_some(Lesson {
            kind,
            reason_code,
            words,
            stated_verbatim,
            form,
            candidate_id,
            wording_id,
        })
    });
    lessons.take(LESSONS_MAX).collect()
}

/// How the view keeps each of them: what a contact took is divided among what it taught.
pub(crate) fn taught(case: &Case, lessons: &[Lesson<'_>]) -> Vec<Taught> {
    let known = case.handled_seconds();
    let shares = u32::try_from(lessons.len()).unwrap_or(u32::MAX).max(1);
    let seconds = known.unwrap_or(USUAL_SECONDS) / shares;
    let lessons = lessons.iter();
    let taught = lessons.map(|one| Taught::new(one.wording_id, one.kind, seconds, known.is_some()));
    taught.collect()
}
