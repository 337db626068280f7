//! What contacts taught, and what that comes to.

use aftercall_proto::model::v1::CaseKind;
use uuid::Uuid;

use crate::worth::Worth;

/// How often a candidate worked.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Tally {
    #[prost(uint64, tag = "1")]
    pub(crate) case_count: u64,
    #[prost(string, tag = "2")]
    pub(crate) reason_code: String,
    /// How many of the cases are no resolutions: escalations' outcomes.
    #[prost(uint64, tag = "3")]
    pub(crate) outcomes: u64,
    /// And corrections.
    #[prost(uint64, tag = "4")]
    pub(crate) corrections: u64,
    #[prost(uint64, tag = "5")]
    pub(crate) seconds: u64,
    /// In how many cases they are known.
    #[prost(uint64, tag = "6")]
    pub(crate) timed: u64,
    /// See [`Worth::limbs`].
    #[prost(fixed64, repeated, tag = "7")]
    pub(crate) worth: Vec<u64>,
}

impl Tally {
    /// Counts a case, or takes it back.
    pub(crate) fn shift(&mut self, occurred_at_us: i64, taught: &Taught, is_added: bool) {
        let by = if is_added { 1 } else { -1 };
        self.case_count = self.case_count.saturating_add_signed(by);
        match taught.kind() {
            CaseKind::EscalationOutcome => self.outcomes = self.outcomes.saturating_add_signed(by),
            CaseKind::Correction => self.corrections = self.corrections.saturating_add_signed(by),
            CaseKind::Resolution | CaseKind::Unspecified => {}
        }
        let seconds = i64::from(taught.seconds) * by;
        self.seconds = self.seconds.saturating_add_signed(seconds);
        let timed = i64::from(taught.timed) * by;
        self.timed = self.timed.saturating_add_signed(timed);
        let mut worth = self.worth();
        match is_added {
            true => worth.add(occurred_at_us, taught.seconds),
            false => worth.remove(occurred_at_us, taught.seconds),
        }
        self.worth = worth.limbs().to_vec();
    }

    /// Takes in the cases of another one.
    pub(crate) fn join(&mut self, other: &Self) {
        self.case_count = self.case_count.saturating_add(other.case_count);
        self.outcomes = self.outcomes.saturating_add(other.outcomes);
        self.corrections = self.corrections.saturating_add(other.corrections);
        self.seconds = self.seconds.saturating_add(other.seconds);
        self.timed = self.timed.saturating_add(other.timed);
        let mut worth = self.worth();
        worth.join(&other.worth());
        self.worth = worth.limbs().to_vec();
    }

    /// What its cases weigh together.
    pub(crate) fn worth(&self) -> Worth {
        Worth::from_limbs(&self.worth)
    }

    /// How many cases are of which kind, those alone that there are.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = (CaseKind, u64)> {
        let others = self.outcomes.saturating_add(self.corrections);
        let kinds = [
            (CaseKind::Resolution, self.case_count.saturating_sub(others)),
            (CaseKind::EscalationOutcome, self.outcomes),
            (CaseKind::Correction, self.corrections),
        ];
        kinds.into_iter().filter(|(_, count)| *count > 0)
    }
}

/// That a contact is a case of a candidate.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Taught {
    /// Left out under the candidate's own key.
    #[prost(bytes = "vec", tag = "1")]
    candidate: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    wording: Vec<u8>,
    #[prost(enumeration = "CaseKind", tag = "3")]
    kind: i32,
    /// What handling it took, or is taken to have taken.
    #[prost(uint32, tag = "4")]
    pub(crate) seconds: u32,
    /// Whether that is known.
    #[prost(bool, tag = "5")]
    pub(crate) timed: bool,
}

impl Taught {
    /// A case of these words.
    pub(crate) fn new(wording_id: Uuid, kind: CaseKind, seconds: u32, timed: bool) -> Self {
        Self {
            candidate: Vec::new(),
            wording: wording_id.as_bytes().to_vec(),
            kind: kind.into(),
            seconds,
            timed,
        }
    }

    /// The same with its candidate.
    pub(crate) fn of(mut self, candidate_id: Uuid) -> Self {
        self.candidate = candidate_id.as_bytes().to_vec();
        self
    }

    /// The candidate's id.
    pub(crate) fn candidate_id(&self) -> String {
        text(&self.candidate)
    }

    /// The id of its words.
    pub(crate) fn wording_id(&self) -> String {
        text(&self.wording)
    }
}

/// What was stored is an id.
fn text(id: &[u8]) -> String {
    Uuid::from_slice(id).unwrap_or_default().to_string()
}

/// The solutions that were made of a candidate.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Made {
    /// Each once, the least first: that one is told.
    #[prost(string, repeated, tag = "1")]
    pub(crate) solution_ids: Vec<String>,
}

/// All that a contact taught.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Lessons {
    #[prost(message, repeated, tag = "1")]
    pub(crate) taught: Vec<Taught>,
}

/// One wording of a candidate. It stays when its last case goes: what was promoted by its id is found by it.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Wording {
    #[prost(string, tag = "1")]
    pub(crate) candidate_id: String,
    #[prost(uint64, tag = "2")]
    pub(crate) case_count: u64,
}
