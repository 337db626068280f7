//! Calls, as those who watch them hear of them.

use aftercall_domain::Scope;
use aftercall_domain::commitment::Lifecycle;
use aftercall_ledger::CallRow;
use aftercall_log::Partition;
use aftercall_proto::convert::parties;
use aftercall_proto::followups::v1::{CallFilter, WatchCallsResponse};
use aftercall_proto::model::v1 as wire;
use aftercall_service::Checker;
use aftercall_view::key::Key;
use aftercall_view::{ApplyError, Direction, Store, StoreError};
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;

use super::{Bulletin, Bulletins, Wanted, Watched};
use crate::keys::calls::{self, CALLS};
use crate::keys::{ListOf, MERGED};

/// The most values of a filter, and the most promises of a customer that are counted.
const FILTER_VALUES_MAX: usize = 50;
const OPEN_COUNTED_MAX: usize = 100;

/// A call that a record changed.
#[derive(Debug, Clone)]
pub(crate) struct CallNews {
    call: wire::Call,
    is_live: bool,
    open: Option<u32>,
    before: CallChangeRow,
}

/// Which call a record changed, and where it was before.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct CallChangeRow {
    #[prost(string, tag = "1")]
    interaction_id: String,
    #[prost(bool, tag = "2")]
    was_live: bool,
    #[prost(string, tag = "3")]
    queue_id: String,
    #[prost(string, tag = "4")]
    team_id: String,
    #[prost(string, tag = "5")]
    agent_id: String,
}

impl CallChangeRow {
    pub(crate) fn of(interaction_id: &str, was: Option<&CallRow>) -> Self {
        let call = was.and_then(CallRow::call);
        let of = |field: fn(&wire::Call) -> &String| call.map(field).cloned().unwrap_or_default();
        Self {
            interaction_id: interaction_id.to_owned(),
            was_live: was.is_some_and(CallRow::is_live),
            queue_id: of(|call| &call.queue_id),
            team_id: of(|call| &call.team_id),
            agent_id: of(|call| &call.agent_id),
        }
    }
}

/// Which calls somebody watches.
#[derive(Debug, Clone)]
pub(crate) struct Which {
    scope: Scope,
    queue_ids: Vec<String>,
    team_ids: Vec<String>,
    agent_ids: Vec<String>,
}

impl Which {
    /// The request's filter; what is wrong with it is noted.
    pub(crate) fn new(filter: CallFilter, scope: Scope, checker: &mut Checker) -> Self {
        let CallFilter {
            queue_ids,
            team_ids,
            agent_ids,
        } = filter;
        for (field, ids) in [
            ("filter.queue_ids", &queue_ids),
            ("filter.team_ids", &team_ids),
            ("filter.agent_ids", &agent_ids),
        ] {
            checker.ids(field, ids, FILTER_VALUES_MAX);
        }
        Self {
            scope,
            queue_ids,
            team_ids,
            agent_ids,
        }
    }

    /// Whether the caller sees a call, and it is one of those that are asked for.
    pub(crate) fn admits(&self, call: &wire::Call) -> bool {
        self.sees(call) && self.is_at(&call.queue_id, &call.team_id, &call.agent_id)
    }

    /// Whether the caller sees a call: who has a part in it does, and whose team it waits for.
    fn sees(&self, call: &wire::Call) -> bool {
        let own = wire::Segment {
            agent_id: call.agent_id.clone(),
            team_id: call.team_id.clone(),
            site_id: call.site_id.clone(),
            ..wire::Segment::default()
        };
        let own = std::slice::from_ref(&own);
        let all = parties::of_segments(own).chain(parties::of_segments(&call.segments));
        self.scope.admits(all)
    }

    fn is_at(&self, queue_id: &str, team_id: &str, agent_id: &str) -> bool {
        let one_of = |wanted: &[String], value: &str| {
            wanted.is_empty() || wanted.iter().any(|one| one == value)
        };
        one_of(&self.queue_ids, queue_id)
            && one_of(&self.team_ids, team_id)
            && one_of(&self.agent_ids, agent_id)
    }

    fn admitted(&self, before: &CallChangeRow) -> bool {
        before.was_live && self.is_at(&before.queue_id, &before.team_id, &before.agent_id)
    }
}

/// A call as it is told, as the store has it.
pub(crate) fn told(
    store: &Store,
    tenant_id: &str,
    call: &wire::Call,
) -> Result<WatchCallsResponse, ApplyError> {
    Ok(WatchCallsResponse {
        open_commitment_count: open_promises(store, tenant_id, &call.customer_id)?,
        call: Some(call.clone()),
        ..WatchCallsResponse::default()
    })
}

/// How many promises to a customer are open.
fn open_promises(
    store: &Store,
    tenant_id: &str,
    customer_id: &str,
) -> Result<Option<u32>, ApplyError> {
    if customer_id.is_empty() {
        return Ok(None);
    }
    let mut open = 0;
    for customer_id in MERGED.customers(store, tenant_id, customer_id)? {
        let list = ListOf::Customer(customer_id);
        for lifecycle in [Lifecycle::Active, Lifecycle::Paused] {
            let places = store.scan_prefix(list.key(tenant_id, lifecycle), Direction::Ascending);
            for place in places.take(OPEN_COUNTED_MAX.saturating_sub(open)) {
                place?;
                open += 1;
            }
        }
    }
    Ok(u32::try_from(open).ok())
}

impl Watched for CallNews {
    type Filter = Which;
    type Answer = WatchCallsResponse;

    fn bulletin(bulletins: &Bulletins) -> &Bulletin<Self> {
        &bulletins.calls
    }

    fn changes(tenant_id: &str, partition: Partition) -> Key {
        calls::changes(tenant_id, partition)
    }

    fn read(
        store: &Store,
        tenant_id: &str,
        row: Bytes,
        _known: &Positions,
    ) -> Result<Vec<Self>, ApplyError> {
        let before = CallChangeRow::decode(row).map_err(ApplyError::record)?;
        let id = &before.interaction_id;
        let Some(row) = CALLS.read(tenant_id, id, |key| store.get(key))? else {
            return Ok(Vec::new());
        };
        let call = row.shown();
        let is_live = store.get(calls::live(tenant_id, id))?.is_some();
        Ok(vec![Self {
            open: open_promises(store, tenant_id, &call.customer_id)?,
            call,
            is_live,
            before,
        }])
    }

    fn told(self, which: &Which, _now: Timestamp) -> Option<WatchCallsResponse> {
        if !which.sees(&self.call) {
            return None;
        }
        let left = !self.is_live || !which.admits(&self.call);
        if left && !which.admitted(&self.before) {
            return None;
        }
        Some(WatchCallsResponse {
            call: Some(self.call),
            open_commitment_count: self.open,
            left,
            ..WatchCallsResponse::default()
        })
    }

    fn resume(answer: &mut WatchCallsResponse, token: String) {
        answer.resume_token = token;
    }
}

impl Wanted for Which {
    fn names_customers(&self) -> bool {
        false
    }

    fn with_merged(self, _store: &Store, _tenant_id: &str) -> Result<Self, StoreError> {
        Ok(self)
    }
}
