//! What the server says, beside what the sources say.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aftercall_client::{Client, Retry};
use aftercall_proto::alerts::v1::ListAlertsRequest;
use aftercall_proto::followups::v1::ListCommitmentsRequest;
use aftercall_proto::history::v1::timeline_entry::What;
use aftercall_proto::history::v1::{
    GetInteractionRequest, InteractionFilter, ListTimelineRequest, SearchInteractionsRequest,
};
use aftercall_proto::model::v1::{Commitment, Interaction};
use anyhow::{Context, bail, ensure};
use futures::TryStreamExt;
use tokio::task::JoinSet;

use super::chats::{self, Chats};
use super::contact::{Contact, Converted};
use super::dues::{self, Dues};
use super::measures::{self, Measured};
use super::verdict::{Expected, Verdict};

/// Questions that are asked at once.
const AT_ONCE: usize = 16;
/// Customers whose timelines are read, and contacts that are searched for.
const SAMPLED: usize = 300;
/// Mismatches that are listed; more are counted.
const LISTED_MAX: usize = 50;
/// How long the views may take to follow an import.
const CATCH_UP_TRIES: u32 = 600;
const CATCH_UP_PAUSE: Duration = Duration::from_millis(500);
/// On a busy machine what was told takes longer to arrive than the usual tries of a request.
const PATIENCE: Retry = Retry {
    tries_max: 60,
    wait_max: Duration::from_secs(300),
    step_first: Duration::from_millis(100),
    step_max: Duration::from_secs(5),
};

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) found: u64,
    pub(super) timelines: u64,
    pub(super) searches: u64,
    pub(super) promises: u64,
    pub(super) as_labelled: u64,
    pub(super) as_computed: u64,
    /// Promises of which the source contradicts itself, by kind.
    pub(super) contradictions: BTreeMap<&'static str, u64>,
    /// New York's dues.
    pub(super) dues: Dues,
    /// What the service measures, and another program.
    pub(super) measured: Measured,
    /// Which chats were found to be lost.
    pub(super) chats: Chats,
    /// The first of those things that are not as they should be.
    pub(super) mismatches: Vec<String>,
    pub(super) mismatches_total: u64,
}

impl Checked {
    fn mismatch(&mut self, what: String) {
        self.mismatches_total += 1;
        if self.mismatches.len() < LISTED_MAX {
            self.mismatches.push(what);
        }
    }

    fn take_mismatches(&mut self, found: &[String]) {
        found.iter().for_each(|wrong| self.mismatch(wrong.clone()));
    }
}

/// Asks for everything.
pub(super) async fn all(
    url: &str,
    dir: &Path,
    converted: &Converted,
    say: &mut dyn FnMut(&str),
) -> anyhow::Result<Checked> {
    let asked = Client::builder(url).retry(PATIENCE).connect().await?;
    let mut checked = Checked::default();
    say("wait for the views");
    catch_up(&asked, converted).await?;
    say("look for every record");
    records(&asked, converted, &mut checked).await?;
    say("read timelines");
    timelines(&asked, converted, &mut checked).await?;
    say("search");
    searches(&asked, converted, &mut checked).await?;
    say("compare verdicts");
    promises(&asked, converted, &mut checked).await?;
    silence(&asked, &mut checked).await?;
    say("compute New York's dues");
    let found = dues::compare(&asked, &converted.dues).await?;
    checked.take_mismatches(&found.mismatches);
    checked.dues = found;
    say("reckon measures twice");
    let found = measures::compare(&asked, dir, converted).await?;
    checked.take_mismatches(&found.mismatches);
    checked.measured = found;
    say("tell chats as they happened");
    let found = chats::tell(&asked, &converted.chats).await?;
    checked.take_mismatches(&found.mismatches);
    checked.chats = found;
    Ok(checked)
}

/// Waits until the history has all contacts.
async fn catch_up(asked: &Client, converted: &Converted) -> anyhow::Result<()> {
    let count = converted.contacts.len() as u64;
    let mut seen = 0;
    for _ in 0..CATCH_UP_TRIES {
        let request = SearchInteractionsRequest {
            page_size: 1,
            ..SearchInteractionsRequest::default()
        };
        seen = asked.call(request).await?.total_size;
        if seen >= count {
            break;
        }
        tokio::time::sleep(CATCH_UP_PAUSE).await;
    }
    ensure!(seen == count, "the history has {seen} contacts of {count}");
    Ok(())
}

