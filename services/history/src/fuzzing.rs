//! What must hold for any bytes, for `crates/fuzz`.

use aftercall_domain::{Party, Scope};
use aftercall_proto::history::v1::{FindCustomersRequest, SearchInteractionsRequest};
use aftercall_service::Checker;
use jiff::Timestamp;
use prost::Message;

use crate::customers::{Place, Sought};
use crate::index::Fields;
use crate::limits::{NAME_WORDS_MAX, QUERY_BYTES_MAX};
use crate::names;
use crate::request::SearchRequest;
use crate::search::scope;

/// A search is refused, or is a query that the index takes. `data` is read as a request, and as the
/// text of one.
pub fn search(data: &[u8]) {
    if let Ok(request) = SearchInteractionsRequest::decode(data) {
        check(&request);
    }
    check(&SearchInteractionsRequest {
        query: String::from_utf8_lossy(data).into_owned(),
        ..Default::default()
    });
}

fn check(request: &SearchInteractionsRequest) {
    let Ok(SearchRequest { text, filter, .. }) = SearchRequest::check(request, Timestamp::MAX)
    else {
        return;
    };
    for wording in text.wanted.iter().chain(&text.excluded) {
        assert!(!wording.phrases().is_empty(), "a wording has phrases");
        let mut phrases = wording.phrases().iter();
        assert!(
            phrases.all(|phrase| !phrase.is_empty()),
            "a phrase has words"
        );
        let mut words = wording.phrases().iter().flatten();
        assert!(words.all(|word| !word.is_empty()), "a word has letters");
    }
    let asked = !request.query.trim().is_empty();
    assert_eq!(text.wordless, asked && text.is_empty());
    assert!(request.query.len() <= QUERY_BYTES_MAX);
    let own = Scope::of([Party::Agent("agent"), Party::Team("team")]);
    for seen in [Scope::All, own] {
        let _ = scope::query(&Fields::new(), ("tenant", &seen), &filter, &text);
    }
}

/// What somebody types to find a customer is refused or looked for, any name is found by itself, and a place in a list that
/// reads is the one that was written. `data` is a request, a name, and a place.
pub fn customers(data: &[u8]) {
    if let Ok(request) = FindCustomersRequest::decode(data) {
        drop(Sought::check("text", &request.text, &mut Checker::new()));
    }
    let name = String::from_utf8_lossy(data);
    drop(Sought::check("text", &name, &mut Checker::new()));
    let words = names::words(&name);
    assert!(words.len() <= NAME_WORDS_MAX && words.iter().all(|word| !word.is_empty()));
    assert_eq!(names::fit(&words, &name), Some(0), "a name is its own");
    if let Some(place) = Place::from_bytes(data) {
        assert_eq!(*place.to_bytes(), *data, "a place is its own");
    }
}
