//! What must hold for promises, whatever happens to them in whatever order.

use proptest::prelude::*;

use std::collections::BTreeSet;

use super::*;
use crate::alert::{Alert, Rule};
use crate::due::{PauseReason, StageBasis, WarnStage};
use crate::limits::RESCHEDULES_SHOWN_MAX;
use crate::setting::{FollowUpPolicy, OpenTime, TargetRule};

/// A promise with a target of our own, and a warning before either due.
fn staged() -> Made {
    let stage = |clock, due| Stage {
        warning: WarnStage {
            id: "soon".to_owned(),
            basis: StageBasis::BeforeDueElapsed(SignedDuration::from_mins(10)),
        },
        clock,
        at: due - SignedDuration::from_mins(10),
        over: false,
    };
    Made {
        target: Some(NewTarget {
            at: at(2_400),
            reckoned: None,
        }),
        stages: vec![
            stage(Clock::Promise, at(3_600)),
            stage(Clock::Internal, at(2_400)),
        ],
        depends_on: vec!["c-0".to_owned()],
        ..made()
    }
}

/// Whether its present due had passed when it came with an import: that raises no alert.
fn imported_late(promise: &Commitment) -> bool {
    let lapse = promise
        .lapses
        .iter()
        .rev()
        .find(|lapse| lapse.clock == Clock::Promise);
    promise.imported && lapse.is_some_and(|lapse| lapse.detected_at == promise.recorded_at)
}

#[derive(Debug, Clone)]
enum Step {
    Wait(i64),
    Fulfil {
        before: i64,
    },
    Cancel {
        informed: bool,
    },
    Reschedule {
        ahead: i64,
        informed: bool,
    },
    Pause {
        until: Option<i64>,
    },
    Resume,
    Reassign {
        accept_within: Option<i64>,
    },
    Accept,
    Waiver(bool),
    Alert(u8),
    /// By a policy of so many hours of open time; without one, by none.
    Retarget(Option<i64>),
    /// It waits for another promise, or for none.
    Depend(bool),
    /// The other one comes to stand so: it is closed, overdue, or to be expected then.
    Foregoing {
        over: bool,
        overdue: bool,
        ahead: i64,
    },
    Fire,
    /// The customer reaches us, or did so long before.
    Return {
        before: i64,
    },
    /// An event that was decided now, and arrives after the next step: it may lose a race.
    Delayed(Box<Step>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (-90_i64..3_000).prop_map(Step::Wait),
        1 => (0_i64..4_000).prop_map(|before| Step::Fulfil { before }),
        1 => any::<bool>().prop_map(|informed| Step::Cancel { informed }),
        2 => (1_i64..5_000, any::<bool>())
            .prop_map(|(ahead, informed)| Step::Reschedule { ahead, informed }),
        2 => prop::option::of(1_i64..3_000).prop_map(|until| Step::Pause { until }),
        1 => Just(Step::Resume),
        1 => prop::option::of(1_i64..3_000)
            .prop_map(|accept_within| Step::Reassign { accept_within }),
        1 => Just(Step::Accept),
        1 => any::<bool>().prop_map(Step::Waiver),
        2 => (0_u8..3).prop_map(Step::Alert),
        1 => prop::option::of(1_i64..20).prop_map(Step::Retarget),
        1 => any::<bool>().prop_map(Step::Depend),
        2 => (any::<bool>(), any::<bool>(), -1_000_i64..5_000)
            .prop_map(|(over, overdue, ahead)| Step::Foregoing { over, overdue, ahead }),
        8 => Just(Step::Fire),
        3 => (-60_i64..1_000).prop_map(|before| Step::Return { before }),
    ];
    let delayed = step.clone().prop_map(|step| Step::Delayed(Box::new(step)));
    prop::collection::vec(prop_oneof![3 => step, 1 => delayed], 0..40)
}

/// A promise with a target of our own and a stage before either due, its alerts and its log.
struct World {
    now: i64,
    commitment: Commitment,
    /// The same in short, folded beside it.
    life: Life,
    log: Vec<Event>,
    /// The episodes that fired, by rule.
    fired: BTreeMap<Rule, Vec<u32>>,
    late: Option<Event>,
}

