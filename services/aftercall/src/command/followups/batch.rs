//! The same command for one promise, or for several at once.

use std::io;

use aftercall_client::Rpc;
use aftercall_proto::followups::v1::batch_commitments_request::Command;
use aftercall_proto::followups::v1::{
    AcceptHandoverRequest, BatchCommitmentsRequest, BatchCommitmentsResponse, BatchTarget,
    CancelCommitmentRequest, ConfirmCommitmentRequest, DeclineWaiverRequest,
    DismissCommitmentRequest, EndHandoverRequest, EndRecurrenceRequest, FulfilCommitmentRequest,
    PauseCommitmentRequest, ReassignCommitmentRequest, RecordAttemptRequest,
    ReopenCommitmentRequest, RequestWaiverRequest, RescheduleCommitmentRequest,
    ResumeCommitmentRequest, SetDependenciesRequest, SupersedeCommitmentRequest,
    WaiveCommitmentRequest,
};
use aftercall_proto::model::v1::{Commitment, Warning};
use serde::Serialize;

use super::card;
use crate::command::{CommandError, Session, promise};
use crate::output::{Cell, Column, Output, Style, Table};

/// How many promises one request is about; the rest is asked for in further ones.
const AT_ONCE_MAX: usize = 100;

/// Which promises a command is about.
#[derive(Debug, clap::Args)]
pub(super) struct Target {
    /// The promise's id, or those of several
    #[arg(required = true, value_name = "COMMITMENT")]
    commitments: Vec<String>,
    /// Refuses if the promise has changed since this version; with one promise alone
    #[arg(
        long,
        value_name = "VERSION",
        default_value_t = 0,
        hide_default_value = true
    )]
    expected_version: u64,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

/// A command about one promise.
pub(super) trait Single: Rpc {
    /// Says which promise it is about.
    fn name_it(&mut self, request_id: String, commitment_id: String, expected_version: u64);

    /// The same for several.
    fn batched(self) -> Command;

    /// The promise as the command left it, and what was not taken as it was sent.
    fn left(answer: &Self::Answer) -> (Option<&Commitment>, &[Warning]);
}

macro_rules! singles {
    ($($request:ident: $command:ident;)+) => {$(
        impl Single for $request {
            fn name_it(&mut self, request_id: String, commitment_id: String, version: u64) {
                self.request_id = request_id;
                self.commitment_id = commitment_id;
                self.expected_version = version;
            }

            fn batched(self) -> Command {
                Command::$command(self)
            }

            fn left(answer: &Self::Answer) -> (Option<&Commitment>, &[Warning]) {
                (answer.commitment.as_ref(), &answer.warnings)
            }
        }
    )+};
}

singles! {
    FulfilCommitmentRequest: Fulfil;
    CancelCommitmentRequest: Cancel;
    RescheduleCommitmentRequest: Reschedule;
    ConfirmCommitmentRequest: Confirm;
    DismissCommitmentRequest: Dismiss;
    PauseCommitmentRequest: Pause;
    ResumeCommitmentRequest: Resume;
    ReassignCommitmentRequest: Reassign;
    AcceptHandoverRequest: AcceptHandover;
    EndHandoverRequest: EndHandover;
    RecordAttemptRequest: RecordAttempt;
    RequestWaiverRequest: RequestWaiver;
    WaiveCommitmentRequest: Waive;
    DeclineWaiverRequest: DeclineWaiver;
    SupersedeCommitmentRequest: Supersede;
    EndRecurrenceRequest: EndRecurrence;
    ReopenCommitmentRequest: Reopen;
    SetDependenciesRequest: SetDependencies;
}

/// Does a command: for one promise by its own method, whose answer is the promise in full, for several at once.
pub(super) async fn act<R: Single>(
    session: &mut Session,
    target: Target,
    mut request: R,
) -> Result<(), CommandError>
where
    R::Answer: Serialize,
{
    let Target {
        mut commitments,
        expected_version,
        request_id,
    } = target;
    let request_id = request_id.unwrap_or_default();
    if commitments.len() > 1 {
        if expected_version != 0 {
            let text = "--expected-version is about one promise: name one alone, or leave it out";
            return Err(CommandError::Usage(text.to_owned()));
        }
        let targets = commitments.into_iter().map(|commitment_id| BatchTarget {
            commitment_id,
            ..BatchTarget::default()
        });
        let targets = targets.collect();
        return batch(session, targets, &request_id, request.batched()).await;
    }
    let commitment_id = commitments.pop().unwrap_or_default();
    request.name_it(request_id, commitment_id, expected_version);
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        let (commitment, warnings) = R::left(answer);
        card(commitment, warnings, output)
    })
}

/// Does the same with several promises, and prints what became of each.
pub(super) async fn batch(
    session: &mut Session,
    targets: Vec<BatchTarget>,
    request_id: &str,
    command: Command,
) -> Result<(), CommandError> {
    let mut refused = false;
    for (number, targets) in targets.chunks(AT_ONCE_MAX).enumerate() {
        let request = BatchCommitmentsRequest {
            request_id: match (request_id, number) {
                ("", _) | (_, 0) => request_id.to_owned(),
                _ => format!("{request_id}/{number}"),
            },
            targets: targets.to_vec(),
            command: Some(command.clone()),
        };
        let answer = session.client.call(request).await?;
        refused |= answer.commitments.iter().any(|one| one.status.is_some());
        session.tell(&answer, |answer, output| table(answer, targets, output))?;
    }
    match refused {
        true => Err(CommandError::Reported),
        false => Ok(()),
    }
}

fn table(
    answer: &BatchCommitmentsResponse,
    targets: &[BatchTarget],
    output: &mut Output,
) -> io::Result<()> {
    let mut table = Table::new([Column::id("promise"), Column::words("what became of it")]);
    for (one, target) in answer.commitments.iter().zip(targets) {
        let (what, style) = match (&one.status, &one.commitment) {
            (Some(status), _) => (status.message.clone(), Style::Bad),
            (None, Some(commitment)) => promise::standing(commitment),
            (None, None) => ("done".to_owned(), Style::Good),
        };
        // What was not made has no id: it is told by where and to whom it was to be made.
        let names = [
            &one.commitment_id,
            &target.interaction_id,
            &target.customer_id,
        ];
        let name = names.into_iter().find(|name| !name.is_empty());
        let name = name.unwrap_or(&one.commitment_id);
        table.row([Cell::from(name), Cell::styled(what, style)]);
    }
    table.print(output)
}
