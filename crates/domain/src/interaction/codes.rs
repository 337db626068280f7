//! The codes of a contact, held against the tenant's taxonomies: decided once, when they are recorded.

use jiff::Timestamp;

use super::{Amendment, ContactReason, Disposition, DriverSegment, Interaction};
use crate::limits::{CONTACT_REASONS_MAX, ID_BYTES_MAX, WARNINGS_MAX};
use crate::setting::{Edition, Judged, TaxonomyKind, judge};
use crate::violation::Reason;
use crate::{FieldPath, Violations, Warning, WarningReason};

impl Interaction {
    /// Says for each code by which of the tenant's taxonomies it was taken. What none of them has in use when the contact
    /// occurred is noted in `found`, or told as a warning where the tenant says so; of an import, always as a warning. Fields
    /// are named from the request's `interaction`.
    pub fn check_codes(
        &mut self,
        editions: &[Edition<'_>],
        is_import: bool,
        found: &mut Violations,
    ) -> Vec<Warning> {
        let mut judging = Judging::new(editions, self.occurred_at, found);
        judging.warns_only = is_import;
        judging.reasons(&mut self.contact_reasons);
        judging.disposition(self.disposition.as_mut());
        judging.driver(self.driver_segment.as_mut());
        judging.warnings
    }
}

impl Amendment {
    /// The same of new values, of a contact that began at `occurred_at` unless the amendment says otherwise.
    pub fn check_codes(
        &mut self,
        editions: &[Edition<'_>],
        occurred_at: Timestamp,
        found: &mut Violations,
    ) -> Vec<Warning> {
        let at = self.occurred_at.unwrap_or(occurred_at);
        let mut judging = Judging::new(editions, at, found);
        judging.reasons(self.contact_reasons.as_deref_mut().unwrap_or_default());
        judging.disposition(self.disposition.as_mut().and_then(Option::as_mut));
        judging.driver(self.driver_segment.as_mut().and_then(Option::as_mut));
        judging.warnings
    }
}

/// Goes through the codes of one contact.
struct Judging<'j> {
    editions: &'j [Edition<'j>],
    occurred_at: Timestamp,
    warns_only: bool,
    found: &'j mut Violations,
    warnings: Vec<Warning>,
}

