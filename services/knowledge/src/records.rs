//! What the view stores under its keys.

mod evidence;
mod handling;
mod taught;

use std::collections::{BTreeMap, BTreeSet};

use aftercall_domain::Parties;
use aftercall_proto::convert::parties::{self, PartiesRow};
use aftercall_proto::model::v1::{
    Audience, Call, CandidateState, Channel, CommitmentKind, Customer, Direction, Governance,
    Interaction, LentWords, ReasonResolution, SolutionUse, VersionState,
};
use pbjson_types::Timestamp;

use crate::fold::uses;

pub(crate) use evidence::{
    Brief, Differing, Doubt, Hour, Known, Link, Linked, Standing, Used, Uses,
};
pub(crate) use handling::Handled;
pub(crate) use taught::{Lessons, Made, Tally, Taught, Wording};

const MICROS_PER_SECOND: i64 = 1_000_000;
const NANOS_PER_MICRO: i64 = 1_000;

/// What this view keeps of an interaction: enough to take back what it counted when the record is
/// amended.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Case {
    #[prost(sint64, tag = "2")]
    pub(crate) occurred_at_us: i64,
    #[prost(string, tag = "3")]
    pub(crate) agent_id: String,
    /// The primary reason's.
    #[prost(string, tag = "4")]
    pub(crate) reason_code: String,
    /// Whether the primary reason was.
    #[prost(bool, tag = "5")]
    pub(crate) resolved: bool,
    /// The primary reason's.
    #[prost(string, tag = "6")]
    pub(crate) stated_verbatim: String,
    #[prost(string, tag = "7")]
    pub(crate) resolution: String,
    #[prost(string, tag = "8")]
    pub(crate) workaround: String,
    #[prost(message, repeated, tag = "9")]
    pub(crate) solution_uses: Vec<SolutionUse>,
    /// Who wrapped it up, with team and site.
    #[prost(message, optional, tag = "10")]
    wrapped_up_by: Option<PartiesRow>,
    /// Who else had a part in it, by its segments.
    #[prost(message, optional, tag = "11")]
    of_segments: Option<PartiesRow>,
    /// Whose contact it is: what of the words is personal. Only what names the customer is kept.
    #[prost(message, optional, tag = "12")]
    pub(crate) customer: Option<Customer>,
    /// The contact's id in another system.
    #[prost(string, tag = "13")]
    pub(crate) external_id: String,
    /// Whose contact it is by now; empty for nobody's.
    #[prost(string, tag = "30")]
    pub(crate) customer_id: String,
    /// Whether the customer reached out.
    #[prost(bool, tag = "31")]
    pub(crate) is_inbound: bool,
    /// The codes of all reasons.
    #[prost(string, repeated, tag = "32")]
    pub(crate) reason_codes: Vec<String>,
    /// Whose it was when it was recorded, if it is another's by now.
    #[prost(string, optional, tag = "33")]
    recorded_for: Option<String>,
    /// How the customer and we spoke.
    #[prost(enumeration = "Channel", tag = "34")]
    pub(crate) channel: i32,
    /// The customer's language.
    #[prost(string, tag = "35")]
    pub(crate) language: String,
    /// The other reasons that were resolved.
    #[prost(message, repeated, tag = "40")]
    pub(crate) also_resolved: Vec<Resolved>,
    /// What came of its escalations, where that is said.
    #[prost(string, repeated, tag = "41")]
    pub(crate) outcomes: Vec<String>,
    /// What was promised in it to be put right.
    #[prost(message, repeated, tag = "42")]
    pub(crate) corrections: Vec<Correction>,
    /// How long it took.
    #[prost(message, optional, tag = "43")]
    handled: Option<Handled>,
    /// The solutions that it named before it was amended, and names no more.
    #[prost(string, repeated, tag = "44")]
    named_before: Vec<String>,
    /// The client on whose behalf it was handled; empty for none.
    #[prost(string, tag = "45")]
    pub(crate) client_account_id: String,
}

/// A reason that was resolved beside the primary one.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Resolved {
    #[prost(string, tag = "1")]
    pub(crate) reason_code: String,
    #[prost(string, tag = "2")]
    pub(crate) stated_verbatim: String,
}

/// A promise to put right what the customer was wrongly told.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Correction {
    #[prost(string, tag = "1")]
    pub(crate) commitment_id: String,
    #[prost(string, tag = "2")]
    pub(crate) promise_text: String,
    /// Once it is kept: how, which may be empty.
    #[prost(string, optional, tag = "3")]
    pub(crate) kept: Option<String>,
}

