//! What customers said in contacts in which a solution was used or rejected, and what was searched for when it was:
//! evidence for what it fits, in their own words.
//!
//! Of many contacts a sample is kept: those whose hashes are the least. So it is even, and it changes the less the more
//! there are. A search that names a contact has that one's hash: what is asked as if a contact were not known leaves its
//! searches out, too. What is taken back leaves its place empty, so that the sample is the same in whatever order
//! contacts and searches of several partitions come. Words that are personal are masked before anything is kept.

use aftercall_domain::masking;
use aftercall_retrieval::meaning::TextId;
use aftercall_retrieval::ranker::CASES_MAX;
use aftercall_retrieval::{Part, Profile};
use aftercall_view::key::Key;
use aftercall_view::{ApplyError, Txn};
use bytes::Bytes;
use prost::Message;

use crate::fold::{stored, stored_number};
use crate::keys::{self as view_keys, evidence as keys};
use crate::limits::SAYING_BYTES_MAX;
use crate::personal;
use crate::records::Case;
use crate::standing::Rows;

/// The sample of a solution, in the order of its places.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Sayings {
    #[prost(message, repeated, tag = "1")]
    all: Vec<Saying>,
}

/// What is known of a sample without a look at it: that takes as many kilobytes as it has sayings.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Brief {
    /// The place of its last one, once it is full.
    #[prost(bytes = "bytes", optional, tag = "1")]
    end: Option<Bytes>,
    /// What tells its row from any other.
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) mark: Bytes,
}

impl Brief {
    /// Of a solution's sample; none where it has none.
    pub(crate) fn read(
        rows: &impl Rows,
        tenant_id: &str,
        solution_id: &str,
    ) -> Result<Option<Self>, ApplyError> {
        stored(rows.row(&keys::sayings_brief(tenant_id, solution_id))?)
    }
}

/// What tells a sample's row from any other: the first half of its hash.
pub(crate) fn mark(row: &[u8]) -> [u8; 16] {
    let mut mark = [0; 16];
    mark.copy_from_slice(&blake3::hash(row).as_bytes()[..16]);
    mark
}

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

    fn place(&self) -> Place {
        Place {
            draw: self.draw,
            source: self.source,
        }
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

    /// Whether what is said there belongs to the sample.
    fn takes(&self, place: Place) -> bool {
        let last = self.all.last().map(Saying::place);
        self.all.len() < CASES_MAX || last.is_some_and(|last| place <= last)
    }

    /// Takes in what was said, in place of what was known of it.
    fn add(&mut self, saying: Saying) {
        let place = saying.place();
        match self.all.binary_search_by_key(&place, Saying::place) {
            Ok(at) => self.all[at] = saying,
            Err(at) => self.all.insert(at, saying),
        }
        self.all.truncate(CASES_MAX);
    }

    /// Takes out what was said; says whether it was there.
    fn remove(&mut self, place: Place) -> bool {
        let Ok(at) = self.all.binary_search_by_key(&place, Saying::place) else {
            return false;
        };
        let empty = Saying {
            draw: place.draw,
            source: place.source,
            ..Saying::default()
        };
        let before = std::mem::replace(&mut self.all[at], empty);
        !before.text_id.is_empty()
    }

    /// How many speak for the solution, and how many against it.
    fn count(&self) -> [u64; 2] {
        let accepted = self.accepted().count() as u64;
        [accepted, self.iter().count() as u64 - accepted]
    }
}

/// Lends words to a solution, which is found by them from then on. They are asked for only if they belong to the
/// sample.
pub(crate) fn lend(
    whose: (&str, &str),
    place: Place,
    said: impl FnOnce() -> Option<Saying>,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    if is_beyond(whose, place, txn)? {
        return Ok(());
    }
    let mut sayings = Sayings::read(txn, whose.0, whose.1)?;
    let Some(saying) = sayings.takes(place).then(said).flatten() else {
        return Ok(());
    };
    let before = sayings.count();
    sayings.add(saying);
    put(whose, (&sayings, before), txn)
}

/// Takes words back that were lent to a solution, if they were.
pub(crate) fn take_back(
    whose: (&str, &str),
    place: Place,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    if is_beyond(whose, place, txn)? {
        return Ok(());
    }
    let mut sayings = Sayings::read(txn, whose.0, whose.1)?;
    let before = sayings.count();
    match sayings.remove(place) {
        true => put(whose, (&sayings, before), txn),
        false => Ok(()),
    }
}

/// Whether a place lies after the end of a sample that is full: what is said there is not in it, and does not come into it.
/// That is so of nearly all uses of what is used much, and known without a look at forty sayings.
fn is_beyond(
    (tenant_id, solution_id): (&str, &str),
    place: Place,
    txn: &Txn<'_>,
) -> Result<bool, ApplyError> {
    let brief = Brief::read(txn, tenant_id, solution_id)?;
    let end = brief.and_then(|brief| brief.end);
    Ok(end.is_some_and(|end| end[..] < place.bytes()[..]))
}

