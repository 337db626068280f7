//! Which contacts are measured.

use aftercall_proto::convert::time;
use aftercall_proto::insight::v1::{ContactFact, ContactFilter, Dimension, RepeatCauseKind};
use aftercall_proto::model::v1::{Channel, Direction, DropAttribution};

use super::searched::SearchedArgs;
use crate::command::{CommandError, Session};
use crate::output::{When, past, values};

/// What contacts must fulfil. An option that repeats means any of its values.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Filters")]
pub(super) struct FilterArgs {
    /// Contacts that this agent wrapped up
    #[arg(long, value_name = "ID")]
    agent: Vec<String>,
    /// Contacts of this team
    #[arg(long, value_name = "ID")]
    team: Vec<String>,
    /// Contacts of this site
    #[arg(long, value_name = "ID")]
    site: Vec<String>,
    /// Contacts that came by this queue
    #[arg(long, value_name = "ID")]
    queue: Vec<String>,
    /// Contacts with this primary reason
    #[arg(long, value_name = "CODE")]
    reason: Vec<String>,
    /// Contacts with a primary reason of this family: `billing` of `billing.refund`
    #[arg(long, value_name = "CODE")]
    family: Vec<String>,
    /// Contacts with this wrap-up code
    #[arg(long, value_name = "CODE")]
    disposition: Vec<String>,
    /// Contacts by this channel
    #[arg(long, value_parser = values::<Channel>())]
    channel: Vec<i32>,
    /// Who reached out
    #[arg(long, value_parser = values::<Direction>())]
    direction: Vec<i32>,
    /// Contacts in this language
    #[arg(long, value_name = "TAG")]
    language: Vec<String>,
    /// Contacts on behalf of this firm
    #[arg(long, value_name = "ID")]
    client_account: Vec<String>,
    /// Contacts that came back because of this
    #[arg(long, value_parser = values::<RepeatCauseKind>())]
    cause: Vec<i32>,
    /// Contacts with this root cause, as it was said last
    #[arg(long, value_name = "CODE")]
    root_cause: Vec<String>,
    /// Contacts with this driver
    #[arg(long, value_name = "CODE")]
    driver: Vec<String>,
    /// Contacts with a driver of this family: `outage` of `outage.network`
    #[arg(long, value_name = "CODE")]
    driver_family: Vec<String>,
    /// Contacts whose last step of the voice menu this was
    #[arg(long, value_name = "STEP")]
    ivr_node: Vec<String>,
    /// Contacts with exactly this way through the voice menu: "main > bills"
    #[arg(long, value_name = "STEPS")]
    ivr_path: Vec<String>,
    /// Contacts whose loss is put down to this
    #[arg(long, value_name = "WHOM", value_parser = values::<DropAttribution>())]
    drop_attribution: Vec<i32>,
    /// Contacts that this number counts: dropped, abandoned; all that are named
    #[arg(long, value_parser = values::<ContactFact>())]
    fact: Vec<i32>,
    /// Contacts of which this is not recorded: with root_cause, those that nobody has looked into
    #[arg(long, value_parser = values::<Dimension>())]
    unset: Vec<i32>,
    /// Began at this time or later: 2026-11-22, or 30d for the last thirty days
    #[arg(long, value_name = "TIME", default_value = "30d", allow_hyphen_values = true, value_parser = past)]
    from: When,
    /// Began before this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = past)]
    before: Option<When>,
    #[command(flatten)]
    searched: SearchedArgs,
}

impl FilterArgs {
    pub(super) fn into_filter(self, session: &Session) -> Result<ContactFilter, CommandError> {
        let occurred_from = session.optional_instant(Some(&self.from))?;
        let occurred_before = session.optional_instant(self.before.as_ref())?;
        Ok(self.searched.add_to(ContactFilter {
            agent_ids: self.agent,
            team_ids: self.team,
            site_ids: self.site,
            queue_ids: self.queue,
            reason_codes: self.reason,
            reason_families: self.family,
            disposition_codes: self.disposition,
            channels: self.channel,
            directions: self.direction,
            languages: self.language,
            client_account_ids: self.client_account,
            repeat_causes: self.cause,
            root_cause_codes: self.root_cause,
            driver_codes: self.driver,
            driver_families: self.driver_family,
            ivr_nodes: self.ivr_node,
            ivr_paths: self.ivr_path,
            drop_attributions: self.drop_attribution,
            unset: self.unset,
            facts: self.fact,
            occurred_from,
            occurred_before,
            ..ContactFilter::default()
        }))
    }

    /// The same with an end: where none is said, now.
    pub(super) fn into_period(self, session: &Session) -> Result<ContactFilter, CommandError> {
        let filter = self.into_filter(session)?;
        let now = time::to_wire(session.clock.now());
        Ok(ContactFilter {
            occurred_before: filter.occurred_before.or(Some(now)),
            ..filter
        })
    }
}
