//! What a promise waits for.

use aftercall_domain::CommitmentId;
use aftercall_domain::limits::DEPENDENCIES_MAX;
use aftercall_domain::violation::Reason;
use aftercall_proto::followups::v1::SetDependenciesRequest;
use aftercall_service::Checker;
use aftercall_service::seal::RequestHash;

use super::{Head, Wish};
use crate::command::PromiseCommand;
use crate::failure::Refused;

impl TryFrom<SetDependenciesRequest> for PromiseCommand {
    type Error = Refused;

    fn try_from(request: SetDependenciesRequest) -> Result<Self, Refused> {
        let hash = RequestHash::of(&request);
        let SetDependenciesRequest {
            request_id,
            commitment_id,
            expected_version,
            depends_on,
        } = request;
        let head = Head {
            request_id,
            commitment_id,
            expected_version,
            hash,
        };
        let mut checker = Checker::new();
        head.check(&mut checker);
        let mut ids: Vec<String> = Vec::new();
        if checker.ids("depends_on", &depends_on, DEPENDENCIES_MAX) {
            for (place, id) in depends_on.iter().enumerate() {
                let id = CommitmentId::read(id).into_string();
                if ids.contains(&id) {
                    let text = "is there already; name each promise once";
                    checker.add(format!("depends_on[{place}]"), Reason::Conflicting, text);
                }
                ids.push(id);
            }
        }
        Ok(checker.done(head.command(Vec::new(), Wish::Depend(ids)))?)
    }
}
