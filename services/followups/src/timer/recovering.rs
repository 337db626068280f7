//! Who was cut off is called back: the promise is made by itself, and withdrawn when it is not needed any more.
//!
//! Whoever holds the contact's partition makes the promise, by the policies that were in use when it was known that the
//! contact was cut off: so it makes no difference who decides, and when. Its id follows from the contact, so that it is
//! made once: not by another tracker, and not after a rebuild.

use std::convert::Infallible;

use aftercall_domain::commitment::{Commitment, PolicyRef, Withdrawal};
use aftercall_domain::interaction::{CommitmentDraft, CutOff, Surroundings};
use aftercall_domain::limits::DROP_RECOVERY_HOURS_MAX;
use aftercall_ledger::CallRow;
use aftercall_log::{Partition, Record};
use aftercall_proto::convert::call::provisional;
use aftercall_proto::convert::commitment::fact;
use aftercall_proto::convert::setting::channel;
use aftercall_proto::convert::time::microseconds;
use aftercall_proto::envelope::Fact;
use aftercall_proto::model::v1 as wire;
use aftercall_service::seal::{Author, Request, RequestHash, Sealing};
use aftercall_service::{ActorKind, Promising, given};
use aftercall_view::key::{prefix_end, whose};
use aftercall_view::{ApplyError, Direction, Store};
use jiff::{SignedDuration, Timestamp};

use super::deciding::Look;
use super::firing::{ACTOR, House};
use super::matching::{Batch, LOOK_AGAIN, LOOKED_AT_MAX};
use super::{Tracker, TrackerError};
use crate::contacts::Recorded;
use crate::keys::calls::CALLS;
use crate::keys::matched::Following;
use crate::keys::recovery::{self, Dropped};
use crate::projection::contacts::Short;
use crate::stored;

impl Tracker {
    /// Has customers of a partition called back who were cut off, whenever it is this tracker's.
    pub(super) async fn recover_drops(
        &self,
        partition: Partition,
    ) -> Result<Infallible, TrackerError> {
        let mut progress = self.view.progress();
        // What was decided stays so: each is looked at once.
        let mut through = None;
        loop {
            self.claim.until(partition, true).await;
            progress.borrow_and_update();
            let batch = self.read_drops(partition, &through).await?;
            through = batch.through.or(through);
            if !batch.records.is_empty() {
                let pause = self.say(batch.records).await?;
                tokio::time::sleep(pause).await;
                continue;
            }
            if batch.is_full && !batch.is_late {
                continue;
            }
            let soon = self.clock.monotonic() + LOOK_AGAIN;
            tokio::select! {
                biased;
                _ = progress.changed() => {}
                () = self.look_again(batch.is_late.then_some(soon)) => {}
                () = self.claim.until(partition, false) => through = None,
            }
        }
    }

    /// What there is to promise after the drops of a partition that stand after a key; nothing while the view is being
    /// built.
    async fn read_drops(
        &self,
        partition: Partition,
        through: &Option<Vec<u8>>,
    ) -> Result<Batch, TrackerError> {
        let store = self.view.store();
        let all = Vec::from(recovery::all_dropped(partition));
        let from = through
            .as_ref()
            .map_or_else(|| all.clone(), |key| [key, &[0][..]].concat());
        let to = prefix_end(&all);
        // Usually there is nothing, which takes no thread that may block.
        let mut dropped = store.scan_range(from.clone(), to.as_deref(), Direction::Ascending);
        if !self.view.is_ready() || dropped.next().is_none() {
            return Ok(Batch::default());
        }
        drop(dropped);
        let (house, now) = (self.house.clone(), self.clock.now());
        let read = move || read(&store, &house, (from, to), now);
        Ok(self.read(read).await?.unwrap_or_default())
    }
}

