//! What made customers call, their way through the voice menu, and what codes are called.

use aftercall_log::Log;
use aftercall_proto::insight::v1::{
    AggregateRequest, AggregateRow, AttributeCauseRequest, CompareDriversRequest, ContactFilter,
    Dimension,
};
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{
    CallEvent, CallEventKind as Kind, DisconnectReason, DriverSegment, DriverSetter, Interaction,
    IvrStep, Setting, Taxonomy, TaxonomyKind, TaxonomyNode, UnknownCodes,
};
use aftercall_service::testing::{setting, setting_changed, violations_of};
use futures::FutureExt;

use crate::fixture::{Caller, Contact, Events, Service, TENANT, ago, contact, id, now};
use crate::telling::event;

fn segment(code: &str) -> Option<DriverSegment> {
    Some(DriverSegment {
        code: code.to_owned(),
        set_by: DriverSetter::Agent.into(),
        ..DriverSegment::default()
    })
}

fn driven(n: u64, seconds_ago: i64, code: &str) -> Contact {
    let contact = contact(n, seconds_ago).reason("billing.refund");
    contact.with(|it| it.driver_segment = segment(code))
}

fn steps(nodes: &[&str]) -> Vec<IvrStep> {
    let step = |node: &&str| IvrStep {
        node: (*node).to_owned(),
        ..IvrStep::default()
    };
    nodes.iter().map(step).collect()
}

/// The groups of a dimension: value, label and count; each with as many contacts as its filter finds.
async fn grouped(client: &mut Caller, dimension: Dimension) -> Vec<(String, String, i64)> {
    let request = AggregateRequest {
        dimensions: vec![dimension.into()],
        ..AggregateRequest::default()
    };
    let rows = client.aggregate(request).await.unwrap().rows;
    let mut groups = Vec::new();
    for row in rows {
        let AggregateRow {
            values,
            labels,
            measures,
            filter,
            ..
        } = row;
        let contacts = measures.unwrap().contacts;
        let (found, total) = client.contacts(filter).await;
        assert_eq!(
            (found.len() as i64, total),
            (contacts, contacts),
            "{values:?}"
        );
        groups.push((values[0].clone(), labels[0].clone(), contacts));
    }
    groups
}

fn group(value: &str, label: &str, contacts: i64) -> (String, String, i64) {
    (value.to_owned(), label.to_owned(), contacts)
}

#[tokio::test]
async fn contacts_are_grouped_by_what_made_customers_call_as_it_was_said_last() {
    let (events, views) = (Events::new(2), tempfile::tempdir().unwrap());
    driven(1, 900, "incident.outage").record(&events);
    driven(2, 800, "incident.outage").record(&events);
    driven(3, 700, "own.code").record(&events);
    let later = contact(4, 600).reason("billing.refund");
    later.record(&events);
    contact(5, 500).reason("billing.refund").record(&events);
    let to = Interaction {
        driver_segment: segment("incident.weather"),
        ..Interaction::default()
    };
    later.amend(&events, 2, &["driver_segment"], to);
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    // The tenant has no taxonomy, so the default one says what codes are called.
    assert_eq!(
        grouped(&mut client, Dimension::DriverSegment).await,
        [
            group("", "", 1),
            group("incident.outage", "An outage", 2),
            group("incident.weather", "Weather", 1),
            group("own.code", "", 1),
        ]
    );
    assert_eq!(
        grouped(&mut client, Dimension::DriverFamily).await,
        [
            group("", "", 1),
            group("incident", "Something happened", 3),
            group("own", "", 1),
        ]
    );
    // Reason, driver and root cause are three things.
    assert_eq!(
        grouped(&mut client, Dimension::Reason).await,
        [group("billing.refund", "A refund", 5)]
    );
    let compare = client.request(CompareDriversRequest {
        filter: Some(ContactFilter {
            occurred_from: Some(ago(750)),
            occurred_before: Some(ago(0)),
            ..ContactFilter::default()
        }),
        by: Dimension::DriverSegment.into(),
        latest: true,
        ..CompareDriversRequest::default()
    });
    let compared = client.client.compare_drivers(compare).await.unwrap();
    let compared = compared.into_inner();
    let of = |value: &str| {
        compared
            .drivers
            .iter()
            .find(|it| it.value == value)
            .unwrap()
    };
    assert_eq!(of("incident.outage").contacts_before, 2);
    assert_eq!(of("incident.weather").label, "Weather");
    assert!(of("incident.weather").is_new && of("incident.weather").words.is_empty());
    assert_eq!(compared.sampled, 0);
    service.stop().await;
}

