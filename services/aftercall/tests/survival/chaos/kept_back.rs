//! Promises of teams whose alerts are kept back: by a silence, by quiet hours, because somebody sees to them. And of one
//! that is told by mail.
//!
//! | team     | what is set up                                  | what has to come of a lapse                       |
//! |----------|-------------------------------------------------|---------------------------------------------------|
//! | `hushed` | a silence that ends while all of this goes on   | nothing before its end; then it is told once      |
//! | `night`  | a receiver whose quiet hours end soon           | nothing before their end; then it is told once    |
//! | `taken`  | two levels; somebody sees to every other alert  | the second level hears of those alone that are left |
//! | `mailed` | a receiver with an address                      | one mail, at least once, always with the same id  |

use aftercall_proto::alerts::v1::AcknowledgeAlertRequest;
use aftercall_proto::alerts::v1::alert_service_client::AlertServiceClient;
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::model::v1::escalation_level::Delay;
use aftercall_proto::model::v1::escalation_target::Target;
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{
    EscalationLevel, EscalationPolicy, EscalationTarget, FollowUpPolicy, LabelMatcher,
    PromiseFilter, QuietHours, Receiver, Silence, Team,
};
use aftercall_proto::recorder::v1::RecordInteractionRequest;
use aftercall_proto::recorder::v1::recorder_service_client::RecorderServiceClient;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::time::sleep;

use super::clients::{Shared, WRITERS};
use super::house::{BUDGET, span};
use super::retry::ask;
use crate::checker::Checker;
use crate::checker::told::{LATE, alert_id};
use crate::journal::Entries;
use crate::{load, requests};

const HUSHED: &str = "hushed";
const NIGHT: &str = "night";
const TAKEN: &str = "taken";
const MAILED: &str = "mailed";
const TEAMS: [&str; 4] = [HUSHED, NIGHT, TAKEN, MAILED];

/// Who is told of what nobody of the team `taken` sees to.
const NEXT: &str = "next";

/// How long the silence lasts: an alert is first decided about half a minute after its lapse, later where who decides
/// fails; and the first promise is made once all views have caught up.
const SILENT: SignedDuration = SignedDuration::from_secs(90);
/// How long the first level has where there are two, and where nobody is to come after it.
const FIRST_HAS: SignedDuration = SignedDuration::from_secs(20);
const ALONE_HAS: SignedDuration = SignedDuration::from_hours(20);
/// So many promises are made for each team at the most: a message tells of a hundred.
const ROUNDS_MAX: usize = 24;
/// How long the writer thinks between two rounds.
const THINKS: std::time::Duration = std::time::Duration::from_millis(700);

/// Until when is kept back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Until {
    silence: Timestamp,
    quiet: Timestamp,
}

impl Until {
    /// Of what is set up at `now`.
    pub(super) fn from(now: Timestamp) -> Self {
        let silence = now + SILENT;
        // Quiet hours end with a minute.
        let minute = silence.as_second().div_euclid(60) + 1;
        let quiet = Timestamp::from_second(minute * 60).expect("a time of our days");
        Self { silence, quiet }
    }

    /// What is set up, by its ids.
    pub(super) fn settings(&self, webhook_id: &str, catch_all: &str) -> Vec<(String, Body)> {
        let mut settings = vec![(NEXT.to_owned(), Body::Receiver(by_webhook(webhook_id)))];
        for team in TEAMS {
            let receiver = match team {
                NIGHT => self.quiet(webhook_id),
                MAILED => Receiver {
                    mail_address: "duty@example.com".to_owned(),
                    budget_per_hour: BUDGET,
                    ..Receiver::default()
                },
                _ => by_webhook(webhook_id),
            };
            let escalation = EscalationPolicy {
                levels: levels(team),
                catch_all_receiver_id: catch_all.to_owned(),
                ..EscalationPolicy::default()
            };
            let policy = FollowUpPolicy {
                applies_to: Some(PromiseFilter {
                    team_ids: vec![team.to_owned()],
                    ..PromiseFilter::default()
                }),
                escalation_policy_id: team.to_owned(),
                ..FollowUpPolicy::default()
            };
            settings.extend([
                (team.to_owned(), Body::Team(Team::default())),
                (team.to_owned(), Body::Receiver(receiver)),
                (team.to_owned(), Body::EscalationPolicy(escalation)),
                (team.to_owned(), Body::FollowUpPolicy(policy)),
            ]);
        }
        settings.push((HUSHED.to_owned(), Body::Silence(self.silence())));
        settings
    }

    fn silence(&self) -> Silence {
        Silence {
            matchers: vec![LabelMatcher {
                label: "team".to_owned(),
                values: vec![HUSHED.to_owned()],
                excluded: false,
            }],
            ends_at: Some(to_wire(self.silence)),
            reason: "Their telephones are being replaced.".to_owned(),
            ..Silence::default()
        }
    }

    /// A receiver that is not disturbed from half a day before these hours end.
    fn quiet(&self, webhook_id: &str) -> Receiver {
        let clock = |at: Timestamp| {
            let at = at.to_zoned(TimeZone::UTC);
            format!("{:02}:{:02}", at.hour(), at.minute())
        };
        Receiver {
            time_zone: "UTC".to_owned(),
            quiet_hours: Some(QuietHours {
                begins: clock(self.quiet - SignedDuration::from_hours(12)),
                ends: clock(self.quiet),
            }),
            ..by_webhook(webhook_id)
        }
    }

