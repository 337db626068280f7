//! What was wrong is taken back, and put right with everybody who was told it, once.

use std::collections::{BTreeMap, BTreeSet};

use aftercall_ledger::testing::merged;
use aftercall_proto::envelope::{Fact, customer_key};
use aftercall_proto::event::v1::{CommitmentMade, Event};
use aftercall_proto::knowledge::v1::{
    GetRecallRequest, ListRecalledRequest, ListUsesRequest, RecallVersionRequest,
};
use aftercall_proto::model::v1::SolutionUseKind::{Rejected, UsedAsIs, UsedModified, Viewed};
use aftercall_proto::model::v1::{
    CommitmentOrigin, Correction, HarmClass, RecalledParty, ToldSolution,
};

use super::{NOW, Told, with_solution};
use crate::world::{TENANT, World, by, event, reason};

/// The promises to put right what was told, with the events that made them.
pub(super) fn promises(facts: &[(Event, Fact)]) -> Vec<(Event, CommitmentMade)> {
    let made = facts.iter().filter_map(|(event, fact)| match fact {
        Fact::CommitmentMade(made) => Some((event.clone(), (**made).clone())),
        _ => None,
    });
    made.collect()
}

pub(super) fn recall(solution_id: &str, version: u32, request_id: &str) -> RecallVersionRequest {
    RecallVersionRequest {
        request_id: request_id.to_owned(),
        solution_id: solution_id.to_owned(),
        version,
        harm_class: HarmClass::Money.into(),
        reason: "The fee is wrong".to_owned(),
        correction: Some(Correction {
            within: Some(pbjson_types::Duration {
                seconds: 86_400,
                nanos: 0,
            }),
            ..Correction::default()
        }),
        expected_sequence: 0,
    }
}

pub(super) async fn recalled(world: &World, solution_id: &str, version: u32) -> Vec<RecalledParty> {
    let mut request = ListRecalledRequest {
        solution_id: solution_id.to_owned(),
        version,
        page_size: 3,
        min_position: world.now(),
        ..ListRecalledRequest::default()
    };
    let mut parties = Vec::new();
    loop {
        let answer = world.evidence.clone().list_recalled(request.clone()).await;
        let answer = answer.unwrap().into_inner();
        let is_first = request.page_token.is_empty();
        assert_eq!(answer.complete_through_at.is_some(), is_first);
        parties.extend(answer.parties);
        if answer.next_page_token.is_empty() {
            return parties;
        }
        request.page_token = answer.next_page_token;
    }
}

async fn uses(world: &World, solution_id: &str, version: u32) -> Vec<ToldSolution> {
    let request = ListUsesRequest {
        solution_id: solution_id.to_owned(),
        version,
        min_position: world.now(),
        ..ListUsesRequest::default()
    };
    let answer = world.evidence.clone().list_uses(request).await;
    answer.unwrap().into_inner().uses
}

/// Four versions of which several customers were told some.
async fn told_several(world: &World, id: &str) -> BTreeMap<u64, String> {
    for version in 2..=4 {
        world.publish_version(id, version, version.into()).await;
    }
    let contacts = [
        (1, "a", vec![(id, 3, UsedAsIs, false)]),
        (2, "a", vec![(id, 3, UsedModified, false)]),
        (3, "b", vec![(id, 2, UsedAsIs, false)]),
        (4, "c", vec![(id, 4, UsedAsIs, false)]),
        (5, "d", vec![(id, 3, Viewed, true)]),
        (6, "e", vec![(id, 3, Viewed, false)]),
        (7, "f", vec![(id, 3, Rejected, false)]),
        (8, "", vec![(id, 3, UsedAsIs, false)]),
        (9, "", vec![(id, 3, UsedAsIs, false)]),
        (
            10,
            "g",
            vec![(id, 2, UsedAsIs, false), (id, 3, UsedAsIs, false)],
        ),
    ];
    let mut ids = BTreeMap::new();
    for (n, customer, uses) in contacts {
        let told = Told {
            n,
            customer,
            at: NOW + i64::try_from(n).unwrap(),
            agent: "ana",
            uses,
        };
        ids.insert(n, world.told(told).await);
    }
    ids
}

