//! What is done with one promise of a batch.

use aftercall_proto::followups::v1::batch_commitments_request::Command;
use aftercall_proto::followups::v1::{
    BatchTarget, MakeCommitmentRequest, MakeCommitmentResponse, ReopenCommitmentRequest,
    ReopenCommitmentResponse,
};
use aftercall_proto::model::v1::{Commitment, Warning};
use aftercall_service::Call;
use aftercall_view::ApplyError;
use prost::Message;

use crate::command::{self, PromiseCommand};
use crate::failure::Refused;
use crate::followups::Followups;
use crate::making;

/// What is to be done with one promise.
pub(super) enum Single {
    /// Something becomes of it.
    Promise(Box<PromiseCommand>),
    /// It is made.
    Make(Box<MakeCommitmentRequest>),
    /// It is taken up again.
    Reopen(Box<ReopenCommitmentRequest>),
}

/// What became of one promise.
pub(super) struct Outcome {
    /// The promise, or the one that was made.
    pub(super) commitment: Commitment,
    /// Where the change stands, as a token.
    pub(super) position: String,
    /// What of it was not taken as it was sent, and what is odd about its due.
    pub(super) warnings: Vec<Warning>,
}

/// Which command it is, and what of it stands in the batch.
pub(super) struct About {
    pub(super) method: &'static str,
    pub(super) field: &'static str,
    /// The fields that stand in the batch, and that the command has, too.
    pub(super) given: Vec<&'static str>,
}

/// Does it.
pub(super) async fn run(followups: &Followups, call: Call<Single>) -> Result<Outcome, Refused> {
    let Call {
        principal,
        access,
        deadline,
        message,
    } = call;
    match message {
        Single::Promise(command) => {
            let call = Call {
                principal,
                access,
                deadline,
                message: *command,
            };
            let done = command::run(followups, call).await?;
            Ok(Outcome {
                commitment: Commitment::decode(done.answer).map_err(ApplyError::record)?,
                position: done.position,
                warnings: done.warnings.into_iter().map(Into::into).collect(),
            })
        }
        Single::Make(request) => {
            let call = Call {
                principal,
                access,
                deadline,
                message: *request,
            };
            let MakeCommitmentResponse {
                commitment,
                position,
                warnings,
            } = making::make(followups, call).await?;
            Ok(Outcome {
                commitment: commitment.unwrap_or_default(),
                position,
                warnings,
            })
        }
        Single::Reopen(request) => {
            let call = Call {
                principal,
                access,
                deadline,
                message: *request,
            };
            let ReopenCommitmentResponse {
                commitment,
                position,
                warnings,
            } = making::reopen(followups, call).await?;
            Ok(Outcome {
                commitment: commitment.unwrap_or_default(),
                position,
                warnings,
            })
        }
    }
}

/// What is wrong with a command, whichever promise it is about.
pub(super) fn try_out(command: Command) -> Result<(), Refused> {
    let target = BatchTarget {
        commitment_id: "0".to_owned(),
        interaction_id: "0".to_owned(),
        ..BatchTarget::default()
    };
    match Single::of(command, "0".to_owned(), &target)? {
        Single::Promise(_) => Ok(()),
        Single::Make(request) => Ok(making::check_making(&request)?),
        Single::Reopen(request) => Ok(making::check_reopening(&request)?),
    }
}

/// The names of those fields that are given.
fn given<const N: usize>(fields: [(&'static str, bool); N]) -> Vec<&'static str> {
    let given = fields.into_iter().filter(|(_, is_given)| *is_given);
    given.map(|(field, _)| field).collect()
}

/// The fields of a command about a promise that there is.
macro_rules! given_of {
    ($request:ident) => {
        given([
            ("request_id", !$request.request_id.is_empty()),
            ("commitment_id", !$request.commitment_id.is_empty()),
            ("expected_version", $request.expected_version != 0),
        ])
    };
}

/// Has a command speak of one promise.
macro_rules! speak_of {
    ($request:ident, $request_id:ident, $target:ident) => {
        $request.request_id = $request_id;
        $target
            .commitment_id
            .clone_into(&mut $request.commitment_id);
        $request.expected_version = $target.expected_version;
    };
}

macro_rules! commands {
    ($($command:ident $field:literal $method:literal;)+) => {
        impl About {
            pub(super) fn of(command: &Command) -> Self {
                match command {
                    $(Command::$command(request) => Self {
                        method: $method,
                        field: $field,
                        given: given_of!(request),
                    },)+
                    Command::Reopen(request) => Self {
                        method: "ReopenCommitment",
                        field: "reopen",
                        given: given_of!(request),
                    },
                    Command::Make(request) => Self {
                        method: "MakeCommitment",
                        field: "make",
                        given: given([
                            ("request_id", !request.request_id.is_empty()),
                            ("interaction_id", !request.interaction_id.is_empty()),
                            ("customer_id", !request.customer_id.is_empty()),
                        ]),
                    },
                }
            }
        }

        impl Single {
            /// What is to be done with one promise.
            pub(super) fn of(
                command: Command,
                request_id: String,
                target: &BatchTarget,
            ) -> Result<Self, Refused> {
                match command {
                    $(Command::$command(mut request) => {
                        speak_of!(request, request_id, target);
                        let command: PromiseCommand = request.try_into()?;
                        Ok(Self::Promise(Box::new(command)))
                    })+
                    Command::Reopen(mut request) => {
                        speak_of!(request, request_id, target);
                        Ok(Self::Reopen(Box::new(request)))
                    }
                    Command::Make(mut request) => {
                        request.request_id = request_id;
                        target.interaction_id.clone_into(&mut request.interaction_id);
                        target.customer_id.clone_into(&mut request.customer_id);
                        Ok(Self::Make(Box::new(request)))
                    }
                }
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
    SetDependencies "set_dependencies" "SetDependencies";
}
