//! The part of the tour about promises: how a due comes about, and what happens when nobody keeps it.

use std::time::Duration;

use aftercall_domain::alert::Rule;
use aftercall_proto::convert::due::duration_to_wire;
use aftercall_proto::followups::v1::{CommitmentFilter, ListCommitmentsRequest};
use aftercall_proto::model::v1::due_spec::Spec;
use aftercall_proto::model::v1::{
    BusinessElapsed, CommitmentDraft, CommitmentLifecycle, DueSpec, Interaction, NotificationKind,
    Priority,
};
use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout;

use super::call::{Caller, Draw, call, stamp};
use super::corpus::Corpus;
use super::house::{self, DESK_HAS, HOURS, WARNED_BEFORE};
use super::play::Player;
use super::receiver::Receiver;
use super::say;
use super::tour::{Tour, now};
use crate::output::label;

/// How long the promise that lapses before your eyes has to be kept.
const SHORT: SignedDuration = SignedDuration::from_secs(8);
/// How much open time the promise of a technician has.
const OPEN_TIME: SignedDuration = SignedDuration::from_hours(12);
/// How often is looked for what must come.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long is waited for what must come.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

impl Tour {
    /// Promises, from the words on the phone to the alarm.
    pub(super) async fn keep_in_view(
        &self,
        player: &mut Player,
        receiver: &mut Receiver,
    ) -> anyhow::Result<()> {
        player.settings_position = house::set_up(&self.client, receiver).await?;
        self.explain(player).await?;
        self.lapse(player, receiver).await?;
        self.cut_off().await
    }

    /// A due that is told in open time.
    async fn explain(&self, player: &mut Player) -> anyhow::Result<()> {
        let hours = OPEN_TIME.as_hours();
        say(&format!(
            "\n── \"You hear from us within {hours} working hours\": when is that, and why?\n"
        ));
        let (contact, commitment_id) = self.call_with(|draft| {
            draft.promise_text = format!("You hear from us within {hours} working hours.");
            draft.promised_by = None;
            draft.due = Some(DueSpec {
                spec: Some(Spec::BusinessElapsed(BusinessElapsed {
                    duration: Some(duration_to_wire(OPEN_TIME)),
                    calendar_id: HOURS.to_owned(),
                })),
            });
        })?;
        player.record(contact).await?;
        self.type_in(&["followups", "explain", &commitment_id])
            .await
    }

    /// A promise that nobody keeps, from the call to whoever sees to it.
    async fn lapse(&self, player: &mut Player, receiver: &mut Receiver) -> anyhow::Result<()> {
        say("\n── An urgent promise lapses while you watch\n");
        let due = now() + SHORT;
        let (contact, commitment_id) = self.call_with(|draft| {
            draft.promise_text = "You get the new slot in a few seconds.".to_owned();
            draft.promised_by = stamp(due);
            draft.priority = Priority::P1.into();
        })?;
        player.record(contact).await?;
        say(&format!(
            "A call has just ended, with the promise of an answer within {} s. Nobody sends it.",
            SHORT.as_secs()
        ));
        alert(player, &commitment_id, Rule::AtRisk).await?;
        say(&format!(
            "The warning came {} ms after its time, {} s before the due.",
            since(due - WARNED_BEFORE),
            WARNED_BEFORE.as_secs()
        ));
        let alert_id = alert(player, &commitment_id, Rule::PromiseLapsed).await?;
        say(&format!(
            "The alarm came {} ms after the due:\n",
            since(due)
        ));
        self.type_in(&["followups", "show", &commitment_id]).await?;
        say(&format!(
            "\n── It goes to whom it concerns: after {} s without an answer one level higher\n",
            DESK_HAS.as_secs()
        ));
        for _ in 0..2 {
            let message = timeout(PATIENCE, receiver.next()).await;
            let message = message.context("no message came within a minute")??;
            let said = &message["data"]["notification"];
            let kind = said["kind"].as_str().unwrap_or_default();
            let kind = NotificationKind::from_str_name(kind).unwrap_or_default();
            say(&format!(
                "The team's chat received, signed as agreed, for the {}: {}, level {}",
                said["receiverId"].as_str().unwrap_or_default(),
                label::<NotificationKind>(kind.into()),
                said["level"],
            ));
        }
        say("\n── Somebody sees to it: it goes on only if nothing has come of that in time\n");
        let note = "calling the carrier now";
        self.type_in(&["alerts", "ack", &alert_id, "--until", "1h", "--note", note])
            .await?;
        say("\n── Why who was told, and who is next\n");
        self.type_in(&["alerts", "explain", &alert_id]).await
    }

    /// Waits until a promise of a contact stands so, and gives its id.
    pub(super) async fn promised_in(
        &self,
        interaction_id: &str,
        lifecycle: CommitmentLifecycle,
    ) -> anyhow::Result<String> {
        let list = || ListCommitmentsRequest {
            filter: Some(CommitmentFilter {
                customer_ids: vec![self.customer.clone()],
                lifecycles: vec![lifecycle.into()],
                ..CommitmentFilter::default()
            }),
            page_size: 200,
            latest: true,
            ..ListCommitmentsRequest::default()
        };
        let found = async {
            loop {
                let found = self.client.call(list()).await?.commitments;
                let mut found = found.into_iter();
                if let Some(found) = found.find(|one| one.interaction_id == interaction_id) {
                    return anyhow::Ok(found.commitment_id);
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        timeout(PATIENCE, found)
            .await
            .context("nothing was promised within a minute")?
    }

    /// A call that has just ended, with one promise, and the promise's id.
    fn call_with(
        &self,
        promise: impl FnOnce(&mut CommitmentDraft),
    ) -> anyhow::Result<(Interaction, String)> {
        let corpus = Corpus::built_in()?;
        let scenario = corpus
            .scenario("appliances.delivery_late")
            .context("the scenario")?;
        let draw = Draw::of_promise(uuid::Uuid::from_u128(rand::random()));
        let caller = Caller::known(&self.customer);
        let ended = now();
        let began = ended - SignedDuration::from_secs(240);
        let mut contact = call(&corpus, &caller, scenario, &draw, began);
        contact.ended_at = stamp(ended);
        for segment in &mut contact.segments {
            segment.ended_at = segment.ended_at.take().and(stamp(ended));
        }
        let draft = contact.commitments.first_mut().context("the promise")?;
        promise(draft);
        let commitment_id = draft.commitment_id.clone();
        Ok((contact, commitment_id))
    }
}

/// Waits for an alert on a promise.
async fn alert(player: &mut Player, commitment_id: &str, rule: Rule) -> anyhow::Result<String> {
    let alert = timeout(PATIENCE, player.alert(commitment_id, rule)).await;
    alert.context("the alarm did not come within a minute")?
}

/// How many milliseconds ago an instant was.
pub(super) fn since(at: Timestamp) -> i128 {
    now().duration_since(at).as_millis()
}
