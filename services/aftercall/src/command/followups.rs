//! `followups`: promises, and what becomes of them.

mod batch;
mod board;
mod change;
mod feed;
mod filter;
mod find;
mod make;
mod repeats;
mod series;

use aftercall_proto::followups::v1::{
    CancelCommitmentRequest, FulfilCommitmentRequest, GetCommitmentRequest, ListCommitmentsRequest,
    RescheduleCommitmentRequest,
};
use aftercall_proto::model::v1::{Commitment, CommitmentKind, Warning};
use clap::ArgGroup;

use super::listing::{LIMIT, PAGE_MAX, page_size, tabled};
use super::{CommandError, Session, due, promise, warnings};
use crate::output::{Cell, Column, Output, Table, When, label, past};
use batch::{Target, act};
pub(crate) use filter::FilterArgs;
pub(crate) use series::of_series;

/// Promises: which are open, and what became of them
#[derive(Debug, clap::Subcommand)]
pub enum Followups {
    /// Promises by filter, the earliest due first
    List(ListArgs),
    /// How many promises there are, by team, owner, kind and the like
    Count(board::CountArgs),
    /// Every change of a promise as it happens, until interrupted
    Watch(board::WatchArgs),
    /// One promise in full
    Show(ShowArgs),
    /// Which instant a due would be, if it were told now, and why
    Preview(due::PreviewArgs),
    /// Why a promise is due when it is
    Explain(due::ExplainArgs),
    /// Finds promises in what an agent said, and says by which words; records nothing
    FindPromises(find::FindArgs),
    /// Makes a promise after its contact, or one that was given in no contact of ours; or the same one several times
    Make(Box<make::MakeArgs>),
    /// Says what promises wait for: others to the same customer, which have to be kept first
    Depend(make::DependArgs),
    /// Takes promises up again that have ended in the last seven days, each by a new one
    Reopen(make::ReopenArgs),
    /// Ends a series of promises: no further one is made, and those that are open are to be kept
    EndSeries(series::EndSeriesArgs),
    /// How many contacts there were because promises were not kept
    Repeats(repeats::RepeatsArgs),
    /// Says that a promise was kept
    Fulfil(FulfilArgs),
    /// Calls a promise off
    Cancel(CancelArgs),
    /// Moves a promise's due: with the customer told the promise, else our own due only
    Reschedule(RescheduleArgs),
    /// Notes that the customer was tried, and what came of it
    Attempt(change::AttemptArgs),
    /// Lets our own clock stand still; the promise to the customer goes on
    Pause(change::PauseArgs),
    /// Lets our own clock go on
    Resume(change::PlainArgs),
    /// Gives a promise to somebody else; until they accept it, its owner keeps it
    Reassign(change::ReassignArgs),
    /// Gives all open promises of an agent to somebody else: the agent is ill, or gone
    ReassignAll(change::ReassignAllArgs),
    /// Accepts a promise that you are asked to keep
    Accept(change::PlainArgs),
    /// Declines a promise that you are asked to keep, or takes back that somebody was asked
    Decline(change::PlainArgs),
    /// Says that a proposal was promised
    Confirm(change::PlainArgs),
    /// Says that a proposal was not promised
    Dismiss(change::ReasonArgs),
    /// Asks to let a promise go; somebody else has to agree
    AskWaiver(change::ReasonArgs),
    /// Lets a promise go, as somebody else asked
    Waive(change::ReasonArgs),
    /// Does not let a promise go
    DeclineWaiver(change::ReasonArgs),
    /// Says that another promise to the same customer took its place
    Supersede(change::SupersedeArgs),
    /// Calendars of open promises, under secret addresses
    #[command(subcommand)]
    Feed(feed::Feed),
}

/// Which promises to list.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// How many to show
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
}

/// Which promise to show.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// The promise's id
    commitment: String,
}

/// How a promise was kept.
#[derive(Debug, clap::Args)]
pub struct FulfilArgs {
    #[command(flatten)]
    target: Target,
    /// When it was done: "2026-11-22 17:00", or 2h for two hours ago; left out, when the contact of
    /// --evidence began, or now
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = past)]
    at: Option<When>,
    /// The contact in which it was done; the one in which it was promised only with --at
    #[arg(long, value_name = "INTERACTION")]
    evidence: Option<String>,
    /// The message with which it was done, by its id in the mail or chat system
    #[arg(long, value_name = "MESSAGE")]
    evidence_message: Option<String>,
    /// How it was done
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

/// Why a promise is called off.
#[derive(Debug, clap::Args)]
pub struct CancelArgs {
    #[command(flatten)]
    target: Target,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The contact in which the customer let us off, which began after it was promised; without it, a
    /// promise that the customer was told counts as broken
    #[arg(long, value_name = "INTERACTION")]
    customer_informed: Option<String>,
    /// The message in which the customer let us off, by its id in the mail or chat system
    #[arg(long, value_name = "MESSAGE")]
    customer_informed_message: Option<String>,
}

/// When a promise is due instead.
#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(group(ArgGroup::new("anew").required(true).args(["by", "within", "days", "date", "part"])))]
pub struct RescheduleArgs {
    #[command(flatten)]
    target: Target,
    /// The new due: "2026-11-22 17:00" in your own time zone, or `2h`
    #[arg(long, visible_alias = "to", value_name = "TIME")]
    by: Option<When>,
    #[command(flatten)]
    due: due::DueArgs,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The contact in which the customer was told, which began after it was promised; without it,
    /// only our own due moves
    #[arg(long, value_name = "INTERACTION")]
    customer_informed: Option<String>,
    /// The message in which the customer was told, by its id in the mail or chat system
    #[arg(long, value_name = "MESSAGE")]
    customer_informed_message: Option<String>,
}

