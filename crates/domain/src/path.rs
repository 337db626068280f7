//! Where a field stands in a request. Building a path costs no allocation: it becomes a text only
//! when something is wrong with the field.

use std::fmt;

/// The path of a field from the request's root, such as `interaction.contact_reasons[0].code`.
/// Each step borrows the one before it.
#[derive(Debug, Clone, Copy)]
pub struct FieldPath<'a> {
    parent: Option<&'a FieldPath<'a>>,
    step: Step,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Root,
    Field(&'static str),
    Index(usize),
}

impl FieldPath<'static> {
    /// The message itself.
    pub const ROOT: Self = Self {
        parent: None,
        step: Step::Root,
    };

    /// A field of the message.
    pub const fn of(name: &'static str) -> Self {
        Self {
            parent: None,
            step: Step::Field(name),
        }
    }
}

impl<'a> FieldPath<'a> {
    /// A field of this field.
    #[must_use]
    pub const fn field(&'a self, name: &'static str) -> FieldPath<'a> {
        self.then(Step::Field(name))
    }

    /// An element of this list, from 0.
    #[must_use]
    pub const fn index(&'a self, index: usize) -> FieldPath<'a> {
        self.then(Step::Index(index))
    }

    const fn then(&'a self, step: Step) -> FieldPath<'a> {
        FieldPath {
            parent: Some(self),
            step,
        }
    }
}

impl fmt::Display for FieldPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(f, "{parent}")?;
        }
        match self.step {
            Step::Root => Ok(()),
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Field(name) => match self.parent {
                None
                | Some(FieldPath {
                    step: Step::Root, ..
                }) => f.write_str(name),
                Some(_) => write!(f, ".{name}"),
            },
        }
    }
}

impl From<FieldPath<'_>> for String {
    fn from(path: FieldPath<'_>) -> Self {
        path.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_as_in_the_proto() {
        let root = FieldPath::of("interaction");
        let list = root.field("contact_reasons");
        let first = list.index(0);
        assert_eq!(
            first.field("code").to_string(),
            "interaction.contact_reasons[0].code"
        );
        assert_eq!(FieldPath::ROOT.field("labels").to_string(), "labels");
    }
}
