//! What tenants have set up: every version of every setting, for whoever decides by them.

use aftercall_proto::convert::setting as convert;
use aftercall_proto::model::v1::{Setting, SettingKind};
use aftercall_view::{ApplyError, Direction, Store, Txn};
use bytes::Bytes;
use prost::Message;

use crate::{keys, webhooks};

/// Of which kind a setting is; none for one without a body, or of a kind that a later version knows.
pub fn kind_of(setting: &Setting) -> Option<SettingKind> {
    convert::kind_of(setting).map(SettingKind::from)
}

/// The name of one version of a setting.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct SettingName {
    /// Its kind.
    #[prost(enumeration = "SettingKind", tag = "1")]
    pub kind: i32,
    /// Its id.
    #[prost(string, tag = "2")]
    pub setting_id: String,
    /// Which version.
    #[prost(uint64, tag = "3")]
    pub version: u64,
}

/// What a request made, as it is remembered.
#[derive(Clone, PartialEq, Message)]
struct Made {
    #[prost(message, repeated, tag = "1")]
    names: Vec<SettingName>,
}

/// Keeps a new version.
pub(crate) fn put(tenant_id: &str, setting: &Setting, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    let Some(kind) = kind_of(setting) else {
        return Ok(());
    };
    let (id, value) = (&setting.setting_id, Bytes::from(setting.encode_to_vec()));
    let version = keys::setting_version(tenant_id, kind, id, setting.version);
    txn.put(version, value.clone())?;
    txn.put(keys::setting(tenant_id, kind, id), value)?;
    Ok(())
}

/// What is remembered of a request that made these.
pub(crate) fn made(settings: &[Setting]) -> Bytes {
    let name = |setting: &Setting| SettingName {
        kind: kind_of(setting).unwrap_or_default().into(),
        setting_id: setting.setting_id.clone(),
        version: setting.version,
    };
    let names = settings.iter().map(name).collect();
    Made { names }.encode_to_vec().into()
}

/// Reads what a tenant has set up.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'a> {
    store: &'a Store,
    tenant_id: &'a str,
}

impl<'a> Settings<'a> {
    pub(crate) const fn of(store: &'a Store, tenant_id: &'a str) -> Self {
        Self { store, tenant_id }
    }

    /// How often they changed: the sequence of the latest change.
    ///
    /// # Errors
    /// When the ledger can't be read, or is being opened.
    pub fn revision(&self) -> Result<u64, ApplyError> {
        let revision = self.store.get(keys::settings(self.tenant_id))?;
        let revision = revision.and_then(|revision| revision.as_ref().try_into().ok());
        Ok(revision.map_or(0, u64::from_be_bytes))
    }

    /// A setting as it is now.
    ///
    /// # Errors
    /// When the ledger can't be read, or is being opened.
    pub fn get(&self, kind: SettingKind, setting_id: &str) -> Result<Option<Setting>, ApplyError> {
        read(
            self.store
                .get(keys::setting(self.tenant_id, kind, setting_id))?,
        )
    }

    /// A setting as one of its versions was.
    ///
    /// # Errors
    /// When the ledger can't be read, or is being opened.
    pub fn version(
        &self,
        kind: SettingKind,
        setting_id: &str,
        version: u64,
    ) -> Result<Option<Setting>, ApplyError> {
        let key = keys::setting_version(self.tenant_id, kind, setting_id, version);
        read(self.store.get(key)?)
    }

    /// The settings of a kind, in the order of their ids, from the one after `after`.
    pub fn list(
        &self,
        kind: SettingKind,
        after: Option<&str>,
    ) -> impl Iterator<Item = Result<Setting, ApplyError>> + use<> {
        let all = keys::settings_of(self.tenant_id, kind);
        let scan = match after {
            None => self.store.scan_prefix(all, Direction::Ascending),
            Some(after) => {
                let end = aftercall_view::key::prefix_end(&all);
                // The id itself is the first of those that are not before it.
                let from = keys::setting(self.tenant_id, kind, after);
                self.store
                    .scan_range(from, end.as_deref(), Direction::Ascending)
            }
        };
        let skip = usize::from(after.is_some());
        scan.skip(skip).map(entry)
    }

    /// How many settings of a kind there are, those out of use included.
    ///
    /// # Errors
    /// When the ledger can't be read, or is being opened.
    pub fn count(&self, kind: SettingKind) -> Result<usize, ApplyError> {
        let all = keys::settings_of(self.tenant_id, kind);
        let mut scan = self.store.scan_prefix(all, Direction::Ascending);
        Ok(scan.try_fold(0, |count, entry| entry.map(|_| count + 1))?)
    }

    /// The versions of a setting, the latest first, from the one before `before`.
    pub fn versions(
        &self,
        kind: SettingKind,
        setting_id: &str,
        before: Option<u64>,
    ) -> impl Iterator<Item = Result<Setting, ApplyError>> + use<> {
        let all = keys::setting_versions(self.tenant_id, kind, setting_id);
        let end = aftercall_view::key::prefix_end(&all);
        let latest = before.map_or(u64::MAX, |before| before.saturating_sub(1));
        let from = keys::setting_version(self.tenant_id, kind, setting_id, latest);
        self.store
            .scan_range(from, end.as_deref(), Direction::Ascending)
            .map(entry)
    }

    /// Whether the tenant has a webhook, which a setting may name, in use or not.
    ///
    /// # Errors
    /// When the ledger can't be read, or is being opened.
    pub fn has_webhook(&self, webhook_id: &str) -> Result<bool, ApplyError> {
        webhooks::is_there(self.store, self.tenant_id, webhook_id)
    }

    /// The versions that a request made, by what is remembered of it.
    ///
    /// # Errors
    /// When the ledger can't be read, or is being opened.
    pub fn made(&self, answer: &Bytes) -> Result<Vec<Setting>, ApplyError> {
        let made = Made::decode(answer.clone()).map_err(ApplyError::record)?;
        let settings = made.names.iter().map(|name| {
            let kind = SettingKind::try_from(name.kind).unwrap_or_default();
            self.version(kind, &name.setting_id, name.version)
        });
        settings.filter_map(Result::transpose).collect()
    }
}

fn entry(entry: Result<(Bytes, Bytes), aftercall_view::StoreError>) -> Result<Setting, ApplyError> {
    Setting::decode(entry?.1).map_err(ApplyError::record)
}

fn read(stored: Option<Bytes>) -> Result<Option<Setting>, ApplyError> {
    let stored = stored.map(Setting::decode).transpose();
    stored.map_err(ApplyError::record)
}
