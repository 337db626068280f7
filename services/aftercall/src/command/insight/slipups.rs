//! What went wrong with customers, as tables.

use std::io;

use aftercall_proto::insight::v1::{SlipUpEntry, SlipUpKind, SlipUpWindow};

use crate::output::{Cell, Column, Output, Table, clean, label};

/// Customers with whom too much went wrong.
pub(super) fn windows(windows: &[SlipUpWindow], output: &mut Output) -> io::Result<()> {
    let mut table = Table::new([
        Column::narrows("customer"),
        Column::full("when"),
        Column::full("what"),
        Column::id("contact"),
    ]);
    for window in windows {
        let all = [&window.customer_id]
            .into_iter()
            .chain(&window.merged_customer_ids);
        let all: Vec<String> = all.map(|id| clean(id)).collect();
        let mut customer = all.join(" = ");
        for slip in &window.slip_ups {
            table.row([
                Cell::from(std::mem::take(&mut customer)),
                Cell::from(output.times().minute(slip.at.as_ref())),
                Cell::from(label::<SlipUpKind>(slip.kind)),
                Cell::from(clean(&slip.interaction_id)),
            ]);
        }
    }
    table.print(output)
}

/// All that went wrong with one customer.
pub(super) fn ledger(entries: &[SlipUpEntry], output: &mut Output) -> io::Result<()> {
    let mut table = Table::new([
        Column::full("when"),
        Column::full("what"),
        Column::id("contact or promise"),
        Column::narrows("why"),
        Column::full("in window"),
        Column::id("alert"),
    ]);
    for entry in entries {
        let slip = entry.slip_up.clone().unwrap_or_default();
        let of = match slip.commitment_id.is_empty() {
            true => &slip.interaction_id,
            false => &slip.commitment_id,
        };
        let window = entry.window.as_ref().map_or_else(String::new, |window| {
            let from = output.times().minute(window.from.as_ref());
            format!("{} since {from}", window.number)
        });
        let alert = entry.alert.as_ref();
        table.row([
            Cell::from(output.times().minute(slip.at.as_ref())),
            Cell::from(label::<SlipUpKind>(slip.kind)),
            Cell::from(clean(of)),
            Cell::from(why(entry, slip.kind())),
            Cell::from(window),
            Cell::from(alert.map_or_else(String::new, |alert| clean(&alert.alert_id))),
        ]);
    }
    table.print(output)
}

/// Why something counts, in a few words.
fn why(entry: &SlipUpEntry, kind: SlipUpKind) -> String {
    let after = entry.goes_on_with_interaction_ids.iter();
    let after: Vec<String> = after.map(|id| clean(id)).collect();
    let after = match after.is_empty() {
        true => String::new(),
        false => format!(", with {}", after.join(", ")),
    };
    match kind {
        SlipUpKind::Lapse => "a promise was not kept when it was due".to_owned(),
        SlipUpKind::Drop => format!("the contact was cut off{after}"),
        SlipUpKind::Repeat => format!("repeats {}{after}", clean(&entry.repeats_interaction_id)),
        SlipUpKind::Correction => "what was told has to be put right".to_owned(),
        SlipUpKind::LongWait => format!("waited {} s{after}", entry.waited_ms / 1_000),
        SlipUpKind::Unspecified => String::new(),
    }
}
