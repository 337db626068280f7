//! The demonstration's corpus: scenarios, people and places of a company that does not exist.

use serde::Deserialize;

const TEXT: &str = include_str!("../../demo/corpus.toml");

/// What the month is made of.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Corpus {
    pub(super) company: String,
    pub(super) places: Vec<String>,
    pub(super) items: Vec<String>,
    /// In euros.
    pub(super) amounts: Vec<u32>,
    pub(super) first_names: Vec<String>,
    pub(super) last_names: Vec<String>,
    #[serde(rename = "team")]
    pub(super) teams: Vec<Team>,
    #[serde(rename = "scenario")]
    pub(super) scenarios: Vec<Scenario>,
}

/// A team and who works in it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Team {
    pub(super) id: String,
    pub(super) site: String,
    pub(super) agents: Vec<String>,
}

/// A sort of call, and how it may go.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scenario {
    pub(super) code: String,
    /// What makes customers call about it, by the default taxonomy; left out where nothing is known.
    pub(super) driver: Option<String>,
    pub(super) team: String,
    /// How often it is drawn beside the others; 0 for never.
    pub(super) weight: u32,
    /// The share of such calls that are solved at once.
    pub(super) resolved: f64,
    /// The customer's feeling at the start and, on average, at the end.
    pub(super) mood: [f64; 2],
    pub(super) wordings: Vec<String>,
    pub(super) tried: Vec<String>,
    pub(super) actions: Vec<String>,
    pub(super) summary: String,
    /// The summary where it isn't solved; the same as `summary` if left out.
    pub(super) open_summary: Option<String>,
    pub(super) resolution: Option<String>,
    pub(super) workaround: Option<String>,
    pub(super) promise: Option<Promise>,
    pub(super) signal: Option<Signal>,
    pub(super) remedy: Option<Remedy>,
}

/// What such a call promises.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Promise {
    /// A commitment kind's name without its prefix.
    pub(super) kind: String,
    pub(super) text: String,
    pub(super) hours: i64,
    pub(super) when: PromisedWhen,
    /// The share that is kept in time.
    pub(super) kept: f64,
    /// The share that is kept too late; the rest is never done.
    pub(super) late: f64,
}

/// Which calls of the sort promise something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum PromisedWhen {
    /// All of them.
    Always,
    /// Those that aren't solved at once.
    Open,
}

/// What such a call may signal.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signal {
    /// A signal kind's name without its prefix.
    pub(super) kind: String,
    pub(super) share: f64,
}

/// What such a call may give the customer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Remedy {
    /// A remedy kind's name without its prefix.
    pub(super) kind: String,
}

impl Corpus {
    /// The corpus that is built in.
    ///
    /// # Errors
    /// When its file is malformed, which a test excludes.
    pub(super) fn built_in() -> Result<Self, toml::de::Error> {
        toml::from_str(TEXT)
    }

    /// The scenario called `code`.
    pub(super) fn scenario(&self, code: &str) -> Option<&Scenario> {
        self.scenarios.iter().find(|scenario| scenario.code == code)
    }
}
