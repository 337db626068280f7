//! The checks that fields of all kinds share. Nothing is allocated as long as nothing is wrong.

use jiff::Timestamp;

use super::forms::Form;
use crate::limits::{
    CLOCK_SKEW_S_MAX, ID_BYTES_MAX, LINE_BYTES_MAX, TEXT_BYTES_MAX, TIME_S_MAX, TIME_S_MIN,
    WORDS_BYTES_MAX,
};
use crate::text::{is_control, is_unseen};
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

    /// An id or a code that may be left out. Ids are other systems' and may hold any sign, but none
    /// that keeps two ids from being told apart by eye.
    pub(super) fn id(&mut self, at: FieldPath<'_>, value: &str) {
        if value.len() > ID_BYTES_MAX {
            self.too_long(at, ID_BYTES_MAX);
        } else if let Some(problem) = hidden(value) {
            self.add(at, Reason::Malformed, problem);
        }
    }

    /// The tenant's own code of a kind; required where the kind says nothing.
    pub(super) fn kind_code(&mut self, at: FieldPath<'_>, code: &str, is_other: bool) {
        let at = at.field("kind_code");
        if is_other && code.is_empty() {
            let text = "the kind is OTHER; say which, by a code of your own";
            self.add(at, Reason::Required, text);
        }
        self.id(at, code);
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

    /// A text of the longest sort.
    pub(super) fn words(&mut self, at: FieldPath<'_>, value: &str) {
        self.short(at, value, WORDS_BYTES_MAX);
    }

    /// A text of at most `bytes_max` bytes.
    fn short(&mut self, at: FieldPath<'_>, value: &str, bytes_max: usize) {
        if value.len() > bytes_max {
            self.too_long(at, bytes_max);
        } else if value.bytes().any(suspicious) && value.chars().any(is_control) {
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
        if time.is_some_and(|time| (latest + 1..TIME_S_MAX).contains(&time.as_second())) {
            let text = "lies more than 5 minutes in the future; check the caller's clock";
            self.add(at, Reason::InFuture, text);
        }
    }

    /// Whether nothing is wrong with the field by itself. Where something is, a stand-in may be in its
    /// place, of which no more is said.
    pub(super) fn is_sound(&self, at: FieldPath<'_>) -> bool {
        self.found.is_empty() || {
            let at = at.to_string();
            !self.found.as_slice().iter().any(|one| one.field == at)
        }
    }

    /// The same of the field and all that is in it.
    pub(super) fn is_sound_within(&self, at: FieldPath<'_>) -> bool {
        self.found.is_empty() || {
            let at = at.to_string();
            let mut found = self.found.as_slice().iter();
            !found.any(|one| one.field.starts_with(&at))
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

/// What keeps an id from being told apart by eye from another one.
fn hidden(id: &str) -> Option<&'static str> {
    if id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let seen = id.trim();
    if seen.is_empty() {
        return Some("is blank; give a value, or leave it out");
    }
    if seen.len() < id.len() {
        return Some("begins or ends with a blank; take it away");
    }
    let is_hidden = |c: char| is_unseen(c) || (c.is_whitespace() && c != ' ');
    id.chars()
        .any(is_hidden)
        .then_some("holds a character that can't be seen, such as a control character; take it out")
}

/// Whether the byte may belong to a control character. `0xC2` begins those above ASCII, and also
/// some letters: whoever meets it looks closer. Line feed and tab are looked at closer, too.
const fn suspicious(byte: u8) -> bool {
    byte < 0x20 || byte == 0x7F || byte == 0xC2
}
