//! `calls`: calls while they happen, what telephony tells of them, and those that were never wrapped up.

mod report;
mod said;

use std::collections::BTreeMap;
use std::io;

use aftercall_proto::followups::v1::{
    CallFilter, ListIncompleteCallsRequest, WatchCallsRequest, WatchCallsResponse,
};
use aftercall_proto::model::v1::{Call, CallState, Customer, Handle, HoldReason};
use clap::Subcommand;
use futures::TryStreamExt;

use super::listing::{LIMIT, PAGE_MAX, page_size, tabled};
use super::{CommandError, Session};
use crate::output::{Cell, Column, Output, Style, Table, clean, label};

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Calls {
    /// Shows calls as they happen: who waits since when, who talks with whom, and who is on hold since when and why
    ///
    /// On a terminal it is a table that is drawn anew; else a line a change, `-` of a call that has left the list.
    Watch(WatchArgs),
    /// Tells what happened in calls, from JSON
    ///
    /// FILE holds call events in proto3 JSON, such as {"source": "pbx", "callId": "77", "eventId": "1", "kind":
    /// "CALL_EVENT_KIND_QUEUED", "occurredAt": "2026-11-20T09:12:00Z", "queueId": "billing"}, one after the other or in
    /// a list. Telling the same again is harmless, in any order.
    Report(report::ReportArgs),
    /// Lists calls that were completed without their agent's wrap-up
    Incomplete(IncompleteArgs),
    /// Says whether a call was lost, and to whom that is put down, over what was judged of it before
    Judge(said::JudgeArgs),
    /// Saves part of a call's wrap-up, from JSON
    ///
    /// FILE holds a contact's fields in proto3 JSON, such as {"labels": ["vip"], "handling": {"summary": "…"}}. Those
    /// that are there are saved, in place of what they held; an empty one is emptied. The call is complete when its
    /// contact is recorded.
    WrapUp(said::WrapUpArgs),
}

/// Which calls.
#[derive(Debug, clap::Args)]
pub struct FilterArgs {
    /// In this queue; may be given several times
    #[arg(long = "queue", value_name = "ID")]
    queues: Vec<String>,
    /// Of this team; may be given several times
    #[arg(long = "team", value_name = "ID")]
    teams: Vec<String>,
    /// With this agent; may be given several times
    #[arg(long = "agent", value_name = "ID")]
    agents: Vec<String>,
}

/// What to watch.
#[derive(Debug, clap::Args)]
pub struct WatchArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// Goes on after an answer, by its resume token
    #[arg(long, allow_hyphen_values = true, value_name = "TOKEN")]
    resume: Option<String>,
}

/// What to list.
#[derive(Debug, clap::Args)]
pub struct IncompleteArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// How many
    #[arg(long, value_name = "NUMBER", default_value = LIMIT)]
    limit: usize,
}

impl From<FilterArgs> for CallFilter {
    fn from(args: FilterArgs) -> Self {
        Self {
            queue_ids: args.queues,
            team_ids: args.teams,
            agent_ids: args.agents,
        }
    }
}

/// Does what `command` says.
///
/// # Errors
/// When the server refuses, or the output takes no more.
pub async fn run(session: &mut Session, command: Calls) -> Result<(), CommandError> {
    match command {
        Calls::Watch(args) => watch(session, args).await,
        Calls::Report(args) => report::report(session, &args).await,
        Calls::Incomplete(args) => incomplete(session, args).await,
        Calls::Judge(args) => said::judge(session, args).await,
        Calls::WrapUp(args) => said::wrap_up(session, args).await,
    }
}

/// Watches until the server refuses for good.
async fn watch(session: &mut Session, args: WatchArgs) -> Result<(), CommandError> {
    let request = WatchCallsRequest {
        filter: Some(args.filter.into()),
        resume_token: args.resume.unwrap_or_default(),
    };
    let Session { client, output, .. } = session;
    if !output.json() && output.width().is_none() {
        let text = format!("watching calls at {}", client.address());
        output.line(&output.styled(Style::Dim, &text))?;
        output.flush()?;
    }
    let (mut board, mut left_out) = (BTreeMap::new(), 0);
    let mut answers = std::pin::pin!(client.watch_calls(request));
    while let Some(answer) = answers.try_next().await? {
        left_out = left_out.max(answer.left_out_count);
        match (output.json(), &answer.call) {
            (true, Some(_)) => output.message(&answer)?,
            (true, None) if answer.left_out_count > 0 => output.message(&answer)?,
            (true, None) => {}
            (false, _) if output.width().is_some() => {
                take(&mut board, answer);
                draw(&board, output)?;
                more(left_out, output)?;
            }
            (false, Some(call)) => {
                let mark = if answer.left { "-" } else { "+" };
                output.line(&format!("{mark} {}", line(call, &answer, output)))?;
            }
            (false, None) => more(answer.left_out_count, output)?,
        }
        output.flush()?;
    }
    Ok(())
}

