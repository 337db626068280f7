//! A row as a pass shows it: with what comes after its contact, and how the customer felt.

use aftercall_domain::measure::{Facts, Feeling};
use aftercall_log::Partition;
use aftercall_view::{Store, StoreError};
use prost::Message;

use crate::afters::After;
use crate::fold::{OtherScores, Score};
use crate::keys::{self, Address};
use crate::row::{Column, RowBytes};
use crate::words::WordList;

/// A row of those that are asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) address: Address,
    pub(crate) row: RowBytes<'a>,
    /// How the customer felt, as the scorer says whose sentiment counts for the question; with the signals.
    pub(crate) feeling: Feeling,
    pub(super) after: After,
    pub(super) words: &'a WordList,
    pub(super) of: (&'a Store, &'a str),
}

impl<'a> Seen<'a> {
    /// Of which partition it is, with its words.
    pub(crate) const fn partition(&self) -> (Partition, &'a WordList) {
        (self.address.partition, self.words)
    }

    /// What the contact comes to.
    #[inline]
    pub(crate) fn facts(&self) -> Facts {
        self.row.facts(self.after)
    }

    /// Shows `visit` each scorer and how the customer felt as it says. In most contacts there is one at most.
    pub(crate) fn each_scorer<E: From<StoreError>>(
        &self,
        mut visit: impl FnMut(&str, Feeling) -> Result<(), E>,
    ) -> Result<(), E> {
        let own = self.row.word(Column::Scorer) as usize;
        if own != 0 {
            visit(self.words.word(own), self.row.feeling())?;
        }
        if self.row.has_others() {
            for score in other_scores(self.of, self.address)? {
                let signals = self.row.feeling().signals;
                let feeling = score.feeling();
                visit(&score.scorer, Feeling { signals, ..feeling })?;
            }
        }
        Ok(())
    }
}

/// What other scorers say of a contact than the one whose sentiment counts. A row that changes meanwhile may have none.
fn other_scores(
    (store, tenant_id): (&Store, &str),
    address: Address,
) -> Result<Vec<Score>, StoreError> {
    let stored = store.get(keys::other_scores(tenant_id, address))?;
    let scores = stored.and_then(|bytes| OtherScores::decode(bytes).ok());
    Ok(scores.map_or_else(Vec::new, |it| it.scores))
}
