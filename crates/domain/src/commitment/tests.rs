//! What may become of a promise, case by case.

mod alerts;
mod attempts;
mod clocks;
mod dependencies;
mod evidence;
mod levels;
mod owner;
mod properties;
mod recovery;
mod retarget;
mod returned;
mod series;
mod shares;
mod warnings;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::calendar::Calendar;
use crate::handle::HandleKind;
use crate::limits::EXPIRE_AFTER_DAYS;

const TENANT: &str = "acme";
const OWNER: &str = "ana";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + seconds).unwrap()
}

fn micros(count: i64) -> SignedDuration {
    SignedDuration::from_micros(count)
}

/// A promise made at 0, due at 3,600, told to the customer, kept by [`OWNER`].
fn made() -> Made {
    Made {
        commitment_id: "c-1".to_owned(),
        interaction_id: "i-1".to_owned(),
        customer_id: Some("k-1".to_owned()),
        customer_name: "Kim Example".to_owned(),
        handles: vec![telephone("+4930999001")],
        made_by: "maker".to_owned(),
        team_id: "t-1".to_owned(),
        site_id: "s-1".to_owned(),
        kind: CommitmentKind::CallBack,
        kind_code: String::new(),
        origin: Origin::default(),
        promise_text: "We call you back.".to_owned(),
        told_to_customer: true,
        promised_by: at(3_600),
        due: None,
        promised_not_before: None,
        time_zone: String::new(),
        owner: Some(Owner::Agent(OWNER.to_owned())),
        owner_team_id: String::new(),
        priority: Priority::P3,
        read_back_confirmed: true,
        policy: None,
        target: None,
        stages: Vec::new(),
        expire_after: SignedDuration::from_hours(24 * EXPIRE_AFTER_DAYS),
        proposed_until: None,
        depends_on: Vec::new(),
        series: None,
        plan_id: String::new(),
        step_no: 0,
        reopens: None,
        fulfilled_at: None,
        made_at: at(0),
        recorded_at: at(0),
        recorded_by: "crm".to_owned(),
        imported: false,
    }
}

fn telephone(value: &str) -> Handle {
    Handle {
        kind: HandleKind::Telephone,
        value: value.to_owned(),
        display_form: String::new(),
    }
}

fn agent(id: &str) -> Actor<'_> {
    let standing = Standing {
        agent: true,
        ..Standing::default()
    };
    Actor { id, standing }
}

fn lead() -> Actor<'static> {
    let standing = Standing {
        team_lead: true,
        ..Standing::default()
    };
    Actor {
        id: "lead",
        standing,
    }
}

fn done(fulfilled_at: Timestamp) -> Fulfil {
    Fulfil {
        fulfilled_at: Some(fulfilled_at),
        evidence: Evidence::default(),
        note: String::new(),
    }
}

/// Where the customer was told.
fn told(informed: bool) -> Evidence {
    Evidence {
        interaction_id: informed.then(|| "i-2".to_owned()),
        message_id: None,
    }
}

fn call_off(informed: bool) -> Cancel {
    Cancel {
        customer_informed: told(informed),
        reason: "not needed".to_owned(),
    }
}

fn move_to(promised_by: Timestamp, informed: bool) -> Reschedule {
    Reschedule {
        promised_by,
        due: None,
        customer_informed: told(informed),
        told_at: None,
        reason: "the part is late".to_owned(),
        target: None,
    }
}

/// `utc` is open from 9 to 17 on work days.
fn calendars() -> BTreeMap<String, Calendar> {
    crate::due::tests::calendars()
}

