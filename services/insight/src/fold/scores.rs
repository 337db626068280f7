//! What scorers say of how a customer felt: of the one that counts in the contact's row, and of all others beside it.

use aftercall_domain::measure::Feeling;
use aftercall_ledger::Accepted;
use aftercall_proto::convert::feeling;
use aftercall_proto::event::v1::InteractionAnalysed;
use aftercall_proto::model::v1::{Interaction, Sentiment};
use aftercall_view::{ApplyError, Txn};
use prost::Message;

use super::{InsightProjection, Kept, kept_of};
use crate::blocks;
use crate::keys::{self, Address};
use crate::row::{Column, Row};

/// What other scorers say of a contact than the one whose sentiment counts.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct OtherScores {
    /// By their names, each once.
    #[prost(message, repeated, tag = "1")]
    pub(crate) scores: Vec<Score>,
}

/// What one scorer says.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Score {
    #[prost(string, tag = "1")]
    pub(crate) scorer: String,
    #[prost(uint32, tag = "2")]
    start: u32,
    #[prost(uint32, tag = "3")]
    end: u32,
    #[prost(uint32, tag = "4")]
    worst: u32,
    /// The bands, a byte each.
    #[prost(uint32, tag = "5")]
    bands: u32,
}

impl Score {
    fn of(sentiment: &Sentiment) -> Self {
        let felt = feeling::of_sentiment(sentiment);
        let [end, worst, trend] = felt.bands;
        Self {
            scorer: sentiment.scorer.clone(),
            start: felt.start.into(),
            end: felt.end.into(),
            worst: felt.worst.into(),
            bands: u32::from_le_bytes([end, worst, trend, 0]),
        }
    }

    /// How the customer felt, without signals.
    pub(crate) fn feeling(&self) -> Feeling {
        let number = |number: u32| u16::try_from(number).unwrap_or(u16::MAX);
        let [end, worst, trend, _] = self.bands.to_le_bytes();
        Feeling {
            start: number(self.start),
            end: number(self.end),
            worst: number(self.worst),
            bands: [end, worst, trend],
            signals: 0,
        }
    }
}

/// A sentiment as it is kept.
pub(super) fn without_points(sentiment: &Sentiment) -> Sentiment {
    Sentiment {
        start: sentiment.start,
        end: sentiment.end,
        worst: sentiment.worst,
        scorer: sentiment.scorer.clone(),
        scorer_version: sentiment.scorer_version.clone(),
        ..Sentiment::default()
    }
}

/// Leaves of a contact's sentiments what they come to, and who says it.
pub(super) fn without_series(contact: &mut Interaction) {
    let own = contact.sentiment.iter_mut();
    for sentiment in own.chain(&mut contact.sentiments) {
        *sentiment = without_points(sentiment);
    }
}

/// The name of the scorer whose sentiment counts.
pub(super) fn scorer(contact: &Interaction) -> &str {
    feeling::counts(contact).map_or("", |sentiment| &sentiment.scorer)
}

/// What the others say.
pub(super) fn others(contact: &Interaction) -> OtherScores {
    let own = scorer(contact);
    let names = feeling::scorers(contact).into_iter();
    let others = names.filter(|name| *name != own);
    let scores = others.filter_map(|name| feeling::by_scorer(contact, name).map(Score::of));
    OtherScores {
        scores: scores.collect(),
    }
}

/// Writes what others say than the one that counts: `row` says whether they do, and `was` whether they did.
pub(super) fn write_others(
    tenant_id: &str,
    address: Address,
    (contact, was, row): (&Interaction, bool, &Row),
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let key = keys::other_scores(tenant_id, address);
    match (row.has_others, was) {
        (true, _) => Ok(txn.put(key, others(contact).encode_to_vec())?),
        (false, true) => Ok(txn.delete(key)?),
        (false, false) => Ok(()),
    }
}

/// A call has no row by itself any more: forgets what others say of it.
pub(super) fn forget_others(
    tenant_id: &str,
    kept: &Kept,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    match others(&kept.contact).scores.is_empty() {
        true => Ok(()),
        false => Ok(txn.delete(keys::other_scores(tenant_id, kept.address()))?),
    }
}

impl InsightProjection {
    /// Something was found in a contact.
    pub(super) fn analyse(
        &mut self,
        fact: &Accepted,
        analysed: &InteractionAnalysed,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let Some(mut kept) = kept_of(fact, &fact.event.aggregate_id, txn)? else {
            return Ok(());
        };
        let (tenant_id, address) = (&*fact.event.tenant_id, kept.address());
        let Some(mut row) = blocks::read(tenant_id, address, txn)? else {
            return Ok(());
        };
        kept.analyse(analysed);
        let was = row.has_others;
        let word = scorer(&kept.contact).as_bytes();
        let number = self
            .words
            .number((tenant_id, address.partition), word, txn)?;
        row.set(Column::Scorer, number);
        row.feeling = feeling::of_contact(&kept.contact);
        row.has_others = !others(&kept.contact).scores.is_empty();
        write_others(tenant_id, address, (&kept.contact, was, &row), txn)?;
        blocks::write(tenant_id, address, &row, txn)?;
        kept.write(tenant_id, fact.whose, txn)
    }
}
