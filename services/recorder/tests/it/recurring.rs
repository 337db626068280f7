//! Promises that recur, as a contact's record makes them.

use aftercall_proto::model::v1::{CatchUp, Recurrence, RecurrenceMode};
use aftercall_proto::recorder::v1::{RecordInteractionRequest, RecordInteractionResponse};

use crate::dues::{due, local};
use crate::fixture::{Fixture, violations_of};

/// Every Monday at nine in Paris, from the one after next on.
fn every_monday(contact: u32, rrule: &str) -> RecordInteractionRequest {
    let mut request = due(contact, local("2026-05-11", "09:00", "Europe/Paris"));
    let contact = request.interaction.as_mut().unwrap();
    contact.commitments[0].recurrence = Some(Recurrence {
        rrule: rrule.to_owned(),
        time_zone: "europe/paris".to_owned(),
        mode: RecurrenceMode::Sequential.into(),
        ..Recurrence::default()
    });
    request
}

#[tokio::test]
async fn a_promise_that_recurs_begins_a_series_with_all_that_nobody_said() {
    let fixture = Fixture::new().await;
    let rrule = "FREQ=WEEKLY;BYDAY=MO;COUNT=8";
    let first = fixture.record(every_monday(1, rrule)).await.unwrap();
    let promised = fixture.promised().remove(0);
    let recurrence = promised.recurrence.unwrap();
    assert_eq!(
        (&*recurrence.rrule, recurrence.count, recurrence.max_open),
        ("FREQ=WEEKLY;BYDAY=MO", 8, 3)
    );
    assert_eq!(recurrence.time_zone, "Europe/Paris");
    assert_eq!(recurrence.catch_up(), CatchUp::Skip);
    assert!(recurrence.until.is_some());
    let place = promised.occurrence.unwrap();
    assert_eq!(
        (place.occurrence_no, place.rule_no, &*place.local_time),
        (1, 1, "2026-05-11T09:00:00")
    );
    assert_eq!(place.due_at, promised.promised_by);
    // What a caller says of its place counts nothing, and the same request is the same.
    let repeated = fixture.record(every_monday(1, rrule)).await.unwrap();
    let expected = RecordInteractionResponse {
        already_recorded: true,
        ..first
    };
    assert_eq!(repeated, expected);

    let refused = fixture
        .record(every_monday(2, "FREQ=WEEKLY;BYDAY=TU"))
        .await;
    let refused = refused.unwrap_err();
    let field = "interaction.commitments[0].recurrence.rrule".to_owned();
    assert_eq!(violations_of(&refused), [(field, "BAD_RRULE".to_owned())]);
}
