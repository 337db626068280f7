//! Solutions of made-up words, and somebody who edits them.

use std::path::Path;
use std::sync::LazyLock;

use aftercall_client::{Client, Transport};
use aftercall_proto::knowledge::v1::solution_service_client::SolutionServiceClient;
use aftercall_proto::knowledge::v1::{
    ApproveVersionRequest, DraftSolutionRequest, PublishVersionRequest,
};
use aftercall_proto::model::v1::Solution;
use aftercall_retrieval::meaning::{Key, TEXT_TOKENS_MAX, TextId, Vector, VectorCache, Weights};
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::model;
use crate::server::Server;

/// How many writers publish at once.
const WRITERS: u64 = 64;
/// Words of the made-up language.
const MADE_UP: usize = 30_000;

/// Words of which few are common and most are rare, as in any language: the n-th is said in proportion to 1 / n.
pub(super) fn text(seed: u64, words: usize) -> String {
    static VOCABULARY: LazyLock<Vec<String>> = LazyLock::new(|| known().unwrap_or_else(made_up));
    let mut random = StdRng::seed_from_u64(seed);
    let words = (0..words).map(|_| {
        let rank = (VOCABULARY.len() as f64).powf(random.random::<f64>()) as usize;
        VOCABULARY[rank % VOCABULARY.len()].as_str()
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The words that the model knows whole, if there is one: made-up ones it reads in four pieces each, and people's mostly
/// in one.
fn known() -> Option<Vec<String>> {
    let model = model()?;
    let weights = Weights::read(Path::new(&model));
    let mut words = weights.expect("AFTERCALL_MODEL is a model").vocabulary;
    words.retain(|word| word.len() >= 3 && word.bytes().all(|byte| byte.is_ascii_lowercase()));
    Some(words)
}

fn made_up() -> Vec<String> {
    const SYLLABLES: [&str; 16] = [
        "ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "zu", "pha", "gre", "sti", "blo",
        "tru", "wan",
    ];
    let word = |mut rank: usize| {
        let mut word = String::from("qu");
        while rank > 0 {
            word.push_str(SYLLABLES[rank % SYLLABLES.len()]);
            rank /= SYLLABLES.len();
        }
        word
    };
    (0..MADE_UP).map(word).collect()
}

/// What somebody asks: a line.
pub(super) fn question(number: u64) -> String {
    text(number ^ 0x5EED_0000_0000, 12)
}

/// What contacts are about in which the solution of a number is used.
pub(super) fn reason(number: u64) -> String {
    format!("reason.{}", number % 200)
}

/// Keeps directions of the first editions of so many solutions in `dir`, for the model in a file. They point anywhere: to
/// reckon them takes hours, and how long an answer takes does not depend on where they point.
pub(super) fn keep_directions(dir: &Path, model: &Path, count: u64) -> anyhow::Result<()> {
    let model = Weights::describe(model)?;
    let cache = VectorCache::open(dir, model.dimensions, 3 * count as usize)?;
    for number in 0..count {
        let solution = solution(number, 0);
        let question = &solution.question_in_customer_words[0];
        let mut random = StdRng::seed_from_u64(number);
        for text in [&solution.title, question, &solution.resolution] {
            let numbers = (0..model.dimensions).map(|_| random.random_range(-1.0_f32..1.0));
            let vector = Vector::of(&numbers.collect::<Vec<_>>());
            let key = Key::of(&model.source_sha256, TEXT_TOKENS_MAX, TextId::of(text));
            cache.put(key, vector)?;
        }
    }
    cache.flush()?;
    Ok(())
}

fn solution(number: u64, edition: u64) -> Solution {
    let seed = number + (edition << 40);
    Solution {
        title: text(seed, 6),
        question_in_customer_words: vec![text(seed ^ (1 << 60), 14)],
        resolution: text(seed ^ (2 << 60), 60),
        reason_code: reason(number),
        ..Solution::default()
    }
}

/// The id of the solution of a number, as the server names what it makes: not known before.
static IDS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The ids of all solutions, by their numbers.
pub(super) fn ids() -> Vec<String> {
    IDS.lock().clone()
}

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
