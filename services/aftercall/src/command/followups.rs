//! `followups`: promises, and what becomes of them.

mod change;

use aftercall_proto::followups::v1::{
    CancelCommitmentRequest, CommitmentFilter, FulfilCommitmentRequest, GetCommitmentRequest,
    ListCommitmentsRequest, RescheduleCommitmentRequest,
};
use aftercall_proto::model::v1::{
    Commitment, CommitmentKind, CommitmentLifecycle, CommitmentOutcome, Priority, Timeliness,
    Warning,
};

use super::listing::{LIMIT, PAGE_MAX, page_size, tabled};
use super::{CommandError, Session, due, promise, warnings};
use crate::output::{Cell, Column, Output, Table, When, label, past, values};

/// Promises: which are open, and what became of them
#[derive(Debug, clap::Subcommand)]
pub enum Followups {
    /// Promises by filter, the earliest due first
    List(ListArgs),
    /// One promise in full
    Show(ShowArgs),
    /// Which instant a due would be, if it were told now, and why
    Preview(due::PreviewArgs),
    /// Why a promise is due when it is
    Explain(due::ExplainArgs),
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
}

/// Which promises to list.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Promises to this customer
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// Promises to whoever has this number, address or name in a chat, in any usual spelling
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    handle: Option<String>,
    /// Promises that this agent keeps
    #[arg(long, value_name = "ID")]
    agent: Option<String>,
    /// Promises that this queue keeps
    #[arg(long, value_name = "ID")]
    queue: Option<String>,
    /// Promises that you keep, or are asked to keep
    #[arg(long)]
    mine: bool,
    /// Promises made by an agent of this team
    #[arg(long, value_name = "ID")]
    team: Option<String>,
    /// Promises kept in this team
    #[arg(long, value_name = "ID")]
    owner_team: Option<String>,
    /// What sort of promise
    #[arg(long, value_parser = values::<CommitmentKind>())]
    kind: Option<i32>,
    /// How urgent
    #[arg(long, value_parser = values::<Priority>())]
    priority: Option<i32>,
    /// Open, or how closed; `active` and `paused` unless --outcome or --all is given
    #[arg(long, value_parser = values::<CommitmentLifecycle>())]
    state: Option<i32>,
    /// Open and closed ones
    #[arg(long, conflicts_with = "state")]
    all: bool,
    /// Late or not
    #[arg(long, value_parser = values::<Timeliness>())]
    timeliness: Option<i32>,
    /// What became of it
    #[arg(long, value_parser = values::<CommitmentOutcome>())]
    outcome: Option<i32>,
    /// Due at this time or later
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    due_from: Option<When>,
    /// Due before this time: `1d` for what is due within a day
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    due_before: Option<When>,
    /// Due today, in your time zone; what is overdue is not today's
    #[arg(long, conflicts_with_all = ["due_from", "due_before"])]
    today: bool,
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

/// Which promise a command is about.
#[derive(Debug, clap::Args)]
pub struct Target {
    /// The promise's id
    commitment: String,
    /// Refuses if the promise has changed since this version
    #[arg(
        long,
        value_name = "VERSION",
        default_value_t = 0,
        hide_default_value = true
    )]
    expected_version: u64,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

/// How a promise was kept.
#[derive(Debug, clap::Args)]
pub struct FulfilArgs {
    #[command(flatten)]
    target: Target,
    /// When it was done: "2026-11-22 17:00", or 2h for two hours ago; left out, now
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = past)]
    at: Option<When>,
    /// The contact in which it was done
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
    /// The contact in which the customer let us off; without it, a promise that the customer was
    /// told counts as broken
    #[arg(long, value_name = "INTERACTION")]
    customer_informed: Option<String>,
    /// The message in which the customer let us off, by its id in the mail or chat system
    #[arg(long, value_name = "MESSAGE")]
    customer_informed_message: Option<String>,
}

