//! What is kept of a contact, and the row that follows from it.

use std::borrow::Cow;

use aftercall_domain::interaction::{Direction, Disconnect, Segment, path_in_line};
use aftercall_domain::measure::{self, Facts, flag, known};
use aftercall_log::{Offset, Partition};
use aftercall_proto::convert::interaction::analyse;
use aftercall_proto::convert::{call as convert, feeling, parties, time};
use aftercall_proto::envelope::contact_key;
use aftercall_proto::event::v1::{InteractionAmended, InteractionAnalysed};
use aftercall_proto::model::v1::{
    self as wire, ContactReason, Customer, DriverSegment, Interaction, IvrStep, ReasonResolution,
};
use aftercall_view::{ApplyError, Txn};
use jiff::Timestamp;
use prost::Message;
use uuid::Uuid;

use super::scores::{others, scorer, without_points, without_series};
use crate::keys::{self, Address};
use crate::row::{Column, Row};
use crate::words::Words;

/// What a contact's row follows from: the contact without its words.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Kept {
    /// Which row of its partition's it is.
    #[prost(uint64, tag = "1")]
    row: u64,
    #[prost(message, required, tag = "2")]
    pub(super) contact: Interaction,
    /// Whose contact it was when it was recorded: it stands under that key.
    #[prost(string, tag = "3")]
    recorded_as: String,
    /// What was said of its root cause last.
    #[prost(string, tag = "4")]
    root_cause: String,
    /// How often that was said.
    #[prost(uint64, tag = "5")]
    causes: u64,
    /// In which partition its row is: that of its record, or of the call.
    #[prost(uint32, tag = "6")]
    partition: u32,
    /// Whether telephony alone tells of it: then it is not kept, but follows from the call.
    #[prost(bool, tag = "7")]
    is_call: bool,
    /// By what it is told whether a later contact goes on with it; none for the usual.
    #[prost(message, optional, tag = "8")]
    terms: Option<wire::CallTerms>,
    /// Where the amendments stand that replaced its reasons and its handling last.
    #[prost(uint64, optional, tag = "41")]
    reasons_at: Option<u64>,
    #[prost(uint64, optional, tag = "42")]
    handling_at: Option<u64>,
    /// Where the record, or the first that was told of the call, stands in its partition of the log.
    #[prost(uint64, tag = "43")]
    offset: u64,
}

/// Where in the log the words of a contact stand: offsets of its partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WordsAt {
    pub(crate) partition: Partition,
    /// Its record.
    pub(crate) recorded: Offset,
    /// The amendment that replaced its reasons last, if one did.
    pub(crate) reasons: Option<Offset>,
    /// The same of its handling.
    pub(crate) handling: Option<Offset>,
}

impl Kept {
    /// Keeps of a contact what is measured, and nobody's words.
    pub(crate) fn of((address, offset): (Address, Offset), contact: &Interaction) -> Self {
        let customer = contact.customer.as_ref();
        let customer = customer.map(|customer| Customer {
            customer_id: customer.customer_id.clone(),
            language: customer.language.clone(),
            ..Customer::default()
        });
        let contact = Interaction {
            interaction_id: contact.interaction_id.clone(),
            channel: contact.channel,
            direction: contact.direction,
            customer,
            client_account_id: contact.client_account_id.clone(),
            agent_id: contact.agent_id.clone(),
            team_id: contact.team_id.clone(),
            site_id: contact.site_id.clone(),
            occurred_at: contact.occurred_at,
            ended_at: contact.ended_at,
            segments: without_words(contact.segments.clone()),
            disconnect: without_evidence(contact.disconnect.as_ref()),
            contact_reasons: without_verbatim(contact.contact_reasons.clone()),
            disposition: contact.disposition.clone(),
            problem_onset_at: contact.problem_onset_at,
            non_talk: contact.non_talk.clone(),
            interruptions: contact.interruptions.clone(),
            sentiment: contact.sentiment.as_ref().map(without_points),
            sentiments: contact.sentiments.iter().map(without_points).collect(),
            signals: contact.signals.clone(),
            driver_segment: code_alone(contact.driver_segment.as_ref()),
            ivr_path: nodes_alone(&contact.ivr_path),
            ..Interaction::default()
        };
        let mut kept = Self {
            partition: address.partition,
            row: address.row,
            offset,
            contact,
            ..Self::default()
        };
        kept.recorded_as = kept.customer_id().to_owned();
        kept
    }

