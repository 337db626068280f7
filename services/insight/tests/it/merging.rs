//! Customers who are one are counted as one, and as two again once they are two.

use aftercall_proto::insight::v1::{
    AggregateRequest, AggregateResponse, ListSlipUpsRequest, ListSlipUpsResponse, SlipUpKind,
};

use crate::fixture::{Caller, Events, Service, contact};

const HOUR: i64 = 3_600;

/// A call of the one that is cut off, one of the other about the same, and one of somebody else.
fn called(events: &Events) {
    let first = contact(1, 30 * HOUR).reason("billing.refund").dropped();
    first.customer("one").record(events);
    let second = contact(2, 20 * HOUR).reason("billing.invoice");
    second.customer("other").record(events);
    let third = contact(3, 10 * HOUR).reason("billing.refund");
    third.customer("somebody").record(events);
}

async fn answers(client: &mut Caller) -> (AggregateResponse, ListSlipUpsResponse) {
    let measured = client.aggregate(AggregateRequest::default()).await.unwrap();
    let request = client.request(ListSlipUpsRequest {
        threshold: 2,
        latest: true,
        ..ListSlipUpsRequest::default()
    });
    let slips = client.client.list_slip_ups(request).await.unwrap();
    let (measured, slips) = (
        AggregateResponse {
            complete_through: String::new(),
            ..measured
        },
        ListSlipUpsResponse {
            complete_through: String::new(),
            complete_through_at: None,
            ..slips.into_inner()
        },
    );
    (measured, slips)
}

#[tokio::test]
async fn merged_customers_are_one_for_repeats_resolution_and_slip_ups() {
    let (events, views) = (Events::new(3), tempfile::tempdir().unwrap());
    called(&events);
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let two = answers(&mut client).await;
    let total = two.0.total.clone().unwrap();
    assert_eq!((total.repeats, total.resolved_first), (0, 2));
    assert!(two.1.windows.is_empty());

    events.merge(("one", "other"), 1, false);
    let one = answers(&mut client).await;
    let total = one.0.total.clone().unwrap();
    assert_eq!((total.repeats, total.resolvable), (1, 3));
    assert_eq!(
        total.resolved_first, 2,
        "the one that was cut off was none before"
    );
    let [window] = &one.1.windows[..] else {
        panic!("{:?}", one.1);
    };
    assert_eq!(window.customer_id, "one");
    assert_eq!(window.merged_customer_ids, ["other"]);
    let kinds: Vec<_> = window.slip_ups.iter().map(|it| it.kind()).collect();
    assert_eq!(kinds, [SlipUpKind::Drop, SlipUpKind::Repeat]);
    // Whoever is asked for, it is the same.
    for customer in ["one", "other"] {
        let request = client.request(ListSlipUpsRequest {
            customer_id: customer.to_owned(),
            threshold: 2,
            ..ListSlipUpsRequest::default()
        });
        let slips = client.client.list_slip_ups(request).await.unwrap();
        assert_eq!(slips.into_inner().windows[0].slip_ups, window.slip_ups);
    }

    // What comes while they are one is theirs, too; and it is undone without a trace.
    let late = contact(4, 25 * HOUR).reason("billing.refund");
    late.customer("other").record(&events);
    let total = answers(&mut client).await.0.total.unwrap();
    assert_eq!(total.repeats, 2);
    events.merge(("one", "other"), 2, true);
    let undone = answers(&mut client).await;
    service.stop().await;

    let (events, views) = (Events::new(3), tempfile::tempdir().unwrap());
    called(&events);
    let late = contact(4, 25 * HOUR).reason("billing.refund");
    late.customer("other").record(&events);
    let service = Service::start(&events, views.path()).await;
    let mut never = answers(&mut service.client()).await;
    never.0.complete_through_at = undone.0.complete_through_at;
    assert_eq!(undone, never);
    service.stop().await;
}