/// Looks at the drops under some keys. Blocks.
fn read(
    store: &Store,
    house: &House,
    (from, to): (Vec<u8>, Option<Vec<u8>>),
    now: Timestamp,
) -> Result<Batch, ApplyError> {
    let recent = SignedDuration::from_hours(DROP_RECOVERY_HOURS_MAX);
    let recent_us = microseconds(now.saturating_sub(recent).unwrap_or(Timestamp::MIN));
    let mut batch = Batch::default();
    let from = match last_before(store, (&from, to.as_deref()), recent_us)? {
        Some(old) => {
            let next = [&old, &[0][..]].concat();
            batch.through = Some(old);
            next
        }
        None => from,
    };
    let mut seen = 0;
    let dropped = store.scan_range(from, to.as_deref(), Direction::Ascending);
    for entry in dropped.take(LOOKED_AT_MAX) {
        let (key, known_at) = entry?;
        seen += 1;
        let look = match known_at_us(&known_at) < recent_us {
            true => Look::Nothing,
            false => {
                let dropped = recovery::read_dropped(&key).map_err(ApplyError::record)?;
                call_back(store, house, &dropped, now)?
            }
        };
        batch.take(&key, look);
    }
    batch.is_full = seen == LOOKED_AT_MAX;
    Ok(batch)
}

/// The last drop of a range that is too old: nearly all before it are, too, and the others of those have been looked at.
fn last_before(
    store: &Store,
    (from, to): (&[u8], Option<&[u8]>),
    recent_us: i64,
) -> Result<Option<Vec<u8>>, ApplyError> {
    for entry in store.scan_range(from, to, Direction::Descending) {
        let (key, known_at) = entry?;
        if known_at_us(&known_at) < recent_us {
            return Ok(Some(key.to_vec()));
        }
    }
    Ok(None)
}

fn known_at_us(value: &[u8]) -> i64 {
    value.try_into().map_or(i64::MIN, i64::from_be_bytes)
}

/// The promise to call back after a contact that was cut off, if a policy asks for it.
fn call_back(
    store: &Store,
    house: &House,
    dropped: &Dropped,
    now: Timestamp,
) -> Result<Look, ApplyError> {
    let Dropped {
        tenant_id,
        interaction_id,
        whose: of,
    } = dropped;
    let id = (&**tenant_id, &**interaction_id, *of);
    let call = Short::find_call(id, |key| store.get(key))?;
    let call = call.filter(|call| call.dropped.is_some());
    let is_call = call.is_some();
    let short = match call {
        Some(call) => Some(call),
        None => Short::find(id, |key| store.get(key))?,
    };
    let Some(short) = short else {
        return Ok(Look::Nothing);
    };
    let (Some(known), Ok(over_at)) = (
        short.dropped,
        Timestamp::from_microsecond(short.over_at_us()),
    ) else {
        return Ok(Look::Nothing);
    };
    let known_at = Timestamp::from_microsecond(known.known_at_us).unwrap_or(now);
    let policies = house.deciding().policies.at(tenant_id, known_at)?;
    if policies
        .iter()
        .all(|one| one.set.call_back_within.is_none())
    {
        return Ok(Look::Nothing);
    }
    let contact = match is_call {
        true => told_of_call(store, id, &short)?,
        false => match house
            .deciding()
            .contacts
            .recorded(tenant_id, interaction_id)
        {
            Ok(all) => all.into_iter().find(|one| whose(&one.key) == *of),
            Err(_) => return Ok(Look::Later),
        },
    };
    let Some(contact) = contact else {
        return Ok(Look::Nothing);
    };
    let cut_off = cut_off(&contact, (over_at, known_at));
    let policies = policies.iter().map(|one| {
        let by = PolicyRef {
            policy_id: one.id.clone(),
            version: u32::try_from(one.version).unwrap_or(u32::MAX),
        };
        (by, &one.set)
    });
    let promise_id = recovery::promise_of(&short.log_key, interaction_id);
    let Some((mut draft, by, policy)) = cut_off.call_back(promise_id, policies) else {
        return Ok(Look::Nothing);
    };
    let calendars = house.calendars().all(tenant_id, policy.calendar_ids())?;
    cut_off.follow_up((&mut draft, by, policy), &calendars);
    let record = made(tenant_id, (contact, over_at), draft, now)?;
    Ok(Look::Record(Box::new(record)))
}

