//! What events and records of Amazon Connect come to, by ones written for this purpose in the forms of its data models.

use aftercall_domain::call::{Call, CallState, DropSide};
use aftercall_domain::interaction::{
    Channel, Direction, DisconnectReason, SegmentKind, TransferKind,
};
use aftercall_proto::convert::call::from_log;
use aftercall_proto::model::v1::{CallEvent, CallEventKind as Kind};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::House;
use crate::connect::cutter::{Cut, Cutter};
use crate::connect::mapping::{Format, Raw, Taken};
use crate::connect::staff::Staff;

const INSTANCE: &str = "arn:aws:connect:eu-central-1:111122223333:instance/0b6c";

fn format() -> Format {
    Format::Amazon(House {
        agents: Staff::parse("agent-1,ana,billing,berlin\n").unwrap(),
        queues: Staff::parse("queue-1,billing,billing\n").unwrap(),
    })
}

fn at(second: i64) -> String {
    Timestamp::from_second(1_795_165_920 + second)
        .unwrap()
        .to_string()
}

/// An event in EventBridge's envelope.
fn event(second: i64, kind: &str, contact: &str, more: Value) -> Value {
    let mut detail = json!({
        "eventType": kind,
        "contactId": contact,
        "initialContactId": "c-1",
        "channel": "VOICE",
        "instanceArn": INSTANCE,
        "initiationMethod": "INBOUND",
        "initiationTimestamp": at(0),
    });
    merge(&mut detail, more);
    json!({
        "version": "0",
        "id": "e5b3",
        "detail-type": "Amazon Connect Contact Event",
        "source": "aws.connect",
        "time": at(second),
        "region": "eu-central-1",
        "resources": [],
        "detail": detail,
    })
}

fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}

fn queue(second: i64) -> Value {
    json!({"queueArn": format!("{INSTANCE}/queue/queue-1"), "queueType": "STANDARD", "enqueueTimestamp": at(second)})
}

fn agent(number: u32, second: i64) -> Value {
    json!({"agentArn": format!("{INSTANCE}/agent/agent-{number}"), "connectedToAgentTimestamp": at(second)})
}

/// A call that is queued, answered, and ended by the customer.
fn events() -> Vec<Value> {
    let ended = json!({
        "queueInfo": queue(10),
        "agentInfo": agent(1, 30),
        "disconnectTimestamp": at(100),
        "disconnectReason": "CUSTOMER_DISCONNECT",
    });
    let mut completed = ended.clone();
    completed["agentInfo"]["afterContactWorkStartTimestamp"] = json!(at(100));
    completed["agentInfo"]["afterContactWorkEndTimestamp"] = json!(at(160));
    vec![
        event(0, "INITIATED", "c-1", json!({})),
        event(10, "QUEUED", "c-1", json!({"queueInfo": queue(10)})),
        event(
            30,
            "CONNECTED_TO_AGENT",
            "c-1",
            json!({"queueInfo": queue(10), "agentInfo": agent(1, 30)}),
        ),
        event(100, "DISCONNECTED", "c-1", ended),
        event(160, "COMPLETED", "c-1", completed),
    ]
}

/// The record of that call.
fn record() -> Value {
    json!({
        "AWSContactTraceRecordFormatVersion": "2017-03-10",
        "Agent": {
            "ARN": format!("{INSTANCE}/agent/agent-1"),
            "Username": "ana.marsh",
            "ConnectedToAgentTimestamp": at(30),
            "AfterContactWorkStartTimestamp": at(100),
            "AfterContactWorkEndTimestamp": at(160),
            "NumberOfHolds": 1,
            "CustomerHoldDuration": 12,
        },
        "Channel": "VOICE",
        "ContactId": "c-1",
        "InitialContactId": null,
        "InitiationMethod": "INBOUND",
        "InitiationTimestamp": at(0),
        "CustomerEndpoint": {"Address": "+4930111", "Type": "TELEPHONE_NUMBER"},
        "SystemEndpoint": {"Address": "+4930999", "Type": "TELEPHONE_NUMBER"},
        "Queue": {"ARN": format!("{INSTANCE}/queue/queue-1"), "Name": "Billing", "EnqueueTimestamp": at(10)},
        "DisconnectTimestamp": at(100),
        "DisconnectReason": "CUSTOMER_DISCONNECT",
        "LastUpdateTimestamp": at(200),
    })
}

fn told(values: &[Value]) -> Vec<CallEvent> {
    let format = format();
    let (mut memory, mut events) = (format.beginning(), Vec::new());
    for value in values {
        let text = value.to_string();
        let taken = memory.take(&format, Raw::Record(text.as_bytes(), None), &mut events);
        assert_eq!(taken, Taken::In, "{text}");
    }
    events
}

fn call(events: &[CallEvent]) -> Call {
    let told_at = "2026-11-20T10:00:00Z".parse().unwrap();
    let events: Vec<_> = events
        .iter()
        .filter_map(|event| from_log(event, told_at))
        .collect();
    Call::of(&events).unwrap()
}

