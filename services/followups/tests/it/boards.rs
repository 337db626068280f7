//! What a board shows: counts, and the stream of promises that change.

use std::collections::BTreeMap;
use std::time::Duration;

use aftercall_log::Log;
use aftercall_proto::followups::v1::{
    CommitmentDimension, CommitmentFilter, CommitmentGroup, CountCommitmentsRequest,
    CountCommitmentsResponse, FulfilCommitmentRequest, ListCommitmentsRequest, LocalDay,
    ReassignCommitmentRequest, WatchCommitmentsRequest, WatchCommitmentsResponse,
};
use aftercall_proto::model::v1::{Commitment, CommitmentDraft, CommitmentLifecycle, Timeliness};
use aftercall_service::testing::OPEN;
use aftercall_service::{Access, Agents};
use aftercall_view::Positions;
use futures::FutureExt;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tonic::{Code, Status, Streaming};

use crate::lists::{all, begin, filters, holds};
use crate::stage::{
    Contact, PATIENCE, Running, Stage, at, fulfil, owned_by, promise, reason, unwire, violations_of,
};

const ZONE: &str = "Europe/Berlin";

async fn count(
    running: &Running,
    request: CountCommitmentsRequest,
) -> Result<CountCommitmentsResponse, Status> {
    let answer = running.client("lead").count_commitments(request).await;
    Ok(answer?.into_inner())
}

fn by(dimensions: &[CommitmentDimension]) -> CountCommitmentsRequest {
    let by_day = dimensions.contains(&CommitmentDimension::DueDay);
    CountCommitmentsRequest {
        by: dimensions.iter().map(|one| (*one).into()).collect(),
        time_zone: if by_day { ZONE } else { "" }.to_owned(),
        ..CountCommitmentsRequest::default()
    }
}

/// A promise's group, said in another way than the service says it.
fn group(commitment: &Commitment, by: &[CommitmentDimension]) -> CommitmentGroup {
    let asked = |one| by.contains(&one);
    let due = unwire(commitment.promised_by.as_ref()).in_tz(ZONE).unwrap();
    let day = LocalDay {
        year: due.year().into(),
        month: due.month().into(),
        day: due.day().into(),
        time_zone: ZONE.to_owned(),
    };
    let text = |one, text: &String| {
        if asked(one) {
            text.clone()
        } else {
            String::new()
        }
    };
    let number = |one, number| if asked(one) { number } else { 0 };
    CommitmentGroup {
        count: 0,
        team_id: text(CommitmentDimension::Team, &commitment.team_id),
        owner_team_id: text(CommitmentDimension::OwnerTeam, &commitment.owner_team_id),
        owner: commitment
            .owner
            .clone()
            .filter(|_| asked(CommitmentDimension::Owner)),
        kind: number(CommitmentDimension::Kind, commitment.kind),
        timeliness: number(CommitmentDimension::Timeliness, commitment.timeliness),
        lifecycle: number(CommitmentDimension::Lifecycle, commitment.lifecycle),
        due_on: asked(CommitmentDimension::DueDay).then_some(day),
    }
}

#[tokio::test]
async fn every_count_is_what_a_look_at_all_promises_finds() {
    let (stage, running) = begin(240).await;
    let all = all(&stage, &running, 240).await;
    let dimensions: Vec<_> = (1..=7)
        .map(|one| CommitmentDimension::try_from(one).unwrap())
        .collect();
    let asked = (filters(), prop::sample::subsequence(dimensions, 0..=3));
    let mut runner = TestRunner::deterministic();
    let mut groups_met = 0;
    for _ in 0..400 {
        let (filter, dimensions) = asked.new_tree(&mut runner).unwrap().current();
        let mut expected = BTreeMap::new();
        for one in all.iter().filter(|one| holds(&filter, one)) {
            let group = group(one, &dimensions);
            *expected.entry(format!("{group:?}")).or_insert(0) += 1;
        }
        let request = CountCommitmentsRequest {
            filter: Some(filter),
            ..by(&dimensions)
        };
        let answer = count(&running, request.clone()).await.unwrap();
        let total: u64 = expected.values().sum();
        assert_eq!(answer.total_size, total, "{request:?}");
        assert!(!answer.total_size_is_lower_bound);
        let counts: Vec<_> = answer.groups.iter().map(|group| group.count).collect();
        assert!(counts.is_sorted_by(|one, next| one >= next), "{counts:?}");
        let found: BTreeMap<_, _> = answer
            .groups
            .into_iter()
            .map(|group| {
                let count = group.count;
                (
                    format!("{:?}", CommitmentGroup { count: 0, ..group }),
                    count,
                )
            })
            .collect();
        groups_met += found.len();
        assert_eq!(found, expected, "{request:?}");
    }
    assert!(groups_met > 500, "there are groups: {groups_met}");
    running.stop().await;
}

