//! Promises that recur: when the next one is made, what it is, and when there is none.

use super::*;
use crate::recurrence::{CatchUp, Occurrence, Recurrence, RecurrenceEnd, RecurrenceMode};
use crate::violation::Reason;
use crate::{FieldPath, Violations};

const DAY: i64 = 86_400;

/// A promise that is due at 3,600, and again each day at that time.
fn daily(mode: RecurrenceMode) -> Made {
    let mut recurrence = Recurrence {
        rrule: "FREQ=DAILY".to_owned(),
        time_zone: "UTC".to_owned(),
        mode,
        until: None,
        count: Some(3),
        catch_up: CatchUp::Skip,
        max_open: 2,
    };
    let mut found = Violations::new();
    let of = (made().promised_by, None, "");
    let occurrence = recurrence.begin(FieldPath::ROOT, of, &mut found).unwrap();
    let occurrence = Occurrence {
        series_id: "c-1".to_owned(),
        window: Some(SignedDuration::from_mins(10)),
        ..occurrence
    };
    Made {
        series: Some((recurrence, occurrence)),
        promised_not_before: Some(at(3_000)),
        ..made()
    }
}

fn series(promise: &mut Commitment) -> &mut Series {
    promise.series.as_mut().unwrap()
}

fn close(promise: &mut Commitment, now: i64) {
    let event = promise.fulfil(done(at(now)), lead(), at(now)).unwrap();
    assert_eq!(promise.apply(&event), Folded::Applied);
}

#[test]
fn a_sequential_one_follows_the_end_of_the_last_and_is_the_same_promise() {
    let mut promise = Commitment::new(daily(RecurrenceMode::Sequential));
    assert_eq!(promise.recurs(at(9_000)), None, "it is open");
    close(&mut promise, 2_000);
    assert_eq!(promise.watched_until(), Some(at(2_000)));
    assert_eq!(promise.recurs(at(2_000)), None, "not before its time");
    let (made_at, next) = promise.recurs(at(2_001)).unwrap();
    assert_eq!((made_at, next.promised_by), (at(2_000), at(3_600 + DAY)));
    assert_eq!(next.promised_not_before, Some(at(3_000 + DAY)));
    assert_eq!(next.owner, promise.owner);
    assert_eq!(next.promise_text, promise.promise_text);
    assert!(next.due.is_some() && next.due_resolution.is_some());
    let place = next.occurrence.unwrap();
    assert_eq!((&*place.series_id, place.number), ("c-1", 2));
    // Once there is one, there is nothing to be made.
    series(&mut promise).next_id = Some("c-2".to_owned());
    assert_eq!(promise.watched_until(), None);
}

#[test]
fn one_that_is_made_late_was_to_be_made_by_its_due() {
    let mut promise = Commitment::new(daily(RecurrenceMode::Sequential));
    series(&mut promise).recurrence.catch_up = CatchUp::All;
    close(&mut promise, 2 * DAY);
    let (made_at, next) = promise.recurs(at(2 * DAY + 1)).unwrap();
    assert_eq!(
        (made_at, next.promised_by),
        (at(3_600 + DAY), at(3_600 + DAY))
    );
}

#[test]
fn an_independent_one_follows_the_due_by_the_rule_while_there_is_room() {
    let mut promise = Commitment::new(daily(RecurrenceMode::Independent));
    series(&mut promise).open = 1;
    // It is moved, and the rule is not.
    let moved = promise.reschedule(move_to(at(9_000), true), lead(), at(10), &calendars());
    promise.apply(&moved.unwrap());
    assert_eq!(promise.recurs(at(3_600)), None);
    let (made_at, next) = promise.recurs(at(3_601)).unwrap();
    assert_eq!((made_at, next.promised_by), (at(3_600), at(3_600 + DAY)));
    series(&mut promise).open = 2;
    assert_eq!(promise.recurs(at(3_601)), None, "so many may be open");
    series(&mut promise).open = 1;
    assert!(promise.recurs(at(3_601)).is_some());
}

#[test]
fn one_that_follows_times_that_passed_is_as_if_it_were_made_then() {
    for (mode, catch_up, made_at, due) in [
        // Of the first, the second and the third day after the first due nothing is made.
        (RecurrenceMode::Independent, CatchUp::Skip, 3, 4),
        (RecurrenceMode::Sequential, CatchUp::Skip, 3, 4),
        (RecurrenceMode::Independent, CatchUp::CollapseToOne, 2, 3),
        (RecurrenceMode::Sequential, CatchUp::CollapseToOne, 2, 3),
        (RecurrenceMode::Independent, CatchUp::All, 0, 1),
    ] {
        let mut promise = Commitment::new(daily(mode));
        let recurrence = &mut series(&mut promise).recurrence;
        (recurrence.catch_up, recurrence.count) = (catch_up, Some(9));
        close(&mut promise, 2_000);
        let (at_, next) = promise.recurs(at(3_601 + 3 * DAY)).unwrap();
        let days = [at_, next.promised_by].map(|it| it.duration_since(at(3_600)).as_secs() / DAY);
        assert_eq!(days, [made_at, due], "{mode:?} {catch_up:?}");
    }
}

