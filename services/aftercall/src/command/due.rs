//! `followups preview` and `followups explain`: which instant a due is, and why.

use aftercall_proto::convert::due::duration_to_wire;
use aftercall_proto::followups::v1::{
    ExplainDueRequest, PreviewDueRequest, PreviewDueResponse, PreviewedPromise,
};
use aftercall_proto::model::v1::due_spec::Spec;
use aftercall_proto::model::v1::owner::Owner as Keeper;
use aftercall_proto::model::v1::{
    BusinessDays, BusinessElapsed, Channel, CommitmentClock, CommitmentKind, DueSpec, DueWorking,
    EndOfLocalDay, LocalDue, Owner, Priority, Turn, WeekPart, WeekPeriod,
};
use clap::ArgGroup;
use jiff::SignedDuration;

use super::{CommandError, Session, promise, warnings};
use crate::output::{Card, Output, When, label, past, values};

/// A due as people say it.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub struct DueArgs {
    /// Within so much time, such as `8h` or `2h 30m`: open time, with --calendar
    #[arg(long = "in", value_name = "DURATION")]
    within: Option<SignedDuration>,
    /// So many open days after today, when they close or --at a time
    #[arg(long, value_name = "N", requires = "calendar")]
    days: Option<u32>,
    /// On a date, such as 2027-03-28: at its end, or --at a time
    #[arg(long, value_name = "DATE")]
    date: Option<String>,
    /// By the end of a part of a day or week
    #[arg(long, requires = "calendar", value_parser = values::<WeekPart>())]
    part: Option<i32>,
    /// At this time of the day, such as 17:00
    #[arg(long, value_name = "TIME", conflicts_with_all = ["within", "part"])]
    at: Option<String>,
    /// By this calendar
    #[arg(long, value_name = "ID", conflicts_with = "date")]
    calendar: Option<String>,
    /// In this zone, such as Europe/Paris; left out, yours
    #[arg(long, value_name = "ZONE", requires = "date")]
    zone: Option<String>,
}

/// A due to be previewed.
#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(group(ArgGroup::new("said").required(true).args(["within", "days", "date", "part"])))]
pub struct PreviewArgs {
    #[command(flatten)]
    due: DueArgs,
    /// When it is told: "2026-11-22 17:00", or 2h for two hours ago; left out, now
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = past)]
    told: Option<When>,
    /// What sort of promise would be due then: prints its policy and our own due, too
    #[arg(long, value_parser = values::<CommitmentKind>())]
    kind: Option<i32>,
    #[command(flatten)]
    promise: PromiseArgs,
}

/// What else decides how a promise that is previewed would be followed up.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub struct PromiseArgs {
    /// A task of ours, of which the customer is not told
    #[arg(long, requires = "kind")]
    not_told: bool,
    /// The agent who is to keep it; left out, you
    #[arg(long, value_name = "ID", requires = "kind", conflicts_with = "queue")]
    agent: Option<String>,
    /// The queue from which it is to be worked off
    #[arg(long, value_name = "ID", requires = "kind")]
    queue: Option<String>,
    /// The team of whoever keeps it
    #[arg(long, value_name = "ID", requires = "kind")]
    team: Option<String>,
    /// How urgent
    #[arg(long, requires = "kind", value_parser = values::<Priority>())]
    priority: Option<i32>,
    /// By which channel you speak with the customer
    #[arg(long, requires = "kind", value_parser = values::<Channel>())]
    channel: Option<i32>,
    /// The customer's language, such as de
    #[arg(long, value_name = "TAG", requires = "kind")]
    language: Option<String>,
}

/// Which promise to explain.
#[derive(Debug, clap::Args)]
pub struct ExplainArgs {
    /// The promise's id
    commitment: String,
    /// Our own due, in place of what the customer was told
    #[arg(long)]
    ours: bool,
}

/// Prints which instant a due would be.
pub(super) async fn preview(session: &mut Session, args: PreviewArgs) -> Result<(), CommandError> {
    let occurred_at = session.optional_instant(args.told.as_ref())?;
    let zone = args.due.zone.clone();
    let request = PreviewDueRequest {
        due: args.due.said(),
        time_zone: zone.unwrap_or_else(|| session.output.times().zone_name()),
        occurred_at,
        min_position: session.after.clone(),
        promise: args.kind.map(|kind| args.promise.read(kind)),
        ..PreviewDueRequest::default()
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        let due = output.times().second(answer.promised_by.as_ref());
        let mut card = Card::new();
        card.field("due", due);
        add(&mut card, answer.working.as_ref(), output);
        follow_up(&mut card, answer, output);
        card.print(output, 0)?;
        warnings(&answer.warnings, output)
    })
}

