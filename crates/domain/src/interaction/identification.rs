//! Whose contact it is, said after it was recorded.

use jiff::Timestamp;

use super::Verification;
use super::check::Checker;
use crate::{Cleaner, FieldPath, Violations, Warning};

/// Whose contact it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Identification {
    /// The customer; nothing where it turned out that nobody is known.
    pub customer_id: Option<String>,
    /// How far the identity was checked.
    pub verification: Option<Verification>,
    /// \[P\] The name to show; empty for the one that was recorded.
    pub display_name: String,
    /// \[P\] Why.
    pub reason: String,
}

impl Identification {
    /// Cleans its texts and checks it, at the request's fields of the same names. `found` holds what
    /// was wrong with its encoding. Gives also what was not taken as it was sent.
    ///
    /// # Errors
    /// Everything that is wrong, all at once.
    pub fn check(
        mut self,
        now: Timestamp,
        mut found: Violations,
    ) -> Result<(Self, Vec<Warning>), Violations> {
        let mut cleaner = Cleaner::default();
        cleaner.text(FieldPath::of("display_name"), &mut self.display_name);
        cleaner.text(FieldPath::of("reason"), &mut self.reason);
        let mut checker = Checker {
            now,
            import: false,
            found: &mut found,
        };
        if let Some(customer_id) = &self.customer_id {
            checker.required_id(FieldPath::of("customer_id"), customer_id);
        }
        checker.line(FieldPath::of("display_name"), &self.display_name);
        checker.required_line(FieldPath::of("reason"), &self.reason);
        found.into_result((self, cleaner.into_warnings()))
    }
}

/// Checks an id that must be there, by the rules of a record's ids.
pub fn check_id(at: FieldPath<'_>, id: &str, found: &mut Violations) {
    let mut checker = Checker {
        now: Timestamp::UNIX_EPOCH,
        import: false,
        found,
    };
    checker.required_id(at, id);
}
