//! Published solutions that say nearly the same as a version: a reviewer merges with them rather than publishes twice.
//!
//! It is the nearness by which cases are one candidate: see [`form`](crate::form). What is compared is what to do, or
//! where a version does not say that, what may be said to customers. Solutions of another client or in another language
//! can't be merged, so they are no duplicates; that the reasons differ does not matter: one answer filed twice is one.

use std::collections::BTreeSet;

use aftercall_proto::model::v1::{DuplicateOfCandidate, Solution};
use aftercall_view::{ApplyError, Direction, Store};

use crate::failure::Error;
use crate::fold::redirects;
use crate::form::Form;
use crate::heads::{self, Head};
use crate::keys::versions as keys;
use crate::limits::{BAND_MEMBERS_MAX, DUPLICATES_MAX};
use crate::reader::Viewer;
use crate::solutions;

/// The form of what a version says.
fn form(solution: &Solution) -> Option<Form> {
    let resolution = Form::of(&solution.resolution);
    resolution.or_else(|| Form::of(&solution.customer_wording))
}

/// The bands in which versions that say nearly the same meet. Forms that are too short or too long to be near to any
/// meet those that are equal. Only what can be merged meets: of a band the first ones are looked at, and an answer that
/// is filed for each of many clients would stand before the one that is looked for.
pub(crate) fn bands(solution: &Solution) -> Vec<u64> {
    let Some(form) = form(solution) else {
        return Vec::new();
    };
    let language = solution.language.to_ascii_lowercase();
    let among = format!("{}\0{language}", solution.client_account_id);
    let bands = form.bands(&among);
    match bands.is_empty() {
        false => bands,
        true => {
            let mut hasher = blake3::Hasher::new();
            hasher.update(among.as_bytes());
            hasher.update(&[0]);
            hasher.update(&form.to_bytes());
            let mut band = [0; 8];
            band.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
            vec![u64::from_le_bytes(band)]
        }
    }
}

/// Tells with a version that is not published yet what says nearly the same, to whoever works on solutions.
pub(crate) fn dress(
    store: &Store,
    viewer: &Viewer,
    mut solution: Solution,
) -> Result<Solution, Error> {
    if solutions::is_open(solution.state()) && viewer.works() {
        solution.duplicate_of_candidates = find(store, viewer, &solution)?;
    }
    Ok(solution)
}

/// What is live and says nearly the same as a version of a solution, of what somebody reads, the nearest first.
pub(crate) fn find(
    store: &Store,
    viewer: &Viewer,
    solution: &Solution,
) -> Result<Vec<DuplicateOfCandidate>, Error> {
    let Some(form) = form(solution) else {
        return Ok(Vec::new());
    };
    let tenant_id = viewer.tenant_id();
    let mut near = Vec::new();
    for solution_id in neighbours(store, tenant_id, solution).map_err(Error::internal)? {
        let other = live(store, tenant_id, &solution_id).map_err(Error::internal)?;
        let other = other.filter(|other| is_mergeable(solution, other));
        let Some(other) = other.and_then(|other| viewer.given(other)) else {
            continue;
        };
        let score = self::form(&other).and_then(|other| form.nearness(&other));
        near.extend(score.map(|score| DuplicateOfCandidate {
            solution_id: other.solution_id,
            solution_number: other.solution_number,
            title: other.title,
            score,
        }));
    }
    near.sort_by(|a, b| {
        let by_id = || a.solution_id.cmp(&b.solution_id);
        b.score.total_cmp(&a.score).then_with(by_id)
    });
    near.truncate(DUPLICATES_MAX);
    Ok(near)
}

/// The other solutions that stand in a band with a version.
fn neighbours(
    store: &Store,
    tenant_id: &str,
    solution: &Solution,
) -> Result<BTreeSet<String>, ApplyError> {
    let mut neighbours = BTreeSet::new();
    for band in bands(solution) {
        let members = store.scan_prefix(keys::band(tenant_id, band), Direction::Ascending);
        for entry in members.take(BAND_MEMBERS_MAX) {
            let id = keys::read_in_band(&entry?.0).map_err(ApplyError::record)?;
            neighbours.insert(id);
        }
    }
    neighbours.remove(&solution.solution_id);
    Ok(neighbours)
}

/// A solution as it is live, with its number.
fn live(store: &Store, tenant_id: &str, solution_id: &str) -> Result<Option<Solution>, ApplyError> {
    let Some(head) = Head::read(store, tenant_id, solution_id)? else {
        return Ok(None);
    };
    if !redirects::is_live(store, tenant_id, solution_id, &head)? {
        return Ok(None);
    }
    let mut live = heads::version(store, tenant_id, solution_id, head.live_version())?;
    if let Some(live) = &mut live {
        head.say(live);
    }
    Ok(live)
}

fn is_mergeable(one: &Solution, other: &Solution) -> bool {
    one.client_account_id == other.client_account_id
        && one.language.eq_ignore_ascii_case(&other.language)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn saying(resolution: &str) -> Solution {
        Solution {
            resolution: resolution.to_owned(),
            ..Solution::default()
        }
    }

    #[test]
    fn what_to_do_is_compared_and_else_what_to_say() {
        let doing = saying("Restart it");
        let telling = Solution {
            customer_wording: "Restart it".to_owned(),
            ..Solution::default()
        };
        assert_eq!(form(&doing), form(&telling));
        assert_eq!(bands(&doing), bands(&telling));
        assert!(bands(&Solution::default()).is_empty());
        assert_ne!(bands(&doing), bands(&saying("Return it")));
    }

    #[test]
    fn only_what_can_be_merged_meets() {
        for steps in [
            "Restart it",
            "Open settings page choose network tab press restart button",
        ] {
            let mine = saying(steps);
            let client = Solution {
                client_account_id: "client-1".to_owned(),
                ..saying(steps)
            };
            let language = Solution {
                language: "de".to_owned(),
                ..saying(steps)
            };
            assert!(!bands(&mine).is_empty());
            for other in [client, language] {
                let others = bands(&other);
                assert!(bands(&mine).iter().all(|band| !others.contains(band)));
            }
        }
    }

    #[test]
    fn how_a_language_is_written_keeps_nothing_apart() {
        let [one, other] = ["de-AT", "de-at"].map(|language| Solution {
            language: language.to_owned(),
            ..saying("Restart it")
        });
        assert_eq!(bands(&one), bands(&other));
        assert!(is_mergeable(&one, &other));
    }

    proptest! {
        #[test]
        fn the_same_words_meet_and_score_most(words in prop::collection::vec("[a-z]{3,8}", 1..12)) {
            let (one, other) = (saying(&words.join(" ")), saying(&words.join("  ")));
            prop_assert_eq!(bands(&one), bands(&other));
            if let (Some(one), Some(other)) = (form(&one), form(&other)) {
                prop_assert_eq!(one.nearness(&other), Some(1.0));
            }
        }

        #[test]
        fn a_score_says_whether_two_are_near(
            one in prop::collection::vec("[a-c]{4}", 5..14),
            more in prop::collection::vec("[a-c]{4}", 0..3),
        ) {
            let other = one.iter().chain(&more).cloned().collect::<Vec<_>>().join(" ");
            let forms = [Form::of(&one.join(" ")), Form::of(&other)];
            if let [Some(one), Some(other)] = forms {
                let score = one.nearness(&other);
                prop_assert_eq!(score, other.nearness(&one));
                prop_assert_eq!(score.is_some(), one == other || one.is_near(&other));
                prop_assert!(score.is_none_or(|score| (0.888..=1.0).contains(&score)));
            }
        }
    }
}
