//! The judge: the domain's rules, and what they need of the log's past.

use aftercall_domain::commitment::{Change, Commitment};
use aftercall_domain::customer::{MergeRefused, MergeStep, Merges};
use aftercall_domain::interaction::{Refused, Step};
use aftercall_proto::event::v1::AggregateKind;
use aftercall_proto::model::v1::{Interaction, Setting};
use aftercall_view::key::Key;
use aftercall_view::{ApplyError, Judge, Placed, Txn, Verdict};
use bytes::Bytes;
use prost::Message;

use crate::entry::{Contact, Holders, Merged};
use crate::keys::CHANGES;
use crate::names::{Named, names};
use crate::{Accepted, Happening, Id, Webhook, What, calls, keys, made, settings, waits, webhooks};

/// Raised with each change of the rules or of what is stored.
const VERSION: u32 = 16;

/// Judges contacts and all that follows from them, and solutions.
#[derive(Debug, Clone, Copy, Default)]
pub struct Contacts;

/// What was decided.
pub(crate) type Decided = Result<Result<(), Refused>, ApplyError>;

impl Judge for Contacts {
    type Fact = Happening;

    fn name(&self) -> &'static str {
        "ledger"
    }

    fn version(&self) -> u32 {
        VERSION
    }

    fn judge(
        &mut self,
        fact: &Placed<Happening>,
        txn: &mut Txn<'_>,
    ) -> Result<Verdict, ApplyError> {
        let event = &fact.event;
        let decided = match &fact.what {
            What::Recorded { recorded, promises } => {
                let brought = recorded.interaction.as_ref();
                record(fact, brought, promises, txn)
            }
            What::Amended(_) | What::Analysed(_) | What::Identified(_) => amend(fact, txn),
            What::Promise(step) => {
                let step = Step::Promise {
                    commitment_id: &event.aggregate_id,
                    event: step,
                };
                follow_promise(fact, step, txn)
            }
            What::Made(promise) => made::make(fact, promise, txn),
            What::Published(_) | What::Solution(_) => publish(fact, txn),
            What::Merged(merged) => {
                let step = MergeStep::Merge(&merged.merged_customer_id);
                merge(fact, |merges| merges.apply(event.sequence, step), txn)
            }
            What::Unmerged(unmerged) => {
                let step = MergeStep::Unmerge(&unmerged.merged_customer_id);
                merge(fact, |merges| merges.apply(event.sequence, step), txn)
            }
            What::Settings(changed) => set_up(fact, &changed.settings, txn),
            What::Webhook(what) => follow_webhook(fact, what, txn),
            What::Candidates(_)
            | What::CalendarFeed(_)
            | What::Routed(_)
            | What::Mailed(_)
            | What::Search(_)
            | What::LinkJudged(_)
            | What::Cause(_)
            | What::Problem(_)
            | What::Exported(_)
            | What::Concern(_)
            | What::Repeat(_) => count(fact, txn),
            What::Call(_) => calls::note(fact, txn),
            What::Unknown => unknown(fact, txn),
            What::Malformed => Ok(Err(Refused::Malformed)),
        };
        Ok(match decided? {
            Ok(()) => Verdict::Accepted,
            Err(refused) => Verdict::Refused(refused.name()),
        })
    }
}

/// An event that this version does not know takes its place among those of its aggregate, and says nothing more.
fn unknown(fact: &Accepted, txn: &mut Txn<'_>) -> Result<Result<(), Refused>, ApplyError> {
    let event = &fact.event;
    let next = Step::Next {
        sequence: event.sequence,
    };
    match event.aggregate_kind() {
        AggregateKind::Interaction if event.sequence == 1 => record(fact, None, &[], txn),
        AggregateKind::Interaction => follow(fact, &event.aggregate_id, next, txn),
        AggregateKind::Commitment => {
            let step = Step::NextOfPromise {
                commitment_id: &event.aggregate_id,
                sequence: event.sequence,
            };
            follow_promise(fact, step, txn)
        }
        AggregateKind::Solution => publish(fact, txn),
        AggregateKind::Customer => merge(fact, |merges| merges.pass_over(event.sequence), txn),
        AggregateKind::Settings => set_up(fact, &[], txn),
        AggregateKind::Repeat
        | AggregateKind::Cause
        | AggregateKind::Problem
        | AggregateKind::Export
        | AggregateKind::Concern
        | AggregateKind::Webhook
        | AggregateKind::WebhookQueue
        | AggregateKind::WebhookOutcomes
        | AggregateKind::MailOutcomes
        | AggregateKind::CalendarFeed
        | AggregateKind::Candidate
        | AggregateKind::Search
        | AggregateKind::Link
        | AggregateKind::AlertRoutes => count(fact, txn),
        AggregateKind::Call => calls::note(fact, txn),
        AggregateKind::Unspecified => Ok(Ok(())),
    }
}

