//! The channel event log, and call detail records.

use aftercall_domain::call::{Call, DropSide};
use aftercall_domain::interaction::{Direction, DisconnectReason, SegmentKind};
use aftercall_proto::model::v1::CallEventKind as Kind;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::super::cel::Columns;
use super::super::switch::Setup;
use super::fixtures::{ANA, BEN, CARRIER, cel, handed_on_in_cel, held_and_handed_on, id};
use super::{call, kinds, setup, short, survives_any_cut, told};
use crate::connect::mapping::{Format, Raw};
use crate::connect::staff::Staff;

fn log() -> Format {
    Format::Cel(setup(), Columns::default())
}

fn records() -> Format {
    Format::Cdr(setup(), TimeZone::get("Europe/Berlin").unwrap())
}

/// A call without what the channel event log can't say: menus and holds.
fn as_far_as_cel(mut call: Call) -> Call {
    call.segments
        .retain(|segment| segment.kind != SegmentKind::Ivr);
    for (number, segment) in (1..).zip(&mut call.segments) {
        segment.segment_id = format!("call-{number}");
        segment.holds.clear();
    }
    call
}

#[test]
fn both_ways_tell_the_same_call() {
    let by_cel = as_far_as_cel(call(&told(&log(), &handed_on_in_cel())));
    let by_manager = as_far_as_cel(call(&told(
        &Format::Manager(setup()),
        &held_and_handed_on(),
    )));
    assert_eq!(by_cel.segments.len(), 3);
    assert_eq!(by_cel.segments, by_manager.segments);
    assert_eq!(by_cel.disconnect, by_manager.disconnect);
    assert_eq!(by_cel.ended_at, by_manager.ended_at);
    assert_eq!(
        (by_cel.direction, by_cel.handles),
        (by_manager.direction, by_manager.handles)
    );
}

