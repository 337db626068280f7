//! Compares the log with the journal: nothing acknowledged is missing or changed, nothing is there
//! that was not sent.
//!
//! Where several processes write the log, a request that was sent again may stand in it again: then
//! the first counts, and the others change nothing. A command that another event of the same thing
//! outran, such as a lapse, stands in any log again, at its next attempt; the one that counts is
//! there once.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

use aftercall_log::inspect::ReadOnlyLog;
use aftercall_log::{Entry, LogIdentity, Offset, Position};
use aftercall_proto::convert::time::from_wire;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{CommitmentLapsed, Event, InteractionRecorded, RepeatAttributed};
use aftercall_proto::model::v1::Interaction;
use aftercall_view::Positions;
use jiff::Timestamp;
use prost::Message;

use crate::journal::{Answer, Entries, Journal, Sent, due};
use told::Told;

/// Faults that one report lists.
const FAULTS_SHOWN: usize = 20;

/// What the log holds, as far as it was read.
#[derive(Debug, Default)]
pub(crate) struct Checker {
    /// What was read.
    read: Positions,
    log: Option<LogIdentity>,
    /// Whether several processes write it.
    shared: bool,
    records: HashMap<String, Position>,
    /// How many records stand in the log again, after the first of their id.
    repeated: usize,
    amendments: HashMap<String, Position>,
    fulfilments: HashMap<String, Position>,
    lapses: HashMap<(String, u32), Position>,
    /// The version of each interaction and promise: how many events made it what it is.
    versions: HashMap<String, u64>,
    /// The place of each customer's last record among all that was sent.
    last_order: HashMap<String, u64>,
    /// What is told of promises.
    told: Told,
    faults: Vec<String>,
}

impl Checker {
    /// Of a log that several processes write.
    pub(crate) fn of_shared() -> Self {
        Self {
            shared: true,
            ..Self::default()
        }
    }

    /// How many interactions are recorded.
    pub(crate) fn records(&self) -> usize {
        self.records.len()
    }

    /// How many records stand in the log again, after the first of their id.
    #[cfg(feature = "kafka")]
    pub(crate) fn repeated(&self) -> usize {
        self.repeated
    }

    /// How many lapses are recorded.
    pub(crate) fn lapses(&self) -> usize {
        self.lapses.len()
    }

    /// The interactions that are recorded.
    pub(crate) fn recorded(&self) -> BTreeSet<String> {
        self.records.keys().cloned().collect()
    }

    /// The promises that were made in them.
    pub(crate) fn promised(&self, entries: &Entries) -> BTreeSet<String> {
        let promises = entries.promises.iter();
        let made = promises.filter(|(_, interaction)| self.records.contains_key(*interaction));
        made.map(|(id, _)| id.clone()).collect()
    }

    /// The promises that lapsed.
    pub(crate) fn lapsed(&self) -> BTreeSet<String> {
        self.lapses.keys().map(|(id, _)| id.clone()).collect()
    }

    /// The position that all that was read is complete through.
    pub(crate) fn position(&self) -> String {
        self.read.encode(self.identity())
    }

    /// The identity of the log that was read.
    fn identity(&self) -> LogIdentity {
        self.log.clone().expect("a log was read")
    }

    /// Reads what the log has got since the last time, and compares.
    ///
    /// # Panics
    /// With all that is wrong.
    pub(crate) fn check(&mut self, data: &Path, journal: &Journal) {
        let log = ReadOnlyLog::open(data.join("log")).expect("a log");
        let mut reader = log.reader(self.read.next(0)).expect("no record is gone");
        let mut read = Vec::new();
        loop {
            let next = reader.next(512, 4 << 20, Duration::ZERO);
            let next = next.expect("a log that is sound");
            if next.is_empty() {
                break;
            }
            read.extend(next);
        }
        self.compare(log.identity().clone(), &read, &journal.entries());
        self.report();
    }

    /// Takes `read`, what the log `log` has got since the last time, and compares.
    pub(crate) fn compare(
        &mut self,
        log: impl Into<LogIdentity>,
        read: &[Entry],
        entries: &Entries,
    ) {
        let log = log.into();
        let before = self.log.as_ref().map_or(log.id(), LogIdentity::id);
        assert_eq!(before, log.id(), "another log");
        self.log = Some(log);
        for entry in read {
            self.entry(entry, entries);
        }
        self.acknowledged(entries);
        entries
            .unexpected
            .iter()
            .for_each(|what| self.object(what.clone()));
    }

