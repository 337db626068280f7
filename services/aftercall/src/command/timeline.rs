//! `timeline`, `context`, `show`: the past of one customer, or one contact.

use aftercall_proto::history::v1::timeline_entry::What;
use aftercall_proto::history::v1::{
    CommitmentChange, CommitmentChangeKind, GetCustomerContextRequest, GetCustomerContextResponse,
    GetInteractionRequest, GetInteractionResponse, HandleQuery, ListTimelineRequest, TimelineEntry,
    WarningKind, get_customer_context_request, list_timeline_request,
};

use super::as_of::AsOfArgs;
use super::listing::{LIMIT, PAGE_MAX, page_size, told};
use super::{CommandError, Session, interaction, promise};
use crate::output::{Output, Style, clean, label};

/// Whose past
#[derive(Debug, clap::Args)]
pub struct WhoseArgs {
    /// The customer, by the CRM's key
    #[arg(required_unless_present = "handle")]
    customer: Option<String>,
    /// Instead, everybody who was reached by this number, address or name in a chat, in any usual
    /// spelling
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    #[arg(conflicts_with = "customer")]
    handle: Option<String>,
}

impl WhoseArgs {
    /// The customer, or the handle that is asked for.
    fn asked(&self) -> Result<String, HandleQuery> {
        match &self.handle {
            None => Ok(self.customer.clone().unwrap_or_default()),
            Some(value) => Err(HandleQuery {
                value: value.clone(),
                ..HandleQuery::default()
            }),
        }
    }

    /// Whose it is, in words, of which `customer` comes before a customer's key.
    fn name(&self, customer: &str) -> String {
        match self.asked() {
            Ok(customer_id) => format!("{customer} {}", clean(&customer_id)),
            Err(handle) => clean(&handle.value),
        }
    }
}

/// All that happened with a customer, the latest first
#[derive(Debug, clap::Args)]
pub struct TimelineArgs {
    #[command(flatten)]
    whose: WhoseArgs,
    /// How many entries to show
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
    #[command(flatten)]
    as_of: AsOfArgs,
}

/// What an agent needs when the phone rings
#[derive(Debug, clap::Args)]
pub struct ContextArgs {
    #[command(flatten)]
    whose: WhoseArgs,
    /// How many of the last contacts to show, at most 20
    #[arg(long, value_name = "N", default_value_t = 5)]
    #[arg(value_parser = clap::value_parser!(i32).range(1..=20))]
    contacts: i32,
    #[command(flatten)]
    as_of: AsOfArgs,
}

/// One contact, with its promises as they stand and its amendments
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// The contact's id
    interaction: String,
    #[command(flatten)]
    as_of: AsOfArgs,
}

/// Prints a customer's timeline.
///
/// # Errors
/// When the server refuses, or the output takes no more.
pub async fn timeline(session: &mut Session, args: &TimelineArgs) -> Result<(), CommandError> {
    let whose = args.whose.asked();
    let request = ListTimelineRequest {
        whose: Some(whose.map_or_else(list_timeline_request::Whose::Handle, Into::into)),
        page_size: page_size(args.limit, PAGE_MAX),
        min_position: session.after.clone(),
        as_of: args.as_of.asked(session)?,
        ..Default::default()
    };
    args.as_of.say(session)?;
    let nothing = format!("nothing is recorded of {}", args.whose.name("customer"));
    told(session, request, args.limit, &nothing, print_entry).await
}

fn print_entry(entry: &TimelineEntry, output: &mut Output) -> std::io::Result<()> {
    match &entry.what {
        Some(What::Interaction(contact)) => interaction::entry(contact, output)?,
        Some(What::CommitmentChange(change)) => {
            let when = output.times().minute(entry.occurred_at.as_ref());
            print_change(change, &when, output)?;
        }
        None => {}
    }
    match entry.ambiguous {
        true => one_of_several(output),
        false => Ok(()),
    }
}

/// Says that the customer who is asked for may not be the one.
fn one_of_several(output: &mut Output) -> std::io::Result<()> {
    let text = "with one of several customers, of whom this is one";
    output.paragraph(4, Style::Warn, text)
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
    let whose = args.whose.asked();
    let whose = whose.map_or_else(get_customer_context_request::Whose::Handle, Into::into);
    let request = GetCustomerContextRequest {
        whose: Some(whose),
        interactions_max: args.contacts,
        min_position: session.after.clone(),
        as_of: args.as_of.asked(session)?,
        ..Default::default()
    };
    args.as_of.say(session)?;
    let context = session.client.call(request).await?;
    let output = &mut session.output;
    if output.json() {
        return Ok(output.message(&context)?);
    }
    if context.interactions.is_empty() && context.open_commitments.is_empty() {
        return Ok(output.line(&format!("no contact with {}", args.whose.name("customer")))?);
    }
    Ok(print_context(
        &args.whose.name("Customer"),
        &context,
        output,
    )?)
}

fn print_context(
    whose: &str,
    context: &GetCustomerContextResponse,
    output: &mut Output,
) -> std::io::Result<()> {
    let ambiguous = &context.ambiguous_interaction_ids;
    let shared = match ambiguous.len() {
        0 => String::new(),
        shared => format!(", and {shared} of one of several customers"),
    };
    let title = format!("{whose}: {} contacts{shared}", context.interaction_count);
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
        if ambiguous.contains(&contact.interaction_id) {
            one_of_several(output)?;
        }
    }
    Ok(())
}

fn heading(title: &str, output: &mut Output) -> std::io::Result<()> {
    output.line("")?;
    output.line(&output.styled(Style::Bold, title))
}

/// All that was said of the contact's root cause, the first of it first.
fn root_causes(answer: &GetInteractionResponse, output: &mut Output) -> std::io::Result<()> {
    for change in answer.root_cause_changes.iter().rev() {
        let said = change.root_cause.clone().unwrap_or_default();
        let when = output.times().minute(said.set_at.as_ref());
        let what = match said.code.is_empty() {
            true => "root cause taken back",
            false => &*said.code,
        };
        let line = format!("{when}  {what}, said by {}", said.set_by);
        output.line("")?;
        output.paragraph(0, Style::Plain, &line)?;
        for line in change.note.lines() {
            output.paragraph(4, Style::Dim, line)?;
        }
    }
    Ok(())
}

/// Prints one contact.
///
/// # Errors
/// When the server refuses, or the output takes no more.
pub async fn show(session: &mut Session, args: &ShowArgs) -> Result<(), CommandError> {
    let request = GetInteractionRequest {
        which: Some(args.interaction.clone().into()),
        min_position: session.after.clone(),
        as_of: args.as_of.asked(session)?,
        ..Default::default()
    };
    args.as_of.say(session)?;
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
    root_causes(&answer, output)?;
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
