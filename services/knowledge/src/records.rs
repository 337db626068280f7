//! What the view stores under its keys.

use aftercall_domain::{Parties, solution};
use aftercall_proto::convert::parties::{self, PartiesRow};
use aftercall_proto::model::v1::{Customer, Interaction, ReasonResolution, SolutionUse};
use pbjson_types::Timestamp;

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
}

impl Case {
    /// The case of a new record.
    pub(crate) fn of(interaction: &Interaction) -> Self {
        let mut case = Self {
            occurred_at_us: micros(interaction.occurred_at.as_ref()),
            agent_id: interaction.agent_id.clone(),
            solution_uses: interaction.solution_uses.clone(),
            ..Self::default()
        };
        let own: Parties = parties::of_wrap_up(interaction).collect();
        case.wrapped_up_by = Some(own.into());
        case.take_segments(interaction);
        case.take_customer(interaction);
        case.take_reason(interaction);
        case.take_handling(interaction);
        case
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
                "handling" => case.take_handling(interaction),
                "occurred_at" => case.occurred_at_us = micros(interaction.occurred_at.as_ref()),
                "segments" => case.take_segments(interaction),
                "solution_uses" => case.solution_uses.clone_from(&interaction.solution_uses),
                // The other fields say nothing about solutions.
                _ => {}
            }
        }
        case
    }

    /// The candidate that the case counts for.
    pub(crate) fn candidate_id(&self, tenant_id: &str) -> Option<String> {
        if !self.resolved {
            return None;
        }
        let id = solution::candidate_id(tenant_id, &self.reason_code, &self.resolution)?;
        Some(id.to_string())
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
        let reference = interaction.external_ref.as_ref();
        self.external_id = reference.map_or_else(String::new, |one| one.external_id.clone());
    }

    fn take_reason(&mut self, interaction: &Interaction) {
        let primary = interaction
            .contact_reasons
            .iter()
            .find(|reason| reason.primary);
        let primary = primary.cloned().unwrap_or_default();
        self.resolved = primary.resolution() == ReasonResolution::Resolved;
        self.reason_code = primary.code;
        self.stated_verbatim = primary.stated_verbatim;
    }

    fn take_handling(&mut self, interaction: &Interaction) {
        let handling = interaction.handling.clone().unwrap_or_default();
        self.resolution = handling.resolution;
        self.workaround = handling.workaround;
    }
}

/// How often a candidate worked.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Tally {
    #[prost(uint64, tag = "1")]
    pub(crate) case_count: u64,
    #[prost(string, tag = "2")]
    pub(crate) reason_code: String,
}

/// In how many contacts a solution was used in which way.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Uses {
    #[prost(uint64, tag = "1")]
    pub(crate) used_as_is: u64,
    #[prost(uint64, tag = "2")]
    pub(crate) used_modified: u64,
    #[prost(uint64, tag = "3")]
    pub(crate) viewed: u64,
    #[prost(uint64, tag = "4")]
    pub(crate) rejected: u64,
    #[prost(uint64, tag = "5")]
    pub(crate) agents: u64,
}

/// How much text a tenant's solutions have together.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Corpus {
    #[prost(uint64, tag = "1")]
    pub(crate) solutions: u64,
    #[prost(uint64, tag = "2")]
    pub(crate) terms: u64,
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
