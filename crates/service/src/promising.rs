//! Promises that a service makes by itself, without anybody's asking: the event that makes one.

use aftercall_domain::interaction::CommitmentDraft;
use aftercall_log::Record;
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::CommitmentMade;
use aftercall_proto::model::v1::{Channel, Handle};
use bytes::Bytes;
use jiff::Timestamp;

use crate::seal::{Author, Sealing, TooLarge};

/// To whom something is promised, and what is around that.
#[derive(Debug, Clone)]
pub struct Promising {
    /// The log key under which it stands: its contact's, or the customer's.
    pub key: Bytes,
    /// The contact in which it is promised; empty for none.
    pub interaction_id: String,
    /// The customer; empty for nobody who is known.
    pub customer_id: String,
    /// The customer's name.
    pub customer_name: String,
    /// The names under which they reached us or were reached.
    pub handles: Vec<Handle>,
    /// Who had to do with it; may be empty.
    pub agent_id: String,
    /// That agent's team; may be empty.
    pub team_id: String,
    /// That agent's site; may be empty.
    pub site_id: String,
    /// How the customer and we spoke.
    pub channel: Channel,
    /// The customer's language.
    pub language: String,
    /// When it is promised.
    pub made_at: Timestamp,
}

impl Promising {
    /// The event that makes the promise. Its id follows from the promise's, so that it is made once, whoever makes it.
    ///
    /// # Errors
    /// [`TooLarge`] when the log takes no record of that size.
    pub fn record(
        self,
        by: Author<'_>,
        draft: CommitmentDraft,
        now: Timestamp,
    ) -> Result<Record, TooLarge> {
        let commitment_id = draft.commitment_id.clone();
        let made = CommitmentMade {
            commitment: Some(draft.into()),
            made_at: Some(to_wire(self.made_at)),
            made_by_agent_id: self.agent_id,
            team_id: self.team_id,
            site_id: self.site_id,
            customer_name: self.customer_name,
            handles: self.handles,
            channel: self.channel.into(),
            language: self.language,
            ..CommitmentMade::default()
        };
        let sealing = Sealing {
            by,
            aggregate_id: &commitment_id,
            interaction_id: &self.interaction_id,
            customer_id: &self.customer_id,
            sequence: 1,
            occurred_at: self.made_at,
            recorded_at: now,
            import_batch: "",
            request: None,
        };
        sealing.seal_under(self.key, &Fact::CommitmentMade(Box::new(made)))
    }
}
