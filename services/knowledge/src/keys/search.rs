//! The keys of what is known of searches, of struggles, and of what solutions are good for.
//!
//! ```text
//!  tag    key                                                           value
//!  50     tenant, search                                                Asked
//!  51     tenant, interaction, search                                   -
//!  52, 0  tenant, solution                                              Reach
//!  52, 1  tenant, reason, from when on (oldest first), solution         -
//!  53     tenant, interaction, whose                                    Trace
//!  54, 0  tenant, day, reason, site, team                               Sums
//!  54, 1  tenant, solution, day, reason                                 Sums
//!  55     tenant, reason, when (newest first), sort, id, whose          Shown
//!  56     tenant, customer, reason, occurred, interaction, whose        -
//!  57, 0  tenant, solution, a hash, interaction, whose                  which version (u32)
//!  57, 1  tenant, solution, interaction                                 Judged
//!  58, 59 what requests did: see [`COMMANDS`]
//!  60     tenant, customer, reason                                      the end of the last key under 56
//!  61     tenant, interaction                                           - (a search names it)
//!  62     tenant, customer, reason, occurred, interaction, whose        - (we called)
//!  63     tenant, customer, reason                                      how many under 62 (u64)
//! ```

use aftercall_ledger::requests::Requests;
use aftercall_view::fingerprint;
use aftercall_view::key::{Key, MalformedKey, Parts};

/// Reports of searches and judgements of links, by request. They have no answer of their own.
pub(crate) const COMMANDS: Requests = Requests::new(58, 59);

const ASKED: u8 = 50;
const ASKED_IN: u8 = 51;
const SOLUTION: u8 = 52;
const TRACE: u8 = 53;
const SUMS: u8 = 54;
const SHOWN: u8 = 55;
const REACHED_OUT: u8 = 56;
const LINK: u8 = 57;
const REACHED_OUT_LAST: u8 = 60;
const IS_ASKED_IN: u8 = 61;
const CALLED: u8 = 62;
const CALLED_COUNT: u8 = 63;

/// A search.
pub(crate) fn asked(tenant_id: &str, search_id: &str) -> Key {
    Key::new(ASKED).text(tenant_id).id(search_id)
}

/// The searches of a contact, by their ids.
pub(crate) fn asked_in(tenant_id: &str, interaction_id: &str) -> Key {
    Key::new(ASKED_IN).text(tenant_id).id(interaction_id)
}

/// The search's id in a key under [`asked_in`].
pub(crate) fn read_asked_in(key: &[u8], list: &Key) -> Result<String, MalformedKey> {
    Parts::new(key.strip_prefix(&**list).ok_or(MalformedKey)?).id()
}

/// Whether [`asked_in`] holds any: one look, where a scan would look into every table.
pub(crate) fn is_asked_in(tenant_id: &str, interaction_id: &str) -> Key {
    Key::new(IS_ASKED_IN).text(tenant_id).id(interaction_id)
}

/// What searches and judgements say of a solution.
pub(crate) fn reach(tenant_id: &str, solution_id: &str) -> Key {
    Key::new(SOLUTION).u32(0).text(tenant_id).id(solution_id)
}

/// The solutions of a reason, the one that existed first first.
pub(crate) fn existing(tenant_id: &str, reason_code: &str) -> Key {
    Key::new(SOLUTION).u32(1).text(tenant_id).text(reason_code)
}

/// When which solution began to exist, from a key under [`existing`].
pub(crate) fn read_existing(key: &[u8], list: &Key) -> Result<(i64, String), MalformedKey> {
    let mut parts = Parts::new(key.strip_prefix(&**list).ok_or(MalformedKey)?);
    Ok((parts.time()?, parts.id()?))
}

/// The traces of all contacts with an id: usually there is one.
pub(crate) fn traces(tenant_id: &str, interaction_id: &str) -> Key {
    Key::new(TRACE).text(tenant_id).id(interaction_id)
}

/// What a contact says of what its agent knew.
pub(crate) fn trace(tenant_id: &str, interaction_id: &str, whose: u64) -> Key {
    traces(tenant_id, interaction_id).u64(whose)
}

/// Whose a contact is, from a key under [`traces`].
pub(crate) fn read_trace(key: &[u8], list: &Key) -> Result<u64, MalformedKey> {
    Parts::new(key.strip_prefix(&**list).ok_or(MalformedKey)?).u64()
}

/// The sums of all reasons of a day.
pub(crate) fn day(tenant_id: &str, day: u32) -> Key {
    Key::new(SUMS).u32(0).text(tenant_id).u32(day)
}

/// The sums of one of them, of a team.
pub(crate) fn sums(tenant_id: &str, of_day: u32, reason: &str, (site, team): (&str, &str)) -> Key {
    day(tenant_id, of_day).text(reason).text(site).text(team)
}

/// The day, the reason, the site and the team in a key of [`sums`].
pub(crate) fn read_sums(key: &[u8]) -> Result<(u32, String, String, String), MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    parts.u32()?;
    parts.text()?;
    Ok((parts.u32()?, parts.text()?, parts.text()?, parts.text()?))
}

/// The sums of a solution on a day.
pub(crate) fn used_on(tenant_id: &str, solution_id: &str, day: u32) -> Key {
    let of = Key::new(SUMS).u32(1).text(tenant_id).id(solution_id);
    of.u32(day)
}

/// The day and the reason in a key of one reason under [`used_on`].
pub(crate) fn read_used_on(key: &[u8]) -> Result<(u32, String), MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    parts.u32()?;
    parts.text()?;
    parts.id()?;
    Ok((parts.u32()?, parts.text()?))
}

