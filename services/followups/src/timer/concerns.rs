//! What about contacts and customers needs a human: that it does, that what was noticed was taken back, and that an alert
//! goes on which nobody takes.
//!
//! Whoever holds the contact's partition says it. Each has its number, so of two trackers that say it at once one counts,
//! and what a contact's signal raises is raised once: the concern's id follows from the contact and the rule.

use std::convert::Infallible;
use std::time::Duration;

use aftercall_domain::alert::Subject;
use aftercall_domain::concern::{Change, Concern, Event, Raised};
use aftercall_ledger::Telling;
use aftercall_log::{Partition, Record};
use aftercall_proto::convert::concern::fact;
use aftercall_proto::convert::time::microseconds;
use aftercall_proto::model::v1::SignalSubject;
use aftercall_service::ActorKind;
use aftercall_service::seal::{Author, Request, RequestHash, Sealing};
use aftercall_view::{ApplyError, Direction, Store, StoreError};
use bytes::Bytes;
use jiff::Timestamp;

use super::firing::{ACTOR, House};
use super::{RETRY_AFTER, Tracker, TrackerError};
use crate::keys::concerns::{self, Named};
use crate::projection::concerns::Noticed;
use crate::stored;

/// The most that is said at once.
const SAID_AT_ONCE_MAX: usize = 500;

impl Tracker {
    /// Says what is to be said of a partition's contacts and customers, whenever it is this tracker's.
    pub(super) async fn raise_concerns(
        &self,
        partition: Partition,
    ) -> Result<Infallible, TrackerError> {
        let mut progress = self.view.progress();
        loop {
            self.claim.until(partition, true).await;
            progress.borrow_and_update();
            match self.first_concern(partition)? {
                Some(due) if self.clock.now() >= due => {
                    let pause = self.say_of_concerns(partition).await?;
                    tokio::time::sleep(pause).await;
                }
                Some(due) => tokio::select! {
                    biased;
                    () = self.clock.sleep_until(due) => {}
                    _ = progress.changed() => {}
                    () = self.claim.until(partition, false) => {}
                },
                None => tokio::select! {
                    biased;
                    _ = progress.changed() => {}
                    () = self.claim.until(partition, false) => {}
                },
            }
        }
    }

    /// When something is to be said first; none if nothing is, or while the view is being opened.
    fn first_concern(&self, partition: Partition) -> Result<Option<Timestamp>, TrackerError> {
        let store = self.view.store();
        let first = |list| match store.scan_prefix(list, Direction::Ascending).next() {
            Some(Ok((key, _))) => Ok(Some(key)),
            None | Some(Err(StoreError::Opening | StoreError::Failed(_))) => Ok(None),
            Some(Err(error)) => Err(TrackerError::Store(error.into())),
        };
        if first(concerns::all_left(partition))?.is_some() {
            return Ok(Some(Timestamp::MIN));
        }
        let Some(key) = first(concerns::all_going_on(partition))? else {
            return Ok(None);
        };
        let (at_us, _) = concerns::read_goes_on(&key)
            .map_err(ApplyError::record)
            .map_err(TrackerError::Store)?;
        // The key's time is rounded down to the microsecond: one later it has passed for certain.
        Ok(Timestamp::from_microsecond(at_us.saturating_add(1)).ok())
    }

    async fn say_of_concerns(&self, partition: Partition) -> Result<Duration, TrackerError> {
        let now = self.clock.now();
        let Some(tail) = self.tail(partition).await? else {
            return Ok(RETRY_AFTER);
        };
        if !self.includes(&tail).await? {
            return Ok(RETRY_AFTER);
        }
        let (store, house) = (self.view.store(), self.house.clone());
        let read = move || read(&store, &house, partition, now);
        let records = match self.supervisor.block(read).await? {
            Ok(records) => records,
            Err(ApplyError::Store(StoreError::Opening | StoreError::Failed(_))) => {
                return Ok(RETRY_AFTER);
            }
            Err(error) => return Err(TrackerError::Store(error)),
        };
        match records.is_empty() || !self.claim.holds(partition) {
            true => Ok(RETRY_AFTER),
            false => self.say(records).await,
        }
    }
}

/// What is to be said in a partition now. Blocks.
fn read(
    store: &Store,
    house: &House,
    partition: Partition,
    now: Timestamp,
) -> Result<Vec<Record>, ApplyError> {
    let mut records = Vec::new();
    let left = store.scan_prefix(concerns::all_left(partition), Direction::Ascending);
    for entry in left.take(SAID_AT_ONCE_MAX) {
        let named = concerns::read_left(&entry?.0).map_err(ApplyError::record)?;
        records.extend(decide(store, house, &named, now)?);
    }
    let to = concerns::goes_on_from(partition, microseconds(now));
    let going_on = concerns::all_going_on(partition);
    let due = store.scan_range(going_on, Some(&to), Direction::Ascending);
    for entry in due.take(SAID_AT_ONCE_MAX) {
        let (_, named) = concerns::read_goes_on(&entry?.0).map_err(ApplyError::record)?;
        // Its number is given once.
        if store.get(named.left(partition))?.is_none() {
            records.extend(go_on(store, house, &named, now)?);
        }
    }
    Ok(records)
}

