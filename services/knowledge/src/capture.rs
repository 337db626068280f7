//! A case becomes a draft by hand: first what is there already that would help with it, then its own words, without
//! what is personal.

use aftercall_domain::masking::Known;
use aftercall_domain::violation::Reason::NotFound;
use aftercall_domain::{InteractionId, Scope, Violations};
use aftercall_proto::knowledge::v1::{
    CaptureFromCaseRequest, CaptureFromCaseResponse, SuggestSolutionsResponse,
};
use aftercall_proto::model::v1::{CaseKind, MaskedWord, Solution};
use aftercall_service::Checker;
use aftercall_view::{Direction, Store};
use prost::Message;

use crate::candidates;
use crate::failure::Error;
use crate::keys;
use crate::lessons;
use crate::limits::TEXT_BYTES_MAX;
use crate::personal;
use crate::records::Case;

/// Which case is to become a draft.
#[derive(Debug)]
pub(crate) struct Wanted {
    interaction_id: String,
    /// Which of its reasons; empty for the primary one.
    reason_code: String,
}

/// What a case says.
#[derive(Debug)]
pub(crate) struct Captured {
    /// The words by which similar solutions are found.
    pub(crate) words: String,
    /// The client whose contact it is; empty for none.
    pub(crate) client_account_id: String,
    answer: CaptureFromCaseResponse,
}

impl Wanted {
    /// Checks the request.
    pub(crate) fn of(request: &CaptureFromCaseRequest) -> Result<Self, Violations> {
        let mut checker = Checker::new();
        checker.required_id("interaction_id", &request.interaction_id);
        checker.id("reason_code", &request.reason_code);
        checker.done(Self {
            interaction_id: InteractionId::read(&request.interaction_id).into_string(),
            reason_code: request.reason_code.clone(),
        })
    }
}

/// What a case says, of those that lie within somebody's scope.
pub(crate) fn read(
    store: &Store,
    (tenant_id, scope): (&str, &Scope),
    wanted: &Wanted,
    now_us: i64,
) -> Result<Captured, Error> {
    let case = find(store, (tenant_id, scope), &wanted.interaction_id)?;
    let reason_code = match wanted.reason_code.as_str() {
        "" => case.reason_code.as_str(),
        code => code,
    };
    let others = case.also_resolved.iter();
    let mut reasons = others
        .map(|one| (one.reason_code.as_str(), one.stated_verbatim.as_str()))
        .chain([(case.reason_code.as_str(), case.stated_verbatim.as_str())]);
    let stated = reasons.find(|(code, _)| *code == reason_code);
    let Some((_, stated)) = stated else {
        let mut found = Violations::new();
        let text = "is no reason of the contact that was resolved, nor its primary one; leave it out for that one";
        found.add("reason_code", NotFound, text);
        return Err(found.into());
    };
    let known = personal::known(&case);
    let (prefilled, masked) = prefilled(
        (stated, &case),
        reason_code,
        (&wanted.interaction_id, &known),
    );
    let lessons = lessons::of(&case, tenant_id);
    let mut lessons = lessons.iter();
    let own =
        lessons.find(|one| one.kind == CaseKind::Resolution && one.reason_code == reason_code);
    let candidate =
        own.map(|own| candidates::find(store, (tenant_id, scope), &own.candidate_id, now_us));
    let candidate = candidate.transpose()?.flatten();
    // Its own words find what others wrote; the customer's come first, for the text may have to be cut.
    let mut words = format!("{stated}\n{}", case.resolution);
    words.truncate(words.floor_char_boundary(TEXT_BYTES_MAX));
    Ok(Captured {
        words,
        client_account_id: case.client_account_id.clone(),
        answer: CaptureFromCaseResponse {
            prefilled: Some(prefilled),
            masked,
            candidate: candidate.map(|(candidate, _)| candidate),
            ..CaptureFromCaseResponse::default()
        },
    })
}

impl Captured {
    /// The answer, with the solutions that are similar.
    pub(crate) fn answer(self, similar: SuggestSolutionsResponse) -> CaptureFromCaseResponse {
        CaptureFromCaseResponse {
            similar: similar.suggestions,
            complete_through: similar.complete_through,
            complete_through_at: similar.complete_through_at,
            ..self.answer
        }
    }
}

/// A case of this id; of several customers', the first that lies within the scope.
fn find(
    store: &Store,
    (tenant_id, scope): (&str, &Scope),
    interaction_id: &str,
) -> Result<Case, Error> {
    let cases = keys::cases(tenant_id, interaction_id);
    for entry in store.scan_prefix(cases, Direction::Ascending) {
        let case = Case::decode(entry?.1).map_err(Error::internal)?;
        if scope.admits(case.parties().iter()) {
            return Ok(case);
        }
    }
    Err(Error::InteractionNotFound)
}

/// What a draft of the case would say, and what was masked in it.
fn prefilled(
    (stated, case): (&str, &Case),
    reason_code: &str,
    (interaction_id, known): (&str, &Known),
) -> (Solution, Vec<MaskedWord>) {
    let mut all = Vec::new();
    let mut masked = |field: &str, text: &str| {
        let (text, found) = personal::masked(field, text, known);
        all.extend(found);
        text
    };
    let question = masked("question_in_customer_words[0]", stated);
    let solution = Solution {
        resolution: masked("resolution", &case.resolution),
        workaround: masked("workaround", &case.workaround),
        question_in_customer_words: Some(question)
            .filter(|words| !words.is_empty())
            .into_iter()
            .collect(),
        reason_code: reason_code.to_owned(),
        origin_interaction_ids: vec![interaction_id.to_owned()],
        ..Solution::default()
    };
    (solution, all)
}
