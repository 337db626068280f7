//! The commands by which a house is set up.

use clap::Subcommand;

use super::{Asking, Ending, finish};
use crate::command::{events, settings, webhooks};

/// What a tenant sets up: each kind of settings by commands of its own.
#[derive(Debug, Subcommand)]
pub(super) enum SettingUp {
    /// Calendars: when the house is open
    #[command(after_help = settings::example(settings::CALENDAR))]
    Calendars {
        #[command(subcommand)]
        command: settings::calendars::Calendars,
        #[command(flatten)]
        asking: Asking,
    },
    /// Follow-up policies: by when promises are to be done, who is warned, and what counts as done
    #[command(after_help = settings::example(settings::POLICY))]
    Policies {
        #[command(subcommand)]
        command: settings::policies::Policies,
        #[command(flatten)]
        asking: Asking,
    },
    /// Escalation policies: whom an alert is told to, level after level
    #[command(after_help = settings::example(settings::ESCALATION))]
    Escalations {
        #[command(subcommand)]
        command: settings::Managing,
        #[command(flatten)]
        asking: Asking,
    },
    /// Teams: who works together, and on which queues
    #[command(after_help = settings::example(settings::TEAM))]
    Teams {
        #[command(subcommand)]
        command: settings::Managing,
        #[command(flatten)]
        asking: Asking,
    },
    /// Taxonomies: why customers call, what drives it, and what the root cause was
    #[command(after_help = settings::example(settings::TAXONOMY))]
    Taxonomies {
        #[command(subcommand)]
        command: settings::taxonomies::Taxonomies,
        #[command(flatten)]
        asking: Asking,
    },
    /// Call policies: by what calls are taken to be lost, to have settled and to be over
    #[command(after_help = settings::example(settings::CALL_POLICY))]
    CallPolicies {
        #[command(subcommand)]
        command: settings::Managing,
        #[command(flatten)]
        asking: Asking,
    },
    /// Synonyms: words that stand for each other when solutions are searched for
    #[command(after_help = settings::example(settings::SYNONYMS))]
    Synonyms {
        #[command(subcommand)]
        command: settings::Managing,
        #[command(flatten)]
        asking: Asking,
    },
    /// Receivers: people and systems that are told of alerts, and how
    #[command(after_help = settings::example(settings::RECEIVER))]
    Receivers {
        #[command(subcommand)]
        command: settings::receivers::Receivers,
        #[command(flatten)]
        asking: Asking,
    },
    /// Silences: times in which some alerts are not told
    #[command(after_help = settings::example(settings::SILENCE))]
    Silences {
        #[command(subcommand)]
        command: settings::silences::Silences,
        #[command(flatten)]
        asking: Asking,
    },
    /// Webhooks: other systems that are told of what happens
    Webhooks {
        #[command(subcommand)]
        command: webhooks::Webhooks,
        #[command(flatten)]
        asking: Asking,
    },
    /// Events: everything that changes, as it is recorded
    Events {
        #[command(subcommand)]
        command: events::Events,
        #[command(flatten)]
        asking: Asking,
    },
}

impl SettingUp {
    /// Does what a command says.
    pub(super) async fn ask(self) -> Result<(), Ending> {
        match self {
            Self::Events { command, asking } => {
                let session = &mut asking.session().await?;
                finish(events::run(session, command).await, session)
            }
            Self::Calendars { command, asking } => {
                let session = &mut asking.session().await?;
                finish(settings::calendars::run(session, command).await, session)
            }
            Self::Policies { command, asking } => {
                let session = &mut asking.session().await?;
                finish(settings::policies::run(session, command).await, session)
            }
            Self::Escalations { command, asking } => {
                let session = &mut asking.session().await?;
                finish(settings::escalations(session, command).await, session)
            }
            Self::Teams { command, asking } => {
                let session = &mut asking.session().await?;
                finish(settings::teams(session, command).await, session)
            }
            Self::Taxonomies { command, asking } => {
                let session = &mut asking.session().await?;
                finish(settings::taxonomies::run(session, command).await, session)
            }
            Self::CallPolicies { command, asking } => {
                let session = &mut asking.session().await?;
                finish(
                    settings::call_policies::run(session, command).await,
                    session,
                )
            }
            Self::Synonyms { command, asking } => {
                let session = &mut asking.session().await?;
                finish(settings::synonyms::run(session, command).await, session)
            }
            Self::Receivers { command, asking } => {
                let session = &mut asking.session().await?;
                finish(settings::receivers::run(session, command).await, session)
            }
            Self::Silences { command, asking } => {
                let session = &mut asking.session().await?;
                finish(settings::silences::run(session, command).await, session)
            }
            Self::Webhooks { command, asking } => {
                let session = &mut asking.session().await?;
                finish(webhooks::run(session, command).await, session)
            }
        }
    }
}
