//! The tour: what a user would ask first, by the commands that a user would type.

use std::collections::HashMap;
use std::time::Duration;

use aftercall_client::Client;
use aftercall_proto::followups::v1::{CommitmentFilter, ListCommitmentsRequest};
use aftercall_proto::knowledge::v1::ListCandidatesRequest;
use aftercall_proto::model::v1::{CommitmentLifecycle, CommitmentOutcome, Timeliness};
use anyhow::Context;
use clap::Parser;
use jiff::{SignedDuration, Timestamp};

use super::call::{Caller, Draw, call, stamp};
use super::corpus::Corpus;
use super::month::{Act, Step};
use super::play::Player;
use super::say;
use crate::cli::Cli;

/// How long the promise that lapses before your eyes has to be kept.
const SHORT: SignedDuration = SignedDuration::from_secs(4);
/// The customer's words in the call after the promotion: close to earlier ones, not the same.
const NEXT_CALL: &str = "Since last night the light on the box is orange and no page loads";

pub(super) struct Tour {
    server: String,
    client: Client,
    /// Somebody with much to show: calls and promises.
    customer: String,
}

impl Tour {
    pub(super) fn new(server: &str, client: &Client, steps: &[Step]) -> Self {
        let customer = most_to_show(steps).unwrap_or_default();
        Self {
            server: server.to_owned(),
            client: client.clone(),
            customer,
        }
    }

    pub(super) async fn give(&self, player: &mut Player) -> anyhow::Result<()> {
        self.summary(player).await?;
        say("\n── A customer's history, before you pick up the phone\n");
        self.type_in(&["context", &self.customer, "--contacts", "2"])
            .await?;
        say("\n── The same customer, all of it\n");
        self.type_in(&["timeline", &self.customer, "--limit", "4"])
            .await?;
        say("\n── Search: words, filters and counts\n");
        let search = [
            "search",
            "orange light -charged",
            "--reason",
            "internet",
            "--facet",
            "agent",
        ];
        self.type_in(&[&search[..], &["--limit", "2"]].concat())
            .await?;
        say("\n── Promises that are overdue right now\n");
        self.type_in(&[
            "followups",
            "list",
            "--timeliness",
            "overdue",
            "--limit",
            "5",
        ])
        .await?;
        self.lapse(player).await?;
        self.promote().await
    }

    /// What the month came to.
    async fn summary(&self, player: &Player) -> anyhow::Result<()> {
        let counts = &player.counts;
        let kept = self.count(CommitmentOutcome::Kept).await?;
        let late = self.count(CommitmentOutcome::KeptLate).await?;
        let released = self.count(CommitmentOutcome::ReleasedByCustomer).await?;
        let open = counts.promises.saturating_sub(kept + late + released);
        let overdue = self.overdue().await?;
        say(&format!(
            "{} contacts recorded, {} promises made: {kept} kept in time, {late} kept late, \
             {released} let off by\nthe customer, {open} open, of which {overdue} overdue. {} dues \
             passed unkept, each noticed once.",
            counts.contacts, counts.promises, counts.lapses
        ));
        Ok(())
    }

    async fn count(&self, outcome: CommitmentOutcome) -> anyhow::Result<u64> {
        self.count_by(CommitmentFilter {
            outcomes: vec![outcome.into()],
            ..Default::default()
        })
        .await
    }

    async fn overdue(&self) -> anyhow::Result<u64> {
        self.count_by(CommitmentFilter {
            lifecycles: vec![CommitmentLifecycle::Active.into()],
            timeliness: vec![Timeliness::Overdue.into()],
            ..Default::default()
        })
        .await
    }

    async fn count_by(&self, filter: CommitmentFilter) -> anyhow::Result<u64> {
        let list = ListCommitmentsRequest {
            filter: Some(filter),
            page_size: 1,
            include_total: true,
            ..Default::default()
        };
        let answer = self.client.call(list).await?;
        answer.total_size.context("no total")
    }