#[tokio::test]
async fn a_count_that_is_cut_says_so() {
    let stage = Stage::new();
    for first in (0..1_050).step_by(50) {
        let promises = (first..first + 50).map(|no| {
            let mut draft = promise(&format!("c-{no:04}"), at(3_600));
            draft.owner = owned_by(&format!("agent-{}", no.min(1_040)));
            draft
        });
        stage.record(&Contact::new(&format!("i-{first}"), promises.collect()));
    }
    let running = stage.start().await;
    running.caught_up(&stage).await;
    let answer = count(&running, by(&[CommitmentDimension::Owner])).await;
    let answer = answer.unwrap();
    assert_eq!((answer.total_size, answer.groups.len()), (1_050, 1_000));
    assert_eq!(answer.further_groups, 41);
    assert_eq!(answer.groups[0].owner, owned_by("agent-1040"));
    assert_eq!((answer.groups[0].count, answer.groups[1].count), (10, 1));
    running.stop().await;
}

#[tokio::test]
async fn a_count_that_makes_no_sense_is_refused_by_its_field() {
    let stage = Stage::new();
    let running = stage.start().await;
    let day = by(&[CommitmentDimension::DueDay]);
    let kind = by(&[CommitmentDimension::Kind]);
    let in_zone = |request: &CountCommitmentsRequest, zone: &str| CountCommitmentsRequest {
        time_zone: zone.to_owned(),
        ..request.clone()
    };
    let four = [1, 2, 3, 4].map(|one| CommitmentDimension::try_from(one).unwrap());
    for (request, field, expected) in [
        (by(&four), "by", "TOO_MANY"),
        (by(&[CommitmentDimension::Unspecified]), "by[0]", "REQUIRED"),
        (
            by(&[CommitmentDimension::Kind, CommitmentDimension::Kind]),
            "by[1]",
            "CONFLICTING",
        ),
        (in_zone(&day, ""), "time_zone", "REQUIRED"),
        (
            in_zone(&day, "Mars/Olympus"),
            "time_zone",
            "UNKNOWN_TIME_ZONE",
        ),
        (in_zone(&kind, "UTC"), "time_zone", "CONFLICTING"),
    ] {
        let refused = count(&running, request.clone()).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{request:?}");
        let expected = (field.to_owned(), expected.to_owned());
        assert_eq!(violations_of(&refused), [expected], "{request:?}");
    }
    running.stop().await;
}

async fn watch(
    (running, caller): (&Running, &str),
    filter: CommitmentFilter,
    resume_token: &str,
) -> Streaming<WatchCommitmentsResponse> {
    let request = WatchCommitmentsRequest {
        filter: Some(filter),
        resume_token: resume_token.to_owned(),
    };
    let watch = running.client(caller).watch_commitments(request).await;
    let mut watch = watch.unwrap().into_inner();
    let first = watch.message().await.unwrap().unwrap();
    assert_eq!(
        first.commitment, None,
        "the first answer says that it lives"
    );
    watch
}

/// The next change of a watch, and where to go on after it.
async fn next(watch: &mut Streaming<WatchCommitmentsResponse>) -> (Commitment, bool, String) {
    loop {
        let answer = tokio::time::timeout(PATIENCE, watch.message()).await;
        let answer = answer.expect("the next change").unwrap().unwrap();
        if let Some(commitment) = answer.commitment {
            return (commitment, answer.left, answer.resume_token);
        }
    }
}

