//! What a contact was, why it came, and how it was filed.

use super::check::Checker;
use crate::FieldPath;

/// How the customer and we spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// A telephone call.
    Voice,
    /// A chat.
    Chat,
    /// An e-mail.
    Email,
    /// A text message.
    Sms,
    /// A social network.
    Social,
    /// A review on somebody else's site.
    ExternalReview,
    /// A task or a form.
    Task,
    /// A voicemail.
    Voicemail,
    /// A bot.
    Bot,
}

/// Who reached out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The customer reached out to us.
    Inbound,
    /// We reached out to the customer.
    Outbound,
    /// Among ourselves.
    Internal,
}

/// What started the contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InitiationMethod {
    /// The customer called.
    Inbound,
    /// An agent called.
    Outbound,
    /// Handed over by another agent.
    Transfer,
    /// A call back that was asked for.
    Callback,
    /// Started by a program.
    Api,
    /// Handed over by another queue.
    QueueTransfer,
    /// A campaign's dialler.
    Campaign,
    /// A call back after a dropped call.
    DropRecovery,
}

/// A record's name in another system.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExternalRef {
    /// The system, such as `crm-eu`.
    pub source_system: String,
    /// The record's id there.
    pub external_id: String,
}

/// Why the customer called.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ContactReason {
    /// The reason's code in the tenant's taxonomy, such as `billing.double_charge`. Required.
    pub code: String,
    /// Which edition of the taxonomy.
    pub taxonomy_version: String,
    /// Whether it is the main reason. Exactly one is.
    pub primary: bool,
    /// \[P\] The reason in the customer's own words.
    pub stated_verbatim: String,
    /// Whether it was solved.
    pub resolution: Option<ReasonResolution>,
}

/// Whether a contact reason was solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReasonResolution {
    /// Solved.
    Resolved,
    /// Solved in part.
    Partly,
    /// Not solved.
    NotResolved,
    /// There was nothing to solve.
    NotApplicable,
}

/// The wrap-up code.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Disposition {
    /// The code in the tenant's taxonomy, such as `resolved_first_contact`. Required.
    pub code: String,
    /// Which edition of the taxonomy.
    pub taxonomy_version: String,
    /// Who set it.
    pub set_by: Option<DispositionSetter>,
}

/// Who set a disposition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DispositionSetter {
    /// The agent.
    Agent,
    /// The system, after a time.
    SystemTimeout,
    /// The agent took a model's proposal.
    AiAccepted,
}

impl ExternalRef {
    pub(super) fn check(&self, at: FieldPath<'_>, checker: &mut Checker<'_>) {
        checker.required_id(at.field("source_system"), &self.source_system);
        checker.required_id(at.field("external_id"), &self.external_id);
    }
}

impl ContactReason {
    pub(super) fn check(&self, at: FieldPath<'_>, checker: &mut Checker<'_>) {
        checker.required_id(at.field("code"), &self.code);
        checker.id(at.field("taxonomy_version"), &self.taxonomy_version);
        checker.words(at.field("stated_verbatim"), &self.stated_verbatim);
    }
}

impl Disposition {
    pub(super) fn check(&self, at: FieldPath<'_>, checker: &mut Checker<'_>) {
        checker.required_id(at.field("code"), &self.code);
        checker.id(at.field("taxonomy_version"), &self.taxonomy_version);
    }
}
