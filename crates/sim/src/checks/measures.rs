//! What every process measures is a recount of what the naive model says.
//!
//! All contacts of a plan began at the same time, for the same reason, and were solved: of those of one customer, and of all
//! that are one with it, each but the first is a repeat, and only the last was the end of it.

use std::collections::BTreeMap;

use aftercall_proto::insight::v1::insight_service_client::InsightServiceClient;
use aftercall_proto::insight::v1::{
    AggregateRequest, CountRepeatContactsRequest, ListContactsRequest, MeasureFairClocksRequest,
    Measures,
};
use tonic::Status;

use crate::client::{asked, requests};
use crate::model::{Model, Promise, State};
use crate::plan::{TENANTS, Tenant};
use crate::process::Process;
use crate::world::World;

/// What is compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Count {
    contacts: i64,
    resolvable: i64,
    resolved_first: i64,
    repeats: i64,
    promises: i64,
    promises_kept: i64,
    promises_open: i64,
    /// Those that the customer was not told of, too: all, and the open ones.
    clocks: [i64; 2],
}

/// Compares what all processes measure with the model.
pub(super) async fn are_a_recount(world: &World, model: &Model) -> Result<(), String> {
    for (number, process) in world.processes().iter().enumerate() {
        for tenant in 0..TENANTS {
            let expected = recount(model, requests::tenant_id(tenant));
            let measured = measure(process, tenant).await;
            let measured = measured.map_err(|status| {
                format!("in the end process {number} measures nothing: {status:?}")
            })?;
            if measured != expected {
                return Err(format!(
                    "process {number} measures {measured:?}, and it should be {expected:?}"
                ));
            }
        }
    }
    Ok(())
}

fn recount(model: &Model, tenant_id: &str) -> Count {
    let mut count = Count::default();
    let mut of_customers: BTreeMap<String, i64> = BTreeMap::new();
    for (_, contact) in model.contacts_of(tenant_id) {
        count.contacts += 1;
        if contact.is_inbound && !contact.customer_id.is_empty() {
            let all = model.merged_with(tenant_id, &contact.customer_id);
            let first = all.into_iter().next().unwrap_or_default();
            *of_customers.entry(first).or_default() += 1;
        }
        for promise in &contact.promises {
            count.add(promise);
        }
    }
    count.resolvable = of_customers.values().sum();
    count.resolved_first = of_customers.len() as i64;
    count.repeats = count.resolvable - count.resolved_first;
    count
}

impl Count {
    fn add(&mut self, promise: &Promise) {
        let one = |is_so: bool| i64::from(is_so);
        let (told, is_open) = (promise.told_to_customer, promise.is_open());
        self.promises += one(told);
        self.promises_kept += one(told && promise.state == State::Kept);
        self.promises_open += one(told && is_open);
        self.clocks[0] += 1;
        self.clocks[1] += one(is_open);
    }

    fn of(measures: &Measures, clocks: [i64; 2]) -> Self {
        Self {
            contacts: measures.contacts,
            resolvable: measures.resolvable,
            resolved_first: measures.resolved_first,
            repeats: measures.repeats,
            promises: measures.promises,
            promises_kept: measures.promises_kept + measures.promises_late,
            promises_open: measures.promises_open,
            clocks,
        }
    }
}

async fn measure(process: &Process, tenant: Tenant) -> Result<Count, Status> {
    let mut insight = InsightServiceClient::new(process.services.clone());
    let request = AggregateRequest {
        latest: true,
        ..AggregateRequest::default()
    };
    let measured = insight.aggregate(asked(tenant, request)).await?;
    let total = measured.into_inner().total.unwrap_or_default();
    let request = MeasureFairClocksRequest {
        latest: true,
        ..MeasureFairClocksRequest::default()
    };
    let clocks = insight.measure_fair_clocks(asked(tenant, request)).await?;
    let rows = clocks.into_inner().rows.into_iter();
    let clocks = rows.fold([0; 2], |all, row| {
        [all[0] + row.promises, all[1] + row.open]
    });
    let request = CountRepeatContactsRequest {
        latest: true,
        ..CountRepeatContactsRequest::default()
    };
    let repeats = insight
        .count_repeat_contacts(asked(tenant, request))
        .await?;
    for row in repeats.into_inner().rows {
        let request = ListContactsRequest {
            filter: row.filter.clone(),
            latest: true,
            ..ListContactsRequest::default()
        };
        let listed = insight.list_contacts(asked(tenant, request)).await?;
        let listed = listed.into_inner().total_size;
        if listed != Some(row.contacts) {
            let found = format!("{listed:?} contacts behind {row:?}");
            return Err(Status::internal(found));
        }
    }
    Ok(Count::of(&total, clocks))
}
