//! The table of states, said again in the plainest way.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::solution::VersionState as S;
use crate::solution::{Audience, Governance, Rights, VersionState};

/// What somebody tries.
#[derive(Debug, Clone, Copy)]
pub(super) enum Try {
    Draft,
    Edit(u32),
    Submit(u32),
    RequestChanges(u32),
    TakeBack(u32),
    Discard(u32),
    Approve(u32),
    Publish(u32),
    RollBack { version: u32, verified: bool },
    Recall(u32),
    Retire,
    Restore { verified: bool },
    Merge,
    Unmerge,
    Wait,
}

/// A version as the model has it.
#[derive(Debug, Clone)]
pub(super) struct Version {
    pub(super) state: VersionState,
    pub(super) editors: Vec<String>,
    pub(super) submitted_by: String,
    pub(super) governance: Governance,
    pub(super) audience: Audience,
    pub(super) was_live: bool,
    pub(super) was_approved: bool,
}

/// The table, said again in the plainest way: states by version, and how the solution ended.
#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    pub(super) versions: BTreeMap<u32, Version>,
    pub(super) ends: Vec<(VersionState, Timestamp)>,
}

pub(super) const PEOPLE: [(&str, Rights); 6] = [
    ("nobody", rights(false, false, false, false, false)),
    ("candidate", rights(true, false, false, false, false)),
    ("contributor", rights(true, true, false, false, false)),
    ("publisher", rights(true, true, true, false, false)),
    ("expert", rights(true, true, false, true, false)),
    ("officer", rights(true, false, false, false, true)),
];

pub(super) const fn rights(
    drafts: bool,
    contributes: bool,
    publishes: bool,
    answers_for: bool,
    complies: bool,
) -> Rights {
    Rights {
        drafts,
        contributes,
        publishes,
        answers_for,
        complies,
    }
}

pub(super) fn day(days: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + days * 86_400).unwrap()
}

/// By when every version has to be verified.
pub(super) const VERIFY_BY_DAY: i64 = 20;

impl Model {
    fn is(&self, version: u32) -> VersionState {
        self.versions[&version].state
    }

    fn has(&self, state: VersionState) -> Option<u32> {
        let mut found = self.versions.iter().filter(|(_, one)| one.state == state);
        found.next().map(|(version, _)| *version)
    }

    fn open(&self) -> Option<u32> {
        [
            VersionState::Draft,
            VersionState::InReview,
            VersionState::Approved,
        ]
        .into_iter()
        .find_map(|state| self.has(state))
    }

    fn set(&mut self, version: u32, state: VersionState) {
        self.versions.get_mut(&version).unwrap().state = state;
    }

    fn add(&mut self, who: &str, like: Option<u32>, state: VersionState) -> u32 {
        let number = self.versions.len() as u32 + 1;
        let version = match like {
            Some(like) => Version {
                state,
                ..self.versions[&like].clone()
            },
            None => Version {
                state,
                editors: vec![who.to_owned()],
                submitted_by: String::new(),
                // Versions take turns, so that all rules are met.
                governance: match number % 3 {
                    0 => Governance::ComplianceBased,
                    _ => Governance::ExperienceBased,
                },
                audience: match number % 2 {
                    0 => Audience::Public,
                    _ => Audience::Internal,
                },
                was_live: false,
                was_approved: false,
            },
        };
        self.versions.insert(number, version);
        number
    }

    fn live_is(&mut self, version: u32) {
        if let Some(before) = self.has(VersionState::Published) {
            self.set(before, VersionState::Superseded);
        }
        self.set(version, VersionState::Published);
        self.versions.get_mut(&version).unwrap().was_live = true;
    }

    /// Does it if the table lets `who`; answers whether it does.
    pub(super) fn take(&mut self, who: (&str, Rights), what: Try, now: Timestamp) -> bool {
        match what {
            Try::Wait => false,
            Try::Draft => self.draft(who),
            Try::Edit(v) | Try::Discard(v) => self.write(who, what, v),
            Try::Submit(v) | Try::RequestChanges(v) | Try::TakeBack(v) => self.hand(who, what, v),
            Try::Approve(v) => self.approve(who, v),
            Try::Publish(v) => self.publish(who, v),
            Try::RollBack { version, verified } => self.roll_back(who, (version, verified), now),
            Try::Recall(v) => self.recall(who, v),
            Try::Retire => self.retire(who, now),
            Try::Restore { verified } => self.restore(who, verified, now),
            Try::Merge => self.merge(who, now),
            Try::Unmerge => self.unmerge(who, now),
        }
    }

    fn ended(&self) -> Option<S> {
        self.ends.last().map(|(state, _)| *state)
    }

    fn draft(&mut self, (who, may): (&str, Rights)) -> bool {
        let yes = may.drafts && self.ended().is_none() && self.open().is_none();
        if yes {
            self.add(who, None, S::Draft);
        }
        yes
    }

    fn write(&mut self, (who, may): (&str, Rights), what: Try, v: u32) -> bool {
        let Some(one) = self.versions.get_mut(&v) else {
            return false;
        };
        let wrote = one.editors.iter().any(|id| id == who);
        let reached = match what {
            Try::Edit(_) => one.state == S::Draft,
            _ => one.state.is_open(),
        };
        let yes = may.drafts && (wrote || may.contributes) && reached;
        match (yes, what) {
            (true, Try::Discard(_)) => one.state = S::Retired,
            (true, _) if !wrote => one.editors.push(who.to_owned()),
            _ => {}
        }
        yes
    }

