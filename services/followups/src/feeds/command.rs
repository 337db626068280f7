//! Making a feed, and revoking it.

use aftercall_domain::Violations;
use aftercall_domain::ids::Namespace;
use aftercall_domain::limits::{CALENDAR_FEEDS_MAX, LINE_BYTES_MAX};
use aftercall_domain::violation::Reason;
use aftercall_ledger::requests::{Known, RequestName};
use aftercall_log::{LogIdentity, Record};
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{CalendarFeedChanged, EventType};
use aftercall_proto::followups::v1::{
    CreateCalendarFeedRequest, CreateCalendarFeedResponse, RevokeCalendarFeedRequest,
    RevokeCalendarFeedResponse,
};
use aftercall_proto::model::v1::{CalendarFeed, FeedLanguage};
use aftercall_service::command::{self, Command, Decision};
use aftercall_service::seal::{Author, Request, RequestHash, Sealing};
use aftercall_service::{Call, Checker, Role};
use aftercall_view::{ApplyError, Direction, Positions, Store};
use jiff::Timestamp;
use prost::Message;

use super::rows::{self, Asker};
use super::secret::Secret;
use crate::failure::Refused;
use crate::followups::Followups;
use crate::keys::{self, REQUESTS};

/// A command, and who gave it.
struct Asked {
    asker: Asker,
    request_id: String,
    hash: RequestHash,
    log: LogIdentity,
}

/// A feed as a command left it.
struct Done {
    changed: CalendarFeedChanged,
    position: String,
}

impl Asked {
    fn tenant_id(&self) -> &str {
        &self.asker.principal.tenant_id
    }

    /// What the request did, if it was done.
    fn done(&self, store: &Store) -> Result<Option<Done>, Refused> {
        let name = RequestName {
            tenant_id: self.tenant_id(),
            actor_id: &self.asker.principal.actor_id,
            method: EventType::CalendarFeedChanged,
            request_id: &self.request_id,
        };
        match REQUESTS.find(store, name, self.hash.as_bytes())? {
            Known::Not => Ok(None),
            Known::Reused => Err(Refused::RequestIdReused),
            Known::Done(done) => {
                let changed = CalendarFeedChanged::decode(done.answer().clone());
                Ok(Some(Done {
                    changed: changed.map_err(ApplyError::record)?,
                    position: Positions::through(done.position()).encode(&self.log),
                }))
            }
        }
    }

    /// The event that makes this the next version of a feed.
    fn changed(&self, mut changed: CalendarFeedChanged, now: Timestamp) -> Result<Record, Refused> {
        let feed = changed.feed.get_or_insert_default();
        feed.version = feed.version.saturating_add(1);
        let (id, sequence) = (feed.feed_id.clone(), feed.version);
        let sealing = Sealing {
            by: Author::from(&self.asker.principal),
            aggregate_id: &id,
            interaction_id: "",
            customer_id: "",
            sequence,
            occurred_at: now,
            recorded_at: now,
            import_batch: "",
            request: Some(Request {
                id: &self.request_id,
                hash: self.hash,
            }),
        };
        Ok(sealing.seal(&Fact::CalendarFeedChanged(Box::new(changed)))?)
    }
}

struct Create {
    asked: Asked,
    feed: CalendarFeed,
    secret_sha256: [u8; 32],
}

impl Command for Create {
    type Done = Done;
    type Refusal = Refused;

    fn decide(&self, store: &Store, now: Timestamp) -> Result<Decision<Done>, Refused> {
        let (asked, feed) = (&self.asked, &self.feed);
        let exists = rows::feed(store, asked.tenant_id(), &feed.feed_id)?.is_some();
        if let Some(done) = asked.done(store)? {
            return Ok(Decision::Done(done));
        }
        if exists {
            // The request is forgotten, what it made is not.
            return Err(Refused::RequestIdReused);
        }
        check_count(store, asked.tenant_id(), &feed.agent_id)?;
        let changed = CalendarFeedChanged {
            feed: Some(CalendarFeed {
                created_at: Some(to_wire(now)),
                ..feed.clone()
            }),
            secret_sha256: self.secret_sha256.to_vec(),
            scope: Some(rows::recorded(&asked.asker.scope)),
        };
        Ok(Decision::Append(Box::new(asked.changed(changed, now)?)))
    }
}

fn check_count(store: &Store, tenant_id: &str, agent_id: &str) -> Result<(), Refused> {
    let all = keys::feeds_of_agent(tenant_id, agent_id);
    let scan = store.scan_prefix(all, Direction::Ascending);
    if scan.take(CALENDAR_FEEDS_MAX).count() < CALENDAR_FEEDS_MAX {
        return Ok(());
    }
    let text = format!(
        "the agent has {CALENDAR_FEEDS_MAX} feeds, which is the most; revoke one of them before"
    );
    let mut found = Violations::new();
    found.add("feed", Reason::TooMany, text);
    Err(found.into())
}

