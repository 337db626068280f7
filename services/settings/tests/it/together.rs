//! Settings that name each other: checked as a whole, as they would be.

use aftercall_proto::model::v1::escalation_level::Delay;
use aftercall_proto::model::v1::escalation_target::Target;
use aftercall_proto::model::v1::receiver::Who;
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{
    CommitmentKind, EscalationLevel, EscalationPolicy, EscalationStrategy, EscalationTarget,
    FollowUpPolicy, InternalTargetRule, PromiseFilter, Receiver, Setting, SettingKind, Team,
};
use aftercall_service::testing::since_made;
use pbjson_types::Duration;
use tonic::Code;

use crate::world::{World, office, put, put_all, reason, retired, set, wrong};

fn hours(hours: i64) -> Duration {
    Duration {
        seconds: hours * 3_600,
        nanos: 0,
    }
}

fn team(id: &str) -> Setting {
    let team = Team {
        member_ids: vec!["a.marsh".to_owned()],
        ..Team::default()
    };
    set(id, Body::Team(team))
}

fn receiver(id: &str, team_id: &str) -> Setting {
    let receiver = Receiver {
        who: Some(Who::TeamId(team_id.to_owned())),
        ..Receiver::default()
    };
    set(id, Body::Receiver(receiver))
}

fn escalation(id: &str, team_id: &str, receiver_id: &str) -> Setting {
    let target = EscalationTarget {
        target: Some(Target::TeamId(team_id.to_owned())),
    };
    let policy = EscalationPolicy {
        levels: vec![EscalationLevel {
            delay: Some(Delay::Wall(hours(1))),
            targets: vec![target],
            ..EscalationLevel::default()
        }],
        catch_all_receiver_id: receiver_id.to_owned(),
        ..EscalationPolicy::default()
    };
    set(id, Body::EscalationPolicy(policy))
}

fn policy(id: &str, position: u32, team_ids: &[&str]) -> Setting {
    let policy = FollowUpPolicy {
        position,
        applies_to: Some(PromiseFilter {
            team_ids: team_ids.iter().map(|id| (*id).to_owned()).collect(),
            ..PromiseFilter::default()
        }),
        internal_target: Some(since_made(8, "office")),
        escalation_policy_id: "usual".to_owned(),
        ..FollowUpPolicy::default()
    };
    set(id, Body::FollowUpPolicy(policy))
}

/// A house whose settings name each other.
async fn house() -> World {
    let world = World::new().await;
    let calendar = set("office", Body::Calendar(office("UTC")));
    let all = [
        // Named before it is there: a request is checked as a whole.
        policy("billing", 1, &["billing"]),
        escalation("usual", "billing", "duty"),
        receiver("duty", "billing"),
        team("billing"),
        calendar,
    ];
    world.change(put_all("house", all)).await.unwrap();
    world
}

/// What is said to be wrong with a change.
async fn refused(world: &World, request_id: &str, settings: Vec<Setting>) -> Vec<(String, String)> {
    let before = world.len();
    let error = world.change(put_all(request_id, settings)).await;
    let error = error.unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    assert_eq!(world.len(), before);
    wrong(&error)
}

fn told(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = pairs.iter();
    pairs
        .map(|(field, reason)| (format!("changes[0].setting.{field}"), (*reason).to_owned()))
        .collect()
}

#[tokio::test]
async fn what_is_left_out_is_said_in_the_answer() {
    let world = house().await;
    let made = world
        .get_of(SettingKind::FollowUpPolicy, "billing", 0)
        .await;
    let Some(Body::FollowUpPolicy(policy)) = made.unwrap().body else {
        panic!("it is a policy");
    };
    assert_eq!(policy.expire_after, Some(hours(90 * 24)));
    assert!(policy.fulfilment.unwrap().rule.is_some());
    let made = world.get_of(SettingKind::Receiver, "duty", 0).await;
    let Some(Body::Receiver(receiver)) = made.unwrap().body else {
        panic!("it is a receiver");
    };
    assert_eq!(receiver.budget_per_hour, 20);
    let made = world
        .get_of(SettingKind::EscalationPolicy, "usual", 0)
        .await;
    let Some(Body::EscalationPolicy(escalation)) = made.unwrap().body else {
        panic!("it is an escalation policy");
    };
    assert_eq!(escalation.levels[0].strategy(), EscalationStrategy::All);
    world.stop().await;
}

