//! Shadow runs: what policies, as they are to be, would have made of the promises of the last days. Reads the log, and
//! changes nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use aftercall_domain::calendar::Calendar;
use aftercall_domain::commitment::{Commitment, Made, Owner};
use aftercall_domain::limits::{SHADOW_DAYS_MAX, SHADOW_PROMISES_MAX};
use aftercall_domain::setting::shadow::{Judged, PolicySet, Shadow};
use aftercall_domain::setting::{Body, FollowUpPolicy, PromiseFacts, SettingKind};
use aftercall_domain::violation::Reason;
use aftercall_domain::{FieldPath, Violations};
use aftercall_ledger::{Calendars, Feed, Ledger, Ready};
use aftercall_log::{Entry, Log, Position};
use aftercall_proto::convert::commitment::{later_event, made, made_later};
use aftercall_proto::convert::setting as convert;
use aftercall_proto::convert::time::microseconds;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::Event;
use aftercall_proto::model::v1::setting::Body as WireBody;
use aftercall_proto::model::v1::{Channel, Setting};
use aftercall_proto::settings::v1::{
    PolicyShadow, SettingChange, ShadowPoliciesRequest, ShadowPoliciesResponse,
};
use aftercall_service::{Call, Checker, Counts, Deps, Including, Reading, Unread};
use aftercall_view::Store;
use jiff::{SignedDuration, Timestamp};
use prost::Message;

use crate::change;
use crate::failure::Error;
use crate::whole;

/// How many days are looked at.
const DAYS: Counts = Counts {
    usual: SHADOW_DAYS_MAX,
    max: SHADOW_DAYS_MAX,
};
/// How many records of the log are read at once, and about how many bytes.
const READ_AT_ONCE: (usize, usize) = (4_096, 8 << 20);

type Set = PolicySet<BTreeMap<String, Arc<Calendar>>>;

/// Runs policies over the promises of the last days.
pub(crate) async fn run(
    (deps, reading): (&Deps, &Reading),
    call: Call<ShadowPoliciesRequest>,
) -> Result<ShadowPoliciesResponse, Error> {
    let until = call.read_until();
    let (tenant_id, now) = (call.tenant_id().to_owned(), deps.clock.now());
    let mut message = call.message;
    let days = check(&mut message)?;
    let including = Including {
        min_position: &message.min_position,
        latest: message.latest,
    };
    let through = reading.store_at(including, until).await?;
    let settings: Vec<Setting> = message
        .changes
        .into_iter()
        .filter_map(|change| change.setting)
        .collect();
    let ledger = Ledger::of(&deps.feed);
    let (log, feed) = (Arc::clone(reading.log()), deps.feed.clone());
    let work = move |_: &Store| {
        let mut found = Violations::new();
        whole::check(&ledger.settings(&tenant_id), &settings, &mut found)?;
        found.into_result(())?;
        let (before, after) = sets(&ledger, &tenant_id, &settings)?;
        let since = now.saturating_sub(SignedDuration::from_hours(24 * days));
        let run = Run {
            tenant_id: &tenant_id,
            sets: (&before, &after),
            since: since.unwrap_or(Timestamp::UNIX_EPOCH),
            now,
            open: HashMap::new(),
            shadow: Shadow::default(),
            is_cut: false,
        };
        run.over(&*log, &feed)
    };
    let (shadow, is_cut) = reading.run(work).await?;
    let by_policy = shadow.by_policy.into_iter();
    Ok(ShadowPoliciesResponse {
        promises: shadow.promises,
        promises_is_lower_bound: is_cut,
        other_policy: shadow.other_policy,
        other_target: shadow.other_target,
        missed_now: shadow.missed_now,
        missed_then: shadow.missed_then,
        policies: by_policy
            .map(|(policy_id, (promises_now, promises_then))| PolicyShadow {
                policy_id,
                promises_now,
                promises_then,
            })
            .collect(),
        complete_through: through.encode(reading.log_identity()),
    })
}

