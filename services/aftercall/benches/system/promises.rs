//! Contacts with a promise each, recorded in bulk.

use std::sync::Arc;

use aftercall_client::Client;
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::warn_stage::Basis;
use aftercall_proto::model::v1::{Channel, Direction, ReasonResolution};
use aftercall_proto::model::v1::{
    CommitmentDraft, CommitmentKind, ContactReason, Customer, Disposition, FollowUpPolicy,
    Handling, Interaction, PromiseFilter, Setting, WarnStage,
};
use aftercall_proto::recorder::v1::RecordInteractionsRequest;
use aftercall_proto::settings::v1::{ChangeSettingsRequest, SettingChange};
use jiff::{SignedDuration, Timestamp};

use crate::load;
use crate::message::{customer_id, interaction_id};
use crate::server::Server;
use crate::stream;

/// What is promised, and when the first is due.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Promised {
    pub(crate) kind: CommitmentKind,
    pub(crate) first_due: Timestamp,
    /// How long after the one before each is due.
    pub(crate) apart: SignedDuration,
}

/// A policy that warns twice of each call-back.
pub(crate) async fn create_policy(client: &Client) -> anyhow::Result<()> {
    let stage = |id: &str, percent| WarnStage {
        stage_id: id.to_owned(),
        basis: Some(Basis::PercentElapsed(percent)),
    };
    let policy = FollowUpPolicy {
        applies_to: Some(PromiseFilter {
            kinds: vec![CommitmentKind::CallBack.into()],
            ..PromiseFilter::default()
        }),
        promise_stages: vec![stage("half", 50), stage("most", 75)],
        ..FollowUpPolicy::default()
    };
    let setting = Setting {
        setting_id: "calls".to_owned(),
        body: Some(Body::FollowUpPolicy(policy)),
        ..Setting::default()
    };
    let request = ChangeSettingsRequest {
        changes: vec![SettingChange {
            setting: Some(setting),
            expected_version: None,
        }],
        ..ChangeSettingsRequest::default()
    };
    client.call(request).await?;
    Ok(())
}

/// Records `count` contacts, numbered from `first`, over one stream for each connection.
pub(crate) async fn fill(
    server: &Server,
    (first, count): (u64, u64),
    promised: Promised,
) -> anyhow::Result<()> {
    let clients = load::connect(&server.grpc).await?;
    let now = Timestamp::now();
    let contact = Arc::new(move |number: u64| contact(number, number - first, promised, now));
    let lanes = clients.len() as u64;
    let mut streams = tokio::task::JoinSet::new();
    for (lane, client) in (0..).zip(clients) {
        let contact = Arc::clone(&contact);
        // In turn, so that what is due first is recorded first.
        let numbers = (first + lane..first + count).step_by(lanes as usize);
        streams.spawn(stream::record_each(
            client,
            numbers.map(move |number| contact(number)),
            Arc::default(),
        ));
    }
    while let Some(done) = streams.join_next().await {
        done??;
    }
    Ok(())
}

fn contact(
    number: u64,
    place: u64,
    promised: Promised,
    now: Timestamp,
) -> RecordInteractionsRequest {
    let apart = promised.apart.as_nanos() * i128::from(place);
    let due = promised.first_due + SignedDuration::from_nanos_i128(apart);
    let stamp = |at: Timestamp| {
        Some(pbjson_types::Timestamp {
            seconds: at.as_second(),
            nanos: at.subsec_nanosecond(),
        })
    };
    let interaction = Interaction {
        interaction_id: interaction_id(number),
        channel: Channel::Voice.into(),
        direction: Direction::Inbound.into(),
        customer: Some(Customer {
            customer_id: customer_id(number),
            ..Customer::default()
        }),
        agent_id: format!("agent-{:03}", number % 400),
        team_id: format!("team-{:02}", number % 24),
        occurred_at: stamp(now - SignedDuration::from_mins(5)),
        contact_reasons: vec![ContactReason {
            code: "billing.double_charge".to_owned(),
            primary: true,
            resolution: ReasonResolution::NotResolved.into(),
            ..ContactReason::default()
        }],
        handling: Some(Handling {
            summary: "Charged twice. Asked the bank for the trace.".to_owned(),
            ..Handling::default()
        }),
        disposition: Some(Disposition {
            code: "follow_up".to_owned(),
            ..Disposition::default()
        }),
        commitments: vec![CommitmentDraft {
            kind: promised.kind.into(),
            promise_text: "We call you back within the day.".to_owned(),
            told_to_customer: true,
            promised_by: stamp(due),
            ..CommitmentDraft::default()
        }],
        ..Interaction::default()
    };
    stream::request(interaction)
}