#[tokio::test]
async fn a_recall_finds_exactly_those_who_were_told_the_version_once_each() {
    let (world, id) = with_solution().await;
    let ids = told_several(&world, &id).await;
    let contacts = |told: &[ToldSolution]| -> BTreeSet<String> {
        told.iter().map(|one| one.interaction_id.clone()).collect()
    };
    let of = |of: &[u64]| -> BTreeSet<String> { of.iter().map(|n| ids[n].clone()).collect() };
    let told = uses(&world, &id, 3).await;
    assert_eq!(contacts(&told), of(&[1, 2, 5, 8, 9, 10]));
    // The latest first, and each says by whom and how.
    assert_eq!(told[0].interaction_id, ids[&10]);
    assert_eq!((&*told[0].agent_id, &*told[0].customer_id), ("ana", "g"));
    assert_eq!(told[0].uses.len(), 1);
    assert_eq!(contacts(&uses(&world, &id, 2).await), of(&[3, 10]));
    assert_eq!(uses(&world, &id, 0).await.len(), 8);

    let mut evidence = world.evidence.clone();
    let answer = evidence
        .recall_version(recall(&id, 3, "recall-1"))
        .await
        .unwrap();
    assert_eq!(answer.into_inner().recall.unwrap().told_count, 5);
    world.until(|facts| promises(facts).len() == 5).await;
    let parties = recalled(&world, &id, 3).await;
    let told: Vec<_> = parties
        .iter()
        .map(|one| (one.customer_id.as_str(), one.interaction_ids.len()))
        .collect();
    assert_eq!(told, [("a", 2), ("d", 1), ("g", 1), ("", 1), ("", 1)]);
    let made = promises(&world.facts());
    let named: BTreeSet<_> = parties
        .iter()
        .map(|one| one.commitment_id.clone())
        .collect();
    let ids: BTreeSet<_> = made
        .iter()
        .map(|(event, _)| event.aggregate_id.clone())
        .collect();
    assert_eq!(named, ids);
    for (event, made) in &made {
        let draft = made.commitment.as_ref().unwrap();
        assert_eq!(draft.origin(), CommitmentOrigin::Recall);
        assert!(!draft.told_to_customer);
        assert_eq!(draft.promised_by.unwrap().seconds, NOW + 86_400);
        // To a customer it stands under the customer's key, to nobody in the contact.
        assert_eq!(
            event.customer_id.is_empty(),
            !event.interaction_id.is_empty()
        );
        assert_eq!(made.team_id, "care");
    }
}

#[tokio::test]
async fn what_is_recalled_is_not_found_any_more_and_what_was_not_recalled_is() {
    let (world, id) = with_solution().await;
    assert_eq!(world.suggest("slow network").await.len(), 1);
    let mut evidence = world.evidence.clone();
    evidence
        .recall_version(recall(&id, 1, "recall-1"))
        .await
        .unwrap();
    assert_eq!(world.suggest("slow network").await.len(), 0);
    let unknown = evidence
        .recall_version(recall(&id, 9, "recall-2"))
        .await
        .unwrap_err();
    assert_eq!(reason(&unknown), "VERSION_NOT_FOUND");
    let again = evidence
        .recall_version(recall(&id, 1, "recall-3"))
        .await
        .unwrap_err();
    assert_eq!(reason(&again), "SOLUTION_STATE");
    let get = GetRecallRequest {
        solution_id: id.clone(),
        version: 2,
        ..GetRecallRequest::default()
    };
    let none = evidence.get_recall(get).await.unwrap_err();
    assert_eq!(reason(&none), "RECALL_NOT_FOUND");
    let agent = by(recall(&id, 1, "recall-4"), &[("role", "agent")]);
    let forbidden = evidence.recall_version(agent).await.unwrap_err();
    assert_eq!(reason(&forbidden), "ROLE_REQUIRED");
}

#[tokio::test]
async fn whoever_is_found_later_to_have_been_told_is_promised_too_and_nobody_twice() {
    let (world, id) = with_solution().await;
    told_several(&world, &id).await;
    let mut evidence = world.evidence.clone();
    let first = evidence
        .recall_version(recall(&id, 3, "recall-1"))
        .await
        .unwrap();
    // Sent twice, it is one.
    let second = evidence
        .recall_version(recall(&id, 3, "recall-1"))
        .await
        .unwrap();
    assert_eq!(first.into_inner().position, second.into_inner().position);
    world.until(|facts| promises(facts).len() == 5).await;
    // The view is lost, and a keeper begins anew; another contact of a customer who has a promise, and a late one of
    // one who has none.
    let world = world
        .restarted(|views| std::fs::remove_dir_all(views.join("knowledge")).unwrap())
        .await;
    for (n, customer) in [(20, "a"), (21, "late")] {
        let told = Told {
            n,
            customer,
            at: NOW - 1_000,
            agent: "ben",
            uses: vec![(&id, 3, UsedAsIs, false)],
        };
        world.told(told).await;
    }
    world.until(|facts| promises(facts).len() >= 6).await;
    let made = promises(&world.facts());
    let whom: BTreeMap<_, u32> = made.iter().fold(BTreeMap::new(), |mut whom, (event, _)| {
        let whose = (event.customer_id.clone(), event.interaction_id.clone());
        *whom.entry(whose).or_default() += 1;
        whom
    });
    assert_eq!(made.len(), 6);
    assert!(whom.values().all(|count| *count == 1), "{whom:?}");
    assert_eq!(recalled(&world, &id, 3).await.len(), 6);
}

