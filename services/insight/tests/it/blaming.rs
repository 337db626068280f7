//! To whom it is put down that lines were lost: by records, by what somebody says later, by amendments.

use aftercall_proto::insight::v1::{AggregateRequest, ContactFilter, Dimension};
use aftercall_proto::model::v1::{
    CallEventKind as Kind, Disconnect, DropAttribution, DropClass, Interaction,
};

use crate::fixture::{Caller, Events, Service, contact};
use crate::telling::event;

fn lost(whose: DropAttribution) -> Option<Disconnect> {
    Some(Disconnect {
        drop_class: DropClass::Confirmed.into(),
        attribution: whose.into(),
        ..Disconnect::default()
    })
}

/// Each group with how many contacts it has; behind each are as many.
async fn blamed(client: &mut Caller, filter: Option<ContactFilter>) -> Vec<(String, i64)> {
    let request = AggregateRequest {
        filter,
        dimensions: vec![Dimension::DropAttribution.into()],
        ..AggregateRequest::default()
    };
    let mut counts = Vec::new();
    for row in client.aggregate(request).await.unwrap().rows {
        let contacts = row.measures.unwrap().contacts;
        assert_eq!(client.contacts(row.filter).await.1, contacts);
        counts.push((row.values[0].clone(), contacts));
    }
    counts
}

#[tokio::test]
async fn contacts_are_grouped_and_found_by_to_whom_their_loss_is_put_down() {
    let (events, views) = (Events::new(2), tempfile::tempdir().unwrap());
    let recorded = |n: u64, whose| {
        let contact = contact(n, 10_000 * i64::try_from(n).unwrap());
        contact.with(|it| it.disconnect = lost(whose))
    };
    recorded(1, DropAttribution::Carrier).record(&events);
    contact(2, 20_000).record(&events);
    // Somebody says otherwise, of a call of which telephony told.
    recorded(3, DropAttribution::Carrier).record(&events);
    events.tell([
        event(3, 30_000, Kind::Started),
        event(3, 29_000, Kind::Ended),
    ]);
    events.put_down(3, DropClass::Confirmed, DropAttribution::Ours);
    // Or what is none of those that there are.
    contact(5, 50_000).record(&events);
    events.tell([
        event(5, 50_000, Kind::Started),
        event(5, 49_000, Kind::Ended),
    ]);
    events.put_down(5, DropClass::Confirmed, 99);
    // And so does an amendment, of a contact of which it told nothing.
    let amended = recorded(4, DropAttribution::Unknown);
    amended.record(&events);
    let to = Interaction {
        disconnect: lost(DropAttribution::CustomerDevice),
        ..Interaction::default()
    };
    amended.amend(&events, 2, &["disconnect"], to);
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let expected = [("", 2), ("CARRIER", 1), ("CUSTOMER_DEVICE", 1), ("OURS", 1)];
    let expected = expected.map(|(value, contacts)| (value.to_owned(), contacts));
    assert_eq!(blamed(&mut client, None).await, expected);
    let of_two = [DropAttribution::Carrier, DropAttribution::CustomerDevice];
    let of_two = ContactFilter {
        drop_attributions: of_two.map(i32::from).to_vec(),
        ..ContactFilter::default()
    };
    assert_eq!(blamed(&mut client, Some(of_two)).await, expected[1..3]);
}
