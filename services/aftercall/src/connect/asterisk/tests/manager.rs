//! The manager interface.

use aftercall_domain::call::{CallState, DropSide};
use aftercall_domain::interaction::{Direction, DisconnectReason, SegmentKind, TransferKind};
use aftercall_proto::model::v1::{CallEventKind as Kind, DisconnectReason as WireReason};
use proptest::prelude::*;

use super::fixtures::{
    ANA, BEN, CARRIER, ami, began_at, held_and_handed_on, id, newchannel, one, to_ana, two,
};
use super::{call, kinds, second, setup, short, survives_any_cut, told};
use crate::connect::mapping::{Format, Raw, Taken};

fn manager() -> Format {
    Format::Manager(setup())
}

#[test]
fn a_call_from_the_menu_to_the_end() {
    let events = told(&manager(), &held_and_handed_on());
    let expected = [
        Kind::Started,
        Kind::MenuStep,
        Kind::Queued,
        Kind::Offered,
        Kind::Answered,
        Kind::Held,
        Kind::Resumed,
        Kind::Transferred,
        Kind::Offered,
        Kind::Answered,
        Kind::Ended,
    ];
    assert_eq!(kinds(&events), expected);
    assert_eq!(events[1].menu_node, "main-menu:2", "and no digit of a PIN");
    let call = call(&events);
    assert_eq!(call.direction, Some(Direction::Inbound));
    assert_eq!(call.handles[0].value, "+4930111");
    assert_eq!(call.our_handle.as_ref().unwrap().value, "4930999");
    let segments: Vec<_> = call.segments.iter().map(short).collect();
    let expected = [
        (SegmentKind::Ivr, "", "", Some(5), Some(10)),
        (SegmentKind::Queue, "billing", "", Some(10), Some(20)),
        (SegmentKind::Agent, "billing", "ana", Some(20), Some(120)),
        (SegmentKind::Agent, "billing", "ben", Some(130), Some(200)),
    ];
    assert_eq!(segments, expected);
    let ana = &call.segments[2];
    assert_eq!((&*ana.team_id, &*ana.site_id), ("billing", "berlin"));
    assert_eq!(second(ana.offered_at), Some(12));
    assert_eq!(second(ana.holds[0].ended_at), Some(100));
    let transfer = ana.transfer.as_ref().unwrap();
    assert_eq!(
        (transfer.kind, &*transfer.to),
        (TransferKind::Blind, "1002")
    );
    assert_eq!(
        call.disconnect.unwrap().reason,
        Some(DisconnectReason::Customer)
    );
}

#[test]
fn whoever_leaves_the_queue_has_abandoned_it() {
    let mut records = to_ana();
    records.truncate(7);
    records.push(one(31, "QueueCallerAbandon", 1, &[("Queue", "billing")]));
    records.push(one(31, "Hangup", 2, &[("Cause", "26")]));
    records.push(one(31, "Hangup", 1, &[("Cause", "16")]));
    let call = call(&told(&manager(), &records));
    assert_eq!(call.state, CallState::Abandoned);
    assert!(call.measures.abandoned);
    assert_eq!(
        call.disconnect.unwrap().reason,
        Some(DisconnectReason::Customer)
    );
}

#[test]
fn a_line_that_is_lost_is_lost_on_a_side() {
    for (lost, then, side) in [(1, 2, DropSide::Customer), (2, 1, DropSide::Agent)] {
        for cause in ["27", "38", "41", "42", "47", "102"] {
            let mut records = to_ana();
            records.push(one(60, "Hangup", lost, &[("Cause", cause)]));
            records.push(one(61, "Hangup", then, &[("Cause", "16")]));
            let call = call(&told(&manager(), &records));
            assert_eq!(call.dropped, Some(side), "{cause}");
            assert_eq!(
                call.disconnect.unwrap().reason,
                Some(DisconnectReason::TelecomProblem)
            );
            assert_eq!(second(call.ended_at), Some(60));
        }
        let mut records = to_ana();
        records.push(one(60, "Hangup", lost, &[("Cause", "16")]));
        records.push(one(61, "Hangup", then, &[("Cause", "16")]));
        assert_eq!(call(&told(&manager(), &records)).dropped, None);
    }
}

#[test]
fn who_hung_up_is_told_also_afterwards() {
    let mut records = to_ana();
    records.push(one(60, "Hangup", 1, &[("Cause", "16")]));
    let ended = told(&manager(), &records).pop().unwrap();
    assert_eq!(ended.disconnect_reason(), WireReason::Unspecified);
    records.push(one(
        60,
        "AgentComplete",
        1,
        &[("Reason", "agent"), ("TalkTime", "40")],
    ));
    let events = told(&manager(), &records);
    let again = events.last().unwrap();
    assert_eq!((&again.event_id, again.revision), (&ended.event_id, 1));
    assert_eq!(
        call(&events).disconnect.unwrap().reason,
        Some(DisconnectReason::Agent)
    );
}

