//! Cases that say nearly the same are one candidate, and stand by what they would save.

use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{CommitmentFulfilled, Event, InteractionRecorded};
use aftercall_proto::knowledge::v1::GetCandidateRequest;
use aftercall_proto::model::v1::{
    Candidate, CaseKind, CommitmentDraft, CommitmentKind, ContactReason, Escalation, Interaction,
    Priority, ReasonResolution, Segment, SegmentKind,
};
use aftercall_service::testing;
use pbjson_types::Duration;

use crate::world::{TENANT, World, at, event, solved};

/// Three wordings that say nearly the same, and one that says something else.
pub(crate) const WAYS: [&str; 4] = [
    "Restart the router beside the kitchen door, then check every cable of it",
    "Restart the router beside the kitchen door, then check every cable of it again",
    "Restart the router beside the kitchen door, then check every old cable of it",
    "Do not restart the router beside the kitchen door, then check every cable of it",
];

const DAY_S: i64 = 24 * 60 * 60;

async fn get(world: &World, candidate_id: &str) -> Candidate {
    let request = GetCandidateRequest {
        candidate_id: candidate_id.to_owned(),
        min_position: world.now(),
        ..GetCandidateRequest::default()
    };
    let answer = world.client.clone().get_candidate(request).await.unwrap();
    answer.into_inner().candidate.unwrap()
}

fn wordings(candidate: &Candidate) -> Vec<(&str, u64)> {
    let variants = candidate.variants.iter();
    variants
        .map(|one| (one.resolution.as_str(), one.case_count))
        .collect()
}

#[tokio::test]
async fn near_wordings_are_shown_once_with_their_counts() {
    let world = World::new().await;
    for (n, way) in [0, 1, 1, 2, 3].into_iter().enumerate() {
        world
            .record(&solved(n as i64, "net.slow", "so slow", WAYS[way]))
            .await;
    }
    let capitals = WAYS[0].to_uppercase();
    world.record(&solved(10, "net.slow", "", &capitals)).await;
    // Of another reason it is another thing.
    world.record(&solved(11, "net.down", "", WAYS[0])).await;

    let candidates = world.candidates().await;
    let counts: Vec<_> = candidates.iter().map(|one| one.case_count).collect();
    assert_eq!(counts, [5, 1, 1]);
    let first = &candidates[0];
    assert_eq!(first.resolution, capitals);
    assert_eq!(first.customer_wording, "so slow");
    // Capitals are no wording of their own.
    let mut expected = vec![(capitals.as_str(), 2), (WAYS[1], 2), (WAYS[2], 1)];
    expected.sort_by_key(|(words, cases)| (std::cmp::Reverse(*cases), *words));
    assert_eq!(wordings(first), expected);
    assert_eq!(first.interaction_ids.len(), 5);
    assert_eq!(first.first_seen_at, Some(at(0)));
    // Any of its variants names it.
    for variant in &first.variants {
        let found = get(&world, &variant.candidate_id).await;
        assert_eq!(found.candidate_id, first.candidate_id);
        assert_eq!(found.case_count, 5);
    }
    let apart = candidates[1..]
        .iter()
        .find(|one| one.reason_code == "net.slow");
    assert_eq!(apart.unwrap().resolution, WAYS[3]);
}

#[tokio::test]
async fn a_group_falls_apart_when_its_cases_are_amended() {
    let world = World::new().await;
    for n in 0..3 {
        world
            .record(&solved(n, "net.slow", "", WAYS[n as usize]))
            .await;
    }
    assert_eq!(world.candidates().await[0].case_count, 3);
    world
        .amend(2, &["handling"], &solved(0, "", "", WAYS[3]))
        .await;
    let counts: Vec<_> = world
        .candidates()
        .await
        .iter()
        .map(|one| one.case_count)
        .collect();
    assert_eq!(counts, [2, 1]);
}

#[tokio::test]
async fn what_would_save_more_comes_first() {
    let world = World::new().await;
    let long_ago = |n: i64| 1_780_000_000 - 400 * DAY_S + n;
    // Three cases of long ago, two of now, and one of now that took an hour.
    for n in 0..3 {
        world
            .record(&solved(long_ago(n), "code", "", "Old way"))
            .await;
    }
    for n in 0..2 {
        world
            .record(&solved(1_779_990_000 + n, "code", "", "Usual way"))
            .await;
    }
    let started = 1_779_980_000;
    let hour = Interaction {
        segments: vec![Segment {
            kind: SegmentKind::Agent.into(),
            answered_at: Some(at(started)),
            ended_at: Some(at(started + 3_000)),
            acw_started_at: Some(at(started + 3_000)),
            acw_ended_at: Some(at(started + 3_600)),
            ..Segment::default()
        }],
        ..solved(started, "code", "", "Hard way")
    };
    world.record(&hour).await;
    let candidates = world.candidates().await;
    let ways: Vec<_> = candidates
        .iter()
        .map(|one| one.resolution.as_str())
        .collect();
    assert_eq!(ways, ["Hard way", "Usual way", "Old way"]);
    let seconds = |of: &Option<Duration>| of.as_ref().unwrap().seconds;
    let told: Vec<_> = candidates
        .iter()
        .map(|one| (seconds(&one.handle_time), one.timed_case_count))
        .collect();
    assert_eq!(told, [(3_600, 1), (720, 0), (1_080, 0)]);
    // An hour in this month is about a fifth of that in each of the last three months' mean.
    assert!((700..800).contains(&seconds(&candidates[0].saved_a_month)));
    assert!(seconds(&candidates[2].saved_a_month) < 20);

    // A record of how long it took that is put right moves it.
    let mut short = hour.clone();
    short.segments[0].ended_at = Some(at(started + 30));
    short.segments[0].acw_started_at = None;
    world.amend(2, &["segments"], &short).await;
    assert_eq!(world.candidates().await[0].resolution, "Usual way");
}

