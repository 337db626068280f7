//! Sends the mails that tell of alerts, and records what came of it.
//!
//! ```text
//!  a round of decisions ─► view: due ─► attempts, a few at once ─► one event for each tenant ─► view
//!                               ▲                                                               │
//!                               └────────────── what was not taken, later ◄─────────────────────┘
//! ```
//!
//! The event of the round is what queues a mail, under the id that it has ever after. Who dies between an attempt and
//! its event sends the same mail again.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use aftercall_domain::delivery::Breaker;
use aftercall_proto::convert::time::{microseconds, to_wire};
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{AttemptedMail, MailAttempted};
use aftercall_proto::model::v1::{MailTrouble, WebhookDeliveryState as State};
use aftercall_service::writing::{self, Written};
use aftercall_view::{ApplyError, Direction};
use futures::future::join_all;
use jiff::Timestamp;

use super::notice::Reader;
use super::outcome::{Fate, Outcome, Trouble};
use super::told;
use crate::courier::attempt::wire_duration;
use crate::keys;
use crate::meters;
use crate::notify::Shared;
use crate::promised;
use crate::rows::{self, MailRow, place};
use crate::writer::{self, Ended, RETRY_AFTER, unless_opening};

/// How many mails are tried at once. What came of them is recorded together.
const AT_ONCE: usize = 16;

/// How long to wait while the view can't say.
const PAUSE: Duration = Duration::from_secs(1);

/// What is recorded about a tenant's mails.
const AGGREGATE: &str = "mails";

/// Sends mails.
pub(crate) struct Post {
    shared: Arc<Shared>,
    /// How the server did lately.
    breaker: Breaker,
}

/// A mail that is due.
struct Due {
    tenant_id: String,
    row: MailRow,
}

/// What is due now, and when something is next.
#[derive(Default)]
struct Agenda {
    due: Vec<Due>,
    next_at: Option<Timestamp>,
}

/// What came of an attempt.
struct Tried {
    tenant_id: String,
    attempt: AttemptedMail,
    /// Whether the server took part, if it was asked at all.
    answered: Option<bool>,
}

