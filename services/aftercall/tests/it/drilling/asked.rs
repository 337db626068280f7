//! Random contacts, and what is asked of them.

use aftercall_proto::convert::time::to_wire;
use aftercall_proto::history::v1::{InteractionFilter, SentimentBand, SentimentTrend};
use aftercall_proto::insight::v1::{ContactFilter, Dimension};
use aftercall_proto::model::v1::{
    CallEvent, CallEventKind as Kind, ContactReason, Customer, Direction, Handling, Interaction,
    Segment, SegmentKind, Sentiment, Signal, SignalKind,
};
use aftercall_service::testing::{contact, promise, reason};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

const WORDS: [&str; 3] = ["refund", "router", "invoice"];
const REASONS: [&str; 4] = [
    "billing.refund",
    "billing.invoice",
    "outage",
    "outage.region",
];
const SCORERS: [&str; 2] = ["rules", "model"];
const SIGNALS: [SignalKind; 3] = [
    SignalKind::LegalThreat,
    SignalKind::Abuse,
    SignalKind::Praise,
];
pub(super) const BANDS: [SentimentBand; 3] = [
    SentimentBand::Negative,
    SentimentBand::Neutral,
    SentimentBand::Positive,
];

/// How somebody felt at the start and at the end.
pub(super) type Felt = Option<(i8, i8)>;

/// A contact that is recorded, or a call that nobody answered and recorded.
#[derive(Debug, Clone)]
pub(super) struct One {
    pub(super) is_call: bool,
    pub(super) customer: u8,
    pub(super) agents: (u8, Option<u8>),
    pub(super) reasons: (usize, usize),
    pub(super) word: usize,
    pub(super) is_labelled: bool,
    pub(super) is_outbound: bool,
    pub(super) is_promised: bool,
    pub(super) minutes_ago: i64,
    /// As its record says, and as each of the scorers does.
    pub(super) felt: [Felt; 3],
    pub(super) signals: [bool; 3],
}

fn felt() -> impl Strategy<Value = Felt> {
    prop::option::weighted(0.4, (-3..4_i8, -3..4_i8))
}

pub(super) fn one() -> impl Strategy<Value = One> {
    let whose = (
        0..3_u8,
        (0..3_u8, prop::option::of(0..3_u8)),
        (0..REASONS.len(), 0..REASONS.len()),
        0..WORDS.len(),
        20..3_000_i64,
    );
    let rarely = || prop::bool::weighted(0.2);
    let is_so = (rarely(), any::<bool>(), rarely(), rarely());
    let said = ([felt(), felt(), felt()], [rarely(), rarely(), rarely()]);
    (whose, is_so, said).prop_map(|(whose, is_so, said)| One {
        is_call: is_so.0,
        customer: whose.0,
        agents: whose.1,
        reasons: whose.2,
        word: whose.3,
        is_labelled: is_so.1,
        is_outbound: is_so.2,
        is_promised: is_so.3,
        minutes_ago: whose.4,
        felt: said.0,
        signals: said.1,
    })
}

fn sentiment((start, end): (i8, i8), scorer: &str) -> Sentiment {
    Sentiment {
        start: Some(start.into()),
        end: Some(end.into()),
        scorer: scorer.to_owned(),
        ..Sentiment::default()
    }
}

