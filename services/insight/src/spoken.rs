//! What is said in contacts: their words, which stay in the log and are read there when somebody asks for them.

mod faint;
mod reading;

use std::collections::HashMap;

use aftercall_domain::masking::{self, Known};
use aftercall_proto::model::v1::Interaction;
use aftercall_proto::texts;
use aftercall_retrieval::words::{Word, words};

use crate::limits::{SPOKEN_BYTES_MAX, SPOKEN_WORDS_MAX};

use faint::Telling;
pub(crate) use reading::LogReader;

/// The words of a contact, and pairs of them that stand together, each once: as they are compared, and as they were written.
pub(crate) type Terms = HashMap<String, String>;

/// Reads a contact's texts as its search does, without codes and without what is personal. Neither words that tell nothing nor
/// numbers are among them; of long texts the beginning is read.
pub(crate) fn terms(contact: &Interaction) -> Terms {
    let source = contact.external_ref.as_ref();
    let external_id = source.map_or("", |source| &source.external_id);
    let known = texts::known(contact.customer.as_ref(), external_id);
    let (mut terms, mut left) = (Terms::new(), SPOKEN_WORDS_MAX);
    texts::each(contact, |field, text| {
        if field.is_code() || left == 0 {
            return;
        }
        let text = &text[..text.floor_char_boundary(SPOKEN_BYTES_MAX)];
        let pieces = unmasked(text, &known).into_iter().map(words);
        let pieces: Vec<Vec<Word>> = pieces.collect();
        let telling = Telling::of(pieces.iter().flatten());
        for mut words in pieces {
            words.truncate(left);
            left -= words.len();
            add(&words, telling, &mut terms);
        }
    });
    terms
}

/// The pieces of a text between its personal words.
fn unmasked<'t>(text: &'t str, known: &Known) -> Vec<&'t str> {
    let (mut pieces, mut through) = (Vec::new(), 0);
    for finding in masking::find(text, known) {
        pieces.push(&text[through..finding.span.start]);
        through = finding.span.end;
    }
    pieces.push(&text[through..]);
    pieces
}

fn add(words: &[Word], telling: Telling, terms: &mut Terms) {
    for (place, word) in words.iter().enumerate() {
        if !telling.is(word) {
            continue;
        }
        keep(word.term.clone(), word.spelling.clone(), terms);
        if let Some(next) = words.get(place + 1).filter(|next| telling.is(next)) {
            let term = format!("{} {}", word.term, next.term);
            keep(term, format!("{} {}", word.spelling, next.spelling), terms);
        }
    }
}

/// Of several spellings the shortest is kept, and of those the first.
fn keep(term: String, spelling: String, terms: &mut Terms) {
    let kept = terms.entry(term).or_insert_with(|| spelling.clone());
    if is_better(&spelling, kept) {
        *kept = spelling;
    }
}

/// Whether a spelling is rather shown than another one.
pub(crate) fn is_better(spelling: &str, kept: &str) -> bool {
    (spelling.len(), spelling) < (kept.len(), kept)
}

#[cfg(test)]
mod tests {
    use aftercall_proto::model::v1::{Action, ContactReason, Customer, Handling};

    use super::*;

    fn contact(summary: &str) -> Interaction {
        Interaction {
            customer: Some(Customer {
                customer_id: "C-778812".to_owned(),
                display_name: "Ada Lovelace".to_owned(),
                ..Customer::default()
            }),
            contact_reasons: vec![ContactReason {
                code: "billing.refund".to_owned(),
                stated_verbatim: "Where are my refunds?".to_owned(),
                ..ContactReason::default()
            }],
            handling: Some(Handling {
                summary: summary.to_owned(),
                actions: vec![Action {
                    code: "reset_router".to_owned(),
                    note: "The router blinks.".to_owned(),
                    ..Action::default()
                }],
                ..Handling::default()
            }),
            ..Interaction::default()
        }
    }

    fn shown(contact: &Interaction) -> Vec<String> {
        let mut shown: Vec<_> = terms(contact).into_values().collect();
        shown.sort();
        shown
    }

    #[test]
    fn words_and_pairs_are_read_from_all_texts_and_codes_are_none() {
        assert_eq!(
            shown(&contact("")),
            ["blinks", "refunds", "router", "router blinks"]
        );
    }

    #[test]
    fn nothing_personal_is_among_them_and_nothing_joins_what_stands_around_it() {
        let said = "Meter Lovelace broken, write to ada@example.org or call +44 20 7946 0958 soon; id C-778812";
        let shown = shown(&contact(said));
        for word in &shown {
            for personal in [
                "lovelace",
                "ada",
                "example",
                "7946",
                "778812",
                "meter broken",
            ] {
                assert!(!word.contains(personal), "{word} in {shown:?}");
            }
        }
        for word in ["meter", "broken"] {
            assert!(shown.iter().any(|it| it == word), "{word} in {shown:?}");
        }
    }

    #[test]
    fn german_is_told_from_all_of_a_text_though_a_name_stands_within_it() {
        let shown = shown(&contact("Frau Lovelace hat Ärger, sagt sie"));
        assert!(shown.iter().any(|it| it == "arger"), "{shown:?}");
        let faint = ["hat", "sie"];
        assert!(!shown.iter().any(|it| faint.contains(&&**it)), "{shown:?}");
    }

    #[test]
    fn of_a_long_text_the_beginning_is_read() {
        let long = (0..5_000).map(|number| format!("word{number} "));
        let found = terms(&contact(&long.collect::<String>()));
        assert!(found.len() <= 2 * SPOKEN_WORDS_MAX);
    }
}
