//! Who comes back, for what, and what that says: of solutions, of reasons, and of what the team can't answer.

use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{CustomersMerged, CustomersUnmerged, Event, InteractionRecorded};
use aftercall_proto::knowledge::v1::{
    CaseMeasures, GetSolutionRequest, KnowledgeReportRequest, ListStrugglesRequest, ReportGrouping,
};
use aftercall_proto::model::v1::SolutionUseKind::UsedAsIs;
use aftercall_proto::model::v1::{ContactReason, Customer, Direction, Interaction, Solution};

use crate::world::{TENANT, World, at, event, solved, using};

const DAY: i64 = 86_400;
const SOLUTION: &str = "01990000-0000-7000-8000-000000000001";

/// A contact on a day for a reason.
fn contact(day: i64, direction: Direction, code: &str) -> Interaction {
    Interaction {
        direction: direction.into(),
        ..solved(day * DAY, code, "", "")
    }
}

/// The same, which is about another reason, too.
fn and_about(mut contact: Interaction, code: &str) -> Interaction {
    contact.contact_reasons.push(ContactReason {
        code: code.to_owned(),
        ..ContactReason::default()
    });
    contact
}

fn solution(reason: &str) -> Solution {
    Solution {
        solution_id: SOLUTION.to_owned(),
        title: "Slow network".to_owned(),
        resolution: "Restart the router".to_owned(),
        reason_code: reason.to_owned(),
        published_at: Some(at(300 * DAY)),
        ..Solution::default()
    }
}

/// The contacts of a reason, before it had a solution.
async fn measures(world: &World) -> CaseMeasures {
    let request = KnowledgeReportRequest {
        from: Some(at(0)),
        before: Some(at(20 * DAY)),
        group_by: ReportGrouping::Reason.into(),
        min_position: world.now(),
        ..KnowledgeReportRequest::default()
    };
    let answer = world.searches.clone().knowledge_report(request).await;
    answer.unwrap().into_inner().rows[0].before.unwrap()
}

/// How many contacts count as repeats.
async fn repeats(world: &World) -> u64 {
    let request = ListStrugglesRequest {
        from: Some(at(0)),
        before: Some(at(20 * DAY)),
        min_position: world.now(),
        ..ListStrugglesRequest::default()
    };
    let answer = world.searches.clone().list_struggles(request).await;
    let struggles = answer.unwrap().into_inner().struggles;
    let counts = struggles.iter().filter_map(|one| one.counts);
    counts.map(|counts| counts.repeats).sum()
}

/// After how many of its uses customers did not come back, and after how many they did.
async fn outcomes(world: &World) -> (u64, u64) {
    let request = GetSolutionRequest {
        solution_id: SOLUTION.to_owned(),
        min_position: world.now(),
        ..GetSolutionRequest::default()
    };
    let answer = world.client.clone().get_solution(request).await.unwrap();
    let stats = answer.into_inner().solution.unwrap().stats.unwrap();
    let this = stats.this_version.unwrap();
    assert_eq!(
        (stats.success_count, stats.failure_count),
        (this.success_count, this.failure_count)
    );
    (stats.success_count, stats.failure_count)
}

#[tokio::test]
async fn that_we_call_back_as_promised_is_no_repeat_and_no_return() {
    let world = World::new().await;
    let first = contact(1, Direction::Inbound, "net.slow");
    world.record(&first).await;
    let back = Interaction {
        previous_interaction_id: first.interaction_id.clone(),
        ..contact(2, Direction::Outbound, "net.slow")
    };
    world.record(&back).await;
    let counted = measures(&world).await;
    assert_eq!((counted.cases, counted.came_back), (2, 0));
    assert_eq!(repeats(&world).await, 0);
    // The call did not help: the customer reaches out once more, after the first contact and after the call.
    world
        .record(&contact(4, Direction::Inbound, "net.slow"))
        .await;
    let counted = measures(&world).await;
    assert_eq!((counted.cases, counted.came_back), (3, 2));
    assert_eq!(repeats(&world).await, 1);
}

#[tokio::test]
async fn a_solution_fails_where_the_customer_comes_back_for_what_it_answers() {
    for is_known_first in [true, false] {
        let world = World::new().await;
        if is_known_first {
            world.publish(TENANT, &solution("network")).await;
        }
        // What brought them was the bill; the network was slow, too.
        for day in [10, 100, 200] {
            let about = contact(day, Direction::Inbound, "billing");
            let about = using(and_about(about, "network"), SOLUTION, UsedAsIs);
            world.record(&about).await;
        }
        for (day, code) in [(12, "billing"), (102, "network"), (202, "parcel")] {
            world.record(&contact(day, Direction::Inbound, code)).await;
        }
        // Nothing but the bill is what they would come back for after this one.
        let about = contact(300, Direction::Inbound, "billing");
        world.record(&using(about, SOLUTION, UsedAsIs)).await;
        world
            .record(&contact(301, Direction::Inbound, "billing"))
            .await;
        if !is_known_first {
            world.publish(TENANT, &solution("network")).await;
        }
        assert_eq!(outcomes(&world).await, (2, 2), "{is_known_first}");
        // The next version is for another reason; those who were told this one were told this one.
        let next = Solution {
            version: 2,
            ..solution("billing")
        };
        world.publish_edition(TENANT, next).await;
        let request = GetSolutionRequest {
            solution_id: SOLUTION.to_owned(),
            min_position: world.now(),
            ..GetSolutionRequest::default()
        };
        let answer = world.client.clone().get_solution(request).await.unwrap();
        let stats = answer.into_inner().solution.unwrap().stats.unwrap();
        assert_eq!((stats.success_count, stats.failure_count), (2, 2));
    }
}

/// Records a contact of a customer.
async fn record_of(world: &World, customer_id: &str, contact: Interaction) {
    let contact = Interaction {
        customer: Some(Customer {
            customer_id: customer_id.to_owned(),
            ..Customer::default()
        }),
        ..contact
    };
    let id = contact.interaction_id.clone();
    let fact = Fact::InteractionRecorded(Box::new(InteractionRecorded {
        interaction: Some(contact),
        ..InteractionRecorded::default()
    }));
    let event = Event {
        customer_id: customer_id.to_owned(),
        ..event(TENANT, &id, 1, &fact)
    };
    world.append(event).await;
}

#[tokio::test]
async fn customers_that_are_one_come_back_as_one() {
    let world = World::new().await;
    world.publish(TENANT, &solution("network")).await;
    let told = contact(10, Direction::Inbound, "network");
    record_of(&world, "customer-1", using(told, SOLUTION, UsedAsIs)).await;
    record_of(
        &world,
        "customer-2",
        contact(12, Direction::Inbound, "network"),
    )
    .await;
    assert_eq!(outcomes(&world).await, (1, 0));
    let (customer_id, merged_customer_id) = ("customer-1".to_owned(), "customer-2".to_owned());
    let merged = Fact::CustomersMerged(CustomersMerged {
        customer_id: customer_id.clone(),
        merged_customer_id: merged_customer_id.clone(),
        ..CustomersMerged::default()
    });
    world.append(event(TENANT, "customer-1", 1, &merged)).await;
    assert_eq!(outcomes(&world).await, (0, 1));
    let unmerged = Fact::CustomersUnmerged(CustomersUnmerged {
        customer_id,
        merged_customer_id,
        ..CustomersUnmerged::default()
    });
    world
        .append(event(TENANT, "customer-1", 2, &unmerged))
        .await;
    assert_eq!(outcomes(&world).await, (1, 0));
}
