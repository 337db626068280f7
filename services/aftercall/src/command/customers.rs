//! `customers`: who is called so, or reached by this.

use std::io;

use aftercall_proto::history::v1::{FindCustomersRequest, FoundCustomer};
use clap::Subcommand;

use super::listing::{gathered, page_size};
use super::{CommandError, Session};
use crate::output::{Cell, Column, Output, Style, Table, clean};

/// The largest page that the server gives.
const PAGE_MAX: usize = 50;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Customers {
    /// Finds customers by words of a name, by a telephone number or mail address, or by the CRM's key
    ///
    /// Each word begins a word of the name, in any order: `mei anna` finds Anna Meier. Names that a customer had before
    /// find them, too. Those of whom you may see nothing are not found.
    Find(FindArgs),
}

/// Who is looked for.
#[derive(Debug, clap::Args)]
pub struct FindArgs {
    /// What is known: at least two characters
    #[arg(required = true, value_name = "TEXT")]
    text: Vec<String>,
    /// How many to show
    #[arg(long, value_name = "N", default_value = "20")]
    limit: usize,
}

/// Does what `command` says.
///
/// # Errors
/// When the server refuses, or the output takes no more.
pub async fn run(session: &mut Session, command: Customers) -> Result<(), CommandError> {
    match command {
        Customers::Find(args) => find(session, &args).await,
    }
}

async fn find(session: &mut Session, args: &FindArgs) -> Result<(), CommandError> {
    let text = args.text.join(" ");
    let nothing = format!("no customer is found by {}", clean(&text));
    let request = FindCustomersRequest {
        text,
        page_size: page_size(args.limit, PAGE_MAX),
        min_position: session.after.clone(),
        ..Default::default()
    };
    let (found, listed) = gathered(session, request, args.limit).await?;
    let output = &mut session.output;
    if !found.is_empty() {
        table(&found, output)?;
    }
    if listed.first.cut_short && !output.json() {
        let hint = "(too many names begin so to look at all: say more of the name)";
        output.line(&output.styled(Style::Dim, hint))?;
    }
    Ok(listed.close(&nothing, output)?)
}

fn table(found: &[FoundCustomer], output: &mut Output) -> io::Result<()> {
    let mut table = Table::new([
        Column::id("customer"),
        Column::narrows("name"),
        Column::narrows("found by"),
        Column::full("last contact"),
        Column::number("contacts"),
        Column::number("open promises"),
    ]);
    for one in found {
        table.row([
            Cell::from(&one.customer_id),
            Cell::from(&one.display_name),
            Cell::styled(&one.matched_name, Style::Dim),
            Cell::from(output.times().minute(one.last_contact_at.as_ref())),
            Cell::from(one.interaction_count.to_string()),
            Cell::from(one.open_commitment_count.to_string()),
        ]);
    }
    table.print(output)
}
