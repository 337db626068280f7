//! The view's keys: what is stored under which. Every key begins with its tag and the tenant; the
//! tags are stored, so they never change their meaning without a new view version.
//!
//! ```text
//!  tag  key                                                         value
//!  1    tenant, interaction, whose                                  Case
//!  2    tenant, candidate                                           Tally
//!  3    tenant, candidate, occurred (newest first), interaction,
//!       whose                                                       Taught
//!  4    tenant, state, rank (highest first), candidate              until when (i64), or nothing
//!  5    tenant, state, reason, rank (highest first), candidate      the same
//!  6    tenant, solution                                            Solution
//!  7    tenant, listed (newest first), solution                     Listing
//!  8    tenant, candidate or wording                                Made: the solutions made of it
//!  9    tenant, solution                                            Uses
//!  10   tenant, solution, occurred (newest first), interaction,
//!       whose                                                       Used
//!  11   tenant, solution, agent                                     in how many contacts (u64)
//!  12, 14  what requests did: see [`PROMOTIONS`]
//!  50 to 63: see [`search`]
//!  64   see [`CALLS`]                                               what was told of calls
//!  15   tenant, sort of party, party, occurred (newest first),
//!       interaction, whose                                          Lessons: what it taught
//!  16   tenant, id that a candidate had, candidate                  -
//!  20 to 29  versions: see [`versions`]
//!  40   tenant, wording                                             Wording: its candidate and its cases
//!  41   tenant, candidate                                           its form
//!  42   tenant, band of forms (u64), candidate                      -
//!  43   tenant, candidate                                           the key of what was decided on it last
//!  44   tenant, reason, sequence                                    Decision
//!  45   tenant, reason                                              how often its candidates were decided on (u64)
//!  46   tenant, solution, candidate                                 -, of the candidates that it was made of
//!  47   tenant, solution                                            Lent
//!  48, 49  what requests on candidates did: see [`DECISIONS`]
//!  30 to 39, 70 to 85  uses, and what came of them: see [`evidence`]
//! ```
//!
//! Two customers' interactions may have the same id: see [`whose`](aftercall_view::key::whose).

pub(crate) mod evidence;
pub(crate) mod search;
pub(crate) mod versions;

use aftercall_domain::Party;
use aftercall_ledger::CallRows;
use aftercall_ledger::requests::Requests;
use aftercall_proto::model::v1::CandidateState;
use aftercall_view::key::{Key, MalformedKey, Parts};

/// Candidates that were promoted, by request. Their answer is the solution's id.
pub(crate) const PROMOTIONS: Requests = Requests::new(12, 14);

/// Decisions on candidates, by request. Their answer is empty: it is the candidate as it is.
pub(crate) const DECISIONS: Requests = Requests::new(48, 49);

/// What was told of calls.
pub(crate) const CALLS: CallRows = CallRows::under(64).measuring();

const CASE: u8 = 1;
const CANDIDATE: u8 = 2;
const CANDIDATE_CASE: u8 = 3;
const RANK: u8 = 4;
const REASON_RANK: u8 = 5;
const SOLUTION: u8 = 6;
const PUBLISHED: u8 = 7;
const PROMOTED: u8 = 8;
const USES: u8 = 9;
const USE: u8 = 10;
const USER: u8 = 11;
const PARTY_CASE: u8 = 15;
const FORMER: u8 = 16;
const WORDING: u8 = 40;
const FORM: u8 = 41;
const BAND: u8 = 42;
const DECIDED: u8 = 43;
const DECISION: u8 = 44;
const HEAD: u8 = 45;
const MADE_OF: u8 = 46;
const LENT: u8 = 47;

/// The cases of all interactions with an id: usually there is one.
pub(crate) fn cases(tenant_id: &str, interaction_id: &str) -> Key {
    Key::new(CASE).text(tenant_id).text(interaction_id)
}

/// An interaction's case.
pub(crate) fn case(tenant_id: &str, interaction_id: &str, whose: u64) -> Key {
    cases(tenant_id, interaction_id).u64(whose)
}

/// All cases that count for a candidate and in which somebody has a part, the latest first.
pub(crate) fn party_cases(tenant_id: &str, party: Party<'_>) -> Key {
    let of = Key::new(PARTY_CASE).text(tenant_id);
    of.u32(party.sort()).text(party.id())
}

/// One of them.
pub(crate) fn party_case(
    tenant_id: &str,
    party: Party<'_>,
    occurred_at_us: i64,
    (interaction_id, whose): (&str, u64),
) -> Key {
    party_cases(tenant_id, party)
        .time_descending(occurred_at_us)
        .text(interaction_id)
        .u64(whose)
}

/// What the end of a key of [`party_case`] or [`candidate_case`] says: when the case occurred, its interaction, and whose that is.
pub(crate) fn read_place(place: &[u8]) -> Result<(i64, String, u64), MalformedKey> {
    let mut parts = Parts::new(place);
    Ok((parts.time_descending()?, parts.text()?, parts.u64()?))
}

