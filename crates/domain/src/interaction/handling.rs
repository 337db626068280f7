//! What was done about a contact, and what with.

use jiff::Timestamp;

use super::check::Checker;
use super::forms;
use crate::FieldPath;
use crate::limits::LIST_MAX;
use crate::violation::Reason;

/// How a contact was handled.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Handling {
    /// \[P\] What happened, in a few sentences.
    pub summary: String,
    /// Who wrote the summary.
    pub summary_by: Option<SummaryAuthor>,
    /// What was done.
    pub actions: Vec<Action>,
    /// What the customer had tried before the contact.
    pub steps_already_tried: Vec<String>,
    /// \[P\] What solved it, in words that help with the next such case.
    pub resolution: String,
    /// What helps until it is solved.
    pub workaround: String,
    /// What the customer was given for the trouble.
    pub remedies: Vec<Remedy>,
    /// Whether the agent read the outcome back and the customer agreed.
    pub read_back_confirmed: bool,
}

/// Who wrote a summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SummaryAuthor {
    /// The agent.
    Agent,
    /// A model.
    Ai,
    /// A model, corrected by the agent.
    AiEdited,
}

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Action {
    /// The action's code, such as `reset_router`. Required.
    pub code: String,
    /// When it was done.
    pub at: Option<Timestamp>,
    /// \[P\] A note.
    pub note: String,
}

/// Something given to the customer for the trouble.
#[derive(Debug, Clone, PartialEq)]
pub struct Remedy {
    /// What sort. Required.
    pub kind: RemedyKind,
    /// The amount in units of 10^-6 of the currency, for kinds that have one. Not negative.
    pub amount_micros: i64,
    /// The currency, an ISO 4217 code such as `EUR`. Required with an amount.
    pub currency_code: String,
    /// Up to where the agent may decide alone, in the same units.
    pub authority_limit_micros: i64,
    /// Who approved an amount above the limit.
    pub approved_by: String,
}

/// What sort of remedy was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RemedyKind {
    /// Money back.
    Refund,
    /// Credit.
    Credit,
    /// A fee let off.
    Waiver,
    /// A replacement.
    Replacement,
    /// An apology.
    Apology,
}

/// A solution that was looked at or relied on.
#[derive(Debug, Clone, PartialEq)]
pub struct SolutionUse {
    /// The solution. Required.
    pub solution_id: String,
    /// Which version of it. Required, from 1.
    pub version: u32,
    /// What was done with it. Required.
    pub kind: SolutionUseKind,
    /// Whether the customer was told something because of it.
    pub relied_on_for_statement: bool,
}

/// What was done with a solution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SolutionUseKind {
    /// Used as it stands.
    UsedAsIs,
    /// Used with changes.
    UsedModified,
    /// Read.
    Viewed,
    /// Read and found not to fit.
    Rejected,
    /// The solution was made from this case.
    CreatedFrom,
}

impl Handling {
    pub(super) fn check(&self, at: FieldPath<'_>, checker: &mut Checker<'_>) {
        checker.text(at.field("summary"), &self.summary);
        let actions = at.field("actions");
        if checker.count(actions, self.actions.len(), LIST_MAX) {
            for (index, action) in self.actions.iter().enumerate() {
                action.check(actions.index(index), checker);
            }
        }
        let steps = at.field("steps_already_tried");
        if checker.count(steps, self.steps_already_tried.len(), LIST_MAX) {
            for (index, step) in self.steps_already_tried.iter().enumerate() {
                checker.required_line(steps.index(index), step);
            }
        }
        checker.text(at.field("resolution"), &self.resolution);
        checker.text(at.field("workaround"), &self.workaround);
        let remedies = at.field("remedies");
        if checker.count(remedies, self.remedies.len(), LIST_MAX) {
            for (index, remedy) in self.remedies.iter().enumerate() {
                remedy.check(remedies.index(index), checker);
            }
        }
    }
}

impl Action {
    fn check(&self, at: FieldPath<'_>, checker: &mut Checker<'_>) {
        checker.required_id(at.field("code"), &self.code);
        checker.time(at.field("at"), self.at);
        checker.text(at.field("note"), &self.note);
    }
}

impl Remedy {
    fn check(&self, at: FieldPath<'_>, checker: &mut Checker<'_>) {
        for (name, micros) in [
            ("amount_micros", self.amount_micros),
            ("authority_limit_micros", self.authority_limit_micros),
        ] {
            if micros < 0 {
                let text = "an amount can't be negative; give what the customer received";
                checker.add(at.field(name), Reason::OutOfRange, text);
            }
        }
        let currency = at.field("currency_code");
        checker.form(currency, &self.currency_code, forms::CURRENCY);
        if self.amount_micros > 0 && self.currency_code.is_empty() {
            let text = "an amount needs its currency, such as EUR";
            checker.add(currency, Reason::Required, text);
        }
        checker.id(at.field("approved_by"), &self.approved_by);
    }
}

impl SolutionUse {
    pub(super) fn check(&self, at: FieldPath<'_>, checker: &mut Checker<'_>) {
        checker.required_id(at.field("solution_id"), &self.solution_id);
        if self.version == 0 {
            let text = "say which version was used; versions count from 1";
            checker.add(at.field("version"), Reason::Required, text);
        }
    }
}
