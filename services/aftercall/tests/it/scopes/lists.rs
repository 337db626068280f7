//! Every list, as pages of somebody who reads it.

use aftercall_client::{Client, Error, Rpc};
use aftercall_proto::alerts::v1::ListAlertsRequest;
use aftercall_proto::followups::v1::ListCommitmentsRequest;
use aftercall_proto::history::v1::{ListTimelineRequest, SearchInteractionsRequest, TimelineEntry};
use aftercall_proto::knowledge::v1::{ListCandidatesRequest, ListSolutionsRequest};
use aftercall_proto::model::v1::{Alert, Candidate, Commitment, Interaction, Solution};

/// A list in pages.
pub(super) trait Listed: Rpc {
    type Item;

    fn ask(&mut self, page_token: String);

    /// The items of a page, how many there are in all, and the token of the next page.
    fn page(answer: Self::Answer) -> (Vec<Self::Item>, u64, String);
}

macro_rules! listed {
    ($($request:ty => $item:ty: $items:ident, $size:literal;)*) => {
        $(impl Listed for $request {
            type Item = $item;

            fn ask(&mut self, page_token: String) {
                self.page_size = $size;
                self.page_token = page_token;
                self.include_total = true;
            }

            fn page(answer: Self::Answer) -> (Vec<$item>, u64, String) {
                (answer.$items, answer.total_size.unwrap(), answer.next_page_token)
            }
        })*
    };
}

listed! {
    ListTimelineRequest => TimelineEntry: entries, 4;
    ListCommitmentsRequest => Commitment: commitments, 3;
    ListAlertsRequest => Alert: alerts, 3;
    ListCandidatesRequest => Candidate: candidates, 1;
    ListSolutionsRequest => Solution: solutions, 1;
}

impl Listed for SearchInteractionsRequest {
    type Item = Interaction;

    fn ask(&mut self, page_token: String) {
        self.page_size = 5;
        self.page_token = page_token;
    }

    fn page(answer: Self::Answer) -> (Vec<Interaction>, u64, String) {
        let results = answer.results.into_iter();
        let found = results.map(|result| result.interaction.unwrap());
        (found.collect(), answer.total_size, answer.next_page_token)
    }
}

/// All items, however the pages are cut; each page says how many there are. Gives a token of a page, too, if there
/// was one.
pub(super) async fn all<L: Listed>(client: &Client, request: &L) -> (Vec<L::Item>, String) {
    let (mut items, mut first, mut token) = (Vec::new(), String::new(), String::new());
    let mut totals = Vec::new();
    loop {
        let mut asked = request.clone();
        asked.ask(token);
        let answer = client.call(asked).await.unwrap();
        let (page, total, next) = L::page(answer);
        totals.push(total);
        items.extend(page);
        if first.is_empty() {
            first.clone_from(&next);
        }
        token = next;
        if token.is_empty() {
            break;
        }
    }
    let counted = items.len() as u64;
    assert!(
        totals.iter().all(|total| *total == counted),
        "{}: {totals:?}, not {counted}",
        L::PATH
    );
    (items, first)
}

/// The reason for which a page of somebody else's list is refused.
pub(super) async fn refusal_of_page<L: Listed>(
    client: &Client,
    request: &L,
    token: String,
) -> String {
    let mut asked = request.clone();
    asked.ask(token);
    match client.call(asked).await {
        Err(Error::Refused(refusal)) => refusal.reason,
        answer => panic!("{}: {:?}", L::PATH, answer.map(drop)),
    }
}