impl Post {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            breaker: Breaker::default(),
        }
    }

    /// Runs until it is dropped.
    pub(crate) async fn run(mut self) -> Result<Infallible, Ended> {
        let shared = Arc::clone(&self.shared);
        let mut revisions = shared.changes.watch();
        loop {
            let held = shared.claim.partitions();
            let seen = revisions.borrow_and_update().mails;
            let Some(agenda) = self.agenda().await? else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            if !agenda.due.is_empty() {
                self.send(agenda.due).await?;
                continue;
            }
            let due = async {
                match agenda.next_at {
                    Some(at) => shared.clock.sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            let changed = async {
                // The sender lives in what is shared.
                let _ = revisions.wait_for(|now| now.mails != seen).await;
            };
            tokio::select! {
                () = changed => {}
                () = due => {}
                () = shared.claim.others_than(&held) => {}
            }
        }
    }

    /// What is to be sent; none while the view can't say. Waits until the view has all that is durable: what was sent by
    /// who held a tenant before is not sent again.
    async fn agenda(&self) -> Result<Option<Agenda>, Ended> {
        let now = self.shared.clock.now();
        let room = match self.breaker.width(now, AT_ONCE) {
            Ok(room) => room,
            Err(until) => {
                return Ok(Some(Agenda {
                    next_at: Some(until),
                    ..Agenda::default()
                }));
            }
        };
        if !writer::caught_up(&self.shared.reading).await? {
            return Ok(None);
        }
        let shared = Arc::clone(&self.shared);
        let read = move || look_up(&shared, now, room);
        unless_opening(self.shared.supervisor.block(read).await?)
    }

    async fn send(&mut self, due: Vec<Due>) -> Result<(), Ended> {
        let shared = Arc::clone(&self.shared);
        let tried = join_all(due.into_iter().map(|due| attempt(&shared, due))).await;
        let mut outcomes: BTreeMap<String, Vec<AttemptedMail>> = BTreeMap::new();
        let mut is_late = false;
        for tried in tried {
            let Some(tried) = tried? else {
                is_late = true;
                continue;
            };
            match tried.answered {
                Some(true) => self.breaker.succeeded(),
                Some(false) => self.breaker.failed(shared.clock.now()),
                None => {}
            }
            let of = outcomes.entry(tried.tenant_id).or_default();
            of.push(tried.attempt);
        }
        for (tenant_id, attempts) in outcomes {
            let fact = Fact::MailAttempted(MailAttempted { attempts });
            while !try_to_record(&shared, &tenant_id, &fact).await? {}
        }
        if is_late {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }
}

/// What is due of the tenants that are this process's, the longest due first.
fn look_up(shared: &Shared, now: Timestamp, room: usize) -> Result<Agenda, ApplyError> {
    let store = shared.reading.view().store();
    let mut agenda = Agenda::default();
    for entry in store.scan_prefix(keys::mails_due(), Direction::Ascending) {
        let (key, _) = entry?;
        let (due_us, tenant_id, id) = keys::read_mail_due(&key).map_err(ApplyError::record)?;
        if !shared.holds(&tenant_id) {
            continue;
        }
        if due_us > microseconds(now) {
            agenda.next_at = Timestamp::from_microsecond(due_us).ok();
            break;
        }
        if let Some(row) = rows::mail(&tenant_id, &id, |key| store.get(key))? {
            agenda.due.push(Due { tenant_id, row });
        }
        if agenda.due.len() >= room {
            break;
        }
    }
    Ok(agenda)
}

/// Tries to send a mail; none while the settings can't be read.
async fn attempt(shared: &Arc<Shared>, due: Due) -> Result<Option<Tried>, Ended> {
    let Due { tenant_id, row } = due;
    let message = row.notification.as_ref();
    let id = message.map(|it| it.notification_id.clone());
    let id = id.unwrap_or_default();
    let number = row.attempts.saturating_add(1);
    let (began, begun_at) = (shared.clock.monotonic(), shared.clock.now());
    let is_elsewhere = !shared.environment.tells(&row.environment);
    let outcome = match is_elsewhere {
        true => Outcome::Never(Trouble::Environment),
        false => match tell(shared, &tenant_id, &row).await? {
            Some(outcome) => outcome,
            None => return Ok(None),
        },
    };
    let Fate {
        state,
        next_attempt_at,
    } = match is_elsewhere {
        true => Fate {
            state: State::Suppressed,
            next_attempt_at: None,
        },
        false => outcome.fate(number, shared.clock.now(), shared.random()),
    };
    let (trouble, smtp_code) = match outcome {
        Outcome::Taken => (MailTrouble::Unspecified, 0),
        Outcome::NotNow(trouble) | Outcome::Never(trouble) => trouble.to_wire(),
    };
    meters::mailed(state);
    if state == State::Dead {
        tracing::warn!(
            tenant_id,
            notification_id = id,
            trouble = trouble.as_str_name(),
            smtp_code,
            "a mail that tells of alerts is not sent any more"
        );
    }
    let took = shared.clock.monotonic().saturating_sub(began);
    Ok(Some(Tried {
        tenant_id,
        answered: outcome.answered(),
        attempt: AttemptedMail {
            notification_id: id,
            number,
            attempted_at: Some(to_wire(begun_at)),
            took: Some(wire_duration(took)),
            trouble: trouble.into(),
            smtp_code,
            state: state.into(),
            next_attempt_at: next_attempt_at.map(to_wire),
        },
    }))
}

/// Tells whom it is for, as the version of the receiver says that the message names; none while that can't be read.
async fn tell(
    shared: &Arc<Shared>,
    tenant_id: &str,
    row: &MailRow,
) -> Result<Option<Outcome>, Ended> {
    let Some(mailer) = &shared.mailer else {
        return Ok(Some(Outcome::NotNow(Trouble::NotConfigured)));
    };
    let message = row.notification.clone().unwrap_or_default();
    let (receivers, tenant_id) = (shared.receivers.clone(), tenant_id.to_owned());
    let (id, version) = (message.receiver_id.clone(), message.receiver_version);
    let of = tenant_id.clone();
    let read = move || receivers.as_of(&of, &id, version);
    let Some(receiver) = unless_opening(shared.supervisor.block(read).await?)? else {
        return Ok(None);
    };
    // Another process, or this one in a moment, may know better.
    let Some(receiver) = receiver else {
        return Ok(Some(Outcome::NotNow(Trouble::Unknown)));
    };
    let message = match receiver.personal_allowed {
        true => promised::with_words(shared, &tenant_id, message).await?,
        false => message,
    };
    let Some(notice) = told::notice(&message) else {
        return Ok(Some(Outcome::NotNow(Trouble::Unknown)));
    };
    Ok(Some(mailer.tell(&notice, &Reader::from(&receiver)).await))
}

/// Records outcomes; says no until they count.
async fn try_to_record(shared: &Shared, tenant_id: &str, fact: &Fact) -> Result<bool, Ended> {
    let store = shared.reading.view().store();
    let standing = || rows::mail_standing(tenant_id, |key| store.get(key));
    let Some(before) = unless_opening(standing())? else {
        return again(shared).await;
    };
    let sequence = before.outcomes_version + 1;
    let record = writer::record((tenant_id, AGGREGATE), sequence, fact, shared.clock.now())?;
    let at = match writing::write(&shared.reading, vec![record]).await? {
        Written::At(positions) => positions.first().copied(),
        Written::Again(pause) => {
            tokio::time::sleep(pause).await;
            return again(shared).await;
        }
    };
    // Another process may believe to hold the same tenant, and was first.
    let after = unless_opening(standing())?;
    Ok(after.is_some_and(|after| after.tried_at == at.map(place)))
}

/// Waits until what may have been written is known.
async fn again(shared: &Shared) -> Result<bool, Ended> {
    if !writer::caught_up(&shared.reading).await? {
        tokio::time::sleep(RETRY_AFTER).await;
    }
    Ok(false)
}
