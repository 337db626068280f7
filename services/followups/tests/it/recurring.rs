//! Promises that recur: made occurrence by occurrence, once, however many trackers there are and however long none ran.

mod edges;

use std::sync::Arc;

use aftercall_log::Log;
use aftercall_log::testing::{Fate, FaultyLog};
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{CommitmentRecurrenceEnded, EventType};
use aftercall_proto::followups::v1::{
    CancelCommitmentRequest, CommitmentFilter, DismissCommitmentRequest, EndRecurrenceRequest,
    EndRecurrenceResponse, ListCommitmentsRequest,
};
use aftercall_proto::model::v1::{
    CatchUp, Commitment, CommitmentDraft, CommitmentLifecycle, Occurrence, Recurrence,
    RecurrenceEnd, RecurrenceMode,
};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::making::{forgotten, id, in_contact, make};
use crate::stage::{
    Contact, PATIENCE, Running, Stage, at, fulfil, promise, reason, unwire, violations_of, wire,
};

const DAY: i64 = 86_400;

use RecurrenceMode::{Independent, Sequential};

/// A promise that is due after a day, and again each day.
fn daily(mode: RecurrenceMode) -> CommitmentDraft {
    CommitmentDraft {
        recurrence: Some(Recurrence {
            rrule: "FREQ=DAILY".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            mode: mode.into(),
            ..Recurrence::default()
        }),
        ..forgotten(DAY)
    }
}

fn catching_up(mode: RecurrenceMode, catch_up: CatchUp, max_open: u32) -> CommitmentDraft {
    let mut draft = daily(mode);
    let recurrence = draft.recurrence.as_mut().unwrap();
    recurrence.catch_up = catch_up.into();
    recurrence.max_open = max_open;
    draft
}

/// A contact, with a promise that was forgotten in it.
async fn begin(draft: CommitmentDraft) -> (Stage, Running) {
    let stage = Stage::new();
    stage.record(&Contact::new("i-1", vec![promise("c-1", at(99 * DAY))]));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    let made = make(&running, "lead", in_contact("r-1", draft)).await;
    let made = made.unwrap().commitment.unwrap();
    let place = made.occurrence.unwrap();
    assert_eq!((&*place.series_id, place.occurrence_no), (&*id(1), 1));
    (stage, running)
}

/// The promises of the series, the first one first.
async fn series(running: &Running) -> Vec<Commitment> {
    series_of(running, &id(1)).await
}

async fn series_of(running: &Running, series_id: &str) -> Vec<Commitment> {
    let request = ListCommitmentsRequest {
        filter: Some(CommitmentFilter {
            series_ids: vec![series_id.to_owned()],
            ..CommitmentFilter::default()
        }),
        ..ListCommitmentsRequest::default()
    };
    let answer = running.client("lead").list_commitments(request).await;
    let mut all = answer.unwrap().into_inner().commitments;
    all.sort_by_key(|one| one.occurrence.as_ref().map(|place| place.occurrence_no));
    all
}

/// On which days after the beginning they are due.
fn days(series: &[Commitment]) -> Vec<i64> {
    let dues = series.iter();
    dues.map(|one| {
        let due = unwire(one.promised_by.as_ref()).duration_since(at(0));
        assert_eq!(due.as_secs() % DAY, 0);
        due.as_secs() / DAY
    })
    .collect()
}