impl One {
    pub(super) fn record(&self, n: usize, now: Timestamp) -> Interaction {
        let began = now - SignedDuration::from_mins(self.minutes_ago);
        let ended = began + SignedDuration::from_mins(5);
        let (agent, other) = self.agents;
        let segments = other.map(|other| Segment {
            kind: SegmentKind::Agent.into(),
            agent_id: format!("agent-{other}"),
            team_id: format!("team-{}", other % 2),
            answered_at: Some(to_wire(began)),
            ended_at: Some(to_wire(ended)),
            ..Segment::default()
        });
        let second = ContactReason {
            primary: false,
            ..reason(REASONS[self.reasons.1])
        };
        let mut reasons = vec![reason(REASONS[self.reasons.0])];
        reasons.extend(Some(second).filter(|_| self.reasons.0 != self.reasons.1));
        let [own, by_scorers @ ..] = &self.felt;
        let by_scorers = by_scorers.iter().zip(SCORERS);
        let by_scorers = by_scorers.filter_map(|(felt, by)| felt.map(|felt| sentiment(felt, by)));
        let signals = SIGNALS.iter().zip(self.signals).filter(|(_, is)| *is);
        let signals = signals.map(|(kind, _)| Signal {
            kind: (*kind).into(),
            ..Signal::default()
        });
        let direction = match self.is_outbound && !self.is_promised {
            true => Direction::Outbound,
            false => Direction::Inbound,
        };
        // Nobody else's contact makes something of a promise.
        let customer_id = match self.is_promised {
            true => format!("promised-{n}"),
            false => format!("customer-{}", self.customer),
        };
        let promised = promise(now + SignedDuration::from_hours(2));
        Interaction {
            agent_id: format!("agent-{agent}"),
            team_id: format!("team-{}", agent % 2),
            customer: Some(Customer {
                customer_id,
                ..Customer::default()
            }),
            direction: direction.into(),
            contact_reasons: reasons,
            segments: segments.into_iter().collect(),
            ended_at: Some(to_wire(ended)),
            handling: Some(Handling {
                summary: format!("It was about the {}.", WORDS[self.word]),
                ..Handling::default()
            }),
            labels: Some("vip".to_owned())
                .filter(|_| self.is_labelled)
                .into_iter()
                .collect(),
            sentiment: own.map(|felt| sentiment(felt, "")),
            sentiments: by_scorers.collect(),
            signals: signals.collect(),
            no_follow_up_promised: !self.is_promised,
            commitments: Some(promised)
                .filter(|_| self.is_promised)
                .into_iter()
                .collect(),
            ..contact(began)
        }
    }

    /// A call that waited, and that nobody answered.
    pub(super) fn call(&self, n: usize, now: Timestamp) -> Vec<CallEvent> {
        let began = now - SignedDuration::from_mins(self.minutes_ago);
        let event = |second: i64, kind: Kind| CallEvent {
            source: "pbx".to_owned(),
            call_id: n.to_string(),
            event_id: second.to_string(),
            kind: kind.into(),
            occurred_at: Some(to_wire(began + SignedDuration::from_secs(second))),
            customer_id: format!("caller-{n}"),
            direction: Direction::Inbound.into(),
            ..CallEvent::default()
        };
        let queued = CallEvent {
            queue_id: "sales".to_owned(),
            ..event(1, Kind::Queued)
        };
        vec![event(0, Kind::Started), queued, event(90, Kind::Ended)]
    }
}

/// What is asked of contacts.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    word: Option<usize>,
    with_agent: Option<u8>,
    with_reason: Option<&'static str>,
    label: bool,
    open_promise: Option<bool>,
    customer: Option<u8>,
    agent: Option<u8>,
    band: Option<usize>,
    signal: Option<usize>,
    scorer: Option<usize>,
    by: Option<usize>,
}

pub(super) fn asked() -> impl Strategy<Value = Asked> {
    let rarely = |max: usize| prop::option::weighted(0.2, 0..max);
    let agent = || prop::option::weighted(0.2, 0..3_u8);
    let reasons = prop::sample::select(vec!["billing", "outage", "outage.region"]);
    let searched = (
        rarely(WORDS.len()),
        agent(),
        prop::option::weighted(0.2, reasons),
        prop::bool::weighted(0.2),
        prop::option::weighted(0.2, any::<bool>()),
        agent(),
    );
    let own = (agent(), rarely(3), rarely(3), rarely(2), rarely(2));
    (searched, own).prop_map(|(searched, own)| Asked {
        word: searched.0,
        with_agent: searched.1,
        with_reason: searched.2,
        label: searched.3,
        open_promise: searched.4,
        customer: searched.5,
        agent: own.0,
        band: own.1,
        signal: own.2,
        scorer: own.3,
        by: own.4,
    })
}

