//! Lists as streams: of pages, and of what is on them.

use aftercall_proto::alerts::v1::ListAlertsRequest;
use aftercall_proto::followups::v1::{
    ListCalendarFeedsRequest, ListCommitmentsRequest, ListIncompleteCallsRequest,
    ListReschedulesRequest,
};
use aftercall_proto::history::v1::{
    Amendment, FindCustomersRequest, FoundCustomer, ListAmendmentsRequest, ListTimelineRequest,
    SearchInteractionsRequest, SearchResult, TimelineEntry,
};
use aftercall_proto::insight::v1::{
    ContactRef, FairClock, ListContactsRequest, ListCustomerSlipUpsRequest, ListFairClocksRequest,
    ListProblemVersionsRequest, ListProblemsRequest, ListSlipUpsRequest, ProblemTrend,
    ProblemVersion, SlipUpEntry, SlipUpWindow,
};
use aftercall_proto::knowledge::v1::{
    KnowledgeReportRequest, KnowledgeRow, ListCandidatesRequest, ListChangesRequest,
    ListFlagsRequest, ListRecalledRequest, ListReviewQueueRequest, ListSolutionsRequest,
    ListStruggleEvidenceRequest, ListStrugglesRequest, ListUsesRequest, ListVersionStatsRequest,
    ListVersionsRequest, SearchSolutionsRequest, SolutionHit, Struggle, StruggleEvidence,
};
use aftercall_proto::model::v1::{
    Alert, CalendarFeed, Call, Candidate, Commitment, RecalledParty, Reschedule, Review, Setting,
    Solution, SolutionChange, SolutionFlag, ToldSolution, VersionStats, Webhook, WebhookDelivery,
};
use aftercall_proto::notify::v1::{ListWebhookDeliveriesRequest, ListWebhooksRequest};
use aftercall_proto::settings::v1::{ListSettingVersionsRequest, ListSettingsRequest};
use futures::{Stream, TryStreamExt, stream};

use crate::client::{Client, Error};
use crate::rpc::Rpc;

/// A request whose answer is a page of a list.
pub trait List: Rpc {
    /// What is listed.
    type Item: Send + 'static;

    /// Asks for the page that a token names; an empty token names the first one. The total was said
    /// with the first page, and isn't asked for again.
    fn turn_to(&mut self, page_token: String);

    /// Asks how many items there are in all.
    fn ask_total(&mut self);

    /// The token of the page after an answer; empty at the end.
    fn next_page(answer: &Self::Answer) -> &str;

    /// How many items there are in all, if it was asked for.
    fn total(answer: &Self::Answer) -> Option<Total>;

    /// Takes what is on a page out of its answer, and leaves the rest.
    fn take(answer: &mut Self::Answer) -> Vec<Self::Item>;
}

/// How many items a list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    /// As far as they were counted.
    pub size: u64,
    /// Counting ended early: there may be more.
    pub is_lower_bound: bool,
}

macro_rules! lists {
    ($($kind:ident $request:ty: $field:ident of $item:ty;)*) => {
        $(impl List for $request {
            type Item = $item;

            lists!(@$kind);

            fn next_page(answer: &Self::Answer) -> &str {
                &answer.next_page_token
            }

            fn take(answer: &mut Self::Answer) -> Vec<Self::Item> {
                std::mem::take(&mut answer.$field)
            }
        })*
    };
    // What is counted when it is asked for.
    (@counted) => {
        fn turn_to(&mut self, page_token: String) {
            self.include_total = false;
            self.page_token = page_token;
        }

        fn ask_total(&mut self) {
            self.include_total = true;
        }

        fn total(answer: &Self::Answer) -> Option<Total> {
            Some(Total {
                size: answer.total_size?,
                is_lower_bound: answer.total_size_is_lower_bound,
            })
        }
    };
    // What says nowhere how many there are.
    (@uncounted) => {
        fn turn_to(&mut self, page_token: String) {
            self.page_token = page_token;
        }

        fn ask_total(&mut self) {}

        fn total(_: &Self::Answer) -> Option<Total> {
            None
        }
    };
    // What says how many there are in any case.
    (@known) => {
        fn turn_to(&mut self, page_token: String) {
            self.page_token = page_token;
        }

        fn ask_total(&mut self) {}

        fn total(answer: &Self::Answer) -> Option<Total> {
            Some(Total {
                size: answer.total_size,
                is_lower_bound: false,
            })
        }
    };
}

