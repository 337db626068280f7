//! What customers said in contacts in which a solution was used or rejected, and what was searched for when it was:
//! evidence for what it fits, in their own words.
//!
//! Of many contacts a sample is kept: those whose hashes are the least. So it is even, and it changes the less the more
//! there are. A search that names a contact has that one's hash: what is asked as if a contact were not known leaves its
//! searches out, too. Words that are personal are masked before anything is kept. Each saying has a row of its own, so that
//! one that comes or goes leaves the others as they are: see [`sample`].

mod sample;

use aftercall_domain::masking;
use aftercall_retrieval::meaning::TextId;
use aftercall_retrieval::{Part, Profile};
use aftercall_view::key::Key;
use aftercall_view::{ApplyError, Direction, Store};
use bytes::Bytes;
use prost::Message;

use crate::fold::stored;
use crate::keys::evidence as keys;
use crate::limits::SAYING_BYTES_MAX;
use crate::personal;
use crate::records::Case;
use crate::standing::Rows;

pub(crate) use sample::{Brief, lend, take_back};

/// The sample of a solution, in the order of its places.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Sayings(Vec<Saying>);

/// What tells what a solution's sayings are from anything else that they could be.
pub(crate) type Mark = [u8; 16];

/// What a customer said in one contact, or somebody asked in one search.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Saying {
    /// A hash of the contact; of a search that names none, of the search.
    #[prost(fixed64, tag = "1")]
    pub(crate) draw: u64,
    /// What tells those of one draw apart: whose the contact is, or a hash of the search.
    #[prost(fixed64, tag = "6")]
    source: u64,
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

/// Where something that was said stands in a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    draw: u64,
    source: u64,
}

impl Place {
    /// That of a contact.
    pub(crate) fn of_contact((interaction_id, whose): (&str, u64)) -> Self {
        Self {
            draw: hash(interaction_id),
            source: whose,
        }
    }

    /// That of a search, which may name the contact that it is for.
    pub(crate) fn of_search(search_id: &str, interaction_id: &str) -> Self {
        let source = hash(search_id);
        let draw = match interaction_id {
            "" => source,
            interaction_id => hash(interaction_id),
        };
        Self { draw, source }
    }

    /// In the order of the places.
    fn bytes(self) -> [u8; 16] {
        (u128::from(self.draw) << 64 | u128::from(self.source)).to_be_bytes()
    }

    /// Of what [`bytes`](Self::bytes) gives.
    fn of_bytes(bytes: [u8; 16]) -> Self {
        let both = u128::from_be_bytes(bytes);
        Self {
            draw: (both >> 64) as u64,
            source: both as u64,
        }
    }

    /// Under which key what was said there is stored.
    fn key(self, tenant_id: &str, solution_id: &str) -> Key {
        keys::saying(tenant_id, solution_id, (self.draw, self.source))
    }
}

impl Saying {
    /// What was said, which is masked already; none if nothing is told.
    pub(crate) fn of(place: Place, text: &str, accepted: bool) -> Option<Self> {
        let text = text.trim();
        let text = text[..text.floor_char_boundary(SAYING_BYTES_MAX)].to_owned();
        (!text.is_empty()).then(|| Self {
            draw: place.draw,
            source: place.source,
            accepted,
            profile: Profile::of([(Part::Question, text.as_str())])
                .to_bytes()
                .into(),
            text_id: Bytes::copy_from_slice(TextId::of(&text).as_bytes()),
            text,
        })
    }

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
    /// Of a solution, one after the other: where nothing can be scanned.
    pub(crate) fn read(
        rows: &impl Rows,
        tenant_id: &str,
        solution_id: &str,
    ) -> Result<Self, ApplyError> {
        let brief = Brief::read(rows, tenant_id, solution_id)?;
        let mut all = Vec::new();
        for place in brief.unwrap_or_default().held() {
            let key = place.key(tenant_id, solution_id);
            all.extend(stored::<Saying>(rows.row(&key)?)?);
        }
        Ok(Self(all))
    }

    /// Of a solution, by one look, with what tells them from any others. They may be later ones than a brief that was
    /// read before.
    pub(crate) fn scan(
        store: &Store,
        tenant_id: &str,
        solution_id: &str,
    ) -> Result<(Self, Mark), ApplyError> {
        let (mut all, mut sum) = (Vec::new(), 0_u128);
        let prefix = keys::sayings(tenant_id, solution_id);
        for entry in store.scan_prefix(prefix, Direction::Ascending) {
            let (_, row) = entry?;
            sum = sum.wrapping_add(sample::weight(&row));
            all.push(Saying::decode(row).map_err(ApplyError::record)?);
        }
        Ok((Self(all), sum.to_be_bytes()))
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Saying> {
        self.0.iter()
    }

    /// Those that speak for the solution.
    pub(crate) fn accepted(&self) -> impl Iterator<Item = &Saying> {
        self.iter().filter(|saying| saying.accepted)
    }
}

fn hash(id: &str) -> u64 {
    let mut hash = [0; 8];
    hash.copy_from_slice(&blake3::hash(id.as_bytes()).as_bytes()[..8]);
    u64::from_le_bytes(hash)
}

/// What a customer said in a contact about what brought them, masked and cut; none if nothing is told.
pub(crate) fn of(case: &Case, place: Place, accepted: bool) -> Option<Saying> {
    let others = case.also_resolved.iter();
    let others = others.map(|reason| reason.stated_verbatim.as_str());
    let said = std::iter::once(case.stated_verbatim.as_str()).chain(others);
    let said = said.map(str::trim).find(|words| !words.is_empty())?;
    let said = &said[..said.floor_char_boundary(SAYING_BYTES_MAX)];
    let (text, _) = masking::mask(said, &masking::find(said, &personal::known(case)));
    Saying::of(place, &text, accepted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_stands_beside_the_contact_that_it_names() {
        let contact = Place::of_contact(("contact", 7));
        let search = Place::of_search("search", "contact");
        assert_eq!(contact.draw, search.draw);
        assert_ne!(contact, search);
        let alone = Place::of_search("search", "");
        assert_ne!(alone.draw, contact.draw);
    }
}
