//! What is told of calls, without names and numbers of customers and without what anybody says in words.

use aftercall_proto::event::v1::{CallDropJudged, CallWrapUpSaved};
use aftercall_proto::model::v1 as wire;

/// What of a saved wrap-up is measured.
const MEASURED: [&str; 5] = [
    "contact_reasons",
    "disposition",
    "problem_onset_at",
    "non_talk",
    "interruptions",
];

/// Something that happened in a call.
pub(super) fn told(event: &wire::CallEvent) -> wire::CallEvent {
    let mut told = event.clone();
    told.handles.clear();
    told.our_handle = None;
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
        ..wire::Interaction::default()
    };
    CallWrapUpSaved {
        update_mask,
        interaction: Some(interaction),
    }
}
