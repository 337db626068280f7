//! What is told of calls, without names and numbers of customers and without what anybody says in words.

use aftercall_proto::event::v1::{CallDropJudged, CallWrapUpSaved};
use aftercall_proto::model::v1 as wire;

/// What of a saved wrap-up is measured.
const MEASURED: [&str; 6] = [
    "contact_reasons",
    "disposition",
    "problem_onset_at",
    "non_talk",
    "interruptions",
    "driver_segment",
];

/// Something that happened in a call.
pub(super) fn told(event: &wire::CallEvent) -> wire::CallEvent {
    let mut told = event.clone();
    told.handles.clear();
    told.our_handle = None;
    told.text.clear();
    if let Some(transfer) = &mut told.transfer {
        transfer.reason.clear();
    }
    told
}

/// Whether a call was lost, as somebody says.
pub(super) fn judged(judged: &CallDropJudged) -> CallDropJudged {
    CallDropJudged {
        reason: String::new(),
        ..judged.clone()
    }
}

/// Part of a wrap-up.
pub(super) fn saved(saved: &CallWrapUpSaved) -> CallWrapUpSaved {
    let mut update_mask = saved.update_mask.clone();
    if let Some(mask) = &mut update_mask {
        mask.paths.retain(|path| MEASURED.contains(&path.as_str()));
    }
    let values = saved.interaction.clone().unwrap_or_default();
    let mut contact_reasons = values.contact_reasons;
    for reason in &mut contact_reasons {
        reason.stated_verbatim.clear();
    }
    let interaction = wire::Interaction {
        contact_reasons,
        disposition: values.disposition,
        problem_onset_at: values.problem_onset_at,
        non_talk: values.non_talk,
        interruptions: values.interruptions,
        driver_segment: values.driver_segment,
        ..wire::Interaction::default()
    };
    CallWrapUpSaved {
        update_mask,
        interaction: Some(interaction),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_stays_and_words_go() {
        let event = wire::CallEvent {
            event_id: "1".to_owned(),
            customer_id: "C-1".to_owned(),
            handles: vec![wire::Handle::default()],
            our_handle: Some(wire::Handle::default()),
            transfer: Some(wire::Transfer {
                to: "billing".to_owned(),
                reason: "she shouts".to_owned(),
                ..wire::Transfer::default()
            }),
            ..wire::CallEvent::default()
        };
        let kept = told(&event);
        assert_eq!((&*kept.event_id, &*kept.customer_id), ("1", "C-1"));
        assert!(kept.handles.is_empty() && kept.our_handle.is_none());
        let transfer = kept.transfer.unwrap();
        assert_eq!((&*transfer.to, &*transfer.reason), ("billing", ""));

        let reason = wire::ContactReason {
            code: "billing.refund".to_owned(),
            stated_verbatim: "I want my money back".to_owned(),
            ..wire::ContactReason::default()
        };
        let wrap_up = CallWrapUpSaved {
            update_mask: Some(pbjson_types::FieldMask {
                paths: ["contact_reasons", "handling"].map(str::to_owned).to_vec(),
            }),
            interaction: Some(wire::Interaction {
                contact_reasons: vec![reason],
                handling: Some(wire::Handling::default()),
                ..wire::Interaction::default()
            }),
        };
        let kept = saved(&wrap_up);
        assert_eq!(kept.update_mask.unwrap().paths, ["contact_reasons"]);
        let values = kept.interaction.unwrap();
        assert!(values.handling.is_none());
        assert_eq!(values.contact_reasons[0].code, "billing.refund");
        assert_eq!(values.contact_reasons[0].stated_verbatim, "");
    }
}
