//! What is found in a contact after it was recorded.

use jiff::Timestamp;

use super::check::Checker;
use super::recording::each;
use super::sentiment::check_sentiments;
use super::{Sentiment, Signal};
use crate::violation::Reason;
use crate::{FieldPath, Violations};

/// What somebody or something found in a contact: it is added to its record, and replaces nothing but what the same
/// scorer said before in the same version.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Analysis {
    /// How participants felt, each scorer in one of its versions once.
    pub sentiments: Vec<Sentiment>,
    /// What deserves notice.
    pub signals: Vec<Signal>,
}

impl Analysis {
    /// Checks it by the rules of a record, at the request's fields `sentiments` and `signals`, and says what follows from
    /// the sentiments. `found` holds what was wrong with its encoding.
    ///
    /// # Errors
    /// Everything that is wrong, all at once.
    pub fn check(mut self, now: Timestamp, mut found: Violations) -> Result<Self, Violations> {
        let mut checker = Checker {
            now,
            import: false,
            found: &mut found,
        };
        if self.sentiments.is_empty() && self.signals.is_empty() {
            let text = "says nothing; give sentiments, signals, or turns to be scored";
            checker.add(FieldPath::of("sentiments"), Reason::Required, text);
        }
        let sentiments = FieldPath::of("sentiments");
        check_sentiments(sentiments, &self.sentiments, &mut checker);
        let signals = FieldPath::of("signals");
        each(signals, &self.signals, &mut checker, |one, at, checker| {
            one.check(at, checker);
        });
        if found.is_empty() {
            self.sentiments.iter_mut().for_each(Sentiment::derive);
        }
        found.into_result(self)
    }
}
