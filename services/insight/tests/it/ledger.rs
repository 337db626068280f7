//! All that went wrong with one customer, one by one.

use aftercall_proto::insight::v1::{
    ListCustomerSlipUpsRequest, ListCustomerSlipUpsResponse, SlipUpEntry, SlipUpKind,
};
use tonic::Code;

use crate::fixture::{Caller, Events, Service, contact, id};
use crate::saving::{until, whom};

/// All entries, page by page, and the first page without them.
async fn entries(
    client: &mut Caller,
    request: ListCustomerSlipUpsRequest,
) -> (Vec<SlipUpEntry>, ListCustomerSlipUpsResponse) {
    let (mut entries, mut first, mut page_token) = (Vec::new(), None, String::new());
    loop {
        let request = client.request(ListCustomerSlipUpsRequest {
            page_token: page_token.clone(),
            latest: page_token.is_empty(),
            ..request.clone()
        });
        let page = client.client.list_customer_slip_ups(request).await.unwrap();
        let mut page = page.into_inner();
        entries.append(&mut page.entries);
        page_token.clone_from(&page.next_page_token);
        first.get_or_insert(page);
        if page_token.is_empty() {
            return (entries, first.unwrap());
        }
    }
}

fn of(customer_id: &str) -> ListCustomerSlipUpsRequest {
    ListCustomerSlipUpsRequest {
        customer_id: customer_id.to_owned(),
        page_size: 1,
        ..ListCustomerSlipUpsRequest::default()
    }
}

fn kinds(entries: &[SlipUpEntry]) -> Vec<SlipUpKind> {
    let slips = entries.iter().filter_map(|entry| entry.slip_up.as_ref());
    slips.map(|slip| slip.kind()).collect()
}

/// A call that is cut off, one about the same, one with a promise that lapses, and a long wait in two parts: five slip-ups.
fn five(events: &Events, customer_id: &str) {
    let call = |n: u64, began: i64, reason: &str| {
        let call = contact(n, began).reason(reason);
        call.customer(customer_id)
    };
    call(10, 9_000, "billing").dropped().record(events);
    call(11, 8_000, "billing").record(events);
    let promised = call(12, 7_000, "order").promise(1, -6_000);
    promised.record(events);
    promised.lapse(events, 1, 2);
    let lost = call(13, 3_000, "move").trouble(None, 500).dropped();
    lost.queued(3_000, 2_600).record(events);
    call(14, 2_400, "move").queued(2_400, 2_100).record(events);
}

#[tokio::test]
async fn each_slip_up_is_told_with_why_it_counts_and_what_it_led_to() {
    let (events, views) = (Events::new(2), tempfile::tempdir().unwrap());
    five(&events, "often");
    contact(20, 500)
        .reason("other")
        .customer("fine")
        .record(&events);
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let (found, first) = entries(&mut client, of("often")).await;
    assert_eq!(
        kinds(&found),
        [
            SlipUpKind::LongWait,
            SlipUpKind::Drop,
            SlipUpKind::Lapse,
            SlipUpKind::Repeat,
            SlipUpKind::Drop,
        ]
    );
    assert_eq!(first.customer_ids, ["often"]);
    assert!(first.complete_through_at.is_some());
    let [wait, drop, lapse, repeat, _] = &found[..] else {
        panic!("there are five");
    };
    assert_eq!(wait.waited_ms, 700_000);
    assert_eq!(wait.goes_on_with_interaction_ids, [id(1, 13)]);
    assert_eq!(repeat.repeats_interaction_id, id(1, 10));
    assert_eq!(lapse.slip_up.as_ref().unwrap().commitment_id, id(2, 1));
    // The first three are a window; what comes within it afterwards is in none.
    let numbers: Vec<_> = found
        .iter()
        .map(|it| it.window.as_ref().map(|window| window.number))
        .collect();
    assert_eq!(numbers, [None, None, Some(3), Some(2), Some(1)]);
    assert_eq!((drop.waited_ms, &*drop.repeats_interaction_id), (0, ""));
    assert!(entries(&mut client, of("fine")).await.0.is_empty());
    let nobody = client.request(ListCustomerSlipUpsRequest::default());
    let refused = client.client.list_customer_slip_ups(nobody).await;
    assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
    service.stop().await;
}

#[tokio::test]
async fn the_alert_names_the_slip_ups_that_raised_it_and_merged_customers_have_one_ledger() {
    let (events, views) = (Events::new(1), tempfile::tempdir().unwrap());
    let service = Service::start(&events, views.path()).await;
    five(&events, "often");
    until(&service, || whom(&events) == ["often"]).await;
    events.merge(("other", "often"), 1, false);
    let mut client = service.client();
    let (found, first) = entries(&mut client, of("other")).await;
    assert_eq!(first.customer_ids, ["other", "often"]);
    let alerts: Vec<_> = found.iter().map(|it| it.alert.clone()).collect();
    // Of the five, those three that were the first to be known.
    let named: Vec<_> = alerts.iter().flatten().collect();
    assert_eq!((found.len(), named.len()), (5, 3));
    assert!(named.iter().all(|alert| **alert == *named[0]));
    assert!(!named[0].alert_id.is_empty() && named[0].raised_at.is_some());
    service.stop().await;
}

#[tokio::test]
async fn a_ledger_of_thousands_is_read_to_its_end_and_each_once() {
    let (events, views) = (Events::new(1), tempfile::tempdir().unwrap());
    // More than one look takes, and all of them cut off.
    for n in 0..2_500_u64 {
        let began = 3_000_000 - i64::try_from(n).unwrap() * 1_000;
        let call = contact(n, began).reason("billing").customer("always");
        call.dropped().record(&events);
    }
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let request = ListCustomerSlipUpsRequest {
        page_size: 500,
        ..of("always")
    };
    let (found, _) = entries(&mut client, request).await;
    let drops = found.iter().filter_map(|entry| entry.slip_up.as_ref());
    let drops = drops.filter(|slip| slip.kind() == SlipUpKind::Drop);
    let drops: Vec<_> = drops.map(|slip| slip.interaction_id.clone()).collect();
    let expected: Vec<_> = (0..2_500).rev().map(|n| id(1, n)).collect();
    assert_eq!(drops, expected);
    // Each but the first repeats the one before it.
    assert_eq!(found.len(), 2 * 2_500 - 1);
    service.stop().await;
}
