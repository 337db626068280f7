//! What is stored of how solutions were used, and of what came of it.

use aftercall_domain::solution::RETURN_DAYS_MAX;
use aftercall_proto::model::v1::SourceCheck;

/// In how many contacts a solution, or one of its versions, was used in which way.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Uses {
    #[prost(uint64, tag = "1")]
    pub(crate) used_as_is: u64,
    #[prost(uint64, tag = "2")]
    pub(crate) used_modified: u64,
    #[prost(uint64, tag = "3")]
    pub(crate) viewed: u64,
    #[prost(uint64, tag = "4")]
    pub(crate) rejected: u64,
    #[prost(uint64, tag = "5")]
    pub(crate) agents: u64,
    /// In how many it was used as it stands or with changes, each contact once and under the latest version that it
    /// used.
    #[prost(uint64, tag = "6")]
    pub(crate) links: u64,
    /// Of how many of these it can't be known whether the customer came back: nobody is known, or no reason.
    #[prost(uint64, tag = "7")]
    pub(crate) untraced: u64,
    /// After how many of these the customer came back first on which day, from the first one. Without zeros at the
    /// end.
    #[prost(uint64, repeated, tag = "8")]
    pub(crate) returned: Vec<u64>,
    /// How many parties were told it: customers, and contacts of nobody. Of a version only.
    #[prost(uint64, tag = "9")]
    pub(crate) parties: u64,
}

impl Uses {
    /// Counts returns on a day, or takes them back.
    pub(crate) fn count_return(&mut self, day: u32, by: i64) {
        if day == 0 || day > RETURN_DAYS_MAX {
            return;
        }
        let days = day as usize;
        if self.returned.len() < days {
            self.returned.resize(days, 0);
        }
        let count = &mut self.returned[days - 1];
        *count = count.saturating_add_signed(by);
        while self.returned.last() == Some(&0) {
            self.returned.pop();
        }
    }

    /// After how many uses the customer came back within so many days.
    pub(crate) fn returned_within(&self, days: u32) -> u64 {
        self.returned.iter().take(days as usize).sum()
    }
}

/// The solutions that were used in one contact, whose customer may come back.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Linked {
    #[prost(message, repeated, tag = "1")]
    pub(crate) links: Vec<Link>,
}

/// A solution that was used in a contact: the latest of its versions that was.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, prost::Message)]
pub(crate) struct Link {
    #[prost(string, tag = "1")]
    pub(crate) solution_id: String,
    #[prost(uint32, tag = "2")]
    pub(crate) version: u32,
}

/// A contact in which somebody was told a solution.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct Used {
    /// The latest version that was used; 0 where it was only relied on.
    #[prost(uint32, tag = "1")]
    pub(crate) version: u32,
    /// Whether it can be known whether the customer came back.
    #[prost(bool, tag = "2")]
    pub(crate) is_traced: bool,
    /// On which day after it the customer came back first; 0 for not.
    #[prost(uint32, tag = "3")]
    pub(crate) returned: u32,
}

/// What people found to speak against what a solution says: it stays so whichever version says it, until somebody
/// vouches for that.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct Doubt {
    /// A flag was confirmed.
    #[prost(bool, tag = "1")]
    pub(crate) is_found_wrong: bool,
    /// A source was found to be different.
    #[prost(bool, tag = "2")]
    pub(crate) has_changed_source: bool,
}

/// How far the live version of a solution is trusted, and what speaks for and against it.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Standing {
    /// The version that is live, or was last.
    #[prost(uint32, tag = "1")]
    pub(crate) version: u32,
    /// Whether it is live.
    #[prost(bool, tag = "2")]
    pub(crate) is_live: bool,
    /// Why it is trusted, or not any more, as the wire says it.
    #[prost(int32, tag = "3")]
    pub(crate) cause: i32,
    /// When that was said.
    #[prost(sint64, tag = "4")]
    pub(crate) changed_at_us: i64,
    /// How many customers had come back when it was.
    #[prost(uint64, tag = "5")]
    pub(crate) failures_vouched_for: u64,
    /// A flag on it was confirmed since.
    #[prost(bool, tag = "6")]
    pub(crate) is_found_wrong: bool,
    /// A source of it was found to be different since.
    #[prost(bool, tag = "7")]
    pub(crate) has_changed_source: bool,
    /// How many flags on it wait for somebody's judgement.
    #[prost(uint64, tag = "8")]
    pub(crate) open_flags: u64,
    /// When it was checked last, or published.
    #[prost(sint64, tag = "9")]
    pub(crate) checked_at_us: i64,
    /// By when it is to be checked again.
    #[prost(sint64, optional, tag = "10")]
    pub(crate) verify_by_us: Option<i64>,
    /// What its sources were when they were looked at last.
    #[prost(message, repeated, tag = "11")]
    pub(crate) sources: Vec<SourceCheck>,
    /// Where it stands among those that should be looked at: the weight of what speaks for that.
    #[prost(uint64, optional, tag = "12")]
    pub(crate) weight: Option<u64>,
}
