//! `calls judge`, `calls wrap-up`: what people say of a call, over or beside what telephony tells.

use aftercall_proto::followups::v1::{JudgeCallDropRequest, SaveWrapUpRequest};
use aftercall_proto::model::v1::{DropAttribution, DropClass};

use super::super::{CommandError, Session, fields, warnings};
use crate::output::{Card, label, values};

/// How a call ended.
#[derive(Debug, clap::Args)]
pub struct JudgeArgs {
    /// The call's contact
    #[arg(value_name = "CONTACT")]
    contact: String,
    /// Whether it was lost
    #[arg(long, value_name = "CLASS", value_parser = values::<DropClass>())]
    class: i32,
    /// To whom that is put down
    #[arg(long, value_name = "WHOM", value_parser = values::<DropAttribution>())]
    attribution: Option<i32>,
    /// Why: the evidence
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

/// What is saved of a wrap-up.
#[derive(Debug, clap::Args)]
pub struct WrapUpArgs {
    /// The call's contact
    #[arg(value_name = "CONTACT")]
    contact: String,
    /// The file, or - for standard input
    #[arg(value_name = "FILE")]
    file: String,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

/// Says whether a call was lost, and to whom that is put down.
///
/// # Errors
/// When the server refuses, or the output takes no more.
pub(super) async fn judge(session: &mut Session, args: JudgeArgs) -> Result<(), CommandError> {
    let JudgeArgs {
        contact,
        class,
        attribution,
        reason,
        request_id,
    } = args;
    let attribution = attribution.unwrap_or_default();
    let request = JudgeCallDropRequest {
        request_id: request_id.unwrap_or_default(),
        interaction_id: contact.clone(),
        drop_class: class,
        attribution,
        reason,
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        let recorded = output.times().second(answer.recorded_at.as_ref());
        let mut card = Card::new();
        card.field("contact", contact)
            .field("a drop", label::<DropClass>(class))
            .field("put down to", label::<DropAttribution>(attribution))
            .field("recorded", recorded)
            .field("position", &answer.position);
        card.print(output, 0)
    })
}

/// Saves part of a call's wrap-up.
///
/// # Errors
/// When the file isn't what it should be, the server refuses, or the output takes no more.
pub(super) async fn wrap_up(session: &mut Session, args: WrapUpArgs) -> Result<(), CommandError> {
    let WrapUpArgs {
        contact,
        file,
        request_id,
    } = args;
    let fields::Fields { values, mask } = fields::read(&file)?;
    let saved = mask.paths.join(", ");
    let request = SaveWrapUpRequest {
        request_id: request_id.unwrap_or_default(),
        interaction_id: contact.clone(),
        interaction: Some(values),
        update_mask: Some(mask),
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        let recorded = output.times().second(answer.recorded_at.as_ref());
        let mut card = Card::new();
        card.field("contact", contact)
            .field("saved", saved)
            .field("recorded", recorded)
            .field("position", &answer.position);
        card.print(output, 0)?;
        warnings(&answer.warnings, output)
    })
}
