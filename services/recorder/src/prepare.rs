//! From a request to the log's record: checked, resolved, encoded.

use std::collections::BTreeMap;
use std::sync::Arc;

use aftercall_domain::calendar::Calendar;
use aftercall_domain::interaction::CommitmentDraft;
use aftercall_domain::limits::WARNINGS_MAX;
use aftercall_domain::setting::{CodeTree, FollowUpPolicy, PromiseFacts};
use aftercall_domain::violation::Reason;
use aftercall_domain::{Interaction as Contact, Recording, Violations, Warning};
use aftercall_ledger::{InUse, Name, Named as OtherName, Place, names};
use aftercall_log::Record;
use aftercall_proto::convert::interaction;
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::InteractionRecorded;
use aftercall_proto::model::v1::{CallTerms, Interaction};
use aftercall_proto::recorder::v1::{ProposedPromise, ReckonedDue, RecordInteractionRequest};
use aftercall_service::seal::{Author, Request, RequestHash, Sealing};
use aftercall_service::{Ids, Principal};
use jiff::Timestamp;

use crate::failure::Refusal;
use crate::follow_up::follow_up;
use crate::pending::{Hash, Key};
use crate::propose::{propose, proposed};
use crate::resolve::{Named, resolve};
use crate::score::Wanted;

/// What a tenant has set up, as it is now.
pub(crate) trait House {
    /// Those of some calendars that are in use.
    fn calendars(&self, ids: &[&str]) -> Result<BTreeMap<String, Arc<Calendar>>, Refusal>;

    /// By what it is told whether a later contact goes on with this one; none where the tenant has set nothing.
    fn call_terms(&self) -> Option<CallTerms>;

    /// The policy that a promise has when it is made now.
    fn policy(&self, promise: &PromiseFacts<'_>) -> Result<Option<InUse<FollowUpPolicy>>, Refusal>;

    /// The taxonomies that are in use.
    fn trees(&self) -> Result<Arc<[InUse<CodeTree>]>, Refusal>;
}

/// A record that may be appended.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) key: Key,
    /// The server drew the id: nobody can have sent it before.
    pub(crate) fresh: bool,
    /// Where the id comes from, if it is another contact's.
    pub(crate) id_place: Place,
    /// What else names the contact.
    pub(crate) names: Vec<OtherName>,
    pub(crate) hash: Hash,
    pub(crate) record: Record,
    pub(crate) commitment_ids: Vec<String>,
    /// What became of dues that were told otherwise than as instants.
    pub(crate) dues: Vec<ReckonedDue>,
    /// The promises that were said; none where nobody asks for them.
    pub(crate) proposed: Option<Vec<ProposedPromise>>,
    pub(crate) warnings: Vec<Warning>,
    /// Which codes the tenant's taxonomies don't take. What was recorded before stays recorded.
    pub(crate) codes: Violations,
}

/// Checks a request, fills in what it leaves to us, and encodes its event.
pub(crate) fn prepare(
    principal: &Principal,
    request: RecordInteractionRequest,
    ids: &dyn Ids,
    house: &dyn House,
    now: Timestamp,
) -> Result<Prepared, Refusal> {
    let RecordInteractionRequest {
        interaction: wire,
        import_batch,
        // Who calls has waited for it.
        settings_position: _,
        scoring,
    } = request;
    let text = "is required; say what happened";
    let missing = || Refusal::field("interaction", Reason::Required, text);
    let mut wire = wire.ok_or_else(missing)?;
    let hash = said(&mut wire);
    let mut found = Violations::new();
    let mut read = interaction::read(wire, &mut found);
    let (codes, odd) = codes(&mut read, house, !import_batch.is_empty())?;
    let scoring = Wanted::read(scoring, !import_batch.is_empty(), &mut found);
    let calendars = calendars(&read, house)?;
    let recording = Recording::check(read, import_batch, &calendars, now, found);
    let recording = recording.map_err(|found| with(found, &codes))?;
    let (mut checked, import_batch, mut warnings) = recording.into_parts();
    let sayings = scoring.sayings();
    scoring.add_to(&mut checked)?;
    checked.canonicalise(principal.country);
    let tenant_id = &principal.tenant_id;
    let id_place = match checked.interaction_id.is_empty() {
        true => Place::Reference,
        false => Place::Id,
    };
    let named = resolve(&mut checked, tenant_id, ids).map_err(Refusal::internal)?;
    let commitment_ids = ids_of(&checked);
    if let Some(sayings) = sayings.as_deref() {
        let by = (&**tenant_id, named.id());
        warnings.extend(propose(&mut checked, (sayings, by), house, now)?);
    }
    warnings.extend(follow_up(&mut checked, house)?);
    warnings.extend(odd);
    warnings.truncate(WARNINGS_MAX);
    let proposed = sayings.map(|_| checked.commitments.iter().filter_map(proposed).collect());
    let dues = checked.commitments.iter().filter_map(reckoned).collect();
    let occurred_at = checked.occurred_at;
    let interaction: Interaction = checked.into();
    let names = names(tenant_id, &interaction);
    check_names(&names)?;
    let recorded = InteractionRecorded {
        interaction: Some(interaction),
        call_terms: house.call_terms(),
    };
    let record = seal(
        principal,
        (recorded, &import_batch),
        (occurred_at, now),
        hash,
    )?;
    Ok(Prepared {
        key: Key::contact(Arc::clone(tenant_id), named.id()),
        id_place,
        names,
        fresh: matches!(named, Named::ByServer(_)),
        hash: *hash.as_bytes(),
        record,
        commitment_ids,
        dues,
        proposed,
        warnings,
        codes,
    })
}

