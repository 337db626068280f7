//! That nothing reaches nobody: the owner hears, what is out of use counts for what still names it, and where nothing is
//! named or reached, others are told in its place.

use aftercall_proto::alerts::v1::{TestRouteRequest, TestRouteResponse};
use aftercall_proto::envelope::Fact;
use aftercall_proto::model::v1::escalation_target::Target;
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{
    AlertSeverity, CommitmentDraft, EscalationOwner, EscalationPolicy, FollowUpPolicy,
    NotificationKind as Kind, PolicyRef, QuietHours, Receiver, RouteReason as Reason, RouteVerdict,
    Setting,
};
use aftercall_service::Clock;

use crate::routing::{
    change, explained, followed, hook, house, level_of, only_alert, receiver, routed, said, set,
    until_said,
};
use crate::stage::{Contact, Running, Stage, at, owned_by, promise, wire};

/// What is due at `due` is not kept: so many promises are not, by then.
async fn lapse(running: &Running, stage: &Stage, due: i64, count: usize) {
    stage.clock.advance_to(at(due + 1));
    running.until(|| stage.lapses().len() == count).await;
    running.caught_up(stage).await;
}

fn told(stage: &Stage) -> Vec<(String, Kind)> {
    let said = said(stage).into_iter();
    said.map(|(id, kind, _)| (id, kind)).collect()
}

fn by_mail(agent_id: &str) -> Receiver {
    let Body::Receiver(receiver) = receiver(agent_id) else {
        panic!("it is a receiver");
    };
    Receiver {
        webhook_id: String::new(),
        mail_address: format!("{agent_id}@example.com"),
        ..receiver
    }
}

async fn tested(running: &Running, asked: TestRouteRequest) -> TestRouteResponse {
    let request = TestRouteRequest {
        severity: AlertSeverity::High.into(),
        escalation_policy_id: "usual".to_owned(),
        latest: true,
        ..asked
    };
    let answer = running.alerts("lead").test_route(request).await;
    let answer = answer.unwrap().into_inner();
    assert!(answer.complete_through_at.is_some());
    answer
}

/// What is said of a receiver, and by which other name.
fn said_of(verdicts: &[RouteVerdict], receiver_id: &str) -> Option<(Reason, String)> {
    let mut verdicts = verdicts.iter();
    let found = verdicts.find(|one| one.receiver_id == receiver_id)?;
    Some((found.reason(), found.by.clone()))
}

#[tokio::test]
async fn whoever_keeps_a_promise_is_told_and_who_is_not_reached_is_passed_over() {
    let stage = Stage::new();
    house(&stage);
    let owners = EscalationPolicy {
        levels: vec![level_of(Target::Owner(EscalationOwner {}))],
        catch_all_receiver_id: "duty".to_owned(),
        ..EscalationPolicy::default()
    };
    set(&stage, 2, vec![("usual", Body::EscalationPolicy(owners))]);
    let of = |id: &str, owner: &str| CommitmentDraft {
        owner: owned_by(owner),
        ..followed(id, 60)
    };
    let promises = vec![of("c-1", "ana"), of("c-2", "lena"), of("c-3", "bob")];
    stage.record(&Contact::new("i-1", promises));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    lapse(&running, &stage, 60, 3).await;
    stage.clock.advance_to(at(92));
    until_said(&running, &stage, 3).await;
    let mut whom = told(&stage);
    whom.sort();
    let one = |id: &str| (id.to_owned(), Kind::Triggered);
    assert_eq!(whom, [one("duty"), one("r-ana"), one("r-lena")]);

    let lenas = TestRouteRequest {
        owner: owned_by("lena"),
        ..TestRouteRequest::default()
    };
    let lenas = tested(&running, lenas).await;
    assert_eq!(lenas.notifications[0].receiver_id, "r-lena");
    let bobs = TestRouteRequest {
        owner: owned_by("bob"),
        ..TestRouteRequest::default()
    };
    let bobs = tested(&running, bobs).await;
    let unreached = (Reason::OwnerUnreached, "bob".to_owned());
    assert_eq!(said_of(&bobs.verdicts, ""), Some(unreached));
    assert_eq!(bobs.notifications[0].receiver_id, "duty");
    running.stop().await;
}

