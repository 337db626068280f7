//! Promises, and what went wrong with customers.

use aftercall_proto::insight::v1::{
    AggregateRequest, ContactFact, ContactFilter, ListSlipUpsRequest, SlipUpKind, SlipUpWindow,
};

use crate::fixture::{Caller, Events, Service, contact};

async fn slips(client: &mut Caller, request: ListSlipUpsRequest) -> Vec<SlipUpWindow> {
    let (mut windows, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = client.request(ListSlipUpsRequest {
            page_size: 1,
            page_token: page_token.clone(),
            latest: true,
            ..request.clone()
        });
        let page = client.client.list_slip_ups(request).await.unwrap();
        let page = page.into_inner();
        windows.extend(page.windows);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return windows;
        }
    }
}

fn kinds(window: &SlipUpWindow) -> Vec<SlipUpKind> {
    window.slip_ups.iter().map(|slip| slip.kind()).collect()
}

#[tokio::test]
async fn the_third_slip_up_in_a_window_is_listed_once() {
    let (events, views) = (Events::new(2), tempfile::tempdir().unwrap());
    let two = |n, customer: &str| {
        let call = contact(n, 5_000)
            .reason("billing")
            .dropped()
            .customer(customer);
        call.record(&events);
        let again = contact(n + 1, 4_000).reason("billing").customer(customer);
        again.record(&events);
    };
    two(10, "twice");
    two(20, "thrice");
    let third = contact(22, 3_000).reason("other").customer("thrice");
    let third = third.promise(1, -2_000);
    third.record(&events);
    third.lapse(&events, 1, 2);
    // A fourth one in the window lists no more.
    let fourth = contact(23, 1_000).reason("other").customer("thrice");
    fourth.queued(1_000, 100).record(&events);
    two(30, "waiting");
    let waited = contact(32, 3_000).reason("other").customer("waiting");
    waited.queued(3_000, 2_000).record(&events);
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let windows = slips(&mut client, ListSlipUpsRequest::default()).await;
    let listed: Vec<_> = windows
        .iter()
        .map(|it| (&*it.customer_id, kinds(it)))
        .collect();
    let (drop, repeat) = (SlipUpKind::Drop, SlipUpKind::Repeat);
    assert_eq!(
        listed,
        [
            ("thrice", vec![drop, repeat, SlipUpKind::Lapse]),
            ("waiting", vec![drop, repeat, SlipUpKind::LongWait]),
        ]
    );
    let one = ListSlipUpsRequest {
        customer_id: "twice".to_owned(),
        threshold: 2,
        ..ListSlipUpsRequest::default()
    };
    let request = client.request(one);
    let windows = client.client.list_slip_ups(request).await.unwrap();
    assert_eq!(windows.into_inner().windows.len(), 1);
    service.stop().await;
}

#[tokio::test]
async fn slip_ups_go_with_the_contact_to_another_customer() {
    let (events, views) = (Events::new(2), tempfile::tempdir().unwrap());
    let call = contact(1, 5_000)
        .reason("billing")
        .customer("first")
        .dropped();
    let call = call.promise(1, -2_000);
    call.record(&events);
    call.lapse(&events, 1, 2);
    call.identify(&events, 2, "second");
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let request = ListSlipUpsRequest {
        threshold: 2,
        ..ListSlipUpsRequest::default()
    };
    let windows = slips(&mut client, request).await;
    assert_eq!(windows.len(), 1);
    assert_eq!(windows[0].customer_id, "second");
    service.stop().await;
}

#[tokio::test]
async fn promises_count_in_the_contact_in_which_they_were_made() {
    let (events, views) = (Events::new(1), tempfile::tempdir().unwrap());
    let call = contact(1, 5_000).reason("billing");
    let call = call.promise(1, -1_000).promise(2, -1_000).promise(3, 1_000);
    call.record(&events);
    call.fulfil(&events, 1, 2, 1_500);
    call.lapse(&events, 2, 2);
    call.fulfil(&events, 2, 3, 500);
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let answer = client.aggregate(AggregateRequest::default()).await.unwrap();
    let total = answer.total.unwrap();
    assert_eq!((total.promises, total.promises_kept), (3, 1));
    assert_eq!((total.promises_late, total.promises_open), (1, 1));
    assert_eq!(total.promises_kept_rate, Some(0.5));
    for (fact, contacts) in [
        (ContactFact::PromiseKept, 1),
        (ContactFact::PromiseLate, 1),
        (ContactFact::PromiseOpen, 1),
        (ContactFact::PromiseBroken, 0),
        (ContactFact::PromiseCalledOff, 0),
        (ContactFact::PromiseMovedAlone, 0),
    ] {
        let filter = ContactFilter {
            facts: vec![fact.into()],
            ..ContactFilter::default()
        };
        let (_, found) = client.contacts(Some(filter)).await;
        assert_eq!(found, contacts, "{fact:?}");
    }
    service.stop().await;
}
