//! The largest contacts that the limits allow, and many of them: every answer is one that clients take.
//!
//! The client of these tests takes 4 MiB, as all do unless told otherwise: a larger answer is an error.

use std::sync::mpsc;

use aftercall_domain::limits::{
    AMENDMENT_BYTES_MAX, COMMITMENTS_MAX, RESCHEDULES_SHOWN_MAX, TEXT_BYTES_MAX,
};
use aftercall_log::BODY_BYTES_MAX;
use aftercall_proto::history::v1::{
    BatchGetInteractionsRequest, GetCustomerContextRequest, InteractionName, ListAmendmentsRequest,
    SearchInteractionsRequest, get_customer_context_request, interaction_name,
    list_amendments_request,
};
use aftercall_proto::model::v1::{
    Action, CommitmentDraft, ContactReason, Escalation, Handling, Interaction,
};
use prost::Message;
use tokio::task::JoinSet;

use crate::contact::{Contact, contact};
use crate::fixture::{Caller, Events, Service, ago, id, ids, views};

/// A text of so many bytes.
fn text(bytes: usize) -> String {
    "words ".repeat(bytes.div_ceil(6))[..bytes].to_owned()
}

/// A contact that fills a record, with as many promises of as many words as there may be.
fn large(n: u64) -> Contact {
    let promises = (0..COMMITMENTS_MAX as u64).map(|promise| CommitmentDraft {
        commitment_id: id(2, 100 * n + promise),
        told_to_customer: true,
        promised_by: Some(ago(-3_600)),
        promise_text: text(TEXT_BYTES_MAX),
        ..CommitmentDraft::default()
    });
    let made = contact(n).with(|interaction| interaction.commitments.extend(promises));
    let left = BODY_BYTES_MAX - made.interaction.encoded_len() - 2_048;
    made.handling(|handling| handling.actions = actions(left))
}

fn actions(bytes: usize) -> Vec<Action> {
    let each = TEXT_BYTES_MAX + 64;
    let note = || Action {
        note: text(TEXT_BYTES_MAX),
        ..Action::default()
    };
    (0..bytes / each).map(|_| note()).collect()
}

/// Replaces each list of a contact by as much as an amendment may bring.
fn amend_all(made: &Contact, events: &Events) {
    const LISTS: [&str; 3] = ["handling", "contact_reasons", "escalations"];
    for (version, path) in (2..).zip(LISTS) {
        let mut values = Interaction::default();
        while values.encoded_len() < AMENDMENT_BYTES_MAX - TEXT_BYTES_MAX {
            let words = text(TEXT_BYTES_MAX - 64);
            match path {
                "handling" => {
                    let handling = values.handling.get_or_insert_with(Handling::default);
                    handling.steps_already_tried.push(words);
                }
                "contact_reasons" => values.contact_reasons.push(ContactReason {
                    stated_verbatim: words,
                    ..ContactReason::default()
                }),
                _ => values.escalations.push(Escalation {
                    reason: words,
                    ..Escalation::default()
                }),
            }
        }
        made.amend(events, version, &[path], values);
    }
}

/// Moves each promise of a contact as often as is shown with it, for the longest of reasons.
fn move_all(made: &Contact, events: &Events) {
    for draft in &made.interaction.commitments {
        for moved in 0..RESCHEDULES_SHOWN_MAX as u64 {
            made.reschedule_for(
                events,
                &draft.commitment_id,
                moved + 2,
                text(TEXT_BYTES_MAX),
            );
        }
    }
}

