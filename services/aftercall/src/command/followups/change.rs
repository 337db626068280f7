//! What can be done with a promise besides keeping, calling off and moving it.

use aftercall_proto::convert::due::duration_to_wire;
use aftercall_proto::followups::v1::{
    AcceptHandoverRequest, ConfirmCommitmentRequest, DeclineWaiverRequest,
    DismissCommitmentRequest, EndHandoverRequest, PauseCommitmentRequest, ReassignAllRequest,
    ReassignAllResponse, ReassignCommitmentRequest, RecordAttemptRequest, RequestWaiverRequest,
    ResumeCommitmentRequest, SupersedeCommitmentRequest, WaiveCommitmentRequest,
};
use aftercall_proto::model::v1::owner::Owner as Keeper;
use aftercall_proto::model::v1::{AttemptResult, Owner, PauseReason};
use jiff::SignedDuration;

use super::{Target, act};
use crate::command::{CommandError, Session};
use crate::output::{Cell, Column, Output, Style, Table, When, past, values};

/// A command that says nothing but which promise it is about.
#[derive(Debug, clap::Args)]
pub struct PlainArgs {
    #[command(flatten)]
    target: Target,
}

/// A command that says why.
#[derive(Debug, clap::Args)]
pub struct ReasonArgs {
    #[command(flatten)]
    target: Target,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Why and until when our own clock stands still.
#[derive(Debug, clap::Args)]
pub struct PauseArgs {
    #[command(flatten)]
    target: Target,
    /// Why
    #[arg(long, value_parser = values::<PauseReason>())]
    reason: i32,
    /// When it goes on by itself: "2026-11-22 17:00", or `2d`; left out, when somebody says so
    #[arg(long, value_name = "TIME")]
    until: Option<When>,
    /// What else is to be said of it
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

/// Who is to keep a promise.
#[derive(Debug, clap::Args)]
pub struct ReassignArgs {
    #[command(flatten)]
    target: Target,
    /// The agent who is to keep it
    #[arg(
        long,
        value_name = "ID",
        required_unless_present = "to_queue",
        conflicts_with = "to_queue"
    )]
    to_agent: Option<String>,
    /// The queue from which it is to be worked off
    #[arg(long, value_name = "ID")]
    to_queue: Option<String>,
    /// Their team
    #[arg(long, value_name = "ID")]
    team: Option<String>,
    /// How long they have to accept it; left out, as its policy says, or 4h
    #[arg(long, value_name = "SPAN", conflicts_with = "at_once")]
    accept_within: Option<SignedDuration>,
    /// Theirs at once, without being asked: for team leads and supervisors
    #[arg(long)]
    at_once: bool,
}

/// Whose promises are given away, and to whom.
#[derive(Debug, clap::Args)]
pub struct ReassignAllArgs {
    /// The agent who can't keep them
    #[arg(long, value_name = "ID")]
    from_agent: String,
    /// The agent who is to keep them
    #[arg(
        long,
        value_name = "ID",
        required_unless_present = "to_queue",
        conflicts_with = "to_queue"
    )]
    to_agent: Option<String>,
    /// The queue from which they are to be worked off
    #[arg(long, value_name = "ID")]
    to_queue: Option<String>,
    /// Their team
    #[arg(long, value_name = "ID")]
    team: Option<String>,
    /// How long they have to accept each; left out, as its policy says, or 4h
    #[arg(long, value_name = "SPAN", conflicts_with = "at_once")]
    accept_within: Option<SignedDuration>,
    /// Theirs at once, without being asked
    #[arg(long)]
    at_once: bool,
}

/// What came of an attempt.
#[derive(Debug, clap::Args)]
pub struct AttemptArgs {
    #[command(flatten)]
    target: Target,
    /// What came of it
    #[arg(long, value_parser = values::<AttemptResult>())]
    result: i32,
    /// When: "2026-11-22 17:00", or 2h for two hours ago; left out, when the contact of --evidence
    /// began, or now
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = past)]
    at: Option<When>,
    /// How long the customer was talked to, such as 90s; left out, as the contact of --evidence tells
    #[arg(long, value_name = "SPAN")]
    talked: Option<SignedDuration>,
    /// The contact in which it was made; without it, nothing is kept by reaching the customer
    #[arg(long, value_name = "INTERACTION")]
    evidence: Option<String>,
    /// The message with which it was made, by its id in the mail or chat system
    #[arg(long, value_name = "MESSAGE")]
    evidence_message: Option<String>,
}