fn open() -> CommitmentFilter {
    CommitmentFilter {
        lifecycles: vec![CommitmentLifecycle::Active.into()],
        ..CommitmentFilter::default()
    }
}

#[tokio::test]
async fn a_watch_tells_what_comes_changes_and_goes() {
    let stage = Stage::new();
    let running = stage.start().await;
    let mut every = watch((&running, "lead"), open(), "").await;
    let overdue = CommitmentFilter {
        timeliness: vec![Timeliness::Overdue.into()],
        ..open()
    };
    let on_track = CommitmentFilter {
        timeliness: vec![Timeliness::OnTrack.into()],
        ..open()
    };
    let mut overdue = watch((&running, "lead"), overdue, "").await;
    let mut on_track = watch((&running, "lead"), on_track, "").await;
    stage.record(&Contact::new(
        "i-1",
        vec![promise("c-1", at(60)), promise("c-2", at(1_000))],
    ));
    for watch in [&mut every, &mut on_track] {
        for id in ["c-1", "c-2"] {
            let (made, left, _) = next(watch).await;
            assert_eq!((made.commitment_id.as_str(), left), (id, false));
            assert_eq!(made.promise_text, "We call you back.");
            assert_eq!(made.timeliness(), Timeliness::OnTrack);
        }
    }
    stage.clock.advance_to(at(61));
    for (watch, goes) in [
        (&mut every, false),
        (&mut overdue, false),
        (&mut on_track, true),
    ] {
        let (late, left, _) = next(watch).await;
        assert_eq!((late.commitment_id.as_str(), left), ("c-1", goes));
        assert_eq!((late.version, late.timeliness()), (2, Timeliness::Overdue));
    }
    fulfil(&running, "c-1").await;
    for watch in [&mut every, &mut overdue] {
        let (done, left, _) = next(watch).await;
        assert_eq!((done.commitment_id.as_str(), left), ("c-1", true));
        assert_eq!(done.lifecycle(), CommitmentLifecycle::Fulfilled);
    }
    // Who watched it as on track has lost it before; the next that they hear of is the other one.
    fulfil(&running, "c-2").await;
    let (done, left, _) = next(&mut on_track).await;
    assert_eq!((done.commitment_id.as_str(), left), ("c-2", true));
    running.stop().await;
}

#[tokio::test]
async fn a_watch_goes_on_from_a_list_and_hears_the_latest_of_each() {
    let stage = Stage::with_partitions(2);
    let running = stage.start().await;
    let contact = |no: usize| Contact {
        customer_id: format!("customer-{}", no % 7),
        ..Contact::new(
            &format!("i-{no}"),
            vec![promise(&format!("c-{no}"), at(3_600))],
        )
    };
    for no in 0..100 {
        stage.record(&contact(no));
    }
    running.caught_up(&stage).await;
    let request = ListCommitmentsRequest {
        filter: Some(open()),
        page_size: 500,
        ..ListCommitmentsRequest::default()
    };
    let listed = running.client("lead").list_commitments(request).await;
    let listed = listed.unwrap().into_inner();
    assert_eq!(listed.commitments.len(), 100);
    let mut board: BTreeMap<_, _> = listed
        .commitments
        .into_iter()
        .map(|one| (one.commitment_id, one.version))
        .collect();
    // Nobody watches meanwhile.
    for no in 100..150 {
        stage.record(&contact(no));
    }
    running.caught_up(&stage).await;
    for no in (0..150).step_by(3) {
        fulfil(&running, &format!("c-{no}")).await;
    }
    running.stop().await;

    let running = stage.start().await;
    let mut watch = watch((&running, "lead"), open(), &listed.complete_through).await;
    let mut token = String::new();
    // 50 are done, of which some were made meanwhile; and the others that were.
    for _ in 0..50 + 34 {
        let (one, left, resume_token) = next(&mut watch).await;
        assert_eq!(left, one.lifecycle() == CommitmentLifecycle::Fulfilled);
        match left {
            true => drop(board.remove(&one.commitment_id)),
            false => drop(board.insert(one.commitment_id, one.version)),
        }
        token = resume_token;
    }
    assert_eq!(board.len(), 100);
    let done = |id: &String| id[2..].parse::<usize>().unwrap() % 3 == 0;
    assert!(!board.keys().any(done));
    // It is at the end: the next that it hears of is what happens next.
    stage.record(&contact(150));
    assert_eq!(next(&mut watch).await.0.commitment_id, "c-150");
    let through = Positions::decode(&token, stage.log.identity()).unwrap();
    assert!(through.covers_all(&Positions::below(&[1, 1])));
    running.stop().await;
}

