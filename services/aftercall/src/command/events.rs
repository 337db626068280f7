//! `events`: everything that changes, as it is recorded.

use aftercall_proto::event::v1::Event;
use aftercall_proto::notify::v1::{SubscribeEventsRequest, SubscribeEventsResponse};
use aftercall_proto::personal;
use futures::TryStreamExt;

use super::{CommandError, Session, log};
use crate::output::{Style, When, past, wire};

/// Everything that changes, as it is recorded
#[derive(Debug, clap::Subcommand)]
pub enum Events {
    /// Prints events as they are recorded, until interrupted; first those that there are, from a time or a place on
    ///
    /// With --json each line has the event, what it says, and the `resumeToken` after which --resume goes on.
    Follow(FollowArgs),
}

/// Which events, and from where on.
#[derive(Debug, clap::Args)]
pub struct FollowArgs {
    /// Of which events: a type, or the beginning of types, such as aftercall.commitment.*; left out, all; may be
    /// repeated
    #[arg(long = "event", value_name = "TYPE")]
    events: Vec<String>,
    /// Only events of this customer
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// Only events of this contact
    #[arg(long, value_name = "ID")]
    interaction: Option<String>,
    /// Begins with what was recorded at this time or later: 2026-11-22, "2026-11-22 17:00", or 7d for the last seven
    /// days; left out, with what is recorded from now on
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = past)]
    since: Option<When>,
    /// Begins with the first event of all
    #[arg(long, conflicts_with = "since")]
    all: bool,
    /// Goes on after this place, which an earlier run told
    #[arg(long, value_name = "TOKEN", conflicts_with_all = ["since", "all"])]
    resume: Option<String>,
    /// Ends after so many events
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Leaves out what is personal: names, numbers and words of people
    #[arg(long)]
    redact: bool,
}

/// Does what is asked for.
///
/// # Errors
/// When the server refuses, or the output takes no more.
pub async fn run(session: &mut Session, command: Events) -> Result<(), CommandError> {
    match command {
        Events::Follow(args) => follow(session, args).await,
    }
}

async fn follow(session: &mut Session, args: FollowArgs) -> Result<(), CommandError> {
    let since = match &args.since {
        None => None,
        Some(when) => {
            let since = session.output.times().instant_at(when, session.clock.now());
            Some(since.map_err(|error| CommandError::Usage(error.to_string()))?)
        }
    };
    let request = SubscribeEventsRequest {
        from_now: since.is_none() && !args.all,
        recorded_since: since.map(wire),
        resume_token: args.resume.unwrap_or_default(),
        event_types: args.events,
        customer_id: args.customer.unwrap_or_default(),
        interaction_id: args.interaction.unwrap_or_default(),
    };
    let Session { client, output, .. } = session;
    let mut answers = std::pin::pin!(client.subscribe_events(request));
    let (mut begins, mut left) = (true, args.limit.unwrap_or(u64::MAX));
    while left > 0
        && let Some(answer) = answers.try_next().await?
    {
        let SubscribeEventsResponse {
            event,
            position,
            resume_token,
            ..
        } = answer;
        let first = std::mem::take(&mut begins);
        match event {
            Some(event) => {
                left -= 1;
                let unreadable =
                    |error| CommandError::Input(format!("{position} is no event: {error}"));
                let event = match args.redact {
                    true => personal::redacted(&event).map_err(unreadable)?,
                    false => event,
                };
                print(event, (position.clone(), resume_token), output)?;
            }
            None if first && !output.json() => {
                let text = format!("following events at {}", client.address());
                output.line(&output.styled(Style::Dim, &text))?;
            }
            // It only says that the stream lives.
            None => {}
        }
        output.flush()?;
    }
    Ok(())
}

fn print(
    mut event: Event,
    (position, resume_token): (String, String),
    output: &mut crate::output::Output,
) -> Result<(), CommandError> {
    if !output.json() {
        return Ok(output.line(&log::line(&event, output))?);
    }
    let fact = event.fact();
    let fact =
        fact.map_err(|error| CommandError::Input(format!("{position} is no event: {error}")))?;
    if fact.is_some() {
        // Said already, in a form that can be read.
        event.payload = None;
    }
    Ok(output.message(&log::json::followed(position, resume_token, &event, fact))?)
}
