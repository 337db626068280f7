//! Calls as telephony tells of them: seen at once, completed by their wrap-up, and closed where nothing comes.

mod commands;
mod drops;
mod left;
mod measured;
mod old;
mod saved;
mod stream;
mod talking;

use std::pin::Pin;
use std::time::Duration;

use aftercall_client::{Client, Error};
use aftercall_proto::followups::v1::{
    JudgeCallDropRequest, ListIncompleteCallsRequest, ListIncompleteCallsResponse,
    WatchCallsRequest, WatchCallsResponse,
};
use aftercall_proto::history::v1::timeline_entry::What;
use aftercall_proto::history::v1::{
    GetCustomerContextRequest, GetInteractionRequest, GetInteractionResponse, ListTimelineRequest,
};
use aftercall_proto::model::v1::{
    Call, CallEvent, CallEventKind as Kind, CallState, DisconnectReason, DropAttribution,
    DropBasis, DropClass, ExternalRef, HoldReason, Interaction, RecordStatus, SegmentKind,
};
use aftercall_proto::recorder::v1::report_call_events_response::Outcome;
use aftercall_proto::recorder::v1::{
    BatchReportCallEventsRequest, BatchReportCallEventsResponse, RecordInteractionRequest,
    ReportCallEventsRequest,
};
use aftercall_service::testing::{contact, promise};
use aftercall_service::{Clock, ManualClock};
use futures::{Stream, TryStreamExt};
use jiff::{SignedDuration, Timestamp};

use crate::app::beside_an_app;

const PATIENCE: Duration = Duration::from_secs(120);

struct House {
    client: Client,
    clock: ManualClock,
    began_at: Timestamp,
}

type Answers = Pin<Box<dyn Stream<Item = Result<WatchCallsResponse, Error>> + Send>>;

/// Runs `test` in a house.
async fn in_a_house<F: Future<Output = ()>>(test: impl FnOnce(House) -> F) {
    beside_an_app(|client, clock| async move {
        let house = House {
            client,
            began_at: clock.now() - SignedDuration::from_mins(10),
            clock,
        };
        tokio::time::timeout(PATIENCE, test(house)).await.unwrap();
    })
    .await;
}

impl House {
    /// An event so many seconds after the beginning of call 77.
    fn event(&self, second: i64, kind: Kind) -> CallEvent {
        let at = self.began_at + SignedDuration::from_secs(second);
        CallEvent {
            source: "pbx".to_owned(),
            call_id: "77".to_owned(),
            event_id: format!("{second}-{}", kind.as_str_name()),
            kind: kind.into(),
            occurred_at: Some(aftercall_proto::convert::time::to_wire(at)),
            ..CallEvent::default()
        }
    }

    fn by(&self, second: i64, kind: Kind, agent: &str) -> CallEvent {
        CallEvent {
            agent_id: agent.to_owned(),
            team_id: "billing".to_owned(),
            ..self.event(second, kind)
        }
    }

    /// From the queue to an agent.
    fn answered(&self) -> Vec<CallEvent> {
        let queued = CallEvent {
            queue_id: "sales".to_owned(),
            customer_id: "C-1".to_owned(),
            direction: 1,
            ..self.event(0, Kind::Queued)
        };
        let started = CallEvent {
            direction: 1,
            ..self.event(0, Kind::Started)
        };
        vec![started, queued, self.by(40, Kind::Answered, "ana")]
    }

    async fn report(&self, events: Vec<CallEvent>) -> BatchReportCallEventsResponse {
        let requests = events.into_iter().map(|event| ReportCallEventsRequest {
            correlation_id: event.event_id.clone(),
            event: Some(event),
        });
        let request = BatchReportCallEventsRequest {
            requests: requests.collect(),
        };
        self.client.call(request).await.unwrap()
    }

    /// Reports what is sound, and says which contact it is.
    async fn told(&self, events: Vec<CallEvent>) -> String {
        let answer = self.report(events).await;
        let mut ids = answer.responses.into_iter().map(|one| match one.outcome {
            Some(Outcome::Reported(reported)) => reported.interaction_id,
            other => panic!("{other:?}"),
        });
        let id = ids.next().unwrap();
        assert!(ids.all(|other| other == id));
        id
    }

    async fn get(&self, id: &str) -> GetInteractionResponse {
        let request = GetInteractionRequest {
            latest: true,
            which: Some(id.to_owned().into()),
            ..GetInteractionRequest::default()
        };
        self.client.call(request).await.unwrap()
    }

    /// The contacts in C-1's timeline.
    async fn timeline(&self) -> Vec<Interaction> {
        let request = ListTimelineRequest {
            latest: true,
            whose: Some("C-1".to_owned().into()),
            include_total: true,
            ..ListTimelineRequest::default()
        };
        let answer = self.client.call(request).await.unwrap();
        let entries = answer.entries.into_iter().filter_map(|entry| entry.what);
        let contacts = entries.filter_map(|what| match what {
            What::Interaction(contact) => Some(contact),
            What::CommitmentChange(_) => None,
        });
        contacts.collect()
    }