#[tokio::test]
async fn a_setting_names_only_others_that_are_in_use() {
    let world = house().await;
    let wrong = refused(&world, "r-1", vec![policy("shop", 2, &["shop"])]).await;
    assert_eq!(
        wrong,
        told(&[("follow_up_policy.applies_to.team_ids[0]", "UNKNOWN_TEAM")])
    );
    let wrong = refused(&world, "r-2", vec![escalation("other", "shop", "nobody")]).await;
    let both = told(&[
        (
            "escalation_policy.levels[0].targets[0].team_id",
            "UNKNOWN_TEAM",
        ),
        (
            "escalation_policy.catch_all_receiver_id",
            "UNKNOWN_RECEIVER",
        ),
    ]);
    assert_eq!(wrong, both);
    // One that was taken out of use is as good as none.
    world
        .change(put_all("r-3", [retired(team("shop"))]))
        .await
        .unwrap();
    let wrong = refused(&world, "r-4", vec![receiver("shop", "shop")]).await;
    assert_eq!(wrong, told(&[("receiver.team_id", "UNKNOWN_TEAM")]));
    // And so is one of another tenant, or of another kind.
    let mut other = world.admin_of("other");
    let asked = put_all("r-5", [receiver("duty", "billing")]);
    let error = other.change_settings(asked).await.unwrap_err();
    assert_eq!(
        crate::world::wrong(&error),
        told(&[("receiver.team_id", "UNKNOWN_TEAM")])
    );
    let wrong = refused(&world, "r-6", vec![receiver("shop", "office")]).await;
    assert_eq!(wrong, told(&[("receiver.team_id", "UNKNOWN_TEAM")]));
    // Out of use itself, it may name what is not there.
    world
        .change(put_all("r-7", [retired(receiver("shop", "shop"))]))
        .await
        .unwrap();
    world.stop().await;
}

#[tokio::test]
async fn what_is_named_can_not_be_taken_out_of_use_alone() {
    let world = house().await;
    let calendar = set("office", Body::Calendar(office("UTC")));
    for (request_id, setting) in [
        ("r-1", calendar.clone()),
        ("r-2", team("billing")),
        ("r-3", receiver("duty", "billing")),
        ("r-4", escalation("usual", "billing", "duty")),
    ] {
        let wrong = refused(&world, request_id, vec![retired(setting)]).await;
        assert_eq!(wrong, told(&[("retired", "IN_USE")]), "{request_id}");
    }
    let error = world
        .change(put_all("r-5", [retired(team("billing"))]))
        .await
        .unwrap_err();
    let users = "follow-up policy billing, escalation policy usual, receiver duty";
    assert!(error.message().contains(users), "{error}");
    // All that names it goes with it.
    let together = [
        retired(calendar),
        retired(policy("billing", 1, &["billing"])),
    ];
    world.change(put_all("r-6", together)).await.unwrap();
    // Back into use, a policy needs its calendar again.
    let wrong = refused(&world, "r-7", vec![policy("billing", 1, &["billing"])]).await;
    let field = "follow_up_policy.internal_target.since_made.calendar_id";
    assert_eq!(wrong, told(&[(field, "UNKNOWN_CALENDAR")]));
    world.stop().await;
}

#[tokio::test]
async fn of_two_changes_at_once_that_contradict_each_other_one_counts() {
    for round in 0..8 {
        let world = house().await;
        world.change(put_all("shop", [team("shop")])).await.unwrap();
        let naming = world.change(put_all("r-1", [receiver("shop", "shop")]));
        let retiring = world.change(put_all("r-2", [retired(team("shop"))]));
        let (naming, retiring) = match round % 2 {
            0 => futures::join!(naming, retiring),
            _ => {
                let (retiring, naming) = futures::join!(retiring, naming);
                (naming, retiring)
            }
        };
        match (naming, retiring) {
            (Ok(_), Err(error)) => assert_eq!(wrong(&error), told(&[("retired", "IN_USE")])),
            (Err(error), Ok(_)) => {
                assert_eq!(wrong(&error), told(&[("receiver.team_id", "UNKNOWN_TEAM")]));
            }
            other => panic!("both or none count: {other:?}"),
        }
        world.stop().await;
    }
}

