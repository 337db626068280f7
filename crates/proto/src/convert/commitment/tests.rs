//! Round trips: what is written is read back as it was.

use aftercall_domain::calendar::TimeOfDay;
use std::collections::BTreeMap;

use aftercall_domain::calendar::Calendar;
use aftercall_domain::commitment::{
    Actor, AlertWish, AttemptResult, Attempting, Cancel, Clock, Commitment, CommitmentKind, Event,
    Evidence, Fulfil, Made, MovedTarget, NewTarget, Origin, Owner, Pausing, PolicyRef, Priority,
    Reassign, Reckoned, Reopens, Reschedule, Retargeted, Return, Stage, Standing, Supersede,
    Withdrawal,
};
use aftercall_domain::due::{
    CalendarRef, DayTime, DueResolution, DueSpec, PauseReason, StageBasis, ToldDue, WarnStage,
};
use aftercall_domain::recurrence::{CatchUp, Occurrence, Recurrence, RecurrenceMode};
use aftercall_domain::setting::FulfilmentPolicy;
use aftercall_domain::{Handle, HandleKind};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::envelope::Fact;
use crate::event::v1 as event;

#[expect(clippy::too_many_lines, reason = "each field is named")]
fn made() -> impl Strategy<Value = Made> {
    let owner = prop_oneof![
        Just(None),
        "[a-z]{1,8}".prop_map(|id| Some(Owner::Agent(id))),
        "[a-z]{1,8}".prop_map(|id| Some(Owner::Queue(id))),
    ];
    let kind = prop_oneof![
        Just(CommitmentKind::CallBack),
        Just(CommitmentKind::Refund),
        Just(CommitmentKind::Other),
    ];
    let at = || {
        (-2_000_000_000_i64..4_000_000_000).prop_map(|us| Timestamp::from_microsecond(us).unwrap())
    };
    let texts = (
        "[a-z]{1,8}",
        ".{0,20}",
        "[a-z]{0,5}",
        prop::option::of("[a-z]{1,8}"),
    );
    let flags = (any::<bool>(), any::<bool>());
    (
        texts,
        flags,
        owner,
        kind,
        (at(), prop::option::of(at()), prop::option::of(at()), at()),
    )
        .prop_map(
            |(texts, (told_to_customer, imported), owner, kind, times)| Made {
                commitment_id: texts.0,
                interaction_id: "i-1".to_owned(),
                customer_id: texts.3,
                customer_name: texts.1.clone(),
                handles: vec![Handle {
                    kind: HandleKind::Mail,
                    value: format!("{}@mail.example", texts.2),
                    display_form: texts.1.clone(),
                }],
                made_by: texts.2.clone(),
                team_id: texts.2.clone(),
                site_id: texts.2.clone(),
                kind,
                kind_code: texts.2.clone(),
                origin: match told_to_customer {
                    true => Origin::Given,
                    false => Origin::DropRecovery,
                },
                promise_text: texts.1,
                told_to_customer,
                promised_by: times.0,
                policy: told_to_customer.then(|| PolicyRef {
                    policy_id: "p".to_owned(),
                    version: 2,
                }),
                target: Some(NewTarget {
                    at: times.0,
                    reckoned: told_to_customer.then(reckoned),
                }),
                stages: stages(times.0),
                expire_after: SignedDuration::from_hours(24 * 90),
                proposed_until: None,
                depends_on: Vec::new(),
                series: told_to_customer.then(|| series(times.0)),
                plan_id: texts.2.clone(),
                step_no: 2,
                reopens: imported.then(|| Reopens {
                    commitment_id: "c-0".to_owned(),
                    reason: "came back".to_owned(),
                }),
                due: told_to_customer.then(told_due),
                promised_not_before: times.1,
                time_zone: "Europe/Berlin".to_owned(),
                owner,
                owner_team_id: texts.2.clone(),
                priority: Priority::P1,
                read_back_confirmed: told_to_customer,
                fulfilled_at: times.2,
                made_at: times.3,
                recorded_at: times.3,
                recorded_by: "crm".to_owned(),
                imported,
            },
        )
}

fn series(due: Timestamp) -> (Recurrence, Occurrence) {
    let recurrence = Recurrence {
        rrule: "FREQ=WEEKLY".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        mode: RecurrenceMode::Independent,
        until: Some(due + SignedDuration::from_hours(24 * 100)),
        count: Some(9),
        catch_up: CatchUp::All,
        max_open: 2,
    };
    let occurrence = Occurrence {
        series_id: "c-0".to_owned(),
        number: 3,
        rule_no: 4,
        local: jiff::civil::date(1970, 1, 2).at(9, 0, 0, 0),
        due_at: due,
        window: Some(SignedDuration::from_mins(30)),
    };
    (recurrence, occurrence)
}