/// Checks the request; answers how many days are looked at.
fn check(message: &mut ShadowPoliciesRequest) -> Result<i64, Error> {
    let mut checker = Checker::new();
    let days = checker.count("days", message.days, DAYS);
    change::check_changes(
        &mut message.changes,
        &mut checker,
        &mut aftercall_domain::Cleaner::default(),
    );
    let changes = FieldPath::of("changes");
    for (place, SettingChange { setting, .. }) in message.changes.iter().enumerate() {
        let kind = setting.as_ref().and_then(convert::kind_of);
        let fits = [SettingKind::FollowUpPolicy, SettingKind::Calendar];
        if kind.is_some_and(|kind| !fits.contains(&kind)) {
            let change = changes.index(place);
            let text = "changes nothing of when promises are due; give follow-up policies and calendars alone";
            checker.add(change.field("setting"), Reason::Conflicting, text);
        }
    }
    checker.done(())?;
    Ok(i64::try_from(days).unwrap_or(i64::MAX))
}

/// The policies as they are, and as they would be.
fn sets(ledger: &Ledger, tenant_id: &str, changed: &[Setting]) -> Result<(Set, Set), Error> {
    let current = Ready::<FollowUpPolicy>::of(ledger.clone()).all(tenant_id)?;
    let before: BTreeMap<String, FollowUpPolicy> = current
        .iter()
        .map(|one| (one.id.clone(), one.set.clone()))
        .collect();
    let mut after = before.clone();
    for setting in changed {
        match convert::body(setting) {
            Some(Body::FollowUpPolicy(policy)) if !setting.retired => {
                after.insert(setting.setting_id.clone(), policy);
            }
            Some(Body::FollowUpPolicy(_)) => {
                after.remove(&setting.setting_id);
            }
            _ => {}
        }
    }
    let calendars = Calendars::of(ledger.clone());
    let named = |policies: &BTreeMap<String, FollowUpPolicy>| -> BTreeSet<String> {
        let rules = policies.values();
        let rules = rules.filter_map(|policy| policy.internal_target.as_ref());
        rules.map(|rule| rule.calendar_id().to_owned()).collect()
    };
    let all = |ids: BTreeSet<String>| calendars.all(tenant_id, ids.iter().map(String::as_str));
    let (before_calendars, mut after_calendars) = (all(named(&before))?, all(named(&after))?);
    for setting in changed {
        let Some(WireBody::Calendar(calendar)) = &setting.body else {
            continue;
        };
        let hours = convert::opening_hours(calendar)?;
        let id = setting.setting_id.clone();
        let revised = match after_calendars.get(&id) {
            None => Calendar::new(id.clone(), hours),
            Some(calendar) => {
                let mut revised = Calendar::clone(calendar);
                revised.revise(hours);
                revised
            }
        };
        after_calendars.insert(id, Arc::new(revised));
    }
    Ok((set(before, before_calendars), set(after, after_calendars)))
}

fn set(
    policies: BTreeMap<String, FollowUpPolicy>,
    calendars: BTreeMap<String, Arc<Calendar>>,
) -> Set {
    // No promise keeps what is reckoned here, so the version is nobody's.
    let policies = policies.into_iter().map(|(id, policy)| (id, 0, policy));
    PolicySet::new(policies.collect(), calendars)
}

/// A promise that is not over yet. It is folded as everywhere: it is over when it is for its tracker, by whatever.
struct Open<'a> {
    promise: Commitment,
    judged: (Judged<'a>, Judged<'a>),
}

/// A run over the log.
struct Run<'a> {
    tenant_id: &'a str,
    sets: (&'a Set, &'a Set),
    /// Since when promises are looked at, by when they were recorded.
    since: Timestamp,
    now: Timestamp,
    /// The promises that are not over yet, by their ids.
    open: HashMap<String, Open<'a>>,
    shadow: Shadow,
    /// Whether there are more promises than are looked at.
    is_cut: bool,
}

impl<'a> Run<'a> {
    /// Reads what was recorded since then, up to the end of now.
    fn over(mut self, log: &dyn Log, feed: &Feed) -> Result<(Shadow, bool), Error> {
        let mut from = Vec::new();
        for partition in 0..log.partitions() {
            let offset = log
                .offset_at(partition, microseconds(self.since))
                .map_err(Unread::Log)?;
            from.push(Position { partition, offset });
        }
        let tails = log.tails().map_err(Unread::Log)?;
        let mut reader = log.reader(&from).map_err(Unread::Log)?;
        let is_read = |positions: &[Position]| {
            let mut positions = positions.iter();
            positions.all(|at| {
                let tail = tails.get(usize::try_from(at.partition).unwrap_or(usize::MAX));
                tail.is_none_or(|tail| at.offset >= *tail)
            })
        };
        let (records, bytes) = READ_AT_ONCE;
        while !is_read(reader.positions()) {
            let read = reader.next(records, bytes, Duration::from_millis(200));
            let read = read.map_err(Unread::Log)?;
            if read.is_empty() {
                break;
            }
            for entry in &read {
                self.take(entry, feed)?;
            }
        }
        for open in std::mem::take(&mut self.open).into_values() {
            self.count(&open.promise, open.judged);
        }
        Ok((self.shadow, self.is_cut))
    }

