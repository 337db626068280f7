//! Measures as tables.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use aftercall_proto::convert::time;
use aftercall_proto::insight::v1::{
    AggregateResponse, AggregateRow, CompareDriversResponse, ContactFilter, ContactRef,
    CountRepeatContactsResponse, Measures, RepeatCauseKind, RepeatRow,
};
use aftercall_proto::model::v1::Money;

use crate::output::{Cell, Column, Output, Style, Table, clean, label};

/// Blocks from low to high.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Counts in a row of blocks, the highest one as high as a line.
pub(super) fn sparkline(counts: &[i64]) -> String {
    let highest = counts.iter().copied().max().unwrap_or(0).max(1);
    let block = |count: &i64| {
        let step = (count.max(&0) * 7 + highest / 2) / highest;
        BLOCKS[usize::try_from(step).unwrap_or(0).min(7)]
    };
    counts.iter().map(block).collect()
}

pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.1}%", share * 100.0))
}

fn seconds(mean: Option<f64>) -> String {
    mean.map_or_else(|| "-".to_owned(), |mean| format!("{mean:.0}s"))
}

/// A group's name.
pub(super) fn group<'a>(values: impl IntoIterator<Item = &'a String>) -> String {
    let said = |value: &String| match value.is_empty() {
        true => "nobody said".to_owned(),
        false => clean(value),
    };
    let said: Vec<_> = values.into_iter().map(said).collect();
    match said.is_empty() {
        true => "all".to_owned(),
        false => said.join(" · "),
    }
}

/// The names of groups, and what asks for their contacts.
pub(super) fn groups(
    answer: &AggregateResponse,
) -> impl Iterator<Item = (String, Option<&ContactFilter>)> {
    let named = |row: &AggregateRow| match row.bucket_from {
        Some(at) => format!("{} · {}", group(&row.values), time_of(&at)),
        None => group(&row.values),
    };
    let rows = answer.rows.iter();
    rows.map(move |row| (named(row), row.filter.as_ref()))
}

fn time_of(at: &pbjson_types::Timestamp) -> String {
    time::from_wire(at).map_or_else(String::new, |at| at.to_string())
}

/// What repeats are because of.
pub(super) fn repeat(row: &RepeatRow) -> String {
    let cause = label::<RepeatCauseKind>(row.cause);
    match row.value.is_empty() {
        true => cause,
        false => format!("{cause} · {}", clean(&row.value)),
    }
}

fn cells(measures: &Measures) -> [Cell; 8] {
    let resolved = percent(measures.first_contact_resolution);
    // Who may still come back is not counted for sure.
    let mark = if measures.provisional > 0 { "~" } else { "" };
    [
        Cell::from(measures.contacts.to_string()),
        Cell::from(seconds(measures.average_handle_seconds)),
        Cell::from(seconds(measures.average_answer_seconds)),
        Cell::from(seconds(measures.average_wait_seconds)),
        Cell::from(percent(measures.abandonment_rate)),
        Cell::from(percent(measures.service_level)),
        Cell::from(format!("{mark}{resolved}")),
        Cell::from(percent(measures.repeat_rate)),
    ]
}

fn columns(first: &'static str) -> Vec<Column> {
    let numbers = [
        "contacts",
        "AHT",
        "ASA",
        "wait",
        "abandoned",
        "service",
        "FCR",
        "repeats",
    ];
    let numbers = numbers.into_iter().map(Column::number);
    [Column::narrows(first)]
        .into_iter()
        .chain(numbers)
        .collect()
}

/// Measures by group.
pub(super) fn aggregate(answer: &AggregateResponse, output: &mut Output) -> io::Result<()> {
    let mut table = Table::new(columns("group"));
    for row in &answer.rows {
        let name = Cell::from(group(&row.values));
        let measures = row.measures.clone().unwrap_or_default();
        table.row([name].into_iter().chain(cells(&measures)));
        if let Some(before) = &row.before {
            let name = Cell::styled("  before", Style::Dim);
            table.row([name].into_iter().chain(cells(before)));
        }
    }
    table.print(output)?;
    foot(answer, output)
}

