//! A server with its log, and who calls it.

use std::sync::Arc;
use std::time::Duration;

use aftercall_ledger::Ledger;
use aftercall_log::{Log, LogId, MemoryLog};
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{Calendar, ClosedDate, Setting, SettingKind};
use aftercall_proto::settings::v1::settings_service_client::SettingsServiceClient;
use aftercall_proto::settings::v1::{
    ChangeSettingsRequest, ChangeSettingsResponse, GetSettingRequest, SettingChange,
};
use aftercall_service::testing::{Caller, TestServer, work_week};
pub(crate) use aftercall_service::testing::{
    reason_of as reason, setting as set, violations_of as wrong,
};
use aftercall_service::{Deps, ManualClock, Role, Supervisor, TestIds};
use aftercall_settings::Settings;
use jiff::Timestamp;
use tempfile::TempDir;
use tonic::Status;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;

pub(crate) type Client = SettingsServiceClient<InterceptedService<Channel, Caller>>;

pub(crate) struct World {
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) clock: ManualClock,
    pub(crate) ledger: Ledger,
    server: TestServer,
    supervisor: Supervisor,
    _views: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::over(Arc::new(MemoryLog::new(LogId([7; 16]), 1))).await
    }

    /// A server over a log that exists, with an empty ledger.
    pub(crate) async fn over(log: Arc<MemoryLog>) -> Self {
        let clock = ManualClock::at(Timestamp::from_second(1_780_000_000).unwrap());
        let supervisor = Supervisor::new();
        let ids = Arc::new(TestIds::new(Arc::new(clock.clone()), 1));
        let views = tempfile::tempdir().unwrap();
        let (deps, feed) = Deps::new(
            Arc::clone(&log) as Arc<dyn Log>,
            views.path().to_owned().into(),
            (Arc::new(clock.clone()), ids),
            supervisor.clone(),
        );
        let settings = Settings::start(deps.clone());
        deps.run_feed(feed).unwrap();
        let time = Arc::new(clock.clone());
        let server = TestServer::start(&supervisor, time, |server| {
            server.service(settings.server())
        });
        Self {
            server: server.await,
            log,
            clock,
            ledger: Ledger::of(&deps.feed),
            supervisor,
            _views: views,
        }
    }

    /// A client of an administrator of a tenant.
    pub(crate) fn admin_of(&self, tenant_id: &str) -> Client {
        self.client_as(Caller::new(tenant_id, "admin-1", &[Role::TenantAdmin]))
    }

    pub(crate) fn client_as(&self, caller: Caller) -> Client {
        SettingsServiceClient::new(self.server.channel_of(caller))
    }

    pub(crate) fn client_with(&self, roles: &[Role]) -> Client {
        self.client_as(Caller::new("acme", "somebody", roles))
    }

    pub(crate) fn admin(&self) -> Client {
        self.admin_of("acme")
    }

    pub(crate) async fn change(
        &self,
        request: ChangeSettingsRequest,
    ) -> Result<ChangeSettingsResponse, Status> {
        let answer = self.admin().change_settings(request).await;
        answer.map(tonic::Response::into_inner)
    }

    /// A calendar as it is, or as a version was.
    pub(crate) async fn get(&self, id: &str, version: u64) -> Result<Setting, Status> {
        self.get_of(SettingKind::Calendar, id, version).await
    }

    /// A setting as it is, or as a version was.
    pub(crate) async fn get_of(
        &self,
        kind: SettingKind,
        id: &str,
        version: u64,
    ) -> Result<Setting, Status> {
        let request = GetSettingRequest {
            kind: kind.into(),
            setting_id: id.to_owned(),
            version,
            latest: true,
            ..GetSettingRequest::default()
        };
        let answer = self.admin().get_setting(request).await?;
        Ok(answer.into_inner().setting.unwrap())
    }

    /// How many records the log has.
    pub(crate) fn len(&self) -> u64 {
        self.log.tails().unwrap().iter().sum()
    }

    /// Stops the server; answers its log.
    pub(crate) async fn stop(self) -> Arc<MemoryLog> {
        let stopped = self.supervisor.shutdown(Duration::from_secs(20));
        stopped.await.unwrap();
        self.log
    }
}

/// Open from nine to five, on weekdays, but not at Christmas.
pub(crate) fn office(zone: &str) -> Calendar {
    Calendar {
        display_name: "The office".to_owned(),
        time_zone: zone.to_owned(),
        weekly: Some(work_week("09:00", "17:00")),
        closed_dates: vec![ClosedDate {
            date: "2026-12-25".to_owned(),
            label: "Christmas".to_owned(),
        }],
        ..Calendar::default()
    }
}

/// A request to make or change calendars.
pub(crate) fn put(request_id: &str, calendars: &[(&str, Calendar)]) -> ChangeSettingsRequest {
    let calendars = calendars.iter();
    let settings = calendars.map(|(id, calendar)| set(id, Body::Calendar(calendar.clone())));
    put_all(request_id, settings)
}

/// The same, out of use.
pub(crate) fn retired(setting: Setting) -> Setting {
    Setting {
        retired: true,
        ..setting
    }
}

/// A request to make or change settings.
pub(crate) fn put_all(
    request_id: &str,
    settings: impl IntoIterator<Item = Setting>,
) -> ChangeSettingsRequest {
    let changes = settings.into_iter().map(|setting| SettingChange {
        setting: Some(setting),
        expected_version: None,
    });
    ChangeSettingsRequest {
        request_id: request_id.to_owned(),
        changes: changes.collect(),
        reason: "the new year".to_owned(),
    }
}

pub(crate) fn zone_of(setting: &Setting) -> &str {
    match &setting.body {
        Some(Body::Calendar(calendar)) => &calendar.time_zone,
        _ => "",
    }
}
