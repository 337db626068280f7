//! Trees of codes to record by.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{check_code, check_id};
use crate::limits::{LINE_BYTES_MAX, TAXONOMY_NODES_MAX};
use crate::violation::Reason;
use crate::{Cleaner, FieldPath, Violations};

/// A tree of codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taxonomy {
    /// What people call it; may be empty.
    pub display_name: String,
    /// What its codes are.
    pub kind: TaxonomyKind,
    /// Its codes.
    pub nodes: Vec<TaxonomyNode>,
    /// What becomes of a record that says a code which is not in use at its time. None for one that was set up before it could
    /// say so, which only warns.
    pub unknown_codes: Option<UnknownCodes>,
}

/// What becomes of a record that says a code which is not in use at its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnknownCodes {
    /// It is refused.
    Refuse,
    /// It is taken as it is, with a warning.
    Warn,
}

/// What codes are. Why a customer called, what drives such calls and what their root cause was are three things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaxonomyKind {
    /// Why customers call, in their view.
    ContactReason,
    /// How contacts are wrapped up.
    Disposition,
    /// What makes customers call.
    Driver,
    /// Why that was so, as whoever looked into it found.
    RootCause,
}

/// A code.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaxonomyNode {
    /// The code.
    pub code: String,
    /// What people call it; may be empty.
    pub label: String,
    /// The code above it; empty at the top.
    pub parent_code: String,
    /// From when on it is to be used; none for always.
    pub active_from: Option<Timestamp>,
    /// Until when; none for ever.
    pub active_to: Option<Timestamp>,
    /// The code that takes its place; may be empty.
    pub maps_to: String,
}

impl Taxonomy {
    /// One without codes.
    pub(super) const fn empty(kind: TaxonomyKind) -> Self {
        Self {
            display_name: String::new(),
            kind,
            nodes: Vec::new(),
            unknown_codes: None,
        }
    }

    /// Says what counts where it was left out: codes that are not in use are refused.
    pub(super) fn fill_in(&mut self) {
        self.unknown_codes.get_or_insert(UnknownCodes::Refuse);
    }

    pub(super) fn clean(&mut self, at: FieldPath<'_>, cleaner: &mut Cleaner) {
        let list = at.field("nodes");
        for (place, node) in self.nodes.iter_mut().enumerate() {
            cleaner.text(list.index(place).field("label"), &mut node.label);
        }
    }

    pub(super) fn check(&self, at: FieldPath<'_>, found: &mut Violations) {
        let list = at.field("nodes");
        if self.nodes.is_empty() {
            found.required(list);
        } else if self.nodes.len() > TAXONOMY_NODES_MAX {
            found.too_many(list, self.nodes.len(), TAXONOMY_NODES_MAX);
            return;
        }
        let mut places: HashMap<&str, usize> = HashMap::new();
        for (place, node) in self.nodes.iter().enumerate() {
            let at = list.index(place);
            check_id(at.field("code"), &node.code, found);
            if places.insert(&node.code, place).is_some() {
                let text = "stands in the list already; give each code once";
                found.add(at.field("code"), Reason::Conflicting, text);
            }
        }
        for (place, node) in self.nodes.iter().enumerate() {
            self.check_node(list.index(place), (place, node), &places, found);
        }
    }

    fn check_node(
        &self,
        at: FieldPath<'_>,
        (place, node): (usize, &TaxonomyNode),
        places: &HashMap<&str, usize>,
        found: &mut Violations,
    ) {
        if node.label.len() > LINE_BYTES_MAX {
            found.too_long(at.field("label"), LINE_BYTES_MAX);
        }
        for (field, code) in [
            ("parent_code", &node.parent_code),
            ("maps_to", &node.maps_to),
        ] {
            check_code(at.field(field), code, found);
            if !code.is_empty() && !places.contains_key(&**code) {
                let text = "is no code of this taxonomy; add it, or name another one";
                found.add(at.field(field), Reason::NotFound, text);
            }
        }
        if let (Some(from), Some(to)) = (node.active_from, node.active_to)
            && to <= from
        {
            let text = "is not after active_from, so that the code would never be used";
            found.add(at.field("active_to"), Reason::Conflicting, text);
        }
        let parent = |of: &TaxonomyNode| of.parent_code.clone();
        let successor = |of: &TaxonomyNode| of.maps_to.clone();
        if self.comes_back(place, places, parent) {
            let text = "leads back to the code itself; a tree has no circles";
            found.add(at.field("parent_code"), Reason::Conflicting, text);
        }
        if self.comes_back(place, places, successor) {
            let text = "leads back to the code itself, so that nothing takes its place";
            found.add(at.field("maps_to"), Reason::Conflicting, text);
        }
    }

    /// Whether one comes back to a node by going on and on from it.
    fn comes_back(
        &self,
        start: usize,
        places: &HashMap<&str, usize>,
        next: impl Fn(&TaxonomyNode) -> String,
    ) -> bool {
        let mut place = start;
        for _ in 0..self.nodes.len() {
            match places.get(&*next(&self.nodes[place])) {
                Some(then) if *then == start => return true,
                Some(then) => place = *then,
                None => return false,
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(nodes: &[(&str, &str, &str)]) -> Vec<String> {
        let nodes = nodes
            .iter()
            .map(|(code, parent_code, maps_to)| TaxonomyNode {
                code: (*code).to_owned(),
                parent_code: (*parent_code).to_owned(),
                maps_to: (*maps_to).to_owned(),
                ..TaxonomyNode::default()
            });
        let taxonomy = Taxonomy {
            display_name: String::new(),
            kind: TaxonomyKind::RootCause,
            nodes: nodes.collect(),
            unknown_codes: None,
        };
        let mut found = Violations::new();
        taxonomy.check(FieldPath::ROOT, &mut found);
        let fields = found.as_slice().iter().map(|it| it.field.clone());
        fields.collect()
    }

    #[test]
    fn a_taxonomy_is_a_tree_of_codes_that_are_there() {
        assert!(wrong(&[("a", "", ""), ("a.b", "a", ""), ("a.c", "a", "a.b")]).is_empty());
        assert_eq!(wrong(&[]), ["nodes"]);
        assert_eq!(wrong(&[("a", "", ""), ("a", "", "")]), ["nodes[1].code"]);
        assert_eq!(wrong(&[("a", "x", "")]), ["nodes[0].parent_code"]);
        assert_eq!(wrong(&[("a", "", "x")]), ["nodes[0].maps_to"]);
        let circle = [("a", "b", ""), ("b", "a", "")];
        assert_eq!(
            wrong(&circle),
            ["nodes[0].parent_code", "nodes[1].parent_code"]
        );
        assert_eq!(wrong(&[("a", "", "a")]), ["nodes[0].maps_to"]);
    }
}
