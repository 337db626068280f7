//! What telephony tells of a contact counts as what its record says.

use aftercall_proto::knowledge::v1::{ListStrugglesRequest, Struggle};
use aftercall_proto::model::v1::{
    CallEvent, CallEventKind, Hold, HoldReason, Interaction, ReasonResolution, Segment, SegmentKind,
};

use crate::world::{World, at, solved};

const DAY: i64 = 86_400;

/// What a CRM records of a call: what it was about, and nothing of how it went.
fn recorded() -> Interaction {
    let mut contact = solved(DAY, "roaming", "can I use roaming in Norway", "");
    contact.contact_reasons[0].resolution = ReasonResolution::NotResolved.into();
    contact.segments.clear();
    contact.ended_at = None;
    contact
}

/// An agent looks something up twice, and verifies something once.
fn told() -> Vec<CallEvent> {
    let event = |second: i64, kind: CallEventKind, hold_reason: HoldReason| CallEvent {
        source: "pbx".to_owned(),
        call_id: "1".to_owned(),
        event_id: second.to_string(),
        kind: kind.into(),
        occurred_at: Some(at(DAY + second)),
        agent_id: "ana".to_owned(),
        hold_reason: hold_reason.into(),
        ..CallEvent::default()
    };
    let none = HoldReason::Unspecified;
    vec![
        event(10, CallEventKind::Answered, none),
        event(20, CallEventKind::Held, HoldReason::Lookup),
        event(30, CallEventKind::Resumed, none),
        event(40, CallEventKind::Held, HoldReason::Verify),
        event(50, CallEventKind::Resumed, none),
        event(60, CallEventKind::Held, HoldReason::Lookup),
        event(70, CallEventKind::Resumed, none),
        event(90, CallEventKind::Ended, none),
    ]
}

async fn struggles(world: &World) -> Vec<Struggle> {
    let request = ListStrugglesRequest {
        from: Some(at(0)),
        before: Some(at(10 * DAY)),
        min_position: world.now(),
        ..ListStrugglesRequest::default()
    };
    let answer = world.searches.clone().list_struggles(request).await;
    answer.unwrap().into_inner().struggles
}

async fn lookups(world: &World) -> u64 {
    let counts = struggles(world).await.into_iter().map(|one| {
        assert_eq!(one.reason_code, "roaming");
        one.counts.unwrap().lookup_holds
    });
    counts.sum()
}

#[tokio::test]
async fn what_is_looked_up_in_a_call_counts_whichever_comes_first() {
    let contact = recorded();
    let id = &contact.interaction_id;
    for recorded_after in [0, 3, 8] {
        let world = World::new().await;
        let mut told = told().into_iter();
        for event in told.by_ref().take(recorded_after) {
            world.tell(id, event).await;
        }
        world.record(&contact).await;
        if recorded_after < 8 {
            assert_eq!(lookups(&world).await, 0, "it is not over");
        }
        for event in told {
            world.tell(id, event).await;
        }
        assert_eq!(lookups(&world).await, 2);
        assert_eq!(struggles(&world).await[0].interaction_ids, [&**id]);
    }
}

#[tokio::test]
async fn what_the_record_says_goes_before_what_telephony_tells() {
    let world = World::new().await;
    let mut contact = recorded();
    world.record(&contact).await;
    for event in told() {
        world.tell(&contact.interaction_id, event).await;
    }
    contact.segments = vec![Segment {
        kind: SegmentKind::Agent.into(),
        holds: vec![Hold {
            reason: HoldReason::Lookup.into(),
            ..Hold::default()
        }],
        ..Segment::default()
    }];
    world.amend(2, &["segments"], &contact).await;
    assert_eq!(lookups(&world).await, 1);
    contact.segments.clear();
    world.amend(3, &["segments"], &contact).await;
    assert_eq!(lookups(&world).await, 2);
}
