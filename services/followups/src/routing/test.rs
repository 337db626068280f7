//! Who would be told, if there was such an alert.

use std::collections::BTreeMap;

use aftercall_domain::alert::{
    Alert, LABEL_SEVERITY, LABEL_TEAM, PromiseSubject, Rule, Severity, Subject,
};
use aftercall_domain::commitment::{AlertState, Clock, CommitmentKind, Escalation, Owner, WentOn};
use aftercall_domain::limits::MATCHERS_MAX;
use aftercall_domain::routing::{self, Firing, GROUP_WAIT, Moment, Route};
use aftercall_domain::violation::Reason;
use aftercall_domain::{FieldPath, Parties, Party, Violations};
use aftercall_proto::alerts::v1::{TestRouteRequest, TestRouteResponse};
use aftercall_proto::convert::commitment::owner_from_wire;
use aftercall_proto::convert::routing::notification_to_wire;
use aftercall_proto::model::v1::AlertSeverity;
use aftercall_service::{Call, Checker, Including};
use aftercall_view::Store;
use jiff::Timestamp;
use uuid::Uuid;

use super::Setup;
use super::read::{self, Due};
use crate::failure::Refused;
use crate::followups::Followups;

/// What is asked for.
struct Asked {
    labels: BTreeMap<String, String>,
    severity: Severity,
    policy_id: String,
    level: u32,
    owner: Option<Owner>,
}

/// Answers `call`.
pub(crate) async fn test(
    followups: &Followups,
    call: Call<TestRouteRequest>,
) -> Result<TestRouteResponse, Refused> {
    let (until, tenant_id) = (call.read_until(), call.tenant_id().to_owned());
    let TestRouteRequest {
        labels,
        severity,
        escalation_policy_id,
        level,
        min_position,
        latest,
        owner,
    } = call.message;
    let owner = owner.and_then(owner_from_wire);
    let mut checker = Checker::new();
    check_labels(&labels, &mut checker);
    checker.required_id("escalation_policy_id", &escalation_policy_id);
    checker.id("owner", owner.as_ref().map_or("", Owner::id));
    let severity = checker.choice::<AlertSeverity, Severity>("severity", severity);
    let severity = checker.done(severity)?;
    let asked = Asked {
        labels,
        severity: severity.unwrap_or(Severity::Info),
        policy_id: escalation_policy_id,
        level: level.max(1),
        owner,
    };
    let including = Including {
        min_position: &min_position,
        latest,
    };
    let settings = followups.settings();
    let through = settings.store_at(including, until).await?;
    let (setup, now) = (followups.setup().clone(), followups.clock().now());
    let here = followups.environment().clone();
    let decide = move |store: &Store| {
        let known = super::rows::standing(&tenant_id, |key| store.get(key))?.environment;
        let mute = here.is_mute() || !(known.is_empty() || here.tells(&known));
        decide(store, &setup, asked, (&tenant_id, now, mute))
    };
    let reading = followups.reading();
    reading.ready(until).await?;
    let answer = reading.run(decide).await?;
    Ok(TestRouteResponse {
        complete_through: through.position(settings.log_identity()),
        complete_through_at: through.time(),
        ..answer
    })
}

fn check_labels(labels: &BTreeMap<String, String>, checker: &mut Checker) {
    if checker.few("labels", labels.len(), MATCHERS_MAX) {
        for (name, value) in labels {
            checker.required_id("labels.key", name);
            checker.required_id("labels.value", value);
        }
    }
}

fn decide(
    store: &Store,
    setup: &Setup,
    asked: Asked,
    (tenant_id, now, mute): (&str, Timestamp, bool),
) -> Result<TestRouteResponse, Refused> {
    let policy_id = asked.policy_id.clone();
    let version = setup.escalation(tenant_id, &policy_id)?;
    let Some(version) = version else {
        let mut found = Violations::new();
        let text = "names no escalation policy of this tenant that is in use; list them for those that are";
        let at = FieldPath::of("escalation_policy_id");
        found.add(at, Reason::UnknownEscalationPolicy, text);
        return Err(found.into());
    };
    let mut house = setup.house(tenant_id)?;
    setup.with(tenant_id, &mut house, (&policy_id, version))?;
    let policy = house.escalations.get(&(policy_id, version));
    let exhausted = policy.is_none_or(|policy| policy.level(asked.level).is_none());
    let firing = Firing {
        alert: alert(asked, (version, exhausted), now),
        route: Route::default(),
        whole: None,
    };
    let read::Round {
        standing,
        mut books,
        ..
    } = read::round(store, tenant_id, &Due::default(), &house)?;
    let moment = Moment {
        tenant_id,
        round: standing.version.saturating_add(1),
        now,
        mute,
    };
    let round = routing::decide(&house, &mut books, &[firing], &[], moment);
    let verdicts = round.alerts.into_iter().flat_map(|routed| routed.verdicts);
    let messages = round.notifications.into_iter();
    Ok(TestRouteResponse {
        verdicts: verdicts.map(Into::into).collect(),
        notifications: messages
            .map(|message| notification_to_wire(message, tenant_id, &BTreeMap::new()))
            .collect(),
        escalation_policy_version: version,
        ..TestRouteResponse::default()
    })
}

/// An alert as it is asked for, whose group has waited.
fn alert(asked: Asked, (version, exhausted): (u64, bool), now: Timestamp) -> Alert {
    let Asked {
        mut labels,
        severity,
        policy_id,
        level,
        owner,
    } = asked;
    labels.insert(LABEL_SEVERITY.to_owned(), severity.code().to_owned());
    Alert {
        alert_id: Uuid::nil(),
        alert_key: Uuid::nil(),
        episode_no: 1,
        rule: Rule::PromiseLapsed,
        severity,
        subject: Subject::Promise(PromiseSubject {
            commitment_id: String::new(),
            interaction_id: String::new(),
            kind: CommitmentKind::Other,
            kind_code: String::new(),
            clock: Clock::Promise,
            due: now,
            due_revision: 1,
            stage_id: String::new(),
        }),
        customer_id: None,
        owner,
        team_id: labels.get(LABEL_TEAM).cloned().unwrap_or_default(),
        parties: std::iter::empty::<Party<'_>>().collect::<Parties>(),
        labels,
        reason_no: 1,
        first_fired_at: now.checked_sub(GROUP_WAIT).unwrap_or(now),
        late: false,
        imported: false,
        level,
        went_on: (level > 1).then_some(WentOn::Untaken),
        escalation: Some(Escalation {
            policy_id,
            policy_version: version,
            goes_on_at: None,
            exhausted,
            by_fallback: false,
        }),
        inhibited_by: None,
        paused: false,
        state: AlertState::Triggered,
    }
}
