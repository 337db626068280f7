//! What must hold of settings together.

use std::collections::BTreeSet;
use std::convert::Infallible;

use super::whole::*;
use super::*;
use crate::due::{StageBasis, WarnStage};

/// A policy that names a setting of each kind that it can.
fn policy() -> FollowUpPolicy {
    let stage = |id: &str, basis| WarnStage {
        id: id.to_owned(),
        basis,
    };
    FollowUpPolicy {
        applies_to: PromiseFilter {
            team_ids: ids(&["billing", "shop"]),
            ..PromiseFilter::default()
        },
        internal_target: Some(TargetRule::SinceMade(open_time(HOUR, "office"))),
        promise_stages: vec![
            stage("half", StageBasis::PercentElapsed(50)),
            stage(
                "near",
                StageBasis::BeforeDueBusiness {
                    duration: HOUR,
                    calendar_id: "shop-hours".to_owned(),
                },
            ),
        ],
        target_stages: vec![stage(
            "late",
            StageBasis::PercentBusiness {
                percent: 75,
                calendar_id: "office".to_owned(),
            },
        )],
        escalation_policy_id: "usual".to_owned(),
        ..FollowUpPolicy::default()
    }
}

/// The unknown ones of what is named, where only `known` is in use.
fn unknown(body: &Body, known: &[&str]) -> Vec<(String, Reason)> {
    let mut found = Violations::new();
    let is_in_use = |named: Reference<'_>| Ok::<_, Infallible>(known.contains(&named.id));
    let Ok(()) = check_references(body, FieldPath::ROOT, is_in_use, &mut found);
    noted(&found)
}

#[test]
fn each_name_of_another_setting_is_looked_up_and_told_by_its_field() {
    let told = |pairs: &[(&str, Reason)]| -> Vec<_> {
        pairs
            .iter()
            .map(|(field, reason)| ((*field).to_owned(), *reason))
            .collect()
    };
    let body = Body::FollowUpPolicy(policy());
    assert_eq!(
        unknown(&body, &["billing", "shop", "office", "shop-hours", "usual"]),
        []
    );
    let all = told(&[
        ("applies_to.team_ids[0]", Reason::UnknownTeam),
        ("applies_to.team_ids[1]", Reason::UnknownTeam),
        (
            "internal_target.since_made.calendar_id",
            Reason::UnknownCalendar,
        ),
        (
            "promise_stages[1].before_due_business.calendar_id",
            Reason::UnknownCalendar,
        ),
        (
            "target_stages[0].percent_business.calendar_id",
            Reason::UnknownCalendar,
        ),
        ("escalation_policy_id", Reason::UnknownEscalationPolicy),
    ]);
    assert_eq!(unknown(&body, &[]), all);

    let mut escalation = escalation();
    escalation.levels[0].delay = Delay::Business(open_time(HOUR, "office"));
    escalation.levels[0]
        .targets
        .push(EscalationTarget::Agent("a".to_owned()));
    escalation.levels[0]
        .targets
        .push(EscalationTarget::Queue("q".to_owned()));
    escalation.levels[0]
        .targets
        .extend([EscalationTarget::Owner, EscalationTarget::OwnerTeam]);
    let all = told(&[
        ("levels[0].business.calendar_id", Reason::UnknownCalendar),
        ("levels[0].targets[0].team_id", Reason::UnknownTeam),
        ("levels[1].targets[0].receiver_id", Reason::UnknownReceiver),
        ("catch_all_receiver_id", Reason::UnknownReceiver),
    ]);
    assert_eq!(unknown(&Body::EscalationPolicy(escalation), &[]), all);

    let whose = Some(Whose::Team("billing".to_owned()));
    let receiver = Receiver {
        whose,
        ..Receiver::default()
    };
    let all = told(&[("team_id", Reason::UnknownTeam)]);
    assert_eq!(unknown(&Body::Receiver(receiver), &[]), all);
}

