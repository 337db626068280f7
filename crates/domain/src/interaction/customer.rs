//! Whose contact it was.

use super::check::Checker;
use super::forms;
use crate::FieldPath;
use crate::limits::{ID_BYTES_MAX, LIST_MAX};
use crate::violation::Reason;

/// The customer, as known at the time of the contact. One customer, never several.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Customer {
    /// The CRM's own key. Absent for a caller who isn't identified yet.
    pub customer_id: String,
    /// How sure the identity is.
    pub match_status: Option<MatchStatus>,
    /// The customers that it could be, where `match_status` is AMBIGUOUS.
    pub candidate_customer_ids: Vec<String>,
    /// \[P\] The caller's number in E.164 form, such as `+4930123456`.
    pub ani_e164: String,
    /// \[P\] The caller's number as the telephone system gave it.
    pub ani_raw: String,
    /// The number that was called, in E.164 form.
    pub dnis_e164: String,
    /// \[P\] The name to show.
    pub display_name: String,
    /// How far the identity was checked.
    pub verification: Option<Verification>,
    /// The customer's time zone, an IANA name such as `Europe/Berlin`.
    pub time_zone: String,
    /// The customer's language, a BCP 47 tag such as `de-CH`.
    pub language: String,
}

/// How sure a customer's identity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MatchStatus {
    /// One customer.
    Matched,
    /// One of several.
    Ambiguous,
    /// Nobody that we know.
    Unknown,
    /// The caller would not say.
    Anonymous,
}

/// How far a customer's identity was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verification {
    /// Not at all.
    None,
    /// In part.
    Partial,
    /// In full.
    Full,
}

impl Customer {
    pub(super) fn check(&self, at: FieldPath<'_>, checker: &mut Checker<'_>) {
        checker.id(at.field("customer_id"), &self.customer_id);
        checker.form(at.field("ani_e164"), &self.ani_e164, forms::E164);
        if self.customer_id.is_empty() && self.ani_e164.is_empty() {
            checker.add(
                at.field("customer_id"),
                Reason::Required,
                "name the customer, or give ani_e164 for a caller who isn't identified",
            );
        }
        let candidates = at.field("candidate_customer_ids");
        if checker.count(candidates, self.candidate_customer_ids.len(), LIST_MAX) {
            for (index, id) in self.candidate_customer_ids.iter().enumerate() {
                checker.required_id(candidates.index(index), id);
            }
        }
        if !self.candidate_customer_ids.is_empty()
            && self.match_status != Some(MatchStatus::Ambiguous)
        {
            checker.add(
                candidates,
                Reason::Conflicting,
                "candidates go with match_status AMBIGUOUS only; drop them, or set it",
            );
        }
        checker.short(at.field("ani_raw"), &self.ani_raw, ID_BYTES_MAX);
        checker.form(at.field("dnis_e164"), &self.dnis_e164, forms::E164);
        checker.line(at.field("display_name"), &self.display_name);
        checker.form(at.field("time_zone"), &self.time_zone, forms::TIME_ZONE);
        checker.form(at.field("language"), &self.language, forms::LANGUAGE);
    }
}
