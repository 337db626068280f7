//! What agents do with solutions is counted.

use aftercall_proto::knowledge::v1::GetSolutionRequest;
use aftercall_proto::model::v1::SolutionUseKind::{Rejected, UsedAsIs, UsedModified, Viewed};
use aftercall_proto::model::v1::{Interaction, SolutionStats};

use crate::world::{World, at, solved, using};

async fn stats(world: &World, solution_id: &str) -> SolutionStats {
    let request = GetSolutionRequest {
        solution_id: solution_id.to_owned(),
        min_position: world.now(),
        latest: false,
        ..GetSolutionRequest::default()
    };
    let answer = world.client.clone().get_solution(request).await.unwrap();
    let stats = answer.into_inner().solution.unwrap().stats.unwrap();
    // What came of the uses is not what is tried here.
    SolutionStats {
        used_as_is_count: stats.used_as_is_count,
        used_modified_count: stats.used_modified_count,
        viewed_count: stats.viewed_count,
        rejected_count: stats.rejected_count,
        distinct_agents_count: stats.distinct_agents_count,
        last_used_at: stats.last_used_at,
        ..SolutionStats::default()
    }
}

async fn with_solution() -> (World, String) {
    let world = World::new().await;
    world
        .record(&solved(1, "net.slow", "slow", "Reset the router"))
        .await;
    let solution = world.promote_first("r-1", "Slow network").await;
    (world, solution.solution_id)
}

/// Contact `n`, without words on how it was solved.
fn contact(n: i64) -> Interaction {
    solved(n, "net.slow", "slow", "")
}

#[tokio::test]
async fn each_use_counts_once_a_contact() {
    let (world, id) = with_solution().await;
    assert_eq!(stats(&world, &id).await, SolutionStats::default());
    world.record(&using(contact(10), &id, UsedAsIs)).await;
    world.record(&using(contact(13), &id, UsedModified)).await;
    world.record(&using(contact(11), &id, UsedAsIs)).await;
    world.record(&using(contact(12), &id, Rejected)).await;
    // Looked at twice in one contact, and the record sent twice.
    let viewed = using(using(contact(14), &id, Viewed), &id, Viewed);
    world.record(&viewed).await;
    world.record(&viewed).await;
    let expected = SolutionStats {
        used_as_is_count: 2,
        used_modified_count: 1,
        viewed_count: 1,
        rejected_count: 1,
        // Agents 10 % 3 and 13 % 3 are one.
        distinct_agents_count: 2,
        last_used_at: Some(at(13)),
        ..SolutionStats::default()
    };
    assert_eq!(stats(&world, &id).await, expected);
}

#[tokio::test]
async fn an_amendment_takes_a_use_back() {
    let (world, id) = with_solution().await;
    world.record(&using(contact(10), &id, UsedAsIs)).await;
    world.record(&using(contact(20), &id, UsedAsIs)).await;
    world
        .amend(2, &["solution_uses"], &using(contact(20), &id, Rejected))
        .await;
    let expected = SolutionStats {
        used_as_is_count: 1,
        rejected_count: 1,
        distinct_agents_count: 1,
        last_used_at: Some(at(10)),
        ..SolutionStats::default()
    };
    assert_eq!(stats(&world, &id).await, expected);
}