/// Ana calls somebody outside.
fn outbound() -> Vec<String> {
    vec![
        newchannel(0, 1, ANA, 1),
        newchannel(1, 2, CARRIER, 1),
        one(
            1,
            "DialBegin",
            1,
            &[("DestUniqueid", &id(2)), ("DestChannel", CARRIER)],
        ),
        one(
            9,
            "DialEnd",
            1,
            &[
                ("DestUniqueid", &id(2)),
                ("DestChannel", CARRIER),
                ("DialStatus", "ANSWER"),
            ],
        ),
        one(9, "BridgeEnter", 2, &[("BridgeUniqueid", "b-1")]),
        one(9, "BridgeEnter", 1, &[("BridgeUniqueid", "b-1")]),
        one(50, "HangupRequest", 1, &[]),
        one(50, "Hangup", 2, &[("Cause", "16")]),
        one(50, "Hangup", 1, &[("Cause", "16")]),
    ]
}

#[test]
fn an_outbound_call_is_the_agents_and_an_internal_one_nobodys() {
    let events = told(&manager(), &outbound());
    assert_eq!(kinds(&events), [Kind::Started, Kind::Answered, Kind::Ended]);
    let outbound = call(&events);
    assert_eq!(outbound.direction, Some(Direction::Outbound));
    assert_eq!(outbound.handles[0].value, "4930999", "what was dialled");
    let segments: Vec<_> = outbound.segments.iter().map(short).collect();
    assert_eq!(
        segments,
        [(SegmentKind::Agent, "", "ana", Some(9), Some(50))]
    );
    assert_eq!(
        outbound.disconnect.unwrap().reason,
        Some(DisconnectReason::Agent)
    );
    let internal = self::outbound()
        .into_iter()
        .map(|record| record.replace(CARRIER, BEN));
    assert_eq!(told(&manager(), &internal.collect::<Vec<_>>()), []);
}

#[test]
fn who_is_asked_first_is_asked_and_then_has_it() {
    let mut records = to_ana();
    let (orig, second_leg, target) = (id(2), id(4), id(5));
    let asked = [
        ("DestUniqueid", target.as_str()),
        ("DestChannel", BEN),
        ("DialStatus", "ANSWER"),
    ];
    records.extend([
        one(60, "Hold", 2, &[]),
        newchannel(61, 4, "PJSIP/1001-00000004", 4),
        newchannel(62, 5, BEN, 4),
        one(70, "DialEnd", 4, &asked),
        ami(
            90,
            "AttendedTransfer",
            &[
                ("Result", "Success"),
                ("OrigTransfererUniqueid", &orig),
                ("SecondTransfererUniqueid", &second_leg),
                ("TransferTargetUniqueid", &target),
                ("TransferTargetChannel", BEN),
                ("DestType", "Bridge"),
            ],
        ),
        one(90, "Hangup", 4, &[("Cause", "16")]),
        one(90, "Hangup", 2, &[("Cause", "16")]),
        one(150, "HangupRequest", 5, &[]),
        one(150, "Hangup", 5, &[("Cause", "16")]),
        one(150, "Hangup", 1, &[("Cause", "16")]),
    ]);
    let events = told(&manager(), &records);
    let call = call(&events);
    let segments: Vec<_> = call.segments.iter().map(short).skip(2).collect();
    let expected = [
        (SegmentKind::Agent, "billing", "ana", Some(20), Some(90)),
        (SegmentKind::Consult, "", "ben", Some(70), Some(90)),
        (SegmentKind::Agent, "billing", "ben", Some(90), Some(150)),
    ];
    assert_eq!(segments, expected);
    let transfer = call.segments[2].transfer.as_ref().unwrap();
    assert_eq!((transfer.kind, &*transfer.to), (TransferKind::Warm, "ben"));
    assert_eq!(
        call.disconnect.unwrap().reason,
        Some(DisconnectReason::Agent)
    );
    survives_any_cut(&manager(), &records);
}

#[test]
fn three_on_one_line_are_a_conference() {
    let mut records = to_ana();
    records.push(newchannel(60, 3, BEN, 1));
    records.push(one(65, "BridgeEnter", 3, &[("BridgeUniqueid", "b-1")]));
    records.push(one(90, "BridgeLeave", 3, &[("BridgeUniqueid", "b-1")]));
    let events = told(&manager(), &records);
    let last = events.last().unwrap();
    assert_eq!((last.kind(), &*last.agent_id), (Kind::Conferenced, "ben"));
    assert_eq!(
        kinds(&events)
            .iter()
            .filter(|kind| **kind == Kind::Answered)
            .count(),
        1
    );
}

