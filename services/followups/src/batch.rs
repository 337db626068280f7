//! The same with several promises: each is decided, written and answered by a command of its own, under an id that
//! follows from the request's, so that a repetition does nothing twice.

use std::collections::BTreeSet;

use aftercall_domain::Violations;
use aftercall_proto::followups::v1::batch_commitments_request::Command;
use aftercall_proto::followups::v1::{
    BatchCommitmentsRequest, BatchCommitmentsResponse, BatchTarget, BatchedCommitment,
};
use aftercall_proto::model::v1::Commitment;
use aftercall_service::{ANSWER_BYTES_MAX, Call, Checker, Permissions, to_status};
use aftercall_view::{ApplyError, Positions};
use futures::StreamExt;
use prost::Message;

use crate::command::{self, Done, PromiseCommand};
use crate::failure::Refused;
use crate::followups::Followups;
use crate::limits::BATCH_MAX;

/// How many promises are written at a time.
pub(crate) const BESIDE: usize = 16;

/// The longest id of a request, so that each promise's own fits behind it.
pub(crate) const REQUEST_ID_BYTES_MAX: usize = 80;

/// How much of a promise's id its request's own id tells; of a longer one, a hash stands there.
const COMMITMENT_ID_BYTES_MAX: usize = 40;

/// The service whose methods the commands are.
const SERVICE: &str = "aftercall.followups.v1.FollowupService";

/// Answers `call`.
pub(crate) async fn run(
    followups: &Followups,
    call: Call<BatchCommitmentsRequest>,
) -> Result<BatchCommitmentsResponse, Refused> {
    let (wish, targets) = check(&call)?;
    let done = targets.iter().cloned().map(|target| {
        let request_id = request_id_of(&call.message.request_id, &target.commitment_id);
        let single = Call {
            principal: call.principal.clone(),
            access: call.access,
            deadline: call.deadline,
            message: (wish.clone(), request_id, target),
        };
        async move {
            let single = single.try_map(|(wish, request_id, target)| {
                let BatchTarget {
                    commitment_id,
                    expected_version,
                } = target;
                single_of(wish, request_id, &commitment_id, expected_version)
            });
            command::run(followups, single?).await
        }
    });
    let done: Vec<_> = futures::stream::iter(done).buffered(BESIDE).collect().await;
    let reading = followups.reading();
    let (mut reached, mut room) = (Positions::default(), ANSWER_BYTES_MAX);
    let mut commitments = Vec::new();
    for (target, done) in targets.iter().zip(done) {
        let mut told = BatchedCommitment {
            commitment_id: target.commitment_id.clone(),
            ..BatchedCommitment::default()
        };
        match done {
            Ok(Done {
                answer,
                position,
                warnings,
            }) => {
                reached = reached.union(&reading.positions("position", &position)?);
                told.position = position;
                told.warnings = warnings.into_iter().map(Into::into).collect();
                if let Some(left) = room.checked_sub(answer.len()) {
                    room = left;
                    let commitment = Commitment::decode(answer).map_err(ApplyError::record)?;
                    told.commitment = Some(commitment);
                }
            }
            Err(refused) => {
                told.status = Some(aftercall_proto::status::to_wire(&to_status(refused)));
            }
        }
        commitments.push(told);
    }
    Ok(BatchCommitmentsResponse {
        commitments,
        position: reached.encode(reading.log_identity()),
    })
}

