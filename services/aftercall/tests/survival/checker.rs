//! Compares the log with the journal: nothing acknowledged is missing or changed, nothing is there
//! that was not sent.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

use aftercall_log::inspect::ReadOnlyLog;
use aftercall_log::{Entry, LogId, Offset, Position};
use aftercall_proto::convert::time::from_wire;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{CommitmentLapsed, Event, InteractionRecorded};
use aftercall_view::Positions;
use jiff::Timestamp;
use prost::Message;

use crate::journal::{Answer, Entries, Journal, Sent, due};

/// Faults that one report lists.
const FAULTS_SHOWN: usize = 20;

/// What the log holds, as far as it was read.
#[derive(Debug, Default)]
pub(crate) struct Checker {
    next: Offset,
    log: Option<LogId>,
    records: HashMap<String, Offset>,
    amendments: HashMap<String, Offset>,
    fulfilments: HashMap<String, Offset>,
    lapses: HashMap<(String, u32), Offset>,
    /// The version of each interaction and promise: how many events made it what it is.
    versions: HashMap<String, u64>,
    /// The place of each customer's last record among all that was sent.
    last_order: HashMap<String, u64>,
    faults: Vec<String>,
}

impl Checker {
    /// How many interactions are recorded.
    pub(crate) fn records(&self) -> usize {
        self.records.len()
    }

    /// How many lapses are recorded.
    pub(crate) fn lapses(&self) -> usize {
        self.lapses.len()
    }

    /// The position that all that was read is complete through.
    pub(crate) fn position(&self) -> String {
        let last = Position {
            partition: 0,
            offset: self.next.saturating_sub(1),
        };
        Positions::through(last).encode(self.log.expect("a log was read"))
    }

    /// Reads what the log has got since the last time, and compares.
    ///
    /// # Panics
    /// With all that is wrong.
    pub(crate) fn check(&mut self, data: &Path, journal: &Journal) {
        let entries = journal.entries();
        let log = ReadOnlyLog::open(data.join("log")).expect("a log");
        assert_eq!(*self.log.get_or_insert(log.id()), log.id(), "another log");
        let mut reader = log.reader(self.next).expect("no record is gone");
        loop {
            let read = reader.next(512, 4 << 20, Duration::ZERO);
            let read = read.expect("a log that is sound");
            if read.is_empty() {
                break;
            }
            for entry in read {
                self.entry(&entry, &entries);
            }
        }
        self.acknowledged(&entries);
        self.faults.extend(entries.unexpected.iter().cloned());
        self.report();
    }

    /// How many promises are due before `soon`, and have neither lapsed nor been fulfilled.
    pub(crate) fn to_lapse(&self, journal: &Journal, soon: Timestamp) -> usize {
        let entries = journal.entries();
        let fulfilled = entries.fulfilments.iter().filter_map(|(request, sent)| {
            let there = self.fulfilments.contains_key(request);
            there.then_some(&sent.request.commitment_id)
        });
        let fulfilled: HashSet<_> = fulfilled.collect();
        let open = entries.promises.iter().filter(|(id, interaction)| {
            let promise = entries.promise(id).expect("it was sent");
            self.records.contains_key(*interaction)
                && due(promise) < soon
                && !fulfilled.contains(id)
                && !self.lapses.contains_key(&((*id).clone(), 1))
        });
        open.count()
    }

    /// Where the interaction is recorded.
    pub(crate) fn offset_of(&self, interaction_id: &str) -> Option<Offset> {
        self.records.get(interaction_id).copied()
    }

    /// What a token of the log is complete through: the first offset that it isn't.
    pub(crate) fn offset_after(&self, token: &str) -> Option<Offset> {
        let positions = Positions::decode(token, self.log?).ok()?;
        Some(positions.next(0))
    }

    fn report(&self) {
        assert!(
            self.faults.is_empty(),
            "{} faults:\n{}",
            self.faults.len(),
            self.faults[..self.faults.len().min(FAULTS_SHOWN)].join("\n")
        );
    }

    fn fault(&mut self, offset: Offset, what: impl std::fmt::Display) {
        self.faults.push(format!("offset {offset}: {what}"));
    }

    fn entry(&mut self, entry: &Entry, entries: &Entries) {
        let offset = entry.position.offset;
        if offset != self.next {
            self.fault(offset, format!("stands where {} should", self.next));
        }
        self.next = offset + 1;
        let Ok(event) = Event::decode(entry.record.body.clone()) else {
            return self.fault(offset, "is no event");
        };
        match event.fact() {
            Ok(Some(Fact::InteractionRecorded(data))) => {
                self.record(offset, &event, *data, entries);
            }
            Ok(Some(Fact::InteractionAmended(data))) => {
                let sent = entries.amendments.get(&event.request_id);
                let same = sent.is_some_and(|sent| {
                    let wanted = sent.request.interaction.clone().unwrap_or_default();
                    let got = data.interaction.unwrap_or_default();
                    got.handling == wanted.handling
                        && data.reason == sent.request.reason
                        && event.aggregate_id == sent.request.interaction_id
                });
                self.command(offset, &event, sent.map(|sent| &sent.answer), same);
                once(
                    &mut self.amendments,
                    event.request_id,
                    offset,
                    &mut self.faults,
                );
            }
            Ok(Some(Fact::CommitmentFulfilled(data))) => {
                let sent = entries.fulfilments.get(&event.request_id);
                let same = sent.is_some_and(|sent| {
                    data.note == sent.request.note
                        && data.fulfilled_at == sent.request.fulfilled_at
                        && event.aggregate_id == sent.request.commitment_id
                });
                self.command(offset, &event, sent.map(|sent| &sent.answer), same);
                once(
                    &mut self.fulfilments,
                    event.request_id,
                    offset,
                    &mut self.faults,
                );
            }
            Ok(Some(Fact::CommitmentLapsed(data))) => self.lapse(offset, &event, &data, entries),
            other => self.fault(offset, format!("nobody sent {other:?}")),
        }
    }

