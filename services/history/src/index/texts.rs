//! The texts of an interaction that can be searched, each with its field's path.

use aftercall_proto::model::v1::{Action, ContactReason, Handling, Interaction};

/// Calls `visit` with each text and the path of its field, without the empty ones.
pub(crate) fn each<'i>(interaction: &'i Interaction, mut visit: impl FnMut(Field, &'i str)) {
    let mut text = |field, text: &'i str| {
        if !text.is_empty() {
            visit(field, text);
        }
    };
    for (place, reason) in interaction.contact_reasons.iter().enumerate() {
        let ContactReason {
            code,
            stated_verbatim,
            ..
        } = reason;
        text(Field::ReasonCode(place), code);
        text(Field::StatedVerbatim(place), stated_verbatim);
    }
    let Some(handling) = &interaction.handling else {
        return;
    };
    let Handling {
        summary,
        resolution,
        workaround,
        actions,
        steps_already_tried,
        ..
    } = handling;
    text(Field::Summary, summary);
    text(Field::Resolution, resolution);
    text(Field::Workaround, workaround);
    for (place, Action { code, note, .. }) in actions.iter().enumerate() {
        text(Field::ActionCode(place), code);
        text(Field::ActionNote(place), note);
    }
    for (place, step) in steps_already_tried.iter().enumerate() {
        text(Field::Step(place), step);
    }
}

/// A field that holds text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    ReasonCode(usize),
    StatedVerbatim(usize),
    Summary,
    Resolution,
    Workaround,
    ActionCode(usize),
    ActionNote(usize),
    Step(usize),
}

impl Field {
    /// The path from the interaction.
    pub(crate) fn path(self) -> String {
        match self {
            Self::ReasonCode(place) => format!("contact_reasons[{place}].code"),
            Self::StatedVerbatim(place) => format!("contact_reasons[{place}].stated_verbatim"),
            Self::Summary => "handling.summary".to_owned(),
            Self::Resolution => "handling.resolution".to_owned(),
            Self::Workaround => "handling.workaround".to_owned(),
            Self::ActionCode(place) => format!("handling.actions[{place}].code"),
            Self::ActionNote(place) => format!("handling.actions[{place}].note"),
            Self::Step(place) => format!("handling.steps_already_tried[{place}]"),
        }
    }
}
