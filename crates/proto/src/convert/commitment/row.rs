//! A promise as views keep it: a form of their own, so that what stands in a view does not change
//! because an answer does. Its parts are those that events have, too, and so never change.

use aftercall_domain::commitment::{self as domain, Commitment, Lifecycle, Tried};
use pbjson_types::{Duration, Timestamp};
use prost::Message;
use prost::bytes::Buf;

use super::clocks::length;
use super::depends::DependencyRow;
use super::parts::{
    evidence_from_wire, evidence_to_wire, handles_from_wire, owner_from_wire, reopens_from_wire,
    reopens_to_wire, required, specified,
};
use super::recurring::SeriesRow;
use crate::convert::alert::EpisodeRow;
use crate::convert::due::{duration_to_wire, told_from_wire, told_to_wire};
use crate::convert::{Unreadable, UnreadableRow, text, time};
use crate::model::v1 as wire;

/// Where something can be looked up.
#[derive(Clone, PartialEq, Message)]
struct Evidence {
    #[prost(string, tag = "1")]
    interaction_id: String,
    #[prost(string, tag = "2")]
    message_id: String,
}

/// The row.
#[derive(Clone, PartialEq, Message)]
struct Row {
    #[prost(string, tag = "1")]
    commitment_id: String,
    #[prost(string, tag = "2")]
    interaction_id: String,
    #[prost(string, tag = "3")]
    customer_id: String,
    #[prost(string, tag = "4")]
    made_by: String,
    #[prost(string, tag = "5")]
    team_id: String,
    #[prost(enumeration = "wire::CommitmentKind", tag = "6")]
    kind: i32,
    #[prost(string, tag = "7")]
    kind_code: String,
    #[prost(string, tag = "8")]
    promise_text: String,
    #[prost(bool, tag = "9")]
    told_to_customer: bool,
    #[prost(message, optional, tag = "10")]
    promised_by: Option<Timestamp>,
    #[prost(message, optional, tag = "11")]
    promised_not_before: Option<Timestamp>,
    #[prost(string, tag = "12")]
    time_zone: String,
    #[prost(uint32, tag = "13")]
    due_revision: u32,
    #[prost(message, optional, tag = "14")]
    owner: Option<wire::Owner>,
    #[prost(string, tag = "15")]
    owner_team_id: String,
    #[prost(enumeration = "wire::Priority", tag = "16")]
    priority: i32,
    #[prost(bool, tag = "17")]
    read_back_confirmed: bool,
    #[prost(enumeration = "wire::CommitmentLifecycle", tag = "18")]
    lifecycle: i32,
    #[prost(message, repeated, tag = "19")]
    lapses: Vec<wire::Lapse>,
    #[prost(message, repeated, tag = "20")]
    reschedules: Vec<wire::Reschedule>,
    #[prost(enumeration = "wire::CommitmentOutcome", tag = "21")]
    outcome: i32,
    #[prost(message, optional, tag = "22")]
    fulfilled_at: Option<Timestamp>,
    #[prost(message, optional, tag = "23")]
    evidence: Option<Evidence>,
    #[prost(message, optional, tag = "24")]
    customer_informed: Option<Evidence>,
    #[prost(message, optional, tag = "25")]
    closed_at: Option<Timestamp>,
    #[prost(string, tag = "26")]
    closed_by: String,
    #[prost(string, tag = "27")]
    close_note: String,
    #[prost(message, optional, tag = "28")]
    made_at: Option<Timestamp>,
    #[prost(message, optional, tag = "29")]
    recorded_at: Option<Timestamp>,
    #[prost(bool, tag = "30")]
    imported: bool,
    #[prost(uint64, tag = "31")]
    version: u64,
    #[prost(string, tag = "32")]
    customer_name: String,
    #[prost(message, repeated, tag = "33")]
    handles: Vec<wire::Handle>,
    #[prost(string, tag = "35")]
    site_id: String,
    #[prost(message, optional, tag = "36")]
    due: Option<wire::DueSpec>,
    #[prost(message, optional, tag = "37")]
    due_resolution: Option<wire::DueResolution>,
    #[prost(bool, tag = "38")]
    promise_lapsed: bool,
    #[prost(message, optional, tag = "39")]
    target: Option<wire::Target>,
    #[prost(uint32, tag = "40")]
    target_revision: u32,
    #[prost(message, repeated, tag = "41")]
    stages: Vec<wire::Stage>,
    #[prost(enumeration = "wire::CommitmentClock", repeated, tag = "42")]
    warned: Vec<i32>,
    #[prost(message, repeated, tag = "43")]
    alerts: Vec<EpisodeRow>,
    #[prost(message, optional, tag = "44")]
    expire_after: Option<Duration>,
    #[prost(message, optional, tag = "45")]
    proposed_until: Option<Timestamp>,
    #[prost(message, optional, tag = "46")]
    handover: Option<wire::Handover>,
    #[prost(message, optional, tag = "47")]
    pause: Option<wire::Pause>,
    #[prost(message, repeated, tag = "48")]
    pauses: Vec<wire::Pause>,
    #[prost(message, optional, tag = "49")]
    waiver: Option<wire::WaiverRequest>,
    #[prost(string, tag = "50")]
    superseded_by: String,
    #[prost(uint32, tag = "51")]
    moves: u32,
    #[prost(message, optional, tag = "52")]
    policy: Option<wire::PolicyRef>,
    #[prost(message, repeated, tag = "53")]
    attempts: Vec<wire::Attempt>,
    #[prost(message, optional, tag = "54")]
    tried: Option<wire::Tried>,
    #[prost(string, tag = "60")]
    reopens: String,
    #[prost(string, tag = "61")]
    reopen_reason: String,
    #[prost(string, tag = "62")]
    reopened_by: String,
    #[prost(message, repeated, tag = "63")]
    depends_on: Vec<DependencyRow>,
    #[prost(bool, tag = "64")]
    is_awaited: bool,
    #[prost(enumeration = "wire::CommitmentOrigin", tag = "75")]
    origin: i32,
    #[prost(message, optional, tag = "70")]
    series: Option<SeriesRow>,
    #[prost(string, tag = "71")]
    plan_id: String,
    #[prost(uint32, tag = "72")]
    step_no: u32,
}