#[test]
fn who_hung_up_is_the_source_of_the_end() {
    for (source, expected) in [
        (CARRIER, Some(DisconnectReason::Customer)),
        (ANA, Some(DisconnectReason::Agent)),
        ("dialplan/builtin_hangup", Some(DisconnectReason::Flow)),
        ("", None),
    ] {
        let mut rows = handed_on_in_cel();
        rows.truncate(6);
        let extra = format!(r#"{{"hangupcause":16,"hangupsource":"{source}"}}"#);
        rows.push(cel(60, "HANGUP", (1, CARRIER), "", &extra));
        let call = call(&told(&log(), &rows));
        assert_eq!(call.disconnect.unwrap().reason, expected, "{source}");
    }
}

#[test]
fn lines_are_lost_on_a_side_in_the_log_too() {
    for (lost, side) in [
        ((1, CARRIER), DropSide::Customer),
        ((2, ANA), DropSide::Agent),
    ] {
        let mut rows = handed_on_in_cel();
        rows.truncate(6);
        rows.push(cel(
            60,
            "HANGUP",
            lost,
            "",
            r#"{"hangupcause":38,"hangupsource":""}"#,
        ));
        rows.push(cel(61, "LINKEDID_END", (1, CARRIER), "", ""));
        assert_eq!(call(&told(&log(), &rows)).dropped, Some(side));
    }
}

#[test]
fn whoever_gives_up_in_the_queue_has_only_waited() {
    let rows = [
        cel(0, "CHAN_START", (1, CARRIER), "", ""),
        cel(10, "APP_START", (1, CARRIER), "Queue billing", ""),
        cel(
            40,
            "HANGUP",
            (1, CARRIER),
            "Queue billing",
            &format!(r#"{{"hangupcause":16,"hangupsource":"{CARRIER}"}}"#),
        ),
    ];
    let call = call(&told(&log(), &rows));
    assert!(call.measures.abandoned);
    let segments: Vec<_> = call.segments.iter().map(short).collect();
    assert_eq!(
        segments,
        [(SegmentKind::Queue, "billing", "", Some(10), Some(40))]
    );
}

#[test]
fn who_waits_in_a_queue_waits_for_its_team() {
    let setup = Setup {
        queues: Staff::parse("billing,billing-calls,billing\n").unwrap(),
        ..setup()
    };
    let log = Format::Cel(setup, Columns::default());
    let rows = [
        cel(0, "CHAN_START", (1, CARRIER), "", ""),
        cel(10, "APP_START", (1, CARRIER), "Queue billing", ""),
    ];
    let events = told(&log, &rows);
    let queued = events.last().unwrap();
    assert_eq!(queued.kind(), Kind::Queued);
    let whose = (&*queued.queue_id, &*queued.team_id);
    assert_eq!(whose, ("billing-calls", "billing"));
}

#[test]
fn an_outbound_call_stands_in_the_log_and_an_internal_one_is_passed_over() {
    let bridge = r#"{"bridge_id":"b-1"}"#;
    let rows = |other| {
        [
            cel(0, "CHAN_START", (1, ANA), "", ""),
            cel(1, "CHAN_START", (2, other), "", ""),
            cel(9, "BRIDGE_ENTER", (2, other), "AppDial", bridge),
            cel(9, "BRIDGE_ENTER", (1, ANA), "Dial", bridge),
            cel(
                50,
                "HANGUP",
                (2, other),
                "",
                &format!(r#"{{"hangupcause":16,"hangupsource":"{ANA}"}}"#),
            ),
            cel(50, "LINKEDID_END", (1, ANA), "", ""),
        ]
    };
    let events = told(&log(), &rows(CARRIER));
    let outbound = call(&events);
    assert_eq!(outbound.direction, Some(Direction::Outbound));
    let segments: Vec<_> = outbound.segments.iter().map(short).collect();
    assert_eq!(
        segments,
        [(SegmentKind::Agent, "", "ana", Some(9), Some(50))]
    );
    assert_eq!(
        outbound.disconnect.unwrap().reason,
        Some(DisconnectReason::Agent)
    );
    assert_eq!(told(&log(), &rows(BEN)), []);
}

#[test]
fn any_cut_and_any_repetition_of_the_log_leaves_the_same() {
    let rows = handed_on_in_cel();
    survives_any_cut(&log(), &rows);
    let again = [rows.clone(), rows.clone()].concat();
    assert_eq!(call(&told(&log(), &again)), call(&told(&log(), &rows)));
}

#[test]
fn columns_are_named_and_times_may_be_dates() {
    let columns: Columns = "EventType, EventTime, UniqueID, LinkedID, ChanName"
        .parse()
        .unwrap();
    let format = Format::Cel(
        Default::default(),
        columns.in_zone(TimeZone::get("Europe/Berlin").unwrap()),
    );
    let events = told(
        &format,
        &["CHAN_START,2026-11-20 10:12:00.5,1.1,1.1,PJSIP/a-1".to_owned()],
    );
    let at = events[0].occurred_at.unwrap();
    assert_eq!((at.seconds, at.nanos), (1_795_165_920, 500_000_000));
    let error = "eventtype,eventtime".parse::<Columns>().unwrap_err();
    assert!(error.contains("channame"), "{error}");
}

/// A row of call detail records: of the channels, with the last application, its data, and the disposition.
fn cdr((channel, dst): (&str, &str), app: &str, disposition: &str) -> String {
    let (name, data) = app.split_once(' ').unwrap_or((app, ""));
    let answer = match disposition {
        "ANSWERED" => "\"2026-11-20 10:12:20\"",
        _ => "",
    };
    format!(
        "\"\",\"+4930111\",\"4930999\",\"queues\",\"\"\"Somebody\"\" <+4930111>\",\"{channel}\",\"{dst}\",\"{name}\",\"{data}\",\
         \"2026-11-20 10:12:00\",{answer},\"2026-11-20 10:13:00\",60,40,\"{disposition}\",\"DOCUMENTATION\",\"{}\",\"\"",
        id(1)
    )
}

#[test]
fn a_detail_record_is_a_whole_call_as_far_as_it_goes() {
    let events = told(
        &records(),
        &[cdr((CARRIER, ANA), "Queue billing,t", "ANSWERED")],
    );
    let answered = call(&events);
    let segments: Vec<_> = answered.segments.iter().map(short).collect();
    let expected = [
        (SegmentKind::Queue, "billing", "", Some(0), Some(20)),
        (SegmentKind::Agent, "billing", "ana", Some(20), Some(60)),
    ];
    assert_eq!(segments, expected);
    assert_eq!(answered.disconnect.unwrap().reason, None);
    let missed = told(
        &records(),
        &[cdr((CARRIER, ANA), "Queue billing,t", "NO ANSWER")],
    );
    assert!(call(&missed).measures.abandoned);
    let outbound = call(&told(
        &records(),
        &[cdr(
            (ANA, CARRIER),
            "Dial PJSIP/4930999@carrier",
            "ANSWERED",
        )],
    ));
    assert_eq!(outbound.direction, Some(Direction::Outbound));
    assert_eq!(
        (&*outbound.place.agent_id, &*outbound.handles[0].value),
        ("ana", "4930999")
    );
}

#[test]
fn rows_of_one_linked_id_are_one_call() {
    let linked = |row: String, unique: &str| {
        row.replace(&format!("\"{}\"", id(1)), &format!("\"{unique}\"")) + ",\"\",\"call\",\"7\""
    };
    let rows = [
        linked(cdr((CARRIER, ANA), "Queue billing", "ANSWERED"), "a"),
        linked(cdr((CARRIER, BEN), "Dial PJSIP/1002", "ANSWERED"), "a"),
    ];
    let events = told(&records(), &rows);
    assert!(events.iter().all(|event| event.call_id == "call"));
    let names: std::collections::BTreeSet<_> = events.iter().map(|event| &event.event_id).collect();
    assert_eq!(names.len(), events.len());
    assert_eq!(
        kinds(&events)
            .iter()
            .filter(|kind| **kind == Kind::Ended)
            .count(),
        2
    );
    survives_any_cut(&records(), &rows);
}

#[test]
fn rows_that_mean_nothing_are_said_by_their_kind() {
    let internal = cdr((ANA, BEN), "Dial PJSIP/1002", "ANSWERED");
    for (format, row, why) in [
        (records(), internal, "internal calls"),
        (
            records(),
            "\"a\",\"b\"".to_owned(),
            "a row without a uniqueid",
        ),
        (
            records(),
            cdr((CARRIER, ANA), "Queue", "ANSWERED").replace("2026", "soon"),
            "without times",
        ),
        (
            log(),
            cel(0, "PARK_START", (1, CARRIER), "", ""),
            "PARK_START",
        ),
        (log(), "CHAN_START".to_owned(), "a row without uniqueid"),
        (
            log(),
            cel(0, "CHAN_START", (1, CARRIER), "", "").replace("1795165920.000000", "then"),
            "without a time",
        ),
    ] {
        format.assert_passed(&row, why);
    }
}

proptest! {
    #[test]
    fn no_row_makes_it_panic(
        at in 0_usize..18,
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut row = handed_on_in_cel()[at].clone().into_bytes();
        for (place, byte) in &damage {
            let place = place.index(row.len());
            row[place] = *byte;
        }
        let detail = cdr((CARRIER, ANA), "Queue billing,t", "ANSWERED").into_bytes();
        for format in [log(), records()] {
            let (mut memory, mut events) = (format.beginning(), Vec::new());
            for record in [&row, &detail, &bytes] {
                memory.take(&format, Raw::Record(record, None), &mut events);
            }
            prop_assert!(events.len() <= 12);
        }
    }
}
