//! What about contacts and customers needs a human.
//!
//! A contact's signals that raise alerts are noted from its record, its amendments and what is found in it later; what is
//! raised is events of its own. What is left to raise, or to take back, follows from both.

use aftercall_domain::Parties;
use aftercall_domain::alert::{Alert, Rule, SignalSubject};
use aftercall_domain::commitment::Owner;
use aftercall_domain::concern::{Change, Concern, Event as Step};
use aftercall_domain::interaction::Signal;
use aftercall_ledger::Accepted;
use aftercall_log::Partition;
use aftercall_proto::convert::alert::to_row;
use aftercall_proto::convert::concern as convert;
use aftercall_proto::convert::parties::{self, PartiesRow};
use aftercall_proto::convert::time::{from_wire, microseconds, to_wire};
use aftercall_proto::event::v1::{InteractionAmended, InteractionAnalysed, InteractionIdentified};
use aftercall_proto::model::v1 as wire;
use aftercall_view::{ApplyError, Txn};
use bytes::Bytes;
use jiff::Timestamp;
use pbjson_types::Timestamp as WireTimestamp;
use prost::Message;

use super::Promises;
use super::contacts::Short;
use crate::keys::concerns::{self, Named};
use crate::keys::{self, AlertPlace, REQUESTS};
use crate::{routing, stored};

/// What was noticed in a contact that raises alerts, and what is to be said of it then.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Noticed {
    /// Whose contact it is now; empty for nobody's.
    #[prost(string, tag = "1")]
    pub(crate) customer_id: String,
    /// The log key that it was recorded under.
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) log_key: Bytes,
    #[prost(message, optional, tag = "4")]
    began_at: Option<WireTimestamp>,
    #[prost(string, tag = "5")]
    pub(crate) agent_id: String,
    #[prost(string, tag = "6")]
    pub(crate) team_id: String,
    #[prost(string, tag = "7")]
    pub(crate) site_id: String,
    #[prost(message, optional, tag = "8")]
    parties: Option<PartiesRow>,
    /// The signals, each rule's first.
    #[prost(message, repeated, tag = "9")]
    signals: Vec<NoticedSignal>,
}

/// A signal that raises an alert.
#[derive(Clone, PartialEq, Message)]
struct NoticedSignal {
    #[prost(message, optional, tag = "1")]
    signal: Option<wire::SignalSubject>,
    /// When the log knew of it.
    #[prost(message, optional, tag = "2")]
    known_at: Option<WireTimestamp>,
}

impl Noticed {
    /// What is noted of a contact that was recorded, with no signals yet; none of one that came with an import, which
    /// raises nothing.
    fn of(fact: &Accepted, contact: &wire::Interaction) -> Option<Self> {
        if !fact.event.import_batch.is_empty() {
            return None;
        }
        let all: Parties = parties::of_contact(contact).collect();
        Some(Self {
            customer_id: fact.event.customer_id.clone(),
            log_key: fact.key.clone(),
            began_at: contact.occurred_at,
            agent_id: contact.agent_id.clone(),
            team_id: contact.team_id.clone(),
            site_id: contact.site_id.clone(),
            parties: Some(all.into()),
            signals: Vec::new(),
        })
    }

    /// The same of a contact that had none when it was recorded, and so was not noted.
    fn later(short: &Short) -> Self {
        let began_at = Timestamp::from_microsecond(short.began_at_us).ok();
        let all: Parties = short.parties().collect();
        let mut sites = all.sites.iter();
        Self {
            customer_id: short.customer_id.clone(),
            log_key: short.log_key.clone(),
            began_at: began_at.map(to_wire),
            agent_id: short.agent_id.clone(),
            team_id: short.team_id.clone(),
            site_id: sites.next().cloned().unwrap_or_default(),
            parties: Some(all.into()),
            signals: Vec::new(),
        }
    }

    pub(crate) fn decode_row(row: Bytes) -> Result<Self, ApplyError> {
        Self::decode(row).map_err(ApplyError::record)
    }

