//! Says that too much went wrong with a customer: at the third slip-up in thirty days something has to be done to keep
//! them, and somebody is alerted.
//!
//! ```text
//!  records ─► view: with whom something went wrong ─► reckoned as ListSlipUps does ─► log ─► view: raised until when
//!                                                                                      └──► followups: the alert
//! ```
//!
//! Whoever holds the partition of the record says it. What is raised is an event of the customer's concern, which has its
//! number: of two processes that say it at once one counts, and the other one sees then that it was said. So each window is
//! raised once, also after a restart or a rebuild. What is found out late of a window that was raised does not raise it
//! again, and a window that is over raises nothing: nobody can act on it any more.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use aftercall_domain::alert::{Rule, SlipUpsSubject, Subject};
use aftercall_domain::concern::{Change, Raised, concern_id, is_new_window};
use aftercall_domain::measure::{Slip, thresholds};
use aftercall_domain::setting::EscalationPolicy;
use aftercall_domain::{Parties, Scope};
use aftercall_ledger::{Calendars, Ledger, Ready, Telling};
use aftercall_log::{AppendError, Claim, Partition, ReadError, Record};
use aftercall_proto::convert::concern::fact;
use aftercall_proto::convert::time::microseconds;
use aftercall_proto::envelope::customer_key;
use aftercall_proto::model::v1 as wire;
use aftercall_service::seal::{Author, Request, RequestHash, Sealing};
use aftercall_service::writing::{self, WriteError, Written};
use aftercall_service::{ActorKind, Clock, Deps, Internal, Reading, Supervisor};
use aftercall_view::key::{prefix_end, whose};
use aftercall_view::{ApplyError, Direction, Store, StoreError, ViewError};
use jiff::Timestamp;
use prost::Message;
use tokio::time::Instant;

use crate::fold::{RaisedWindow, Raisings};
use crate::keys;
use crate::limits::STIRRED_LOOKED_AT_MAX;
use crate::slips::{Found, LONG_WAIT_MS, THRESHOLD, WINDOW_US, of_customers};

/// The role in which processes share the partitions among them.
const ROLE: &str = "saving";

/// Who says so.
const ACTOR: &str = "aftercall-insight";

/// How long to wait while the view or the log can't take part.
const PAUSE: Duration = Duration::from_secs(1);

/// How long the view may take to show what is durable.
const WAIT: Duration = Duration::from_secs(30);

/// Says with whom too much went wrong.
#[derive(Debug)]
pub(crate) struct Saver {
    reading: Reading,
    clock: Arc<dyn Clock>,
    supervisor: Supervisor,
    claim: Claim,
    house: House,
}

/// What tenants have set up of who is told.
#[derive(Debug, Clone)]
struct House {
    escalations: Ready<EscalationPolicy>,
    calendars: Calendars,
}