/// Every record is there, and says what was sent.
async fn records(
    asked: &Client,
    converted: &Converted,
    checked: &mut Checked,
) -> anyhow::Result<()> {
    let sent: Vec<_> = converted
        .contacts
        .iter()
        .map(Contact::interaction)
        .collect();
    let share = sent.len().div_ceil(AT_ONCE).max(1);
    let mut tasks = JoinSet::new();
    for sent in sent.chunks(share) {
        let (sent, asked) = (sent.to_vec(), asked.clone());
        tasks.spawn(async move {
            let mut wrong = Vec::new();
            for sent in &sent {
                let request = GetInteractionRequest {
                    which: Some(sent.interaction_id.clone().into()),
                    ..Default::default()
                };
                let found = match asked.call(request).await {
                    Ok(answer) => answer.interaction.unwrap_or_default(),
                    Err(error) => {
                        wrong.push(format!("{} is not there: {error}", name(sent)));
                        continue;
                    }
                };
                if comparable(&found) != *sent {
                    wrong.push(format!("{} is not as it was sent", name(sent)));
                }
            }
            (sent.len(), wrong)
        });
    }
    while let Some(done) = tasks.join_next().await {
        let (count, wrong) = done?;
        checked.found += (count - wrong.len()) as u64;
        wrong.into_iter().for_each(|wrong| checked.mismatch(wrong));
    }
    Ok(())
}

/// A record without what only the server says.
fn comparable(found: &Interaction) -> Interaction {
    Interaction {
        recorded_at: None,
        version: 0,
        ..found.clone()
    }
}

/// The source's own name of a record: no personal data.
fn name(interaction: &Interaction) -> String {
    let external = interaction.external_ref.clone().unwrap_or_default();
    external.external_id
}

fn customer_of(interaction: &Interaction) -> &str {
    interaction
        .customer
        .as_ref()
        .map_or("", |customer| customer.customer_id.as_str())
}

/// The timelines of some customers hold their contacts, each once, the latest first.
async fn timelines(
    asked: &Client,
    converted: &Converted,
    checked: &mut Checked,
) -> anyhow::Result<()> {
    let mut of_customer: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for interaction in converted.contacts.iter().map(Contact::interaction) {
        if customer_of(&interaction).is_empty() {
            continue;
        }
        let ids = of_customer
            .entry(customer_of(&interaction).to_owned())
            .or_default();
        ids.insert(interaction.interaction_id);
    }
    let mut customers: Vec<_> = of_customer.into_iter().collect();
    // Those who called most, and then some of the rest.
    customers.sort_by_key(|(_, ids)| std::cmp::Reverse(ids.len()));
    let step = (customers.len() / SAMPLED).max(1);
    let busy = customers.iter().take(SAMPLED / 3);
    let rest = customers.iter().skip(SAMPLED / 3).step_by(step);
    for (customer_id, ids) in busy.chain(rest) {
        let (listed, ordered) = timeline(asked, customer_id).await?;
        let unique: BTreeSet<_> = listed.iter().cloned().collect();
        if unique != *ids || listed.len() != ids.len() {
            let (have, want) = (listed.len(), ids.len());
            checked.mismatch(format!(
                "timeline of {customer_id}: {have} contacts, not {want}"
            ));
        } else if !ordered {
            checked.mismatch(format!("timeline of {customer_id} is out of order"));
        }
        checked.timelines += 1;
    }
    Ok(())
}

/// The contacts in a customer's timeline, and whether all of it goes from late to early.
async fn timeline(asked: &Client, customer_id: &str) -> anyhow::Result<(Vec<String>, bool)> {
    let request = ListTimelineRequest {
        whose: Some(customer_id.to_owned().into()),
        page_size: 100,
        ..ListTimelineRequest::default()
    };
    let (mut ids, mut times) = (Vec::new(), Vec::new());
    let mut entries = std::pin::pin!(asked.items(request));
    while let Some(entry) = entries.try_next().await? {
        times.push(entry.occurred_at.map(|at| (at.seconds, at.nanos)));
        if let Some(What::Interaction(interaction)) = entry.what {
            ids.push(interaction.interaction_id);
        }
    }
    Ok((ids, times.is_sorted_by(|a, b| a >= b)))
}

/// The value as a filter's, if there is one.
fn given(value: &str) -> Vec<String> {
    let value = Some(value.to_owned()).filter(|value| !value.is_empty());
    value.into_iter().collect()
}

