//! What is said in a call that is being folded.

use jiff::Timestamp;

use super::super::event::Place;
use super::super::talk::{Speech, Talk};
use super::Folding;
use crate::interaction::SentimentParticipant;

impl Folding {
    /// Somebody said something. What is said after the end, as in answer to a survey, belongs to no talk.
    pub(super) fn said(
        &mut self,
        at: Timestamp,
        place: &Place,
        (by, speech): (SentimentParticipant, Speech),
    ) {
        if self.end.is_some() {
            return;
        }
        // An agent who speaks has it, unless somebody has had it: whoever is asked meanwhile may speak, too.
        if by == SentimentParticipant::Agent && !self.was_answered() {
            self.connect(at, place);
        }
        self.talk = Some(Talk::after(self.talk, by, speech));
    }
}