    /// The same, judged by these terms.
    pub(crate) fn by(self, terms: Option<&wire::CallTerms>) -> Self {
        Self {
            terms: terms.cloned(),
            ..self
        }
    }

    /// Where its words stand; none of one that was not recorded.
    pub(crate) fn words_at(&self) -> Option<WordsAt> {
        (!self.is_call).then_some(WordsAt {
            partition: self.partition,
            recorded: self.offset,
            reasons: self.reasons_at,
            handling: self.handling_at,
        })
    }

    /// The contact that a call is by itself.
    pub(crate) fn of_call(at: (Address, Offset), contact: &Interaction) -> Self {
        Self {
            is_call: true,
            ..Self::of(at, contact)
        }
    }

    /// How soon after it, if it was cut off, the customer is back to go on with it, in milliseconds.
    pub(crate) fn back_within_ms(&self) -> u32 {
        let within = convert::terms(self.terms.as_ref()).back_within;
        u32::try_from(within.as_millis()).unwrap_or(u32::MAX)
    }

    /// The same with what telephony tells of it where its record says nothing.
    pub(crate) fn completed(&self, call: Option<&wire::Call>) -> Cow<'_, Self> {
        let Some(call) = call else {
            return Cow::Borrowed(self);
        };
        let mut whole = self.clone();
        convert::complete(&mut whole.contact, call);
        // It is judged as the call is.
        Cow::Owned(whole.by(call.terms.as_ref()))
    }

    pub(crate) fn write(
        &self,
        tenant_id: &str,
        whose: u64,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let key = keys::kept(tenant_id, &self.contact.interaction_id, whose);
        Ok(txn.put_lasting(key, self.encode_to_vec())?)
    }

    /// Where its row is.
    pub(crate) const fn address(&self) -> Address {
        Address {
            partition: self.partition,
            row: self.row,
        }
    }

    /// Replaces what an amendment names that stands there in its partition of the log.
    pub(crate) fn amend(&mut self, amended: &InteractionAmended, offset: Offset) {
        let values = amended.interaction.clone().unwrap_or_default();
        let paths = amended.update_mask.iter().flat_map(|mask| &mask.paths);
        let contact = &mut self.contact;
        for path in paths {
            match &**path {
                "contact_reasons" => {
                    contact.contact_reasons = without_verbatim(values.contact_reasons.clone());
                    self.reasons_at = Some(offset);
                }
                "handling" => self.handling_at = Some(offset),
                "driver_segment" => {
                    contact.driver_segment = code_alone(values.driver_segment.as_ref());
                }
                "ivr_path" => contact.ivr_path = nodes_alone(&values.ivr_path),
                "disposition" => contact.disposition.clone_from(&values.disposition),
                "segments" => contact.segments = without_words(values.segments.clone()),
                "disconnect" => contact.disconnect = without_evidence(values.disconnect.as_ref()),
                "occurred_at" => contact.occurred_at = values.occurred_at,
                "ended_at" => contact.ended_at = values.ended_at,
                "non_talk" => contact.non_talk.clone_from(&values.non_talk),
                "interruptions" => contact.interruptions.clone_from(&values.interruptions),
                "problem_onset_at" => contact.problem_onset_at = values.problem_onset_at,
                "sentiment" => contact.sentiment.clone_from(&values.sentiment),
                "sentiments" => contact.sentiments.clone_from(&values.sentiments),
                "signals" => contact.signals.clone_from(&values.signals),
                _ => {}
            }
        }
        without_series(contact);
    }

    /// Something was found in it.
    pub(super) fn analyse(&mut self, analysed: &InteractionAnalysed) {
        analyse(&mut self.contact, analysed);
        without_series(&mut self.contact);
    }

    /// It was said what its root cause was.
    pub(crate) fn attribute(&mut self, root_cause: &str, sequence: u64) {
        root_cause.clone_into(&mut self.root_cause);
        self.causes = sequence;
    }

    /// How often it was said what its root cause was.
    pub(crate) const fn causes(&self) -> u64 {
        self.causes
    }

    /// The key in the log under which all of it stands.
    pub(crate) fn log_key(&self, tenant_id: &str) -> bytes::Bytes {
        contact_key(tenant_id, &self.recorded_as, self.id())
    }

    pub(crate) fn identify(&mut self, customer_id: &str) {
        let customer = self.contact.customer.get_or_insert_default();
        customer_id.clone_into(&mut customer.customer_id);
    }

    pub(crate) fn id(&self) -> &str {
        &self.contact.interaction_id
    }

    /// The customer; empty for nobody known.
    pub(crate) fn customer_id(&self) -> &str {
        let customer = self.contact.customer.as_ref();
        customer.map_or("", |customer| &customer.customer_id)
    }

    /// The customer among whose inbound contacts it is; none where it isn't, or none is known. A call needs no reason.
    pub(crate) fn linked(&self) -> Option<&str> {
        let is_inbound = self.direction() == Direction::Inbound;
        let says_why = !self.contact.contact_reasons.is_empty();
        let customer_id = Some(self.customer_id()).filter(|id| !id.is_empty() && is_inbound);
        customer_id.filter(|_| says_why || self.is_call)
    }

    /// Who reached out. Whoever tells of a call and does not say it means the customer.
    fn direction(&self) -> Direction {
        match self.contact.direction() {
            wire::Direction::Inbound => Direction::Inbound,
            wire::Direction::Outbound => Direction::Outbound,
            wire::Direction::Unspecified if self.is_call => Direction::Inbound,
            wire::Direction::Internal | wire::Direction::Unspecified => Direction::Internal,
        }
    }

    pub(crate) fn occurred_at(&self) -> Timestamp {
        let at = self.contact.occurred_at.as_ref();
        at.and_then(time::from_wire)
            .unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The codes of all its reasons, each once.
    pub(crate) fn codes(&self) -> Vec<String> {
        let reasons = self.contact.contact_reasons.iter();
        let mut codes: Vec<String> = reasons.map(|reason| reason.code.clone()).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }

    /// Since when the customer has had the trouble.
    pub(crate) fn onset_us(&self) -> Option<i64> {
        self.onset_at().map(time::microseconds)
    }

    fn onset_at(&self) -> Option<Timestamp> {
        let onset = self.contact.problem_onset_at.as_ref();
        onset.and_then(time::from_wire)
    }

    /// Those who have a part in it.
    pub(crate) fn parties(&self) -> impl Iterator<Item = aftercall_domain::Party<'_>> {
        parties::of_contact(&self.contact)
    }

    /// The contact's row, without what other contacts and events make of it.
    pub(crate) fn row(
        &self,
        tenant_id: &str,
        words: &mut Words,
        txn: &mut Txn<'_>,
    ) -> Result<Row, ApplyError> {
        let (contact, of) = (&self.contact, (tenant_id, self.partition));
        let mut row = Row {
            occurred_at_us: time::microseconds(self.occurred_at()),
            interaction_id: Uuid::try_parse(&contact.interaction_id)
                .map_or([0; 16], Uuid::into_bytes),
            channel: u8::try_from(contact.channel).unwrap_or(0),
            direction: u8::try_from(contact.direction).unwrap_or(0),
            attribution: attribution(contact),
            offset: self.offset,
            feeling: feeling::of_contact(contact),
            has_others: !others(contact).scores.is_empty(),
            facts: self.facts(),
            ..Row::default()
        };
        let customer = contact.customer.as_ref();
        let queues = contact.segments.iter().map(|segment| &*segment.queue_id);
        let mut reasons = contact.contact_reasons.iter();
        let way = path_in_line(contact.ivr_path.iter().map(|step| &*step.node));
        let said = [
            (Column::Agent, &*contact.agent_id),
            (Column::Team, &contact.team_id),
            (Column::Site, &contact.site_id),
            (
                Column::Queue,
                queues
                    .into_iter()
                    .find(|queue| !queue.is_empty())
                    .unwrap_or_default(),
            ),
            (
                Column::Reason,
                reasons
                    .find(|reason| reason.primary)
                    .map_or("", |reason| &reason.code),
            ),
            (
                Column::Disposition,
                contact.disposition.as_ref().map_or("", |it| &it.code),
            ),
            (Column::Language, customer.map_or("", |it| &it.language)),
            (Column::ClientAccount, &contact.client_account_id),
            (Column::RootCause, &self.root_cause),
            (
                Column::Driver,
                contact.driver_segment.as_ref().map_or("", |it| &it.code),
            ),
            (Column::IvrPath, &way),
            (Column::Scorer, scorer(contact)),
        ];
        for (column, word) in said {
            row.set(column, words.number(of, word.as_bytes(), txn)?);
        }
        row.set(Column::Parties, words.parties(of, self.parties(), txn)?);
        Ok(row)
    }

    fn facts(&self) -> Facts {
        let contact = &self.contact;
        let segments = contact.segments.iter().cloned();
        let segments: Vec<Segment> = segments.filter_map(|it| it.try_into().ok()).collect();
        let disconnect = contact.disconnect.clone();
        let disconnect = disconnect.and_then(|it| Disconnect::try_from(it).ok());
        let non_talk = contact.non_talk.iter();
        let non_talk: Vec<_> = non_talk.filter_map(|it| (*it).try_into().ok()).collect();
        let interruptions = contact.interruptions.iter();
        let interruptions: Vec<_> = interruptions
            .filter_map(|it| (*it).try_into().ok())
            .collect();
        let mut facts = Facts::of(measure::Contact {
            direction: self.direction(),
            occurred_at: self.occurred_at(),
            ended_at: contact.ended_at.as_ref().and_then(time::from_wire),
            segments: &segments,
            disconnect: disconnect.as_ref(),
            problem_onset_at: self.onset_at(),
            non_talk: &non_talk,
            interruptions: &interruptions,
        });
        facts.set(flag::UNRECORDED, self.is_call);
        if self.is_call && contact.ended_at.is_none() {
            // Nobody told how it ended: it was closed.
            facts.set(flag::ABANDONED | flag::SHORT_ABANDONED, false);
        }
        let says_why = !contact.contact_reasons.is_empty();
        let is_linked = self.linked().is_some() && says_why;
        facts.set(flag::RESOLVABLE, is_linked);
        facts.set(flag::UNSOLVED, is_unsolved(&contact.contact_reasons));
        facts.set(flag::SOLVED, is_solved(&contact.contact_reasons));
        // What came of the trouble since then is known of a customer alone.
        let is_followed = is_linked && facts.has(known::ONSET);
        facts.set(known::ONSET, is_followed);
        facts
    }
}

