//! What the commands on a solution have in common: which of them it is, of which solution, and why.

use aftercall_domain::limits::TEXT_BYTES_MAX;
use aftercall_domain::violation::Reason;
use aftercall_proto::knowledge::v1::{
    ApproveVersionRequest, DiscardDraftRequest, FlagSolutionRequest, PublishVersionRequest,
    RecallVersionRequest, RequestChangesRequest, ResolveFlagRequest, RestoreSolutionRequest,
    RetireSolutionRequest, RollBackRequest, SubmitForReviewRequest, TakeBackRequest,
    UnmergeSolutionRequest, ValidateSolutionRequest, VerifySolutionRequest,
};
use aftercall_service::Checker;
use aftercall_service::seal::RequestHash;
use prost::Message;

use super::{Named, canonical};

/// A request to do something with a solution.
pub(crate) trait Sent: Message {
    /// The method that it is sent to: several make events of one type, and two of them may be sent the same.
    const METHOD: &'static str;

    /// Its own id, the solution's, and how that is expected to stand.
    fn ids(&self) -> (&str, &str, u64);
}

macro_rules! sent {
    ($($request:ident: $method:literal;)+) => {$(
        impl Sent for $request {
            const METHOD: &'static str = $method;

            fn ids(&self) -> (&str, &str, u64) {
                (&self.request_id, &self.solution_id, self.expected_sequence)
            }
        }
    )+};
}

sent! {
    SubmitForReviewRequest: "SubmitForReview";
    RequestChangesRequest: "RequestChanges";
    TakeBackRequest: "TakeBack";
    DiscardDraftRequest: "DiscardDraft";
    ApproveVersionRequest: "ApproveVersion";
    PublishVersionRequest: "PublishVersion";
    RollBackRequest: "RollBack";
    RetireSolutionRequest: "RetireSolution";
    RestoreSolutionRequest: "RestoreSolution";
    UnmergeSolutionRequest: "UnmergeSolution";
    FlagSolutionRequest: "FlagSolution";
    ResolveFlagRequest: "ResolveFlag";
    VerifySolutionRequest: "VerifySolution";
    ValidateSolutionRequest: "ValidateSolution";
    RecallVersionRequest: "RecallVersion";
}

/// Checks what every command on a solution says. A reason of which `needed` says so must be there.
pub(crate) fn named<R: Sent>(
    request: &R,
    version: Option<u32>,
    (field, reason, needed): (&str, &str, bool),
) -> (Named, Checker) {
    let (request_id, solution_id, expected_sequence) = request.ids();
    let mut checker = Checker::new();
    checker.required_id("request_id", request_id);
    checker.required_id("solution_id", solution_id);
    if version == Some(0) {
        let text = "is required; say which version, as it was read";
        checker.add("version", Reason::Required, text);
    }
    match needed {
        true => checker.required_text(field, reason, TEXT_BYTES_MAX),
        false => checker.text(field, reason, TEXT_BYTES_MAX),
    }
    let named = Named {
        request_id: request_id.to_owned(),
        hash: RequestHash::of_method(R::METHOD, request),
        solution_id: canonical(solution_id),
        expected_sequence,
    };
    (named, checker)
}
