//! `insight fair-clocks`: whose turn it was while promises were to be kept.

use aftercall_proto::insight::v1::{
    FairClock, FairClockGroupBy, ListFairClocksRequest, MeasureFairClocksRequest,
    MeasureFairClocksResponse, PromiseFilter, TurnTimes,
};

use super::tables::percent;
use crate::command::listing::{LIMIT, PAGE_MAX, page_size, tabled};
use crate::command::{CommandError, Session};
use crate::output::{Cell, Column, Output, Style, Table, When, clean, past, values};

/// How wide a bar of shares is.
const BAR: u64 = 20;

/// Which promises.
#[derive(Debug, clap::Args)]
pub struct ClocksArgs {
    /// By what
    #[arg(long, default_value = "team", value_parser = values::<FairClockGroupBy>())]
    by: i32,
    /// Shows each promise instead, with its id
    #[arg(long)]
    each: bool,
    /// Promises that this team is to keep
    #[arg(long, value_name = "ID")]
    team: Vec<String>,
    /// Promises that this agent is to keep
    #[arg(long, value_name = "ID")]
    agent: Vec<String>,
    /// Promises of this sort: call_back, refund
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,
    /// Only those that the customer was told
    #[arg(long)]
    told: bool,
    /// Made at this time or later: 2026-11-22, or 30d for the last thirty days
    #[arg(long, value_name = "TIME", default_value = "30d", allow_hyphen_values = true, value_parser = past)]
    from: When,
    /// Made before this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = past)]
    before: Option<When>,
    /// How many promises to show with --each
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
}

/// Prints whose turn it was.
pub(super) async fn run(session: &mut Session, args: ClocksArgs) -> Result<(), CommandError> {
    let filter = PromiseFilter {
        team_ids: args.team,
        agent_ids: args.agent,
        kinds: args.kind,
        made_from: session.optional_instant(Some(&args.from))?,
        made_before: session.optional_instant(args.before.as_ref())?,
        told_to_customer: args.told,
        ..PromiseFilter::default()
    };
    if args.each {
        let request = ListFairClocksRequest {
            filter: Some(filter),
            page_size: page_size(args.limit, PAGE_MAX),
            min_position: session.after.clone(),
            ..ListFairClocksRequest::default()
        };
        return tabled(session, request, args.limit, "no such promises", each).await;
    }
    let request = MeasureFairClocksRequest {
        filter: Some(filter),
        by: args.by,
        min_position: session.after.clone(),
        ..MeasureFairClocksRequest::default()
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, groups)
}

fn hours(ms: i64) -> String {
    format!("{}h {:02}m", ms / 3_600_000, ms / 60_000 % 60)
}

/// The shares as a bar: ours, the customer's, somebody else's, nobody's.
fn bar(times: &TurnTimes) -> String {
    let parts = [
        (times.ours_ms, '█'),
        (times.customers_ms, '▒'),
        (times.third_partys_ms, '░'),
        (times.systems_ms, '·'),
    ];
    let total = u64::try_from(times.total_ms).unwrap_or(0).max(1);
    let (mut sum, mut drawn, mut bar) = (0_u64, 0_u64, String::new());
    for (ms, block) in parts {
        sum = sum.saturating_add(u64::try_from(ms).unwrap_or(0));
        let until = (u128::from(sum) * u128::from(BAR) / u128::from(total)) as u64;
        bar.extend((drawn..until).map(|_| block));
        drawn = until;
    }
    bar
}

fn cells(times: &TurnTimes) -> [Cell; 6] {
    [
        Cell::from(hours(times.ours_ms)),
        Cell::from(hours(times.customers_ms)),
        Cell::from(hours(times.third_partys_ms)),
        Cell::from(hours(times.systems_ms)),
        Cell::from(percent(times.ours_share)),
        Cell::from(bar(times)),
    ]
}

/// The columns of [`cells`].
fn columns() -> [Column; 6] {
    [
        Column::number("ours"),
        Column::number("the customer's"),
        Column::number("somebody else's"),
        Column::number("nobody's"),
        Column::number("our share"),
        Column::full("█ ▒ ░ ·"),
    ]
}

fn groups(answer: &MeasureFairClocksResponse, output: &mut Output) -> std::io::Result<()> {
    let first = [
        Column::narrows("kept by"),
        Column::number("promises"),
        Column::number("open"),
    ];
    let columns: Vec<_> = first.into_iter().chain(columns()).collect();
    let mut table = Table::new(columns);
    for row in &answer.rows {
        let name = match row.value.is_empty() {
            true => "nobody said".to_owned(),
            false => clean(&row.value),
        };
        let first = [
            Cell::from(name),
            Cell::from(row.promises.to_string()),
            Cell::from(row.open.to_string()),
        ];
        let times = row.times.unwrap_or_default();
        table.row(first.into_iter().chain(cells(&times)));
    }
    table.print(output)?;
    let total = answer.total.unwrap_or_default();
    let at = output.times().minute(answer.complete_through_at.as_ref());
    let said = format!(
        "{} promises, {} in all, {} of it ours · complete through {at}",
        answer.promises,
        hours(total.total_ms),
        percent(total.ours_share)
    );
    output.line(&output.styled(Style::Dim, &said))
}

fn each(clocks: &[FairClock], output: &mut Output) -> std::io::Result<()> {
    let first = [Column::narrows("team"), Column::full("what")];
    let columns = first.into_iter().chain(columns());
    let columns: Vec<_> = columns.chain([Column::id("promise")]).collect();
    let mut table = Table::new(columns);
    for clock in clocks {
        let first = [Cell::from(&*clock.team_id), Cell::from(&*clock.kind)];
        let times = clock.times.unwrap_or_default();
        let id = Cell::from(&*clock.commitment_id);
        table.row(first.into_iter().chain(cells(&times)).chain([id]));
    }
    table.print(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_shares() {
        let times = TurnTimes {
            ours_ms: 50,
            customers_ms: 25,
            third_partys_ms: 20,
            systems_ms: 5,
            total_ms: 100,
            ours_share: Some(0.5),
        };
        assert_eq!(bar(&times), "██████████▒▒▒▒▒░░░░·");
        assert_eq!(bar(&TurnTimes::default()), "");
    }
}
