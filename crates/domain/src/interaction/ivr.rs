//! The way through the voice menu.

use jiff::Timestamp;

use super::check::Checker;
use super::segment::Span;
use crate::FieldPath;
use crate::limits::{IVR_PATH_BYTES_MAX, LIST_MAX};

/// A step of the voice menu that the customer reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IvrStep {
    /// Its name. Required.
    pub node: String,
    /// When the customer reached it.
    pub entered_at: Option<Timestamp>,
    /// When they left it. Not before `entered_at`.
    pub exited_at: Option<Timestamp>,
    /// What they left it for.
    pub outcome: Option<IvrOutcome>,
}

/// What a customer left a step of the voice menu for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IvrOutcome {
    /// The next step.
    NextStep,
    /// A queue.
    Queued,
    /// An agent, without a queue.
    Agent,
    /// The contact ended there.
    Ended,
}

impl IvrStep {
    fn check(&self, at: FieldPath<'_>, checker: &mut Checker<'_>) {
        checker.required_id(at.field("node"), &self.node);
        checker.past_time(at.field("entered_at"), self.entered_at);
        let exited = at.field("exited_at");
        checker.past_time(exited, self.exited_at);
        checker.not_before(exited, self.exited_at, "entered_at", self.entered_at);
    }
}

/// Checks a path by itself, and against when the contact was, as far as that is known.
pub(super) fn check_path(
    at: FieldPath<'_>,
    path: &[IvrStep],
    span: Span,
    checker: &mut Checker<'_>,
) {
    let list = at.field("ivr_path");
    if checker.count(list, path.len(), LIST_MAX) {
        for (index, step) in path.iter().enumerate() {
            step.check(list.index(index), checker);
        }
        check_within(at, path, span, checker);
    }
}

/// Checks that no step lies outside of the contact, but for the difference of several systems' clocks.
pub(super) fn check_within(
    at: FieldPath<'_>,
    path: &[IvrStep],
    span: Span,
    checker: &mut Checker<'_>,
) {
    let list = at.field("ivr_path");
    for (index, step) in path.iter().take(LIST_MAX).enumerate() {
        let at = list.index(index);
        span.check(at.field("entered_at"), step.entered_at, checker);
        span.check(at.field("exited_at"), step.exited_at, checker);
    }
}

/// What stands between two steps of a path in one line.
const BETWEEN: &str = " > ";
/// What stands for steps that are left out.
const LEFT_OUT: &str = "…";

/// A whole path in one line, by which contacts are grouped: its nodes in their order with ` > ` between them; empty for
/// none. Of one that would be longer than [`IVR_PATH_BYTES_MAX`], steps before the last one are left out, and `…` stands
/// for them. A node's own ` > ` becomes `>`.
pub fn path_in_line<'n>(nodes: impl IntoIterator<Item = &'n str>) -> String {
    let mut nodes: Vec<String> = nodes
        .into_iter()
        .map(|node| node.replace(BETWEEN, ">"))
        .collect();
    let whole = nodes.join(BETWEEN);
    if whole.len() <= IVR_PATH_BYTES_MAX {
        return whole;
    }
    let last = nodes.pop().unwrap_or_default();
    let room = IVR_PATH_BYTES_MAX.saturating_sub(last.len() + LEFT_OUT.len() + BETWEEN.len());
    let mut line = String::new();
    for node in nodes {
        if line.len() + node.len() + BETWEEN.len() > room {
            break;
        }
        line.push_str(&node);
        line.push_str(BETWEEN);
    }
    line.push_str(LEFT_OUT);
    line.push_str(BETWEEN);
    line.push_str(&last);
    line
}

/// The last node of a path that [`path_in_line`] put together.
pub fn last_node(line: &str) -> &str {
    line.rsplit_once(BETWEEN).map_or(line, |(_, last)| last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_path_is_one_line_and_ends_with_its_last_node() {
        assert_eq!(path_in_line([]), "");
        assert_eq!(last_node(""), "");
        assert_eq!(path_in_line(["main"]), "main");
        assert_eq!(last_node("main"), "main");
        let line = path_in_line(["main", "bills > old", "main"]);
        assert_eq!(line, "main > bills>old > main");
        assert_eq!(last_node(&line), "main");
    }

    proptest! {
        #[test]
        fn however_long_it_is_it_keeps_the_beginning_and_the_end(
            nodes in prop::collection::vec("[a-c> ]{1,128}", 1..60),
        ) {
            let line = path_in_line(nodes.iter().map(String::as_str));
            prop_assert!(line.len() <= IVR_PATH_BYTES_MAX);
            let last = nodes.last().map(|last| last.replace(" > ", ">"));
            prop_assert!(line.ends_with(&last.unwrap_or_default()));
            let again = path_in_line(nodes.iter().map(String::as_str));
            prop_assert_eq!(&line, &again);
            let whole = nodes.iter().map(|it| it.len() + 3).sum::<usize>();
            prop_assert!(!line.contains('…') || whole - 3 > IVR_PATH_BYTES_MAX);
        }
    }
}
