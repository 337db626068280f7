//! After an outage everything that fell due is told, quietly: each lapse once and in order, and each receiver in one
//! digest, however often the process dies while it catches up.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aftercall_log::testing::{Fate, FaultyLog};
use aftercall_log::{Log, Position, Reader};
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::Event;
use aftercall_proto::model::v1::escalation_target::Target;
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{
    CommitmentDraft, EscalationPolicy, FollowUpPolicy, NotificationKind as Kind, PolicyRef,
};
use jiff::Timestamp;
use prost::Message;

use crate::routing::{followed, house, level_of, set};
use crate::stage::{Contact, Stage, at, unwire};

/// So many promises fall due meanwhile.
const DUE: usize = 10_000;
/// More appends than a process makes that hears of none.
const NEVER_WRITTEN: usize = 1_000;
/// When the tracker is back, in seconds: after three hours.
const BACK_AT: i64 = 3 * 3_600;

/// What the log says of lapses and of who is told of them. Each event is read once, however often it is asked.
struct Heard<'a> {
    stage: &'a Stage,
    reader: RefCell<Box<dyn Reader>>,
    said: RefCell<Said>,
}

#[derive(Default)]
struct Said {
    /// The promises that lapsed, and when, as they stand in the log.
    lapses: Vec<(String, Timestamp, Timestamp)>,
    /// The numbers of the rounds of decisions.
    rounds: BTreeSet<u64>,
    /// The alerts that were decided about.
    alerts: BTreeSet<String>,
    /// To whom messages go, what they are, and of how many alerts they tell.
    messages: Vec<(String, Kind, u64)>,
}

impl<'a> Heard<'a> {
    fn of(stage: &'a Stage) -> Self {
        let from = Position {
            partition: 0,
            offset: 0,
        };
        Self {
            stage,
            reader: RefCell::new(stage.log.reader(&[from]).unwrap()),
            said: RefCell::default(),
        }
    }

    /// Something of what was said until now.
    fn now<T>(&self, of: impl Fn(&Said) -> T) -> T {
        let mut reader = self.reader.borrow_mut();
        let entries = reader.next(usize::MAX, usize::MAX, Duration::ZERO).unwrap();
        let mut said = self.said.borrow_mut();
        for entry in entries {
            said.take(&Event::decode(entry.record.body).unwrap());
        }
        of(&said)
    }

    fn lapses(&self) -> usize {
        self.now(|said| said.lapses.len())
    }

    fn alerts(&self) -> usize {
        self.now(|said| said.alerts.len())
    }

    fn messages(&self) -> Vec<(String, Kind, u64)> {
        let mut messages = self.now(|said| said.messages.clone());
        messages.sort();
        messages
    }

    /// Each promise has lapsed once, in the order of the dues, at its due, and was noticed at the end of the outage.
    fn check_lapses(&self) {
        let lapses = self.now(|said| said.lapses.clone());
        assert_eq!(lapses.len(), DUE, "nothing is missing, or said twice");
        for (no, (commitment_id, lapsed_at, detected_at)) in (0..).zip(lapses) {
            assert_eq!(commitment_id, id(no));
            assert_eq!(lapsed_at, at(due(no)));
            assert_eq!(detected_at, at(BACK_AT));
        }
    }

    /// A process catches up: so many of its appends are written and heard of, so many are written and it never hears of
    /// them, and the log takes no more. Then it dies, once `until` is so.
    async fn die_in_the_middle(
        &self,
        (heard, unheard): (usize, usize),
        until: impl Fn(&Self) -> bool,
    ) {
        let log = Arc::new(FaultyLog::new(self.stage.log.clone()));
        let fates = std::iter::repeat_n(Fate::Written, heard)
            .chain(std::iter::repeat_n(Fate::Unheard, unheard))
            .chain(std::iter::repeat_n(Fate::Queued, NEVER_WRITTEN));
        log.fail_next(fates);
        let shown = Arc::clone(&log) as Arc<dyn Log>;
        let running = self.stage.start_on(shown, "views").await;
        running
            .until(|| log.fates_left() <= NEVER_WRITTEN && until(self))
            .await;
        running.stop().await;
    }
}

