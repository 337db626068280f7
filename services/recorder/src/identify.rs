//! Identifying: saying after a contact was recorded whose it is.

use std::sync::Arc;

use aftercall_domain::Warning;
use aftercall_domain::interaction::Identification;
use aftercall_proto::convert::interaction;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::InteractionIdentified;
use aftercall_proto::recorder::v1::identify_interaction_request::Identity;
use aftercall_proto::recorder::v1::{IdentifyInteractionRequest, IdentifyInteractionResponse};
use aftercall_service::seal::RequestHash;
use aftercall_service::{Call, Checker};

use crate::change::{Change, Changed, ContactCommand, change, read_interaction_id};
use crate::core::Core;
use crate::failure::Refusal;
use crate::pending::Key;

/// Says whose contact it is.
pub(crate) async fn identify(
    core: &Arc<Core>,
    call: Call<IdentifyInteractionRequest>,
) -> Result<IdentifyInteractionResponse, Refusal> {
    let (command, warned) = read(core, call)?;
    let interaction_id = command.key.id.to_string();
    let Changed {
        version,
        position,
        recorded_at,
    } = change(command).await?;
    Ok(IdentifyInteractionResponse {
        interaction_id,
        version,
        position,
        recorded_at,
        warnings: warned.into_iter().map(Into::into).collect(),
    })
}

/// Reads a command, and names all that is wrong with it.
fn read(
    core: &Arc<Core>,
    call: Call<IdentifyInteractionRequest>,
) -> Result<(ContactCommand, Vec<Warning>), Refusal> {
    let (until, scope) = (call.write_until(), call.scope());
    let hash = RequestHash::of(&call.message);
    let IdentifyInteractionRequest {
        request_id,
        interaction_id,
        expected_version,
        identity,
        verification,
        display_name,
        reason,
    } = call.message;
    let mut checker = Checker::new();
    checker.required_id("request_id", &request_id);
    let mut found = checker.into_found();
    let id = read_interaction_id(&interaction_id, &mut found);
    let customer_id = match identity {
        Some(Identity::CustomerId(customer_id)) => Some(customer_id),
        Some(Identity::Nobody(_)) => None,
        None => {
            found.required("customer_id");
            None
        }
    };
    let identification = Identification {
        customer_id,
        verification: interaction::read_verification(verification, &mut found),
        display_name,
        reason,
    };
    let (identification, warnings) = identification.check(core.now(), found)?;
    let identified: InteractionIdentified = identification.into();
    let customer_id = identified.customer_id.clone();
    let command = ContactCommand {
        core: Arc::clone(core),
        key: Key::contact(Arc::clone(&call.principal.tenant_id), id),
        scope,
        principal: call.principal,
        request_id,
        expected_version,
        change: Change::Identified { customer_id },
        fact: Fact::InteractionIdentified(identified),
        hash,
        until,
    };
    Ok((command, warnings))
}
