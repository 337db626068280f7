//! Redirects end, and every reader finds the same end.

use std::collections::BTreeMap;

use aftercall_domain::solution::{Change, End, Life};
use aftercall_view::StoreError;
use bytes::Bytes;
use jiff::Timestamp;
use proptest::prelude::*;
use prost::Message;

use super::*;
use crate::keys::versions as rows;

/// Heads by key.
#[derive(Debug, Default)]
struct Heads(BTreeMap<Vec<u8>, Bytes>);

impl Rows for Heads {
    fn row(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        Ok(self.0.get(key).cloned())
    }
}

impl Heads {
    fn put(&mut self, id: &str, into: Option<(&str, i64)>) {
        let mut life = Life::default();
        life.apply(&Change::Published(1));
        if let Some((into, at)) = into {
            let at = Timestamp::from_second(at).unwrap();
            let into = into.to_owned();
            life.apply(&Change::Ended(End::Merged { into, at }));
        }
        let mut head = Head::default();
        head.set_life(&life);
        self.0
            .insert(rows::head("t", id).into(), head.encode_to_vec().into());
    }

    fn led(&self, id: &str) -> Led {
        follow(self, "t", id).unwrap()
    }

    fn lives(&self, id: &str) -> bool {
        let head = Head::read(self, "t", id).unwrap().unwrap();
        is_live(self, "t", id, &head).unwrap()
    }
}

#[test]
fn a_chain_leads_to_its_end() {
    let mut heads = Heads::default();
    heads.put("a", Some(("b", 1)));
    heads.put("b", Some(("c", 2)));
    heads.put("c", None);
    assert_eq!(heads.led("a").solution_id, "c");
    assert_eq!(heads.led("c").solution_id, "c");
    assert!(!heads.lives("a") && !heads.lives("b") && heads.lives("c"));
}

#[test]
fn of_a_circle_the_latest_redirect_does_not_count() {
    let mut heads = Heads::default();
    heads.put("a", Some(("b", 5)));
    heads.put("b", Some(("a", 9)));
    heads.put("c", Some(("a", 1)));
    for id in ["a", "b", "c"] {
        assert_eq!(heads.led(id).solution_id, "b", "{id}");
    }
    assert!(heads.lives("b") && !heads.lives("a") && !heads.lives("c"));
}

#[test]
fn a_target_that_is_not_there_yet_leads_nowhere() {
    let mut heads = Heads::default();
    heads.put("a", Some(("b", 5)));
    assert_eq!(heads.led("a").solution_id, "a");
}

proptest! {
    /// Whatever leads where: each walk ends, at a solution that leads nowhere or whose redirect does not count; and of
    /// solutions that are linked at least one is found by searching.
    #[test]
    fn every_walk_ends_where_somebody_lives(
        redirects in prop::collection::vec(prop::option::of((0..8_usize, 0..4_i64)), 8),
    ) {
        let mut heads = Heads::default();
        let id = |at: usize| format!("s{at}");
        for (at, redirect) in redirects.iter().enumerate() {
            let into = redirect.filter(|(to, _)| *to != at).map(|(to, since)| (id(to), since));
            heads.put(&id(at), into.as_ref().map(|(to, since)| (to.as_str(), *since)));
        }
        for at in 0..redirects.len() {
            let led = heads.led(&id(at));
            prop_assert!(heads.lives(&led.solution_id), "{:?}", led);
            prop_assert_eq!(heads.led(&led.solution_id).solution_id, led.solution_id);
        }
    }
}
