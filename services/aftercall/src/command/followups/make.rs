//! Making promises after their contact, and anew after their end, and what they wait for.

use aftercall_proto::followups::v1::batch_commitments_request::Command;
use aftercall_proto::followups::v1::{
    BatchTarget, MakeCommitmentRequest, ReopenCommitmentRequest, SetDependenciesRequest,
};
use aftercall_proto::model::v1::owner::Owner as Keeper;
use aftercall_proto::model::v1::{CommitmentDraft, CommitmentKind, Owner, Priority};
use clap::ArgGroup;

use super::batch::{Target, act, batch};
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
    /// The contact in which it was given; given again, the same is made in each
    #[arg(long, value_name = "INTERACTION")]
    contact: Vec<String>,
    /// To whom it was given; left out, to the contact's customer; given again, the same is made to each
    #[arg(long, value_name = "ID")]
    customer: Vec<String>,
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

/// What a promise waits for.
#[derive(Debug, clap::Args)]
pub struct DependArgs {
    #[command(flatten)]
    target: Target,
    /// A promise to the same customer that has to be kept first; may be given again
    #[arg(long, value_name = "COMMITMENT", required_unless_present = "nothing")]
    on: Vec<String>,
    /// It waits for nothing any more
    #[arg(long, conflicts_with = "on")]
    nothing: bool,
}

/// Says what promises wait for, and prints it.
pub(super) async fn depend(session: &mut Session, args: DependArgs) -> Result<(), CommandError> {
    let request = SetDependenciesRequest {
        depends_on: args.on,
        ..Default::default()
    };
    act(session, args.target, request).await
}

/// Which promise is taken up again, and by when.
#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(group(ArgGroup::new("anew").required(true).args(["by", "within", "days", "date", "part"])))]
pub struct ReopenArgs {
    #[command(flatten)]
    target: Target,
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

/// Takes promises up again, and prints the new ones.
pub(super) async fn reopen(session: &mut Session, args: ReopenArgs) -> Result<(), CommandError> {
    let request = ReopenCommitmentRequest {
        reason: args.reason,
        promised_by: session.optional_instant(args.by.as_ref())?,
        due: args.due.said(),
        told_to_customer: args.told,
        ..Default::default()
    };
    act(session, args.target, request).await
}

/// Makes a promise, or the same one several times, and prints what was made.
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
    let mut request = MakeCommitmentRequest {
        commitment: Some(draft),
        made_at: session.optional_instant(args.made.as_ref())?,
        settings_position: session.after.clone(),
        ..Default::default()
    };
    let request_id = args.request_id.unwrap_or_default();
    let mut targets = targets(args.contact, args.customer)?;
    if targets.len() > 1 {
        return batch(session, targets, &request_id, Command::Make(request)).await;
    }
    let target = targets.pop().unwrap_or_default();
    request.request_id = request_id;
    (request.interaction_id, request.customer_id) = (target.interaction_id, target.customer_id);
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        card(answer.commitment.as_ref(), &answer.warnings, output)
    })
}

/// Where and to whom it is promised: in one contact, to one customer, or in several contacts or to several customers.
fn targets(
    contacts: Vec<String>,
    customers: Vec<String>,
) -> Result<Vec<BatchTarget>, CommandError> {
    if let ([contact], [customer]) = (&contacts[..], &customers[..]) {
        return Ok(vec![BatchTarget {
            interaction_id: contact.clone(),
            customer_id: customer.clone(),
            ..BatchTarget::default()
        }]);
    }
    if !contacts.is_empty() && !customers.is_empty() {
        let text = "--contact and --customer together are about one promise: give each of them once, or \
                    one of them alone";
        return Err(CommandError::Usage(text.to_owned()));
    }
    let contacts = contacts.into_iter().map(|interaction_id| BatchTarget {
        interaction_id,
        ..BatchTarget::default()
    });
    let customers = customers.into_iter().map(|customer_id| BatchTarget {
        customer_id,
        ..BatchTarget::default()
    });
    Ok(contacts.chain(customers).collect())
}
