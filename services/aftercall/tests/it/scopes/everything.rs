//! All that there is in a house.

use std::collections::BTreeMap;
use std::time::Duration;

use aftercall_domain::alert::Rule;
use aftercall_proto::alerts::v1::alert_service_client::AlertServiceClient;
use aftercall_proto::alerts::v1::{AlertFilter, ListAlertsRequest, WatchAlertsRequest};
use aftercall_proto::followups::v1::ListCommitmentsRequest;
use aftercall_proto::history::v1::{
    ListTimelineRequest, SearchInteractionsRequest, SearchOrder, TimelineEntry,
};
use aftercall_proto::knowledge::v1::{
    ListCandidatesRequest, ListSolutionsRequest, PromoteCandidateRequest,
};
use aftercall_proto::model::v1::{Alert, Candidate, Commitment, Interaction, Solution};

use super::house::House;
use super::lists::all;

/// All that there is, as somebody reads it who reads everything.
pub(super) struct Everything {
    pub(super) contacts: BTreeMap<String, Interaction>,
    /// In the order of a search, the latest first.
    pub(super) found: Vec<String>,
    pub(super) promises: Vec<Commitment>,
    pub(super) alerts: Vec<Alert>,
    pub(super) candidates: Vec<Candidate>,
    pub(super) solutions: Vec<Solution>,
    pub(super) timeline: Vec<TimelineEntry>,
    /// Where a watch begins that is told of all alerts.
    pub(super) resume_token: String,
}

pub(super) fn search() -> SearchInteractionsRequest {
    SearchInteractionsRequest {
        order: SearchOrder::TimeDesc.into(),
        ..SearchInteractionsRequest::default()
    }
}

pub(super) fn timeline() -> ListTimelineRequest {
    ListTimelineRequest {
        whose: Some("C-1".to_owned().into()),
        ..ListTimelineRequest::default()
    }
}

/// Alerts of promises. Those about customers come when it has been reckoned how much went wrong with them.
fn of_promises() -> AlertFilter {
    let rules = Rule::ALL.into_iter().filter(|rule| !rule.is_of_concerns());
    AlertFilter {
        rules: rules.map(|rule| rule.as_str().to_owned()).collect(),
        ..AlertFilter::default()
    }
}

pub(super) fn alerts() -> ListAlertsRequest {
    ListAlertsRequest {
        filter: Some(of_promises()),
        ..ListAlertsRequest::default()
    }
}

/// What follows these alerts from now on, or from where a token says.
pub(super) fn watch(resume_token: &str) -> WatchAlertsRequest {
    WatchAlertsRequest {
        resume_token: resume_token.to_owned(),
        filter: Some(of_promises()),
    }
}

impl Everything {
    pub(super) async fn of(house: &House) -> Self {
        let root = &house.root;
        let mut watch = AlertServiceClient::new(root.transport())
            .watch_alerts(watch(""))
            .await
            .unwrap()
            .into_inner();
        let resume_token = watch.message().await.unwrap().unwrap().resume_token;
        let (promises, _) = all(root, &ListCommitmentsRequest::default()).await;
        house.clock.advance(Duration::from_secs(7_200));
        for _ in &promises {
            while watch.message().await.unwrap().unwrap().alert.is_none() {}
        }
        let (mut candidates, _) = all(root, &ListCandidatesRequest::default()).await;
        let promoted = candidates.remove(0);
        let promote = PromoteCandidateRequest {
            candidate_id: promoted.candidate_id,
            title: "Frobnicate the modem".to_owned(),
            ..PromoteCandidateRequest::default()
        };
        root.call(promote).await.unwrap();
        let (contacts, _) = all(root, &search()).await;
        Self {
            found: contacts
                .iter()
                .map(|one| one.interaction_id.clone())
                .collect(),
            contacts: contacts
                .into_iter()
                .map(|one| (one.interaction_id.clone(), one))
                .collect(),
            promises: all(root, &ListCommitmentsRequest::default()).await.0,
            alerts: all(root, &alerts()).await.0,
            candidates,
            solutions: all(root, &ListSolutionsRequest::default()).await.0,
            timeline: all(root, &timeline()).await.0,
            resume_token,
        }
    }
}
