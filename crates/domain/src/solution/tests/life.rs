//! The life of a solution, compared with a model that knows nothing but the table of states.

mod model;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use self::model::{Model, PEOPLE, Try, VERIFY_BY_DAY, Version, day, rights};
use crate::solution::*;

/// What is decided by the life that is to be tested, with the model's facts of the version.
fn decide(
    life: &Life,
    model: &Model,
    (who, rights): (&str, Rights),
    what: Try,
    now: Timestamp,
) -> Option<Change> {
    let actor = Actor {
        id: who,
        rights,
        is_of_owner_group: false,
    };
    let nothing = || Version {
        state: VersionState::Draft,
        editors: Vec::new(),
        submitted_by: String::new(),
        governance: Governance::ExperienceBased,
        audience: Audience::Internal,
        was_live: false,
        was_approved: false,
    };
    let on = |version: u32, decide: &dyn Fn(Work<'_>, VersionState) -> Decided| {
        let one = model.versions.get(&version)?;
        decide(work(version, one), one.state).ok()
    };
    match what {
        Try::Wait => None,
        Try::Draft => life.draft(actor).ok(),
        Try::Edit(v) => on(v, &|work, is| life.edit(work, is, actor)),
        Try::Submit(v) => on(v, &|work, is| life.submit(work, is, actor)),
        Try::RequestChanges(v) => on(v, &|work, is| life.request_changes(work, is, actor)),
        Try::TakeBack(v) => on(v, &|work, is| life.take_back(work, is, actor)),
        Try::Discard(v) => on(v, &|work, is| life.discard(work, is, actor)),
        Try::Approve(v) => on(v, &|work, is| life.approve(work, is, actor)),
        Try::Publish(v) => on(v, &|work, is| life.publish(work, is, actor)),
        Try::RollBack { version, verified } => on(version, &|work, is| {
            life.roll_back((work, is), verify_by(verified, now), actor, now)
        }),
        Try::Recall(v) => {
            let one = model.versions.get(&v)?;
            life.recall((v, one.state), one.was_live, actor).ok()
        }
        Try::Retire => life.retire(None, actor, now).ok(),
        Try::Restore { verified } => {
            let shown = life
                .published
                .and_then(|version| model.versions.get(&version).cloned());
            let shown = shown.unwrap_or_else(nothing);
            let version = life.published.unwrap_or_default();
            let verify_by = verify_by(verified, now);
            let restored = life.restore(work(version, &shown), verify_by, actor, now);
            restored.ok()
        }
        Try::Merge => life.merge("other".to_owned(), actor, now).ok(),
        Try::Unmerge => life.unmerge(actor, now).ok(),
    }
}

/// Until when a version has to be verified that is live again, where that was done now or was not.
fn verify_by(verified: bool, now: Timestamp) -> Option<Timestamp> {
    let again = now.checked_add(SignedDuration::from_hours(24)).unwrap();
    Some(match verified {
        true => again,
        false => day(VERIFY_BY_DAY),
    })
}

fn work(version: u32, one: &Version) -> Work<'_> {
    Work {
        version,
        editors: &one.editors,
        reviewers: &[],
        submitted_by: &one.submitted_by,
        governance: one.governance,
        audience: one.audience,
        is_scheduled: false,
    }
}

fn tries() -> impl Strategy<Value = Vec<(usize, Try)>> {
    let version = 1..7_u32;
    let what = prop_oneof![
        4 => Just(Try::Draft),
        2 => version.clone().prop_map(Try::Edit),
        4 => version.clone().prop_map(Try::Submit),
        1 => version.clone().prop_map(Try::RequestChanges),
        1 => version.clone().prop_map(Try::TakeBack),
        1 => version.clone().prop_map(Try::Discard),
        6 => version.clone().prop_map(Try::Approve),
        6 => version.clone().prop_map(Try::Publish),
        2 => (version.clone(), any::<bool>())
            .prop_map(|(version, verified)| Try::RollBack { version, verified }),
        1 => version.prop_map(Try::Recall),
        1 => Just(Try::Retire),
        2 => any::<bool>().prop_map(|verified| Try::Restore { verified }),
        1 => Just(Try::Merge),
        2 => Just(Try::Unmerge),
        2 => Just(Try::Wait),
    ];
    // Whoever may most is tried most often.
    let who = prop_oneof![1 => 0..3_usize, 4 => 3..6_usize];
    prop::collection::vec((who, what), 0..80)
}

