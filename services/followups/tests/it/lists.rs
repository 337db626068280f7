//! Lists of promises, against a model that looks at all of them.

use std::collections::BTreeMap;

use aftercall_proto::followups::v1::{
    CancelCommitmentRequest, FulfilCommitmentRequest, ListCommitmentsRequest,
};
use aftercall_proto::model::v1::{
    Commitment, CommitmentDraft, CommitmentLifecycle, CommitmentOutcome, Owner, Timeliness, owner,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use prost::Message;

use crate::stage::{Contact, Running, Stage, at, promise, unwire, wire};

/// Promises of 6 customers, 3 agents, 2 queues and 3 teams; some done, some called off, some late.
async fn begin(count: usize) -> (Stage, Running) {
    let stage = Stage::new();
    for no in 0..count {
        let owner = match no % 5 {
            queue @ 0..2 => owner::Owner::QueueId(format!("queue-{queue}")),
            agent => owner::Owner::AgentId(format!("agent-{agent}")),
        };
        let draft = CommitmentDraft {
            owner: Some(Owner { owner: Some(owner) }),
            told_to_customer: no % 7 != 0,
            ..promise(
                &format!("c-{:04}", no * 7_919 % count),
                at(10 + (no as i64 * 31) % 200),
            )
        };
        let contact = Contact {
            customer_id: format!("customer-{}", no % 6),
            team_id: format!("team-{}", no % 3),
            ..Contact::new(&format!("i-{no}"), vec![draft])
        };
        stage.record(&contact);
    }
    let running = stage.start().await;
    running.caught_up(&stage).await;
    stage.clock.advance_to(at(100));
    for no in (0..count).step_by(3) {
        close(&running, no, no % 2 == 0).await;
    }
    running.caught_up(&stage).await;
    (stage, running)
}

async fn close(running: &Running, no: usize, done: bool) {
    let (request_id, commitment_id) = (format!("r-{no}"), format!("c-{no:04}"));
    let mut client = running.client("lead");
    if done {
        let request = FulfilCommitmentRequest {
            request_id,
            commitment_id,
            ..FulfilCommitmentRequest::default()
        };
        client.fulfil_commitment(request).await.unwrap();
    } else {
        let request = CancelCommitmentRequest {
            request_id,
            commitment_id,
            reason: "not needed".to_owned(),
            ..CancelCommitmentRequest::default()
        };
        client.cancel_commitment(request).await.unwrap();
    }
}

/// All pages of a list.
async fn pages(running: &Running, request: &ListCommitmentsRequest) -> Vec<Commitment> {
    let mut all = Vec::new();
    let mut request = request.clone();
    loop {
        let page = running
            .client("lead")
            .list_commitments(request.clone())
            .await
            .unwrap();
        let page = page.into_inner();
        all.extend(page.commitments);
        if page.next_page_token.is_empty() {
            return all;
        }
        request.page_token = page.next_page_token;
    }
}

fn place(commitment: &Commitment) -> (jiff::Timestamp, String) {
    (
        unwire(commitment.promised_by.as_ref()),
        commitment.commitment_id.clone(),
    )
}

/// Whether the filters of `request` hold, said in another way than the service says it.
fn holds(request: &ListCommitmentsRequest, commitment: &Commitment) -> bool {
    let (agent, queue) = match commitment
        .owner
        .as_ref()
        .and_then(|owner| owner.owner.clone())
    {
        Some(owner::Owner::AgentId(id)) => (id, String::new()),
        Some(owner::Owner::QueueId(id)) => (String::new(), id),
        None => Default::default(),
    };
    let due = unwire(commitment.promised_by.as_ref());
    let text = |asked: &str, there: &str| asked.is_empty() || asked == there;
    let number = |asked: i32, there: i32| asked == 0 || asked == there;
    text(&request.customer_id, &commitment.customer_id)
        && text(&request.owner_agent_id, &agent)
        && text(&request.owner_queue_id, &queue)
        && text(&request.team_id, &commitment.team_id)
        && number(request.lifecycle, commitment.lifecycle)
        && number(request.timeliness, commitment.timeliness)
        && number(request.outcome, commitment.outcome)
        && request
            .due_from
            .as_ref()
            .is_none_or(|from| due >= unwire(Some(from)))
        && request
            .due_before
            .as_ref()
            .is_none_or(|before| due < unwire(Some(before)))
}

fn requests() -> impl Strategy<Value = ListCommitmentsRequest> {
    let id = |prefix: &'static str, count: usize| {
        let some = (0..count).prop_map(move |no| format!("{prefix}-{no}"));
        prop_oneof![3 => Just(String::new()), 1 => some]
    };
    let number = |max: i32| prop_oneof![2 => Just(0), 1 => 0..=max];
    let due = || prop::option::weighted(0.3, (0_i64..220).prop_map(|due| wire(at(due)).unwrap()));
    let owners = (id("agent", 6), id("queue", 3), any::<bool>());
    (
        id("customer", 7),
        owners,
        id("team", 4),
        (number(3), number(2), number(5)),
        due(),
        due(),
        0..40,
    )
        .prop_map(
            |(customer_id, (agent, queue, either), team_id, numbers, from, before, size)| {
                let (lifecycle, timeliness, outcome) = numbers;
                ListCommitmentsRequest {
                    customer_id,
                    owner_agent_id: if either { agent } else { String::new() },
                    owner_queue_id: if either { String::new() } else { queue },
                    team_id,
                    lifecycle,
                    timeliness,
                    outcome,
                    due_from: from,
                    due_before: before,
                    page_size: size,
                    ..ListCommitmentsRequest::default()
                }
            },
        )
}

