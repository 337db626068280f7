//! What an agent needs when the phone rings.

use aftercall_proto::history::v1::get_customer_context_request::Whose;
use aftercall_proto::history::v1::{GetCustomerContextRequest, WarningKind};
use aftercall_proto::model::v1::{ReasonResolution, SignalKind};
use prost::Message;

use crate::contact::contact;
use crate::fixture::{Events, Service, ago, id, views, wrong_fields};

const DAY: i64 = 86_400;

/// The warnings of `customer-1`, each with the contact that it comes from.
async fn warnings(service: &Service) -> Vec<(WarningKind, String)> {
    let context = service.client().context("customer-1").await.unwrap();
    let warnings = context.warnings.into_iter();
    warnings
        .map(|warning| (warning.kind(), warning.interaction_id))
        .collect()
}

#[tokio::test]
async fn the_last_contacts_open_promises_and_what_was_tried() {
    let (events, dir) = (Events::new(), views());
    for n in 1..=7 {
        contact(n)
            .ago(1_000 * (10 - n as i64))
            .promise(n, 5_000 - 100 * n as i64)
            .action("reset_router", "")
            .action(&format!("step_{n}"), "")
            .handling(|handling| handling.steps_already_tried = vec!["unplugged it".into()])
            .record(&events);
    }
    contact(2).promise(2, 4_800).fulfil(&events, 2, 2, 10);
    contact(3).promise(3, 4_700).reschedule(&events, 3, 2, 100);
    contact(9)
        .customer("customer-2")
        .promise(9, 60)
        .record(&events);
    let service = Service::start(&events, dir.path()).await;

    let context = service.client().context("customer-1").await.unwrap();

    assert_eq!(context.interaction_count, 7);
    let shown: Vec<String> = context
        .interactions
        .into_iter()
        .map(|contact| contact.interaction_id)
        .collect();
    assert_eq!(shown, [7, 6, 5, 4, 3].map(|n| id(1, n)));
    let open: Vec<String> = context
        .open_commitments
        .iter()
        .map(|promise| promise.commitment_id.clone())
        .collect();
    assert_eq!(open, [3, 7, 6, 5, 4, 1].map(|n| id(2, n)));
    assert_eq!(context.open_commitments[0].promised_by, Some(ago(-100)));
    let tried: Vec<(&str, &str)> = context
        .tried
        .iter()
        .map(|tried| (&*tried.step, &*tried.interaction_id))
        .collect();
    let seventh = id(1, 7);
    assert_eq!(tried[0], ("reset_router", &*seventh));
    assert_eq!(tried[1], ("step_7", &*seventh));
    assert_eq!(tried[2], ("unplugged it", &*seventh));
    assert_eq!(tried.len(), 9);
}

#[tokio::test]
async fn a_promise_is_overdue_from_the_instant_after_its_due() {
    let (events, dir) = (Events::new(), views());
    contact(1).promise(1, 60).record(&events);
    let service = Service::start(&events, dir.path()).await;

    assert_eq!(warnings(&service).await, []);
    service.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(warnings(&service).await, []);
    service.clock.advance(std::time::Duration::from_micros(1));
    assert_eq!(
        warnings(&service).await,
        [(WarningKind::PromiseOverdue, id(1, 1))]
    );
    contact(1).promise(1, 60).lapse(&events, 1, 2);
    assert_eq!(
        warnings(&service).await,
        [(WarningKind::PromiseOverdue, id(1, 1))]
    );
    contact(1).promise(1, 60).cancel(&events, 1, 3);
    let closed = service.client().context("customer-1").await.unwrap();
    assert_eq!(closed.warnings[0].kind(), WarningKind::PromiseBrokenLately);
    assert_eq!(
        closed.warnings[0].text,
        "A promise was broken on 2026-06-15."
    );
    assert!(closed.open_commitments.is_empty());
}

#[tokio::test]
async fn what_was_grave_lately_is_warned_of_and_what_is_long_ago_is_not() {
    let (events, dir) = (Events::new(), views());
    contact(1)
        .ago(91 * DAY)
        .signal(SignalKind::LegalThreat)
        .record(&events);
    contact(2)
        .ago(89 * DAY)
        .signal(SignalKind::ChurnThreat)
        .record(&events);
    contact(3)
        .ago(50 * DAY)
        .signal(SignalKind::ChurnThreat)
        .record(&events);
    contact(4)
        .ago(40 * DAY)
        .signal(SignalKind::Abuse)
        .feeling(-4.0)
        .dropped()
        .record(&events);
    contact(5)
        .ago(30 * DAY)
        .signal(SignalKind::VulnerableCustomer)
        .record(&events);
    let service = Service::start(&events, dir.path()).await;

    let expected = [
        (WarningKind::VulnerableCustomer, id(1, 5)),
        (WarningKind::Abuse, id(1, 4)),
        (WarningKind::ChurnThreat, id(1, 3)),
    ];
    assert_eq!(warnings(&service).await, expected);

    contact(6).ago(DAY).feeling(-2.0).dropped().record(&events);
    let last = [
        (WarningKind::LastContactDropped, id(1, 6)),
        (WarningKind::LastContactNegative, id(1, 6)),
    ];
    assert_eq!(warnings(&service).await, [&expected[..], &last].concat());
}

