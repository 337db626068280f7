//! What is found in a contact: with its record, and later.

use std::time::Duration;

use aftercall_domain::sentiment::{SCORER, VERSION};
use aftercall_proto::event::v1::{EventType, InteractionAnalysed, InteractionRecorded};
use aftercall_proto::model::v1 as wire;
use aftercall_proto::model::v1::{
    Sentiment, SentimentParticipant, SentimentPoint, Signal, SignalKind, SignalSource,
};
use aftercall_proto::recorder::v1::{
    AnalyseInteractionRequest, RecordInteractionRequest, ScoreTextRequest, ScoredTurn, Scoring,
};
use prost::Message;
use tonic::Code;

use crate::contact::{NOW_S, at, id, interaction, reason, request};
use crate::fixture::{Fixture, reason_of, violations_of};

const HOUR: Duration = Duration::from_secs(3_600);

fn point(from_ms: u64, score: f64) -> SentimentPoint {
    SentimentPoint {
        from_ms,
        to_ms: from_ms + 1_000,
        score: Some(score),
        ..SentimentPoint::default()
    }
}

fn by(scorer: &str, series: Vec<SentimentPoint>) -> Sentiment {
    Sentiment {
        series,
        scorer: scorer.to_owned(),
        scorer_version: "7".to_owned(),
        ..Sentiment::default()
    }
}

fn threat() -> Signal {
    Signal {
        kind: SignalKind::LegalThreat.into(),
        at: at(NOW_S - 300),
        source: SignalSource::Model.into(),
        confidence: Some(0.8),
        scorer: "house-model".to_owned(),
        scorer_version: "7".to_owned(),
        ..Signal::default()
    }
}

fn found(request_id: &str) -> AnalyseInteractionRequest {
    AnalyseInteractionRequest {
        request_id: request_id.to_owned(),
        interaction_id: id(1),
        sentiments: vec![by(
            "house-model",
            vec![point(9_000, -3.0), point(0, 1.5), point(4_000, -4.0)],
        )],
        signals: vec![threat()],
        ..AnalyseInteractionRequest::default()
    }
}

fn turn(participant: SentimentParticipant, from_ms: u64, text: &str) -> ScoredTurn {
    ScoredTurn {
        text: text.to_owned(),
        participant: participant.into(),
        from_ms,
        to_ms: from_ms + 1_000,
    }
}

fn said(from_ms: u64, text: &str) -> ScoredTurn {
    turn(SentimentParticipant::Customer, from_ms, text)
}

async fn recorded() -> Fixture {
    let fixture = Fixture::new().await;
    let contact = request(interaction(&id(1)));
    fixture.crm().record_interaction(contact).await.unwrap();
    fixture
}

