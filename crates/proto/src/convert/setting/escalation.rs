//! Who is told: escalation policies, teams and receivers.

use aftercall_domain::calendar::read_time;
use aftercall_domain::setting::{
    Delay, EscalationLevel, EscalationPolicy, EscalationStrategy, EscalationTarget, QuietHours,
    Receiver, Team, Whose,
};
use aftercall_domain::violation::Reason;
use aftercall_domain::{FieldPath, Violations};

use super::policy::{STAND_IN, open_time, optional};
use crate::convert::due::duration_to_wire;
use crate::convert::enums;
use crate::model::v1 as wire;
use crate::model::v1::escalation_level::Delay as WireDelay;
use crate::model::v1::escalation_target::Target;
use crate::model::v1::receiver::Who;

enums::closed!(EscalationStrategy { All, RoundRobin });

/// Reads an escalation policy. A stand-in is there beside each violation.
pub(super) fn read(
    policy: wire::EscalationPolicy,
    at: FieldPath<'_>,
    found: &mut Violations,
) -> EscalationPolicy {
    let wire::EscalationPolicy {
        display_name,
        levels,
        num_loops,
        catch_all_receiver_id,
        rules,
        fallback,
    } = policy;
    let levels_at = at.field("levels");
    let levels = levels.into_iter().enumerate();
    EscalationPolicy {
        display_name,
        levels: levels
            .map(|(place, one)| level(one, levels_at.index(place), found))
            .collect(),
        num_loops,
        catch_all_receiver_id,
        rules,
        fallback,
    }
}

impl From<EscalationPolicy> for wire::EscalationPolicy {
    fn from(policy: EscalationPolicy) -> Self {
        let EscalationPolicy {
            display_name,
            levels,
            num_loops,
            catch_all_receiver_id,
            rules,
            fallback,
        } = policy;
        Self {
            display_name,
            levels: levels.into_iter().map(Into::into).collect(),
            num_loops,
            catch_all_receiver_id,
            rules,
            fallback,
        }
    }
}

fn level(
    level: wire::EscalationLevel,
    at: FieldPath<'_>,
    found: &mut Violations,
) -> EscalationLevel {
    let wire::EscalationLevel {
        delay,
        targets,
        strategy,
    } = level;
    let delay = match delay {
        None => {
            let text = "has no delay; give wall or business: how long it has before the next level is told";
            found.add(at, Reason::Required, text);
            None
        }
        Some(WireDelay::Wall(delay)) => {
            optional(Some(delay), at.field("wall"), found).map(Delay::Wall)
        }
        Some(WireDelay::Business(time)) => {
            let time = open_time(time, at.field("business"), found);
            Some(Delay::Business(time))
        }
    };
    let targets_at = at.field("targets");
    let targets = targets.into_iter().enumerate();
    let targets = targets.map(|(place, one)| {
        let told = target(one, targets_at.index(place), found);
        // Of several, none is told to stand there twice.
        told.unwrap_or_else(|| EscalationTarget::Agent(format!("target {place}")))
    });
    let targets = targets.collect();
    let strategy_at = at.field("strategy");
    let told = enums::optional::<wire::EscalationStrategy>(strategy, strategy_at, found);
    EscalationLevel {
        delay: delay.unwrap_or(Delay::Wall(STAND_IN)),
        targets,
        strategy: told.unwrap_or_default(),
    }
}

impl From<EscalationLevel> for wire::EscalationLevel {
    fn from(level: EscalationLevel) -> Self {
        let EscalationLevel {
            delay,
            targets,
            strategy,
        } = level;
        Self {
            delay: Some(match delay {
                Delay::Wall(delay) => WireDelay::Wall(duration_to_wire(delay)),
                Delay::Business(time) => WireDelay::Business(time.into()),
            }),
            targets: targets.into_iter().map(Into::into).collect(),
            strategy: wire::EscalationStrategy::from(strategy).into(),
        }
    }
}