/// Why the saver can't go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SaverError {
    #[error("the log can't be read")]
    Log(#[source] ReadError),
    #[error("what was decided can't be appended")]
    Append(#[source] AppendError),
    #[error("the view ended")]
    View(#[source] Option<Arc<ViewError>>),
    #[error("the view makes no sense")]
    Store(#[source] ApplyError),
    #[error("a query was cancelled")]
    Query(#[from] Internal),
}

/// What a look at some customers came to.
#[derive(Debug, Default)]
struct Look {
    records: Vec<Record>,
    /// How far each partition was looked at, up to the first of whom something is to be said.
    through: HashMap<Partition, Vec<u8>>,
    /// Whether there may be more.
    is_full: bool,
}

impl Saver {
    pub(crate) fn new(deps: &Deps, reading: Reading) -> Self {
        let ledger = Ledger::of(&deps.feed);
        Self {
            reading,
            clock: Arc::clone(&deps.clock),
            supervisor: deps.supervisor.clone(),
            claim: deps.log.claim(ROLE),
            house: House {
                escalations: Ready::of(ledger.clone()),
                calendars: Calendars::of(ledger),
            },
        }
    }

    /// Runs until the process stops.
    ///
    /// # Errors
    /// When the log or the view has failed for good.
    pub(crate) async fn run(self) -> Result<(), SaverError> {
        let mut progress = self.reading.view().progress();
        // What was looked at stays so until something more goes wrong, which stands behind it.
        let mut through = HashMap::new();
        loop {
            progress.borrow_and_update();
            let held = self.claim.partitions();
            through.retain(|partition: &Partition, _| held.contains(partition));
            let looked = match self
                .look(&held.iter().copied().collect::<Vec<_>>(), &through)
                .await?
            {
                Some(looked) => looked,
                None => {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            through.extend(looked.through);
            if !looked.records.is_empty() {
                self.say(looked.records).await?;
                continue;
            }
            if looked.is_full {
                continue;
            }
            tokio::select! {
                biased;
                ended = self.reading.view().stopped() => {
                    return Err(SaverError::View(ended.err()));
                }
                _ = progress.changed() => {}
                () = self.claim.others_than(&held) => {}
            }
        }
    }

    /// Looks at the customers of some partitions with whom something went wrong since they were looked at; none while the
    /// view can't say.
    async fn look(
        &self,
        partitions: &[Partition],
        through: &HashMap<Partition, Vec<u8>>,
    ) -> Result<Option<Look>, SaverError> {
        let store = self.reading.view().store();
        let places: Vec<_> = partitions
            .iter()
            .map(|partition| (*partition, through.get(partition).cloned()))
            .collect();
        // Usually there is nobody, which takes no thread that may block.
        let is_anybody =
            |place: &(Partition, Option<Vec<u8>>)| next(&store, place).next().is_some();
        if !self.reading.view().is_ready() || !places.iter().any(is_anybody) {
            return Ok(Some(Look::default()));
        }
        // Whatever was raised before now counts.
        let until = Instant::now() + WAIT;
        if self.reading.ready(until).await.is_err() || self.reading.catch_up(until).await.is_err() {
            return Ok(None);
        }
        let (house, now) = (self.house.clone(), self.clock.now());
        let read = move || look(&store, &house, places, now);
        match self.supervisor.block(read).await? {
            Ok(looked) => Ok(Some(looked)),
            Err(ApplyError::Store(StoreError::Opening | StoreError::Failed(_))) => Ok(None),
            Err(error) => Err(SaverError::Store(error)),
        }
    }

    /// Writes what is to be said, and waits until the view has it.
    async fn say(&self, records: Vec<Record>) -> Result<(), SaverError> {
        match writing::write(&self.reading, records).await {
            Ok(Written::At(_)) => Ok(()),
            Ok(Written::Again(pause)) => {
                tokio::time::sleep(pause).await;
                Ok(())
            }
            Err(WriteError::Log(error)) => Err(SaverError::Log(error)),
            Err(WriteError::Append(error)) => Err(SaverError::Append(error)),
            Err(WriteError::View) => Err(SaverError::View(None)),
        }
    }
}

/// The entries of a partition after a place.
fn next(
    store: &Store,
    (partition, through): &(Partition, Option<Vec<u8>>),
) -> impl Iterator<Item = Result<(bytes::Bytes, bytes::Bytes), StoreError>> + use<> {
    let all = keys::all_stirred(*partition);
    let from = match through {
        None => all.to_vec(),
        Some(key) => [key, &[0][..]].concat(),
    };
    let to = prefix_end(&all);
    store.scan_range(from, to.as_deref(), Direction::Ascending)
}

/// Looks at customers. Blocks.
fn look(
    store: &Store,
    house: &House,
    places: Vec<(Partition, Option<Vec<u8>>)>,
    now: Timestamp,
) -> Result<Look, ApplyError> {
    let mut looked = Look::default();
    // Of customers who are one it is said once.
    let mut said = HashSet::new();
    for place in places {
        let mut seen = 0;
        let mut is_first = true;
        for entry in next(store, &place).take(STIRRED_LOOKED_AT_MAX) {
            let (key, recorded_at) = entry?;
            seen += 1;
            let recorded_at_us = recorded_at
                .as_ref()
                .try_into()
                .map_or(0, i64::from_be_bytes);
            let (tenant_id, customer_id) = keys::read_stirred(&key).map_err(ApplyError::record)?;
            let customer = (&*tenant_id, &*customer_id);
            // Its window was over long ago.
            let is_over = recorded_at_us.saturating_add(2 * WINDOW_US) < microseconds(now);
            let record = match is_over {
                true => None,
                false => too_much(store, house, customer, (recorded_at_us, now))?,
            };
            match record {
                Some(record) => {
                    if said.insert(record.key.clone()) {
                        looked.records.push(record);
                    }
                    is_first = false;
                }
                None if is_first => {
                    looked.through.insert(place.0, key.to_vec());
                }
                None => {}
            }
        }
        looked.is_full |= seen == STIRRED_LOOKED_AT_MAX;
    }
    Ok(looked)
}

/// That too much went wrong with a customer, if it did in a window that is not over and was not raised.
fn too_much(
    store: &Store,
    house: &House,
    (tenant_id, customer_id): (&str, &str),
    (began_at_us, now): (i64, Timestamp),
) -> Result<Option<Record>, ApplyError> {
    let group = keys::MERGED.customers(store, tenant_id, customer_id)?;
    let found = of_customers(store, (tenant_id, &Scope::All), &group, LONG_WAIT_MS)?;
    let raised = raised(store, tenant_id, &group)?;
    let slips = found.iter().map(|found| found.slip.clone()).collect();
    let listed = thresholds(slips, WINDOW_US, THRESHOLD as usize);
    let now_us = microseconds(now);
    let open = listed.into_iter().find(|slips| {
        let until = slips.first().map_or(i64::MIN, window_until_us);
        until > now_us && is_new_window(slips, &raised)
    });
    // Customers that are one are saved as the first of them.
    let (Some(slips), Some(of)) = (open, group.iter().min()) else {
        return Ok(None);
    };
    let began_at = Timestamp::from_microsecond(began_at_us).unwrap_or(now);
    raise(
        store,
        house,
        (tenant_id, of),
        (slips, &found),
        (began_at, now),
    )
    .map(Some)
}

fn window_until_us(first: &Slip) -> i64 {
    first.at_us.saturating_add(WINDOW_US)
}

/// The windows of customers that were raised, each from its first slip-up until it is over.
fn raised(store: &Store, tenant_id: &str, group: &[String]) -> Result<Vec<(i64, i64)>, ApplyError> {
    let mut raised = Vec::new();
    for customer_id in group {
        let list = keys::windows(tenant_id, customer_id);
        for entry in store.scan_prefix(list.clone(), Direction::Descending) {
            let (key, window) = entry?;
            let from_us = keys::read_window(&list, &key).map_err(ApplyError::record)?;
            let window = RaisedWindow::decode(window).map_err(ApplyError::record)?;
            raised.push((from_us, window.until_us));
        }
    }
    Ok(raised)
}

/// The event.
fn raise(
    store: &Store,
    house: &House,
    (tenant_id, customer_id): (&str, &str),
    (slips, found): (Vec<Slip>, &[Found]),
    (began_at, now): (Timestamp, Timestamp),
) -> Result<Record, ApplyError> {
    let key = customer_key(tenant_id, customer_id);
    let id = concern_id(tenant_id, Rule::SaveAction, customer_id, whose(&key));
    let raisings = store.get(keys::concern(tenant_id, &id))?;
    let raisings = raisings.map(Raisings::decode).transpose();
    let raisings = raisings.map_err(ApplyError::record)?.unwrap_or_default();
    let telling = house.escalations.for_rule(tenant_id, Rule::SaveAction)?;
    let policy = telling.iter().map(|telling| &telling.policy.set);
    let calendar_ids = policy.flat_map(|policy| policy.calendar_ids());
    let calendars = house.calendars.all(tenant_id, calendar_ids)?;
    let by = telling.as_ref().map(Telling::escalates_by);
    let escalation = by.map(|by| by.at_level(1, now, &calendars));
    let window_until = slips.first().map_or(0, window_until_us);
    let subject = SlipUpsSubject {
        customer_id: customer_id.to_owned(),
        window_until: Timestamp::from_microsecond(window_until).unwrap_or(now),
        slips,
    };
    let of_window = found
        .iter()
        .filter(|found| subject.slips.contains(&found.slip));
    let of_window: Vec<&Found> = of_window.collect();
    let parties = of_window.iter().filter_map(|found| found.parties.as_ref());
    let all: Parties = parties.flat_map(|parties| parties.iter()).collect();
    let last = of_window.last().and_then(|found| found.parties.clone());
    let last: Parties = last.unwrap_or_default().into();
    // Which window it is follows from its slip-ups, whoever says it.
    let hash = RequestHash::of(&wire::SlipUpsSubject::from(subject.clone()));
    let raised = Raised {
        rule: Rule::SaveAction,
        episode_no: raisings.episodes.saturating_add(1),
        subject: Subject::SlipUps(subject),
        owner: None,
        team_id: last.teams.first().cloned().unwrap_or_default(),
        site_id: last.sites.first().cloned().unwrap_or_default(),
        parties: all,
        began_at,
        detected_at: now,
        escalation,
    };
    let sealing = Sealing {
        by: Author {
            tenant_id,
            actor_id: ACTOR,
            kind: ActorKind::System,
        },
        aggregate_id: &id,
        interaction_id: "",
        customer_id,
        sequence: raisings.version.saturating_add(1),
        occurred_at: began_at,
        recorded_at: now,
        import_batch: "",
        request: Some(Request { id: "", hash }),
    };
    let record = sealing.seal_under(key, &fact(Change::Raised(Box::new(raised))));
    record.map_err(ApplyError::record)
}
