//! The promises that libFuzzer tries to break, tried with seeded bytes: any, and good ones damaged.

use aftercall_fuzz::{
    connect, customers, elements, feed, frames, handles, import_line, notes, search, tokens,
};
use aftercall_proto::history::v1::{InteractionFilter, SearchInteractionsRequest};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use prost::Message;

/// A change of one byte: which, to what, and how.
type Damage = (Index, u8, u8);

fn damaged(mut data: Vec<u8>, damages: Vec<Damage>) -> Vec<u8> {
    for (at, byte, kind) in damages {
        let at = at.index(data.len().max(1));
        match kind {
            _ if data.is_empty() => data.push(byte),
            0 => data[at] = byte,
            1 => data.insert(at, byte),
            2 => drop(data.remove(at)),
            _ => data.truncate(at),
        }
    }
    data
}

fn damages() -> impl Strategy<Value = Vec<Damage>> {
    vec((any::<Index>(), any::<u8>(), 0..4_u8), 0..8)
}

fn search_request() -> Vec<u8> {
    let request = SearchInteractionsRequest {
        query: "\"double charge\" refund -router".to_owned(),
        filter: Some(InteractionFilter {
            customer_ids: vec!["C-1".to_owned()],
            channels: vec![1, 2],
            open_promise: Some(true),
            occurred_from: Some(Default::default()),
            ..Default::default()
        }),
        page_size: 20,
        ..Default::default()
    };
    request.encode_to_vec()
}

const LINE: &str = r#"{"interaction": {"channel": "CHANNEL_VOICE", "customer": {"customerId": "C-1"},
    "occurredAt": "2026-11-20T09:12:00Z", "sentiment": {"start": "NaN", "series": [{"score": -1}]},
    "contactReasons": [{"code": "billing", "primary": true}]}, "importBatch": "b"}"#;

const FEED: &str = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20201225\r\nDTEND;VALUE=DATE:20201227\r\n\
    RRULE:FREQ=YEARLY;BYMONTH=12;BYDAY=-1MO,2TU;UNTIL=20301231T225959Z\r\nEXDATE;TZID=Europe/Berlin:20261225T0000\r\n 00\r\n\
    SUMMARY:Weih\u{e4}nacht\\, zwei\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID:20261225\r\n\
    DTSTART:20261228T140000Z\r\nDURATION:PT2H\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

const TELEPHONY: &str = "Event: Newchannel\r\nTimestamp: 1772442000.5\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\nCallerIDNum: 1\r\n\r\n\
    Event: QueueCallerJoin\r\nTimestamp: 1772442001.5\r\nUniqueid: 1.1\r\nQueue: billing\r\n\r\n\
    \"APP_START\",\"1772442000.5\",,,,,,,,\"PJSIP/a-1\",\"Queue\",\"billing,t\",,,\"1.1\",\"1.1\",,,,\"{\"\"hangupcause\"\":16}\"\n\
    {\"detail\":{\"eventType\":\"QUEUED\",\"contactId\":\"c\",\"channel\":\"VOICE\",\"queueInfo\":{\"queueArn\":\"a/b\"}}}\n";

proptest! {
    #[test]
    fn any_bytes(data in vec(any::<u8>(), 0..512)) {
        frames(&data);
        notes(&data);
        connect(&data);
        tokens(&data);
        search(&data);
        customers(&data);
        import_line(&data);
        elements(&data);
        handles(&data);
        feed(&data);
    }

    #[test]
    fn a_damaged_telephone_system(damages in damages()) {
        connect(&damaged(TELEPHONY.as_bytes().to_vec(), damages));
    }

    #[test]
    fn a_damaged_feed(
        rule in "(FREQ|BYDAY|BYMONTH|BYMONTHDAY|BYSETPOS|BYWEEKNO|BYYEARDAY|COUNT|INTERVAL|UNTIL|WKST)=[A-Z0-9,+-]{0,12}",
        damages in damages(),
    ) {
        feed(&damaged(FEED.as_bytes().to_vec(), damages.clone()));
        feed(&damaged(format!("RRULE:FREQ=YEARLY;{rule}").into_bytes(), damages));
    }

    #[test]
    fn a_number_or_an_address(
        (kind, country) in (any::<u8>(), any::<u8>()),
        text in prop_oneof![
            "[+0-9 ()/.-]{0,24}",
            "(tel:|sip:|00|\\+49|0)[0-9 -]{1,14}(;ext=[0-9]{1,4}| x[0-9]{1,4})?",
            "[a-zA-Z.\u{e4}\u{df}]{1,8} ?<?[a-zA-Z.]{1,8}@[a-zA-Z\u{e4}-]{1,8}\\.[a-z]{2,3}>?",
            "@?\\PC{0,12}",
        ],
        damages in damages(),
    ) {
        handles(&damaged([&[kind, country], text.as_bytes()].concat(), damages));
    }

    #[test]
    fn a_frame_with_a_fitting_length(
        head in vec(any::<u8>(), 24..=24),
        (key, body) in (0..9_u16, 0..99_u32),
        version in select(vec![0, 1, 2_u16]),
        rest in vec(any::<u8>(), 0..256),
    ) {
        let fields = [&body.to_le_bytes()[..], &key.to_le_bytes(), &version.to_le_bytes()];
        frames(&[&head[..], &fields.concat(), &[0; 4], &rest].concat());
    }

    #[test]
    fn a_damaged_search(damages in damages()) {
        search(&damaged(search_request(), damages));
    }

    #[test]
    fn any_name(name in "\\PC{0,60}", damages in damages()) {
        customers(&damaged(name.into_bytes(), damages));
    }

    #[test]
    fn a_damaged_line(damages in damages()) {
        import_line(&damaged(LINE.as_bytes().to_vec(), damages));
    }
}

/// Damage to what was never good would show little.
#[test]
fn the_line_is_good_before_it_is_damaged() {
    let read = aftercall::import::parse_line(LINE.as_bytes());
    assert!(matches!(read, Ok(Some(_))), "{read:?}");
}
