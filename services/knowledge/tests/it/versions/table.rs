//! The table of states, which replays what was done to a solution and refuses what could not be.

use std::collections::{BTreeMap, BTreeSet};

use aftercall_proto::model::v1::VersionState::{
    Approved, Draft, InReview, Merged, Published, Retired, Superseded,
};
use aftercall_proto::model::v1::{SolutionChange, SolutionChangeKind as Kind, VersionState};

/// What follows from all that was done to a solution.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) states: BTreeMap<u32, VersionState>,
    /// The versions that somebody approved, or whose words somebody had.
    approved: BTreeSet<u32>,
    ends: Vec<VersionState>,
}

impl Table {
    /// Replays the changes.
    pub(crate) fn of(changes: &[SolutionChange]) -> Self {
        let mut table = Self::default();
        for (at, change) in changes.iter().enumerate() {
            let place = at as u64 + 1;
            assert_eq!(change.sequence, place, "a place is taken twice or missing");
            let before = table.has(Published);
            table.take(change);
            let ends = matches!(change.kind(), Kind::Retired | Kind::Merged);
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

    fn take(&mut self, change: &SolutionChange) {
        let version = change.version;
        let is = self.states.get(&version).copied();
        match change.kind() {
            Kind::Drafted => {
                let open = [Draft, InReview, Approved].map(|state| self.has(state));
                assert!(open.iter().all(Option::is_none) && self.ends.is_empty());
                self.states.insert(version, Draft);
            }
            Kind::Edited => assert_eq!(is, Some(Draft)),
            Kind::Submitted => {
                assert_eq!(is, Some(Draft));
                self.states.insert(version, InReview);
            }
            Kind::ChangesRequested | Kind::TakenBack => {
                assert!(matches!(is, Some(InReview | Approved)));
                self.approved.remove(&version);
                self.states.insert(version, Draft);
            }
            Kind::Discarded => {
                assert!(matches!(is, Some(Draft | InReview | Approved)));
                self.approved.remove(&version);
                self.states.insert(version, Retired);
            }
            Kind::Approved => {
                assert!(matches!(is, Some(Draft | InReview)));
                self.approved.insert(version);
                self.states.insert(version, Approved);
            }
            Kind::Published => self.publish(version, version),
            Kind::RolledBack => self.publish(version, change.other_version),
            Kind::Retired => self.end(Retired),
            Kind::Merged => self.end(Merged),
            Kind::Restored | Kind::Unmerged => self.revive(),
            // What somebody thinks of a version moves none.
            Kind::ConfidenceChanged | Kind::Flagged | Kind::FlagResolved | Kind::Verified => {}
            Kind::Recalled | Kind::Unspecified => panic!("{change:?}"),
        }
    }

    fn publish(&mut self, version: u32, words_of: u32) {
        let approved = self.approved.contains(&words_of);
        assert!(approved, "{words_of} was approved by nobody");
        self.approved.insert(version);
        if let Some(before) = self.has(Published) {
            self.states.insert(before, Superseded);
        }
        self.states.insert(version, Published);
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
