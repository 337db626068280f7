//! What a tenant sets up beside its calendars: policies, teams, receivers, silences.
//!
//! Each kind is a plain type that can be checked alone ([`Body::check`]). What it names of other settings
//! is told by [`Body::references`], and is checked against all of them as they would be ([`whole`]): a
//! setting that is in use names only others that are.

mod calls;
mod codes;
mod escalation;
mod fulfilment;
mod policy;
mod promises;
mod receiver;
pub mod shadow;
mod shipped;
mod silence;
mod synonyms;
mod taxonomy;
mod team;
#[cfg(test)]
mod tests;
pub mod whole;

use std::collections::HashSet;
use std::fmt;

use jiff::SignedDuration;

pub use calls::CallPolicy;
pub use codes::{CodeTree, Edition, Judged, Standing, judge};
pub use escalation::{
    Delay, EscalationLevel, EscalationPolicy, EscalationStrategy, EscalationTarget,
};
pub use fulfilment::FulfilmentPolicy;
pub use policy::{FollowUpPolicy, OpenTime, TargetRule};
pub use promises::{PromiseFacts, PromiseFilter};
pub use receiver::{QuietHours, Receiver, Whose};
pub use shipped::{Shipped, default_label};
pub use silence::{LabelMatcher, Silence};
pub use synonyms::{SynonymGroup, Synonyms};
pub use taxonomy::{Taxonomy, TaxonomyKind, TaxonomyNode, UnknownCodes};
pub use team::Team;

use crate::limits::{ID_BYTES_MAX, LINE_BYTES_MAX, SECONDS_PER_DAY};
use crate::violation::Reason;
use crate::{Cleaner, FieldPath, Violations};

/// A kind of settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SettingKind {
    /// When a part of the house is open.
    Calendar,
    /// How promises of some sort are followed up.
    FollowUpPolicy,
    /// Whom an alert is told to, one after the other.
    EscalationPolicy,
    /// Who works together.
    Team,
    /// A person or system that is told.
    Receiver,
    /// A time in which some alerts are not told.
    Silence,
    /// What a feed says of a calendar's dates.
    Holidays,
    /// A tree of codes to record by.
    Taxonomy,
    /// By what calls are taken to be lost, to have settled and to be over.
    CallPolicy,
    /// Words that stand for each other when solutions are searched for.
    Synonyms,
}

impl SettingKind {
    /// The kinds whose settings may name others.
    pub const NAMING: [Self; 3] = [Self::FollowUpPolicy, Self::EscalationPolicy, Self::Receiver];

    /// What people call one of this kind.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Calendar => "calendar",
            Self::FollowUpPolicy => "follow-up policy",
            Self::EscalationPolicy => "escalation policy",
            Self::Team => "team",
            Self::Receiver => "receiver",
            Self::Silence => "silence",
            Self::Holidays => "feed of holidays",
            Self::Taxonomy => "taxonomy",
            Self::CallPolicy => "call policy",
            Self::Synonyms => "list of synonyms",
        }
    }

    /// Why a field that names one of this kind can't be taken, if there is no such one in use.
    const fn unknown(self) -> Reason {
        match self {
            Self::Calendar => Reason::UnknownCalendar,
            Self::EscalationPolicy => Reason::UnknownEscalationPolicy,
            Self::Team => Reason::UnknownTeam,
            Self::Receiver => Reason::UnknownReceiver,
            Self::FollowUpPolicy
            | Self::Silence
            | Self::Holidays
            | Self::Taxonomy
            | Self::CallPolicy
            | Self::Synonyms => Reason::NotFound,
        }
    }
}

/// A setting, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference<'a> {
    /// Of which kind it is.
    pub kind: SettingKind,
    /// Its id among those of its kind.
    pub id: &'a str,
}

impl fmt::Display for Reference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.name(), self.id)
    }
}

/// Is told each setting that another one names, and in which of its fields.
pub type Visit<'v> = dyn FnMut(FieldPath<'_>, Reference<'_>) + 'v;

/// What is set, of all kinds but calendars, which are told as [`CalendarDraft`](crate::CalendarDraft), and their
/// [`Holidays`](crate::calendar::Holidays).
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "one is held while it is checked; what is kept is the kind's own type"
)]
pub enum Body {
    /// How promises of some sort are followed up.
    FollowUpPolicy(FollowUpPolicy),
    /// Whom an alert is told to, one after the other.
    EscalationPolicy(EscalationPolicy),
    /// Who works together.
    Team(Team),
    /// A person or system that is told.
    Receiver(Receiver),
    /// A time in which some alerts are not told.
    Silence(Silence),
    /// A tree of codes to record by.
    Taxonomy(Taxonomy),
    /// By what calls are taken to be lost, to have settled and to be over.
    CallPolicy(CallPolicy),
    /// Words that stand for each other when solutions are searched for.
    Synonyms(Synonyms),
}

