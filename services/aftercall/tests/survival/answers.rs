//! What the services answer: the same from views that followed the log as from views that were
//! built anew.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use aftercall_domain::alert::Rule;
use aftercall_proto::alerts::v1::alert_service_client::AlertServiceClient;
use aftercall_proto::alerts::v1::{AlertFilter, ListAlertsRequest};
use aftercall_proto::followups::v1::followup_service_client::FollowupServiceClient;
use aftercall_proto::followups::v1::{CommitmentFilter, ListCommitmentsRequest};
use aftercall_proto::history::v1::history_service_client::HistoryServiceClient;
use aftercall_proto::history::v1::{
    Facet, GetCustomerContextRequest, InteractionFilter, ListTimelineRequest,
    SearchInteractionsRequest, SearchOrder,
};
use aftercall_proto::knowledge::v1::ListCandidatesRequest;
use aftercall_proto::knowledge::v1::knowledge_service_client::KnowledgeServiceClient;
use tokio::time::timeout;
use tonic::transport::Channel;
use tonic::{Code, Response, Status};

/// The longest answer that is taken.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// How long a view may take to be built, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(120);
const AGAIN_AFTER: Duration = Duration::from_millis(200);
/// Entries of a page.
const PAGE_SIZE: i32 = 200;

/// Answers by what was asked.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Answers(BTreeMap<String, String>);

impl Answers {
    /// Asks about `customers`, and in general, of what is complete through `min_position`.
    pub(crate) async fn of(channel: &Channel, customers: &[String], min_position: &str) -> Self {
        let mut answers = Self::of_history(channel, customers, min_position).await;
        let followups = Self::of_followups(channel, customers, min_position).await;
        let knowledge = Self::of_knowledge(channel, min_position).await;
        answers.0.extend(followups.0);
        answers.0.extend(knowledge.0);
        answers.searches(channel, min_position).await;
        answers
    }

    /// Asks history alone, without searches.
    pub(crate) async fn of_history(
        channel: &Channel,
        customers: &[String],
        min_position: &str,
    ) -> Self {
        let mut answers = Self::default();
        for customer in customers {
            answers.history(channel, customer, min_position).await;
        }
        answers
    }

    /// Asks followups alone.
    pub(crate) async fn of_followups(
        channel: &Channel,
        customers: &[String],
        min_position: &str,
    ) -> Self {
        let mut answers = Self::default();
        for customer in customers {
            answers.promises(channel, customer, min_position).await;
        }
        answers.alerts(channel, min_position).await;
        answers
    }

    /// Asks knowledge alone.
    pub(crate) async fn of_knowledge(channel: &Channel, min_position: &str) -> Self {
        let mut answers = Self::default();
        answers.candidates(channel, min_position).await;
        answers
    }

    /// # Panics
    /// When an answer differs.
    pub(crate) fn assert_same(&self, other: &Self) {
        assert!(!self.0.is_empty());
        assert!(self.0.keys().eq(other.0.keys()), "{:?}", other.0.keys());
        for (asked, answer) in &self.0 {
            let again = &other.0[asked];
            let differ = answer.lines().zip(again.lines()).find(|(a, b)| a != b);
            assert!(
                answer == again,
                "{asked}: {} and {} lines; first: {differ:?}",
                answer.lines().count(),
                again.lines().count()
            );
        }
    }

    async fn ask<T: Debug>(
        &mut self,
        asked: String,
        mut ask: impl AsyncFnMut() -> Result<Response<T>, Status>,
    ) {
        let answer = answered(&asked, &mut ask).await;
        // A score depends on how often words are in the index, and it counts what was replaced, too;
        // a page token carries the last score.
        let answer = format!("{answer:#?}");
        let (mut is_score, mut is_time) = (false, false);
        let lines = answer.lines().filter(|line| {
            let line = line.trim_start();
            // Nor is it known again when it was asked.
            if is_time || line.starts_with("complete_through_at: ") {
                is_time = line != ")," && line != "complete_through_at: None,";
                return false;
            }
            let was_score = std::mem::replace(&mut is_score, line.starts_with("score: "));
            !was_score && !is_score && !line.starts_with("next_page_token: ")
        });
        let known = self.0.insert(asked, lines.collect::<Vec<_>>().join("\n"));
        assert_eq!(known, None);
    }

    async fn promises(&mut self, channel: &Channel, customer: &str, min_position: &str) {
        let followups = FollowupServiceClient::new(channel.clone());
        let mut followups = followups.max_decoding_message_size(ANSWER_BYTES_MAX);
        let request = ListCommitmentsRequest {
            filter: Some(CommitmentFilter {
                customer_ids: vec![customer.to_owned()],
                ..CommitmentFilter::default()
            }),
            page_size: PAGE_SIZE,
            min_position: min_position.to_owned(),
            ..ListCommitmentsRequest::default()
        };
        self.ask(format!("promises to {customer}"), async || {
            followups.list_commitments(request.clone()).await
        })
        .await;
    }

