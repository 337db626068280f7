//! Alerts, as those who watch them hear of them.

use aftercall_domain::Parties;
use aftercall_domain::commitment::AlertState;
use aftercall_log::Partition;
use aftercall_proto::alerts::v1::{WatchAlertsRequest, WatchAlertsResponse};
use aftercall_proto::convert::alert::as_seen;
use aftercall_proto::model::v1::Alert;
use aftercall_service::{Call, Checker};
use aftercall_view::key::{Key, Parts};
use aftercall_view::{ApplyError, Direction, Positions, Store, StoreError};
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;
use uuid::Uuid;

use super::{Beginning, Bulletin, Bulletins, Wanted, Watched};
use crate::alerts::Filter;
use crate::failure::Refused;
use crate::keys::AlertPlace;
use crate::{keys, routing, stored};

/// An alert, and who has a part in it: it is shown to them.
#[derive(Debug, Clone)]
pub(crate) struct Raised {
    pub(crate) alert: Alert,
    pub(crate) parties: Parties,
}

/// What the store keeps of a record by which it was decided of some alerts for the first time. Of a record that changed
/// alerts themselves it keeps these, in fields that are none of this.
#[derive(Clone, PartialEq, Message)]
struct DecidedRow {
    #[prost(bytes = "vec", repeated, tag = "15")]
    alert_ids: Vec<Vec<u8>>,
}

/// The row of a record by which it was decided of some alerts for the first time.
pub(crate) fn decided_row(alert_ids: &[Uuid]) -> Vec<u8> {
    let alert_ids = alert_ids.iter().map(|id| id.as_bytes().to_vec());
    let alert_ids = alert_ids.collect();
    DecidedRow { alert_ids }.encode_to_vec()
}

impl Raised {
    /// An alert of a tenant. `get` reads what was decided of it.
    pub(crate) fn of(
        tenant_id: &str,
        mut alert: aftercall_domain::alert::Alert,
        get: impl Fn(&[u8]) -> Result<Option<Bytes>, StoreError>,
    ) -> Result<Self, ApplyError> {
        let is_decided = routing::is_decided(tenant_id, &alert, get)?;
        let parties = std::mem::take(&mut alert.parties);
        Ok(Self {
            alert: as_seen(alert, is_decided),
            parties,
        })
    }

    /// An alert of which it was decided for the first time, as it is now; none if that made no difference to it, or if a
    /// later change of it is still to be told: that tells it as it is, too. What was told is all up to `known`.
    fn decided(
        store: &Store,
        tenant_id: &str,
        alert_id: Uuid,
        known: &Positions,
    ) -> Result<Option<Self>, ApplyError> {
        let list = keys::alert_id(tenant_id, alert_id);
        for entry in store.scan_prefix(list.clone(), Direction::Ascending) {
            let (key, changed_at) = entry?;
            let place = AlertPlace::read(&mut Parts::new(&key[list.len()..]));
            let place = place.map_err(ApplyError::record)?;
            let alert = store.get(place.key(tenant_id))?;
            let alert = alert.map(stored::decode_alert).transpose()?;
            if let Some(alert) = alert.filter(waited)
                && known.covers(stored::decode_position(changed_at)?)
            {
                return Self::of(tenant_id, alert, |key| store.get(key)).map(Some);
            }
        }
        Ok(None)
    }
}

/// Whether an alert was another one, as those see it whom it concerns, as long as nothing was decided of it.
pub(crate) fn waited(alert: &aftercall_domain::alert::Alert) -> bool {
    let is_shown = matches!(alert.state, AlertState::Triggered | AlertState::Resolved(_));
    is_shown && alert.waits_undecided()
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

    fn read(
        store: &Store,
        tenant_id: &str,
        row: Bytes,
        known: &Positions,
    ) -> Result<Vec<Self>, ApplyError> {
        let decided = DecidedRow::decode(row.clone()).map_err(ApplyError::record)?;
        let changed = stored::decode_changed(row)?.into_iter();
        let changed = changed.map(|alert| Self::of(tenant_id, alert, |key| store.get(key)));
        let mut all = changed.collect::<Result<Vec<_>, _>>()?;
        for id in &decided.alert_ids {
            let id = Uuid::from_slice(id).map_err(ApplyError::record)?;
            all.extend(Self::decided(store, tenant_id, id, known)?);
        }
        Ok(all)
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