/// What the last event of the log says was found.
fn last_found(fixture: &Fixture) -> InteractionAnalysed {
    let event = fixture.events().pop().unwrap();
    assert_eq!(event.r#type(), EventType::InteractionAnalysed);
    InteractionAnalysed::decode(event.data().unwrap().clone()).unwrap()
}

#[tokio::test]
async fn what_is_found_later_is_an_event_of_the_contact_with_what_follows_from_it() {
    let fixture = recorded().await;
    let answer = fixture
        .crm()
        .analyse_interaction(found("r1"))
        .await
        .unwrap();
    let answer = answer.into_inner();
    assert_eq!((answer.version, answer.interaction_id), (2, id(1)));
    assert_eq!(answer.recorded_at, at(NOW_S));
    let event = fixture.events().pop().unwrap();
    assert_eq!((event.sequence, &*event.aggregate_id), (2, &*id(1)));
    assert_eq!(
        (&*event.request_id, &*event.customer_id),
        ("r1", "customer-1")
    );
    let records = fixture.log.records();
    assert_eq!(records[0].record.key, records[1].record.key);
    let data = last_found(&fixture);
    assert_eq!(data.signals, [threat()]);
    let sentiment = &data.sentiments[0];
    assert_eq!((sentiment.start, sentiment.end), (Some(1.5), Some(-3.0)));
    assert_eq!((sentiment.worst, sentiment.shift), (Some(-4.0), Some(-4.5)));
    let summary = &sentiment.summaries[0];
    assert_eq!((summary.worst, summary.points), (-4.0, 3));
    // The series is as it was sent.
    assert_eq!(sentiment.series[0].score, Some(-3.0));
}

#[tokio::test]
async fn the_same_command_counts_once_and_another_one_builds_on_it() {
    let fixture = recorded().await;
    let mut crm = fixture.crm();
    let first = crm.analyse_interaction(found("r1")).await.unwrap();
    let again = crm.analyse_interaction(found("r1")).await.unwrap();
    assert_eq!(again.into_inner(), first.into_inner());
    let other = AnalyseInteractionRequest {
        signals: Vec::new(),
        ..found("r1")
    };
    let refused = crm.analyse_interaction(other).await.unwrap_err();
    assert_eq!(reason_of(&refused).0, "REQUEST_ID_REUSED");
    let stale = AnalyseInteractionRequest {
        expected_version: 1,
        ..found("r2")
    };
    let refused = crm.analyse_interaction(stale).await.unwrap_err();
    assert_eq!(
        (refused.code(), &*reason_of(&refused).0),
        (Code::Aborted, "VERSION_MISMATCH")
    );
    let next = crm.analyse_interaction(found("r3")).await.unwrap();
    assert_eq!(next.into_inner().version, 3);
    assert_eq!(fixture.log.len(), 3);

    // A restarted recorder knows it from the log.
    let fixture = fixture.restart().await;
    fixture.ready().await;
    let again = fixture
        .crm()
        .analyse_interaction(found("r1"))
        .await
        .unwrap();
    assert_eq!(again.into_inner().version, 2);
    assert_eq!(fixture.log.len(), 3);
}

#[tokio::test]
async fn all_that_is_wrong_is_named_at_once() {
    let fixture = recorded().await;
    let mut crm = fixture.crm();
    let mut wrong = found("r1");
    wrong.sentiments = vec![
        by("", vec![point(0, 5.5)]),
        by("a", Vec::new()),
        by("a", Vec::new()),
    ];
    wrong.signals[0].confidence = Some(1.5);
    wrong.signals[0].scorer = "x".repeat(129);
    wrong.turns = vec![ScoredTurn {
        to_ms: 0,
        ..said(1, "")
    }];
    let refused = crm.analyse_interaction(wrong).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let mut violations = violations_of(&refused);
    violations.sort();
    let expected = [
        ("sentiments[0].scorer", "REQUIRED"),
        ("sentiments[0].series[0].score", "OUT_OF_RANGE"),
        ("sentiments[2].scorer", "CONFLICTING"),
        ("signals[0].confidence", "OUT_OF_RANGE"),
        ("signals[0].scorer", "TOO_LONG"),
        ("turns[0].text", "REQUIRED"),
        ("turns[0].to_ms", "CONFLICTING"),
    ];
    let expected = expected.map(|(field, why)| (field.to_owned(), why.to_owned()));
    assert_eq!(violations, expected);

    let nothing = AnalyseInteractionRequest {
        sentiments: Vec::new(),
        signals: Vec::new(),
        ..found("r1")
    };
    let refused = crm.analyse_interaction(nothing).await.unwrap_err();
    assert_eq!(
        violations_of(&refused),
        [("sentiments".to_owned(), "REQUIRED".to_owned())]
    );
    for (wrong, field) in [
        (
            AnalyseInteractionRequest {
                sentiments: (0..6).map(|no| by(&no.to_string(), Vec::new())).collect(),
                ..found("r1")
            },
            "sentiments",
        ),
        (
            AnalyseInteractionRequest {
                turns: vec![said(0, "x"); 2_001],
                ..found("r1")
            },
            "turns",
        ),
    ] {
        let refused = crm.analyse_interaction(wrong).await.unwrap_err();
        assert_eq!(
            violations_of(&refused),
            [(field.to_owned(), "TOO_MANY".to_owned())]
        );
    }
    let unknown = AnalyseInteractionRequest {
        interaction_id: id(2),
        ..found("r1")
    };
    let refused = crm.analyse_interaction(unknown).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    assert_eq!(fixture.log.len(), 1);
}

#[tokio::test]
async fn an_agent_adds_to_an_own_contact_for_a_day() {
    let fixture = recorded().await;
    let mut own = fixture.client("acme agent-1 agent");
    own.analyse_interaction(found("r1")).await.unwrap();
    let other = fixture
        .client("acme agent-2 agent")
        .analyse_interaction(found("r2"))
        .await;
    assert_eq!(other.unwrap_err().code(), Code::PermissionDenied);
    fixture.clock.advance(25 * HOUR);
    let refused = own.analyse_interaction(found("r3")).await.unwrap_err();
    assert_eq!(reason_of(&refused).0, "AMENDMENT_TOO_LATE");
    let mut analyst = fixture.client("acme quinn qa_analyst");
    analyst.analyse_interaction(found("r4")).await.unwrap();
    assert_eq!(fixture.log.len(), 3);
}

#[tokio::test]
async fn turns_are_scored_by_the_built_in_scorer_and_not_kept() {
    let fixture = recorded().await;
    let turns = vec![
        turn(SentimentParticipant::Agent, 0, "How can I help you?"),
        said(
            2_000,
            "This is ridiculous, I am fed up. My lawyer will hear of it",
        ),
        said(60_000, "All right, it works now. Thank you"),
    ];
    let found = AnalyseInteractionRequest {
        sentiments: Vec::new(),
        signals: Vec::new(),
        turns,
        ..found("r1")
    };
    fixture.crm().analyse_interaction(found).await.unwrap();
    let data = last_found(&fixture);
    let sentiment = &data.sentiments[0];
    assert_eq!(
        (&*sentiment.scorer, &*sentiment.scorer_version),
        (SCORER, VERSION)
    );
    let labels: Vec<_> = sentiment.series.iter().map(|point| &*point.label).collect();
    assert_eq!(labels, ["neutral", "negative", "positive"]);
    assert_eq!((sentiment.start, sentiment.end), (Some(-4.5), Some(3.0)));
    let rules: Vec<_> = sentiment.series[1]
        .evidence
        .iter()
        .map(|one| &*one.rule)
        .collect();
    assert_eq!(
        rules,
        [
            "frustration.unacceptable",
            "frustration.fed_up",
            "legal_threat.lawyer"
        ]
    );
    let signal = &data.signals[0];
    assert_eq!(
        (signal.kind(), signal.source()),
        (SignalKind::LegalThreat, SignalSource::Rule)
    );
    assert_eq!(
        (&*signal.scorer, &*signal.rule),
        (SCORER, "legal_threat.lawyer")
    );
    let logged = fixture.events().pop().unwrap().encode_to_vec();
    let holds = |words: &str| {
        logged
            .windows(words.len())
            .any(|part| part == words.as_bytes())
    };
    assert!(!holds("lawyer will hear") && !holds("fed up"));
}

#[tokio::test]
async fn a_record_is_scored_once_and_keeps_what_was_found_whoever_scores_later() {
    let fixture = Fixture::new().await;
    let mut crm = fixture.crm();
    let verbatim = wire::ContactReason {
        stated_verbatim: "Let me speak to your manager, this is unacceptable".to_owned(),
        ..reason("billing")
    };
    let sent = RecordInteractionRequest {
        scoring: Some(Scoring {
            own_words: true,
            turns: vec![said(30_000, "Fine, that fixed it, thanks a lot")],
            ..Scoring::default()
        }),
        ..request(wire::Interaction {
            contact_reasons: vec![verbatim],
            sentiment: Some(by("agent", Vec::new())),
            ..interaction(&id(1))
        })
    };
    let first = crm.record_interaction(sent.clone()).await.unwrap();
    let again = crm.record_interaction(sent.clone()).await.unwrap();
    let again = again.into_inner();
    assert!(again.already_recorded);
    assert_eq!(again.position, first.into_inner().position);
    // Of what is recorded already nothing becomes another record by being scored, or not.
    let unscored = RecordInteractionRequest {
        scoring: None,
        ..sent.clone()
    };
    assert!(
        crm.record_interaction(unscored)
            .await
            .unwrap()
            .into_inner()
            .already_recorded
    );
    assert_eq!(fixture.log.len(), 1);

    let event = fixture.events().pop().unwrap();
    let data = InteractionRecorded::decode(event.data().unwrap().clone()).unwrap();
    let contact = data.interaction.unwrap();
    assert_eq!(contact.sentiment.unwrap().scorer, "agent");
    let sentiment = &contact.sentiments[0];
    assert_eq!(
        (&*sentiment.scorer, &*sentiment.scorer_version),
        (SCORER, VERSION)
    );
    let scores: Vec<_> = sentiment
        .series
        .iter()
        .map(|point| (point.from_ms, point.score))
        .collect();
    assert_eq!(scores, [(0, Some(-3.5)), (30_000, Some(3.0))]);
    let signal = &contact.signals[0];
    assert_eq!(signal.kind(), SignalKind::ManagerRequest);
    assert_eq!(
        (&*signal.rule, signal.at),
        ("manager_request.speak", at(NOW_S - 600))
    );

    let mut twice = sent;
    let record = twice.interaction.as_mut().unwrap();
    record.interaction_id = id(2);
    record.sentiments = vec![Sentiment {
        scorer_version: VERSION.to_owned(),
        ..by(SCORER, Vec::new())
    }];
    let refused = crm.record_interaction(twice).await.unwrap_err();
    let field = "interaction.sentiments".to_owned();
    assert_eq!(violations_of(&refused), [(field, "CONFLICTING".to_owned())]);
}

#[tokio::test]
async fn texts_are_scored_without_a_record() {
    let fixture = Fixture::new().await;
    let mut crm = fixture.crm();
    let turns = vec![said(
        0,
        "Das ist eine Frechheit. Ich will Ihren Vorgesetzten sprechen!",
    )];
    let answer = crm
        .score_text(ScoreTextRequest { turns })
        .await
        .unwrap()
        .into_inner();
    let sentiment = answer.sentiment.unwrap();
    assert_eq!(sentiment.series[0].label, "negative");
    assert_eq!(answer.signals[0].kind(), SignalKind::ManagerRequest);
    assert!(fixture.log.is_empty());
    let refused = crm
        .score_text(ScoreTextRequest::default())
        .await
        .unwrap_err();
    assert_eq!(
        violations_of(&refused),
        [("turns".to_owned(), "REQUIRED".to_owned())]
    );
    let long = vec![said(0, &"x".repeat(16 * 1_024 + 1))];
    let refused = crm
        .score_text(ScoreTextRequest { turns: long })
        .await
        .unwrap_err();
    assert_eq!(
        violations_of(&refused),
        [("turns[0].text".to_owned(), "TOO_LONG".to_owned())]
    );
}
