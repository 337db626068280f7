//! Whom settings have told: by webhooks that there are, and by one policy for all for which none is named.

use aftercall_log::Log;
use aftercall_proto::model::v1::escalation_level::Delay;
use aftercall_proto::model::v1::escalation_target::Target;
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{
    EscalationLevel, EscalationOwner, EscalationOwnerTeam, EscalationPolicy, EscalationTarget,
    Receiver, Setting,
};
use aftercall_service::seal::Author;
use aftercall_service::testing::{sealed, webhook_changed};
use aftercall_service::{ActorKind, Clock};
use pbjson_types::Duration;

use crate::world::{World, put_all, retired, set, wrong};

/// A webhook is made or changed, as the service does that tells other systems.
async fn hooked(world: &World, webhook_id: &str, version: u64, disabled: bool) {
    let by = Author {
        tenant_id: "acme",
        actor_id: "admin-1",
        kind: ActorKind::Supervisor,
    };
    let fact = webhook_changed(webhook_id, version, disabled);
    let record = sealed(by, (webhook_id, version), world.clock.now(), &fact);
    world.log.append(vec![record]).await.unwrap();
}

fn receiver(id: &str, webhook_id: &str) -> Setting {
    let receiver = Receiver {
        webhook_id: webhook_id.to_owned(),
        ..Receiver::default()
    };
    set(id, Body::Receiver(receiver))
}

/// Tells whoever should act, and their team.
fn escalation(id: &str, fallback: bool) -> Setting {
    let targets = [
        Target::Owner(EscalationOwner {}),
        Target::OwnerTeam(EscalationOwnerTeam {}),
    ];
    let targets = targets.map(|target| EscalationTarget {
        target: Some(target),
    });
    let policy = EscalationPolicy {
        levels: vec![EscalationLevel {
            delay: Some(Delay::Wall(Duration {
                seconds: 600,
                nanos: 0,
            })),
            targets: targets.into(),
            ..EscalationLevel::default()
        }],
        catch_all_receiver_id: "duty".to_owned(),
        fallback,
        ..EscalationPolicy::default()
    };
    set(id, Body::EscalationPolicy(policy))
}

#[tokio::test]
async fn a_receiver_names_a_webhook_that_there_is() {
    let world = World::new().await;
    hooked(&world, "w-1", 1, false).await;
    let typed = world
        .change(put_all("r-1", [receiver("duty", "w-l")]))
        .await;
    let refused = typed.unwrap_err();
    let field = "changes[0].setting.receiver.webhook_id".to_owned();
    let unknown = [(field, "UNKNOWN_WEBHOOK".to_owned())];
    assert_eq!(wrong(&refused), unknown);
    assert!(refused.message().contains("make it first"), "{refused}");
    let named = world
        .change(put_all("r-2", [receiver("duty", "w-1")]))
        .await;
    named.unwrap();
    // One that is not in use may come back.
    hooked(&world, "w-1", 2, true).await;
    let named = world
        .change(put_all("r-3", [receiver("desk", "w-1")]))
        .await;
    named.unwrap();
    // Another tenant's is none.
    let mut other = world.admin_of("other");
    let asked = put_all("r-4", [receiver("duty", "w-1")]);
    let refused = other.change_settings(asked).await.unwrap_err();
    assert_eq!(wrong(&refused), unknown);
    // Out of use itself, it may name what is not there.
    let gone = retired(receiver("duty", "w-l"));
    world.change(put_all("r-5", [gone])).await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn one_policy_is_the_fallback() {
    let world = World::new().await;
    hooked(&world, "w-1", 1, false).await;
    let house = [receiver("duty", "w-1"), escalation("usual", true)];
    world.change(put_all("r-1", house)).await.unwrap();
    let field = |place: usize| {
        let field = format!("changes[{place}].setting.escalation_policy.fallback");
        (field, "CONFLICTING".to_owned())
    };
    let second = world.change(put_all("r-2", [escalation("other", true)]));
    let refused = second.await.unwrap_err();
    assert_eq!(wrong(&refused), [field(0)]);
    assert!(refused.message().contains("usual"), "{refused}");
    let both = [escalation("first", true), escalation("second", true)];
    let refused = world.change(put_all("r-3", both)).await.unwrap_err();
    assert_eq!(wrong(&refused), [field(0), field(1)]);
    // Changed as it is, it stays so; and another one takes its place.
    let same = world.change(put_all("r-4", [escalation("usual", true)]));
    same.await.unwrap();
    let instead = [escalation("usual", false), escalation("other", true)];
    world.change(put_all("r-5", instead)).await.unwrap();
    // One that is out of use is none.
    let gone = [
        retired(escalation("other", true)),
        escalation("usual", true),
    ];
    world.change(put_all("r-6", gone)).await.unwrap();
    world.stop().await;
}
