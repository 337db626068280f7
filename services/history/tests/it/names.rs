//! Contacts by their names, several at once, and what was changed in them.

use aftercall_domain::interaction::id_of_reference;
use aftercall_proto::history::v1::get_interaction_request::Which;
use aftercall_proto::history::v1::list_amendments_request::Which as Amended;
use aftercall_proto::history::v1::{
    BatchGetInteractionsRequest, InteractionName, ListAmendmentsRequest, ListAmendmentsResponse,
    ListTimelineRequest, interaction_name, list_timeline_request,
};
use aftercall_proto::model::v1::{ExternalRef, Interaction};
use prost::Message;
use tonic::{Code, Status};

use crate::contact::contact;
use crate::fixture::{
    Caller, Events, Service, TENANT, contact_ids, id, reason, views, wrong_fields,
};

fn reference(system: &str, name: &str) -> ExternalRef {
    ExternalRef {
        source_system: system.to_owned(),
        external_id: name.to_owned(),
    }
}

fn by_id(id: &str) -> InteractionName {
    InteractionName {
        which: Some(interaction_name::Which::InteractionId(id.to_owned())),
    }
}

fn by_reference(system: &str, name: &str) -> InteractionName {
    InteractionName {
        which: Some(interaction_name::Which::ExternalRef(reference(
            system, name,
        ))),
    }
}

#[tokio::test]
async fn a_contact_is_found_by_its_name_elsewhere_with_an_id_and_without() {
    let (events, dir) = (Events::new(), views());
    let derived = id_of_reference(TENANT, "crm", "7").to_string();
    let named = contact(1).referred_to("crm", "7");
    let named = named.with(|interaction| interaction.interaction_id = derived.clone());
    named.record(&events);
    contact(2).referred_to("crm", "8").record(&events);
    contact(3)
        .tenant("other")
        .referred_to("crm", "9")
        .record(&events);
    contact(4).record(&events);
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();

    for (name, expected) in [("7", derived), ("8", id(1, 2))] {
        let which = Which::ExternalRef(reference("crm", name));
        let found = client.get_which(which).await.unwrap();
        assert_eq!(found.interaction.unwrap().interaction_id, expected);
    }
    for (system, name) in [("crm", "9"), ("CRM", "7"), ("crm", ""), ("crm7", "x")] {
        let which = Which::ExternalRef(reference(system, name));
        let refused = client.get_which(which).await.unwrap_err();
        match name {
            "" => assert_eq!(
                wrong_fields(&refused),
                [("external_ref.external_id".into(), "REQUIRED".into())]
            ),
            _ => assert_eq!(reason(&refused), "INTERACTION_NOT_FOUND"),
        }
    }
}

#[tokio::test]
async fn several_contacts_are_answered_at_once_and_what_is_missing_is_said() {
    let (events, dir) = (Events::new(), views());
    contact(1).record(&events);
    contact(2).referred_to("crm", "8").record(&events);
    contact(3).tenant("other").record(&events);
    let service = Service::start(&events, dir.path()).await;
    let names = vec![
        by_reference("crm", "8"),
        by_id(&id(1, 3)),
        by_id(&id(1, 1).to_uppercase()),
        by_reference("crm", "nobody's"),
    ];

    let answer = batch(&service, names.clone()).await.unwrap();

    let found: Vec<_> = answer
        .interactions
        .iter()
        .map(|one| &*one.interaction_id)
        .collect();
    assert_eq!(found, [id(1, 2), id(1, 1)]);
    assert_eq!(answer.not_found, [names[1].clone(), names[3].clone()]);
    assert!(answer.left_out.is_empty());
    for (wrong, field, why) in [
        (vec![], "names", "REQUIRED"),
        (vec![by_id("x"); 101], "names", "TOO_MANY"),
        (
            vec![InteractionName::default()],
            "names[0].interaction_id",
            "REQUIRED",
        ),
    ] {
        let refused = batch(&service, wrong).await.unwrap_err();
        assert_eq!(wrong_fields(&refused), [(field.into(), why.into())]);
    }
}