impl<'j> Judging<'j> {
    const fn new(
        editions: &'j [Edition<'j>],
        occurred_at: Timestamp,
        found: &'j mut Violations,
    ) -> Self {
        Self {
            editions,
            occurred_at,
            warns_only: false,
            found,
            warnings: Vec::new(),
        }
    }

    fn reasons(&mut self, reasons: &mut [ContactReason]) {
        let root = FieldPath::of("interaction");
        let list = root.field("contact_reasons");
        // A contact that has more is refused for that: they are not looked for, however many there are.
        let reasons = reasons.iter_mut().take(CONTACT_REASONS_MAX);
        for (index, reason) in reasons.enumerate() {
            let code = (&*reason.code, &mut reason.taxonomy_version);
            self.judge(list.index(index), TaxonomyKind::ContactReason, code);
        }
    }

    fn disposition(&mut self, disposition: Option<&mut Disposition>) {
        let root = FieldPath::of("interaction");
        if let Some(disposition) = disposition {
            let code = (&*disposition.code, &mut disposition.taxonomy_version);
            self.judge(root.field("disposition"), TaxonomyKind::Disposition, code);
        }
    }

    fn driver(&mut self, segment: Option<&mut DriverSegment>) {
        let root = FieldPath::of("interaction");
        if let Some(segment) = segment {
            let code = (&*segment.code, &mut segment.taxonomy_version);
            self.judge(root.field("driver_segment"), TaxonomyKind::Driver, code);
        }
    }

    /// What is no code by its form is not looked for: that is found out elsewhere.
    fn judge(&mut self, at: FieldPath<'_>, kind: TaxonomyKind, code: (&str, &mut String)) {
        let (code, edition) = code;
        if code.is_empty() || code.len() > ID_BYTES_MAX {
            return;
        }
        match judge(code, kind, self.occurred_at, self.editions) {
            Judged::Free => {}
            Judged::Taken(name) => *edition = name,
            Judged::Odd(text, true) if !self.warns_only => {
                self.found.add(at.field("code"), Reason::UnknownCode, text);
            }
            Judged::Odd(detail, _) => {
                if self.warnings.len() < WARNINGS_MAX {
                    self.warnings.push(Warning {
                        field: at.field("code").into(),
                        reason: WarningReason::UnknownCode,
                        count: 1,
                        detail,
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interaction::DriverSetter;
    use crate::setting::{CodeTree, Taxonomy, TaxonomyNode, UnknownCodes};

    fn tree(kind: TaxonomyKind, code: &str) -> CodeTree {
        CodeTree::new(Taxonomy {
            display_name: String::new(),
            kind,
            nodes: vec![TaxonomyNode {
                code: code.to_owned(),
                active_to: Timestamp::from_second(1_000).ok(),
                ..TaxonomyNode::default()
            }],
            unknown_codes: Some(UnknownCodes::Refuse),
        })
    }

    fn amendment(reason: &str, driver: &str) -> Amendment {
        Amendment {
            contact_reasons: Some(vec![ContactReason {
                code: reason.to_owned(),
                primary: true,
                ..ContactReason::default()
            }]),
            disposition: Some(None),
            driver_segment: Some(Some(DriverSegment {
                code: driver.to_owned(),
                taxonomy_version: "what they said".to_owned(),
                set_by: DriverSetter::Agent,
                confidence: None,
                classifier: String::new(),
                classifier_version: String::new(),
            })),
            ..Amendment::default()
        }
    }

    #[test]
    fn each_code_is_held_against_the_trees_of_its_own_kind() {
        let (reasons, drivers) = (
            tree(TaxonomyKind::ContactReason, "billing"),
            tree(TaxonomyKind::Driver, "outage"),
        );
        let edition = |setting_id, tree| Edition {
            setting_id,
            version: 3,
            tree,
        };
        let editions = [edition("reasons", &reasons), edition("drivers", &drivers)];
        let then = Timestamp::from_second(10).unwrap();
        let mut right = amendment("billing", "outage");
        let mut found = Violations::new();
        assert_eq!(right.check_codes(&editions, then, &mut found), []);
        assert!(found.is_empty(), "{found}");
        let reasons = right.contact_reasons.unwrap();
        assert_eq!(reasons[0].taxonomy_version, "reasons@3");
        let driver = right.driver_segment.flatten().unwrap();
        assert_eq!(driver.taxonomy_version, "drivers@3");

        let mut wrong = amendment("outage", "billing");
        let mut found = Violations::new();
        wrong.check_codes(&editions, then, &mut found);
        let named = found.as_slice().iter();
        let named: Vec<_> = named.map(|one| (&*one.field, one.reason)).collect();
        let fields = [
            "interaction.contact_reasons[0].code",
            "interaction.driver_segment.code",
        ];
        assert_eq!(named, fields.map(|field| (field, Reason::UnknownCode)));

        // When it began, as the amendment itself says, counts.
        let mut late = amendment("billing", "outage");
        late.occurred_at = Timestamp::from_second(1_000).ok();
        let mut found = Violations::new();
        late.check_codes(&editions, then, &mut found);
        assert_eq!(found.as_slice().len(), 2);
    }

    #[test]
    fn no_more_codes_are_looked_for_than_a_contact_may_have() {
        let tree = tree(TaxonomyKind::ContactReason, "billing");
        let edition = Edition {
            setting_id: "reasons",
            version: 3,
            tree: &tree,
        };
        let mut many = amendment("billling", "any");
        let reasons = many.contact_reasons.take().unwrap();
        many.contact_reasons = Some(vec![reasons[0].clone(); 2 * CONTACT_REASONS_MAX]);
        let mut found = Violations::new();
        let then = Timestamp::from_second(10).unwrap();
        many.check_codes(&[edition], then, &mut found);
        assert_eq!(found.as_slice().len(), CONTACT_REASONS_MAX);
    }

    #[test]
    fn without_a_tree_any_code_is_taken_as_it_was_said() {
        let mut free = amendment("anything", "at all");
        let mut found = Violations::new();
        let then = Timestamp::from_second(10).unwrap();
        assert_eq!(free.check_codes(&[], then, &mut found), []);
        assert!(found.is_empty());
        let driver = free.driver_segment.flatten().unwrap();
        assert_eq!(driver.taxonomy_version, "what they said");
    }
}
