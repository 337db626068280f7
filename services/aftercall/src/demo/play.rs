//! Plays a month into a server, by gRPC and in the order of time, as a CRM would.

use std::collections::{BTreeMap, BTreeSet};

use aftercall_client::{Client, Error};
use aftercall_domain::alert::Rule;
use aftercall_proto::alerts::v1::{WatchAlertsRequest, WatchAlertsResponse};
use aftercall_proto::followups::v1::{
    CancelCommitmentRequest, FulfilCommitmentRequest, RescheduleCommitmentRequest,
};
use aftercall_proto::knowledge::v1::{ListCandidatesRequest, PromoteCandidateRequest};
use aftercall_proto::model::v1::alert::Subject;
use aftercall_proto::model::v1::{
    Alert, AlertState, Interaction, ReasonResolution, SolutionUse, SolutionUseKind,
};
use aftercall_proto::recorder::v1::RecordInteractionRequest;
use anyhow::Context;
use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use indicatif::ProgressBar;
use jiff::{SignedDuration, Timestamp};

use super::call::stamp;
use super::clock::PlaybackClock;
use super::month::{Act, Step};

/// The import of what was before the month.
const TAKEN_OVER: &str = "before-the-month";
/// What the answer of the month is called.
const ANSWER_TITLE: &str = "Slow in the evening over wireless: a fixed channel";

/// Plays steps, and lets each due pass at its own time.
pub(super) struct Player {
    client: Client,
    alerts: BoxStream<'static, Result<WatchAlertsResponse, Error>>,
    clock: PlaybackClock,
    /// Promises that are still to be kept, the earliest due first.
    open: BTreeSet<(Timestamp, String)>,
    pub(super) counts: Counts,
    /// The settings that a record must go by; empty for any.
    pub(super) settings_position: String,
    /// The solutions that agents use, by contact reason.
    pub(super) answers: BTreeMap<&'static str, String>,
}

/// What was played.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) contacts: u64,
    pub(super) promises: u64,
    pub(super) lapses: u64,
}

impl Player {
    pub(super) async fn new(client: &Client, clock: PlaybackClock) -> anyhow::Result<Self> {
        let watch = WatchAlertsRequest::default();
        let mut alerts = client.watch_alerts(watch).boxed();
        // The first answer says that the watch has begun.
        alerts.try_next().await?.context("the alert stream ended")?;
        Ok(Self {
            client: client.clone(),
            alerts,
            clock,
            open: BTreeSet::new(),
            counts: Counts::default(),
            settings_position: String::new(),
            answers: BTreeMap::new(),
        })
    }

    /// Plays `steps`, which are in the order of time, and ends at `end`.
    pub(super) async fn play(
        &mut self,
        steps: Vec<Step>,
        end: Timestamp,
        progress: &ProgressBar,
    ) -> anyhow::Result<()> {
        for Step { at, act } in steps {
            self.pass_dues(at).await?;
            self.clock.advance_to(at);
            self.act(at, act).await?;
            progress.inc(1);
        }
        self.pass_dues(end).await
    }

    /// Moves the clock over every due before `until`, and waits for each one's alert: the play is
    /// so much faster than life that a promise could be kept before its lapse was noticed.
    async fn pass_dues(&mut self, until: Timestamp) -> anyhow::Result<()> {
        while let Some((due, commitment_id)) = self.open.first().cloned() {
            let noticed = due + SignedDuration::from_secs(1);
            if noticed > until {
                break;
            }
            self.open.pop_first();
            self.clock.advance_to(noticed);
            self.alert(&commitment_id, Rule::PromiseLapsed).await?;
            self.counts.lapses += 1;
        }
        Ok(())
    }

    /// Waits for the alert of a rule on `commitment_id`, and gives its id.
    pub(super) async fn alert(
        &mut self,
        commitment_id: &str,
        rule: Rule,
    ) -> anyhow::Result<String> {
        let is_about = |about: &Subject| match about {
            Subject::Promise(about) => about.commitment_id == commitment_id,
            Subject::Signal(_) | Subject::SlipUps(_) => false,
        };
        self.fired(rule, is_about).await
    }

    /// Waits for the alert that too much went wrong with a customer, and gives its id.
    pub(super) async fn save_action(&mut self, customer_id: &str) -> anyhow::Result<String> {
        let is_about = |about: &Subject| match about {
            Subject::SlipUps(about) => about.customer_id == customer_id,
            Subject::Promise(_) | Subject::Signal(_) => false,
        };
        self.fired(Rule::SaveAction, is_about).await
    }