/// Contacts of each group over time.
pub(super) fn over_time(answer: &AggregateResponse, output: &mut Output) -> io::Result<()> {
    let begins = |row: &AggregateRow| row.bucket_from.map_or(0, |at| at.seconds);
    let times: BTreeSet<i64> = answer.rows.iter().map(begins).collect();
    let mut groups: BTreeMap<&[String], Vec<&AggregateRow>> = BTreeMap::new();
    for row in &answer.rows {
        groups.entry(&row.values).or_default().push(row);
    }
    let mut table = Table::new([
        Column::narrows("group"),
        Column::number("contacts"),
        Column::full("over time"),
        Column::number("least"),
        Column::number("most"),
    ]);
    for (values, rows) in groups {
        let mut counts: BTreeMap<i64, i64> = times.iter().map(|at| (*at, 0)).collect();
        for row in rows {
            counts.insert(
                begins(row),
                row.measures.as_ref().map_or(0, |it| it.contacts),
            );
        }
        let counts: Vec<i64> = counts.into_values().collect();
        table.row([
            Cell::from(group(values)),
            Cell::from(counts.iter().sum::<i64>().to_string()),
            Cell::from(sparkline(&counts)),
            Cell::from(counts.iter().min().unwrap_or(&0).to_string()),
            Cell::from(counts.iter().max().unwrap_or(&0).to_string()),
        ]);
    }
    table.print(output)?;
    foot(answer, output)
}

/// What is known of promises in one group: counts, and the share that was kept in time, time after time.
#[derive(Debug, Default)]
struct Promises {
    counts: [i64; 7],
    kept_in: Vec<i64>,
}

impl Promises {
    fn add(&mut self, it: &Measures) {
        let counts = [
            it.promises,
            it.promises_kept,
            it.promises_late,
            it.promises_broken,
            it.promises_called_off,
            it.promises_moved_alone,
            it.promises_open,
        ];
        for (own, count) in self.counts.iter_mut().zip(counts) {
            *own += count;
        }
        // In thousandths, which is as fine as a block shows.
        let share = it.promises_kept_rate.map(|share| share * 1_000.0);
        self.kept_in.extend(share.map(|share| share as i64));
    }

    fn kept_in_time(&self) -> Option<f64> {
        let [_, kept, late, broken, ..] = self.counts;
        let decided = kept + late + broken;
        (decided > 0).then(|| kept as f64 / decided as f64)
    }
}

/// Promises by group, with the share that was kept in time week by week.
pub(super) fn kept(answer: &AggregateResponse, output: &mut Output) -> io::Result<()> {
    let mut groups: BTreeMap<&[String], Promises> = BTreeMap::new();
    for row in &answer.rows {
        if let Some(measures) = row.measures.as_ref().filter(|it| it.promises > 0) {
            groups.entry(&row.values).or_default().add(measures);
        }
    }
    let mut table = Table::new([
        Column::narrows("made by"),
        Column::number("promises"),
        Column::number("kept"),
        Column::number("late"),
        Column::number("broken"),
        Column::number("called off by us"),
        Column::number("moved by us"),
        Column::number("open"),
        Column::number("kept in time"),
        Column::full("by week"),
    ]);
    for (values, promises) in groups {
        let numbers = promises.counts.map(|number| Cell::from(number.to_string()));
        let name = Cell::from(group(values));
        let rate = [
            Cell::from(percent(promises.kept_in_time())),
            Cell::from(sparkline(&promises.kept_in)),
        ];
        table.row([name].into_iter().chain(numbers).chain(rate));
    }
    table.print(output)?;
    foot(answer, output)
}

/// What customers spent on their troubles, by group.
pub(super) fn effort(answer: &AggregateResponse, output: &mut Output) -> io::Result<()> {
    let mut table = Table::new([
        Column::narrows("group"),
        Column::number("troubles"),
        Column::number("contacts each"),
        Column::number("minutes each"),
        Column::number("transfers each"),
        Column::number("hours until then"),
    ]);
    let tenths = |mean: Option<f64>, unit: f64| match mean {
        Some(mean) => format!("{:.1}", mean / unit),
        None => "-".to_owned(),
    };
    for row in &answer.rows {
        let it = row.measures.clone().unwrap_or_default();
        if it.onset_contacts == 0 {
            continue;
        }
        table.row([
            Cell::from(group(&row.values)),
            Cell::from(it.onset_contacts.to_string()),
            Cell::from(tenths(it.average_since_onset_contacts, 1.0)),
            Cell::from(tenths(it.average_since_onset_seconds, 60.0)),
            Cell::from(tenths(it.average_since_onset_transfers, 1.0)),
            Cell::from(tenths(it.average_effort_seconds, 3_600.0)),
        ]);
    }
    table.print(output)?;
    foot(answer, output)
}

