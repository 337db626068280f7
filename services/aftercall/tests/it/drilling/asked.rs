//! Random contacts, and what is asked of them.

use aftercall_proto::convert::time::to_wire;
use aftercall_proto::history::v1::{InteractionFilter, SentimentBand};
use aftercall_proto::insight::v1::{ContactFilter, Dimension};
use aftercall_proto::model::v1::{
    CallEvent, CallEventKind as Kind, ContactReason, Customer, Direction, Disconnect,
    DriverSegment, DriverSetter, DropAttribution, Handling, Interaction, IvrStep, Segment,
    SegmentKind, Sentiment, Signal, SignalKind,
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
pub(super) const DRIVERS: [&str; 3] = ["outage", "outage.network", "own.code"];
const STEPS: [&str; 3] = ["main", "main:2", "bills"];
pub(super) const CAUSES: [&str; 2] = ["process", "process.delay"];
pub(super) const SCORERS: [&str; 2] = ["rules", "model"];
pub(super) const SIGNALS: [SignalKind; 3] = [
    SignalKind::LegalThreat,
    SignalKind::Abuse,
    SignalKind::Praise,
];
pub(super) const BLAMED: [DropAttribution; 2] = [DropAttribution::Ours, DropAttribution::Unknown];
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
    /// What made the customer call.
    pub(super) driver: Option<usize>,
    /// The steps of the voice menu.
    pub(super) way: Vec<usize>,
    /// What is said later of why it had to be; of no call.
    pub(super) cause: Option<usize>,
    /// To whom its record puts down that it was lost.
    pub(super) lost_by: Option<usize>,
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
    let why = (
        prop::option::of(0..DRIVERS.len()),
        prop::collection::vec(0..STEPS.len(), 0..3),
        prop::option::of(0..CAUSES.len()),
        prop::option::weighted(0.3, 0..BLAMED.len()),
    );
    (whose, is_so, said, why).prop_map(|(whose, is_so, said, why)| One {
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
        driver: why.0,
        way: why.1,
        cause: why.2,
        lost_by: why.3,
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

fn driven(code: &str) -> DriverSegment {
    DriverSegment {
        code: code.to_owned(),
        set_by: DriverSetter::Agent.into(),
        ..DriverSegment::default()
    }
}

fn step(node: &str) -> IvrStep {
    IvrStep {
        node: node.to_owned(),
        ..IvrStep::default()
    }
}

/// Without a class, so that nothing comes of it meanwhile.
fn lost(attribution: DropAttribution) -> Disconnect {
    Disconnect {
        attribution: attribution.into(),
        ..Disconnect::default()
    }
}

impl One {
    /// The root cause that is said later.
    pub(super) fn root_cause(&self) -> Option<&'static str> {
        self.cause.map(|cause| CAUSES[cause])
    }

    fn steps(&self) -> impl Iterator<Item = &'static str> {
        self.way.iter().map(|step| STEPS[*step])
    }

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
            driver_segment: self.driver.map(|driver| driven(DRIVERS[driver])),
            ivr_path: self.steps().map(step).collect(),
            disconnect: self.lost_by.map(|by| lost(BLAMED[by])),
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

    /// A call that waited after its way through the voice menu, and that nobody answered.
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
        let steps = (1..).zip(self.steps()).map(|(second, node)| CallEvent {
            menu_node: node.to_owned(),
            ..event(second, Kind::MenuStep)
        });
        let queued = CallEvent {
            queue_id: "sales".to_owned(),
            ..event(10, Kind::Queued)
        };
        let began = [event(0, Kind::Started)].into_iter().chain(steps);
        began.chain([queued, event(90, Kind::Ended)]).collect()
    }
}

/// What is asked of contacts.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    word: Option<usize>,
    with_agent: Option<u8>,
    with_reason: Option<&'static str>,
    with_driver: Option<&'static str>,
    with_cause: Option<&'static str>,
    has_cause: Option<bool>,
    has_driver: Option<bool>,
    lost_by: Option<usize>,
    label: bool,
    open_promise: Option<bool>,
    customer: Option<u8>,
    agent: Option<u8>,
    band: Option<usize>,
    signal: Option<usize>,
    scorer: Option<usize>,
    by: Option<usize>,
    driver: Option<usize>,
}

pub(super) fn asked() -> impl Strategy<Value = Asked> {
    let rarely = |max: usize| prop::option::weighted(0.2, 0..max);
    let agent = || prop::option::weighted(0.2, 0..3_u8);
    let any_of =
        |codes: &[&'static str]| prop::option::weighted(0.2, prop::sample::select(codes.to_vec()));
    let searched = (
        rarely(WORDS.len()),
        agent(),
        any_of(&["billing", "outage", "outage.region"]),
        prop::bool::weighted(0.2),
        prop::option::weighted(0.2, any::<bool>()),
        agent(),
    );
    let why = (
        any_of(&DRIVERS),
        any_of(&CAUSES),
        prop::option::weighted(0.2, any::<bool>()),
        prop::option::weighted(0.2, any::<bool>()),
        rarely(BLAMED.len()),
    );
    let own = (
        agent(),
        rarely(3),
        rarely(3),
        rarely(2),
        rarely(2),
        rarely(DRIVERS.len()),
    );
    (searched, why, own).prop_map(|(searched, why, own)| Asked {
        word: searched.0,
        with_agent: searched.1,
        with_reason: searched.2,
        label: searched.3,
        open_promise: searched.4,
        customer: searched.5,
        with_driver: why.0,
        with_cause: why.1,
        has_cause: why.2,
        has_driver: why.3,
        lost_by: why.4,
        agent: own.0,
        band: own.1,
        signal: own.2,
        scorer: own.3,
        by: own.4,
        driver: own.5,
    })
}

impl Asked {
    /// What of it a search asks for, too.
    pub(super) fn searched(&self) -> InteractionFilter {
        let agent = |n: u8| format!("agent-{n}");
        InteractionFilter {
            agent_ids: self.with_agent.map(agent).into_iter().collect(),
            reason_codes: self.with_reason.map(str::to_owned).into_iter().collect(),
            driver_codes: self.with_driver.map(str::to_owned).into_iter().collect(),
            root_cause_codes: self.with_cause.map(str::to_owned).into_iter().collect(),
            has_root_cause: self.has_cause,
            has_driver: self.has_driver,
            drop_attributions: self
                .lost_by
                .map(|by| BLAMED[by].into())
                .into_iter()
                .collect(),
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
            driver_codes: self
                .driver
                .map(|n| DRIVERS[n].to_owned())
                .into_iter()
                .collect(),
            ..ContactFilter::default()
        }
    }
}

pub(super) fn dimensions() -> impl Strategy<Value = Vec<Dimension>> {
    let all = vec![
        Dimension::Agent,
        Dimension::Team,
        Dimension::Reason,
        Dimension::ReasonFamily,
        Dimension::Direction,
        Dimension::RepeatCause,
        Dimension::DriverSegment,
        Dimension::DriverFamily,
        Dimension::IvrNode,
        Dimension::IvrPath,
        Dimension::RootCause,
        Dimension::Sentiment,
        Dimension::WorstSentiment,
        Dimension::SentimentTrend,
        Dimension::Signal,
        Dimension::SentimentScorer,
        Dimension::DropAttribution,
    ];
    prop::sample::subsequence(all, 0..=2)
}