    /// Who should act.
    pub(crate) fn owner(&self) -> Option<Owner> {
        (!self.agent_id.is_empty()).then(|| Owner::Agent(self.agent_id.clone()))
    }

    pub(crate) fn parties(&self) -> Parties {
        self.parties.clone().unwrap_or_default().into()
    }

    /// The signal that raises a rule's alert, and when the log knew of it.
    pub(crate) fn signal(&self, rule: Rule) -> Option<(SignalSubject, Timestamp)> {
        self.signals.iter().find_map(|noticed| {
            let subject = SignalSubject::try_from(noticed.signal.clone()?).ok()?;
            let known_at = noticed.known_at.as_ref().and_then(from_wire)?;
            (Rule::of_signal(subject.kind) == Some(rule)).then_some((subject, known_at))
        })
    }

    /// Takes in signals of the contact that the log knows of now. Of a rule the first that is sure enough counts.
    fn add(
        &mut self,
        interaction_id: &str,
        signals: &[wire::Signal],
        known_at: Option<WireTimestamp>,
    ) {
        for signal in signals {
            let Ok(signal) = Signal::try_from(signal.clone()) else {
                continue;
            };
            let Some(rule) = Rule::of_signal(signal.kind).filter(|_| signal.is_sure()) else {
                continue;
            };
            if self.signal(rule).is_none()
                && let Some(subject) = self.subject(interaction_id, signal)
            {
                self.signals.push(NoticedSignal {
                    signal: Some(subject.into()),
                    known_at,
                });
            }
        }
    }

    fn subject(&self, interaction_id: &str, signal: Signal) -> Option<SignalSubject> {
        let began_at = self.began_at.as_ref().and_then(from_wire);
        Some(SignalSubject {
            interaction_id: interaction_id.to_owned(),
            kind: signal.kind,
            source: signal.source,
            confidence: signal.confidence,
            noticed_at: signal.at.or(began_at)?,
            scorer: signal.scorer,
            scorer_version: signal.scorer_version,
        })
    }
}

/// A contact was recorded: notes which of its signals raise alerts.
pub(super) fn notice(
    fact: &Accepted,
    contact: &wire::Interaction,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let Some(mut noticed) = Noticed::of(fact, contact) else {
        return Ok(());
    };
    let known_at = fact.event.recorded_at;
    noticed.add(&contact.interaction_id, &contact.signals, known_at);
    // Hardly a contact has any: the others cost nothing.
    match noticed.signals.is_empty() {
        true => Ok(()),
        false => put_noticed(fact, noticed, txn),
    }
}

/// Parts of its record were replaced: its signals may be others.
pub(super) fn amend(
    fact: &Accepted,
    amended: &InteractionAmended,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let mut paths = amended.update_mask.iter().flat_map(|mask| &mask.paths);
    if !paths.any(|path| path == "signals") {
        return Ok(());
    }
    let Some(mut noticed) = noted(fact, txn)? else {
        return Ok(());
    };
    let before = std::mem::take(&mut noticed.signals);
    let signals = amended.interaction.as_ref().map(|values| &*values.signals);
    let id = &fact.event.aggregate_id;
    noticed.add(id, signals.unwrap_or_default(), fact.event.recorded_at);
    // One that stays is known for as long as it was.
    for signal in &mut noticed.signals {
        let same = before.iter().find(|other| other.signal == signal.signal);
        signal.known_at = same.map_or(signal.known_at, |other| other.known_at);
    }
    put_noticed(fact, noticed, txn)
}

/// Something was found in it later.
pub(super) fn analyse(
    fact: &Accepted,
    analysed: &InteractionAnalysed,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let Some(mut noticed) = noted(fact, txn)? else {
        return Ok(());
    };
    let known_at = fact.event.recorded_at;
    noticed.add(&fact.event.aggregate_id, &analysed.signals, known_at);
    put_noticed(fact, noticed, txn)
}