impl Body {
    /// Of which kind it is.
    pub const fn kind(&self) -> SettingKind {
        match self {
            Self::FollowUpPolicy(_) => SettingKind::FollowUpPolicy,
            Self::EscalationPolicy(_) => SettingKind::EscalationPolicy,
            Self::Team(_) => SettingKind::Team,
            Self::Receiver(_) => SettingKind::Receiver,
            Self::Silence(_) => SettingKind::Silence,
            Self::Taxonomy(_) => SettingKind::Taxonomy,
            Self::CallPolicy(_) => SettingKind::CallPolicy,
            Self::Synonyms(_) => SettingKind::Synonyms,
        }
    }

    /// Puts texts right, as people's programs send them, and fills in what was left out.
    pub fn clean(&mut self, at: FieldPath<'_>, cleaner: &mut Cleaner) {
        let name = match self {
            Self::FollowUpPolicy(policy) => {
                policy.fill_in();
                &mut policy.display_name
            }
            Self::EscalationPolicy(policy) => &mut policy.display_name,
            Self::Team(team) => &mut team.display_name,
            Self::Taxonomy(taxonomy) => {
                taxonomy.fill_in();
                taxonomy.clean(at, cleaner);
                &mut taxonomy.display_name
            }
            Self::CallPolicy(policy) => {
                policy.fill_in();
                &mut policy.display_name
            }
            Self::Synonyms(synonyms) => {
                synonyms.clean(at, cleaner);
                &mut synonyms.display_name
            }
            Self::Receiver(receiver) => {
                receiver.fill_in();
                &mut receiver.display_name
            }
            Self::Silence(silence) => {
                cleaner.text(at.field("reason"), &mut silence.reason);
                return;
            }
        };
        cleaner.text(at.field("display_name"), name);
    }

    /// Notes all that is wrong with it, whatever else is set.
    pub fn check(&self, at: FieldPath<'_>, found: &mut Violations) {
        let name = match self {
            Self::FollowUpPolicy(policy) => {
                policy.check(at, found);
                &policy.display_name
            }
            Self::EscalationPolicy(policy) => {
                policy.check(at, found);
                &policy.display_name
            }
            Self::Team(team) => {
                team.check(at, found);
                &team.display_name
            }
            Self::Taxonomy(taxonomy) => {
                taxonomy.check(at, found);
                &taxonomy.display_name
            }
            Self::CallPolicy(policy) => {
                policy.check(at, found);
                &policy.display_name
            }
            Self::Synonyms(synonyms) => {
                synonyms.check(at, found);
                &synonyms.display_name
            }
            Self::Receiver(receiver) => {
                receiver.check(at, found);
                &receiver.display_name
            }
            Self::Silence(silence) => return silence.check(at, found),
        };
        if name.len() > LINE_BYTES_MAX {
            found.too_long(at.field("display_name"), LINE_BYTES_MAX);
        }
    }

    /// Tells which other settings it names.
    pub fn references(&self, at: FieldPath<'_>, visit: &mut Visit<'_>) {
        match self {
            Self::FollowUpPolicy(policy) => policy.references(at, visit),
            Self::EscalationPolicy(policy) => policy.references(at, visit),
            Self::Receiver(receiver) => receiver.references(at, visit),
            Self::Team(_)
            | Self::Silence(_)
            | Self::Taxonomy(_)
            | Self::CallPolicy(_)
            | Self::Synonyms(_) => {}
        }
    }
}

/// Notes what is wrong with an id that must be there.
fn check_id(at: FieldPath<'_>, id: &str, found: &mut Violations) {
    if id.is_empty() {
        found.required(at);
    } else {
        check_code(at, id, found);
    }
}

/// Notes what is wrong with an id or code that may be left out.
fn check_code(at: FieldPath<'_>, code: &str, found: &mut Violations) {
    if code.len() > ID_BYTES_MAX {
        found.too_long(at, ID_BYTES_MAX);
    } else if code.chars().any(char::is_control) {
        let text = "holds control characters; take them out";
        found.add(at, Reason::Malformed, text);
    }
}

/// Notes what is wrong with a list of ids or codes, each of which may stand there once.
fn check_codes(at: FieldPath<'_>, codes: &[String], len_max: usize, found: &mut Violations) {
    if check_few(at, codes, len_max, found) {
        for (place, code) in codes.iter().enumerate() {
            check_id(at.index(place), code, found);
        }
    }
}

/// Notes a list that is too long, or else what stands in it twice; whether its elements are to be looked at.
fn check_few<T: Eq + std::hash::Hash>(
    at: FieldPath<'_>,
    list: &[T],
    len_max: usize,
    found: &mut Violations,
) -> bool {
    if list.len() > len_max {
        found.too_many(at, list.len(), len_max);
        return false;
    }
    let mut seen = HashSet::new();
    for (place, element) in list.iter().enumerate() {
        if !seen.insert(element) {
            let text = "stands in the list already; give it once";
            found.add(at.index(place), Reason::Conflicting, text);
        }
    }
    true
}

/// Notes a duration that is nothing, negative, or longer than so many days.
fn check_span(at: FieldPath<'_>, span: SignedDuration, days_max: i64, found: &mut Violations) {
    let most = SignedDuration::from_secs(days_max * SECONDS_PER_DAY);
    if span <= SignedDuration::ZERO || span > most {
        let text = format!("is out of range; give more than nothing, and at most {days_max} days");
        found.add(at, Reason::OutOfRange, text);
    }
}
