//! The alert that something has to be done to keep a customer stands for what was not kept to them, one by one.

use aftercall_domain::alert::Rule;
use aftercall_domain::concern::concern_id;
use aftercall_proto::alerts::v1::{AlertFilter, CloseAlertRequest, ListAlertsRequest};
use aftercall_proto::envelope::{Fact, customer_key};
use aftercall_proto::event::v1::{ConcernRaised, Event, concern_raised};
use aftercall_proto::model::v1::escalation_target::Target;
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{
    AlertEscalation, EscalationPolicy, NotificationKind as Kind, RouteReason as Reason, SlipUpRef,
    SlipUpSort, SlipUpsSubject,
};

use crate::identifying::event;
use crate::routing::{
    explained, followed, house, level_of, receiver, routed, said, set, until_said,
};
use crate::stage::{Contact, Running, Stage, TENANT, at, wire};

const CUSTOMER: &str = "customer-1";

/// Insight says that too much went wrong with the customer, which is told by a version of a policy.
fn save(stage: &Stage, (policy_id, version): (&str, u64), slip_ups: Vec<SlipUpRef>) {
    let key = customer_key(TENANT, CUSTOMER);
    let whose = aftercall_view::key::whose(&key);
    let id = concern_id(TENANT, Rule::SaveAction, CUSTOMER, whose);
    let fact = Fact::ConcernRaised(Box::new(ConcernRaised {
        rule: Rule::SaveAction.as_str().to_owned(),
        episode_no: 1,
        subject: Some(concern_raised::Subject::SlipUps(SlipUpsSubject {
            customer_id: CUSTOMER.to_owned(),
            window_until: wire(at(90_000)),
            slip_ups,
        })),
        team_id: "team-1".to_owned(),
        began_at: wire(at(1)),
        detected_at: wire(at(1)),
        escalation: Some(AlertEscalation {
            escalation_policy_id: policy_id.to_owned(),
            escalation_policy_version: version,
            ..AlertEscalation::default()
        }),
        ..ConcernRaised::default()
    }));
    let event = Event {
        customer_id: CUSTOMER.to_owned(),
        ..event(&id, 1, &fact)
    };
    stage.append_under(key, &event);
}

/// The id of the only alert of a rule.
async fn only(running: &Running, rule: Rule) -> String {
    let request = ListAlertsRequest {
        filter: Some(AlertFilter {
            rules: vec![rule.as_str().to_owned()],
            ..AlertFilter::default()
        }),
        latest: true,
        ..ListAlertsRequest::default()
    };
    let answer = running.alerts("lead").list_alerts(request).await;
    let alerts = answer.unwrap().into_inner().alerts;
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    alerts[0].alert_id.clone()
}

#[tokio::test]
async fn a_lapse_is_told_when_the_customer_needs_not_be_kept_any_more() {
    let stage = Stage::with_partitions(4);
    house(&stage);
    save(&stage, ("usual", 1), Vec::new());
    stage.record(&Contact::new("i-1", vec![followed("c-1", 60)]));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    stage.clock.advance_to(at(32));
    until_said(&running, &stage, 1).await;
    let saving = only(&running, Rule::SaveAction).await;

    stage.clock.advance_to(at(61));
    running.until(|| stage.lapses().len() == 1).await;
    running.caught_up(&stage).await;
    stage.clock.advance_to(at(92));
    running.until(|| routed(&stage).len() == 2).await;
    running.caught_up(&stage).await;
    let lapse = only(&running, Rule::PromiseLapsed).await;
    let why = explained(&running, &lapse).await;
    let kept = &why.verdicts[0];
    assert_eq!(kept.reason(), Reason::Inhibition);
    assert_eq!(kept.by, Rule::SaveAction.as_str());
    assert_eq!(kept.by_alert_id, saving);
    assert_eq!(said(&stage).len(), 1);

    let close = CloseAlertRequest {
        request_id: "r1".to_owned(),
        alert_id: saving,
        reason: "we talked".to_owned(),
    };
    let closed = running.alerts("supervisor").close_alert(close).await;
    closed.unwrap();
    until_said(&running, &stage, 2).await;
    let ana = || ("r-ana".to_owned(), Kind::Triggered, 1);
    assert_eq!(said(&stage), [ana(), ana()]);
    let why = explained(&running, &lapse).await;
    assert_eq!(why.verdicts[0].reason(), Reason::Told);
    running.stop().await;

    // Who reads the log anew finds the same, and nothing to say.
    let again = stage.start_on(std::sync::Arc::new(stage.log.clone()), "again");
    let again = again.await;
    again.caught_up(&stage).await;
    let why = explained(&again, &lapse).await;
    assert_eq!(why.verdicts[0].reason(), Reason::Told);
    again.stop().await;
    assert_eq!(said(&stage).len(), 2);
}

#[tokio::test]
async fn a_lapse_that_is_listed_is_not_told_beside_it_by_another_policy_either() {
    let stage = Stage::with_partitions(4);
    house(&stage);
    let keeping = EscalationPolicy {
        levels: vec![level_of(Target::AgentId("kim".to_owned()))],
        catch_all_receiver_id: "duty".to_owned(),
        ..EscalationPolicy::default()
    };
    let bodies = vec![
        ("r-kim", receiver("kim")),
        ("keeping", Body::EscalationPolicy(keeping)),
    ];
    set(&stage, 2, bodies);
    let listed = SlipUpRef {
        sort: SlipUpSort::Lapse.into(),
        at: wire(at(60)),
        interaction_id: "i-1".to_owned(),
        commitment_id: "c-1".to_owned(),
    };
    stage.record(&Contact::new("i-1", vec![followed("c-1", 60)]));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    stage.clock.advance_to(at(61));
    running.until(|| stage.lapses().len() == 1).await;
    save(&stage, ("keeping", 2), vec![listed]);
    running.caught_up(&stage).await;
    stage.clock.advance_to(at(92));
    until_said(&running, &stage, 1).await;
    let lapse = only(&running, Rule::PromiseLapsed).await;
    running
        .until(|| {
            let mut alerts = routed(&stage).into_iter().flat_map(|round| round.alerts);
            alerts.any(|alert| alert.alert_id == lapse)
        })
        .await;
    running.caught_up(&stage).await;
    let why = explained(&running, &lapse).await;
    assert_eq!(why.verdicts[0].reason(), Reason::Inhibition);
    let saving = only(&running, Rule::SaveAction).await;
    assert_eq!(why.verdicts[0].by_alert_id, saving);
    assert_eq!(said(&stage), [("r-kim".to_owned(), Kind::Triggered, 1)]);

    // When it is put away, what still fires is told.
    let close = CloseAlertRequest {
        request_id: "r1".to_owned(),
        alert_id: saving,
        reason: "we talked".to_owned(),
    };
    let closed = running.alerts("supervisor").close_alert(close).await;
    closed.unwrap();
    until_said(&running, &stage, 2).await;
    assert_eq!(said(&stage)[1], ("r-ana".to_owned(), Kind::Triggered, 1));
    running.stop().await;
}
