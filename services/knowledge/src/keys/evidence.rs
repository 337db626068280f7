//! Keys of how solutions were used, and of what came of it.
//!
//! ```text
//!  tag  key                                                         value
//!  30   tenant, solution, version                                   Uses
//!  31   tenant, solution, version, occurred (newest first),
//!       interaction, whose                                          - (told that version)
//!  32   tenant, solution, version, agent                            in how many contacts (u64)
//!  33   tenant, solution, version, sort of party, party, whose,
//!       occurred (newest first), interaction, whose                 - (told that version)
//!  34   tenant, customer, reason, occurred, interaction, whose      - (they reached out)
//!  35   tenant, customer, reason, occurred, interaction, whose      Linked
//!  36   tenant, solution, hour, version                             Hour
//!  37   tenant, solution                                            Standing
//!  38   tenant, solution, flag                                      SolutionFlag
//!  39   tenant, state, flagged (newest first), solution, flag       - (all flags)
//!  70   tenant, solution, state, flagged (newest first), flag       - (a solution's)
//!  71   tenant, weight (largest first), checked, solution           verify by (µs)
//!  72   tenant, verify by, solution                                 - (what is to be checked again)
//!  73   tenant, solution, version                                   Recall
//!  74   tenant, promise                                             - (puts right what was told)
//!  76   tenant, solution, draw, source (u64 both)                   Saying
//!  77   tenant                                                      how many sayings speak for solutions (u64)
//!  78   tenant, customer, reason                                    Brief: what is under 34 and 35
//!  79   tenant, solution, hash of what a version says               Doubt
//!  80   tenant                                                      how many sayings speak against solutions (u64)
//!  81   tenant, solution, version, reason                           Differing
//!  82   tenant, solution, version, reason, hour                     how many more were used then, nobody back yet,
//!                                                                   than by primary reasons (i64)
//!  83   tenant, solution, version, sort of party, party, whose      how many under 33 (u64)
//!  84   tenant, solution                                            Brief: what is known of its sayings without them
//!  85   tenant, solution, version, or 0 for all                      Echo
//!  75   merged customers: see [`MERGED`]
//! ```

mod matters;

use aftercall_ledger::MergedPairs;
use aftercall_proto::model::v1::SolutionFlagState;
use aftercall_view::key::{Key, MalformedKey, Parts};

use crate::records::Link;

pub(crate) use matters::{Matter, all_linked, at, read_at, read_linked};

const VERSION_USES: u8 = 30;
const VERSION_USE: u8 = 31;
const VERSION_USER: u8 = 32;
const TOLD: u8 = 33;
const UNRETURNED: u8 = 36;
const STANDING: u8 = 37;
const FLAG: u8 = 38;
const ALL_FLAGS: u8 = 39;
const FLAGS: u8 = 70;
const DEMAND: u8 = 71;
const DUE: u8 = 72;
const RECALL: u8 = 73;
const CORRECTION: u8 = 74;
const SAYINGS: u8 = 76;
const SAID: u8 = 77;
const DOUBT: u8 = 79;
const SAID_AGAINST: u8 = 80;
const DIFFERING: u8 = 81;
const DIFFERING_HOUR: u8 = 82;
const TOLD_COUNT: u8 = 83;
const SAYINGS_BRIEF: u8 = 84;
const ECHO: u8 = 85;

/// Customers that are one.
pub(crate) const MERGED: MergedPairs = MergedPairs::under(75);

const MICROS_PER_HOUR: i64 = 3_600_000_000;

/// A contact as keys end in it: its id, and whose it is.
pub(crate) type Contact<'a> = (&'a str, u64);

/// What was said in contacts and searches in which a solution was used or rejected.
pub(crate) fn sayings(tenant_id: &str, solution_id: &str) -> Key {
    Key::new(SAYINGS).text(tenant_id).text(solution_id)
}

/// One of them, by its place.
pub(crate) fn saying(tenant_id: &str, solution_id: &str, (draw, source): (u64, u64)) -> Key {
    sayings(tenant_id, solution_id).u64(draw).u64(source)
}

/// What is known of these without a look at them.
pub(crate) fn sayings_brief(tenant_id: &str, solution_id: &str) -> Key {
    Key::new(SAYINGS_BRIEF).text(tenant_id).text(solution_id)
}

/// How many sayings all tenants have.
pub(crate) fn all_said() -> Key {
    Key::new(SAID)
}

/// How many sayings of a tenant's speak for solutions.
pub(crate) fn said(tenant_id: &str) -> Key {
    all_said().text(tenant_id)
}

