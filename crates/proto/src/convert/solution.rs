//! Solutions: what their versions say, and the closed lists that they are told by.

use aftercall_domain::commitment::CommitmentKind;
use aftercall_domain::solution::correction::{Correction, CorrectionDue};
use aftercall_domain::solution::{Audience, Content, Governance, HarmClass, Source, VersionState};
use aftercall_domain::violation::Reason;
use aftercall_domain::{FieldPath, Violations};

use super::commitment::owner_from_wire;
use super::enums::{self, Closed};
use super::{due, time};
use crate::model::v1 as wire;

enums::closed!(Audience {
    Internal,
    Team,
    ClientAccount,
    Partner,
    Customer,
    Public,
    Bot,
});

enums::closed!(Governance {
    ExperienceBased,
    ComplianceBased,
});

enums::closed!(HarmClass {
    Nuisance,
    Effort,
    Money,
    Legal,
    Safety,
});

enums::closed!(VersionState {
    Draft,
    InReview,
    Approved,
    Published,
    Superseded,
    Recalled,
    Retired,
    Merged,
});

/// What the wire says, unless it says nothing.
macro_rules! said {
    ($($name:ident),*) => {
        $(impl TryFrom<wire::$name> for $name {
            type Error = ();

            fn try_from(said: wire::$name) -> Result<Self, ()> {
                said.known().ok_or(())
            }
        })*
    };
}

said!(Audience, Governance, HarmClass, VersionState);

/// What is promised to each who was told a version that is recalled, as a request brings it, at its field `at`; none
/// beside a violation.
pub fn read_correction(
    correction: &wire::Correction,
    at: FieldPath<'_>,
    found: &mut Violations,
) -> Option<Correction> {
    let kind = match correction.kind {
        0 => CommitmentKind::CorrectMisinformation,
        kind => enums::required::<wire::CommitmentKind>(kind, at.field("kind"), found),
    };
    let due = match (&correction.within, &correction.due_at) {
        (Some(within), None) => {
            let within = due::duration(Some(*within), at.field("within"), found);
            within.map(CorrectionDue::Within)
        }
        (None, Some(due_at)) => {
            let due_at = time::from_wire(due_at);
            if due_at.is_none() {
                found.no_instant(at.field("due_at"));
            }
            due_at.map(CorrectionDue::At)
        }
        (Some(_), Some(_)) => {
            let text = "is said beside due_at; say one of them";
            found.add(at.field("within").to_string(), Reason::Conflicting, text);
            None
        }
        (None, None) => {
            found.required(at.field("within"));
            None
        }
    };
    Some(Correction {
        kind,
        text: correction.text.clone(),
        due: due?,
        owner: correction.owner.clone().and_then(owner_from_wire),
        owner_team_id: correction.owner_team_id.clone(),
    })
}

/// The same as it stands in an event.
pub fn correction_of(correction: &wire::Correction) -> Option<Correction> {
    let mut found = Violations::new();
    let read = read_correction(correction, FieldPath::of("correction"), &mut found);
    read.filter(|_| found.is_empty())
}

/// What a version says, as a message brings it. What is wrong with it is noted in `found`, field by field.
pub fn content(solution: &wire::Solution, found: &mut Violations) -> Content {
    let at = |value: &Option<pbjson_types::Timestamp>, field: &str, found: &mut Violations| {
        let instant = value.as_ref().map(time::from_wire)?;
        if instant.is_none() {
            found.no_instant(field);
        }
        instant
    };
    let sources = solution.sources.iter().enumerate();
    let sources = sources.map(|(place, source)| Source {
        uri: source.uri.clone(),
        title: source.title.clone(),
        checked_at: at(
            &source.checked_at,
            &format!("sources[{place}].checked_at"),
            found,
        ),
        checked_by: source.checked_by.clone(),
        content_hash: source.content_hash.to_ascii_lowercase(),
    });
    let sources = sources.collect();
    let environment = solution.environment.iter();
    Content {
        title: solution.title.clone(),
        question_in_customer_words: solution.question_in_customer_words.clone(),
        symptoms: solution.symptoms.clone(),
        environment: environment
            .map(|entry| (entry.key.clone(), entry.value.clone()))
            .collect(),
        discriminating_questions: solution.discriminating_questions.clone(),
        cause: solution.cause.clone(),
        resolution: solution.resolution.clone(),
        workaround: solution.workaround.clone(),
        customer_wording: solution.customer_wording.clone(),
        do_not_say: solution.do_not_say.clone(),
        sources,
        reason_code: solution.reason_code.clone(),
        audience: enums::optional::<wire::Audience>(
            solution.audience,
            FieldPath::of("audience"),
            found,
        ),
        governance: enums::optional::<wire::Governance>(
            solution.governance,
            FieldPath::of("governance"),
            found,
        ),
        client_account_id: solution.client_account_id.clone(),
        language: solution.language.clone(),
        translation_of: solution.translation_of.clone(),
        owner_group: solution.owner_group.clone(),
        verify_by: at(&solution.verify_by, "verify_by", found),
        effective_from: at(&solution.effective_from, "effective_from", found),
        change_note: solution.change_note.clone(),
    }
}

/// A message that says what a version says, and nothing beside it.
pub fn from_content(content: Content) -> wire::Solution {
    let sources = content
        .sources
        .into_iter()
        .map(|source| wire::SolutionSource {
            uri: source.uri,
            title: source.title,
            checked_at: source.checked_at.map(time::to_wire),
            checked_by: source.checked_by,
            content_hash: source.content_hash,
        });
    let environment = content.environment.into_iter();
    wire::Solution {
        title: content.title,
        question_in_customer_words: content.question_in_customer_words,
        symptoms: content.symptoms,
        environment: environment
            .map(|(key, value)| wire::EnvironmentEntry { key, value })
            .collect(),
        discriminating_questions: content.discriminating_questions,
        cause: content.cause,
        resolution: content.resolution,
        workaround: content.workaround,
        customer_wording: content.customer_wording,
        do_not_say: content.do_not_say,
        sources: sources.collect(),
        reason_code: content.reason_code,
        audience: enums::number::<wire::Audience>(content.audience),
        governance: enums::number::<wire::Governance>(content.governance),
        client_account_id: content.client_account_id,
        language: content.language,
        translation_of: content.translation_of,
        owner_group: content.owner_group,
        verify_by: content.verify_by.map(time::to_wire),
        effective_from: content.effective_from.map(time::to_wire),
        change_note: content.change_note,
        ..wire::Solution::default()
    }
}
