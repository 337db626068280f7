//! A recall that was made in haste is completed, and one that is promised to two is kept with both.

use std::collections::BTreeSet;
use std::time::Duration;

use aftercall_proto::envelope::{Fact, customer_key};
use aftercall_proto::event::v1::{CustomersMerged, CustomersUnmerged, Event};
use aftercall_proto::knowledge::v1::{GetSolutionVersionRequest, RecallVersionRequest};
use aftercall_proto::model::v1::SolutionUseKind::UsedAsIs;
use aftercall_proto::model::v1::{Correction, HarmClass, Recall};
use tonic::Status;

use super::recalls::{promises, recall, recalled};
use super::{NOW, Told, with_solution};
use crate::world::{TENANT, World, at, event, reason};

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// Customers who were told the first version.
async fn told(world: &World, id: &str, customers: &[&str]) {
    for (n, &customer) in (1..).zip(customers) {
        let told = Told {
            n,
            customer,
            at: NOW,
            agent: "ana",
            uses: vec![(id, 1, UsedAsIs, false)],
        };
        world.told(told).await;
    }
}

/// Recalls a version; answers the recall, and where that stands in the log.
async fn send(world: &World, request: RecallVersionRequest) -> Result<(Recall, String), Status> {
    let answer = world.evidence.clone().recall_version(request).await?;
    let answer = answer.into_inner();
    Ok((answer.recall.unwrap(), answer.position))
}

/// To whom something is promised.
fn promised(world: &World) -> Vec<String> {
    let made = promises(&world.facts());
    let mut to: Vec<_> = made
        .into_iter()
        .map(|(event, _)| event.customer_id)
        .collect();
    to.sort();
    to
}

/// A recall of the first version, perhaps with a correction within some days.
fn asked(
    id: &str,
    request_id: &str,
    harm_class: HarmClass,
    within_days: Option<i64>,
) -> RecallVersionRequest {
    let correction = within_days.map(|days| Correction {
        within: Some(pbjson_types::Duration {
            seconds: days * DAY,
            nanos: 0,
        }),
        ..Correction::default()
    });
    RecallVersionRequest {
        harm_class: harm_class.into(),
        correction,
        reason: format!("As {request_id} says"),
        ..recall(id, 1, request_id)
    }
}

#[tokio::test]
async fn a_recall_made_in_haste_is_completed_by_a_worse_harm_and_a_correction() {
    let (world, id) = with_solution().await;
    told(&world, &id, &["a", "b"]).await;
    let of = |request_id: &str, harm, within_days| asked(&id, request_id, harm, within_days);
    let (hasty, _) = send(&world, of("r-1", HarmClass::Effort, None))
        .await
        .unwrap();
    assert_eq!((hasty.told_count, hasty.correction), (2, None));
    world.clock.advance(Duration::from_secs(3_600));
    let (worse, _) = send(&world, of("r-2", HarmClass::Money, None))
        .await
        .unwrap();
    assert_eq!(worse.harm_class(), HarmClass::Money);
    assert_eq!(worse.recalled_at, Some(at(NOW)));
    assert_eq!(worse.correction_at, None);
    world.clock.advance(Duration::from_secs(3_600));

    // A correction, once however often it is sent. The worst harm that was said stays.
    let complete = of("r-3", HarmClass::Nuisance, Some(1));
    let (done, first) = send(&world, complete.clone()).await.unwrap();
    let (again, second) = send(&world, complete).await.unwrap();
    assert_eq!((&done, &first), (&again, &second));
    assert_eq!(done.harm_class(), HarmClass::Money);
    assert_eq!(done.reason, "As r-3 says");
    assert_eq!(done.recalled_at, Some(at(NOW)));
    assert_eq!(done.correction_at, Some(at(NOW + 2 * HOUR)));
    world.until(|facts| promises(facts).len() == 2).await;
    assert_eq!(promised(&world), ["a", "b"]);
    for (_, made) in promises(&world.facts()) {
        // Within a day of when that was said, and not of the recall.
        let draft = made.commitment.unwrap();
        assert_eq!(draft.promised_by, Some(at(NOW + 2 * HOUR + DAY)));
    }

    // What says no more is refused, and so is what would change what was promised.
    for (request_id, harm, within_days) in [
        ("r-4", HarmClass::Money, Some(1)),
        ("r-5", HarmClass::Effort, None),
        ("r-6", HarmClass::Safety, Some(2)),
    ] {
        let refused = send(&world, of(request_id, harm, within_days)).await;
        let refused = reason(&refused.unwrap_err());
        assert_eq!(refused, "SOLUTION_STATE", "{request_id}");
    }
    let (worst, _) = send(&world, of("r-7", HarmClass::Safety, None))
        .await
        .unwrap();
    assert_eq!(worst.harm_class(), HarmClass::Safety);
    assert_eq!(
        (worst.correction, worst.correction_at),
        (done.correction, done.correction_at)
    );
    for party in recalled(&world, &id, 1).await {
        assert_eq!(party.harm_class(), HarmClass::Safety);
        assert!(!party.commitment_id.is_empty());
    }
    // Nobody is told it since it was recalled first.
    let version = GetSolutionVersionRequest {
        solution_id: id.clone(),
        version: 1,
        latest: true,
        ..GetSolutionVersionRequest::default()
    };
    let version = world.solutions.clone().get_solution_version(version).await;
    let version = version.unwrap().into_inner().solution.unwrap();
    assert_eq!(version.effective_to, Some(at(NOW)));
}

#[tokio::test]
async fn customers_who_were_taken_for_one_are_both_promised_once_they_are_two_again() {
    let (world, id) = with_solution().await;
    told(&world, &id, &["a", "b", "c"]).await;
    let pair = |sequence: u64, fact: Fact| Event {
        customer_id: "b".to_owned(),
        ..event(TENANT, "b", sequence, &fact)
    };
    let merged = Fact::CustomersMerged(CustomersMerged {
        customer_id: "b".to_owned(),
        merged_customer_id: "c".to_owned(),
        ..CustomersMerged::default()
    });
    let key = customer_key(TENANT, "b");
    world.write(key.clone(), pair(1, merged)).await;
    send(&world, recall(&id, 1, "r-1")).await.unwrap();
    world.until(|facts| promises(facts).len() == 2).await;
    assert_eq!(promised(&world), ["a", "b"]);

    // No keeper begins anew in between.
    let unmerged = Fact::CustomersUnmerged(CustomersUnmerged {
        customer_id: "b".to_owned(),
        merged_customer_id: "c".to_owned(),
        ..CustomersUnmerged::default()
    });
    world.write(key, pair(2, unmerged)).await;
    world.until(|facts| promises(facts).len() >= 3).await;
    assert_eq!(promised(&world), ["a", "b", "c"]);
    let parties = recalled(&world, &id, 1).await;
    let with: BTreeSet<_> = parties
        .iter()
        .map(|party| (&*party.customer_id, party.commitment_id.is_empty()))
        .collect();
    assert_eq!(
        with,
        BTreeSet::from([("a", false), ("b", false), ("c", false)])
    );
}
