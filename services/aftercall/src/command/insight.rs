//! `insight`: measures over contacts.

mod clocks;
mod feelings;
mod filter;
mod problems;
mod searched;
mod slipups;
mod struggles;
mod tables;
mod words;

use std::io;

use aftercall_proto::insight::v1::{
    AggregateRequest, AggregateResponse, AttributeCauseRequest, CompareDriversRequest,
    ContactFilter, CountRepeatContactsRequest, Dimension, ListContactsRequest,
    ListCustomerSlipUpsRequest, ListSlipUpsRequest, RepeatGroupBy, Terms, TimeBucket,
};
use aftercall_proto::model::v1::Money;

use super::listing::{LIMIT, PAGE_MAX, page_size, tabled};
use super::{CommandError, Session, warnings};
use crate::output::{Output, values};
use filter::FilterArgs;
pub(crate) use searched::behind;

/// Measures: how long contacts took, how they went, what rose, what came back
#[derive(Debug, clap::Subcommand)]
pub enum Insight {
    /// Counts, times and rates, by up to two dimensions and by time
    Aggregate(Box<AggregateArgs>),
    /// The same of promises: kept, late, broken, open
    Kept(Box<KeptArgs>),
    /// What customers spent on their troubles since they began: contacts, minutes, transfers
    Effort(Box<KeptArgs>),
    /// How customers felt at the start, at the end and at worst, and what was noticed
    Feelings(Box<KeptArgs>),
    /// Whose turn it was while promises were to be kept: what was ours of it, and what was not
    FairClocks(clocks::ClocksArgs),
    /// What the team can't answer, the worst first; `evidence` has all that shows it
    Struggles(struggles::StrugglesArgs),
    /// The contacts and searches that show a struggle
    Evidence(struggles::EvidenceArgs),
    /// Troubles that many contacts have in common, what was done about them, and what that spared
    Problems {
        /// What to do with them
        #[command(subcommand)]
        command: problems::Problems,
    },
    /// What rose and fell between a period and the one before it
    Drivers(Box<DriversArgs>),
    /// Contacts that came back, by cause, with their time and what it cost
    Repeats(Box<RepeatsArgs>),
    /// Customers with whom too much went wrong within a window; of one customer, all that went wrong
    Slipups(SlipupsArgs),
    /// Says what the root cause of a contact was; its record stays as it is. `contacts --unset root_cause` and
    /// `search --has-root-cause=false` list those of which nobody has said it
    Cause(CauseArgs),
    /// The contacts behind a number
    Contacts(Box<ContactsArgs>),
}

/// What to measure.
#[derive(Debug, clap::Args)]
pub struct AggregateArgs {
    /// By what; may be repeated once
    #[arg(long, value_parser = values::<Dimension>())]
    by: Vec<i32>,
    /// By which time, in your own zone: shown as a line of blocks for each group
    #[arg(long, value_parser = values::<TimeBucket>())]
    bucket: Option<i32>,
    /// Also shows the period before, which is as long
    #[arg(long)]
    compare: bool,
    /// Hides groups of fewer contacts
    #[arg(long, value_name = "N", default_value = "0", hide_default_value = true)]
    hide_below: i32,
    /// Within how many seconds a contact is to be answered, for the service level
    #[arg(long, value_name = "SECONDS", default_value = "20")]
    answer_within: i32,
    /// Within how many days a customer who is back has not been helped at the first contact
    #[arg(long, value_name = "DAYS", default_value = "7")]
    repeat_within: i32,
    #[command(flatten)]
    shown: ShownArgs,
    #[command(flatten)]
    filter: FilterArgs,
}

/// What is shown beside numbers.
#[derive(Debug, Clone, Copy, clap::Args)]
struct ShownArgs {
    /// Prints for each row the search that finds its contacts, too
    #[arg(long)]
    commands: bool,
}

/// Which contacts, and how they are grouped.
#[derive(Debug, clap::Args)]
pub struct KeptArgs {
    /// By what of the contact; may be repeated once
    #[arg(long, default_value = "team", value_parser = values::<Dimension>())]
    by: Vec<i32>,
    #[command(flatten)]
    shown: ShownArgs,
    #[command(flatten)]
    filter: FilterArgs,
}

/// What to compare.
#[derive(Debug, clap::Args)]
pub struct DriversArgs {
    /// By what
    #[arg(long, default_value = "reason", value_parser = values::<Dimension>())]
    by: i32,
    /// How many to show
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: i32,
    /// How many words that stand out to show, of all contacts and of each of the five that rose most; with 0, none
    #[arg(long, value_name = "N", default_value_t = 5)]
    words: i32,
    /// Shows words that this many contacts have at least; never of fewer than 5
    #[arg(long, value_name = "N", default_value_t = 5)]
    words_from: i32,
    #[command(flatten)]
    shown: ShownArgs,
    #[command(flatten)]
    filter: FilterArgs,
}

