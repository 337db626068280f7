//! Solutions of made-up words, contacts in which they are used, and somebody who edits them.

use std::sync::Arc;

use aftercall_client::{Client, Transport};
use aftercall_proto::knowledge::v1::solution_service_client::SolutionServiceClient;
use aftercall_proto::knowledge::v1::{
    ApproveVersionRequest, DraftSolutionRequest, PublishVersionRequest,
};
use aftercall_proto::model::v1::{
    Channel, ContactReason, Customer, Direction, Interaction, ReasonResolution, Solution,
    SolutionUse, SolutionUseKind,
};
use aftercall_proto::recorder::v1::{RecordInteractionRequest, RecordInteractionsRequest};
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::load;
use crate::message::{customer_id, interaction_id};
use crate::server::Server;
use crate::stream;

/// How many writers publish at once.
const WRITERS: u64 = 64;
/// Words of the made-up language.
const WORDS: f64 = 30_000.0;

/// Words of which few are common and most are rare, as in any language: the n-th is said in proportion to 1 / n.
fn text(seed: u64, words: usize) -> String {
    const SYLLABLES: [&str; 16] = [
        "ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "zu", "pha", "gre", "sti", "blo",
        "tru", "wan",
    ];
    let mut random = StdRng::seed_from_u64(seed);
    let words = (0..words).map(|_| {
        let mut rank = WORDS.powf(random.random::<f64>()) as usize;
        let mut word = String::from("qu");
        while rank > 0 {
            word.push_str(SYLLABLES[rank % SYLLABLES.len()]);
            rank /= SYLLABLES.len();
        }
        word
    });
    words.collect::<Vec<_>>().join(" ")
}

/// What somebody asks: a line.
pub(super) fn question(number: u64) -> String {
    text(number ^ 0x5EED_0000_0000, 12)
}

fn solution(number: u64, edition: u64) -> Solution {
    let seed = number + (edition << 40);
    Solution {
        title: text(seed, 6),
        question_in_customer_words: vec![text(seed ^ (1 << 60), 14)],
        resolution: text(seed ^ (2 << 60), 60),
        reason_code: format!("reason.{}", number % 200),
        ..Solution::default()
    }
}

/// The id of the solution of a number, as the server names what it makes: not known before.
static IDS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Publishes so many solutions.
pub(super) async fn publish(server: &Server, count: u64) -> anyhow::Result<()> {
    let client = Client::builder(&server.grpc).connect().await?;
    *IDS.lock() = vec![String::new(); count as usize];
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let mut editor = Editor::of(&client);
        writers.spawn(async move {
            for number in (writer..count).step_by(WRITERS as usize) {
                let id = editor.write(number, String::new()).await?;
                IDS.lock()[number as usize] = id;
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = writers.join_next().await {
        done??;
    }
    Ok(())
}

/// Writes solutions, and makes them live.
pub(super) struct Editor {
    solutions: SolutionServiceClient<Transport>,
    edition: u64,
}

impl Editor {
    pub(super) fn of(client: &Client) -> Self {
        Self {
            solutions: SolutionServiceClient::new(client.transport()),
            edition: 0,
        }
    }

    /// Makes another version of a solution live.
    pub(super) async fn edit(&mut self, number: u64) -> anyhow::Result<()> {
        self.edition += 1;
        let id = IDS.lock()[number as usize].clone();
        self.write(number, id).await?;
        Ok(())
    }

    async fn write(&mut self, number: u64, solution_id: String) -> anyhow::Result<String> {
        let request = |what: &str| format!("{what}-{number}-{}-{}", self.edition, solution_id);
        let (draft, approve, publish) = (request("d"), request("a"), request("p"));
        let drafted = DraftSolutionRequest {
            request_id: draft,
            solution: Some(solution(number, self.edition)),
            solution_id,
            ..DraftSolutionRequest::default()
        };
        let drafted = self.solutions.draft_solution(drafted).await?.into_inner();
        let drafted = drafted.solution.unwrap_or_default();
        let (solution_id, version) = (drafted.solution_id, drafted.version);
        let approved = ApproveVersionRequest {
            request_id: approve,
            solution_id: solution_id.clone(),
            version,
            ..ApproveVersionRequest::default()
        };
        self.solutions.approve_version(approved).await?;
        let published = PublishVersionRequest {
            request_id: publish,
            solution_id: solution_id.clone(),
            version,
            ..PublishVersionRequest::default()
        };
        self.solutions.publish_version(published).await?;
        Ok(solution_id)
    }
}

/// Records so many contacts in each of which a solution is used; some are used much, and most little.
pub(super) async fn use_them(server: &Server, solutions: u64, uses: u64) -> anyhow::Result<()> {
    let clients = load::connect(&server.grpc).await?;
    let (ids, now) = (Arc::new(IDS.lock().clone()), Timestamp::now());
    let lanes = clients.len() as u64;
    let mut streams = tokio::task::JoinSet::new();
    for (lane, client) in (0..).zip(clients) {
        let ids = Arc::clone(&ids);
        let numbers = (lane..uses).step_by(lanes as usize);
        let requests = numbers.map(move |number| {
            let share = StdRng::seed_from_u64(number).random::<f64>();
            let used = (solutions as f64).powf(share) as u64 % solutions;
            contact(number, &ids[used as usize], used, now)
        });
        streams.spawn(stream::record_each(client, requests));
    }
    while let Some(done) = streams.join_next().await {
        done??;
    }
    Ok(())
}

fn contact(number: u64, solution_id: &str, used: u64, now: Timestamp) -> RecordInteractionsRequest {
    let at = now - SignedDuration::from_mins(30 + (number % 40_000) as i64);
    let occurred_at = pbjson_types::Timestamp {
        seconds: at.as_second(),
        nanos: 0,
    };
    let interaction = Interaction {
        interaction_id: interaction_id(number),
        channel: Channel::Voice.into(),
        direction: Direction::Inbound.into(),
        customer: Some(Customer {
            customer_id: customer_id(number),
            ..Customer::default()
        }),
        agent_id: format!("agent-{:03}", number % 400),
        team_id: format!("team-{:02}", number % 24),
        occurred_at: Some(occurred_at),
        contact_reasons: vec![ContactReason {
            code: format!("reason.{}", used % 200),
            primary: true,
            stated_verbatim: text(number ^ (3 << 60), 10),
            resolution: ReasonResolution::Resolved.into(),
            ..ContactReason::default()
        }],
        no_follow_up_promised: true,
        solution_uses: vec![SolutionUse {
            solution_id: solution_id.to_owned(),
            version: 1,
            kind: SolutionUseKind::UsedAsIs.into(),
            relied_on_for_statement: false,
        }],
        ..Interaction::default()
    };
    RecordInteractionsRequest {
        correlation_id: String::new(),
        request: Some(RecordInteractionRequest {
            interaction: Some(interaction),
            ..RecordInteractionRequest::default()
        }),
    }
}
