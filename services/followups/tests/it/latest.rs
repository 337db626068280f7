//! An answer includes all that was durable when the request came, if it is asked to, or says that it
//! doesn't yet.

use std::sync::Arc;
use std::time::Duration;

use aftercall_log::Log;
use aftercall_log::testing::FaultyLog;
use aftercall_proto::alerts::v1::ListAlertsRequest;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{CommitmentLapsed, Event};
use aftercall_proto::followups::v1::{GetCommitmentRequest, ListCommitmentsRequest};
use aftercall_proto::model::v1::{CommitmentClock, Lapse};
use tonic::{Request, Status};

use crate::identifying::event;
use crate::stage::{Contact, PATIENCE, Running, Stage, at, promise, reason, wire};

/// The queries there are.
#[derive(Debug, Clone, Copy)]
enum Query {
    Get,
    List,
    Alerts,
}

impl Query {
    const ALL: [Self; 3] = [Self::Get, Self::List, Self::Alerts];

    /// How many it finds of what was written last.
    async fn found(
        self,
        running: &Running,
        latest: bool,
        within: Duration,
    ) -> Result<usize, Status> {
        match self {
            Self::Get => {
                let mut request = Request::new(GetCommitmentRequest {
                    commitment_id: "c-2".to_owned(),
                    latest,
                    ..GetCommitmentRequest::default()
                });
                request.set_timeout(within);
                let answer = running.client("lead").get_commitment(request).await;
                match answer {
                    Err(status) if reason(&status) == "COMMITMENT_NOT_FOUND" => Ok(0),
                    answer => answer.map(|_| 1),
                }
            }
            Self::List => {
                let mut request = Request::new(ListCommitmentsRequest {
                    latest,
                    ..ListCommitmentsRequest::default()
                });
                request.set_timeout(within);
                let answer = running.client("lead").list_commitments(request).await?;
                let mut listed = answer.into_inner().commitments;
                listed.retain(|one| one.commitment_id == "c-2");
                Ok(listed.len())
            }
            Self::Alerts => {
                let mut request = Request::new(ListAlertsRequest {
                    latest,
                    ..ListAlertsRequest::default()
                });
                request.set_timeout(within);
                let answer = running.alerts("lead").list_alerts(request).await?;
                Ok(answer.into_inner().alerts.len())
            }
        }
    }
}

/// What the tracker of another process says of a promise.
fn lapse(stage: &Stage, commitment_id: &str, interaction_id: &str) {
    let fact = Fact::CommitmentLapsed(CommitmentLapsed {
        lapse: Some(Lapse {
            clock: CommitmentClock::Promise.into(),
            due_revision: 1,
            lapsed_at: wire(at(60)),
            detected_at: wire(at(61)),
        }),
        ..CommitmentLapsed::default()
    });
    let event = Event {
        interaction_id: interaction_id.to_owned(),
        ..event(commitment_id, 2, &fact)
    };
    stage.append(&event, "customer-1");
}

#[tokio::test]
async fn every_query_includes_what_was_durable_when_it_is_asked_to() {
    let stage = Stage::with_partitions(2);
    stage.record(&Contact::new("i-1", vec![promise("c-1", at(60))]));
    let log = FaultyLog::new(stage.log.clone());
    let running = stage
        .start_on(Arc::new(log.clone()) as Arc<dyn Log>, "views")
        .await;
    running.caught_up(&stage).await;
    log.hold_readers();
    lapse(&stage, "c-1", "i-1");
    stage.record(&Contact::new("i-2", vec![promise("c-2", at(3_600))]));

    let a_moment = Duration::from_millis(300);
    for query in Query::ALL {
        let old = query.found(&running, false, PATIENCE).await;
        assert_eq!(old.unwrap(), 0, "{query:?} answers what there is");
        let late = query.found(&running, true, a_moment).await.unwrap_err();
        assert_eq!(reason(&late), "POSITION_NOT_REACHED", "{query:?}");
    }
    let asked = Query::ALL.map(|query| query.found(&running, true, PATIENCE));
    let release = async { log.release_readers() };
    let (found, ()) = tokio::join!(futures::future::join_all(asked), release);
    for (query, found) in Query::ALL.into_iter().zip(found) {
        assert_eq!(found.unwrap(), 1, "{query:?}");
    }
    running.stop().await;
}
