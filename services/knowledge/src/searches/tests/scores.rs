//! What one contact counts for.

use std::collections::BTreeMap;

use aftercall_proto::model::v1::{Call, Signal, SignalKind};

use super::super::records::Sums;
use super::*;

fn trace(says: Says) -> Trace {
    Trace::of(&contact("i", "c", says), "c")
}

#[test]
fn of_one_contact_five_signs_of_a_sort_count_and_what_was_found_is_none() {
    let says = Says {
        inbound: true,
        reason: 0,
        day: 0,
        lookups: 8,
        used: None,
    };
    assert_eq!(trace(says).sums().score(), 5);
    let found = Says {
        used: Some(0),
        ..says
    };
    assert_eq!(trace(found).sums().score(), 0);
}

#[test]
fn what_is_looked_up_counts_as_telephony_tells_it_where_the_record_says_nothing() {
    let says = Says {
        inbound: true,
        reason: 0,
        day: 0,
        lookups: 0,
        used: None,
    };
    let hold = |reason: HoldReason| Hold {
        reason: reason.into(),
        ..Hold::default()
    };
    let call = Call {
        segments: vec![Segment {
            kind: SegmentKind::Agent.into(),
            holds: vec![hold(HoldReason::Lookup), hold(HoldReason::Verify)],
            ..Segment::default()
        }],
        ..Call::default()
    };
    let score = |says: Says, call: Option<&Call>| {
        let mut trace = trace(says);
        trace.complete(call);
        trace.sums().score()
    };
    assert_eq!((score(says, None), score(says, Some(&call))), (0, 1));
    let own = Says { lookups: 3, ..says };
    assert_eq!(score(own, Some(&call)), 3);
}

#[test]
fn that_we_call_back_is_no_repeat_whatever_it_follows_up() {
    let repeats = |inbound: bool| {
        let says = Says {
            inbound,
            reason: 0,
            day: 0,
            lookups: 0,
            used: None,
        };
        let mut call = contact("i", "c", says);
        call.previous_interaction_id = "before".to_owned();
        call.signals.push(Signal {
            kind: SignalKind::RepeatStated.into(),
            ..Signal::default()
        });
        Trace::of(&call, "c").sums().score()
    };
    assert_eq!((repeats(true), repeats(false)), (1, 0));
}

#[test]
fn sums_that_come_and_go_are_none() {
    let (mut sums, mut by) = (Sums::default(), BTreeMap::new());
    let one = trace(Says {
        inbound: true,
        reason: 0,
        day: 0,
        lookups: 2,
        used: None,
    });
    by.insert(0, one.sums());
    for sums_of_one in by.values() {
        sums.shift(sums_of_one, 1);
        sums.shift(sums_of_one, -1);
    }
    assert_eq!(sums, Sums::default());
}