#[tokio::test]
async fn a_policy_that_would_never_decide_is_refused_whichever_change_makes_it_so() {
    let world = house().await;
    let idle = told(&[("follow_up_policy.applies_to", "MATCHES_NOTHING")]);
    // Behind one that takes all of its team.
    let mut narrow = policy("refunds", 5, &["billing"]);
    if let Some(Body::FollowUpPolicy(policy)) = &mut narrow.body {
        let filter = policy.applies_to.as_mut().unwrap();
        filter.kinds = vec![CommitmentKind::Refund.into()];
    }
    assert_eq!(refused(&world, "r-1", vec![narrow.clone()]).await, idle);
    if let Some(Body::FollowUpPolicy(policy)) = &mut narrow.body {
        policy.position = 0;
    }
    world.change(put_all("r-2", [narrow])).await.unwrap();
    // One for all in front of them leaves them nothing: each is told.
    let wrong = refused(&world, "r-3", vec![policy("all", 0, &[])]).await;
    assert_eq!(wrong, [idle[0].clone(), idle[0].clone()]);
    world
        .change(put_all("r-4", [policy("rest", 9, &[])]))
        .await
        .unwrap();
    // The last one may move behind nothing but itself.
    assert_eq!(
        refused(&world, "r-5", vec![policy("more", 9, &["billing"])]).await,
        idle
    );
    world.stop().await;
}

#[tokio::test]
async fn each_kind_has_ids_of_its_own() {
    let world = house().await;
    world
        .change(put("r-1", &[("billing", office("UTC"))]))
        .await
        .unwrap();
    let calendar = world.get("billing", 0).await.unwrap();
    let team = world.get_of(SettingKind::Team, "billing", 0).await.unwrap();
    assert!(matches!(calendar.body, Some(Body::Calendar(_))));
    assert!(matches!(team.body, Some(Body::Team(_))));
    let error = world.get_of(SettingKind::Silence, "billing", 0).await;
    assert_eq!(reason(&error.unwrap_err()), "SETTING_NOT_FOUND");
    world.stop().await;
}

#[tokio::test]
async fn what_can_not_be_read_is_told_beside_all_else_that_is_wrong() {
    let world = World::new().await;
    let mut broken = policy("p", 1, &["t"]);
    if let Some(Body::FollowUpPolicy(policy)) = &mut broken.body {
        let filter = policy.applies_to.as_mut().unwrap();
        filter.kinds = vec![CommitmentKind::Refund.into(), 99];
        policy.internal_target = Some(InternalTargetRule::default());
        policy.accept_within = Some(Duration {
            seconds: 1,
            nanos: -1,
        });
        policy.display_name = "n".repeat(600);
    }
    let wrong = refused(&world, "r-1", vec![broken]).await;
    let all = told(&[
        ("follow_up_policy.applies_to.kinds[1]", "UNKNOWN_VALUE"),
        ("follow_up_policy.internal_target", "REQUIRED"),
        ("follow_up_policy.accept_within", "OUT_OF_RANGE"),
        ("follow_up_policy.display_name", "TOO_LONG"),
    ]);
    assert_eq!(wrong, all);
    let mut broken = escalation("e", "t", "r");
    if let Some(Body::EscalationPolicy(policy)) = &mut broken.body {
        let level = EscalationLevel {
            delay: None,
            targets: vec![EscalationTarget::default(), EscalationTarget::default()],
            strategy: 7,
        };
        policy.levels.insert(0, level);
    }
    let wrong = refused(&world, "r-2", vec![broken]).await;
    let all = told(&[
        ("escalation_policy.levels[0]", "REQUIRED"),
        ("escalation_policy.levels[0].targets[0]", "REQUIRED"),
        ("escalation_policy.levels[0].targets[1]", "REQUIRED"),
        ("escalation_policy.levels[0].strategy", "UNKNOWN_VALUE"),
    ]);
    assert_eq!(wrong, all);
    world.stop().await;
}
