//! What a tenant has set up, for a record that is being prepared.

use std::collections::BTreeMap;
use std::sync::Arc;

use aftercall_domain::calendar::Calendar;
use aftercall_domain::setting::{CodeTree, FollowUpPolicy, PromiseFacts};
use aftercall_ledger::InUse;
use aftercall_proto::model::v1::CallTerms;

use crate::core::Core;
use crate::failure::Refusal;
use crate::prepare::House;

/// What a tenant has set up, as the ledger has it. What is not there yet is not taken for what there is not.
pub(crate) struct TenantHouse<'c> {
    core: &'c Core,
    tenant_id: &'c str,
}

impl<'c> TenantHouse<'c> {
    pub(crate) const fn new(core: &'c Core, tenant_id: &'c str) -> Self {
        Self { core, tenant_id }
    }
}

impl House for TenantHouse<'_> {
    fn calendars(&self, ids: &[&str]) -> Result<BTreeMap<String, Arc<Calendar>>, Refusal> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        self.core.require_ready()?;
        let ids = ids.iter().copied();
        Ok(self.core.calendars.all(self.tenant_id, ids)?)
    }

    fn call_terms(&self) -> Option<CallTerms> {
        self.core.call_terms(self.tenant_id)
    }

    fn policy(&self, promise: &PromiseFacts<'_>) -> Result<Option<InUse<FollowUpPolicy>>, Refusal> {
        self.core.require_ready()?;
        Ok(self.core.policies.first(self.tenant_id, promise)?)
    }

    fn trees(&self) -> Result<Arc<[InUse<CodeTree>]>, Refusal> {
        self.core.require_ready()?;
        Ok(self.core.trees.all(self.tenant_id)?)
    }
}
