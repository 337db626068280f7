//! Which contacts' words are read: a sample of each period, spread over it evenly, of all contacts and of those of the values
//! that rose most. It follows from the rows alone, so that the same question has the same sample.

use std::collections::HashMap;

use aftercall_proto::insight::v1::Dimension;
use aftercall_view::{Direction, Store};
use prost::Message;
use uuid::Uuid;

use crate::failure::Unanswered;
use crate::fold::{Kept, WordsAt};
use crate::groups::{By, Values};
use crate::keys::{self, Address};
use crate::limits::CALL_ROWS;
use crate::scan::{self, Asked};

/// How often a sample is gone through: each time every so many of its runs, so that it is spread over the period however
/// early it has to end.
const TURNS: u64 = 8;

/// Contacts of which a sample is taken.
#[derive(Debug)]
pub(super) struct Group {
    /// Those of a value; all, where there is none.
    pub(super) value: Option<String>,
    /// How many there are in the period before, and in the period.
    pub(super) contacts: [u64; 2],
    /// How many of each are read at most.
    pub(super) size: u64,
}

/// A contact of a sample.
#[derive(Debug, Clone, Copy)]
struct Picked {
    turn: u64,
    address: Address,
    interaction_id: [u8; 16],
}

/// Takes every so many of the contacts that it is shown, in runs of some one after the other.
#[derive(Debug)]
struct Picker {
    step: u64,
    run: u64,
    shown: u64,
    picked: Vec<Picked>,
}

impl Picker {
    fn new(contacts: u64, size: u64, run: u64) -> Self {
        Self {
            step: contacts.div_ceil(size.max(1)).max(1),
            run: run.max(1),
            shown: 0,
            picked: Vec::new(),
        }
    }

    fn show(&mut self, address: Address, interaction_id: [u8; 16]) {
        let run = self.shown / self.run;
        self.shown += 1;
        if run.is_multiple_of(self.step) {
            self.picked.push(Picked {
                turn: (run / self.step) % TURNS,
                address,
                interaction_id,
            });
        }
    }
}

/// The places of the words of each group's sample, of the rows that are asked for: of the period before (0), or of the period
/// (1). Calls that nobody recorded have none.
pub(super) fn pick(
    store: &Store,
    asked: Asked<'_>,
    (by, groups): (Dimension, &[Group]),
    (period, run): (usize, u64),
) -> Result<Vec<Vec<WordsAt>>, Unanswered> {
    let mut values = Values::by(By::from(by));
    let mut of_value: HashMap<u32, Option<usize>> = HashMap::new();
    let mut pickers: Vec<Picker> = groups
        .iter()
        .map(|group| Picker::new(group.contacts[period], group.size, run))
        .collect();
    let all = groups.iter().position(|group| group.value.is_none());
    let mut own = Vec::new();
    scan::rows(store, asked, |seen| {
        if seen.address.row >= CALL_ROWS {
            return Ok(true);
        }
        own.clear();
        match values.are_several() {
            true => {
                let several = values.all(seen, asked.terms)?.into_iter();
                own.extend(several.map(|(number, _)| number));
            }
            false => own.push(values.of(seen, asked.terms)),
        }
        let own = own.iter().filter_map(|number| {
            *of_value.entry(*number).or_insert_with(|| {
                let value = values.value(*number);
                let mut groups = groups.iter();
                groups.position(|group| group.value.as_deref() == Some(value))
            })
        });
        for place in all.into_iter().chain(own) {
            pickers[place].show(seen.address, seen.row.interaction_id());
        }
        Ok::<_, Unanswered>(true)
    })?;
    let places = |picker: Picker| places(store, asked.tenant_id, picker.picked);
    pickers.into_iter().map(places).collect()
}

/// Where the words of contacts stand, in the order in which they are to be read.
fn places(
    store: &Store,
    tenant_id: &str,
    mut picked: Vec<Picked>,
) -> Result<Vec<WordsAt>, Unanswered> {
    picked.sort_by_key(|one| (one.turn, one.address));
    let mut places = Vec::with_capacity(picked.len());
    for one in picked {
        let id = Uuid::from_bytes(one.interaction_id).to_string();
        for entry in store.scan_prefix(keys::all_kept(tenant_id, &id), Direction::Ascending) {
            let kept = Kept::decode(entry?.1)?;
            if kept.address() == one.address {
                places.extend(kept.words_at());
            }
        }
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picked(contacts: u64, size: u64, run: u64) -> Vec<u64> {
        let mut picker = Picker::new(contacts, size, run);
        for row in 0..contacts {
            picker.show(Address { partition: 0, row }, [0; 16]);
        }
        picker.picked.iter().map(|one| one.address.row).collect()
    }

    #[test]
    fn a_sample_is_spread_evenly_and_no_larger_than_asked_for() {
        assert_eq!(picked(6, 10, 1), [0, 1, 2, 3, 4, 5]);
        assert_eq!(picked(10, 4, 1), [0, 3, 6, 9]);
        assert_eq!(picked(12, 6, 2), [0, 1, 4, 5, 8, 9]);
        assert!(picked(0, 4, 1).is_empty());
        for (contacts, size) in [(1_000, 7), (999, 100), (101, 100)] {
            let found = picked(contacts, size, 1).len() as u64;
            assert!(found <= size && found * 3 >= size.min(contacts), "{found}");
        }
    }
}