#[test]
fn one_that_had_to_wait_for_room_is_made_when_there_is_room() {
    let mut promise = Commitment::new(daily(RecurrenceMode::Independent));
    close(&mut promise, 2_000);
    series(&mut promise).room_since = Some(at(9_000));
    assert_eq!(promise.recurs(at(9_000)), None);
    let (made_at, _) = promise.recurs(at(9_001)).unwrap();
    assert_eq!(made_at, at(9_000));
    // There was room again before it was to be made.
    series(&mut promise).room_since = Some(at(3_000));
    let (made_at, _) = promise.recurs(at(9_001)).unwrap();
    assert_eq!(made_at, at(3_600));
}

#[test]
fn what_lapses_is_said_first() {
    let mut promise = Commitment::new(daily(RecurrenceMode::Independent));
    assert_eq!(promise.recurs(at(3_601)), None);
    let (_, event) = promise.fire("timer", at(3_601), &calendars()).unwrap();
    assert!(matches!(event.change, Change::Lapsed(_)));
    promise.apply(&event);
    assert!(promise.recurs(at(3_601)).is_some());
    let refused = promise.fire("timer", at(3_601), &calendars()).unwrap_err();
    assert_eq!(refused, Refusal::NotYetDue, "the next promise says it");
}

#[test]
fn the_last_time_ends_the_series_by_an_event_also_after_the_promise() {
    let mut promise = Commitment::new(daily(RecurrenceMode::Sequential));
    series(&mut promise).occurrence.rule_no = 3;
    close(&mut promise, 2_000);
    assert_eq!(promise.recurs(at(2_001)), None);
    let (due, event) = promise.fire("timer", at(2_001), &calendars()).unwrap();
    let Change::RecurrenceEnded { cause, .. } = &event.change else {
        panic!("{event:?}");
    };
    assert_eq!((due, *cause), (at(2_000), RecurrenceEnd::NoMoreTimes));
    let mut life = promise.life();
    assert_eq!(life.apply(&event), Folded::Applied, "for a judge as well");
    assert_eq!(promise.apply(&event), Folded::Applied);
    assert_eq!(promise.life(), life);
    assert_eq!(promise.watched_until(), None);
    // Nothing else becomes of what is over.
    let late = Event {
        sequence: promise.version + 1,
        change: Change::WaiverDeclined {
            reason: String::new(),
        },
        ..event
    };
    assert_eq!(promise.apply(&late), Folded::Ignored(Ignored::Closed));
}

#[test]
fn a_series_is_ended_by_those_who_keep_it_and_once() {
    let mut promise = Commitment::new(daily(RecurrenceMode::Sequential));
    let end = |promise: &Commitment, who| promise.end_recurrence("enough".to_owned(), who, at(10));
    let refused = end(&promise, agent("ben")).unwrap_err();
    assert_eq!(refused, Refusal::NotPermitted(Permission::EndRecurrence));
    let event = end(&promise, agent(OWNER)).unwrap();
    assert_eq!(promise.apply(&event), Folded::Applied);
    assert!(promise.is_open(), "it is to be kept");
    assert_eq!(end(&promise, lead()), Err(Refusal::RecurrenceOver));
    close(&mut promise, 2_000);
    assert_eq!(promise.watched_until(), None);
    let once = Commitment::new(made());
    assert_eq!(end(&once, lead()), Err(Refusal::NotRecurring));
}

#[test]
fn what_was_never_confirmed_does_not_recur() {
    for mode in [RecurrenceMode::Sequential, RecurrenceMode::Independent] {
        let mut promise = Commitment::new(Made {
            proposed_until: Some(at(7_200)),
            ..daily(mode)
        });
        assert_eq!(
            promise.end_recurrence(String::new(), lead(), at(10)),
            Err(Refusal::NotConfirmed)
        );
        let mut confirmed = promise.clone();
        confirmed.apply(&promise.confirm(lead(), at(10)).unwrap());
        close(&mut confirmed, 3_700);
        assert!(confirmed.recurs(at(3_701)).is_some());
        let event = promise.dismiss(String::new(), lead(), at(10)).unwrap();
        promise.apply(&event);
        assert_eq!(promise.watched_until(), None);
    }
}

#[test]
fn a_draft_that_recurs_begins_a_series_and_history_does_not() {
    let promise = Commitment::new(daily(RecurrenceMode::Sequential));
    let mut closed = promise;
    close(&mut closed, 2_000);
    let (_, mut draft) = closed.recurs(at(2_001)).unwrap();
    // As a caller sends it.
    (draft.occurrence, draft.due) = (None, None);
    draft.recurrence.as_mut().unwrap().until = None;
    let check = |draft: crate::interaction::CommitmentDraft| {
        let at_ = FieldPath::of("commitment");
        draft.check_made(at_, (at(0), at(0)), &calendars(), Violations::new())
    };
    let (begun, _) = check(draft.clone()).unwrap();
    let place = begun.occurrence.unwrap();
    assert_eq!((place.number, place.due_at), (1, draft.promised_by));
    assert_eq!(place.window, Some(SignedDuration::from_mins(10)));

    let history = crate::interaction::CommitmentDraft {
        fulfilled_at: Some(at(0)),
        ..draft.clone()
    };
    let found = check(history).unwrap_err();
    let mut fields = found.as_slice().iter().map(|one| (&*one.field, one.reason));
    assert!(fields.any(|one| one == ("commitment.recurrence", Reason::Conflicting)));
    let stray = crate::interaction::CommitmentDraft {
        step_no: 2,
        ..draft
    };
    let found = check(stray).unwrap_err();
    assert_eq!(found.as_slice()[0].field, "commitment.step_no");
}
