//! What made a customer call: apart from why they called, in their view, and from why that was so, as is found out later.

use super::check::Checker;
use crate::FieldPath;
use crate::violation::Reason;

/// What made a customer call.
#[derive(Debug, Clone, PartialEq)]
pub struct DriverSegment {
    /// The code in the tenant's taxonomy of drivers, such as `outage.network`. Required.
    pub code: String,
    /// Which edition of the taxonomy.
    pub taxonomy_version: String,
    /// Who says so. Required.
    pub set_by: DriverSetter,
    /// How sure the classifier is, from 0 to 1. A classifier says it, an agent does not.
    pub confidence: Option<f64>,
    /// The classifier's name; of an agent none.
    pub classifier: String,
    /// Its version; may be empty.
    pub classifier_version: String,
}

/// Who says what made a customer call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DriverSetter {
    /// The agent, or whoever amends the record.
    Agent,
    /// A rule set or model.
    Classifier,
}

impl DriverSegment {
    pub(super) fn check(&self, at: FieldPath<'_>, checker: &mut Checker<'_>) {
        checker.required_id(at.field("code"), &self.code);
        checker.id(at.field("taxonomy_version"), &self.taxonomy_version);
        checker.id(at.field("classifier"), &self.classifier);
        let version = at.field("classifier_version");
        checker.id(version, &self.classifier_version);
        let confidence = at.field("confidence");
        if self
            .confidence
            .is_some_and(|sure| !(0.0..=1.0).contains(&sure))
        {
            let text = "a confidence is a number from 0 to 1";
            checker.add(confidence, Reason::OutOfRange, text);
        }
        match self.set_by {
            DriverSetter::Classifier => {
                if self.classifier.is_empty() {
                    let text = "set_by is CLASSIFIER; name it";
                    checker.add(at.field("classifier"), Reason::Required, text);
                }
                if self.confidence.is_none() {
                    let text = "set_by is CLASSIFIER; say how sure it is, from 0 to 1";
                    checker.add(confidence, Reason::Required, text);
                }
            }
            DriverSetter::Agent => {
                let text =
                    "is a classifier's, and set_by is AGENT; leave it out, or set CLASSIFIER";
                if !self.classifier.is_empty() {
                    checker.add(at.field("classifier"), Reason::Conflicting, text);
                }
                if !self.classifier_version.is_empty() {
                    checker.add(version, Reason::Conflicting, text);
                }
                if self.confidence.is_some() {
                    checker.add(confidence, Reason::Conflicting, text);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::Violations;

    fn wrong(segment: &DriverSegment) -> Vec<(String, Reason)> {
        let mut found = Violations::new();
        let mut checker = Checker {
            now: Timestamp::UNIX_EPOCH,
            import: false,
            found: &mut found,
        };
        segment.check(FieldPath::ROOT, &mut checker);
        let found = found.as_slice().iter();
        found.map(|one| (one.field.clone(), one.reason)).collect()
    }

    fn by(set_by: DriverSetter) -> DriverSegment {
        DriverSegment {
            code: "outage.network".to_owned(),
            taxonomy_version: String::new(),
            set_by,
            confidence: None,
            classifier: String::new(),
            classifier_version: String::new(),
        }
    }

    #[test]
    fn a_classifier_has_a_name_and_says_how_sure_it_is() {
        let mut segment = by(DriverSetter::Classifier);
        let missing = ["classifier", "confidence"].map(|it| (it.to_owned(), Reason::Required));
        assert_eq!(wrong(&segment), missing);
        segment.classifier = "topics".to_owned();
        segment.confidence = Some(1.5);
        let range = [("confidence".to_owned(), Reason::OutOfRange)];
        assert_eq!(wrong(&segment), range);
        segment.confidence = Some(0.0);
        segment.classifier_version = "7".to_owned();
        assert_eq!(wrong(&segment), []);
    }

    #[test]
    fn an_agent_says_nothing_that_only_a_classifier_can() {
        let mut segment = by(DriverSetter::Agent);
        assert_eq!(wrong(&segment), []);
        segment.classifier = "topics".to_owned();
        segment.classifier_version = "7".to_owned();
        segment.confidence = Some(0.5);
        let fields = ["classifier", "classifier_version", "confidence"];
        let expected = fields.map(|it| (it.to_owned(), Reason::Conflicting));
        assert_eq!(wrong(&segment), expected);
        segment = by(DriverSetter::Agent);
        segment.code.clear();
        assert_eq!(wrong(&segment), [("code".to_owned(), Reason::Required)]);
    }
}
