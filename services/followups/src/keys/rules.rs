//! The alerts' rules, as keys have them.

use aftercall_domain::alert::Rule;
use aftercall_view::key::MalformedKey;

/// A rule's number in keys.
pub(super) const fn number_of(rule: Rule) -> u32 {
    match rule {
        Rule::PromiseLapsed => 1,
        Rule::TargetLapsed => 2,
        Rule::AtRisk => 3,
        Rule::LegalThreat => 210,
        Rule::ManagerRequest => 211,
        Rule::SaveAction => 212,
    }
}

/// The rule of a number in keys.
pub(super) fn rule_of(number: u32) -> Result<Rule, MalformedKey> {
    let rule = Rule::ALL.into_iter().find(|it| number_of(*it) == number);
    rule.ok_or(MalformedKey)
}