impl Case {
    /// The case of a new record.
    pub(crate) fn of(interaction: &Interaction) -> Self {
        let mut case = Self {
            occurred_at_us: micros(interaction.occurred_at.as_ref()),
            agent_id: interaction.agent_id.clone(),
            solution_uses: interaction.solution_uses.clone(),
            is_inbound: interaction.direction() == Direction::Inbound,
            channel: interaction.channel,
            client_account_id: interaction.client_account_id.clone(),
            ..Self::default()
        };
        let own: Parties = parties::of_wrap_up(interaction).collect();
        case.wrapped_up_by = Some(own.into());
        case.take_segments(interaction);
        case.take_customer(interaction);
        case.take_reason(interaction);
        case.take_handling(interaction);
        case.take_escalations(interaction);
        case.handled = Some(Handled::of(interaction));
        let drafts = interaction.commitments.iter();
        let corrections =
            drafts.filter(|draft| draft.kind() == CommitmentKind::CorrectMisinformation);
        let corrections = corrections.map(|draft| Correction {
            commitment_id: draft.commitment_id.clone(),
            promise_text: draft.promise_text.clone(),
            // An imported one may have been kept before it was recorded.
            kept: draft.fulfilled_at.map(|_| String::new()),
        });
        case.corrections = corrections.collect();
        case
    }

    /// Takes from the call that the contact is how long it took, where its record does not say it.
    pub(crate) fn complete(&mut self, call: Option<&Call>) {
        self.handled_mut().complete(call);
    }

    /// The reasons that it is about beside the primary one, each once.
    pub(crate) fn other_reasons(&self) -> BTreeSet<&str> {
        let codes = self.reason_codes.iter().map(String::as_str);
        codes
            .filter(|code| !code.is_empty() && *code != self.reason_code)
            .collect()
    }

    /// How many seconds it took, if that is known.
    pub(crate) fn handled_seconds(&self) -> Option<u32> {
        self.handled.as_ref()?.seconds(self.occurred_at_us)
    }

    /// Who has a part in it, each once.
    pub(crate) fn parties(&self) -> Parties {
        let rows = self.wrapped_up_by.iter().chain(&self.of_segments);
        rows.flat_map(PartiesRow::iter).collect()
    }

    /// The case after the fields named by `paths` were replaced by those of `interaction`.
    pub(crate) fn amended(&self, paths: &[String], interaction: &Interaction) -> Self {
        let mut case = self.clone();
        for path in paths {
            match path.as_str() {
                "contact_reasons" => case.take_reason(interaction),
                "customer" => case.take_customer(interaction),
                "direction" => case.is_inbound = interaction.direction() == Direction::Inbound,
                "escalations" => case.take_escalations(interaction),
                "ended_at" => case.handled_mut().take_end(interaction),
                "handling" => case.take_handling(interaction),
                "occurred_at" => case.occurred_at_us = micros(interaction.occurred_at.as_ref()),
                "segments" => {
                    case.take_segments(interaction);
                    case.handled_mut().take_segments(interaction);
                }
                "solution_uses" => case.take_uses(interaction),
                // The other fields say nothing about solutions.
                _ => {}
            }
        }
        case
    }

    fn take_uses(&mut self, interaction: &Interaction) {
        let mut named: BTreeSet<String> = self.ever_named().map(str::to_owned).collect();
        self.solution_uses.clone_from(&interaction.solution_uses);
        for one in &self.solution_uses {
            named.remove(&one.solution_id);
        }
        self.named_before = named.into_iter().collect();
    }

    /// The solutions that it names or named.
    pub(crate) fn ever_named(&self) -> impl Iterator<Item = &str> {
        let uses = self.solution_uses.iter();
        let uses = uses.map(|one| one.solution_id.as_str());
        uses.chain(self.named_before.iter().map(String::as_str))
    }

    fn handled_mut(&mut self) -> &mut Handled {
        self.handled.get_or_insert_default()
    }

    fn take_escalations(&mut self, interaction: &Interaction) {
        let escalations = interaction.escalations.iter();
        let outcomes = escalations.map(|escalation| escalation.outcome.clone());
        self.outcomes = outcomes.filter(|outcome| !outcome.is_empty()).collect();
    }

    /// The same contact with another customer, or with nobody.
    pub(crate) fn identified(&self, customer_id: &str) -> Self {
        let before = self.recorded_for.clone();
        Self {
            customer_id: customer_id.to_owned(),
            recorded_for: before.or_else(|| Some(self.customer_id.clone())),
            ..self.clone()
        }
    }

    /// Whose it was when it was recorded: under whose key it stands in the log.
    pub(crate) fn first_customer_id(&self) -> &str {
        self.recorded_for.as_deref().unwrap_or(&self.customer_id)
    }

    /// Who wrapped it up: the agent's team and site.
    pub(crate) fn team_and_site(&self) -> (String, String) {
        let own: Parties = self
            .wrapped_up_by
            .iter()
            .flat_map(PartiesRow::iter)
            .collect();
        let first = |ids: &BTreeSet<String>| ids.first().cloned().unwrap_or_default();
        (first(&own.teams), first(&own.sites))
    }

    /// The solutions that were used, each once: of several versions the latest.
    pub(crate) fn links(&self) -> Vec<Link> {
        let mut latest: BTreeMap<&str, u32> = BTreeMap::new();
        for one in self
            .solution_uses
            .iter()
            .filter(|one| uses::is_use(one.kind()))
        {
            let version = latest.entry(&one.solution_id).or_default();
            *version = one.version.max(*version);
        }
        let links = latest.into_iter().map(|(solution_id, version)| Link {
            solution_id: solution_id.to_owned(),
            version,
        });
        links.collect()
    }

