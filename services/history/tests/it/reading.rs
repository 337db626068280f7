//! One contact, and a customer's timeline.

use std::collections::BTreeSet;

use aftercall_proto::history::v1::list_timeline_request::Whose;
use aftercall_proto::history::v1::{CommitmentChangeKind, TimelineEntry, timeline_entry::What};
use aftercall_proto::model::v1::{
    CommitmentLifecycle, CommitmentOrigin, CommitmentOutcome, Interaction, ReasonResolution,
    Timeliness,
};
use aftercall_service::Role;
use proptest::prelude::*;
use tonic::Code;

use crate::contact::{contact, made_id};
use crate::fixture::{Events, Service, ago, contact_ids, id, reason, views, wrong_fields};

#[tokio::test]
async fn a_contact_is_answered_with_its_amendments_and_promises() {
    let (events, dir) = (Events::new(), views());
    let first = contact(1)
        .summary("Rebooted the router")
        .promise(1, 3_600)
        .promise(2, -600);
    first.record(&events);
    let values = Interaction {
        labels: vec!["vip".into()],
        ..Interaction::default()
    };
    first.amend(&events, 2, &["labels"], values);
    first.fulfil(&events, 1, 2, 30);
    let service = Service::start(&events, dir.path()).await;

    let answer = service.client().get(&first.id()).await.unwrap();

    let interaction = answer.interaction.unwrap();
    assert_eq!(
        (interaction.version, &*interaction.labels),
        (2, &["vip".to_owned()][..])
    );
    assert_eq!(interaction.handling.unwrap().summary, "Rebooted the router");
    assert_eq!(interaction.recorded_at, Some(ago(0)));
    assert_eq!(answer.amendment_count, 1);
    let [amendment] = answer.amendments.try_into().unwrap();
    assert_eq!(amendment.before, Some(Interaction::default()));
    assert_eq!((amendment.version, &*amendment.reason), (2, "a slip"));
    let [kept, late] = answer.commitments.try_into().unwrap();
    assert_eq!(kept.lifecycle(), CommitmentLifecycle::Fulfilled);
    assert_eq!((kept.outcome(), kept.version), (CommitmentOutcome::Kept, 2));
    // Nobody has said so yet, but the clock is past the due.
    assert_eq!(late.lifecycle(), CommitmentLifecycle::Active);
    assert_eq!(late.timeliness(), Timeliness::Overdue);
}

#[tokio::test]
async fn what_lost_a_race_changes_nothing() {
    let (events, dir) = (Events::new(), views());
    let first = contact(1).summary("first").promise(1, 3_600);
    first.record(&events);
    first.clone().summary("second").record(&events);
    let values = |label: &str| Interaction {
        labels: vec![label.into()],
        ..Interaction::default()
    };
    first.amend(&events, 2, &["labels"], values("kept"));
    first.amend(&events, 2, &["labels"], values("lost"));
    first.amend(&events, 4, &["labels"], values("early"));
    first.fulfil(&events, 1, 3, 30);
    first.cancel(&events, 1, 2);
    first.fulfil(&events, 1, 2, 30);
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();

    let answer = client.get(&first.id()).await.unwrap();

    let interaction = answer.interaction.unwrap();
    assert_eq!(
        (interaction.version, &*interaction.labels),
        (2, &["kept".to_owned()][..])
    );
    assert_eq!(interaction.handling.unwrap().summary, "first");
    assert_eq!(answer.amendments.len(), 1);
    assert_eq!(
        answer.commitments[0].lifecycle(),
        CommitmentLifecycle::Cancelled
    );
    assert_eq!(client.timeline("customer-1").await.len(), 2);
    assert_eq!(client.found("first").await, [first.id()]);
    assert!(client.found("second").await.is_empty());
}

#[tokio::test]
async fn two_customers_contacts_of_one_id_are_both_told() {
    let (events, dir) = (Events::new(), views());
    let first = contact(1).summary("first").promise(1, 3_600);
    let second = first.clone().summary("second").customer("customer-2");
    first.record(&events);
    second.record(&events);
    second.fulfil(&events, 1, 2, 30);
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();

    let answer = client.get(&first.id()).await.unwrap();

    let interaction = answer.interaction.unwrap();
    assert_eq!(interaction.handling.unwrap().summary, "first");
    let promise = &answer.commitments[0];
    assert_eq!(promise.lifecycle(), CommitmentLifecycle::Active);
    assert_eq!(client.timeline("customer-1").await.len(), 1);
    assert_eq!(client.timeline("customer-2").await.len(), 2);
    assert_eq!(client.found("first").await, [first.id()]);
    assert_eq!(client.found("second").await, [second.id()]);
}

