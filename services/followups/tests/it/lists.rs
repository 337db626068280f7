//! Lists of promises, against a model that looks at all of them.

use std::collections::BTreeMap;

use aftercall_proto::followups::v1::{
    CancelCommitmentRequest, CommitmentFilter, FulfilCommitmentRequest, GetCommitmentRequest,
    ListCommitmentsRequest, LocalDay,
};
use aftercall_proto::model::v1::{
    Commitment, CommitmentDraft, CommitmentKind, CommitmentLifecycle, CommitmentOutcome, Owner,
    Priority, Timeliness, owner,
};
use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use prost::Message;

use crate::stage::{Contact, Running, Stage, at, promise, telephone, unwire, wire};

/// Promises of 6 customers, 3 agents, 2 queues and 3 teams; some done, some called off, some late.
pub(crate) async fn begin(count: usize) -> (Stage, Running) {
    let stage = Stage::new();
    for no in 0..count {
        let owner = match no % 5 {
            queue @ 0..2 => owner::Owner::QueueId(format!("queue-{queue}")),
            agent => owner::Owner::AgentId(format!("agent-{agent}")),
        };
        let draft = CommitmentDraft {
            owner: Some(Owner { owner: Some(owner) }),
            told_to_customer: no % 7 != 0,
            owner_team_id: format!("team-{}", no % 4),
            kind: 1 + no as i32 % 5,
            kind_code: if no % 11 == 0 { "points" } else { "" }.to_owned(),
            priority: 1 + no as i32 % 4,
            read_back_confirmed: no % 2 == 0,
            ..promise(&format!("c-{:04}", no * 7_919 % count), at(due(no)))
        };
        let contact = Contact {
            customer_id: format!("customer-{}", no % 6),
            team_id: format!("team-{}", no % 3),
            handle: telephone(&format!("+4930999{:03}", no % 9)),
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

/// The `count` promises of [`begin`], once those have lapsed that are late.
pub(crate) async fn all(stage: &Stage, running: &Running, count: usize) -> Vec<Commitment> {
    running
        .until(|| stage.lapses().len() == lapsed_by_now(stage))
        .await;
    running.caught_up(stage).await;
    let mut all = Vec::new();
    for no in 0..count {
        all.push(running.get(&format!("c-{no:04}"), "").await);
    }
    all
}

/// Most are due within minutes of each other; some two hours later, on the other side of midnight.
fn due(no: usize) -> i64 {
    let later = if no % 8 == 7 { 7_200 } else { 0 };
    10 + (no as i64 * 31) % 200 + later
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

/// Whether the filters hold, said in another way than the service says it.
pub(crate) fn holds(filter: &CommitmentFilter, commitment: &Commitment) -> bool {
    let owner = commitment.owner.clone().and_then(|owner| owner.owner);
    let (agent, queue) = match owner {
        Some(owner::Owner::AgentId(id)) => (Some(id), None),
        Some(owner::Owner::QueueId(id)) => (None, Some(id)),
        None => (None, None),
    };
    let due = unwire(commitment.promised_by.as_ref());
    let text =
        |asked: &[String], there: &str| asked.is_empty() || asked.iter().any(|it| it == there);
    let number = |asked: &[i32], there: i32| asked.is_empty() || asked.contains(&there);
    let owned = filter.owner_agent_ids.is_empty() && filter.owner_queue_ids.is_empty()
        || agent.is_some_and(|agent| filter.owner_agent_ids.contains(&agent))
        || queue.is_some_and(|queue| filter.owner_queue_ids.contains(&queue));
    let has_number = |asked: &String| {
        let digits: String = asked.chars().filter(char::is_ascii_digit).collect();
        let mut handles = commitment.handles.iter();
        handles.any(|handle| handle.value.ends_with(&digits[1..]))
    };
    let whose = filter.customer_ids.is_empty() && filter.handles.is_empty()
        || filter.customer_ids.contains(&commitment.customer_id)
        || filter.handles.iter().any(has_number);
    let on_day = filter.due_on.as_ref().is_none_or(|day| {
        let zoned = due.in_tz(&day.time_zone).unwrap();
        let date = (
            i32::from(zoned.year()),
            i32::from(zoned.month()),
            i32::from(zoned.day()),
        );
        date == (day.year, day.month, day.day)
    });
    whose
        && owned
        && text(&filter.owner_team_ids, &commitment.owner_team_id)
        && text(&filter.team_ids, &commitment.team_id)
        && number(&filter.kinds, commitment.kind)
        && text(&filter.kind_codes, &commitment.kind_code)
        && number(&filter.priorities, commitment.priority)
        && number(&filter.lifecycles, commitment.lifecycle)
        && number(&filter.timeliness, commitment.timeliness)
        && number(&filter.outcomes, commitment.outcome)
        && filter
            .due_from
            .as_ref()
            .is_none_or(|from| due >= unwire(Some(from)))
        && filter
            .due_before
            .as_ref()
            .is_none_or(|before| due < unwire(Some(before)))
        && on_day
}

/// No value or some.
fn some<T: std::fmt::Debug + Clone + 'static>(
    value: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Vec<T>> {
    prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(value, 1..4)]
}

pub(crate) fn filters() -> impl Strategy<Value = CommitmentFilter> {
    let id = |prefix: &'static str, count: usize| {
        some((0..count).prop_map(move |no| format!("{prefix}-{no}")))
    };
    let number = |max: i32| some(1..=max);
    let due = || prop::option::weighted(0.2, (0_i64..220).prop_map(|due| wire(at(due)).unwrap()));
    let zones = vec![
        "UTC",
        "Europe/Berlin",
        "Pacific/Kiritimati",
        "America/Bogota",
    ];
    let day = (13..16, prop::sample::select(zones));
    let day = day.prop_map(|(day, zone)| LocalDay {
        year: 2023,
        month: 11,
        day,
        time_zone: zone.to_owned(),
    });
    let owners = (id("agent", 6), id("queue", 3), id("team", 5));
    let handles = some((0..12).prop_map(|no| format!("(030) 999-{no:03}")));
    let whose = ((id("customer", 7), handles), owners, id("team", 4));
    let what = (number(6), some(Just("points".to_owned())), number(4));
    let how = (number(3), number(2), number(5));
    let until = prop::option::weighted(0.2, 1_i64..120);
    let when = (due(), until, prop::option::weighted(0.2, day));
    (whose, what, how, when).prop_map(|(whose, what, how, when)| {
        let ((customer_ids, handles), (owner_agent_ids, owner_queue_ids, owner_team_ids), team_ids) = whose;
        let (kinds, kind_codes, priorities) = what;
        let (lifecycles, timeliness, outcomes) = how;
        let (due_from, until, due_on) = when;
        // What ends before it begins is refused.
        let from = due_from.as_ref().map_or(at(0), |from| unwire(Some(from)));
        let due_before = until.and_then(|after| wire(from + SignedDuration::from_secs(after)));
        CommitmentFilter {
            customer_ids,
            handles,
            owner_agent_ids,
            owner_queue_ids,
            owner_team_ids,
            team_ids,
            kinds,
            kind_codes,
            priorities,
            lifecycles,
            timeliness,
            outcomes,
            due_from,
            due_before,
            due_on,
            mine: false,
            plan_ids: Vec::new(),
            series_ids: Vec::new(),
        }
    })
}

#[tokio::test]
async fn every_filter_lists_what_a_look_at_all_promises_finds() {
    let (stage, running) = begin(240).await;
    let mut all = all(&stage, &running, 240).await;
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
    for page_size in (0..40).cycle().take(600) {
        let filter = filters().new_tree(&mut runner).unwrap().current();
        let expected: Vec<_> = all
            .iter()
            .filter(|one| holds(&filter, one))
            .cloned()
            .collect();
        let request = ListCommitmentsRequest {
            filter: Some(filter),
            page_size,
            include_total: true,
            ..ListCommitmentsRequest::default()
        };
        let answer = running
            .client("lead")
            .list_commitments(request.clone())
            .await;
        let answer = answer.unwrap().into_inner();
        assert_eq!(
            answer.total_size,
            Some(expected.len() as u64),
            "{request:?}"
        );
        assert!(!answer.total_size_is_lower_bound);
        assert_eq!(pages(&running, &request).await, expected, "{request:?}");
        found += expected.len();
    }
    assert!(found > 2_000, "the filters find something: {found}");
    running.stop().await;
}

#[tokio::test]
async fn what_was_said_of_a_promise_is_shown() {
    let (_stage, running) = begin(24).await;
    let shown = running.get(&format!("c-{:04}", 22 * 7_919 % 24), "").await;
    assert_eq!(shown.kind(), CommitmentKind::SendDocument);
    assert_eq!(shown.kind_code, "points");
    assert_eq!(shown.priority(), Priority::P3);
    assert_eq!(shown.owner_team_id, "team-2");
    assert!(shown.read_back_confirmed);
    running.stop().await;
}

/// Nobody who asks for more than a page holds is turned away.
#[tokio::test]
async fn a_page_size_beyond_the_largest_is_the_largest() {
    let stage = Stage::new();
    for first in (0..550).step_by(50) {
        let promises = (first..first + 50).map(|no| promise(&format!("c-{no:04}"), at(3_600 + no)));
        stage.record(&Contact::new(&format!("i-{first}"), promises.collect()));
    }
    let running = stage.start().await;
    running.caught_up(&stage).await;
    for (page_size, expected) in [(0, 50), (1, 1), (500, 500), (501, 500), (i32::MAX, 500)] {
        let request = ListCommitmentsRequest {
            page_size,
            ..ListCommitmentsRequest::default()
        };
        let page = running.client("lead").list_commitments(request).await;
        let page = page.unwrap().into_inner();
        assert_eq!(page.commitments.len(), expected, "{page_size}");
        assert_eq!(page.total_size, None, "nobody asked for it");
    }
    running.stop().await;
}

/// What was durable when the request came is in the answer, without a position.
#[tokio::test]
async fn the_latest_is_answered_to_whoever_asks_for_it() {
    let stage = Stage::with_partitions(3);
    let running = stage.start().await;
    for no in 0..200 {
        let id = format!("c-{no}");
        let contact = Contact {
            customer_id: format!("customer-{}", no % 7),
            ..Contact::new(&format!("i-{no}"), vec![promise(&id, at(3_600))])
        };
        stage.record(&contact);
        let get = GetCommitmentRequest {
            commitment_id: id,
            latest: true,
            ..GetCommitmentRequest::default()
        };
        running.client("lead").get_commitment(get).await.unwrap();
    }
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
        filter: Some(CommitmentFilter {
            lifecycles: vec![CommitmentLifecycle::Active.into()],
            ..CommitmentFilter::default()
        }),
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
    let rare = CommitmentDraft {
        kind_code: "rare".to_owned(),
        ..promise("rare", at(9_000))
    };
    stage.record(&Contact::new("i-rare", vec![rare]));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    let request = ListCommitmentsRequest {
        filter: Some(CommitmentFilter {
            kind_codes: vec!["rare".to_owned()],
            ..CommitmentFilter::default()
        }),
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
