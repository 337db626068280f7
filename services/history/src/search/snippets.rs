//! Where in a contact's texts the words stand.

use std::ops::Range;

use aftercall_proto::history::v1::{Highlight, Snippet};
use aftercall_proto::model::v1::Interaction;
use aftercall_proto::texts;

use super::grammar::{Phrase, TextQuery, Wording};
use crate::index::words::{self, Read};
use crate::limits::{SNIPPET_CHARS, SNIPPETS_MAX};

/// How many code points of a snippet go before its first highlight.
const LEAD_CHARS: usize = 40;

/// The pieces of a contact's texts in which wanted words stand: of the fields with the most
/// different ones, at most [`SNIPPETS_MAX`], in the fields' order.
pub(crate) fn snippets(interaction: &Interaction, query: &TextQuery) -> Vec<Snippet> {
    if query.wanted.is_empty() {
        return Vec::new();
    }
    let mut matches = Vec::new();
    texts::each(interaction, |field, text| {
        matches.extend(Match::find(field, text, &query.wanted));
    });
    let mut order: Vec<usize> = (0..matches.len()).collect();
    order.sort_by_key(|place| std::cmp::Reverse(matches[*place].different));
    order.truncate(SNIPPETS_MAX);
    order.sort_unstable();
    order
        .into_iter()
        .map(|place| matches[place].snippet())
        .collect()
}

/// A text in which something stands.
struct Match<'t> {
    field: texts::Field,
    text: &'t str,
    /// Where, in bytes; in order, not overlapping.
    spans: Vec<Range<usize>>,
    /// How many different wordings of the query.
    different: usize,
}

impl<'t> Match<'t> {
    fn find(field: texts::Field, text: &'t str, wanted: &[Wording]) -> Option<Self> {
        let (numbers, words): (Vec<Read>, Vec<Read>) =
            words::read(text).partition(|word| word.pieces > 1);
        let mut spans = Vec::new();
        let mut different = 0;
        for wording in wanted {
            let before = spans.len();
            for phrase in wording.phrases() {
                // Only a single word can be a number of pieces, which overlap.
                let numbers = if phrase.len() == 1 { &numbers[..] } else { &[] };
                let windows = words.windows(phrase.len()).chain(numbers.windows(1));
                spans.extend(windows.filter(|window| reads(window, phrase)).map(span));
            }
            different += usize::from(spans.len() > before);
        }
        let found = !spans.is_empty();
        found.then(|| Self {
            field,
            text,
            spans: merged(spans),
            different,
        })
    }

    /// About [`SNIPPET_CHARS`] code points around the first place.
    fn snippet(&self) -> Snippet {
        let first = self.spans[0].start;
        let start = word_start(self.text, back(self.text, first, LEAD_CHARS));
        let end = forth(self.text, start, SNIPPET_CHARS).max(self.spans[0].end);
        let chars = |range: Range<usize>| self.text[range].chars().count() as u32;
        let inside = self.spans.iter().filter(|span| span.end <= end);
        let highlights = inside
            .map(|span| {
                let from = chars(start..span.start);
                Highlight {
                    start: from,
                    end: from + chars(span.clone()),
                }
            })
            .collect();
        Snippet {
            field: self.field.path(),
            text: self.text[start..end].to_owned(),
            highlights,
        }
    }
}

fn reads(window: &[Read], phrase: &Phrase) -> bool {
    window
        .iter()
        .zip(phrase)
        .all(|(word, wanted)| word.text == *wanted)
}

/// Where the words of a window stand, in bytes.
fn span(window: &[Read]) -> Range<usize> {
    window[0].span.start..window[window.len() - 1].span.end
}

/// The spans in order; those that overlap become one.
fn merged(mut spans: Vec<Range<usize>>) -> Vec<Range<usize>> {
    spans.sort_by_key(|span| (span.start, span.end));
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

/// The byte `chars` code points before `from`.
fn back(text: &str, from: usize, chars: usize) -> usize {
    let before = text[..from].char_indices().rev();
    before.take(chars).last().map_or(from, |(offset, _)| offset)
}

/// The byte `chars` code points after `from`.
fn forth(text: &str, from: usize, chars: usize) -> usize {
    text[from..]
        .char_indices()
        .nth(chars)
        .map_or(text.len(), |(offset, _)| from + offset)
}

/// The first word's start at or after `from`, so that a snippet begins with a whole word, if there
/// is white space near.
fn word_start(text: &str, from: usize) -> usize {
    if from == 0 || text[..from].ends_with(char::is_whitespace) {
        return from;
    }
    let near = &text[from..forth(text, from, LEAD_CHARS / 2)];
    let mut spaces = near
        .char_indices()
        .filter(|(_, character)| character.is_whitespace());
    spaces
        .next()
        .map_or(from, |(offset, space)| from + offset + space.len_utf8())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Writes a text in one of the ways in which it is the same.
    fn rewritten(text: &str, way: u8) -> String {
        match way {
            0 => text.to_uppercase(),
            1 => text.to_lowercase(),
            2 => text.chars().flat_map(|one| [one, '\u{ad}']).collect(),
            _ => text.to_owned(),
        }
    }

    proptest! {
        #[test]
        fn a_text_is_found_by_its_own_words(text in "[\\p{L}\\p{Nd} .,/]{0,40}", way in 0u8..4) {
            let query = TextQuery::parse(&rewritten(&text, way));
            prop_assert!(query.excluded.is_empty());
            for wording in query.wanted {
                let wanted = [wording];
                let found = Match::find(texts::Field::Summary, &text, &wanted);
                prop_assert!(found.is_some(), "{wanted:?} in {text:?}");
            }
        }

        #[test]
        fn highlights_stand_in_the_snippet(text in "[\\p{L}\\p{M}\\p{Nd} .\u{ad}]{0,400}") {
            let query = TextQuery::parse(&text);
            let found = Match::find(texts::Field::Summary, &text, &query.wanted);
            for Highlight { start, end } in found.map(|it| it.snippet().highlights).unwrap_or_default() {
                prop_assert!(start < end && end as usize <= text.chars().count());
            }
        }
    }
}