    /// Whether all that is to be told is.
    pub(super) fn is_over(&self, checker: &Checker, entries: &Entries) -> bool {
        let mut told = [HUSHED, NIGHT, MAILED].into_iter();
        told.all(|team| checker.untold(team, entries).is_empty())
            && checker.escalated_amiss(TAKEN, NEXT, entries).is_empty()
    }

    /// What was told too early, too often, to nobody, or although somebody saw to it.
    pub(super) fn faults(&self, checker: &Checker, entries: &Entries) -> Vec<String> {
        let mut faults = checker.escalated_amiss(TAKEN, NEXT, entries);
        for (team, from) in [
            (HUSHED, Some(self.silence)),
            (NIGHT, Some(self.quiet)),
            (MAILED, None),
        ] {
            faults.extend(checker.untold(team, entries));
            faults.extend(checker.told_amiss(team, from, entries));
        }
        faults
    }
}

fn by_webhook(webhook_id: &str) -> Receiver {
    Receiver {
        webhook_id: webhook_id.to_owned(),
        budget_per_hour: BUDGET,
        ..Receiver::default()
    }
}

/// The team's receiver first; and where somebody may see to it, another one next.
fn levels(team: &str) -> Vec<EscalationLevel> {
    let level = |receiver_id: &str, has| EscalationLevel {
        delay: Some(Delay::Wall(span(has))),
        targets: vec![EscalationTarget {
            target: Some(Target::ReceiverId(receiver_id.to_owned())),
        }],
        ..EscalationLevel::default()
    };
    match team {
        TAKEN => vec![level(team, FIRST_HAS), level(NEXT, ALONE_HAS)],
        _ => vec![level(team, ALONE_HAS)],
    }
}

/// Says how much of it there was; panics if there was none.
pub(super) fn report(checker: &Checker) {
    let [summed_up, woken, mailed] = checker.told_later();
    let taken = checker.taken();
    println!(
        "{summed_up} alerts were summed up after a silence, {woken} after quiet hours; {taken} were seen to, {mailed} mailed"
    );
    for (what, count) in [
        ("a silence", summed_up),
        ("quiet hours", woken),
        ("anybody who sees to an alert", taken),
        ("mail", mailed),
    ] {
        assert!(count > 0, "a test without {what}");
    }
}

/// One who records promises of these teams, which lapse, and sees to some.
#[derive(Debug)]
pub(super) struct Attendant {
    shared: Shared,
    rng: StdRng,
    source: String,
    sent: u64,
}

impl Attendant {
    pub(super) fn new(shared: &Shared, seed: u64) -> Self {
        Self {
            shared: shared.clone(),
            rng: StdRng::seed_from_u64(seed),
            source: format!("{seed}-attendant"),
            sent: 0,
        }
    }

    /// Until it is told to stop, and what it has begun is acknowledged.
    pub(super) async fn run(mut self) {
        for round in 0..ROUNDS_MAX {
            for team in TEAMS {
                if self.shared.stop.is_cancelled() {
                    return;
                }
                let recorded = self.record(team).await;
                if let Some(id) = recorded.filter(|_| team == TAKEN && round.is_multiple_of(2)) {
                    self.see_to(&id).await;
                }
            }
            sleep(THINKS).await;
        }
    }

    /// A contact with a promise that is due in a moment; the promise's id.
    async fn record(&mut self, team: &str) -> Option<String> {
        let request = self.next(team);
        let journal = &self.shared.journal;
        let id = journal.send_record(&request);
        let doors = &self.shared.doors.recorders;
        let answer = ask(doors, &mut self.rng, &request, async |door, request| {
            RecorderServiceClient::new(door)
                .record_interaction(request)
                .await
        });
        match answer.await {
            Ok((_, answer)) => {
                journal.answer_record(&id, Some(answer));
                let interaction = request.interaction.unwrap_or_default();
                let promise = interaction.commitments.into_iter().next();
                promise.map(|promise| promise.commitment_id)
            }
            Err(status) => {
                journal.unexpected(format!("to record {id} of {team}: {status:?}"));
                None
            }
        }
    }

    fn next(&mut self, team: &str) -> RecordInteractionRequest {
        // Customers that no other writer has.
        let customer = load::customer(WRITERS, self.rng.random_range(0..load::CUSTOMERS));
        loop {
            self.sent += 1;
            let mut request = requests::record(&mut self.rng, &self.source, self.sent, &customer);
            request.settings_position.clone_from(&self.shared.house);
            let interaction = request.interaction.get_or_insert_default();
            let Some(promise) = interaction.commitments.first_mut() else {
                continue;
            };
            promise.owner_team_id = team.to_owned();
            let ahead = SignedDuration::from_millis(self.rng.random_range(300..1_500));
            promise.promised_by = Some(to_wire(requests::now() + ahead));
            return request;
        }
    }

    /// Sees to the alert of a promise, once there is one.
    async fn see_to(&mut self, id: &str) {
        let until = requests::now() + ALONE_HAS;
        let request = AcknowledgeAlertRequest {
            request_id: format!("see-to-{id}"),
            alert_id: alert_id(LATE, id),
            acknowledged_until: Some(to_wire(until)),
            ..AcknowledgeAlertRequest::default()
        };
        let doors = &self.shared.doors.followups;
        let answer = ask(doors, &mut self.rng, &request, async |door, request| {
            AlertServiceClient::new(door)
                .acknowledge_alert(request)
                .await
        });
        if let Err(status) = answer.await {
            let what = format!("to see to the alert of {id}: {status:?}");
            self.shared.journal.unexpected(what);
        }
    }
}
