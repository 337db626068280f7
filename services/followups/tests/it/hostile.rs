//! What no honest caller sends.

use aftercall_log::LogId;
use aftercall_proto::alerts::v1::{AlertFilter, ListAlertsRequest, WatchAlertsRequest};
use aftercall_proto::followups::v1::{
    CancelCommitmentRequest, CommitmentFilter, FulfilCommitmentRequest, GetCommitmentRequest,
    ListCommitmentsRequest, LocalDay, RescheduleCommitmentRequest,
};
use aftercall_view::{PageToken, Positions};
use bytes::Bytes;
use tonic::{Code, Status};

use crate::stage::{Contact, Running, Stage, at, promise, reason, violations_of, wire};

/// The fields that a request is refused for, each with its reason, sorted.
pub(crate) fn violations(status: &Status) -> Vec<(String, String)> {
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let mut found = violations_of(status);
    found.sort();
    found
}

fn named(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let fields = fields.iter();
    fields
        .map(|(field, reason)| ((*field).to_owned(), (*reason).to_owned()))
        .collect()
}

async fn begin() -> (Stage, Running) {
    let stage = Stage::new();
    stage.record(&Contact::new("i-1", vec![promise("c-1", at(60))]));
    let running = stage.start().await;
    (stage, running)
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let (stage, running) = begin().await;
    let mut client = running.client("lead");
    let long = "x".repeat(129);
    let beyond = pbjson_types::Timestamp {
        seconds: i64::MAX,
        nanos: -1,
    };
    let fulfil = FulfilCommitmentRequest {
        request_id: long.clone(),
        fulfilled_at: Some(beyond),
        evidence_interaction_id: long.clone(),
        evidence_message_id: long.clone(),
        note: "x".repeat(16 * 1024 + 1),
        ..FulfilCommitmentRequest::default()
    };
    let expected = named(&[
        ("commitment_id", "REQUIRED"),
        ("evidence_interaction_id", "TOO_LONG"),
        ("evidence_message_id", "TOO_LONG"),
        ("fulfilled_at", "OUT_OF_RANGE"),
        ("note", "TOO_LONG"),
        ("request_id", "TOO_LONG"),
    ]);
    assert_eq!(
        violations(&client.fulfil_commitment(fulfil).await.unwrap_err()),
        expected
    );

    let empty = client
        .reschedule_commitment(RescheduleCommitmentRequest::default())
        .await;
    let expected = named(&[
        ("commitment_id", "REQUIRED"),
        ("promised_by", "REQUIRED"),
        ("reason", "REQUIRED"),
        ("request_id", "REQUIRED"),
    ]);
    assert_eq!(violations(&empty.unwrap_err()), expected);
    let empty = client
        .cancel_commitment(CancelCommitmentRequest::default())
        .await;
    assert_eq!(violations(&empty.unwrap_err()).len(), 3);

    drop(stage);
    running.stop().await;
}

#[tokio::test]
async fn every_wrong_filter_of_promises_is_named_at_once() {
    let (stage, running) = begin().await;
    let beyond = pbjson_types::Timestamp {
        seconds: i64::MAX,
        nanos: -1,
    };
    let filter = CommitmentFilter {
        customer_ids: vec!["k-1".to_owned(), "x".repeat(129)],
        owner_agent_ids: vec![String::new()],
        owner_team_ids: vec![String::new()],
        team_ids: vec!["t".to_owned(); 201],
        kinds: vec![1, 0],
        priorities: vec![-7],
        lifecycles: vec![99],
        outcomes: vec![0],
        due_from: Some(beyond),
        due_on: Some(LocalDay {
            year: 2026,
            month: 2,
            day: 30,
            time_zone: "Europe/Berlin".to_owned(),
        }),
        ..CommitmentFilter::default()
    };
    let list = ListCommitmentsRequest {
        filter: Some(filter),
        page_size: -1,
        ..ListCommitmentsRequest::default()
    };
    let expected = named(&[
        ("filter.customer_ids[1]", "TOO_LONG"),
        ("filter.due_from", "OUT_OF_RANGE"),
        ("filter.due_on.day", "OUT_OF_RANGE"),
        ("filter.kinds[1]", "REQUIRED"),
        ("filter.lifecycles[0]", "UNKNOWN_VALUE"),
        ("filter.outcomes[0]", "REQUIRED"),
        ("filter.owner_agent_ids[0]", "REQUIRED"),
        ("filter.owner_team_ids[0]", "REQUIRED"),
        ("filter.priorities[0]", "UNKNOWN_VALUE"),
        ("filter.team_ids", "TOO_MANY"),
        ("page_size", "OUT_OF_RANGE"),
    ]);
    let refused = running.client("lead").list_commitments(list).await;
    assert_eq!(violations(&refused.unwrap_err()), expected);
    drop(stage);
    running.stop().await;
}

