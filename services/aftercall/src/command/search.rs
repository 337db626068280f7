//! `search`: contacts by text and filters.

use aftercall_proto::history::v1::{
    Facet, FacetCounts, HandleQuery, InteractionFilter, SearchInteractionsRequest, SearchOrder,
    SearchResult, SentimentBand, SentimentTrend, Snippet,
};
use aftercall_proto::model::v1::{Channel, Direction, DropAttribution, SignalKind};

use super::as_of::AsOfArgs;
use super::listing::{gathered, page_size};
use super::{CommandError, Session, insight, interaction};
use crate::output::{Cell, Column, Output, Style, Table, When, clean, label, past, values};

/// The largest page that a search gives.
const PAGE_MAX: usize = 200;

/// Contacts by text and filters
#[derive(Debug, clap::Args)]
pub struct SearchArgs {
    /// Words to find in reason and handling: all of them. In quotes, as in '"charged twice" -router',
    /// words stand together, and -word excludes
    #[arg(value_name = "WORD")]
    query: Vec<String>,
    #[command(flatten)]
    filter: FilterArgs,
    /// In which order; by relevance where there is a query, by time where not
    #[arg(long, value_parser = values::<SearchOrder>())]
    order: Option<i32>,
    /// Counts over all that was found, by this; may be repeated
    #[arg(long, value_parser = values::<Facet>())]
    facet: Vec<i32>,
    /// How many results to show; with 0, only counts
    #[arg(long, value_name = "N", default_value = "25")]
    limit: usize,
    /// Only the contacts behind a number, as `aftercall insight … --commands` prints it
    #[arg(long, value_name = "FILTER", value_parser = behind)]
    behind: Option<Behind>,
    #[command(flatten)]
    as_of: AsOfArgs,
}

/// An encoded filter of measures.
#[derive(Debug, Clone)]
struct Behind(Vec<u8>);

fn behind(text: &str) -> Result<Behind, String> {
    insight::behind(text).map(Behind)
}

/// What contacts must fulfil. An option that repeats means any of its values.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Filters")]
pub(super) struct FilterArgs {
    /// Contacts with this customer
    #[arg(long, value_name = "ID")]
    customer: Vec<String>,
    /// Contacts with whoever has this number, address or name in a chat, in any usual spelling
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    handle: Vec<String>,
    /// Contacts in which this agent had a part
    #[arg(long, value_name = "ID")]
    agent: Vec<String>,
    /// Contacts of this team
    #[arg(long, value_name = "ID")]
    team: Vec<String>,
    /// Contacts for this reason; `billing` also finds `billing.refund`
    #[arg(long, value_name = "CODE")]
    reason: Vec<String>,
    /// Contacts with this wrap-up code
    #[arg(long, value_name = "CODE")]
    disposition: Vec<String>,
    /// Contacts with this driver; `outage` also finds `outage.network`
    #[arg(long, value_name = "CODE")]
    driver: Vec<String>,
    /// Whether it was said what made the customer call; =false finds those of which nobody said it
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[arg(require_equals = true)]
    has_driver: Option<bool>,
    /// Contacts by this channel
    #[arg(long, value_parser = values::<Channel>())]
    channel: Vec<i32>,
    /// Who reached out
    #[arg(long, value_parser = values::<Direction>())]
    direction: Vec<i32>,
    /// The customer's feeling at the end
    #[arg(long, value_parser = values::<SentimentBand>())]
    sentiment: Vec<i32>,
    /// The customer's worst feeling
    #[arg(long, value_parser = values::<SentimentBand>())]
    worst: Vec<i32>,
    /// Which way the customer's feeling moved
    #[arg(long, value_parser = values::<SentimentTrend>())]
    trend: Vec<i32>,
    /// Contacts that this scorer scored, in any of its versions
    #[arg(long, value_name = "NAME")]
    scorer: Vec<String>,
    /// Contacts with this signal
    #[arg(long, value_parser = values::<SignalKind>())]
    signal: Vec<i32>,
    /// Whether a promise made in it is open; alone, yes
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[arg(require_equals = true)]
    open_promise: Option<bool>,
    /// Contacts with this root cause, as it was said last; `process` also finds `process.delay`
    #[arg(long, value_name = "CODE")]
    root_cause: Vec<String>,
    /// Whether the root cause was said; =false finds those that nobody has looked into
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[arg(require_equals = true)]
    has_root_cause: Option<bool>,
    /// Contacts whose loss is put down to this
    #[arg(long, value_name = "WHOM", value_parser = values::<DropAttribution>())]
    drop_attribution: Vec<i32>,
    /// Contacts with this label; repeated, with all of them
    #[arg(long, value_name = "LABEL")]
    label: Vec<String>,
    /// Began at this time or later: 2026-11-22, "2026-11-22 17:00", or 7d for the last seven days
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = past)]
    from: Option<When>,
    /// Began before this time, or longer ago than this
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = past)]
    before: Option<When>,
}