/// What a lead does to a promise, step by step.
fn follow_ups() -> impl Strategy<Value = Vec<(u8, i64, bool)>> {
    prop::collection::vec((0_u8..20, 1_i64..10_000, any::<bool>()), 0..8)
}

#[expect(clippy::too_many_lines, reason = "one arm for each command")]
fn decide(promise: &Commitment, step: (u8, i64, bool), now: Timestamp) -> Option<Event> {
    let (what, ahead, informed) = step;
    let evidence = Evidence {
        interaction_id: informed.then(|| "i-2".to_owned()),
        message_id: (ahead % 2 == 0).then(|| "<2@mail.example>".to_owned()),
    };
    let standing = Standing {
        team_lead: true,
        ..Standing::default()
    };
    let lead = Actor {
        id: "lead",
        standing,
    };
    let reason = "why".to_owned();
    let none = BTreeMap::<String, Calendar>::new();
    match what {
        0..=3 => promise.fire("timer", now, &none).ok().map(|fired| fired.1),
        4 => {
            let wish = Attempting {
                at: None,
                result: AttemptResult::Reached,
                talk: informed.then(|| SignedDuration::from_secs(ahead)),
                by_message: false,
                evidence,
            };
            let policy = FulfilmentPolicy::Reached {
                min_talk: SignedDuration::from_secs(5_000),
            };
            promise.attempt(wish, lead, now, Some(&policy)).ok()
        }
        5 => {
            let wish = Fulfil {
                fulfilled_at: None,
                evidence,
                note: reason,
            };
            promise.fulfil(wish, lead, now).ok()
        }
        6 => {
            let wish = Cancel {
                customer_informed: evidence,
                reason,
            };
            promise.cancel(wish, lead, now).ok()
        }
        7 => {
            let wish = Reschedule {
                promised_by: now + SignedDuration::from_secs(ahead),
                due: informed.then(told_due),
                customer_informed: evidence,
                told_at: (ahead % 2 == 0).then_some(promise.made_at),
                reason,
                target: informed.then(|| NewTarget {
                    at: now + SignedDuration::from_secs(ahead),
                    reckoned: Some(reckoned()),
                }),
            };
            promise.reschedule(wish, lead, now, &none).ok()
        }
        8 => {
            let wish = Pausing {
                until: informed.then(|| now + SignedDuration::from_secs(ahead)),
                reason: match ahead % 2 {
                    0 => PauseReason::AwaitingThirdParty,
                    _ => PauseReason::AwaitingCustomer,
                },
                note: reason,
            };
            promise.pause(wish, lead, now, &none).ok()
        }
        9 => promise.resume(lead, now, &none).ok(),
        10 => {
            let wish = Reassign {
                to: Owner::Agent("ben".to_owned()),
                to_team_id: "north".to_owned(),
                at_once: !informed,
                accept_within: informed.then(|| SignedDuration::from_secs(ahead)),
            };
            promise.reassign(wish, lead, now).ok()
        }
        11 => promise.ask_waiver(reason, lead, now).ok(),
        12 => {
            let wish = Supersede {
                by_commitment_id: "c-2".to_owned(),
                reason,
            };
            promise.supersede(wish, lead, now).ok()
        }
        13 => {
            let change = Retargeted {
                policy: informed.then(|| PolicyRef {
                    policy_id: "p".to_owned(),
                    version: 3,
                }),
                moved: (ahead % 3 > 0).then(|| MovedTarget {
                    from: now,
                    target: (ahead % 3 > 1).then(|| NewTarget {
                        at: now + SignedDuration::from_secs(ahead),
                        reckoned: Some(reckoned()),
                    }),
                }),
                stages: stages(now + SignedDuration::from_secs(ahead)),
                expire_after: SignedDuration::from_secs(ahead),
            };
            promise
                .is_open()
                .then(|| promise.retarget(change, "admin", now))
        }
        14 => {
            let ids = vec!["c-8".to_owned(), "c-9".to_owned()];
            promise.depend_on(ids, lead, now).ok()
        }
        15 => promise.end_recurrence(reason, lead, now).ok(),
        16 => {
            let returned = Withdrawal::CustomerReturned {
                interaction_id: "i-2".to_owned(),
                at: now,
            };
            let cause = if informed {
                returned
            } else {
                Withdrawal::NoDrop
            };
            promise.withdraw(cause, "timer", now)
        }
        17 | 18 => {
            let back = Return {
                interaction_id: "i-2",
                began_at: now,
            };
            promise.go_on_by_return(back, ("timer", now), &none, None)
        }
        _ => handle_alert(promise, informed, now),
    }
}