#[tokio::test]
async fn a_policy_that_was_taken_out_of_use_counts_for_promises_that_name_it() {
    let stage = Stage::new();
    house(&stage);
    stage.record(&Contact::new("i-1", vec![followed("c-1", 60)]));
    let events = stage.events().into_iter();
    let mut changes = events.filter_map(|event| match event.fact() {
        Ok(Some(Fact::SettingsChanged(changed))) => Some(changed.settings),
        _ => None,
    });
    let mut settings = changes.next().unwrap().into_iter();
    let usual = settings.find(|setting| setting.setting_id == "usual");
    let usual = usual.unwrap();
    // The policy names another one now, so the first may go.
    let calls = FollowUpPolicy {
        escalation_policy_id: "other".to_owned(),
        ..FollowUpPolicy::default()
    };
    let bodies = vec![
        ("other", usual.body.clone().unwrap()),
        ("calls", Body::FollowUpPolicy(calls)),
    ];
    set(&stage, 2, bodies);
    let retired = Setting {
        version: 2,
        retired: true,
        changed_at: wire(stage.clock.now()),
        ..usual
    };
    change(&stage, 3, vec![retired]);
    let running = stage.start().await;
    running.caught_up(&stage).await;
    lapse(&running, &stage, 60, 1).await;
    stage.clock.advance_to(at(92));
    until_said(&running, &stage, 1).await;
    let first = explained(&running, &only_alert(&running).await).await;
    let by = first.alert.unwrap().escalation.unwrap();
    assert_eq!(
        (&*by.escalation_policy_id, by.escalation_policy_version),
        ("usual", 1)
    );
    stage.clock.advance_to(at(662));
    until_said(&running, &stage, 2).await;
    assert_eq!(
        told(&stage),
        [
            ("r-ana".to_owned(), Kind::Triggered),
            ("r-lena".to_owned(), Kind::Escalated),
        ]
    );
    running.stop().await;
}

#[tokio::test]
async fn what_names_no_escalation_policy_is_told_by_the_fallback_and_else_says_so() {
    let stage = Stage::new();
    house(&stage);
    let says_nothing = Body::FollowUpPolicy(FollowUpPolicy::default());
    set(&stage, 2, vec![("bare", says_nothing)]);
    let bare = CommitmentDraft {
        policy: Some(PolicyRef {
            policy_id: "bare".to_owned(),
            version: 2,
        }),
        ..promise("c-2", at(4_000))
    };
    let promises = vec![promise("c-1", at(60)), bare, promise("c-3", at(8_000))];
    stage.record(&Contact::new("i-1", promises));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    lapse(&running, &stage, 60, 1).await;
    let nobodys = explained(&running, &only_alert(&running).await).await;
    assert_eq!(nobodys.verdicts[0].reason(), Reason::NoPolicy);
    assert_eq!(nobodys.alert.unwrap().escalation, None);

    let fallback = EscalationPolicy {
        levels: vec![level_of(Target::AgentId("lena".to_owned()))],
        catch_all_receiver_id: "duty".to_owned(),
        fallback: true,
        ..EscalationPolicy::default()
    };
    set(&stage, 3, vec![("rest", Body::EscalationPolicy(fallback))]);
    lapse(&running, &stage, 4_000, 2).await;
    stage.clock.advance_to(at(4_032));
    until_said(&running, &stage, 1).await;
    let latest = explained(&running, &only_alert(&running).await).await;
    let by = latest.alert.unwrap().escalation.unwrap();
    assert!(by.by_fallback, "{by:?}");
    assert_eq!(by.escalation_policy_id, "rest");
    // It goes on by it, and the catch-all has it.
    stage.clock.advance_to(at(4_602));
    until_said(&running, &stage, 2).await;
    // So does one that has no policy at all.
    lapse(&running, &stage, 8_000, 3).await;
    stage.clock.advance_to(at(8_032));
    until_said(&running, &stage, 3).await;
    let one = |id: &str, kind| (id.to_owned(), kind);
    assert_eq!(
        told(&stage),
        [
            one("r-lena", Kind::Triggered),
            one("duty", Kind::Exhausted),
            one("r-lena", Kind::Triggered),
        ]
    );
    running.stop().await;
}

