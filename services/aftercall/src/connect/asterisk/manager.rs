//! Events of Asterisk's manager interface (AMI), by their reference at docs.asterisk.org: lines of a key, a colon and
//! a value, and an empty line.

use std::collections::BTreeMap;

use aftercall_proto::model::v1::CallEvent;
use jiff::Timestamp;

use super::step::{By, Ender, Party, Step};
use super::switch::{Setup, Switch};
use super::time;
use crate::connect::mapping::Taken;

/// Keys of an event that are read.
const FIELDS_MAX: usize = 200;

/// The events that say something of calls. The others are not even kept.
const EVENTS: &[&str] = &[
    "AgentCalled",
    "AgentComplete",
    "AgentConnect",
    "AttendedTransfer",
    "BlindTransfer",
    "BridgeEnter",
    "BridgeLeave",
    "ConfbridgeJoin",
    "ConfbridgeLeave",
    "CoreShowChannel",
    "CoreShowChannelsComplete",
    "DTMFEnd",
    "DialBegin",
    "DialEnd",
    "Hangup",
    "HangupRequest",
    "Hold",
    "Newchannel",
    "QueueCallerAbandon",
    "QueueCallerJoin",
    "QueueCallerLeave",
    "Unhold",
];

/// What is asked for when a connection is made, and what its answers are called.
pub(in crate::connect) const LISTING: &str = "aftercall-channels";

/// An event or an answer, by its keys in lower case.
#[derive(Debug)]
pub(in crate::connect) struct Frame<'a>(BTreeMap<String, &'a str>);

impl<'a> Frame<'a> {
    /// Reads one. Lines that are none of its are passed over; of equal keys the first counts.
    pub(in crate::connect) fn read(text: &'a str) -> Self {
        let fields = text.lines().filter_map(|line| line.split_once(':'));
        let mut all = BTreeMap::new();
        for (key, value) in fields.take(FIELDS_MAX) {
            all.entry(key.trim().to_ascii_lowercase())
                .or_insert_with(|| value.trim());
        }
        Self(all)
    }

    /// The value of a key, which is given in lower case; empty for none.
    pub(in crate::connect) fn get(&self, key: &str) -> &'a str {
        self.0.get(key).copied().unwrap_or_default()
    }

    /// Whether it says something of calls.
    pub(in crate::connect) fn is_wanted(&self) -> bool {
        EVENTS.contains(&self.get("event"))
    }

    fn party(&self, prefix: &str) -> Party<'a> {
        Party {
            id: self.get(&format!("{prefix}uniqueid")),
            name: self.get(&format!("{prefix}channel")),
            member: None,
        }
    }

    fn member(&self) -> Party<'a> {
        Party {
            member: Some((self.get("interface"), self.get("membername"))),
            ..self.party("dest")
        }
    }
}

/// The fold of events.
pub(in crate::connect) struct Manager<'a> {
    pub(in crate::connect) switch: &'a mut Switch,
    pub(in crate::connect) setup: &'a Setup,
    /// When the event came.
    pub(in crate::connect) came_at: Option<Timestamp>,
}