fn handle_alert(promise: &Commitment, snooze: bool, now: Timestamp) -> Option<Event> {
    let standing = Standing {
        supervisor: true,
        ..Standing::default()
    };
    let sue = Actor {
        id: "sue",
        standing,
    };
    let none = BTreeMap::<String, Calendar>::new();
    let episode = promise.alerts.first()?;
    let wish = match snooze {
        true => AlertWish::Snooze {
            until: now + SignedDuration::from_secs(600),
        },
        false => AlertWish::Close {
            reason: "known".to_owned(),
        },
    };
    let of = (episode.rule, episode.number);
    promise.handle_alert(of, wish, (sue, now), &none).ok()
}

fn reckoned() -> Reckoned {
    Reckoned {
        policy_id: "p".to_owned(),
        policy_version: 2,
        calendar: CalendarRef {
            calendar_id: "office".to_owned(),
            version: 3,
        },
        duration: SignedDuration::from_hours(8),
    }
}

/// A stage of each sort.
fn stages(due: Timestamp) -> Vec<Stage> {
    let hour = SignedDuration::from_hours(1);
    let bases = [
        StageBasis::BeforeDueElapsed(hour),
        StageBasis::BeforeDueBusiness {
            duration: hour,
            calendar_id: "office".to_owned(),
        },
        StageBasis::PercentBusiness {
            percent: 75,
            calendar_id: "office".to_owned(),
        },
        StageBasis::PercentElapsed(50),
    ];
    let clocks = [Clock::Promise, Clock::Internal].into_iter().cycle();
    let stages = bases.into_iter().zip(clocks);
    stages
        .map(|(basis, clock)| Stage {
            warning: WarnStage {
                id: "soon".to_owned(),
                basis,
            },
            clock,
            at: due,
            over: false,
        })
        .collect()
}

/// The event as the log holds it.
fn logged(promise: &Commitment, step: &Event) -> (event::Event, Fact) {
    let fact = fact(step.change.clone());
    let event = event::Event {
        sequence: step.sequence,
        recorded_at: Some(time::to_wire(step.recorded_at)),
        actor_id: step.actor_id.clone(),
        interaction_id: promise.interaction_id.clone(),
        ..fact.event()
    };
    let read = event.fact().unwrap().unwrap();
    assert_eq!(read, fact);
    (event, read)
}

proptest! {
    #[test]
    fn promises_and_their_events_come_back_as_they_were(
        made in made(),
        steps in follow_ups(),
        start in 0_i64..4_000,
    ) {
        let mut promise = Commitment::new(made);
        let mut now = Timestamp::from_second(start).unwrap();
        for step in steps {
            now += SignedDuration::from_secs(step.1);
            if step.0 == 15 {
                let stands = promise.foregoing(now);
                promise.note_foregoing("c-9", stands);
            }
            if let Some(event) = decide(&promise, step, now) {
                let (wire, fact) = logged(&promise, &event);
                prop_assert_eq!(later_event(&wire, &fact), Some(event.clone()));
                promise.apply(&event);
            }
            let shown = to_wire(promise.clone(), now);
            prop_assert_eq!(shown.timeliness(), promise.timeliness(now).into());
            let expires = promise.expires_at().map(time::to_wire);
            prop_assert_eq!(shown.expires_at, expires);
            let row = to_row(promise.clone());
            prop_assert_eq!(from_row(row.as_slice()).unwrap(), promise.clone());
        }
    }
}

#[test]
fn what_no_writer_of_ours_makes_is_refused() {
    let empty = from_row(&[][..]).unwrap_err();
    assert_eq!(empty.to_string(), "kind is missing or out of range");
    assert!(from_row(&[0xff][..]).is_err());
    let recorded = event::InteractionRecorded {
        interaction: Some(wire::Interaction {
            commitments: vec![wire::CommitmentDraft::default()],
            ..wire::Interaction::default()
        }),
        ..event::InteractionRecorded::default()
    };
    assert_eq!(made_in(&recorded), 0, "a draft without id and due");
    let lapsed = Fact::CommitmentLapsed(event::CommitmentLapsed::default());
    assert_eq!(later_event(&event::Event::default(), &lapsed), None);
}

fn made_in(recorded: &event::InteractionRecorded) -> usize {
    let event = event::Event {
        recorded_at: Some(time::to_wire(Timestamp::UNIX_EPOCH)),
        ..event::Event::default()
    };
    super::made(&event, recorded).len()
}

/// A due that was not told as an instant.
fn told_due() -> ToldDue {
    ToldDue {
        spec: DueSpec::BusinessDays {
            days: 3,
            at: DayTime::At(TimeOfDay::NOON),
            calendar_id: "office".to_owned(),
        },
        resolution: DueResolution {
            calendar: Some(CalendarRef {
                calendar_id: "office".to_owned(),
                version: 2,
            }),
            time_zone_version: "2026e".to_owned(),
        },
    }
}
