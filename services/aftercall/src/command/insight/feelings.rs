//! How customers felt, as a table.

use std::io;

use aftercall_proto::insight::v1::AggregateResponse;
use aftercall_proto::model::v1::SignalKind;

use super::tables::{foot, group};
use crate::output::{Cell, Column, Output, Table, label};

fn score(mean: Option<f64>) -> String {
    mean.map_or_else(|| "-".to_owned(), |mean| format!("{mean:+.2}"))
}

/// How customers felt in each group, on a scale from -5 to 5, and what was noticed.
pub(super) fn print(answer: &AggregateResponse, output: &mut Output) -> io::Result<()> {
    let mut table = Table::new([
        Column::narrows("group"),
        Column::number("contacts"),
        Column::number("scored"),
        Column::number("start"),
        Column::number("end"),
        Column::number("worst"),
        Column::number("shift"),
        Column::number("ended badly"),
        Column::number("got worse"),
        Column::number("got better"),
        Column::narrows("signals"),
    ]);
    for row in &answer.rows {
        let it = row.measures.clone().unwrap_or_default();
        let signals = it.signals.iter();
        let signals = signals.map(|of| format!("{} {}", of.contacts, label::<SignalKind>(of.kind)));
        table.row([
            Cell::from(group(&row.values)),
            Cell::from(it.contacts.to_string()),
            Cell::from(it.felt_contacts.to_string()),
            Cell::from(score(it.average_start_sentiment)),
            Cell::from(score(it.average_end_sentiment)),
            Cell::from(score(it.average_worst_sentiment)),
            Cell::from(score(it.average_sentiment_shift)),
            Cell::from(it.ended_negative.to_string()),
            Cell::from(it.moved_worse.to_string()),
            Cell::from(it.moved_better.to_string()),
            Cell::from(signals.collect::<Vec<_>>().join(", ")),
        ]);
    }
    table.print(output)?;
    foot(answer, output)
}
