//! Candidates as a naive model has them, which knows the whole history: contacts that come, are amended and reopened,
//! and reviewers who claim, put off, reject, release and promote while time goes by.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use aftercall_log::{LogId, MemoryLog};
use aftercall_proto::knowledge::v1::{
    ClaimCandidateRequest, ListCandidatesRequest, PromoteCandidateRequest, PutOffCandidateRequest,
    RejectCandidateRequest, ReleaseCandidateRequest,
};
use aftercall_proto::model::v1::{CandidateState, ReasonResolution};
use proptest::prelude::*;
use proptest::test_runner::Config;
use tonic::Status;

use crate::reviewing::who;
use crate::world::{STARTED_S, World, at, by, reason, solved};

/// Wordings of three ways; those of one way are near each other, each to each.
const WORDINGS: [(usize, &str); 7] = [
    (
        0,
        "Restart the router beside the kitchen door, then check every cable of it",
    ),
    (
        0,
        "Restart the router beside the kitchen door, then check every cable of it again",
    ),
    (
        0,
        "Restart the router beside the kitchen door, then check every old cable of it",
    ),
    (
        1,
        "Restart the router beside the kitchen door, then check no cable of it",
    ),
    (
        1,
        "Restart the router beside the kitchen door, then check no cable of it again",
    ),
    (2, "Send a technician"),
    (2, "Send a technician!"),
];

const ACTORS: [&str; 3] = ["ann", "bob", "coach"];