#[tokio::test]
async fn a_watcher_sees_its_own_and_hears_when_it_is_not_any_more() {
    // Agents read what they have a part in, alone: none of them has a team.
    let stage = Stage::new().with_access(Access {
        agents: Agents::Team,
        ..OPEN
    });
    let running = stage.start().await;
    let all = CommitmentFilter::default;
    let start = Positions::new().encode(stage.log.identity());
    let mut bob = watch((&running, "agent"), all(), "").await;
    let mut foreign = watch((&running, "foreign"), all(), &start).await;
    let of_bob = |id: &str| CommitmentDraft {
        owner: owned_by("bob"),
        ..promise(id, at(3_600))
    };
    let contact = |id: &str, promises| Contact {
        agent_id: "zoe".to_owned(),
        ..Contact::new(id, promises)
    };
    let promises = vec![promise("plain", at(3_600)), of_bob("of-bob")];
    stage.record(&contact("i-1", promises));
    let (seen, left, _) = next(&mut bob).await;
    assert_eq!((seen.commitment_id.as_str(), left), ("of-bob", false));

    let request = ReassignCommitmentRequest {
        request_id: "r-1".to_owned(),
        commitment_id: "of-bob".to_owned(),
        to_owner: owned_by("zoe"),
        at_once: true,
        ..ReassignCommitmentRequest::default()
    };
    let mut supervisor = running.client("supervisor");
    supervisor.reassign_commitment(request).await.unwrap();
    let request = FulfilCommitmentRequest {
        request_id: "r-2".to_owned(),
        commitment_id: "of-bob".to_owned(),
        ..FulfilCommitmentRequest::default()
    };
    supervisor.fulfil_commitment(request).await.unwrap();
    stage.record(&contact("i-2", vec![of_bob("next")]));
    running.caught_up(&stage).await;
    // The same for who reads it later, and of what became of it there nothing more.
    let mut later = watch((&running, "agent"), all(), &start).await;
    for watch in [&mut bob, &mut later] {
        let (seen, left, _) = next(watch).await;
        let bare = Commitment {
            commitment_id: "of-bob".to_owned(),
            ..Commitment::default()
        };
        assert_eq!((seen, left), (bare, true), "the id alone");
        assert_eq!(next(watch).await.0.commitment_id, "next");
    }
    let end = async {
        loop {
            match foreign.message().await {
                Ok(answer) => assert_eq!(answer.unwrap().commitment, None),
                Err(last) => return last,
            }
        }
    };
    let ((), last) = tokio::join!(running.stop(), end);
    assert_eq!(reason(&last), "SERVER_STOPPING");
}

#[tokio::test]
async fn a_watch_of_promises_says_that_it_lives() {
    let stage = Stage::new();
    let running = stage.start().await;
    let mut watch = watch((&running, "lead"), open(), "").await;
    let answer = async {
        loop {
            stage.clock.advance(Duration::from_secs(2));
            if let Some(answer) = watch.message().now_or_never() {
                return answer;
            }
            tokio::task::yield_now().await;
        }
    };
    let answer = tokio::time::timeout(PATIENCE, answer).await.unwrap();
    let answer = answer.unwrap().unwrap();
    assert_eq!((answer.commitment, answer.left), (None, false));
    assert!(!answer.resume_token.is_empty());
    running.stop().await;
}
