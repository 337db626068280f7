//! What was done about a contact, and what with.

use jiff::Timestamp;

use super::check::Checker;
use super::forms;
use crate::FieldPath;
use crate::limits::LIST_MAX;
use crate::violation::Reason;

/// The most of a unit of money that isn't a whole one, in units of 10^-9.
const NANOS_MAX: i32 = 999_999_999;

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
    /// What sort. Required, unless `kind_code` says it: then [`RemedyKind::Other`].
    pub kind: RemedyKind,
    /// The tenant's own code of the kind, where its list is finer than `kind`.
    pub kind_code: String,
    /// How much, for kinds that have an amount. Not negative.
    pub amount: Option<Money>,
    /// Up to where the agent may decide alone. Not negative.
    pub authority_limit: Option<Money>,
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
    /// Something else: `kind_code` says what.
    Other,
}

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// The currency, an ISO 4217 code such as `EUR`. Required.
    pub currency_code: String,
    /// The whole units.
    pub units: i64,
    /// The rest in units of 10^-9, of the same sign as `units`.
    pub nanos: i32,
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
        checker.words(at.field("summary"), &self.summary);
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
        checker.kind_code(at, &self.kind_code, self.kind == RemedyKind::Other);
        for (name, money) in [
            ("amount", &self.amount),
            ("authority_limit", &self.authority_limit),
        ] {
            if let Some(money) = money {
                money.check(at.field(name), checker);
            }
        }
        checker.id(at.field("approved_by"), &self.approved_by);
    }
}

impl Money {
    fn check(&self, at: FieldPath<'_>, checker: &mut Checker<'_>) {
        let currency = at.field("currency_code");
        if self.currency_code.is_empty() {
            let text = "an amount needs its currency, such as EUR";
            checker.add(currency, Reason::Required, text);
        }
        checker.form(currency, &self.currency_code, forms::CURRENCY);
        let rest = at.field("nanos");
        if !(-NANOS_MAX..=NANOS_MAX).contains(&self.nanos) {
            let text =
                "is a whole unit or more; give from -999999999 to 999999999, and the rest in units";
            checker.add(rest, Reason::OutOfRange, text);
        } else if self.units.signum() * i64::from(self.nanos.signum()) < 0 {
            let text = "units and nanos have different signs; give both the same";
            checker.add(rest, Reason::Conflicting, text);
        } else if self.units < 0 || self.nanos < 0 {
            let text = "an amount can't be negative; give what the customer received";
            checker.add(at, Reason::OutOfRange, text);
        }
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