#[test]
fn the_kinds_that_are_said_to_name_others_are_those_that_do() {
    let silence = Silence::default();
    let receiver = Receiver {
        whose: Some(Whose::Team("t".to_owned())),
        ..Receiver::default()
    };
    let mut naming = BTreeSet::new();
    for body in [
        Body::FollowUpPolicy(policy()),
        Body::EscalationPolicy(escalation()),
        Body::Team(Team::default()),
        Body::Receiver(receiver),
        Body::Silence(silence),
        Body::Taxonomy(Taxonomy {
            display_name: String::new(),
            kind: TaxonomyKind::Driver,
            nodes: Vec::new(),
            unknown_codes: None,
        }),
    ] {
        body.references(FieldPath::ROOT, &mut |_, _| {
            naming.insert(body.kind());
        });
    }
    assert_eq!(naming, SettingKind::NAMING.into());
}

#[test]
fn what_others_name_stays_in_use_and_it_is_told_who_does() {
    let (policy, escalation) = (
        Body::FollowUpPolicy(policy()),
        Body::EscalationPolicy(escalation()),
    );
    let others = [("vip", &policy), ("usual", &escalation)];
    let unused = |kind, id: &str| {
        let mut found = Violations::new();
        check_unused(
            Reference { kind, id },
            FieldPath::of("retired"),
            others,
            &mut found,
        );
        found
    };
    for (kind, id, users) in [
        (
            SettingKind::Team,
            "billing",
            "follow-up policy vip, escalation policy usual",
        ),
        (SettingKind::Calendar, "office", "follow-up policy vip"),
        (
            SettingKind::EscalationPolicy,
            "usual",
            "follow-up policy vip",
        ),
        (SettingKind::Receiver, "duty", "escalation policy usual"),
    ] {
        let found = unused(kind, id);
        assert_eq!(
            noted(&found),
            [("retired".to_owned(), Reason::InUse)],
            "{id}"
        );
        let told = &found.as_slice()[0].description;
        assert!(told.starts_with(&format!("is named by {users};")), "{told}");
    }
    // Of another kind, it is another setting.
    for (kind, id) in [
        (SettingKind::Receiver, "billing"),
        (SettingKind::Team, "office"),
        (SettingKind::Team, "vip"),
    ] {
        assert!(unused(kind, id).is_empty(), "{id}");
    }
}

#[test]
fn of_many_users_some_are_named_and_the_rest_is_counted() {
    let body = Body::FollowUpPolicy(policy());
    let names: Vec<_> = (0..7).map(|no| format!("p{no}")).collect();
    let others = names.iter().map(|name| (&**name, &body));
    let mut found = Violations::new();
    let office = Reference {
        kind: SettingKind::Calendar,
        id: "office",
    };
    check_unused(office, FieldPath::ROOT, others, &mut found);
    let told = &found.as_slice()[0].description;
    assert!(told.contains("follow-up policy p4 and 2 more; "), "{told}");
}

#[test]
fn a_policy_is_idle_when_one_before_it_takes_all_that_it_is_for() {
    let with = |position, team_ids: &[&str], queue_ids: &[&str]| FollowUpPolicy {
        position,
        applies_to: PromiseFilter {
            team_ids: ids(team_ids),
            queue_ids: ids(queue_ids),
            ..PromiseFilter::default()
        },
        ..FollowUpPolicy::default()
    };
    let teams = with(1, &["a", "b"], &[]);
    let (narrow, wide, rest) = (
        with(2, &["a"], &["q"]),
        with(2, &["a", "c"], &[]),
        with(9, &[], &[]),
    );
    let mut policies = [
        ("rest", &rest),
        ("wide", &wide),
        ("narrow", &narrow),
        ("teams", &teams),
    ];
    sort(&mut policies);
    let order: Vec<_> = policies.iter().map(|(id, _)| *id).collect();
    assert_eq!(order, ["teams", "narrow", "wide", "rest"]);
    assert_eq!(idle(&policies).collect::<Vec<_>>(), [("narrow", "teams")]);
    // Asked before, it has something to decide.
    let first = with(0, &["a"], &["q"]);
    let mut policies = [
        ("rest", &rest),
        ("wide", &wide),
        ("narrow", &first),
        ("teams", &teams),
    ];
    sort(&mut policies);
    assert_eq!(idle(&policies).count(), 0);
    // Behind one for all, nothing has.
    let all = with(0, &[], &[]);
    let mut policies = [("all", &all), ("rest", &rest), ("teams", &teams)];
    sort(&mut policies);
    assert_eq!(
        idle(&policies).collect::<Vec<_>>(),
        [("teams", "all"), ("rest", "all")]
    );
}
