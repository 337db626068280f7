//! What customers said in contacts in which a solution was used or rejected: evidence for what it fits, in their own
//! words.
//!
//! Of many contacts a sample is kept: those whose hashes are the least. So it is even, and it changes the less the more
//! there are. A contact that is taken back leaves its place empty, so that the sample is the same in whatever order
//! contacts of several partitions come. Words that are personal are masked before anything is kept.

use aftercall_domain::masking;
use aftercall_retrieval::meaning::TextId;
use aftercall_retrieval::ranker::CASES_MAX;
use aftercall_retrieval::{Part, Profile};
use aftercall_view::ApplyError;
use aftercall_view::key::Key;
use bytes::Bytes;
use prost::Message;

use crate::fold::stored;
use crate::keys::evidence as keys;
use crate::limits::SAYING_BYTES_MAX;
use crate::personal;
use crate::records::Case;
use crate::standing::Rows;

/// The sample of a solution, in the order of its draws.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Sayings {
    #[prost(message, repeated, tag = "1")]
    all: Vec<Saying>,
}

/// What a customer said in one contact.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Saying {
    /// A hash of the contact.
    #[prost(fixed64, tag = "1")]
    pub(crate) draw: u64,
    /// Whether the solution was used; it was rejected otherwise.
    #[prost(bool, tag = "2")]
    pub(crate) accepted: bool,
    /// The words, masked.
    #[prost(string, tag = "3")]
    pub(crate) text: String,
    /// What ranking needs of them.
    #[prost(bytes = "bytes", tag = "4")]
    profile: Bytes,
    /// Their id, by which their direction is found.
    #[prost(bytes = "bytes", tag = "5")]
    text_id: Bytes,
}

impl Saying {
    /// What ranking needs of the words.
    pub(crate) fn profile(&self) -> Option<Profile> {
        Profile::from_bytes(&self.profile)
    }

    /// The id of the words.
    pub(crate) fn text_id(&self) -> Option<TextId> {
        TextId::read(&self.text_id)
    }
}

impl Sayings {
    /// Of a solution.
    pub(crate) fn read(
        rows: &impl Rows,
        tenant_id: &str,
        solution_id: &str,
    ) -> Result<Self, ApplyError> {
        let row = rows.row(&Self::key(tenant_id, solution_id))?;
        Ok(stored(row)?.unwrap_or_default())
    }

    /// Under which key they are stored.
    pub(crate) fn key(tenant_id: &str, solution_id: &str) -> Key {
        keys::sayings(tenant_id, solution_id)
    }

    /// Those that a row holds.
    pub(crate) fn of(row: Bytes) -> Result<Self, ApplyError> {
        Self::decode(row).map_err(ApplyError::record)
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Saying> {
        self.all.iter().filter(|saying| !saying.text_id.is_empty())
    }

    /// Those that speak for the solution.
    pub(crate) fn accepted(&self) -> impl Iterator<Item = &Saying> {
        self.iter().filter(|saying| saying.accepted)
    }

    /// Whether a contact of this draw belongs to the sample.
    pub(crate) fn takes(&self, draw: u64) -> bool {
        let last = self.all.last().map(|last| last.draw);
        self.all.len() < CASES_MAX || last.is_some_and(|last| draw <= last)
    }

    /// Takes in what was said in a contact, in place of what was known of it.
    pub(crate) fn add(&mut self, saying: Saying) {
        match self.all.binary_search_by_key(&saying.draw, |one| one.draw) {
            Ok(place) => self.all[place] = saying,
            Err(place) => self.all.insert(place, saying),
        }
        self.all.truncate(CASES_MAX);
    }

    /// Takes out what was said in a contact; says whether it was there.
    pub(crate) fn remove(&mut self, draw: u64) -> bool {
        let Ok(place) = self.all.binary_search_by_key(&draw, |one| one.draw) else {
            return false;
        };
        let empty = Saying {
            draw,
            ..Saying::default()
        };
        let before = std::mem::replace(&mut self.all[place], empty);
        !before.text_id.is_empty()
    }
}

/// The draw of a contact.
pub(crate) fn draw((interaction_id, whose): (&str, u64)) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&whose.to_le_bytes());
    hasher.update(interaction_id.as_bytes());
    let mut draw = [0; 8];
    draw.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(draw)
}

/// What a customer said in a contact about what brought them, masked and cut; none if nothing is told.
pub(crate) fn of(case: &Case, draw: u64, accepted: bool) -> Option<Saying> {
    let others = case.also_resolved.iter();
    let others = others.map(|reason| reason.stated_verbatim.as_str());
    let said = std::iter::once(case.stated_verbatim.as_str()).chain(others);
    let said = said.map(str::trim).find(|words| !words.is_empty())?;
    let said = &said[..said.floor_char_boundary(SAYING_BYTES_MAX)];
    let (text, _) = masking::mask(said, &masking::find(said, &personal::known(case)));
    Some(Saying {
        draw,
        accepted,
        profile: Profile::of([(Part::Question, text.as_str())])
            .to_bytes()
            .into(),
        text_id: Bytes::copy_from_slice(TextId::of(&text).as_bytes()),
        text,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn saying(draw: u64) -> Saying {
        Saying {
            draw,
            accepted: true,
            text_id: Bytes::from_static(b"id"),
            ..Saying::default()
        }
    }

    proptest! {
        #[test]
        fn a_sample_is_the_same_in_every_order(
            contacts in prop::collection::hash_map(any::<u64>(), any::<bool>(), 0..120),
            later in any::<u64>(),
        ) {
            // Each is told, and some are taken back: in two orders, in which only what concerns one contact stays.
            let mut orders = [Sayings::default(), Sayings::default()];
            for (draw, is_taken_back) in &contacts {
                orders[0].add(saying(*draw));
                if *is_taken_back {
                    orders[0].remove(*draw);
                }
            }
            let mut draws: Vec<u64> = contacts.keys().copied().collect();
            draws.sort_unstable_by_key(|draw| draw ^ later);
            draws.iter().for_each(|draw| orders[1].add(saying(*draw)));
            for draw in draws.iter().filter(|draw| contacts[draw]) {
                orders[1].remove(*draw);
            }
            prop_assert_eq!(&orders[0], &orders[1]);
            draws.sort_unstable();
            draws.truncate(CASES_MAX);
            draws.retain(|draw| !contacts[draw]);
            let kept: Vec<u64> = orders[0].iter().map(|one| one.draw).collect();
            prop_assert_eq!(kept, draws);
        }
    }
}