    async fn history(&mut self, channel: &Channel, customer: &str, min_position: &str) {
        let history = HistoryServiceClient::new(channel.clone());
        let mut history = history.max_decoding_message_size(ANSWER_BYTES_MAX);
        let request = ListTimelineRequest {
            whose: Some(customer.to_owned().into()),
            page_size: PAGE_SIZE,
            min_position: min_position.to_owned(),
            ..ListTimelineRequest::default()
        };
        self.ask(format!("timeline of {customer}"), async || {
            history.list_timeline(request.clone()).await
        })
        .await;
        let request = GetCustomerContextRequest {
            whose: Some(customer.to_owned().into()),
            min_position: min_position.to_owned(),
            ..GetCustomerContextRequest::default()
        };
        self.ask(format!("context of {customer}"), async || {
            history.get_customer_context(request.clone()).await
        })
        .await;
    }

    /// Searches by time: relevance weighs words by how the index came about.
    pub(crate) async fn searches(&mut self, channel: &Channel, min_position: &str) {
        let history = HistoryServiceClient::new(channel.clone());
        let mut history = history.max_decoding_message_size(ANSWER_BYTES_MAX);
        for (query, open_promise) in [("", None), ("invoice Straße", None), ("", Some(true))] {
            let filter = InteractionFilter {
                open_promise,
                ..InteractionFilter::default()
            };
            let request = SearchInteractionsRequest {
                query: query.to_owned(),
                filter: Some(filter),
                order: SearchOrder::TimeDesc.into(),
                page_size: PAGE_SIZE,
                facets: vec![
                    Facet::Reason.into(),
                    Facet::Agent.into(),
                    Facet::Team.into(),
                ],
                min_position: min_position.to_owned(),
                ..SearchInteractionsRequest::default()
            };
            self.ask(
                format!("search for {query:?}, {open_promise:?}"),
                async || history.search_interactions(request.clone()).await,
            )
            .await;
        }
        self.found(channel, min_position).await;
    }

    /// Which contacts are found, over all pages: a count that is wrong names the contact.
    async fn found(&mut self, channel: &Channel, min_position: &str) {
        let history = HistoryServiceClient::new(channel.clone());
        let mut history = history.max_decoding_message_size(ANSWER_BYTES_MAX);
        let mut found = Vec::new();
        let mut request = SearchInteractionsRequest {
            order: SearchOrder::TimeDesc.into(),
            page_size: PAGE_SIZE,
            min_position: min_position.to_owned(),
            ..SearchInteractionsRequest::default()
        };
        loop {
            let search = async || history.search_interactions(request.clone()).await;
            let page = answered("all that is found", search).await;
            let interactions = page.results.into_iter().filter_map(|one| one.interaction);
            found.extend(interactions.map(|interaction| interaction.interaction_id));
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
        // Sorted, so that what differs comes first.
        found.sort();
        let known = self
            .0
            .insert("all that is found".to_owned(), found.join("\n"));
        assert_eq!(known, None);
    }

    async fn alerts(&mut self, channel: &Channel, min_position: &str) {
        let alerts = AlertServiceClient::new(channel.clone());
        let mut alerts = alerts.max_decoding_message_size(ANSWER_BYTES_MAX);
        // Those about customers come when insight has reckoned them, which a position of the record does not tell.
        let of_promises = Rule::ALL.into_iter().filter(|rule| !rule.is_of_concerns());
        let filter = AlertFilter {
            rules: of_promises.map(|rule| rule.as_str().to_owned()).collect(),
            ..AlertFilter::default()
        };
        let request = ListAlertsRequest {
            filter: Some(filter),
            page_size: PAGE_SIZE,
            min_position: min_position.to_owned(),
            ..ListAlertsRequest::default()
        };
        self.ask("alerts".to_owned(), async || {
            alerts.list_alerts(request.clone()).await
        })
        .await;
    }

    async fn candidates(&mut self, channel: &Channel, min_position: &str) {
        let knowledge = KnowledgeServiceClient::new(channel.clone());
        let mut knowledge = knowledge.max_decoding_message_size(ANSWER_BYTES_MAX);
        let request = ListCandidatesRequest {
            page_size: PAGE_SIZE,
            min_position: min_position.to_owned(),
            ..ListCandidatesRequest::default()
        };
        self.ask("candidates".to_owned(), async || {
            knowledge.list_candidates(request.clone()).await
        })
        .await;
    }
}

/// Asks until there is an answer: a view that is being built has none yet.
async fn answered<T: Debug>(
    asked: &str,
    mut ask: impl AsyncFnMut() -> Result<Response<T>, Status>,
) -> T {
    let answered = async {
        loop {
            match ask().await {
                Ok(answer) => return answer.into_inner(),
                Err(status) => {
                    let soon = [Code::Unavailable, Code::DeadlineExceeded];
                    assert!(soon.contains(&status.code()), "{asked}: {status:?}");
                    tokio::time::sleep(AGAIN_AFTER).await;
                }
            }
        }
    };
    let answer = timeout(PATIENCE, answered).await;
    answer.unwrap_or_else(|_| panic!("{asked}: no answer"))
}