/// Which contacts, and what they cost.
#[derive(Debug, clap::Args)]
pub struct RepeatsArgs {
    /// By what, beside the cause
    #[arg(long, value_parser = values::<RepeatGroupBy>())]
    by: Option<i32>,
    /// What a minute costs, as in "1.20 EUR"
    #[arg(long, value_name = "AMOUNT", value_parser = money)]
    cost_per_minute: Option<Money>,
    /// Within how many days a contact is a repeat
    #[arg(long, value_name = "DAYS", default_value = "7")]
    repeat_within: i32,
    #[command(flatten)]
    shown: ShownArgs,
    #[command(flatten)]
    filter: FilterArgs,
}

/// What is too much.
#[derive(Debug, clap::Args)]
pub struct SlipupsArgs {
    /// All that went wrong with this customer, the latest first, with why it counts and what it led to
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// How many days the window has
    #[arg(long, value_name = "DAYS", default_value = "30")]
    window: i32,
    /// How many make a listing
    #[arg(long, value_name = "N", default_value = "3")]
    threshold: i32,
    /// From how many seconds in queues a wait is long
    #[arg(long, value_name = "SECONDS", default_value = "600")]
    long_wait: i32,
    /// How many to show
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
}

/// Which contacts.
#[derive(Debug, clap::Args)]
pub struct ContactsArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// How many to show
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
}

/// What the root cause was.
#[derive(Debug, clap::Args)]
pub struct CauseArgs {
    /// The contact's id
    contact: String,
    /// The root cause, by the taxonomy; left out, what was said before is taken back
    #[arg(value_name = "CODE", default_value = "", hide_default_value = true)]
    code: String,
    /// How it is known
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    note: String,
    /// Which edition of the taxonomy
    #[arg(
        long,
        value_name = "VERSION",
        default_value = "",
        hide_default_value = true
    )]
    taxonomy_version: String,
    /// How sure you are, from 0 to 1
    #[arg(long, value_name = "NUMBER")]
    confidence: Option<f64>,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    request_id: String,
}

/// Reads an amount of money with its currency behind it.
fn money(text: &str) -> Result<Money, String> {
    let form = || "give an amount and a currency, as in \"1.20 EUR\"".to_owned();
    let (amount, currency) = text.split_once(' ').ok_or_else(form)?;
    let (units, part) = amount.split_once('.').unwrap_or((amount, "0"));
    let nanos = format!("{part:0<9}");
    if nanos.len() != 9 {
        return Err(form());
    }
    Ok(Money {
        currency_code: currency.to_owned(),
        units: units.parse().map_err(|_| form())?,
        nanos: nanos.parse().map_err(|_| form())?,
    })
}

/// Measures.
///
/// # Errors
/// When the server refuses, or the output takes no more.
pub async fn run(session: &mut Session, command: Insight) -> Result<(), CommandError> {
    match command {
        Insight::Aggregate(args) => aggregate(session, *args).await,
        Insight::Kept(args) => {
            // For people week by week, which becomes a line of blocks; for programs all of it is one.
            let bucket = match session.output.json() {
                true => TimeBucket::Unspecified,
                false => TimeBucket::Week,
            };
            measured(session, (*args, bucket), tables::kept).await
        }
        Insight::Effort(args) => {
            let of = (*args, TimeBucket::Unspecified);
            measured(session, of, tables::effort).await
        }
        Insight::Feelings(args) => {
            let of = (*args, TimeBucket::Unspecified);
            measured(session, of, feelings::print).await
        }
        Insight::FairClocks(args) => clocks::run(session, args).await,
        Insight::Struggles(args) => struggles::run(session, args).await,
        Insight::Evidence(args) => struggles::evidence(session, args).await,
        Insight::Problems { command } => problems::run(session, command).await,
        Insight::Drivers(args) => drivers(session, *args).await,
        Insight::Repeats(args) => repeats(session, *args).await,
        Insight::Slipups(args) => slip_ups(session, args).await,
        Insight::Cause(args) => {
            let request = AttributeCauseRequest {
                request_id: args.request_id,
                interaction_id: args.contact,
                root_cause_code: args.code,
                note: args.note,
                taxonomy_version: args.taxonomy_version,
                confidence: args.confidence,
            };
            let answer = session.client.call(request).await?;
            session.tell(&answer, |answer, output| {
                output.line("said")?;
                warnings(&answer.warnings, output)
            })
        }
        Insight::Contacts(args) => {
            let request = ListContactsRequest {
                filter: Some(args.filter.into_filter(session)?),
                page_size: page_size(args.limit, PAGE_MAX),
                min_position: session.after.clone(),
                ..ListContactsRequest::default()
            };
            let (limit, nothing) = (args.limit, "no such contacts");
            tabled(session, request, limit, nothing, tables::contacts).await
        }
    }
}

