//! Root causes, said later by whoever looked into a contact.

use aftercall_proto::insight::v1::{
    AggregateRequest, AttributeCauseRequest, AttributeCauseResponse, ContactFilter, Dimension,
};
use aftercall_proto::model::v1::{CallEvent, CallEventKind as Kind, Segment, SegmentKind};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::fixture::{Caller, Events, Service, ago, contact, id};
use crate::telling::event;

async fn say(
    client: &mut Caller,
    (request_id, n): (&str, u64),
    code: &str,
) -> Result<AttributeCauseResponse, Status> {
    let request = client.request(AttributeCauseRequest {
        request_id: request_id.to_owned(),
        interaction_id: id(1, n),
        root_cause_code: code.to_owned(),
        note: "Looked into it.".to_owned(),
        ..AttributeCauseRequest::default()
    });
    let said = client.client.attribute_cause(request).await?;
    Ok(said.into_inner())
}

async fn causes(client: &mut Caller) -> Vec<(String, i64)> {
    let request = AggregateRequest {
        dimensions: vec![Dimension::RootCause.into()],
        ..AggregateRequest::default()
    };
    let rows = client.aggregate(request).await.unwrap().rows;
    let count = |row: &aftercall_proto::insight::v1::AggregateRow| {
        let contacts = row.measures.as_ref().unwrap().contacts;
        (row.values[0].clone(), contacts)
    };
    rows.iter().map(count).collect()
}

#[tokio::test]
async fn the_last_cause_that_was_said_counts_and_stays_with_the_contact() {
    let (events, views) = (Events::new(2), tempfile::tempdir().unwrap());
    let call = contact(1, 1_000).reason("billing.refund");
    call.record(&events);
    call.identify(&events, 2, "somebody-else");
    contact(2, 900).reason("outage").record(&events);
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let first = say(&mut client, ("one", 1), "process.delay").await.unwrap();
    let again = say(&mut client, ("one", 1), "process.delay").await.unwrap();
    assert_eq!(first, again);
    say(&mut client, ("two", 1), "promise.not_kept")
        .await
        .unwrap();
    let mixed = say(&mut client, ("two", 1), "system.down")
        .await
        .unwrap_err();
    assert_eq!(mixed.code(), Code::AlreadyExists);
    let unknown = say(&mut client, ("three", 9), "x").await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    let said = |code: &str| (code.to_owned(), 1);
    assert_eq!(
        causes(&mut client).await,
        [said(""), said("promise.not_kept")]
    );
    let without = ContactFilter {
        unset: vec![Dimension::RootCause.into()],
        ..ContactFilter::default()
    };
    assert_eq!(client.contacts(Some(without)).await.0, [id(1, 2)]);
    say(&mut client, ("four", 1), "").await.unwrap();
    assert_eq!(causes(&mut client).await, [(String::new(), 2)]);
    service.stop().await;
}

#[tokio::test]
async fn who_took_the_contact_does_not_say_its_root_cause() {
    let (events, views) = (Events::new(2), tempfile::tempdir().unwrap());
    contact(1, 1_000)
        .with(|it| it.agent_id = "sup-1".into())
        .record(&events);
    let of_another = Segment {
        kind: SegmentKind::Agent.into(),
        agent_id: "sup-1".into(),
        answered_at: Some(ago(900)),
        ..Segment::default()
    };
    contact(2, 900)
        .with(|it| it.segments.push(of_another))
        .record(&events);
    contact(3, 800).record(&events);
    // Telephony tells that they had a part in it.
    contact(4, 700).record(&events);
    events.tell([
        event(4, 700, Kind::Started),
        CallEvent {
            agent_id: "sup-1".into(),
            ..event(4, 690, Kind::Answered)
        },
        event(4, 600, Kind::Ended),
    ]);
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    for n in [1, 2, 4] {
        let refused = say(&mut client, ("own", n), "process.delay").await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied);
        let info = refused.get_details_error_info().unwrap();
        assert_eq!(info.reason, "ROOT_CAUSE_BY_SAME_PERSON");
    }
    say(&mut client, ("else", 3), "process.delay")
        .await
        .unwrap();
    let unsure = client.request(AttributeCauseRequest {
        request_id: "unsure".to_owned(),
        interaction_id: id(1, 3),
        confidence: Some(1.5),
        ..AttributeCauseRequest::default()
    });
    let refused = client.client.attribute_cause(unsure).await.unwrap_err();
    let wrong = refused.get_details_bad_request().unwrap();
    assert_eq!(wrong.field_violations[0].field, "confidence");
    service.stop().await;
}
