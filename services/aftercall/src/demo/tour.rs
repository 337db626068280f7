//! The tour: what a user would ask first, by the commands that a user would type.

use std::collections::HashMap;

use aftercall_client::Client;
use aftercall_proto::followups::v1::{CommitmentFilter, ListCommitmentsRequest};
use aftercall_proto::model::v1::{CommitmentLifecycle, CommitmentOutcome, Timeliness};
use aftercall_service::{Clock, SystemClock};
use anyhow::Context;
use clap::Parser;
use jiff::Timestamp;

use super::month::{Act, Step};
use super::play::Player;
use super::receiver::Receiver;
use super::say;
use crate::cli::Cli;

pub(super) struct Tour {
    server: String,
    pub(super) client: Client,
    /// Somebody with much to show: calls and promises.
    pub(super) customer: String,
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

    pub(super) async fn give(
        &self,
        player: &mut Player,
        receiver: &mut Receiver,
    ) -> anyhow::Result<()> {
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
        self.watch_calls().await?;
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
        self.keep_in_view(player, receiver).await?;
        self.answer(player).await?;
        self.look_into().await?;
        self.put_right().await?;
        self.save(player).await
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

    /// Runs a command as if it had been typed.
    pub(super) async fn type_in(&self, words: &[&str]) -> anyhow::Result<()> {
        let typed: Vec<_> = words.iter().map(|word| quoted(word)).collect();
        say(&format!("$ aftercall {}", typed.join(" ")));
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

    pub(super) fn what_next(&self, ready: &str, console: Option<&str>) {
        let Self {
            server, customer, ..
        } = self;
        let server = match server.as_str() {
            "http://127.0.0.1:7400" => String::new(),
            other => format!(" --server {other}"),
        };
        if let Some(console) = console {
            say(&format!("\n── In a browser\n\n  {console}"));
        }
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

/// The machine's own time, which the server's is, too, once the month is over.
pub(super) fn now() -> Timestamp {
    SystemClock::new().now()
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    match word.contains([' ', '\'']) {
        true => format!("'{}'", word.replace('\'', r"'\''")),
        false => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_can_be_typed_again() {
        assert_eq!(quoted("suggest"), "suggest");
        assert_eq!(quoted("no dial tone"), "'no dial tone'");
        assert_eq!(quoted("this year's"), r"'this year'\''s'");
    }
}
