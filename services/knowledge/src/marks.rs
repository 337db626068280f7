//! Marks of a solution in the search index: for whom it is, and by what it is filtered and counted.
//!
//! A mark is a term with its tenant before it, as words are. A filter is a set of marks of which a solution must have
//! one.

use aftercall_proto::knowledge::v1::SolutionFacet;
use aftercall_proto::model::v1::{Audience, Confidence, Governance, Solution};

/// What sort of mark: it stands before the mark's value, and is stored in indexes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// For whom it is: an audience, and of the narrow ones also whose.
    For,
    Audience,
    Reason,
    Product,
    Client,
    /// The language itself,
    Language,
    /// and each language that it is a form of, itself included.
    LanguageForm,
    Confidence,
    Governance,
    Owner,
}

impl Sort {
    const fn sign(self) -> char {
        match self {
            Self::For => 'v',
            Self::Audience => 'a',
            Self::Reason => 'r',
            Self::Product => 'p',
            Self::Client => 'c',
            Self::Language => 'l',
            Self::LanguageForm => 'm',
            Self::Confidence => 'f',
            Self::Governance => 'g',
            Self::Owner => 'o',
        }
    }

    /// The sort that a facet counts.
    pub(crate) const fn of(facet: SolutionFacet) -> Option<Self> {
        Some(match facet {
            SolutionFacet::Unspecified => return None,
            SolutionFacet::Reason => Self::Reason,
            SolutionFacet::Product => Self::Product,
            SolutionFacet::Client => Self::Client,
            SolutionFacet::Language => Self::Language,
            SolutionFacet::Audience => Self::Audience,
            SolutionFacet::Confidence => Self::Confidence,
            SolutionFacet::Governance => Self::Governance,
            SolutionFacet::OwnerGroup => Self::Owner,
        })
    }
}

/// A mark with a value; an empty one says that there is none.
pub(crate) fn mark(sort: Sort, value: &str) -> String {
    format!("{}{value}", sort.sign())
}

/// The value of a mark, if it is of that sort.
pub(crate) fn value(sort: Sort, mark: &str) -> Option<&str> {
    mark.strip_prefix(sort.sign())
}

/// What those who may see all solutions for an audience have.
pub(crate) fn for_all_of(audience: Audience) -> String {
    mark(Sort::For, audience_name(audience))
}

/// What those have who may see the solutions for an audience of one group: its team, or its client.
pub(crate) fn for_group(audience: Audience, group: &str) -> String {
    // No name of an audience holds the sign between.
    mark(Sort::For, &format!("{} {group}", audience_name(audience)))
}

/// For whom a solution is; within the house, where it doesn't say.
pub(crate) fn audience(solution: &Solution) -> Audience {
    match solution.audience() {
        Audience::Unspecified => Audience::Internal,
        audience => audience,
    }
}

/// By which rules a solution is approved; by experience, where it doesn't say.
pub(crate) fn governance(solution: &Solution) -> Governance {
    match solution.governance() {
        Governance::Unspecified => Governance::ExperienceBased,
        governance => governance,
    }
}

/// An audience's name, as answers have it.
pub(crate) fn audience_name(audience: Audience) -> &'static str {
    audience.as_str_name().trim_start_matches("AUDIENCE_")
}

/// A confidence's name.
pub(crate) fn confidence_name(confidence: Confidence) -> &'static str {
    confidence.as_str_name().trim_start_matches("CONFIDENCE_")
}

/// A governance's name.
pub(crate) fn governance_name(governance: Governance) -> &'static str {
    governance.as_str_name().trim_start_matches("GOVERNANCE_")
}

/// A language as it is compared.
pub(crate) fn language(tag: &str) -> String {
    tag.to_ascii_lowercase()
}

/// A language and each that it is a form of: `de-ch`, `de`.
pub(crate) fn forms(tag: &str) -> Vec<String> {
    let mut forms = vec![language(tag)];
    while let Some(cut) = forms.last().and_then(|form| form.rfind('-')) {
        let shorter = forms[forms.len() - 1][..cut].to_owned();
        forms.push(shorter);
    }
    forms.retain(|form| !form.is_empty());
    forms
}

/// A product as it is compared.
pub(crate) fn product(name: &str) -> String {
    name.trim().to_lowercase()
}

/// All marks of a solution.
pub(crate) fn of(solution: &Solution) -> Vec<String> {
    let audience = audience(solution);
    let mut marks = vec![
        for_all_of(audience),
        mark(Sort::Audience, audience_name(audience)),
        mark(Sort::Reason, &solution.reason_code),
        mark(Sort::Client, &solution.client_account_id),
        mark(Sort::Language, &language(&solution.language)),
        mark(Sort::Confidence, confidence_name(solution.confidence())),
        mark(Sort::Governance, governance_name(governance(solution))),
        mark(Sort::Owner, &solution.owner_group),
    ];
    match audience {
        Audience::Team => marks.push(for_group(audience, &solution.owner_group)),
        Audience::ClientAccount => marks.push(for_group(audience, &solution.client_account_id)),
        _ => {}
    }
    let forms = forms(&solution.language);
    marks.extend(forms.iter().map(|form| mark(Sort::LanguageForm, form)));
    let products = solution
        .environment
        .iter()
        .map(|entry| product(&entry.value));
    let mut products: Vec<_> = products.filter(|product| !product.is_empty()).collect();
    if products.is_empty() {
        products.push(String::new());
    }
    marks.extend(products.iter().map(|product| mark(Sort::Product, product)));
    marks.sort();
    marks.dedup();
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_has_its_forms() {
        assert_eq!(forms("zh-Hant-TW"), ["zh-hant-tw", "zh-hant", "zh"]);
        assert_eq!(forms("de"), ["de"]);
        assert!(forms("").is_empty());
    }
}
