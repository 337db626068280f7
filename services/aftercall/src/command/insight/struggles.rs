//! `insight struggles` and `insight evidence`: what the team can't answer, and what shows it.

use aftercall_proto::convert::time;
use aftercall_proto::knowledge::v1::{
    ListStruggleEvidenceRequest, ListStrugglesRequest, Struggle, StruggleEvidence, StruggleSign,
};

use super::tables::sparkline;
use crate::command::listing::{LIMIT, PAGE_MAX, page_size, tabled};
use crate::command::{CommandError, Session};
use crate::output::{Cell, Column, Output, Table, When, clean, past, values};

/// The largest page of struggles.
const STRUGGLES_PAGE_MAX: usize = 100;

/// Blocks of a line at most: longer series are shown in parts.
const BLOCKS_MAX: usize = 30;

/// Of which time, reason and team.
#[derive(Debug, clap::Args)]
pub(crate) struct OfArgs {
    /// Contacts and searches since that day: "2026-11-22", or 30d for the last thirty days
    #[arg(long, value_name = "TIME", default_value = "30d", allow_hyphen_values = true, value_parser = past)]
    from: When,
    /// Those before that day; left out, until now
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = past)]
    before: Option<When>,
    /// Only this team
    #[arg(long, value_name = "ID")]
    team: Option<String>,
}

/// Which struggles to list.
#[derive(Debug, clap::Args)]
pub struct StrugglesArgs {
    #[command(flatten)]
    of: OfArgs,
    /// Only this contact reason
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,
    /// How many to show
    #[arg(long, value_name = "N", default_value = "20")]
    limit: usize,
}

/// What shows which struggle.
#[derive(Debug, clap::Args)]
pub struct EvidenceArgs {
    /// The contact reason; left out, searches of which no reason is known
    #[arg(value_name = "CODE", default_value = "", hide_default_value = true)]
    reason: String,
    /// Only what shows it by this
    #[arg(long, value_parser = values::<StruggleSign>())]
    sign: Option<i32>,
    #[command(flatten)]
    of: OfArgs,
    /// How many to show
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
}

/// Prints what the team can't answer.
pub(super) async fn run(session: &mut Session, args: StrugglesArgs) -> Result<(), CommandError> {
    let now = time::to_wire(session.clock.now());
    let before = session.optional_instant(args.of.before.as_ref())?;
    let request = ListStrugglesRequest {
        from: session.optional_instant(Some(&args.of.from))?,
        before: before.or(Some(now)),
        reason_code: args.reason.unwrap_or_default(),
        team_id: args.of.team.unwrap_or_default(),
        page_size: page_size(args.limit, STRUGGLES_PAGE_MAX),
        min_position: session.after.clone(),
        ..ListStrugglesRequest::default()
    };
    let nothing = "nothing that could not be answered";
    tabled(session, request, args.limit, nothing, struggles).await
}

/// Prints what shows a struggle.
pub(super) async fn evidence(
    session: &mut Session,
    args: EvidenceArgs,
) -> Result<(), CommandError> {
    let now = time::to_wire(session.clock.now());
    let before = session.optional_instant(args.of.before.as_ref())?;
    let request = ListStruggleEvidenceRequest {
        from: session.optional_instant(Some(&args.of.from))?,
        before: before.or(Some(now)),
        reason_code: args.reason,
        team_id: args.of.team.unwrap_or_default(),
        sign: args.sign.unwrap_or_default(),
        page_size: page_size(args.limit, PAGE_MAX),
        min_position: session.after.clone(),
        ..ListStruggleEvidenceRequest::default()
    };
    let nothing = "nothing shows it";
    tabled(session, request, args.limit, nothing, shown).await
}

/// As many blocks as a line has room for, each of as many days.
fn in_parts(by_day: &[u64]) -> Vec<i64> {
    let days = by_day.len().div_ceil(BLOCKS_MAX).max(1);
    let parts = by_day.chunks(days).map(|part| part.iter().sum::<u64>());
    parts
        .map(|sum| i64::try_from(sum).unwrap_or(i64::MAX))
        .collect()
}

fn struggles(struggles: &[Struggle], output: &mut Output) -> std::io::Result<()> {
    let mut table = Table::new([
        Column::narrows("reason"),
        Column::number("score"),
        Column::full("over time"),
        Column::number("contacts"),
        Column::number("look-ups"),
        Column::number("searches"),
        Column::number("transfers"),
        Column::number("help"),
        Column::number("corrections"),
        Column::number("repeats"),
        Column::words("asked"),
    ]);
    for struggle in struggles {
        let reason = match struggle.reason_code.is_empty() {
            true => "no reason known".to_owned(),
            false => clean(&struggle.reason_code),
        };
        let counts = struggle.counts.unwrap_or_default();
        let numbers = [
            counts.contacts,
            counts.lookup_holds,
            counts.unanswered_searches,
            counts.transfers_after_search,
            counts.assists,
            counts.corrections,
            counts.repeats,
        ];
        let numbers = numbers.map(|number| Cell::from(number.to_string()));
        let first = [
            Cell::from(reason),
            Cell::from(struggle.score.to_string()),
            Cell::from(sparkline(&in_parts(&struggle.score_by_day))),
        ];
        let asked = struggle.questions.first().map_or("", |it| &it.text);
        table.row(first.into_iter().chain(numbers).chain([Cell::from(asked)]));
    }
    table.print(output)
}

fn shown(evidence: &[StruggleEvidence], output: &mut Output) -> std::io::Result<()> {
    let mut table = Table::new([
        Column::full("when"),
        Column::number("score"),
        Column::full("what"),
        Column::id("id"),
    ]);
    for one in evidence {
        let counts = one.counts.unwrap_or_default();
        let said = [
            (counts.lookup_holds, "looked up"),
            (counts.unanswered_searches, "found nothing"),
            (counts.transfers_after_search, "passed on"),
            (counts.assists, "asked for help"),
            (counts.corrections, "corrected"),
            (counts.repeats, "back again"),
        ];
        let said = said.iter().filter(|(count, _)| *count > 0);
        let said: Vec<_> = said
            .map(|(count, what)| match count {
                1 => (*what).to_owned(),
                count => format!("{what} ×{count}"),
            })
            .collect();
        let id = match one.interaction_id.is_empty() {
            true => format!("search {}", clean(&one.search_id)),
            false => format!("contact {}", clean(&one.interaction_id)),
        };
        table.row([
            Cell::from(output.times().minute(one.at.as_ref())),
            Cell::from(one.score.to_string()),
            Cell::from(said.join(", ")),
            Cell::from(id),
        ]);
    }
    table.print(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_series_is_shown_in_parts() {
        assert_eq!(in_parts(&[1, 2, 3]), [1, 2, 3]);
        assert_eq!(in_parts(&[1; 60]), [2; 30]);
        assert_eq!(in_parts(&[1; 61]).len(), 21);
        assert!(in_parts(&[]).is_empty());
    }
}