/// The promise as a row.
pub fn to_row(commitment: Commitment) -> Vec<u8> {
    row_of(commitment).encode_to_vec()
}

#[expect(
    clippy::too_many_lines,
    reason = "each field is named twice, so that none can be forgotten"
)]
fn row_of(commitment: Commitment) -> Row {
    let Commitment {
        commitment_id,
        interaction_id,
        customer_id,
        customer_name,
        handles,
        made_by,
        team_id,
        site_id,
        kind,
        kind_code,
        origin,
        promise_text,
        told_to_customer,
        promised_by,
        due,
        promised_not_before,
        time_zone,
        due_revision,
        promise_lapsed,
        policy,
        target,
        target_revision,
        stages,
        warned,
        alerts,
        expire_after,
        proposed_until,
        owner,
        owner_team_id,
        handover,
        pause,
        pauses,
        waiver,
        superseded_by,
        depends_on,
        is_awaited,
        series,
        plan_id,
        step_no,
        reopens,
        reopened_by,
        attempts,
        tried,
        priority,
        read_back_confirmed,
        lifecycle,
        lapses,
        moves,
        reschedules,
        outcome,
        fulfilled_at,
        evidence,
        customer_informed,
        closed_at,
        closed_by,
        close_note,
        made_at,
        recorded_at,
        imported,
        version,
    } = commitment;
    let (due, due_resolution) = told_to_wire(due);
    let (reopens, reopen_reason) = reopens_to_wire(reopens);
    Row {
        commitment_id,
        interaction_id,
        customer_id: customer_id.unwrap_or_default(),
        customer_name,
        handles: handles.into_iter().map(Into::into).collect(),
        made_by,
        team_id,
        site_id,
        kind: wire::CommitmentKind::from(kind).into(),
        kind_code,
        origin: wire::CommitmentOrigin::from(origin).into(),
        promise_text,
        told_to_customer,
        promised_by: Some(time::to_wire(promised_by)),
        promised_not_before: promised_not_before.map(time::to_wire),
        time_zone,
        due_revision,
        owner: owner.map(Into::into),
        owner_team_id,
        priority: wire::Priority::from(priority).into(),
        read_back_confirmed,
        lifecycle: wire::CommitmentLifecycle::from(lifecycle).into(),
        lapses: lapses.into_iter().map(Into::into).collect(),
        reschedules: reschedules.into_iter().map(Into::into).collect(),
        promise_lapsed,
        policy: policy.map(Into::into),
        target: target.map(Into::into),
        target_revision,
        stages: stages.into_iter().map(Into::into).collect(),
        warned: warned.into_iter().map(clock_number).collect(),
        alerts: alerts.into_iter().map(Into::into).collect(),
        expire_after: Some(duration_to_wire(expire_after)),
        proposed_until: proposed_until.map(time::to_wire),
        handover: handover.map(Into::into),
        pause: pause.map(Into::into),
        pauses: pauses.into_iter().map(Into::into).collect(),
        waiver: waiver.map(Into::into),
        superseded_by: superseded_by.unwrap_or_default(),
        depends_on: depends_on.into_iter().map(Into::into).collect(),
        is_awaited,
        series: series.map(|series| (*series).into()),
        plan_id,
        step_no,
        reopens,
        reopen_reason,
        reopened_by: reopened_by.unwrap_or_default(),
        attempts: attempts.into_iter().map(Into::into).collect(),
        // Most promises are never tried: nothing is kept of them.
        tried: (tried.attempts > 0).then(|| tried.into()),
        moves,
        outcome: outcome.map_or(0, |outcome| wire::CommitmentOutcome::from(outcome).into()),
        fulfilled_at: fulfilled_at.map(time::to_wire),
        evidence: stored(evidence),
        customer_informed: stored(customer_informed),
        closed_at: closed_at.map(time::to_wire),
        closed_by,
        close_note,
        made_at: Some(time::to_wire(made_at)),
        recorded_at: Some(time::to_wire(recorded_at)),
        imported,
        version,
        due,
        due_resolution,
    }
}