/// Runs one of the commands.
///
/// # Errors
/// When the server refuses, or the output takes no more.
pub async fn run(session: &mut Session, command: Followups) -> Result<(), CommandError> {
    match command {
        Followups::List(args) => list(session, args).await,
        Followups::Count(args) => board::count(session, args).await,
        Followups::Watch(args) => board::watch(session, args).await,
        Followups::Show(args) => show(session, args).await,
        Followups::Preview(args) => due::preview(session, args).await,
        Followups::Explain(args) => due::explain(session, args).await,
        Followups::FindPromises(args) => find::find(session, args).await,
        Followups::Make(args) => make::make(session, *args).await,
        Followups::Depend(args) => make::depend(session, args).await,
        Followups::Reopen(args) => make::reopen(session, args).await,
        Followups::EndSeries(args) => series::end(session, args).await,
        Followups::Repeats(args) => repeats::repeats(session, args).await,
        Followups::Fulfil(args) => fulfil(session, args).await,
        Followups::Cancel(args) => cancel(session, args).await,
        Followups::Reschedule(args) => reschedule(session, args).await,
        Followups::Attempt(args) => change::attempt(session, args).await,
        Followups::Pause(args) => change::pause(session, args).await,
        Followups::Resume(args) => change::resume(session, args).await,
        Followups::Reassign(args) => change::reassign(session, args).await,
        Followups::ReassignAll(args) => change::reassign_all(session, args).await,
        Followups::Accept(args) => change::accept(session, args).await,
        Followups::Decline(args) => change::decline(session, args).await,
        Followups::Confirm(args) => change::confirm(session, args).await,
        Followups::Dismiss(args) => change::dismiss(session, args).await,
        Followups::AskWaiver(args) => change::ask_waiver(session, args).await,
        Followups::Waive(args) => change::waive(session, args).await,
        Followups::DeclineWaiver(args) => change::decline_waiver(session, args).await,
        Followups::Supersede(args) => change::supersede(session, args).await,
        Followups::Feed(command) => feed::run(session, command).await,
    }
}

async fn list(session: &mut Session, args: ListArgs) -> Result<(), CommandError> {
    let is_plan = args.filter.is_plan();
    let request = ListCommitmentsRequest {
        filter: Some(args.filter.read(session)?),
        page_size: page_size(args.limit, PAGE_MAX),
        min_position: session.after.clone(),
        ..Default::default()
    };
    let table = if is_plan { steps } else { table };
    tabled(session, request, args.limit, "no such promises", table).await
}

/// The promises of plans, step by step.
fn steps(commitments: &[Commitment], output: &mut Output) -> std::io::Result<()> {
    let mut steps = commitments.to_vec();
    steps.sort_by(|one, other| (&one.plan_id, one.step_no).cmp(&(&other.plan_id, other.step_no)));
    table(&steps, output)
}

fn table(commitments: &[Commitment], output: &mut Output) -> std::io::Result<()> {
    let mut table = Table::new([
        Column::full("promised by"),
        Column::full("state"),
        Column::full("what"),
        Column::narrows("customer"),
        Column::narrows("reached under"),
        Column::narrows("kept by"),
        Column::words("words"),
        Column::id("id"),
    ]);
    for commitment in commitments {
        let (standing, style) = promise::standing(commitment);
        table.row([
            Cell::from(output.times().minute(commitment.promised_by.as_ref())),
            Cell::styled(standing, style),
            Cell::from(label::<CommitmentKind>(commitment.kind)),
            Cell::from(promise::made_to(commitment)),
            Cell::from(promise::reached_under(commitment)),
            Cell::from(promise::keeper(commitment.owner.as_ref())),
            Cell::from(promise::quoted(&commitment.promise_text)),
            Cell::from(&commitment.commitment_id),
        ]);
    }
    table.print(output)
}

async fn show(session: &mut Session, args: ShowArgs) -> Result<(), CommandError> {
    let request = GetCommitmentRequest {
        commitment_id: args.commitment,
        min_position: session.after.clone(),
        ..Default::default()
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        card(answer.commitment.as_ref(), &[], output)
    })
}

async fn fulfil(session: &mut Session, args: FulfilArgs) -> Result<(), CommandError> {
    let request = FulfilCommitmentRequest {
        fulfilled_at: session.optional_instant(args.at.as_ref())?,
        evidence_interaction_id: args.evidence.unwrap_or_default(),
        evidence_message_id: args.evidence_message.unwrap_or_default(),
        note: args.note.unwrap_or_default(),
        ..Default::default()
    };
    act(session, args.target, request).await
}

async fn cancel(session: &mut Session, args: CancelArgs) -> Result<(), CommandError> {
    let request = CancelCommitmentRequest {
        reason: args.reason,
        customer_informed_interaction_id: args.customer_informed.unwrap_or_default(),
        customer_informed_message_id: args.customer_informed_message.unwrap_or_default(),
        ..Default::default()
    };
    act(session, args.target, request).await
}

async fn reschedule(session: &mut Session, args: RescheduleArgs) -> Result<(), CommandError> {
    let request = RescheduleCommitmentRequest {
        promised_by: session.optional_instant(args.by.as_ref())?,
        due: args.due.said(),
        reason: args.reason,
        customer_informed_interaction_id: args.customer_informed.unwrap_or_default(),
        customer_informed_message_id: args.customer_informed_message.unwrap_or_default(),
        ..Default::default()
    };
    act(session, args.target, request).await
}

/// Prints the promise as an answer left it, and what was not taken as it was sent.
fn card(
    commitment: Option<&Commitment>,
    warned: &[Warning],
    output: &mut Output,
) -> std::io::Result<()> {
    if let Some(commitment) = commitment {
        promise::card(commitment, output)?;
    }
    warnings(warned, output)
}
