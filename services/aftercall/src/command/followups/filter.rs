//! Which promises a command is about, by what they have in common.

use aftercall_proto::followups::v1::CommitmentFilter;
use aftercall_proto::model::v1::{
    CommitmentKind, CommitmentLifecycle, CommitmentOutcome, Priority, Timeliness,
};

use crate::command::{CommandError, Session};
use crate::output::{When, values};

/// Which promises.
#[derive(Debug, clap::Args)]
pub(crate) struct FilterArgs {
    /// Promises to this customer
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// Promises to whoever has this number, address or name in a chat, in any usual spelling
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    handle: Option<String>,
    /// Promises that this agent keeps
    #[arg(long, value_name = "ID")]
    agent: Option<String>,
    /// Promises that this queue keeps
    #[arg(long, value_name = "ID")]
    queue: Option<String>,
    /// Steps of this plan, in their order, open and closed ones
    #[arg(long, value_name = "ID")]
    plan: Option<String>,
    /// Promises of this series, by the id of its first one, open and closed ones
    #[arg(long, value_name = "COMMITMENT")]
    series: Option<String>,
    /// Promises that you keep, or are asked to keep
    #[arg(long)]
    mine: bool,
    /// Promises made by an agent of this team
    #[arg(long, value_name = "ID")]
    team: Option<String>,
    /// Promises kept in this team
    #[arg(long, value_name = "ID")]
    owner_team: Option<String>,
    /// What sort of promise
    #[arg(long, value_parser = values::<CommitmentKind>())]
    kind: Option<i32>,
    /// How urgent
    #[arg(long, value_parser = values::<Priority>())]
    priority: Option<i32>,
    /// Open, or how closed; `active` and `paused` unless --outcome, --plan, --series or
    /// --all is given
    #[arg(long, value_parser = values::<CommitmentLifecycle>())]
    state: Option<i32>,
    /// Open and closed ones
    #[arg(long, conflicts_with = "state")]
    all: bool,
    /// Late or not
    #[arg(long, value_parser = values::<Timeliness>())]
    timeliness: Option<i32>,
    /// What became of it
    #[arg(long, value_parser = values::<CommitmentOutcome>())]
    outcome: Option<i32>,
    /// Due at this time or later
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    due_from: Option<When>,
    /// Due before this time: `1d` for what is due within a day
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    due_before: Option<When>,
    /// Due today, in your time zone; what is overdue is not today's
    #[arg(long, conflicts_with_all = ["due_from", "due_before"])]
    today: bool,
}

impl FilterArgs {
    /// Whether a plan is asked for.
    pub(super) const fn is_plan(&self) -> bool {
        self.plan.is_some()
    }

    /// The filter as requests say it.
    pub(crate) fn read(self, session: &Session) -> Result<CommitmentFilter, CommandError> {
        let whole = self.plan.is_some() || self.series.is_some();
        let everything = self.all || self.outcome.is_some() || whole;
        let lifecycles = match self.state {
            Some(state) => vec![state],
            None if everything => Vec::new(),
            None => vec![
                CommitmentLifecycle::Active.into(),
                CommitmentLifecycle::Paused.into(),
            ],
        };
        let now = session.clock.now();
        let today = self.today.then(|| session.output.times().day(now));
        Ok(CommitmentFilter {
            customer_ids: self.customer.into_iter().collect(),
            handles: self.handle.into_iter().collect(),
            owner_agent_ids: self.agent.into_iter().collect(),
            owner_queue_ids: self.queue.into_iter().collect(),
            owner_team_ids: self.owner_team.into_iter().collect(),
            team_ids: self.team.into_iter().collect(),
            kinds: self.kind.into_iter().collect(),
            priorities: self.priority.into_iter().collect(),
            lifecycles,
            mine: self.mine,
            plan_ids: self.plan.into_iter().collect(),
            series_ids: self.series.into_iter().collect(),
            due_on: today,
            timeliness: self.timeliness.into_iter().collect(),
            outcomes: self.outcome.into_iter().collect(),
            due_from: session.optional_instant(self.due_from.as_ref())?,
            due_before: session.optional_instant(self.due_before.as_ref())?,
            ..Default::default()
        })
    }
}