impl Manager<'_> {
    pub(in crate::connect) fn take(&mut self, text: &str, out: &mut Vec<CallEvent>) -> Taken {
        let frame = Frame::read(text);
        let event = frame.get("event");
        if event.is_empty() {
            return Taken::passed("no event");
        }
        if !frame.is_wanted() {
            return Taken::passed(event);
        }
        if event == "CoreShowChannelsComplete" {
            return self.has_heard_of_all(&frame, out);
        }
        let said = match frame.get("timestamp") {
            "" => self.came_at,
            text => time::seconds(text),
        };
        let Some(at) = said else {
            return Taken::passed("without a Timestamp: set timestampevents=yes in manager.conf");
        };
        if event == "CoreShowChannel" {
            return self.hears_of(&frame, at, out);
        }
        match step(event, &frame) {
            Some(step) => {
                self.switch.take(step, at, self.setup, out);
                Taken::In
            }
            None => Taken::passed(event),
        }
    }

    /// A channel that there is: one that is not known yet began by its own word.
    fn hears_of(&mut self, frame: &Frame<'_>, at: Timestamp, out: &mut Vec<CallEvent>) -> Taken {
        if !frame.get("actionid").starts_with(LISTING) {
            return Taken::passed("CoreShowChannel");
        }
        let id = frame.get("uniqueid");
        self.switch.hears_of(id);
        // `SYSTEM-SECONDS.NUMBER`, or without the system's name.
        let began_at = id.rsplit('-').next().and_then(|id| id.split_once('.'));
        let began_at = began_at.and_then(|(began_at, _)| time::seconds(began_at));
        let began_at = began_at.filter(|began_at| *began_at <= at).unwrap_or(at);
        self.switch.take(begins(frame), began_at, self.setup, out);
        Taken::In
    }

    fn has_heard_of_all(&mut self, frame: &Frame<'_>, out: &mut Vec<CallEvent>) -> Taken {
        if !frame.get("actionid").starts_with(LISTING) {
            return Taken::passed("CoreShowChannelsComplete");
        }
        match self.switch.has_heard_of_all(self.setup, out) {
            0 => Taken::In,
            ended => Taken::Said(format!(
                "{ended} calls ended while the connection was lost; nobody knows when and why, and that is told of them"
            )),
        }
    }
}

fn begins<'a>(frame: &Frame<'a>) -> Step<'a> {
    Step::Begins {
        id: frame.get("uniqueid"),
        name: frame.get("channel"),
        call: frame.get("linkedid"),
        caller: frame.get("calleridnum"),
        dialled: frame.get("exten"),
    }
}

/// What an event says; none where it says nothing of calls, such as a digit that was sent, or a transfer that failed.
fn step<'a>(event: &str, frame: &Frame<'a>) -> Option<Step<'a>> {
    let id = frame.get("uniqueid");
    let queue = By::Queue(frame.get("queue"));
    let bridge = frame.get("bridgeuniqueid");
    let is_done = frame.get("result").eq_ignore_ascii_case("success");
    let step = match event {
        "Newchannel" => begins(frame),
        "DTMFEnd" if frame.get("direction").eq_ignore_ascii_case("received") => Step::Digit {
            id,
            context: frame.get("context"),
            digit: frame.get("digit"),
        },
        "QueueCallerJoin" => Step::Queues {
            id,
            queue: frame.get("queue"),
        },
        "QueueCallerLeave" => Step::LeavesQueue { id },
        "QueueCallerAbandon" | "HangupRequest" => Step::AsksToHangUp { id },
        "AgentCalled" => Step::Rings {
            id,
            to: frame.member(),
            by: queue,
        },
        "AgentConnect" => Step::Answers {
            id,
            to: frame.member(),
            by: queue,
        },
        "AgentComplete" => Step::SaysWho {
            id,
            by: match frame.get("reason") {
                "caller" => Ender::Customer,
                "agent" => Ender::Agent,
                _ => return None,
            },
        },
        "DialBegin" => Step::Rings {
            id,
            to: frame.party("dest"),
            by: By::Dial,
        },
        "DialEnd" if frame.get("dialstatus") == "ANSWER" => Step::Answers {
            id,
            to: frame.party("dest"),
            by: By::Dial,
        },
        "Hold" => Step::Holds { id },
        "Unhold" => Step::Resumes { id },
        "BlindTransfer" if is_done => Step::HandsOn {
            id: frame.get("transfereruniqueid"),
            to: frame.get("extension"),
        },
        "AttendedTransfer" if is_done => Step::HandsOver {
            ids: [
                frame.get("origtransfereruniqueid"),
                frame.get("secondtransfereruniqueid"),
            ],
            target: frame.party("transfertarget"),
            to: frame.get("destapp"),
        },
        "BridgeEnter" | "ConfbridgeJoin" => Step::Joins { id, bridge },
        "BridgeLeave" | "ConfbridgeLeave" => Step::Leaves { id, bridge },
        "Hangup" => Step::HangsUp {
            id,
            cause: frame.get("cause").parse().ok(),
            source: "",
        },
        _ => return None,
    };
    Some(step)
}
