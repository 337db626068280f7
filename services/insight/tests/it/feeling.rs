//! How customers felt, and what was noticed: as it was recorded, and as it is said later.

use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{Event, InteractionAnalysed};
use aftercall_proto::history::v1::{InteractionFilter, SentimentBand};
use aftercall_proto::insight::v1::{AggregateRequest, AggregateRow, ContactFilter, Dimension};
use aftercall_proto::model::v1::{Interaction, Sentiment, Signal, SignalKind};
use aftercall_service::testing::reason_of;
use tonic::Code;

use crate::fixture::{Caller, Contact, Events, Service, TENANT, ago, contact, id};

fn by(scorer: &str, (start, end): (f64, f64)) -> Sentiment {
    Sentiment {
        start: Some(start),
        end: Some(end),
        scorer: scorer.to_owned(),
        ..Sentiment::default()
    }
}

fn felt(n: u64, own: Option<(f64, f64)>, kinds: &[SignalKind]) -> Contact {
    let signals = kinds.iter().map(|kind| Signal {
        kind: (*kind).into(),
        ..Signal::default()
    });
    let contact = contact(n, 1_000);
    contact.with(|it| {
        it.sentiment = own.map(|felt| by("agent", felt));
        it.signals = signals.collect();
    })
}

/// Something is found in a contact later, as its version.
fn analyse(
    (events, of): (&Events, &Contact),
    version: u64,
    (sentiments, kinds): (&[Sentiment], &[SignalKind]),
) {
    let signals = kinds.iter().map(|kind| Signal {
        kind: (*kind).into(),
        ..Signal::default()
    });
    let fact = Fact::InteractionAnalysed(Box::new(InteractionAnalysed {
        sentiments: sentiments.to_vec(),
        signals: signals.collect(),
    }));
    let customer = of.0.customer.clone().unwrap();
    events.append(&Event {
        event_id: format!("{}-{version}", of.0.interaction_id),
        tenant_id: TENANT.to_owned(),
        aggregate_id: of.0.interaction_id.clone(),
        interaction_id: of.0.interaction_id.clone(),
        sequence: version,
        occurred_at: Some(ago(0)),
        recorded_at: Some(ago(0)),
        actor_id: "scorer".into(),
        customer_id: customer.customer_id,
        ..fact.event()
    });
}

/// Each group's values, with how many contacts it has.
async fn counts(client: &mut Caller, by: &[Dimension]) -> Vec<(Vec<String>, i64)> {
    let request = AggregateRequest {
        dimensions: by.iter().map(|one| (*one).into()).collect(),
        ..AggregateRequest::default()
    };
    let rows = client.aggregate(request).await.unwrap().rows;
    let mut counts = Vec::new();
    for AggregateRow {
        values,
        measures,
        filter,
        ..
    } in rows
    {
        let contacts = measures.unwrap().contacts;
        assert_eq!(client.contacts(filter).await.1, contacts, "{values:?}");
        counts.push((values, contacts));
    }
    counts
}

fn counted(values: &[&str], contacts: i64) -> (Vec<String>, i64) {
    (values.iter().map(|it| (*it).to_owned()).collect(), contacts)
}

