//! Contacts come, change, and turn out to be another customer's.

use aftercall_ledger::Accepted;
use aftercall_proto::event::v1::{InteractionAmended, InteractionIdentified, InteractionRecorded};
use aftercall_proto::model::v1::Call;
use aftercall_view::{ApplyError, Txn};

use super::counting::{self, Changed};
use super::places::Around;
use super::records::{Trace, Used};
use crate::fold::stored;
use crate::keys::search as keys;

pub(super) fn on_recorded(
    fact: &Accepted,
    recorded: &InteractionRecorded,
    call: Option<&Call>,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let Some(interaction) = &recorded.interaction else {
        return Ok(());
    };
    let customer = interaction.customer.as_ref();
    let customer_id = customer.map_or("", |customer| &customer.customer_id);
    let mut trace = Trace::of(interaction, customer_id);
    trace.complete(call);
    Contact::of(fact).change(None, trace, txn)
}

pub(super) fn on_amended(
    fact: &Accepted,
    amended: &InteractionAmended,
    call: Option<&Call>,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let contact = Contact::of(fact);
    let (Some(interaction), Some(before)) = (&amended.interaction, contact.trace(txn)?) else {
        return Ok(());
    };
    let paths = amended.update_mask.as_ref().map(|mask| &*mask.paths);
    let mut after = before.amended(paths.unwrap_or_default(), interaction);
    after.complete(call);
    contact.change(Some(&before), after, txn)
}

/// What telephony tells of the contacts of an id is something else now.
pub(crate) fn complete(
    (tenant_id, interaction_id): (&str, &str),
    call: Option<&Call>,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    for whose in counting::contacts_of(tenant_id, interaction_id, txn)? {
        let contact = Contact {
            tenant_id,
            interaction_id,
            whose,
        };
        let Some(before) = contact.trace(txn)? else {
            continue;
        };
        let mut after = before.clone();
        after.complete(call);
        if after != before {
            contact.change(Some(&before), after, txn)?;
        }
    }
    Ok(())
}

pub(super) fn on_identified(
    fact: &Accepted,
    identified: &InteractionIdentified,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let contact = Contact::of(fact);
    let Some(before) = contact.trace(txn)? else {
        return Ok(());
    };
    let after = Trace {
        customer_id: identified.customer_id.clone(),
        ..before.clone()
    };
    contact.change(Some(&before), after, txn)
}

/// A contact that an event is about.
struct Contact<'a> {
    tenant_id: &'a str,
    interaction_id: &'a str,
    whose: u64,
}

impl<'a> Contact<'a> {
    fn of(fact: &'a Accepted) -> Self {
        Self {
            tenant_id: &fact.event.tenant_id,
            interaction_id: &fact.event.aggregate_id,
            whose: fact.whose,
        }
    }

    fn trace(&self, txn: &Txn<'_>) -> Result<Option<Trace>, ApplyError> {
        let key = keys::trace(self.tenant_id, self.interaction_id, self.whose);
        stored(txn.get(key)?)
    }

    /// Puts the new trace in the place of the old one, and counts anew all that this bears on: the contact itself,
    /// those of the customer before and after it, and the searches for it.
    fn change(
        &self,
        before: Option<&Trace>,
        mut after: Trace,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let Self {
            tenant_id,
            interaction_id,
            whose,
        } = *self;
        self.draw(before, &after, txn)?;
        self.place(before, &mut after, txn)?;
        let searched = counting::is_searched(tenant_id, interaction_id, txn)?;
        after.beside.searched = searched;
        counting::put_counted(tenant_id, (interaction_id, whose), after, txn)?;
        match searched {
            true => counting::recount_searches_of(tenant_id, interaction_id, txn),
            false => Ok(()),
        }
    }

    /// Gives it its place among the contacts of its customer. Those beside the old and the new place are counted anew.
    fn place(
        &self,
        before: Option<&Trace>,
        after: &mut Trace,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let tenant_id = self.tenant_id;
        let own = (self.interaction_id, self.whose);
        let from = before.and_then(|trace| trace.place(tenant_id));
        let to = after.place(tenant_id);
        if from == to {
            return Ok(());
        }
        if let Some(place) = from {
            let Around { inbound, calls } = place.leave(own, txn)?;
            for (id, whose) in inbound.into_iter().flatten().chain(calls) {
                counting::recount_contact(tenant_id, (&id, whose), Changed::Left, txn)?;
            }
        }
        let Around { inbound, calls } = match to {
            Some(place) => place.enter(own, txn)?,
            None => Around::default(),
        };
        let [before, later] = inbound;
        after.beside.is_repeat = before.is_some();
        after.beside.came_back = later.is_some();
        for (id, whose) in before.into_iter().chain(calls) {
            counting::recount_contact(tenant_id, (&id, whose), Changed::Followed, txn)?;
        }
        // That we called before is no reason to call it a repeat.
        if let Some((id, whose)) = later.filter(|_| after.is_inbound) {
            counting::recount_contact(tenant_id, (&id, whose), Changed::Preceded, txn)?;
        }
        Ok(())
    }

    /// Uses that nobody has judged may be drawn to be judged.
    fn draw(
        &self,
        before: Option<&Trace>,
        after: &Trace,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let used = |trace: Option<&Trace>| trace.map_or_else(Vec::new, |trace| trace.used.clone());
        let (before, after) = (used(before), used(Some(after)));
        let place = |used: &Used| {
            let list = keys::unjudged_in(self.tenant_id, &used.solution_id, self.interaction_id);
            list.u64(self.whose)
        };
        for gone in before.iter().filter(|used| !after.contains(used)) {
            txn.delete(place(gone))?;
        }
        for new in after.iter().filter(|used| !before.contains(used)) {
            let judged = keys::judged(self.tenant_id, &new.solution_id, self.interaction_id);
            if txn.get(judged)?.is_none() {
                txn.put(place(new), new.version.to_be_bytes().to_vec())?;
            }
        }
        Ok(())
    }
}
