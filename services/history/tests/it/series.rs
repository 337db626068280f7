//! Promises that recur, told with their contact.

use aftercall_domain::interaction::occurrence_commitment_id;
use aftercall_proto::envelope::{Fact, contact_key};
use aftercall_proto::event::v1::{CommitmentMade, CommitmentRecurrenceEnded};
use aftercall_proto::model::v1::{
    CatchUp, CommitmentDraft, Occurrence, Recurrence, RecurrenceEnd, RecurrenceMode,
};

use crate::contact::{Contact, contact};
use crate::fixture::{Events, Service, TENANT, ago, id, views};

const DAY: i64 = 86_400;

/// A contact with a promise that recurs each day, and was due a day ago.
fn recurring() -> Contact {
    let contact = contact(1).promise(1, -DAY);
    contact.with(|contact| {
        let draft = contact.commitments.pop().unwrap();
        let first = occurrence(draft, String::new(), 1);
        contact.commitments.push(first);
    })
}

/// The promise of a series that has this number.
fn occurrence(draft: CommitmentDraft, series_id: String, number: u32) -> CommitmentDraft {
    let due_at = Some(ago(DAY * (2 - i64::from(number))));
    let recurrence = Recurrence {
        rrule: "FREQ=DAILY".to_owned(),
        time_zone: "UTC".to_owned(),
        mode: RecurrenceMode::Independent.into(),
        until: Some(ago(-9 * DAY)),
        catch_up: CatchUp::Skip.into(),
        max_open: 3,
        ..Recurrence::default()
    };
    let place = Occurrence {
        series_id,
        occurrence_no: number,
        rule_no: number,
        local_time: format!("2026-06-{:02}T12:00:00", 13 + number),
        due_at,
        ..Occurrence::default()
    };
    CommitmentDraft {
        promised_by: due_at,
        recurrence: Some(recurrence),
        occurrence: Some(place),
        ..draft
    }
}

fn next_id(contact: &Contact, number: u32) -> String {
    let key = contact_key(TENANT, "customer-1", &contact.id());
    occurrence_commitment_id(&key, &id(2, 1), number).to_string()
}

/// Appends the promise of the series that has this number.
fn make(contact: &Contact, events: &Events, number: u32) {
    let first = contact.interaction.commitments[0].clone();
    let draft = CommitmentDraft {
        commitment_id: next_id(contact, number),
        ..occurrence(first, id(2, 1), number)
    };
    let fact = Fact::CommitmentMade(Box::new(CommitmentMade {
        commitment: Some(draft),
        made_at: Some(ago(200)),
        ..CommitmentMade::default()
    }));
    let about = contact.about(next_id(contact, number), 1, ago(200));
    events.fact(&about, &fact);
}

/// Appends that no further promise of the series is made, as an event of one of them.
fn end(contact: &Contact, events: &Events, (commitment_id, version): (String, u64)) {
    let fact = Fact::CommitmentRecurrenceEnded(CommitmentRecurrenceEnded {
        cause: RecurrenceEnd::Asked.into(),
        reason: "the part is here".to_owned(),
    });
    events.fact(&contact.about(commitment_id, version, ago(100)), &fact);
}

#[tokio::test]
async fn a_promise_of_a_series_shows_the_next_one_and_the_latest_that_there_is_none() {
    let (events, dir) = (Events::new(), views());
    let contact = recurring();
    contact.record(&events);
    make(&contact, &events, 2);
    let service = Service::start(&events, dir.path()).await;
    let then = service.client().asking_as_of(service.tail());
    make(&contact, &events, 3);
    // Who ended it did not know of the latest one yet.
    end(&contact, &events, (id(2, 1), 2));

    let shown = async |mut client: crate::fixture::Caller| {
        let all = client.get(&id(1, 1)).await.unwrap().commitments;
        let places = all.into_iter().map(|one| one.occurrence.unwrap());
        let told = places.map(|place| (place.next_commitment_id, place.series_ended));
        told.collect::<Vec<_>>()
    };
    let [second, third] = [2, 3].map(|number| next_id(&contact, number));
    let expected = [
        (second.clone(), true),
        (third, false),
        (String::new(), true),
    ];
    assert_eq!(shown(service.client()).await, expected);
    // As it was before that.
    let before = [(second, false), (String::new(), false)];
    assert_eq!(shown(then).await, before);
    service.stop().await;
}
