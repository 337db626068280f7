//! The table of states, which replays what was done to a solution and refuses what could not be, and who could not.

use std::collections::{BTreeMap, BTreeSet};

use aftercall_proto::model::v1::VersionState::{
    Approved, Draft, InReview, Merged, Published, Recalled, Retired, Superseded,
};
use aftercall_proto::model::v1::{SolutionChange, SolutionChangeKind as Kind, VersionState};

/// What somebody may by a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum May {
    Contribute,
    Publish,
    Recall,
    Comply,
}

/// Whether somebody may, of the people who race.
fn may(actor: &str, what: May) -> bool {
    let names: &[&str] = match what {
        May::Contribute => &["kim", "ann", "bob", "dora"],
        May::Publish => &["kim", "ann"],
        May::Recall => &["kim", "cleo", "dora"],
        May::Comply => &["kim", "cleo"],
    };
    names.contains(&actor)
}

/// A version as the table has it.
#[derive(Debug, Clone, Default)]
struct Version {
    /// Everybody who wrote in it.
    editors: BTreeSet<String>,
    /// Who handed it in.
    submitted_by: String,
    /// Whether it says that law governs it.
    is_strict: bool,
    /// Whether it was approved as that asks for.
    is_approved_strictly: bool,
}

/// What follows from all that was done to a solution.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) states: BTreeMap<u32, VersionState>,
    versions: BTreeMap<u32, Version>,
    /// The versions that somebody approved, or whose words somebody had.
    approved: BTreeSet<u32>,
    /// The version that was live last.
    shown: u32,
    ends: Vec<VersionState>,
}

impl Table {
    /// Replays the changes of a solution whose first version was begun as law governs it, or was not.
    pub(crate) fn of(changes: &[SolutionChange], is_strict: bool) -> Self {
        let mut table = Self::default();
        // What a first version takes over.
        let first = Version {
            is_strict,
            ..Version::default()
        };
        table.versions.insert(0, first);
        for (at, change) in changes.iter().enumerate() {
            let place = at as u64 + 1;
            assert_eq!(change.sequence, place, "a place is taken twice or missing");
            let before = table.has(Published);
            table.take(change);
            let ends = matches!(change.kind(), Kind::Retired | Kind::Merged | Kind::Recalled);
            let after = table.has(Published);
            assert!(
                before.is_none() || after.is_some() || ends,
                "none is live after {change:?}"
            );
            assert!(
                table
                    .states
                    .values()
                    .filter(|one| **one == Published)
                    .count()
                    <= 1
            );
        }
        table
    }

    fn has(&self, state: VersionState) -> Option<u32> {
        let mut found = self.states.iter().filter(|(_, one)| **one == state);
        found.next().map(|(version, _)| *version)
    }

    /// The version that was live when the solution ended in this way.
    fn ended(&self, end: VersionState) -> Option<u32> {
        let mut ended = self.states.iter().rev();
        let was_live = |(version, state): &(&u32, &VersionState)| {
            **state == end && self.approved.contains(version)
        };
        ended.find(was_live).map(|(version, _)| *version)
    }

    /// Whether law governs a version, or what was live last.
    fn is_strict(&self, version: u32) -> bool {
        let strict = |version: u32| self.versions.get(&version).is_some_and(|one| one.is_strict);
        strict(version) || (self.shown > 0 && strict(self.shown))
    }

    fn wrote(&self, change: &SolutionChange) -> bool {
        self.versions[&change.version]
            .editors
            .contains(&change.actor_id)
    }

    fn version(&mut self, version: u32) -> &mut Version {
        self.versions.entry(version).or_default()
    }

