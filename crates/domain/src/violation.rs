//! What is wrong with an input: all of it at once, field by field.

use std::fmt;

/// One thing that is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field's path from the request's root, such as `interaction.contact_reasons[0].code`.
    pub field: String,
    /// The stable reason, such as `REQUIRED`.
    pub reason: Reason,
    /// What is wrong with the value, and the remedy; without the value where it may be personal.
    pub description: String,
}

/// Why a field's value can't be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The field is missing or empty.
    Required,
    /// The text is too long.
    TooLong,
    /// The list has too many elements.
    TooMany,
    /// The text is too short to say what is meant.
    TooShort,
    /// The number or time is outside of what is taken.
    OutOfRange,
    /// The enum has no such value.
    UnknownValue,
    /// The value does not have the form that it must have.
    Malformed,
    /// The value contradicts another field.
    Conflicting,
    /// The due is over when it is promised: before the contact, or before now where it is moved.
    DueInPast,
    /// The time is too far in the future.
    InFuture,
    /// It names something that is not there.
    NotFound,
    /// The IANA time zone database has no such zone.
    UnknownTimeZone,
    /// A promise would wait for itself.
    CyclicDependency,
    /// It is no recurrence rule, or one that no promise follows.
    BadRrule,
    /// It is about a time that another element is about, too.
    Overlapping,
    /// The calendar is not open for as long as it would have to be.
    CalendarExhausted,
    /// It names a calendar that is not there, or out of use.
    UnknownCalendar,
    /// It names an escalation policy that is not there, or out of use.
    UnknownEscalationPolicy,
    /// It names a team that is not there, or out of use.
    UnknownTeam,
    /// It names a receiver that is not there, or out of use.
    UnknownReceiver,
    /// The tenant's taxonomy does not have the code in use at the time of what is recorded.
    UnknownCode,
    /// It names a webhook that is not there.
    UnknownWebhook,
    /// Others name it, so that it can't go.
    InUse,
    /// It is for nothing that another one before it does not take.
    MatchesNothing,
    /// It would never be over.
    Endless,
    /// It leads to an address that is not sent to.
    PrivateAddress,
    /// A source does not say when it was looked at.
    SourceUndated,
}

impl Reason {
    /// All reasons, in the order of their names.
    pub const ALL: [Self; 27] = [
        Self::BadRrule,
        Self::CalendarExhausted,
        Self::Conflicting,
        Self::CyclicDependency,
        Self::DueInPast,
        Self::Endless,
        Self::InFuture,
        Self::InUse,
        Self::Malformed,
        Self::MatchesNothing,
        Self::NotFound,
        Self::OutOfRange,
        Self::Overlapping,
        Self::PrivateAddress,
        Self::Required,
        Self::SourceUndated,
        Self::TooLong,
        Self::TooMany,
        Self::TooShort,
        Self::UnknownCalendar,
        Self::UnknownCode,
        Self::UnknownEscalationPolicy,
        Self::UnknownReceiver,
        Self::UnknownTeam,
        Self::UnknownTimeZone,
        Self::UnknownValue,
        Self::UnknownWebhook,
    ];

    /// The reason as callers see it; never changes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "REQUIRED",
            Self::TooLong => "TOO_LONG",
            Self::TooMany => "TOO_MANY",
            Self::TooShort => "TOO_SHORT",
            Self::OutOfRange => "OUT_OF_RANGE",
            Self::UnknownValue => "UNKNOWN_VALUE",
            Self::Malformed => "MALFORMED",
            Self::Conflicting => "CONFLICTING",
            Self::CyclicDependency => "CYCLIC_DEPENDENCY",
            Self::DueInPast => "DUE_IN_PAST",
            Self::InFuture => "IN_FUTURE",
            Self::NotFound => "NOT_FOUND",
            Self::UnknownTimeZone => "UNKNOWN_TIME_ZONE",
            Self::BadRrule => "BAD_RRULE",
            Self::Overlapping => "OVERLAPPING",
            Self::CalendarExhausted => "CALENDAR_EXHAUSTED",
            Self::UnknownCalendar => "UNKNOWN_CALENDAR",
            Self::UnknownCode => "UNKNOWN_CODE",
            Self::UnknownEscalationPolicy => "UNKNOWN_ESCALATION_POLICY",
            Self::UnknownTeam => "UNKNOWN_TEAM",
            Self::UnknownReceiver => "UNKNOWN_RECEIVER",
            Self::UnknownWebhook => "UNKNOWN_WEBHOOK",
            Self::InUse => "IN_USE",
            Self::MatchesNothing => "MATCHES_NOTHING",
            Self::Endless => "ENDLESS",
            Self::PrivateAddress => "PRIVATE_ADDRESS",
            Self::SourceUndated => "SOURCE_UNDATED",
        }
    }
}

/// Everything that is wrong with an input. Collects at most [`crate::limits::VIOLATIONS_MAX`], so
/// that a hostile input can't make a huge answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Violations {
    found: Vec<Violation>,
    omitted: usize,
}

impl Violations {
    /// None yet.
    pub const fn new() -> Self {
        Self {
            found: Vec::new(),
            omitted: 0,
        }
    }

    /// Notes one.
    pub fn add(
        &mut self,
        field: impl Into<String>,
        reason: Reason,
        description: impl Into<String>,
    ) {
        if self.found.len() < crate::limits::VIOLATIONS_MAX {
            let (field, description) = (field.into(), description.into());
            self.found.push(Violation {
                field,
                reason,
                description,
            });
        } else {
            self.omitted += 1;
        }
    }

    /// Notes what was found elsewhere.
    pub fn extend(&mut self, others: Self) {
        self.omitted += others.omitted;
        for Violation {
            field,
            reason,
            description,
        } in others.found
        {
            self.add(field, reason, description);
        }
    }

    /// Notes a field that is missing or empty.
    pub fn required(&mut self, field: impl Into<String>) {
        self.add(field, Reason::Required, "is required; give a value");
    }

    /// Notes a text that is too long.
    pub fn too_long(&mut self, field: impl Into<String>, bytes_max: usize) {
        let text = format!("is too long; at most {bytes_max} bytes are taken");
        self.add(field, Reason::TooLong, text);
    }

    /// Notes a list of `len` elements, which are too many.
    pub fn too_many(&mut self, field: impl Into<String>, len: usize, len_max: usize) {
        let text = format!("has {len} elements; at most {len_max} are taken");
        self.add(field, Reason::TooMany, text);
    }

    /// Notes a value that an enum doesn't have.
    pub fn unknown_value(&mut self, field: impl Into<String>) {
        let text = "is no value that is known here; use one of those that the API names";
        self.add(field, Reason::UnknownValue, text);
    }

    /// Notes a time that is none.
    pub fn no_instant(&mut self, field: impl Into<String>) {
        let text = "is not an instant; give seconds within the years 1 to 9999, and nanos from 0 to \
                    999999999";
        self.add(field, Reason::OutOfRange, text);
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Those that were kept, in the order in which they were found.
    pub fn as_slice(&self) -> &[Violation] {
        &self.found
    }

    /// How many were found beyond those that were kept.
    pub const fn omitted(&self) -> usize {
        self.omitted
    }

    /// `value` if nothing is wrong.
    ///
    /// # Errors
    /// The violations, if there are any.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for Violation {
            field, description, ..
        } in &self.found
        {
            if !std::mem::take(&mut first) {
                f.write_str("; ")?;
            }
            write!(f, "{field}: {description}")?;
        }
        if self.omitted > 0 {
            write!(f, "; and {} more", self.omitted)?;
        }
        Ok(())
    }
}

impl std::error::Error for Violations {}
