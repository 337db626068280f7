//! What a version of a solution says, apart from how far it has come.

use aftercall_proto::model::v1::Solution;
use prost::Message;

/// The content alone, with nothing beside it.
pub(crate) fn of(solution: &Solution) -> Solution {
    Solution {
        title: solution.title.clone(),
        question_in_customer_words: solution.question_in_customer_words.clone(),
        resolution: solution.resolution.clone(),
        workaround: solution.workaround.clone(),
        reason_code: solution.reason_code.clone(),
        symptoms: solution.symptoms.clone(),
        environment: solution.environment.clone(),
        discriminating_questions: solution.discriminating_questions.clone(),
        cause: solution.cause.clone(),
        customer_wording: solution.customer_wording.clone(),
        do_not_say: solution.do_not_say.clone(),
        sources: solution.sources.clone(),
        audience: solution.audience,
        governance: solution.governance,
        client_account_id: solution.client_account_id.clone(),
        language: solution.language.clone(),
        translation_of: solution.translation_of.clone(),
        owner_group: solution.owner_group.clone(),
        verify_by: solution.verify_by,
        effective_from: solution.effective_from,
        change_note: solution.change_note.clone(),
        ..Solution::default()
    }
}

/// The hash of what a version says: of its words, and not of when they are live or have to be verified, nor of the
/// note on what is different.
pub(crate) fn hash(solution: &Solution) -> String {
    let words = Solution {
        verify_by: None,
        effective_from: None,
        change_note: String::new(),
        ..of(solution)
    };
    blake3::hash(&words.encode_to_vec()).to_hex().to_string()
}

/// Puts what `over` says in the place of what `solution` says; what `over` leaves empty stays.
pub(crate) fn overlay(solution: &mut Solution, over: &Solution) {
    let nothing = Solution::default();
    macro_rules! given {
        ($($field:ident),*) => {
            $(if over.$field != nothing.$field {
                solution.$field.clone_from(&over.$field);
            })*
        };
    }
    given!(
        title,
        question_in_customer_words,
        resolution,
        workaround,
        reason_code,
        symptoms,
        environment,
        discriminating_questions,
        cause,
        customer_wording,
        do_not_say,
        sources,
        audience,
        governance,
        client_account_id,
        language,
        translation_of,
        owner_group,
        verify_by,
        effective_from,
        change_note
    );
}

/// Puts what `other` says in the place of all that `solution` says.
pub(crate) fn replace(solution: &mut Solution, other: &Solution) {
    let says = of(other);
    *solution = Solution {
        solution_id: std::mem::take(&mut solution.solution_id),
        version: solution.version,
        author: std::mem::take(&mut solution.author),
        editors: std::mem::take(&mut solution.editors),
        reviewers: std::mem::take(&mut solution.reviewers),
        drafted_at: solution.drafted_at,
        candidate_id: std::mem::take(&mut solution.candidate_id),
        origin_interaction_ids: std::mem::take(&mut solution.origin_interaction_ids),
        based_on_version: solution.based_on_version,
        state: solution.state,
        masked: std::mem::take(&mut solution.masked),
        ..says
    };
}
