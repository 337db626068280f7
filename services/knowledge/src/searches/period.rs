//! The sums of a period.

use std::collections::{BTreeMap, HashMap};

use aftercall_domain::{Party, Scope, Violations, violation};
use aftercall_proto::convert::time::microseconds;
use aftercall_service::Checker;
use aftercall_view::{Direction, Store};
use pbjson_types::Timestamp;
use prost::Message;

use super::records::{Sums, day_begins, day_of};
use crate::failure::Error;
use crate::keys::search as keys;
use crate::limits::{PERIOD_DAYS_MAX, SUMS_MAX};

/// Whole days by UTC, counted from 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Period {
    /// The first,
    pub(super) from: u32,
    /// and the one after the last.
    pub(super) before: u32,
}

impl Period {
    /// Checks the two ends of a request.
    pub(super) fn of(
        from: Option<&Timestamp>,
        before: Option<&Timestamp>,
        checker: &mut Checker,
    ) -> Self {
        for (field, given) in [("from", from), ("before", before)] {
            if given.is_none() {
                checker.found().required(field);
            }
        }
        let (from, before) = checker.within(("from", from), ("before", before));
        let day = |at: Option<jiff::Timestamp>| at.map_or(0, |at| day_of(microseconds(at)));
        let mut period = Self {
            from: day(from),
            before: day(before),
        };
        // A part of a day is taken for the whole.
        if before.is_some_and(|before| microseconds(before) > day_begins(period.before)) {
            period.before += 1;
        }
        if period.before.saturating_sub(period.from) > PERIOD_DAYS_MAX {
            let text = format!("is more than {PERIOD_DAYS_MAX} days after from; ask for less");
            checker.add("before", violation::Reason::OutOfRange, text);
        }
        period
    }

    /// What tells it from any other, for page tokens.
    pub(super) fn bytes(self) -> [u8; 8] {
        let both = u64::from(self.from) << 32 | u64::from(self.before);
        both.to_be_bytes()
    }

    /// The first moment, and the first after it.
    pub(super) fn span_us(self) -> (i64, i64) {
        (day_begins(self.from), day_begins(self.before))
    }
}

/// Of which contacts the sums are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Of<'a> {
    pub(super) tenant_id: &'a str,
    pub(super) scope: &'a Scope,
    pub(super) team_id: Option<&'a str>,
    pub(super) reason_code: Option<&'a str>,
}

impl Of<'_> {
    /// Whether a record of a site and team is one of them.
    pub(super) fn admits(&self, site_id: &str, team_id: &str) -> bool {
        let is_asked_for = self.team_id.is_none_or(|asked| asked == team_id);
        let parties = [Party::Site(site_id), Party::Team(team_id)];
        is_asked_for && self.scope.admits(parties)
    }
}

/// The sums of each reason, day by day.
pub(super) fn by_reason(
    store: &Store,
    of: Of<'_>,
    period: Period,
) -> Result<HashMap<String, BTreeMap<u32, Sums>>, Error> {
    let mut sums: HashMap<String, BTreeMap<u32, Sums>> = HashMap::new();
    let from = keys::day(of.tenant_id, period.from);
    let to = keys::day(of.tenant_id, period.before);
    let mut seen = 0;
    for entry in store.scan_range(from, Some(&to), Direction::Ascending) {
        seen += 1;
        if seen > SUMS_MAX {
            let mut found = Violations::new();
            let text = "there is too much in that time to be added up; ask for a shorter one";
            found.add("before", violation::Reason::OutOfRange, text);
            return Err(found.into());
        }
        let (key, value) = entry?;
        let (day, reason, site, team) = keys::read_sums(&key).map_err(Error::internal)?;
        let is_asked_for = of.reason_code.is_none_or(|asked| asked == reason);
        if is_asked_for && of.admits(&site, &team) {
            let days = sums.entry(reason).or_default();
            let read = Sums::decode(value).map_err(Error::internal)?;
            days.entry(day).or_default().shift(&read, 1);
        }
    }
    Ok(sums)
}

/// The sum over some days.
pub(super) fn total<'a>(sums: impl IntoIterator<Item = &'a Sums>) -> Sums {
    let mut total = Sums::default();
    for sums in sums {
        total.shift(sums, 1);
    }
    total
}
