//! Calls told by a stream: each event is answered in its order, and what is wrong with one stops none of the others.

use aftercall_proto::recorder::v1::call_service_client::CallServiceClient;

use super::*;

#[tokio::test]
async fn a_stream_answers_each_event_in_its_order_and_what_was_told_is_there() {
    in_a_house(|house| async move {
        let mut events = house.answered();
        events.insert(1, house.event(1, Kind::Unspecified));
        // Told again, it counts once.
        events.extend(house.answered());
        let requests: Vec<_> = (0..)
            .zip(events)
            .map(|(no, event): (u32, _)| ReportCallEventsRequest {
                correlation_id: no.to_string(),
                event: Some(event),
            })
            .collect();
        let count = requests.len();
        let mut calls = CallServiceClient::new(house.client.transport());
        let answers = calls
            .report_call_events(futures::stream::iter(requests))
            .await;
        let answers: Vec<_> = answers.unwrap().into_inner().try_collect().await.unwrap();
        let named: Vec<_> = answers
            .iter()
            .map(|one| one.correlation_id.clone())
            .collect();
        let wanted: Vec<_> = (0..count).map(|no| no.to_string()).collect();
        assert_eq!(named, wanted);
        let mut ids = Vec::new();
        for (no, answer) in answers.iter().enumerate() {
            match &answer.outcome {
                Some(Outcome::Reported(reported)) => ids.push(reported.interaction_id.clone()),
                Some(Outcome::Failure(failure)) => {
                    assert_eq!(no, 1, "{failure:?}");
                    assert!(failure.message.contains("event.kind"), "{failure:?}");
                }
                None => panic!("an outcome"),
            }
        }
        assert_eq!(ids.len(), count - 1);
        ids.dedup();
        let [id] = &ids[..] else { panic!("{ids:?}") };
        let call = house.get(id).await.call.unwrap();
        assert_eq!(call.state(), CallState::Connected);
        assert_eq!(call.measures.unwrap().answer_count, 1);
    })
    .await;
}
