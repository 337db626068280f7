//! What must hold for promises, whatever happens to them in whatever order.

use proptest::prelude::*;

use super::*;
use crate::limits::RESCHEDULES_SHOWN_MAX;

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
    Lapse,
    /// An event that was decided now, and arrives after the next step: it may lose a race.
    Delayed(Box<Step>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (-90_i64..3_000).prop_map(Step::Wait),
        1 => (0_i64..4_000).prop_map(|before| Step::Fulfil { before }),
        1 => any::<bool>().prop_map(|informed| Step::Cancel { informed }),
        2 => (1_i64..5_000, any::<bool>())
            .prop_map(|(ahead, informed)| Step::Reschedule { ahead, informed }),
        4 => Just(Step::Lapse),
    ];
    let delayed = step.clone().prop_map(|step| Step::Delayed(Box::new(step)));
    prop::collection::vec(prop_oneof![3 => step, 1 => delayed], 0..40)
}

/// A promise, its alert and its log.
struct World {
    now: i64,
    commitment: Commitment,
    /// The same in short, folded beside it.
    life: Life,
    alert: Option<Alert>,
    log: Vec<Event>,
    fired: u32,
    late: Option<Event>,
}

impl World {
    fn decide(&mut self, step: &Step) -> Option<Event> {
        let (promise, now) = (&self.commitment, at(self.now));
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
                let wish = move_to(at(self.now + ahead), *informed);
                promise.reschedule(wish, lead(), now).ok()
            }
            Step::Lapse => promise.lapse("timer", now).ok(),
            Step::Delayed(step) => {
                self.late = self.decide(step);
                None
            }
        }
    }

    fn take(&mut self, event: Event) {
        let before = self.commitment.clone();
        let folded = self.commitment.apply(&event);
        assert_eq!(self.life.apply(&event), folded, "both count the same");
        if self.commitment.is_open() {
            assert_eq!(self.life, self.commitment.life());
        }
        self.log.push(event);
        let event = &self.log[self.log.len() - 1];
        if folded != Folded::Applied {
            assert_eq!(self.commitment, before, "an ignored event changes nothing");
            return;
        }
        assert_eq!(self.commitment.version, before.version + 1);
        if let Some(alert) = Alert::after(self.alert.as_ref(), TENANT, &self.commitment, event) {
            let fires = alert.resolved.is_none();
            assert_eq!(fires, matches!(event.change, Change::Lapsed(_)));
            self.fired += u32::from(fires);
            self.alert = Some(alert);
        }
    }

    fn run(imported: bool, steps: &[Step]) -> Self {
        let commitment = Commitment::new(Made { imported, ..made() });
        let mut world = Self {
            now: 0,
            life: commitment.life(),
            commitment,
            alert: None,
            log: Vec::new(),
            fired: 0,
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

        let mut revisions: Vec<_> = promise.lapses.iter().map(|lapse| lapse.due_revision).collect();
        revisions.dedup();
        prop_assert_eq!(revisions.len(), promise.lapses.len(), "one lapse a revision at most");
        for lapse in &promise.lapses {
            prop_assert!(lapse.detected_at > lapse.lapsed_at, "never at the due or before");
        }
        let shown = (promise.moves() as usize).min(RESCHEDULES_SHOWN_MAX);
        prop_assert_eq!(promise.reschedules.len(), shown);
        prop_assert_eq!(promise.is_open(), promise.outcome.is_none());
        if let (Some(done), Some(outcome)) = (promise.fulfilled_at, promise.outcome) {
            let kept = done <= promise.told_due;
            prop_assert_eq!(outcome, if kept { Outcome::Kept } else { Outcome::KeptLate });
        }
        // An alert needs somebody exactly while its promise is open and late.
        let triggered = world.alert.as_ref().is_some_and(|alert| alert.resolved.is_none());
        prop_assert_eq!(triggered, promise.is_open() && promise.has_lapsed());
        prop_assert_eq!(world.alert.map_or(0, |alert| alert.episode_no), world.fired);
    }

    #[test]
    fn folding_events_again_or_late_changes_nothing(steps in steps(), again in 0_usize..8) {
        let world = World::run(false, &steps);
        let mut promise = Commitment::new(made());
        for (index, event) in world.log.iter().enumerate() {
            promise.apply(event);
            for earlier in &world.log[index.saturating_sub(again)..=index] {
                prop_assert_ne!(promise.apply(earlier), Folded::Applied);
            }
        }
        prop_assert_eq!(promise, world.commitment);
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
        prop_assert_eq!(promise.may_lapse(), done_at.is_none() && due >= 0);
    }
}
