//! What in a contact needs somebody's attention: escalations and signals.

use jiff::Timestamp;

use super::check::Checker;
use crate::FieldPath;
use crate::limits::ALERTED_CONFIDENCE_MIN;
use crate::violation::Reason;

/// A call for somebody with more say or knowledge.
#[derive(Debug, Clone, PartialEq)]
pub struct Escalation {
    /// To whom. Required.
    pub kind: EscalationKind,
    /// Why, in a word or two.
    pub reason: String,
    /// Who asked for it.
    pub requested_by: Option<EscalationRequester>,
    /// When it was asked for.
    pub at: Option<Timestamp>,
    /// When it was taken on.
    pub accepted_at: Option<Timestamp>,
    /// What came of it.
    pub outcome: String,
}

/// To whom a case was escalated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EscalationKind {
    /// A supervisor.
    Supervisor,
    /// A specialist.
    Specialist,
    /// The lawyers.
    Legal,
    /// Those who answer to a regulator.
    Regulatory,
}

/// Who asked for an escalation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EscalationRequester {
    /// The customer.
    Customer,
    /// The agent.
    Agent,
}

/// Something in the contact that deserves notice.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// What it is. Required, unless `kind_code` says it: then [`SignalKind::Other`].
    pub kind: SignalKind,
    /// When it was noticed.
    pub at: Option<Timestamp>,
    /// Who noticed.
    pub source: Option<SignalSource>,
    /// How sure, from 0 to 1.
    pub confidence: Option<f64>,
    /// The tenant's own code of the kind, where its list is finer than `kind`.
    pub kind_code: String,
    /// The rule set or model that noticed; may be empty.
    pub scorer: String,
    /// Its version.
    pub scorer_version: String,
    /// Which of its rules did.
    pub rule: String,
}

/// What deserves notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignalKind {
    /// The customer speaks of lawyers or courts.
    LegalThreat,
    /// The customer asks for a manager.
    ManagerRequest,
    /// The customer speaks of leaving.
    ChurnThreat,
    /// The customer is abusive.
    Abuse,
    /// The customer needs special care.
    VulnerableCustomer,
    /// The customer says that it isn't the first call.
    RepeatStated,
    /// Praise.
    Praise,
    /// Something else: `kind_code` says what.
    Other,
}

impl Signal {
    /// Whether it is sure enough that somebody is alerted: what is less sure than
    /// [`ALERTED_CONFIDENCE_MIN`] is shown and found, and disturbs nobody. Of what nobody said how sure it is, it is.
    pub fn is_sure(&self) -> bool {
        self.confidence
            .is_none_or(|confidence| confidence >= ALERTED_CONFIDENCE_MIN)
    }
}

/// Who noticed a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignalSource {
    /// The agent.
    Agent,
    /// A rule.
    Rule,
    /// A model.
    Model,
}

impl Escalation {
    pub(super) fn check(&self, at: FieldPath<'_>, checker: &mut Checker<'_>) {
        checker.line(at.field("reason"), &self.reason);
        checker.time(at.field("at"), self.at);
        checker.time(at.field("accepted_at"), self.accepted_at);
        checker.not_before(at.field("accepted_at"), self.accepted_at, "at", self.at);
        checker.line(at.field("outcome"), &self.outcome);
    }
}

impl Signal {
    pub(super) fn check(&self, at: FieldPath<'_>, checker: &mut Checker<'_>) {
        checker.kind_code(at, &self.kind_code, self.kind == SignalKind::Other);
        checker.time(at.field("at"), self.at);
        if self
            .confidence
            .is_some_and(|sure| !(0.0..=1.0).contains(&sure))
        {
            checker.add(
                at.field("confidence"),
                Reason::OutOfRange,
                "a confidence is a number from 0 to 1",
            );
        }
        checker.id(at.field("scorer"), &self.scorer);
        checker.id(at.field("scorer_version"), &self.scorer_version);
        checker.id(at.field("rule"), &self.rule);
    }
}