/// What telephony tells of a call, as its record would say it.
fn told_of_call(
    store: &Store,
    (tenant_id, interaction_id, _): (&str, &str, u64),
    short: &Short,
) -> Result<Option<Recorded>, ApplyError> {
    let row = CALLS.read(tenant_id, interaction_id, |key| store.get(key))?;
    let call = row.as_ref().and_then(CallRow::call);
    Ok(call.map(|call| Recorded {
        key: short.log_key.clone(),
        customer_id: given(call.customer_id.clone()),
        began_at: Timestamp::from_microsecond(short.began_at_us).unwrap_or(Timestamp::UNIX_EPOCH),
        parties: short.parties().collect(),
        interaction: provisional(call),
    }))
}

/// What of a contact decides who calls back.
fn cut_off(contact: &Recorded, (at, known_at): (Timestamp, Timestamp)) -> CutOff<'_> {
    let said = &contact.interaction;
    let customer = said.customer.as_ref();
    let mut queues = said.segments.iter().rev().map(|segment| &*segment.queue_id);
    CutOff {
        at,
        known_at,
        around: Surroundings {
            agent_id: &said.agent_id,
            team_id: &said.team_id,
            site_id: &said.site_id,
            channel: channel(said.channel()),
            language: customer.map_or("", |customer| &customer.language),
        },
        queue_id: queues.find(|id| !id.is_empty()).unwrap_or_default(),
    }
}

/// The event.
fn made(
    tenant_id: &str,
    (contact, made_at): (Recorded, Timestamp),
    draft: CommitmentDraft,
    now: Timestamp,
) -> Result<Record, ApplyError> {
    let Recorded {
        key,
        customer_id,
        interaction,
        ..
    } = contact;
    let channel = interaction.channel();
    let wire::Customer {
        display_name,
        handles,
        language,
        ..
    } = interaction.customer.unwrap_or_default();
    let promising = Promising {
        key,
        interaction_id: interaction.interaction_id,
        customer_id: customer_id.unwrap_or_default(),
        customer_name: display_name,
        handles,
        agent_id: interaction.agent_id,
        team_id: interaction.team_id,
        site_id: interaction.site_id,
        channel,
        language,
        made_at,
    };
    let record = promising.record(author(tenant_id), draft, now);
    record.map_err(ApplyError::record)
}

/// A promise to call back is withdrawn because of a contact: the customer was back by it; or it is the one that was
/// taken to be cut off.
pub(super) fn withdraw(
    store: &Store,
    (commitment, of): (&Commitment, u64),
    following: &Following,
    now: Timestamp,
) -> Result<Look, ApplyError> {
    let (tenant_id, contact) = (&*following.tenant_id, &following.interaction_id);
    let (cause, at) = match *contact == commitment.interaction_id {
        true => (Withdrawal::NoDrop, now),
        false => {
            let short = Short::find((tenant_id, contact, following.whose), |key| store.get(key))?;
            let began_at = short.map(|short| Timestamp::from_microsecond(short.began_at_us));
            let Some(Ok(at)) = began_at else {
                return Ok(Look::Nothing);
            };
            let interaction_id = contact.clone();
            (Withdrawal::CustomerReturned { interaction_id, at }, at)
        }
    };
    let Some(event) = commitment.withdraw(cause, ACTOR, now) else {
        return Ok(Look::Nothing);
    };
    let said = fact(event.change);
    // The event's id follows from the promise and the contact, whoever decides.
    let hash = match &said {
        Fact::CommitmentWithdrawn(withdrawn) => RequestHash::of(withdrawn),
        _ => RequestHash::default(),
    };
    let sealing = Sealing {
        by: author(tenant_id),
        aggregate_id: &commitment.commitment_id,
        interaction_id: &commitment.interaction_id,
        customer_id: commitment.customer_id.as_deref().unwrap_or_default(),
        sequence: event.sequence,
        occurred_at: at,
        recorded_at: event.recorded_at,
        import_batch: "",
        request: Some(Request { id: "", hash }),
    };
    let log_key = stored::log_key(store, tenant_id, commitment, of)?;
    let record = sealing.seal_under(log_key, &said);
    Ok(Look::Record(Box::new(record.map_err(ApplyError::record)?)))
}

fn author(tenant_id: &str) -> Author<'_> {
    Author {
        tenant_id,
        actor_id: ACTOR,
        kind: ActorKind::System,
    }
}
