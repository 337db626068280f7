//! `identify`: whose contact it is, said later.

use aftercall_proto::model::v1::Verification;
use aftercall_proto::recorder::v1::IdentifyInteractionRequest;
use aftercall_proto::recorder::v1::identify_interaction_request::Identity;

use super::{Changing, CommandError, Session, warnings};
use crate::output::{Card, values};

/// Whose contact it is
#[derive(Debug, clap::Args)]
pub struct IdentifyArgs {
    /// The contact's id
    interaction: String,
    /// Whose it is, by the CRM's key
    #[arg(long, value_name = "ID", required_unless_present = "nobody")]
    customer: Option<String>,
    /// Nobody's that we know: it was named wrongly
    #[arg(long, conflicts_with = "customer")]
    nobody: bool,
    /// The name to show; left out, the one that was recorded
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// How far the identity was checked; left out, as it was recorded
    #[arg(long, value_parser = values::<Verification>())]
    verification: Option<i32>,
    #[command(flatten)]
    changing: Changing,
}

/// Says whose contact it is.
///
/// # Errors
/// When the server refuses, or the output takes no more.
pub async fn identify(session: &mut Session, args: IdentifyArgs) -> Result<(), CommandError> {
    let IdentifyArgs {
        interaction,
        customer,
        nobody: _,
        name,
        verification,
        changing,
    } = args;
    let (whose, identity) = match customer {
        Some(customer_id) => (customer_id.clone(), Identity::CustomerId(customer_id)),
        None => (
            "nobody's that we know".to_owned(),
            Identity::Nobody(Default::default()),
        ),
    };
    let request = IdentifyInteractionRequest {
        request_id: changing.request_id.unwrap_or_default(),
        interaction_id: interaction,
        expected_version: changing.expected_version,
        identity: Some(identity),
        verification: verification.unwrap_or_default(),
        display_name: name.unwrap_or_default(),
        reason: changing.reason,
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        let recorded = output.times().second(answer.recorded_at.as_ref());
        let mut card = Card::new();
        card.field("contact", &answer.interaction_id)
            .field("customer", whose)
            .field("recorded", recorded)
            .field("version", answer.version.to_string())
            .field("position", &answer.position);
        card.print(output, 0)?;
        warnings(&answer.warnings, output)
    })
}
