//! The search service: decode, ask, encode.

use std::sync::Arc;

use aftercall_proto::convert::time::microseconds;
use aftercall_proto::knowledge::v1::search_service_server::SearchService;
use aftercall_proto::knowledge::v1::{
    JudgeLinkRequest, JudgeLinkResponse, KnowledgeReportRequest, KnowledgeReportResponse,
    ListStruggleEvidenceRequest, ListStruggleEvidenceResponse, ListStrugglesRequest,
    ListStrugglesResponse, ReportSearchRequest, ReportSearchResponse, SampleLinksRequest,
    SampleLinksResponse, SearchSolutionsRequest, SearchSolutionsResponse,
};
use aftercall_service::{Call, Including};
use aftercall_view::Store;
use tonic::{Request, Response, Status};

use super::finding;
use super::judging::{self, Sample, Verdict};
use super::measures;
use super::reporting::{self, Report};
use super::shown_by;
use super::struggles::{self, Nearest};
use crate::failure::Error;
use crate::reader::Viewer;
use crate::server::{Knowledge, answer};
use crate::suggestions;

/// Searches, and what is learnt from them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Searches(Knowledge);

impl Searches {
    pub(crate) fn of(knowledge: &Knowledge) -> Self {
        Self(knowledge.clone())
    }

    async fn report(
        &self,
        request: Request<ReportSearchRequest>,
    ) -> Result<ReportSearchResponse, Error> {
        let call = Call::of(request)?.try_map(Report::of)?;
        reporting::report(self.0.deps(), self.0.reading(), call).await
    }

    async fn judge(&self, request: Request<JudgeLinkRequest>) -> Result<JudgeLinkResponse, Error> {
        let call = Call::of(request)?.try_map(Verdict::of)?;
        judging::judge(self.0.deps(), self.0.reading(), call).await
    }

    async fn sample(
        &self,
        request: Request<SampleLinksRequest>,
    ) -> Result<SampleLinksResponse, Error> {
        let call = Call::of(request)?;
        let wanted = Sample::of(&call.message)?;
        let including = Including {
            min_position: &call.message.min_position,
            latest: call.message.latest,
        };
        let reading = self.0.reading();
        let through = reading.store_at(including, call.read_until()).await?;
        let viewer = Viewer::of(&call);
        let now = self.0.deps().clock.now();
        let draw = move |store: &Store| judging::sample(store, &viewer, (&wanted, now));
        Ok(SampleLinksResponse {
            links: reading.run(draw).await?,
            complete_through: through.position(reading.log_identity()),
            complete_through_at: through.time(),
        })
    }

    async fn struggles(
        &self,
        request: Request<ListStrugglesRequest>,
    ) -> Result<ListStrugglesResponse, Error> {
        let (call, reading) = (Call::of(request)?, self.0.reading());
        let log = reading.log_identity();
        let query = struggles::Query::of(&call, &log)?;
        let including = Including {
            min_position: &call.message.min_position,
            latest: call.message.latest,
        };
        let until = call.read_until();
        let through = query.paging().reach(reading, including, until).await?;
        // The nearest solutions are those of the last snapshot.
        let (snapshot, _) = reading.indexed()?;
        let (fields, comparing) = (Arc::clone(self.0.fields()), self.0.comparing().clone());
        let at_us = microseconds(self.0.deps().clock.now());
        let list = move |store: &Store| {
            let nearest = |text: &str| {
                let viewer = query.viewer();
                let wanted = suggestions::Wanted::nearest(text, viewer, at_us);
                let found =
                    suggestions::suggest(store, &snapshot, (&fields, &comparing), viewer, &wanted)?;
                let first = found.suggestions.into_iter().next();
                Ok::<_, Error>(first.and_then(|one| {
                    let solution = one.solution?;
                    Some(Nearest {
                        solution_id: solution.solution_id,
                        title: solution.title,
                        is_guess: one.is_guess,
                    })
                }))
            };
            let (struggles, next) = struggles::list(store, (&query, at_us), nearest)?;
            Ok::<_, Error>(ListStrugglesResponse {
                next_page_token: query.paging().token(&log, &through.positions, next),
                complete_through: through.position(log),
                complete_through_at: through.time(),
                struggles,
            })
        };
        reading.run(list).await
    }

    async fn evidence(
        &self,
        request: Request<ListStruggleEvidenceRequest>,
    ) -> Result<ListStruggleEvidenceResponse, Error> {
        let (call, reading) = (Call::of(request)?, self.0.reading());
        let log = reading.log_identity();
        let query = shown_by::Query::of(&call, &log)?;
        let including = Including {
            min_position: &call.message.min_position,
            latest: call.message.latest,
        };
        let until = call.read_until();
        let through = query.paging().reach(reading, including, until).await?;
        let list = move |store: &Store| query.list(store, (&through, &log));
        reading.run(list).await
    }

    async fn report_knowledge(
        &self,
        request: Request<KnowledgeReportRequest>,
    ) -> Result<KnowledgeReportResponse, Error> {
        let (call, reading) = (Call::of(request)?, self.0.reading());
        let log = reading.log_identity();
        let query = measures::Query::of(&call, &log)?;
        let including = Including {
            min_position: &call.message.min_position,
            latest: call.message.latest,
        };
        let until = call.read_until();
        let through = query.paging().reach(reading, including, until).await?;
        let at_us = microseconds(self.0.deps().clock.now());
        let report = move |store: &Store| {
            let (rows, next, worth_writing) = measures::report(store, &query, at_us)?;
            Ok::<_, Error>(KnowledgeReportResponse {
                rows,
                worth_writing,
                next_page_token: query.paging().token(&log, &through.positions, next),
                complete_through: through.position(log),
                complete_through_at: through.time(),
            })
        };
        reading.run(report).await
    }
}

#[tonic::async_trait]
impl SearchService for Searches {
    async fn search_solutions(
        &self,
        request: Request<SearchSolutionsRequest>,
    ) -> Result<Response<SearchSolutionsResponse>, Status> {
        answer(finding::find(&self.0, request).await)
    }

    async fn report_search(
        &self,
        request: Request<ReportSearchRequest>,
    ) -> Result<Response<ReportSearchResponse>, Status> {
        answer(self.report(request).await)
    }

    async fn list_struggles(
        &self,
        request: Request<ListStrugglesRequest>,
    ) -> Result<Response<ListStrugglesResponse>, Status> {
        answer(self.struggles(request).await)
    }

    async fn list_struggle_evidence(
        &self,
        request: Request<ListStruggleEvidenceRequest>,
    ) -> Result<Response<ListStruggleEvidenceResponse>, Status> {
        answer(self.evidence(request).await)
    }

    async fn knowledge_report(
        &self,
        request: Request<KnowledgeReportRequest>,
    ) -> Result<Response<KnowledgeReportResponse>, Status> {
        answer(self.report_knowledge(request).await)
    }

    async fn sample_links(
        &self,
        request: Request<SampleLinksRequest>,
    ) -> Result<Response<SampleLinksResponse>, Status> {
        answer(self.sample(request).await)
    }

    async fn judge_link(
        &self,
        request: Request<JudgeLinkRequest>,
    ) -> Result<Response<JudgeLinkResponse>, Status> {
        answer(self.judge(request).await)
    }
}
