//! Records of made-up calls.

use jiff::Timestamp;

/// When each call begins.
const BEGAN_S: i64 = 1_795_165_920;

pub(super) fn began_at() -> Timestamp {
    Timestamp::from_second(BEGAN_S).unwrap()
}

/// The `Uniqueid` of a call's channel.
pub(super) fn id(number: u32) -> String {
    format!("{BEGAN_S}.{number}")
}

pub(super) const CARRIER: &str = "PJSIP/carrier-00000001";
pub(super) const ANA: &str = "PJSIP/1001-00000002";
pub(super) const BEN: &str = "PJSIP/1002-00000003";

/// An event of the manager interface, so many seconds after the beginning.
pub(super) fn ami(second: i64, event: &str, fields: &[(&str, &str)]) -> String {
    let mut text = format!(
        "Event: {event}\r\nPrivilege: call,all\r\nTimestamp: {}.000000\r\n",
        BEGAN_S + second
    );
    for (key, value) in fields {
        text.push_str(&format!("{key}: {value}\r\n"));
    }
    text
}

pub(super) fn newchannel(second: i64, number: u32, channel: &str, linked: u32) -> String {
    let (caller, exten) = match number {
        1 => ("+4930111", "4930999"),
        _ => ("<unknown>", "s"),
    };
    let (id, linked) = (id(number), id(linked));
    let fields = [
        ("Channel", channel),
        ("ChannelStateDesc", "Ring"),
        ("CallerIDNum", caller),
        ("Context", "from-carrier"),
        ("Exten", exten),
        ("Uniqueid", &id),
        ("Linkedid", &linked),
    ];
    ami(second, "Newchannel", &fields)
}

/// An event about one channel.
pub(super) fn one(second: i64, event: &str, number: u32, more: &[(&str, &str)]) -> String {
    let id = id(number);
    let mut fields = vec![("Uniqueid", id.as_str()), ("Linkedid", "left out")];
    fields.extend(more);
    ami(second, event, &fields)
}

/// An event about two channels.
pub(super) fn two(
    second: i64,
    event: &str,
    (from, to): (u32, u32),
    more: &[(&str, &str)],
) -> String {
    let dest = id(to);
    let channel = match to {
        1 => CARRIER,
        2 => ANA,
        _ => BEN,
    };
    let mut fields = vec![("DestUniqueid", dest.as_str()), ("DestChannel", channel)];
    fields.extend(more);
    one(second, event, from, &fields)
}

const MEMBER: [(&str, &str); 3] = [
    ("Queue", "billing"),
    ("Interface", "PJSIP/1001"),
    ("MemberName", "Ana Marsh"),
];

/// From the carrier into the queue, and to Ana after twenty seconds.
pub(super) fn to_ana() -> Vec<String> {
    vec![
        newchannel(0, 1, CARRIER, 1),
        one(
            5,
            "DTMFEnd",
            1,
            &[
                ("Context", "main-menu"),
                ("Digit", "2"),
                ("Direction", "Received"),
            ],
        ),
        one(
            6,
            "DTMFEnd",
            1,
            &[
                ("Context", "enter-pin"),
                ("Digit", "7"),
                ("Direction", "Received"),
            ],
        ),
        one(
            10,
            "QueueCallerJoin",
            1,
            &[("Queue", "billing"), ("Position", "1")],
        ),
        newchannel(12, 2, ANA, 1),
        two(12, "AgentCalled", (1, 2), &MEMBER),
        two(12, "DialBegin", (1, 2), &[]),
        two(20, "DialEnd", (1, 2), &[("DialStatus", "ANSWER")]),
        one(20, "QueueCallerLeave", 1, &[("Queue", "billing")]),
        two(20, "AgentConnect", (1, 2), &MEMBER),
        one(20, "BridgeEnter", 1, &[("BridgeUniqueid", "b-1")]),
        one(20, "BridgeEnter", 2, &[("BridgeUniqueid", "b-1")]),
    ]
}