impl World {
    fn decide(&mut self, step: &Step) -> Option<Event> {
        let (promise, now) = (&self.commitment, at(self.now));
        let in_s = |seconds: i64| at(self.now + seconds);
        match step {
            Step::Wait(seconds) => {
                self.now += seconds;
                None
            }
            Step::Fulfil { before } => promise
                .fulfil(done(at(self.now - before)), lead(), now)
                .ok(),
            Step::Cancel { informed } => promise.cancel(call_off(*informed), lead(), now).ok(),
            Step::Reschedule { ahead, informed } => {
                reschedule(promise, move_to(in_s(*ahead), *informed), lead(), now).ok()
            }
            Step::Pause { until } => {
                let wish = Pausing {
                    until: until.map(in_s),
                    reason: match until {
                        Some(seconds) if seconds % 2 == 0 => PauseReason::ForceMajeure,
                        _ => PauseReason::AwaitingCustomer,
                    },
                    note: String::new(),
                };
                promise.pause(wish, lead(), now, &calendars()).ok()
            }
            Step::Resume => promise.resume(lead(), now, &calendars()).ok(),
            Step::Reassign { accept_within } => {
                let wish = Reassign {
                    to: Owner::Agent("ben".to_owned()),
                    to_team_id: String::new(),
                    at_once: accept_within.is_none(),
                    accept_within: accept_within.map(SignedDuration::from_secs),
                };
                promise.reassign(wish, lead(), now).ok()
            }
            Step::Accept => promise.accept_handover(agent("ben"), now).ok(),
            Step::Waiver(true) => promise.ask_waiver(String::new(), lead(), now).ok(),
            Step::Waiver(false) => promise.decline_waiver(String::new(), lead(), now).ok(),
            Step::Depend(on) => {
                let ids = on.then(|| "c-0".to_owned());
                promise
                    .depend_on(ids.into_iter().collect(), lead(), now)
                    .ok()
            }
            Step::Foregoing {
                over,
                overdue,
                ahead,
            } => {
                self.go_before(*over, *overdue, in_s(*ahead));
                None
            }
            Step::Alert(place) => self.handle_alert(usize::from(*place)),
            Step::Retarget(hours) => self.retarget(*hours),
            Step::Fire => promise
                .fire("timer", now, &calendars())
                .ok()
                .map(|fired| fired.1),
            Step::Return { before } => self.reach_us(at(self.now - before)),
            Step::Delayed(step) => {
                self.late = self.decide(step);
                None
            }
        }
    }

    /// How the promise stands for which this one waits.
    fn go_before(&mut self, over: bool, overdue: bool, expected_at: Timestamp) {
        let stands = Foregoing {
            lifecycle: match over {
                true => Lifecycle::Fulfilled,
                false => Lifecycle::Active,
            },
            expected_at,
            overdue,
            since: at(self.now),
        };
        self.commitment.note_foregoing("c-0", stands);
    }

    fn retarget(&self, hours: Option<i64>) -> Option<Event> {
        let (promise, now) = (&self.commitment, at(self.now));
        let policy = hours.map(|hours| FollowUpPolicy {
            internal_target: Some(TargetRule::SinceMade(OpenTime {
                duration: SignedDuration::from_hours(hours),
                calendar_id: "utc".to_owned(),
            })),
            ..FollowUpPolicy::default()
        });
        let by = PolicyRef {
            policy_id: "p".to_owned(),
            version: 1,
        };
        let policy = policy.as_ref().map(|policy| (&by, policy));
        let judge = |promise: &Commitment| promise.retargeting(policy, now, &calendars());
        let Ok(Retargeting::Changes(change)) = judge(promise) else {
            return None;
        };
        let event = promise.retarget(*change, "admin", now);
        let mut after = promise.clone();
        after.apply(&event);
        assert_eq!(
            judge(&after),
            Ok(Retargeting::Same),
            "there is nothing more to do"
        );
        let told = |one: &Commitment| (one.promised_by, one.due_revision, one.promise_lapsed);
        assert_eq!(
            told(&after),
            told(promise),
            "what the customer was told stays"
        );
        Some(event)
    }

