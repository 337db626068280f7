//! Counts against brute force, on random contacts and filters.

use std::collections::{BTreeMap, BTreeSet};

use aftercall_proto::history::v1::{
    Facet, FacetCounts, InteractionFilter, SearchInteractionsRequest, SentimentBand, SentimentTrend,
};
use aftercall_proto::model::v1::{
    Channel, Disconnect, DriverSegment, DriverSetter, DropAttribution, Interaction,
    ReasonResolution, Sentiment, SignalKind,
};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use crate::contact::contact;
use crate::fixture::{Caller, Events, Service, views};

/// Enough different labels that not all of them are listed.
const LABELS: usize = 80;

/// A random contact.
#[derive(Debug, Clone)]
struct Sample {
    agent: usize,
    reason: usize,
    chat: bool,
    feeling: Option<i8>,
    labels: Vec<usize>,
    word: usize,
    /// The numbers of kinds of signals.
    signals: Vec<i32>,
}

fn sample() -> impl Strategy<Value = Sample> {
    let feeling = prop::option::of(-3i8..4);
    let labels = btree_set(0..LABELS, 0..4);
    (
        0..4usize,
        0..3usize,
        any::<bool>(),
        feeling,
        labels,
        0..3usize,
        vec(1..4_i32, 0..3),
    )
        .prop_map(|(agent, reason, chat, feeling, labels, word, signals)| {
            let labels = labels.into_iter().collect();
            Sample {
                agent,
                reason,
                chat,
                feeling,
                labels,
                word,
                signals,
            }
        })
}

const REASONS: [&str; 3] = ["billing", "billing.refund", "network.slow"];
const WORDS: [&str; 3] = ["alpha", "alpha beta", "gamma"];
/// What made the customer call, where anything is said: by the words.
const DRIVERS: [&str; 3] = ["", "outage.network", "price"];

impl Sample {
    /// By as many versions of a scorer as the agent has a number: of which none says how the contact ended.
    fn scored(&self) -> Vec<Sentiment> {
        let version = |version: usize| Sentiment {
            start: Some(0.0),
            scorer: "rules".to_owned(),
            scorer_version: version.to_string(),
            ..Sentiment::default()
        };
        (0..self.agent).map(version).collect()
    }

    fn interaction(&self, n: u64) -> Interaction {
        let labels: Vec<String> = self
            .labels
            .iter()
            .map(|label| format!("l{label}"))
            .collect();
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        let contact = contact(n)
            .reason(REASONS[self.reason], "", ReasonResolution::Resolved)
            .summary(WORDS[self.word])
            .labels(&labels)
            .with(|interaction| {
                interaction.agent_id = if self.agent == 0 {
                    String::new()
                } else {
                    format!("agent-{}", self.agent)
                };
                let channel = if self.chat {
                    Channel::Chat
                } else {
                    Channel::Voice
                };
                interaction.channel = channel.into();
                let code = DRIVERS[self.word];
                interaction.driver_segment = (!code.is_empty()).then(|| DriverSegment {
                    code: code.to_owned(),
                    set_by: DriverSetter::Agent.into(),
                    ..DriverSegment::default()
                });
                interaction.disconnect = self.chat.then(|| Disconnect {
                    attribution: DropAttribution::Carrier.into(),
                    ..Disconnect::default()
                });
                interaction.sentiments = self.scored();
            });
        let kinds = self.signals.iter();
        let kinds = kinds.filter_map(|kind| SignalKind::try_from(*kind).ok());
        let contact = kinds.fold(contact, |contact, kind| contact.signal(kind));
        let felt = self.feeling.map(|feeling| {
            let contact = contact.clone().feeling(f64::from(feeling));
            contact.with(|interaction| {
                let sentiment = interaction.sentiment.as_mut().unwrap();
                sentiment.start = Some(0.5);
            })
        });
        felt.unwrap_or(contact).interaction
    }
}

/// A search, and what it must find, by hand.
#[derive(Debug, Clone)]
struct Asked {
    agents: Vec<usize>,
    family: Option<bool>,
    label: Option<usize>,
    alpha: Option<bool>,
    /// What made the customer call: a family of codes, or a code.
    driver: Option<bool>,
    /// Whether anything is said to have.
    has_driver: Option<bool>,
    /// To whom the loss is put down, as is said of chats alone.
    is_carriers: bool,
}

fn asked() -> impl Strategy<Value = Asked> {
    let option = prop::option::of(any::<bool>());
    (
        vec(1..5usize, 0..3),
        option.clone(),
        prop::option::of(0..LABELS),
        option.clone(),
        option,
        prop::option::weighted(0.2, any::<bool>()),
        prop::bool::weighted(0.2),
    )
        .prop_map(
            |(agents, family, label, alpha, driver, has_driver, is_carriers)| Asked {
                agents,
                family,
                label,
                alpha,
                driver,
                has_driver,
                is_carriers,
            },
        )
}

impl Asked {
    fn request(&self) -> SearchInteractionsRequest {
        let reason = self
            .family
            .map(|billing| if billing { "billing" } else { "network" });
        let query = self
            .alpha
            .map(|wanted| if wanted { "alpha" } else { "-alpha" });
        let driver = self
            .driver
            .map(|outage| if outage { "outage" } else { "price" });
        let filter = InteractionFilter {
            driver_codes: driver.into_iter().map(str::to_owned).collect(),
            has_driver: self.has_driver,
            drop_attributions: Some(i32::from(DropAttribution::Carrier))
                .filter(|_| self.is_carriers)
                .into_iter()
                .collect(),
            agent_ids: self
                .agents
                .iter()
                .map(|agent| format!("agent-{agent}"))
                .collect(),
            reason_codes: reason.into_iter().map(str::to_owned).collect(),
            labels: self
                .label
                .into_iter()
                .map(|label| format!("l{label}"))
                .collect(),
            ..InteractionFilter::default()
        };
        SearchInteractionsRequest {
            query: query.unwrap_or_default().to_owned(),
            filter: Some(filter),
            page_size: 1,
            facets: (1..=8)
                .chain(210..=212)
                .chain([50, 240, 250, 251])
                .collect(),
            ..SearchInteractionsRequest::default()
        }
    }

