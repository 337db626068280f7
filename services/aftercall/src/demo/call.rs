//! One call, put together from a scenario and what was drawn for it.

use aftercall_proto::model::v1 as model;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::corpus::{Corpus, Scenario};
use super::month::{due, zone};

/// Somebody who calls.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) customer_id: String,
    pub(super) display_name: String,
    pub(super) place: String,
    pub(super) number: usize,
}

/// What was drawn for one call.
#[derive(Debug)]
pub(super) struct Draw {
    pub(super) resolved: bool,
    pub(super) promises: bool,
    pub(super) talk_s: i64,
    pub(super) queue_s: i64,
    pub(super) hold_s: i64,
    /// Picks wording, agent, item, amount.
    pub(super) pick: u32,
    /// How much better or worse than usual the customer feels.
    pub(super) swing: f64,
    pub(super) signals: bool,
    pub(super) commitment_id: Uuid,
    pub(super) random: [u8; 10],
}

/// The record of a call that began at `at`.
pub(super) fn call(
    corpus: &Corpus,
    caller: &Caller,
    scenario: &Scenario,
    draw: &Draw,
    at: Timestamp,
) -> model::Interaction {
    let ended = at + SignedDuration::from_secs(draw.queue_s + draw.talk_s + draw.hold_s);
    let slots = Slots::new(corpus, caller, scenario, draw, ended);
    let team = corpus.teams.iter().find(|team| team.id == scenario.team);
    let agent = team.map_or("", |team| picked(&team.agents, draw.pick / 7));
    let site = team.map_or("", |team| team.site.as_str());
    model::Interaction {
        interaction_id: interaction_id(at, draw.random).to_string(),
        channel: channel(draw.pick).into(),
        direction: model::Direction::Inbound.into(),
        initiation_method: model::InitiationMethod::Inbound.into(),
        customer: Some(customer(caller)),
        agent_id: agent.to_owned(),
        team_id: scenario.team.clone(),
        site_id: site.to_owned(),
        occurred_at: stamp(at),
        ended_at: stamp(ended),
        segments: segments(scenario, draw, at, agent),
        disconnect: Some(model::Disconnect {
            reason: model::DisconnectReason::Customer.into(),
            stage: model::DisconnectStage::Talk.into(),
            drop_class: model::DropClass::NotADrop.into(),
            ..Default::default()
        }),
        contact_reasons: vec![reason(scenario, draw, &slots)],
        driver_segment: driver(scenario),
        handling: Some(handling(scenario, draw, at, &slots)),
        disposition: Some(disposition(draw)),
        commitments: commitments(scenario, draw, ended, &slots),
        no_follow_up_promised: !draw.promises,
        signals: signals(scenario, draw, at),
        sentiment: Some(sentiment(scenario, draw)),
        ..Default::default()
    }
}

/// Makes a contact one that was cut off before anything came of it.
pub(super) fn cut_off(contact: &mut model::Interaction) {
    contact.commitments.clear();
    contact.no_follow_up_promised = true;
    contact.disconnect = Some(model::Disconnect {
        reason: model::DisconnectReason::TelecomProblem.into(),
        stage: model::DisconnectStage::Talk.into(),
        drop_class: model::DropClass::Suspected.into(),
        attribution: model::DropAttribution::Carrier.into(),
        evidence: vec!["Both ends lost the carrier's signal in the same second.".to_owned()],
    });
    contact.labels.push("dropped".to_owned());
    if let Some(handling) = &mut contact.handling {
        handling.summary = "The line was lost before we had begun.".to_owned();
        handling.actions.clear();
    }
    if let Some(disposition) = &mut contact.disposition {
        disposition.code = "dropped".to_owned();
    }
}

/// Leaves of a contact what a system keeps that knows codes and times alone.
pub(super) fn without_words(contact: &mut model::Interaction) {
    contact.handling = None;
    for reason in &mut contact.contact_reasons {
        reason.stated_verbatim.clear();
    }
}

/// The words that fill a scenario's gaps.
struct Slots {
    place: String,
    item: String,
    amount: u32,
    day: String,
    due: String,
    due_at: Timestamp,
}

impl Slots {
    fn new(
        corpus: &Corpus,
        caller: &Caller,
        scenario: &Scenario,
        draw: &Draw,
        ended: Timestamp,
    ) -> Self {
        let hours = scenario
            .promise
            .as_ref()
            .map_or(24, |promise| promise.hours);
        let due_at = due(ended, hours);
        let before = (ended - SignedDuration::from_hours(48)).to_zoned(zone());
        let amounts = &corpus.amounts;
        Self {
            place: caller.place.clone(),
            item: picked(&corpus.items, caller.number as u32).to_owned(),
            amount: amounts[draw.pick as usize % amounts.len().max(1)],
            day: before.strftime("%A").to_string(),
            due: due_at
                .to_zoned(zone())
                .strftime("%A %-d %B, %H:%M")
                .to_string(),
            due_at,
        }
    }