/// A contact begins: the first of its names counts, of each customer. `brought` is what is known of
/// it.
fn record(
    fact: &Accepted,
    brought: Option<&Interaction>,
    promises: &[Commitment],
    txn: &mut Txn<'_>,
) -> Decided {
    let event = &fact.event;
    if event.sequence != 1 {
        return Ok(Err(Refused::NotNext));
    }
    let id = Id::of(&event.aggregate_id);
    let key = keys::contact(&event.tenant_id, &id);
    let mut contacts = Holders::read(txn.get(&key)?)?;
    if contacts.of(fact.whose).is_some() {
        return Ok(Err(Refused::Repeated));
    }
    if contacts.has(fact.whose) {
        return Ok(Err(Refused::NameTaken));
    }
    let brought = brought.map(|brought| names(&event.tenant_id, brought));
    let mut others: Vec<(Key, Holders)> = Vec::new();
    for Named { name, .. } in brought.unwrap_or_default() {
        let Some(key) = name.key(&event.tenant_id) else {
            return Ok(Err(Refused::NameTaken));
        };
        if others.iter().any(|(one, _)| *one == key) {
            continue;
        }
        let mut holders = Holders::read(txn.get(&key)?)?;
        if holders.has(fact.whose) {
            return Ok(Err(Refused::NameTaken));
        }
        holders.add_other(fact.whose, &id);
        others.push((key, holders));
    }
    for promise in promises.iter().filter(|one| !one.depends_on.is_empty()) {
        waits::note(fact, &promise.commitment_id, &promise.awaited_ids(), txn)?;
    }
    contacts.add(Contact::new(fact, promises));
    txn.put(key, contacts.encode_to_vec())?;
    for (key, holders) in others {
        txn.put(key, holders.encode_to_vec())?;
    }
    Ok(Ok(()))
}

/// Something happens to a promise, of its contact's record or made later.
fn follow_promise(fact: &Accepted, step: Step<'_>, txn: &mut Txn<'_>) -> Decided {
    let (mut for_ids, mut ends_series) = (None, false);
    if let Step::Promise { event, .. } = step {
        match &event.change {
            Change::DependenciesSet { commitment_ids } => for_ids = Some(commitment_ids),
            Change::RecurrenceEnded { .. } => ends_series = true,
            _ => {}
        }
    }
    let id = &fact.event.aggregate_id;
    if let Some(for_ids) = for_ids
        && waits::would_wait_for_itself(fact, id, for_ids, txn)?
    {
        return Ok(Err(Refused::Cyclic));
    }
    let decided = match made::follow(fact, step, txn)? {
        Some(decided) => decided,
        None => follow(fact, &fact.event.interaction_id, step, txn)?,
    };
    if let (Ok(()), Some(for_ids)) = (&decided, for_ids) {
        waits::note(fact, id, for_ids, txn)?;
    }
    if decided.is_ok() && ends_series {
        made::end_series(fact, txn)?;
    }
    Ok(decided)
}

/// Something happens to a contact that was recorded, or to what was promised in it.
fn follow(fact: &Accepted, interaction_id: &str, step: Step<'_>, txn: &mut Txn<'_>) -> Decided {
    let key = keys::contact(&fact.event.tenant_id, &Id::of(interaction_id));
    let mut contacts = Holders::read(txn.get(&key)?)?;
    let Some(contact) = contacts.of_mut(fact.whose) else {
        return Ok(Err(Refused::Unknown));
    };
    let mut life = contact.life();
    if let Err(refused) = life.apply(step) {
        return Ok(Err(refused));
    }
    contact.set_life(&life);
    match &fact.what {
        What::Amended(amended) => contact.amend(amended),
        What::Identified(identified) => contact.identify(&identified.customer_id),
        _ => {}
    }
    txn.put(key, contacts.encode_to_vec())?;
    Ok(Ok(()))
}

