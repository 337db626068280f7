//! Keys keep the order of their parts, and no part can pose as another.

use std::cmp::Reverse;

use aftercall_view::key::{Key, Parts, prefix_end};
use proptest::collection::vec;
use proptest::prelude::*;

/// Bytes that are zero, nearly zero or all ones more often than chance would have it.
fn tricky() -> impl Strategy<Value = Vec<u8>> {
    vec(
        prop_oneof![Just(0), Just(1), Just(0xFE), Just(0xFF), any::<u8>()],
        0..6,
    )
}

type Row = (Vec<u8>, Vec<u8>, i64, u64);

fn row() -> impl Strategy<Value = Row> {
    (tricky(), tricky(), any::<i64>(), any::<u64>())
}

fn ascending((a, b, time, number): &Row) -> Key {
    Key::new(9).bytes(a).bytes(b).time(*time).u64(*number)
}

fn descending((a, b, time, number): &Row) -> Key {
    Key::new(9)
        .bytes(a)
        .time_descending(*time)
        .bytes(b)
        .u64(*number)
}

proptest! {
    #[test]
    fn key_order_is_the_order_of_the_parts(x in row(), y in row()) {
        prop_assert_eq!(ascending(&x).cmp(&ascending(&y)), x.cmp(&y));
        let newest_first = |(a, b, time, number): &Row| (a.clone(), Reverse(*time), b.clone(), *number);
        prop_assert_eq!(
            descending(&x).cmp(&descending(&y)),
            newest_first(&x).cmp(&newest_first(&y))
        );
    }

    #[test]
    fn parts_come_back(row in row(), text in any::<String>(), small in any::<u32>()) {
        let key = descending(&row).text(&text).time(row.2).u32(small);
        let mut parts = Parts::new(&key);
        prop_assert_eq!(parts.tag(), Ok(9));
        prop_assert_eq!(parts.bytes(), Ok(row.0));
        prop_assert_eq!(parts.time_descending(), Ok(row.2));
        prop_assert_eq!(parts.bytes(), Ok(row.1));
        prop_assert_eq!(parts.u64(), Ok(row.3));
        prop_assert_eq!(parts.text(), Ok(text));
        prop_assert_eq!(parts.time(), Ok(row.2));
        prop_assert_eq!(parts.u32(), Ok(small));
        prop_assert_eq!(parts.end(), Ok(()));
    }

    #[test]
    fn one_tenants_prefix_never_meets_anothers_key(x in tricky(), y in tricky(), id in tricky()) {
        prop_assume!(x != y);
        let prefix = Key::new(9).bytes(&x);
        let key = Key::new(9).bytes(&y).bytes(&id);
        prop_assert!(!key.starts_with(&prefix));
    }

    #[test]
    fn a_prefix_ends_after_its_last_key(prefix in tricky(), key in tricky()) {
        let inside = key >= prefix && prefix_end(&prefix).is_none_or(|end| key < end);
        prop_assert_eq!(inside, key.starts_with(&prefix));
    }

    #[test]
    fn arbitrary_bytes_are_read_without_a_panic(bytes in tricky()) {
        let mut parts = Parts::new(&bytes);
        let _ = (parts.tag(), parts.text(), parts.bytes(), parts.u64(), parts.time(), parts.u32());
        let _ = parts.end();
    }
}
