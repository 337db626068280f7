//! The part of the tour about answers: solved cases become a solution, it is used and trusted, and one that was wrong
//! is taken back from everybody who was told it.

use std::time::Duration;

use aftercall_proto::knowledge::v1::{
    ApproveVersionRequest, DraftSolutionRequest, GetSolutionRequest, ListCandidatesRequest,
    ListRecalledRequest, SubmitForReviewRequest,
};
use aftercall_proto::model::v1::{Confidence, Interaction, Solution};
use anyhow::Context;
use jiff::SignedDuration;
use tokio::time::timeout;

use super::call::{Caller, Draw, call};
use super::corpus::Corpus;
use super::month::ANSWERED_REASON;
use super::play::Player;
use super::say;
use super::tour::{Tour, now};

/// The reason of the calls of which a solution is made before your eyes.
const REASON: &str = "internet.no_connection";
/// The wording of that reason that names where the customer lives.
const WITH_A_STREET: u32 = 2;
/// The customer's words in the call after that: close to earlier ones, not the same.
const NEXT_CALL: &str = "Since last night the light on the box is orange and no page loads";
/// The trouble in words that no solution has, but for the synonyms that the house has set.
const IN_OTHER_WORDS: &str = "amber lamp";
/// What nobody has been asked before.
const NEVER_ASKED: &str = "Do you ship parcels to Peru?";
/// How often is looked for what must come.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long is waited for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

impl Tour {
    /// Answers, from a solved case to the recall of what was wrong.
    pub(super) async fn answer(&self, player: &mut Player) -> anyhow::Result<()> {
        self.make_one(player).await?;
        say("\n── The next customer calls with the same trouble\n");
        self.type_in(&["solutions", "suggest", NEXT_CALL]).await?;
        say(
            "\n── Others say it in words of their own: the house has set which stand for its own\n",
        );
        let search = ["solutions", "search", IN_OTHER_WORDS, "--limit", "2"];
        self.type_in(&search).await?;
        say("\n── And one asks what nobody knows: better no answer, and the question is kept\n");
        self.type_in(&["solutions", "suggest", NEVER_ASKED]).await?;
        self.trust(player).await?;
        self.take_back(player).await
    }

    /// A candidate is reviewed and published.
    async fn make_one(&self, player: &mut Player) -> anyhow::Result<()> {
        say("\n── Solved cases: what is worth writing down, and what must not be\n");
        player.record(self.solved_call()?).await?;
        let list = ListCandidatesRequest {
            reason_code: REASON.to_owned(),
            page_size: 1,
            latest: true,
            ..ListCandidatesRequest::default()
        };
        let found = self.client.call(list).await?.candidates;
        let candidate = found.first().context("a candidate")?;
        let candidate_id = candidate.candidate_id.as_str();
        self.type_in(&["solutions", "candidate", candidate_id])
            .await?;
        say("\n── A draft, a second pair of eyes, and it is live\n");
        let title = "Orange light, no connection: reset the port";
        let ask = "Does the light stay orange after a restart?";
        let draft = DraftSolutionRequest {
            request_id: "demo-draft".to_owned(),
            candidate_id: candidate_id.to_owned(),
            solution: Some(Solution {
                title: title.to_owned(),
                discriminating_questions: vec![ask.to_owned()],
                ..Solution::default()
            }),
            ..DraftSolutionRequest::default()
        };
        let drafted = self.client.call(draft).await?.solution.context("a draft")?;
        let id = drafted.solution_id.as_str();
        self.review(id).await?;
        self.type_in(&["solutions", "changes", id]).await
    }

    /// Its first version is handed in, approved and published.
    async fn review(&self, solution_id: &str) -> anyhow::Result<()> {
        let submit = SubmitForReviewRequest {
            request_id: "demo-submit".to_owned(),
            solution_id: solution_id.to_owned(),
            version: 1,
            ..SubmitForReviewRequest::default()
        };
        self.client.call(submit).await?;
        let approve = ApproveVersionRequest {
            request_id: "demo-approve".to_owned(),
            solution_id: solution_id.to_owned(),
            version: 1,
            ..ApproveVersionRequest::default()
        };
        self.client.call(approve).await?;
        self.type_in(&["solutions", "publish", solution_id, "1"])
            .await
    }

    /// A call that has just ended, in which the customer said where they live.
    fn solved_call(&self) -> anyhow::Result<Interaction> {
        let corpus = Corpus::built_in()?;
        let scenario = corpus.scenario(REASON).context("the scenario")?;
        let draw = Draw {
            resolved: true,
            promises: false,
            pick: WITH_A_STREET,
            ..Draw::of_promise(uuid::Uuid::from_u128(rand::random()))
        };
        let began = now() - SignedDuration::from_mins(20);
        let caller = Caller {
            place: corpus.places.first().context("a place")?.clone(),
            ..Caller::known(&self.customer)
        };
        let mut contact = call(&corpus, &caller, scenario, &draw, began);
        contact.commitments.clear();
        Ok(contact)
    }

    /// A solution that has lasted is trusted, by itself.
    async fn trust(&self, player: &Player) -> anyhow::Result<()> {
        say(
            "\n── An answer that agents have used for three weeks: who came back, and who did not\n",
        );
        let solution_id = self.answer_of(player)?;
        let trusted = async {
            loop {
                let get = GetSolutionRequest {
                    solution_id: solution_id.to_owned(),
                    latest: true,
                    ..GetSolutionRequest::default()
                };
                let solution = self.client.call(get).await?.solution;
                let solution = solution.context("the answer")?;
                if solution.confidence() == Confidence::Validated {
                    return anyhow::Ok(());
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        let trusted = timeout(PATIENCE, trusted).await;
        trusted.context("the answer was not trusted within a minute")??;
        self.type_in(&["solutions", "show", solution_id]).await
    }

    /// It turns out to be wrong.
    async fn take_back(&self, player: &Player) -> anyhow::Result<()> {
        let solution_id = self.answer_of(player)?;
        say("\n── It turns out to be wrong: everybody who was told it is to be told so\n");
        let reason = "New routers choose the channel by themselves; a fixed one makes it worse.";
        let recall = ["solutions", "recall", solution_id, "--version", "1"];
        let how = ["--harm", "effort", "--reason", reason, "--correct-by", "3d"];
        self.type_in(&[&recall[..], &how].concat()).await?;
        let promised = async {
            loop {
                let list = ListRecalledRequest {
                    solution_id: solution_id.to_owned(),
                    page_size: 500,
                    latest: true,
                    ..ListRecalledRequest::default()
                };
                let told = self.client.call(list).await?.parties;
                if told.iter().all(|party| !party.commitment_id.is_empty()) {
                    return anyhow::Ok(told.len());
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        let promised = timeout(PATIENCE, promised).await;
        let told = promised.context("not everybody was promised a call within a minute")??;
        say(&format!(
            "\n{told} customers were told it, and each is promised once that it is put right:\n"
        ));
        self.type_in(&["solutions", "recalled", solution_id, "--limit", "4"])
            .await?;
        say("\n── From then on nobody finds it\n");
        let slow = "Video calls keep freezing";
        self.type_in(&["solutions", "suggest", slow]).await
    }

    fn answer_of<'a>(&self, player: &'a Player) -> anyhow::Result<&'a str> {
        let answer = player.answers.get(ANSWERED_REASON);
        Ok(answer.context("the answer of the month")?.as_str())
    }
}