/// When a promise is due instead.
#[derive(Debug, clap::Args)]
pub struct RescheduleArgs {
    #[command(flatten)]
    target: Target,
    /// The new due: "2026-11-22 17:00" in your own time zone, or `2h`
    #[arg(long, value_name = "TIME")]
    to: When,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The contact in which the customer was told; without it, only our own due moves
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
        Followups::Show(args) => show(session, args).await,
        Followups::Preview(args) => due::preview(session, args).await,
        Followups::Explain(args) => due::explain(session, args).await,
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
    }
}

async fn list(session: &mut Session, args: ListArgs) -> Result<(), CommandError> {
    let limit = args.limit;
    let request = args.into_request(session)?;
    tabled(session, request, limit, "no such promises", table).await
}

impl ListArgs {
    fn into_request(self, session: &Session) -> Result<ListCommitmentsRequest, CommandError> {
        let everything = self.all || self.outcome.is_some();
        let lifecycles = match self.state {
            Some(state) => vec![state],
            None if everything => Vec::new(),
            None => vec![
                CommitmentLifecycle::Active.into(),
                CommitmentLifecycle::Paused.into(),
            ],
        };
        let now = session.clock.now();
        let today = self.today.then(|| session.output.times().day(now));
        let filter = CommitmentFilter {
            customer_ids: self.customer.into_iter().collect(),
            handles: self.handle.into_iter().collect(),
            owner_agent_ids: self.agent.into_iter().collect(),
            owner_queue_ids: self.queue.into_iter().collect(),
            owner_team_ids: self.owner_team.into_iter().collect(),
            team_ids: self.team.into_iter().collect(),
            kinds: self.kind.into_iter().collect(),
            priorities: self.priority.into_iter().collect(),
            lifecycles,
            mine: self.mine,
            due_on: today,
            timeliness: self.timeliness.into_iter().collect(),
            outcomes: self.outcome.into_iter().collect(),
            due_from: session.optional_instant(self.due_from.as_ref())?,
            due_before: session.optional_instant(self.due_before.as_ref())?,
            ..Default::default()
        };
        Ok(ListCommitmentsRequest {
            filter: Some(filter),
            page_size: page_size(self.limit, PAGE_MAX),
            min_position: session.after.clone(),
            ..Default::default()
        })
    }
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
        request_id: args.target.request_id.unwrap_or_default(),
        commitment_id: args.target.commitment,
        expected_version: args.target.expected_version,
        fulfilled_at: session.optional_instant(args.at.as_ref())?,
        evidence_interaction_id: args.evidence.unwrap_or_default(),
        evidence_message_id: args.evidence_message.unwrap_or_default(),
        note: args.note.unwrap_or_default(),
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        card(answer.commitment.as_ref(), &answer.warnings, output)
    })
}

async fn cancel(session: &mut Session, args: CancelArgs) -> Result<(), CommandError> {
    let request = CancelCommitmentRequest {
        request_id: args.target.request_id.unwrap_or_default(),
        commitment_id: args.target.commitment,
        expected_version: args.target.expected_version,
        reason: args.reason,
        customer_informed_interaction_id: args.customer_informed.unwrap_or_default(),
        customer_informed_message_id: args.customer_informed_message.unwrap_or_default(),
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        card(answer.commitment.as_ref(), &answer.warnings, output)
    })
}

async fn reschedule(session: &mut Session, args: RescheduleArgs) -> Result<(), CommandError> {
    let request = RescheduleCommitmentRequest {
        request_id: args.target.request_id.unwrap_or_default(),
        commitment_id: args.target.commitment,
        expected_version: args.target.expected_version,
        promised_by: Some(session.instant(&args.to)?),
        reason: args.reason,
        customer_informed_interaction_id: args.customer_informed.unwrap_or_default(),
        customer_informed_message_id: args.customer_informed_message.unwrap_or_default(),
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        card(answer.commitment.as_ref(), &answer.warnings, output)
    })
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
