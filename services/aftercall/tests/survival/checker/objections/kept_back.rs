//! Objections to what is told too early, too often, to nobody, or although somebody sees to it.

use aftercall_proto::event::v1::{AlertAcknowledged, AlertRetriggered, RoutedAlert};
use aftercall_proto::model::v1::{NotificationHold, Priority, RouteReason, RouteVerdict};

use super::*;
use crate::checker::told::{LATE, alert_id};

const TEAM: &str = "hushed";

/// A scene in which a promise of the team lapsed, the promise's id, and its alert's.
fn late() -> (Scene, String, String) {
    let mut scene = Scene::new();
    let mut request = scene.send();
    let interaction = request.interaction.as_mut().expect("an interaction");
    interaction.commitments[0].owner_team_id = TEAM.to_owned();
    scene.journal = Journal::new();
    scene.journal.send_record(&request);
    scene.append(&recorded(&request));
    scene.append(&lapsed(&request, 2));
    let id = promise(&request).commitment_id.clone();
    let alert_id = alert_id(LATE, &id);
    (scene, id, alert_id)
}

/// A round that tells somebody of an alert, so long after the beginning.
fn round(sequence: u64, (alert_id, receiver_id): (&str, &str), seconds: i64) -> Event {
    let decided_at = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
    let fact = Fact::AlertsRouted(AlertsRouted {
        notifications: vec![Notification {
            notification_id: format!("message-{sequence}"),
            receiver_id: receiver_id.to_owned(),
            kind: NotificationKind::SilenceEnded.into(),
            held_by: vec![NotificationHold::QuietHours.into()],
            decided_at: Some(to_wire(decided_at)),
            by_mail: true,
            alerts: vec![NotifiedAlert {
                alert_id: alert_id.to_owned(),
                ..NotifiedAlert::default()
            }],
            ..Notification::default()
        }],
        ..AlertsRouted::default()
    });
    event(fact, "routes", sequence, "")
}

fn acknowledged(id: &str, sequence: u64) -> Event {
    let fact = Fact::AlertAcknowledged(AlertAcknowledged {
        rule: LATE.to_owned(),
        episode_no: 1,
        ..AlertAcknowledged::default()
    });
    event(fact, id, sequence, "ack")
}

fn goes_on(id: &str, sequence: u64) -> Event {
    let fact = Fact::AlertRetriggered(AlertRetriggered {
        rule: LATE.to_owned(),
        episode_no: 1,
        ..AlertRetriggered::default()
    });
    event(fact, id, sequence, "")
}

/// The checker that has read the scene's log.
fn checker(scene: &Scene) -> Checker {
    let mut checker = Checker::of_shared();
    checker.compare(LOG, &scene.log, &scene.journal.entries());
    checker
}

#[test]
fn what_is_kept_back_is_told_once_and_not_before_its_time() {
    let (mut scene, id, alert) = late();
    let over = Some(Timestamp::UNIX_EPOCH + SignedDuration::from_secs(60));
    let looked = |scene: &Scene| {
        let (checker, entries) = (checker(scene), scene.journal.entries());
        assert_eq!(checker.faults(), [""; 0]);
        let untold = checker.untold(TEAM, &entries).join("; ");
        let amiss = checker.told_amiss(TEAM, over, &entries).join("; ");
        (untold, amiss, checker.told_later())
    };
    let (untold, amiss, later) = looked(&scene);
    assert!(untold.contains(&id), "{untold}");
    assert_eq!((amiss.as_str(), later), ("", [0; 3]));
    scene.append(&round(1, (&alert, "desk"), 60));
    // Another round's, which lost the race.
    scene.append(&round(1, (&alert, "desk"), 59));
    assert_eq!(looked(&scene), (String::new(), String::new(), [1; 3]));
    let mails: Vec<_> = checker(&scene).mails().iter().cloned().collect();
    assert_eq!(mails, ["message-1"]);
    scene.append(&round(2, (&alert, "lead"), 61));
    let (_, amiss, _) = looked(&scene);
    assert!(amiss.contains("is told as"), "{amiss}");

    let (mut scene, _, alert) = late();
    scene.append(&round(1, (&alert, "desk"), 59));
    let (_, amiss, _) = looked(&scene);
    assert!(amiss.contains("told too early"), "{amiss}");
}

#[test]
fn what_somebody_sees_to_does_not_go_on_and_all_else_does() {
    let amiss = |scene: &Scene| {
        let (checker, entries) = (checker(scene), scene.journal.entries());
        let amiss = checker.escalated_amiss(TEAM, "lead", &entries);
        [checker.faults().to_vec(), amiss].concat().join("; ")
    };
    let (mut scene, id, alert) = late();
    assert!(amiss(&scene).contains("which nobody sees to"));
    scene.append(&acknowledged(&id, 3));
    assert_eq!(amiss(&scene), "");
    assert_eq!(checker(&scene).taken(), 1);
    // Another tracker's, which lost the race.
    scene.append(&goes_on(&id, 3));
    assert_eq!(amiss(&scene), "");
    scene.append(&round(1, (&alert, "lead"), 60));
    assert!(amiss(&scene).contains("which is seen to"));
    scene.append(&goes_on(&id, 4));
    assert!(amiss(&scene).contains("goes on, and somebody sees to it"));

    // Who came after it had gone on may find it told or not.
    let (mut scene, id, alert) = late();
    scene.append(&goes_on(&id, 3));
    assert!(amiss(&scene).contains("which nobody sees to"));
    scene.append(&acknowledged(&id, 4));
    assert_eq!(amiss(&scene), "");
    scene.append(&round(1, (&alert, "lead"), 60));
    assert_eq!(amiss(&scene), "");
    assert_eq!(checker(&scene).taken(), 0);
}

#[test]
fn an_urgent_lapse_that_the_last_level_does_not_hear_of() {
    let mut scene = Scene::new();
    let mut request = scene.send();
    let interaction = request.interaction.as_mut().expect("an interaction");
    interaction.commitments[0].set_priority(Priority::P1);
    let id = interaction.commitments[0].commitment_id.clone();
    scene.journal = Journal::new();
    scene.journal.send_record(&request);
    scene.append(&recorded(&request));
    let kept = |scene: &Scene| {
        let mut checker = Checker::of_shared();
        let entries = scene.journal.entries();
        checker.compare(LOG, &scene.log, &entries);
        (checker.kept_from("chief", &entries).join("; "), checker)
    };
    let (faults, _) = kept(&scene);
    assert!(
        faults.contains("not told of commitment.at_risk"),
        "{faults}"
    );
    scene.append(&lapsed(&request, 2));
    let mut routed = AlertsRouted::default();
    for (sequence, receiver, reason) in [
        (1, "desk", RouteReason::Told),
        (2, "chief", RouteReason::Resolved),
        (3, "chief", RouteReason::Held),
    ] {
        let (faults, checker) = kept(&scene);
        assert!(
            faults.contains("not told of commitment.promise_lapsed"),
            "{faults}"
        );
        assert_eq!(checker.news().len(), 1);
        let verdict = RouteVerdict {
            receiver_id: receiver.to_owned(),
            reason: reason.into(),
            ..RouteVerdict::default()
        };
        routed.alerts = vec![RoutedAlert {
            alert_id: alert_id(LATE, &id),
            verdicts: vec![verdict],
            ..RoutedAlert::default()
        }];
        scene.append(&event(
            Fact::AlertsRouted(routed.clone()),
            "routes",
            sequence,
            "",
        ));
    }
    assert_eq!(kept(&scene).0, "");
}
