//! Which codes of a tenant's trees may be recorded at a time, and what is told of those that may not.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{Taxonomy, TaxonomyKind, TaxonomyNode, UnknownCodes};
use crate::limits::{ID_BYTES_MAX, NEAR_CODES_MAX};

/// A tree of codes in which each is found at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeTree {
    kind: TaxonomyKind,
    refuses: bool,
    nodes: Vec<TaxonomyNode>,
    places: HashMap<String, usize>,
}

/// How a code stands in a tree at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing<'t> {
    /// It is to be used.
    Active,
    /// It was, until then; and what is to be used in its place.
    Retired(Timestamp, Option<&'t str>),
    /// It will be, from then on.
    NotYet(Timestamp),
    /// The tree does not have it.
    Unknown,
}

impl CodeTree {
    /// The codes of a taxonomy.
    pub fn new(taxonomy: Taxonomy) -> Self {
        let nodes = taxonomy.nodes;
        let places = nodes.iter().enumerate();
        let places = places.map(|(place, node)| (node.code.clone(), place));
        Self {
            kind: taxonomy.kind,
            // One that was set up before it could say so refuses nothing, as it did then.
            refuses: taxonomy.unknown_codes == Some(UnknownCodes::Refuse),
            places: places.collect(),
            nodes,
        }
    }

    /// What its codes are.
    pub const fn kind(&self) -> TaxonomyKind {
        self.kind
    }

    /// Whether it has no codes.
    pub const fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// A code of it.
    pub fn node(&self, code: &str) -> Option<&TaxonomyNode> {
        self.nodes.get(*self.places.get(code)?)
    }

    /// What people call a code; none where it has none, or no name.
    pub fn label(&self, code: &str) -> Option<&str> {
        let label = self.node(code).map(|node| &*node.label);
        label.filter(|label| !label.is_empty())
    }

    /// How a code stands at a time.
    pub fn standing(&self, code: &str, at: Timestamp) -> Standing<'_> {
        let Some(node) = self.node(code) else {
            return Standing::Unknown;
        };
        match (node.active_from, node.active_to) {
            (Some(from), _) if at < from => Standing::NotYet(from),
            (_, Some(to)) if to <= at => Standing::Retired(to, self.successor(node, at)),
            _ => Standing::Active,
        }
    }

    /// The code that takes the place of another one at a time.
    fn successor<'t>(&'t self, node: &TaxonomyNode, at: Timestamp) -> Option<&'t str> {
        let mut next = &node.maps_to;
        for _ in 0..self.nodes.len() {
            let node = self.node(next)?;
            if is_active(node, at) {
                return Some(&node.code);
            }
            next = &node.maps_to;
        }
        None
    }

    /// Codes that are to be used at a time and look as if they could be meant: by a slip or a few, or else those of the same
    /// family.
    fn near(&self, code: &str, at: Timestamp) -> Vec<&str> {
        let active = || self.nodes.iter().filter(move |node| is_active(node, at));
        let wanted: Vec<char> = code.to_lowercase().chars().collect();
        let slips_max = (wanted.len() / 4).clamp(1, SLIPS_MAX);
        let mut near: Vec<(usize, &str)> = active()
            .filter_map(|node| Some((slips(&wanted, &node.code, slips_max)?, &*node.code)))
            .collect();
        // Of equally near ones those stay in the order of the tree.
        near.sort_by_key(|(slips, _)| *slips);
        let mut codes: Vec<&str> = near.into_iter().map(|(_, code)| code).collect();
        if codes.is_empty() {
            let family = crate::measure::family(code);
            let same = active().filter(|node| crate::measure::family(&node.code) == family);
            codes = same.map(|node| &*node.code).collect();
        }
        codes.truncate(NEAR_CODES_MAX);
        codes
    }
}

fn is_active(node: &TaxonomyNode, at: Timestamp) -> bool {
    node.active_from.is_none_or(|from| from <= at) && node.active_to.is_none_or(|to| at < to)
}

/// The most letters that may differ.
const SLIPS_MAX: usize = 3;

