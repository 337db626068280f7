//! `followups feed`: promises in the calendar that an agent uses anyway.

use std::io;

use aftercall_proto::followups::v1::{
    CreateCalendarFeedRequest, ListCalendarFeedsRequest, RevokeCalendarFeedRequest,
};
use aftercall_proto::model::v1::{CalendarFeed, FeedLanguage};

use crate::command::listing::{LIMIT, PAGE_MAX, page_size, tabled};
use crate::command::{CommandError, Session};
use crate::output::{Card, Cell, Column, Output, Style, Table, label, values};

/// Calendars of open promises, under secret addresses
#[derive(Debug, clap::Subcommand)]
pub enum Feed {
    /// Makes a calendar of an agent's open promises, and prints its address
    ///
    /// The address is printed this once. Whoever has it reads the calendar: give it to nobody else.
    Create(CreateArgs),
    /// The calendars that there are: your own, and those of whom you lead
    List(ListArgs),
    /// Revokes a calendar: its address is nobody's from then on
    Revoke(RevokeArgs),
}

/// Whose promises, and how.
#[derive(Debug, clap::Args)]
pub struct CreateArgs {
    /// Promises that this agent keeps; left out, your own
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    agent: String,
    /// What people call it, and the calendar's name in their programs
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    name: String,
    /// Holds the promises word for word, not only their kinds and customers' ids
    #[arg(long)]
    personal: bool,
    /// In which language it names the kinds
    #[arg(long, value_parser = values::<FeedLanguage>())]
    language: Option<i32>,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    request_id: String,
}

/// Which calendars to list.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Those of this agent
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    agent: String,
    /// Those that were revoked, too
    #[arg(long)]
    all: bool,
    /// How many to show
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
}

/// Which calendar to revoke.
#[derive(Debug, clap::Args)]
pub struct RevokeArgs {
    /// The calendar's id
    feed: String,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    request_id: String,
}

/// Runs one of the commands.
///
/// # Errors
/// When the server refuses, or the output takes no more.
pub(super) async fn run(session: &mut Session, command: Feed) -> Result<(), CommandError> {
    match command {
        Feed::Create(args) => create(session, args).await,
        Feed::List(args) => list(session, args).await,
        Feed::Revoke(args) => revoke(session, args).await,
    }
}

async fn create(session: &mut Session, args: CreateArgs) -> Result<(), CommandError> {
    let request = CreateCalendarFeedRequest {
        request_id: args.request_id,
        feed: Some(CalendarFeed {
            agent_id: args.agent,
            display_name: args.name,
            personal_allowed: args.personal,
            language: args.language.unwrap_or_default(),
            ..CalendarFeed::default()
        }),
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        card(answer.feed.as_ref(), output)?;
        match answer.url.as_str() {
            "" => {
                let text =
                    "The address was told when the calendar was made, and is not told again.";
                output.line(&output.styled(Style::Dim, text))
            }
            url => {
                output.line(url)?;
                let text = "Keep it: it is a secret, and is not shown again.";
                output.line(&output.styled(Style::Dim, text))
            }
        }
    })
}

async fn list(session: &mut Session, args: ListArgs) -> Result<(), CommandError> {
    let request = ListCalendarFeedsRequest {
        agent_id: args.agent,
        include_revoked: args.all,
        page_size: page_size(args.limit, PAGE_MAX),
        min_position: session.after.clone(),
        ..ListCalendarFeedsRequest::default()
    };
    tabled(session, request, args.limit, "no calendars", table).await
}

async fn revoke(session: &mut Session, args: RevokeArgs) -> Result<(), CommandError> {
    let request = RevokeCalendarFeedRequest {
        request_id: args.request_id,
        feed_id: args.feed,
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| card(answer.feed.as_ref(), output))
}

fn card(feed: Option<&CalendarFeed>, output: &mut Output) -> io::Result<()> {
    let Some(feed) = feed else { return Ok(()) };
    let times = output.times().clone();
    let mut card = Card::new();
    card.field("calendar", &feed.feed_id)
        .field("name", &feed.display_name)
        .field("promises of", &feed.agent_id)
        .field("says", said(feed))
        .field("language", label::<FeedLanguage>(feed.language))
        .styled("use", used(feed), style(feed))
        .field("made", times.minute(feed.created_at.as_ref()))
        .field("by", &feed.created_by);
    if feed.revoked_at.is_some() {
        card.field("revoked", times.minute(feed.revoked_at.as_ref()))
            .field("by", &feed.revoked_by);
    }
    card.print(output, 2)
}

const fn said(feed: &CalendarFeed) -> &'static str {
    match feed.personal_allowed {
        true => "all, with what was promised",
        false => "kinds and customers' ids",
    }
}

const fn used(feed: &CalendarFeed) -> &'static str {
    match feed.revoked_at.is_some() {
        true => "revoked",
        false => "in use",
    }
}

const fn style(feed: &CalendarFeed) -> Style {
    match feed.revoked_at.is_some() {
        true => Style::Dim,
        false => Style::Good,
    }
}

fn table(feeds: &[CalendarFeed], output: &mut Output) -> io::Result<()> {
    let mut table = Table::new([
        Column::id("calendar"),
        Column::words("name"),
        Column::narrows("promises of"),
        Column::full("says"),
        Column::full("use"),
        Column::full("made"),
    ]);
    for feed in feeds {
        table.row([
            Cell::from(&feed.feed_id),
            Cell::from(&feed.display_name),
            Cell::from(&feed.agent_id),
            Cell::from(said(feed)),
            Cell::styled(used(feed), style(feed)),
            Cell::from(output.times().minute(feed.created_at.as_ref())),
        ]);
    }
    table.print(output)
}
