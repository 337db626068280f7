//! Where and to whom a promise is made, and the event with which it begins.

use std::collections::BTreeMap;
use std::sync::Arc;

use aftercall_domain::calendar::Calendar;
use aftercall_domain::commitment::{Commitment, PolicyRef, Reopens};
use aftercall_domain::due::DueWarning;
use aftercall_domain::interaction::{CommitmentDraft, Surroundings};
use aftercall_domain::setting::FollowUpPolicy;
use aftercall_ledger::{Calendars, Ready};
use aftercall_log::Record;
use aftercall_proto::convert::setting::channel;
use aftercall_proto::convert::time;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::CommitmentMade;
use aftercall_proto::model::v1 as wire;
use aftercall_service::seal::{Author, Request, Sealing, TooLarge};
use aftercall_service::{ActorKind, Principal, Unread};
use aftercall_view::key::whose;
use aftercall_view::{ApplyError, Store};
use bytes::Bytes;
use jiff::Timestamp;

use crate::contacts::Contacts;
use crate::stored;

/// Who makes a promise where there is no contact that says it: the caller, if that is a person, and the only team that
/// they are in; else empty.
pub(crate) fn caller(principal: &Principal) -> (&str, &str) {
    if !matches!(
        principal.actor_kind,
        ActorKind::Agent | ActorKind::Supervisor
    ) {
        return ("", "");
    }
    let mut teams = principal.teams.iter();
    let team_id = match (teams.next(), teams.next()) {
        (Some(only), None) => &**only,
        _ => "",
    };
    (&*principal.actor_id, team_id)
}

/// Fills in what nobody said of a promise, and has it followed up, from when it is made, by the policy that it has now.
/// What is odd about that.
pub(crate) fn follow_up(
    draft: &mut CommitmentDraft,
    (around, made_at): (Surroundings<'_>, Timestamp),
    tenant_id: &str,
    (policies, calendars): (&Ready<FollowUpPolicy>, &Calendars),
) -> Result<Vec<DueWarning>, ApplyError> {
    draft.settle(around);
    let policy = policies.first(tenant_id, &draft.facts(around))?;
    let Some(policy) = policy else {
        return Ok(Vec::new());
    };
    let by = PolicyRef {
        policy_id: policy.id,
        version: u32::try_from(policy.version).unwrap_or(u32::MAX),
    };
    let named = policy.set.calendar_ids();
    let calendars: BTreeMap<String, Arc<Calendar>> = calendars.all(tenant_id, named)?;
    Ok(draft.follow_up((by, &policy.set), made_at, &calendars))
}

/// Where and to whom a promise is made.
#[derive(Debug, Clone)]
pub(crate) struct Basis {
    /// The log key under which it stands.
    pub(crate) key: Bytes,
    /// Its contact; empty for none.
    pub(super) interaction_id: String,
    pub(super) customer_id: Option<String>,
    pub(super) customer_name: String,
    pub(super) handles: Vec<wire::Handle>,
    pub(super) made_by: String,
    pub(super) team_id: String,
    pub(super) site_id: String,
    pub(super) channel: wire::Channel,
    pub(super) language: String,
    /// When it is made.
    pub(super) made_at: Timestamp,
    /// What it takes up again.
    pub(super) reopens: Option<Reopens>,
}

impl Basis {
    /// Where a promise stands that follows from another one: where that does. Blocks.
    pub(crate) fn of_promise(
        (store, contacts): (&Store, &Contacts),
        tenant_id: &str,
        (old, of): (&Commitment, u64),
        made_at: Timestamp,
    ) -> Result<Self, Unread> {
        let key = stored::log_key(store, tenant_id, old, of)?;
        let (mut channel, mut language) = (wire::Channel::Unspecified, String::new());
        if !old.interaction_id.is_empty() {
            let all = contacts.recorded(tenant_id, &old.interaction_id)?;
            let contact = all.into_iter().find(|one| whose(&one.key) == of);
            if let Some(contact) = contact {
                channel = contact.interaction.channel();
                language = contact.interaction.customer.unwrap_or_default().language;
            }
        }
        Ok(Self {
            key,
            interaction_id: old.interaction_id.clone(),
            customer_id: old.customer_id.clone(),
            customer_name: old.customer_name.clone(),
            handles: old.handles.iter().cloned().map(Into::into).collect(),
            made_by: old.made_by.clone(),
            team_id: old.team_id.clone(),
            site_id: old.site_id.clone(),
            channel,
            language,
            made_at,
            reopens: None,
        })
    }

    fn around(&self) -> Surroundings<'_> {
        Surroundings {
            agent_id: &self.made_by,
            team_id: &self.team_id,
            site_id: &self.site_id,
            channel: channel(self.channel),
            language: &self.language,
        }
    }

    /// The same as [`follow_up`], of a promise that is made here.
    pub(crate) fn follow_up(
        &self,
        draft: &mut CommitmentDraft,
        tenant_id: &str,
        set_up: (&Ready<FollowUpPolicy>, &Calendars),
    ) -> Result<Vec<DueWarning>, ApplyError> {
        follow_up(draft, (self.around(), self.made_at), tenant_id, set_up)
    }

    /// The event.
    pub(crate) fn record(
        &self,
        draft: CommitmentDraft,
        (by, request): (Author<'_>, Option<Request<'_>>),
        now: Timestamp,
    ) -> Result<Record, TooLarge> {
        let commitment_id = draft.commitment_id.clone();
        let reopens = self.reopens.clone();
        let (reopens, reopen_reason) =
            reopens.map_or_else(Default::default, |it| (it.commitment_id, it.reason));
        let made = CommitmentMade {
            commitment: Some(draft.into()),
            made_at: Some(time::to_wire(self.made_at)),
            made_by_agent_id: self.made_by.clone(),
            team_id: self.team_id.clone(),
            site_id: self.site_id.clone(),
            customer_name: self.customer_name.clone(),
            handles: self.handles.clone(),
            channel: self.channel.into(),
            language: self.language.clone(),
            reopens,
            reopen_reason,
        };
        let sealing = Sealing {
            by,
            aggregate_id: &commitment_id,
            interaction_id: &self.interaction_id,
            customer_id: self.customer_id.as_deref().unwrap_or_default(),
            sequence: 1,
            occurred_at: self.made_at,
            recorded_at: now,
            import_batch: "",
            request,
        };
        sealing.seal_under(self.key.clone(), &Fact::CommitmentMade(Box::new(made)))
    }
}