pub(super) fn foot(answer: &AggregateResponse, output: &mut Output) -> io::Result<()> {
    let total = answer.total.clone().unwrap_or_default();
    let mut said = vec![format!("{} contacts", total.contacts)];
    if total.unrecorded > 0 {
        said.push(format!(
            "{} of them calls that nobody recorded",
            total.unrecorded
        ));
    }
    if answer.hidden_groups > 0 {
        let (groups, contacts) = (answer.hidden_groups, answer.hidden_contacts);
        said.push(format!("{groups} small groups hidden with {contacts}"));
    }
    if total.provisional > 0 {
        said.push(format!("~ {} may still come back", total.provisional));
    }
    let definitions = answer.definitions.clone().unwrap_or_default();
    said.push(format!("definitions {}", definitions.version));
    let at = output.times().minute(answer.complete_through_at.as_ref());
    said.push(format!("complete through {at}"));
    output.line(&output.styled(Style::Dim, &said.join(" · ")))
}

/// What rose and fell.
pub(super) fn drivers(answer: &CompareDriversResponse, output: &mut Output) -> io::Result<()> {
    let mut table = Table::new([
        Column::narrows("driver"),
        Column::narrows("called"),
        Column::number("contacts"),
        Column::number("before"),
        Column::number("share"),
        Column::number("before"),
        Column::number("chance"),
        Column::full(""),
        Column::full("before and since"),
    ]);
    for driver in &answer.drivers {
        let name = group([&driver.value]);
        let told = match (driver.is_new, driver.q_value < 0.05, driver.z > 0.0) {
            (true, ..) => "new",
            (_, true, true) => "rose",
            (_, true, false) => "fell",
            (_, false, _) => "",
        };
        table.row([
            Cell::from(name),
            Cell::styled(&driver.label, Style::Dim),
            Cell::from(driver.contacts.to_string()),
            Cell::from(driver.contacts_before.to_string()),
            Cell::from(percent(Some(driver.share))),
            Cell::from(percent(Some(driver.share_before))),
            Cell::from(format!("{:.4}", driver.q_value)),
            Cell::from(told),
            Cell::from(sparkline(&driver.series)),
        ]);
    }
    table.print(output)?;
    let summary = format!(
        "{} contacts, {} before; {} compared, chance corrected for that (Benjamini and Hochberg)",
        answer.contacts, answer.contacts_before, answer.compared
    );
    output.line(&output.styled(Style::Dim, &summary))
}

fn cost(cost: Option<&Money>) -> String {
    cost.map_or_else(String::new, |cost| {
        let cents = cost.nanos / 10_000_000;
        format!("{}.{cents:02} {}", cost.units, clean(&cost.currency_code))
    })
}

/// Contacts that came back.
pub(super) fn repeats(answer: &CountRepeatContactsResponse, output: &mut Output) -> io::Result<()> {
    let mut table = Table::new([
        Column::full("because of"),
        Column::narrows("by"),
        Column::number("contacts"),
        Column::number("minutes"),
        Column::number("cost"),
        Column::full("over time"),
    ]);
    for row in &answer.rows {
        table.row([
            Cell::from(label::<RepeatCauseKind>(row.cause)),
            Cell::from(clean(&row.value)),
            Cell::from(row.contacts.to_string()),
            Cell::from((row.time_ms / 60_000).to_string()),
            Cell::from(cost(row.cost.as_ref())),
            Cell::from(sparkline(&row.series)),
        ]);
    }
    table.print(output)?;
    let minutes = answer.time_ms / 60_000;
    let summary = format!(
        "{} contacts, {minutes} minutes {}",
        answer.contacts,
        cost(answer.cost.as_ref())
    );
    output.line(&output.styled(Style::Dim, summary.trim_end()))
}

/// Contacts.
pub(super) fn contacts(contacts: &[ContactRef], output: &mut Output) -> io::Result<()> {
    let mut table = Table::new([Column::full("began"), Column::id("contact")]);
    for contact in contacts {
        table.row([
            Cell::from(output.times().minute(contact.occurred_at.as_ref())),
            Cell::from(clean(&contact.interaction_id)),
        ]);
    }
    table.print(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_blocks_as_high_as_they_are_large() {
        assert_eq!(sparkline(&[0, 1, 4, 7]), "▁▂▅█");
        assert_eq!(sparkline(&[0, 0]), "▁▁");
        assert_eq!(sparkline(&[]), "");
    }
}