    /// A promise that nobody keeps, from the call to the alarm.
    async fn lapse(&self, player: &mut Player) -> anyhow::Result<()> {
        say("\n── A promise lapses while you watch\n");
        let corpus = Corpus::built_in()?;
        let scenario = corpus
            .scenario("appliances.delivery_late")
            .context("the scenario")?;
        let draw = Draw::of_promise(uuid::Uuid::from_u128(rand::random()));
        let caller = Caller::known(&self.customer);
        let ended = jiff_now();
        let began = ended - SignedDuration::from_secs(240);
        let mut contact = call(&corpus, &caller, scenario, &draw, began);
        let due = jiff_now() + SHORT;
        contact.ended_at = stamp(ended);
        for segment in &mut contact.segments {
            segment.ended_at = segment.ended_at.take().and(stamp(ended));
        }
        let draft = contact.commitments.first_mut().context("the promise")?;
        draft.promised_by = stamp(due);
        draft.promise_text = "You get the new slot in a few seconds.".to_owned();
        let commitment_id = draft.commitment_id.clone();
        player.record(contact).await?;
        say(&format!(
            "A call has just ended, with the promise of an answer within {} s. Nobody sends it.",
            SHORT.as_secs()
        ));
        let alarm = tokio::time::timeout(Duration::from_secs(60), player.alert(&commitment_id));
        let alert_id = alarm
            .await
            .context("the alarm did not come within a minute")??;
        let late = jiff_now().duration_since(due).as_millis();
        say(&format!("The alarm came {late} ms after the due:\n"));
        self.type_in(&["followups", "show", &commitment_id]).await?;
        say(
            "\n── Somebody sees to it; the alarm goes on only if nothing has come of that in time\n",
        );
        let note = "calling the carrier now";
        self.type_in(&["alerts", "ack", &alert_id, "--until", "1h", "--note", note])
            .await
    }

    /// A solved case becomes an answer, and the next agent finds it.
    async fn promote(&self) -> anyhow::Result<()> {
        say("\n── Solved cases become an answer\n");
        let list = ListCandidatesRequest {
            reason_code: "internet.no_connection".to_owned(),
            page_size: 1,
            ..Default::default()
        };
        let found = self.client.call(list).await?.candidates;
        let candidate = found
            .first()
            .context("a candidate for internet.no_connection")?;
        self.type_in(&["solutions", "candidates", "--limit", "3"])
            .await?;
        let title = "Orange light, no connection: reset the port";
        self.type_in(&[
            "solutions",
            "promote",
            &candidate.candidate_id,
            "--title",
            title,
        ])
        .await?;
        say("\n── The next customer calls with the same trouble\n");
        self.type_in(&["solutions", "suggest", NEXT_CALL]).await
    }

    /// Runs a command as if it had been typed.
    async fn type_in(&self, words: &[&str]) -> anyhow::Result<()> {
        let quoted = words.iter().map(|word| match word.contains(' ') {
            true => format!("'{word}'"),
            false => (*word).to_owned(),
        });
        say(&format!(
            "$ aftercall {}",
            quoted.collect::<Vec<_>>().join(" ")
        ));
        let server = ["--server", &self.server];
        let line = ["aftercall"]
            .into_iter()
            .chain(words.iter().copied())
            .chain(server);
        let command = Cli::try_parse_from(line).context("a command of the tour")?;
        command.ask().await.map_err(|ending| {
            ending.report();
            anyhow::anyhow!("a command of the tour failed")
        })
    }

    pub(super) fn what_next(&self, ready: &str) {
        let Self {
            server, customer, ..
        } = self;
        let server = match server.as_str() {
            "http://127.0.0.1:7400" => String::new(),
            other => format!(" --server {other}"),
        };
        say(&format!(
            "\n── What to try next\n\n\
             The server runs on the machine's own time now. In another terminal, with\n\
             `aftercall` for target/release/aftercall:\n\n  \
             aftercall alerts watch{server}\n  \
             aftercall context {customer}{server}\n  \
             aftercall search '\"charged twice\"' --facet team{server}\n  \
             aftercall followups list --due-before 1d{server}\n  \
             aftercall followups list --outcome kept-late --json{server}\n\n\
             Stop it with Ctrl-C: the month is then forgotten.\n\n{ready}"
        ));
    }
}

/// The customer with the most going on in the month.
fn most_to_show(steps: &[Step]) -> Option<String> {
    let mut weights: HashMap<&str, usize> = HashMap::new();
    for step in steps {
        if let Act::Record(contact) = &step.act {
            let customer = contact
                .customer
                .as_ref()
                .map_or("", |it| it.customer_id.as_str());
            *weights.entry(customer).or_default() += 1 + 2 * contact.commitments.len();
        }
    }
    // Ties go to the smaller id, so that a seed always shows the same customer.
    let heaviest = weights
        .into_iter()
        .max_by(|(a, x), (b, y)| x.cmp(y).then(b.cmp(a)));
    heaviest.map(|(customer, _)| customer.to_owned())
}

fn jiff_now() -> Timestamp {
    use aftercall_service::Clock;
    aftercall_service::SystemClock::new().now()
}
