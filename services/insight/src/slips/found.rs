//! What went wrong with one customer, and with those that are one with them.
//!
//! What went wrong in contacts follows from the customer's inbound contacts in order; what went wrong with promises stands
//! beside them. Of both the latest are looked at, of a time before an instant if one is named.

use aftercall_domain::Scope;
use aftercall_domain::measure::{REPEAT_DAYS, Slip, SlipKind};
use aftercall_proto::convert::parties::PartiesRow;
use aftercall_view::key::Parts;
use aftercall_view::{ApplyError, Direction, Store};
use prost::Message;

use super::DAY_US;
use crate::fold::{Place, PromiseSlip};
use crate::keys;
use crate::limits::{NEIGHBOURS_MAX, SLIPS_MAX};

/// Something that went wrong, who has a part in it, and why it counts.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) slip: Slip,
    pub(crate) parties: Option<PartiesRow>,
    pub(super) basis: Basis,
}

/// Why something in a contact counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Basis {
    /// The contact that it repeats; empty for none.
    pub(super) repeats: String,
    /// What was waited in queues, in milliseconds, in this contact and those that it goes on with.
    pub(super) waited_ms: u32,
    /// The contacts that it goes on with, the first one first.
    pub(super) goes_on_with: Vec<String>,
}

/// What went wrong before an instant, as far back as was looked.
pub(super) struct Looked {
    /// In the order of time.
    pub(super) found: Vec<Found>,
    /// All that is later than this is there; none if that is all there is.
    pub(super) after_us: Option<i64>,
}

/// A contact among those of customers that are one: when it began, its id, and what is known of it.
type Entry = (i64, String, Place);

/// What went wrong with customers that are one, in the order of time: of their latest contacts and promises.
pub(crate) fn of_customers(
    store: &Store,
    whose: (&str, &Scope),
    customers: &[String],
    long_wait_ms: u32,
) -> Result<Vec<Found>, ApplyError> {
    let (places, _) = contacts(store, whose.0, (customers, i64::MAX))?;
    let mut found = in_contacts(&places, whose.1, long_wait_ms);
    for customer_id in customers {
        found.extend(with_promises(store, whose, (customer_id, i64::MAX))?.0);
    }
    found.sort_by(|one, other| order(&one.slip).cmp(&order(&other.slip)));
    Ok(found)
}

/// The same of what is before an instant, with how far back it is all there is.
pub(super) fn before(
    store: &Store,
    whose: (&str, &Scope),
    (customers, before_us): (&[String], i64),
    long_wait_ms: u32,
) -> Result<Looked, ApplyError> {
    let (places, is_cut) = contacts(store, whose.0, (customers, before_us))?;
    let mut found = in_contacts(&places, whose.1, long_wait_ms);
    // What the first ones are follows from contacts before them.
    let first = places.get(NEIGHBOURS_MAX).filter(|_| is_cut);
    let mut after_us = first.map(|(at_us, ..)| *at_us);
    for customer_id in customers {
        let (promises, last_us) = with_promises(store, whose, (customer_id, before_us))?;
        found.extend(promises);
        after_us = after_us.max(last_us);
    }
    // However many are of one instant, the next look begins earlier than this one.
    let after_us = after_us.map(|after_us| after_us.min(before_us.saturating_sub(2)));
    found.retain(|found| after_us.is_none_or(|after_us| found.slip.at_us > after_us));
    found.sort_by(|one, other| order(&one.slip).cmp(&order(&other.slip)));
    Ok(Looked { found, after_us })
}

/// By what slip-ups are ordered: by time, and of one instant by what they are.
pub(super) fn order(slip: &Slip) -> (i64, SlipKind, &str, &str) {
    let Slip {
        kind,
        at_us,
        interaction_id,
        commitment_id,
    } = slip;
    (*at_us, *kind, interaction_id, commitment_id)
}

/// The latest contacts of customers that are one before an instant, in order, and whether there are more.
fn contacts(
    store: &Store,
    tenant_id: &str,
    (customers, before_us): (&[String], i64),
) -> Result<(Vec<Entry>, bool), ApplyError> {
    let (mut places, mut is_cut) = (Vec::new(), false);
    for customer_id in customers {
        let list = keys::places(tenant_id, customer_id);
        let to = list.clone().time(before_us);
        let latest = store.scan_range(&*list, Some(&to), Direction::Descending);
        let mut count = 0;
        for entry in latest.take(SLIPS_MAX) {
            let (key, value) = entry?;
            let (at_us, id) = keys::read_place(&list, &key).map_err(ApplyError::record)?;
            let place = Place::decode(value).map_err(ApplyError::record)?;
            places.push((at_us, id, place));
            count += 1;
        }
        is_cut |= count == SLIPS_MAX;
    }
    places.sort_by(|one: &Entry, other: &Entry| (one.0, &one.1).cmp(&(other.0, &other.1)));
    let too_many = places.len().saturating_sub(SLIPS_MAX);
    places.drain(..too_many);
    Ok((places, is_cut || too_many > 0))
}

