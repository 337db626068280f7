//! Reading settings: one, those of a kind, the versions of one.

use aftercall_ledger::{Ledger, Settings};
use aftercall_log::LogIdentity;
use aftercall_proto::model::v1::{Setting, SettingKind};
use aftercall_proto::settings::v1::{
    GetSettingRequest, ListSettingVersionsRequest, ListSettingVersionsResponse,
    ListSettingsRequest, ListSettingsResponse,
};
use aftercall_service::{Call, Checker, Counting, Counts, Paging, Through, Unread};
use aftercall_view::{ApplyError, TokenError};
use bytes::Bytes;

use crate::failure::Error;

/// How many settings a page has.
const PAGE: Counts = Counts {
    usual: 50,
    max: 500,
};

/// One setting, as it is asked for.
#[derive(Debug)]
pub(crate) struct Wanted {
    kind: SettingKind,
    setting_id: String,
    version: u64,
}

impl Wanted {
    /// Checks the request.
    pub(crate) fn of(message: &GetSettingRequest) -> Result<Self, Error> {
        let mut checker = Checker::new();
        let kind = kind(&mut checker, message.kind);
        checker.required_id("setting_id", &message.setting_id);
        Ok(checker.done(Self {
            kind,
            setting_id: message.setting_id.clone(),
            version: message.version,
        })?)
    }

    /// The setting.
    pub(crate) fn find(&self, settings: &Settings<'_>) -> Result<Setting, Error> {
        let found = match self.version {
            0 => settings.get(self.kind, &self.setting_id)?,
            version => settings.version(self.kind, &self.setting_id, version)?,
        };
        found.ok_or(Error::NotFound)
    }
}

/// The settings of a kind, as they are asked for.
#[derive(Debug)]
pub(crate) struct Query {
    tenant_id: String,
    kind: SettingKind,
    include_retired: bool,
    include_total: bool,
    after: Option<String>,
    paging: Paging,
}

impl Query {
    /// Checks the request.
    pub(crate) fn of(call: &Call<ListSettingsRequest>, log: &LogIdentity) -> Result<Self, Error> {
        let message = &call.message;
        let mut checker = Checker::new();
        let kind = kind(&mut checker, message.kind);
        let size = checker.count("page_size", message.page_size, PAGE);
        checker.done(())?;
        let tenant_id = call.tenant_id().to_owned();
        let (of, retired) = (message.kind.to_be_bytes(), [message.include_retired.into()]);
        let query = [b"settings", tenant_id.as_bytes(), &of, &retired];
        let paging = Paging::asked(log, &query, size, &message.page_token)?;
        let after = paging
            .after()
            .map(|place| String::from_utf8(place.to_vec()));
        let after = after
            .transpose()
            .map_err(|_| Unread::PageToken(TokenError::Malformed))?;
        Ok(Self {
            tenant_id,
            kind,
            include_retired: message.include_retired,
            include_total: message.include_total,
            after,
            paging,
        })
    }

    /// The page that is asked for.
    pub(crate) fn paging(&self) -> &Paging {
        &self.paging
    }

    /// A page of settings, by their ids.
    pub(crate) fn list(
        &self,
        ledger: &Ledger,
        through: &Through,
        log: &LogIdentity,
    ) -> Result<ListSettingsResponse, Error> {
        let settings = ledger.settings(&self.tenant_id);
        let listed = settings.list(self.kind, self.after.as_deref());
        let wanted = listed.filter(|setting| {
            let is_retired = setting.as_ref().is_ok_and(|setting| setting.retired);
            self.include_retired || !is_retired
        });
        let placed = wanted.map(|setting| {
            let setting = setting?;
            let place = Bytes::copy_from_slice(setting.setting_id.as_bytes());
            Ok::<_, ApplyError>((place, setting))
        });
        let (page, next) = self.paging.fill(placed)?;
        let total = self
            .include_total
            .then(|| self.count(&settings))
            .transpose()?;
        Ok(ListSettingsResponse {
            settings: page,
            next_page_token: self.paging.token(log, &through.positions, next),
            complete_through: through.position(log),
            complete_through_at: through.time(),
            total_size: total.map(|total| total.size),
            total_size_is_lower_bound: total.is_some_and(|total| total.is_lower_bound),
        })
    }

    fn count(&self, settings: &Settings<'_>) -> Result<aftercall_service::Total, Error> {
        let mut counting = Counting::new();
        let listed = settings.list(self.kind, None);
        let places = listed.map(|setting| setting.map(|it| (it.setting_id, it.retired)));
        let wanted = |(_, retired): &(String, bool)| Ok(self.include_retired || !retired);
        counting.part(places.map(|place| place.map_err(Error::from)), wanted)?;
        Ok(counting.total())
    }
}

/// The versions of a setting, as they are asked for.
#[derive(Debug)]
pub(crate) struct VersionsQuery {
    tenant_id: String,
    kind: SettingKind,
    setting_id: String,
    before: Option<u64>,
    paging: Paging,
}

impl VersionsQuery {
    /// Checks the request.
    pub(crate) fn of(
        call: &Call<ListSettingVersionsRequest>,
        log: &LogIdentity,
    ) -> Result<Self, Error> {
        let message = &call.message;
        let mut checker = Checker::new();
        let kind = kind(&mut checker, message.kind);
        checker.required_id("setting_id", &message.setting_id);
        let size = checker.count("page_size", message.page_size, PAGE);
        checker.done(())?;
        let (tenant_id, of) = (call.tenant_id().to_owned(), message.kind.to_be_bytes());
        let id = message.setting_id.as_bytes();
        let query = [b"setting versions", tenant_id.as_bytes(), &of, id];
        let paging = Paging::asked(log, &query, size, &message.page_token)?;
        let before = paging.after().map(|place| place.as_ref().try_into());
        let before = before
            .transpose()
            .map_err(|_| Unread::PageToken(TokenError::Malformed))?;
        Ok(Self {
            tenant_id,
            kind,
            setting_id: message.setting_id.clone(),
            before: before.map(u64::from_be_bytes),
            paging,
        })
    }

    /// The page that is asked for.
    pub(crate) fn paging(&self) -> &Paging {
        &self.paging
    }

    /// A page of versions, the latest first.
    pub(crate) fn list(
        &self,
        ledger: &Ledger,
        through: &Through,
        log: &LogIdentity,
    ) -> Result<ListSettingVersionsResponse, Error> {
        let settings = ledger.settings(&self.tenant_id);
        let listed = settings.versions(self.kind, &self.setting_id, self.before);
        let placed = listed.map(|setting| {
            let setting = setting?;
            let place = Bytes::copy_from_slice(&setting.version.to_be_bytes());
            Ok::<_, ApplyError>((place, setting))
        });
        let (versions, next) = self.paging.fill(placed)?;
        if versions.is_empty() && self.before.is_none() {
            return Err(Error::NotFound);
        }
        Ok(ListSettingVersionsResponse {
            versions,
            next_page_token: self.paging.token(log, &through.positions, next),
            complete_through: through.position(log),
            complete_through_at: through.time(),
        })
    }
}

/// The kind that a request names.
fn kind(checker: &mut Checker, kind: i32) -> SettingKind {
    if kind == 0 {
        checker.found().required("kind");
    }
    checker.known("kind", kind).unwrap_or_default()
}
