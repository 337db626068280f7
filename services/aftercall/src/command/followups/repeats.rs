//! `followups repeats`: how many contacts there were because promises were not kept.

use aftercall_proto::followups::v1::{
    CountRepeatsRequest, CountRepeatsResponse, RepeatCount, RepeatGrouping,
};

use crate::command::{CommandError, Session};
use crate::output::{Cell, Column, Output, Table, When, past, values};

/// Which contacts are counted, and how.
#[derive(Debug, clap::Args)]
pub struct RepeatsArgs {
    /// By what they are counted
    #[arg(long, default_value = "team", value_parser = values::<RepeatGrouping>())]
    by: i32,
    /// Contacts since then: "2026-11-22", or 30d for the last thirty days
    #[arg(long, value_name = "TIME", default_value = "30d", allow_hyphen_values = true, value_parser = past)]
    from: When,
    /// Contacts before this time; left out, now
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = past)]
    before: Option<When>,
}

/// Prints how many there were.
pub(super) async fn repeats(session: &mut Session, args: RepeatsArgs) -> Result<(), CommandError> {
    let now = session.clock.now();
    let before = session.optional_instant(args.before.as_ref())?;
    let request = CountRepeatsRequest {
        from: session.optional_instant(Some(&args.from))?,
        before: before.or_else(|| Some(aftercall_proto::convert::time::to_wire(now))),
        group_by: args.by,
        min_position: session.after.clone(),
        latest: false,
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, table)
}

fn table(answer: &CountRepeatsResponse, output: &mut Output) -> std::io::Result<()> {
    if answer.counts.is_empty() {
        return output.line("no contacts because of promises that were not kept");
    }
    let mut table = Table::new([
        Column::full("by"),
        Column::full("contacts"),
        Column::full("minutes"),
    ]);
    for count in &answer.counts {
        let RepeatCount {
            value,
            contacts,
            contact_time,
        } = count;
        let by = match value.is_empty() {
            true => "nobody said",
            false => value.as_str(),
        };
        table.row([
            Cell::from(by),
            Cell::from(contacts.to_string()),
            Cell::from(minutes(contact_time.as_ref())),
        ]);
    }
    table.print(output)?;
    output.line(&format!(
        "{} contacts, {} minutes",
        answer.contacts,
        minutes(answer.contact_time.as_ref())
    ))
}

fn minutes(time: Option<&pbjson_types::Duration>) -> String {
    time.map_or(0, |time| time.seconds / 60).to_string()
}