#[tokio::test]
async fn a_timeline_tells_all_that_happened_the_latest_first() {
    let (events, dir) = (Events::new(), views());
    let old = contact(1)
        .ago(9_000)
        .promise(1, 600)
        .promise(2, 700)
        .promise(3, -10);
    let new = contact(2).ago(4_000);
    // Recorded in the other order, and two at the same instant.
    new.record(&events);
    old.record(&events);
    contact(3).ago(4_000).record(&events);
    contact(4).customer("somebody else").record(&events);
    contact(5).customer("").record(&events);
    old.fulfil(&events, 1, 2, 300);
    old.reschedule(&events, 2, 2, 9_000);
    old.lapse(&events, 3, 2);
    old.cancel(&events, 3, 3);
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();

    let entries = client.timeline("customer-1").await;

    let told: Vec<String> = entries
        .iter()
        .map(|entry| match entry.what.as_ref().unwrap() {
            What::Interaction(contact) => contact.interaction_id.clone(),
            What::CommitmentChange(change) => format!(
                "{} {}",
                change
                    .kind()
                    .as_str_name()
                    .trim_start_matches("COMMITMENT_CHANGE_KIND_"),
                change.commitment.as_ref().unwrap().version
            ),
        })
        .collect();
    let expected = [
        "LAPSED 2",
        "RESCHEDULED 2",
        "CANCELLED 3",
        "FULFILLED 2",
        &id(1, 3),
        &id(1, 2),
        &id(1, 1),
    ];
    assert_eq!(told, expected);
    let What::CommitmentChange(moved) = entries[1].what.as_ref().unwrap() else {
        panic!()
    };
    assert_eq!(moved.kind(), CommitmentChangeKind::Rescheduled);
    assert_eq!(
        moved.commitment.as_ref().unwrap().promised_by,
        Some(ago(-9_000))
    );
    // A caller whom nobody knows, and no handle names, has no timeline, but the contact is there.
    assert!(client.get(&id(1, 5)).await.is_ok());
}

/// What a customer's timeline tells, in short.
fn in_short(entries: &[TimelineEntry]) -> Vec<String> {
    let told = entries
        .iter()
        .map(|entry| match entry.what.as_ref().unwrap() {
            What::Interaction(contact) => contact.interaction_id.clone(),
            What::CommitmentChange(change) => {
                let kind = change.kind().as_str_name();
                let of = &change.commitment.as_ref().unwrap().commitment_id;
                format!(
                    "{} {of}",
                    kind.trim_start_matches("COMMITMENT_CHANGE_KIND_")
                )
            }
        });
    told.collect()
}

#[tokio::test]
async fn a_promise_that_was_made_later_is_told_with_its_contact_and_moves_with_it() {
    let (events, dir) = (Events::new(), views());
    let contact = contact(1).ago(5_000).customer("").promise(1, 700);
    contact.record(&events);
    contact.make(&events, 2, 60);
    contact.identify(&events, 2, "customer-1");
    contact.lapse_made(&events, 2, 2, -1);
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();

    let told = in_short(&client.timeline("customer-1").await);
    assert_eq!(told, [format!("LAPSED {}", made_id(2)), id(1, 1)]);
    let shown = client.get(&id(1, 1)).await.unwrap().commitments;
    let shown: Vec<_> = shown
        .iter()
        .map(|one| (&*one.commitment_id, &*one.customer_id, one.lapses.len()))
        .collect();
    let (first, second) = (id(2, 1), made_id(2));
    assert_eq!(
        shown,
        [(&*first, "customer-1", 0), (&*second, "customer-1", 1)]
    );
    let context = client.context("customer-1").await.unwrap();
    let open = context.open_commitments.iter();
    let open: Vec<_> = open.map(|one| &*one.commitment_id).collect();
    assert_eq!(open, [&*second, &*first]);
}

