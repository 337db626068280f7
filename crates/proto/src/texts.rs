//! The texts of an interaction that can be searched, each with its field's path; and what of them may be its customer's own.

use aftercall_domain::masking::Known;
use aftercall_domain::{Handle, HandleKind};

use crate::model::v1::{
    Action, ContactReason, Customer, HandleKind as WireKind, Handling, Interaction,
};

/// Calls `visit` with each text and the path of its field, without the empty ones.
pub fn each<'i>(interaction: &'i Interaction, mut visit: impl FnMut(Field, &'i str)) {
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
pub enum Field {
    /// The code of a reason, by its place.
    ReasonCode(usize),
    /// A reason in the customer's own words.
    StatedVerbatim(usize),
    /// What happened.
    Summary,
    /// What solved it.
    Resolution,
    /// What helps until it is solved.
    Workaround,
    /// The code of something that was done, by its place.
    ActionCode(usize),
    /// The note on it.
    ActionNote(usize),
    /// What the customer had tried before, by its place.
    Step(usize),
}

impl Field {
    /// Whether it holds a code, and not anybody's words.
    pub const fn is_code(self) -> bool {
        matches!(self, Self::ReasonCode(_) | Self::ActionCode(_))
    }

    /// The path from the interaction.
    pub fn path(self) -> String {
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

/// What a contact says of its customer: names, handles and ids that are looked for in its texts as they are. `external_id` is
/// the contact's name in another system; empty for none.
pub fn known(customer: Option<&Customer>, external_id: &str) -> Known {
    let mut known = Known::default();
    known.id(external_id);
    let Some(customer) = customer else {
        return known;
    };
    let Customer {
        customer_id,
        display_name,
        handles,
        country_code,
        ..
    } = customer;
    known.id(customer_id);
    known.name(display_name);
    if let Ok(country) = country_code.parse() {
        known.country(country);
    }
    for handle in handles {
        let kind = match handle.kind() {
            WireKind::Telephone => HandleKind::Telephone,
            WireKind::Mail => HandleKind::Mail,
            WireKind::Chat => HandleKind::Chat,
            WireKind::Social => HandleKind::Social,
            WireKind::Other | WireKind::Unspecified => HandleKind::Other,
        };
        known.handle(&Handle {
            kind,
            value: handle.value.clone(),
            display_form: handle.display_form.clone(),
        });
    }
    known
}