#[tokio::test]
async fn what_is_said_later_counts_and_a_contact_is_in_the_group_of_each_of_its_signals() {
    let (events, views) = (Events::new(2), tempfile::tempdir().unwrap());
    let (abuse, legal) = (SignalKind::Abuse, SignalKind::LegalThreat);
    let first = felt(1, Some((0.0, -3.0)), &[abuse, legal]);
    let second = felt(2, None, &[]);
    let third = felt(3, Some((2.0, 2.0)), &[abuse]);
    for one in [&first, &second, &third] {
        one.record(&events);
    }
    let found = [by("rules", (1.0, 2.5)), by("model", (-1.0, -1.5))];
    analyse((&events, &second), 2, (&found, &[legal]));
    // It was noticed by mistake, and felt otherwise.
    let to = Interaction {
        sentiment: Some(by("agent", (2.0, 0.5))),
        ..Interaction::default()
    };
    third.amend(&events, 2, &["sentiment", "signals"], to);
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let expected = [counted(&["NEGATIVE"], 2), counted(&["NEUTRAL"], 1)];
    assert_eq!(counts(&mut client, &[Dimension::Sentiment]).await, expected);
    let expected = [
        counted(&[""], 1),
        counted(&["ABUSE"], 1),
        counted(&["LEGAL_THREAT"], 2),
    ];
    assert_eq!(counts(&mut client, &[Dimension::Signal]).await, expected);
    let both = [Dimension::SentimentScorer, Dimension::SentimentTrend];
    let expected = [
        counted(&["agent", "WORSE"], 2),
        counted(&["model", "STEADY"], 1),
        counted(&["rules", "STEADY"], 1),
    ];
    assert_eq!(counts(&mut client, &both).await, expected);
    let total = client.aggregate(AggregateRequest::default()).await;
    let total = total.unwrap().total.unwrap();
    assert_eq!((total.felt_contacts, total.signalled), (3, 2));
    assert_eq!(
        (
            total.ended_negative,
            total.ended_neutral,
            total.ended_positive
        ),
        (2, 1, 0)
    );
    assert_eq!(total.average_start_sentiment, Some(1.0 / 3.0));
    assert_eq!(total.average_sentiment_shift, Some(-5.0 / 3.0));
    service.stop().await;
}

#[tokio::test]
async fn whose_sentiment_counts_can_be_said() {
    let (events, views) = (Events::new(1), tempfile::tempdir().unwrap());
    let one = felt(1, Some((0.0, 3.0)), &[]);
    one.record(&events);
    analyse((&events, &one), 2, (&[by("rules", (0.0, -2.0))], &[]));
    felt(2, Some((0.0, -3.0)), &[]).record(&events);
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    for (scorer, expected) in [
        ("", [id(1, 2)]),
        ("rules", [id(1, 1)]),
        ("agent", [id(1, 2)]),
    ] {
        let filter = ContactFilter {
            sentiments: vec![SentimentBand::Negative.into()],
            sentiment_scorer: scorer.to_owned(),
            ..ContactFilter::default()
        };
        assert_eq!(client.contacts(Some(filter)).await.0, expected, "{scorer}");
    }
    let by_nobody = ContactFilter {
        unset: vec![Dimension::Sentiment.into()],
        sentiment_scorer: "rules".to_owned(),
        ..ContactFilter::default()
    };
    assert_eq!(client.contacts(Some(by_nobody)).await.0, [id(1, 2)]);
    service.stop().await;
}

#[tokio::test]
async fn what_only_the_history_knows_is_refused_where_it_is_not_served() {
    let (events, views) = (Events::new(1), tempfile::tempdir().unwrap());
    contact(1, 100).record(&events);
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let asked = |query: &str, search| AggregateRequest {
        filter: Some(ContactFilter {
            query: query.to_owned(),
            search: Some(search),
            ..ContactFilter::default()
        }),
        ..AggregateRequest::default()
    };
    let by_label = InteractionFilter {
        labels: vec!["vip".to_owned()],
        ..InteractionFilter::default()
    };
    for request in [
        asked("refund", InteractionFilter::default()),
        asked("", by_label),
    ] {
        let refused = client.aggregate(request).await.unwrap_err();
        let why = (refused.code(), reason_of(&refused));
        assert_eq!(
            why,
            (Code::FailedPrecondition, "FILTER_NOT_SERVED".to_owned())
        );
    }
    let nothing = asked("", InteractionFilter::default());
    let answer = client.aggregate(nothing).await.unwrap();
    assert_eq!(answer.total.unwrap().contacts, 1);
    service.stop().await;
}