#[tokio::test]
async fn a_reason_that_comes_again_unsolved_is_warned_of() {
    let (events, dir) = (Events::new(), views());
    let billing = |n: u64, days: i64, resolution| {
        let reason = ["billing.refund", "billing.charge"][n as usize % 2];
        contact(n).ago(days * DAY).reason(reason, "", resolution)
    };
    billing(1, 31, ReasonResolution::NotResolved).record(&events);
    billing(2, 20, ReasonResolution::NotResolved).record(&events);
    contact(3)
        .ago(DAY)
        .reason("login", "", ReasonResolution::NotResolved)
        .record(&events);
    let service = Service::start(&events, dir.path()).await;
    assert_eq!(warnings(&service).await, []);

    billing(4, 10, ReasonResolution::Partly).record(&events);
    assert_eq!(
        warnings(&service).await,
        [(WarningKind::RepeatedReason, id(1, 4))]
    );
    let context = service.client().context("customer-1").await.unwrap();
    let expected = "\"billing\" came up 2 times within 30 days and was not solved the last time.";
    assert_eq!(context.warnings[0].text, expected);

    billing(5, 5, ReasonResolution::Resolved).record(&events);
    assert_eq!(warnings(&service).await, []);
}

#[tokio::test]
async fn an_imported_promise_that_was_kept_late_counts_by_when_it_was_done() {
    let (events, dir) = (Events::new(), views());
    let done = |n: u64, due_days: i64, done_days: i64| {
        contact(n)
            .imported()
            .ago((due_days + 5) * DAY)
            .promise_done(n, -due_days * DAY, Some(ago(done_days * DAY)))
    };
    done(1, 101, 100).record(&events);
    let service = Service::start(&events, dir.path()).await;
    assert_eq!(warnings(&service).await, []);
    done(2, 50, 49).record(&events);
    assert_eq!(
        warnings(&service).await,
        [(WarningKind::PromiseBrokenLately, id(1, 2))]
    );
    let context = service.client().context("customer-1").await.unwrap();
    assert_eq!(context.warnings[0].commitment_id, id(2, 2));
    assert!(context.open_commitments.is_empty());
}

#[tokio::test]
async fn a_context_is_bounded() {
    let (events, dir) = (Events::new(), views());
    for n in 1..=60 {
        contact(n).promise(n, 60).record(&events);
    }
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();
    let mut context = async |interactions_max| {
        let request = client.request(GetCustomerContextRequest {
            whose: Some(Whose::CustomerId("customer-1".into())),
            interactions_max,
            min_position: service.tail(),
            ..Default::default()
        });
        client
            .client
            .get_customer_context(request)
            .await
            .map(tonic::Response::into_inner)
    };

    let most = context(20).await.unwrap();
    assert_eq!(
        (most.interactions.len(), most.open_commitments.len()),
        (20, 50)
    );
    assert_eq!(most.interaction_count, 60);
    assert_eq!(context(21).await.unwrap().interactions.len(), 20);
    let refused = context(-1).await.unwrap_err();
    assert_eq!(
        wrong_fields(&refused),
        [("interactions_max".into(), "OUT_OF_RANGE".into())]
    );
}

#[tokio::test]
async fn a_context_of_long_texts_is_bounded_by_bytes() {
    let (events, dir) = (Events::new(), views());
    let long = "x".repeat(300 << 10);
    for n in 1..=20 {
        contact(n).shown_as(&long).record(&events);
    }
    let text = "y".repeat(64 << 10);
    for n in 21..=70 {
        let promised = contact(n).promise(n, 60).ago(10_000);
        let promised = promised.with(|contact| contact.commitments[0].promise_text = text.clone());
        promised.record(&events);
    }
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();
    let request = client.request(GetCustomerContextRequest {
        whose: Some(Whose::CustomerId("customer-1".into())),
        interactions_max: 20,
        min_position: service.tail(),
        ..Default::default()
    });

    let answer = client.client.get_customer_context(request).await.unwrap();

    let context = answer.into_inner();
    assert!(context.encoded_len() < 4 << 20, "{}", context.encoded_len());
    assert_eq!(context.interactions.len(), 3);
    assert!((10..50).contains(&context.open_commitments.len()));
    assert_eq!(context.interaction_count, 70);
}
