//! Contacts that turn out to be somebody's, and customers that turn out to be one.

use aftercall_proto::history::v1::{InteractionFilter, list_timeline_request};
use aftercall_proto::model::v1::{HandleKind, Interaction, MatchStatus};

use crate::contact::{Contact, contact, merge};
use crate::fixture::{Caller, Events, Service, ago, contact_ids, id, spelled, views};
use crate::handles;

async fn found(client: &mut Caller, customer: &str) -> Vec<String> {
    let filter = InteractionFilter {
        customer_ids: vec![customer.to_owned()],
        ..Default::default()
    };
    handles::found(client, filter).await
}

/// Two promises: one that was kept, and one that was moved and is open.
fn promised(contact: Contact, events: &Events) -> Contact {
    let contact = contact.promise(1, 600).promise(2, 700);
    let contact = contact.handle(HandleKind::Telephone, "+4930111222");
    contact.record(events);
    contact.fulfil(events, 1, 2, 30);
    contact.reschedule(events, 2, 2, 9_000);
    contact
}

/// Where the contact number 1, its changes and its open promise are found.
async fn belongs(service: &Service, customer: &str) -> (usize, u64, usize, usize) {
    let mut client = service.client();
    let context = client.context(customer).await.unwrap();
    (
        client.timeline(customer).await.len(),
        context.interaction_count,
        context.open_commitments.len(),
        found(&mut client, customer).await.len(),
    )
}

#[tokio::test]
async fn a_contact_of_one_of_several_is_of_the_one_that_is_named() {
    let (events, dir) = (Events::new(), views());
    let shared = promised(contact(1).one_of(&["SH-1", "SH-2"]), &events);
    let service = Service::start(&events, dir.path()).await;
    assert_eq!(belongs(&service, "SH-1").await, (3, 0, 1, 1));

    shared.identify(&events, 2, "SH-2");
    // This one lost the race, and what comes later counts for the one that was named.
    shared.identify(&events, 2, "SH-1");
    shared.cancel(&events, 2, 3);

    assert_eq!(belongs(&service, "SH-1").await, (0, 0, 0, 0));
    assert_eq!(belongs(&service, "SH-2").await, (4, 1, 0, 1));
    let mut client = service.client();
    let context = client.context("SH-2").await.unwrap();
    assert!(context.ambiguous_interaction_ids.is_empty());
    let answer = client.get(&id(1, 1)).await.unwrap();
    let customer = answer.interaction.unwrap().customer.unwrap();
    assert_eq!(customer.match_status(), MatchStatus::Matched);
    assert_eq!(
        (&*customer.customer_id, &*customer.display_name),
        ("SH-2", "Ada")
    );
    assert!(
        answer
            .commitments
            .iter()
            .all(|one| one.customer_id == "SH-2")
    );
    let before = answer.amendments[0]
        .before
        .clone()
        .unwrap()
        .customer
        .unwrap();
    assert_eq!(before.candidate_customer_ids, ["SH-1", "SH-2"]);
    let whose = list_timeline_request::Whose::Handle(spelled("+4930111222"));
    let by_number = client.timeline_page_of(whose, 50, "").await.unwrap();
    assert_eq!(by_number.entries.len(), 4);
}

#[tokio::test]
async fn a_name_is_corrected_and_taken_back() {
    let (events, dir) = (Events::new(), views());
    let wrong = promised(contact(1).customer("wrong"), &events);
    contact(2).customer("wrong").promise(3, 100).record(&events);
    let service = Service::start(&events, dir.path()).await;
    assert_eq!(belongs(&service, "wrong").await, (4, 2, 2, 2));

    wrong.identify(&events, 2, "right");
    assert_eq!(belongs(&service, "wrong").await, (1, 1, 1, 1));
    assert_eq!(belongs(&service, "right").await, (3, 1, 1, 1));
    wrong.identify(&events, 3, "");
    assert_eq!(belongs(&service, "right").await, (0, 0, 0, 0));
    wrong.identify(&events, 4, "wrong");
    assert_eq!(belongs(&service, "wrong").await, (4, 2, 2, 2));
    let answer = service.client().get(&id(1, 1)).await.unwrap();
    assert_eq!((answer.amendment_count, answer.amendments.len()), (3, 3));

    // Built anew, the view says the same.
    service.stop().await;
    let fresh = views();
    let service = Service::start(&events, fresh.path()).await;
    assert_eq!(belongs(&service, "wrong").await, (4, 2, 2, 2));
    assert_eq!(belongs(&service, "right").await, (0, 0, 0, 0));
}

