//! Words that stand out in what rose.

use std::io;

use aftercall_proto::insight::v1::{CompareDriversResponse, StandingWord};

use crate::output::{Cell, Column, Output, Style, Table};

/// Prints them, of all contacts and of each value that has any; nothing where none were asked for.
pub(super) fn print(answer: &CompareDriversResponse, output: &mut Output) -> io::Result<()> {
    let drivers = answer.drivers.iter();
    let of_drivers = drivers.filter(|driver| !driver.words.is_empty());
    let mut table = Table::new([
        Column::narrows("words"),
        Column::narrows("of"),
        Column::number("contacts"),
        Column::number("before"),
        Column::number("G²"),
        Column::number("chance"),
        Column::full(""),
    ]);
    let mut has_any = false;
    let mut add = |of: &str, words: &[StandingWord], read: (i64, i64)| {
        for word in words {
            has_any = true;
            table.row([
                Cell::from(&word.word),
                Cell::from(of),
                Cell::from(format!("{} of {}", word.contacts, read.0)),
                Cell::from(format!("{} of {}", word.contacts_before, read.1)),
                Cell::from(format!("{:.1}", word.g2)),
                Cell::from(format!("{:.4}", word.q_value)),
                Cell::from(if word.is_new { "new" } else { "rose" }),
            ]);
        }
    };
    add(
        "all",
        &answer.words,
        (answer.sampled, answer.sampled_before),
    );
    for driver in of_drivers {
        let read = (driver.sampled, driver.sampled_before);
        add(&driver.value, &driver.words, read);
    }
    if answer.sampled == 0 && !has_any {
        return Ok(());
    }
    output.line("")?;
    if has_any {
        table.print(output)?;
    }
    let none = if has_any { "" } else { "no words stand out; " };
    let summary = format!(
        "{none}words of {} contacts, {} before, were read: a sample; personal words are masked",
        answer.sampled, answer.sampled_before
    );
    output.line(&output.styled(Style::Dim, &summary))
}
