//! What becomes of a concern.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::alert::{SignalSubject, SlipUpsSubject};
use crate::calendar::Calendar;
use crate::commitment::Standing;
use crate::interaction::SignalSource;
use crate::measure::SlipKind;
use crate::setting::{
    Delay, EscalationLevel, EscalationPolicy, EscalationStrategy, EscalationTarget,
};

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
}

fn none() -> BTreeMap<String, Calendar> {
    BTreeMap::new()
}

fn policy() -> EscalationPolicy {
    let level = || EscalationLevel {
        delay: Delay::Wall(SignedDuration::from_secs(600)),
        targets: vec![EscalationTarget::Agent("lea".to_owned())],
        strategy: EscalationStrategy::All,
    };
    EscalationPolicy {
        levels: vec![level(), level()],
        catch_all_receiver_id: "duty".to_owned(),
        ..EscalationPolicy::default()
    }
}

fn raised(escalation: Option<Escalation>) -> Raised {
    Raised {
        rule: Rule::LegalThreat,
        episode_no: 1,
        subject: Subject::Signal(SignalSubject {
            interaction_id: "i-1".to_owned(),
            kind: SignalKind::LegalThreat,
            source: Some(SignalSource::Rule),
            confidence: Some(0.8),
            noticed_at: at(0),
            scorer: String::new(),
            scorer_version: String::new(),
        }),
        owner: Some(Owner::Agent("ana".to_owned())),
        team_id: "north".to_owned(),
        site_id: String::new(),
        parties: Parties::default(),
        began_at: at(0),
        detected_at: at(1),
        escalation,
    }
}

fn by() -> Actor<'static> {
    Actor {
        id: "sue",
        standing: Standing {
            supervisor: true,
            ..Standing::default()
        },
    }
}

fn close() -> AlertWish {
    AlertWish::Close {
        reason: "called the customer".to_owned(),
    }
}

#[test]
fn it_goes_on_until_somebody_takes_it_and_is_over_when_it_is_put_away() {
    let policy = policy();
    let by_policy = EscalatesBy {
        policy_id: "legal",
        version: 3,
        policy: &policy,
        is_fallback: true,
    };
    let first = by_policy.at_level(1, at(1), &none());
    assert!(first.by_fallback);
    let mut concern = Concern::begin(raised(Some(first)), Some("c-1".to_owned()), 1);
    let id = concern_id("t", Rule::LegalThreat, "i-1", 7);
    let alert = concern.alert(&id);
    assert_eq!(alert.rule.as_str(), "signal.legal_threat");
    assert_eq!(alert.alert_key.to_string(), id);
    assert_eq!(alert.labels["kind"], "legal_threat");
    assert!(!alert.late);
    assert_eq!(concern.goes_on_at(), Some(at(601)));
    assert_eq!(concern.fire("t", at(601), Some(by_policy), &none()), None);
    let (due, event) = concern
        .fire("t", at(700), Some(by_policy), &none())
        .unwrap();
    assert_eq!((due, event.sequence), (at(601), 2));
    concern.accept(&event);
    assert_eq!(
        (concern.level, &concern.went_on),
        (2, &Some(WentOn::Untaken))
    );
    assert_eq!(concern.alert(&id).alert_id, alert.alert_id);

    let until = at(1_000);
    let wish = AlertWish::Acknowledge {
        until: Some(until),
        note: String::new(),
    };
    concern.accept(&concern.handle(1, wish, by(), at(800)).unwrap());
    assert_eq!(concern.goes_on_at(), Some(until));
    let (_, event) = concern.fire("t", at(1_001), None, &none()).unwrap();
    concern.accept(&event);
    let taken = WentOn::Acknowledged {
        by: "sue".to_owned(),
    };
    assert_eq!(concern.went_on, Some(taken));
    // Nobody is to be told any more: it waits for whoever takes it.
    assert_eq!(concern.goes_on_at(), None);

    concern.accept(&concern.handle(1, close(), by(), at(2_000)).unwrap());
    assert!(!concern.state.is_open());
    assert_eq!(concern.goes_on_at(), None);
    let over = concern.handle(1, close(), by(), at(2_001));
    assert_eq!(over, Err(Refusal::AlertOver));
    assert_eq!(concern.take_back("t", at(2_002)), None);
}

#[test]
fn only_a_supervisor_puts_it_away_and_a_wrong_episode_is_none() {
    let concern = Concern::begin(raised(None), None, 1);
    let agent = Actor {
        id: "ana",
        standing: Standing {
            agent: true,
            ..Standing::default()
        },
    };
    let refused = concern.handle(1, close(), agent, at(5)).unwrap_err();
    assert!(matches!(refused, Refusal::NotPermitted(_)));
    let other = concern.handle(2, close(), by(), at(5));
    assert_eq!(other, Err(Refusal::AlertOver));
}

#[test]
fn what_is_taken_back_is_over_and_a_next_episode_overtakes_the_one_before() {
    let mut concern = Concern::begin(raised(None), Some("c-1".to_owned()), 1);
    let next = Event {
        sequence: 2,
        recorded_at: at(9),
        actor_id: "t".to_owned(),
        change: Change::Raised(Box::new(Raised {
            episode_no: 2,
            ..raised(None)
        })),
    };
    let over = concern.overtaken(at(9)).unwrap();
    assert!(!over.state.is_open());
    concern.accept(&next);
    assert_eq!((concern.raised.episode_no, concern.version), (2, 2));
    assert_eq!(concern.customer_id.as_deref(), Some("c-1"));
    let event = concern.take_back("t", at(10)).unwrap();
    concern.accept(&event);
    let resolved = Resolved {
        at: at(10),
        cause: ResolveCause::TakenBack,
    };
    assert_eq!(concern.state, AlertState::Resolved(resolved));
    assert_eq!(concern.overtaken(at(11)), None);
}

#[test]
fn a_window_is_new_if_it_has_nothing_in_common_with_those_that_were_raised() {
    let slips = |times: &[i64]| -> Vec<Slip> {
        let slips = times.iter().map(|at_us| Slip {
            kind: SlipKind::Drop,
            at_us: *at_us,
            interaction_id: String::new(),
            commitment_id: String::new(),
        });
        slips.collect()
    };
    assert!(is_new_window(&slips(&[0, 1, 2]), &[]));
    assert!(!is_new_window(&slips(&[]), &[]));
    let raised = [(10, 40)];
    for times in [[10, 11, 12], [5, 9, 10], [39, 40, 41], [9, 41, 42]] {
        assert!(!is_new_window(&slips(&times), &raised), "{times:?}");
    }
    for times in [[40, 41, 42], [5, 6, 9]] {
        assert!(is_new_window(&slips(&times), &raised), "{times:?}");
    }
    let subject = SlipUpsSubject {
        customer_id: "c-1".to_owned(),
        slips: slips(&[1]),
        window_until: at(9),
    };
    assert_eq!(Subject::SlipUps(subject).id(), "c-1");
}