    fn fill(&self, text: &str) -> String {
        text.replace("{place}", &self.place)
            .replace("{item}", &self.item)
            .replace("{amount}", &self.amount.to_string())
            .replace("{day}", &self.day)
            .replace("{due}", &self.due)
    }
}

fn picked(from: &[String], pick: u32) -> &str {
    if from.is_empty() {
        ""
    } else {
        &from[pick as usize % from.len()]
    }
}

fn interaction_id(at: Timestamp, random: [u8; 10]) -> Uuid {
    let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// `at` on the wire.
pub(super) fn stamp(at: Timestamp) -> Option<pbjson_types::Timestamp> {
    Some(pbjson_types::Timestamp {
        seconds: at.as_second(),
        nanos: at.subsec_nanosecond(),
    })
}

fn channel(pick: u32) -> model::Channel {
    match pick % 20 {
        0..=15 => model::Channel::Voice,
        16 | 17 => model::Channel::Chat,
        18 => model::Channel::Email,
        _ => model::Channel::Social,
    }
}

fn customer(caller: &Caller) -> model::Customer {
    model::Customer {
        customer_id: caller.customer_id.clone(),
        match_status: model::MatchStatus::Matched.into(),
        // Numbers that the network agency keeps free for films and books.
        handles: vec![model::Handle {
            kind: model::HandleKind::Telephone.into(),
            value: format!("+4930231{:05}", caller.number % 100_000),
            display_form: String::new(),
        }],
        display_name: caller.display_name.clone(),
        verification: model::Verification::Full.into(),
        time_zone: "Europe/Berlin".to_owned(),
        language: "en".to_owned(),
        ..Default::default()
    }
}

fn segments(scenario: &Scenario, draw: &Draw, at: Timestamp, agent: &str) -> Vec<model::Segment> {
    let answered = at + SignedDuration::from_secs(draw.queue_s);
    let ended = answered + SignedDuration::from_secs(draw.talk_s + draw.hold_s);
    let held = answered + SignedDuration::from_secs(30);
    let hold = model::Hold {
        began_at: stamp(held),
        ended_at: stamp(held + SignedDuration::from_secs(draw.hold_s)),
        reason: model::HoldReason::Lookup.into(),
    };
    vec![
        model::Segment {
            segment_id: "queue".to_owned(),
            kind: model::SegmentKind::Queue.into(),
            queue_id: format!("q.{}", scenario.team),
            enqueued_at: stamp(at),
            dequeued_at: stamp(answered),
            ended_at: stamp(answered),
            ..Default::default()
        },
        model::Segment {
            segment_id: "agent".to_owned(),
            kind: model::SegmentKind::Agent.into(),
            agent_id: agent.to_owned(),
            team_id: scenario.team.clone(),
            answered_at: stamp(answered),
            ended_at: stamp(ended),
            holds: if draw.hold_s > 0 {
                vec![hold]
            } else {
                Vec::new()
            },
            ..Default::default()
        },
    ]
}

fn reason(scenario: &Scenario, draw: &Draw, slots: &Slots) -> model::ContactReason {
    let resolution = if draw.resolved {
        model::ReasonResolution::Resolved
    } else {
        model::ReasonResolution::NotResolved
    };
    model::ContactReason {
        code: scenario.code.clone(),
        taxonomy_version: "1".to_owned(),
        primary: true,
        stated_verbatim: slots.fill(picked(&scenario.wordings, draw.pick)),
        resolution: resolution.into(),
    }
}

fn driver(scenario: &Scenario) -> Option<model::DriverSegment> {
    Some(model::DriverSegment {
        code: scenario.driver.clone()?,
        set_by: model::DriverSetter::Agent.into(),
        ..Default::default()
    })
}

fn handling(scenario: &Scenario, draw: &Draw, at: Timestamp, slots: &Slots) -> model::Handling {
    let open = scenario.open_summary.as_ref().filter(|_| !draw.resolved);
    let solved = scenario.resolution.as_ref().filter(|_| draw.resolved);
    let action = |code: &String| model::Action {
        code: code.clone(),
        at: stamp(at + SignedDuration::from_secs(draw.queue_s + 60)),
        note: String::new(),
    };
    model::Handling {
        summary: slots.fill(open.unwrap_or(&scenario.summary)),
        summary_by: model::SummaryAuthor::Agent.into(),
        actions: scenario.actions.iter().map(action).collect(),
        steps_already_tried: scenario.tried.clone(),
        resolution: solved.cloned().unwrap_or_default(),
        workaround: scenario.workaround.clone().unwrap_or_default(),
        remedies: remedies(scenario, draw, slots),
        read_back_confirmed: draw.promises && !draw.pick.is_multiple_of(3),
    }
}

fn remedies(scenario: &Scenario, draw: &Draw, slots: &Slots) -> Vec<model::Remedy> {
    let given = scenario.remedy.as_ref().filter(|_| draw.resolved);
    let made = given.and_then(|remedy| {
        let kind = model::RemedyKind::from_str_name(&format!("REMEDY_KIND_{}", remedy.kind))?;
        Some(model::Remedy {
            kind: kind.into(),
            amount: Some(model::Money {
                currency_code: "EUR".to_owned(),
                units: i64::from(slots.amount),
                nanos: 0,
            }),
            ..Default::default()
        })
    });
    made.into_iter().collect()
}

fn disposition(draw: &Draw) -> model::Disposition {
    let code = match (draw.resolved, draw.promises) {
        (true, false) => "resolved",
        (true, true) => "resolved_with_follow_up",
        (false, true) => "follow_up",
        (false, false) => "unresolved",
    };
    model::Disposition {
        code: code.to_owned(),
        taxonomy_version: "1".to_owned(),
        set_by: model::DispositionSetter::Agent.into(),
    }
}

fn commitments(
    scenario: &Scenario,
    draw: &Draw,
    ended: Timestamp,
    slots: &Slots,
) -> Vec<model::CommitmentDraft> {
    let made = scenario
        .promise
        .as_ref()
        .filter(|_| draw.promises)
        .and_then(|promise| {
            let name = format!("COMMITMENT_KIND_{}", promise.kind);
            Some(model::CommitmentDraft {
                commitment_id: draw.commitment_id.to_string(),
                kind: model::CommitmentKind::from_str_name(&name)?.into(),
                promise_text: slots.fill(&promise.text),
                told_to_customer: true,
                promised_by: stamp(slots.due_at.max(ended)),
                time_zone: "Europe/Berlin".to_owned(),
                priority: model::Priority::P2.into(),
                read_back_confirmed: !draw.pick.is_multiple_of(3),
                ..Default::default()
            })
        });
    made.into_iter().collect()
}

fn signals(scenario: &Scenario, draw: &Draw, at: Timestamp) -> Vec<model::Signal> {
    let noticed = scenario
        .signal
        .as_ref()
        .filter(|_| draw.signals)
        .and_then(|signal| {
            let name = format!("SIGNAL_KIND_{}", signal.kind);
            Some(model::Signal {
                kind: model::SignalKind::from_str_name(&name)?.into(),
                at: stamp(at + SignedDuration::from_secs(draw.queue_s + 30)),
                source: model::SignalSource::Agent.into(),
                confidence: Some(1.0),
                ..Default::default()
            })
        });
    noticed.into_iter().collect()
}

fn sentiment(scenario: &Scenario, draw: &Draw) -> model::Sentiment {
    let [start, end] = scenario.mood;
    let end = if draw.resolved {
        end
    } else {
        end.min(start + 0.5)
    };
    let score = |mood: f64| ((mood + draw.swing).clamp(-5.0, 5.0) * 10.0).round() / 10.0;
    model::Sentiment {
        start: Some(score(start)),
        end: Some(score(end)),
        scorer: "agent".to_owned(),
        ..Default::default()
    }
}

impl Caller {
    /// Somebody whose number is known and whose name isn't needed.
    pub(super) fn known(customer_id: &str) -> Self {
        let number = customer_id.trim_start_matches("C-").parse().unwrap_or(1001);
        Self {
            customer_id: customer_id.to_owned(),
            display_name: String::new(),
            place: String::new(),
            number: usize::saturating_sub(number, 1001),
        }
    }
}

impl Draw {
    /// An unsolved call with a promise, and nothing else out of the ordinary.
    pub(super) fn of_promise(commitment_id: Uuid) -> Self {
        let mut random = [0; 10];
        random.copy_from_slice(&commitment_id.as_bytes()[..10]);
        Self {
            resolved: false,
            promises: true,
            talk_s: 180,
            queue_s: 60,
            hold_s: 0,
            pick: 0,
            swing: 0.0,
            signals: false,
            commitment_id,
            random,
        }
    }
}