/// The contact is somebody else's, and so is what was raised about it: returns the alerts that this changed.
pub(super) fn identify(
    fact: &Accepted,
    identified: &InteractionIdentified,
    txn: &mut Txn<'_>,
) -> Result<Vec<Alert>, ApplyError> {
    let Some(mut noticed) = noticed_of(fact, txn)? else {
        return Ok(Vec::new());
    };
    noticed.customer_id.clone_from(&identified.customer_id);
    put_noticed(fact, noticed, txn)?;
    let mut changed = Vec::new();
    for rule in Rule::OF_CONCERNS {
        let named = named(fact, &fact.event.aggregate_id, rule);
        let Some(before) = stored::concern(&named, |key| txn.get(key))? else {
            continue;
        };
        let mut after = before.clone();
        after.customer_id =
            Some(identified.customer_id.clone()).filter(|customer_id| !customer_id.is_empty());
        changed.extend(put_concern(fact, &named, (Some(&before), &after), txn)?);
    }
    Ok(changed)
}

impl Promises {
    /// Something became of a concern.
    pub(super) fn take_concern(
        &mut self,
        fact: &Accepted,
        step: &Step,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let event = &fact.event;
        let pointer = concerns::by_id(&event.tenant_id, &event.aggregate_id);
        let named = match (&step.change, txn.get(&*pointer)?) {
            (Change::Raised(raised), _) => named(fact, raised.subject.id(), raised.rule),
            (_, Some(row)) => concerns::read_by_id(&row).map_err(ApplyError::record)?,
            (_, None) => return Ok(()),
        };
        // No writer of ours gives it another id.
        if named.id() != event.aggregate_id {
            return Ok(());
        }
        let before = stored::concern(&named, |key| txn.get(key))?;
        let mut changed = Vec::new();
        let after = match (&before, &step.change) {
            (Some(before), Change::Raised(_)) => {
                if let Some(over) = before.overtaken(step.recorded_at) {
                    changed.extend(put_alert(&named, (Some(before), &over), txn)?);
                }
                let mut after = before.clone();
                after.accept(step);
                after
            }
            (Some(before), _) => {
                let mut after = before.clone();
                after.accept(step);
                after
            }
            (None, Change::Raised(raised)) => {
                txn.put(pointer, named.as_row())?;
                let customer_id = Some(event.customer_id.clone()).filter(|id| !id.is_empty());
                Concern::begin((**raised).clone(), customer_id, event.sequence)
            }
            (None, _) => return Ok(()),
        };
        let is_next = before
            .as_ref()
            .is_some_and(|before| before.raised.episode_no != after.raised.episode_no);
        let of_episode = before.as_ref().filter(|_| !is_next);
        changed.extend(put_alert(&named, (of_episode, &after), txn)?);
        put_row(fact, &named, (before.as_ref(), &after), txn)?;
        let alert = after.alert(&event.aggregate_id);
        REQUESTS.remember(
            fact,
            &event.aggregate_id,
            || wire::Alert::from(alert).encode_to_vec().into(),
            txn,
        )?;
        refresh(fact, &named, txn)?;
        self.post(fact, changed, txn)
    }
}

/// The concern of the event's partition that a rule's alerts about a subject are.
fn named(fact: &Accepted, subject_id: &str, rule: Rule) -> Named {
    Named {
        tenant_id: fact.event.tenant_id.clone(),
        subject_id: subject_id.to_owned(),
        whose: fact.whose,
        rule,
    }
}

/// What was noticed in the contact that something happened to.
fn noticed_of(fact: &Accepted, txn: &Txn<'_>) -> Result<Option<Noticed>, ApplyError> {
    let event = &fact.event;
    let key = concerns::noticed(&event.tenant_id, &event.aggregate_id, fact.whose);
    txn.get(&*key)?.map(Noticed::decode_row).transpose()
}

