//! How a solution stands, as the view keeps it: what commands are decided by, and whoever appends an event of a
//! solution takes its sequence from.

use aftercall_domain::solution::{End, Governance as Rules, Life, Open, VersionState};
use aftercall_proto::model::v1::{self as wire, Audience, Confidence, Governance, Solution};
use aftercall_view::{ApplyError, Store, StoreError, Txn};
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;

use crate::fold::stored;
use crate::keys::versions as keys;
use crate::records::timestamp;

/// The row of a solution's head.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Head {
    /// How many events the solution has had: the next one's sequence is one more.
    #[prost(uint64, tag = "1")]
    pub(crate) sequence: u64,
    /// The latest version's number.
    #[prost(uint32, tag = "2")]
    pub(crate) latest_version: u32,
    /// The version that is live, or was when the solution ended; 0 for none.
    #[prost(uint32, tag = "3")]
    pub(crate) published_version: u32,
    /// The version that was live last; 0 for none.
    #[prost(uint32, tag = "4")]
    pub(crate) shown_version: u32,
    /// The version that somebody works on; 0 for none.
    #[prost(uint32, tag = "5")]
    pub(crate) open_version: u32,
    #[prost(enumeration = "wire::VersionState", tag = "6")]
    open_state: i32,
    /// How it ended; none while it has not.
    #[prost(message, optional, tag = "7")]
    end: Option<Ended>,
    /// How it had ended before it was merged.
    #[prost(message, optional, tag = "8")]
    end_before: Option<Ended>,
    /// Under which time it is listed.
    #[prost(int64, tag = "10")]
    pub(crate) listed_at_us: i64,
    /// Under which time its approved version waits; 0 for none.
    #[prost(int64, tag = "11")]
    pub(crate) scheduled_at_us: i64,
    /// When what it says was last checked.
    #[prost(message, optional, tag = "12")]
    pub(crate) last_verified: Option<wire::SolutionVerification>,
    /// By which rules the version that somebody works on was approved last.
    #[prost(enumeration = "wire::Governance", tag = "13")]
    approved_under: i32,
    /// The solution's number; empty until a version is known.
    #[prost(string, tag = "14")]
    pub(crate) solution_number: String,
    /// The bands in which what is live stands: see [`duplicates`](crate::duplicates).
    #[prost(fixed64, repeated, tag = "15")]
    pub(crate) bands: Vec<u64>,
}

/// How a solution ended.
#[derive(Clone, PartialEq, prost::Message)]
struct Ended {
    /// RETIRED or MERGED.
    #[prost(enumeration = "wire::VersionState", tag = "1")]
    state: i32,
    /// The solution that takes its place; may be empty.
    #[prost(string, tag = "2")]
    redirect: String,
    #[prost(int64, tag = "3")]
    at_us: i64,
}

impl From<&End> for Ended {
    fn from(end: &End) -> Self {
        Self {
            state: wire::VersionState::from(end.state()).into(),
            redirect: end.redirect().unwrap_or_default().to_owned(),
            at_us: end.at().as_microsecond(),
        }
    }
}

impl From<&Ended> for End {
    fn from(ended: &Ended) -> Self {
        let at = Timestamp::from_microsecond(ended.at_us).unwrap_or_default();
        let redirect = ended.redirect.clone();
        match ended.state() {
            wire::VersionState::Merged => Self::Merged { into: redirect, at },
            _ => Self::Retired {
                replaced_by: Some(redirect).filter(|id| !id.is_empty()),
                at,
            },
        }
    }
}

/// Rows by key, of a store or of a transaction.
pub(crate) trait Rows {
    /// The row under `key`.
    fn row(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError>;
}

impl Rows for Store {
    fn row(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        self.get(key)
    }
}

impl Rows for Txn<'_> {
    fn row(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        self.get(key)
    }
}

impl Head {
    /// How a solution stands; none where there is no such solution.
    pub(crate) fn read(
        rows: &impl Rows,
        tenant_id: &str,
        solution_id: &str,
    ) -> Result<Option<Self>, ApplyError> {
        stored(rows.row(&keys::head(tenant_id, solution_id))?)
    }

    /// The domain's view of it.
    pub(crate) fn life(&self) -> Life {
        let version = |number: u32| Some(number).filter(|number| *number > 0);
        let open_state = VersionState::try_from(self.open_state());
        Life {
            sequence: self.sequence,
            latest: self.latest_version,
            published: version(self.published_version),
            shown: version(self.shown_version),
            open: version(self.open_version).map(|version| Open {
                version,
                state: open_state.unwrap_or(VersionState::Draft),
            }),
            end: self.end.as_ref().map(Into::into),
            end_before: self.end_before.as_ref().map(Into::into),
        }
    }