    async fn context(&self) -> Vec<Interaction> {
        let request = GetCustomerContextRequest {
            latest: true,
            whose: Some("C-1".to_owned().into()),
            ..GetCustomerContextRequest::default()
        };
        self.client.call(request).await.unwrap().interactions
    }

    /// What the agent records of the call.
    async fn wrap_up(&self) {
        let now = self.clock.now();
        let mut record = contact(now);
        record.interaction_id = String::new();
        record.external_ref = Some(ExternalRef {
            source_system: "pbx".to_owned(),
            external_id: "77".to_owned(),
        });
        record.customer.get_or_insert_default().customer_id = "C-1".to_owned();
        record.no_follow_up_promised = false;
        record.commitments = vec![promise(now + SignedDuration::from_hours(48))];
        let request = RecordInteractionRequest {
            interaction: Some(record),
            ..RecordInteractionRequest::default()
        };
        self.client.call(request).await.unwrap();
    }

    async fn incomplete(&self) -> Vec<Call> {
        let request = ListIncompleteCallsRequest {
            latest: true,
            ..ListIncompleteCallsRequest::default()
        };
        let answer: ListIncompleteCallsResponse = self.client.call(request).await.unwrap();
        assert!(answer.complete_through_at.is_some());
        answer.calls
    }

    fn watch(&self) -> Answers {
        Box::pin(self.client.watch_calls(WatchCallsRequest::default()))
    }
}

/// The next call that a watch tells of.
async fn next(answers: &mut Answers) -> WatchCallsResponse {
    loop {
        let answer = answers.try_next().await.unwrap().unwrap();
        if answer.call.is_some() {
            return answer;
        }
    }
}

/// The next that is told of a call in a state.
async fn until(answers: &mut Answers, state: CallState) -> WatchCallsResponse {
    loop {
        let answer = next(answers).await;
        if answer
            .call
            .as_ref()
            .is_some_and(|call| call.state() == state)
        {
            return answer;
        }
    }
}

#[tokio::test]
async fn a_call_is_seen_at_once_and_completed_by_its_wrap_up() {
    in_a_house(|house| async move {
        let mut events = house.answered();
        events.reverse();
        events.extend(house.answered());
        let id = house.told(events).await;
        let GetInteractionResponse {
            interaction, call, ..
        } = house.get(&id).await;
        let shown = interaction.unwrap();
        assert_eq!(shown.record_status(), RecordStatus::Provisional);
        assert_eq!(call.unwrap().state(), CallState::Connected);
        assert_eq!(house.timeline().await, std::slice::from_ref(&shown));
        assert_eq!(house.context().await, std::slice::from_ref(&shown));
        assert_eq!(shown.segments[0].kind(), SegmentKind::Queue);

        let mut watch = house.watch();
        let first = next(&mut watch).await;
        let live = first.call.unwrap();
        assert_eq!((&*live.interaction_id, &*live.agent_id), (&*id, "ana"));
        assert_eq!(first.open_commitment_count, Some(0));
        let held = CallEvent {
            hold_reason: HoldReason::Verify.into(),
            ..house.by(60, Kind::Held, "ana")
        };
        house.told(vec![held]).await;
        let held = until(&mut watch, CallState::OnHold).await.call.unwrap();
        assert_eq!(held.hold_reason(), HoldReason::Verify);
        assert!(held.on_hold_since.is_some());
        let ended = CallEvent {
            disconnect_reason: DisconnectReason::Agent.into(),
            ..house.event(200, Kind::Ended)
        };
        house
            .told(vec![ended, house.by(100, Kind::Resumed, "ana")])
            .await;
        until(&mut watch, CallState::WrapUp).await;

        house.wrap_up().await;
        loop {
            let answer = next(&mut watch).await;
            if answer.left {
                assert_eq!(answer.open_commitment_count, Some(1));
                break;
            }
        }
        let GetInteractionResponse {
            interaction,
            call,
            commitments,
            ..
        } = house.get(&id).await;
        let (shown, call) = (interaction.unwrap(), call.unwrap());
        assert_eq!(shown.record_status(), RecordStatus::Unspecified);
        assert!(!shown.contact_reasons.is_empty());
        assert_eq!(commitments.len(), 1);
        assert_eq!(shown.segments, call.segments);
        assert_eq!(call.measures.unwrap().hold_time.unwrap().seconds, 40);
        let [one] = &house.timeline().await[..] else {
            panic!("one contact");
        };
        assert_eq!((&one.interaction_id, &one.segments), (&id, &shown.segments));
        assert_eq!(house.context().await.len(), 1);
        assert_eq!(house.incomplete().await, []);
    })
    .await;
}

