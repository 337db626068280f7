//! Customers that are found by what somebody types of them.

use aftercall_proto::history::v1::{FindCustomersRequest, FindCustomersResponse, FoundCustomer};
use aftercall_proto::model::v1::HandleKind;
use aftercall_service::Role;
use tonic::Status;

use crate::contact::{Contact, contact, merge};
use crate::fixture::{Caller, Events, Service, ago, reason, views, wrong_fields};

/// The contact number `n` of a customer of this name, so many seconds ago.
fn named(n: u64, customer: &str, name: &str, seconds: i64) -> Contact {
    contact(n).customer(customer).shown_as(name).ago(seconds)
}

async fn page(
    (service, client): (&Service, &mut Caller),
    (text, page_size, page_token): (&str, i32, &str),
) -> Result<FindCustomersResponse, Status> {
    let min_position = match page_token {
        "" => service.tail(),
        _ => String::new(),
    };
    let request = client.request(FindCustomersRequest {
        text: text.to_owned(),
        page_size,
        page_token: page_token.to_owned(),
        min_position,
        latest: false,
    });
    Ok(client.client.find_customers(request).await?.into_inner())
}

async fn found(service: &Service, text: &str) -> Vec<FoundCustomer> {
    let page = page((service, &mut service.client()), (text, 50, "")).await;
    let page = page.unwrap();
    assert!(page.next_page_token.is_empty() && !page.cut_short, "{text}");
    page.customers
}

async fn ids(service: &Service, text: &str) -> Vec<String> {
    let found = found(service, text).await.into_iter();
    found.map(|one| one.customer_id).collect()
}

#[tokio::test]
async fn words_of_a_name_find_whoever_has_it_in_any_order_and_however_it_is_written() {
    let (events, dir) = (Events::new(), views());
    for (n, (customer, name)) in (1..).zip([
        ("C-1", "Anna Meier"),
        ("C-2", "Anna Meierhofer"),
        ("C-3", "José García-Núñez"),
        ("C-4", "Jürgen Strauß"),
        ("C-5", "王小明"),
        ("C-6", "Ελένη Παπαδοπούλου"),
        ("C-7", "Dr. Anna-Lena Meier"),
    ]) {
        named(n, customer, name, 100 * n as i64).record(&events);
    }
    let other = named(8, "C-1", "Anna Meier", 10).tenant("other");
    other.record(&events);
    // Nobody knows whose these are.
    named(9, "", "Anna Meier", 10).record(&events);
    contact(10)
        .one_of(&["C-1", "C-9"])
        .shown_as("Zoe Meier")
        .record(&events);
    let service = Service::start(&events, dir.path()).await;

    for (text, expected) in [
        // Whole words first, and the latest contact of those that fit as well.
        ("meier", vec!["C-1", "C-7", "C-2"]),
        ("ANNA  meier", vec!["C-1", "C-7", "C-2"]),
        ("meier, anna", vec!["C-1", "C-7", "C-2"]),
        ("mei lena", vec!["C-7"]),
        ("jose garcia", vec!["C-3"]),
        ("nunez", vec!["C-3"]),
        ("juergen", vec![]),
        ("jurgen strauss", vec!["C-4"]),
        ("王", vec!["C-5"]),
        ("小明", vec!["C-5"]),
        ("ΕΛΕΝΗ παπ", vec!["C-6"]),
        ("eier", vec![]),
        ("anna garcia", vec![]),
        ("zoe", vec![]),
    ] {
        assert_eq!(ids(&service, text).await, expected, "{text}");
    }
    let mut stranger = service.client_as("other", Role::Supervisor);
    let theirs = page((&service, &mut stranger), ("meier", 0, "")).await;
    let theirs = theirs.unwrap().customers;
    assert_eq!((theirs.len(), theirs[0].interaction_count), (1, 1));
}