proptest! {
    #[test]
    fn a_life_is_what_the_table_says(tries in tries()) {
        let (mut life, mut model) = (Life::default(), Model::default());
        let mut days = 0;
        for (who, what) in tries {
            if matches!(what, Try::Wait) {
                days += 7;
            }
            let (who, now) = (PEOPLE[who], day(days));
            let live_before = life.live();
            let before = model.clone();
            let decided = decide(&life, &before, who, what, now);
            let taken = model.take(who, what, now);
            prop_assert_eq!(decided.is_some(), taken, "{:?} by {} on {:?}", what, who.0, before);
            let Some(change) = decided else { continue };
            let mut states: BTreeMap<_, _> =
                before.versions.iter().map(|(version, one)| (*version, one.state)).collect();
            states.extend(life.apply(&change));
            let expected: BTreeMap<_, _> =
                model.versions.iter().map(|(version, one)| (*version, one.state)).collect();
            prop_assert_eq!(&states, &expected, "{:?}", what);
            let live: Vec<_> =
                states.iter().filter(|(_, state)| **state == VersionState::Published).collect();
            prop_assert!(live.len() <= 1, "two are live: {:?}", states);
            prop_assert_eq!(life.live(), live.first().map(|(version, _)| **version));
            if let Some(live) = life.live() {
                prop_assert!(model.versions[&live].was_approved, "{} was not approved", live);
            }
            let ends = matches!(what, Try::Recall(_) | Try::Retire | Try::Merge);
            prop_assert!(ends || live_before.is_none() || life.live().is_some(), "{:?}", what);
        }
    }
}

#[test]
fn a_scheduled_version_goes_live_when_its_time_has_come_and_not_before() {
    let mut life = Life::default();
    for change in [Change::Drafted(1), Change::Approved(1)] {
        life.apply(&change);
    }
    assert_eq!(life.due(None, day(9)), None);
    assert_eq!(life.due(Some(day(3)), day(2)), None);
    let due = life.due(Some(day(3)), day(3));
    assert_eq!(due, Some(Change::Published(1)));
    life.apply(&Change::Published(1));
    assert_eq!(life.due(Some(day(3)), day(4)), None);
}

#[test]
fn whoever_approves_what_goes_live_by_itself_may_publish_it() {
    let contributor = Actor {
        id: "kim",
        rights: rights(true, true, false, false, false),
        is_of_owner_group: false,
    };
    let editors = ["ann".to_owned()];
    let wide = Work {
        version: 1,
        editors: &editors,
        reviewers: &[],
        submitted_by: "ann",
        governance: Governance::ExperienceBased,
        audience: Audience::Public,
        is_scheduled: false,
    };
    assert_eq!(contributor.may_approve(wide), Ok(()));
    let scheduled = Work {
        is_scheduled: true,
        ..wide
    };
    let barred = Barred::AudienceTooWide(Audience::Public);
    assert_eq!(contributor.may_approve(scheduled), Err(barred));
}

#[test]
fn four_eyes_see_what_is_governed_by_compliance() {
    let officer = |id| Actor {
        id,
        rights: rights(true, false, false, false, true),
        is_of_owner_group: false,
    };
    let editors = ["ann".to_owned(), "bob".to_owned()];
    let work = Work {
        version: 1,
        editors: &editors,
        reviewers: &[],
        submitted_by: "cleo",
        governance: Governance::ComplianceBased,
        audience: Audience::Internal,
        is_scheduled: false,
    };
    for own in ["ann", "bob", "cleo"] {
        assert_eq!(
            officer(own).may_approve(work),
            Err(Barred::OwnWork),
            "{own}"
        );
    }
    assert_eq!(officer("dora").may_approve(work), Ok(()));
}
