//! The checks that fields of all kinds share. Nothing is allocated as long as nothing is wrong.

use jiff::Timestamp;

use super::forms::Form;
use crate::limits::{
    CLOCK_SKEW_S_MAX, ID_BYTES_MAX, LINE_BYTES_MAX, TEXT_BYTES_MAX, TIME_S_MAX, TIME_S_MIN,
};
use crate::violation::Reason;
use crate::{FieldPath, Violations};

/// Goes through a record, and notes all that is wrong with it.
#[derive(Debug)]
pub(super) struct Checker<'v> {
    /// Our clock.
    pub(super) now: Timestamp,
    /// Whether the record is history, imported from another system.
    pub(super) import: bool,
    pub(super) found: &'v mut Violations,
}

impl Checker<'_> {
    pub(super) fn add(&mut self, at: FieldPath<'_>, reason: Reason, description: &'static str) {
        self.found.add(at, reason, description);
    }

    fn require(&mut self, at: FieldPath<'_>, value: &str) {
        if value.is_empty() {
            self.found.required(at);
        }
    }

    /// An id or a code that may be left out. Keys of the log and of views are built of ids, so they
    /// hold neither control characters nor the separator.
    pub(super) fn id(&mut self, at: FieldPath<'_>, value: &str) {
        if value.len() > ID_BYTES_MAX {
            self.too_long(at, ID_BYTES_MAX);
        } else if value.bytes().any(|byte| byte == b'|' || suspicious(byte))
            && value.chars().any(|c| c == '|' || c.is_control())
        {
            let text = "an id or code can't hold '|' or control characters; take them out";
            self.add(at, Reason::Malformed, text);
        }
    }

    pub(super) fn required_id(&mut self, at: FieldPath<'_>, value: &str) {
        self.require(at, value);
        self.id(at, value);
    }

    /// A short text.
    pub(super) fn line(&mut self, at: FieldPath<'_>, value: &str) {
        self.short(at, value, LINE_BYTES_MAX);
    }

    pub(super) fn required_line(&mut self, at: FieldPath<'_>, value: &str) {
        self.require(at, value);
        self.line(at, value);
    }

    /// A long text.
    pub(super) fn text(&mut self, at: FieldPath<'_>, value: &str) {
        self.short(at, value, TEXT_BYTES_MAX);
    }

    /// A text of at most `bytes_max` bytes.
    pub(super) fn short(&mut self, at: FieldPath<'_>, value: &str, bytes_max: usize) {
        if value.len() > bytes_max {
            self.too_long(at, bytes_max);
        } else if value.bytes().any(suspicious)
            && value
                .chars()
                .any(|c| c.is_control() && c != '\n' && c != '\t')
        {
            let text = "holds control characters; only line feeds and tabs may stand in a text";
            self.add(at, Reason::Malformed, text);
        }
    }

    /// A text of a certain form that may be left out.
    pub(super) fn form(&mut self, at: FieldPath<'_>, value: &str, form: Form) {
        if !value.is_empty() && !(form.fits)(value) {
            self.add(at, Reason::Malformed, form.remedy);
        }
    }

    /// Whether the list isn't too long to look at its elements.
    pub(super) fn count(&mut self, at: FieldPath<'_>, len: usize, len_max: usize) -> bool {
        if len > len_max {
            self.found.too_many(at, len, len_max);
        }
        len <= len_max
    }

    /// A time in the years in which calls are made.
    pub(super) fn time(&mut self, at: FieldPath<'_>, time: Option<Timestamp>) {
        let Some(time) = time else { return };
        if !(TIME_S_MIN..TIME_S_MAX).contains(&time.as_second()) {
            let text = "is out of range; give a time between the years 1970 and 2200";
            self.add(at, Reason::OutOfRange, text);
        }
    }

    /// A time that has passed: at most the clocks' difference ahead of ours.
    pub(super) fn past_time(&mut self, at: FieldPath<'_>, time: Option<Timestamp>) {
        self.time(at, time);
        let latest = self.now.as_second() + CLOCK_SKEW_S_MAX;
        if time.is_some_and(|time| time.as_second() > latest) {
            let text = "lies more than 5 minutes in the future; check the caller's clock";
            self.add(at, Reason::InFuture, text);
        }
    }

    /// `time` is not before the time of the field named `first_name`.
    pub(super) fn not_before(
        &mut self,
        at: FieldPath<'_>,
        time: Option<Timestamp>,
        first_name: &'static str,
        first: Option<Timestamp>,
    ) {
        if let (Some(time), Some(first)) = (time, first)
            && time < first
        {
            self.found.add(
                at,
                Reason::Conflicting,
                format!("is before {first_name}; correct one of the two"),
            );
        }
    }

    fn too_long(&mut self, at: FieldPath<'_>, bytes_max: usize) {
        self.found.too_long(at, bytes_max);
    }
}

/// Whether the byte may belong to a control character. `0xC2` begins those above ASCII, and also
/// some letters: whoever meets it looks closer. Line feed and tab are looked at closer, too.
const fn suspicious(byte: u8) -> bool {
    byte < 0x20 || byte == 0x7F || byte == 0xC2
}