    /// Waits for an alert of a rule that is about what is meant, and gives its id.
    async fn fired(
        &mut self,
        rule: Rule,
        is_about: impl Fn(&Subject) -> bool,
    ) -> anyhow::Result<String> {
        loop {
            let change = self
                .alerts
                .try_next()
                .await?
                .context("the alert stream ended")?;
            // It fires before it is decided who is told.
            let fires = |alert: &Alert| {
                matches!(alert.state(), AlertState::Pending | AlertState::Triggered)
            };
            let fired = change
                .alert
                .filter(|alert| fires(alert) && alert.rule == rule.as_str());
            let meant = fired.filter(|alert| alert.subject.as_ref().is_some_and(&is_about));
            if let Some(alert) = meant {
                return Ok(alert.alert_id);
            }
        }
    }

    async fn act(&mut self, at: Timestamp, act: Act) -> anyhow::Result<()> {
        match act {
            Act::TakeOver(contact) => self.take_over(*contact).await,
            Act::Record(contact) => self.record(*contact).await,
            Act::Fulfil {
                commitment_id,
                note,
            } => {
                self.close(&commitment_id);
                let request = FulfilCommitmentRequest {
                    request_id: format!("fulfil-{commitment_id}"),
                    commitment_id,
                    fulfilled_at: stamp(at),
                    note,
                    ..Default::default()
                };
                self.client.call(request).await?;
                Ok(())
            }
            Act::Reschedule {
                commitment_id,
                promised_by,
                told_in,
            } => {
                self.close(&commitment_id);
                self.open.insert((promised_by, commitment_id.clone()));
                let request = RescheduleCommitmentRequest {
                    request_id: format!("reschedule-{commitment_id}"),
                    commitment_id,
                    promised_by: stamp(promised_by),
                    reason: "The customer asked for a later date.".to_owned(),
                    customer_informed_message_id: told_in,
                    ..Default::default()
                };
                self.client.call(request).await?;
                Ok(())
            }
            Act::Answer { reason_code } => self.answer(reason_code).await,
            Act::Release {
                commitment_id,
                told_in,
            } => {
                self.close(&commitment_id);
                let request = CancelCommitmentRequest {
                    request_id: format!("release-{commitment_id}"),
                    commitment_id,
                    reason: "The customer no longer needs it.".to_owned(),
                    customer_informed_message_id: told_in,
                    ..Default::default()
                };
                self.client.call(request).await?;
                Ok(())
            }
        }
    }

    /// Records a contact of before the month, which is not counted with those of the month.
    async fn take_over(&self, contact: Interaction) -> anyhow::Result<()> {
        let request = RecordInteractionRequest {
            interaction: Some(contact),
            import_batch: TAKEN_OVER.to_owned(),
            ..RecordInteractionRequest::default()
        };
        self.client.call(request).await?;
        Ok(())
    }

    /// Records a contact; the tracker has taken its promises before this returns.
    pub(super) async fn record(&mut self, mut contact: Interaction) -> anyhow::Result<()> {
        self.use_answer(&mut contact);
        let promised: Vec<_> = contact
            .commitments
            .iter()
            .filter_map(|draft| {
                let due = draft.promised_by.as_ref()?;
                let due = Timestamp::new(due.seconds, due.nanos).ok()?;
                Some((due, draft.commitment_id.clone()))
            })
            .collect();
        let request = RecordInteractionRequest {
            interaction: Some(contact),
            settings_position: self.settings_position.clone(),
            ..RecordInteractionRequest::default()
        };
        self.client.call(request).await?;
        self.counts.contacts += 1;
        self.counts.promises += promised.len() as u64;
        self.open.extend(promised);
        Ok(())
    }

    /// Makes a solution of what solved most cases of a reason.
    async fn answer(&mut self, reason_code: &'static str) -> anyhow::Result<()> {
        let list = ListCandidatesRequest {
            reason_code: reason_code.to_owned(),
            page_size: 1,
            latest: true,
            ..ListCandidatesRequest::default()
        };
        let candidates = self.client.call(list).await?.candidates;
        let candidate = candidates.first().context("a candidate for the answer")?;
        let promote = PromoteCandidateRequest {
            request_id: format!("answer-{reason_code}"),
            candidate_id: candidate.candidate_id.clone(),
            title: ANSWER_TITLE.to_owned(),
            ..PromoteCandidateRequest::default()
        };
        let solution = self.client.call(promote).await?.solution;
        let solution = solution.context("the answer")?;
        self.answers.insert(reason_code, solution.solution_id);
        Ok(())
    }

    /// An agent who solved what there is an answer to has used it.
    fn use_answer(&self, contact: &mut Interaction) {
        let solved = contact.contact_reasons.iter();
        let solved = solved.filter(|reason| reason.resolution() == ReasonResolution::Resolved);
        for solution_id in solved.filter_map(|reason| self.answers.get(&*reason.code)) {
            contact.solution_uses.push(SolutionUse {
                solution_id: solution_id.clone(),
                version: 1,
                kind: SolutionUseKind::UsedAsIs.into(),
                relied_on_for_statement: true,
            });
        }
    }

    fn close(&mut self, commitment_id: &str) {
        self.open.retain(|(_, open)| open != commitment_id);
    }
}
