//! What of a search can be asked of measures, too, and the search that finds the contacts behind a number.

use std::io;

use aftercall_proto::history::v1::{HandleQuery, InteractionFilter, SentimentBand, SentimentTrend};
use aftercall_proto::insight::v1::ContactFilter;
use aftercall_proto::model::v1::SignalKind;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use prost::Message;

use crate::output::{Output, Style, clean, values};

/// What a search asks for. An option that repeats means any of its values.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Filters of a search")]
pub(super) struct SearchedArgs {
    /// Words to find in reason and handling, as `aftercall search` takes them
    #[arg(long, value_name = "WORDS", allow_hyphen_values = true)]
    query: Vec<String>,
    /// Contacts with this customer
    #[arg(long, value_name = "ID")]
    customer: Vec<String>,
    /// Contacts with whoever has this number, address or name in a chat, in any usual spelling
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    handle: Vec<String>,
    /// Contacts in which this agent had a part
    #[arg(long, value_name = "ID")]
    with_agent: Vec<String>,
    /// Contacts in which this team had a part
    #[arg(long, value_name = "ID")]
    with_team: Vec<String>,
    /// Contacts with this reason, primary or not; `billing` also finds `billing.refund`
    #[arg(long, value_name = "CODE")]
    with_reason: Vec<String>,
    /// Contacts with this label; repeated, with all of them
    #[arg(long, value_name = "LABEL")]
    label: Vec<String>,
    /// Whether a promise made in it is open; alone, yes
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[arg(require_equals = true)]
    open_promise: Option<bool>,
    /// Whether the customer is identified; alone, yes
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[arg(require_equals = true)]
    identified: Option<bool>,
    /// The customer's feeling at the end
    #[arg(long, value_parser = values::<SentimentBand>())]
    sentiment: Vec<i32>,
    /// The customer's worst feeling
    #[arg(long, value_parser = values::<SentimentBand>())]
    worst: Vec<i32>,
    /// Which way the customer's feeling moved
    #[arg(long, value_parser = values::<SentimentTrend>())]
    trend: Vec<i32>,
    /// Contacts with this signal
    #[arg(long, value_parser = values::<SignalKind>())]
    signal: Vec<i32>,
    /// Contacts that this scorer scored, in any of its versions
    #[arg(long, value_name = "NAME")]
    scorer: Vec<String>,
    /// Whose sentiment counts: this scorer's; left out, that of the record, or else the one that was said last
    #[arg(
        long,
        value_name = "NAME",
        default_value = "",
        hide_default_value = true
    )]
    sentiment_by: String,
}

impl SearchedArgs {
    /// Adds it to a filter.
    pub(super) fn add_to(self, filter: ContactFilter) -> ContactFilter {
        let handles = self.handle.into_iter().map(|value| HandleQuery {
            value,
            ..HandleQuery::default()
        });
        let search = InteractionFilter {
            customer_ids: self.customer,
            handles: handles.collect(),
            agent_ids: self.with_agent,
            team_ids: self.with_team,
            reason_codes: self.with_reason,
            labels: self.label,
            open_promise: self.open_promise,
            identified: self.identified,
            ..InteractionFilter::default()
        };
        ContactFilter {
            query: self.query.join(" "),
            search: Some(search).filter(|it| *it != InteractionFilter::default()),
            sentiments: self.sentiment,
            worst_sentiments: self.worst,
            sentiment_trends: self.trend,
            signals: self.signal,
            sentiment_scorers: self.scorer,
            sentiment_scorer: self.sentiment_by,
            ..filter
        }
    }
}

/// The search that finds the contacts behind a number.
fn search_for(filter: &ContactFilter) -> String {
    let encoded = URL_SAFE_NO_PAD.encode(filter.encode_to_vec());
    format!("aftercall search --behind {encoded}")
}

/// Reads what stands behind `--behind`.
pub(crate) fn behind(text: &str) -> Result<Vec<u8>, String> {
    let decoded = URL_SAFE_NO_PAD.decode(text.trim());
    let filter = decoded
        .ok()
        .filter(|it| ContactFilter::decode(&**it).is_ok());
    filter.ok_or_else(|| {
        "is not what stands behind a number; take it from what --commands of `aftercall insight` prints".to_owned()
    })
}

/// Prints for each number the search that finds its contacts.
pub(super) fn print_searches<'a>(
    rows: impl IntoIterator<Item = (String, Option<&'a ContactFilter>)>,
    output: &mut Output,
) -> io::Result<()> {
    output.line("")?;
    for (name, filter) in rows {
        let Some(filter) = filter else { continue };
        output.line(&output.styled(Style::Bold, &clean(&name)))?;
        // In one line, to be copied.
        output.line(&format!("  {}", search_for(filter)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_what_is_read() {
        let filter = ContactFilter {
            team_ids: vec!["billing".to_owned()],
            query: "charged twice".to_owned(),
            ..ContactFilter::default()
        };
        let search = search_for(&filter);
        let (_, encoded) = search.rsplit_once(' ').unwrap();
        assert_eq!(behind(encoded).unwrap(), filter.encode_to_vec());
        for wrong in ["no base64!", "Zm9v"] {
            behind(wrong).unwrap_err();
        }
    }
}