lists! {
    known ListAmendmentsRequest: amendments of Amendment;
    counted ListTimelineRequest: entries of TimelineEntry;
    known SearchInteractionsRequest: results of SearchResult;
    uncounted FindCustomersRequest: customers of FoundCustomer;
    uncounted ListContactsRequest: contacts of ContactRef;
    uncounted ListCustomerSlipUpsRequest: entries of SlipUpEntry;
    uncounted ListSlipUpsRequest: windows of SlipUpWindow;
    uncounted ListFairClocksRequest: clocks of FairClock;
    uncounted ListProblemsRequest: problems of ProblemTrend;
    uncounted ListProblemVersionsRequest: versions of ProblemVersion;
    counted ListCommitmentsRequest: commitments of Commitment;
    known ListReschedulesRequest: reschedules of Reschedule;
    counted ListAlertsRequest: alerts of Alert;
    uncounted ListIncompleteCallsRequest: calls of Call;
    known SearchSolutionsRequest: hits of SolutionHit;
    uncounted ListStrugglesRequest: struggles of Struggle;
    uncounted ListStruggleEvidenceRequest: evidence of StruggleEvidence;
    uncounted KnowledgeReportRequest: rows of KnowledgeRow;
    counted ListCandidatesRequest: candidates of Candidate;
    counted ListSolutionsRequest: solutions of Solution;
    uncounted ListVersionsRequest: versions of Solution;
    uncounted ListChangesRequest: changes of SolutionChange;
    uncounted ListUsesRequest: uses of ToldSolution;
    uncounted ListVersionStatsRequest: versions of VersionStats;
    uncounted ListFlagsRequest: flags of SolutionFlag;
    uncounted ListReviewQueueRequest: reviews of Review;
    uncounted ListRecalledRequest: parties of RecalledParty;
    counted ListSettingsRequest: settings of Setting;
    uncounted ListSettingVersionsRequest: versions of Setting;
    uncounted ListCalendarFeedsRequest: feeds of CalendarFeed;
    uncounted ListWebhooksRequest: webhooks of Webhook;
    uncounted ListWebhookDeliveriesRequest: deliveries of WebhookDelivery;
}

impl Client {
    /// The pages of a list, from the one that the request names on. A page is asked for when the
    /// stream is polled for it; `page_size` says how large it is.
    ///
    /// The stream ends after the first error.
    pub fn pages<L: List>(
        &self,
        request: L,
    ) -> impl Stream<Item = Result<L::Answer, Error>> + Send + use<L> {
        let client = self.clone();
        stream::try_unfold(Some(request), move |request| {
            let client = client.clone();
            async move {
                let Some(mut request) = request else {
                    return Ok(None);
                };
                let answer = client.call(request.clone()).await?;
                let next = L::next_page(&answer).to_owned();
                request.turn_to(next.clone());
                Ok(Some((answer, (!next.is_empty()).then_some(request))))
            }
        })
    }

    /// Everything that a list has, from the page that the request names on.
    ///
    /// The stream ends after the first error.
    pub fn items<L: List>(
        &self,
        request: L,
    ) -> impl Stream<Item = Result<L::Item, Error>> + Send + use<L> {
        self.pages(request)
            .map_ok(|mut answer| stream::iter(L::take(&mut answer).into_iter().map(Ok)))
            .try_flatten()
    }
}