#[tokio::test]
async fn contacts_are_grouped_by_their_way_through_the_menu_recorded_or_told() {
    let (events, views) = (Events::new(2), tempfile::tempdir().unwrap());
    let step = |n: u64, at: i64, node: &str| CallEvent {
        menu_node: node.to_owned(),
        ..event(n, at, Kind::MenuStep)
    };
    let call = |n: u64| {
        let ended = CallEvent {
            disconnect_reason: DisconnectReason::Customer.into(),
            ..event(n, 860, Kind::Ended)
        };
        vec![
            step(n, 900, "main"),
            step(n, 890, "main:2"),
            step(n, 880, "bills"),
            ended,
        ]
    };
    // Nobody recorded the first; of the second telephony tells, before and after somebody did.
    events.tell(call(1));
    let told = call(2);
    events.tell(told[..2].to_vec());
    contact(2, 900).reason("billing").record(&events);
    events.tell(told[2..].to_vec());
    let own = contact(3, 700).reason("billing");
    own.with(|it| it.ivr_path = steps(&["main", "main:3"]))
        .record(&events);
    let amended = contact(4, 600).reason("billing");
    amended.record(&events);
    let to = Interaction {
        ivr_path: steps(&["bills"]),
        ..Interaction::default()
    };
    amended.amend(&events, 2, &["ivr_path"], to);
    contact(5, 500).reason("billing").record(&events);
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    assert_eq!(
        grouped(&mut client, Dimension::IvrPath).await,
        [
            group("", "", 1),
            group("bills", "", 1),
            group("main > main:2 > bills", "", 2),
            group("main > main:3", "", 1),
        ]
    );
    assert_eq!(
        grouped(&mut client, Dimension::IvrNode).await,
        [
            group("", "", 1),
            group("bills", "", 3),
            group("main:3", "", 1),
        ]
    );
    service.stop().await;
}

/// A taxonomy of root causes, which the tenant sets up for the `revision`th time.
fn set_up(events: &Events, revision: u64, unknown_codes: UnknownCodes) {
    let taxonomy = Taxonomy {
        kind: TaxonomyKind::RootCause.into(),
        nodes: vec![TaxonomyNode {
            code: "process.delay".to_owned(),
            label: "We were slow".to_owned(),
            ..TaxonomyNode::default()
        }],
        unknown_codes: unknown_codes.into(),
        ..Taxonomy::default()
    };
    let setting = Setting {
        version: revision,
        ..setting("causes", Body::Taxonomy(taxonomy))
    };
    let record = setting_changed(TENANT, revision, setting, now());
    let appended = events.0.append(vec![record]).now_or_never();
    appended.unwrap().unwrap();
}

#[tokio::test]
async fn a_root_cause_is_one_of_the_tenants_taxonomy_where_it_says_so() {
    let (events, views) = (Events::new(1), tempfile::tempdir().unwrap());
    contact(1, 900).reason("billing.refund").record(&events);
    set_up(&events, 1, UnknownCodes::Refuse);
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let say = |request_id: &str, code: &str| AttributeCauseRequest {
        request_id: request_id.to_owned(),
        interaction_id: id(1, 1),
        root_cause_code: code.to_owned(),
        ..AttributeCauseRequest::default()
    };
    let wrong = client.request(say("one", "process.dlay"));
    let refused = client.client.attribute_cause(wrong).await.unwrap_err();
    let named = violations_of(&refused);
    assert_eq!(
        named,
        [("root_cause_code".to_owned(), "UNKNOWN_CODE".to_owned())]
    );
    let right = client.request(say("two", "process.delay"));
    let said = client.client.attribute_cause(right).await.unwrap();
    assert_eq!(said.into_inner().warnings, []);
    assert_eq!(
        grouped(&mut client, Dimension::RootCause).await,
        [group("process.delay", "We were slow", 1)]
    );

    set_up(&events, 2, UnknownCodes::Warn);
    let odd = client.request(say("three", "process.dlay"));
    let said = client
        .client
        .attribute_cause(odd)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(said.warnings[0].reason, "UNKNOWN_CODE");
    let text = &said.warnings[0].description;
    assert!(text.contains("did you mean process.delay?"), "{text}");
    service.stop().await;
}