impl Asked {
    /// What of it a search asks for, too.
    pub(super) fn searched(&self) -> InteractionFilter {
        let agent = |n: u8| format!("agent-{n}");
        InteractionFilter {
            agent_ids: self.with_agent.map(agent).into_iter().collect(),
            reason_codes: self.with_reason.map(str::to_owned).into_iter().collect(),
            labels: Some("vip".to_owned())
                .filter(|_| self.label)
                .into_iter()
                .collect(),
            open_promise: self.open_promise,
            customer_ids: self
                .customer
                .map(|n| format!("customer-{n}"))
                .into_iter()
                .collect(),
            ..InteractionFilter::default()
        }
    }

    pub(super) fn query(&self) -> String {
        self.word.map_or("", |word| WORDS[word]).to_owned()
    }

    pub(super) fn filter(&self) -> ContactFilter {
        ContactFilter {
            query: self.query(),
            search: Some(self.searched()),
            agent_ids: self
                .agent
                .map(|n| format!("agent-{n}"))
                .into_iter()
                .collect(),
            sentiments: self.band.map(|n| BANDS[n].into()).into_iter().collect(),
            signals: self.signal.map(|n| SIGNALS[n].into()).into_iter().collect(),
            sentiment_scorers: self
                .scorer
                .map(|n| SCORERS[n].to_owned())
                .into_iter()
                .collect(),
            sentiment_scorer: self.by.map_or("", |n| SCORERS[n]).to_owned(),
            ..ContactFilter::default()
        }
    }
}

/// What insight knows itself of feelings and signals, and the same of a search.
pub(super) fn felt_alike() -> Vec<(ContactFilter, InteractionFilter)> {
    let own = ContactFilter::default;
    let searched = InteractionFilter::default;
    let mut all = Vec::new();
    for band in BANDS.map(i32::from) {
        all.push((
            ContactFilter {
                sentiments: vec![band],
                ..own()
            },
            InteractionFilter {
                sentiments: vec![band],
                ..searched()
            },
        ));
        all.push((
            ContactFilter {
                worst_sentiments: vec![band],
                ..own()
            },
            InteractionFilter {
                worst_sentiments: vec![band],
                ..searched()
            },
        ));
    }
    let trends = [SentimentTrend::Worse.into(), SentimentTrend::Steady.into()];
    all.push((
        ContactFilter {
            sentiment_trends: trends.into(),
            ..own()
        },
        InteractionFilter {
            sentiment_trends: trends.into(),
            ..searched()
        },
    ));
    let signals: Vec<i32> = SIGNALS[..2].iter().map(|kind| (*kind).into()).collect();
    all.push((
        ContactFilter {
            signals: signals.clone(),
            ..own()
        },
        InteractionFilter {
            signals,
            ..searched()
        },
    ));
    let scorers = vec![SCORERS[0].to_owned()];
    all.push((
        ContactFilter {
            sentiment_scorers: scorers.clone(),
            ..own()
        },
        InteractionFilter {
            sentiment_scorers: scorers,
            ..searched()
        },
    ));
    all
}

pub(super) fn dimensions() -> impl Strategy<Value = Vec<Dimension>> {
    let all = vec![
        Dimension::Agent,
        Dimension::Team,
        Dimension::Reason,
        Dimension::ReasonFamily,
        Dimension::Direction,
        Dimension::RepeatCause,
        Dimension::Sentiment,
        Dimension::WorstSentiment,
        Dimension::SentimentTrend,
        Dimension::Signal,
        Dimension::SentimentScorer,
    ];
    prop::sample::subsequence(all, 0..=2)
}