impl PromiseArgs {
    /// The promise that would be made.
    fn read(self, kind: i32) -> PreviewedPromise {
        let keeper = self
            .agent
            .map(Keeper::AgentId)
            .or(self.queue.map(Keeper::QueueId));
        PreviewedPromise {
            kind,
            told_to_customer: !self.not_told,
            owner: keeper.map(|owner| Owner { owner: Some(owner) }),
            owner_team_id: self.team.unwrap_or_default(),
            priority: self.priority.unwrap_or_default(),
            channel: self.channel.unwrap_or_default(),
            language: self.language.unwrap_or_default(),
            ..PreviewedPromise::default()
        }
    }
}

/// Adds how the promise would be followed up.
fn follow_up(card: &mut Card, answer: &PreviewDueResponse, output: &Output) {
    if let Some(by) = &answer.policy {
        card.field("policy", format!("{} version {}", by.policy_id, by.version));
    }
    let Some(target) = &answer.target else { return };
    let at = output.times().second(target.target_at.as_ref());
    let by = target.reckoning.as_ref().map_or_else(String::new, |by| {
        format!(", by {} version {}", by.calendar_id, by.calendar_version)
    });
    card.field("our own due", format!("{at}{by}"));
}

impl DueArgs {
    /// What the flags say; none if none of them is given.
    pub(super) fn said(self) -> Option<DueSpec> {
        let calendar_id = self.calendar.unwrap_or_default();
        let time_zone = self.zone.unwrap_or_default();
        let spec = match (self.within, self.days, self.date, self.part) {
            (Some(within), ..) if calendar_id.is_empty() => Spec::Elapsed(duration_to_wire(within)),
            (Some(within), ..) => Spec::BusinessElapsed(BusinessElapsed {
                duration: Some(duration_to_wire(within)),
                calendar_id,
            }),
            (_, Some(days), ..) => Spec::BusinessDays(BusinessDays {
                days,
                time: self.at.unwrap_or_default(),
                calendar_id,
            }),
            (.., Some(date), _) => match self.at {
                Some(time) => Spec::Local(LocalDue {
                    date,
                    time,
                    time_zone,
                }),
                None => Spec::EndOfLocalDay(EndOfLocalDay { date, time_zone }),
            },
            (.., Some(part)) => Spec::WeekPeriod(WeekPeriod { part, calendar_id }),
            (.., None) => return None,
        };
        Some(DueSpec { spec: Some(spec) })
    }
}

/// Prints why a promise is due when it is.
pub(super) async fn explain(session: &mut Session, args: ExplainArgs) -> Result<(), CommandError> {
    let request = ExplainDueRequest {
        commitment_id: args.commitment,
        clock: if args.ours {
            CommitmentClock::Internal.into()
        } else {
            0
        },
        min_position: session.after.clone(),
        ..ExplainDueRequest::default()
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        if let Some(commitment) = &answer.commitment {
            promise::card(commitment, output)?;
            output.line("")?;
        }
        let mut card = Card::new();
        add(&mut card, answer.working.as_ref(), output);
        // All of it ours is no news.
        if answer.shares.len() > 1 {
            for share in &answer.shares {
                let took = share.took.as_ref().map_or(0, |took| took.seconds);
                let took = SignedDuration::from_secs(took);
                card.field("turn", format!("{}: {took:#}", label::<Turn>(share.turn)));
            }
        }
        card.print(output, 0)
    })
}

/// Adds the working to a card.
fn add(card: &mut Card, working: Option<&DueWorking>, output: &Output) {
    let Some(working) = working else { return };
    let times = output.times();
    card.field("since", times.second(working.since.as_ref()));
    for counted in &working.intervals {
        let time = times.between(counted.start.as_ref(), counted.end.as_ref());
        card.field("counted", time);
    }
    if working.intervals_omitted > 0 {
        card.field("counted", format!("and {} more", working.intervals_omitted));
    }
    for date in &working.dates {
        let what = if date.is_closed {
            "closed"
        } else {
            "hours of its own"
        };
        card.field("dates", format!("{}  {what}  {}", date.date, date.label));
    }
    for pause in &working.pauses {
        let time = times.between(pause.start.as_ref(), pause.end.as_ref());
        let overlap = pause.overlap.as_ref().map_or(0, |overlap| overlap.seconds);
        let overlap = SignedDuration::from_secs(overlap);
        card.field("paused", format!("{time}, {overlap:#} of it open"));
    }
    if let Some(sum) = &working.sum {
        // To the second: that much of it people can use.
        let sum = SignedDuration::from_secs(sum.seconds);
        card.field("in all", format!("{sum:#}"));
    }
    if let Some(by) = &working.resolution {
        let calendar = match by.calendar_id.as_str() {
            "" => String::new(),
            id => format!("{id} version {}", by.calendar_version),
        };
        card.field("calendar", calendar)
            .field("zones", &by.time_zone_version);
    }
}
