//! The service: decode, ask, encode.

use aftercall_ledger::Ledger;
use aftercall_proto::settings::v1::settings_service_server::{
    SettingsService, SettingsServiceServer,
};
use aftercall_proto::settings::v1::{
    ApproveHolidaysRequest, ApproveHolidaysResponse, ChangeSettingsRequest, ChangeSettingsResponse,
    GetSettingRequest, GetSettingResponse, ListSettingVersionsRequest, ListSettingVersionsResponse,
    ListSettingsRequest, ListSettingsResponse, RejectHolidaysRequest, RejectHolidaysResponse,
    ShadowPoliciesRequest, ShadowPoliciesResponse, StageHolidaysRequest, StageHolidaysResponse,
};
use aftercall_service::{Call, Deps, Including, Reading, to_status};
use aftercall_view::{Store, ViewHandle};
use tonic::{Request, Response, Status};

use crate::change;
use crate::failure::Error;
use crate::holidays;
use crate::list::{Query, VersionsQuery, Wanted};
use crate::shadow;

/// The settings service. It has no view of its own: the ledger keeps what it answers from. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Settings {
    deps: Deps,
    ledger: Ledger,
    reading: Reading,
}

impl Settings {
    /// The service of a process.
    pub fn start(deps: Deps) -> Self {
        Self {
            ledger: Ledger::of(&deps.feed),
            reading: Reading::on(deps.feed.ledger().clone(), &deps),
            deps,
        }
    }

    /// The gRPC service.
    pub fn server(&self) -> SettingsServiceServer<Self> {
        SettingsServiceServer::new(self.clone())
    }

    /// The ledger, for health and lag.
    pub fn view(&self) -> ViewHandle {
        self.reading.view().clone()
    }

    async fn change_settings(
        &self,
        request: Request<ChangeSettingsRequest>,
    ) -> Result<ChangeSettingsResponse, Error> {
        change::change(&self.deps, &self.reading, Call::of(request)?).await
    }

    async fn stage_holidays(
        &self,
        request: Request<StageHolidaysRequest>,
    ) -> Result<StageHolidaysResponse, Error> {
        holidays::stage((&self.deps, &self.reading), Call::of(request)?).await
    }

    async fn approve_holidays(
        &self,
        request: Request<ApproveHolidaysRequest>,
    ) -> Result<ApproveHolidaysResponse, Error> {
        holidays::approve((&self.deps, &self.reading), Call::of(request)?).await
    }

    async fn reject_holidays(
        &self,
        request: Request<RejectHolidaysRequest>,
    ) -> Result<RejectHolidaysResponse, Error> {
        holidays::reject((&self.deps, &self.reading), Call::of(request)?).await
    }

    async fn shadow_policies(
        &self,
        request: Request<ShadowPoliciesRequest>,
    ) -> Result<ShadowPoliciesResponse, Error> {
        shadow::run((&self.deps, &self.reading), Call::of(request)?).await
    }

    async fn get_setting(
        &self,
        request: Request<GetSettingRequest>,
    ) -> Result<GetSettingResponse, Error> {
        let call = Call::of(request)?;
        let wanted = Wanted::of(&call.message)?;
        let including = Including {
            min_position: &call.message.min_position,
            latest: call.message.latest,
        };
        let through = self.reading.store_at(including, call.read_until()).await?;
        let ledger = self.ledger.clone();
        let find = move |_: &Store| wanted.find(&ledger.settings(call.tenant_id()));
        Ok(GetSettingResponse {
            setting: Some(self.reading.run(find).await?),
            complete_through: through.position(self.reading.log_identity()),
            complete_through_at: through.time(),
        })
    }

    async fn list_settings(
        &self,
        request: Request<ListSettingsRequest>,
    ) -> Result<ListSettingsResponse, Error> {
        let (call, log) = (Call::of(request)?, self.reading.log_identity());
        let query = Query::of(&call, &log)?;
        let including = Including {
            min_position: &call.message.min_position,
            latest: call.message.latest,
        };
        let until = call.read_until();
        let through = query.paging().reach(&self.reading, including, until);
        let (through, ledger) = (through.await?, self.ledger.clone());
        let list = move |_: &Store| query.list(&ledger, &through, &log);
        self.reading.run(list).await
    }

    async fn list_setting_versions(
        &self,
        request: Request<ListSettingVersionsRequest>,
    ) -> Result<ListSettingVersionsResponse, Error> {
        let (call, log) = (Call::of(request)?, self.reading.log_identity());
        let query = VersionsQuery::of(&call, &log)?;
        let including = Including {
            min_position: &call.message.min_position,
            latest: call.message.latest,
        };
        let until = call.read_until();
        let through = query.paging().reach(&self.reading, including, until);
        let (through, ledger) = (through.await?, self.ledger.clone());
        let list = move |_: &Store| query.list(&ledger, &through, &log);
        self.reading.run(list).await
    }
}

/// The wire form of an answer.
fn answer<T>(outcome: Result<T, Error>) -> Result<Response<T>, Status> {
    outcome.map(Response::new).map_err(to_status)
}

#[tonic::async_trait]
impl SettingsService for Settings {
    async fn change_settings(
        &self,
        request: Request<ChangeSettingsRequest>,
    ) -> Result<Response<ChangeSettingsResponse>, Status> {
        answer(Self::change_settings(self, request).await)
    }

    async fn stage_holidays(
        &self,
        request: Request<StageHolidaysRequest>,
    ) -> Result<Response<StageHolidaysResponse>, Status> {
        answer(Self::stage_holidays(self, request).await)
    }

    async fn approve_holidays(
        &self,
        request: Request<ApproveHolidaysRequest>,
    ) -> Result<Response<ApproveHolidaysResponse>, Status> {
        answer(Self::approve_holidays(self, request).await)
    }

    async fn reject_holidays(
        &self,
        request: Request<RejectHolidaysRequest>,
    ) -> Result<Response<RejectHolidaysResponse>, Status> {
        answer(Self::reject_holidays(self, request).await)
    }

    async fn shadow_policies(
        &self,
        request: Request<ShadowPoliciesRequest>,
    ) -> Result<Response<ShadowPoliciesResponse>, Status> {
        answer(Self::shadow_policies(self, request).await)
    }

    async fn get_setting(
        &self,
        request: Request<GetSettingRequest>,
    ) -> Result<Response<GetSettingResponse>, Status> {
        answer(Self::get_setting(self, request).await)
    }

    async fn list_settings(
        &self,
        request: Request<ListSettingsRequest>,
    ) -> Result<Response<ListSettingsResponse>, Status> {
        answer(Self::list_settings(self, request).await)
    }

    async fn list_setting_versions(
        &self,
        request: Request<ListSettingVersionsRequest>,
    ) -> Result<Response<ListSettingVersionsResponse>, Status> {
        answer(Self::list_setting_versions(self, request).await)
    }
}
