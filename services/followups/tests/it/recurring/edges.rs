//! What is to be of a series after its end, after a downtime, and after a wait for room.

use aftercall_domain::interaction::occurrence_commitment_id;
use aftercall_log::Log;
use aftercall_proto::envelope::Fact;
use aftercall_proto::followups::v1::batch_commitments_request::Command;
use aftercall_proto::followups::v1::{BatchCommitmentsRequest, BatchTarget, EndRecurrenceRequest};
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{Calendar, CatchUp, Commitment, FollowUpPolicy, Setting};
use aftercall_service::Clock;
use aftercall_service::testing::{open_week, setting, setting_changed, since_made};

use super::{
    DAY, Independent, Sequential, begin, catching_up, daily, days, end, ends, fulfil, same_anew,
    series, settled, until_made,
};
use crate::making::{id, in_contact, make};
use crate::stage::{Stage, TENANT, at, wire};

const HOUR: i64 = 3_600;

/// From now on we want what is promised done within four hours.
async fn set_up(stage: &Stage) {
    let calendar = Calendar {
        time_zone: "UTC".to_owned(),
        weekly: Some(open_week()),
        ..Calendar::default()
    };
    let policy = FollowUpPolicy {
        internal_target: Some(since_made(4, "always")),
        ..FollowUpPolicy::default()
    };
    let settings = [
        setting("always", Body::Calendar(calendar)),
        setting("soon", Body::FollowUpPolicy(policy)),
    ];
    for (revision, setting) in (1..).zip(settings) {
        let setting = Setting {
            version: 1,
            ..setting
        };
        let record = setting_changed(TENANT, revision, setting, stage.clock.now());
        stage.log.append(vec![record]).await.unwrap();
    }
}

/// It was made then, and we want it done within four hours from then: that time has not passed.
fn is_made_at(stage: &Stage, promise: &Commitment, seconds: i64) {
    let target = promise.target.as_ref().unwrap();
    assert_eq!(
        (promise.made_at, target.target_at),
        (wire(at(seconds)), wire(at(seconds + 4 * HOUR)))
    );
    let lapses = stage.lapses();
    assert!(lapses.iter().all(|(id, _)| *id != promise.commitment_id));
}

#[tokio::test]
async fn an_occurrence_on_its_way_when_its_series_ends_counts_nothing() {
    let (stage, running) = begin(daily(Independent)).await;
    stage.clock.advance_to(at(DAY + 1));
    until_made(&stage, &running, 2).await;
    // The third one as another tracker makes it, that does not know of the end yet.
    let (mut late, key) = (stage.events().pop().unwrap(), stage.keys().pop().unwrap());
    let Some(Fact::CommitmentMade(mut made)) = late.fact().unwrap() else {
        panic!("{late:?}");
    };
    late.event_id = "late".to_owned();
    late.aggregate_id = occurrence_commitment_id(&key, &id(1), 3).to_string();
    let draft = made.commitment.as_mut().unwrap();
    draft.commitment_id.clone_from(&late.aggregate_id);
    draft.promised_by = wire(at(3 * DAY));
    let place = draft.occurrence.as_mut().unwrap();
    (place.occurrence_no, place.rule_no) = (3, 3);
    place.due_at = draft.promised_by;
    late.payload = Fact::CommitmentMade(made).event().payload;

    end(&running, "lead", "e-1", &id(1)).await.unwrap();
    stage.append(&late, "customer-1");
    running.caught_up(&stage).await;
    assert_eq!(days(&series(&running).await), [1, 2]);
    stage.clock.advance_to(at(5 * DAY));
    settled(&stage, &running, 6 * DAY).await;
    let all = series(&running).await;
    assert_eq!(days(&all), [1, 2]);
    assert!(all[1].occurrence.as_ref().unwrap().series_ended);
    same_anew(&stage, running).await;
}

#[tokio::test]
async fn after_a_downtime_our_own_due_runs_from_the_last_time_that_was_passed_over() {
    let (stage, running) = begin(catching_up(Independent, CatchUp::Skip, 3)).await;
    running.stop().await;
    set_up(&stage).await;
    stage.clock.advance_to(at(4 * DAY + 10));
    let running = stage.start().await;
    until_made(&stage, &running, 2).await;
    settled(&stage, &running, 4 * DAY + 20).await;
    let all = series(&running).await;
    assert_eq!(days(&all), [1, 5]);
    is_made_at(&stage, &all[1], 4 * DAY);
    same_anew(&stage, running).await;
}

#[tokio::test]
async fn where_a_series_was_full_our_own_due_runs_from_when_there_was_room() {
    let mut draft = catching_up(Independent, CatchUp::Skip, 1);
    let recurrence = draft.recurrence.as_mut().unwrap();
    recurrence.rrule = "FREQ=WEEKLY".to_owned();
    let (stage, running) = begin(draft).await;
    set_up(&stage).await;
    settled(&stage, &running, 4 * DAY).await;
    fulfil(&running, &id(1)).await;
    stage.clock.advance_to(at(4 * DAY + 2));
    until_made(&stage, &running, 2).await;
    settled(&stage, &running, 4 * DAY + 20).await;
    let all = series(&running).await;
    assert_eq!(days(&all), [1, 8]);
    is_made_at(&stage, &all[1], 4 * DAY + 1);
    same_anew(&stage, running).await;
}

#[tokio::test]
async fn several_series_are_ended_by_one_request() {
    let (stage, running) = begin(daily(Sequential)).await;
    let other = make(&running, "lead", in_contact("r-2", daily(Independent))).await;
    let other = other.unwrap().commitment.unwrap().commitment_id;
    let targets = [&*id(1), &other, "c-1"].map(|id| BatchTarget {
        commitment_id: id.to_owned(),
        ..BatchTarget::default()
    });
    let request = BatchCommitmentsRequest {
        request_id: "all".to_owned(),
        targets: targets.into(),
        command: Some(Command::EndRecurrence(EndRecurrenceRequest {
            reason: "the part is here".to_owned(),
            ..EndRecurrenceRequest::default()
        })),
    };
    let mut lead = running.client("lead");
    let answer = lead.batch_commitments(request.clone()).await.unwrap();
    let answer = answer.into_inner().commitments;
    for ended in &answer[..2] {
        let place = ended.commitment.as_ref().unwrap().occurrence.as_ref();
        assert!(place.unwrap().series_ended, "{ended:?}");
    }
    assert!(answer[2].status.is_some(), "is of no series");
    lead.batch_commitments(request).await.unwrap();
    assert_eq!(ends(&stage).len(), 2, "nothing is done twice");
    running.stop().await;
}