#[tokio::test]
async fn what_is_never_wrapped_up_or_ended_is_closed_and_listed() {
    in_a_house(|house| async move {
        let ended = house.event(200, Kind::Ended);
        let id = house.told(house.answered()).await;
        let other = CallEvent {
            call_id: "78".to_owned(),
            ..house.by(0, Kind::Answered, "ben")
        };
        let open = house.told(vec![other]).await;
        house.told(vec![ended.clone()]).await;
        house.clock.advance(Duration::from_secs(2 * 3_600 + 60));
        loop {
            let listed = house.incomplete().await;
            if let [one] = &listed[..] {
                assert_eq!(one.interaction_id, id);
                assert!(one.never_wrapped_up && !one.never_ended);
                break;
            }
            tokio::task::yield_now().await;
        }
        let shown = house.get(&id).await.interaction.unwrap();
        assert_eq!(shown.record_status(), RecordStatus::Incomplete);
        house.clock.advance(Duration::from_secs(6 * 3_600));
        while house.incomplete().await.len() < 2 {
            tokio::task::yield_now().await;
        }
        let call = house.get(&open).await.call.unwrap();
        assert!(call.never_ended && call.never_wrapped_up);
        let reason = call.disconnect.unwrap().reason();
        assert_eq!(reason, DisconnectReason::Unknown);
        // It comes all the same, late: what was reckoned is restated, and the list is one shorter.
        house.wrap_up().await;
        let left = house.incomplete().await;
        assert_eq!(
            left.iter()
                .map(|one| &one.interaction_id)
                .collect::<Vec<_>>(),
            [&open]
        );
        let late = CallEvent {
            revision: 1,
            ..house.event(260, Kind::Ended)
        };
        let late = CallEvent {
            event_id: ended.event_id.clone(),
            ..late
        };
        house.told(vec![late]).await;
        let call = house.get(&id).await.call.unwrap();
        let [restated] = &call.restatements[..] else {
            panic!("{:?}", call.restatements);
        };
        let talk = |measures: &Option<aftercall_proto::model::v1::CallMeasures>| {
            measures.as_ref().unwrap().talk_time.unwrap().seconds
        };
        assert_eq!((talk(&restated.before), talk(&restated.after)), (160, 220));
    })
    .await;
}

#[tokio::test]
async fn whether_a_call_was_lost_is_judged_by_its_events_and_by_people_over_them() {
    in_a_house(|house| async move {
        let mut events = house.answered();
        events.push(house.by(50, Kind::Held, "ana"));
        events.push(CallEvent {
            disconnect_reason: DisconnectReason::Customer.into(),
            ..house.event(170, Kind::Ended)
        });
        let id = house.told(events).await;
        let drop = house.get(&id).await.call.unwrap().drop.unwrap();
        assert_eq!(drop.drop_class(), DropClass::Suspected);
        assert_eq!(drop.basis(), DropBasis::HungUpOnHold);
        let judge = JudgeCallDropRequest {
            request_id: "judge-1".to_owned(),
            interaction_id: id.clone(),
            drop_class: DropClass::Confirmed.into(),
            attribution: DropAttribution::Carrier.into(),
            reason: "the carrier's own report".to_owned(),
        };
        let first = house.client.call(judge.clone()).await.unwrap();
        let again = house.client.call(judge.clone()).await.unwrap();
        assert_eq!(first.position, again.position);
        let shown = house.get(&id).await;
        let drop = shown.call.unwrap().drop.unwrap();
        assert_eq!(drop.drop_class(), DropClass::Confirmed);
        assert_eq!(drop.attribution(), DropAttribution::Carrier);
        assert_eq!(drop.judgements.len(), 1);
        let shown = shown.interaction.unwrap().disconnect.unwrap();
        assert_eq!(shown.drop_class(), DropClass::Confirmed);
        assert_eq!(shown.attribution(), DropAttribution::Carrier);
        assert_eq!(shown.evidence, ["the carrier's own report"]);
        let unknown = JudgeCallDropRequest {
            request_id: "judge-2".to_owned(),
            interaction_id: uuid::Uuid::from_u128(9).to_string(),
            ..judge
        };
        let refused = house.client.call(unknown.clone()).await.unwrap_err();
        assert!(refused.to_string().contains("no such call"), "{refused}");
        let nobodys = JudgeCallDropRequest {
            attribution: 99,
            ..unknown
        };
        let refused = house.client.call(nobodys).await.unwrap_err();
        assert!(refused.to_string().contains("attribution"), "{refused}");
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_an_event_is_said_and_the_others_count() {
    in_a_house(|house| async move {
        let nameless = CallEvent {
            call_id: String::new(),
            ..house.event(0, Kind::Queued)
        };
        let kindless = house.event(1, Kind::Unspecified);
        let transferred = house.event(2, Kind::Transferred);
        let future = house.event(100_000, Kind::Queued);
        let sound = house.event(3, Kind::Queued);
        let events = vec![nameless, kindless, transferred, future, sound];
        let answer = house.report(events).await;
        let sound = answer.responses.iter().map(|one| match &one.outcome {
            Some(Outcome::Reported(_)) => true,
            Some(Outcome::Failure(failure)) => {
                assert!(failure.message.contains("event."), "{failure:?}");
                false
            }
            None => panic!("an outcome"),
        });
        assert_eq!(
            sound.collect::<Vec<_>>(),
            [false, false, false, false, true]
        );
        assert_eq!(
            answer.responses[4].correlation_id,
            "3-CALL_EVENT_KIND_QUEUED"
        );
    })
    .await;
}
