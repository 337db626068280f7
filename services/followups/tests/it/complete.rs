//! How far answers are complete.

use aftercall_proto::alerts::v1::ListAlertsRequest;
use aftercall_proto::followups::v1::{
    CountCommitmentsRequest, ExplainDueRequest, GetCommitmentRequest, ListCalendarFeedsRequest,
    ListCommitmentsRequest, ListReschedulesRequest,
};
use aftercall_service::Clock;
use aftercall_service::testing::is_complete;

use crate::stage::{Contact, Stage, at, promise};

/// Asks for all that is in the log; says how far the answer is complete.
macro_rules! through {
    ($client:expr, $method:ident, $request:ident { $($field:ident: $value:expr),* }) => {{
        let request = $request {
            $($field: $value,)*
            latest: true,
            ..$request::default()
        };
        let answer = $client.$method(request).await.unwrap().into_inner();
        let through = (answer.complete_through, answer.complete_through_at);
        (stringify!($method), through)
    }};
}

#[tokio::test]
async fn answers_say_by_position_and_time_how_far_they_are_complete() {
    let stage = Stage::new();
    let promises = (0..3).map(|no| promise(&format!("c-{no}"), at(3_600)));
    stage.record(&Contact::new("i-1", promises.collect()));
    let running = stage.start().await;
    let (mut lead, mut alerts) = (running.client("lead"), running.alerts("lead"));
    let mut feeds = running.feeds("owner");
    let commitment_id = || "c-0".to_owned();
    let answers = [
        through!(
            lead,
            get_commitment,
            GetCommitmentRequest {
                commitment_id: commitment_id()
            }
        ),
        through!(lead, list_commitments, ListCommitmentsRequest {}),
        through!(lead, count_commitments, CountCommitmentsRequest {}),
        through!(
            lead,
            list_reschedules,
            ListReschedulesRequest {
                commitment_id: commitment_id()
            }
        ),
        through!(
            lead,
            explain_due,
            ExplainDueRequest {
                commitment_id: commitment_id()
            }
        ),
        through!(alerts, list_alerts, ListAlertsRequest {}),
        through!(feeds, list_calendar_feeds, ListCalendarFeedsRequest {}),
    ];
    for (method, (position, time)) in answers {
        let is_told = is_complete(&position, time.as_ref(), stage.clock.now());
        assert!(is_told, "{method}: {position} {time:?}");
    }
    running.stop().await;
}

#[tokio::test]
async fn the_first_page_of_a_list_says_the_time_and_later_ones_do_not() {
    let stage = Stage::new();
    let promises = (0..3).map(|no| promise(&format!("c-{no}"), at(3_600)));
    stage.record(&Contact::new("i-1", promises.collect()));
    let running = stage.start().await;
    let mut request = ListCommitmentsRequest {
        page_size: 1,
        latest: true,
        ..ListCommitmentsRequest::default()
    };
    let mut through = None;
    for page in 0..3 {
        let answer = running
            .client("lead")
            .list_commitments(request.clone())
            .await;
        let answer = answer.unwrap().into_inner();
        assert_eq!(answer.complete_through_at.is_some(), page == 0, "{page}");
        let first = through.get_or_insert(answer.complete_through.clone());
        assert_eq!(answer.complete_through, *first, "{page}");
        request.page_token = answer.next_page_token;
    }
    assert_eq!(request.page_token, "", "there is no page more");
    running.stop().await;
}
