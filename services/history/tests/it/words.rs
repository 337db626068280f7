//! A word is found however it is written.

use aftercall_proto::history::v1::SearchInteractionsRequest;

use crate::contact::contact;
use crate::fixture::{Events, Service, id, views};

/// What is written, and what finds it.
const FOUND: [(&str, &[&str]); 10] = [
    (
        "Λάθος λογαριασμός από την Αθήνα",
        &["ΑΘΗΝΑ", "αθηνα", "ΛΑΘΟΣ", "λαθοσ", "ΛΆΘΟΣ \"από την\""],
    ),
    ("Он ещё не пришёл", &["еще", "ЕЩЁ", "пришел"]),
    (
        "\u{1112}\u{116a}\u{11ab}\u{1107}\u{116e}\u{11af}\u{110b}\u{1173}\u{11af} ハ\u{3099}ク\u{3099} \
         Андреи\u{306} Καλημε\u{301}ρα",
        &["환불을", "バグ", "ﾊﾞｸﾞ", "Андрей", "ΚΑΛΗΜΈΡΑ"],
    ),
    (
        "Die Rech\u{ad}nung, pass\u{200b}word",
        &["Rechnung", "pass\u{2060}word", "RECHNUNG"],
    ),
    ("مُحَمَّد كتاب", &["محمد", "كـتاب"]),
    ("שָׁלוֹם עולם", &["שלום", "עוֹלָם"]),
    ("नमस्ते दुनिया", &["नमस्ते", "\"नमस्ते दुनिया\""]),
    (
        "Gutschrift über 1.234,50 €",
        &["123450", "1,234.50", "1.234,50", "\"1 234\""],
    ),
    (
        "Rückruf +49 30 999-001",
        &["4930999001", "30999001", "999001", "999 001"],
    ),
    ("Bestellung ٤٧١١ und ４２", &["4711", "42", "४२"]),
];

#[tokio::test]
async fn a_word_is_found_however_it_is_written() {
    let (events, dir) = (Events::new(), views());
    for (n, (written, _)) in FOUND.iter().enumerate() {
        contact(n as u64).summary(written).record(&events);
    }
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();
    for (n, (written, queries)) in FOUND.iter().enumerate() {
        for query in *queries {
            let found = client.found(query).await;
            assert_eq!(found, [id(1, n as u64)], "{query} in {written}");
        }
    }
    for query in ["ハク", "नमसते", "\"30 49\"", "-4930999001 Rückruf"] {
        assert!(client.found(query).await.is_empty(), "{query}");
    }
}

#[tokio::test]
async fn highlights_are_in_code_points_of_what_was_written() {
    let (events, dir) = (Events::new(), views());
    let written = "«ΛΆΘΟΣ» cafe\u{301}! Rech\u{ad}nung\u{200b} ﾊﾞｸﾞ, 1.234,50 €";
    contact(1).summary(written).record(&events);
    let service = Service::start(&events, dir.path()).await;
    let request = SearchInteractionsRequest {
        query: "λαθος CAFÉ rechnung バグ 123450".into(),
        ..Default::default()
    };

    let page = service.client().search(request).await.unwrap();

    let snippet = &page.results[0].snippets[0];
    assert_eq!(snippet.text, written);
    let marked: Vec<String> = snippet
        .highlights
        .iter()
        .map(|mark| {
            let length = (mark.end - mark.start) as usize;
            let from = written.chars().skip(mark.start as usize);
            from.take(length).collect()
        })
        .collect();
    let expected = ["ΛΆΘΟΣ", "cafe\u{301}", "Rech\u{ad}nung", "ﾊﾞｸﾞ", "1.234,50"];
    assert_eq!(marked, expected);
}
