//! What the server's settings say of messages, carried into each generated server.

use aftercall_proto::alerts::v1::alert_service_server::AlertServiceServer;
use aftercall_proto::encoded::history_service_server::HistoryServiceServer;
use aftercall_proto::followups::v1::calendar_feed_service_server::CalendarFeedServiceServer;
use aftercall_proto::followups::v1::followup_service_server::FollowupServiceServer;
use aftercall_proto::followups::v1::live_call_service_server::LiveCallServiceServer;
use aftercall_proto::history::v1::export_service_server::ExportServiceServer;
use aftercall_proto::insight::v1::insight_service_server::InsightServiceServer;
use aftercall_proto::insight::v1::problem_service_server::ProblemServiceServer;
use aftercall_proto::knowledge::v1::evidence_service_server::EvidenceServiceServer;
use aftercall_proto::knowledge::v1::knowledge_service_server::KnowledgeServiceServer;
use aftercall_proto::knowledge::v1::search_service_server::SearchServiceServer;
use aftercall_proto::knowledge::v1::solution_service_server::SolutionServiceServer;
use aftercall_proto::notify::v1::event_service_server::EventServiceServer;
use aftercall_proto::notify::v1::mail_service_server::MailServiceServer;
use aftercall_proto::notify::v1::webhook_service_server::WebhookServiceServer;
use aftercall_proto::operations::v1::operations_service_server::OperationsServiceServer;
use aftercall_proto::recorder::v1::call_service_server::CallServiceServer;
use aftercall_proto::recorder::v1::recorder_service_server::RecorderServiceServer;
use aftercall_proto::settings::v1::settings_service_server::SettingsServiceServer;
use tonic::codec::CompressionEncoding;

/// A generated server, before it is told how large a message may be.
pub trait Bounded {
    /// The same server, which takes messages of at most so many bytes, counted after they are
    /// decompressed, and compressed by gzip or not at all.
    #[must_use]
    fn bounded(self, message_bytes_max: usize) -> Self;
}

macro_rules! bounded {
    ($($server:ident),*) => {
        $(impl<T> Bounded for $server<T> {
            fn bounded(self, message_bytes_max: usize) -> Self {
                self.max_decoding_message_size(message_bytes_max)
                    .accept_compressed(CompressionEncoding::Gzip)
            }
        })*
    };
}

bounded!(
    AlertServiceServer,
    CalendarFeedServiceServer,
    CallServiceServer,
    EventServiceServer,
    EvidenceServiceServer,
    ExportServiceServer,
    FollowupServiceServer,
    HistoryServiceServer,
    InsightServiceServer,
    KnowledgeServiceServer,
    LiveCallServiceServer,
    MailServiceServer,
    OperationsServiceServer,
    ProblemServiceServer,
    RecorderServiceServer,
    SearchServiceServer,
    SettingsServiceServer,
    SolutionServiceServer,
    WebhookServiceServer
);