    /// What is wrong so far.
    pub(crate) fn faults(&self) -> &[String] {
        &self.faults
    }

    /// How many promises are due before `soon`, and have neither lapsed nor been fulfilled.
    pub(crate) fn to_lapse(&self, journal: &Journal, soon: Timestamp) -> usize {
        let entries = journal.entries();
        let fulfilled = self.fulfilled(&entries);
        let open = entries.promises.iter().filter(|(id, interaction)| {
            let promise = entries.promise(id).expect("it was sent");
            self.records.contains_key(*interaction)
                && due(promise) < soon
                && !fulfilled.contains(id)
                && !self.lapses.contains_key(&((*id).clone(), 1))
        });
        open.count()
    }

    /// The promises that were fulfilled, in time or not.
    fn fulfilled<'e>(&self, entries: &'e Entries) -> HashSet<&'e String> {
        let fulfilled = entries.fulfilments.iter().filter_map(|(request, sent)| {
            let there = self.fulfilments.contains_key(request);
            there.then_some(&sent.request.commitment_id)
        });
        fulfilled.collect()
    }

    /// Where the interaction is recorded.
    pub(crate) fn offset_of(&self, interaction_id: &str) -> Option<Offset> {
        self.records.get(interaction_id).map(|at| at.offset)
    }

    /// What a token of the log is complete through: the first offset that it isn't.
    pub(crate) fn offset_after(&self, token: &str) -> Option<Offset> {
        let positions = Positions::decode(token, self.log.clone()?).ok()?;
        Some(positions.next(0))
    }

    pub(crate) fn report(&self) {
        assert!(
            self.faults.is_empty(),
            "{} faults:\n{}",
            self.faults.len(),
            self.faults[..self.faults.len().min(FAULTS_SHOWN)].join("\n")
        );
    }

    fn fault(&mut self, at: Position, what: impl std::fmt::Display) {
        self.object(format!("{}: {what}", shown(at)));
    }

    /// Notes what is wrong, once: some of it is met each time that the log is looked at.
    fn object(&mut self, what: String) {
        if !self.faults.contains(&what) {
            self.faults.push(what);
        }
    }

    fn entry(&mut self, entry: &Entry, entries: &Entries) {
        let at = entry.position;
        let next = self.read.next(at.partition);
        // Only the offsets of a log in one process follow each other without gaps.
        if at.offset < next || (at.offset > next && !self.shared) {
            self.fault(at, format!("stands where {next} should"));
        }
        self.read.include(at);
        let Ok(event) = Event::decode(entry.record.body.clone()) else {
            return self.fault(at, "is no event");
        };
        match event.fact() {
            Ok(Some(Fact::InteractionRecorded(data))) => {
                self.record(at, &event, *data, entries);
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
                let answer = sent.map(|sent| &sent.answer);
                self.command(at, &event, (answer, same), |checker| {
                    &mut checker.amendments
                });
            }
            Ok(Some(Fact::CommitmentFulfilled(data))) => {
                let sent = entries.fulfilments.get(&event.request_id);
                let same = sent.is_some_and(|sent| {
                    data.note == sent.request.note
                        && data.fulfilled_at == sent.request.fulfilled_at
                        && event.aggregate_id == sent.request.commitment_id
                });
                let answer = sent.map(|sent| &sent.answer);
                self.command(at, &event, (answer, same), |checker| {
                    &mut checker.fulfilments
                });
            }
            Ok(Some(Fact::CommitmentLapsed(data))) => self.lapse(at, &event, &data, entries),
            Ok(Some(Fact::RepeatAttributed(data))) => self.repeat(at, &data, entries),
            Ok(Some(fact)) if self.tells(at, &event, &fact, entries) => {}
            other => self.fault(at, format!("nobody sent {other:?}")),
        }
    }

    fn record(
        &mut self,
        at: Position,
        event: &Event,
        data: InteractionRecorded,
        entries: &Entries,
    ) {
        let id = event.aggregate_id.clone();
        let Some(sent) = entries.records.get(&id) else {
            return self.fault(at, format!("{id} was never sent"));
        };
        if data.interaction.clone().map(as_sent) != sent.request.interaction
            || event.data().map(|data| &data[..]) != Some(&data.encode_to_vec()[..])
        {
            self.fault(at, format!("{id} is not what was sent"));
        }
        if sent.answer == Answer::Refused {
            self.fault(at, format!("{id} is there, and was refused"));
        }
        if self.shared && self.records.contains_key(&id) {
            self.repeated += 1;
            return;
        }
        let last = self.last_order.insert(sent.customer_id.clone(), sent.order);
        if last.is_some_and(|last| last >= sent.order) {
            self.fault(at, format!("{id} comes after what was sent later"));
        }
        for draft in data.interaction.iter().flat_map(|one| &one.commitments) {
            self.versions.insert(draft.commitment_id.clone(), 1);
        }
        self.versions.insert(id.clone(), 1);
        let twice = self.records.insert(id.clone(), at);
        self.once(&id, at, twice);
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

    /// Whether an event of the same aggregate took this one's place before.
    fn was_outrun(&self, event: &Event) -> bool {
        let version = self.versions.get(&event.aggregate_id);
        version.is_some_and(|version| event.sequence <= *version)
    }

    /// A command, which is kept in `known` by its request's id. One that lost a race is appended
    /// again, and the one that won counts.
    fn command<A: PartialEq>(
        &mut self,
        at: Position,
        event: &Event,
        (answer, same): (Option<&Answer<A>>, bool),
        known: fn(&mut Self) -> &mut HashMap<String, Position>,
    ) {
        if !same {
            self.fault(at, format!("{} is not what was sent", event.request_id));
        }
        if answer == Some(&Answer::Refused) {
            self.fault(
                at,
                format!("{} is there, and was refused", event.request_id),
            );
        }
        if self.shared && known(self).contains_key(&event.request_id) {
            return;
        }
        if self.counts(event) {
            let twice = known(self).insert(event.request_id.clone(), at);
            self.once(&event.request_id, at, twice);
        } else if !self.shared && !self.was_outrun(event) {
            self.fault(at, format!("{} follows nothing", event.request_id));
        }
    }

    fn once(&mut self, id: &str, at: Position, before: Option<Position>) {
        if let Some(before) = before {
            self.fault(at, format!("{id} is at {} already", shown(before)));
        }
    }

    fn lapse(&mut self, at: Position, event: &Event, data: &CommitmentLapsed, entries: &Entries) {
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
        self.told.happened(event);
        let twice = self.lapses.insert((id.clone(), lapse.due_revision), at);
        self.once(&format!("the lapse of {id}"), at, twice);
    }

    /// A contact was caused by a promise that was not kept: both are there, and it was due then.
    fn repeat(&mut self, at: Position, data: &RepeatAttributed, entries: &Entries) {
        let promise = entries.promise(&data.commitment_id);
        let is_due = promise.is_some_and(|promise| data.lapsed_at == promise.promised_by);
        let is_recorded = self.records.contains_key(&data.interaction_id);
        if !is_due || !is_recorded {
            self.fault(at, format!("a cause that is none: {data:?}"));
        }
    }

    /// Everything acknowledged is there, where the acknowledgement says.
    fn acknowledged(&mut self, entries: &Entries) {
        let mut found = Vec::new();
        let shared = self.shared;
        let mut check = |id: &str, token: &str, at: Option<Position>| {
            let Some(at) = at else {
                return found.push(format!("{id} was acknowledged, and is lost"));
            };
            let said = Positions::decode(token, self.identity()).unwrap_or_default();
            let exact = said.next(at.partition) == at.offset + 1;
            // What was sent again may have been answered by where it stands again.
            if !(exact || shared && said.covers(at)) {
                found.push(format!(
                    "{id} is at {}, and was said to be at {said:?}",
                    shown(at)
                ));
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
        found.into_iter().for_each(|what| self.object(what));
    }
}

/// A contact without what the policies of its promises made of them, which nobody sends.
fn as_sent(mut interaction: Interaction) -> Interaction {
    for draft in &mut interaction.commitments {
        if draft.policy.take().is_some() {
            draft.stages.clear();
            draft.target = None;
            draft.expire_after = None;
        }
    }
    interaction
}

fn each<Q, A>(sent: &HashMap<String, Sent<Q, A>>, mut check: impl FnMut(&str, &A)) {
    for (id, sent) in sent {
        if let Some((answer, _)) = sent.answer.acknowledged() {
            check(id, answer);
        }
    }
}

fn shown(at: Position) -> String {
    format!("partition {} offset {}", at.partition, at.offset)
}

pub(crate) mod kept_back;
mod objections;
pub(crate) mod told;
