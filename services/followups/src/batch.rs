//! The same with several promises: each is decided, written and answered by a command of its own, under an id that
//! follows from the request's, so that a repetition does nothing twice.

mod single;
mod targets;

use aftercall_domain::Violations;
use aftercall_proto::followups::v1::batch_commitments_request::Command;
use aftercall_proto::followups::v1::{
    BatchCommitmentsRequest, BatchCommitmentsResponse, BatchTarget, BatchedCommitment,
};
use aftercall_service::{ANSWER_BYTES_MAX, Call, Checker, Permissions, to_status};
use aftercall_view::Positions;
use futures::StreamExt;
use prost::Message;

use crate::failure::Refused;
use crate::followups::Followups;
use single::{About, Outcome, Single};

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
    let singles = targets.iter().map(|target| {
        let request_id = request_id_of(&call.message.request_id, &targets::name(target));
        Call {
            principal: call.principal.clone(),
            access: call.access,
            deadline: call.deadline,
            message: Single::of(wish.clone(), request_id, target),
        }
    });
    let singles: Vec<Call<Result<Single, Refused>>> = singles.collect();
    let done = singles.into_iter().map(|single| async move {
        single::run(followups, single.try_map(|single| single)?).await
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
            Ok(Outcome {
                commitment,
                position,
                warnings,
            }) => {
                reached = reached.union(&reading.positions("position", &position)?);
                (told.position, told.warnings) = (position, warnings);
                if told.commitment_id.is_empty() {
                    told.commitment_id.clone_from(&commitment.commitment_id);
                }
                if let Some(left) = room.checked_sub(commitment.encoded_len()) {
                    room = left;
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
    targets::check(targets, command.as_ref(), &mut checker);
    let Some(command) = command else {
        checker.found().required("command");
        return Err(checker.into_found().into());
    };
    let about = About::of(command);
    let any_of = Permissions::default().of(&format!("/{SERVICE}/{}", about.method));
    call.principal.require_any(any_of.unwrap_or_default())?;
    for field in about.given {
        let field = format!("{}.{field}", about.field);
        checker.conflicting(&field, "stands in the batch; leave it empty here");
    }
    // What is wrong with the command itself is told once, and not for each promise.
    if let Err(Refused::Invalid(found)) = single::try_out(command.clone()) {
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