#[tokio::test]
async fn a_webhook_that_is_not_in_use_reaches_nobody_and_it_is_said() {
    let stage = Stage::new();
    house(&stage);
    set(&stage, 2, vec![("duty", Body::Receiver(by_mail("sue")))]);
    hook(&stage, "hooks", 2, true);
    stage.record(&Contact::new("i-1", vec![followed("c-1", 60)]));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    lapse(&running, &stage, 60, 1).await;
    stage.clock.advance_to(at(92));
    until_said(&running, &stage, 1).await;
    assert_eq!(told(&stage), [("duty".to_owned(), Kind::Triggered)]);
    let idle = Some((Reason::WebhookNotInUse, "hooks".to_owned()));
    let why = explained(&running, &only_alert(&running).await).await;
    assert_eq!(said_of(&why.verdicts, "r-ana"), idle);
    // Nor would the next level be told.
    assert_eq!(why.next_receiver_ids, ["duty"]);
    let tried = tested(&running, TestRouteRequest::default()).await;
    assert_eq!(said_of(&tried.verdicts, "r-ana"), idle);
    assert_eq!(tried.notifications[0].receiver_id, "duty");

    hook(&stage, "hooks", 3, false);
    let tried = tested(&running, TestRouteRequest::default()).await;
    assert_eq!(tried.notifications[0].receiver_id, "r-ana");
    assert_eq!(tried.notifications[0].webhook_id, "hooks");
    running.stop().await;
}

#[tokio::test]
async fn what_is_held_for_a_webhook_that_goes_out_of_use_is_told_to_others() {
    let stage = Stage::new();
    house(&stage);
    // It is 22:13 at the beginning.
    let Body::Receiver(quiet) = receiver("ana") else {
        panic!("it is a receiver");
    };
    let quiet = Receiver {
        time_zone: "UTC".to_owned(),
        quiet_hours: Some(QuietHours {
            begins: "22:00".to_owned(),
            ends: "22:20".to_owned(),
        }),
        ..quiet
    };
    let bodies = vec![
        ("r-ana", Body::Receiver(quiet)),
        ("duty", Body::Receiver(by_mail("sue"))),
    ];
    set(&stage, 2, bodies);
    stage.record(&Contact::new("i-1", vec![followed("c-1", 60)]));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    lapse(&running, &stage, 60, 1).await;
    stage.clock.advance_to(at(92));
    running.until(|| routed(&stage).len() == 1).await;
    running.caught_up(&stage).await;
    let alert_id = only_alert(&running).await;
    let held = explained(&running, &alert_id).await;
    let held = said_of(&held.verdicts, "r-ana").map(|(reason, _)| reason);
    assert_eq!(held, Some(Reason::Held));
    hook(&stage, "hooks", 2, true);
    running.caught_up(&stage).await;
    stage.clock.advance_to(at(401));
    until_said(&running, &stage, 1).await;
    assert_eq!(told(&stage), [("duty".to_owned(), Kind::Triggered)]);
    running.stop().await;
}

#[tokio::test]
async fn that_nobody_is_reached_is_said_once_and_whoever_comes_into_reach_is_told_at_once() {
    let stage = Stage::new();
    house(&stage);
    hook(&stage, "hooks", 2, true);
    let promises = vec![followed("c-1", 60), followed("c-2", 90_000)];
    stage.record(&Contact::new("i-1", promises));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    lapse(&running, &stage, 60, 1).await;
    // On each level once,
    for (count, second) in [(1, 92), (2, 662), (3, 1_263)] {
        stage.clock.advance_to(at(second));
        running.until(|| routed(&stage).len() == count).await;
        running.caught_up(&stage).await;
    }
    // and a day later only of what is new.
    lapse(&running, &stage, 90_000, 2).await;
    stage.clock.advance_to(at(90_032));
    running.until(|| routed(&stage).len() == 4).await;
    running.caught_up(&stage).await;
    let rounds = routed(&stage);
    assert!(rounds.iter().all(|round| round.alerts.len() == 1));
    let verdicts = rounds.iter().flat_map(|round| &round.alerts[0].verdicts);
    let nobody = verdicts.filter(|one| one.reason() == Reason::NoReceiver);
    assert_eq!(nobody.count(), 4);
    assert_eq!(told(&stage), []);

    hook(&stage, "hooks", 3, false);
    until_said(&running, &stage, 2).await;
    let mut whom = told(&stage);
    whom.sort();
    let one = |id: &str, kind| (id.to_owned(), kind);
    assert_eq!(
        whom,
        [one("duty", Kind::Exhausted), one("r-ana", Kind::Triggered)]
    );
    running.stop().await;
}