    /// Takes an event of the tenant that is about promises, and counts.
    fn take(&mut self, entry: &Entry, feed: &Feed) -> Result<(), Error> {
        let Ok(event) = Event::decode(entry.record.body.clone()) else {
            return Ok(());
        };
        if event.tenant_id != self.tenant_id {
            return Ok(());
        }
        // An event of a later version, or one that is sealed, says nothing here.
        let Ok(Some(fact)) = event.fact() else {
            return Ok(());
        };
        let refused = feed.refusal(entry.position).map_err(Unread::from)?;
        if refused.is_some() {
            return Ok(());
        }
        match &fact {
            Fact::InteractionRecorded(recorded) => {
                let contact = recorded.interaction.as_ref();
                let customer = contact.and_then(|contact| contact.customer.as_ref());
                let language = customer.map_or("", |customer| &customer.language);
                let channel = contact.map_or(0, |contact| contact.channel);
                for promise in made(&event, recorded) {
                    self.begin(promise, (channel, language));
                }
            }
            Fact::CommitmentMade(later) => {
                if let Some(promise) = made_later(&event, later) {
                    self.begin(promise, (later.channel, &later.language));
                }
            }
            _ => self.go_on(&event, &fact),
        }
        Ok(())
    }

    /// Takes what happened to a promise; counts it if it is over by that.
    fn go_on(&mut self, event: &Event, fact: &Fact) {
        let Some(open) = self.open.get_mut(&event.aggregate_id) else {
            return;
        };
        let Some(later) = later_event(event, fact) else {
            return;
        };
        open.promise.apply(&later);
        if !open.promise.lifecycle.is_over() {
            return;
        }
        if let Some(over) = self.open.remove(&event.aggregate_id) {
            self.count(&over.promise, over.judged);
        }
    }

    /// Counts a promise as it stands. What nobody confirmed was never promised.
    fn count(&mut self, promise: &Commitment, judged: (Judged<'a>, Judged<'a>)) {
        if promise.proposed_until.is_some() {
            return;
        }
        let over_at = promise.fulfilled_at.or(promise.closed_at);
        self.shadow.count(judged, over_at, self.now);
    }

    fn begin(&mut self, promise: Made, spoken: (i32, &str)) {
        // A clock may have been put back: then older records stand among the newer ones.
        if promise.recorded_at < self.since {
            return;
        }
        let looked_at = self.shadow.promises + self.open.len() as u64;
        if looked_at >= SHADOW_PROMISES_MAX {
            self.is_cut = true;
            return;
        }
        let facts = facts(&promise, spoken);
        let times = (promise.made_at, promise.promised_by);
        let (before, after): (&'a Set, &'a Set) = self.sets;
        let judged = (before.judge(&facts, times), after.judge(&facts, times));
        // Hundreds of thousands may be open at once: what does not decide when one is over is not kept.
        let promise = Commitment::new(Made {
            promise_text: String::new(),
            handles: Vec::new(),
            ..promise
        });
        if promise.lifecycle.is_over() {
            self.count(&promise, judged);
        } else {
            let id = promise.commitment_id.clone();
            self.open.insert(id, Open { promise, judged });
        }
    }
}

/// What of a promise decides which policy it has, with the channel of its contact and the customer's language there.
fn facts<'a>(promise: &'a Made, (channel, language): (i32, &'a str)) -> PromiseFacts<'a> {
    PromiseFacts {
        kind: promise.kind,
        kind_code: &promise.kind_code,
        priority: promise.priority,
        team_id: match promise.owner_team_id.as_str() {
            "" => &promise.team_id,
            team => team,
        },
        site_id: &promise.site_id,
        queue_id: match &promise.owner {
            Some(Owner::Queue(id)) => id,
            Some(Owner::Agent(_)) | None => "",
        },
        channel: Channel::try_from(channel).ok().and_then(convert::channel),
        language,
        told_to_customer: promise.told_to_customer,
    }
}