/// How many sayings of a tenant's speak against solutions.
pub(crate) fn said_against(tenant_id: &str) -> Key {
    Key::new(SAID_AGAINST).text(tenant_id)
}

/// The tenant in a key of [`said`].
pub(crate) fn read_said(key: &[u8]) -> Result<String, MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    parts.text()
}

/// How all versions of a solution have been used.
pub(crate) fn all_version_uses(tenant_id: &str, solution_id: &str) -> Key {
    Key::new(VERSION_USES).text(tenant_id).text(solution_id)
}

/// How a version of a solution has been used.
pub(crate) fn version_uses(tenant_id: &str, solution_id: &str, version: u32) -> Key {
    all_version_uses(tenant_id, solution_id).u32(version)
}

/// The version in a key of [`version_uses`] under [`all_version_uses`].
pub(crate) fn read_version(key: &[u8], all: &[u8]) -> Result<u32, MalformedKey> {
    let mut parts = Parts::new(key.strip_prefix(all).ok_or(MalformedKey)?);
    let version = parts.u32()?;
    parts.end()?;
    Ok(version)
}

/// The contacts in which somebody was told a version, the latest first.
pub(crate) fn all_version_used(tenant_id: &str, solution_id: &str, version: u32) -> Key {
    Key::new(VERSION_USE)
        .text(tenant_id)
        .text(solution_id)
        .u32(version)
}

/// One of them.
pub(crate) fn version_used(
    (tenant_id, solution_id, version): (&str, &str, u32),
    occurred_at_us: i64,
    (interaction_id, whose): Contact<'_>,
) -> Key {
    all_version_used(tenant_id, solution_id, version)
        .time_descending(occurred_at_us)
        .text(interaction_id)
        .u64(whose)
}

/// In how many contacts an agent used a version.
pub(crate) fn version_user(
    (tenant_id, solution_id, version): (&str, &str, u32),
    agent_id: &str,
) -> Key {
    Key::new(VERSION_USER)
        .text(tenant_id)
        .text(solution_id)
        .u32(version)
        .text(agent_id)
}

/// Who was told something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Told {
    /// A customer.
    Customer(String),
    /// Whoever a contact was with, of whom no more is known: its id, and whose it is.
    Contact(String, u64),
}

impl Told {
    /// The customer, or the contact if there is none.
    pub(crate) fn of(customer_id: &str, (interaction_id, whose): Contact<'_>) -> Self {
        match customer_id {
            "" => Self::Contact(interaction_id.to_owned(), whose),
            customer_id => Self::Customer(customer_id.to_owned()),
        }
    }

    fn add_to(&self, key: Key) -> Key {
        match self {
            Self::Customer(id) => key.u32(1).text(id).u64(0),
            Self::Contact(id, whose) => key.u32(2).text(id).u64(*whose),
        }
    }

    fn read(parts: &mut Parts<'_>) -> Result<Self, MalformedKey> {
        let (sort, id, whose) = (parts.u32()?, parts.text()?, parts.u64()?);
        match sort {
            1 => Ok(Self::Customer(id)),
            2 => Ok(Self::Contact(id, whose)),
            _ => Err(MalformedKey),
        }
    }
}

/// All who were told any version.
pub(crate) fn all_told_of(tenant_id: &str, solution_id: &str) -> Key {
    Key::new(TOLD).text(tenant_id).text(solution_id)
}

/// All who were told a version.
pub(crate) fn all_told(tenant_id: &str, solution_id: &str, version: u32) -> Key {
    all_told_of(tenant_id, solution_id).u32(version)
}

/// The contacts in which one of them was told it, the latest first.
pub(crate) fn told((tenant_id, solution_id, version): (&str, &str, u32), party: &Told) -> Key {
    party.add_to(all_told(tenant_id, solution_id, version))
}

/// How many these are: one look, where a scan would look into every table.
pub(crate) fn told_count(
    (tenant_id, solution_id, version): (&str, &str, u32),
    party: &Told,
) -> Key {
    let of_version = Key::new(TOLD_COUNT).text(tenant_id).text(solution_id);
    party.add_to(of_version.u32(version))
}

/// One of these contacts.
pub(crate) fn told_in(
    of: (&str, &str, u32),
    party: &Told,
    occurred_at_us: i64,
    (interaction_id, whose): Contact<'_>,
) -> Key {
    told(of, party)
        .time_descending(occurred_at_us)
        .text(interaction_id)
        .u64(whose)
}