#[tokio::test]
async fn every_answer_is_one_that_clients_take() {
    let (events, dir) = (Events::new(), views());
    let count = 8;
    for n in 1..=count {
        let made = large(n);
        made.record(&events);
        if n == count {
            amend_all(&made, &events);
            move_all(&made, &events);
        }
    }
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();

    let largest = client.get(&id(1, count)).await.unwrap();
    assert!(
        largest.encoded_len() > 3 << 20,
        "not large: {}",
        largest.encoded_len()
    );
    assert!(!largest.commitments.is_empty());
    let context = client.request(GetCustomerContextRequest {
        whose: Some(get_customer_context_request::Whose::CustomerId(
            "customer-1".into(),
        )),
        interactions_max: 20,
        ..GetCustomerContextRequest::default()
    });
    let context = client
        .client
        .get_customer_context(context)
        .await
        .unwrap()
        .into_inner();
    assert!(!context.interactions.is_empty() && !context.open_commitments.is_empty());
    let name = |n| InteractionName {
        which: Some(interaction_name::Which::InteractionId(id(1, n))),
    };
    let batch = client.request(BatchGetInteractionsRequest {
        names: (1..=count).map(name).collect(),
        ..BatchGetInteractionsRequest::default()
    });
    let batch = client
        .client
        .batch_get_interactions(batch)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        batch.interactions.len() + batch.left_out.len(),
        count as usize
    );
    assert!(!batch.interactions.is_empty());
    let amendments = client.request(ListAmendmentsRequest {
        which: Some(list_amendments_request::Which::InteractionId(id(1, count))),
        page_size: 500,
        ..ListAmendmentsRequest::default()
    });
    let amendments = client.client.list_amendments(amendments).await.unwrap();
    assert_eq!(amendments.into_inner().amendments.len(), 3);

    // A list is complete all the same, page by page.
    let moves = COMMITMENTS_MAX * RESCHEDULES_SHOWN_MAX;
    assert_eq!(timeline_entries(&mut client).await, count as usize + moves);
    assert_eq!(search_hits(&mut client).await, count as usize);
}

/// How many entries the timeline has, page by page.
async fn timeline_entries(client: &mut Caller) -> usize {
    let (mut entries, mut token) = (0, String::new());
    loop {
        let page = client.timeline_page("customer-1", 500, &token).await;
        let page = page.unwrap();
        entries += page.entries.len();
        token = page.next_page_token;
        if token.is_empty() {
            return entries;
        }
    }
}

/// How many contacts a search finds, page by page.
async fn search_hits(client: &mut Caller) -> usize {
    let mut found = Vec::new();
    let mut request = SearchInteractionsRequest {
        query: "words".into(),
        page_size: 200,
        ..SearchInteractionsRequest::default()
    };
    loop {
        let page = client.search(request.clone()).await.unwrap();
        found.extend(ids(&page));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return found.len();
        }
    }
}

/// A context of many large contacts is read on the threads that may block, and on no other: while all of
/// those are taken it waits, and the one thread of the runtime goes on with everything else.
#[tokio::test(flavor = "current_thread")]
async fn what_is_read_does_not_hold_up_the_runtime() {
    let (events, dir) = (Events::new(), views());
    for n in 1..=3 {
        large(n).record(&events);
    }
    let service = Service::start(&events, dir.path()).await;
    let (release, wait) = mpsc::sync_channel::<()>(1);
    let wait = std::sync::Arc::new(std::sync::Mutex::new(wait));
    let mut taken = JoinSet::new();
    for _ in 0..READS {
        let (supervisor, wait) = (service.supervisor.clone(), wait.clone());
        // It ends when nobody can release it any more.
        let until_released = move || wait.lock().unwrap().recv().is_err();
        taken.spawn(async move { supervisor.read(until_released).await });
    }
    let mut client = service.client();
    let mut context = JoinSet::new();
    let reads = context.spawn(async move { client.context("customer-1").await });
    let mut probe = service.client();
    for _ in 0..100 {
        // Each is refused by the same server and the same thread before anything is read.
        let refused = probe
            .get("no id of any contact, and far too long ".repeat(9).as_str())
            .await;
        refused.unwrap_err();
    }
    assert!(!reads.is_finished(), "it was read on another thread");
    drop(release);
    let context = context.join_next().await.unwrap().unwrap();
    assert_eq!(context.unwrap().interaction_count, 3);
    for ended in taken.join_all().await {
        ended.unwrap();
    }
}

/// How many reads the process takes at once.
const READS: usize = 16;
