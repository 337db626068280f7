//! Settings as those who decide by them get them from the ledger.

use aftercall_domain::commitment::{CommitmentKind, Priority};
use aftercall_domain::setting::{FollowUpPolicy, PromiseFacts, Team};
use aftercall_ledger::Ready;
use aftercall_proto::model::v1 as wire;
use aftercall_proto::model::v1::Setting;
use aftercall_proto::model::v1::setting::Body;

use crate::world::{World, put_all, retired, set};

const TENANT: &str = "acme";

fn policy(id: &str, position: u32, kinds: &[wire::CommitmentKind]) -> Setting {
    let filter = wire::PromiseFilter {
        kinds: kinds.iter().map(|kind| (*kind).into()).collect(),
        ..wire::PromiseFilter::default()
    };
    let policy = wire::FollowUpPolicy {
        position,
        applies_to: Some(filter),
        ..wire::FollowUpPolicy::default()
    };
    set(id, Body::FollowUpPolicy(policy))
}

fn promise(kind: CommitmentKind) -> PromiseFacts<'static> {
    PromiseFacts {
        kind,
        kind_code: "",
        priority: Priority::P3,
        team_id: "",
        site_id: "",
        queue_id: "",
        channel: None,
        language: "",
        told_to_customer: true,
    }
}

#[tokio::test]
async fn the_first_policy_that_matches_decides_as_it_is_now() {
    use wire::CommitmentKind::{CallBack, Refund};
    let world = World::new().await;
    let policies = Ready::<FollowUpPolicy>::of(world.ledger.clone());
    let first = |kind| {
        let found = policies.first(TENANT, &promise(kind)).unwrap();
        found.map(|policy| (policy.id, policy.version))
    };
    let elsewhere = set("t", Body::Team(wire::Team::default()));
    world.change(put_all("r-0", [elsewhere])).await.unwrap();
    assert_eq!(first(CommitmentKind::CallBack), None);
    let all = [
        policy("c", 3, &[CallBack, Refund]),
        // Of equal positions, the id decides.
        policy("b", 2, &[CallBack]),
        policy("a", 2, &[Refund]),
    ];
    world.change(put_all("r-1", all)).await.unwrap();
    let named = |id: &str, version| Some((id.to_owned(), version));
    assert_eq!(first(CommitmentKind::CallBack), named("b", 1));
    assert_eq!(first(CommitmentKind::Refund), named("a", 1));
    assert_eq!(first(CommitmentKind::Other), None);
    assert_eq!(
        policies
            .first("other", &promise(CommitmentKind::Refund))
            .unwrap(),
        None
    );

    let changes = [retired(policy("b", 2, &[CallBack])), policy("a", 4, &[])];
    world.change(put_all("r-2", changes)).await.unwrap();
    assert_eq!(first(CommitmentKind::CallBack), named("c", 1));
    assert_eq!(first(CommitmentKind::Refund), named("c", 1));
    assert_eq!(first(CommitmentKind::Other), named("a", 2));
    let before = policies.as_of(TENANT, "a", 1).unwrap().unwrap();
    assert_eq!(
        (before.position, before.applies_to.kinds),
        (2, vec![CommitmentKind::Refund])
    );
    // What was decided by one that is out of use is still explained by it.
    assert!(policies.as_of(TENANT, "b", 2).unwrap().is_some());
    assert_eq!(policies.as_of(TENANT, "b", 3).unwrap(), None);
    world.stop().await;
}

#[tokio::test]
async fn each_kind_is_ready_apart() {
    let world = World::new().await;
    let team = |members: &[&str]| wire::Team {
        member_ids: members.iter().map(|id| (*id).to_owned()).collect(),
        ..wire::Team::default()
    };
    let teams = Ready::<Team>::of(world.ledger.clone());
    let both = [
        set("b", Body::Team(team(&["x"]))),
        set("a", Body::Team(team(&["y", "z"]))),
        policy("a", 1, &[]),
    ];
    world.change(put_all("r-1", both)).await.unwrap();
    let all = teams.all(TENANT).unwrap();
    let told: Vec<_> = all
        .iter()
        .map(|one| (&*one.id, one.set.told().len()))
        .collect();
    assert_eq!(told, [("a", 2), ("b", 1)]);
    assert_eq!(teams.get(TENANT, "b").unwrap().unwrap().version, 1);
    let more = set("b", Body::Team(team(&["x", "v"])));
    world.change(put_all("r-2", [more])).await.unwrap();
    let changed = teams.get(TENANT, "b").unwrap().unwrap();
    assert_eq!((changed.version, changed.set.member_ids.len()), (2, 2));
    assert_eq!(teams.get(TENANT, "c").unwrap(), None);
    world.stop().await;
}