/// The same, or what is to be noted of a contact of which nothing was: none of one that has nothing to do with customers,
/// or came with an import.
fn noted(fact: &Accepted, txn: &Txn<'_>) -> Result<Option<Noticed>, ApplyError> {
    if let Some(noticed) = noticed_of(fact, txn)? {
        return Ok(Some(noticed));
    }
    let event = &fact.event;
    let key = keys::contacts::contact(&event.tenant_id, &event.aggregate_id, fact.whose);
    let short = txn.get(&*key)?.map(Short::decode_row).transpose()?;
    Ok(short.map(|short| Noticed::later(&short)))
}

fn put_noticed(fact: &Accepted, noticed: Noticed, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    let event = &fact.event;
    let key = concerns::noticed(&event.tenant_id, &event.aggregate_id, fact.whose);
    txn.put(key, noticed.encode_to_vec())?;
    for rule in [Rule::LegalThreat, Rule::ManagerRequest] {
        refresh(fact, &named(fact, &event.aggregate_id, rule), txn)?;
    }
    Ok(())
}

/// Puts down whether something is left to say of a contact's concern: to raise it, or to take it back.
fn refresh(fact: &Accepted, named: &Named, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    if named.rule == Rule::SaveAction {
        return Ok(());
    }
    let noticed = concerns::noticed(&named.tenant_id, &named.subject_id, named.whose);
    let noticed = txn.get(&*noticed)?.map(Noticed::decode_row).transpose()?;
    let concern = stored::concern(named, |key| txn.get(key))?;
    let is_noticed = noticed.is_some_and(|noticed| noticed.signal(named.rule).is_some());
    let is_left = match &concern {
        None => is_noticed,
        Some(concern) => !is_noticed && concern.state.is_open(),
    };
    let left = named.left(fact.position.partition);
    match (txn.get(&*left)?.is_some(), is_left) {
        (false, true) => txn.put(left, Bytes::new())?,
        (true, false) => txn.delete(left)?,
        _ => {}
    }
    Ok(())
}

/// Puts a concern, with its alert, and returns that if it changed.
fn put_concern(
    fact: &Accepted,
    named: &Named,
    (before, after): (Option<&Concern>, &Concern),
    txn: &mut Txn<'_>,
) -> Result<Option<Alert>, ApplyError> {
    let changed = put_alert(named, (before, after), txn)?;
    put_row(fact, named, (before, after), txn)?;
    Ok(changed)
}

fn put_row(
    fact: &Accepted,
    named: &Named,
    (before, after): (Option<&Concern>, &Concern),
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let partition: Partition = fact.position.partition;
    let place = |concern: &Concern| {
        let at = concern.goes_on_at()?;
        Some(named.goes_on(partition, microseconds(at)))
    };
    let (was, is) = (before.and_then(place), place(after));
    if was != is {
        if let Some(was) = was {
            txn.delete(was)?;
        }
        if let Some(is) = is {
            txn.put(is, Bytes::new())?;
        }
    }
    txn.put(named.key(), convert::to_row(after.clone()))?;
    Ok(())
}

/// Puts the alert of an episode where it is found, and returns it if it changed.
fn put_alert(
    named: &Named,
    (before, after): (Option<&Concern>, &Concern),
    txn: &mut Txn<'_>,
) -> Result<Option<Alert>, ApplyError> {
    let (tenant_id, whose) = (&*named.tenant_id, named.whose);
    let id = named.id();
    let last = before.map(|before| before.alert(&id));
    let alert = after.alert(&id);
    if last.as_ref() == Some(&alert) {
        return Ok(None);
    }
    let place = AlertPlace::of(&alert, whose);
    match &last {
        Some(last) => {
            for place in keys::alert_places(tenant_id, last, whose) {
                txn.delete(place)?;
            }
        }
        None => txn.put(keys::alert_id_at(tenant_id, &alert, &place), Bytes::new())?,
    }
    for place in keys::alert_places(tenant_id, &alert, whose) {
        txn.put(place, Bytes::new())?;
    }
    routing::place(tenant_id, (last.as_ref(), &alert), &place, txn)?;
    txn.put(place.key(tenant_id), to_row(alert.clone()))?;
    Ok(Some(alert))
}
