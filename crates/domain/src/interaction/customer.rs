//! Whose contact it was.

use super::check::Checker;
use super::forms;
use crate::limits::{HANDLES_MAX, LIST_MAX};
use crate::violation::Reason;
use crate::{Country, FieldPath, Handle};

/// The customer, as known at the time of the contact. One customer, never several. All of it may be
/// empty: a number was withheld, a review has no sender.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Customer {
    /// The CRM's own key. Absent for somebody who isn't identified yet.
    pub customer_id: String,
    /// How sure the identity is.
    pub match_status: Option<MatchStatus>,
    /// The customers that it could be, where `match_status` is AMBIGUOUS.
    pub candidate_customer_ids: Vec<String>,
    /// \[P\] The names under which the customer reached us or was reached.
    pub handles: Vec<Handle>,
    /// \[P\] The name to show.
    pub display_name: String,
    /// How far the identity was checked.
    pub verification: Option<Verification>,
    /// The customer's time zone, an IANA name such as `Europe/Berlin`.
    pub time_zone: String,
    /// The customer's language, a BCP 47 tag such as `de-CH`.
    pub language: String,
    /// Where numbers without a country code are dialled, an ISO 3166-1 code such as `DE`.
    pub country_code: String,
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
        let handles = at.field("handles");
        if checker.count(handles, self.handles.len(), HANDLES_MAX) {
            for (index, handle) in self.handles.iter().enumerate() {
                check_handle(handle, handles.index(index), checker);
            }
        }
        checker.line(at.field("display_name"), &self.display_name);
        checker.form(at.field("time_zone"), &self.time_zone, forms::TIME_ZONE);
        checker.form(at.field("language"), &self.language, forms::LANGUAGE);
        checker.form(at.field("country_code"), &self.country_code, forms::COUNTRY);
    }

    /// Brings the handles into the form by which they are found. `country` is the tenant's, for a
    /// customer of whom none is said.
    pub(super) fn canonicalise(&mut self, country: Option<Country>) {
        let country = self.country_code.parse().ok().or(country);
        for handle in &mut self.handles {
            handle.canonicalise(country);
        }
    }
}

pub(super) fn check_handle(handle: &Handle, at: FieldPath<'_>, checker: &mut Checker<'_>) {
    checker.required_line(at.field("value"), &handle.value);
    checker.line(at.field("display_form"), &handle.display_form);
}
