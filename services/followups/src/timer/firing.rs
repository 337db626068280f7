//! From watched promises to what the log says of them.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use aftercall_domain::alert::Alert;
use aftercall_domain::calendar::Calendar;
use aftercall_domain::commitment::{AlertState, Change, Commitment, EscalatesBy, Event};
use aftercall_domain::setting::{EscalationPolicy, FollowUpPolicy};
use aftercall_ledger::{Calendars, Ledger, Ready, Telling};
use aftercall_log::{AppendError, Partition, Position, Record};
use aftercall_proto::convert::commitment::fact_telling;
use aftercall_proto::convert::time::microseconds;
use aftercall_service::ActorKind;
use aftercall_service::seal::{Author, Sealing};
use aftercall_view::{ApplyError, Direction, Store};
use jiff::Timestamp;
use parking_lot::Mutex;
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
    /// The tenants of which it was said that nothing is set up for some of their alerts.
    warned: Arc<Mutex<HashSet<String>>>,
}

impl House {
    /// What a ledger has.
    pub(crate) fn of(ledger: &Ledger, deciding: Deciding) -> Self {
        Self {
            calendars: Calendars::of(ledger.clone()),
            policies: Ready::of(ledger.clone()),
            escalations: Ready::of(ledger.clone()),
            deciding,
            warned: Arc::default(),
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
    /// policy, of which the version in use counts, or the last one that was. Where none is named it is the tenant's
    /// fallback; where there is none any more, what they are told by already.
    fn telling(
        &self,
        tenant_id: &str,
        promise: &Commitment,
    ) -> Result<Option<Telling>, ApplyError> {
        let policy = match &promise.policy {
            Some(policy) => {
                let version = policy.version.into();
                self.policies.as_of(tenant_id, &policy.policy_id, version)?
            }
            None => None,
        };
        let named = policy.map(|policy| policy.escalation_policy_id);
        let named = named.filter(|id| !id.is_empty());
        let telling = self.escalations.named(tenant_id, named.as_deref())?;
        if telling.is_some() {
            return Ok(telling);
        }
        let mut open = promise.alerts.iter().filter(|it| it.state.is_open());
        match open.find_map(|it| it.escalation.as_ref()) {
            Some(told) => self.escalations.going_on(tenant_id, told),
            None => Ok(None),
        }
    }

    /// The calendars by which alerts wait that are told by a policy.
    pub(super) fn calendars_of(
        &self,
        tenant_id: &str,
        telling: Option<&Telling>,
    ) -> Result<BTreeMap<String, Arc<Calendar>>, ApplyError> {
        let policy = telling.map(|telling| &telling.policy.set);
        let ids = policy.into_iter().flat_map(|it| it.calendar_ids());
        self.calendars.all(tenant_id, ids)
    }

    /// What is to be said of a promise, decided with the calendars that it needs and with what its alerts are told by.
    pub(super) fn by_telling<T>(
        &self,
        tenant_id: &str,
        promise: &Commitment,
        decide: impl FnOnce(&BTreeMap<String, Arc<Calendar>>, Option<EscalatesBy<'_>>) -> T,
    ) -> Result<T, ApplyError> {
        let telling = self.telling(tenant_id, promise)?;
        let waiting = telling.iter().flat_map(|it| it.policy.set.calendar_ids());
        let needed = promise.calendar_ids().chain(waiting);
        let calendars = self.calendars.all(tenant_id, needed)?;
        let escalates_by = telling.as_ref().map(Telling::escalates_by);
        Ok(decide(&calendars, escalates_by))
    }

    /// Notes that so many alerts fire, or go on, and that nobody is told of them.
    pub(super) fn note_untold(&self, tenant_id: &str, count: usize) {
        if count == 0 {
            return;
        }
        meters::untold(count);
        if self.warned.lock().insert(tenant_id.to_owned()) {
            tracing::warn!(
                tenant_id,
                "nobody is told of some alerts: no escalation policy is named for them, and none is the tenant's fallback; \
                 set `fallback` of one to have them told"
            );
        }
    }
}

/// How many alerts of a promise an event lets fire, or go on, of which nobody is told because nothing is set up for it.
fn untold(tenant_id: &str, promise: &Commitment, event: &Event) -> usize {
    let mut after = promise.clone();
    after.accept(event);
    let changed = Alert::changed(tenant_id, Some(promise), &after).into_iter();
    let firing = changed.filter(|alert| alert.state == AlertState::Triggered);
    let told = firing.filter(|alert| alert.inhibited_by.is_none());
    told.filter(|alert| alert.escalation.is_none()).count()
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
    let mut is_told = false;
    let fired = house.by_telling(&tenant_id, &commitment, |calendars, escalates_by| {
        is_told = escalates_by.is_some();
        commitment.fire_telling(ACTOR, detected_at, calendars, escalates_by)
    })?;
    let Ok((due, event)) = fired else {
        return Ok(Fired::Nothing);
    };
    if !is_told {
        house.note_untold(&tenant_id, untold(&tenant_id, &commitment, &event));
    }
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
