//! What is asked for, checked: all that is wrong with a request is found at once, and the same fault
//! is told in the same words by every service.

use aftercall_domain::Violations;
use aftercall_domain::limits::ID_BYTES_MAX;
use aftercall_domain::violation::Reason;
use aftercall_proto::convert::time;
use jiff::Timestamp;

/// How many of something an answer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// If the request doesn't say.
    pub usual: usize,
    /// Whatever the request says.
    pub max: usize,
}

/// Collects what is wrong with a request's fields.
#[derive(Debug, Default)]
pub struct Checker(Violations);

impl Checker {
    /// A checker that has found nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes something of its own kind.
    pub fn add(
        &mut self,
        field: impl Into<String>,
        reason: Reason,
        description: impl Into<String>,
    ) {
        self.0.add(field, reason, description);
    }

    /// A field that excludes another one.
    pub fn conflicting(&mut self, field: &str, description: &str) {
        self.0.add(field, Reason::Conflicting, description);
    }

    /// What was found so far, for checks that are somebody else's.
    pub fn found(&mut self) -> &mut Violations {
        &mut self.0
    }

    /// An id that must be there.
    pub fn required_id(&mut self, field: &str, value: &str) {
        match value.is_empty() {
            true => self.0.required(field),
            false => self.id(field, value),
        }
    }

    /// An id or a code that may be left out.
    pub fn id(&mut self, field: &str, value: &str) {
        if value.len() > ID_BYTES_MAX {
            self.0.too_long(field, ID_BYTES_MAX);
        } else if value.chars().any(char::is_control) {
            let text = "holds control characters; take them out";
            self.0.add(field, Reason::Malformed, text);
        }
    }

    /// Ids of which one must fit; an empty one asks for nothing. Answers whether there are few
    /// enough to be looked at.
    pub fn ids(&mut self, field: &str, values: &[String], count_max: usize) -> bool {
        let few = self.few(field, values.len(), count_max);
        if few {
            for (place, value) in values.iter().enumerate() {
                self.required_id(&format!("{field}[{place}]"), value);
            }
        }
        few
    }

    /// Whether a list is short enough to be looked at.
    pub fn few(&mut self, field: &str, count: usize, count_max: usize) -> bool {
        if count > count_max {
            self.0.too_many(field, count, count_max);
        }
        count <= count_max
    }

    /// A text that must be there.
    pub fn required_text(&mut self, field: &str, value: &str, bytes_max: usize) {
        if value.trim().is_empty() {
            self.0.required(field);
        }
        self.text(field, value, bytes_max);
    }

    /// A text that may be left out.
    pub fn text(&mut self, field: &str, value: &str, bytes_max: usize) {
        if value.len() > bytes_max {
            self.0.too_long(field, bytes_max);
        }
    }

    /// An instant that may be left out.
    pub fn time(
        &mut self,
        field: &str,
        value: Option<&pbjson_types::Timestamp>,
    ) -> Option<Timestamp> {
        let at = value.map(time::from_wire)?;
        if at.is_none() {
            self.0.no_instant(field);
        }
        at
    }

    /// An instant that must be there.
    pub fn required_time(
        &mut self,
        field: &str,
        value: Option<&pbjson_types::Timestamp>,
    ) -> Option<Timestamp> {
        if value.is_none() {
            self.0.required(field);
        }
        self.time(field, value)
    }

    /// Two instants of which neither must be there, and the second comes after the first.
    pub fn within(
        &mut self,
        (from_field, from): (&str, Option<&pbjson_types::Timestamp>),
        (before_field, before): (&str, Option<&pbjson_types::Timestamp>),
    ) -> (Option<Timestamp>, Option<Timestamp>) {
        let (from, before) = (self.time(from_field, from), self.time(before_field, before));
        if let (Some(from), Some(before)) = (from, before)
            && before <= from
        {
            let text = format!("is not later than {from_field}, so that nothing can lie between");
            self.0.add(before_field, Reason::Conflicting, text);
        }
        (from, before)
    }

    /// How many are asked for: as many as usual for 0, and never more than the most, however many
    /// more were asked for.
    pub fn count(&mut self, field: &str, asked: i32, counts: Counts) -> usize {
        match usize::try_from(asked) {
            Ok(0) => counts.usual,
            Ok(asked) => asked.min(counts.max),
            Err(_) => {
                let text = format!("is negative; give 0 for {}, or a number", counts.usual);
                self.0.add(field, Reason::OutOfRange, text);
                counts.usual
            }
        }
    }

    /// An enum's value, in the domain's form; none where the request doesn't say.
    pub fn choice<W: TryFrom<i32>, D: TryFrom<W>>(&mut self, field: &str, value: i32) -> Option<D> {
        self.known::<W>(field, value)
            .and_then(|known| D::try_from(known).ok())
    }

    /// An enum's value, which may be the unspecified one.
    pub fn known<W: TryFrom<i32>>(&mut self, field: &str, value: i32) -> Option<W> {
        let known = W::try_from(value).ok();
        if known.is_none() {
            self.0.unknown_value(field);
        }
        known
    }

    /// Values of an enum of which one must fit; the unspecified one asks for nothing, and so does
    /// one that is said twice.
    pub fn known_list<W: TryFrom<i32> + Copy>(
        &mut self,
        field: &str,
        values: &[i32],
        count_max: usize,
    ) -> Vec<W> {
        if !self.few(field, values.len(), count_max) {
            return Vec::new();
        }
        let mut known = Vec::new();
        for (place, value) in values.iter().enumerate() {
            let field = format!("{field}[{place}]");
            match value {
                0 => self.0.required(field),
                value => known.extend(self.known::<W>(&field, *value)),
            }
        }
        known
    }

    /// What was found, for whoever goes on.
    pub fn into_found(self) -> Violations {
        self.0
    }

    /// `value`, if nothing is wrong.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn done<T>(self, value: T) -> Result<T, Violations> {
        self.0.into_result(value)
    }
}

/// The text, or none if it is empty.
pub fn given(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}