/// To whom it is put down that the line was lost. What is none that is known here, as a judgement could name once, says
/// nothing: else its contacts would be counted where nobody is named, and not be found behind that number.
fn attribution(contact: &Interaction) -> u8 {
    let said = contact.disconnect.as_ref();
    said.map_or(0, |disconnect| disconnect.attribution() as u8)
}

fn is_unsolved(reasons: &[ContactReason]) -> bool {
    let mut resolutions = reasons.iter().map(ContactReason::resolution);
    resolutions.any(|it| matches!(it, ReasonResolution::Partly | ReasonResolution::NotResolved))
}

/// Whether all that could be solved was, and something was.
fn is_solved(reasons: &[ContactReason]) -> bool {
    let mut resolutions = reasons.iter().map(ContactReason::resolution);
    let is_done = |it| {
        matches!(
            it,
            ReasonResolution::Resolved | ReasonResolution::NotApplicable
        )
    };
    resolutions.clone().all(is_done) && resolutions.any(|it| it == ReasonResolution::Resolved)
}

fn code_alone(segment: Option<&DriverSegment>) -> Option<DriverSegment> {
    segment.map(|segment| DriverSegment {
        code: segment.code.clone(),
        ..DriverSegment::default()
    })
}

fn nodes_alone(path: &[IvrStep]) -> Vec<IvrStep> {
    let node = |step: &IvrStep| IvrStep {
        node: step.node.clone(),
        ..IvrStep::default()
    };
    path.iter().map(node).collect()
}

fn without_words(mut segments: Vec<wire::Segment>) -> Vec<wire::Segment> {
    for segment in &mut segments {
        if let Some(transfer) = &mut segment.transfer {
            transfer.reason.clear();
        }
    }
    segments
}

fn without_evidence(disconnect: Option<&wire::Disconnect>) -> Option<wire::Disconnect> {
    disconnect.map(|disconnect| wire::Disconnect {
        evidence: Vec::new(),
        ..disconnect.clone()
    })
}

fn without_verbatim(mut reasons: Vec<ContactReason>) -> Vec<ContactReason> {
    for reason in &mut reasons {
        reason.stated_verbatim.clear();
    }
    reasons
}