    fn hand(&mut self, (who, may): (&str, Rights), what: Try, v: u32) -> bool {
        let Some(one) = self.versions.get_mut(&v) else {
            return false;
        };
        let wrote = one.editors.iter().any(|id| id == who);
        let yes = match what {
            Try::Submit(_) => wrote && one.state == S::Draft,
            Try::TakeBack(_) => wrote && matches!(one.state, S::InReview | S::Approved),
            _ => {
                let may = may.contributes || may.complies;
                may && matches!(one.state, S::InReview | S::Approved)
            }
        };
        match (yes, what) {
            (true, Try::Submit(_)) => {
                one.state = S::InReview;
                one.submitted_by = who.to_owned();
            }
            (true, _) => {
                one.state = S::Draft;
                one.submitted_by.clear();
            }
            (false, _) => {}
        }
        yes
    }

    fn approve(&mut self, (who, may): (&str, Rights), v: u32) -> bool {
        let Some(one) = self.versions.get_mut(&v) else {
            return false;
        };
        let own = one.submitted_by == who || one.editors.iter().any(|id| id == who);
        let may = match one.governance {
            Governance::ExperienceBased => may.contributes,
            Governance::ComplianceBased => may.complies && !own,
        };
        let yes = may && matches!(one.state, S::InReview | S::Draft);
        if yes {
            one.state = S::Approved;
            one.was_approved = true;
        }
        yes
    }

    fn publish(&mut self, (_, may): (&str, Rights), v: u32) -> bool {
        let Some(one) = self.versions.get(&v) else {
            return false;
        };
        let may = match (one.governance, one.audience) {
            (Governance::ComplianceBased, _) => may.complies,
            (_, Audience::Internal) => may.contributes,
            _ => may.publishes,
        };
        let yes = may && one.state == S::Approved;
        if yes {
            self.live_is(v);
        }
        yes
    }

    fn may_revive(&self, may: Rights, v: u32) -> bool {
        match self.versions[&v].governance {
            Governance::ComplianceBased => may.complies,
            Governance::ExperienceBased => may.publishes,
        }
    }

    fn roll_back(
        &mut self,
        (who, may): (&str, Rights),
        (v, verified): (u32, bool),
        now: Timestamp,
    ) -> bool {
        if !self.versions.contains_key(&v) {
            return false;
        }
        let superseded = self.is(v) == S::Superseded;
        let due = now > day(VERIFY_BY_DAY) && !verified;
        let yes = self.may_revive(may, v) && self.ended().is_none() && superseded && !due;
        if yes {
            let copy = self.add(who, Some(v), S::Draft);
            self.live_is(copy);
        }
        yes
    }

    fn recall(&mut self, (_, may): (&str, Rights), v: u32) -> bool {
        let Some(one) = self.versions.get_mut(&v) else {
            return false;
        };
        // Of what was recalled more may be said.
        let told = match one.state {
            S::Published | S::Superseded | S::Recalled => true,
            S::Retired | S::Merged => one.was_live,
            _ => false,
        };
        let yes = (may.answers_for || may.complies) && told;
        if yes {
            one.state = S::Recalled;
        }
        yes
    }

    fn retire(&mut self, (_, may): (&str, Rights), now: Timestamp) -> bool {
        let Some(live) = self.has(S::Published) else {
            return false;
        };
        let yes = may.publishes && self.ended().is_none() && self.open().is_none();
        if yes {
            self.set(live, S::Retired);
            self.ends.push((S::Retired, now));
        }
        yes
    }

    fn restore(&mut self, (_, may): (&str, Rights), verified: bool, now: Timestamp) -> bool {
        let Some(live) = self.ended_version() else {
            return false;
        };
        let due = now > day(VERIFY_BY_DAY) && !verified;
        let yes = self.may_revive(may, live) && self.ended() == Some(S::Retired) && !due;
        if yes {
            self.set(live, S::Published);
            self.ends.pop();
        }
        yes
    }

    fn merge(&mut self, (_, may): (&str, Rights), now: Timestamp) -> bool {
        let yes = may.publishes && self.ended() != Some(S::Merged) && self.open().is_none();
        if yes {
            let live = self.has(S::Published).or_else(|| self.ended_version());
            if let Some(live) = live {
                self.set(live, S::Merged);
            }
            self.ends.push((S::Merged, now));
        }
        yes
    }

    fn unmerge(&mut self, (_, may): (&str, Rights), now: Timestamp) -> bool {
        let at = self.ends.last().map_or(now, |(_, at)| *at);
        let in_time = now.duration_since(at).as_hours() <= 30 * 24;
        let yes = may.publishes && self.ended() == Some(S::Merged) && in_time;
        if yes {
            self.ends.pop();
            let before = self.ended().unwrap_or(S::Published);
            if let Some(merged) = self.has(S::Merged) {
                self.set(merged, before);
            }
        }
        yes
    }

    /// The version that was live when the solution was retired.
    fn ended_version(&self) -> Option<u32> {
        let retired = self.versions.iter().rev();
        let mut retired =
            retired.filter(|(_, one)| one.state == VersionState::Retired && one.was_live);
        retired.next().map(|(version, _)| *version)
    }
}
