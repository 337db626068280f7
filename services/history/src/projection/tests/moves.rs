//! A promise that moves again and again, with much to say each time.

use aftercall_domain::limits::TEXT_BYTES_MAX;
use aftercall_ledger::testing::written_bytes;

use super::*;

/// What a log of so many moves writes to a view, and how large the log is.
fn written(times: u32) -> (u64, u64) {
    let mut log = Partitions::new(1);
    let mut logged = 0;
    let mut append = |sequence: u64, aggregate_id: String, fact: Fact| {
        let event = Event {
            tenant_id: TENANT.to_owned(),
            aggregate_id,
            sequence,
            recorded_at: Some(to_wire(at(1))),
            customer_id: customer_id(1),
            interaction_id: interaction_id(1),
            ..fact.event()
        };
        let body = event.encode_to_vec();
        logged += body.len() as u64;
        log.append(Record {
            key: contact_key(TENANT, &customer_id(1), &interaction_id(1)),
            recorded_at_us: 0,
            body: body.into(),
        });
    };
    let made = Next {
        interaction: 1,
        customer: 1,
        recorded_at: 1,
        what: What::Record {
            occurred_at: 1,
            imported: false,
        },
    };
    let recorded = InteractionRecorded {
        interaction: Some(contact(&made, 1)),
        ..InteractionRecorded::default()
    };
    append(
        1,
        interaction_id(1),
        Fact::InteractionRecorded(Box::new(recorded)),
    );
    for number in 1..=times {
        let moved = Rescheduled {
            number,
            clock: Clock::Promise,
            target: None,
            stages: Vec::new(),
            due_revision: number + 1,
            from: at(5),
            to: at(5),
            reason: "x".repeat(TEXT_BYTES_MAX),
            customer_informed: Evidence::default(),
            after_lapse: false,
            by: "lead".to_owned(),
            at: at(1),
            told_at: at(1),
            due: None,
        };
        let sequence = u64::from(number) + 1;
        append(
            sequence,
            interaction_id(9),
            fact(Change::Rescheduled(Box::new(moved))),
        );
    }
    let [_, written] = written_bytes(&log, &mut HistoryProjection::new(Fields::new()));
    (written, logged)
}

#[test]
fn a_move_writes_no_more_for_those_before_it() {
    let ((once, logged), (twice, _)) = (written(300), written(600));
    assert!(
        once > logged / 2 && once <= 16 * logged,
        "{once} bytes for {logged}"
    );
    assert!(twice <= 2 * once + once / 10, "{once} bytes, then {twice}");
}
