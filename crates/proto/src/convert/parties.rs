//! Who has a part in a record, as messages of the API and of events say it.

use aftercall_domain::{Parties, Party};
use prost::Message;

use crate::model::v1 as wire;
use crate::model::v1::owner::Owner;

/// Those who have a part in a contact: whoever wrapped it up, and the agents of its segments, each with
/// team and site.
pub fn of_contact(contact: &wire::Interaction) -> impl Iterator<Item = Party<'_>> + Clone {
    of_wrap_up(contact).chain(of_segments(&contact.segments))
}

/// Whoever wrapped a contact up, with team and site.
pub fn of_wrap_up(contact: &wire::Interaction) -> impl Iterator<Item = Party<'_>> + Clone {
    let own = [
        Party::Agent(&contact.agent_id),
        Party::Team(&contact.team_id),
        Party::Site(&contact.site_id),
    ];
    own.into_iter().filter(|party| party.is_named())
}

/// Those who have a part in segments.
pub fn of_segments(segments: &[wire::Segment]) -> impl Iterator<Item = Party<'_>> + Clone {
    let parties = segments.iter().flat_map(|segment| {
        [
            Party::Agent(&segment.agent_id),
            Party::Team(&segment.team_id),
            Party::Site(&segment.site_id),
        ]
    });
    parties.filter(|party| party.is_named())
}

/// Those who have a part in a promise, as [`Commitment::parties`] says them.
///
/// [`Commitment::parties`]: aftercall_domain::commitment::Commitment::parties
pub fn of_promise(promise: &wire::Commitment) -> impl Iterator<Item = Party<'_>> {
    let owner = promise
        .owner
        .as_ref()
        .and_then(|owner| owner.owner.as_ref());
    let owner = match owner {
        Some(Owner::AgentId(id)) => Party::Agent(id),
        Some(Owner::QueueId(_)) | None => Party::Agent(""),
    };
    let parties = [
        owner,
        Party::Agent(&promise.made_by_agent_id),
        Party::Team(&promise.owner_team_id),
        Party::Team(&promise.team_id),
        Party::Site(&promise.site_id),
    ];
    parties.into_iter().filter(|party| party.is_named())
}

/// Parties as views keep them.
#[derive(Clone, PartialEq, Message)]
pub struct PartiesRow {
    #[prost(string, repeated, tag = "1")]
    agents: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    teams: Vec<String>,
    #[prost(string, repeated, tag = "3")]
    sites: Vec<String>,
}

impl PartiesRow {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = Party<'_>> {
        let agents = self.agents.iter().map(|id| Party::Agent(id));
        let teams = self.teams.iter().map(|id| Party::Team(id));
        let sites = self.sites.iter().map(|id| Party::Site(id));
        agents.chain(teams).chain(sites)
    }
}

impl From<Parties> for PartiesRow {
    fn from(parties: Parties) -> Self {
        let Parties {
            agents,
            teams,
            sites,
        } = parties;
        Self {
            agents: agents.into_iter().collect(),
            teams: teams.into_iter().collect(),
            sites: sites.into_iter().collect(),
        }
    }
}

impl From<PartiesRow> for Parties {
    fn from(row: PartiesRow) -> Self {
        let PartiesRow {
            agents,
            teams,
            sites,
        } = row;
        Self {
            agents: agents.into_iter().collect(),
            teams: teams.into_iter().collect(),
            sites: sites.into_iter().collect(),
        }
    }
}