/// How many promises were made by events of their own, as often as they were written.
fn made(stage: &Stage) -> usize {
    let events = stage.events().into_iter();
    events
        .filter(|event| event.r#type() == EventType::CommitmentMade)
        .count()
}

/// The promises of the series, once there are so many.
async fn until_so_many(running: &Running, count: usize) -> Vec<Commitment> {
    let mut progress = running.followups.view().progress();
    let waiting = async {
        loop {
            let all = series(running).await;
            if all.len() >= count {
                return all;
            }
            progress.changed().await.unwrap();
        }
    };
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    waited.expect("there should be so many in the end")
}

/// Waits until so many were made.
async fn until_made(stage: &Stage, running: &Running, count: usize) {
    running.until(|| made(stage) >= count).await;
    running.caught_up(stage).await;
}

/// Waits until the tracker has said all that it had to say by then, the lapse of another promise last.
async fn settled(stage: &Stage, running: &Running, due: i64) {
    let other = format!("other-{due}");
    let promises = vec![promise(&other, at(due))];
    stage.record(&Contact::new(&format!("i-{due}"), promises));
    stage.clock.advance_to(at(due + 1));
    let lapsed = || stage.lapses().iter().any(|(id, _)| *id == other);
    running.until(lapsed).await;
    running.caught_up(stage).await;
}

async fn end(
    running: &Running,
    who: &str,
    request_id: &str,
    commitment_id: &str,
) -> Result<EndRecurrenceResponse, Status> {
    let request = EndRecurrenceRequest {
        request_id: request_id.to_owned(),
        commitment_id: commitment_id.to_owned(),
        reason: "the part is here".to_owned(),
        ..EndRecurrenceRequest::default()
    };
    let answer = running.client(who).end_recurrence(request).await;
    answer.map(tonic::Response::into_inner)
}

/// Which ends of series the log tells of.
fn ends(stage: &Stage) -> Vec<CommitmentRecurrenceEnded> {
    let events = stage.events().into_iter();
    events
        .filter_map(|event| match event.fact().unwrap() {
            Some(Fact::CommitmentRecurrenceEnded(ended)) => Some(ended),
            _ => None,
        })
        .collect()
}

/// A view that is built anew tells the same.
async fn same_anew(stage: &Stage, running: Running) {
    let told = series(&running).await;
    running.stop().await;
    let anew = stage
        .start_on(Arc::new(stage.log.clone()), "views-anew")
        .await;
    anew.caught_up(stage).await;
    assert_eq!(series(&anew).await, told);
    anew.stop().await;
}

#[tokio::test]
async fn a_sequential_series_goes_on_when_the_last_one_is_done_or_called_off() {
    let (stage, running) = begin(daily(Sequential)).await;
    // While it is open nothing follows, though its due passes.
    stage.clock.advance_to(at(DAY + 1));
    running.until(|| stage.lapses().len() == 1).await;
    settled(&stage, &running, DAY + 60).await;
    assert_eq!(made(&stage), 1);
    fulfil(&running, &id(1)).await;
    stage.clock.advance_to(at(DAY + 62));
    until_made(&stage, &running, 2).await;
    let all = series(&running).await;
    assert_eq!(days(&all), [1, 2]);
    let (first, second) = (&all[0], &all[1]);
    let place = first.occurrence.as_ref().unwrap();
    assert_eq!(place.next_commitment_id, second.commitment_id);
    assert_eq!(second.lifecycle(), CommitmentLifecycle::Active);
    assert_eq!(second.promise_text, first.promise_text);
    assert_eq!(second.interaction_id, "i-1");
    assert_eq!(second.made_by_agent_id, first.made_by_agent_id);
    assert_eq!(second.made_at, wire(at(DAY + 61)));
    let local = &second.occurrence.as_ref().unwrap().local_time;
    assert_eq!(local, "2023-11-16T23:13:20");

    let cancel = CancelCommitmentRequest {
        request_id: "r-2".to_owned(),
        commitment_id: second.commitment_id.clone(),
        reason: "not this time".to_owned(),
        ..CancelCommitmentRequest::default()
    };
    let mut lead = running.client("lead");
    lead.cancel_commitment(cancel).await.unwrap();
    stage.clock.advance_to(at(DAY + 63));
    until_made(&stage, &running, 3).await;
    assert_eq!(days(&series(&running).await), [1, 2, 3]);
    same_anew(&stage, running).await;
}

#[tokio::test]
async fn an_independent_series_goes_on_by_its_dues_as_long_as_there_is_room() {
    let (stage, running) = begin(catching_up(Independent, CatchUp::Skip, 2)).await;
    // Done long before its due: the next one is made at its due all the same.
    fulfil(&running, &id(1)).await;
    settled(&stage, &running, DAY - 60).await;
    assert_eq!(made(&stage), 1);
    stage.clock.advance_to(at(DAY + 1));
    until_made(&stage, &running, 2).await;
    stage.clock.advance_to(at(2 * DAY + 1));
    until_made(&stage, &running, 3).await;
    let all = series(&running).await;
    assert_eq!(days(&all), [1, 2, 3]);
    // The second and the third are open, and so many may be.
    stage.clock.advance_to(at(5 * DAY + 1));
    running.until(|| stage.lapses().len() == 3).await;
    settled(&stage, &running, 5 * DAY + 60).await;
    assert_eq!(made(&stage), 3);
    fulfil(&running, &all[1].commitment_id).await;
    // There is room since then: the tracker has something to say as soon as that instant is over.
    stage.clock.advance_to(at(5 * DAY + 62));
    until_made(&stage, &running, 4).await;
    // What passed meanwhile is passed over.
    assert_eq!(days(&series(&running).await), [1, 2, 3, 6]);
    same_anew(&stage, running).await;
}

#[tokio::test]
async fn what_fell_due_while_nothing_ran_is_caught_up_with_as_the_series_says() {
    for (catch_up, expected) in [
        (CatchUp::Unspecified, &[1, 5][..]),
        (CatchUp::Skip, &[1, 5]),
        (CatchUp::CollapseToOne, &[1, 4, 5]),
        (CatchUp::All, &[1, 2, 3, 4, 5]),
    ] {
        let (stage, running) = begin(catching_up(Independent, catch_up, 20)).await;
        running.stop().await;
        stage.clock.advance_to(at(4 * DAY + 10));
        let running = stage.start().await;
        until_made(&stage, &running, expected.len()).await;
        let all = series(&running).await;
        assert_eq!(days(&all), expected, "{catch_up:?}");
        // Each of those whose due has passed lapses, with the times as they were.
        running
            .until(|| stage.lapses().len() == expected.len() - 1)
            .await;
        let late = stage.lapses().into_iter();
        for (_, lapsed) in late {
            let lapse = lapsed.lapse.unwrap();
            assert_eq!(unwire(lapse.detected_at.as_ref()), at(4 * DAY + 10));
        }
        running.caught_up(&stage).await;
        assert_eq!(made(&stage), expected.len());
        same_anew(&stage, running).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_trackers_and_a_crash_make_each_occurrence_once() {
    let (stage, running) = begin(catching_up(Independent, CatchUp::All, 20)).await;
    running.stop().await;
    // The first one does not hear whether it wrote the lapse, nor the promise, and dies.
    let log = FaultyLog::failing(stage.log.clone(), [Fate::LostAck, Fate::LostAck]);
    let log = Arc::new(log);
    let deaf = stage
        .start_on(Arc::clone(&log) as Arc<dyn Log>, "views")
        .await;
    deaf.caught_up(&stage).await;
    stage.clock.advance_to(at(DAY + 1));
    deaf.until(|| log.fates_left() == 0 && made(&stage) >= 2)
        .await;
    deaf.stop().await;

    let one = stage.start().await;
    let other = Arc::new(stage.log.of_another_process());
    let other = stage.start_on(other, "other").await;
    for running in [&one, &other] {
        running.caught_up(&stage).await;
    }
    for day in 2..8 {
        stage.clock.advance_to(at(day * DAY + 1));
        for running in [&one, &other] {
            let all = until_so_many(running, usize::try_from(day + 1).unwrap()).await;
            assert_eq!(days(&all), (1..day + 2).collect::<Vec<_>>());
        }
    }
    one.caught_up(&stage).await;
    other.caught_up(&stage).await;
    assert_eq!(series(&one).await, series(&other).await);
    one.stop().await;
    same_anew(&stage, other).await;
}

#[tokio::test]
async fn what_another_tracker_makes_in_its_place_counts_nothing() {
    let (stage, running) = begin(daily(Independent)).await;
    stage.clock.advance_to(at(DAY + 1));
    until_made(&stage, &running, 2).await;
    let before = series(&running).await;
    // It looked later, and found another time to be the next.
    let mut other = stage.events().pop().unwrap();
    assert_eq!(other.r#type(), EventType::CommitmentMade);
    let Some(Fact::CommitmentMade(mut made)) = other.fact().unwrap() else {
        panic!("{other:?}");
    };
    let draft = made.commitment.as_mut().unwrap();
    draft.promised_by = wire(at(4 * DAY));
    let place = draft.occurrence.as_mut().unwrap();
    (place.rule_no, place.due_at) = (4, wire(at(4 * DAY)));
    other.payload = Fact::CommitmentMade(made).event().payload;
    other.event_id = "another".to_owned();
    stage.append(&other, "customer-1");
    running.caught_up(&stage).await;
    assert_eq!(series(&running).await, before);
    stage.clock.advance_to(at(2 * DAY + 1));
    until_made(&stage, &running, 4).await;
    assert_eq!(days(&series(&running).await), [1, 2, 3]);
    same_anew(&stage, running).await;
}

#[tokio::test]
async fn a_series_is_ended_by_any_of_its_promises_and_goes_on_no_more() {
    let (stage, running) = begin(daily(Independent)).await;
    stage.clock.advance_to(at(DAY + 1));
    until_made(&stage, &running, 2).await;
    let latest = series(&running).await.remove(1);
    fulfil(&running, &id(1)).await;
    fulfil(&running, &latest.commitment_id).await;

    let refused = end(&running, "agent", "e-0", &id(1)).await.unwrap_err();
    assert_eq!(reason(&refused), "ROLE_REQUIRED");
    let refused = end(&running, "lead", "e-0", "c-1").await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let lacks = |status: &Status| {
        let details = status.get_details_precondition_failure().unwrap();
        details.violations[0].r#type.clone()
    };
    assert_eq!(lacks(&refused), "RECURRING");

    // By the first one, and though none of them is open.
    let ended = end(&running, "lead", "e-1", &id(1)).await.unwrap();
    let told = ended.commitment.clone().unwrap();
    assert_eq!(told.commitment_id, latest.commitment_id);
    assert!(told.occurrence.unwrap().series_ended);
    let repeated = end(&running, "lead", "e-1", &id(1)).await.unwrap();
    assert_eq!(repeated, ended);
    let refused = end(&running, "lead", "e-2", &id(1)).await.unwrap_err();
    assert_eq!(lacks(&refused), "SERIES_GOES_ON");
    let told = ends(&stage);
    assert_eq!((told.len(), told[0].cause()), (1, RecurrenceEnd::Asked));
    assert_eq!(told[0].reason, "the part is here");

    stage.clock.advance_to(at(5 * DAY));
    settled(&stage, &running, 6 * DAY).await;
    assert_eq!(made(&stage), 2);
    same_anew(&stage, running).await;
}

#[tokio::test]
async fn after_its_last_time_the_log_tells_that_a_series_is_over() {
    let mut draft = daily(Sequential);
    draft.recurrence.as_mut().unwrap().count = 2;
    let (stage, running) = begin(draft).await;
    fulfil(&running, &id(1)).await;
    stage.clock.advance_to(at(1));
    until_made(&stage, &running, 2).await;
    let second = series(&running).await.remove(1);
    assert_eq!(days(std::slice::from_ref(&second)), [2]);
    fulfil(&running, &second.commitment_id).await;
    stage.clock.advance_to(at(2));
    running.until(|| !ends(&stage).is_empty()).await;
    running.caught_up(&stage).await;
    assert_eq!(ends(&stage)[0].cause(), RecurrenceEnd::NoMoreTimes);
    let second = series(&running).await.remove(1);
    assert!(second.occurrence.unwrap().series_ended);
    assert_eq!((made(&stage), ends(&stage).len()), (2, 1));
    same_anew(&stage, running).await;
}

#[tokio::test]
async fn a_promise_of_a_contacts_record_begins_a_series_and_what_is_dismissed_does_not() {
    let stage = Stage::new();
    let due = at(DAY);
    let recurs = |commitment_id: &str| CommitmentDraft {
        recurrence: Some(Recurrence {
            until: wire(at(9 * DAY)),
            catch_up: CatchUp::Skip.into(),
            max_open: 3,
            ..daily(Sequential).recurrence.unwrap()
        }),
        occurrence: Some(Occurrence {
            occurrence_no: 1,
            rule_no: 1,
            local_time: "2023-11-15T23:13:20".to_owned(),
            due_at: wire(due),
            ..Occurrence::default()
        }),
        ..promise(commitment_id, due)
    };
    let proposed = CommitmentDraft {
        proposed_until: wire(due),
        ..recurs("c-2")
    };
    stage.record(&Contact::new("i-1", vec![recurs("c-1"), proposed]));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    let dismiss = DismissCommitmentRequest {
        request_id: "r-1".to_owned(),
        commitment_id: "c-2".to_owned(),
        reason: "only asked".to_owned(),
        ..DismissCommitmentRequest::default()
    };
    let mut owner = running.client("owner");
    owner.dismiss_commitment(dismiss).await.unwrap();
    fulfil(&running, "c-1").await;
    stage.clock.advance_to(at(1));
    until_made(&stage, &running, 1).await;
    let all = series_of(&running, "c-1").await;
    assert_eq!(days(&all), [1, 2]);
    assert_eq!(series_of(&running, "c-2").await.len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn a_bad_rule_is_refused_with_its_field_and_reason() {
    let stage = Stage::new();
    stage.record(&Contact::new("i-1", vec![promise("c-1", at(DAY))]));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    for (rrule, expected) in [
        ("FREQ=MINUTELY", "BAD_RRULE"),
        ("FREQ=DAILY;BYHOUR=3", "BAD_RRULE"),
        ("each day", "BAD_RRULE"),
        ("", "REQUIRED"),
    ] {
        let mut draft = daily(Sequential);
        draft.recurrence.as_mut().unwrap().rrule = rrule.to_owned();
        let refused = make(&running, "lead", in_contact("r-1", draft)).await;
        let refused = refused.unwrap_err();
        assert_eq!(reason(&refused), "INVALID_REQUEST");
        let (field, why) = &violations_of(&refused)[0];
        assert_eq!(
            (&**field, &**why),
            ("commitment.recurrence.rrule", expected)
        );
    }
    running.stop().await;
}