/// Some contacts are found by the words of their own reason.
async fn searches(
    asked: &Client,
    converted: &Converted,
    checked: &mut Checked,
) -> anyhow::Result<()> {
    let step = (converted.contacts.len() / SAMPLED).max(1);
    for interaction in converted
        .contacts
        .iter()
        .step_by(step)
        .map(Contact::interaction)
    {
        let query = words_of(&interaction);
        let request = SearchInteractionsRequest {
            query: query.clone(),
            filter: Some(InteractionFilter {
                // A contact of nobody known is found among all of nobody.
                identified: Some(!customer_of(&interaction).is_empty()),
                customer_ids: given(customer_of(&interaction)),
                ..InteractionFilter::default()
            }),
            page_size: 100,
            ..SearchInteractionsRequest::default()
        };
        if !is_found(asked, request, &interaction.interaction_id).await? {
            checked.mismatch(format!("{} is not found by its reason", name(&interaction)));
        }
        checked.searches += 1;
    }
    Ok(())
}

/// The first words of a contact's reason: the customer's, else what was noted, else the code.
fn words_of(interaction: &Interaction) -> String {
    let reason = interaction
        .contact_reasons
        .first()
        .cloned()
        .unwrap_or_default();
    let noted = interaction.handling.clone().unwrap_or_default().summary;
    let texts = [reason.stated_verbatim, noted, reason.code];
    let text = texts.into_iter().find(|text| words(text).next().is_some());
    words(&text.unwrap_or_default())
        .take(4)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Words that can stand in a query without meaning anything else there.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|letter: char| !letter.is_alphanumeric());
    words.filter(|word| word.len() > 3)
}

async fn is_found(
    asked: &Client,
    request: SearchInteractionsRequest,
    interaction_id: &str,
) -> anyhow::Result<bool> {
    let found = asked.items(request).try_any(|found| {
        let id = found.interaction.map(|found| found.interaction_id);
        std::future::ready(id.as_deref() == Some(interaction_id))
    });
    Ok(found.await?)
}

/// Every promise has the verdict that its source recorded.
async fn promises(
    asked: &Client,
    converted: &Converted,
    checked: &mut Checked,
) -> anyhow::Result<()> {
    let promised = converted
        .contacts
        .iter()
        .filter_map(|one| one.promise.as_ref());
    let promised: Vec<_> = promised.collect();
    let found = Arc::new(commitments(asked, promised.len()).await?);
    #[expect(
        clippy::disallowed_methods,
        reason = "the server's clock is this machine's"
    )]
    let now = jiff::Timestamp::now();
    for contact in &converted.contacts {
        let Some(promise) = &contact.promise else {
            continue;
        };
        checked.promises += 1;
        let said = found.get(&promise.commitment_id).and_then(Verdict::of);
        let expected = promise.expected(now);
        let (Expected::Labelled(wanted)
        | Expected::Computed(wanted)
        | Expected::Contradicts(_, wanted)) = expected;
        if said != Some(wanted) {
            let name = name(&contact.interaction());
            checked.mismatch(format!(
                "{name}: {said:?}, and its source says {expected:?}"
            ));
            continue;
        }
        match expected {
            Expected::Labelled(_) => checked.as_labelled += 1,
            Expected::Computed(_) => checked.as_computed += 1,
            Expected::Contradicts(kind, _) => *checked.contradictions.entry(kind).or_default() += 1,
        }
    }
    Ok(())
}

/// Nobody is told of promises that were over before they came here.
async fn silence(asked: &Client, checked: &mut Checked) -> anyhow::Result<()> {
    let request = ListAlertsRequest::default();
    let alerts = asked.call(request).await?.alerts;
    if !alerts.is_empty() {
        checked.mismatch(format!("the import raised {} alerts or more", alerts.len()));
    }
    Ok(())
}

/// All commitments that the server has, when it has as many as there must be.
async fn commitments(asked: &Client, count: usize) -> anyhow::Result<HashMap<String, Commitment>> {
    for _ in 0..CATCH_UP_TRIES {
        let found = all_commitments(asked)
            .await
            .context("the commitments can't be listed")?;
        if found.len() == count {
            return Ok(found);
        }
        if found.len() > count {
            bail!("there are {} commitments, not {count}", found.len());
        }
        tokio::time::sleep(CATCH_UP_PAUSE).await;
    }
    bail!("the follow-ups never had all {count} commitments")
}

async fn all_commitments(asked: &Client) -> anyhow::Result<HashMap<String, Commitment>> {
    let request = ListCommitmentsRequest {
        page_size: 500,
        ..ListCommitmentsRequest::default()
    };
    let mut found = HashMap::new();
    let mut listed = std::pin::pin!(asked.items(request));
    while let Some(commitment) = listed.try_next().await? {
        let id = commitment.commitment_id.clone();
        ensure!(
            found.insert(id, commitment).is_none(),
            "a commitment was listed twice"
        );
    }
    Ok(found)
}
