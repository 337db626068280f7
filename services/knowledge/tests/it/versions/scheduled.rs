//! Approved versions that go live by themselves when their time has come: the keeper publishes them.

use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{Event, SolutionPublicationCause, SolutionPublished};
use aftercall_proto::model::v1::VersionState::{Approved, Published, Superseded};
use aftercall_proto::model::v1::{Governance, Solution};
use jiff::Timestamp;

use super::desk::{Desk, content, fresh};
use super::guards::governed;
use crate::world::{STARTED_S, World, at, reason};

const DAY: i64 = 86_400;

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// What went live by itself, in the log's order.
fn by_itself(facts: &[(Event, Fact)]) -> Vec<(Event, SolutionPublished)> {
    let published = facts.iter().filter_map(|(event, fact)| match fact {
        Fact::SolutionPublished(published)
            if published.cause() == SolutionPublicationCause::Effective =>
        {
            Some((event.clone(), (**published).clone()))
        }
        _ => None,
    });
    published.collect()
}

/// The solutions of which something did, by their ids.
fn live(world: &World) -> Vec<String> {
    let live = by_itself(&world.facts()).into_iter();
    let mut live: Vec<_> = live.map(|(event, _)| event.aggregate_id).collect();
    live.sort();
    live
}

fn sorted<const N: usize>(mut ids: [&str; N]) -> Vec<String> {
    ids.sort_unstable();
    ids.map(str::to_owned).into()
}

/// The next version of a solution, which is to be live from a second on.
async fn next_from(desk: &Desk, id: &str, title: &str, from: i64) -> u32 {
    let says = Solution {
        effective_from: Some(at(from)),
        ..content(title)
    };
    let next = desk.next(&fresh(), id, says).await;
    next.unwrap().version
}

#[tokio::test]
async fn an_approved_version_goes_live_when_its_time_has_come_and_not_before() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let id = desk.published("Orange light").await;
    let from = STARTED_S + DAY;
    let version = next_from(&desk, &id, "Green light", from).await;
    desk.approve_as(&id, version, &[("actor", "ann")])
        .await
        .unwrap();
    // Another one, which is due earlier, shows that the keeper publishes what is due.
    let earlier = desk.published("Red light").await;
    let next = next_from(&desk, &earlier, "Blue light", from - DAY / 2).await;
    desk.approve(&earlier, next).await.unwrap();
    world.clock.jump_to(second(from - 1));
    world.until(|facts| !by_itself(facts).is_empty()).await;
    assert_eq!(desk.states(&earlier).await, [Superseded, Published]);
    assert_eq!(desk.states(&id).await, [Published, Approved]);

    world.clock.jump_to(second(from + 1));
    world.until(|facts| by_itself(facts).len() == 2).await;
    assert_eq!(desk.states(&id).await, [Superseded, Published]);
    let shown = desk.get(&id).await;
    assert_eq!((shown.version, &*shown.title), (2, "Green light"));
    // Who approved it published it by that.
    assert_eq!((&*shown.approved_by, &*shown.published_by), ("ann", "ann"));
    let (event, published) = by_itself(&world.facts()).remove(1);
    assert_eq!((&event.aggregate_id, event.sequence), (&id, 6));
    assert_eq!(published.superseded_version, 1);
    let told = world.suggest("green light").await.remove(0);
    let told = told.solution.unwrap();
    assert_eq!((told.solution_id, told.version), (id, 2));
}

#[tokio::test]
async fn a_keeper_that_begins_anew_finds_what_waits_and_publishes_it_once() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let id = desk.published("Orange light").await;
    let from = STARTED_S + DAY;
    let version = next_from(&desk, &id, "Green light", from).await;
    desk.approve(&id, version).await.unwrap();
    // One that was never live, and one that is taken back before its time.
    let says = Solution {
        effective_from: Some(at(from)),
        ..content("Red light")
    };
    let first = desk.draft("d-1", says.clone()).await.unwrap().solution_id;
    desk.approve(&first, 1).await.unwrap();
    let taken_back = desk.draft("d-2", says).await.unwrap().solution_id;
    desk.approve(&taken_back, 1).await.unwrap();
    desk.take_back_as(&taken_back, 1, &[]).await.unwrap();
    let world = world
        .restarted(|views| std::fs::remove_dir_all(views.join("knowledge")).unwrap())
        .await;
    let desk = Desk::of(&world);
    assert_eq!(desk.states(&id).await, [Published, Approved]);
    world.clock.jump_to(second(from + 1));
    world.until(|facts| by_itself(facts).len() >= 2).await;
    assert_eq!(live(&world), sorted([&id, &first]));
    // The next keeper looks at all of them, and says none of it again.
    let world = world.restarted(|_| ()).await;
    let desk = Desk::of(&world);
    let says = Solution {
        effective_from: Some(at(from + DAY)),
        ..content("Blue light")
    };
    let last = desk.draft("d-3", says).await.unwrap().solution_id;
    desk.approve(&last, 1).await.unwrap();
    world.clock.jump_to(second(from + DAY + 1));
    world.until(|facts| by_itself(facts).len() >= 3).await;
    assert_eq!(live(&world), sorted([&id, &first, &last]));
}

#[tokio::test]
async fn an_approval_by_experience_does_not_outlast_what_law_governs() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let id = desk.published_saying(governed()).await;
    let looser = Solution {
        governance: Governance::ExperienceBased.into(),
        ..Solution::default()
    };
    desk.next("d-2", &id, looser).await.unwrap();
    desk.approve_as(&id, 2, &[("actor", "ann")]).await.unwrap();
    desk.publish(&id, 2).await.unwrap();
    // By experience it may be approved now.
    let from = STARTED_S + DAY;
    assert_eq!(next_from(&desk, &id, "Refunds", from).await, 3);
    let contributor = [("actor", "bob"), ("role", "kb_contributor")];
    desk.approve_as(&id, 3, &contributor).await.unwrap();
    let other = desk.published("Orange light").await;
    let next = next_from(&desk, &other, "Green light", from).await;
    desk.approve(&other, next).await.unwrap();
    // Before its time comes, what law governs is live again.
    desk.roll_back(&id, 1).await.unwrap();
    world.clock.jump_to(second(from + 1));
    world.until(|facts| !by_itself(facts).is_empty()).await;
    assert_eq!(live(&world), [other]);
    assert_eq!(desk.get(&id).await.version, 4);
    let refused = desk.publish(&id, 3).await.unwrap_err();
    assert_eq!(reason(&refused), "SOLUTION_STATE");
    // An officer who did not write it approves it, and it is live, as its time has come.
    desk.request_changes(&id, 3).await.unwrap();
    let refused = desk.approve_as(&id, 3, &contributor).await.unwrap_err();
    assert_eq!(reason(&refused), "ROLE_REQUIRED");
    let officer = [("actor", "cleo"), ("role", "compliance_officer")];
    desk.approve_as(&id, 3, &officer).await.unwrap();
    world.until(|facts| by_itself(facts).len() == 2).await;
    let shown = desk.get(&id).await;
    assert_eq!((shown.version, &*shown.published_by), (3, "cleo"));
}