#[tokio::test]
async fn customers_that_are_one_are_shown_together_under_either_name() {
    let (events, dir) = (Events::new(), views());
    for (n, customer) in ["A", "B", "C", "D"].into_iter().enumerate() {
        let n = n as u64 + 1;
        contact(n)
            .customer(customer)
            .promise(n, 60)
            .ago(n as i64)
            .record(&events);
    }
    contact(5).one_of(&["A", "B"]).ago(5).record(&events);
    let service = Service::start(&events, dir.path()).await;

    merge(&events, ("A", "B"), 1, true);
    merge(&events, ("C", "B"), 1, true);
    for customer in ["A", "B", "C"] {
        let entries = service.client().timeline(customer).await;
        assert_eq!(
            contact_ids(&entries),
            [id(1, 1), id(1, 2), id(1, 3), id(1, 5)]
        );
        assert_eq!(belongs(&service, customer).await, (4, 3, 3, 4));
    }
    assert_eq!(belongs(&service, "D").await, (1, 1, 1, 1));

    merge(&events, ("A", "B"), 2, false);
    assert_eq!(belongs(&service, "A").await, (2, 1, 1, 2));
    assert_eq!(belongs(&service, "B").await, (3, 2, 2, 3));
    assert_eq!(belongs(&service, "C").await, (3, 2, 2, 3));
}

/// What two customers were told apart by is gone once they are one: contacts, promises and references
/// of one id stay several things, and it makes no difference which partition is read first.
#[tokio::test]
async fn things_of_one_id_stay_several_when_their_customers_turn_out_to_be_one() {
    let mut answers = Vec::new();
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let (events, dir) = (Events::new(), views());
        let contacts = ["A", "B", ""].map(|customer| {
            contact(1)
                .customer(customer)
                .promise(1, 600)
                .promise(2, 700)
                .handle(HandleKind::Telephone, "+4930111222")
        });
        for which in order {
            let one = &contacts[which];
            one.record(&events);
            if which < 2 {
                one.fulfil(&events, 1, 2, 30);
            }
            one.identify(&events, 2, "C");
            one.reschedule(&events, 2, 2, 9_000);
        }
        let service = Service::start(&events, dir.path()).await;
        assert_eq!(belongs(&service, "C").await.1, 3, "{order:?}");
        for other in ["A", "B"] {
            assert_eq!(belongs(&service, other).await, (0, 0, 0, 0), "{order:?}");
        }
        let mut client = service.client();
        let mut context = client.context("C").await.unwrap();
        context.complete_through = String::new();
        context.complete_through_at = None;
        assert_eq!(context.open_commitments.len(), 4, "{order:?}");
        let timeline = client.timeline("C").await;
        assert_eq!(timeline.len(), 8, "{order:?}");
        let whose = list_timeline_request::Whose::Handle(spelled("+4930111222"));
        let by_number = client.timeline_page_of(whose, 50, "").await.unwrap();
        assert_eq!(by_number.entries.len(), 8, "{order:?}");
        answers.push(context.open_commitments.len());
        service.stop().await;
    }
    assert_eq!(answers, [4, 4, 4]);
}

/// A contact whose beginning is corrected stands where it belongs by then, with its promises, and is
/// answered as one that was recorded so.
#[tokio::test]
async fn a_contact_that_began_at_another_time_moves_in_every_timeline() {
    for customer in ["C", ""] {
        let (events, dir) = (Events::new(), views());
        let moved = promised(contact(1).customer(customer).ago(100), &events);
        contact(2)
            .customer("C")
            .handle(HandleKind::Telephone, "+4930111222")
            .ago(1_000)
            .record(&events);
        let values = Interaction {
            occurred_at: Some(ago(5_000)),
            ..Interaction::default()
        };
        moved.amend(&events, 2, &["occurred_at"], values);
        let service = Service::start(&events, dir.path()).await;
        let mut client = service.client();
        let whose = || list_timeline_request::Whose::Handle(spelled("+4930111222"));
        let page = client.timeline_page_of(whose(), 50, "").await.unwrap();
        assert_eq!(contact_ids(&page.entries), [id(1, 2), id(1, 1)]);
        assert_eq!(
            page.entries.len(),
            4,
            "each once, with what became of its promises"
        );
        let answer = client.get(&id(1, 1)).await.unwrap();
        assert_eq!(answer.interaction.unwrap().occurred_at, Some(ago(5_000)));
        let before = answer.amendments[0].before.clone().unwrap();
        assert_eq!(before.occurred_at, Some(ago(100)));
        let made = answer.commitments.iter().map(|one| one.made_at);
        assert!(made.clone().all(|at| at == Some(ago(100))), "{made:?}");
        if customer == "C" {
            assert_eq!(
                contact_ids(&client.timeline("C").await),
                [id(1, 2), id(1, 1)]
            );
            assert_eq!(belongs(&service, "C").await, (4, 2, 1, 2));
        }

        // It may turn out to be somebody's after that, and the promises go along.
        moved.identify(&events, 3, "D");
        assert_eq!(belongs(&service, "D").await, (3, 1, 1, 1));
        let page = client.timeline_page_of(whose(), 50, "").await.unwrap();
        assert_eq!(contact_ids(&page.entries), [id(1, 2), id(1, 1)]);
        service.stop().await;
    }
}