    /// The versions of which the customer was told something: what was used, and what was relied on in words.
    pub(crate) fn told(&self) -> BTreeSet<(&str, u32)> {
        let told = self
            .solution_uses
            .iter()
            .filter(|one| uses::is_use(one.kind()) || one.relied_on_for_statement);
        told.map(|one| (one.solution_id.as_str(), one.version))
            .collect()
    }

    fn take_segments(&mut self, interaction: &Interaction) {
        let of_segments = parties::of_segments(&interaction.segments);
        self.of_segments = Some(of_segments.collect::<Parties>().into());
    }

    fn take_customer(&mut self, interaction: &Interaction) {
        self.customer = interaction.customer.as_ref().map(|customer| Customer {
            customer_id: customer.customer_id.clone(),
            handles: customer.handles.clone(),
            display_name: customer.display_name.clone(),
            country_code: customer.country_code.clone(),
            ..Customer::default()
        });
        let language = interaction
            .customer
            .as_ref()
            .map(|one| one.language.clone());
        self.language = language.unwrap_or_default();
        let reference = interaction.external_ref.as_ref();
        self.external_id = reference.map_or_else(String::new, |one| one.external_id.clone());
    }

    fn take_reason(&mut self, interaction: &Interaction) {
        let codes = interaction.contact_reasons.iter();
        self.reason_codes = codes.map(|reason| reason.code.clone()).collect();
        let primary = interaction
            .contact_reasons
            .iter()
            .find(|reason| reason.primary);
        let primary = primary.cloned().unwrap_or_default();
        let is_resolved = |resolution| resolution == ReasonResolution::Resolved;
        let others = interaction.contact_reasons.iter();
        let others = others.filter(|other| !other.primary && is_resolved(other.resolution()));
        let others = others.map(|other| Resolved {
            reason_code: other.code.clone(),
            stated_verbatim: other.stated_verbatim.clone(),
        });
        self.also_resolved = others.collect();
        self.resolved = is_resolved(primary.resolution());
        self.reason_code = primary.code;
        self.stated_verbatim = primary.stated_verbatim;
    }

    fn take_handling(&mut self, interaction: &Interaction) {
        let handling = interaction.handling.clone().unwrap_or_default();
        self.resolution = handling.resolution;
        self.workaround = handling.workaround;
    }
}

/// What a reviewer decided on candidates.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Decision {
    #[prost(enumeration = "CandidateState", tag = "1")]
    pub(crate) state: i32,
    #[prost(string, tag = "2")]
    pub(crate) decided_by: String,
    #[prost(sint64, tag = "3")]
    pub(crate) decided_at_us: i64,
    /// When a claim ends, or what was put off is offered again.
    #[prost(sint64, optional, tag = "4")]
    pub(crate) until_us: Option<i64>,
    #[prost(string, tag = "5")]
    pub(crate) reason: String,
    /// What the candidates were merged into.
    #[prost(string, tag = "6")]
    pub(crate) solution_id: String,
    #[prost(string, repeated, tag = "7")]
    pub(crate) candidate_ids: Vec<String>,
    /// What they lent it.
    #[prost(message, optional, tag = "8")]
    pub(crate) lent: Option<LentWords>,
    /// Which decision on candidates of the reason it was.
    #[prost(uint64, tag = "9")]
    pub(crate) sequence: u64,
}

/// By what a solution is found in the list of all.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Listing {
    /// The version that is live, or was last.
    #[prost(message, optional, tag = "1")]
    pub(crate) shown: Option<Facets>,
    /// The version that somebody works on.
    #[prost(message, optional, tag = "2")]
    pub(crate) open: Option<Facets>,
}

/// What a version is filtered by.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Facets {
    #[prost(enumeration = "VersionState", tag = "1")]
    pub(crate) state: i32,
    #[prost(enumeration = "Audience", tag = "2")]
    pub(crate) audience: i32,
    #[prost(enumeration = "Governance", tag = "3")]
    pub(crate) governance: i32,
    #[prost(string, tag = "4")]
    pub(crate) client_account_id: String,
    #[prost(string, tag = "5")]
    pub(crate) language: String,
    #[prost(string, tag = "6")]
    pub(crate) owner_group: String,
    #[prost(string, tag = "7")]
    pub(crate) reason_code: String,
}

/// Microseconds since the Unix epoch; the epoch for a time that isn't there.
pub(crate) fn micros(time: Option<&Timestamp>) -> i64 {
    time.map_or(0, |time| {
        let seconds = time.seconds.saturating_mul(MICROS_PER_SECOND);
        seconds.saturating_add(i64::from(time.nanos) / NANOS_PER_MICRO)
    })
}

/// The wire's form of microseconds since the Unix epoch.
pub(crate) fn timestamp(at_us: i64) -> Timestamp {
    let nanos = at_us.rem_euclid(MICROS_PER_SECOND) * NANOS_PER_MICRO;
    Timestamp {
        seconds: at_us.div_euclid(MICROS_PER_SECOND),
        nanos: nanos as i32,
    }
}
