//! Promises, as those who watch them hear of them.
//!
//! Whoever watches promises must hear of one that is none of theirs any more, too. Where a change is met as it
//! happens, both states of the promise are there, and it is known whether it was one of theirs. From the store, only
//! the present state is read: then it is said of each promise that is none of theirs and may have been.

use std::sync::Arc;

use aftercall_domain::Parties;
use aftercall_domain::commitment::Commitment;
use aftercall_log::Partition;
use aftercall_proto::convert::commitment::to_wire;
use aftercall_proto::convert::parties::PartiesRow;
use aftercall_proto::followups::v1::{WatchCommitmentsRequest, WatchCommitmentsResponse};
use aftercall_proto::model::v1 as wire;
use aftercall_service::{Call, Checker};
use aftercall_view::key::Key;
use aftercall_view::{ApplyError, Positions, Store, StoreError};
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;

use super::{Beginning, Bulletin, Bulletins, Wanted, Watched};
use crate::failure::Refused;
use crate::followups::Followups;
use crate::list::Filter;
use crate::{keys, stored};

/// A promise that a record made or changed.
#[derive(Debug, Clone)]
pub(crate) struct Changed {
    before: Before,
    after: Arc<Commitment>,
}

/// What a promise was before a record changed it.
#[derive(Debug, Clone)]
enum Before {
    /// It was not there.
    New,
    /// It was this.
    Was(Arc<Commitment>),
    /// It is not known any more but for those who had a part in it, and have none now.
    Unknown { parted: Parties },
}

/// What the store keeps of a record's changes: the promises themselves stand elsewhere.
#[derive(Clone, PartialEq, Message)]
struct ChangesRow {
    #[prost(message, repeated, tag = "1")]
    changes: Vec<ChangeRow>,
}

/// That a record made or changed a promise.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ChangeRow {
    #[prost(string, tag = "1")]
    commitment_id: String,
    #[prost(fixed64, tag = "2")]
    whose: u64,
    /// The version that the record left.
    #[prost(uint64, tag = "3")]
    version: u64,
    /// Who had a part in it before, and has none now.
    #[prost(message, optional, tag = "4")]
    parted: Option<PartiesRow>,
}

impl ChangeRow {
    /// What a record made of `before`, if there was one.
    pub(crate) fn of(before: Option<&Commitment>, after: &Commitment, whose: u64) -> Self {
        let before = before.into_iter().flat_map(Commitment::parties);
        let parted: Vec<_> = before
            .filter(|party| after.parties().all(|now| now != *party))
            .collect();
        let parted = (!parted.is_empty()).then(|| Parties::from_iter(parted).into());
        Self {
            commitment_id: after.commitment_id.clone(),
            whose,
            version: after.version,
            parted,
        }
    }
}

/// The promises that a record made or changed, each by its id and whose it is.
pub(crate) fn changed_by(
    row: Bytes,
) -> Result<impl Iterator<Item = (String, u64)> + use<>, ApplyError> {
    let row = ChangesRow::decode(row).map_err(ApplyError::record)?;
    let changes = row.changes.into_iter();
    Ok(changes.map(|change| (change.commitment_id, change.whose)))
}

/// The row of all that one record changed.
pub(crate) fn changes_row(changes: Vec<ChangeRow>) -> Vec<u8> {
    ChangesRow { changes }.encode_to_vec()
}

impl Changed {
    /// A record made `after` of `before`, if there was one.
    pub(crate) fn of(before: Option<&Commitment>, after: &Commitment) -> Self {
        let before = before.map(|before| Arc::new(before.clone()));
        Self {
            before: before.map_or(Before::New, Before::Was),
            after: Arc::new(after.clone()),
        }
    }

    /// Whether the promise may have been one of those that are watched.
    fn may_have_been(&self, filter: &Filter, now: Timestamp) -> bool {
        match &self.before {
            Before::New => false,
            Before::Was(before) => filter.may_have_admitted(before, now),
            Before::Unknown { parted } => {
                let scope = filter.scope();
                (scope.admits(parted.iter()) || scope.admits(self.after.parties()))
                    && filter.may_come_to_admit(&self.after)
            }
        }
    }
}

impl Watched for Changed {
    type Filter = Filter;
    type Answer = WatchCommitmentsResponse;

    fn bulletin(bulletins: &Bulletins) -> &Bulletin<Self> {
        &bulletins.promises
    }

    fn changes(tenant_id: &str, partition: Partition) -> Key {
        keys::promise_changes(tenant_id, partition)
    }

    fn read(
        store: &Store,
        tenant_id: &str,
        row: Bytes,
        _known: &Positions,
    ) -> Result<Vec<Self>, ApplyError> {
        let row = ChangesRow::decode(row).map_err(ApplyError::record)?;
        let mut changes = Vec::new();
        for change in row.changes {
            let get = |key: &[u8]| store.get(key);
            let found = stored::commitment(tenant_id, &change.commitment_id, change.whose, get)?;
            let parted = change.parted.map(Parties::from);
            // A later change tells what it is now; who has no part in it since this one hears nothing of that.
            let is_latest = |found: &Commitment| found.version <= change.version;
            let told = found.filter(|found| parted.is_some() || is_latest(found));
            changes.extend(told.map(|found| Self {
                before: Before::Unknown {
                    parted: parted.unwrap_or_default(),
                },
                after: Arc::new(found),
            }));
        }
        Ok(changes)
    }

    fn told(self, filter: &Filter, now: Timestamp) -> Option<WatchCommitmentsResponse> {
        let left = !filter.admits_at(&self.after, now);
        if left && !self.may_have_been(filter, now) {
            return None;
        }
        let commitment = match filter.scope().admits(self.after.parties()) {
            true => to_wire((*self.after).clone(), now),
            // What became of it is no business of whoever has no part in it any more.
            false => wire::Commitment {
                commitment_id: self.after.commitment_id.clone(),
                ..wire::Commitment::default()
            },
        };
        Some(WatchCommitmentsResponse {
            commitment: Some(commitment),
            left,
            resume_token: String::new(),
        })
    }

    fn resume(answer: &mut WatchCommitmentsResponse, token: String) {
        answer.resume_token = token;
    }
}

impl Wanted for Filter {
    fn names_customers(&self) -> bool {
        self.names_customers()
    }

    fn with_merged(self, store: &Store, _tenant_id: &str) -> Result<Self, StoreError> {
        self.with_merged(store)
    }
}

impl Beginning<Filter> {
    /// Who watches which promises.
    pub(crate) fn of_promises(
        followups: &Followups,
        call: Call<WatchCommitmentsRequest>,
    ) -> Result<Self, Refused> {
        let (until, tenant_id) = (call.read_until(), call.tenant_id().to_owned());
        let whose = (tenant_id.clone(), call.scope(), &*call.principal.actor_id);
        let WatchCommitmentsRequest {
            filter,
            resume_token,
        } = call.message;
        let now = followups.clock().now();
        let mut checker = Checker::new();
        let filter = Filter::new(whose, filter.unwrap_or_default(), now, &mut checker);
        Ok(Self {
            tenant_id,
            filter: checker.done(filter)?,
            resume_token,
            until,
        })
    }
}