#[tokio::test]
async fn every_wrong_filter_of_alerts_is_named_at_once() {
    let (stage, running) = begin().await;
    let filter = AlertFilter {
        states: vec![2, 99],
        team_ids: vec!["x".repeat(129)],
        owner_queue_ids: vec![String::new()],
        severities: vec![0],
        kinds: vec![99],
        ..AlertFilter::default()
    };
    let expected = named(&[
        ("filter.kinds[0]", "UNKNOWN_VALUE"),
        ("filter.owner_queue_ids[0]", "REQUIRED"),
        ("filter.severities[0]", "REQUIRED"),
        ("filter.states[1]", "UNKNOWN_VALUE"),
        ("filter.team_ids[0]", "TOO_LONG"),
    ]);
    let list = ListAlertsRequest {
        filter: Some(filter.clone()),
        ..ListAlertsRequest::default()
    };
    let refused = running.alerts("lead").list_alerts(list).await.unwrap_err();
    assert_eq!(violations(&refused), expected);
    let watch = WatchAlertsRequest {
        filter: Some(filter),
        ..WatchAlertsRequest::default()
    };
    let refused = running
        .alerts("lead")
        .watch_alerts(watch)
        .await
        .unwrap_err();
    assert_eq!(
        violations(&refused),
        expected,
        "a watch takes the same filter"
    );
    drop(stage);
    running.stop().await;
}

#[tokio::test]
async fn times_that_cannot_be_are_refused_by_field() {
    let (stage, running) = begin().await;
    let mut client = running.client("lead");
    let at_years = |years: i64| wire(at(years * 31_557_600));
    for (fulfilled_at, expected) in [
        (wire(at(301)), "IN_FUTURE"),
        (at_years(2_000), "IN_FUTURE"),
        (wire(at(-1)), "OUT_OF_RANGE"),
        (at_years(-2_000), "OUT_OF_RANGE"),
    ] {
        let request = FulfilCommitmentRequest {
            request_id: "r-1".to_owned(),
            commitment_id: "c-1".to_owned(),
            fulfilled_at,
            ..FulfilCommitmentRequest::default()
        };
        let refused = client.fulfil_commitment(request).await.unwrap_err();
        assert_eq!(violations(&refused), named(&[("fulfilled_at", expected)]));
    }
    for (promised_by, expected) in [
        (wire(at(0)), "DUE_IN_PAST"),
        (at_years(-2_000), "DUE_IN_PAST"),
        (at_years(3), "OUT_OF_RANGE"),
        (at_years(7_000), "OUT_OF_RANGE"),
    ] {
        let request = RescheduleCommitmentRequest {
            request_id: "r-1".to_owned(),
            commitment_id: "c-1".to_owned(),
            promised_by,
            reason: "later".to_owned(),
            ..RescheduleCommitmentRequest::default()
        };
        let refused = client.reschedule_commitment(request).await.unwrap_err();
        assert_eq!(violations(&refused), named(&[("promised_by", expected)]));
    }
    assert_eq!(stage.events().len(), 1, "nothing was written");
    running.stop().await;
}

#[tokio::test]
async fn another_tenants_promises_do_not_exist() {
    let (stage, running) = begin().await;
    let mut client = running.client("foreign");
    let get = GetCommitmentRequest {
        commitment_id: "c-1".to_owned(),
        ..GetCommitmentRequest::default()
    };
    let refused = client.get_commitment(get.clone()).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::NotFound, "COMMITMENT_NOT_FOUND")
    );
    let fulfil = FulfilCommitmentRequest {
        request_id: "r-1".to_owned(),
        commitment_id: "c-1".to_owned(),
        ..FulfilCommitmentRequest::default()
    };
    assert_eq!(
        client.fulfil_commitment(fulfil).await.unwrap_err().code(),
        Code::NotFound
    );
    let list = ListCommitmentsRequest {
        filter: Some(CommitmentFilter {
            customer_ids: vec!["customer-1".to_owned()],
            ..CommitmentFilter::default()
        }),
        ..ListCommitmentsRequest::default()
    };
    let listed = client.list_commitments(list).await.unwrap().into_inner();
    assert!(listed.commitments.is_empty());

    // Whoever sets policy does not read what customers were promised.
    let refused = running
        .client("admin")
        .get_commitment(get)
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "ROLE_REQUIRED");
    drop(stage);
    running.stop().await;
}

