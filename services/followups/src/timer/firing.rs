//! From watched promises to what the log says of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aftercall_domain::calendar::Calendar;
use aftercall_domain::commitment::{Change, Commitment, EscalatesBy};
use aftercall_domain::setting::{EscalationPolicy, FollowUpPolicy};
use aftercall_ledger::{Calendars, InUse, Ledger, Ready};
use aftercall_log::{AppendError, Partition, Position, Record};
use aftercall_proto::convert::commitment::fact_telling;
use aftercall_proto::convert::time::microseconds;
use aftercall_service::ActorKind;
use aftercall_service::seal::{Author, Sealing};
use aftercall_view::{ApplyError, Direction, Store};
use jiff::Timestamp;
use tokio::time::error::Elapsed;

use super::deciding::Deciding;
use super::recurring::Next;
use super::{APPEND_RECORDS_MAX, RETRY_AFTER, TrackerError};
use crate::keys::{self, Watched};
use crate::{meters, stored};

/// Who says so.
pub(super) const ACTOR: &str = "aftercall-tracker";

/// What tenants have set up, as far as it decides what is to be said of a promise.
#[derive(Debug, Clone)]
pub(crate) struct House {
    calendars: Calendars,
    policies: Ready<FollowUpPolicy>,
    escalations: Ready<EscalationPolicy>,
    /// What is needed to decide about contacts that follow promises up.
    deciding: Deciding,
}

impl House {
    /// What a ledger has.
    pub(crate) fn of(ledger: &Ledger, deciding: Deciding) -> Self {
        Self {
            calendars: Calendars::of(ledger.clone()),
            policies: Ready::of(ledger.clone()),
            escalations: Ready::of(ledger.clone()),
            deciding,
        }
    }

    /// The tenants' calendars.
    pub(super) const fn calendars(&self) -> &Calendars {
        &self.calendars
    }

    /// The tenants' escalation policies.
    pub(super) const fn escalations(&self) -> &Ready<EscalationPolicy> {
        &self.escalations
    }

    /// What is needed to decide about contacts that follow promises up.
    pub(super) const fn deciding(&self) -> &Deciding {
        &self.deciding
    }

    /// What decides how a promise is followed up that is made now.
    pub(super) const fn set_up(&self) -> (&Ready<FollowUpPolicy>, &Calendars) {
        (&self.policies, &self.calendars)
    }

    /// By what the alerts of a promise are told: its policy, as the promise was made under it, names the escalation
    /// policy, of which the version in use counts.
    fn escalation(
        &self,
        tenant_id: &str,
        promise: &Commitment,
    ) -> Result<Option<InUse<EscalationPolicy>>, ApplyError> {
        let Some(policy) = &promise.policy else {
            return Ok(None);
        };
        let version = policy.version.into();
        let policy = self.policies.as_of(tenant_id, &policy.policy_id, version)?;
        let named = policy.map(|policy| policy.escalation_policy_id);
        match named.filter(|id| !id.is_empty()) {
            Some(id) => self.escalations.get(tenant_id, &id),
            None => Ok(None),
        }
    }

    /// What is to be said of a promise, decided with the calendars that it needs and with what its alerts are told by.
    pub(super) fn telling<T>(
        &self,
        tenant_id: &str,
        promise: &Commitment,
        decide: impl FnOnce(&BTreeMap<String, Arc<Calendar>>, Option<EscalatesBy<'_>>) -> T,
    ) -> Result<T, ApplyError> {
        let escalation = self.escalation(tenant_id, promise)?;
        let waiting = escalation.iter().flat_map(|it| it.set.calendar_ids());
        let needed = promise.calendar_ids().chain(waiting);
        let calendars = self.calendars.all(tenant_id, needed)?;
        let escalates_by = escalation.as_ref().map(|it| EscalatesBy {
            policy_id: &it.id,
            version: it.version,
            policy: &it.set,
        });
        Ok(decide(&calendars, escalates_by))
    }
}

/// What is ready for the log.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) records: Vec<Record>,
    /// How long after its due each lapse was noticed.
    pub(super) lateness: Vec<Duration>,
    /// Whether something could not be read that is needed to say what is to be said.
    pub(super) is_late: bool,
    /// The last promise that was looked at; none if there are no more.
    pub(super) last_key: Option<Vec<u8>>,
}

/// What became of the appends of a round.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// How many records are in the log.
    pub(super) records: usize,
    /// When the log wants to be asked again, if it did not take everything.
    pub(super) trouble: Option<Duration>,
}