/// What is to be done with which promises, if the request makes sense and the caller may do it at all.
fn check(call: &Call<BatchCommitmentsRequest>) -> Result<(&Command, &[BatchTarget]), Refused> {
    let BatchCommitmentsRequest {
        request_id,
        targets,
        command,
    } = &call.message;
    let mut checker = Checker::new();
    checker.required_id("request_id", request_id);
    if request_id.len() > REQUEST_ID_BYTES_MAX {
        checker.found().too_long("request_id", REQUEST_ID_BYTES_MAX);
    }
    if targets.is_empty() {
        checker.found().required("targets");
    }
    if checker.few("targets", targets.len(), BATCH_MAX) {
        let mut met = BTreeSet::new();
        for (place, BatchTarget { commitment_id, .. }) in targets.iter().enumerate() {
            let field = format!("targets[{place}].commitment_id");
            checker.required_id(&field, commitment_id);
            if !met.insert(commitment_id) {
                checker.conflicting(&field, "stands there before; name each promise once");
            }
        }
    }
    let Some(command) = command else {
        checker.found().required("command");
        return Err(checker.into_found().into());
    };
    let about = About::of(command);
    let any_of = Permissions::default().of(&format!("/{SERVICE}/{}", about.method));
    call.principal.require_any(any_of.unwrap_or_default())?;
    for (field, is_given) in [
        ("request_id", about.has_request_id),
        ("commitment_id", about.has_commitment_id),
        ("expected_version", about.has_version),
    ] {
        if is_given {
            let field = format!("{}.{field}", about.field);
            checker.conflicting(&field, "stands in the batch; leave it empty here");
        }
    }
    // What is wrong with the command itself is told once, and not for each promise.
    let tried = single_of(command.clone(), "0".to_owned(), "0", 0);
    if let Err(Refused::Invalid(found)) = tried {
        checker.found().extend(below(about.field, &found));
    }
    Ok(checker.done((command, targets.as_slice()))?)
}

/// What is wrong with a command, as the batch names it.
fn below(field: &str, found: &Violations) -> Violations {
    let mut below = Violations::new();
    for one in found.as_slice() {
        let description = one.description.clone();
        below.add(format!("{field}.{}", one.field), one.reason, description);
    }
    below
}

/// The id of the request that is about one promise of several.
pub(crate) fn request_id_of(request_id: &str, commitment_id: &str) -> String {
    if commitment_id.len() <= COMMITMENT_ID_BYTES_MAX {
        return format!("{request_id}/{commitment_id}");
    }
    let hash = blake3::hash(commitment_id.as_bytes()).to_hex();
    let short: String = hash.chars().take(COMMITMENT_ID_BYTES_MAX).collect();
    format!("{request_id}/{short}")
}

/// Which command it is, and what of it stands in the batch.
struct About {
    method: &'static str,
    field: &'static str,
    has_request_id: bool,
    has_commitment_id: bool,
    has_version: bool,
}

macro_rules! commands {
    ($($command:ident $field:literal $method:literal;)+) => {
        impl About {
            fn of(command: &Command) -> Self {
                match command {
                    $(Command::$command(request) => Self {
                        method: $method,
                        field: $field,
                        has_request_id: !request.request_id.is_empty(),
                        has_commitment_id: !request.commitment_id.is_empty(),
                        has_version: request.expected_version != 0,
                    },)+
                }
            }
        }

        /// The command about one promise.
        fn single_of(
            command: Command,
            request_id: String,
            commitment_id: &str,
            expected_version: u64,
        ) -> Result<PromiseCommand, Refused> {
            match command {
                $(Command::$command(mut request) => {
                    request.request_id = request_id;
                    commitment_id.clone_into(&mut request.commitment_id);
                    request.expected_version = expected_version;
                    request.try_into()
                })+
            }
        }
    };
}

commands! {
    Fulfil "fulfil" "FulfilCommitment";
    Cancel "cancel" "CancelCommitment";
    Reschedule "reschedule" "RescheduleCommitment";
    Confirm "confirm" "ConfirmCommitment";
    Dismiss "dismiss" "DismissCommitment";
    Pause "pause" "PauseCommitment";
    Resume "resume" "ResumeCommitment";
    Reassign "reassign" "ReassignCommitment";
    AcceptHandover "accept_handover" "AcceptHandover";
    EndHandover "end_handover" "EndHandover";
    RecordAttempt "record_attempt" "RecordAttempt";
    RequestWaiver "request_waiver" "RequestWaiver";
    Waive "waive" "WaiveCommitment";
    DeclineWaiver "decline_waiver" "DeclineWaiver";
    Supersede "supersede" "SupersedeCommitment";
    EndRecurrence "end_recurrence" "EndRecurrence";
}