    /// Takes over what became of the life.
    pub(crate) fn set_life(&mut self, life: &Life) {
        self.sequence = life.sequence;
        self.latest_version = life.latest;
        self.published_version = life.published.unwrap_or_default();
        self.shown_version = life.shown.unwrap_or_default();
        self.open_version = life.open.map_or(0, |open| open.version);
        self.open_state = life
            .open
            .map_or(0, |open| wire::VersionState::from(open.state).into());
        self.end = life.end.as_ref().map(Into::into);
        self.end_before = life.end_before.as_ref().map(Into::into);
    }

    /// Whether the approval of the version that somebody works on holds by `rules`, too.
    pub(crate) fn is_approved_by(&self, rules: Rules) -> bool {
        rules_of(self.approved_under) >= rules
    }

    /// Where whoever asks for it is led, and since when.
    pub(crate) fn redirect(&self) -> Option<(&str, i64)> {
        let end = self.end.as_ref().filter(|end| !end.redirect.is_empty())?;
        Some((end.redirect.as_str(), end.at_us))
    }

    /// Whether it was merged into another one.
    pub(crate) fn is_merged(&self) -> bool {
        self.end
            .as_ref()
            .is_some_and(|end| end.state() == wire::VersionState::Merged)
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.end.is_some()
    }

    /// The version that is live; 0 for none.
    pub(crate) fn live_version(&self) -> u32 {
        match self.has_ended() {
            true => 0,
            false => self.published_version,
        }
    }

    /// Says in a version's row what is true of all versions.
    pub(crate) fn say(&self, solution: &mut Solution) {
        solution.sequence = self.sequence;
        solution.solution_number.clone_from(&self.solution_number);
        solution.live_version = self.live_version();
        solution.draft_version = self.open_version;
        solution.last_verified.clone_from(&self.last_verified);
        let Some(end) = &self.end else {
            return;
        };
        let ended_at = Some(timestamp(end.at_us));
        match self.is_merged() {
            false => {
                solution.replaced_by.clone_from(&end.redirect);
                solution.retired_at = ended_at;
                solution.set_confidence(Confidence::Archived);
            }
            true => {
                solution.merged_into.clone_from(&end.redirect);
                solution.merged_at = ended_at;
            }
        }
    }
}

/// What is as good as said where a version doesn't say it: versions of before there were such fields don't.
pub(crate) fn with_defaults(solution: &mut Solution) {
    if solution.audience() == Audience::Unspecified {
        solution.set_audience(Audience::Internal);
    }
    if solution.governance() == Governance::Unspecified {
        solution.set_governance(Governance::ExperienceBased);
    }
    if solution.confidence() == Confidence::Unspecified {
        let confidence =
            match solution.resolution.is_empty() && solution.customer_wording.is_empty() {
                true => Confidence::WorkInProgress,
                false => Confidence::NotValidated,
            };
        solution.set_confidence(confidence);
    }
}

/// A version of a solution, as its row has it: without what is true of all versions.
pub(crate) fn version(
    rows: &impl Rows,
    tenant_id: &str,
    solution_id: &str,
    version: u32,
) -> Result<Option<Solution>, ApplyError> {
    stored(rows.row(&keys::version(tenant_id, solution_id, version))?)
}

/// By which rules a version of a solution is judged: the stricter of its own and of those of the version that was live
/// last, whatever became of that one.
pub(crate) fn rules(
    rows: &impl Rows,
    tenant_id: &str,
    (head, solution): (&Head, &Solution),
) -> Result<Rules, ApplyError> {
    let own = rules_of(solution.governance);
    if head.shown_version == solution.version {
        return Ok(own);
    }
    let last = version(rows, tenant_id, &solution.solution_id, head.shown_version)?;
    Ok(last.map_or(own, |last| own.stricter(rules_of(last.governance))))
}

/// Rules as they are stored; where nothing is said, by experience.
fn rules_of(governance: i32) -> Rules {
    let known = Governance::try_from(governance).ok();
    let rules = known.and_then(|known| Rules::try_from(known).ok());
    rules.unwrap_or(Rules::ExperienceBased)
}

/// Puts a version's row.
pub(crate) fn put_version(
    txn: &mut Txn<'_>,
    tenant_id: &str,
    solution: &Solution,
) -> Result<(), ApplyError> {
    let key = keys::version(tenant_id, &solution.solution_id, solution.version);
    Ok(txn.put(key, solution.encode_to_vec())?)
}
