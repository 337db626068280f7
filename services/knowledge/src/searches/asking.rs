//! Questions that are kept: without what is personal in them, and cut.

use aftercall_domain::masking::{self, Known};
use aftercall_proto::knowledge::v1::MaskedCount;
use aftercall_proto::model::v1::SearchQuestion;
use aftercall_service::Principal;
use aftercall_view::{Direction, Store};
use prost::Message;

use crate::failure::Error;
use crate::keys;
use crate::limits::QUESTION_BYTES_MAX;
use crate::personal;
use crate::records::Case;

/// What of a question is personal, where the contact is known that it was asked in: that says more than the text.
pub(super) fn known(store: &Store, tenant_id: &str, interaction_id: &str) -> Result<Known, Error> {
    let mut known = Known::default();
    if interaction_id.is_empty() {
        return Ok(known);
    }
    let cases = keys::cases(tenant_id, interaction_id);
    for entry in store.scan_prefix(cases, Direction::Ascending) {
        let case = Case::decode(entry?.1).map_err(Error::internal)?;
        known.extend(personal::known(&case));
    }
    Ok(known)
}

/// A question as it is kept, and what was masked in it.
pub(super) fn kept(
    question: SearchQuestion,
    known: &Known,
    by: &Principal,
) -> (SearchQuestion, Vec<MaskedCount>) {
    let found = masking::find(&question.text, known);
    let (masked, _) = masking::mask(&question.text, &found);
    let mut counts: Vec<MaskedCount> = Vec::new();
    let mut kinds: Vec<_> = found.iter().map(|one| one.kind).collect();
    kinds.sort();
    for kind in kinds {
        let kind = personal::to_wire(kind).into();
        match counts.last_mut().filter(|last| last.kind == kind) {
            Some(last) => last.count += 1,
            None => counts.push(MaskedCount { kind, count: 1 }),
        }
    }
    let question = SearchQuestion {
        text: cut(&masked, QUESTION_BYTES_MAX).to_owned(),
        team_id: by.teams.first().cloned().unwrap_or_default(),
        site_id: by.sites.first().cloned().unwrap_or_default(),
        ..question
    };
    (question, counts)
}

/// The beginning of a text.
pub(super) fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}