#[test]
fn without_trunks_the_first_channel_is_the_customers_and_names_are_the_queues() {
    let format = Format::Manager(Default::default());
    let events = told(&format, &to_ana());
    let answered = events
        .iter()
        .find(|event| event.kind() == Kind::Answered)
        .unwrap();
    assert_eq!(answered.agent_id, "Ana Marsh");
    assert!(events.iter().all(|event| event.kind() != Kind::MenuStep));
}

#[test]
fn what_is_told_twice_counts_once() {
    let once = told(&manager(), &held_and_handed_on());
    let twice: Vec<_> = held_and_handed_on()
        .iter()
        .flat_map(|one| [one.clone(), one.clone()])
        .collect();
    let again = [held_and_handed_on(), held_and_handed_on()].concat();
    for records in [twice, again] {
        let events = told(&manager(), &records);
        assert_eq!(call(&events), call(&once));
    }
}

#[test]
fn any_cut_leaves_the_same() {
    survives_any_cut(&manager(), &held_and_handed_on());
    survives_any_cut(&manager(), &outbound());
}

#[test]
fn what_is_gone_when_the_connection_comes_back_has_ended() {
    let format = manager();
    let mut memory = format.beginning();
    let mut events = super::take(&format, &mut memory, &to_ana());
    // Another call, which goes on, and one that began while nobody listened.
    let (other, later) = (id(7), id(9));
    let began = ami(
        30,
        "Newchannel",
        &[
            ("Channel", CARRIER),
            ("Uniqueid", &other),
            ("Linkedid", &other),
        ],
    );
    events.extend(super::take(&format, &mut memory, &[began]));
    let before = events.len();
    let came_at = began_at() + jiff::SignedDuration::from_secs(300);
    memory.take(&format, Raw::Connected(came_at), &mut events);
    // A call that begins before the list of those that there are is told is not in it.
    let new = ami(
        301,
        "Newchannel",
        &[
            ("Channel", CARRIER),
            ("Uniqueid", "2000000000.1"),
            ("Linkedid", "2000000000.1"),
        ],
    );
    let listed = |id: &str| {
        let fields = [
            ("ActionID", "aftercall-channels"),
            ("Channel", CARRIER),
            ("Uniqueid", id),
            ("Linkedid", id),
        ];
        ami(301, "CoreShowChannel", &fields)
    };
    let records = [new, listed(&other), listed(&later)];
    events.extend(super::take(&format, &mut memory, &records));
    let done = ami(
        301,
        "CoreShowChannelsComplete",
        &[("ActionID", "aftercall-channels"), ("ListItems", "2")],
    );
    let said = memory.take(&format, Raw::Record(done.as_bytes(), None), &mut events);
    assert!(matches!(said, Taken::Said(text) if text.starts_with("1 calls ended")));
    let since: Vec<_> = events[before..]
        .iter()
        .map(|event| (event.kind(), &*event.call_id))
        .collect();
    let first = id(1);
    let expected = [
        (Kind::Started, "2000000000.1"),
        (Kind::Started, &*later),
        (Kind::Ended, &*first),
    ];
    assert_eq!(since, expected);
    let ended = events.last().unwrap();
    assert_eq!(ended.disconnect_reason(), WireReason::Unknown);
    assert_eq!(ended.occurred_at.unwrap().seconds, came_at.as_second());
    let adopted = &events[before + 1];
    assert_eq!(adopted.occurred_at.unwrap().seconds, began_at().as_second());
}

#[test]
fn what_means_nothing_is_said_by_its_kind() {
    let format = manager();
    let timeless = to_ana()[0].replace("Timestamp: ", "Time: ");
    for (record, why) in [
        (ami(1, "VarSet", &[]), "VarSet"),
        (
            "Response: Success\r\nMessage: Pong\r\n".to_owned(),
            "no event",
        ),
        (timeless, "without a Timestamp"),
        (
            two(1, "DialEnd", (1, 2), &[("DialStatus", "BUSY")]),
            "DialEnd",
        ),
    ] {
        format.assert_passed(&record, why);
    }
}

proptest! {
    #[test]
    fn no_order_of_records_and_no_damage_makes_it_panic(
        order in proptest::collection::vec(0_usize..26, 0..60),
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let (format, all) = (manager(), held_and_handed_on());
        let (mut memory, mut events) = (format.beginning(), Vec::new());
        for at in &order {
            let mut record = all[at % all.len()].clone().into_bytes();
            for (place, byte) in &damage {
                let place = place.index(record.len());
                record[place] = *byte;
            }
            memory.take(&format, Raw::Record(&record, None), &mut events);
        }
        prop_assert!(events.len() <= 4 * order.len());
        let written = serde_json::to_string(&memory).unwrap();
        let _: crate::connect::mapping::Memory = serde_json::from_str(&written).unwrap();
    }
}