fn target(
    target: wire::EscalationTarget,
    at: FieldPath<'_>,
    found: &mut Violations,
) -> Option<EscalationTarget> {
    Some(match target.target {
        None => {
            let text = "names nobody; give one of agent_id, team_id, queue_id, receiver_id, owner, owner_team";
            found.add(at, Reason::Required, text);
            return None;
        }
        Some(Target::AgentId(id)) => EscalationTarget::Agent(id),
        Some(Target::TeamId(id)) => EscalationTarget::Team(id),
        Some(Target::QueueId(id)) => EscalationTarget::Queue(id),
        Some(Target::ReceiverId(id)) => EscalationTarget::Receiver(id),
        Some(Target::Owner(_)) => EscalationTarget::Owner,
        Some(Target::OwnerTeam(_)) => EscalationTarget::OwnerTeam,
    })
}

impl From<EscalationTarget> for wire::EscalationTarget {
    fn from(target: EscalationTarget) -> Self {
        let target = match target {
            EscalationTarget::Agent(id) => Target::AgentId(id),
            EscalationTarget::Team(id) => Target::TeamId(id),
            EscalationTarget::Queue(id) => Target::QueueId(id),
            EscalationTarget::Receiver(id) => Target::ReceiverId(id),
            EscalationTarget::Owner => Target::Owner(wire::EscalationOwner {}),
            EscalationTarget::OwnerTeam => Target::OwnerTeam(wire::EscalationOwnerTeam {}),
        };
        Self {
            target: Some(target),
        }
    }
}

impl From<wire::Team> for Team {
    fn from(team: wire::Team) -> Self {
        let wire::Team {
            display_name,
            member_ids,
            lead_ids,
            queue_ids,
            site_id,
        } = team;
        Self {
            display_name,
            member_ids,
            lead_ids,
            queue_ids,
            site_id,
        }
    }
}

impl From<Team> for wire::Team {
    fn from(team: Team) -> Self {
        let Team {
            display_name,
            member_ids,
            lead_ids,
            queue_ids,
            site_id,
        } = team;
        Self {
            display_name,
            member_ids,
            lead_ids,
            queue_ids,
            site_id,
        }
    }
}

/// Reads a receiver. What can't be read is left out beside its violation.
pub(super) fn read_receiver(
    receiver: wire::Receiver,
    at: FieldPath<'_>,
    found: &mut Violations,
) -> Receiver {
    let wire::Receiver {
        display_name,
        who,
        mail_address,
        webhook_id,
        language,
        time_zone,
        quiet_hours,
        budget_per_hour,
        personal_allowed,
    } = receiver;
    Receiver {
        display_name,
        whose: who.map(|who| match who {
            Who::AgentId(id) => Whose::Agent(id),
            Who::TeamId(id) => Whose::Team(id),
        }),
        mail_address,
        webhook_id,
        language,
        time_zone,
        quiet_hours: quiet_hours.and_then(|hours| quiet(&hours, at.field("quiet_hours"), found)),
        budget_per_hour,
        personal_allowed,
    }
}

impl From<Receiver> for wire::Receiver {
    fn from(receiver: Receiver) -> Self {
        let Receiver {
            display_name,
            whose,
            mail_address,
            webhook_id,
            language,
            time_zone,
            quiet_hours,
            budget_per_hour,
            personal_allowed,
        } = receiver;
        Self {
            display_name,
            who: whose.map(|whose| match whose {
                Whose::Agent(id) => Who::AgentId(id),
                Whose::Team(id) => Who::TeamId(id),
            }),
            mail_address,
            webhook_id,
            language,
            time_zone,
            quiet_hours: quiet_hours.map(|QuietHours { begins, ends }| wire::QuietHours {
                begins: begins.to_string(),
                ends: ends.to_string(),
            }),
            budget_per_hour,
            personal_allowed,
        }
    }
}

fn quiet(
    hours: &wire::QuietHours,
    at: FieldPath<'_>,
    found: &mut Violations,
) -> Option<QuietHours> {
    let begins = read_time(at.field("begins"), &hours.begins, found);
    let ends = read_time(at.field("ends"), &hours.ends, found);
    Some(QuietHours {
        begins: begins?,
        ends: ends?,
    })
}