/// Measures of groups, as `print` shows them.
async fn measured(
    session: &mut Session,
    (args, bucket): (KeptArgs, TimeBucket),
    print: fn(&AggregateResponse, &mut Output) -> io::Result<()>,
) -> Result<(), CommandError> {
    let request = AggregateRequest {
        filter: Some(args.filter.into_filter(session)?),
        dimensions: args.by,
        bucket: bucket.into(),
        time_zone: session.output.times().zone_name(),
        min_position: session.after.clone(),
        ..AggregateRequest::default()
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, print)?;
    searches(session, args.shown, tables::groups(&answer))
}

async fn drivers(session: &mut Session, args: DriversArgs) -> Result<(), CommandError> {
    let request = CompareDriversRequest {
        filter: Some(args.filter.into_period(session)?),
        by: args.by,
        limit: args.limit,
        min_position: session.after.clone(),
        words_limit: args.words,
        word_contacts_min: args.words_from,
        ..CompareDriversRequest::default()
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        tables::drivers(answer, output)?;
        words::print(answer, output)
    })?;
    let rows = answer.drivers.iter();
    let rows = rows.map(|it| (tables::group([&it.value]), it.filter.as_ref()));
    searches(session, args.shown, rows)
}

async fn aggregate(session: &mut Session, args: AggregateArgs) -> Result<(), CommandError> {
    let filter = match args.compare {
        true => args.filter.into_period(session)?,
        false => args.filter.into_filter(session)?,
    };
    let request = AggregateRequest {
        filter: Some(filter),
        dimensions: args.by,
        bucket: args.bucket.unwrap_or_default(),
        time_zone: session.output.times().zone_name(),
        terms: Some(Terms {
            answer_within_seconds: args.answer_within,
            repeat_within_days: args.repeat_within,
        }),
        group_contacts_min: args.hide_below,
        compare: args.compare,
        min_position: session.after.clone(),
        latest: false,
    };
    let answer = session.client.call(request).await?;
    match args.bucket {
        Some(_) => session.tell(&answer, tables::over_time)?,
        None => session.tell(&answer, tables::aggregate)?,
    }
    searches(session, args.shown, tables::groups(&answer))
}

/// Prints the searches that find the contacts of rows, if they are asked for. For programs each row has its filter anyway.
fn searches<'a>(
    session: &mut Session,
    shown: ShownArgs,
    rows: impl IntoIterator<Item = (String, Option<&'a ContactFilter>)>,
) -> Result<(), CommandError> {
    match shown.commands && !session.output.json() {
        true => Ok(searched::print_searches(rows, &mut session.output)?),
        false => Ok(()),
    }
}

async fn repeats(session: &mut Session, args: RepeatsArgs) -> Result<(), CommandError> {
    let request = CountRepeatContactsRequest {
        filter: Some(args.filter.into_period(session)?),
        by: args.by.unwrap_or_default(),
        terms: Some(Terms {
            repeat_within_days: args.repeat_within,
            ..Terms::default()
        }),
        cost_per_minute: args.cost_per_minute,
        min_position: session.after.clone(),
        ..CountRepeatContactsRequest::default()
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, tables::repeats)?;
    let rows = answer.rows.iter();
    let rows = rows.map(|it| (tables::repeat(it), it.filter.as_ref()));
    searches(session, args.shown, rows)
}

async fn slip_ups(session: &mut Session, args: SlipupsArgs) -> Result<(), CommandError> {
    if let Some(customer_id) = args.customer {
        let request = ListCustomerSlipUpsRequest {
            customer_id,
            window_days: args.window,
            threshold: args.threshold,
            long_wait_seconds: args.long_wait,
            page_size: page_size(args.limit, PAGE_MAX),
            min_position: session.after.clone(),
            ..ListCustomerSlipUpsRequest::default()
        };
        let nothing = "nothing went wrong with this customer";
        return tabled(session, request, args.limit, nothing, slipups::ledger).await;
    }
    let request = ListSlipUpsRequest {
        window_days: args.window,
        threshold: args.threshold,
        long_wait_seconds: args.long_wait,
        page_size: page_size(args.limit, PAGE_MAX),
        min_position: session.after.clone(),
        ..ListSlipUpsRequest::default()
    };
    let nothing = "nobody with whom so much went wrong";
    tabled(session, request, args.limit, nothing, slipups::windows).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_read_with_its_currency() {
        let read = money("1.20 EUR").unwrap();
        assert_eq!((read.units, read.nanos), (1, 200_000_000));
        assert_eq!(read.currency_code, "EUR");
        assert_eq!(money("2 USD").unwrap().nanos, 0);
        for wrong in ["1.20", "x EUR", "1.2345678901 EUR", "1.x EUR"] {
            money(wrong).unwrap_err();
        }
    }
}