#[tokio::test]
async fn an_id_a_number_and_an_address_find_their_customer_as_wholes() {
    let (events, dir) = (Events::new(), views());
    named(1, "C-1", "Anna Meier", 10)
        .handle(HandleKind::Telephone, "+4930999001")
        .handle(HandleKind::Mail, "anna@example.com")
        .record(&events);
    named(2, "4930999001", "Bert", 20).record(&events);
    contact(3).customer("C-11").record(&events);
    let service = Service::start(&events, dir.path()).await;

    for (text, expected) in [
        ("C-1", vec!["C-1"]),
        (" C-11 ", vec!["C-11"]),
        ("c-1", vec![]),
        ("+49 30 999001", vec!["C-1"]),
        ("030 999001", vec!["C-1"]),
        ("4930999001", vec!["C-1", "4930999001"]),
        ("Anna@Example.com", vec!["C-1"]),
        ("030 9990", vec![]),
    ] {
        assert_eq!(ids(&service, text).await, expected, "{text}");
    }
    let nameless = &found(&service, "C-11").await[0];
    assert_eq!(
        (&*nameless.display_name, nameless.interaction_count),
        ("", 1)
    );
}

#[tokio::test]
async fn the_latest_name_is_shown_and_one_that_was_had_before_still_finds() {
    let (events, dir) = (Events::new(), views());
    named(1, "C-1", "Anna Schulz", 5_000)
        .promise(1, 600)
        .record(&events);
    named(2, "C-1", "Anna Meier", 1_000)
        .promise(2, 700)
        .promise(3, 800)
        .record(&events);
    // Recorded last, and of before.
    named(3, "C-1", "A. Schulz", 9_000).record(&events);
    // Says no name.
    contact(4).customer("C-1").ago(500).record(&events);
    named(2, "C-1", "Anna Meier", 1_000)
        .promise(2, 700)
        .fulfil(&events, 2, 2, 30);
    let service = Service::start(&events, dir.path()).await;

    let expected = FoundCustomer {
        customer_id: "C-1".into(),
        display_name: "Anna Meier".into(),
        matched_name: String::new(),
        last_contact_at: Some(ago(500)),
        interaction_count: 4,
        open_commitment_count: 2,
    };
    assert_eq!(
        found(&service, "meier").await,
        std::slice::from_ref(&expected)
    );
    assert_eq!(
        found(&service, "anna").await,
        std::slice::from_ref(&expected)
    );
    let before = FoundCustomer {
        matched_name: "Anna Schulz".into(),
        ..expected
    };
    assert_eq!(found(&service, "anna schulz").await, [before]);
    // Words of two names are no name.
    assert_eq!(found(&service, "meier schulz").await, []);
}

#[tokio::test]
async fn a_name_follows_its_contact_to_whoever_it_turns_out_to_be() {
    let (events, dir) = (Events::new(), views());
    let unknown = named(1, "", "Bert", 100);
    unknown.record(&events);
    let wrong = named(2, "C-2", "Bert", 200);
    wrong.record(&events);
    let service = Service::start(&events, dir.path()).await;
    assert_eq!(ids(&service, "bert").await, ["C-2"]);

    // It says who it was: Ada.
    unknown.identify(&events, 2, "C-1");
    assert_eq!(ids(&service, "ada").await, ["C-1"]);
    wrong.identify(&events, 2, "C-1");
    assert!(ids(&service, "bert").await.is_empty());
    assert_eq!(ids(&service, "C-2").await, Vec::<String>::new());
    let ada = &found(&service, "ada").await[0];
    assert_eq!((&*ada.customer_id, ada.interaction_count), ("C-1", 2));
    unknown.identify(&events, 3, "");
    wrong.identify(&events, 3, "");
    assert!(ids(&service, "ada").await.is_empty());
}

#[tokio::test]
async fn customers_that_are_one_are_found_as_one_by_the_names_of_either() {
    let (events, dir) = (Events::new(), views());
    named(1, "C-1", "Anna Schulz", 500)
        .promise(1, 60)
        .record(&events);
    named(2, "C-2", "Anna Meier", 100)
        .promise(2, 60)
        .record(&events);
    named(3, "C-3", "Anna Weber", 300).record(&events);
    let service = Service::start(&events, dir.path()).await;
    assert_eq!(ids(&service, "anna").await, ["C-2", "C-3", "C-1"]);

    merge(&events, ("C-1", "C-2"), 1, true);
    for (text, id, matched) in [
        ("schulz", "C-2", "Anna Schulz"),
        ("meier", "C-2", ""),
        // Whoever asks for an id is answered by it.
        ("C-1", "C-1", ""),
    ] {
        let found = found(&service, text).await;
        let [one] = &found[..] else {
            panic!("{text}: {found:?}")
        };
        assert_eq!((&*one.customer_id, &*one.matched_name), (id, matched));
        assert_eq!(one.display_name, "Anna Meier");
        assert_eq!((one.interaction_count, one.open_commitment_count), (2, 2));
    }
    assert_eq!(ids(&service, "anna").await, ["C-2", "C-3"]);
    merge(&events, ("C-1", "C-2"), 2, false);
    assert_eq!(ids(&service, "anna").await, ["C-2", "C-3", "C-1"]);
}