fn reschedule(
    promise: &Commitment,
    wish: Reschedule,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<Event, Refusal> {
    promise.reschedule(wish, actor, now, &calendars())
}

fn apply(commitment: &mut Commitment, event: Result<Event, Refusal>) {
    assert_eq!(commitment.apply(&event.unwrap()), Folded::Applied);
}

#[test]
fn done_exactly_at_the_due_is_kept_and_a_microsecond_later_is_late() {
    let promise = Commitment::new(made());
    let due = promise.promised_by;
    for (late_by, outcome, lapses) in [
        (micros(-1), Outcome::Kept, 0),
        (micros(0), Outcome::Kept, 0),
        (micros(1), Outcome::KeptLate, 1),
    ] {
        let mut promise = promise.clone();
        let event = promise.fulfil(done(due + late_by), agent(OWNER), due + late_by);
        apply(&mut promise, event);
        assert_eq!(promise.outcome, Some(outcome), "{late_by:?}");
        assert_eq!(promise.lapses.len(), lapses, "{late_by:?}");
    }
}

#[test]
fn a_promise_lapses_after_its_due_and_only_once() {
    let mut promise = Commitment::new(made());
    let due = promise.promised_by;
    assert_eq!(promise.lapse(Clock::Promise, due), Err(Refusal::NotYetDue));
    assert_eq!(promise.timeliness(due), Timeliness::OnTrack);
    assert_eq!(promise.timeliness(due + micros(1)), Timeliness::Overdue);

    let event = promise.lapse(Clock::Promise, due + micros(1));
    apply(&mut promise, event);
    let lapse = Lapse {
        clock: Clock::Promise,
        due_revision: 1,
        lapsed_at: due,
        detected_at: due + micros(1),
    };
    assert_eq!(promise.lapses, [lapse]);
    assert_eq!(
        promise.lapse(Clock::Promise, due + micros(2)),
        Err(Refusal::NotYetDue)
    );
    // A clock that is set back does not make it punctual again.
    assert_eq!(promise.timeliness(at(0)), Timeliness::Overdue);
}

#[test]
fn evidence_from_before_the_due_is_kept_although_the_lapse_was_noticed_first() {
    let mut promise = Commitment::new(made());
    let event = promise.lapse(Clock::Promise, at(3_601));
    apply(&mut promise, event);
    let event = promise.fulfil(done(at(3_600)), agent(OWNER), at(4_000));
    apply(&mut promise, event);
    assert_eq!(promise.outcome, Some(Outcome::Kept));
    assert_eq!(promise.lapses.len(), 1, "a lapse is never removed");
}

#[test]
fn moved_after_its_lapse_and_then_done_is_kept_with_one_lapse() {
    let mut promise = Commitment::new(made());
    let event = promise.lapse(Clock::Promise, at(3_601));
    apply(&mut promise, event);
    let refused = reschedule(&promise, move_to(at(9_000), true), agent(OWNER), at(4_000));
    let lacks = Permission::RescheduleAfterLapse;
    assert_eq!(refused, Err(Refusal::NotPermitted(lacks)));
    let event = reschedule(&promise, move_to(at(9_000), true), lead(), at(4_000));
    apply(&mut promise, event);
    assert!(promise.reschedules[0].after_lapse);
    assert_eq!(promise.timeliness(at(5_000)), Timeliness::OnTrack);

    let event = promise.fulfil(done(at(9_000)), agent(OWNER), at(9_000));
    apply(&mut promise, event);
    assert_eq!(promise.outcome, Some(Outcome::Kept));
    assert_eq!(
        promise
            .lapses
            .iter()
            .map(|lapse| lapse.due_revision)
            .collect::<Vec<_>>(),
        [1]
    );
}

#[test]
fn only_the_customer_who_was_told_moves_the_promise() {
    let mut promise = Commitment::new(made());
    let event = reschedule(&promise, move_to(at(7_200), false), agent(OWNER), at(100));
    apply(&mut promise, event);
    assert_eq!((promise.promised_by, promise.due_revision), (at(3_600), 1));
    let target = promise.target.clone().unwrap();
    assert_eq!(
        (target.at, target.from, target.revision),
        (at(7_200), at(100), 1)
    );
    assert_eq!(promise.outcome_if_done(at(3_601)), Outcome::KeptLate);
    assert!(
        promise.lapse(Clock::Promise, at(3_601)).is_ok(),
        "as was told"
    );

    let event = reschedule(&promise, move_to(at(8_000), true), agent(OWNER), at(200));
    apply(&mut promise, event);
    assert_eq!((promise.promised_by, promise.due_revision), (at(8_000), 2));
    assert_eq!(promise.target, None, "what we had set ourselves is over");
    assert_eq!(promise.outcome_if_done(at(8_000)), Outcome::Kept);
    let third = reschedule(&promise, move_to(at(9_000), true), agent(OWNER), at(300));
    assert_eq!(
        third,
        Err(Refusal::NotPermitted(Permission::RescheduleAgain))
    );
    assert!(reschedule(&promise, move_to(at(9_000), true), lead(), at(300)).is_ok());
}

#[test]
fn a_new_due_lies_ahead_and_at_most_1095_days() {
    let promise = Commitment::new(made());
    let day = 24 * 3_600;
    let tried = |due| reschedule(&promise, move_to(at(due), true), lead(), at(0)).err();
    assert_eq!(tried(0), Some(Refusal::DueNotAhead));
    assert_eq!(tried(1), None);
    assert_eq!(tried(1_095 * day), None);
    assert_eq!(tried(1_095 * day + 1), Some(Refusal::DueTooFar));
}

#[test]
fn who_may_call_a_promise_off() {
    let promise = Commitment::new(made());
    let minutes = |count: i64| at(60 * count);
    let permitted = |actor, informed, now| promise.cancel(call_off(informed), actor, now).is_ok();
    for (actor, informed, now, expected) in [
        (lead(), false, minutes(50), true),
        (agent(OWNER), false, minutes(15), true),
        (agent("maker"), false, minutes(15), true),
        (agent("other"), false, minutes(0), false),
        (agent(OWNER), false, minutes(15) + micros(1), false),
        (agent(OWNER), true, minutes(50), true),
        (agent("maker"), true, minutes(50), false),
    ] {
        assert_eq!(
            permitted(actor, informed, now),
            expected,
            "{actor:?} {informed} {now}"
        );
    }
}

#[test]
fn what_a_promise_counts_as_that_was_called_off() {
    for (told, informed, outcome) in [
        (true, false, Outcome::Broken),
        (true, true, Outcome::ReleasedByCustomer),
        (false, false, Outcome::NotApplicable),
        (false, true, Outcome::NotApplicable),
    ] {
        let mut promise = Commitment::new(Made {
            told_to_customer: told,
            ..made()
        });
        let event = promise.cancel(call_off(informed), lead(), at(60));
        apply(&mut promise, event);
        assert_eq!(promise.outcome, Some(outcome));
        assert_eq!(promise.lifecycle, Lifecycle::Cancelled);
    }
}

#[test]
fn who_may_fulfil_and_when() {
    let promise = Commitment::new(made());
    let tried = |actor, when, now| promise.fulfil(done(at(when)), actor, at(now)).err();
    let not_permitted = Some(Refusal::NotPermitted(Permission::Fulfil));
    assert_eq!(tried(agent("other"), 10, 10), not_permitted);
    assert_eq!(tried(agent(OWNER), 10, 10), None);
    assert_eq!(tried(agent(OWNER), 310, 10), None);
    assert_eq!(
        tried(agent(OWNER), 311, 10),
        Some(Refusal::FulfilledInFuture)
    );
    assert_eq!(
        tried(agent(OWNER), -1, 10),
        Some(Refusal::FulfilledBeforeMade)
    );
    let crm = Actor {
        id: "crm",
        standing: Standing {
            integration: true,
            ..Standing::default()
        },
    };
    assert_eq!(tried(crm, 10, 10), None);
    let queued = Commitment::new(Made {
        owner: Some(Owner::Queue("q-1".to_owned())),
        ..made()
    });
    assert!(queued.fulfil(done(at(10)), agent("other"), at(10)).is_ok());
}

#[test]
fn imported_history_is_over_when_it_is_recorded() {
    let recorded_at = at(1_000_000);
    let import = |due, fulfilled_at: Option<i64>| {
        Commitment::new(Made {
            imported: true,
            recorded_at,
            promised_by: at(due),
            fulfilled_at: fulfilled_at.map(at),
            ..made()
        })
    };
    let kept = import(3_600, Some(3_600));
    assert_eq!((kept.outcome, kept.lapses.len()), (Some(Outcome::Kept), 0));
    assert_eq!(kept.closed_at, Some(recorded_at));
    let late = import(3_600, Some(3_601));
    assert_eq!(
        (late.outcome, late.lapses.len()),
        (Some(Outcome::KeptLate), 1)
    );
    let overdue = import(3_600, None);
    assert!(
        overdue.is_open() && overdue.has_lapsed(Clock::Promise) && !overdue.runs(Clock::Promise)
    );
    assert_eq!(overdue.lapses[0].detected_at, recorded_at);
    assert!(
        import(1_000_000, None).runs(Clock::Promise),
        "due just then is not over"
    );
    assert!(import(1_000_001, None).runs(Clock::Promise));
}

#[test]
fn a_promise_shows_where_it_was_done_or_let_off() {
    let message = Evidence {
        interaction_id: None,
        message_id: Some("<1@mail.example>".to_owned()),
    };
    let wish = Fulfil {
        evidence: told(true),
        ..done(at(10))
    };
    let mut promise = Commitment::new(made());
    let event = promise.fulfil(wish, agent(OWNER), at(10));
    apply(&mut promise, event);
    assert_eq!(promise.evidence, told(true));
    assert_eq!(promise.customer_informed, Evidence::default());
    assert!(promise.read_back_confirmed);

    let wish = Cancel {
        customer_informed: message.clone(),
        ..call_off(false)
    };
    let mut promise = Commitment::new(made());
    let event = promise.cancel(wish, lead(), at(10));
    apply(&mut promise, event);
    assert_eq!(promise.customer_informed, message);
    assert_eq!(promise.outcome, Some(Outcome::ReleasedByCustomer));

    let wish = Reschedule {
        customer_informed: message,
        ..move_to(at(7_200), false)
    };
    let mut promise = Commitment::new(made());
    let event = reschedule(&promise, wish, lead(), at(10));
    apply(&mut promise, event);
    assert_eq!(
        promise.promised_by,
        at(7_200),
        "a message tells the customer, too"
    );
}

#[test]
fn whose_contacts_count_for_a_promise() {
    let identified = Commitment::new(made());
    let unknown = Commitment::new(Made {
        customer_id: None,
        ..made()
    });
    let (berlin, local) = (telephone("+4930999001"), telephone("030999001"));
    let (other, withheld) = (telephone("+4930999002"), telephone("anonymous"));
    let elsewhere = telephone("+4330999001");
    let silent = Commitment::new(Made {
        customer_id: None,
        handles: vec![withheld.clone()],
        ..made()
    });
    let merged = ["k-1", "k-also-1"].map(str::to_owned);
    let counts = |promise: &Commitment, id: &str, customer_id: Option<&str>, handle: &Handle| {
        let contact = Contact {
            interaction_id: id,
            customer_id,
            handles: std::slice::from_ref(handle),
        };
        promise.is_with_customer(contact, &merged)
    };
    assert!(
        counts(&identified, "i-2", Some("k-1"), &other),
        "the same customer"
    );
    assert!(
        counts(&identified, "i-2", Some("k-also-1"), &other),
        "the same customer by another id"
    );
    assert!(
        !counts(&identified, "i-2", Some("k-2"), &berlin),
        "another one, from the same number"
    );
    assert!(
        counts(&identified, "i-2", None, &berlin),
        "the customer's number"
    );
    assert!(!counts(&identified, "i-2", None, &other));
    assert!(
        counts(&unknown, "i-2", Some("k-2"), &local),
        "by now somebody knows who it is"
    );
    assert!(counts(&unknown, "i-2", None, &local));
    assert!(
        !counts(&unknown, "i-2", None, &elsewhere),
        "the same digits in another country"
    );
    assert!(
        counts(&silent, "i-1", None, &withheld),
        "the contact in which it was promised"
    );
    assert!(
        !counts(&silent, "i-2", None, &withheld),
        "a withheld number is nobody's"
    );
}