/// Prints what a search finds.
///
/// # Errors
/// When the server refuses, or the output takes no more.
pub async fn search(session: &mut Session, args: SearchArgs) -> Result<(), CommandError> {
    let request = SearchInteractionsRequest {
        query: args.query.join(" "),
        filter: Some(args.filter.into_filter(session)?),
        order: args.order.unwrap_or_default(),
        facets: args.facet,
        page_size: page_size(args.limit, PAGE_MAX),
        min_position: session.after.clone(),
        as_of: args.as_of.asked(session)?,
        contact_filter: args.behind.map_or_else(Vec::new, |Behind(filter)| filter),
        ..Default::default()
    };
    args.as_of.say(session)?;
    let (results, listed) = gathered(session, request, args.limit).await?;
    let (counts, output) = (listed.first, &mut session.output);
    if output.json() {
        return Ok(output.message(&counts)?);
    }
    print_results(&results, output)?;
    counts
        .facets
        .iter()
        .try_for_each(|facet| print_facet(facet, output))?;
    let summary = match (counts.total_size, results.len()) {
        (0, _) => "nothing found".to_owned(),
        (total, 0) => format!("{total} found"),
        (total, shown) => format!("{shown} of {total} shown"),
    };
    Ok(output.line(&output.styled(Style::Dim, &summary))?)
}

impl FilterArgs {
    pub(super) fn into_filter(self, session: &Session) -> Result<InteractionFilter, CommandError> {
        let Self {
            customer,
            handle,
            agent,
            team,
            reason,
            disposition,
            driver,
            has_driver,
            channel,
            direction,
            sentiment,
            worst,
            trend,
            scorer,
            signal,
            open_promise,
            root_cause,
            has_root_cause,
            drop_attribution,
            label,
            from,
            before,
        } = self;
        Ok(InteractionFilter {
            customer_ids: customer,
            handles: handle
                .into_iter()
                .map(|value| HandleQuery {
                    value,
                    ..HandleQuery::default()
                })
                .collect(),
            agent_ids: agent,
            team_ids: team,
            reason_codes: reason,
            disposition_codes: disposition,
            driver_codes: driver,
            has_driver,
            channels: channel,
            directions: direction,
            sentiments: sentiment,
            worst_sentiments: worst,
            sentiment_trends: trend,
            sentiment_scorers: scorer,
            signals: signal,
            open_promise,
            root_cause_codes: root_cause,
            has_root_cause,
            drop_attributions: drop_attribution,
            labels: label,
            occurred_from: session.optional_instant(from.as_ref())?,
            occurred_before: session.optional_instant(before.as_ref())?,
            ..InteractionFilter::default()
        })
    }
}

fn print_results(results: &[SearchResult], output: &mut Output) -> std::io::Result<()> {
    for result in results {
        let contact = result.interaction.clone().unwrap_or_default();
        let when = output.times().minute(contact.occurred_at.as_ref());
        let reason = output.styled(Style::Bold, &clean(interaction::primary_reason(&contact)));
        let customer = clean(&interaction::customer(contact.customer.as_ref()));
        let disposition = clean(interaction::disposition(&contact));
        let agent = clean(&contact.agent_id);
        let facts = [customer, agent, disposition]
            .into_iter()
            .filter(|fact| !fact.is_empty());
        let facts: Vec<String> = facts.collect();
        let way = interaction::way(&contact);
        output.line(&format!("{when}  {way}  {reason}  {}", facts.join(" · ")))?;
        match result.snippets.is_empty() {
            false => {
                for snippet in &result.snippets {
                    print_snippet(snippet, output)?;
                }
            }
            true => {
                let summary = contact
                    .handling
                    .as_ref()
                    .map_or("", |handling| &handling.summary);
                output.paragraph(4, Style::Plain, summary)?;
            }
        }
        output.paragraph(4, Style::Dim, &contact.interaction_id)?;
    }
    Ok(())
}

fn print_snippet(snippet: &Snippet, output: &mut Output) -> std::io::Result<()> {
    // Marks become characters before the text is wrapped, and colours after.
    let mut text = String::new();
    for (at, character) in (0_u32..).zip(snippet.text.chars()) {
        for place in &snippet.highlights {
            if place.end == at {
                text.push('»');
            }
            if place.start == at {
                text.push('«');
            }
        }
        text.push(character);
    }
    let length = u32::try_from(snippet.text.chars().count()).unwrap_or(u32::MAX);
    if snippet.highlights.iter().any(|place| place.end >= length) {
        text.push('»');
    }
    output.paragraph(4, Style::Plain, &text)
}

fn print_facet(facet: &FacetCounts, output: &mut Output) -> std::io::Result<()> {
    output.line("")?;
    let title = format!("by {}", label::<Facet>(facet.facet));
    output.line(&output.styled(Style::Bold, &title))?;
    let mut table = Table::new([Column::narrows("value"), Column::number("contacts")]);
    for count in &facet.counts {
        table.row([
            Cell::from(&count.value),
            Cell::from(count.count.to_string()),
        ]);
    }
    if facet.other_count > 0 {
        let others = Cell::styled("(others)", Style::Dim);
        table.row([others, Cell::from(facet.other_count.to_string())]);
    }
    table.print(output)?;
    output.line("")
}