/// How often a candidate worked.
pub(crate) fn candidate(tenant_id: &str, candidate_id: &str) -> Key {
    Key::new(CANDIDATE).text(tenant_id).text(candidate_id)
}

/// All cases of a candidate, the latest first.
pub(crate) fn candidate_cases(tenant_id: &str, candidate_id: &str) -> Key {
    Key::new(CANDIDATE_CASE).text(tenant_id).text(candidate_id)
}

/// One case of a candidate.
pub(crate) fn candidate_case(
    tenant_id: &str,
    candidate_id: &str,
    occurred_at_us: i64,
    (interaction_id, whose): (&str, u64),
) -> Key {
    candidate_cases(tenant_id, candidate_id)
        .time_descending(occurred_at_us)
        .text(interaction_id)
        .u64(whose)
}

/// A candidate's place among others; the highest rank first. Without `reason_code`, among all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ranking<'a> {
    pub(crate) tenant_id: &'a str,
    pub(crate) state: CandidateState,
    pub(crate) reason_code: Option<&'a str>,
}

impl Ranking<'_> {
    /// What the keys of all places begin with.
    pub(crate) fn prefix(&self) -> Key {
        let state = self.state as i32 as u32;
        match self.reason_code {
            None => Key::new(RANK).text(self.tenant_id).u32(state),
            Some(code) => Key::new(REASON_RANK)
                .text(self.tenant_id)
                .u32(state)
                .text(code),
        }
    }

    /// The place of a candidate of this rank.
    pub(crate) fn place(&self, rank: u64, candidate_id: &str) -> Key {
        self.prefix().u64(!rank).text(candidate_id)
    }
}

/// The candidate in the end of a place in a ranking, which follows on its prefix.
pub(crate) fn read_rank(place: &[u8]) -> Result<String, MalformedKey> {
    let mut parts = Parts::new(place);
    parts.u64()?;
    let candidate_id = parts.text()?;
    parts.end()?;
    Ok(candidate_id)
}

/// One wording of a candidate, by the id that its words alone have.
pub(crate) fn wording(tenant_id: &str, wording_id: &str) -> Key {
    Key::new(WORDING).text(tenant_id).id(wording_id)
}

/// The candidates whose cases had another candidate's id once.
pub(crate) fn all_formerly(tenant_id: &str, former_id: &str) -> Key {
    Key::new(FORMER).text(tenant_id).text(former_id)
}

/// One of them.
pub(crate) fn formerly(tenant_id: &str, former_id: &str, candidate_id: &str) -> Key {
    all_formerly(tenant_id, former_id).text(candidate_id)
}

/// The candidate in a key of [`formerly`].
pub(crate) fn read_formerly(key: &[u8]) -> Result<String, MalformedKey> {
    after_two(key)?.text()
}

/// The form of a candidate's words.
pub(crate) fn form(tenant_id: &str, candidate_id: &str) -> Key {
    Key::new(FORM).text(tenant_id).id(candidate_id)
}

/// The candidates whose forms stand in a band.
pub(crate) fn band(tenant_id: &str, band: u64) -> Key {
    Key::new(BAND).text(tenant_id).u64(band)
}

/// One of them.
pub(crate) fn in_band(tenant_id: &str, of: u64, candidate_id: &str) -> Key {
    band(tenant_id, of).text(candidate_id)
}

/// The candidate in a key of [`in_band`].
pub(crate) fn read_in_band(key: &[u8]) -> Result<String, MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    parts.text()?;
    parts.u64()?;
    parts.text()
}

/// What was decided on a candidate last.
pub(crate) fn decided(tenant_id: &str, candidate_id: &str) -> Key {
    Key::new(DECIDED).text(tenant_id).id(candidate_id)
}

/// A decision on candidates of a reason.
pub(crate) fn decision(tenant_id: &str, reason_code: &str, sequence: u64) -> Key {
    let of = Key::new(DECISION).text(tenant_id).text(reason_code);
    of.u64(sequence)
}

/// How often was decided on the candidates of a reason.
pub(crate) fn head(tenant_id: &str, reason_code: &str) -> Key {
    Key::new(HEAD).text(tenant_id).text(reason_code)
}

/// The candidates that a solution was made of.
pub(crate) fn all_made_of(tenant_id: &str, solution_id: &str) -> Key {
    Key::new(MADE_OF).text(tenant_id).text(solution_id)
}

/// One of them.
pub(crate) fn made_of(tenant_id: &str, solution_id: &str, candidate_id: &str) -> Key {
    all_made_of(tenant_id, solution_id).text(candidate_id)
}

/// The candidate in a key of [`made_of`].
pub(crate) fn read_made_of(key: &[u8]) -> Result<String, MalformedKey> {
    after_two(key)?.text()
}

