//! Searches that are refused, and why.

use aftercall_proto::history::v1::{
    HandleQuery, InteractionFilter, SearchInteractionsRequest, SearchOrder,
};
use aftercall_proto::insight::v1::ContactFilter;
use aftercall_service::Role;
use prost::Message;
use tonic::Code;

use crate::contact::contact;
use crate::fixture::{Events, Service, TENANT, ago, id, ids, reason, spelled, views, wrong_fields};

#[tokio::test]
async fn bad_searches_name_every_field() {
    let (events, dir) = (Events::new(), views());
    let service = Service::start(&events, dir.path()).await;
    let filter = InteractionFilter {
        customer_ids: vec!["x".into(); 101],
        agent_ids: vec![String::new(), "y".repeat(129)],
        channels: vec![77, 0],
        handles: vec![HandleQuery::default(), spelled(&"9".repeat(513))],
        match_statuses: vec![0],
        occurred_from: Some(ago(0)),
        occurred_before: Some(ago(0)),
        ..Default::default()
    };
    let request = SearchInteractionsRequest {
        filter: Some(filter),
        order: 9,
        page_size: -1,
        facets: vec![1, 1],
        ..Default::default()
    };

    let refused = service.client().search(request).await.unwrap_err();

    let expected = [
        ("facets[1]", "CONFLICTING"),
        ("filter.agent_ids[0]", "REQUIRED"),
        ("filter.agent_ids[1]", "TOO_LONG"),
        ("filter.channels[0]", "UNKNOWN_VALUE"),
        ("filter.channels[1]", "REQUIRED"),
        ("filter.customer_ids", "TOO_MANY"),
        ("filter.handles[0].value", "REQUIRED"),
        ("filter.handles[1].value", "TOO_LONG"),
        ("filter.match_statuses[0]", "REQUIRED"),
        ("filter.occurred_before", "CONFLICTING"),
        ("order", "UNKNOWN_VALUE"),
        ("page_size", "OUT_OF_RANGE"),
    ];
    assert_eq!(
        wrong_fields(&refused),
        expected.map(|(field, why)| (field.into(), why.into()))
    );
    let instant = |seconds, nanos| Some(pbjson_types::Timestamp { seconds, nanos });
    for at in [instant(i64::MAX, 0), instant(i64::MIN, 0), instant(0, -1)] {
        let filter = InteractionFilter {
            occurred_from: at,
            ..Default::default()
        };
        let refused = service
            .client()
            .search(SearchInteractionsRequest {
                filter: Some(filter),
                ..Default::default()
            })
            .await
            .unwrap_err();
        assert_eq!(wrong_fields(&refused)[0].1, "OUT_OF_RANGE");
    }
}

#[tokio::test]
async fn a_page_token_belongs_to_its_own_search() {
    let (events, dir) = (Events::new(), views());
    for n in 1..=4 {
        contact(n).summary("router").record(&events);
        contact(n).tenant("other").summary("router").record(&events);
    }
    let service = Service::start(&events, dir.path()).await;
    let request = SearchInteractionsRequest {
        query: "router".into(),
        page_size: 2,
        ..Default::default()
    };
    let mut client = service.client();
    let token = client
        .search(request.clone())
        .await
        .unwrap()
        .next_page_token;
    let next = SearchInteractionsRequest {
        page_token: token.clone(),
        ..request
    };
    let by_time = SearchOrder::TimeAsc.into();
    let flipped = if token.ends_with('A') { 'B' } else { 'A' };
    let forged = format!("{}{flipped}", &token[..token.len() - 1]);
    let others = [
        SearchInteractionsRequest {
            query: "modem".into(),
            ..next.clone()
        },
        SearchInteractionsRequest {
            order: by_time,
            ..next.clone()
        },
        SearchInteractionsRequest {
            filter: Some(InteractionFilter {
                open_promise: Some(false),
                ..Default::default()
            }),
            ..next.clone()
        },
        SearchInteractionsRequest {
            page_token: forged,
            ..next.clone()
        },
        SearchInteractionsRequest {
            page_token: service.tail(),
            ..next.clone()
        },
    ];
    for other in others {
        let refused = client.search(other).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused)),
            (Code::InvalidArgument, "PAGE_TOKEN_INVALID".into())
        );
    }
    let foreign = service
        .client_as("other", Role::Agent)
        .search(next.clone())
        .await
        .unwrap_err();
    assert_eq!(reason(&foreign), "PAGE_TOKEN_INVALID");
    let rest = client.search(next).await.unwrap();
    assert_eq!(
        (ids(&rest), rest.next_page_token),
        (vec![id(1, 2), id(1, 1)], String::new())
    );
}

#[tokio::test]
async fn the_contacts_behind_a_number_are_known_where_they_are_measured() {
    let (events, dir) = (Events::new(), views());
    contact(1).record(&events);
    let service = Service::start(&events, dir.path()).await;
    let filter = ContactFilter {
        agent_ids: vec!["agent-1".into()],
        ..ContactFilter::default()
    };
    let request = SearchInteractionsRequest {
        contact_filter: filter.encode_to_vec(),
        ..Default::default()
    };
    let refused = service.client().search(request.clone()).await;
    let refused = refused.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused)),
        (Code::FailedPrecondition, "FILTER_NOT_SERVED".into())
    );
    let mut writer = service.client_as(TENANT, Role::KbPublisher);
    let refused = writer.search(request.clone()).await.unwrap_err();
    assert_eq!(reason(&refused), "ROLE_REQUIRED", "who reads no measures");
    let mut then = service.client().asking_as_of_time(ago(60));
    let refused = then.search(request).await.unwrap_err();
    let expected = [("contact_filter".to_owned(), "CONFLICTING".to_owned())];
    assert_eq!(wrong_fields(&refused), expected);
    let long = SearchInteractionsRequest {
        contact_filter: vec![0; (64 << 10) + 1],
        ..Default::default()
    };
    let refused = service.client().search(long).await.unwrap_err();
    let expected = [("contact_filter".to_owned(), "TOO_LONG".to_owned())];
    assert_eq!(wrong_fields(&refused), expected);
}