/// Which promises a contact lists.
fn ids_of(contact: &Contact) -> Vec<String> {
    let listed = contact.commitments.iter();
    listed.map(|draft| draft.commitment_id.clone()).collect()
}

/// The log's record of a contact.
fn seal(
    principal: &Principal,
    (recorded, import_batch): (InteractionRecorded, &str),
    (occurred_at, now): (Timestamp, Timestamp),
    hash: RequestHash,
) -> Result<Record, Refusal> {
    let interaction = recorded.interaction.as_ref();
    let customer = interaction.and_then(|one| one.customer.as_ref());
    let customer_id = customer.map_or_else(String::new, |one| one.customer_id.clone());
    let interaction_id = interaction.map_or_else(String::new, |one| one.interaction_id.clone());
    let sealing = Sealing {
        by: Author::from(principal),
        aggregate_id: &interaction_id,
        interaction_id: &interaction_id,
        customer_id: &customer_id,
        sequence: 1,
        occurred_at,
        recorded_at: now,
        import_batch,
        request: Some(Request { id: "", hash }),
    };
    Ok(sealing.seal(&Fact::InteractionRecorded(Box::new(recorded)))?)
}

/// Holds the codes of a contact against the tenant's taxonomies: what they don't take, and what they warn of.
fn codes(
    contact: &mut Contact,
    house: &dyn House,
    is_import: bool,
) -> Result<(Violations, Vec<Warning>), Refusal> {
    let trees = house.trees()?;
    let editions: Vec<_> = trees.iter().map(InUse::edition).collect();
    let mut found = Violations::new();
    let odd = contact.check_codes(&editions, is_import, &mut found);
    Ok((found, odd))
}

/// The calendars by which the dues of a contact are told.
fn calendars(
    contact: &Contact,
    house: &dyn House,
) -> Result<BTreeMap<String, Arc<Calendar>>, Refusal> {
    let named = contact.commitments.iter().filter_map(|draft| {
        let due = draft.due.as_ref()?;
        due.calendar_id()
    });
    house.calendars(&named.collect::<Vec<_>>())
}

/// All that is wrong, at once.
fn with(mut found: Violations, codes: &Violations) -> Violations {
    found.extend(codes.clone());
    found
}

/// What became of a due that was told otherwise than as an instant.
fn reckoned(draft: &CommitmentDraft) -> Option<ReckonedDue> {
    Some(ReckonedDue {
        commitment_id: draft.commitment_id.clone(),
        promised_by: Some(to_wire(draft.promised_by)),
        resolution: Some(draft.due_resolution.clone()?.into()),
    })
}

/// Refuses promises with ids that follow from another contact, or from a request that made a promise.
fn check_names(names: &[OtherName]) -> Result<(), Refusal> {
    let mut found = Violations::new();
    for OtherName { place, name } in names {
        if let (Place::Promise(index), Name::NotTheirs(_)) = (place, name) {
            let text = "is the id of a promise that was made elsewhere, from which it was derived; leave \
                        it out, or give an id of your own";
            let field = format!("interaction.commitments[{index}].commitment_id");
            found.add(&field, Reason::Conflicting, text);
        }
    }
    Ok(found.into_result(())?)
}

/// What the request says of the contact, as it was sent: a repetition must stay one when defaults
/// change. What names the contact is no part of it, nor is what only answers say. Nor is the import's
/// name: a contact that was recorded live and is then imported is the same contact.
fn said(interaction: &mut Interaction) -> RequestHash {
    let interaction_id = std::mem::take(&mut interaction.interaction_id);
    interaction.recorded_at = None;
    interaction.version = 0;
    interaction.repeat_cause = 0;
    interaction.repeat_commitment_id.clear();
    interaction.root_cause = None;
    let own = interaction.sentiment.iter_mut();
    for sentiment in own.chain(interaction.sentiments.iter_mut()) {
        // What follows from the rest of it.
        (sentiment.worst, sentiment.shift) = (None, None);
        sentiment.summaries.clear();
    }
    let hash = RequestHash::of(interaction);
    interaction.interaction_id = interaction_id;
    hash
}
