//! Interactions, their parts and amendments.

mod amendment;
mod analysis;
mod attention;
mod contact;
mod customer;
mod disconnect;
mod driver;
mod followed_up;
mod handling;
mod identification;
mod ivr;
mod promise;
mod replaced;
mod segment;
mod sentiment;
mod speech;

use aftercall_domain::{FieldPath, Interaction, Violations, limits};

use super::message::FromWire;
use super::{enums, instant, message, time};
use crate::model::v1 as wire;

pub use amendment::{amended, read_amendment};
pub use analysis::{analyse, analysed, read_analysis};
pub use identification::read_verification;
pub use replaced::replace;
pub use sentiment::read_participant;

/// Reads the interaction of a request, at the field `interaction`. What is wrong with its encoding
/// goes into `found`; the rules are the domain's to check.
pub fn read(wire: wire::Interaction, found: &mut Violations) -> Interaction {
    Interaction::from_wire(wire, FieldPath::of("interaction"), found)
}

message::readable!(Interaction);

impl FromWire<wire::Interaction> for Interaction {
    #[expect(clippy::too_many_lines, reason = "one entry a field, and no decision")]
    fn from_wire(wire: wire::Interaction, path: FieldPath<'_>, found: &mut Violations) -> Self {
        let wire::Interaction {
            interaction_id,
            external_ref,
            channel,
            direction,
            initiation_method,
            customer,
            client_account_id,
            agent_id,
            team_id,
            site_id,
            occurred_at,
            ended_at,
            recorded_at,
            segments,
            disconnect,
            contact_reasons,
            handling,
            disposition,
            commitments,
            no_follow_up_promised,
            solution_uses,
            escalations,
            signals,
            sentiment,
            labels,
            previous_interaction_id,
            version,
            our_handle,
            follow_ups,
            // Only answers say these.
            repeat_cause: _,
            repeat_commitment_id: _,
            root_cause: _,
            record_status: _,
            problem_onset_at,
            non_talk,
            interruptions,
            sentiments,
            driver_segment,
            ivr_path,
        } = wire;
        Self {
            interaction_id,
            external_ref: message::optional(external_ref, path.field("external_ref"), found),
            channel: enums::required::<wire::Channel>(channel, path.field("channel"), found),
            direction: enums::required::<wire::Direction>(
                direction,
                path.field("direction"),
                found,
            ),
            initiation_method: enums::optional::<wire::InitiationMethod>(
                initiation_method,
                path.field("initiation_method"),
                found,
            ),
            customer: message::optional(customer, path.field("customer"), found)
                .unwrap_or_default(),
            client_account_id,
            agent_id,
            team_id,
            site_id,
            occurred_at: instant::required(occurred_at, path.field("occurred_at"), found),
            ended_at: instant::optional(ended_at, path.field("ended_at"), found),
            recorded_at: instant::optional(recorded_at, path.field("recorded_at"), found),
            segments: message::list(segments, limits::LIST_MAX, path.field("segments"), found),
            disconnect: message::optional_unless_empty(disconnect, path.field("disconnect"), found),
            contact_reasons: message::list(
                contact_reasons,
                limits::CONTACT_REASONS_MAX,
                path.field("contact_reasons"),
                found,
            ),
            handling: message::optional_unless_empty(handling, path.field("handling"), found),
            disposition: message::optional(disposition, path.field("disposition"), found),
            commitments: message::list(
                commitments,
                limits::COMMITMENTS_MAX,
                path.field("commitments"),
                found,
            ),
            no_follow_up_promised,
            solution_uses: message::list(
                solution_uses,
                limits::LIST_MAX,
                path.field("solution_uses"),
                found,
            ),
            escalations: message::list(
                escalations,
                limits::LIST_MAX,
                path.field("escalations"),
                found,
            ),
            signals: message::list(signals, limits::LIST_MAX, path.field("signals"), found),
            sentiment: message::optional_unless_empty(sentiment, path.field("sentiment"), found),
            labels: message::bounded(labels, limits::LIST_MAX, path.field("labels"), found),
            previous_interaction_id,
            version,
            our_handle: message::optional(our_handle, path.field("our_handle"), found),
            follow_ups: message::list(
                follow_ups,
                limits::FOLLOW_UPS_MAX,
                path.field("follow_ups"),
                found,
            ),
            problem_onset_at: instant::optional(
                problem_onset_at,
                path.field("problem_onset_at"),
                found,
            ),
            non_talk: message::list(non_talk, limits::LIST_MAX, path.field("non_talk"), found),
            interruptions: message::list(
                interruptions,
                limits::LIST_MAX,
                path.field("interruptions"),
                found,
            ),
            sentiments: message::list(
                sentiments,
                limits::SENTIMENTS_MAX,
                path.field("sentiments"),
                found,
            ),
            driver_segment: message::optional(driver_segment, path.field("driver_segment"), found),
            ivr_path: message::list(ivr_path, limits::LIST_MAX, path.field("ivr_path"), found),
        }
    }
}

impl From<Interaction> for wire::Interaction {
    #[expect(clippy::too_many_lines, reason = "one entry a field, and no decision")]
    fn from(value: Interaction) -> Self {
        let Interaction {
            interaction_id,
            external_ref,
            channel,
            direction,
            initiation_method,
            customer,
            client_account_id,
            agent_id,
            team_id,
            site_id,
            occurred_at,
            ended_at,
            recorded_at,
            segments,
            disconnect,
            contact_reasons,
            handling,
            disposition,
            commitments,
            no_follow_up_promised,
            solution_uses,
            escalations,
            signals,
            sentiment,
            labels,
            previous_interaction_id,
            version,
            our_handle,
            follow_ups,
            problem_onset_at,
            non_talk,
            interruptions,
            sentiments,
            driver_segment,
            ivr_path,
        } = value;
        Self {
            interaction_id,
            external_ref: external_ref.map(Into::into),
            channel: wire::Channel::from(channel).into(),
            direction: wire::Direction::from(direction).into(),
            initiation_method: enums::number::<wire::InitiationMethod>(initiation_method),
            customer: Some(customer.into()),
            client_account_id,
            agent_id,
            team_id,
            site_id,
            occurred_at: Some(time::to_wire(occurred_at)),
            ended_at: ended_at.map(time::to_wire),
            recorded_at: recorded_at.map(time::to_wire),
            segments: message::outward(segments),
            disconnect: disconnect.map(Into::into),
            contact_reasons: message::outward(contact_reasons),
            handling: handling.map(Into::into),
            disposition: disposition.map(Into::into),
            commitments: message::outward(commitments),
            no_follow_up_promised,
            solution_uses: message::outward(solution_uses),
            escalations: message::outward(escalations),
            signals: message::outward(signals),
            sentiment: sentiment.map(Into::into),
            labels,
            previous_interaction_id,
            version,
            our_handle: our_handle.map(Into::into),
            follow_ups: message::outward(follow_ups),
            repeat_cause: wire::RepeatCause::Unspecified.into(),
            repeat_commitment_id: String::new(),
            root_cause: None,
            record_status: wire::RecordStatus::Unspecified.into(),
            problem_onset_at: problem_onset_at.map(time::to_wire),
            non_talk: message::outward(non_talk),
            interruptions: message::outward(interruptions),
            sentiments: message::outward(sentiments),
            driver_segment: driver_segment.map(Into::into),
            ivr_path: message::outward(ivr_path),
        }
    }
}
