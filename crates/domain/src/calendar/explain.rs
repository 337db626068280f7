//! How open time comes about: the working, not only the result.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

/// How much of a time was open, and why not more.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Explained {
    /// What was open, in order. Together as long as [`Self::open`].
    pub intervals: Vec<Interval>,
    /// The dates within it whose hours were not the week's, in order. A date on which it would have been
    /// closed anyhow, and was, is left out.
    pub exceptions: Vec<ExceptionMet>,
    /// The versions of the calendar that ruled some of it, in the order in which they did.
    pub versions: Vec<u32>,
    /// How much was open.
    pub open: SignedDuration,
}

/// A time that was open without a break, under one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it that does not belong to it.
    pub to: Timestamp,
    /// The version of the calendar that says so.
    pub version: u32,
}

impl Interval {
    /// How long it is.
    pub fn duration(&self) -> SignedDuration {
        self.to.duration_since(self.from)
    }
}

/// A date whose hours were not the week's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceptionMet {
    /// The local date.
    pub date: Date,
    /// What it is called, such as a holiday's name. May be empty.
    pub label: String,
    /// Whether it was closed; else it had hours of its own.
    pub is_closed: bool,
    /// The version of the calendar that says so.
    pub version: u32,
}
