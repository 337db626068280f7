//! Interactions and their amendments.

use aftercall_domain::interaction::AMENDABLE;
use aftercall_domain::violation::Reason;
use aftercall_domain::{Interaction, Violations};
use aftercall_proto::convert::interaction;
use aftercall_proto::model::v1 as wire;
use proptest::prelude::*;

use crate::arbitrary;

fn any_interaction() -> impl Strategy<Value = wire::Interaction> {
    any::<u64>().prop_map(|seed| {
        let mut wire: wire::Interaction =
            arbitrary::message("aftercall.model.v1.Interaction", seed);
        // Only answers say what caused a contact.
        (wire.repeat_cause, wire.repeat_commitment_id) = (0, String::new());
        wire.record_status = 0;
        wire.root_cause = None;
        // What came of a follow-up is always said.
        for followed in &mut wire.follow_ups {
            followed.result = followed.result.max(1);
        }
        // What follows from a sentiment's points is said anew.
        for sentiment in wire.sentiment.iter_mut().chain(&mut wire.sentiments) {
            (sentiment.worst, sentiment.shift) = (None, None);
            sentiment.summaries.clear();
        }
        // Who interrupts is always said.
        for interruption in &mut wire.interruptions {
            interruption.by = interruption.by.max(1);
        }
        // Who says what made the customer call is always said.
        if let Some(segment) = &mut wire.driver_segment {
            segment.set_by = segment.set_by.max(1);
        }
        // A due is told in one of two ways, and not by any words.
        for draft in &mut wire.commitments {
            (draft.due, draft.due_resolution) = (None, None);
            // Only answers and events say these.
            (draft.policy, draft.target, draft.expire_after) = (None, None, None);
            draft.stages.clear();
            (draft.origin, draft.occurrence, draft.finding) = (0, None, None);
            // How it recurs is always said.
            if let Some(recurrence) = &mut draft.recurrence {
                recurrence.mode = recurrence.mode.max(1);
                recurrence.catch_up = recurrence.catch_up.max(1);
            }
        }
        wire
    })
}

/// Messages that say nothing are not kept apart from missing ones.
fn without_empty(mut wire: wire::Interaction) -> wire::Interaction {
    wire.handling = wire
        .handling
        .filter(|one| *one != wire::Handling::default());
    wire.disconnect = wire
        .disconnect
        .filter(|one| *one != wire::Disconnect::default());
    wire.sentiment = wire
        .sentiment
        .filter(|one| *one != wire::Sentiment::default());
    for draft in &mut wire.commitments {
        draft.owner = draft.owner.take().filter(|owner| owner.owner.is_some());
    }
    wire
}

proptest! {
    #[test]
    fn an_interaction_survives_the_domain(wire in any_interaction()) {
        let domain = Interaction::try_from(wire.clone());
        prop_assert!(domain.is_ok(), "{:?}", domain);
        let back = wire::Interaction::from(domain.unwrap());
        prop_assert_eq!(back, without_empty(wire));
    }

    #[test]
    fn an_amendment_keeps_what_its_mask_names_and_nothing_else(
        wire in any_interaction(),
        paths in proptest::sample::subsequence(&AMENDABLE[..], 1..=AMENDABLE.len()).prop_shuffle(),
    ) {
        let mask: Vec<String> = paths.iter().map(ToString::to_string).collect();
        let mut found = Violations::new();
        let amendment = interaction::read_amendment(&mask, wire.clone(), &mut found);
        prop_assert!(found.is_empty(), "{}", found);
        let (named, values) = interaction::amended(amendment);
        let named = named.paths;
        prop_assert_eq!(named.len(), mask.len());
        let wire = without_empty(wire);
        let mut expected = wire::Interaction::default();
        for path in &named {
            prop_assert!(mask.contains(path));
            copy_field(path, &wire, &mut expected);
        }
        prop_assert_eq!(values, expected);
    }
}

fn copy_field(path: &str, from: &wire::Interaction, to: &mut wire::Interaction) {
    let from = from.clone();
    match path {
        "contact_reasons" => to.contact_reasons = from.contact_reasons,
        "handling" => to.handling = from.handling,
        "disposition" => to.disposition = from.disposition,
        "solution_uses" => to.solution_uses = from.solution_uses,
        "escalations" => to.escalations = from.escalations,
        "signals" => to.signals = from.signals,
        "sentiment" => to.sentiment = from.sentiment,
        "labels" => to.labels = from.labels,
        "segments" => to.segments = from.segments,
        "disconnect" => to.disconnect = from.disconnect,
        "occurred_at" => to.occurred_at = from.occurred_at,
        "ended_at" => to.ended_at = from.ended_at,
        "problem_onset_at" => to.problem_onset_at = from.problem_onset_at,
        "non_talk" => to.non_talk = from.non_talk,
        "interruptions" => to.interruptions = from.interruptions,
        "sentiments" => to.sentiments = from.sentiments,
        "driver_segment" => to.driver_segment = from.driver_segment,
        "ivr_path" => to.ivr_path = from.ivr_path,
        other => panic!("{other} can't be amended"),
    }
}

#[test]
fn all_that_is_wrong_with_an_encoding_is_named_at_once() {
    let wire = wire::Interaction {
        channel: 99,
        ended_at: Some(pbjson_types::Timestamp {
            seconds: 0,
            nanos: -1,
        }),
        signals: vec![wire::Signal {
            kind: 77,
            ..wire::Signal::default()
        }],
        commitments: vec![wire::CommitmentDraft::default(); 10_000],
        ..wire::Interaction::default()
    };
    let mut found = Violations::new();
    interaction::read(wire, &mut found);
    let named: Vec<_> = found
        .as_slice()
        .iter()
        .map(|one| (&*one.field, one.reason))
        .collect();
    for expected in [
        ("interaction.channel", Reason::UnknownValue),
        ("interaction.direction", Reason::Required),
        ("interaction.occurred_at", Reason::Required),
        ("interaction.ended_at", Reason::OutOfRange),
        ("interaction.commitments", Reason::TooMany),
        ("interaction.commitments[0].kind", Reason::Required),
    ] {
        assert!(named.contains(&expected), "{expected:?} in {named:?}");
    }
    assert!(found.omitted() > 0);
}

#[test]
fn a_mask_names_only_what_may_be_replaced() {
    let mut found = Violations::new();
    let mask = ["handling", "customer", "handling.summary"].map(str::to_owned);
    interaction::read_amendment(&mask, wire::Interaction::default(), &mut found);
    let named: Vec<_> = found
        .as_slice()
        .iter()
        .map(|one| (&*one.field, one.reason))
        .collect();
    assert_eq!(
        named,
        [
            ("update_mask.paths[1]", Reason::UnknownValue),
            ("update_mask.paths[2]", Reason::UnknownValue),
        ]
    );
}
