//! The life of a solution: which of its versions is live, which one somebody works on, and how it ends.
//!
//! ```text
//!                     ┌── edit ──┐
//!  draft ──► DRAFT ◄──┴──────────┘── submit ──► IN_REVIEW ── approve ──► APPROVED ── publish ──► PUBLISHED
//!              ▲  └───────────── approve ───────────────────────────────────▲             │ the next publication
//!              └──── request changes, take back ──── IN_REVIEW, APPROVED                  ▼
//!  PUBLISHED, SUPERSEDED ── recall ──► RECALLED                                       SUPERSEDED
//!  PUBLISHED ── retire ──► RETIRED ── restore ──► PUBLISHED
//!  any ── merge ──► MERGED ── unmerge ──► as before
//! ```
//!
//! All of a solution's events have one sequence, so what was decided by a life holds when the event is the next
//! one. Whoever folds applies [`Change`]s, whatever they are: of one that could not be decided, nothing comes.

use jiff::Timestamp;

/// How far a version has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VersionState {
    /// Somebody writes it.
    Draft,
    /// Somebody is asked to look at it.
    InReview,
    /// It may be published, and waits for that.
    Approved,
    /// It is live.
    Published,
    /// A later publication took its place.
    Superseded,
    /// It was found wrong.
    Recalled,
    /// It was put out of use, or given up before it was published.
    Retired,
    /// Its solution was merged into another one.
    Merged,
}

impl VersionState {
    /// All of them, in the order of their numbers on the wire.
    pub const ALL: [Self; 8] = [
        Self::Draft,
        Self::InReview,
        Self::Approved,
        Self::Published,
        Self::Superseded,
        Self::Recalled,
        Self::Retired,
        Self::Merged,
    ];

    /// Whether somebody still works on it.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Draft | Self::InReview | Self::Approved)
    }

    /// The state as people read it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Draft => "a draft",
            Self::InReview => "in review",
            Self::Approved => "approved",
            Self::Published => "published",
            Self::Superseded => "superseded",
            Self::Recalled => "recalled",
            Self::Retired => "retired",
            Self::Merged => "merged into another solution",
        }
    }
}

/// The version that somebody works on: there is one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    /// Its number.
    pub version: u32,
    /// DRAFT, IN_REVIEW or APPROVED.
    pub state: VersionState,
}

/// How a solution ended, for the time being.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// It was put out of use.
    Retired {
        /// The solution that took its place.
        replaced_by: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// It says the same as another one.
    Merged {
        /// The other one.
        into: String,
        /// When.
        at: Timestamp,
    },
}

impl End {
    /// Where whoever asks for the solution is led.
    pub fn redirect(&self) -> Option<&str> {
        match self {
            Self::Retired { replaced_by, .. } => replaced_by.as_deref(),
            Self::Merged { into, .. } => Some(into),
        }
    }

    /// The state of the version that was live.
    pub const fn state(&self) -> VersionState {
        match self {
            Self::Retired { .. } => VersionState::Retired,
            Self::Merged { .. } => VersionState::Merged,
        }
    }

    /// When it ended.
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Retired { at, .. } | Self::Merged { at, .. } => *at,
        }
    }
}

/// How a solution stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Life {
    /// How many events it has had.
    pub sequence: u64,
    /// The latest version's number; 0 before there is one.
    pub latest: u32,
    /// The version that is live, or was when the solution ended.
    pub published: Option<u32>,
    /// The version that was live last, whatever became of it.
    pub shown: Option<u32>,
    /// The version that somebody works on.
    pub open: Option<Open>,
    /// How it ended.
    pub end: Option<End>,
    /// How it had ended before it was merged.
    pub end_before: Option<End>,
}

/// What an event does to a life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A version was begun.
    Drafted(u32),
    /// Somebody wrote in a draft.
    Edited(u32),
    /// A draft was handed in.
    Submitted(u32),
    /// A version is a draft again.
    Returned(u32),
    /// A version was given up.
    Discarded(u32),
    /// A version may be published.
    Approved(u32),
    /// A version went live: the one that was worked on, or a new one.
    Published(u32),
    /// A version was found wrong.
    Recalled(u32),
    /// The solution ended.
    Ended(End),
    /// It is as it was before it ended.
    Revived,
    /// Something else happened that changes no version.
    Other,
}

/// That a version's state is another one now.
pub type Turn = (u32, VersionState);

impl Life {
    /// The version that is live.
    pub fn live(&self) -> Option<u32> {
        self.published.filter(|_| self.end.is_none())
    }

    /// Whether all work on it was given up before anything was live: it says nothing to anybody.
    pub fn is_given_up(&self) -> bool {
        self.shown.is_none() && self.open.is_none() && self.end.is_none()
    }

    /// Applies an event that counted, and tells which versions have another state by it.
    pub fn apply(&mut self, change: &Change) -> Vec<Turn> {
        self.sequence = self.sequence.saturating_add(1);
        match change {
            Change::Drafted(version) => {
                self.latest = self.latest.max(*version);
                self.reopen(*version, VersionState::Draft)
            }
            Change::Submitted(version) => self.turn_open(*version, VersionState::InReview),
            Change::Returned(version) => self.turn_open(*version, VersionState::Draft),
            Change::Approved(version) => self.turn_open(*version, VersionState::Approved),
            Change::Discarded(version) => {
                match self.open.take_if(|open| open.version == *version) {
                    Some(_) => vec![(*version, VersionState::Retired)],
                    None => Vec::new(),
                }
            }
            Change::Published(version) => self.go_live(*version),
            Change::Recalled(version) => {
                self.published.take_if(|live| live == version);
                vec![(*version, VersionState::Recalled)]
            }
            Change::Ended(end) => {
                let state = end.state();
                self.end_before = self.end.replace(end.clone());
                self.published
                    .map(|live| (live, state))
                    .into_iter()
                    .collect()
            }
            Change::Revived => {
                self.end = self.end_before.take();
                let state = self
                    .end
                    .as_ref()
                    .map_or(VersionState::Published, End::state);
                let live = self.published.map(|live| (live, state));
                live.into_iter().collect()
            }
            Change::Edited(_) | Change::Other => Vec::new(),
        }
    }

    fn go_live(&mut self, version: u32) -> Vec<Turn> {
        let before = self
            .published
            .replace(version)
            .filter(|before| *before != version);
        self.shown = Some(version);
        self.latest = self.latest.max(version);
        self.open.take_if(|open| open.version == version);
        let superseded = before.map(|before| (before, VersionState::Superseded));
        superseded
            .into_iter()
            .chain([(version, VersionState::Published)])
            .collect()
    }

    fn reopen(&mut self, version: u32, state: VersionState) -> Vec<Turn> {
        self.open = Some(Open { version, state });
        vec![(version, state)]
    }

    fn turn_open(&mut self, version: u32, state: VersionState) -> Vec<Turn> {
        match self.open.is_some_and(|open| open.version == version) {
            true => self.reopen(version, state),
            false => Vec::new(),
        }
    }
}
