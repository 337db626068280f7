//! Contacts for tests, made step by step, and what happens to them later.

use aftercall_domain::interaction::made_commitment_id;
use aftercall_ledger::testing::merged;
use aftercall_log::Position;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{
    CommitmentCancelled, CommitmentFulfilled, CommitmentLapsed, CommitmentMade,
    CommitmentRescheduled, CommitmentWithdrawn, InteractionAmended, InteractionIdentified,
    InteractionRecorded,
};
use aftercall_proto::model::v1::{
    Action, Channel, CommitmentClock, CommitmentDraft, CommitmentKind, CommitmentOrigin,
    CommitmentOutcome, ContactReason, Customer, Direction, Disconnect, Disposition, DropClass,
    ExternalRef, Handle, HandleKind, Handling, Interaction, Lapse, MatchStatus, Owner, Priority,
    ReasonResolution, Reschedule, Sentiment, Signal, SignalKind, WithdrawalCause, owner,
};
use pbjson_types::Timestamp;

use crate::fixture::{About, Events, TENANT, ago, id};

/// A contact under construction.
#[derive(Debug, Clone)]
pub(crate) struct Contact {
    pub(crate) tenant: &'static str,
    pub(crate) interaction: Interaction,
    pub(crate) import: bool,
}

/// The contact number `n`, an hour ago, with nothing promised.
pub(crate) fn contact(n: u64) -> Contact {
    let interaction = Interaction {
        interaction_id: id(1, n),
        channel: Channel::Voice.into(),
        direction: Direction::Inbound.into(),
        agent_id: "agent-1".into(),
        team_id: "team-1".into(),
        occurred_at: Some(ago(3_600)),
        handling: Some(Handling::default()),
        ..Interaction::default()
    };
    Contact {
        tenant: TENANT,
        interaction,
        import: false,
    }
    .customer("customer-1")
}

/// The id of the promise number `n` that is made after its contact.
pub(crate) fn made_id(n: u64) -> String {
    made_commitment_id(TENANT, "agent-1", &n.to_string()).to_string()
}

