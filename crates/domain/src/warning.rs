//! What was changed in an input so that it could be taken.

use crate::FieldPath;
use crate::limits::WARNINGS_MAX;

/// One field that was not taken as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The field's path from the request's root, such as `interaction.handling.summary`.
    pub field: String,
    /// What was done to it.
    pub reason: WarningReason,
    /// How many characters it concerns.
    pub count: u32,
}

/// What was done to a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WarningReason {
    /// Control characters were dropped from a text.
    ControlCharactersDropped,
}

impl WarningReason {
    /// The reason as callers see it; never changes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ControlCharactersDropped => "CONTROL_CHARACTERS_DROPPED",
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
