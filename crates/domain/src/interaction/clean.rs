//! The texts of a record: which fields are cleaned. Ids and codes are not among them, for what is
//! wrong with a name must be put right where it comes from.

use super::{
    Action, Amendment, CommitmentDraft, ContactReason, Customer, Escalation, Handling, Interaction,
    Segment,
};
use crate::{Cleaner, FieldPath, Handle};

impl Interaction {
    pub(super) fn clean(&mut self, at: FieldPath<'_>, cleaner: &mut Cleaner) {
        self.customer.clean(at.field("customer"), cleaner);
        if let Some(handle) = &mut self.our_handle {
            clean_handle(handle, at.field("our_handle"), cleaner);
        }
        clean_segments(&mut self.segments, at, cleaner);
        if let Some(disconnect) = &mut self.disconnect {
            disconnect.clean(at.field("disconnect"), cleaner);
        }
        clean_reasons(&mut self.contact_reasons, at, cleaner);
        if let Some(handling) = &mut self.handling {
            handling.clean(at.field("handling"), cleaner);
        }
        let commitments = at.field("commitments");
        cleaner.each(commitments, &mut self.commitments, CommitmentDraft::clean);
        clean_escalations(&mut self.escalations, at, cleaner);
    }
}

impl Amendment {
    pub(super) fn clean(&mut self, at: FieldPath<'_>, cleaner: &mut Cleaner) {
        if let Some(segments) = &mut self.segments {
            clean_segments(segments, at, cleaner);
        }
        if let Some(Some(disconnect)) = &mut self.disconnect {
            disconnect.clean(at.field("disconnect"), cleaner);
        }
        if let Some(reasons) = &mut self.contact_reasons {
            clean_reasons(reasons, at, cleaner);
        }
        if let Some(Some(handling)) = &mut self.handling {
            handling.clean(at.field("handling"), cleaner);
        }
        if let Some(escalations) = &mut self.escalations {
            clean_escalations(escalations, at, cleaner);
        }
    }
}

impl Customer {
    fn clean(&mut self, at: FieldPath<'_>, cleaner: &mut Cleaner) {
        cleaner.each(at.field("handles"), &mut self.handles, clean_handle);
        cleaner.text(at.field("display_name"), &mut self.display_name);
    }
}

fn clean_handle(handle: &mut Handle, at: FieldPath<'_>, cleaner: &mut Cleaner) {
    cleaner.text(at.field("value"), &mut handle.value);
    cleaner.text(at.field("display_form"), &mut handle.display_form);
}

fn clean_segments(segments: &mut [Segment], at: FieldPath<'_>, cleaner: &mut Cleaner) {
    cleaner.each(at.field("segments"), segments, |segment, at, cleaner| {
        if let Some(transfer) = &mut segment.transfer {
            let at = at.field("transfer");
            cleaner.text(at.field("reason"), &mut transfer.reason);
        }
    });
}

fn clean_reasons(reasons: &mut [ContactReason], at: FieldPath<'_>, cleaner: &mut Cleaner) {
    let list = at.field("contact_reasons");
    cleaner.each(list, reasons, |reason, at, cleaner| {
        cleaner.text(at.field("stated_verbatim"), &mut reason.stated_verbatim);
    });
}

fn clean_escalations(escalations: &mut [Escalation], at: FieldPath<'_>, cleaner: &mut Cleaner) {
    let list = at.field("escalations");
    cleaner.each(list, escalations, |escalation, at, cleaner| {
        cleaner.text(at.field("reason"), &mut escalation.reason);
        cleaner.text(at.field("outcome"), &mut escalation.outcome);
    });
}

impl Handling {
    fn clean(&mut self, at: FieldPath<'_>, cleaner: &mut Cleaner) {
        cleaner.text(at.field("summary"), &mut self.summary);
        cleaner.each(at.field("actions"), &mut self.actions, Action::clean);
        let steps = at.field("steps_already_tried");
        cleaner.each(steps, &mut self.steps_already_tried, |step, at, cleaner| {
            cleaner.text(at, step);
        });
        cleaner.text(at.field("resolution"), &mut self.resolution);
        cleaner.text(at.field("workaround"), &mut self.workaround);
    }
}

impl Action {
    fn clean(&mut self, at: FieldPath<'_>, cleaner: &mut Cleaner) {
        cleaner.text(at.field("note"), &mut self.note);
    }
}

impl CommitmentDraft {
    pub(super) fn clean(&mut self, at: FieldPath<'_>, cleaner: &mut Cleaner) {
        cleaner.text(at.field("promise_text"), &mut self.promise_text);
    }
}
