//! `escalations`: whom an alert is told to, level after level.

use aftercall_proto::model::v1::escalation_level::Delay;
use aftercall_proto::model::v1::escalation_target::Target;
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{
    EscalationLevel, EscalationPolicy, EscalationStrategy, EscalationTarget, SettingKind,
};

use super::policies::open;
use super::{Kind, Showing, span};
use crate::output::{Card, Cell, Column};

/// An escalation policy as `escalations set` takes it.
pub(super) const EXAMPLE: &str = r#"{"levels": [
  {"wall": "300s", "targets": [{"owner": {}}]},
  {"wall": "900s", "targets": [{"teamId": "billing"}]},
  {"wall": "1800s", "targets": [{"agentId": "j.doe"}, {"receiverId": "duty"}]}],
 "numLoops": 1, "catchAllReceiverId": "duty", "fallback": true}"#;

impl Kind for EscalationPolicy {
    const KIND: SettingKind = SettingKind::EscalationPolicy;
    const ONE: &'static str = "escalation";
    const MANY: &'static str = "escalation policies";

    fn of(body: Body) -> Option<Self> {
        match body {
            Body::EscalationPolicy(policy) => Some(policy),
            _ => None,
        }
    }

    fn body(self) -> Body {
        Body::EscalationPolicy(self)
    }

    fn name(&self) -> &str {
        &self.display_name
    }

    fn columns() -> Vec<Column> {
        vec![
            Column::number("levels"),
            Column::words("first told"),
            Column::narrows("at the end"),
        ]
    }

    fn cells(&self, _: &Showing) -> Vec<Cell> {
        let first = self.levels.first();
        vec![
            Cell::from(self.levels.len().to_string()),
            Cell::from(first.map_or_else(String::new, targets)),
            Cell::from(&self.catch_all_receiver_id),
        ]
    }

    fn describe(&self, card: &mut Card, _: &Showing) {
        for (place, level) in self.levels.iter().enumerate() {
            let delay = match &level.delay {
                None => String::new(),
                Some(Delay::Wall(delay)) => span(Some(delay)),
                Some(Delay::Business(time)) => open(time),
            };
            let told = targets(level);
            card.field("levels", format!("{}  {told}, for {delay}", place + 1));
        }
        let loops = match self.num_loops {
            0 => String::new(),
            1 => "once".to_owned(),
            times => format!("{times} times"),
        };
        let fallback = match self.fallback {
            true => "for all alerts for which no escalation policy is named",
            false => "",
        };
        card.field("begins anew", loops)
            .field("at the end", &self.catch_all_receiver_id)
            .field("also for", self.rules.join(", "))
            .field("fallback", fallback);
    }
}

fn targets(level: &EscalationLevel) -> String {
    let names = level.targets.iter().map(target).collect::<Vec<_>>();
    let joint = match level.strategy() {
        EscalationStrategy::RoundRobin => " or ",
        EscalationStrategy::Unspecified | EscalationStrategy::All => ", ",
    };
    names.join(joint)
}

fn target(target: &EscalationTarget) -> String {
    match &target.target {
        None => String::new(),
        Some(Target::AgentId(id)) => format!("agent {id}"),
        Some(Target::TeamId(id)) => format!("team {id}"),
        Some(Target::QueueId(id)) => format!("queue {id}"),
        Some(Target::ReceiverId(id)) => format!("receiver {id}"),
        Some(Target::Owner(_)) => "the owner".to_owned(),
        Some(Target::OwnerTeam(_)) => "the owner's team".to_owned(),
    }
}
