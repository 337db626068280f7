//! `timeline`, `context`, `show`: the past of one customer, or one contact.

use aftercall_proto::history::v1::timeline_entry::What;
use aftercall_proto::history::v1::{
    CommitmentChange, CommitmentChangeKind, GetCustomerContextRequest, GetCustomerContextResponse,
    GetInteractionRequest, ListTimelineRequest, TimelineEntry, WarningKind,
};

use super::listing::{LIMIT, PAGE_MAX, listing, page_size};
use super::{CommandError, Session, interaction, promise};
use crate::output::{Output, Style, clean, label};

/// All that happened with a customer, the latest first
#[derive(Debug, clap::Args)]
pub struct TimelineArgs {
    /// The customer, by the CRM's key
    customer: String,
    /// How many entries to show
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
}

/// What an agent needs when the phone rings
#[derive(Debug, clap::Args)]
pub struct ContextArgs {
    /// The customer, by the CRM's key
    customer: String,
    /// How many of the last contacts to show, at most 20
    #[arg(long, value_name = "N", default_value_t = 5)]
    #[arg(value_parser = clap::value_parser!(i32).range(1..=20))]
    contacts: i32,
}

/// One contact, with its promises as they stand and its amendments
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// The contact's id
    interaction: String,
}

/// Prints a customer's timeline.
///
/// # Errors
/// When the server refuses, or the output takes no more.
pub async fn timeline(session: &mut Session, args: &TimelineArgs) -> Result<(), CommandError> {
    let request = ListTimelineRequest {
        whose: Some(args.customer.clone().into()),
        page_size: page_size(args.limit, PAGE_MAX),
        min_position: session.after.clone(),
        ..Default::default()
    };
    let Session { client, output, .. } = session;
    let mut shown = 0;
    let listed = listing(client, request, args.limit, |page| {
        for entry in page {
            match output.json() {
                true => output.message(&entry)?,
                false => print_entry(&entry, output, shown)?,
            }
            shown += 1;
        }
        Ok(())
    });
    let listed = listed.await?;
    if output.json() {
        return Ok(());
    }
    let nothing = format!("nothing is recorded of customer {}", clean(&args.customer));
    Ok(listed.close(&nothing, output)?)
}

fn print_entry(entry: &TimelineEntry, output: &mut Output, shown: usize) -> std::io::Result<()> {
    if shown > 0 {
        output.line("")?;
    }
    match &entry.what {
        Some(What::Interaction(contact)) => interaction::entry(contact, output),
        Some(What::CommitmentChange(change)) => {
            let when = output.times().minute(entry.occurred_at.as_ref());
            print_change(change, &when, output)
        }
        None => Ok(()),
    }
}

fn print_change(change: &CommitmentChange, when: &str, output: &mut Output) -> std::io::Result<()> {
    let style = match change.kind() {
        CommitmentChangeKind::Fulfilled => Style::Good,
        CommitmentChangeKind::Lapsed => Style::Bad,
        _ => Style::Warn,
    };
    let kind = format!("promise {}", label::<CommitmentChangeKind>(change.kind));
    output.line(&format!("{when}  {}", output.styled(style, &kind)))?;
    if let Some(commitment) = &change.commitment {
        let line = promise::line(commitment, output);
        output.line(&format!("    {line}"))?;
        output.paragraph(4, Style::Plain, &promise::quoted(&commitment.promise_text))?;
    }
    Ok(())
}

/// Prints a customer's context.
///
/// # Errors
/// When the server refuses, or the output takes no more.
pub async fn context(session: &mut Session, args: &ContextArgs) -> Result<(), CommandError> {
    let request = GetCustomerContextRequest {
        whose: Some(args.customer.clone().into()),
        interactions_max: args.contacts,
        min_position: session.after.clone(),
        latest: false,
    };
    let context = session.client.call(request).await?;
    let output = &mut session.output;
    if output.json() {
        return Ok(output.message(&context)?);
    }
    if context.interaction_count == 0 {
        return Ok(output.line(&format!(
            "no contact with customer {}",
            clean(&args.customer)
        ))?);
    }
    Ok(print_context(&args.customer, &context, output)?)
}

fn print_context(
    customer: &str,
    context: &GetCustomerContextResponse,
    output: &mut Output,
) -> std::io::Result<()> {
    let title = format!(
        "Customer {}: {} contacts",
        clean(customer),
        context.interaction_count
    );
    output.line(&output.styled(Style::Bold, &title))?;
    for warning in &context.warnings {
        let kind = label::<WarningKind>(warning.kind);
        output.paragraph(2, Style::Warn, &format!("! {kind}: {}", warning.text))?;
    }
    heading("Open promises", output)?;
    if context.open_commitments.is_empty() {
        output.line("  none")?;
    }
    for commitment in &context.open_commitments {
        let line = promise::line(commitment, output);
        output.line(&format!("  {line}"))?;
        output.paragraph(4, Style::Plain, &promise::quoted(&commitment.promise_text))?;
    }
    if !context.tried.is_empty() {
        heading("Tried lately", output)?;
        for step in &context.tried {
            let when = output.times().minute(step.occurred_at.as_ref());
            output.line(&format!("  {}, {when}", clean(&step.step)))?;
        }
    }
    heading("Last contacts", output)?;
    for (at, contact) in context.interactions.iter().enumerate() {
        if at > 0 {
            output.line("")?;
        }
        interaction::entry(contact, output)?;
    }
    Ok(())
}

fn heading(title: &str, output: &mut Output) -> std::io::Result<()> {
    output.line("")?;
    output.line(&output.styled(Style::Bold, title))
}

/// Prints one contact.
///
/// # Errors
/// When the server refuses, or the output takes no more.
pub async fn show(session: &mut Session, args: &ShowArgs) -> Result<(), CommandError> {
    let request = GetInteractionRequest {
        which: Some(args.interaction.clone().into()),
        min_position: session.after.clone(),
        latest: false,
    };
    let answer = session.client.call(request).await?;
    let output = &mut session.output;
    if output.json() {
        return Ok(output.message(&answer)?);
    }
    if let Some(contact) = &answer.interaction {
        interaction::card(contact, output)?;
    }
    for commitment in &answer.commitments {
        output.line("")?;
        promise::card(commitment, output)?;
    }
    for amendment in &answer.amendments {
        let when = output.times().minute(amendment.recorded_at.as_ref());
        let mask = amendment.update_mask.clone().unwrap_or_default();
        let paths = mask.paths.join(", ");
        let line = format!("{when}  amended by {}: {paths}", amendment.amended_by);
        output.line("")?;
        output.paragraph(0, Style::Plain, &line)?;
        for line in amendment.reason.lines() {
            output.paragraph(4, Style::Dim, line)?;
        }
    }
    Ok(())
}