#[tokio::test]
async fn every_filter_lists_what_a_look_at_all_promises_finds() {
    let (stage, running) = begin(240).await;
    running
        .until(|| stage.lapses().len() == lapsed_by_now(&stage))
        .await;
    running.caught_up(&stage).await;
    let mut all = Vec::new();
    for no in 0..240 {
        all.push(running.get(&format!("c-{no:04}"), "").await);
    }
    all.sort_by_key(place);
    assert!(
        all.iter()
            .any(|one| one.timeliness() == Timeliness::Overdue)
    );
    assert!(
        all.iter()
            .any(|one| one.outcome() == CommitmentOutcome::NotApplicable)
    );

    let mut runner = TestRunner::deterministic();
    let mut found = 0;
    for _ in 0..400 {
        let request = requests().new_tree(&mut runner).unwrap().current();
        let expected: Vec<_> = all
            .iter()
            .filter(|one| holds(&request, one))
            .cloned()
            .collect();
        assert_eq!(pages(&running, &request).await, expected, "{request:?}");
        found += expected.len();
    }
    assert!(found > 2_000, "the filters find something: {found}");
    running.stop().await;
}

/// How many promises of [`begin`] have lapsed: those that were open, told and due before now.
fn lapsed_by_now(stage: &Stage) -> usize {
    let mut open = BTreeMap::new();
    for event in stage.events() {
        use aftercall_proto::envelope::Fact;
        match event.fact().unwrap() {
            Some(Fact::InteractionRecorded(recorded)) => {
                for draft in recorded.interaction.unwrap().commitments {
                    open.insert(draft.commitment_id.clone(), draft);
                }
            }
            Some(Fact::CommitmentLapsed(_)) | None => {}
            Some(_) => drop(open.remove(&event.aggregate_id)),
        }
    }
    let lapsed: std::collections::BTreeSet<_> =
        stage.lapses().into_iter().map(|(id, _)| id).collect();
    let due = |draft: &CommitmentDraft| {
        draft.told_to_customer && unwire(draft.promised_by.as_ref()) < at(100)
    };
    let open = open
        .into_iter()
        .filter(|(_, draft)| due(draft))
        .map(|(id, _)| id);
    open.chain(lapsed)
        .collect::<std::collections::BTreeSet<_>>()
        .len()
}

/// Promises are closed while pages are read: those that are there throughout are met exactly once,
/// wherever they are moved in between.
#[tokio::test]
async fn pages_miss_nothing_and_repeat_nothing_while_promises_are_closed() {
    let (_stage, running) = begin(300).await;
    let request = ListCommitmentsRequest {
        page_size: 7,
        ..ListCommitmentsRequest::default()
    };
    let closing = async {
        for no in (0..300).filter(|no| no % 3 != 0) {
            close(&running, no, no % 2 == 0).await;
        }
    };
    let reading = async {
        let mut seen = Vec::new();
        for _ in 0..5 {
            seen.push(pages(&running, &request).await);
        }
        seen
    };
    let ((), seen) = tokio::join!(closing, reading);
    for pages in seen {
        let mut ids: Vec<_> = pages.iter().map(place).collect();
        assert_eq!(ids.len(), 300);
        assert!(ids.is_sorted(), "by due");
        ids.dedup();
        assert_eq!(ids.len(), 300);
    }
    let open = ListCommitmentsRequest {
        lifecycle: CommitmentLifecycle::Active.into(),
        ..request
    };
    assert_eq!(pages(&running, &open).await, []);
    running.stop().await;
}

/// A filter that hardly anything meets gives short pages, not long ones to wait for.
#[tokio::test]
async fn a_page_looks_at_a_bounded_number_of_promises() {
    let stage = Stage::new();
    for first in (0..2_500).step_by(50) {
        let promises = (first..first + 50).map(|no| promise(&format!("c-{no:04}"), at(3_600 + no)));
        stage.record(&Contact::new(&format!("i-{first}"), promises.collect()));
    }
    let rare = Contact {
        team_id: "rare".to_owned(),
        ..Contact::new("i-rare", vec![promise("rare", at(9_000))])
    };
    stage.record(&rare);
    let running = stage.start().await;
    running.caught_up(&stage).await;
    let request = ListCommitmentsRequest {
        team_id: "rare".to_owned(),
        ..ListCommitmentsRequest::default()
    };
    let first = running
        .client("lead")
        .list_commitments(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(first.commitments, []);
    assert!(!first.next_page_token.is_empty(), "it is not the end");
    let found = pages(&running, &request).await;
    assert_eq!(found.len(), 1);
    running.stop().await;
}

/// What clients take of one answer, unless they were told otherwise.
const ANSWER_TAKEN: usize = 4 << 20;

#[tokio::test]
async fn a_page_of_large_promises_is_as_large_as_clients_take_and_no_larger() {
    let stage = Stage::new();
    let text = "x".repeat(16 << 10);
    for contact in 0..10 {
        let promises = (0..40).map(|no| CommitmentDraft {
            promise_text: text.clone(),
            ..promise(&format!("c-{contact}-{no}"), at(60 + no))
        });
        stage.record(&Contact::new(&format!("i-{contact}"), promises.collect()));
    }
    let running = stage.start().await;
    running.caught_up(&stage).await;
    let mut request = ListCommitmentsRequest {
        page_size: 100_000,
        ..ListCommitmentsRequest::default()
    };
    let (mut client, mut found, mut pages) = (running.client("lead"), 0, 0);
    loop {
        let page = client.list_commitments(request.clone()).await;
        let page = page.unwrap().into_inner();
        assert!(page.encoded_len() < ANSWER_TAKEN);
        found += page.commitments.len();
        pages += 1;
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(found, 400);
    assert!(pages > 1, "6.4 MiB are more than a page");
    running.stop().await;
}
