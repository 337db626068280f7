//! Asterisk's call detail records (CDR), as `cdr_csv` writes them: one row for each pair of channels, when it is over.
//!
//! They are coarse: nothing of queues but their name, of holds, of who hung up, and of lines that were lost. Each row
//! says all that it means, and nothing is remembered.

use aftercall_proto::model::v1::{CallEvent, CallEventKind as Kind, Direction};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::step::Party;
use super::switch::Setup;
use super::time;
use crate::connect::csv;
use crate::connect::facts::{event, name, telephone};
use crate::connect::mapping::Taken;

/// The zone of the times, which are local ones unless `usegmtime` says otherwise.
pub(in crate::connect) type Zone = TimeZone;

/// Where what is in a row. With `newcdrcolumns=yes` the last two are there.
mod column {
    pub(super) const SRC: usize = 1;
    pub(super) const DST: usize = 2;
    pub(super) const CHANNEL: usize = 5;
    pub(super) const DST_CHANNEL: usize = 6;
    pub(super) const LAST_APP: usize = 7;
    pub(super) const LAST_DATA: usize = 8;
    pub(super) const START: usize = 9;
    pub(super) const ANSWER: usize = 10;
    pub(super) const END: usize = 11;
    pub(super) const DISPOSITION: usize = 14;
    pub(super) const UNIQUE_ID: usize = 16;
    pub(super) const LINKED_ID: usize = 19;
}

/// Takes a row, and gives what it means.
pub(in crate::connect) fn take(
    text: &str,
    (setup, zone): (&Setup, &Zone),
    out: &mut Vec<CallEvent>,
) -> Taken {
    let values = csv::values(text, ',');
    let value = |at: usize| values.get(at).map_or("", |value| value.trim());
    let unique_id = value(column::UNIQUE_ID);
    if unique_id.is_empty() {
        return Taken::passed("a row without a uniqueid: set loguniqueid=yes in cdr.conf");
    }
    let at = |column| time::local(value(column), zone);
    let (Some(start), Some(end)) = (at(column::START), at(column::END)) else {
        return Taken::passed("without times that can be read");
    };
    let (channel, dst_channel) = (value(column::CHANNEL), value(column::DST_CHANNEL));
    let is_outbound = match setup.trunks.is_empty() || setup.is_trunk(channel) {
        true => false,
        false if setup.is_trunk(dst_channel) => true,
        false => return Taken::passed("internal calls"),
    };
    let linked_id = Some(value(column::LINKED_ID)).filter(|id| !id.is_empty());
    let row = Row {
        call: linked_id.unwrap_or(unique_id),
        // A channel has several rows when it is put to several others, one after the other.
        key: format!(
            "{unique_id}-{}-{}",
            start.as_microsecond(),
            name(dst_channel)
        ),
    };
    let numbers = (value(column::SRC), value(column::DST));
    out.push(row.started(is_outbound, numbers, start));
    let is_queue = value(column::LAST_APP).eq_ignore_ascii_case("queue") && !is_outbound;
    let queue = value(column::LAST_DATA).split([',', '|']).next();
    let queue = setup.queue(&name(queue.filter(|_| is_queue).unwrap_or_default()));
    if !queue.id.is_empty() {
        out.push(CallEvent {
            queue_id: queue.id.clone(),
            team_id: queue.team_id,
            ..row.event("queued", Kind::Queued, start)
        });
    }
    let is_answered = value(column::DISPOSITION) == "ANSWERED" && !dst_channel.is_empty();
    if let Some(answer) = at(column::ANSWER).filter(|_| is_answered) {
        let own = match is_outbound {
            true => channel,
            false => dst_channel,
        };
        let agent = setup.agent(Party {
            id: "",
            name: own,
            member: None,
        });
        out.push(agent.with(CallEvent {
            queue_id: queue.id,
            ..row.event("answered", Kind::Answered, answer.max(start))
        }));
    }
    out.push(row.event("ended", Kind::Ended, end));
    Taken::In
}

/// What a row's events are called.
struct Row<'a> {
    call: &'a str,
    key: String,
}

impl Row<'_> {
    /// Its call began, between these numbers.
    fn started(&self, is_outbound: bool, (src, dst): (&str, &str), at: Timestamp) -> CallEvent {
        let (src, dst) = (telephone(src), telephone(dst));
        let (direction, customer, ours) = match is_outbound {
            true => (Direction::Outbound, dst, None),
            false => (Direction::Inbound, src, dst),
        };
        CallEvent {
            direction: direction.into(),
            handles: customer.into_iter().collect(),
            our_handle: ours,
            ..self.event("started", Kind::Started, at)
        }
    }

    fn event(&self, what: &str, kind: Kind, at: Timestamp) -> CallEvent {
        event(self.call, &format!("{what}-{}", self.key), kind, at)
    }
}
