//! A promise that was forgotten in its contact's record, or that was given in no contact of ours.

use aftercall_domain::interaction::CommitmentDraft;
use aftercall_domain::limits::{CLOCK_SKEW_S_MAX, TIME_S_MAX, TIME_S_MIN};
use aftercall_domain::violation::Reason;
use aftercall_domain::{FieldPath, InteractionId, Scope, Violations};
use aftercall_proto::convert::commitment::read_draft;
use aftercall_proto::envelope::customer_key;
use aftercall_proto::followups::v1::{MakeCommitmentRequest, MakeCommitmentResponse};
use aftercall_proto::model::v1::{Channel, Commitment};
use aftercall_service::command::Decision;
use aftercall_service::seal::RequestHash;
use aftercall_service::{Call, Checker, Principal, given};
use aftercall_view::{ApplyError, Store};
use jiff::Timestamp;
use prost::Message;

use super::{Basis, Done, Maker, caller};
use crate::contacts::{Contacts, Recorded};
use crate::failure::Refused;
use crate::followups::Followups;
use crate::keys::MERGED;

/// The field of the contact.
const CONTACT: &str = "interaction_id";

/// Makes a promise.
pub(crate) async fn make(
    followups: &Followups,
    call: Call<MakeCommitmentRequest>,
) -> Result<MakeCommitmentResponse, Refused> {
    const SETTINGS: &str = "settings_position";
    let (until, scope) = (call.write_until(), call.scope());
    let position = call.message.settings_position.clone();
    let asked = Asked::read(followups, call.principal, scope, call.message)?;
    if !position.is_empty() {
        let settings = followups.settings();
        let position = settings.positions(SETTINGS, &position)?;
        settings.store_through(SETTINGS, &position, until).await?;
    }
    let reading = followups.reading();
    let done = aftercall_service::command::run(reading, followups.clock(), asked, until).await?;
    let commitment = Commitment::decode(done.promise).map_err(ApplyError::record)?;
    Ok(MakeCommitmentResponse {
        commitment: Some(commitment),
        position: done.position,
        warnings: done.warnings.into_iter().map(Into::into).collect(),
    })
}

/// What is wrong with a request, whichever contact it is about.
///
/// # Errors
/// That.
pub(crate) fn check_making(request: &MakeCommitmentRequest) -> Result<(), Violations> {
    let wanted = Wanted::try_from(request.clone())?;
    wanted.found.into_result(())
}

/// What is asked for, checked as far as it can be without the contact.
struct Wanted {
    /// Its id, and what tells a repetition from another request.
    request: (String, RequestHash),
    interaction_id: String,
    customer_id: Option<String>,
    made_at: Option<Timestamp>,
    draft: CommitmentDraft,
    /// What is wrong with the promise's encoding.
    found: Violations,
}

/// Who asks for what.
struct Asked {
    maker: Maker,
    /// Whose contacts they see: to them there are no others.
    scope: Scope,
    contacts: Contacts,
    wanted: Wanted,
}

impl TryFrom<MakeCommitmentRequest> for Wanted {
    type Error = Violations;

    fn try_from(message: MakeCommitmentRequest) -> Result<Self, Violations> {
        // It is the same request by whichever settings it is asked for.
        let hash = RequestHash::of(&MakeCommitmentRequest {
            settings_position: String::new(),
            ..message.clone()
        });
        let mut checker = Checker::new();
        checker.required_id("request_id", &message.request_id);
        checker.id(CONTACT, &message.interaction_id);
        checker.id("customer_id", &message.customer_id);
        if message.interaction_id.is_empty() && message.customer_id.is_empty() {
            let text = "is required, unless customer_id says to whom it was promised; give either";
            checker.add(CONTACT, Reason::Required, text);
        }
        let made_at = checker.time("made_at", message.made_at.as_ref());
        let at = FieldPath::of("commitment");
        let Some(commitment) = message.commitment else {
            checker.found().required(at);
            return Err(checker.into_found());
        };
        let mut found = Violations::new();
        let draft = read_draft(commitment, at, &mut found);
        if !checker.found().is_empty() {
            let mut all = checker.into_found();
            all.extend(found);
            return Err(all);
        }
        Ok(Self {
            request: (message.request_id, hash),
            interaction_id: InteractionId::read(&message.interaction_id).into_string(),
            customer_id: given(message.customer_id),
            made_at,
            draft,
            found,
        })
    }
}

impl Asked {
    fn read(
        followups: &Followups,
        principal: Principal,
        scope: Scope,
        message: MakeCommitmentRequest,
    ) -> Result<Self, Refused> {
        let wanted = Wanted::try_from(message)?;
        Ok(Self {
            maker: Maker::new(followups, principal, wanted.request.clone()),
            scope,
            contacts: followups.contacts().clone(),
            wanted,
        })
    }