    /// What goes on by it rested when the contact began, or nothing does.
    fn reach_us(&self, began_at: Timestamp) -> Option<Event> {
        let (promise, by) = (&self.commitment, ("timer", at(self.now)));
        let back = Return {
            interaction_id: "i-9",
            began_at,
        };
        let contact = Contact {
            interaction_id: "i-9",
            customer_id: Some("k-1"),
            handles: &[],
        };
        let event = promise.go_on_by_return(back, by, &calendars(), None);
        let is_met = promise.is_met_by_return(contact, began_at, &[]);
        assert_eq!(event.is_some(), is_met);
        let since = match &event.as_ref()?.change {
            Change::Resumed { .. } => promise.pause.as_ref().map(|pause| pause.from),
            Change::Alert(step) => match &promise.alert(step.rule)?.state {
                AlertState::Snoozed { at, .. } => *at,
                _ => None,
            },
            _ => None,
        };
        assert!(since.is_some_and(|since| since < began_at), "{event:?}");
        event
    }

    fn handle_alert(&self, place: usize) -> Option<Event> {
        let (promise, now) = (&self.commitment, at(self.now));
        let episode = promise.alerts.get(place)?;
        let wish = match place {
            0 => AlertWish::Close {
                reason: String::new(),
            },
            1 => AlertWish::Snooze {
                until: at(self.now + 600),
            },
            _ => AlertWish::Acknowledge {
                until: None,
                note: String::new(),
            },
        };
        let standing = Standing {
            supervisor: true,
            ..Standing::default()
        };
        let actor = Actor {
            id: "sue",
            standing,
        };
        let of = (episode.rule, episode.number);
        promise
            .handle_alert(of, wish, (actor, now), &calendars())
            .ok()
    }

    fn take(&mut self, event: Event) {
        let before = self.commitment.clone();
        let folded = self.commitment.apply(&event);
        assert_eq!(self.life.apply(&event), folded, "both count the same");
        if self.commitment.is_open() {
            assert_eq!(self.life, self.commitment.life());
        }
        self.log.push(event);
        if folded != Folded::Applied {
            assert_eq!(self.commitment, before, "an ignored event changes nothing");
            return;
        }
        assert_eq!(self.commitment.version, before.version + 1);
        let ended = !before.lifecycle.is_over() && self.commitment.lifecycle.is_over();
        let over_at = self.commitment.fulfilled_at.or(self.commitment.closed_at);
        let said = self.log.last().and_then(Event::over_at);
        assert_eq!(said, over_at.filter(|_| ended));
        if let Some(Change::Alert(step)) = self.log.last().map(|event| &event.change) {
            let goes_on = matches!(
                step.what,
                AlertWhat::Retriggered | AlertWhat::CustomerReturned { .. } | AlertWhat::FiredAgain
            );
            let stands_still = before
                .alert(step.rule)
                .is_some_and(|it| before.stands_still(it));
            assert!(!goes_on || !stands_still, "it is paused: {before:?}");
        }
        for alert in Alert::changed(TENANT, Some(&before), &self.commitment) {
            let fired = self.fired.entry(alert.rule).or_default();
            if fired.last() != Some(&alert.episode_no) {
                assert_eq!(alert.state, AlertState::Triggered);
                fired.push(alert.episode_no);
            }
        }
    }

    fn run(imported: bool, steps: &[Step]) -> Self {
        let commitment = Commitment::new(Made {
            imported,
            ..staged()
        });
        let mut world = Self {
            now: 0,
            life: commitment.life(),
            commitment,
            log: Vec::new(),
            fired: BTreeMap::new(),
            late: None,
        };
        for step in steps {
            let late = world.late.take();
            let event = world.decide(step);
            [event, late]
                .into_iter()
                .flatten()
                .for_each(|event| world.take(event));
        }
        world
    }
}