/// What is left to say of a contact's concern: that it is raised, or taken back.
fn decide(
    store: &Store,
    house: &House,
    named: &Named,
    now: Timestamp,
) -> Result<Option<Record>, ApplyError> {
    let noticed = concerns::noticed(&named.tenant_id, &named.subject_id, named.whose);
    let Some(noticed) = store.get(noticed)?.map(Noticed::decode_row).transpose()? else {
        return Ok(None);
    };
    match stored::concern(named, |key| store.get(key))? {
        None => raise(house, (named, &noticed), now),
        Some(concern) => match concern.take_back(ACTOR, now) {
            Some(event) => {
                let record = record(named, &concern, (noticed.log_key, now), event);
                record.map(Some)
            }
            None => Ok(None),
        },
    }
}

/// That a contact's signal needs a human.
fn raise(
    house: &House,
    (named, noticed): (&Named, &Noticed),
    now: Timestamp,
) -> Result<Option<Record>, ApplyError> {
    let Some((signal, known_at)) = noticed.signal(named.rule) else {
        return Ok(None);
    };
    let tenant_id = &*named.tenant_id;
    let telling = house.escalations().for_rule(tenant_id, named.rule)?;
    let calendars = house.calendars_of(tenant_id, telling.as_ref())?;
    let by = telling.as_ref().map(Telling::escalates_by);
    let escalation = by.map(|by| by.at_level(1, now, &calendars));
    house.note_untold(tenant_id, usize::from(escalation.is_none()));
    // Which it is follows from the contact, whoever says it.
    let hash = RequestHash::of(&SignalSubject::from(signal.clone()));
    let raised = Raised {
        rule: named.rule,
        episode_no: 1,
        owner: noticed.owner(),
        team_id: noticed.team_id.clone(),
        site_id: noticed.site_id.clone(),
        parties: noticed.parties(),
        began_at: known_at,
        detected_at: now,
        escalation,
        subject: Subject::Signal(signal),
    };
    let sealing = Sealing {
        by: author(tenant_id),
        aggregate_id: &named.id(),
        interaction_id: &named.subject_id,
        customer_id: &noticed.customer_id,
        sequence: 1,
        occurred_at: known_at,
        recorded_at: now,
        import_batch: "",
        request: Some(Request { id: "", hash }),
    };
    let change = Change::Raised(Box::new(raised));
    let record = sealing.seal_under(noticed.log_key.clone(), &fact(change));
    record.map(Some).map_err(ApplyError::record)
}

/// That nobody takes an alert, which goes on a level higher.
fn go_on(
    store: &Store,
    house: &House,
    named: &Named,
    now: Timestamp,
) -> Result<Option<Record>, ApplyError> {
    let Some(concern) = stored::concern(named, |key| store.get(key))? else {
        return Ok(None);
    };
    let tenant_id = &*named.tenant_id;
    let telling = match &concern.escalation {
        Some(told) => house.escalations().going_on(tenant_id, told)?,
        None => house.escalations().for_rule(tenant_id, named.rule)?,
    };
    let calendars = house.calendars_of(tenant_id, telling.as_ref())?;
    let by = telling.as_ref().map(Telling::escalates_by);
    let Some((at, event)) = concern.fire(ACTOR, now, by, &calendars) else {
        return Ok(None);
    };
    house.note_untold(tenant_id, usize::from(telling.is_none()));
    let key = stored::concern_key(store, named, &concern)?;
    record(named, &concern, (key, at), event).map(Some)
}

fn record(
    named: &Named,
    concern: &Concern,
    (key, occurred_at): (Bytes, Timestamp),
    event: Event,
) -> Result<Record, ApplyError> {
    let interaction_id = match &concern.raised.subject {
        Subject::Signal(signal) => &*signal.interaction_id,
        Subject::Promise(_) | Subject::SlipUps(_) => "",
    };
    let sealing = Sealing {
        by: author(&named.tenant_id),
        aggregate_id: &named.id(),
        interaction_id,
        customer_id: concern.customer_id.as_deref().unwrap_or_default(),
        sequence: event.sequence,
        occurred_at,
        recorded_at: event.recorded_at,
        import_batch: "",
        request: None,
    };
    let record = sealing.seal_under(key, &fact(event.change));
    record.map_err(ApplyError::record)
}

fn author(tenant_id: &str) -> Author<'_> {
    Author {
        tenant_id,
        actor_id: ACTOR,
        kind: ActorKind::System,
    }
}