/// The promise that [`to_row`] wrote.
///
/// # Errors
/// [`UnreadableRow`] for what [`to_row`] didn't write.
#[expect(
    clippy::too_many_lines,
    reason = "each field is named, so that none can be forgotten"
)]
pub fn from_row(row: impl Buf) -> Result<Commitment, UnreadableRow> {
    let row = Row::decode(row)?;
    let kind = specified("kind", row.kind())?;
    let priority = specified("priority", row.priority())?;
    let lifecycle: Lifecycle = specified("lifecycle", row.lifecycle())?;
    let outcome = match lifecycle.is_over() {
        false => None,
        true => Some(specified("outcome", row.outcome())?),
    };
    let warned = row.warned();
    let warned = warned.filter_map(|clock| domain::Clock::try_from(clock).ok());
    let warned = warned.collect();
    let origin = row.origin().into();
    let at = |stored: Option<Timestamp>| stored.as_ref().and_then(time::from_wire);
    Ok(Commitment {
        commitment_id: row.commitment_id,
        interaction_id: row.interaction_id,
        customer_id: text(row.customer_id),
        customer_name: row.customer_name,
        handles: handles_from_wire(&row.handles),
        made_by: row.made_by,
        team_id: row.team_id,
        site_id: row.site_id,
        kind,
        kind_code: row.kind_code,
        origin,
        promise_text: row.promise_text,
        told_to_customer: row.told_to_customer,
        promised_by: required("promised_by", row.promised_by.as_ref())?,
        due: told_from_wire(row.due, row.due_resolution),
        promised_not_before: at(row.promised_not_before),
        time_zone: row.time_zone,
        due_revision: row.due_revision,
        owner: row.owner.and_then(owner_from_wire),
        owner_team_id: row.owner_team_id,
        priority,
        read_back_confirmed: row.read_back_confirmed,
        lifecycle,
        lapses: all(row.lapses)?,
        reschedules: all(row.reschedules)?,
        promise_lapsed: row.promise_lapsed,
        policy: row.policy.map(Into::into),
        target: row.target.map(TryInto::try_into).transpose()?,
        target_revision: row.target_revision,
        stages: all(row.stages)?,
        warned,
        alerts: all(row.alerts)?,
        expire_after: length("expire_after", row.expire_after.as_ref())?,
        proposed_until: at(row.proposed_until),
        handover: row.handover.map(TryInto::try_into).transpose()?,
        pause: row.pause.map(TryInto::try_into).transpose()?,
        pauses: all(row.pauses)?,
        waiver: row.waiver.map(TryInto::try_into).transpose()?,
        superseded_by: text(row.superseded_by),
        depends_on: all(row.depends_on)?,
        is_awaited: row.is_awaited,
        series: row.series.map(SeriesRow::read).transpose()?,
        plan_id: row.plan_id,
        step_no: row.step_no,
        reopens: reopens_from_wire(row.reopens, row.reopen_reason),
        reopened_by: text(row.reopened_by),
        attempts: all(row.attempts)?,
        tried: row.tried.map_or_else(Tried::default, Into::into),
        moves: row.moves,
        outcome,
        fulfilled_at: at(row.fulfilled_at),
        evidence: read(row.evidence),
        customer_informed: read(row.customer_informed),
        closed_at: at(row.closed_at),
        closed_by: row.closed_by,
        close_note: row.close_note,
        made_at: required("made_at", row.made_at.as_ref())?,
        recorded_at: required("recorded_at", row.recorded_at.as_ref())?,
        imported: row.imported,
        version: row.version,
    })
}

fn clock_number(clock: domain::Clock) -> i32 {
    wire::CommitmentClock::from(clock).into()
}

/// The parts of a promise, if each can be read.
fn all<W, D: TryFrom<W, Error = Unreadable>>(parts: Vec<W>) -> Result<Vec<D>, Unreadable> {
    parts.into_iter().map(D::try_from).collect()
}

/// Nothing where there is no evidence.
fn stored(evidence: domain::Evidence) -> Option<Evidence> {
    let is_given = evidence.is_given();
    let (interaction_id, message_id) = evidence_to_wire(evidence);
    is_given.then_some(Evidence {
        interaction_id,
        message_id,
    })
}

fn read(evidence: Option<Evidence>) -> domain::Evidence {
    let Evidence {
        interaction_id,
        message_id,
    } = evidence.unwrap_or_default();
    evidence_from_wire(interaction_id, message_id)
}
