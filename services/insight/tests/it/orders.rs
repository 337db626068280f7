//! What contacts are to each other follows from which there are, and not from the order in which they came.

use aftercall_proto::insight::v1::{
    AggregateRequest, AggregateRow, CountRepeatContactsRequest, Dimension, RepeatRow,
};
use aftercall_proto::model::v1::{ContactReason, Interaction};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use crate::fixture::{Contact, Events, Service, contact};

const HOUR: i64 = 3_600;

/// More contacts of one customer than are looked at around one: reasons that come again after just as many, and some more.
const CONTACTS: u64 = 330;

fn reason(n: u64) -> String {
    match (n % 101, n % 50) {
        (0, _) => "just".to_owned(),
        (1, _) => "far".to_owned(),
        (_, 7) => "often".to_owned(),
        _ => format!("once-{n}"),
    }
}

fn called(n: u64) -> Contact {
    let call = contact(n, (CONTACTS - n) as i64 * HOUR).reason(&reason(n));
    match n % 13 {
        0 => call.dropped(),
        _ => call.trouble(n.is_multiple_of(29).then_some(CONTACTS as i64 * HOUR), 60),
    }
}

/// The measures by reason and the repeats by cause, of contacts that came in this order; some of them were first said to
/// be about something else.
async fn measured(order: &[u64], amended: bool) -> (Vec<AggregateRow>, Vec<RepeatRow>) {
    let (events, views) = (Events::new(2), tempfile::tempdir().unwrap());
    for n in order {
        let call = called(*n);
        if !amended || n % 3 > 0 {
            call.record(&events);
            continue;
        }
        let mut other = call.clone();
        other.0.contact_reasons[0].code = "often".to_owned();
        other.record(&events);
    }
    for n in order.iter().filter(|n| amended && *n % 3 == 0) {
        let right = ContactReason {
            code: reason(*n),
            primary: true,
            ..ContactReason::default()
        };
        let values = Interaction {
            contact_reasons: vec![right],
            ..Interaction::default()
        };
        called(*n).amend(&events, 2, &["contact_reasons"], values);
    }
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let request = AggregateRequest {
        dimensions: vec![Dimension::Reason.into()],
        ..AggregateRequest::default()
    };
    let measured = client.aggregate(request).await.unwrap().rows;
    let request = client.request(CountRepeatContactsRequest {
        latest: true,
        ..CountRepeatContactsRequest::default()
    });
    let repeats = client.client.count_repeat_contacts(request).await.unwrap();
    service.stop().await;
    (measured, repeats.into_inner().rows)
}

#[tokio::test]
async fn what_contacts_are_to_each_other_does_not_follow_from_their_order() {
    let mut order: Vec<u64> = (0..CONTACTS).collect();
    let expected = measured(&order, false).await;
    let just = expected
        .0
        .iter()
        .find(|row| row.values[0] == "just")
        .unwrap();
    // Each comes again after a hundred others: one too many.
    assert_eq!(just.measures.as_ref().unwrap().repeats, 0);
    let seed = rand::random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    for round in 0..4 {
        order.shuffle(&mut random);
        let amended = random.random_bool(0.5);
        assert_eq!(measured(&order, amended).await, expected, "round {round}");
    }
}