proptest! {
    #[test]
    fn a_promise_keeps_its_rules_whatever_happens(steps in steps(), imported: bool) {
        let world = World::run(imported, &steps);
        let promise = &world.commitment;

        let mut said = BTreeSet::new();
        for lapse in &promise.lapses {
            prop_assert!(lapse.detected_at > lapse.lapsed_at, "never at the due or before");
            let revision = (lapse.clock, lapse.due_revision);
            prop_assert!(said.insert(revision), "one lapse a clock and revision at most");
        }
        let shown = (promise.moves as usize).min(RESCHEDULES_SHOWN_MAX);
        prop_assert_eq!(promise.reschedules.len(), shown);
        prop_assert_eq!(promise.is_open(), promise.outcome.is_none());
        prop_assert_eq!(promise.lifecycle == Lifecycle::Paused, promise.pause.is_some());
        if let (Some(done), Some(outcome)) = (promise.fulfilled_at, promise.outcome) {
            let kept = done <= promise.promised_by;
            prop_assert_eq!(outcome, if kept { Outcome::Kept } else { Outcome::KeptLate });
        }
        // An alert is over exactly when its condition is.
        let late = promise.alert(Rule::PromiseLapsed);
        let holds = late.is_some_and(|late| !matches!(late.state, AlertState::Resolved(_)));
        prop_assert_eq!(holds, promise.is_open() && promise.promise_lapsed && !imported_late(promise));
        // A warning holds exactly as long as one of its reasons does.
        let warning = promise.alert(Rule::AtRisk);
        let warning = warning.filter(|it| !matches!(it.state, AlertState::Resolved(_)));
        for reason in warning.iter().flat_map(|warning| warning.reasons()) {
            prop_assert_eq!(reason.due_revision, promise.revision(reason.clock));
            prop_assert!(promise.is_open() && !promise.has_lapsed(reason.clock));
            prop_assert!(!reason.is_dependency() || promise.is_held_up());
        }
        let mut reasons = warning.iter().flat_map(|warning| warning.reasons());
        let waits = reasons.any(AlertReason::is_dependency);
        let in_danger = promise.is_open() && promise.is_held_up() && !promise.promise_lapsed;
        prop_assert_eq!(waits, in_danger);
        for (rule, fired) in &world.fired {
            let last = promise.alert(*rule).map_or(0, |alert| alert.number);
            prop_assert_eq!(fired, &(1..=last).collect::<Vec<_>>(), "no episode is left out");
        }
        // It is held up only by what it waits for, and nothing is said twice in a row.
        let turns = world.log.iter().filter_map(|event| match &event.change {
            Change::DependencyTurned(turn) => Some(turn.slip),
            _ => None,
        });
        let held = promise.depends_on.iter().any(|one| one.slip.is_some());
        prop_assert_eq!(promise.is_held_up(), held);
        prop_assert!(!held || turns.flatten().next().is_some());
        // Nothing is overdue that the tracker does not say once it is asked.
        let mut promise = promise.clone();
        let now = at(world.now);
        while let Ok((due, event)) = promise.fire("timer", now, &calendars()) {
            prop_assert!(due < now);
            prop_assert_eq!(promise.apply(&event), Folded::Applied);
        }
        prop_assert!(promise.watched_until().is_none_or(|next| next >= now));
    }

    #[test]
    fn folding_events_again_or_late_changes_nothing(steps in steps(), again in 0_usize..8) {
        let world = World::run(false, &steps);
        let mut promise = Commitment::new(staged());
        for (index, event) in world.log.iter().enumerate() {
            promise.apply(event);
            for earlier in &world.log[index.saturating_sub(again)..=index] {
                prop_assert_ne!(promise.apply(earlier), Folded::Applied);
            }
        }
        // How the others stand is no event of this one.
        let mut before = world.commitment;
        before.depends_on.iter_mut().for_each(|one| one.foregoing = None);
        prop_assert_eq!(promise, before);
    }

    #[test]
    fn imported_history_never_alerts(due in -5_000_i64..5_000, done_at in prop::option::of(-5_000_i64..0)) {
        let promise = Commitment::new(Made {
            imported: true,
            promised_by: at(due),
            fulfilled_at: done_at.map(at),
            ..made()
        });
        // Only what may lapse is ever watched, and only what is watched fires.
        prop_assert_eq!(promise.runs(Clock::Promise), done_at.is_none() && due >= 0);
    }
}