    fn take(&mut self, change: &SolutionChange) {
        let version = change.version;
        let is = self.states.get(&version).copied();
        let by = |what: May| assert!(may(&change.actor_id, what), "{what:?}: {change:?}");
        match change.kind() {
            Kind::Drafted => self.draft(change),
            Kind::Edited => self.edit(change),
            Kind::Submitted => {
                assert!(is == Some(Draft) && self.wrote(change), "{change:?}");
                self.version(version).submitted_by = change.actor_id.clone();
                self.states.insert(version, InReview);
            }
            Kind::ChangesRequested | Kind::TakenBack => {
                assert!(matches!(is, Some(InReview | Approved)));
                assert!(change.kind() != Kind::TakenBack || self.wrote(change));
                self.version(version).submitted_by.clear();
                self.approved.remove(&version);
                self.states.insert(version, Draft);
            }
            Kind::Discarded => {
                assert!(matches!(is, Some(Draft | InReview | Approved)));
                assert!(self.wrote(change) || may(&change.actor_id, May::Contribute));
                self.approved.remove(&version);
                self.states.insert(version, Retired);
            }
            Kind::Approved => self.approve(change),
            Kind::Published => {
                assert_eq!(is, Some(Approved));
                by(self.rule(version, May::Contribute));
                let is_approved = self.versions[&version].is_approved_strictly;
                assert!(is_approved || !self.is_strict(version), "{change:?}");
                self.publish(version, version);
            }
            Kind::RolledBack => {
                by(self.rule(change.other_version, May::Publish));
                self.roll_back(version, change.other_version);
            }
            Kind::Recalled => {
                by(May::Recall);
                self.recall(version);
            }
            Kind::Retired => {
                by(May::Publish);
                self.end(Retired);
            }
            Kind::Merged => {
                by(May::Publish);
                self.end(Merged);
            }
            Kind::Unmerged | Kind::Restored => {
                let needed = match change.kind() {
                    Kind::Restored => self.rule(version, May::Publish),
                    _ => May::Publish,
                };
                by(needed);
                self.revive();
            }
            // What somebody thinks of a version moves none.
            Kind::Verified => {
                assert_eq!(is, Some(Published));
                let by_experience = !self.is_strict(version);
                let contributes = may(&change.actor_id, May::Contribute);
                assert!(may(&change.actor_id, May::Comply) || (contributes && by_experience));
            }
            Kind::FlagResolved => by(May::Contribute),
            Kind::Flagged => {}
            // Nobody vouches for anything, and nothing is used.
            Kind::ConfidenceChanged | Kind::Unspecified => panic!("{change:?}"),
        }
    }

    /// What is needed for a version: of what law governs its officer.
    fn rule(&self, version: u32, by_experience: May) -> May {
        match self.is_strict(version) {
            true => May::Comply,
            false => by_experience,
        }
    }

    fn draft(&mut self, change: &SolutionChange) {
        let open = [Draft, InReview, Approved].map(|state| self.has(state));
        assert!(open.iter().all(Option::is_none) && self.ends.is_empty());
        let draft = Version {
            editors: BTreeSet::from([change.actor_id.clone()]),
            is_strict: self.versions[&change.other_version].is_strict,
            ..Version::default()
        };
        self.versions.insert(change.version, draft);
        self.states.insert(change.version, Draft);
    }

    fn edit(&mut self, change: &SolutionChange) {
        assert_eq!(self.states[&change.version], Draft);
        assert!(self.wrote(change) || may(&change.actor_id, May::Contribute));
        let mut changed = change.changed_fields.iter();
        let is_other = changed.any(|field| field == "governance");
        let one = self.version(change.version);
        one.editors.insert(change.actor_id.clone());
        one.is_strict ^= is_other;
    }

    fn approve(&mut self, change: &SolutionChange) {
        let version = change.version;
        assert!(matches!(self.states[&version], Draft | InReview));
        let is_strict = self.is_strict(version);
        let needed = self.rule(version, May::Contribute);
        assert!(may(&change.actor_id, needed), "{needed:?}: {change:?}");
        let submitted = self.versions[&version].submitted_by == change.actor_id;
        let is_own = submitted || self.wrote(change);
        assert!(!(is_strict && is_own), "one pair of eyes: {change:?}");
        self.version(version).is_approved_strictly = is_strict;
        self.approved.insert(version);
        self.states.insert(version, Approved);
    }

    fn publish(&mut self, version: u32, words_of: u32) {
        let approved = self.approved.contains(&words_of);
        assert!(approved, "{words_of} was approved by nobody");
        self.approved.insert(version);
        if let Some(before) = self.has(Published) {
            self.states.insert(before, Superseded);
        }
        self.shown = version;
        self.states.insert(version, Published);
    }

    fn roll_back(&mut self, version: u32, to: u32) {
        assert_eq!(self.states[&to], Superseded);
        let copy = self.versions[&to].clone();
        self.versions.insert(version, copy);
        self.publish(version, to);
    }

    fn recall(&mut self, version: u32) {
        // Of one that was recalled more may be said.
        let is = self.states[&version];
        let was_live = matches!(is, Retired | Merged) && self.approved.contains(&version);
        assert!(was_live || matches!(is, Published | Superseded | Recalled));
        self.states.insert(version, Recalled);
    }

    fn end(&mut self, end: VersionState) {
        let before = self.ends.last().copied().unwrap_or(Published);
        if let Some(live) = self.ended(before) {
            self.states.insert(live, end);
        }
        self.ends.push(end);
    }

    fn revive(&mut self) {
        let end = self.ends.pop().expect("it had ended");
        let back = self.ends.last().copied().unwrap_or(Published);
        if let Some(ended) = self.ended(end) {
            self.states.insert(ended, back);
        }
    }
}