#[tokio::test]
async fn pages_hold_together_while_others_write() {
    let (events, dir) = (Events::new(), views());
    for n in 0..23 {
        let customer = format!("C-{n:02}");
        named(n, &customer, "Anna Meier", 1_000 + n as i64).record(&events);
    }
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();
    let whole = ids(&service, "meier").await;
    let (mut read, mut token) = (Vec::new(), String::new());
    for n in 100.. {
        let next = page((&service, &mut client), ("meier", 5, &token)).await;
        let next = next.unwrap();
        assert!(next.customers.len() <= 5);
        read.extend(next.customers.into_iter().map(|one| one.customer_id));
        token = next.next_page_token;
        if token.is_empty() {
            break;
        }
        // Somebody who was found calls again, under another name, and somebody else for the first time.
        named(n, "C-22", "Anna Maier", 10).record(&events);
        named(n + 100, &format!("D-{n}"), "Anna Meier", 5).record(&events);
        let refused = page((&service, &mut client), ("meie", 5, &token)).await;
        assert_eq!(reason(&refused.unwrap_err()), "PAGE_TOKEN_INVALID");
    }
    assert_eq!(whole.len(), 23);
    assert_eq!(read, whole);
}

#[tokio::test]
async fn a_view_that_is_built_anew_finds_the_same() {
    let (events, dir) = (Events::new(), views());
    for n in 0..30 {
        let name = ["Anna Meier", "Anna Schulz", "Bert Meier", ""][n as usize % 4];
        let one = named(n, &format!("C-{}", n % 7), name, 40 * n as i64);
        one.record(&events);
        if n % 5 == 0 {
            one.identify(&events, 2, &format!("C-{}", n % 3));
        }
    }
    merge(&events, ("C-1", "C-2"), 1, true);
    let mut answers = Vec::new();
    for _ in 0..2 {
        let service = Service::start(&events, dir.path()).await;
        let mut answer = Vec::new();
        for text in ["anna", "mei", "ada", "C-2", "schulz anna"] {
            answer.push(found(&service, text).await);
        }
        answers.push(answer);
        service.stop().await;
        std::fs::remove_dir_all(dir.path().join("history")).unwrap();
    }
    assert!(answers[0].iter().any(|found| found.len() > 3));
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn what_says_too_little_or_too_much_is_refused() {
    let (events, dir) = (Events::new(), views());
    let service = Service::start(&events, dir.path()).await;
    for (text, page_size, expected) in [
        ("", 0, vec![("text", "REQUIRED")]),
        ("  ", 0, vec![("text", "REQUIRED")]),
        (" a ", 0, vec![("text", "TOO_SHORT")]),
        (
            "a",
            -1,
            vec![("page_size", "OUT_OF_RANGE"), ("text", "TOO_SHORT")],
        ),
        (&*"x".repeat(513), 0, vec![("text", "TOO_LONG")]),
    ] {
        let refused = page((&service, &mut service.client()), (text, page_size, "")).await;
        let expected = expected.into_iter();
        let expected: Vec<_> = expected
            .map(|(field, why)| (field.to_owned(), why.to_owned()))
            .collect();
        assert_eq!(wrong_fields(&refused.unwrap_err()), expected, "{text}");
    }
    for text in ["王", "…!", &*"x".repeat(512)] {
        assert!(ids(&service, text).await.is_empty(), "{text}");
    }
}

#[tokio::test]
async fn where_more_fits_than_is_looked_at_it_is_said_and_more_words_find_all() {
    let (events, dir) = (Events::new(), views());
    for n in 0..1_050 {
        let (customer, name) = (format!("C-{n}"), format!("Anna Nr{n}"));
        named(n, &customer, &name, 10).record(&events);
    }
    let service = Service::start(&events, dir.path()).await;
    let many = page((&service, &mut service.client()), ("anna", 50, "")).await;
    let many = many.unwrap();
    assert_eq!(many.customers.len(), 50);
    assert!(many.cut_short && !many.next_page_token.is_empty());
    assert_eq!(ids(&service, "anna nr1049").await, ["C-1049"]);
}
