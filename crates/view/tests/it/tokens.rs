//! Tokens come back as they went out, and nothing else is taken for one.

use aftercall_log::{LogId, Position};
use aftercall_view::{PageToken, Positions, TokenError, fingerprint};
use bytes::Bytes;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use crate::fixture::LOG;

fn positions() -> impl Strategy<Value = Positions> {
    btree_map(any::<u32>(), any::<u64>(), 0..20).prop_map(Positions::from_iter)
}

fn page() -> impl Strategy<Value = PageToken> {
    (any::<u64>(), positions(), vec(any::<u8>(), 0..200)).prop_map(|(query, at, payload)| {
        PageToken {
            query,
            complete_through: at,
            payload: Bytes::from(payload),
        }
    })
}

proptest! {
    #[test]
    fn positions_come_back(positions in positions()) {
        let token = positions.encode(LOG);
        prop_assert!(token.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_'));
        prop_assert_eq!(Positions::decode(&token, LOG), Ok(positions));
    }

    #[test]
    fn page_tokens_come_back(page in page()) {
        prop_assert_eq!(PageToken::decode(&page.encode(LOG), LOG, page.query), Ok(page));
    }

    #[test]
    fn another_log_is_told_from_damage(page in page(), other in any::<[u8; 16]>()) {
        prop_assume!(other != LOG.0);
        let other = LogId(other);
        let token = page.complete_through.encode(LOG);
        prop_assert_eq!(Positions::decode(&token, other), Err(TokenError::OtherLog));
        let token = page.encode(LOG);
        prop_assert_eq!(PageToken::decode(&token, other, page.query), Err(TokenError::OtherLog));
    }

    #[test]
    fn another_query_is_told_from_damage(page in page(), other in any::<u64>()) {
        prop_assume!(other != page.query);
        let refused = PageToken::decode(&page.encode(LOG), LOG, other);
        prop_assert_eq!(refused, Err(TokenError::OtherQuery));
    }

    #[test]
    fn an_altered_token_is_malformed(
        page in page(),
        at in any::<proptest::sample::Index>(),
        to in "[A-Za-z0-9_-]",
    ) {
        let mut token = page.encode(LOG);
        let at = at.index(token.len());
        prop_assume!(token[at..=at] != to);
        token.replace_range(at..=at, &to);
        let refused = PageToken::decode(&token, LOG, page.query);
        prop_assert_eq!(refused, Err(TokenError::Malformed));
    }

    #[test]
    fn a_cut_token_is_malformed(page in page(), at in any::<proptest::sample::Index>()) {
        let token = page.encode(LOG);
        let cut = &token[..at.index(token.len())];
        let refused = PageToken::decode(cut, LOG, page.query);
        prop_assert_eq!(refused, Err(TokenError::Malformed));
    }

    #[test]
    fn arbitrary_text_is_malformed(text in ".*") {
        prop_assert_eq!(Positions::decode(&text, LOG), Err(TokenError::Malformed));
        prop_assert_eq!(PageToken::decode(&text, LOG, 0), Err(TokenError::Malformed));
    }

    #[test]
    fn union_and_intersection_are_what_either_and_both_cover(
        a in positions(),
        b in positions(),
        partition in any::<u32>(),
        offset in any::<u64>(),
    ) {
        let named = a.iter().chain(b.iter()).map(|(partition, _)| partition);
        for partition in named.chain([partition]).collect::<Vec<_>>() {
            let at = Position { partition, offset };
            prop_assert_eq!(a.union(&b).covers(at), a.covers(at) || b.covers(at));
            prop_assert_eq!(a.intersection(&b).covers(at), a.covers(at) && b.covers(at));
        }
        prop_assert!(a.union(&b).covers_all(&a) && a.covers_all(&a.intersection(&b)));
    }
}

#[test]
fn one_kind_of_token_is_not_taken_for_the_other() {
    let page = PageToken {
        query: 0,
        complete_through: Positions::new(),
        payload: Bytes::new(),
    };
    assert_eq!(
        Positions::decode(&page.encode(LOG), LOG),
        Err(TokenError::Malformed)
    );
    let positions = Positions::from_iter([(0, 1)]).encode(LOG);
    assert_eq!(
        PageToken::decode(&positions, LOG, 0),
        Err(TokenError::Malformed)
    );
}

#[test]
fn an_endless_token_is_malformed() {
    let endless = "A".repeat(100_000_000);
    assert_eq!(Positions::decode(&endless, LOG), Err(TokenError::Malformed));
}

#[test]
fn a_position_is_covered_once_it_is_included() {
    let at = Position {
        partition: 2,
        offset: 0,
    };
    assert!(!Positions::new().covers(at));
    assert!(Positions::through(at).covers(at));
    assert!(!Positions::through(at).covers(Position { offset: 1, ..at }));
    assert!(!Positions::through(at).covers(Position { partition: 1, ..at }));
}

#[test]
fn a_fingerprint_tells_filters_apart_also_at_their_seams() {
    assert_eq!(fingerprint(&[b"ab", b"c"]), fingerprint(&[b"ab", b"c"]));
    assert_ne!(fingerprint(&[b"ab", b"c"]), fingerprint(&[b"a", b"bc"]));
    assert_ne!(fingerprint(&[b"ab", b"c"]), fingerprint(&[b"abc"]));
}