/// What candidates lent a solution.
pub(crate) fn lent(tenant_id: &str, solution_id: &str) -> Key {
    Key::new(LENT).text(tenant_id).text(solution_id)
}

/// A solution; also the key of its document in the search index.
pub(crate) fn solution(tenant_id: &str, solution_id: &str) -> Key {
    Key::new(SOLUTION).text(tenant_id).text(solution_id)
}

/// The tenant and the id of a solution.
pub(crate) fn read_solution(key: &[u8]) -> Result<(String, String), MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    Ok((parts.text()?, parts.text()?))
}

/// All solutions, those that were published last first.
pub(crate) fn all_published(tenant_id: &str) -> Key {
    Key::new(PUBLISHED).text(tenant_id)
}

/// One solution among all.
pub(crate) fn published(tenant_id: &str, published_at_us: i64, solution_id: &str) -> Key {
    all_published(tenant_id)
        .time_descending(published_at_us)
        .text(solution_id)
}

/// The solution's id in a key of [`published`].
pub(crate) fn read_published(key: &[u8]) -> Result<String, MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    parts.text()?;
    parts.time_descending()?;
    parts.text()
}

/// The solutions that were made of a candidate.
pub(crate) fn promoted(tenant_id: &str, candidate_id: &str) -> Key {
    Key::new(PROMOTED).text(tenant_id).text(candidate_id)
}

/// How a solution has been used.
pub(crate) fn uses(tenant_id: &str, solution_id: &str) -> Key {
    Key::new(USES).text(tenant_id).text(solution_id)
}

/// All contacts in which a solution was used, the latest first.
pub(crate) fn all_used(tenant_id: &str, solution_id: &str) -> Key {
    Key::new(USE).text(tenant_id).text(solution_id)
}

/// One contact in which a solution was used.
pub(crate) fn used(
    tenant_id: &str,
    solution_id: &str,
    occurred_at_us: i64,
    (interaction_id, whose): (&str, u64),
) -> Key {
    all_used(tenant_id, solution_id)
        .time_descending(occurred_at_us)
        .text(interaction_id)
        .u64(whose)
}

/// When a solution was used, from a key of [`used`].
pub(crate) fn read_used(key: &[u8]) -> Result<i64, MalformedKey> {
    after_two(key)?.time_descending()
}

/// All agents who used a solution.
pub(crate) fn all_users(tenant_id: &str, solution_id: &str) -> Key {
    Key::new(USER).text(tenant_id).text(solution_id)
}

/// In how many contacts an agent used a solution.
pub(crate) fn user(tenant_id: &str, solution_id: &str, agent_id: &str) -> Key {
    all_users(tenant_id, solution_id).text(agent_id)
}

/// The agent in a key of [`user`].
pub(crate) fn read_user(key: &[u8]) -> Result<String, MalformedKey> {
    after_two(key)?.text()
}

/// The parts that follow on the tenant and one id.
fn after_two(key: &[u8]) -> Result<Parts<'_>, MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    parts.text()?;
    parts.text()?;
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_read_back(tenant in ".{0,8}", id in ".{0,8}", at in any::<i64>(), n in any::<u64>()) {
            let case = candidate_case(&tenant, "c", at, (&id, n));
            let place = &case[candidate_cases(&tenant, "c").len()..];
            prop_assert_eq!(read_place(place), Ok((at, id.clone(), n)));
            let party = Party::Team(&id);
            let key = party_case(&tenant, party, at, (&id, n));
            let place = &key[party_cases(&tenant, party).len()..];
            prop_assert_eq!(read_place(place), Ok((at, id.clone(), n)));
            prop_assert_eq!(read_solution(&solution(&tenant, &id)), Ok((tenant.clone(), id.clone())));
            prop_assert_eq!(read_published(&published(&tenant, at, &id)), Ok(id.clone()));
            prop_assert_eq!(read_in_band(&in_band(&tenant, n, &id)), Ok(id.clone()));
            prop_assert_eq!(read_made_of(&made_of(&tenant, "s", &id)), Ok(id.clone()));
            prop_assert_eq!(read_formerly(&formerly(&tenant, "f", &id)), Ok(id.clone()));
            prop_assert_eq!(read_used(&used(&tenant, "s", at, (&id, n))), Ok(at));
            for reason_code in [None, Some("r")] {
                let ranking = Ranking { tenant_id: &tenant, state: CandidateState::Open, reason_code };
                let place = ranking.place(n, &id);
                let place = place.strip_prefix(&*ranking.prefix()).unwrap();
                prop_assert_eq!(read_rank(place), Ok(id.clone()));
            }
        }

        #[test]
        fn higher_ranks_come_first(more in 1u64.., fewer in 0u64..100) {
            prop_assume!(more > fewer);
            let ranking = Ranking { tenant_id: "t", state: CandidateState::Open, reason_code: None };
            prop_assert!(*ranking.place(more, "b") < *ranking.place(fewer, "a"));
        }
    }
}
