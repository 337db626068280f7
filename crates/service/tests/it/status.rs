//! What a caller is told of a failure, and what not.

use std::time::Duration;

use aftercall_domain::Violations;
use aftercall_log::{AppendError, ReadError};
use aftercall_service::{
    Authenticator, Code, Failure, Internal, Precondition, Reason, chain, to_status,
};
use tonic_types::StatusExt;

use crate::probe::{SECRET, config, start};

/// A failure that uses all that a failure can say.
#[derive(Debug, thiserror::Error)]
#[error("the commitment is closed")]
struct Closed;

impl Failure for Closed {
    fn reason(&self) -> Reason {
        Reason::CommitmentAlreadyClosed
    }

    fn preconditions(&self) -> Vec<Precondition> {
        vec![Precondition {
            kind: "OPEN",
            subject: "commitments/7".to_owned(),
            description: "reopen it first".into(),
        }]
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        vec![("current_version", "9".to_owned())]
    }
}

#[test]
fn every_part_of_a_failure_has_its_detail() {
    let status = to_status(&Closed);
    assert_eq!(status.code(), tonic::Code::FailedPrecondition);
    assert_eq!(status.message(), "the commitment is closed");
    let info = status.get_details_error_info().unwrap();
    assert_eq!(
        (&*info.reason, &*info.domain),
        ("COMMITMENT_ALREADY_CLOSED", "aftercall")
    );
    assert_eq!(info.metadata["current_version"], "9");
    let preconditions = status
        .get_details_precondition_failure()
        .unwrap()
        .violations;
    assert_eq!(preconditions.len(), 1);
    assert_eq!(preconditions[0].r#type, "OPEN");
    assert_eq!(preconditions[0].subject, "commitments/7");
    assert_eq!(preconditions[0].description, "reopen it first");
}

/// A failure for any reason, that knows when to come again or not.
#[derive(Debug, thiserror::Error)]
#[error("no")]
struct Because(Reason, Option<Duration>);

impl Failure for Because {
    fn reason(&self) -> Reason {
        self.0
    }

    fn retry_after(&self) -> Option<Duration> {
        self.1
    }
}

#[test]
fn who_may_succeed_later_is_told_when_and_nobody_else() {
    let after = Duration::from_millis(1_500);
    for reason in Reason::ALL {
        for known in [None, Some(after)] {
            let told = to_status(Because(*reason, known)).get_details_retry_info();
            let delay = told.and_then(|told| told.retry_delay);
            let expected = match reason.code() {
                Code::ResourceExhausted | Code::Unavailable | Code::DeadlineExceeded => {
                    Some(known.unwrap_or(Duration::from_secs(1)))
                }
                _ => None,
            };
            assert_eq!(delay, expected, "{reason}");
        }
    }
}

#[tokio::test]
async fn more_violations_than_fit_are_counted() {
    let running = start(config(), Authenticator::development()).await;
    let status = running.call("Refuse").await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::InvalidArgument);
    assert!(status.message().len() <= 512, "{}", status.message().len());
    assert!(status.details().len() < 5_000, "{}", status.details().len());

    let violations = status.get_details_bad_request().unwrap().field_violations;
    assert_eq!(violations[0].field, "interaction.labels[0].value");
    assert_eq!(violations[0].reason, "TOO_LONG");
    assert!(violations[0].description.ends_with('…'));
    let omitted = &status.get_details_error_info().unwrap().metadata["violations_omitted"];
    assert_eq!(omitted.parse::<usize>().unwrap() + violations.len(), 120);
}

#[tokio::test]
async fn a_fault_says_nothing_of_its_cause() {
    let running = start(config(), Authenticator::development()).await;
    for method in ["Fault", "Panic"] {
        let status = running.call(method).await.unwrap_err();
        assert_eq!(status.code(), tonic::Code::Internal, "{method}");
        assert_eq!(status.get_details_error_info().unwrap().reason, "INTERNAL");
        assert!(!format!("{status:?}").contains(SECRET), "{status:?}");
    }
    let alive = running.call("WhoAmI").await;
    assert_eq!(alive.unwrap(), "default/developer");
}

#[tokio::test]
async fn a_stream_that_panics_ends_with_a_status() {
    let running = start(config(), Authenticator::development()).await;
    let mut stream = running.watch("WatchPanic").await;
    assert_eq!(stream.message().await.unwrap().unwrap(), "first");
    let status = stream.message().await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::Internal);
    assert!(!format!("{status:?}").contains(SECRET), "{status:?}");
}

#[test]
fn the_logs_refusals_say_whether_and_when_to_retry() {
    let after = Duration::from_millis(20);
    let full = AppendError::QueueFull { retry_after: after };
    assert_eq!(full.reason(), Reason::LogQueueFull);
    assert_eq!(full.reason().code(), Code::ResourceExhausted);
    assert_eq!(full.retry_after(), Some(after));

    let large = AppendError::TooLarge {
        index: 0,
        bytes: 9,
        bytes_max: 8,
    };
    assert_eq!(large.reason().code(), Code::InvalidArgument);
    let much = AppendError::TooMuch {
        records: 9,
        bytes: 9,
        records_max: 8,
        bytes_max: 8,
    };
    assert_eq!(much.reason(), Reason::MessageTooLarge);

    // What was not written and what may have been are told apart.
    let away = AppendError::Unavailable {
        retry_after: after,
        detail: "no leader".to_owned(),
    };
    let unknown = AppendError::Unknown(std::sync::Arc::new(Closed));
    for (error, reason) in [
        (AppendError::Closed, Reason::WriteInDoubt),
        (away, Reason::LogUnavailable),
        (unknown, Reason::WriteInDoubt),
    ] {
        assert_eq!(error.reason(), reason);
        assert!(error.reason().code().retryable());
    }
    let beyond = ReadError::OffsetOutOfRange { offset: 9, tail: 8 };
    assert_eq!(beyond.reason(), Reason::PositionInvalid);
    let corrupt = ReadError::Corrupt {
        offset: 9,
        detail: "bad checksum".to_owned(),
    };
    assert_eq!(corrupt.reason(), Reason::Internal);
}

#[test]
fn the_log_gets_the_whole_chain() {
    let fault = Internal::new(AppendError::Unknown(std::sync::Arc::new(Closed)));
    let text = chain(&fault).to_string();
    assert_eq!(
        text,
        "internal error: the append's outcome is unknown: the commitment is closed"
    );
}

#[test]
fn violations_are_a_failure_by_themselves() {
    let mut violations = Violations::new();
    violations.add(
        "page_size",
        aftercall_domain::violation::Reason::OutOfRange,
        "at most 1000",
    );
    let status = to_status(violations);
    assert_eq!(status.message(), "page_size: at most 1000");
    assert_eq!(
        status.get_details_error_info().unwrap().reason,
        "INVALID_REQUEST"
    );
}