#[derive(Debug, Clone)]
enum Step {
    Record {
        id: i64,
        wording: usize,
    },
    Amend {
        id: i64,
        sequence: u64,
        wording: usize,
    },
    Reopen {
        id: i64,
        sequence: u64,
    },
    Decide {
        actor: usize,
        wording: usize,
        act: Act,
    },
    Wait {
        hours: u64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Act {
    Claim,
    Release,
    PutOff,
    Reject,
    Promote,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (id, wording) = (0..8_i64, 0..WORDINGS.len());
    let act = prop::sample::select(vec![
        Act::Claim,
        Act::Claim,
        Act::Release,
        Act::PutOff,
        Act::Reject,
        Act::Promote,
    ]);
    let step = prop_oneof![
        6 => (id.clone(), wording.clone()).prop_map(|(id, wording)| Step::Record { id, wording }),
        3 => (id.clone(), 2..4_u64, wording.clone())
            .prop_map(|(id, sequence, wording)| Step::Amend { id, sequence, wording }),
        1 => (id, 2..4_u64).prop_map(|(id, sequence)| Step::Reopen { id, sequence }),
        4 => (0..ACTORS.len(), wording, act)
            .prop_map(|(actor, wording, act)| Step::Decide { actor, wording, act }),
        1 => (1..30_u64).prop_map(|hours| Step::Wait { hours }),
    ];
    prop::collection::vec(step, 0..40)
}

/// What was decided on a wording last.
#[derive(Debug, Clone, PartialEq)]
struct Decided {
    number: usize,
    state: CandidateState,
    actor: usize,
    until_h: Option<u64>,
}

#[derive(Default)]
struct Model {
    /// Each contact's version, and its wording while it is solved.
    contacts: BTreeMap<i64, (u64, Option<usize>)>,
    decided: BTreeMap<usize, Decided>,
    decisions: usize,
    now_h: u64,
}

impl Model {
    /// Wordings that differ by a sign at the end of a sentence are one.
    fn same(wording: usize) -> usize {
        if wording == 6 { 5 } else { wording }
    }

    fn cases(&self, wording: usize) -> u64 {
        let solved = self.contacts.values().filter_map(|(_, wording)| *wording);
        solved.filter(|one| Self::same(*one) == wording).count() as u64
    }

    fn standing(&self, wording: usize) -> Option<&Decided> {
        let decided = self.decided.get(&wording)?;
        let lasts = decided.until_h.is_none_or(|until| until > self.now_h);
        (lasts && decided.state != CandidateState::Open).then_some(decided)
    }

    /// The present wordings that are one with `wording`, and what was decided on them. `ids` breaks ties, as rank does.
    fn group(&self, wording: usize, ids: &[String]) -> (BTreeSet<usize>, Option<Decided>) {
        let present = (0..WORDINGS.len()).filter(|one| self.cases(*one) > 0);
        let mut way: Vec<_> = present
            .filter(|one| WORDINGS[*one].0 == WORDINGS[wording].0)
            .collect();
        way.sort_by_key(|one| (std::cmp::Reverse(self.cases(*one)), ids[*one].clone()));
        let first = way.iter().find_map(|one| self.standing(*one));
        let of = |one: usize| self.standing(one).or(first).cloned();
        let own = of(wording);
        let group = way.into_iter().filter(|one| of(*one) == own).collect();
        (group, own)
    }

    /// The groups in a state: how many cases each has.
    fn listed(&self, state: CandidateState, ids: &[String]) -> Vec<u64> {
        let mut seen = BTreeSet::new();
        let mut counts = Vec::new();
        for wording in (0..WORDINGS.len()).filter(|one| self.cases(*one) > 0) {
            if seen.contains(&wording) {
                continue;
            }
            let (group, decided) = self.group(wording, ids);
            seen.extend(group.iter().copied());
            if decided.map_or(CandidateState::Open, |decided| decided.state) == state {
                counts.push(group.iter().map(|one| self.cases(*one)).sum());
            }
        }
        counts.sort_unstable();
        counts
    }

    /// Does it, or says why not.
    fn decide(
        &mut self,
        (actor, wording): (usize, usize),
        act: Act,
        ids: &[String],
    ) -> Result<(), &'static str> {
        if self.cases(wording) == 0 {
            return Err("CANDIDATE_NOT_FOUND");
        }
        let (mut group, decided) = self.group(wording, ids);
        // Those that were decided on with them and have no cases any more go with them.
        let number = decided.as_ref().map(|decided| decided.number);
        let together = (0..WORDINGS.len()).filter(|one| {
            let own = self.standing(*one).map(|own| own.number);
            own.is_some() && own == number
        });
        group.extend(together);
        let state = decided
            .as_ref()
            .map_or(CandidateState::Open, |decided| decided.state);
        match (state, act) {
            (CandidateState::Promoted, _) => return Err("CANDIDATE_ALREADY_PROMOTED"),
            (CandidateState::Rejected, Act::Release) => {}
            (CandidateState::Rejected, _) | (CandidateState::Open, Act::Release) => {
                return Err("CANDIDATE_STATE");
            }
            _ => {}
        }
        let claimed = decided.filter(|decided| decided.state == CandidateState::Claimed);
        if claimed.is_some_and(|claim| claim.actor != actor) && ACTORS[actor] != "coach" {
            return Err("CANDIDATE_CLAIMED");
        }
        self.decisions += 1;
        let (state, until_h) = match act {
            Act::Claim => (CandidateState::Claimed, Some(self.now_h + 24)),
            Act::Release => (CandidateState::Open, None),
            Act::PutOff => (CandidateState::PutOff, Some(self.now_h + 48)),
            Act::Reject => (CandidateState::Rejected, None),
            Act::Promote => (CandidateState::Promoted, None),
        };
        for one in group {
            let decided = Decided {
                number: self.decisions,
                state,
                actor,
                until_h,
            };
            self.decided.insert(one, decided);
        }
        Ok(())
    }
}

async fn decide(
    world: &World,
    (actor, id): (usize, &str),
    act: Act,
    (n, now_h): (usize, u64),
) -> Result<(), Status> {
    let (request_id, candidate_id) = (format!("r-{n}"), id.to_owned());
    let who = who(ACTORS[actor]);
    let mut client = world.client.clone();
    let reason = "because".to_owned();
    match act {
        Act::Claim => {
            let request = ClaimCandidateRequest {
                request_id,
                candidate_id,
                until: None,
            };
            client.claim_candidate(by(request, &who)).await.map(|_| ())
        }
        Act::Release => {
            let request = ReleaseCandidateRequest {
                request_id,
                candidate_id,
                reason,
            };
            client
                .release_candidate(by(request, &who))
                .await
                .map(|_| ())
        }
        Act::PutOff => {
            let until = Some(at(STARTED_S + (now_h as i64 + 48) * 3_600));
            let request = PutOffCandidateRequest {
                request_id,
                candidate_id,
                until,
                reason,
            };
            client
                .put_off_candidate(by(request, &who))
                .await
                .map(|_| ())
        }
        Act::Reject => {
            let request = RejectCandidateRequest {
                request_id,
                candidate_id,
                reason,
            };
            client.reject_candidate(by(request, &who)).await.map(|_| ())
        }
        Act::Promote => {
            let request = PromoteCandidateRequest {
                request_id,
                candidate_id,
                title: "Title".to_owned(),
                ..PromoteCandidateRequest::default()
            };
            client
                .promote_candidate(by(request, &who))
                .await
                .map(|_| ())
        }
    }
}

/// The cases of the candidates in each state.
async fn listed(world: &World) -> Vec<(CandidateState, Vec<u64>)> {
    let mut all = Vec::new();
    for state in [
        CandidateState::Open,
        CandidateState::Claimed,
        CandidateState::PutOff,
        CandidateState::Rejected,
        CandidateState::Promoted,
    ] {
        let mut request = ListCandidatesRequest {
            state: state.into(),
            page_size: 2,
            include_total: true,
            min_position: world.now(),
            ..ListCandidatesRequest::default()
        };
        let mut counts = Vec::new();
        let total = loop {
            let answer = world.client.clone().list_candidates(request.clone()).await;
            let answer = answer.unwrap().into_inner();
            counts.extend(answer.candidates.iter().map(|one| one.case_count));
            if answer.next_page_token.is_empty() {
                break answer.total_size;
            }
            request.page_token = answer.next_page_token;
        };
        assert_eq!(total, Some(counts.len() as u64));
        counts.sort_unstable();
        all.push((state, counts));
    }
    all
}

async fn play(world: &World, steps: &[Step], ids: &[String]) -> Model {
    let mut model = Model::default();
    for (n, step) in steps.iter().enumerate() {
        match *step {
            Step::Record { id, wording } => {
                model.contacts.entry(id).or_insert((1, Some(wording)));
                world.record(&contact(id, wording)).await;
            }
            Step::Amend {
                id,
                sequence,
                wording,
            } => {
                if let Some(one) = model
                    .contacts
                    .get_mut(&id)
                    .filter(|one| one.0 + 1 == sequence)
                {
                    *one = (sequence, one.1.map(|_| wording));
                }
                world
                    .amend(sequence, &["handling"], &contact(id, wording))
                    .await;
            }
            Step::Reopen { id, sequence } => {
                if let Some(one) = model
                    .contacts
                    .get_mut(&id)
                    .filter(|one| one.0 + 1 == sequence)
                {
                    *one = (sequence, None);
                }
                let mut new = contact(id, 0);
                new.contact_reasons[0].resolution = ReasonResolution::NotResolved.into();
                world.amend(sequence, &["contact_reasons"], &new).await;
            }
            Step::Decide {
                actor,
                wording,
                act,
            } => {
                let wording = Model::same(wording);
                let expected = model.decide((actor, wording), act, ids);
                let done = decide(world, (actor, &ids[wording]), act, (n, model.now_h)).await;
                let done = done.map_err(|status| reason(&status));
                assert_eq!(done, expected.map_err(str::to_owned), "{n}: {step:?}");
            }
            Step::Wait { hours } => {
                model.now_h += hours;
                world.clock.advance(Duration::from_secs(hours * 3_600));
            }
        }
    }
    model
}

/// All in one month, so that what they would save goes by their number.
fn contact(id: i64, wording: usize) -> aftercall_proto::model::v1::Interaction {
    solved(STARTED_S - 1_000 + id, "code", "", WORDINGS[wording].1)
}

/// The candidates' ids, which follow from the words.
static IDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut ids = Vec::new();
        for (_, words) in WORDINGS {
            let world = World::new().await;
            world.record(&solved(STARTED_S, "code", "", words)).await;
            ids.push(world.candidates().await.remove(0).candidate_id);
        }
        ids
    })
});

proptest! {
    #![proptest_config(Config { cases: 32, ..Config::default() })]

    #[test]
    fn groups_and_states_are_what_the_history_says(steps in steps(), partitions in 1..4_u32) {
        let ids = &*IDS;
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let world = World::over(Arc::new(MemoryLog::new(LogId([7; 16]), partitions))).await;
            let model = play(&world, &steps, ids).await;
            let expected: Vec<_> = listed(&world).await.into_iter().map(|(state, _)| {
                (state, model.listed(state, ids))
            }).collect();
            assert_eq!(listed(&world).await, expected);
            let (clock_h, world) = (model.now_h, world.restarted(|views| {
                std::fs::remove_dir_all(views.join("knowledge")).unwrap();
            }).await);
            world.clock.advance(Duration::from_secs(clock_h * 3_600));
            assert_eq!(listed(&world).await, expected);
        });
    }
}