/// Puts a sample, of which so many spoke for the solution and against it before.
fn put(
    (tenant_id, solution_id): (&str, &str),
    (sayings, before): (&Sayings, [u64; 2]),
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let key = Sayings::key(tenant_id, solution_id);
    let row = sayings.encode_to_vec();
    let last = sayings.all.get(CASES_MAX - 1).map(Saying::place);
    let brief = Brief {
        end: last.map(|last| Bytes::copy_from_slice(&last.bytes())),
        mark: Bytes::copy_from_slice(&mark(&row)),
    };
    let brief_key = keys::sayings_brief(tenant_id, solution_id);
    txn.put(brief_key, brief.encode_to_vec())?;
    txn.put(key, row)?;
    let counted = [keys::said(tenant_id), keys::said_against(tenant_id)];
    let numbers = before.into_iter().zip(sayings.count());
    for (key, (before, after)) in counted.into_iter().zip(numbers) {
        let said = stored_number(txn.get(&key)?).saturating_add(after);
        match said.saturating_sub(before) {
            _ if before == after => {}
            0 => txn.delete(key)?,
            said => txn.put(key, said.to_be_bytes().to_vec())?,
        }
    }
    txn.touch(view_keys::solution(tenant_id, solution_id));
    Ok(())
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
    use aftercall_view::Store;
    use aftercall_view::testing::MemoryEngine;
    use proptest::prelude::*;

    use super::*;

    fn saying(place: Place) -> Saying {
        Saying {
            draw: place.draw,
            source: place.source,
            accepted: true,
            text_id: Bytes::from_static(b"id"),
            ..Saying::default()
        }
    }

    #[test]
    fn a_search_stands_beside_the_contact_that_it_names() {
        let contact = Place::of_contact(("contact", 7));
        let search = Place::of_search("search", "contact");
        assert_eq!(contact.draw, search.draw);
        assert_ne!(contact, search);
        let alone = Place::of_search("search", "");
        assert_ne!(alone.draw, contact.draw);
    }

    proptest! {
        #[test]
        fn a_sample_is_the_same_in_every_order(
            // Some contacts have several: their own words, and those of searches.
            contacts in prop::collection::hash_map((0..60_u64, 0..3_u64), any::<bool>(), 0..120),
            later in any::<u64>(),
        ) {
            let contacts = contacts.into_iter();
            let contacts: std::collections::BTreeMap<Place, bool> = contacts
                .map(|((draw, source), is_taken_back)| (Place { draw, source }, is_taken_back))
                .collect();
            // Each is told, and some are taken back: in two orders, in which only what concerns one contact stays.
            let mut orders = [Sayings::default(), Sayings::default()];
            for (place, is_taken_back) in &contacts {
                orders[0].add(saying(*place));
                if *is_taken_back {
                    orders[0].remove(*place);
                }
            }
            let mut places: Vec<Place> = contacts.keys().copied().collect();
            places.sort_unstable_by_key(|place| place.draw ^ later);
            places.iter().for_each(|place| orders[1].add(saying(*place)));
            for place in places.iter().filter(|place| contacts[*place]) {
                orders[1].remove(*place);
            }
            prop_assert_eq!(&orders[0], &orders[1]);
            places.sort_unstable();
            places.truncate(CASES_MAX);
            places.retain(|place| !contacts[place]);
            let kept: Vec<Place> = orders[0].iter().map(Saying::place).collect();
            prop_assert_eq!(kept, places);
        }

        #[test]
        fn what_is_beyond_a_full_sample_is_known_without_it(
            steps in prop::collection::vec((0..90_u64, any::<bool>(), any::<bool>()), 0..200),
        ) {
            let engine = MemoryEngine::default();
            let store = Store::on(Box::new(engine));
            let (mut txn, whose) = (Txn::new(&store), ("acme", "solution"));
            let mut expected = Sayings::default();
            for (draw, is_taken_back, is_empty) in steps {
                let place = Place { draw, source: 0 };
                if is_taken_back {
                    take_back(whose, place, &mut txn).unwrap();
                    expected.remove(place);
                } else {
                    let said = || (!is_empty).then(|| saying(place));
                    lend(whose, place, said, &mut txn).unwrap();
                    said().into_iter().for_each(|said| expected.add(said));
                }
            }
            let kept = Sayings::read(&txn, whose.0, whose.1).unwrap();
            prop_assert_eq!(&kept, &expected);
            let row = txn.get(Sayings::key(whose.0, whose.1)).unwrap();
            let brief = Brief::read(&txn, whose.0, whose.1).unwrap();
            // What is kept in memory is known by the mark to be what stands there.
            let marks = (brief.map(|brief| brief.mark), row.map(|row| mark(&row)));
            prop_assert_eq!(marks.0.as_deref(), marks.1.as_ref().map(|mark| &mark[..]));
        }
    }
}