    /// Where and to whom it is promised.
    fn basis(&self, store: &Store, now: Timestamp) -> Result<Basis, Refused> {
        let mut found = Violations::new();
        let basis = match self.wanted.interaction_id.is_empty() {
            true => self.without_contact(now),
            false => self.in_contact(store)?,
        };
        check_made_at(self.wanted.made_at, now, &mut found);
        if let (Some(made_at), false) = (self.wanted.made_at, self.wanted.interaction_id.is_empty())
            && made_at < basis.made_at
        {
            let text =
                "is before the contact; give a time at which it can have been promised in it";
            found.add("made_at", Reason::Conflicting, text);
        }
        let made_at = self.wanted.made_at.unwrap_or(basis.made_at);
        Ok(found.into_result(Basis { made_at, ..basis })?)
    }

    fn without_contact(&self, now: Timestamp) -> Basis {
        let tenant_id = self.maker.tenant_id();
        let (made_by, team_id) = caller(&self.maker.principal);
        let customer_id = self.wanted.customer_id.clone();
        Basis {
            key: customer_key(tenant_id, customer_id.as_deref().unwrap_or_default()),
            interaction_id: String::new(),
            customer_id,
            customer_name: String::new(),
            handles: Vec::new(),
            made_by: made_by.to_owned(),
            team_id: team_id.to_owned(),
            site_id: String::new(),
            channel: Channel::Unspecified,
            language: String::new(),
            made_at: now,
            reopens: None,
        }
    }

    fn in_contact(&self, store: &Store) -> Result<Basis, Refused> {
        let Recorded {
            key,
            customer_id,
            began_at,
            interaction,
            ..
        } = self.contact(store)?;
        let channel = interaction.channel();
        let customer = interaction.customer.unwrap_or_default();
        Ok(Basis {
            key,
            interaction_id: interaction.interaction_id,
            customer_id,
            customer_name: customer.display_name,
            handles: customer.handles,
            made_by: interaction.agent_id,
            team_id: interaction.team_id,
            site_id: interaction.site_id,
            channel,
            language: customer.language,
            made_at: began_at,
            reopens: None,
        })
    }

    /// The contact in which it was promised: one that the caller sees, and the customer's, if one is named.
    fn contact(&self, store: &Store) -> Result<Recorded, Refused> {
        let tenant_id = self.maker.tenant_id();
        let all = self
            .contacts
            .recorded(tenant_id, &self.wanted.interaction_id)?;
        let mut seen = all
            .into_iter()
            .filter(|one| self.scope.admits(one.parties.iter()))
            .peekable();
        let is_there = seen.peek().is_some();
        let merged = match &self.wanted.customer_id {
            Some(customer_id) => Some(MERGED.customers(store, tenant_id, customer_id)?),
            None => None,
        };
        let theirs = seen.find(|one| match (&merged, &one.customer_id) {
            (None, _) => true,
            (Some(customers), Some(own)) => customers.contains(own),
            (Some(_), None) => false,
        });
        theirs.ok_or_else(|| {
            let (reason, text) = match is_there {
                true => (
                    Reason::Conflicting,
                    "is a contact with somebody else; name one with customer_id, or leave either out",
                ),
                false => (
                    Reason::NotFound,
                    "there is no such contact for you to see; check the id, record the contact first, or \
                     give customer_id alone",
                ),
            };
            let mut found = Violations::new();
            found.add(CONTACT, reason, text);
            found.into()
        })
    }
}

/// It was promised at a time that has passed.
fn check_made_at(made_at: Option<Timestamp>, now: Timestamp, found: &mut Violations) {
    let Some(made_at) = made_at else { return };
    if !(TIME_S_MIN..TIME_S_MAX).contains(&made_at.as_second()) {
        let text = "is out of range; give a time between the years 1970 and 2200";
        found.add("made_at", Reason::OutOfRange, text);
    } else if made_at.as_second() > now.as_second() + CLOCK_SKEW_S_MAX {
        let text = "lies more than 5 minutes in the future; check the caller's clock";
        found.add("made_at", Reason::InFuture, text);
    }
}

impl aftercall_service::command::Command for Asked {
    type Done = Done;
    type Refusal = Refused;

    fn decide(&self, store: &Store, now: Timestamp) -> Result<Decision<Done>, Refused> {
        let completed = self.basis(store, now).and_then(|basis| {
            let at = FieldPath::of("commitment");
            let found = (at, self.wanted.found.clone(), now);
            let (draft, warnings) =
                self.maker
                    .complete(self.wanted.draft.clone(), &basis, found)?;
            Ok((basis, draft, warnings))
        });
        // What was done is answered, whatever has become of the contact or of the calendars since.
        let warned = completed
            .as_ref()
            .map_or_else(|_| Vec::new(), |it| it.2.clone());
        if let Some(done) = self.maker.repetition(store, warned)? {
            return Ok(Decision::Done(done));
        }
        let (basis, draft, warnings) = completed?;
        if let Some(promise) = self.maker.same(store, &draft.commitment_id, &basis)? {
            let position = self.maker.place(&draft.commitment_id, &basis)?;
            return Ok(Decision::Done(Done {
                promise,
                position,
                warnings,
            }));
        }
        let maker = &self.maker;
        maker.check_dependencies(store, &self.scope, (&draft, &basis))?;
        let record = maker.record(draft, &basis, now)?;
        Ok(Decision::Append(Box::new(record)))
    }
}
