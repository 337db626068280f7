//! Root causes, said later by whoever looked into a contact.

use aftercall_proto::insight::v1::{
    AggregateRequest, AttributeCauseRequest, AttributeCauseResponse, ContactFilter, Dimension,
};
use tonic::{Code, Status};

use crate::fixture::{Caller, Events, Service, contact, id};

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