    fn record(&mut self, at: Offset, event: &Event, data: InteractionRecorded, entries: &Entries) {
        let id = event.aggregate_id.clone();
        let Some(sent) = entries.records.get(&id) else {
            return self.fault(at, format!("{id} was never sent"));
        };
        if data.interaction != sent.request.interaction
            || event.data != expected(sent.request.interaction.clone())
        {
            self.fault(at, format!("{id} is not what was sent"));
        }
        if sent.answer == Answer::Refused {
            self.fault(at, format!("{id} is there, and was refused"));
        }
        let last = self.last_order.insert(sent.customer_id.clone(), sent.order);
        if last.is_some_and(|last| last >= sent.order) {
            self.fault(at, format!("{id} comes after what was sent later"));
        }
        for draft in data.interaction.iter().flat_map(|one| &one.commitments) {
            self.versions.insert(draft.commitment_id.clone(), 1);
        }
        self.versions.insert(id.clone(), 1);
        once(&mut self.records, id, at, &mut self.faults);
    }

    /// Whether the event is the next of its aggregate. If not, it lost a race, and every reader
    /// ignores it.
    fn counts(&mut self, event: &Event) -> bool {
        let version = self.versions.get_mut(&event.aggregate_id);
        let Some(version) = version.filter(|version| event.sequence == **version + 1) else {
            return false;
        };
        *version += 1;
        true
    }

    /// Whether the command counts.
    fn command<A: PartialEq>(
        &mut self,
        at: Offset,
        event: &Event,
        answer: Option<&Answer<A>>,
        same: bool,
    ) -> bool {
        if !same {
            self.fault(at, format!("{} is not what was sent", event.request_id));
        }
        if answer == Some(&Answer::Refused) {
            self.fault(
                at,
                format!("{} is there, and was refused", event.request_id),
            );
        }
        self.counts(event)
    }

    fn lapse(&mut self, at: Offset, event: &Event, data: &CommitmentLapsed, entries: &Entries) {
        let id = event.aggregate_id.clone();
        let Some(promise) = entries.promise(&id) else {
            return self.fault(at, format!("{id} lapsed, and was never promised"));
        };
        let lapse = data.lapse.unwrap_or_default();
        if lapse.lapsed_at != promise.promised_by || lapse.due_revision != 1 {
            self.fault(at, format!("{id}: a lapse of another due: {lapse:?}"));
        }
        let recorded = event.recorded_at.as_ref().and_then(from_wire);
        if recorded.is_none_or(|recorded| recorded < due(promise)) {
            self.fault(at, format!("{id} lapsed before its due"));
        }
        if entries
            .promises
            .get(&id)
            .is_none_or(|of| !self.records.contains_key(of))
        {
            self.fault(at, format!("{id} lapsed before it was promised"));
        }
        if !self.counts(event) {
            return;
        }
        let kept = entries.fulfilments.values().any(|sent| {
            let in_time = |(_, at): (_, Timestamp)| at < due(promise);
            sent.request.commitment_id == id && sent.answer.acknowledged().is_some_and(in_time)
        });
        if kept {
            self.fault(at, format!("{id} lapsed, and was kept in time"));
        }
        let twice = self.lapses.insert((id.clone(), lapse.due_revision), at);
        if let Some(first) = twice {
            self.fault(at, format!("{id} lapsed at offset {first} already"));
        }
    }

    /// Everything acknowledged is there, where the acknowledgement says.
    fn acknowledged(&mut self, entries: &Entries) {
        let log = self.log.expect("a log was read");
        let mut found = Vec::new();
        let mut check = |id: &str, token: &str, at: Option<Offset>| {
            let said = Positions::decode(token, log).ok().map(|said| said.next(0));
            match (at, said) {
                (None, _) => found.push(format!("{id} was acknowledged, and is lost")),
                (Some(at), said) if said != Some(at + 1) => {
                    found.push(format!(
                        "{id} is at offset {at}, and was said to be at {said:?}"
                    ));
                }
                _ => {}
            }
        };
        each(&entries.records, |id, answer| {
            check(id, &answer.position, self.records.get(id).copied());
        });
        each(&entries.amendments, |id, answer| {
            check(id, &answer.position, self.amendments.get(id).copied());
        });
        each(&entries.fulfilments, |id, answer| {
            check(id, &answer.position, self.fulfilments.get(id).copied());
        });
        self.faults.append(&mut found);
    }
}

fn expected(interaction: Option<aftercall_proto::model::v1::Interaction>) -> Vec<u8> {
    InteractionRecorded { interaction }.encode_to_vec()
}

fn each<Q, A>(sent: &HashMap<String, Sent<Q, A>>, mut check: impl FnMut(&str, &A)) {
    for (id, sent) in sent {
        if let Some((answer, _)) = sent.answer.acknowledged() {
            check(id, answer);
        }
    }
}

fn once(known: &mut HashMap<String, Offset>, id: String, at: Offset, faults: &mut Vec<String>) {
    if let Some(first) = known.insert(id.clone(), at) {
        faults.push(format!("offset {at}: {id} is at offset {first} already"));
    }
}