#[tokio::test]
async fn a_batch_is_bounded_by_bytes_and_says_what_it_left_out() {
    let (events, dir) = (Events::new(), views());
    for n in 0..30 {
        contact(n).shown_as(&"x".repeat(300 << 10)).record(&events);
    }
    let service = Service::start(&events, dir.path()).await;
    let mut names: Vec<_> = (0..30).map(|n| by_id(&id(1, n))).collect();
    let mut read = Vec::new();

    while !names.is_empty() {
        let answer = batch(&service, names).await.unwrap();
        assert!(answer.encoded_len() < 4 << 20);
        assert!(!answer.interactions.is_empty());
        read.extend(
            answer
                .interactions
                .into_iter()
                .map(|one| one.interaction_id),
        );
        names = answer.left_out;
    }
    assert_eq!(read, (0..30).map(|n| id(1, n)).collect::<Vec<_>>());
}

async fn batch(
    service: &Service,
    names: Vec<InteractionName>,
) -> Result<aftercall_proto::history::v1::BatchGetInteractionsResponse, Status> {
    let mut client = service.client();
    let request = client.request(BatchGetInteractionsRequest {
        names,
        min_position: service.tail(),
        latest: false,
    });
    let answer = client.client.batch_get_interactions(request).await?;
    Ok(answer.into_inner())
}

#[tokio::test]
async fn amendments_are_paged_the_latest_first() {
    let (events, dir) = (Events::new(), views());
    let first = contact(1).referred_to("crm", "7");
    first.record(&events);
    let amend = |version: u64| {
        let values = Interaction {
            labels: vec![format!("label-{version}")],
            ..Interaction::default()
        };
        first.amend(&events, version, &["labels"], values)
    };
    (2..=25).for_each(|version| {
        amend(version);
    });
    contact(2).record(&events);
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();

    let answer = client.get(&id(1, 1)).await.unwrap();
    assert_eq!(answer.amendment_count, 24);
    let shown: Vec<_> = answer.amendments.iter().map(|one| one.version).collect();
    assert_eq!(shown, (16..=25).rev().collect::<Vec<_>>());

    let (mut read, mut token) = (Vec::new(), String::new());
    loop {
        let which = Amended::ExternalRef(reference("crm", "7"));
        let page = amendments(&service, &mut client, which, &token)
            .await
            .unwrap();
        assert!(page.amendments.len() <= 7);
        read.extend(page.amendments.iter().map(|one| one.version));
        token = page.next_page_token;
        if token.is_empty() {
            assert_eq!(page.total_size, 25);
            break;
        }
        // What comes later stands before the pages that were read.
        if page.total_size == 24 {
            amend(26);
        }
    }
    assert_eq!(read, (2..=25).rev().collect::<Vec<_>>());

    let none = amendments(&service, &mut client, Amended::InteractionId(id(1, 2)), "").await;
    let mut none = none.unwrap();
    assert!(none.complete_through_at.take().is_some());
    assert_eq!(
        none,
        ListAmendmentsResponse {
            complete_through: service.tail(),
            ..ListAmendmentsResponse::default()
        }
    );
    let which = Amended::InteractionId(id(1, 9));
    let unknown = amendments(&service, &mut client, which, "")
        .await
        .unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
}

async fn amendments(
    service: &Service,
    client: &mut Caller,
    which: Amended,
    page_token: &str,
) -> Result<ListAmendmentsResponse, Status> {
    let request = client.request(ListAmendmentsRequest {
        which: Some(which),
        page_size: 7,
        page_token: page_token.to_owned(),
        min_position: service.tail(),
        latest: false,
    });
    Ok(client.client.list_amendments(request).await?.into_inner())
}

#[tokio::test]
async fn the_latest_is_read_without_naming_a_position() {
    let (events, dir) = (Events::new(), views());
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();
    for n in 1..=50 {
        contact(n).summary("router").record(&events);
        let request = client.request(ListTimelineRequest {
            whose: Some(list_timeline_request::Whose::CustomerId(
                "customer-1".into(),
            )),
            page_size: 500,
            latest: true,
            ..ListTimelineRequest::default()
        });
        let page = client.client.list_timeline(request).await.unwrap();
        let page = page.into_inner();
        assert_eq!(contact_ids(&page.entries).len() as u64, n);
    }
    let request = client.request(aftercall_proto::history::v1::SearchInteractionsRequest {
        query: "router".into(),
        latest: true,
        ..Default::default()
    });
    contact(51).summary("router").record(&events);
    let found = client.client.search_interactions(request).await.unwrap();
    assert_eq!(found.into_inner().total_size, 51);
}
