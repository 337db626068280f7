//! What was searched for speaks for the solution that was used, and against one that was rejected: it is kept beside what
//! customers said in contacts.

use aftercall_view::{ApplyError, Txn};

use super::records::Asked;
use crate::fold::stored;
use crate::keys::search as keys;
use crate::sayings::{self, Place, Saying};

/// The words of a search, as they are lent to one solution.
#[derive(Debug, PartialEq)]
pub(super) struct Lent {
    solution_id: String,
    place: Place,
    text: String,
    accepted: bool,
}

impl Lent {
    /// All that a search lends. What was used in the end was not the wrong one.
    pub(super) fn all(search_id: &str, asked: &Asked) -> Vec<Self> {
        let question = &asked.question;
        if question.text.trim().is_empty() {
            return Vec::new();
        }
        let place = Place::of_search(search_id, &question.interaction_id);
        let seen = asked.seen.iter();
        let judged = seen.filter(|seen| seen.used || seen.rejected);
        let lent = judged.map(|seen| Self {
            solution_id: seen.solution_id.clone(),
            place,
            text: question.text.clone(),
            accepted: seen.used,
        });
        lent.collect()
    }
}

/// Lends what a search says now, in place of what it said before.
pub(super) fn change(
    tenant_id: &str,
    before: &[Lent],
    after: &[Lent],
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    for old in before.iter().filter(|old| !after.contains(old)) {
        sayings::take_back((tenant_id, &old.solution_id), old.place, txn)?;
    }
    for new in after.iter().filter(|new| !before.contains(new)) {
        let said = || Saying::of(new.place, &new.text, new.accepted);
        sayings::lend((tenant_id, &new.solution_id), new.place, said, txn)?;
    }
    Ok(())
}

/// The solutions that are found by the words of a search.
pub(crate) fn lent_by(
    txn: &Txn<'_>,
    tenant_id: &str,
    search_id: &str,
) -> Result<Vec<String>, ApplyError> {
    let asked: Option<Asked> = stored(txn.get(keys::asked(tenant_id, search_id))?)?;
    let lent = Lent::all(search_id, &asked.unwrap_or_default());
    Ok(lent.into_iter().map(|lent| lent.solution_id).collect())
}