#[tokio::test]
async fn a_customer_stands_once_under_the_worst_of_several_recalls() {
    let (world, id) = with_solution().await;
    told_several(&world, &id).await;
    let mut evidence = world.evidence.clone();
    let mild = RecallVersionRequest {
        harm_class: HarmClass::Nuisance.into(),
        ..recall(&id, 2, "recall-1")
    };
    evidence.recall_version(mild).await.unwrap();
    evidence
        .recall_version(recall(&id, 3, "recall-2"))
        .await
        .unwrap();
    let parties = recalled(&world, &id, 0).await;
    let stand: Vec<_> = parties
        .iter()
        .map(|one| (one.harm_class(), one.customer_id.as_str()))
        .collect();
    let (money, mild) = (HarmClass::Money, HarmClass::Nuisance);
    assert_eq!(
        stand,
        [
            (money, "a"),
            (money, "d"),
            (money, "g"),
            (money, ""),
            (money, ""),
            (mild, "b"),
        ]
    );
}

#[tokio::test]
async fn four_thousand_interactions_recalled_twice_make_one_promise_a_customer() {
    const INTERACTIONS: u64 = 4_000;
    const CUSTOMERS: u64 = 1_500;
    let (world, id) = with_solution().await;
    for n in 0..INTERACTIONS {
        let customer = format!("customer-{}", n % CUSTOMERS);
        let told = Told {
            n,
            customer: &customer,
            at: NOW,
            agent: "ana",
            uses: vec![(&id, 1, UsedAsIs, false)],
        };
        world.told(told).await;
    }
    let mut evidence = world.evidence.clone();
    let answer = evidence
        .recall_version(recall(&id, 1, "recall-1"))
        .await
        .unwrap();
    assert_eq!(answer.into_inner().recall.unwrap().told_count, CUSTOMERS);
    world
        .until(|facts| promises(facts).len() as u64 >= CUSTOMERS)
        .await;
    evidence
        .recall_version(recall(&id, 1, "recall-1"))
        .await
        .unwrap();
    let again = evidence
        .recall_version(recall(&id, 1, "recall-2"))
        .await
        .unwrap_err();
    assert_eq!(reason(&again), "SOLUTION_STATE");
    let world = world.restarted(|_| ()).await;
    // One more, so that it is seen that the keeper went through all of them again.
    let told = Told {
        n: INTERACTIONS,
        customer: "one-more",
        at: NOW,
        agent: "ana",
        uses: vec![(&id, 1, UsedAsIs, false)],
    };
    world.told(told).await;
    world
        .until(|facts| promises(facts).len() as u64 > CUSTOMERS)
        .await;
    let made = promises(&world.facts());
    let customers: BTreeSet<_> = made
        .iter()
        .map(|(event, _)| event.customer_id.clone())
        .collect();
    assert_eq!(made.len() as u64, CUSTOMERS + 1);
    assert_eq!(customers.len() as u64, CUSTOMERS + 1);
}

#[tokio::test]
async fn customers_that_are_merged_are_promised_once() {
    let (world, id) = with_solution().await;
    for (n, customer) in [(1, "a"), (2, "b"), (3, "c")] {
        let told = Told {
            n,
            customer,
            at: NOW + i64::try_from(n).unwrap(),
            agent: "ana",
            uses: vec![(&id, 1, UsedAsIs, false)],
        };
        world.told(told).await;
    }
    let event = Event {
        customer_id: "b".to_owned(),
        ..event(TENANT, "b", 1, &merged("b", "c", true))
    };
    world.write(customer_key(TENANT, "b"), event).await;
    let mut evidence = world.evidence.clone();
    let request = recall(&id, 1, "recall-1");
    evidence.recall_version(request).await.unwrap();
    let parties = recalled(&world, &id, 1).await;
    let named: BTreeSet<_> = parties.iter().map(|one| &*one.customer_id).collect();
    assert_eq!(parties.len(), named.len());
    // A second recall has everybody looked at again, after all promises of the first.
    world.publish_version(&id, 2, 3).await;
    let told = Told {
        n: 4,
        customer: "d",
        at: NOW + 4,
        agent: "ana",
        uses: vec![(&id, 2, UsedAsIs, false)],
    };
    world.told(told).await;
    evidence
        .recall_version(recall(&id, 2, "recall-2"))
        .await
        .unwrap();
    world
        .until(|facts| {
            promises(facts)
                .iter()
                .any(|(event, _)| event.customer_id == "d")
        })
        .await;
    let made = promises(&world.facts());
    let to: BTreeSet<_> = made.iter().map(|(event, _)| &*event.customer_id).collect();
    assert_eq!((made.len(), to), (3, BTreeSet::from(["a", "b", "d"])));
}
