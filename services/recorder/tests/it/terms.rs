//! By what calls and contacts are judged goes into the log with them: as the tenant has it set then.

use aftercall_log::Log;
use aftercall_proto::event::v1::{CallReported, InteractionRecorded};
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{
    CallEvent, CallEventKind, CallPolicy, CallTerms, Direction, Setting,
};
use aftercall_proto::recorder::v1::call_service_client::CallServiceClient;
use aftercall_proto::recorder::v1::{BatchReportCallEventsRequest, ReportCallEventsRequest};
use aftercall_service::testing::{Caller, setting, setting_changed};
use aftercall_service::{ActorKind, Clock, Role};
use pbjson_types::Duration;
use prost::Message;

use crate::contact::{at, id, interaction, request};
use crate::fixture::Fixture;

impl Fixture {
    /// Makes a version of the tenant's call policy, or takes it out of use.
    async fn set_calls(&self, revision: u64, back_within: Option<i64>) {
        let policy = CallPolicy {
            back_within: back_within.map(|seconds| Duration { seconds, nanos: 0 }),
            ..CallPolicy::default()
        };
        let setting = Setting {
            version: revision,
            retired: back_within.is_none(),
            ..setting("calls", Body::CallPolicy(policy))
        };
        let record = setting_changed("acme", revision, setting, self.clock.now());
        self.log.append(vec![record]).await.unwrap();
        self.caught_up().await;
    }

    /// Records a contact and tells of a call; gives by what both are judged.
    async fn judged_by(&self, number: u32) -> (Option<CallTerms>, Option<CallTerms>) {
        let contact = request(interaction(&id(number)));
        self.record(contact).await.unwrap();
        let who = Caller::of_kind(ActorKind::Integration, "acme", "pbx", &[Role::Integration]);
        let mut calls = CallServiceClient::new(self.server.channel_of(who));
        let event = CallEvent {
            source: "pbx".to_owned(),
            call_id: number.to_string(),
            event_id: "1".to_owned(),
            kind: CallEventKind::Started.into(),
            direction: Direction::Inbound.into(),
            occurred_at: at(0),
            ..CallEvent::default()
        };
        let told = BatchReportCallEventsRequest {
            requests: vec![ReportCallEventsRequest {
                event: Some(event),
                ..ReportCallEventsRequest::default()
            }],
        };
        calls.batch_report_call_events(told).await.unwrap();
        let (mut recorded, mut reported) = (None, None);
        for event in self.events() {
            let data = event.data().cloned().unwrap_or_default();
            if event.interaction_id == id(number) {
                recorded = InteractionRecorded::decode(data).unwrap().call_terms;
            } else if let Ok(told) = CallReported::decode(data)
                && told
                    .event
                    .as_ref()
                    .is_some_and(|it| it.call_id == number.to_string())
            {
                reported = told.terms;
            }
        }
        (recorded, reported)
    }
}

#[tokio::test]
async fn what_is_set_goes_with_what_is_recorded_from_then_on() {
    let fixture = Fixture::new().await;
    assert_eq!(fixture.judged_by(1).await, (None, None));
    for (revision, seconds) in [(1, 300), (2, 900)] {
        fixture.set_calls(revision, Some(seconds)).await;
        let (recorded, reported) = fixture.judged_by(1 + revision as u32).await;
        assert_eq!(recorded, reported);
        let terms = recorded.unwrap();
        assert_eq!(
            (&*terms.policy_id, terms.policy_version),
            ("calls", revision)
        );
        assert_eq!(terms.back_within.unwrap().seconds, seconds);
        // What was left out is as it is for those who set nothing.
        assert_eq!(terms.max_duration.unwrap().seconds, 8 * 60 * 60);
    }
    fixture.set_calls(3, None).await;
    assert_eq!(fixture.judged_by(9).await, (None, None));
}
