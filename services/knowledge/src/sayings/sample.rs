//! Which sayings belong to a solution's sample.
//!
//! A brief of a sample says what stands at which of its places, and each saying has its own row. What is taken back leaves
//! its place empty, so that the sample is the same in whatever order contacts and searches of several partitions come.

#[cfg(test)]
mod tests;

use aftercall_retrieval::ranker::CASES_MAX;
use aftercall_view::{ApplyError, Txn};
use bytes::{Bytes, BytesMut};
use prost::Message;

use super::{Place, Saying};
use crate::fold::{stored, stored_number};
use crate::keys::{self as view_keys, evidence as keys};
use crate::standing::Rows;

/// What a place takes in a brief, in bytes: its own 16, and what stands there.
const SLOT_BYTES: usize = 17;

/// What is known of a sample without a look at its sayings.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Brief {
    /// The places in their order, each with what stands there.
    #[prost(bytes = "bytes", tag = "1")]
    slots: Bytes,
    /// What tells its sayings from any others: the sum of their weights.
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

    /// The places at which something stands, in their order.
    pub(super) fn held(&self) -> impl Iterator<Item = Place> {
        let held = self.slots().filter(|slot| slot.held != Held::Nothing);
        held.map(|slot| slot.place)
    }

    fn slots(&self) -> impl Iterator<Item = Slot> {
        let (slots, _) = self.slots.as_chunks::<SLOT_BYTES>();
        slots.iter().map(Slot::of)
    }

    /// Whether a place lies after the end of a sample that is full: what is said there is not in it, and does not come
    /// into it. That is so of nearly all uses of what is used much, and known by the last place alone.
    fn ends_before(&self, place: Place) -> bool {
        let (slots, _) = self.slots.as_chunks::<SLOT_BYTES>();
        let last = slots.last().map(Slot::of);
        slots.len() >= CASES_MAX && last.is_some_and(|last| last.place < place)
    }
}

/// What a saying adds to its sample's mark.
pub(super) fn weight(row: &[u8]) -> u128 {
    let mut weight = [0; 16];
    weight.copy_from_slice(&blake3::hash(row).as_bytes()[..16]);
    u128::from_be_bytes(weight)
}

/// What stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    /// Nothing any more.
    Nothing,
    /// A saying that speaks for the solution.
    For,
    /// One that speaks against it.
    Against,
}

/// A place, and what stands there.
#[derive(Debug, Clone, Copy)]
struct Slot {
    place: Place,
    held: Held,
}

impl Slot {
    fn of(bytes: &[u8; SLOT_BYTES]) -> Self {
        let mut place = [0; 16];
        place.copy_from_slice(&bytes[..16]);
        Self {
            place: Place::of_bytes(place),
            held: match bytes[16] {
                1 => Held::For,
                2 => Held::Against,
                _ => Held::Nothing,
            },
        }
    }

    fn write(self, to: &mut BytesMut) {
        to.extend_from_slice(&self.place.bytes());
        to.extend_from_slice(&[match self.held {
            Held::Nothing => 0,
            Held::For => 1,
            Held::Against => 2,
        }]);
    }
}

/// A sample while an event changes it.
struct Sample<'a> {
    /// The tenant and the solution.
    whose: (&'a str, &'a str),
    slots: Vec<Slot>,
    mark: u128,
    /// How many spoke for the solution and against it before.
    before: [u64; 2],
}

impl<'a> Sample<'a> {
    /// Of what its brief says.
    fn of(whose: (&'a str, &'a str), brief: &Brief) -> Self {
        let slots: Vec<_> = brief.slots().collect();
        let mark = brief
            .mark
            .as_ref()
            .try_into()
            .map_or(0, u128::from_be_bytes);
        Self {
            whose,
            before: count(&slots),
            slots,
            mark,
        }
    }

    /// Takes in what was said at a place, instead of what stood there; the last one makes room for it.
    fn add(&mut self, place: Place, saying: &Saying, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        let held = match saying.accepted {
            true => Held::For,
            false => Held::Against,
        };
        match self.find(place) {
            Ok(at) => {
                self.drop_row(self.slots[at], txn)?;
                self.slots[at].held = held;
            }
            Err(at) => self.slots.insert(at, Slot { place, held }),
        }
        let row = saying.encode_to_vec();
        self.mark = self.mark.wrapping_add(weight(&row));
        txn.put(place.key(self.whose.0, self.whose.1), row)?;
        while self.slots.len() > CASES_MAX {
            if let Some(last) = self.slots.pop() {
                self.drop_row(last, txn)?;
            }
        }
        Ok(())
    }

    /// Takes out what was said at a place; says whether something was.
    fn remove(&mut self, place: Place, txn: &mut Txn<'_>) -> Result<bool, ApplyError> {
        let Ok(at) = self.find(place) else {
            return Ok(false);
        };
        let slot = self.slots[at];
        self.drop_row(slot, txn)?;
        self.slots[at].held = Held::Nothing;
        Ok(slot.held != Held::Nothing)
    }

    fn find(&self, place: Place) -> Result<usize, usize> {
        self.slots.binary_search_by_key(&place, |slot| slot.place)
    }

    fn drop_row(&mut self, slot: Slot, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        let key = slot.place.key(self.whose.0, self.whose.1);
        if slot.held != Held::Nothing
            && let Some(row) = txn.get(&key)?
        {
            self.mark = self.mark.wrapping_sub(weight(&row));
            txn.delete(key)?;
        }
        Ok(())
    }

    /// Puts its brief, and counts what changed.
    fn put(self, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        let (tenant_id, solution_id) = self.whose;
        let mut slots = BytesMut::with_capacity(self.slots.len() * SLOT_BYTES);
        self.slots.iter().for_each(|slot| slot.write(&mut slots));
        let brief = Brief {
            slots: slots.freeze(),
            mark: Bytes::copy_from_slice(&self.mark.to_be_bytes()),
        };
        let key = keys::sayings_brief(tenant_id, solution_id);
        txn.put(key, brief.encode_to_vec())?;
        let counted = [keys::said(tenant_id), keys::said_against(tenant_id)];
        let numbers = self.before.into_iter().zip(count(&self.slots));
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
}

/// How many speak for the solution, and how many against it.
fn count(slots: &[Slot]) -> [u64; 2] {
    [Held::For, Held::Against].map(|held| {
        let such = slots.iter().filter(|slot| slot.held == held);
        such.count() as u64
    })
}

/// Lends words to a solution, which is found by them from then on. They are asked for only if they belong to the
/// sample.
pub(crate) fn lend(
    whose: (&str, &str),
    place: Place,
    said: impl FnOnce() -> Option<Saying>,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let brief = Brief::read(txn, whose.0, whose.1)?.unwrap_or_default();
    if brief.ends_before(place) {
        return Ok(());
    }
    let Some(saying) = said() else {
        return Ok(());
    };
    let mut sample = Sample::of(whose, &brief);
    sample.add(place, &saying, txn)?;
    sample.put(txn)
}

/// Takes words back that were lent to a solution, if they were.
pub(crate) fn take_back(
    whose: (&str, &str),
    place: Place,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let brief = Brief::read(txn, whose.0, whose.1)?.unwrap_or_default();
    if brief.ends_before(place) {
        return Ok(());
    }
    let mut sample = Sample::of(whose, &brief);
    match sample.remove(place, txn)? {
        true => sample.put(txn),
        false => Ok(()),
    }
}