/// Says how many calls the watch did not begin with, if any.
fn more(left_out: u32, output: &mut Output) -> io::Result<()> {
    match left_out {
        0 => Ok(()),
        _ => {
            let text = format!(
                "{left_out} more calls were live when this began: each is shown when it changes, or name a queue or team"
            );
            output.line(&output.styled(Style::Warn, &text))
        }
    }
}

/// Calls by when they began, and their ids.
type Board = BTreeMap<(i64, String), WatchCallsResponse>;

fn take(board: &mut Board, answer: WatchCallsResponse) {
    let Some(call) = &answer.call else { return };
    let id = call.interaction_id.clone();
    board.retain(|(_, other), _| *other != id);
    if !answer.left {
        let began_at = call.began_at.as_ref().map_or(0, |at| at.seconds);
        board.insert((began_at, id), answer);
    }
}

/// Draws the table anew, in the place of the one before.
fn draw(board: &Board, output: &mut Output) -> io::Result<()> {
    output.line("\u{1b}[2J\u{1b}[H")?;
    if board.is_empty() {
        return output.line("no calls");
    }
    let mut table = Table::new([
        Column::full("state"),
        Column::full("since"),
        Column::narrows("queue"),
        Column::narrows("agent"),
        Column::narrows("customer"),
        Column::number("open promises"),
        Column::id("contact"),
    ]);
    for answer in board.values() {
        let Some(call) = &answer.call else { continue };
        let (state, style) = state(call);
        table.row([
            Cell::styled(state, style),
            output.times().second(call.since.as_ref()).into(),
            (&call.queue_id).into(),
            (&call.agent_id).into(),
            customer(call).into(),
            promises(answer).into(),
            (&call.interaction_id).into(),
        ]);
    }
    table.print(output)
}

/// A call as a line: since when it stands how, where, and with whom.
pub(crate) fn line(call: &Call, answer: &WatchCallsResponse, output: &Output) -> String {
    let (state, style) = state(call);
    let facts = [
        ("queue", call.queue_id.clone()),
        ("agent", call.agent_id.clone()),
        ("customer", customer(call)),
        ("open promises", promises(answer)),
    ];
    let facts = facts.into_iter().filter(|(_, value)| !value.is_empty());
    let facts: Vec<_> = facts
        .map(|(name, value)| format!("{name} {}", clean(&value)))
        .collect();
    format!(
        "{}  {}  {}  {}",
        output.times().second(call.since.as_ref()),
        output.styled(style, &state),
        facts.join(" · "),
        clean(&call.interaction_id)
    )
}

/// How a call stands, as people say it.
fn state(call: &Call) -> (String, Style) {
    let name = label::<CallState>(call.state);
    match call.state() {
        CallState::OnHold => {
            let reason = label::<HoldReason>(call.hold_reason);
            let text = format!("{name} {reason}").trim_end().to_owned();
            (text, Style::Warn)
        }
        CallState::Queued | CallState::Ringing => (name, Style::Warn),
        CallState::WrapUp => (name, Style::Dim),
        _ => (name, Style::Plain),
    }
}

fn customer(call: &Call) -> String {
    if !call.customer_id.is_empty() {
        return call.customer_id.clone();
    }
    let customer = Customer {
        handles: call.handles.clone(),
        ..Customer::default()
    };
    let first = customer.handles.first();
    first.map_or_else(String::new, |handle: &Handle| handle.value.clone())
}

fn promises(answer: &WatchCallsResponse) -> String {
    let open = answer.open_commitment_count.filter(|open| *open > 0);
    open.map_or_else(String::new, |open| open.to_string())
}

/// Lists calls without their wrap-up.
async fn incomplete(session: &mut Session, args: IncompleteArgs) -> Result<(), CommandError> {
    let request = ListIncompleteCallsRequest {
        filter: Some(args.filter.into()),
        page_size: page_size(args.limit, PAGE_MAX),
        min_position: session.after.clone(),
        ..ListIncompleteCallsRequest::default()
    };
    let nothing = "every call that was answered has its wrap-up";
    tabled(session, request, args.limit, nothing, print_incomplete).await
}

fn print_incomplete(calls: &[Call], output: &mut Output) -> io::Result<()> {
    let mut table = Table::new([
        Column::full("began"),
        Column::full("ended"),
        Column::narrows("queue"),
        Column::narrows("agent"),
        Column::narrows("customer"),
        Column::id("contact"),
    ]);
    for call in calls {
        let ended = match call.never_ended {
            true => Cell::styled("nobody knows", Style::Warn),
            false => output.times().minute(call.ended_at.as_ref()).into(),
        };
        table.row([
            output.times().minute(call.began_at.as_ref()).into(),
            ended,
            (&call.queue_id).into(),
            (&call.agent_id).into(),
            customer(call).into(),
            (&call.interaction_id).into(),
        ]);
    }
    table.print(output)
}
