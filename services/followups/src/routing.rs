//! The router: decides who is told of alerts, and writes it down.
//!
//! ```text
//!  alerts, as the view has them ─► due ─► the decision (domain::routing) ─► one event a round ─► log ─► view
//!       ▲                                                                                            │
//!       └───────────── what was decided, and when to look again ◄────────────────────────────────────┘
//! ```
//!
//! The decisions of a tenant are one aggregate, with a number for each round: of two processes that decide at the
//! same time the first counts, and messages have ids that follow from the round. So nobody is told twice under
//! different ids, and who comes next goes on from what was decided. Who holds the partition of what the tenant is told
//! decides. A message is delivered by others, who read the event.
//!
//! A tenant's alerts are told in one environment, the first in which anything was decided: elsewhere, as in a
//! copy of the data, it is decided that nobody is told.

mod explain;
mod fold;
mod keys;
mod mails;
mod read;
mod rows;
mod test;
mod write;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use aftercall_domain::alert::Alert;
use aftercall_domain::routing::{self, House, Moment};
use aftercall_domain::setting::{EscalationPolicy, Receiver, Silence, Team};
use aftercall_ledger::{Ledger, Ready};
use aftercall_log::{AppendError, Claim, Log, ReadError};
use aftercall_proto::convert::routing::round_to_wire;
use aftercall_proto::envelope::notify_key;
use aftercall_service::seal::TooLarge;
use aftercall_service::writing::RETRY_AFTER;
use aftercall_service::{Clock, Environment, Internal, Reading, Supervisor};
use aftercall_view::{ApplyError, Store, StoreError, ViewError};
use bytes::Bytes;
use jiff::Timestamp;
use parking_lot::Mutex;
use uuid::Uuid;

use crate::keys::AlertPlace;
use crate::meters;
use read::{Agenda, Due};

pub(crate) use explain::explain;
pub(crate) use fold::{apply, known, place};
pub(crate) use mails::apply as apply_mails;
pub(crate) use test::test;

/// The role in which processes share the tenants among them.
const ROLE: &str = "alerts";

/// About how many alerts is decided in one round.
const ALERTS_AT_ONCE: usize = 500;

/// How long to wait while the view or the log can't take part.
const PAUSE: Duration = Duration::from_secs(1);

/// What tenants have set up of who is told. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    ledger: Ledger,
    escalations: Ready<EscalationPolicy>,
    teams: Ready<Team>,
    receivers: Ready<Receiver>,
    silences: Ready<Silence>,
}

/// Whether an alert waits for no decision: one was made, or nobody is to be told of it. `get` reads the store, or the store
/// as a batch will leave it.
pub(crate) fn is_decided(
    tenant_id: &str,
    alert: &Alert,
    get: impl Fn(&[u8]) -> Result<Option<Bytes>, StoreError>,
) -> Result<bool, ApplyError> {
    Ok(!alert.waits_undecided() || rows::route(tenant_id, alert.alert_id, get)?.seen.is_some())
}

/// Decides who is told.
#[derive(Debug)]
pub(crate) struct Router {
    log: Arc<dyn Log>,
    clock: Arc<dyn Clock>,
    supervisor: Supervisor,
    reading: Reading,
    claim: Arc<Claim>,
    setup: Setup,
    /// Where this is.
    environment: Environment,
    /// How often a tenant's settings had changed when it was looked last which silences are over.
    heard: Arc<Mutex<HashMap<String, u64>>>,
    /// How a tenant's house was when it was looked last whether somebody can be told of what could be told to nobody.
    reaches: Arc<Mutex<HashMap<String, Reach>>>,
}

/// What decides who of a tenant's receivers can be reached, and through which round nobody could be.
#[derive(Debug, PartialEq, Eq)]
struct Reach {
    /// How often its settings had changed.
    revision: u64,
    webhooks: BTreeSet<String>,
    /// All that was decided through this round was looked at.
    round: u64,
}