/// How many letters of two codes differ, without regard to case: inserted, left out or exchanged (the distance of
/// Levenshtein); none if more than `slips_max` do. Only distances up to that are looked at, so that it takes a few steps a
/// letter.
fn slips(wanted: &[char], code: &str, slips_max: usize) -> Option<usize> {
    let letters: Vec<char> = code.to_lowercase().chars().collect();
    if wanted.len().abs_diff(letters.len()) > slips_max {
        return None;
    }
    let far = slips_max + 1;
    let mut before: Vec<usize> = (0..=letters.len()).map(|at| at.min(far)).collect();
    for (row, wanted) in wanted.iter().enumerate() {
        let mut now = vec![far; letters.len() + 1];
        now[0] = (row + 1).min(far);
        let from = row.saturating_sub(slips_max);
        let to = letters.len().min(row + slips_max + 1);
        for at in from..to {
            let exchanged = before[at] + usize::from(letters[at] != *wanted);
            let least = exchanged.min(before[at + 1] + 1).min(now[at] + 1);
            now[at + 1] = least.min(far);
        }
        // From here on they only differ in more: of most codes that is known after a few letters.
        if now.iter().all(|slips| *slips == far) {
            return None;
        }
        before = now;
    }
    before.last().copied().filter(|slips| *slips <= slips_max)
}

/// A tree that a tenant has in use, as one of its versions has it.
#[derive(Debug, Clone, Copy)]
pub struct Edition<'t> {
    /// The setting.
    pub setting_id: &'t str,
    /// Which version of it.
    pub version: u64,
    /// Its codes.
    pub tree: &'t CodeTree,
}

impl Edition<'_> {
    /// What it is called where a code was taken by it, such as `telecom@3`.
    pub fn name(&self) -> String {
        let version = format!("@{}", self.version);
        let room = ID_BYTES_MAX.saturating_sub(version.len());
        let id = &self.setting_id[..self.setting_id.floor_char_boundary(room)];
        format!("{id}{version}")
    }
}

/// What a tenant's trees say of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judged {
    /// The tenant has no tree of the kind: any code will do.
    Free,
    /// It is to be used, by the tree of this name.
    Taken(String),
    /// It is not, and why and what to do instead; and whether it is refused therefore.
    Odd(String, bool),
}