#[tokio::test]
async fn forged_tokens_are_refused_and_open_nothing() {
    let (stage, running) = begin().await;
    let log = LogId([7; 16]);
    let beyond: Positions = [(0, 99)].into_iter().collect();
    let no_partition: Positions = [(9, 1)].into_iter().collect();
    let positions = [
        "nonsense".to_owned(),
        "A".repeat(20_000),
        beyond.encode(LogId([8; 16])),
        beyond.encode(log),
        no_partition.encode(log),
    ];
    for token in positions {
        let get = GetCommitmentRequest {
            commitment_id: "c-1".to_owned(),
            min_position: token.clone(),
            ..GetCommitmentRequest::default()
        };
        let refused = running
            .client("lead")
            .get_commitment(get)
            .await
            .unwrap_err();
        assert_eq!(reason(&refused), "POSITION_INVALID", "{token:.40}");
        let watch = WatchAlertsRequest {
            resume_token: token.clone(),
            ..WatchAlertsRequest::default()
        };
        let refused = running
            .alerts("lead")
            .watch_alerts(watch)
            .await
            .unwrap_err();
        assert_eq!(reason(&refused), "POSITION_INVALID", "{token:.40}");
        let list = ListCommitmentsRequest {
            page_token: token.clone(),
            ..ListCommitmentsRequest::default()
        };
        let refused = running
            .client("lead")
            .list_commitments(list)
            .await
            .unwrap_err();
        assert_eq!(reason(&refused), "PAGE_TOKEN_INVALID", "{token:.40}");
        let list = ListAlertsRequest {
            page_token: token.clone(),
            ..ListAlertsRequest::default()
        };
        let refused = running.alerts("lead").list_alerts(list).await.unwrap_err();
        assert_eq!(reason(&refused), "PAGE_TOKEN_INVALID", "{token:.40}");
    }
    drop(stage);
    running.stop().await;
}

#[tokio::test]
async fn a_page_token_serves_its_own_query_only() {
    let (stage, running) = begin().await;
    stage.record(&Contact::new(
        "i-2",
        vec![promise("c-2", at(61)), promise("c-3", at(62))],
    ));
    running.caught_up(&stage).await;
    let request = ListCommitmentsRequest {
        page_size: 1,
        ..ListCommitmentsRequest::default()
    };
    let mut client = running.client("lead");
    let first = client
        .list_commitments(request.clone())
        .await
        .unwrap()
        .into_inner();
    let other = ListCommitmentsRequest {
        page_token: first.next_page_token.clone(),
        filter: Some(CommitmentFilter {
            team_ids: vec!["team-1".to_owned()],
            ..CommitmentFilter::default()
        }),
        ..request.clone()
    };
    let refused = client.list_commitments(other).await.unwrap_err();
    assert_eq!(reason(&refused), "PAGE_TOKEN_INVALID");
    let same = ListCommitmentsRequest {
        page_token: first.next_page_token.clone(),
        page_size: 2,
        ..request.clone()
    };
    let foreign = running
        .client("foreign")
        .list_commitments(same.clone())
        .await
        .unwrap_err();
    assert_eq!(reason(&foreign), "PAGE_TOKEN_INVALID");
    assert_eq!(
        client
            .list_commitments(same)
            .await
            .unwrap()
            .into_inner()
            .commitments
            .len(),
        2
    );

    // A token with the right seal and nonsense inside.
    let filters = ListCommitmentsRequest::default();
    let query = {
        use prost::Message;
        let filter = CommitmentFilter::default().encode_to_vec();
        aftercall_view::fingerprint(&[b"commitments", b"acme", &filter])
    };
    for payload in [&b""[..], b"short", b"12345678\xff\xfe"] {
        let token = PageToken {
            query,
            complete_through: Positions::new(),
            payload: Bytes::from_static(payload),
        };
        let forged = ListCommitmentsRequest {
            page_token: token.encode(LogId([7; 16])),
            ..filters.clone()
        };
        let refused = client.list_commitments(forged).await.unwrap_err();
        assert_eq!(reason(&refused), "PAGE_TOKEN_INVALID");
    }
    drop(stage);
    running.stop().await;
}
