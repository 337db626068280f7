//! Alerts, as those who watch them hear of them.

use aftercall_domain::Parties;
use aftercall_log::Partition;
use aftercall_proto::alerts::v1::{WatchAlertsRequest, WatchAlertsResponse};
use aftercall_proto::model::v1::Alert;
use aftercall_service::{Call, Checker};
use aftercall_view::key::Key;
use aftercall_view::{ApplyError, Store, StoreError};
use bytes::Bytes;
use jiff::Timestamp;

use super::{Beginning, Bulletin, Bulletins, Wanted, Watched};
use crate::alerts::Filter;
use crate::failure::Refused;
use crate::{keys, stored};

/// An alert, and who has a part in it: it is shown to them.
#[derive(Debug, Clone)]
pub(crate) struct Raised {
    pub(crate) alert: Alert,
    pub(crate) parties: Parties,
}

impl From<aftercall_domain::alert::Alert> for Raised {
    fn from(mut alert: aftercall_domain::alert::Alert) -> Self {
        let parties = std::mem::take(&mut alert.parties);
        Self {
            alert: alert.into(),
            parties,
        }
    }
}

impl Watched for Raised {
    type Filter = Filter;
    type Answer = WatchAlertsResponse;

    fn bulletin(bulletins: &Bulletins) -> &Bulletin<Self> {
        &bulletins.alerts
    }

    fn changes(tenant_id: &str, partition: Partition) -> Key {
        keys::alert_changes(tenant_id, partition)
    }

    fn read(_store: &Store, _tenant_id: &str, row: Bytes) -> Result<Vec<Self>, ApplyError> {
        let alerts = stored::decode_changed(row)?.into_iter();
        Ok(alerts.map(Into::into).collect())
    }

    fn told(self, filter: &Filter, _now: Timestamp) -> Option<WatchAlertsResponse> {
        filter.admits(&self).then(|| WatchAlertsResponse {
            alert: Some(self.alert),
            resume_token: String::new(),
        })
    }

    fn resume(answer: &mut WatchAlertsResponse, token: String) {
        answer.resume_token = token;
    }
}

impl Wanted for Filter {
    fn names_customers(&self) -> bool {
        self.names_customers()
    }

    fn with_merged(self, store: &Store, tenant_id: &str) -> Result<Self, StoreError> {
        self.with_merged(store, tenant_id)
    }
}

impl Beginning<Filter> {
    /// Who watches which alerts.
    pub(crate) fn of_alerts(call: Call<WatchAlertsRequest>) -> Result<Self, Refused> {
        let (until, tenant_id) = (call.read_until(), call.tenant_id().to_owned());
        let scope = call.scope();
        let WatchAlertsRequest {
            filter,
            resume_token,
        } = call.message;
        let mut checker = Checker::new();
        let filter = Filter::new(filter.unwrap_or_default(), scope, &mut checker);
        Ok(Self {
            tenant_id,
            filter: checker.done(filter)?,
            resume_token,
            until,
        })
    }
}
