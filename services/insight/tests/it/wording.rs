//! New words that stand out in what rose.

use aftercall_proto::insight::v1::{
    CompareDriversRequest, CompareDriversResponse, ContactFilter, StandingWord,
};
use aftercall_proto::model::v1::{Handling, Interaction};
use aftercall_service::testing::violations_of;
use tonic::Status;

use crate::fixture::{Caller, Contact, Events, Service, ago, contact};

const DAY: i64 = 86_400;

/// The contact number `n`, so many days ago.
fn said(n: u64, days_ago: i64, reason: &str, summary: &str) -> Contact {
    let contact = contact(n, days_ago * DAY).reason(reason).with(|it| {
        let customer = it.customer.get_or_insert_default();
        customer.display_name = "Wilhelmina Brandt".to_owned();
    });
    contact.with(|it| it.handling = handled(summary))
}

fn handled(summary: &str) -> Option<Handling> {
    Some(Handling {
        summary: summary.to_owned(),
        ..Handling::default()
    })
}

/// Sixty contacts before; a hundred since, of which the lines' are no longer slow but out. Twelve others were amended.
fn month(events: &Events) {
    for n in 0..60 {
        let (reason, summary) = match n < 40 {
            true => ("billing.refund", "The invoice was wrong."),
            false => ("network.line", "The line is slow."),
        };
        said(n, 15, reason, summary).record(events);
    }
    for n in 60..100 {
        let amended = n < 72;
        let text = if amended {
            "Zebra."
        } else {
            "The invoice was wrong."
        };
        let contact = said(n, 5, "billing.refund", text);
        contact.record(events);
        if amended {
            let to = Interaction {
                handling: handled("Giraffe."),
                ..Interaction::default()
            };
            contact.amend(events, 2, &["handling"], to);
        }
    }
    for n in 100..160 {
        let few = if n < 104 { " Quartz!" } else { "" };
        let text = format!("Outage after storm, Frau Brandt reports.{few}");
        said(n, 4, "network.line", &text).record(events);
    }
}

async fn compare(
    client: &mut Caller,
    (words_limit, word_contacts_min): (i32, i32),
) -> Result<CompareDriversResponse, Status> {
    let request = client.request(CompareDriversRequest {
        filter: Some(ContactFilter {
            occurred_from: Some(ago(10 * DAY)),
            occurred_before: Some(ago(0)),
            ..ContactFilter::default()
        }),
        words_limit,
        word_contacts_min,
        latest: true,
        ..CompareDriversRequest::default()
    });
    let answer = client.client.compare_drivers(request).await?;
    Ok(answer.into_inner())
}

fn shown(words: &[StandingWord]) -> Vec<&str> {
    words.iter().map(|word| &*word.word).collect()
}

#[tokio::test]
async fn words_of_what_is_new_are_told_with_their_counts_and_nobodys_name() {
    let (events, views) = (Events::new(2), tempfile::tempdir().unwrap());
    month(&events);
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let answer = compare(&mut client, (20, 0)).await.unwrap();
    assert_eq!((answer.sampled, answer.sampled_before), (100, 60));
    let outage = answer.words.iter().find(|it| it.word.contains("outage"));
    let outage = outage.unwrap();
    assert_eq!((outage.contacts, outage.contacts_before), (60, 0));
    assert!(outage.is_new && outage.g2 > 50.0 && outage.q_value < 0.001);
    let all = shown(&answer.words);
    // As it stands since it was amended.
    assert!(all.contains(&"giraffe"), "{all:?}");
    for hidden in ["zebra", "quartz", "brandt", "wilhelmina", "slow", "invoice"] {
        assert!(
            !all.iter().any(|it| it.contains(hidden)),
            "{hidden} in {all:?}"
        );
    }
    let line = answer.drivers.iter().find(|it| it.value == "network.line");
    let line = line.unwrap();
    // Twenty before are too few to be compared with.
    assert!(line.is_against_all);
    assert_eq!((line.sampled, line.sampled_before), (60, 60));
    assert!(line.words.iter().any(|it| it.word.contains("outage")));
    let fell = answer
        .drivers
        .iter()
        .find(|it| it.value == "billing.refund");
    assert!(fell.unwrap().words.is_empty());
    // The same question has the same answer.
    let again = compare(&mut client, (20, 0)).await.unwrap();
    assert_eq!(again.words, answer.words);
    assert_eq!(again.drivers, answer.drivers);
    service.stop().await;
}

#[tokio::test]
async fn words_are_told_as_far_as_they_are_asked_for_and_of_whom_the_caller_reads() {
    let (events, views) = (Events::new(2), tempfile::tempdir().unwrap());
    month(&events);
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let none = compare(&mut client, (0, 0)).await.unwrap();
    assert_eq!((none.words.len(), none.sampled), (0, 0));
    let one = compare(&mut client, (1, 0)).await.unwrap();
    assert_eq!(one.words.len(), 1);
    let many = compare(&mut client, (20, 13)).await.unwrap();
    let words = shown(&many.words);
    assert!(
        !words.is_empty() && !words.contains(&"giraffe"),
        "{words:?}"
    );
    for (limits, field) in [
        ((20, 4), "word_contacts_min"),
        ((20, 1_001), "word_contacts_min"),
        ((51, 0), "words_limit"),
        ((-1, 0), "words_limit"),
    ] {
        let refused = compare(&mut client, limits).await.unwrap_err();
        let expected = (field.to_owned(), "OUT_OF_RANGE".to_owned());
        assert_eq!(violations_of(&refused), [expected]);
    }
    let mut lead = service.lead_of("team-2");
    let others = compare(&mut lead, (20, 0)).await.unwrap();
    assert_eq!((others.sampled, others.words.len()), (0, 0));
    service.stop().await;
}
