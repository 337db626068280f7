//! Why who was told of an alert, and who was not.

use aftercall_domain::alert::Alert;
use aftercall_domain::commitment::AlertState;
use aftercall_domain::routing::{Firing, Group, Verdict, Why, first_look_at, on_level};
use aftercall_proto::alerts::v1::{ExplainAlertRequest, ExplainAlertResponse};
use aftercall_proto::convert::alert::as_seen;
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::model::v1::Notification;
use aftercall_service::{Call, Checker, Including};
use aftercall_view::{ApplyError, Direction, Store};
use prost::Message;
use uuid::Uuid;

use super::{Setup, keys, mails, read, rows};
use crate::failure::Refused;
use crate::followups::Followups;
use crate::stored;

/// The most messages that an answer tells.
const MESSAGES_MAX: usize = 200;

/// Answers `call`.
pub(crate) async fn explain(
    followups: &Followups,
    call: Call<ExplainAlertRequest>,
) -> Result<ExplainAlertResponse, Refused> {
    let ExplainAlertRequest {
        alert_id,
        min_position,
        latest,
    } = &call.message;
    let mut checker = Checker::new();
    checker.required_id("alert_id", alert_id);
    checker.done(())?;
    let including = Including {
        min_position,
        latest: *latest,
    };
    let reading = followups.reading();
    let through = reading.store_at(including, call.read_until()).await?;
    let (scope, setup) = (call.scope(), followups.setup().clone());
    let find = move |store: &Store| {
        let tenant_id = call.tenant_id();
        let id = Uuid::try_parse(&call.message.alert_id).map_err(|_| Refused::AlertNotFound)?;
        let found = stored::alerted(store, (tenant_id, &scope), id)?;
        let (_, place) = found.ok_or(Refused::AlertNotFound)?;
        let alert = rows::alert(tenant_id, &place, |key| store.get(key))?;
        let alert = alert.ok_or(Refused::AlertNotFound)?;
        Ok::<_, Refused>(of(store, &setup, tenant_id, alert)?)
    };
    let answer = reading.run(find).await?;
    Ok(ExplainAlertResponse {
        complete_through: through.position(reading.log_identity()),
        complete_through_at: through.time(),
        ..answer
    })
}

fn of(
    store: &Store,
    setup: &Setup,
    tenant_id: &str,
    alert: Alert,
) -> Result<ExplainAlertResponse, ApplyError> {
    let Firing { alert, route, .. } = read::firing(store, tenant_id, alert)?;
    let is_decided = route.seen.is_some();
    let looked_at_again_at = route.look_at(&alert).map(to_wire);
    let verdicts = match &route.seen {
        Some(_) => route.verdicts,
        None => not_decided(&alert),
    };
    let mut next_receiver_ids = Vec::new();
    let escalation = alert.escalation.as_ref();
    let goes_on = alert.state == AlertState::Triggered && !alert.paused;
    if let Some(escalation) = escalation.filter(|_| goes_on)
        && escalation.goes_on_at.is_some()
    {
        let mut house = setup.house(tenant_id)?;
        let version = (&*escalation.policy_id, escalation.policy_version);
        setup.with(tenant_id, &mut house, version)?;
        next_receiver_ids = on_level(&alert, alert.level.saturating_add(1), &house);
    }
    let notifications = messages(store, tenant_id, alert.alert_id)?;
    Ok(ExplainAlertResponse {
        mails: mails::of(store, tenant_id, &notifications)?,
        notifications,
        verdicts: verdicts.into_iter().map(Into::into).collect(),
        looked_at_again_at,
        next_receiver_ids,
        alert: Some(as_seen(alert, is_decided)),
        ..ExplainAlertResponse::default()
    })
}

/// Why nobody was told of an alert of which nothing was decided.
fn not_decided(alert: &Alert) -> Vec<Verdict> {
    let reason = match &alert.state {
        AlertState::Resolved(_) => Why::Resolved,
        AlertState::Closed { .. } => Why::Closed,
        _ if Group::of(alert).is_none() => Why::NoPolicy,
        _ => Why::GroupWait {
            until: first_look_at(alert),
        },
    };
    vec![Verdict {
        receiver_id: String::new(),
        reason,
    }]
}

/// The latest messages about an alert, the first one first.
fn messages(
    store: &Store,
    tenant_id: &str,
    alert_id: Uuid,
) -> Result<Vec<Notification>, ApplyError> {
    let all = keys::messages_of(tenant_id, alert_id);
    let mut messages = Vec::new();
    let scan = store.scan_prefix(all, Direction::Descending);
    for entry in scan.take(MESSAGES_MAX) {
        let id = keys::read_message_of(&entry?.0).map_err(ApplyError::record)?;
        if let Some(found) = store.get(keys::message(tenant_id, &id))? {
            messages.push(Notification::decode(found).map_err(ApplyError::record)?);
        }
    }
    messages.reverse();
    Ok(messages)
}