/// Who was told, when, in which contact and whose that is, by a key of [`told_in`] under [`all_told`].
pub(crate) fn read_told(key: &[u8], all: &[u8]) -> Result<(Told, i64, String, u64), MalformedKey> {
    let mut parts = Parts::new(key.strip_prefix(all).ok_or(MalformedKey)?);
    let party = Told::read(&mut parts)?;
    Ok((party, parts.time_descending()?, parts.text()?, parts.u64()?))
}

/// The hour in which an instant lies: its first microsecond.
pub(crate) const fn hour_of(at_us: i64) -> i64 {
    at_us.saturating_sub(at_us.rem_euclid(MICROS_PER_HOUR))
}

/// The first microsecond of the hour after an instant's.
pub(crate) const fn next_hour(at_us: i64) -> i64 {
    hour_of(at_us).saturating_add(MICROS_PER_HOUR)
}

/// How often a solution was used in each hour without that anybody came back.
pub(crate) fn all_unreturned(tenant_id: &str, solution_id: &str) -> Key {
    Key::new(UNRETURNED).text(tenant_id).text(solution_id)
}

/// The same of a version in the hour of an instant.
pub(crate) fn unreturned(
    tenant_id: &str,
    Link {
        solution_id,
        version,
    }: &Link,
    at_us: i64,
) -> Key {
    all_unreturned(tenant_id, solution_id)
        .time(hour_of(at_us))
        .u32(*version)
}

/// The version in a key of [`unreturned`].
pub(crate) fn read_unreturned(key: &[u8], all: &[u8]) -> Result<u32, MalformedKey> {
    let mut parts = Parts::new(key.strip_prefix(all).ok_or(MalformedKey)?);
    parts.time()?;
    parts.u32()
}

/// How much else is counted of a version's uses by a reason that contacts had beside their primary one.
pub(crate) fn differing(tenant_id: &str, link: &Link, reason_code: &str) -> Key {
    by_reason(DIFFERING, tenant_id, link, reason_code)
}

/// In which hours something else is so by that reason.
pub(crate) fn differing_hours(tenant_id: &str, link: &Link, reason_code: &str) -> Key {
    by_reason(DIFFERING_HOUR, tenant_id, link, reason_code)
}

fn by_reason(
    tag: u8,
    tenant_id: &str,
    Link {
        solution_id,
        version,
    }: &Link,
    reason_code: &str,
) -> Key {
    let of_version = Key::new(tag).text(tenant_id).text(solution_id);
    of_version.u32(*version).text(reason_code)
}

/// How every solution of every tenant stands.
pub(crate) fn all_standings() -> Key {
    Key::new(STANDING)
}

/// How far a solution is trusted, and why.
pub(crate) fn standing(tenant_id: &str, solution_id: &str) -> Key {
    all_standings().text(tenant_id).text(solution_id)
}

/// The tenant and the solution of a key of [`standing`].
pub(crate) fn read_standing(key: &[u8]) -> Result<(String, String), MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    let read = (parts.text()?, parts.text()?);
    parts.end()?;
    Ok(read)
}

/// A flag.
pub(crate) fn flag(tenant_id: &str, solution_id: &str, flag_id: &str) -> Key {
    Key::new(FLAG)
        .text(tenant_id)
        .text(solution_id)
        .text(flag_id)
}

/// The flags of a state, the latest first: a solution's, or without one all of the tenant's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flags<'a> {
    pub(crate) tenant_id: &'a str,
    pub(crate) solution_id: Option<&'a str>,
    pub(crate) state: SolutionFlagState,
}

impl Flags<'_> {
    /// What the keys of all of them begin with.
    pub(crate) fn prefix(&self) -> Key {
        let state = i32::from(self.state).unsigned_abs();
        match self.solution_id {
            None => Key::new(ALL_FLAGS).text(self.tenant_id).u32(state),
            Some(solution_id) => Key::new(FLAGS)
                .text(self.tenant_id)
                .text(solution_id)
                .u32(state),
        }
    }

    /// The place of one.
    pub(crate) fn place(&self, flagged_at_us: i64, (solution_id, flag_id): (&str, &str)) -> Key {
        self.prefix()
            .time_descending(flagged_at_us)
            .text(solution_id)
            .text(flag_id)
    }

    /// The solution and the flag of a place.
    pub(crate) fn read(&self, key: &[u8]) -> Result<(String, String), MalformedKey> {
        let mut parts = Parts::new(key.strip_prefix(&*self.prefix()).ok_or(MalformedKey)?);
        parts.time_descending()?;
        let read = (parts.text()?, parts.text()?);
        parts.end()?;
        Ok(read)
    }
}

