//! What is stored of how solutions were used, and of what came of it.

use aftercall_domain::solution::{RETURN_DAYS, RETURN_DAYS_MAX, day_of_return};
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
        if day == 0 || day > RETURN_DAYS_MAX || by == 0 {
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

/// What is known at one look of a customer and a reason for which they may come back, where a scan would look into every
/// table.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct Brief {
    /// In how many contacts a solution was used for it.
    #[prost(uint64, tag = "1")]
    pub(crate) linked: u64,
    /// When they reached out for it last.
    #[prost(sint64, optional, tag = "2")]
    pub(crate) last_return_us: Option<i64>,
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

/// What is known of a use, whatever the time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// Nothing, and nothing will be: nobody is known who could come back, or no reason.
    Untraced,
    /// Nobody came back.
    Unreturned,
    /// The customer came back on this day after it.
    Returned(u32),
}

impl Known {
    /// By when the customer came back first, and when it was used.
    pub(crate) fn after(return_us: Option<i64>, used_us: i64) -> Self {
        let day = return_us.and_then(|at_us| day_of_return(at_us.saturating_sub(used_us)));
        day.map_or(Self::Unreturned, Self::Returned)
    }

    /// Of one that is traced, by the day on which the customer came back first; 0 for not.
    const fn on(day: u32) -> Self {
        match day {
            0 => Self::Unreturned,
            day => Self::Returned(day),
        }
    }

    /// The day on which the customer came back first; 0 for none.
    const fn day(self) -> u32 {
        match self {
            Self::Untraced | Self::Unreturned => 0,
            Self::Returned(day) => day,
        }
    }

    /// Whether the window ends without a return, as far as is known.
    pub(crate) const fn may_last(self) -> bool {
        match self {
            Self::Untraced => false,
            Self::Unreturned => true,
            Self::Returned(day) => day > RETURN_DAYS,
        }
    }
}

/// A contact in which somebody was told a solution.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct Used {
    /// The latest version that was used; 0 where it was only relied on.
    #[prost(uint32, tag = "1")]
    pub(crate) version: u32,
    /// By the contact's primary reason: whether it can be known whether the customer came back,
    #[prost(bool, tag = "2")]
    is_traced: bool,
    /// and on which day after it they did first; 0 for not.
    #[prost(uint32, tag = "3")]
    returned: u32,
    /// What came of it by each other reason of the contact, where it can be known.
    #[prost(message, repeated, tag = "4")]
    others: Vec<UsedFor>,
}

/// What came of a use by one reason.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct UsedFor {
    #[prost(string, tag = "1")]
    pub(crate) reason_code: String,
    /// On which day after it the customer came back first; 0 for not.
    #[prost(uint32, tag = "2")]
    returned: u32,
}

impl UsedFor {
    pub(crate) const fn known(&self) -> Known {
        Known::on(self.returned)
    }
}

impl Used {
    /// A use of which that is known by the contact's primary reason.
    pub(crate) fn of(version: u32, primary: Known) -> Self {
        let mut used = Self {
            version,
            ..Self::default()
        };
        used.set_primary(primary);
        used
    }

    /// What came of it by the contact's primary reason.
    pub(crate) const fn by_primary(&self) -> Known {
        match self.is_traced {
            false => Known::Untraced,
            true => Known::on(self.returned),
        }
    }

    /// What came of it by the contact's other reasons.
    pub(crate) fn others(&self) -> &[UsedFor] {
        &self.others
    }

    /// What came of it by the version's own reason, where the contact was about that one, too; else by the primary one.
    pub(crate) fn by(&self, own: &str) -> Known {
        let mut others = self.others.iter();
        let other = others.find(|other| other.reason_code == own);
        other.map_or_else(|| self.by_primary(), UsedFor::known)
    }

    /// Adds what is known of it by another reason of the contact, where anything can be.
    pub(crate) fn add(&mut self, reason_code: &str, known: Known) {
        if known != Known::Untraced {
            self.others.push(UsedFor {
                reason_code: reason_code.to_owned(),
                returned: known.day(),
            });
        }
    }

    /// Something else is known of it by one of the contact's reasons.
    pub(crate) fn set(&mut self, reason_code: &str, now: Known) {
        let mut others = self.others.iter_mut();
        match others.find(|other| other.reason_code == reason_code) {
            Some(other) => other.returned = now.day(),
            None => self.set_primary(now),
        }
    }

    const fn set_primary(&mut self, now: Known) {
        self.is_traced = !matches!(now, Known::Untraced);
        self.returned = now.day();
    }
}

/// How much else is counted of a version's uses by one of the reasons of contacts that have several than by their primary
/// ones: what its own reason makes of its uses is known by one look, whenever that reason is.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Differing {
    #[prost(sint64, tag = "1")]
    untraced: i64,
    /// By day, from the first one. Without zeros at the end.
    #[prost(sint64, repeated, tag = "2")]
    returned: Vec<i64>,
}

impl Differing {
    /// Counts what is known of a use, or takes it back.
    pub(crate) fn count(&mut self, known: Known, by: i64) {
        match known {
            Known::Untraced => self.untraced += by,
            Known::Unreturned => {}
            Known::Returned(day) => self.count_return(day, by),
        }
    }

    fn count_return(&mut self, day: u32, by: i64) {
        if day == 0 || day > RETURN_DAYS_MAX {
            return;
        }
        let days = day as usize;
        if self.returned.len() < days {
            self.returned.resize(days, 0);
        }
        self.returned[days - 1] += by;
        while self.returned.last() == Some(&0) {
            self.returned.pop();
        }
    }

    /// Adds it to what is counted by primary reasons, or takes it off again.
    pub(crate) fn add_to(&self, uses: &mut Uses, sign: i64) {
        uses.untraced = uses.untraced.saturating_add_signed(sign * self.untraced);
        for (day, count) in (1..).zip(&self.returned) {
            uses.count_return(day, sign * count);
        }
    }
}

/// How often a version was used in an hour without that anybody came back.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct Hour {
    /// By the primary reasons of the contacts.
    #[prost(uint64, tag = "1")]
    pub(crate) unreturned: u64,
    /// Of how many of all uses then something else is so by another reason: how much, stands under that reason.
    #[prost(uint64, tag = "2")]
    pub(crate) differing: u64,
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
    /// When it was checked last since it was published; none if it was not.
    #[prost(sint64, optional, tag = "13")]
    pub(crate) verified_at_us: Option<i64>,
}
