//! Feeds in the view's store.

use aftercall_domain::{Party, Scope};
use aftercall_ledger::Accepted;
use aftercall_proto::event::v1::{CalendarFeedChanged, CalendarFeedScope};
use aftercall_proto::model::v1::CalendarFeed;
use aftercall_service::{Principal, Role};
use aftercall_view::{ApplyError, Store, Txn};
use bytes::Bytes;
use prost::Message;

use crate::keys::{self, REQUESTS};

/// Which feed an address is.
#[derive(Clone, PartialEq, Message)]
struct Named {
    #[prost(string, tag = "1")]
    tenant_id: String,
    #[prost(string, tag = "2")]
    feed_id: String,
}

/// Takes in that a feed was made or revoked.
pub(crate) fn apply(
    fact: &Accepted,
    changed: &CalendarFeedChanged,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let (tenant_id, id) = (&fact.event.tenant_id, &fact.event.aggregate_id);
    let feed = changed.feed.as_ref();
    let agent_id = feed.map_or("", |feed| &feed.agent_id);
    let address = keys::feed_by_secret(&changed.secret_sha256);
    let place = keys::feed_of_agent(tenant_id, agent_id, id);
    if feed.is_some_and(|feed| feed.revoked_at.is_none()) {
        let named = Named {
            tenant_id: tenant_id.clone(),
            feed_id: id.clone(),
        };
        txn.put(address, named.encode_to_vec())?;
        txn.put(place, Bytes::new())?;
    } else {
        txn.delete(address)?;
        txn.delete(place)?;
    }
    let value = changed.encode_to_vec();
    txn.put(keys::feed(tenant_id, id), value.clone())?;
    REQUESTS.remember(fact, id, || value.into(), txn)
}

/// A feed of a tenant.
pub(super) fn feed(
    store: &Store,
    tenant_id: &str,
    feed_id: &str,
) -> Result<Option<CalendarFeedChanged>, ApplyError> {
    read(store.get(keys::feed(tenant_id, feed_id))?)
}

/// The feed that is not revoked and has an address with this hash, and whose it is.
pub(super) fn by_secret(
    store: &Store,
    secret_sha256: &[u8],
) -> Result<Option<(String, CalendarFeedChanged)>, ApplyError> {
    let named = read::<Named>(store.get(keys::feed_by_secret(secret_sha256))?)?;
    let Some(Named { tenant_id, feed_id }) = named else {
        return Ok(None);
    };
    let found = feed(store, &tenant_id, &feed_id)?;
    Ok(found.map(|found| (tenant_id, found)))
}

pub(super) fn read<M: Message + Default>(stored: Option<Bytes>) -> Result<Option<M>, ApplyError> {
    let read = stored.map(M::decode).transpose();
    read.map_err(ApplyError::record)
}

/// What of a tenant's promises somebody could read, as an event has it.
pub(super) fn recorded(scope: &Scope) -> CalendarFeedScope {
    match scope.parties() {
        None => CalendarFeedScope {
            whole_tenant: true,
            ..CalendarFeedScope::default()
        },
        Some(own) => CalendarFeedScope {
            whole_tenant: false,
            agent_ids: own.agents.iter().cloned().collect(),
            team_ids: own.teams.iter().cloned().collect(),
            site_ids: own.sites.iter().cloned().collect(),
        },
    }
}

/// The parties that an event names.
fn parties(scope: &CalendarFeedScope) -> impl Iterator<Item = Party<'_>> {
    let agents = scope.agent_ids.iter().map(|id| Party::Agent(id));
    let teams = scope.team_ids.iter().map(|id| Party::Team(id));
    let sites = scope.site_ids.iter().map(|id| Party::Site(id));
    agents.chain(teams).chain(sites)
}

/// The same, to be asked. Of an event that says nothing, it is nothing.
pub(super) fn scope(changed: &CalendarFeedChanged) -> Scope {
    match &changed.scope {
        Some(scope) if scope.whole_tenant => Scope::All,
        Some(scope) => Scope::of(parties(scope)),
        None => Scope::of([]),
    }
}

/// Who asks for feeds.
#[derive(Debug, Clone)]
pub(super) struct Asker {
    pub(super) principal: Principal,
    pub(super) scope: Scope,
}

impl Asker {
    /// Whether a feed is there for them: it is of their promises or was made by them; or they lead people of the
    /// teams or sites of who made it; or they set the house up.
    pub(super) fn sees(&self, changed: &CalendarFeedChanged) -> bool {
        let Some(CalendarFeed {
            agent_id,
            created_by,
            ..
        }) = &changed.feed
        else {
            return false;
        };
        let Principal {
            actor_id, roles, ..
        } = &self.principal;
        let leads = roles.contains(Role::TeamLead) || roles.contains(Role::Supervisor);
        let own = [agent_id, created_by].iter().any(|id| ***id == **actor_id);
        let made_in = changed.scope.iter().flat_map(parties);
        own || roles.contains(Role::TenantAdmin)
            || (leads && self.scope.admits(made_in.chain([Party::Agent(agent_id)])))
    }
}
