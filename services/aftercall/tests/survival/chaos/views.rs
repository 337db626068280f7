//! Whether the views show all that the log has.

use std::collections::BTreeSet;

use aftercall_proto::followups::v1::ListCommitmentsRequest;
use aftercall_proto::followups::v1::followup_service_client::FollowupServiceClient;
use aftercall_proto::history::v1::history_service_client::HistoryServiceClient;
use aftercall_proto::history::v1::{
    InteractionFilter, ListTimelineRequest, SearchInteractionsRequest, SearchOrder,
    timeline_entry::What,
};
use tonic::transport::Channel;

use super::observed;
use crate::cluster::roles::Doors;
use crate::load;

/// The longest answer that is taken.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// What is wrong with what the replicas show, complete through `position`.
pub(super) async fn complete(
    doors: &Doors,
    records: &BTreeSet<String>,
    promises: &BTreeSet<String>,
    position: &str,
) -> Vec<String> {
    let mut faults = Vec::new();
    for (number, door) in doors.histories.iter().enumerate() {
        let shown = timelines(door, position).await;
        let name = format!("timelines of history-{}", number + 1);
        faults.extend(observed::view(&name, records, &shown));
        let found = search(door, position).await;
        let name = format!("search of history-{}", number + 1);
        faults.extend(observed::view(&name, records, &found));
    }
    for (number, door) in doors.followups.iter().enumerate() {
        let shown = commitments(door, position).await;
        let name = format!("followups-{}", number + 1);
        faults.extend(observed::view(&name, promises, &shown));
    }
    faults
}

/// The contacts of all timelines.
async fn timelines(door: &Channel, position: &str) -> Vec<String> {
    let history = HistoryServiceClient::new(door.clone());
    let mut history = history.max_decoding_message_size(ANSWER_BYTES_MAX);
    let mut shown = Vec::new();
    for customer_id in load::customers() {
        let mut request = ListTimelineRequest {
            whose: Some(customer_id.into()),
            page_size: 500,
            min_position: position.to_owned(),
            ..ListTimelineRequest::default()
        };
        loop {
            let page = history.list_timeline(request.clone()).await;
            let page = page.expect("a timeline").into_inner();
            shown.extend(
                page.entries
                    .into_iter()
                    .filter_map(|entry| match entry.what {
                        Some(What::Interaction(interaction)) => Some(interaction.interaction_id),
                        _ => None,
                    }),
            );
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
    }
    shown
}

/// The contacts of a search for all.
async fn search(door: &Channel, position: &str) -> Vec<String> {
    let history = HistoryServiceClient::new(door.clone());
    let mut history = history.max_decoding_message_size(ANSWER_BYTES_MAX);
    let mut found = Vec::new();
    // By customer: how far one search may be paged is bounded.
    for customer_id in load::customers() {
        let mut request = SearchInteractionsRequest {
            filter: Some(InteractionFilter {
                customer_ids: vec![customer_id],
                ..InteractionFilter::default()
            }),
            order: SearchOrder::TimeDesc.into(),
            page_size: 200,
            min_position: position.to_owned(),
            ..SearchInteractionsRequest::default()
        };
        loop {
            let page = history.search_interactions(request.clone()).await;
            let page = page.expect("a search").into_inner();
            let ids = page.results.into_iter().filter_map(|it| it.interaction);
            found.extend(ids.map(|interaction| interaction.interaction_id));
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
    }
    found
}

/// All promises.
async fn commitments(door: &Channel, position: &str) -> Vec<String> {
    let followups = FollowupServiceClient::new(door.clone());
    let mut followups = followups.max_decoding_message_size(ANSWER_BYTES_MAX);
    let mut request = ListCommitmentsRequest {
        page_size: 500,
        min_position: position.to_owned(),
        ..ListCommitmentsRequest::default()
    };
    let mut shown = Vec::new();
    loop {
        let page = followups.list_commitments(request.clone()).await;
        let page = page.expect("promises").into_inner();
        shown.extend(page.commitments.into_iter().map(|it| it.commitment_id));
        if page.next_page_token.is_empty() {
            return shown;
        }
        request.page_token = page.next_page_token;
    }
}