/// Whether a code of a kind may be recorded of what happened at `at`: if any of the tenant's trees of the kind has it in use
/// then. Of several trees that don't, all must say that they only warn, or else it is refused.
pub fn judge(code: &str, kind: TaxonomyKind, at: Timestamp, editions: &[Edition<'_>]) -> Judged {
    let own = || {
        let all = editions.iter();
        all.filter(move |edition| edition.tree.kind == kind)
    };
    let mut odd: Option<(&Edition<'_>, Standing<'_>)> = None;
    let mut refuses = false;
    for edition in own() {
        let standing = edition.tree.standing(code, at);
        refuses |= edition.tree.refuses;
        if standing == Standing::Active {
            return Judged::Taken(edition.name());
        }
        // A tree that had it knows more of it than one that never did.
        let knows_more = odd.is_none_or(|(_, it)| it == Standing::Unknown);
        if odd.is_none() || knows_more && standing != Standing::Unknown {
            odd = Some((edition, standing));
        }
    }
    let Some((edition, standing)) = odd else {
        return Judged::Free;
    };
    let name = edition.name();
    let text = match standing {
        Standing::Active => String::new(),
        Standing::Retired(to, Some(code)) => {
            format!("was in use until {to}, by the taxonomy {name}; use {code} in its place")
        }
        Standing::Retired(to, None) => format!(
            "was in use until {to}, by the taxonomy {name}, and nothing takes its place; choose another code"
        ),
        Standing::NotYet(from) => {
            format!("is in use from {from} on, by the taxonomy {name}; choose a code of its time")
        }
        Standing::Unknown => {
            let near = own().flat_map(|edition| edition.tree.near(code, at));
            let near: Vec<&str> = near.take(NEAR_CODES_MAX).collect();
            match near.is_empty() {
                true => {
                    format!("is no code of the taxonomy {name}; list its codes, or add this one")
                }
                false => format!(
                    "is no code of the taxonomy {name}; did you mean {}? List its codes, or add this one",
                    near.join(", ")
                ),
            }
        }
    };
    Judged::Odd(text, refuses)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(day * 86_400).unwrap()
    }

    fn node(code: &str, days: (Option<i64>, Option<i64>), maps_to: &str) -> TaxonomyNode {
        TaxonomyNode {
            code: code.to_owned(),
            active_from: days.0.map(at),
            active_to: days.1.map(at),
            maps_to: maps_to.to_owned(),
            ..TaxonomyNode::default()
        }
    }

    fn tree(unknown_codes: Option<UnknownCodes>) -> CodeTree {
        let always = (None, None);
        CodeTree::new(Taxonomy {
            display_name: String::new(),
            kind: TaxonomyKind::ContactReason,
            nodes: vec![
                node("billing.refund", always, ""),
                node("billing.invoice", (None, Some(100)), "billing.bill"),
                node("billing.bill", (Some(100), Some(200)), "billing.question"),
                node("billing.question", (Some(200), None), ""),
                node("fax", (None, Some(50)), ""),
            ],
            unknown_codes,
        })
    }

    fn told(code: &str, day: i64, tree: &CodeTree) -> Judged {
        let edition = Edition {
            setting_id: "own",
            version: 7,
            tree,
        };
        judge(code, TaxonomyKind::ContactReason, at(day), &[edition])
    }

    #[test]
    fn a_code_is_taken_while_it_is_active_and_its_edition_is_named() {
        let tree = tree(Some(UnknownCodes::Refuse));
        let own = || Judged::Taken("own@7".to_owned());
        assert_eq!(told("billing.refund", 0, &tree), own());
        // From its first moment on, and no longer at its last.
        assert_eq!(told("billing.bill", 100, &tree), own());
        assert_eq!(told("billing.question", 200, &tree), own());
        assert!(matches!(
            told("billing.bill", 200, &tree),
            Judged::Odd(_, true)
        ));
        let kind = TaxonomyKind::Driver;
        assert_eq!(judge("x", kind, at(0), &[]), Judged::Free);
        let other = Edition {
            setting_id: "own",
            version: 7,
            tree: &tree,
        };
        assert_eq!(judge("x", kind, at(0), &[other]), Judged::Free);
    }

    #[test]
    fn what_is_odd_about_a_code_is_told_with_what_to_do() {
        let tree = tree(Some(UnknownCodes::Refuse));
        for (code, day, expected) in [
            ("billing.invoice", 150, "use billing.bill in its place"),
            // The code that took its place has been replaced itself.
            ("billing.invoice", 300, "use billing.question in its place"),
            ("fax", 60, "nothing takes its place"),
            ("billing.question", 10, "is in use from 1970-07-20"),
            ("billing.refnd", 10, "did you mean billing.refund?"),
            ("Billing.Refund", 10, "did you mean billing.refund?"),
            (
                "billing.zzzzzzzzz",
                10,
                "did you mean billing.refund, billing.invoice?",
            ),
            (
                "quite.other",
                10,
                "is no code of the taxonomy own@7; list its codes",
            ),
        ] {
            match told(code, day, &tree) {
                Judged::Odd(text, true) => assert!(text.contains(expected), "{code}: {text}"),
                other => panic!("{code}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_tree_refuses_only_where_it_says_so() {
        for (unknown_codes, refuses) in [
            (None, false),
            (Some(UnknownCodes::Warn), false),
            (Some(UnknownCodes::Refuse), true),
        ] {
            let tree = tree(unknown_codes);
            let judged = told("quite.other", 10, &tree);
            assert!(matches!(judged, Judged::Odd(_, it) if it == refuses));
        }
        // Of two, any that has the code takes it, and any that refuses does.
        let (strict, lenient) = (
            tree(Some(UnknownCodes::Refuse)),
            tree(Some(UnknownCodes::Warn)),
        );
        let edition = |tree| Edition {
            setting_id: "a",
            version: 1,
            tree,
        };
        let both = [edition(&lenient), edition(&strict)];
        let kind = TaxonomyKind::ContactReason;
        assert!(matches!(
            judge("nothing", kind, at(0), &both),
            Judged::Odd(_, true)
        ));
        assert!(matches!(judge("fax", kind, at(0), &both), Judged::Taken(_)));
    }

    #[test]
    fn an_edition_has_a_name_that_can_be_said_again() {
        let tree = tree(None);
        let edition = Edition {
            setting_id: &"ü".repeat(64),
            version: 12,
            tree: &tree,
        };
        let name = edition.name();
        assert!(
            name.len() <= ID_BYTES_MAX && name.ends_with("ü@12"),
            "{name}"
        );
    }

    /// The distance, by its definition.
    fn distance(one: &[char], other: &[char]) -> usize {
        let mut before: Vec<usize> = (0..=other.len()).collect();
        for (row, letter) in one.iter().enumerate() {
            let mut now = vec![row + 1];
            for (at, with) in other.iter().enumerate() {
                let exchanged = before[at] + usize::from(letter != with);
                now.push(exchanged.min(before[at + 1] + 1).min(now[at] + 1));
            }
            before = now;
        }
        before[other.len()]
    }

    proptest! {
        #[test]
        fn slips_are_counted_as_far_as_they_matter(one in "[ab.]{0,9}", other in "[ab.]{0,9}", most in 0..4_usize) {
            let letters: Vec<char> = one.chars().collect();
            let expected = distance(&letters, &other.chars().collect::<Vec<_>>());
            let expected = Some(expected).filter(|slips| *slips <= most);
            prop_assert_eq!(slips(&letters, &other, most), expected);
        }
    }
}