#[test]
fn events_and_the_record_tell_the_same_call() {
    let by_events = call(&told(&events()));
    let by_record = call(&told(&[record()]));
    assert_eq!(by_events.segments, by_record.segments);
    assert_eq!(by_events.segments[1].kind, SegmentKind::Agent);
    let ana = &by_events.segments[1];
    assert_eq!(
        (&*ana.queue_id, &*ana.agent_id, &*ana.site_id),
        ("billing", "ana", "berlin")
    );
    assert_eq!(by_record.measures.acw_time.as_secs(), 60);
    assert_eq!(by_record.handles[0].value, "+4930111");
    assert_eq!(by_record.direction, Some(Direction::Inbound));
    assert_eq!(by_events.disconnect, by_record.disconnect);
    // Both together are one call, in any order, and the record's facts count.
    let mut both = events();
    both.push(record());
    let together = call(&told(&both));
    both.reverse();
    assert_eq!(call(&told(&both)), together);
    assert_eq!(together, by_record);
    let names = |events: &[CallEvent]| {
        let names = events.iter().map(|event| event.event_id.clone());
        names.collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(names(&told(&events())), names(&told(&[record()])));
}

#[test]
fn a_later_record_counts_instead_of_an_earlier_one() {
    let mut corrected = record();
    corrected["DisconnectReason"] = json!("TELECOM_PROBLEM");
    corrected["LastUpdateTimestamp"] = json!(at(900));
    for values in [[record(), corrected.clone()], [corrected, record()]] {
        let call = call(&told(&values));
        assert_eq!(
            call.disconnect.unwrap().reason,
            Some(DisconnectReason::TelecomProblem)
        );
    }
}

#[test]
fn a_contact_that_is_handed_on_goes_on() {
    let next = json!({"initiationMethod": "TRANSFER", "previousContactId": "c-1", "agentInfo": agent(2, 95)});
    let mut next_ends = next.clone();
    merge(
        &mut next_ends,
        json!({"disconnectTimestamp": at(200), "disconnectReason": "AGENT_DISCONNECT"}),
    );
    let mut all = events();
    all.insert(3, event(90, "INITIATED", "c-2", next.clone()));
    all.insert(4, event(95, "CONNECTED_TO_AGENT", "c-2", next));
    all.push(event(200, "DISCONNECTED", "c-2", next_ends));
    let expected = call(&told(&all));
    assert_eq!(expected.ended_at.unwrap().to_string(), at(200));
    assert_eq!(expected.state, CallState::WrapUp);
    let agents: Vec<_> = expected.segments[1..]
        .iter()
        .map(|segment| segment.agent_id.as_str())
        .collect();
    assert_eq!(agents, ["ana", "agent-2"]);
    assert_eq!(
        expected.segments[1].transfer.as_ref().unwrap().kind,
        TransferKind::Cold
    );
    assert_eq!(
        expected.disconnect.unwrap().reason,
        Some(DisconnectReason::Agent)
    );
    // Events are not ordered.
    all.reverse();
    assert_eq!(call(&told(&all)).segments, expected.segments);
    all.sort_by_key(|event| event["detail"]["contactId"].to_string());
    assert_eq!(
        call(&told(&all)).segments,
        expected.segments,
        "the end is told, and is none"
    );
    // The record of the first contact says so by itself.
    let mut first = record();
    first["NextContactId"] = json!("c-2");
    let ended = told(&[first])
        .into_iter()
        .find(|event| event.event_id == "c-1:ended")
        .unwrap();
    assert_eq!(ended.kind(), Kind::Transferred);
}

#[test]
fn outbound_calls_abandoned_ones_and_reasons() {
    let mut outbound = record();
    outbound["InitiationMethod"] = json!("CALLBACK");
    assert_eq!(
        call(&told(&[outbound])).direction,
        Some(Direction::Outbound)
    );
    let mut abandoned = record();
    abandoned["Agent"] = Value::Null;
    let abandoned = call(&told(&[abandoned]));
    assert!(abandoned.measures.abandoned);
    for (text, expected) in [
        ("AGENT_DISCONNECT", Some(DisconnectReason::Agent)),
        ("CONTACT_FLOW_DISCONNECT", Some(DisconnectReason::Flow)),
        ("BARGED", Some(DisconnectReason::SupervisorBarge)),
        ("TELECOM_BUSY", Some(DisconnectReason::System)),
        ("SOMETHING_NEW", None),
    ] {
        let mut one = record();
        one["DisconnectReason"] = json!(text);
        assert_eq!(
            call(&told(&[one])).disconnect.unwrap().reason,
            expected,
            "{text}"
        );
    }
}

/// What a chat says of itself, which a program begins for the customer.
fn of_chat(value: &mut Value, ended_by: &str) {
    let more = json!({
        "channel": "CHAT",
        "initiationMethod": "API",
        "disconnectReason": ended_by,
    });
    merge(&mut value["detail"], more);
}

#[test]
fn chats_are_told_as_chats_with_their_own_ends() {
    let mut record = record();
    record["Channel"] = json!("CHAT");
    record["InitiationMethod"] = json!("API");
    for (text, expected, dropped) in [
        ("CUSTOMER_DISCONNECT", DisconnectReason::Customer, None),
        (
            "CUSTOMER_CONNECTION_NOT_ESTABLISHED",
            DisconnectReason::Customer,
            None,
        ),
        ("IDLE_DISCONNECT", DisconnectReason::System, None),
        (
            "AGENT_NETWORK_DISCONNECT",
            DisconnectReason::TelecomProblem,
            Some(DropSide::Agent),
        ),
    ] {
        let mut events = events();
        events.iter_mut().for_each(|event| of_chat(event, text));
        record["DisconnectReason"] = json!(text);
        for told in [told(&events), told(std::slice::from_ref(&record))] {
            let chat = call(&told);
            assert_eq!(chat.channel, Some(Channel::Chat), "{text}");
            assert_eq!(chat.direction, Some(Direction::Inbound), "{text}");
            assert_eq!(chat.ended_at.unwrap().to_string(), at(100), "{text}");
            assert_eq!(chat.dropped, dropped, "{text}");
            let reason = chat.disconnect.unwrap().reason;
            assert_eq!(reason, Some(expected), "{text}");
            assert_eq!(chat.segments[1].agent_id, "ana", "{text}");
        }
    }
}

#[test]
fn keys_are_taken_in_any_case_and_events_without_an_envelope() {
    let bare = json!({
        "EventType": "CONNECTED_TO_AGENT",
        "ContactId": "c-1",
        "Channel": "Voice",
        "InitiationMethod": "INBOUND",
        "AgentInfo": {"AgentArn": format!("{INSTANCE}/agent/agent-1"), "ConnectedToAgentTimestamp": at(30)},
        "SomethingNew": {"x": [1]},
    });
    let events = told(&[bare]);
    assert_eq!(
        (events[0].kind(), &*events[0].agent_id, &*events[0].call_id),
        (Kind::Answered, "ana", "c-1")
    );
}

#[test]
fn what_is_no_call_or_chat_of_a_customer_is_said_by_its_kind() {
    let format = format();
    for (value, why) in [
        (
            event(0, "INITIATED", "c-1", json!({"channel": "TASK"})),
            "channel TASK",
        ),
        (
            event(
                0,
                "INITIATED",
                "c-1",
                json!({"initiationMethod": "MONITOR"}),
            ),
            "initiated by MONITOR",
        ),
        (
            event(0, "CONTACT_DATA_UPDATED", "c-1", json!({})),
            "CONTACT_DATA_UPDATED",
        ),
        (
            json!({"detail-type": "Another Event", "detail": {}}),
            "Another Event",
        ),
        (json!([1]), "neither"),
        (
            json!({"contactId": "x".repeat(120), "channel": "VOICE"}),
            "a contact id",
        ),
    ] {
        format.assert_passed(&value.to_string(), why);
    }
}

#[test]
fn any_cut_leaves_the_same() {
    let format = format();
    let next = json!({"initiationMethod": "TRANSFER", "previousContactId": "c-1"});
    let mut all = events();
    all.push(event(90, "INITIATED", "c-2", next));
    all.push(record());
    let whole = told(&all);
    for at in 0..=all.len() {
        let (mut memory, mut events) = (format.beginning(), Vec::new());
        for (index, value) in all.iter().enumerate() {
            if index == at {
                memory = serde_json::from_str(&serde_json::to_string(&memory).unwrap()).unwrap();
            }
            memory.take(
                &format,
                Raw::Record(value.to_string().as_bytes(), None),
                &mut events,
            );
        }
        assert_eq!(events, whole, "cut at {at}");
    }
}

proptest! {
    #[test]
    fn concatenated_and_damaged_objects_never_make_it_panic(
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..8),
        piece in 1_usize..64,
    ) {
        let mut stream: Vec<u8> = events().iter().chain([&record()]).flat_map(|one| one.to_string().into_bytes()).collect();
        for (at, byte) in damage.iter() {
            let at = at.index(stream.len());
            stream[at] = *byte;
        }
        let (mut cutter, mut found) = (Cutter::new(Cut::Objects, 0), Vec::new());
        stream.chunks(piece).for_each(|bytes| cutter.push(bytes, &mut found));
        cutter.finish(&mut found);
        prop_assert!(!damage.is_empty() || found.len() == 6);
        let format = format();
        let (mut memory, mut events) = (format.beginning(), Vec::new());
        for one in found.iter().filter_map(|one| one.bytes.as_deref()) {
            memory.take(&format, Raw::Record(one, None), &mut events);
        }
        prop_assert!(events.len() <= 7 * 6);
    }
}
