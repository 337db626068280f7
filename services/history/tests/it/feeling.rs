//! How customers felt, and what deserves notice in their contacts: as it was recorded, and as it was found later.

use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::InteractionAnalysed;
use aftercall_proto::history::v1::{
    Facet, InteractionFilter, SearchInteractionsRequest, SentimentBand, SentimentTrend,
    WarningKind, timeline_entry::What,
};
use aftercall_proto::model::v1::{Interaction, Sentiment, SentimentPoint, Signal, SignalKind};

use crate::contact::{Contact, contact};
use crate::fixture::{Events, Service, ago, id, ids, views, wrong_fields};

fn by(scorer: &str, version: &str, (start, worst, end): (f64, f64, f64)) -> Sentiment {
    let series = [(0, start), (1_000, worst), (2_000, end)];
    let series = series.map(|(from_ms, score)| SentimentPoint {
        from_ms,
        to_ms: from_ms,
        score: Some(score),
        ..SentimentPoint::default()
    });
    Sentiment {
        start: Some(start),
        end: Some(end),
        worst: Some(worst.min(start).min(end)),
        shift: Some(end - start),
        series: series.into(),
        scorer: scorer.to_owned(),
        scorer_version: version.to_owned(),
        ..Sentiment::default()
    }
}

/// Appends that something was found in a contact, as its `version`.
fn analyse(events: &Events, of: &Contact, version: u64, found: InteractionAnalysed) {
    let fact = Fact::InteractionAnalysed(Box::new(found));
    events.fact(&of.about(of.id(), version, ago(0)), &fact);
}

fn found(sentiments: Vec<Sentiment>, kinds: &[SignalKind]) -> InteractionAnalysed {
    let signals = kinds.iter().map(|kind| Signal {
        kind: (*kind).into(),
        confidence: Some(0.7),
        ..Signal::default()
    });
    InteractionAnalysed {
        sentiments,
        signals: signals.collect(),
    }
}

async fn numbers(service: &Service, filter: InteractionFilter) -> Vec<String> {
    let request = SearchInteractionsRequest {
        filter: Some(filter),
        ..Default::default()
    };
    let page = service.client().search(request).await.unwrap();
    let mut ids = ids(&page);
    ids.sort();
    ids
}

#[tokio::test]
async fn what_is_found_later_is_shown_beside_what_was_recorded_and_of_a_scorer_the_latest() {
    let (events, dir) = (Events::new(), views());
    let first = contact(1).feeling(-3.0).signal(SignalKind::Abuse);
    first.record(&events);
    let one = by("model", "1", (0.0, -2.0, 1.0));
    let kinds = [SignalKind::LegalThreat, SignalKind::Abuse];
    analyse(
        &events,
        &first,
        2,
        found(vec![one, by("rules", "1", (0.0, 0.0, 0.0))], &kinds),
    );
    let again = by("model", "1", (1.0, -4.0, 2.0));
    analyse(
        &events,
        &first,
        3,
        found(vec![again.clone()], &[SignalKind::LegalThreat]),
    );
    let labels = Interaction {
        labels: vec!["vip".into()],
        ..Interaction::default()
    };
    first.amend(&events, 4, &["labels"], labels);
    // Of another version than the next one it is nothing.
    analyse(&events, &first, 4, found(Vec::new(), &[SignalKind::Praise]));
    let service = Service::start(&events, dir.path()).await;
    let answer = service.client().get(&first.id()).await.unwrap();
    assert_eq!(answer.amendment_count, 1);
    let shown = answer.interaction.unwrap();
    assert_eq!(
        (shown.version, &*shown.labels),
        (4, &["vip".to_owned()][..])
    );
    assert_eq!(shown.sentiment.unwrap().end, Some(-3.0));
    assert_eq!(shown.sentiments, [by("rules", "1", (0.0, 0.0, 0.0)), again]);
    let kinds: Vec<_> = shown.signals.iter().map(Signal::kind).collect();
    // What the record says itself is not what was found, which says how sure it is.
    let expected = [
        SignalKind::Abuse,
        SignalKind::LegalThreat,
        SignalKind::Abuse,
    ];
    assert_eq!(kinds, expected);
    let mut timeline = service.client().timeline("customer-1").await;
    assert_eq!(timeline.len(), 1);
    let Some(What::Interaction(contact)) = timeline.remove(0).what else {
        panic!("the timeline has the contact");
    };
    assert_eq!((contact.sentiments.len(), contact.signals.len()), (2, 3));
}