/// What shows that questions of a reason can't be answered, the latest first.
pub(crate) fn shown(tenant_id: &str, reason: &str) -> Key {
    Key::new(SHOWN).text(tenant_id).text(reason)
}

/// What it is that shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Showing {
    /// A contact, and whose it is.
    Contact(String, u64),
    /// A search.
    Search(String),
}

/// The key of one of them.
pub(crate) fn showing(tenant_id: &str, reason: &str, at_us: i64, one: &Showing) -> Key {
    let place = shown(tenant_id, reason).time_descending(at_us);
    match one {
        Showing::Contact(id, whose) => place.u32(0).id(id).u64(*whose),
        Showing::Search(id) => place.u32(1).id(id).u64(0),
    }
}

/// When and what, from a key under [`shown`].
pub(crate) fn read_showing(key: &[u8], list: &Key) -> Result<(i64, Showing), MalformedKey> {
    let mut parts = Parts::new(key.strip_prefix(&**list).ok_or(MalformedKey)?);
    let (at_us, sort) = (parts.time_descending()?, parts.u32()?);
    let (id, whose) = (parts.id()?, parts.u64()?);
    Ok(match sort {
        0 => (at_us, Showing::Contact(id, whose)),
        _ => (at_us, Showing::Search(id)),
    })
}

/// When a customer reached out for a reason, the oldest first.
pub(crate) fn reached_out(tenant_id: &str, customer_id: &str, reason: &str) -> Key {
    let of = Key::new(REACHED_OUT).text(tenant_id).text(customer_id);
    of.text(reason)
}

/// When they did so last: what the last key under [`reached_out`] ends in.
pub(crate) fn reached_out_last(tenant_id: &str, customer_id: &str, reason: &str) -> Key {
    let of = Key::new(REACHED_OUT_LAST).text(tenant_id).text(customer_id);
    of.text(reason)
}

/// When they were in contact for a reason and had not reached out, the oldest first.
pub(crate) fn called(tenant_id: &str, customer_id: &str, reason: &str) -> Key {
    let of = Key::new(CALLED).text(tenant_id).text(customer_id);
    of.text(reason)
}

/// How many keys there are under [`called`]: one look, where a scan would look into every table.
pub(crate) fn called_count(tenant_id: &str, customer_id: &str, reason: &str) -> Key {
    let of = Key::new(CALLED_COUNT).text(tenant_id).text(customer_id);
    of.text(reason)
}

/// When, in which contact, and whose that is, from the end of a key under [`reached_out`] or [`called`].
pub(crate) fn read_reached_out(key: &[u8], list: &Key) -> Result<(i64, String, u64), MalformedKey> {
    let mut parts = Parts::new(key.strip_prefix(&**list).ok_or(MalformedKey)?);
    Ok((parts.time()?, parts.id()?, parts.u64()?))
}

/// The uses of a solution that nobody has judged, in an order that chance has made, and that never changes.
pub(crate) fn unjudged(tenant_id: &str, solution_id: &str) -> Key {
    Key::new(LINK).u32(0).text(tenant_id).id(solution_id)
}

/// The uses in the contacts of an id.
pub(crate) fn unjudged_in(tenant_id: &str, solution_id: &str, interaction_id: &str) -> Key {
    let parts = [tenant_id, solution_id, interaction_id].map(str::as_bytes);
    let of = unjudged(tenant_id, solution_id).u64(fingerprint(&parts));
    of.id(interaction_id)
}

/// The contact, and whose it is, in a key under [`unjudged`].
pub(crate) fn read_unjudged(key: &[u8], list: &Key) -> Result<(String, u64), MalformedKey> {
    let mut parts = Parts::new(key.strip_prefix(&**list).ok_or(MalformedKey)?);
    parts.u64()?;
    Ok((parts.id()?, parts.u64()?))
}

/// What was judged of a solution's use in a contact.
pub(crate) fn judged(tenant_id: &str, solution_id: &str, interaction_id: &str) -> Key {
    let of = Key::new(LINK).u32(1).text(tenant_id).id(solution_id);
    of.id(interaction_id)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_read_back(t in ".{0,8}", id in ".{0,3}", at in any::<i64>(), n in any::<u64>(), d in any::<u32>()) {
            let list = asked_in(&t, "i");
            prop_assert_eq!(read_asked_in(&list.clone().id(&id), &list), Ok(id.clone()));
            let list = existing(&t, &id);
            prop_assert_eq!(read_existing(&list.clone().time(at).id(&id), &list), Ok((at, id.clone())));
            let list = traces(&t, &id);
            prop_assert_eq!(read_trace(&trace(&t, &id, n), &list), Ok(n));
            let key = sums(&t, d, &id, ("site", "team"));
            prop_assert_eq!(read_sums(&key), Ok((d, id.clone(), "site".to_owned(), "team".to_owned())));
            prop_assert_eq!(read_used_on(&used_on(&t, "s", d).text(&id)), Ok((d, id.clone())));
            for one in [Showing::Contact(id.clone(), n), Showing::Search(id.clone())] {
                let list = shown(&t, "r");
                prop_assert_eq!(read_showing(&showing(&t, "r", at, &one), &list), Ok((at, one)));
            }
            let list = reached_out(&t, "c", "r");
            let key = list.clone().time(at).id(&id).u64(n);
            prop_assert_eq!(read_reached_out(&key, &list), Ok((at, id.clone(), n)));
            let list = unjudged(&t, "s");
            let key = unjudged_in(&t, "s", &id).u64(n);
            prop_assert_eq!(read_unjudged(&key, &list), Ok((id, n)));
        }
    }
}
