//! Shadow runs: what policies, as they are to be, would have made of the promises of the last days. Reads the log, and
//! changes nothing.

mod run;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aftercall_domain::calendar::Calendar;
use aftercall_domain::limits::SHADOW_DAYS_MAX;
use aftercall_domain::setting::shadow::{PolicySet, Shadow};
use aftercall_domain::setting::{Body, FollowUpPolicy, SettingKind};
use aftercall_domain::violation::Reason;
use aftercall_domain::{FieldPath, Violations};
use aftercall_ledger::{Calendars, Ledger, Ready};
use aftercall_proto::convert::setting as convert;
use aftercall_proto::model::v1::Setting;
use aftercall_proto::model::v1::setting::Body as WireBody;
use aftercall_proto::settings::v1::{
    PolicyShadow, SettingChange, ShadowPoliciesRequest, ShadowPoliciesResponse,
};
use aftercall_service::{Call, Checker, Counts, Deps, Including, Reading, Unread};
use aftercall_view::Store;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::change;
use crate::failure::Error;
use crate::whole;
use run::{Limits, Plan, Run};

/// How many days are looked at.
const DAYS: Counts = Counts {
    usual: SHADOW_DAYS_MAX,
    max: SHADOW_DAYS_MAX,
};

type Set = PolicySet<BTreeMap<String, Arc<Calendar>>>;

/// Runs policies over the promises of the last days.
pub(crate) async fn run(
    (deps, reading): (&Deps, &Reading),
    call: Call<ShadowPoliciesRequest>,
) -> Result<ShadowPoliciesResponse, Error> {
    let (reached_until, until) = (call.read_until(), call.deadline.wait_until(Duration::MAX));
    let (tenant_id, now) = (call.tenant_id().to_owned(), deps.clock.now());
    let mut message = call.message;
    let days = check(&mut message)?;
    let including = Including {
        min_position: &message.min_position,
        latest: message.latest,
    };
    let through = reading.store_at(including, reached_until).await?;
    let complete_through = through.position(reading.log_identity());
    let complete_through_at = through.time();
    let settings: Vec<Setting> = message
        .changes
        .into_iter()
        .filter_map(|change| change.setting)
        .collect();
    let ledger = Ledger::of(&deps.feed);
    let (log, feed) = (Arc::clone(reading.log()), deps.feed.clone());
    let since = now.saturating_sub(SignedDuration::from_hours(24 * days));
    let begin = move |_: &Store| {
        let mut found = Violations::new();
        whole::check(&ledger.settings(&tenant_id), &settings, &mut found)?;
        found.into_result(())?;
        let (sets, policy_ids) = sets(&ledger, &tenant_id, &settings)?;
        let plan = Plan {
            tenant_id,
            sets,
            policy_ids,
            since: since.unwrap_or(Timestamp::UNIX_EPOCH),
            now,
            through: through.positions,
        };
        let is_refused = move |position| -> Result<bool, Error> {
            let refused = feed.refusal(position).map_err(Unread::from)?;
            Ok(refused.is_some())
        };
        Run::begin(plan, Limits::default(), log, Box::new(is_refused))
    };
    let run = reading.run(begin).await?;
    // Between two pieces other reads come to their turn.
    let piece = |mut run: Run| {
        reading.run(move |_: &Store| {
            let is_done = run.go_on()?;
            Ok::<_, Error>((run, is_done))
        })
    };
    let shadow = to_the_end(run, until, piece).await?;
    Ok(ShadowPoliciesResponse {
        complete_through,
        complete_through_at,
        ..answer(shadow)
    })
}

/// Does one piece after the other. What is counted is told whole, or not at all.
async fn to_the_end<F>(
    mut run: Run,
    until: Instant,
    mut piece: impl FnMut(Run) -> F,
) -> Result<Shadow, Error>
where
    F: Future<Output = Result<(Run, bool), Error>>,
{
    loop {
        if Instant::now() >= until {
            return Err(Error::ShadowNotFinished {
                looked_at: run.looked_at(),
            });
        }
        let (next, is_done) = piece(run).await?;
        if is_done {
            return Ok(next.into_shadow());
        }
        run = next;
    }
}

fn answer(shadow: Shadow) -> ShadowPoliciesResponse {
    let by_policy = shadow.by_policy.into_iter();
    ShadowPoliciesResponse {
        promises: shadow.promises,
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
        ..ShadowPoliciesResponse::default()
    }
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

/// The policies as they are, and as they would be; and the ids of all of them, sorted.
fn sets(
    ledger: &Ledger,
    tenant_id: &str,
    changed: &[Setting],
) -> Result<((Set, Set), Vec<String>), Error> {
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
    let ids: BTreeSet<String> = before.keys().chain(after.keys()).cloned().collect();
    let sets = (set(before, before_calendars), set(after, after_calendars));
    Ok((sets, ids.into_iter().collect()))
}

fn set(
    policies: BTreeMap<String, FollowUpPolicy>,
    calendars: BTreeMap<String, Arc<Calendar>>,
) -> Set {
    // No promise keeps what is reckoned here, so the version is nobody's.
    let policies = policies.into_iter().map(|(id, policy)| (id, 0, policy));
    PolicySet::new(policies.collect(), calendars)
}