#[tokio::test]
async fn who_was_cut_off_and_back_first_is_told_with_both_contacts() {
    let (events, dir) = (Events::new(), views());
    let (lost, back) = (contact(1).ago(5_000).dropped(), contact(2).ago(100));
    lost.record(&events);
    lost.call_back(&events, 1);
    back.record(&events);
    lost.satisfy(&events, 1, &back);
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();

    let told = in_short(&client.timeline("customer-1").await);
    assert!(
        told.contains(&format!("WITHDRAWN {}", made_id(1))),
        "{told:?}"
    );
    let [shown] = &client.get(&id(1, 1)).await.unwrap().commitments[..] else {
        panic!("one promise");
    };
    assert_eq!(shown.origin(), CommitmentOrigin::DropRecovery);
    assert_eq!(
        (shown.outcome(), &*shown.evidence_interaction_id),
        (CommitmentOutcome::SatisfiedByCustomerReturn, &*id(1, 2))
    );
    let context = client.context("customer-1").await.unwrap();
    assert_eq!(context.open_commitments, []);
}

#[tokio::test]
async fn a_promise_without_a_contact_is_told_to_its_customer_alone() {
    let (events, dir) = (Events::new(), views());
    let nowhere = contact(1).with(|contact| contact.interaction_id = String::new());
    nowhere.make(&events, 1, 60);
    nowhere.make(&events, 2, 90);
    nowhere.fulfil_made(&events, 2, 2, 10);
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();

    let told = in_short(&client.timeline("customer-1").await);
    let (first, second) = (made_id(1), made_id(2));
    let expected = [
        format!("FULFILLED {second}"),
        format!("MADE {second}"),
        format!("MADE {first}"),
    ];
    assert_eq!(told, expected);
    let context = client.context("customer-1").await.unwrap();
    let open = context.open_commitments.iter();
    let open: Vec<_> = open.map(|one| &*one.commitment_id).collect();
    assert_eq!(open, [&*first]);
}

#[tokio::test]
async fn an_unknown_contact_and_a_foreign_one_are_not_found_alike() {
    let (events, dir) = (Events::new(), views());
    contact(1).tenant("other").record(&events);
    let service = Service::start(&events, dir.path()).await;

    let foreign = service.client().get(&id(1, 1)).await.unwrap_err();
    let unknown = service.client().get(&id(1, 2)).await.unwrap_err();

    assert_eq!(
        (foreign.code(), reason(&foreign)),
        (Code::NotFound, "INTERACTION_NOT_FOUND".into())
    );
    assert_eq!(foreign.message(), unknown.message());
    assert!(
        service
            .client_as("other", Role::Agent)
            .get(&id(1, 1))
            .await
            .is_ok()
    );
    assert!(service.client().timeline("customer-1").await.is_empty());
    assert_eq!(
        service
            .client()
            .context("customer-1")
            .await
            .unwrap()
            .interaction_count,
        0
    );
}

#[tokio::test]
async fn who_may_not_read_is_told_so() {
    let (events, dir) = (Events::new(), views());
    let service = Service::start(&events, dir.path()).await;

    let mut admin = service.client_as("acme", Role::TenantAdmin);
    let refused = admin.get(&id(1, 1)).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused)),
        (Code::PermissionDenied, "ROLE_REQUIRED".into())
    );

    let mut nobody = service.client().client;
    let refused = nobody
        .get_interaction(aftercall_proto::history::v1::GetInteractionRequest::default())
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn bad_requests_name_every_field() {
    let (events, dir) = (Events::new(), views());
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();

    let refused = client
        .timeline_page(&"x".repeat(129), -1, "")
        .await
        .unwrap_err();

    assert_eq!(
        (refused.code(), reason(&refused)),
        (Code::InvalidArgument, "INVALID_REQUEST".into())
    );
    let wrong = [("customer_id", "TOO_LONG"), ("page_size", "OUT_OF_RANGE")];
    assert_eq!(
        wrong_fields(&refused),
        wrong.map(|(field, why)| (field.into(), why.into()))
    );
    let refused = client.get("").await.unwrap_err();
    assert_eq!(
        wrong_fields(&refused),
        [("interaction_id".into(), "REQUIRED".into())]
    );
}

