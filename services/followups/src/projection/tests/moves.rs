//! A promise that moves again and again, with much to say each time.

use std::collections::BTreeMap;

use aftercall_domain::calendar::Calendar;
use aftercall_domain::commitment::{Clock, Refusal, Rescheduled};
use aftercall_domain::limits::{
    LAPSES_SHOWN_MAX, RESCHEDULES_MAX, RESCHEDULES_SHOWN_MAX, TEXT_BYTES_MAX,
};
use aftercall_ledger::testing::written_bytes;

use super::*;

/// A log in which a promise is made, and lapses and moves so often: more often than commands let it.
fn moved(times: u64) -> Writer {
    let mut writer = Writer::new(1);
    let draft = wire::CommitmentDraft {
        commitment_id: "c-1".to_owned(),
        told_to_customer: true,
        promised_by: Some(to_wire(writer.now + SignedDuration::from_secs(60))),
        ..wire::CommitmentDraft::default()
    };
    writer.record(1, 1, draft, false);
    for _ in 0..times {
        writer.now += SignedDuration::from_hours(1);
        let now = writer.now;
        let promise = promise(&writer).clone();
        let none = BTreeMap::<String, Calendar>::new();
        let (_, lapse) = promise.fire("tracker", now, &none).unwrap();
        push(&mut writer, event_of(&promise, lapse));
        let promise = self::promise(&writer).clone();
        let step = Step {
            sequence: promise.version + 1,
            recorded_at: now,
            actor_id: "lead".to_owned(),
            escalation: None,
            change: Change::Rescheduled(Box::new(Rescheduled {
                number: promise.moves + 1,
                clock: Clock::Promise,
                target: None,
                stages: Vec::new(),
                due_revision: promise.due_revision + 1,
                from: promise.promised_by,
                to: now + SignedDuration::from_secs(60),
                reason: "x".repeat(TEXT_BYTES_MAX),
                customer_informed: Evidence::default(),
                after_lapse: true,
                by: "lead".to_owned(),
                at: now,
                told_at: now,
                due: None,
            })),
        };
        push(&mut writer, event_of(&promise, step));
    }
    writer
}

/// Appends an event of the promise, under the key of its contact.
fn push(writer: &mut Writer, event: Event) {
    let key = writer.contacts.values().next().unwrap().0.clone();
    writer.push(key, &event);
}

fn promise(writer: &Writer) -> &Commitment {
    &writer.promises.values().next().unwrap().0
}

#[test]
fn a_move_writes_no_more_for_those_before_it() {
    let [once, twice] = [300, 600].map(|times| {
        let writer = moved(times);
        let logged: usize = writer.records.iter().map(|record| record.body.len()).sum();
        let written = written_bytes(&writer.log, &mut Promises::default());
        for (written, times_of_log) in written.into_iter().zip([1, 16]) {
            let bound = times_of_log * logged as u64;
            assert!(
                written <= bound,
                "{written} bytes for {logged} of {times} moves"
            );
        }
        written
    });
    for (once, twice) in once.into_iter().zip(twice) {
        assert!(twice <= 2 * once + once / 10, "{once} bytes, then {twice}");
    }
}

#[test]
fn every_move_of_a_log_counts_and_the_latest_are_kept() {
    let times = u64::from(RESCHEDULES_MAX) + 20;
    let mut writer = moved(times);
    let folded = fold(&writer.log, &mut Promises::default(), &[(0, 7)]);
    let store = |key: &[u8]| Ok(folded.held.get(key).cloned());
    let ((id, whose), _) = writer.promises.first_key_value().unwrap();
    let stored = stored::commitment(TENANT, id, *whose, store)
        .unwrap()
        .unwrap();
    assert_eq!(&stored, promise(&writer));
    assert_eq!(u64::from(stored.moves), times);
    assert_eq!(stored.reschedules.len(), RESCHEDULES_SHOWN_MAX);
    assert_eq!(stored.lapses.len(), LAPSES_SHOWN_MAX);
    let all = keys::moves(TENANT, id, *whose);
    let moves = folded.held.keys().filter(|key| key.starts_with(&all[..]));
    assert_eq!(moves.count() as u64, times);

    // It does not move any further, and can still be done.
    writer.now += SignedDuration::from_secs(30);
    let (promise, now) = (promise(&writer), writer.now);
    let wish = Reschedule {
        promised_by: now + SignedDuration::from_hours(1),
        due: None,
        told_at: None,
        customer_informed: Evidence::default(),
        reason: String::new(),
        target: None,
    };
    let none = BTreeMap::<String, Calendar>::new();
    let lead = Actor {
        id: "lead",
        standing: Standing {
            supervisor: true,
            ..Standing::default()
        },
    };
    assert_eq!(
        promise.reschedule(wish, lead, now, &none),
        Err(Refusal::MovedTooOften)
    );
    let done = Fulfil {
        fulfilled_at: None,
        evidence: Evidence::default(),
        note: String::new(),
    };
    promise.fulfil(done, lead, now).unwrap();
}