/// A contact is changed: its record, or whose it is.
fn amend(fact: &Accepted, txn: &mut Txn<'_>) -> Decided {
    let event = &fact.event;
    let sequence = event.sequence;
    let followed = follow(fact, &event.aggregate_id, Step::Next { sequence }, txn)?;
    if followed.is_ok() {
        remember(fact, txn)?;
    }
    Ok(followed)
}

/// What a request that counts did is remembered: the version that it made.
fn remember(fact: &Accepted, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    let event = &fact.event;
    let version = || Bytes::copy_from_slice(&event.sequence.to_be_bytes());
    CHANGES.remember(fact, &event.aggregate_id, version, txn)
}

/// A solution begins, or goes on. A second beginning of it is the same candidate promoted once more: it lost
/// the race.
fn publish(fact: &Accepted, txn: &mut Txn<'_>) -> Decided {
    let event = &fact.event;
    let key = keys::solution(&event.tenant_id, &event.aggregate_id);
    let version = txn.get(&key)?;
    let version = version.and_then(|version| version.as_ref().try_into().ok());
    let version = version.map_or(0, u64::from_be_bytes);
    let begins = matches!(fact.what, What::Published(_)) && event.sequence == 1;
    if begins && version > 0 {
        return Ok(Err(Refused::Repeated));
    }
    if Some(event.sequence) != version.checked_add(1) {
        return Ok(Err(Refused::NotNext));
    }
    txn.put(key, event.sequence.to_be_bytes().to_vec())?;
    Ok(Ok(()))
}

/// A tenant's settings change. All of them are one aggregate, so that a change that was checked against
/// others counts only while those are as they were.
fn set_up(fact: &Accepted, settings: &[Setting], txn: &mut Txn<'_>) -> Decided {
    let event = &fact.event;
    let revision = keys::settings(&event.tenant_id);
    let before = txn.get(&revision)?;
    let before = before.and_then(|before| before.as_ref().try_into().ok());
    let before = before.map_or(0, u64::from_be_bytes);
    if Some(event.sequence) != before.checked_add(1) {
        return Ok(Err(Refused::NotNext));
    }
    txn.put(revision, event.sequence.to_be_bytes().to_vec())?;
    for setting in settings {
        settings::put(&event.tenant_id, setting, txn)?;
    }
    let made = || settings::made(settings);
    CHANGES.remember(fact, &event.aggregate_id, made, txn)?;
    Ok(Ok(()))
}

/// Something happens to a thing of which no more is to be known than how much has happened to it.
fn count(fact: &Accepted, txn: &mut Txn<'_>) -> Decided {
    let event = &fact.event;
    let key = keys::counted(
        &event.tenant_id,
        event.aggregate_kind(),
        (&event.aggregate_id, fact.whose),
    );
    let before = txn.get(&key)?;
    let before = before.and_then(|before| before.as_ref().try_into().ok());
    let before = before.map_or(0, u64::from_be_bytes);
    if Some(event.sequence) != before.checked_add(1) {
        return Ok(Err(Refused::NotNext));
    }
    txn.put(key, event.sequence.to_be_bytes().to_vec())?;
    Ok(Ok(()))
}

/// Something happens to a webhook: how it is stays known.
fn follow_webhook(fact: &Accepted, what: &Webhook, txn: &mut Txn<'_>) -> Decided {
    let decided = count(fact, txn)?;
    if let (Ok(()), Webhook::Changed(changed)) = (&decided, what) {
        webhooks::put(fact, changed, txn)?;
    }
    Ok(decided)
}

/// Something happens to a customer.
fn merge(
    fact: &Accepted,
    take: impl FnOnce(&mut Merges) -> Result<(), MergeRefused>,
    txn: &mut Txn<'_>,
) -> Decided {
    let key = keys::customer(&fact.event.tenant_id, &fact.event.aggregate_id);
    let stored = txn.get(&key)?.map(Merged::decode).transpose();
    let mut merges: Merges = stored
        .map_err(ApplyError::record)?
        .unwrap_or_default()
        .into();
    if let Err(refused) = take(&mut merges) {
        return Ok(Err(refused.into()));
    }
    txn.put(key, Merged::from(merges).encode_to_vec())?;
    remember(fact, txn)?;
    Ok(Ok(()))
}