/// All live solutions of a tenant, those that are used and fail most first.
pub(crate) fn all_demands(tenant_id: &str) -> Key {
    Key::new(DEMAND).text(tenant_id)
}

/// One of them; of equal ones the one that was not checked for longest first.
pub(crate) fn demand(
    tenant_id: &str,
    (weight, checked_at_us): (u64, i64),
    solution_id: &str,
) -> Key {
    all_demands(tenant_id)
        .u64(!weight)
        .time(checked_at_us)
        .text(solution_id)
}

/// The weight, when it was checked, and the solution of a key of [`demand`].
pub(crate) fn read_demand(key: &[u8]) -> Result<(u64, i64, String), MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    parts.text()?;
    Ok((!parts.u64()?, parts.time()?, parts.text()?))
}

/// All live solutions of a tenant that are to be checked again, the first first.
pub(crate) fn all_due(tenant_id: &str) -> Key {
    Key::new(DUE).text(tenant_id)
}

/// One of them.
pub(crate) fn due(tenant_id: &str, verify_by_us: i64, solution_id: &str) -> Key {
    all_due(tenant_id).time(verify_by_us).text(solution_id)
}

/// The solution of a key of [`due`].
pub(crate) fn read_due(key: &[u8]) -> Result<String, MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    parts.text()?;
    parts.time()?;
    parts.text()
}

/// What speaks against what a solution says, by the hash of that.
pub(crate) fn doubt(tenant_id: &str, solution_id: &str, content_hash: &str) -> Key {
    Key::new(DOUBT)
        .text(tenant_id)
        .text(solution_id)
        .text(content_hash)
}

/// What is said of a version beside its uses; with 0, of all versions.
pub(crate) fn echo(tenant_id: &str, solution_id: &str, version: u32) -> Key {
    let of_solution = Key::new(ECHO).text(tenant_id).text(solution_id);
    of_solution.u32(version)
}

/// All recalls of a tenant.
pub(crate) fn recalls(tenant_id: &str) -> Key {
    Key::new(RECALL).text(tenant_id)
}

/// All recalls of a solution.
pub(crate) fn all_recalls(tenant_id: &str, solution_id: &str) -> Key {
    recalls(tenant_id).text(solution_id)
}

/// The recall of a version.
pub(crate) fn recall(tenant_id: &str, solution_id: &str, version: u32) -> Key {
    all_recalls(tenant_id, solution_id).u32(version)
}

/// That a promise was made to put right what somebody was told.
pub(crate) fn correction(tenant_id: &str, commitment_id: &str) -> Key {
    Key::new(CORRECTION).text(tenant_id).id(commitment_id)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_read_back(tenant in ".{0,8}", id in ".{0,8}", at_us in any::<i64>(), n in any::<u64>()) {
            for party in [Told::Customer(id.clone()), Told::Contact(id.clone(), n)] {
                let key = told_in((&tenant, "s", 3), &party, at_us, (&id, n));
                let read = read_told(&key, &all_told(&tenant, "s", 3));
                prop_assert_eq!(read, Ok((party, at_us, id.clone(), n)));
            }
            let link = Link { solution_id: id.clone(), version: 7 };
            let key = unreturned(&tenant, &link, at_us);
            prop_assert_eq!(read_unreturned(&key, &all_unreturned(&tenant, &id)), Ok(7));
            let standing = standing(&tenant, &id);
            prop_assert_eq!(read_standing(&standing), Ok((tenant.clone(), id.clone())));
            prop_assert_eq!(read_demand(&demand(&tenant, (n, at_us), &id)), Ok((n, at_us, id.clone())));
            prop_assert_eq!(read_due(&due(&tenant, at_us, &id)), Ok(id.clone()));
            for solution_id in [None, Some("s")] {
                let flags = Flags { tenant_id: &tenant, solution_id, state: SolutionFlagState::Open };
                let place = flags.place(at_us, ("s", &id));
                prop_assert_eq!(flags.read(&place), Ok(("s".to_owned(), id.clone())));
            }
        }

        #[test]
        fn an_hour_holds_its_instants(at_us in -1_000_000_000_000_000_i64..4_000_000_000_000_000) {
            prop_assert!(hour_of(at_us) <= at_us && at_us < next_hour(at_us));
            prop_assert_eq!(hour_of(next_hour(at_us)), next_hour(at_us));
        }
    }
}