/// Which promise took another's place.
#[derive(Debug, clap::Args)]
pub struct SupersedeArgs {
    #[command(flatten)]
    target: Target,
    /// The promise that took its place
    #[arg(long, value_name = "ID")]
    by: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Sends a request that says nothing but which promise it is about, and prints the promise.
macro_rules! plain {
    ($($name:ident: $request:ident;)+) => {$(
        pub(super) async fn $name(session: &mut Session, args: PlainArgs) -> Result<(), CommandError> {
            act(session, args.target, $request::default()).await
        }
    )+};
}

/// The same, of one that says why.
macro_rules! with_reason {
    ($($name:ident: $request:ident;)+) => {$(
        pub(super) async fn $name(session: &mut Session, args: ReasonArgs) -> Result<(), CommandError> {
            let request = $request {
                reason: args.reason,
                ..Default::default()
            };
            act(session, args.target, request).await
        }
    )+};
}

plain! {
    confirm: ConfirmCommitmentRequest;
    resume: ResumeCommitmentRequest;
    accept: AcceptHandoverRequest;
    decline: EndHandoverRequest;
}

with_reason! {
    dismiss: DismissCommitmentRequest;
    ask_waiver: RequestWaiverRequest;
    decline_waiver: DeclineWaiverRequest;
    waive: WaiveCommitmentRequest;
}

pub(super) async fn pause(session: &mut Session, args: PauseArgs) -> Result<(), CommandError> {
    let request = PauseCommitmentRequest {
        reason: args.reason,
        paused_until: session.optional_instant(args.until.as_ref())?,
        note: args.note.unwrap_or_default(),
        ..Default::default()
    };
    act(session, args.target, request).await
}

pub(super) async fn attempt(session: &mut Session, args: AttemptArgs) -> Result<(), CommandError> {
    let request = RecordAttemptRequest {
        result: args.result,
        attempted_at: session.optional_instant(args.at.as_ref())?,
        talk_time: args.talked.map(duration_to_wire),
        evidence_interaction_id: args.evidence.unwrap_or_default(),
        evidence_message_id: args.evidence_message.unwrap_or_default(),
        ..Default::default()
    };
    act(session, args.target, request).await
}

pub(super) async fn reassign(
    session: &mut Session,
    args: ReassignArgs,
) -> Result<(), CommandError> {
    let keeper = match (args.to_agent, args.to_queue) {
        (Some(agent), _) => Some(Keeper::AgentId(agent)),
        (None, queue) => queue.map(Keeper::QueueId),
    };
    let request = ReassignCommitmentRequest {
        to_owner: Some(Owner { owner: keeper }),
        to_team_id: args.team.unwrap_or_default(),
        accept_within: args.accept_within.map(duration_to_wire),
        at_once: args.at_once,
        ..Default::default()
    };
    act(session, args.target, request).await
}

/// Gives promises away until there are no more.
pub(super) async fn reassign_all(
    session: &mut Session,
    args: ReassignAllArgs,
) -> Result<(), CommandError> {
    let keeper = match (args.to_agent, args.to_queue) {
        (Some(agent), _) => Some(Keeper::AgentId(agent)),
        (None, queue) => queue.map(Keeper::QueueId),
    };
    loop {
        let request = ReassignAllRequest {
            request_id: String::new(),
            from_agent_id: args.from_agent.clone(),
            to_owner: Some(Owner {
                owner: keeper.clone(),
            }),
            to_team_id: args.team.clone().unwrap_or_default(),
            accept_within: args.accept_within.map(duration_to_wire),
            at_once: args.at_once,
        };
        let answer = session.client.call(request).await?;
        session.tell(&answer, given)?;
        let progress = answer
            .commitments
            .iter()
            .any(|one| one.refused_reason.is_empty());
        if !answer.more || !progress {
            return Ok(());
        }
    }
}

fn given(answer: &ReassignAllResponse, output: &mut Output) -> std::io::Result<()> {
    if answer.commitments.is_empty() {
        return output.line("no promises to give away");
    }
    let mut table = Table::new([Column::id("promise"), Column::words("what became of it")]);
    for one in &answer.commitments {
        let (what, style) = match one.refused_reason.as_str() {
            "" => ("given".to_owned(), Style::Good),
            reason => (format!("{reason}: {}", one.refused_message), Style::Bad),
        };
        table.row([Cell::from(&one.commitment_id), Cell::styled(what, style)]);
    }
    table.print(output)
}

pub(super) async fn supersede(
    session: &mut Session,
    args: SupersedeArgs,
) -> Result<(), CommandError> {
    let request = SupersedeCommitmentRequest {
        superseded_by: args.by,
        reason: args.reason,
        ..Default::default()
    };
    act(session, args.target, request).await
}