#[tokio::test]
async fn forged_and_foreign_page_tokens_are_refused() {
    let (events, dir) = (Events::new(), views());
    for n in 1..=3 {
        contact(n).record(&events);
        contact(n + 10).tenant("other").record(&events);
    }
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();
    let token = client
        .timeline_page("customer-1", 2, "")
        .await
        .unwrap()
        .next_page_token;
    let mut foreign = service.client_as("other", Role::Agent);
    let other_tenant = foreign
        .timeline_page("customer-1", 2, &token)
        .await
        .unwrap_err();
    let other_customer = client
        .timeline_page("customer-2", 2, &token)
        .await
        .unwrap_err();
    let mut cut = token.clone();
    cut.pop();
    let cut = client
        .timeline_page("customer-1", 2, &cut)
        .await
        .unwrap_err();
    let position = client
        .timeline_page("customer-1", 2, &service.tail())
        .await
        .unwrap_err();

    for refused in [other_tenant, other_customer, cut, position] {
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert_eq!(reason(&refused), "PAGE_TOKEN_INVALID", "{refused:?}");
    }
    let rest = client.timeline_page("customer-1", 2, &token).await.unwrap();
    assert_eq!(contact_ids(&rest.entries), [id(1, 1)]);
}

#[tokio::test]
async fn a_read_waits_for_the_write_that_it_names() {
    let (events, dir) = (Events::new(), views());
    let service = Service::start(&events, dir.path()).await;
    for n in 1..=50 {
        contact(n)
            .reason("billing", "", ReasonResolution::Resolved)
            .record(&events);
        // A new client names the position of what was just written.
        let mut client = service.client();
        assert_eq!(client.timeline("customer-1").await.len() as u64, n);
    }
    assert_eq!(service.client().found("billing").await.len(), 50);
}

#[tokio::test]
async fn a_position_that_the_log_does_not_have_is_refused_at_once() {
    let (events, dir) = (Events::new(), views());
    let service = Service::start(&events, dir.path()).await;
    contact(1).record(&events);
    let ahead = service.tail();
    // The same log, begun again.
    let fresh = Service::start(&Events::new(), views().path()).await;
    for (position, why) in [(ahead.as_str(), "beyond"), ("nonsense", "malformed")] {
        let request = fresh
            .client()
            .request(aftercall_proto::history::v1::ListTimelineRequest {
                whose: Some(Whose::CustomerId("customer-1".into())),
                min_position: position.into(),
                ..Default::default()
            });
        let refused = fresh
            .client()
            .client
            .list_timeline(request)
            .await
            .unwrap_err();
        assert_eq!(reason(&refused), "POSITION_INVALID");
        assert!(refused.message().contains(why), "{refused:?}");
    }
}

proptest! {
    #![proptest_config(crate::fixture::cases(12))]

    /// Pages read while others write are together the timeline as it was at the first page.
    #[test]
    fn pages_together_are_the_timeline(
        times in prop::collection::vec(0i64..50, 1..60),
        later in prop::collection::vec(0i64..50, 0..30),
        page_size in 1i32..9,
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(pages_while_writing(&times, &later, page_size));
    }
}

async fn pages_while_writing(times: &[i64], later: &[i64], page_size: i32) {
    let (events, dir) = (Events::new(), views());
    for (n, seconds) in times.iter().enumerate() {
        contact(n as u64).ago(*seconds).record(&events);
    }
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();
    let whole = contact_ids(&client.timeline("customer-1").await);
    let (mut read, mut token) = (Vec::new(), String::new());
    let mut writes = later.iter().enumerate();
    loop {
        let page = client
            .timeline_page("customer-1", page_size, &token)
            .await
            .unwrap();
        assert!(page.entries.len() <= page_size as usize);
        read.extend(contact_ids(&page.entries));
        token = page.next_page_token;
        for (n, seconds) in writes.by_ref().take(3) {
            contact(1_000 + n as u64).ago(*seconds).record(&events);
        }
        // Makes sure that the view has what was just written before the next page.
        service
            .client()
            .timeline_page("customer-1", 1, "")
            .await
            .unwrap();
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(read, whole);
    let mut expected: Vec<(i64, usize)> = times
        .iter()
        .enumerate()
        .map(|(n, seconds)| (*seconds, usize::MAX - n))
        .collect();
    expected.sort_unstable();
    let expected: Vec<String> = expected
        .into_iter()
        .map(|(_, n)| id(1, (usize::MAX - n) as u64))
        .collect();
    assert_eq!(whole, expected);
    assert_eq!(whole.iter().collect::<BTreeSet<_>>().len(), times.len());
}