impl Sent {
    /// Notes the outcome of one append.
    ///
    /// # Errors
    /// When the log is closed or never will take such a record.
    pub(super) fn take(
        &mut self,
        outcome: Result<Result<Vec<Position>, AppendError>, Elapsed>,
        lateness: &[Duration],
    ) -> Result<(), TrackerError> {
        let outcome = outcome.unwrap_or_else(|late| Err(AppendError::Unknown(Arc::new(late))));
        match outcome {
            Ok(positions) => {
                self.records += positions.len();
                lateness.iter().copied().for_each(meters::lapsed);
            }
            Err(
                AppendError::QueueFull { retry_after }
                | AppendError::DiskFull { retry_after }
                | AppendError::Unavailable { retry_after, .. },
            ) => {
                self.trouble = self.trouble.max(Some(retry_after.max(RETRY_AFTER)));
            }
            Err(AppendError::Unknown(cause)) => {
                tracing::warn!(error = %cause, "it is not known what was recorded; recording it again");
                self.trouble = self.trouble.max(Some(RETRY_AFTER));
            }
            Err(error) => return Err(TrackerError::Append(error)),
        }
        Ok(())
    }
}

/// Reads of the promises of a partition, after the key `after`, what is to be said of each first at `now`; at most
/// as much as one append takes.
pub(super) fn read(
    store: &Store,
    house: &House,
    partition: Partition,
    after: Option<Vec<u8>>,
    (now, detected_at): (Timestamp, Timestamp),
) -> Result<Batch, ApplyError> {
    let from = after.map_or_else(
        || Vec::from(keys::all_watched(partition)),
        |mut key| {
            key.push(0);
            key
        },
    );
    let to = keys::watched_from(partition, microseconds(now));
    let watched = store.scan_range(from, Some(&to), Direction::Ascending);
    let mut batch = Batch::default();
    let mut seen = 0;
    for entry in watched.take(APPEND_RECORDS_MAX) {
        let (key, _) = entry?;
        seen += 1;
        match fire(store, house, &key, detected_at)? {
            Fired::Record(record, lateness) => {
                batch.records.push(*record);
                batch.lateness.extend(lateness);
            }
            Fired::Nothing => {}
            Fired::Later => batch.is_late = true,
        }
        batch.last_key = Some(key.to_vec());
    }
    if seen < APPEND_RECORDS_MAX {
        batch.last_key = None;
    }
    Ok(batch)
}

/// What is to be said of a promise.
enum Fired {
    /// This; and of a lapse how late.
    Record(Box<Record>, Option<Duration>),
    /// Nothing: it changed meanwhile.
    Nothing,
    /// What it takes could not be read.
    Later,
}

/// What is to be said of the promise that `key` watches.
fn fire(
    store: &Store,
    house: &House,
    key: &[u8],
    detected_at: Timestamp,
) -> Result<Fired, ApplyError> {
    let Watched {
        tenant_id,
        commitment_id,
        whose,
        ..
    } = keys::read_watched(key).map_err(ApplyError::record)?;
    let found = stored::commitment(&tenant_id, &commitment_id, whose, |key| store.get(key))?;
    let Some(commitment) = found else {
        return Ok(Fired::Nothing);
    };
    let of = (&commitment, whose);
    if let Some(record) = house.first(store, &tenant_id, of, detected_at)? {
        return Ok(Fired::Record(Box::new(record), None));
    }
    match house.next_occurrence(store, &tenant_id, of, detected_at)? {
        Next::Record(record) => return Ok(Fired::Record(record, None)),
        Next::Later => return Ok(Fired::Later),
        Next::Nothing => {}
    }
    let fired = house.telling(&tenant_id, &commitment, |calendars, escalates_by| {
        commitment.fire_telling(ACTOR, detected_at, calendars, escalates_by)
    })?;
    let Ok((due, event)) = fired else {
        return Ok(Fired::Nothing);
    };
    let is_lapse = matches!(event.change, Change::Lapsed(_));
    let log_key = stored::log_key(store, &tenant_id, &commitment, whose)?;
    let by = Author {
        tenant_id: &tenant_id,
        actor_id: &event.actor_id,
        kind: ActorKind::System,
    };
    let sealing = Sealing {
        by,
        aggregate_id: &commitment_id,
        interaction_id: &commitment.interaction_id,
        customer_id: commitment.customer_id.as_deref().unwrap_or_default(),
        sequence: event.sequence,
        occurred_at: due,
        recorded_at: event.recorded_at,
        import_batch: "",
        request: None,
    };
    let record = sealing
        .seal_under(log_key, &fact_telling(event.change, event.escalation))
        .map_err(ApplyError::record)?;
    let lateness = Duration::try_from(detected_at.duration_since(due)).unwrap_or_default();
    let lateness = is_lapse.then_some(lateness);
    Ok(Fired::Record(Box::new(record), lateness))
}