    fn finds(&self, one: &Sample) -> bool {
        (self.agents.is_empty() || self.agents.contains(&one.agent))
            && self
                .family
                .is_none_or(|billing| billing == (one.reason < 2))
            && self.label.is_none_or(|label| one.labels.contains(&label))
            && self.alpha.is_none_or(|wanted| wanted == (one.word < 2))
            && self
                .driver
                .is_none_or(|outage| one.word == if outage { 1 } else { 2 })
            && self
                .has_driver
                .is_none_or(|has_driver| has_driver == (one.word > 0))
            && (one.chat || !self.is_carriers)
    }
}

/// A contact's values of a facet.
fn values(facet: Facet, one: &Interaction) -> Vec<String> {
    let text = |value: &str| Vec::from_iter((!value.is_empty()).then(|| value.to_owned()));
    match facet {
        Facet::Unspecified | Facet::Disposition => Vec::new(),
        Facet::Reason => text(&one.contact_reasons[0].code),
        Facet::DriverSegment => text(one.driver_segment.as_ref().map_or("", |it| &it.code)),
        Facet::Agent => text(&one.agent_id),
        Facet::Team => text(&one.team_id),
        Facet::Channel => text(one.channel().as_str_name()),
        Facet::Direction => text(one.direction().as_str_name()),
        Facet::Sentiment => band(felt(one).map(|(_, end)| end)),
        Facet::WorstSentiment => band(felt(one).map(|(start, end)| start.min(end))),
        Facet::SentimentTrend => match felt(one).map(|(start, end)| end - start) {
            None => Vec::new(),
            Some(shift) if shift <= -1.0 => text(SentimentTrend::Worse.as_str_name()),
            Some(shift) if shift >= 1.0 => text(SentimentTrend::Better.as_str_name()),
            Some(_) => text(SentimentTrend::Steady.as_str_name()),
        },
        Facet::Signal => {
            let names = one.signals.iter();
            let names = names.map(|signal| signal.kind().as_str_name().to_owned());
            Vec::from_iter(names.collect::<BTreeSet<_>>())
        }
        Facet::Label => one.labels.clone(),
        Facet::RootCause => text(one.root_cause.as_ref().map_or("", |cause| &cause.code)),
        Facet::DropAttribution => match one.disconnect.as_ref().map_or(0, |it| it.attribution) {
            0 => Vec::new(),
            _ => text(DropAttribution::Carrier.as_str_name()),
        },
        Facet::SentimentScorer => {
            let named = one.sentiments.iter();
            let named = named.map(|it| format!("{}@{}", it.scorer, it.scorer_version));
            Vec::from_iter(named.collect::<BTreeSet<_>>())
        }
    }
}

/// How a contact began and ended for the customer.
fn felt(one: &Interaction) -> Option<(f64, f64)> {
    let felt = one.sentiment.as_ref()?;
    felt.start.zip(felt.end)
}

fn band(score: Option<f64>) -> Vec<String> {
    let band = score.map(|score| match score {
        score if score < -1.0 => SentimentBand::Negative,
        score if score > 1.0 => SentimentBand::Positive,
        _ => SentimentBand::Neutral,
    });
    band.map(|band| band.as_str_name().to_owned())
        .into_iter()
        .collect()
}

/// The counts of a facet, by looking at each contact.
fn counted(facet: Facet, found: &[Interaction]) -> (Vec<(String, u64)>, u64) {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for value in found.iter().flat_map(|one| values(facet, one)) {
        *counts.entry(value).or_default() += 1;
    }
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.truncate(50);
    let listed = |value: &String| counts.iter().any(|(listed, _)| listed == value);
    let others = found
        .iter()
        .filter(|one| !values(facet, one).iter().all(listed))
        .count();
    (counts, others as u64)
}

proptest! {
    #![proptest_config(crate::fixture::cases(16))]

    #[test]
    fn facets_count_what_looking_at_each_contact_counts(
        contacts in vec(sample(), 1..120),
        searches in vec(asked(), 1..8),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(count(&contacts, &searches));
    }
}

async fn count(contacts: &[Sample], searches: &[Asked]) {
    let (events, dir) = (Events::new(), views());
    let mut all = Vec::new();
    for (n, one) in contacts.iter().enumerate() {
        let interaction = one.interaction(n as u64);
        contact(n as u64)
            .with(|new| *new = interaction.clone())
            .record(&events);
        all.push((one, interaction));
    }
    let service = Service::start(&events, dir.path()).await;
    let mut client: Caller = service.client();
    for asked in searches {
        let page = client.search(asked.request()).await.unwrap();
        let found = all.iter().filter(|(one, _)| asked.finds(one));
        let found: Vec<Interaction> = found.map(|(_, interaction)| interaction.clone()).collect();
        assert_eq!(page.total_size, found.len() as u64, "{asked:?}");
        for facet in &page.facets {
            let FacetCounts {
                counts,
                other_count,
                ..
            } = facet;
            let counts: Vec<(String, u64)> = counts
                .iter()
                .map(|one| (one.value.clone(), one.count))
                .collect();
            assert_eq!(
                (counts, *other_count),
                counted(facet.facet(), &found),
                "{asked:?}"
            );
        }
    }
}
