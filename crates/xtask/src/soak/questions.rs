//! Questions whose answers are known: of what was acknowledged, nothing may be missing or changed.

use std::collections::BTreeMap;

use aftercall_client::Client;
use aftercall_proto::alerts::v1::ListAlertsRequest;
use aftercall_proto::followups::v1::{GetCommitmentRequest, ListCommitmentsRequest};
use aftercall_proto::history::v1::timeline_entry::What;
use aftercall_proto::history::v1::{
    GetCustomerContextRequest, GetInteractionRequest, ListTimelineRequest,
    SearchInteractionsRequest,
};
use aftercall_proto::knowledge::v1::{ListCandidatesRequest, SuggestSolutionsRequest};
use futures::TryStreamExt;
use rand::Rng;
use rand::rngs::StdRng;

use super::book::{Entry, Step};
use super::contact::{CUSTOMERS, Contact, Fate, customer};
use super::scene::Scene;

/// Entries of a page, so that a customer has several.
const PAGE_SIZE: i32 = 20;

/// How the record that is said is not as any that may stand; none if it is.
pub(super) fn record_differs(
    entry: &Entry,
    said: &aftercall_proto::model::v1::Interaction,
) -> Option<String> {
    let other = entry.told.as_ref().is_some_and(|(other, _)| *other);
    let may_be: &[bool] = match entry.amendment {
        Step::NotSent => &[false],
        Step::Sent => &[false, true],
        Step::Acknowledged => &[true],
    };
    let differences = may_be
        .iter()
        .map(|amended| entry.contact.differs(said, other, *amended));
    differences.reduce(|one, other| one.and(other)).flatten()
}

/// The same of its promise, once everything that was due has been noticed.
pub(super) fn promise_differs(
    entry: &Entry,
    said: &aftercall_proto::model::v1::Commitment,
) -> Option<String> {
    let may_be: &[bool] = match entry.promise {
        Step::NotSent => &[false],
        Step::Sent => &[false, true],
        Step::Acknowledged => &[true],
    };
    let differences = may_be
        .iter()
        .map(|done| entry.contact.promise_differs(said, *done));
    differences.reduce(|one, other| one.and(other)).flatten()
}

/// Asks for a contact, or for its promise, that was acknowledged.
pub(super) async fn contact(scene: &Scene, client: &Client, it: &Contact, random: &mut StdRng) {
    // Changes that are acknowledged while the server answers may be in the answer or not.
    let before = scene.book.entry(it.number);
    if it.fate() != Fate::None && random.random_bool(0.3) {
        let request = GetCommitmentRequest {
            commitment_id: it.promise_id(),
            latest: true,
            ..GetCommitmentRequest::default()
        };
        let Some(answer) = scene.call(client, "promise", request).await else {
            return;
        };
        let of = answer.commitment.unwrap_or_default().interaction_id;
        if of != it.id() {
            scene
                .book
                .found(format!("the promise of {} is said to be of {of}", it.id()));
        }
        return;
    }
    let request = GetInteractionRequest {
        which: Some(it.id().into()),
        latest: true,
        ..GetInteractionRequest::default()
    };
    let Some(answer) = scene.call(client, "contact", request).await else {
        return;
    };
    let said = answer.interaction.unwrap_or_default();
    let after = scene.book.entry(it.number);
    let wrong = [before, after]
        .into_iter()
        .flatten()
        .map(|entry| record_differs(&entry, &said));
    if let Some(wrong) = wrong.reduce(|one, other| one.and(other)).flatten() {
        scene.book.found(wrong);
    }
}

/// Reads all of a customer's timeline: each contact that was acknowledged before is there, once.
pub(super) async fn timeline(scene: &Scene, client: &Client, random: &mut StdRng) {
    let number = random.random_range(0..CUSTOMERS);
    let acknowledged = scene.book.of_customer(number);
    let request = ListTimelineRequest {
        whose: Some(customer(number).into()),
        page_size: PAGE_SIZE,
        latest: true,
        ..ListTimelineRequest::default()
    };
    let begun = tokio::time::Instant::now();
    let entries: Result<Vec<_>, _> = client.items(request).try_collect().await;
    let entries = match entries {
        Ok(entries) => entries,
        Err(error) => return scene.book.found(format!("timeline: {error}")),
    };
    scene.tally.call("timeline", begun.elapsed());
    let mut times = BTreeMap::<String, usize>::new();
    for entry in entries {
        if let Some(What::Interaction(contact)) = entry.what {
            *times.entry(contact.interaction_id).or_default() += 1;
        }
    }
    for entry in acknowledged {
        let id = entry.contact.id();
        let found = times.get(&id).copied().unwrap_or_default();
        if found != 1 {
            let customer = customer(number);
            scene.book.found(format!(
                "{id} is {found} times in the timeline of {customer}"
            ));
        }
    }
}

/// Asks for a page of something.
pub(super) async fn list(scene: &Scene, client: &Client, random: &mut StdRng) {
    match random.random_range(0..6) {
        0 => {
            let request = GetCustomerContextRequest {
                whose: Some(customer(random.random_range(0..CUSTOMERS)).into()),
                latest: random.random_bool(0.5),
                ..GetCustomerContextRequest::default()
            };
            drop(scene.call(client, "context", request).await);
        }
        1 => {
            let request = SearchInteractionsRequest {
                query: ["orange router", "invoice -parcel", "账单", "\"paid twice\""]
                    [random.random_range(0..4)]
                .to_owned(),
                page_size: PAGE_SIZE,
                ..SearchInteractionsRequest::default()
            };
            drop(scene.call(client, "search", request).await);
        }
        2 => {
            let request = ListCommitmentsRequest {
                page_size: PAGE_SIZE,
                ..ListCommitmentsRequest::default()
            };
            drop(scene.call(client, "promises", request).await);
        }
        3 => {
            let request = ListAlertsRequest {
                page_size: PAGE_SIZE,
                ..ListAlertsRequest::default()
            };
            drop(scene.call(client, "alerts", request).await);
        }
        4 => {
            let request = ListCandidatesRequest {
                page_size: PAGE_SIZE,
                ..ListCandidatesRequest::default()
            };
            drop(scene.call(client, "candidates", request).await);
        }
        _ => {
            let request = SuggestSolutionsRequest {
                text: "the router has an orange light".to_owned(),
                ..SuggestSolutionsRequest::default()
            };
            drop(scene.call(client, "suggestions", request).await);
        }
    }
}
