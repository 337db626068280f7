//! What was changed in an input so that it could be taken.

use crate::FieldPath;
use crate::due::DueWarning;
use crate::limits::WARNINGS_MAX;

/// One field that was not taken as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The field's path from the request's root, such as `interaction.handling.summary`.
    pub field: String,
    /// What was done to it.
    pub reason: WarningReason,
    /// How many characters it concerns; 1 for what is about the field as a whole.
    pub count: u32,
    /// What is odd, and what to do about it, where the reason alone does not say it; else empty.
    pub detail: String,
}

/// What was done to a field, or is odd about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WarningReason {
    /// Control characters were dropped from a text.
    ControlCharactersDropped,
    /// Sentences of a text are so long that they are hard to read.
    LongSentence,
    /// The tenant's taxonomy does not have the code in use at the time of what is recorded; it was taken as it is.
    UnknownCode,
    /// A due is kept as it was told, and is odd.
    Due(DueWarning),
    /// The record says that nothing was promised, and the agent said that something will be done.
    PromiseSaid,
}

impl WarningReason {
    /// The reason as callers see it; never changes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ControlCharactersDropped => "CONTROL_CHARACTERS_DROPPED",
            Self::LongSentence => "LONG_SENTENCE",
            Self::UnknownCode => "UNKNOWN_CODE",
            Self::Due(odd) => odd.as_str(),
            Self::PromiseSaid => "PROMISE_SAID",
        }
    }
}

/// Cleans the texts of an input, and notes what was dropped from them. Keeps at most
/// [`WARNINGS_MAX`], so that a hostile input can't make a huge answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cleaner {
    noted: Vec<Warning>,
}

impl Cleaner {
    /// Cleans a text.
    pub fn text(&mut self, at: FieldPath<'_>, text: &mut String) {
        let dropped = crate::text::clean(text);
        if dropped > 0 && self.noted.len() < WARNINGS_MAX {
            self.noted.push(Warning {
                field: at.into(),
                reason: WarningReason::ControlCharactersDropped,
                count: u32::try_from(dropped).unwrap_or(u32::MAX),
                detail: String::new(),
            });
        }
    }

    /// Notes what is odd about a field that is taken as it was sent.
    pub(crate) fn note(&mut self, at: FieldPath<'_>, reason: WarningReason) {
        if self.noted.len() < WARNINGS_MAX {
            self.noted.push(Warning {
                field: at.into(),
                reason,
                count: 1,
                detail: String::new(),
            });
        }
    }

    /// Cleans each element of a list.
    pub(crate) fn each<T>(
        &mut self,
        at: FieldPath<'_>,
        list: &mut [T],
        clean: impl Fn(&mut T, FieldPath<'_>, &mut Self),
    ) {
        for (index, element) in list.iter_mut().enumerate() {
            clean(element, at.index(index), self);
        }
    }

    /// What was noted, in the order in which it was found.
    pub fn into_warnings(self) -> Vec<Warning> {
        self.noted
    }
}