#[tokio::test]
async fn contacts_are_found_by_signals_by_the_worst_by_the_trend_and_by_who_scored() {
    let (events, dir) = (Events::new(), views());
    let of_two = contact(1)
        .signal(SignalKind::LegalThreat)
        .signal(SignalKind::ChurnThreat);
    of_two
        .with(|it| it.sentiment = Some(by("agent", "", (-4.0, -4.0, 2.0))))
        .record(&events);
    let later = contact(2);
    later.record(&events);
    let plain = contact(3).feeling(0.0);
    plain.record(&events);
    let service = Service::start(&events, dir.path()).await;
    let find = async |ask: fn(&mut InteractionFilter)| {
        let mut filter = InteractionFilter::default();
        ask(&mut filter);
        numbers(&service, filter).await
    };
    let threat = |filter: &mut InteractionFilter| {
        filter.signals = vec![SignalKind::LegalThreat.into()];
    };
    assert_eq!(find(threat).await, [id(1, 1)]);
    let scored = by("model", "7", (3.0, -2.0, -1.0));
    analyse(
        &events,
        &later,
        2,
        found(vec![scored], &[SignalKind::LegalThreat]),
    );
    assert_eq!(find(threat).await, [id(1, 1), id(1, 2)]);
    assert_eq!(
        find(|all| all.signals = vec![SignalKind::ChurnThreat.into(), SignalKind::Praise.into()])
            .await,
        [id(1, 1)]
    );
    let worst = |filter: &mut InteractionFilter| {
        filter.worst_sentiments = vec![SentimentBand::Negative.into()];
    };
    assert_eq!(find(worst).await, [id(1, 1), id(1, 2)]);
    assert_eq!(
        find(|all| all.sentiments = vec![SentimentBand::Negative.into()]).await,
        Vec::<String>::new()
    );
    for (trend, expected) in [
        (SentimentTrend::Better, vec![id(1, 1)]),
        (SentimentTrend::Worse, vec![id(1, 2)]),
        (SentimentTrend::Steady, vec![]),
    ] {
        let filter = InteractionFilter {
            sentiment_trends: vec![trend.into()],
            ..InteractionFilter::default()
        };
        assert_eq!(numbers(&service, filter).await, expected, "{trend:?}");
    }
    assert_eq!(
        find(|all| all.sentiment_scorers = vec!["model".into()]).await,
        [id(1, 2)]
    );
    assert_eq!(
        find(|all| all.sentiment_scorers = vec!["model".into(), "agent".into()]).await,
        [id(1, 1), id(1, 2)]
    );
    // Corrected, it is what it is now.
    let values = Interaction {
        signals: Vec::new(),
        ..Interaction::default()
    };
    later.amend(&events, 3, &["signals"], values);
    assert_eq!(find(threat).await, [id(1, 1)]);
}

#[tokio::test]
async fn facets_count_what_was_found_and_what_is_unknown_is_refused() {
    let (events, dir) = (Events::new(), views());
    let first = contact(1);
    first.record(&events);
    let kinds = [SignalKind::ManagerRequest, SignalKind::LegalThreat];
    let sentiments = vec![by("model", "1", (0.0, -3.0, 2.0))];
    analyse(&events, &first, 2, found(sentiments, &kinds));
    contact(2)
        .signal(SignalKind::ManagerRequest)
        .record(&events);
    let service = Service::start(&events, dir.path()).await;
    let facets = [
        Facet::Signal,
        Facet::WorstSentiment,
        Facet::SentimentTrend,
        Facet::Sentiment,
    ];
    let request = SearchInteractionsRequest {
        facets: facets.map(i32::from).to_vec(),
        ..Default::default()
    };
    let page = service.client().search(request).await.unwrap();
    let mut counted: Vec<(Facet, String, u64)> = Vec::new();
    for facet in &page.facets {
        for one in &facet.counts {
            counted.push((facet.facet(), one.value.clone(), one.count));
        }
    }
    counted.sort();
    let of = |facet, value: &str, count| (facet, value.to_owned(), count);
    let mut expected = vec![
        of(Facet::Sentiment, "SENTIMENT_BAND_POSITIVE", 1),
        of(Facet::Signal, "SIGNAL_KIND_LEGAL_THREAT", 1),
        of(Facet::Signal, "SIGNAL_KIND_MANAGER_REQUEST", 2),
        of(Facet::WorstSentiment, "SENTIMENT_BAND_NEGATIVE", 1),
        of(Facet::SentimentTrend, "SENTIMENT_TREND_BETTER", 1),
    ];
    expected.sort();
    assert_eq!(counted, expected);

    let unknown = InteractionFilter {
        signals: vec![99],
        worst_sentiments: vec![0],
        sentiment_trends: vec![7],
        sentiment_scorers: vec![String::new()],
        ..InteractionFilter::default()
    };
    let request = SearchInteractionsRequest {
        filter: Some(unknown),
        ..Default::default()
    };
    let refused = service.client().search(request).await.unwrap_err();
    let mut fields: Vec<_> = wrong_fields(&refused)
        .into_iter()
        .map(|(field, _)| field)
        .collect();
    fields.sort();
    let expected = [
        "filter.sentiment_scorers[0]",
        "filter.sentiment_trends[0]",
        "filter.signals[0]",
        "filter.worst_sentiments[0]",
    ];
    assert_eq!(fields, expected);
}

#[tokio::test]
async fn whoever_asked_for_a_manager_is_warned_of_also_if_it_was_found_later() {
    let (events, dir) = (Events::new(), views());
    let first = contact(1);
    first.record(&events);
    analyse(
        &events,
        &first,
        2,
        found(Vec::new(), &[SignalKind::ManagerRequest]),
    );
    let service = Service::start(&events, dir.path()).await;
    let warnings = service
        .client()
        .context("customer-1")
        .await
        .unwrap()
        .warnings;
    let kinds: Vec<_> = warnings.iter().map(|warning| warning.kind()).collect();
    assert_eq!(kinds, [WarningKind::ManagerRequest]);
    assert_eq!(warnings[0].interaction_id, id(1, 1));
}