impl Contact {
    pub(crate) fn id(&self) -> String {
        self.interaction.interaction_id.clone()
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Interaction)) -> Self {
        change(&mut self.interaction);
        self
    }

    pub(crate) fn tenant(mut self, tenant: &'static str) -> Self {
        self.tenant = tenant;
        self
    }

    pub(crate) fn imported(mut self) -> Self {
        self.import = true;
        self
    }

    pub(crate) fn customer(self, customer: &str) -> Self {
        let customer = Customer {
            customer_id: customer.to_owned(),
            ..Customer::default()
        };
        self.with(|interaction| interaction.customer = Some(customer))
    }

    /// The customer's name, which no search looks at.
    pub(crate) fn shown_as(self, name: &str) -> Self {
        self.with(|interaction| {
            let customer = interaction.customer.get_or_insert_default();
            customer.display_name = name.to_owned();
        })
    }

    /// One more handle of the customer.
    pub(crate) fn handle(self, kind: HandleKind, value: &str) -> Self {
        let handle = Handle {
            kind: kind.into(),
            value: value.to_owned(),
            ..Handle::default()
        };
        self.with(|interaction| {
            let customer = interaction.customer.get_or_insert_default();
            customer.handles.push(handle);
        })
    }

    /// Nobody knows which of them it is.
    pub(crate) fn one_of(self, candidates: &[&str]) -> Self {
        let customer = Customer {
            match_status: MatchStatus::Ambiguous.into(),
            candidate_customer_ids: candidates.iter().map(|id| (*id).to_owned()).collect(),
            ..Customer::default()
        };
        self.with(|interaction| interaction.customer = Some(customer))
    }

    /// What another system calls it.
    pub(crate) fn referred_to(self, system: &str, name: &str) -> Self {
        let reference = ExternalRef {
            source_system: system.to_owned(),
            external_id: name.to_owned(),
        };
        self.with(|interaction| interaction.external_ref = Some(reference))
    }

    pub(crate) fn ago(self, seconds: i64) -> Self {
        self.with(|interaction| interaction.occurred_at = Some(ago(seconds)))
    }

    /// A reason; the first one is the primary one.
    pub(crate) fn reason(self, code: &str, verbatim: &str, resolution: ReasonResolution) -> Self {
        self.with(|interaction| {
            interaction.contact_reasons.push(ContactReason {
                code: code.to_owned(),
                primary: interaction.contact_reasons.is_empty(),
                stated_verbatim: verbatim.to_owned(),
                resolution: resolution.into(),
                ..ContactReason::default()
            });
        })
    }

    pub(crate) fn summary(self, summary: &str) -> Self {
        self.handling(|handling| handling.summary = summary.to_owned())
    }

    pub(crate) fn handling(self, change: impl FnOnce(&mut Handling)) -> Self {
        self.with(|interaction| change(interaction.handling.get_or_insert_default()))
    }

    pub(crate) fn action(self, code: &str, note: &str) -> Self {
        let action = Action {
            code: code.to_owned(),
            note: note.to_owned(),
            ..Action::default()
        };
        self.handling(|handling| handling.actions.push(action))
    }

    pub(crate) fn disposition(self, code: &str) -> Self {
        let disposition = Disposition {
            code: code.to_owned(),
            ..Disposition::default()
        };
        self.with(|interaction| interaction.disposition = Some(disposition))
    }

    pub(crate) fn feeling(self, end: f64) -> Self {
        let sentiment = Sentiment {
            end: Some(end),
            ..Sentiment::default()
        };
        self.with(|interaction| interaction.sentiment = Some(sentiment))
    }

    pub(crate) fn labels(self, labels: &[&str]) -> Self {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        self.with(|interaction| interaction.labels = labels)
    }

    pub(crate) fn signal(self, kind: SignalKind) -> Self {
        let signal = Signal {
            kind: kind.into(),
            ..Signal::default()
        };
        self.with(|interaction| interaction.signals.push(signal))
    }

    pub(crate) fn dropped(self) -> Self {
        let disconnect = Disconnect {
            drop_class: DropClass::Confirmed.into(),
            ..Disconnect::default()
        };
        self.with(|interaction| interaction.disconnect = Some(disconnect))
    }

    /// The promise number `n`, due so many seconds from now.
    pub(crate) fn promise(self, n: u64, due_in: i64) -> Self {
        self.promise_done(n, due_in, None)
    }

    /// The same, done already when it was imported.
    pub(crate) fn promise_done(self, n: u64, due_in: i64, done: Option<Timestamp>) -> Self {
        let draft = CommitmentDraft {
            commitment_id: id(2, n),
            kind: CommitmentKind::CallBack.into(),
            promise_text: "I will call you back.".into(),
            told_to_customer: true,
            promised_by: Some(ago(-due_in)),
            owner: Some(Owner {
                owner: Some(owner::Owner::AgentId("agent-1".into())),
            }),
            priority: Priority::P3.into(),
            fulfilled_at: done,
            ..CommitmentDraft::default()
        };
        self.with(|interaction| interaction.commitments.push(draft))
    }

    /// Appends the record.
    pub(crate) fn record(&self, events: &Events) -> Position {
        let recorded = InteractionRecorded {
            interaction: Some(self.interaction.clone()),
            ..InteractionRecorded::default()
        };
        let fact = Fact::InteractionRecorded(Box::new(recorded));
        events.fact(&self.about(self.id(), 1, ago(0)), &fact)
    }

    /// Appends the promise number `n`, made after the contact, due so many seconds from now.
    pub(crate) fn make(&self, events: &Events, n: u64, due_in: i64) -> Position {
        let with_it = self.clone().promise(n, due_in).interaction.commitments;
        let made = with_it
            .into_iter()
            .next_back()
            .map(|draft| CommitmentDraft {
                commitment_id: made_id(n),
                ..draft
            });
        let fact = Fact::CommitmentMade(Box::new(CommitmentMade {
            commitment: made,
            made_at: Some(ago(200)),
            made_by_agent_id: "agent-1".into(),
            ..CommitmentMade::default()
        }));
        events.fact(&self.about(made_id(n), 1, ago(200)), &fact)
    }

    /// Appends the promise number `n` to call back, because the contact was cut off.
    pub(crate) fn call_back(&self, events: &Events, n: u64) -> Position {
        let fact = Fact::CommitmentMade(Box::new(CommitmentMade {
            commitment: Some(CommitmentDraft {
                commitment_id: made_id(n),
                kind: CommitmentKind::CallBack.into(),
                promised_by: Some(ago(-600)),
                origin: CommitmentOrigin::DropRecovery.into(),
                ..CommitmentDraft::default()
            }),
            made_at: Some(ago(200)),
            ..CommitmentMade::default()
        }));
        events.fact(&self.about(made_id(n), 1, ago(200)), &fact)
    }

    /// Appends that the customer was back first, by another contact.
    pub(crate) fn satisfy(&self, events: &Events, n: u64, by: &Self) -> Position {
        let fact = Fact::CommitmentWithdrawn(CommitmentWithdrawn {
            cause: WithdrawalCause::CustomerReturned.into(),
            outcome: CommitmentOutcome::SatisfiedByCustomerReturn.into(),
            returned_interaction_id: by.id(),
            returned_at: by.interaction.occurred_at,
        });
        events.fact(&self.about(made_id(n), 2, ago(100)), &fact)
    }

    /// Appends an amendment that makes `version`.
    pub(crate) fn amend(
        &self,
        events: &Events,
        version: u64,
        paths: &[&str],
        values: Interaction,
    ) -> Position {
        let amended = InteractionAmended {
            update_mask: Some(pbjson_types::FieldMask {
                paths: paths.iter().map(|path| (*path).to_owned()).collect(),
            }),
            interaction: Some(values),
            reason: "a slip".into(),
        };
        let fact = Fact::InteractionAmended(Box::new(amended));
        events.fact(&self.about(self.id(), version, ago(0)), &fact)
    }

    /// Appends whose contact it is after all.
    pub(crate) fn identify(&self, events: &Events, version: u64, customer: &str) -> Position {
        let fact = Fact::InteractionIdentified(InteractionIdentified {
            customer_id: customer.to_owned(),
            display_name: "Ada".into(),
            reason: "called back".into(),
            ..InteractionIdentified::default()
        });
        events.fact(&self.about(self.id(), version, ago(0)), &fact)
    }

    /// Appends that the promise number `n` was done so many seconds ago.
    pub(crate) fn fulfil(&self, events: &Events, n: u64, version: u64, done_ago: i64) -> Position {
        let promise = self
            .interaction
            .commitments
            .iter()
            .find(|draft| draft.commitment_id == id(2, n));
        let due = promise.unwrap().promised_by.unwrap();
        let kept = ago(done_ago).seconds <= due.seconds;
        let outcome = if kept {
            CommitmentOutcome::Kept
        } else {
            CommitmentOutcome::KeptLate
        };
        self.fulfilled(events, (id(2, n), version), done_ago, outcome)
    }

    /// The same of the promise number `n` that was made after the contact, in time.
    pub(crate) fn fulfil_made(
        &self,
        events: &Events,
        n: u64,
        version: u64,
        done_ago: i64,
    ) -> Position {
        let outcome = CommitmentOutcome::Kept;
        self.fulfilled(events, (made_id(n), version), done_ago, outcome)
    }

    fn fulfilled(
        &self,
        events: &Events,
        (commitment_id, version): (String, u64),
        done_ago: i64,
        outcome: CommitmentOutcome,
    ) -> Position {
        let fact = Fact::CommitmentFulfilled(CommitmentFulfilled {
            fulfilled_at: Some(ago(done_ago)),
            outcome: outcome.into(),
            ..CommitmentFulfilled::default()
        });
        events.fact(&self.about(commitment_id, version, ago(done_ago)), &fact)
    }

    pub(crate) fn cancel(&self, events: &Events, n: u64, version: u64) -> Position {
        let fact = Fact::CommitmentCancelled(CommitmentCancelled {
            outcome: CommitmentOutcome::Broken.into(),
            reason: "can't be done".into(),
            ..CommitmentCancelled::default()
        });
        events.fact(&self.about(id(2, n), version, ago(60)), &fact)
    }

    /// Appends that the due moved from the first one to so many seconds from now.
    pub(crate) fn reschedule(
        &self,
        events: &Events,
        n: u64,
        version: u64,
        due_in: i64,
    ) -> Position {
        let promise = self
            .interaction
            .commitments
            .iter()
            .find(|draft| draft.commitment_id == id(2, n));
        let reschedule = Reschedule {
            number: 1,
            clock: CommitmentClock::Promise.into(),
            due_revision: 2,
            from_due: promise.unwrap().promised_by,
            to_due: Some(ago(-due_in)),
            rescheduled_at: Some(ago(50)),
            rescheduled_by: "agent-1".into(),
            ..Reschedule::default()
        };
        let fact = Fact::CommitmentRescheduled(Box::new(CommitmentRescheduled {
            reschedule: Some(reschedule),
        }));
        events.fact(&self.about(id(2, n), version, ago(50)), &fact)
    }

    /// Appends that the due of a promise moved once more, and why.
    pub(crate) fn reschedule_for(
        &self,
        events: &Events,
        commitment_id: &str,
        version: u64,
        reason: String,
    ) -> Position {
        let reschedule = Reschedule {
            number: 1,
            clock: CommitmentClock::Promise.into(),
            due_revision: u32::try_from(version).unwrap(),
            from_due: Some(ago(-3_600)),
            to_due: Some(ago(-3_600)),
            reason,
            rescheduled_at: Some(ago(50)),
            rescheduled_by: "agent-1".into(),
            ..Reschedule::default()
        };
        let fact = Fact::CommitmentRescheduled(Box::new(CommitmentRescheduled {
            reschedule: Some(reschedule),
        }));
        let about = self.about(commitment_id.to_owned(), version, ago(50));
        events.fact(&about, &fact)
    }

    pub(crate) fn lapse(&self, events: &Events, n: u64, version: u64) -> Position {
        let promise = self
            .interaction
            .commitments
            .iter()
            .find(|draft| draft.commitment_id == id(2, n));
        let lapse = Lapse {
            clock: CommitmentClock::Promise.into(),
            due_revision: 1,
            lapsed_at: promise.unwrap().promised_by,
            detected_at: Some(ago(0)),
        };
        let fact = Fact::CommitmentLapsed(CommitmentLapsed {
            lapse: Some(lapse),
            ..CommitmentLapsed::default()
        });
        events.fact(&self.about(id(2, n), version, ago(0)), &fact)
    }

    /// Appends that the promise number `n`, made after the contact and due so many seconds from now, lapsed.
    pub(crate) fn lapse_made(
        &self,
        events: &Events,
        n: u64,
        version: u64,
        due_in: i64,
    ) -> Position {
        let lapse = Lapse {
            clock: CommitmentClock::Promise.into(),
            due_revision: 1,
            lapsed_at: Some(ago(-due_in)),
            detected_at: Some(ago(0)),
        };
        let fact = Fact::CommitmentLapsed(CommitmentLapsed {
            lapse: Some(lapse),
            escalation: None,
        });
        events.fact(&self.about(made_id(n), version, ago(0)), &fact)
    }

    pub(crate) fn about(&self, aggregate: String, sequence: u64, recorded_at: Timestamp) -> About {
        let customer = self.interaction.customer.as_ref();
        About {
            tenant: self.tenant,
            customer: customer
                .map(|customer| customer.customer_id.clone())
                .unwrap_or_default(),
            interaction: self.id(),
            aggregate,
            sequence,
            recorded_at,
            import: self.import,
        }
    }
}

/// Appends that two customers are one, or two again, as the event of the first one's `sequence`.
pub(crate) fn merge(
    events: &Events,
    (first, other): (&str, &str),
    sequence: u64,
    are_one: bool,
) -> Position {
    let about = About {
        tenant: TENANT,
        customer: first.to_owned(),
        interaction: String::new(),
        aggregate: first.to_owned(),
        sequence,
        recorded_at: ago(0),
        import: false,
    };
    events.fact(&about, &merged(first, other, are_one))
}