/// A candidate's reason, words on how, words of the customer, and kinds of cases.
type Told = (String, (String, String), Vec<(CaseKind, u64)>);

fn told(candidates: &[Candidate]) -> Vec<Told> {
    let mut told: Vec<_> = candidates
        .iter()
        .map(|one| {
            let kinds = one.case_kinds.iter();
            let kinds = kinds.map(|kind| (kind.kind(), kind.case_count));
            let words = (one.resolution.clone(), one.customer_wording.clone());
            (one.reason_code.clone(), words, kinds.collect())
        })
        .collect();
    told.sort();
    told
}

#[tokio::test]
async fn every_resolved_reason_and_what_came_of_escalations_counts() {
    let world = World::new().await;
    let reason = |code: &str, resolution: ReasonResolution| ContactReason {
        primary: false,
        resolution: resolution.into(),
        stated_verbatim: format!("about {code}"),
        ..testing::reason(code)
    };
    let mut contact = solved(1, "net.slow", "slow", "Reset the router");
    contact.contact_reasons.extend([
        reason("bill.high", ReasonResolution::Resolved),
        reason("move.house", ReasonResolution::NotResolved),
        reason("bill.twice", ReasonResolution::Resolved),
    ]);
    contact.escalations = ["The supervisor credited 20 EUR", "", "Reset the router"]
        .map(|outcome| Escalation {
            outcome: outcome.to_owned(),
            ..Escalation::default()
        })
        .into();
    world.record(&contact).await;
    let case = |code: &str, resolution: &str, words: &str, kind| {
        let words = (resolution.to_owned(), words.to_owned());
        (code.to_owned(), words, vec![(kind, 1)])
    };
    let candidates = world.candidates().await;
    let outcome = CaseKind::EscalationOutcome;
    assert_eq!(
        told(&candidates),
        [
            case(
                "bill.high",
                "Reset the router",
                "about bill.high",
                CaseKind::Resolution
            ),
            case(
                "bill.twice",
                "Reset the router",
                "about bill.twice",
                CaseKind::Resolution
            ),
            case("net.slow", "Reset the router", "slow", CaseKind::Resolution),
            case(
                "net.slow",
                "The supervisor credited 20 EUR",
                "slow",
                outcome
            ),
        ]
    );
    // What the contact took is divided among what it taught.
    for one in &candidates {
        assert_eq!(one.handle_time.as_ref().unwrap().seconds, 90);
    }
    contact.escalations.clear();
    world.amend(2, &["escalations"], &contact).await;
    assert_eq!(world.candidates().await.len(), 3);
}

#[tokio::test]
async fn misinformation_that_was_put_right_counts() {
    let world = World::new().await;
    let promise = |id: &str, kind: CommitmentKind| CommitmentDraft {
        commitment_id: id.to_owned(),
        kind: kind.into(),
        promise_text: "Call back: the fee is 10 EUR".to_owned(),
        promised_by: Some(at(5_000)),
        priority: Priority::P3.into(),
        ..CommitmentDraft::default()
    };
    let ids = [
        "0190d2c8-0000-7000-8000-00000000000a",
        "0190d2c8-0000-7000-8000-00000000000b",
    ];
    let mut contact = solved(1, "fee.question", "what does it cost", "");
    contact.contact_reasons[0].resolution = ReasonResolution::NotResolved.into();
    contact.commitments = vec![
        promise(ids[0], CommitmentKind::CorrectMisinformation),
        promise(ids[1], CommitmentKind::CallBack),
    ];
    let recorded = || {
        let interaction = Some(contact.clone());
        let fact = Fact::InteractionRecorded(Box::new(InteractionRecorded {
            interaction,
            ..InteractionRecorded::default()
        }));
        Event {
            recorded_at: Some(at(2_000)),
            ..event(TENANT, &contact.interaction_id, 1, &fact)
        }
    };
    world.append(recorded()).await;
    assert_eq!(world.candidates().await, []);
    for (id, note) in [
        (ids[1], "Called"),
        (ids[0], "Told that the fee is 10 EUR, not 20"),
    ] {
        let fact = Fact::CommitmentFulfilled(CommitmentFulfilled {
            fulfilled_at: Some(at(3_000)),
            outcome: 1,
            note: note.to_owned(),
            ..CommitmentFulfilled::default()
        });
        let mut fulfilled = event(TENANT, id, 2, &fact);
        fulfilled.interaction_id = contact.interaction_id.clone();
        fulfilled.recorded_at = Some(at(3_000));
        world.append(fulfilled).await;
    }
    let candidates = world.candidates().await;
    assert_eq!(candidates.len(), 1);
    assert_eq!(
        candidates[0].resolution,
        "Told that the fee is 10 EUR, not 20"
    );
    assert_eq!(candidates[0].reason_code, "fee.question");
    assert_eq!(candidates[0].case_kinds[0].kind(), CaseKind::Correction);
    // Recorded twice, it is the same contact.
    world.append(recorded()).await;
    assert_eq!(world.candidates().await.len(), 1);
}