/// What went wrong in the contacts of customers that are one.
fn in_contacts(places: &[Entry], scope: &Scope, long_wait_ms: u32) -> Vec<Found> {
    let mut found = Vec::new();
    let mut before = Course::default();
    for (number, (at_us, id, place)) in places.iter().enumerate() {
        let course = Course::of(places, number, before);
        let lost = match course.is_one {
            true => before,
            false => Course::default(),
        };
        before = course;
        let parties = place.parties.iter().flat_map(|parties| parties.iter());
        if !scope.admits(parties) {
            continue;
        }
        // What went wrong in a contact that was cut off does not go wrong once more in the one that goes on with it.
        let is_long = |course: Course| course.waited >= long_wait_ms;
        let waited_long = is_long(course) && !is_long(lost);
        let kinds = [
            (SlipKind::Drop, place.dropped),
            (
                SlipKind::Repeat,
                course.repeats.is_some() && lost.repeats.is_none(),
            ),
            (SlipKind::LongWait, waited_long),
        ];
        for (kind, _) in kinds.into_iter().filter(|(_, is_so)| *is_so) {
            found.push(Found {
                slip: Slip {
                    kind,
                    at_us: *at_us,
                    interaction_id: id.clone(),
                    commitment_id: String::new(),
                },
                parties: place.parties.clone(),
                basis: course.basis(places, number),
            });
        }
    }
    found
}

/// What a contact comes to, with those that were cut off and that it goes on with.
#[derive(Debug, Clone, Copy, Default)]
struct Course {
    /// Whether it goes on with the one before it.
    is_one: bool,
    /// Where the first of them stands among the customer's contacts.
    first: usize,
    /// In queues, in milliseconds.
    waited: u32,
    /// Where the contact stands, shortly before them, that has a reason of the same family as one of them.
    repeats: Option<usize>,
}

impl Course {
    /// Of the contact of a number; `before` is what the one before it comes to.
    fn of(places: &[Entry], number: usize, before: Self) -> Self {
        let (at_us, _, place) = &places[number];
        let last = number.checked_sub(1).and_then(|last| places.get(last));
        let is_one = last.is_some_and(|(last_us, _, last)| last.is_redialled(*last_us, *at_us));
        let (first, lost) = match is_one {
            true => (before.first, before),
            false => (number, Self::default()),
        };
        let nearest = number.saturating_sub(NEIGHBOURS_MAX).min(first);
        let since = at_us.saturating_sub(i64::from(REPEAT_DAYS) * DAY_US);
        let earlier = (nearest..first).rev();
        let repeats = earlier
            .take_while(|other| places[*other].0 > since)
            .find(|other| place.is_akin(&places[*other].2));
        Self {
            is_one,
            first,
            waited: place.queue_wait.saturating_add(lost.waited),
            repeats: repeats.or(lost.repeats),
        }
    }

    /// Why what went wrong in the contact of a number counts.
    fn basis(self, places: &[Entry], number: usize) -> Basis {
        let id = |place: usize| places.get(place).map(|(_, id, _)| id.clone());
        Basis {
            repeats: self.repeats.and_then(id).unwrap_or_default(),
            waited_ms: self.waited,
            goes_on_with: (self.first..number).filter_map(id).collect(),
        }
    }
}

/// What went wrong with a customer's promises before an instant, of the latest; and when the last of these was, if there
/// are more.
fn with_promises(
    store: &Store,
    (tenant_id, scope): (&str, &Scope),
    (customer_id, before_us): (&str, i64),
) -> Result<(Vec<Found>, Option<i64>), ApplyError> {
    let list = keys::slips(tenant_id, customer_id);
    let to = list.clone().time(before_us);
    let latest = store.scan_range(&*list, Some(&to), Direction::Descending);
    let (mut found, mut count, mut last_us) = (Vec::new(), 0, None);
    for entry in latest.take(SLIPS_MAX) {
        let (key, value) = entry?;
        let at_us = Parts::new(&key[list.len()..]).time();
        let at_us = at_us.map_err(ApplyError::record)?;
        (count, last_us) = (count + 1, Some(at_us));
        let slip = PromiseSlip::decode(value).map_err(ApplyError::record)?;
        let parties = slip.parties.iter().flat_map(|parties| parties.iter());
        if scope.admits(parties) {
            found.push(Found {
                slip: Slip {
                    kind: slip.kind(),
                    at_us,
                    interaction_id: slip.interaction_id,
                    commitment_id: slip.commitment_id,
                },
                parties: slip.parties,
                basis: Basis::default(),
            });
        }
    }
    Ok((found, last_us.filter(|_| count == SLIPS_MAX)))
}