/// Why the router can't go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RouterError {
    #[error("the log can't be read")]
    Log(#[from] ReadError),
    #[error("what was decided can't be appended")]
    Append(#[source] AppendError),
    #[error("what was decided is larger than the log takes")]
    TooLarge(#[from] TooLarge),
    #[error("the view ended")]
    View(#[source] Option<Arc<ViewError>>),
    #[error("the view makes no sense")]
    Store(#[source] ApplyError),
    #[error("a query was cancelled")]
    Query(#[from] Internal),
}

impl Setup {
    /// What a ledger has.
    pub(crate) fn of(ledger: &Ledger) -> Self {
        Self {
            ledger: ledger.clone(),
            escalations: Ready::of(ledger.clone()),
            teams: Ready::of(ledger.clone()),
            receivers: Ready::of(ledger.clone()),
            silences: Ready::of(ledger.clone()),
        }
    }

    /// What a tenant has set up, but for escalation policies.
    pub(crate) fn house(&self, tenant_id: &str) -> Result<House, ApplyError> {
        let receivers = self.receivers.all(tenant_id)?;
        let receivers = receivers.iter();
        let teams = self.teams.all(tenant_id)?;
        let silences = self.silences.all(tenant_id)?;
        let fallback = self.escalations.fallback(tenant_id)?;
        let last = fallback.map(|fallback| fallback.policy.set.catch_all_receiver_id);
        Ok(House {
            escalations: BTreeMap::new(),
            teams: teams
                .iter()
                .map(|it| (it.id.clone(), it.set.clone()))
                .collect(),
            receivers: receivers
                .map(|it| (it.id.clone(), (it.version, it.set.clone())))
                .collect(),
            silences: silences
                .iter()
                .map(|it| (it.id.clone(), it.set.clone()))
                .collect(),
            webhooks: self.ledger.webhooks_in_use(tenant_id)?,
            last_receiver_id: last.unwrap_or_default(),
        })
    }

    /// A version of an escalation policy, with what the tenant has set up.
    pub(crate) fn with(
        &self,
        tenant_id: &str,
        house: &mut House,
        (policy_id, version): (&str, u64),
    ) -> Result<(), ApplyError> {
        let name = (policy_id.to_owned(), version);
        if !house.escalations.contains_key(&name)
            && let Some(policy) = self.escalations.as_of(tenant_id, policy_id, version)?
        {
            house.escalations.insert(name, policy);
        }
        Ok(())
    }

    /// An escalation policy that is in use, and its version.
    pub(crate) fn escalation(
        &self,
        tenant_id: &str,
        policy_id: &str,
    ) -> Result<Option<u64>, ApplyError> {
        let found = self.escalations.get(tenant_id, policy_id)?;
        Ok(found.map(|found| found.version))
    }

    fn revision(&self, tenant_id: &str) -> Result<u64, ApplyError> {
        self.ledger.settings(tenant_id).revision()
    }
}

impl Router {
    pub(crate) fn new(
        (log, clock, supervisor): (Arc<dyn Log>, Arc<dyn Clock>, Supervisor),
        reading: Reading,
        setup: Setup,
        environment: Environment,
    ) -> Self {
        let claim = Arc::new(log.claim(ROLE));
        Self {
            log,
            clock,
            supervisor,
            reading,
            claim,
            setup,
            environment,
            heard: Arc::default(),
            reaches: Arc::default(),
        }
    }

    /// Runs until it is dropped.
    ///
    /// # Errors
    /// When the log or the view has failed for good.
    pub(crate) async fn run(self) -> Result<Infallible, RouterError> {
        let mut progress = self.reading.view().progress();
        loop {
            progress.borrow_and_update();
            let held = self.claim.partitions();
            let now = self.clock.now();
            let Some(agenda) = self.agenda(now).await? else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            if !agenda.due.is_empty() {
                self.decide_all(agenda).await?;
                continue;
            }
            let due = async {
                match agenda.next_at {
                    Some(at) => self.clock.sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                ended = self.reading.view().stopped() => {
                    return Err(RouterError::View(ended.err()));
                }
                () = due => {}
                _ = progress.changed() => {}
                () = self.claim.others_than(&held) => {}
            }
        }
    }

    /// What is due now; none while the view can't say.
    async fn agenda(&self, now: Timestamp) -> Result<Option<Agenda>, RouterError> {
        let store = self.reading.view().store();
        let (setup, heard) = (self.setup.clone(), Arc::clone(&self.heard));
        let reaches = Arc::clone(&self.reaches);
        let (claim, log) = (Arc::clone(&self.claim), Arc::clone(&self.log));
        let read = move || {
            let is_held = |tenant_id: &str| claim.holds(log.partition_of(&notify_key(tenant_id)));
            let mut agenda = read::agenda(&store, now, is_held)?;
            for (tenant_id, due) in &mut agenda.due {
                if !due.digests.is_empty() {
                    let house = setup.house(tenant_id)?;
                    read::leave_stranded(&store, tenant_id, due, &house)?;
                }
            }
            for tenant_id in read::silenced_tenants(&store)? {
                let revision = setup.revision(&tenant_id)?;
                let known = heard.lock().get(&tenant_id) == Some(&revision);
                if known || !is_held(&tenant_id) {
                    continue;
                }
                let house = setup.house(&tenant_id)?;
                let alerts = read::heard_again(&store, &tenant_id, &house, now)?;
                if alerts.is_empty() {
                    heard.lock().insert(tenant_id, revision);
                } else {
                    let due = agenda.due.entry(tenant_id).or_default();
                    due.alerts = alerts;
                }
            }
            for tenant_id in read::tenants_reaching_nobody(&store)? {
                if is_held(&tenant_id) {
                    let alerts = reached_again(&store, &setup, &tenant_id, &reaches)?;
                    if !alerts.is_empty() {
                        agenda
                            .due
                            .entry(tenant_id)
                            .or_default()
                            .alerts
                            .extend(alerts);
                    }
                }
            }
            Ok(agenda)
        };
        unless_opening(self.supervisor.block(read).await?)
    }

    /// Decides about what is due, a round for each tenant.
    async fn decide_all(&self, agenda: Agenda) -> Result<(), RouterError> {
        // Whatever was done before now counts: what somebody took is not told.
        if !write::caught_up(&self.reading).await {
            tokio::time::sleep(PAUSE).await;
            return Ok(());
        }
        for (tenant_id, due) in agenda.due {
            self.decide(&tenant_id, due).await?;
        }
        Ok(())
    }

    async fn decide(&self, tenant_id: &str, mut due: Due) -> Result<(), RouterError> {
        loop {
            let now = self.clock.now();
            let store = self.reading.view().store();
            let (setup, tenant) = (self.setup.clone(), tenant_id.to_owned());
            let (environment, of) = (self.environment.clone(), due.clone());
            let read = move || decide(&store, &setup, (&tenant, environment), &of, now);
            let Some(decided) = unless_opening(self.supervisor.block(read).await?)? else {
                tokio::time::sleep(PAUSE).await;
                return Ok(());
            };
            let Some((sequence, routed)) = decided else {
                // It is due by the key, which is rounded down.
                tokio::time::sleep(RETRY_AFTER).await;
                return Ok(());
            };
            match write::record(tenant_id, sequence, &routed, now) {
                Ok(record) => {
                    meters::routed(&routed);
                    return write::write(&self.reading, record).await;
                }
                // So many are told of so much that it takes several rounds.
                Err(_) if due.halve() => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// The alerts of a tenant that could be told to nobody, and now can be. All of them are looked at when what decides that
/// is another one than it was, and else those only of which it was decided since.
fn reached_again(
    store: &Store,
    setup: &Setup,
    tenant_id: &str,
    reaches: &Mutex<HashMap<String, Reach>>,
) -> Result<Vec<(Uuid, AlertPlace)>, ApplyError> {
    let now = Reach {
        revision: setup.revision(tenant_id)?,
        webhooks: setup.ledger.webhooks_in_use(tenant_id)?,
        round: read::latest_round(store, tenant_id)?,
    };
    let from = match reaches.lock().get(tenant_id) {
        Some(last) if *last == now => return Ok(Vec::new()),
        Some(last) if (last.revision, &last.webhooks) == (now.revision, &now.webhooks) => {
            last.round.saturating_add(1)
        }
        _ => 0,
    };
    let mut house = setup.house(tenant_id)?;
    let alerts = read::reached_again(store, tenant_id, (setup, &mut house), from)?;
    if alerts.is_empty() {
        reaches.lock().insert(tenant_id.to_owned(), now);
    }
    Ok(alerts)
}

/// Decides a round of a tenant: its number, and what the log says of it; none if there was nothing to decide.
fn decide(
    store: &Store,
    setup: &Setup,
    (tenant_id, here): (&str, Environment),
    due: &Due,
    now: Timestamp,
) -> Result<Option<(u64, aftercall_proto::event::v1::AlertsRouted)>, ApplyError> {
    let mut house = setup.house(tenant_id)?;
    for (_, place) in &due.alerts {
        let alert = rows::alert(tenant_id, place, |key| store.get(key))?;
        if let Some(escalation) = alert.and_then(|alert| alert.escalation) {
            let version = (&*escalation.policy_id, escalation.policy_version);
            setup.with(tenant_id, &mut house, version)?;
        }
    }
    let read::Round {
        standing,
        firings,
        digests,
        mut books,
    } = read::round(store, tenant_id, due, &house)?;
    for whole in firings.iter().filter_map(|firing| firing.whole.as_ref()) {
        if let Some(escalation) = &whole.escalation {
            let version = (&*escalation.policy_id, escalation.policy_version);
            setup.with(tenant_id, &mut house, version)?;
        }
    }
    let environment = match standing.environment.as_str() {
        "" => here.name().to_owned(),
        known => known.to_owned(),
    };
    let sequence = standing.version.saturating_add(1);
    let moment = Moment {
        tenant_id,
        round: sequence,
        now,
        mute: !here.tells(&environment),
    };
    if moment.mute {
        tracing::warn!(
            tenant_id,
            environment,
            here = here.name(),
            remedy = here.remedy(),
            "this is another environment than the one in which the tenant's alerts are told: nobody is told"
        );
    }
    let held = digests.iter().flat_map(|digest| &digest.held);
    let looked_at = firings.iter().map(|firing| &firing.alert);
    let alerts = looked_at.chain(held.map(|(_, alert)| alert));
    let alerts = alerts.map(|alert| (alert.alert_id, alert.clone()));
    let alerts: BTreeMap<_, _> = alerts.collect();
    let round = routing::decide(&house, &mut books, &firings, &digests, moment);
    if round == routing::Round::default() {
        return Ok(None);
    }
    let routed = round_to_wire(round, (tenant_id, environment), &alerts, now);
    Ok(Some((sequence, routed)))
}

/// A read of the view, unless the view or the ledger is being opened.
fn unless_opening<T>(read: Result<T, ApplyError>) -> Result<Option<T>, RouterError> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(ApplyError::Store(StoreError::Opening | StoreError::Failed(_))) => Ok(None),
        Err(error) => Err(RouterError::Store(error)),
    }
}
