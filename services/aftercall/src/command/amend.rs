//! `amend`: fields of a contact's record, said anew.

use aftercall_proto::recorder::v1::AmendInteractionRequest;

use super::{Changing, CommandError, Session, fields, warnings};
use crate::output::Card;

/// What is said anew.
#[derive(Debug, clap::Args)]
pub struct AmendArgs {
    /// The contact's id
    #[arg(value_name = "CONTACT")]
    contact: String,
    /// The file, or - for standard input
    #[arg(value_name = "FILE")]
    file: String,
    #[command(flatten)]
    changing: Changing,
}

/// Replaces the fields of a contact that a file holds.
///
/// # Errors
/// When the file isn't what it should be, the server refuses, or the output takes no more.
pub async fn amend(session: &mut Session, args: AmendArgs) -> Result<(), CommandError> {
    let AmendArgs {
        contact,
        file,
        changing,
    } = args;
    let fields::Fields { values, mask } = fields::read(&file)?;
    let amended = mask.paths.join(", ");
    let request = AmendInteractionRequest {
        request_id: changing.request_id.unwrap_or_default(),
        interaction_id: contact,
        expected_version: changing.expected_version,
        interaction: Some(values),
        update_mask: Some(mask),
        reason: changing.reason,
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        let recorded = output.times().second(answer.recorded_at.as_ref());
        let mut card = Card::new();
        card.field("contact", &answer.interaction_id)
            .field("amended", amended)
            .field("recorded", recorded)
            .field("version", answer.version.to_string())
            .field("position", &answer.position);
        card.print(output, 0)?;
        warnings(&answer.warnings, output)
    })
}