impl Said {
    fn take(&mut self, event: &Event) {
        match event.fact().unwrap() {
            Some(Fact::CommitmentLapsed(lapsed)) => {
                let lapse = lapsed.lapse.unwrap();
                let lapsed_at = unwire(lapse.lapsed_at.as_ref());
                let detected_at = unwire(lapse.detected_at.as_ref());
                self.lapses
                    .push((event.aggregate_id.clone(), lapsed_at, detected_at));
            }
            // Of two with one number the first counts.
            Some(Fact::AlertsRouted(routed)) if self.rounds.insert(event.sequence) => {
                let alerts = routed.alerts.into_iter().map(|one| one.alert_id);
                self.alerts.extend(alerts);
                let messages = routed.notifications.iter();
                let messages =
                    messages.map(|one| (one.receiver_id.clone(), one.kind(), one.alert_count));
                self.messages.extend(messages);
            }
            _ => {}
        }
    }
}

fn id(no: usize) -> String {
    format!("c-{no:05}")
}

/// One second after the other.
fn due(no: usize) -> i64 {
    1 + no as i64
}

/// Every other promise is told to Ana, and the others to Lena.
fn promise(no: usize) -> CommitmentDraft {
    let policy = match no.is_multiple_of(2) {
        true => ("calls", 1),
        false => ("others", 2),
    };
    CommitmentDraft {
        policy: Some(PolicyRef {
            policy_id: policy.0.to_owned(),
            version: policy.1,
        }),
        ..followed(&id(no), due(no))
    }
}

fn two_groups(stage: &Stage) {
    house(stage);
    let escalation = EscalationPolicy {
        levels: vec![level_of(Target::AgentId("lena".to_owned()))],
        catch_all_receiver_id: "duty".to_owned(),
        ..EscalationPolicy::default()
    };
    let policy = FollowUpPolicy {
        escalation_policy_id: "second".to_owned(),
        ..FollowUpPolicy::default()
    };
    let bodies = vec![
        ("second", Body::EscalationPolicy(escalation)),
        ("others", Body::FollowUpPolicy(policy)),
    ];
    set(stage, 2, bodies);
}

#[tokio::test]
async fn after_an_outage_each_lapse_is_there_once_and_each_receiver_gets_one_digest_whenever_it_crashes()
 {
    let stage = Stage::new();
    two_groups(&stage);
    for first in (0..DUE).step_by(50) {
        let promises = (first..first + 50).map(promise).collect();
        stage.record(&Contact::new(&format!("i-{first}"), promises));
    }
    let heard = Heard::of(&stage);
    stage.clock.advance_to(at(BACK_AT));

    // The first one dies among the lapses, and the next one finds what is written and was not heard of.
    let lapse = |heard: &Heard<'_>| heard.lapses() > 0;
    heard.die_in_the_middle((3, 2), lapse).await;
    assert!(heard.lapses() < DUE, "it died among them");
    let second = stage.start().await;
    second.until(|| heard.lapses() >= DUE).await;
    second.caught_up(&stage).await;
    second.stop().await;
    heard.check_lapses();
    assert_eq!(heard.alerts(), 0);

    // The third one dies while it decides who is told: of twenty rounds it hears of four.
    stage.clock.advance_to(at(BACK_AT + 31));
    let decide = |heard: &Heard<'_>| heard.alerts() > 0;
    heard.die_in_the_middle((4, 1), decide).await;
    assert!(heard.alerts() < DUE, "it died among them");
    let fourth = stage.start().await;
    fourth.until(|| heard.alerts() >= DUE).await;
    fourth.caught_up(&stage).await;
    assert_eq!(heard.messages(), []);
    stage.clock.advance_to(at(BACK_AT + 92));
    fourth.until(|| heard.messages().len() >= 2).await;
    fourth.caught_up(&stage).await;
    fourth.stop().await;

    // Whoever comes then finds nothing more to say.
    let fifth = stage.start().await;
    fifth.caught_up(&stage).await;
    fifth.stop().await;
    let half = DUE as u64 / 2;
    let digest = |receiver_id: &str| (receiver_id.to_owned(), Kind::Digest, half);
    assert_eq!(heard.messages(), [digest("r-ana"), digest("r-lena")]);
    heard.check_lapses();
}
