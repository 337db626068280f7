//! Making promises after their contact, and anew after their end, and what they wait for.

use aftercall_proto::followups::v1::{
    MakeCommitmentRequest, ReopenCommitmentRequest, SetDependenciesRequest,
};
use aftercall_proto::model::v1::owner::Owner as Keeper;
use aftercall_proto::model::v1::{CommitmentDraft, CommitmentKind, Owner, Priority};
use clap::ArgGroup;

use super::card;
use super::series::RecurArgs;
use crate::command::due::DueArgs;
use crate::command::{CommandError, Session};
use crate::output::{When, past, values};

/// A promise, and where it was given.
#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(
    group(ArgGroup::new("whose").required(true).multiple(true).args(["contact", "customer"])),
    group(ArgGroup::new("said").required(true).args(["by", "within", "days", "date", "part"])),
)]
pub struct MakeArgs {
    /// The contact in which it was given
    #[arg(long, value_name = "INTERACTION")]
    contact: Option<String>,
    /// To whom it was given; left out, to the contact's customer
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// What sort of promise
    #[arg(long, value_parser = values::<CommitmentKind>())]
    kind: i32,
    /// The promise, word for word
    #[arg(long, value_name = "TEXT")]
    words: Option<String>,
    /// A task of ours, of which the customer was not told
    #[arg(long)]
    not_told: bool,
    /// The due: "2026-11-22 17:00" in your own time zone, or `2h`
    #[arg(long, value_name = "TIME")]
    by: Option<When>,
    #[command(flatten)]
    due: DueArgs,
    /// When it was given: "2026-11-22 17:00", or 2h for two hours ago; left out, when the contact began, or now
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = past)]
    made: Option<When>,
    /// Only proposed: dropped unless somebody confirms it by then, at most 7 days ahead: `1d`
    #[arg(long, value_name = "TIME")]
    proposed_until: Option<When>,
    /// The agent who is to keep it; left out, the contact's, or you
    #[arg(long, value_name = "ID", conflicts_with = "queue")]
    agent: Option<String>,
    /// The queue from which it is to be worked off
    #[arg(long, value_name = "ID")]
    queue: Option<String>,
    /// The team of whoever keeps it
    #[arg(long, value_name = "ID")]
    team: Option<String>,
    /// How urgent
    #[arg(long, value_parser = values::<Priority>())]
    priority: Option<i32>,
    /// A promise to the same customer that has to be kept first; may be given again
    #[arg(long, value_name = "COMMITMENT")]
    on: Vec<String>,
    /// The plan that it is a step of
    #[arg(long, value_name = "ID")]
    plan: Option<String>,
    /// Which step of the plan
    #[arg(long, value_name = "N", requires = "plan")]
    step: Option<u32>,
    #[command(flatten)]
    recur: RecurArgs,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

/// Which command it is, and about which version of a promise.
#[derive(Debug, clap::Args)]
pub(super) struct Once {
    /// Refuses if the promise has changed since this version
    #[arg(
        long,
        value_name = "VERSION",
        default_value_t = 0,
        hide_default_value = true
    )]
    pub(super) expected_version: u64,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID")]
    pub(super) request_id: Option<String>,
}

/// What a promise waits for.
#[derive(Debug, clap::Args)]
pub struct DependArgs {
    /// The promise's id
    commitment: String,
    #[command(flatten)]
    once: Once,
    /// A promise to the same customer that has to be kept first; may be given again
    #[arg(long, value_name = "COMMITMENT", required_unless_present = "nothing")]
    on: Vec<String>,
    /// It waits for nothing any more
    #[arg(long, conflicts_with = "on")]
    nothing: bool,
}

/// Says what a promise waits for, and prints it.
pub(super) async fn depend(session: &mut Session, args: DependArgs) -> Result<(), CommandError> {
    let request = SetDependenciesRequest {
        request_id: args.once.request_id.unwrap_or_default(),
        commitment_id: args.commitment,
        expected_version: args.once.expected_version,
        depends_on: args.on,
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        card(answer.commitment.as_ref(), &answer.warnings, output)
    })
}

/// Which promise is taken up again, and by when.
#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(group(ArgGroup::new("anew").required(true).args(["by", "within", "days", "date", "part"])))]
pub struct ReopenArgs {
    /// The promise's id
    commitment: String,
    #[command(flatten)]
    once: Once,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The new due: "2026-11-22 17:00" in your own time zone, or `2h`
    #[arg(long, value_name = "TIME")]
    by: Option<When>,
    #[command(flatten)]
    due: DueArgs,
    /// The customer was told of the new due; without it, it is a task of ours
    #[arg(long)]
    told: bool,
}

/// Takes a promise up again, and prints the new one.
pub(super) async fn reopen(session: &mut Session, args: ReopenArgs) -> Result<(), CommandError> {
    let request = ReopenCommitmentRequest {
        request_id: args.once.request_id.unwrap_or_default(),
        commitment_id: args.commitment,
        expected_version: args.once.expected_version,
        reason: args.reason,
        promised_by: session.optional_instant(args.by.as_ref())?,
        due: args.due.said(),
        told_to_customer: args.told,
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        card(answer.commitment.as_ref(), &answer.warnings, output)
    })
}

/// Makes a promise, and prints it.
pub(super) async fn make(session: &mut Session, args: MakeArgs) -> Result<(), CommandError> {
    let keeper = args
        .agent
        .map(Keeper::AgentId)
        .or(args.queue.map(Keeper::QueueId));
    let promised_by = session.optional_instant(args.by.as_ref())?;
    let recurrence = args.recur.read(session)?;
    let draft = CommitmentDraft {
        recurrence,
        plan_id: args.plan.unwrap_or_default(),
        step_no: args.step.unwrap_or_default(),
        kind: args.kind,
        promise_text: args.words.unwrap_or_default(),
        told_to_customer: !args.not_told,
        promised_by,
        proposed_until: session.optional_instant(args.proposed_until.as_ref())?,
        due: args.due.said(),
        time_zone: session.output.times().zone_name(),
        owner: keeper.map(|owner| Owner { owner: Some(owner) }),
        owner_team_id: args.team.unwrap_or_default(),
        priority: args.priority.unwrap_or_default(),
        depends_on: args.on,
        ..Default::default()
    };
    let request = MakeCommitmentRequest {
        request_id: args.request_id.unwrap_or_default(),
        commitment: Some(draft),
        interaction_id: args.contact.unwrap_or_default(),
        customer_id: args.customer.unwrap_or_default(),
        made_at: session.optional_instant(args.made.as_ref())?,
        settings_position: session.after.clone(),
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        card(answer.commitment.as_ref(), &answer.warnings, output)
    })
}