/// The feed that is asked for, as far as it can be said without knowing who asks.
fn checked(message: &CreateCalendarFeedRequest) -> Result<CalendarFeed, Violations> {
    let mut checker = Checker::new();
    checker.required_id("request_id", &message.request_id);
    if message.feed.is_none() {
        checker.found().required("feed");
    }
    let mut feed = message.feed.clone().unwrap_or_default();
    checker.id("feed.agent_id", &feed.agent_id);
    checker.text("feed.display_name", &feed.display_name, LINE_BYTES_MAX);
    if feed.display_name.chars().any(char::is_control) {
        let text = "holds control characters; take them out";
        checker.add("feed.display_name", Reason::Malformed, text);
    }
    let language: Option<FeedLanguage> = checker.known("feed.language", feed.language);
    if language.is_none_or(|language| language == FeedLanguage::Unspecified) {
        feed.language = FeedLanguage::English.into();
    }
    checker.done(feed)
}

/// Makes what a request asks for.
pub(super) async fn create(
    followups: &Followups,
    call: Call<CreateCalendarFeedRequest>,
) -> Result<CreateCalendarFeedResponse, Refused> {
    let (message, actor_id) = (&call.message, &call.principal.actor_id);
    let mut feed = checked(message)?;
    let address = followups.feeds_at().ok_or(Refused::FeedsNotServed)?;
    if feed.agent_id.is_empty() {
        feed.agent_id = actor_id.to_string();
    }
    if feed.agent_id != **actor_id {
        let leading = [Role::TeamLead, Role::Supervisor];
        call.principal.require_any(&leading)?;
    }
    let parts: [&[u8]; 3] = [
        call.tenant_id().as_bytes(),
        actor_id.as_bytes(),
        message.request_id.as_bytes(),
    ];
    let secret = Secret::generate(followups.ids());
    let until = call.write_until();
    let command = Create {
        feed: CalendarFeed {
            feed_id: Namespace::CalendarFeed.id(&parts).to_string(),
            agent_id: feed.agent_id,
            display_name: feed.display_name,
            personal_allowed: feed.personal_allowed,
            language: feed.language,
            created_by: actor_id.to_string(),
            ..CalendarFeed::default()
        },
        secret_sha256: secret.sha256(),
        asked: Asked {
            hash: RequestHash::of_method("CreateCalendarFeed", message),
            request_id: message.request_id.clone(),
            log: followups.reading().log_identity(),
            asker: Asker {
                scope: call.scope(),
                principal: call.principal,
            },
        },
    };
    let done = command::run(followups.reading(), followups.clock(), command, until).await?;
    // What was done before has another secret, which is told to nobody any more.
    let is_told = done.changed.secret_sha256 == secret.sha256();
    Ok(CreateCalendarFeedResponse {
        feed: done.changed.feed,
        url: match is_told {
            true => address.of(&secret),
            false => String::new(),
        },
        position: done.position,
    })
}

struct Revoke {
    asked: Asked,
    feed_id: String,
}

impl Command for Revoke {
    type Done = Done;
    type Refusal = Refused;

    fn decide(&self, store: &Store, now: Timestamp) -> Result<Decision<Done>, Refused> {
        let asked = &self.asked;
        let found = rows::feed(store, asked.tenant_id(), &self.feed_id)?;
        let found = found.filter(|found| asked.asker.sees(found));
        let mut changed = found.ok_or(Refused::FeedNotFound)?;
        if let Some(done) = asked.done(store)? {
            return Ok(Decision::Done(done));
        }
        let feed = changed.feed.get_or_insert_default();
        if feed.revoked_at.is_none() {
            feed.revoked_at = Some(to_wire(now));
            feed.revoked_by = asked.asker.principal.actor_id.to_string();
        }
        Ok(Decision::Append(Box::new(asked.changed(changed, now)?)))
    }
}

/// Revokes what a request names. What is revoked stays as it was revoked first.
pub(super) async fn revoke(
    followups: &Followups,
    call: Call<RevokeCalendarFeedRequest>,
) -> Result<RevokeCalendarFeedResponse, Refused> {
    let message = &call.message;
    let mut checker = Checker::new();
    checker.required_id("request_id", &message.request_id);
    checker.required_id("feed_id", &message.feed_id);
    checker.done(())?;
    let until = call.write_until();
    let command = Revoke {
        feed_id: message.feed_id.clone(),
        asked: Asked {
            hash: RequestHash::of_method("RevokeCalendarFeed", message),
            request_id: message.request_id.clone(),
            log: followups.reading().log_identity(),
            asker: Asker {
                scope: call.scope(),
                principal: call.principal,
            },
        },
    };
    let done = command::run(followups.reading(), followups.clock(), command, until).await?;
    Ok(RevokeCalendarFeedResponse {
        feed: done.changed.feed,
        position: done.position,
    })
}