/// That call, with a hold, handed on to Ben, and ended by the customer.
pub(super) fn held_and_handed_on() -> Vec<String> {
    let (from, to) = (id(2), id(1));
    let mut all = to_ana();
    all.extend([
        one(60, "Hold", 2, &[("MusicClass", "default")]),
        one(100, "Unhold", 2, &[]),
        ami(
            120,
            "BlindTransfer",
            &[
                ("Result", "Success"),
                ("TransfererUniqueid", &from),
                ("TransfereeUniqueid", &to),
                ("Extension", "1002"),
            ],
        ),
        one(120, "BridgeLeave", 2, &[("BridgeUniqueid", "b-1")]),
        one(120, "BridgeLeave", 1, &[("BridgeUniqueid", "b-1")]),
        one(
            121,
            "Hangup",
            2,
            &[("Cause", "16"), ("Cause-txt", "Normal Clearing")],
        ),
        newchannel(122, 3, BEN, 1),
        two(122, "DialBegin", (1, 3), &[("DialString", "1002")]),
        two(130, "DialEnd", (1, 3), &[("DialStatus", "ANSWER")]),
        one(130, "BridgeEnter", 3, &[("BridgeUniqueid", "b-2")]),
        one(130, "BridgeEnter", 1, &[("BridgeUniqueid", "b-2")]),
        one(200, "HangupRequest", 1, &[("Cause", "16")]),
        one(200, "Hangup", 3, &[("Cause", "16")]),
        one(200, "Hangup", 1, &[("Cause", "16")]),
    ]);
    all
}

/// A row of the channel event log, by the columns of the sample.
pub(super) fn cel(
    second: i64,
    event: &str,
    (number, channel): (u32, &str),
    app: &str,
    extra: &str,
) -> String {
    let (caller, exten) = match number {
        1 => ("+4930111", "4930999"),
        _ => ("", "s"),
    };
    let (appname, appdata) = app.split_once(' ').unwrap_or((app, ""));
    let (at, id, linked) = (format!("{}.000000", BEGAN_S + second), id(number), id(1));
    let values = [
        event,
        &at,
        "Somebody, \"S\"",
        caller,
        caller,
        "",
        exten,
        exten,
        "from-carrier",
        channel,
        appname,
        appdata,
        "3",
        "",
        &id,
        &linked,
        "",
        "",
        "",
        extra,
    ];
    let quoted = values.map(|value| format!("\"{}\"", value.replace('"', "\"\"")));
    quoted.join(",")
}

/// The same call as it stands in the channel event log.
pub(super) fn handed_on_in_cel() -> Vec<String> {
    let (customer, ana, ben) = ((1, CARRIER), (2, ANA), (3, BEN));
    let (first, second) = (r#"{"bridge_id":"b-1"}"#, r#"{"bridge_id":"b-2"}"#);
    let hung_up =
        r#"{"hangupcause":16,"hangupsource":"PJSIP/carrier-00000001","dialstatus":"ANSWER"}"#;
    let transfer = r#"{"extension":"1002","context":"agents","bridge_id":"b-1","transferee_channel_name":"PJSIP/carrier-00000001"}"#;
    vec![
        cel(0, "CHAN_START", customer, "", ""),
        cel(10, "APP_START", customer, "Queue billing,t,,,300", ""),
        cel(12, "CHAN_START", ana, "", ""),
        cel(20, "ANSWER", ana, "AppQueue (Outgoing Line)", ""),
        cel(20, "BRIDGE_ENTER", ana, "AppQueue", first),
        cel(20, "BRIDGE_ENTER", customer, "Queue billing,t,,,300", first),
        cel(120, "BLINDTRANSFER", ana, "AppQueue", transfer),
        cel(120, "BRIDGE_EXIT", ana, "AppQueue", first),
        cel(120, "BRIDGE_EXIT", customer, "Queue billing,t,,,300", first),
        cel(
            121,
            "HANGUP",
            ana,
            "",
            r#"{"hangupcause":16,"hangupsource":""}"#,
        ),
        cel(121, "CHAN_END", ana, "", ""),
        cel(122, "CHAN_START", ben, "", ""),
        cel(130, "ANSWER", ben, "AppDial (Outgoing Line)", ""),
        cel(130, "BRIDGE_ENTER", ben, "AppDial", second),
        cel(130, "BRIDGE_ENTER", customer, "Dial PJSIP/1002", second),
        cel(200, "HANGUP", ben, "AppDial", hung_up),
        cel(200, "HANGUP", customer, "Dial PJSIP/1002", hung_up),
        cel(200, "LINKEDID_END", customer, "", ""),
    ]
}
