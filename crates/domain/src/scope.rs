//! Whose records somebody reads within a tenant.
//!
//! A record has parties: the agents, teams and sites that had a part in it. A scope is all of a tenant,
//! or the records of which certain parties are among them. What lies outside of somebody's scope is not
//! there for them.

use std::collections::BTreeSet;
use std::sync::Arc;

/// Somebody who has a part in a record. None with an empty id has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party<'a> {
    /// A person.
    Agent(&'a str),
    /// A team.
    Team(&'a str),
    /// A site: teams at one place.
    Site(&'a str),
}

impl<'a> Party<'a> {
    /// The party's id.
    pub const fn id(self) -> &'a str {
        match self {
            Self::Agent(id) | Self::Team(id) | Self::Site(id) => id,
        }
    }

    /// A number for the sort of party, for keys: it never changes.
    pub const fn sort(self) -> u32 {
        match self {
            Self::Agent(_) => 1,
            Self::Team(_) => 2,
            Self::Site(_) => 3,
        }
    }

    /// Whether it says anybody.
    pub const fn is_named(self) -> bool {
        !self.id().is_empty()
    }
}

/// Parties, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Parties {
    /// Persons, by the ids that records name them by.
    pub agents: BTreeSet<String>,
    /// Teams.
    pub teams: BTreeSet<String>,
    /// Sites.
    pub sites: BTreeSet<String>,
}

impl Parties {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = Party<'_>> {
        let agents = self.agents.iter().map(|id| Party::Agent(id));
        let teams = self.teams.iter().map(|id| Party::Team(id));
        let sites = self.sites.iter().map(|id| Party::Site(id));
        agents.chain(teams).chain(sites)
    }

    /// Whether somebody is one of them.
    pub fn contains(&self, party: Party<'_>) -> bool {
        match party {
            Party::Agent(id) => self.agents.contains(id),
            Party::Team(id) => self.teams.contains(id),
            Party::Site(id) => self.sites.contains(id),
        }
    }
}

impl<'a> FromIterator<Party<'a>> for Parties {
    fn from_iter<I: IntoIterator<Item = Party<'a>>>(parties: I) -> Self {
        let mut all = Self::default();
        for party in parties.into_iter().filter(|party| party.is_named()) {
            let (ids, id) = match party {
                Party::Agent(id) => (&mut all.agents, id),
                Party::Team(id) => (&mut all.teams, id),
                Party::Site(id) => (&mut all.sites, id),
            };
            if !ids.contains(id) {
                ids.insert(id.to_owned());
            }
        }
        all
    }
}

/// Whose records somebody reads. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All of the tenant's.
    All,
    /// Those in which one of these has a part.
    Of(Arc<Parties>),
}

impl Scope {
    /// The records in which one of `parties` has a part.
    pub fn of<'a>(parties: impl IntoIterator<Item = Party<'a>>) -> Self {
        Self::Of(Arc::new(parties.into_iter().collect()))
    }

    /// Whether it is all of the tenant.
    pub const fn is_all(&self) -> bool {
        matches!(self, Self::All)
    }

    /// Whether a record of these parties lies within it.
    pub fn admits<'a>(&self, parties: impl IntoIterator<Item = Party<'a>>) -> bool {
        match self {
            Self::All => true,
            Self::Of(own) => parties.into_iter().any(|party| own.contains(party)),
        }
    }

    /// The parties whose records it is; none if it is all of the tenant.
    pub fn parties(&self) -> Option<&Parties> {
        match self {
            Self::All => None,
            Self::Of(own) => Some(own),
        }
    }

    /// What tells it from any other, for page tokens.
    pub fn fingerprint(&self) -> Vec<u8> {
        let mut said = Vec::new();
        for party in self.parties().iter().flat_map(|own| own.iter()) {
            said.extend(party.sort().to_be_bytes());
            said.extend((party.id().len() as u64).to_be_bytes());
            said.extend(party.id().as_bytes());
        }
        said.push(u8::from(self.is_all()));
        said
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn party(sort: u8, id: &str) -> Party<'_> {
        match sort {
            0 => Party::Agent(id),
            1 => Party::Team(id),
            _ => Party::Site(id),
        }
    }

    fn some() -> impl Strategy<Value = Vec<(u8, String)>> {
        prop::collection::vec((0..3_u8, "[ab]{0,2}"), 0..5)
    }

    fn each(parties: &[(u8, String)]) -> impl Iterator<Item = Party<'_>> + Clone {
        parties.iter().map(|(sort, id)| party(*sort, id))
    }

    proptest! {
        #[test]
        fn a_record_is_within_if_and_only_if_one_of_its_parties_is(own in some(), of in some()) {
            let scope = Scope::of(each(&own));
            let shared = each(&of).filter(|one| one.is_named()).any(|one| each(&own).any(|it| it == one));
            prop_assert_eq!(scope.admits(each(&of)), shared);
            prop_assert!(Scope::All.admits(each(&of)));
        }

        #[test]
        fn scopes_are_told_apart(one in some(), other in some()) {
            let (one, other) = (Scope::of(each(&one)), Scope::of(each(&other)));
            prop_assert_eq!(one.fingerprint() == other.fingerprint(), one == other);
            prop_assert_ne!(one.fingerprint(), Scope::All.fingerprint());
        }
    }
}
