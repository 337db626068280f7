//! How well solutions work, and what follows of that: trust, flags, reviews and recalls.

mod completed;
mod recalls;
mod trust;

use std::time::Duration;

use aftercall_domain::ids::Namespace;
use aftercall_log::{Log, Position, Record};
use aftercall_proto::envelope::{Fact, contact_key, solution_key};
use aftercall_proto::event::v1::{Event, InteractionRecorded, SolutionPublished};
use aftercall_proto::knowledge::v1::GetSolutionRequest;
use aftercall_proto::model::v1::{
    ContactReason, Customer, Direction, Interaction, Solution, SolutionUse, SolutionUseKind,
};
use prost::Message;

use crate::world::{TENANT, World, at, event, solved};

/// When the clock of a world begins.
const NOW: i64 = 1_780_000_000;
const DAY: i64 = 86_400;

/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A world with a solution whose first version is live.
async fn with_solution() -> (World, String) {
    let world = World::new().await;
    world
        .record(&solved(1, "net.slow", "slow network", "Reset the router"))
        .await;
    let solution = world.promote_first("r-1", "Slow network").await;
    (world, solution.solution_id)
}

/// A contact `n` of a customer for a reason, begun at a second, by an agent, in which solutions were used.
#[derive(Debug, Clone)]
struct Told<'a> {
    n: u64,
    customer: &'a str,
    at: i64,
    agent: &'a str,
    uses: Vec<(&'a str, u32, SolutionUseKind, bool)>,
}

impl Told<'_> {
    fn id(&self) -> String {
        Namespace::Interaction
            .id(&[b"told", &self.n.to_be_bytes()])
            .to_string()
    }
}

impl World {
    /// Records a contact for the customer whom it names.
    async fn told(&self, told: Told<'_>) -> String {
        let id = told.id();
        let uses = told.uses.iter();
        let interaction = Interaction {
            interaction_id: id.clone(),
            occurred_at: Some(at(told.at)),
            direction: Direction::Inbound.into(),
            agent_id: told.agent.to_owned(),
            team_id: "care".to_owned(),
            customer: Some(Customer {
                customer_id: told.customer.to_owned(),
                ..Customer::default()
            }),
            contact_reasons: vec![ContactReason {
                code: "net.slow".to_owned(),
                primary: true,
                ..ContactReason::default()
            }],
            solution_uses: uses
                .map(|(solution_id, version, kind, relied)| SolutionUse {
                    solution_id: (*solution_id).to_owned(),
                    version: *version,
                    kind: (*kind).into(),
                    relied_on_for_statement: *relied,
                })
                .collect(),
            ..Interaction::default()
        };
        let fact = Fact::InteractionRecorded(Box::new(InteractionRecorded {
            interaction: Some(interaction),
            ..InteractionRecorded::default()
        }));
        let event = Event {
            customer_id: told.customer.to_owned(),
            ..event(TENANT, &id, 1, &fact)
        };
        self.write(contact_key(TENANT, told.customer, &id), event)
            .await;
        id
    }

    /// Makes a version live, as the event says that does so.
    async fn publish_version(&self, solution_id: &str, version: u32, sequence: u64) {
        let fact = Fact::SolutionPublished(Box::new(SolutionPublished {
            solution: Some(Solution {
                solution_id: solution_id.to_owned(),
                version,
                title: "Slow network".to_owned(),
                resolution: format!("Reset the router in way {version}"),
                author: "ann".to_owned(),
                published_at: Some(at(NOW)),
                ..Solution::default()
            }),
            superseded_version: version - 1,
            ..SolutionPublished::default()
        }));
        let event = event(TENANT, solution_id, sequence, &fact);
        self.write(solution_key(TENANT, solution_id), event).await;
    }

    async fn write(&self, key: bytes::Bytes, event: Event) {
        let record = Record {
            key,
            recorded_at_us: 0,
            body: event.encode_to_vec().into(),
        };
        self.log.append(vec![record]).await.unwrap();
    }

    /// A solution, all that is in the log included.
    async fn solution(&self, solution_id: &str) -> Solution {
        let request = GetSolutionRequest {
            solution_id: solution_id.to_owned(),
            min_position: self.now(),
            ..GetSolutionRequest::default()
        };
        let answer = self.client.clone().get_solution(request).await.unwrap();
        answer.into_inner().solution.unwrap()
    }

    /// What happened, in the log's order.
    pub(crate) fn facts(&self) -> Vec<(Event, Fact)> {
        let begin = Position {
            partition: 0,
            offset: 0,
        };
        let mut reader = self.log.reader(&[begin]).unwrap();
        let mut facts = Vec::new();
        loop {
            let read = reader.next(10_000, usize::MAX, Duration::ZERO).unwrap();
            if read.is_empty() {
                return facts;
            }
            for entry in read {
                let event = Event::decode(entry.record.body).unwrap();
                let fact = event.fact().unwrap().unwrap();
                facts.push((event, fact));
            }
        }
    }

    /// Waits until what happened is so.
    pub(crate) async fn until(&self, holds: impl Fn(&[(Event, Fact)]) -> bool) {
        let mut progress = self.knowledge.view().progress();
        let waiting = async {
            while !holds(&self.facts()) {
                progress.changed().await.unwrap();
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        waited.expect("the condition should hold in the end");
    }
}
