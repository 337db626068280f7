//! Requests to decide on a candidate, checked.

use aftercall_domain::limits::LINE_BYTES_MAX;
use aftercall_domain::violation::Reason;
use aftercall_domain::{CandidateId, SolutionId, Violations};
use aftercall_proto::knowledge::v1::{
    ClaimCandidateRequest, MergeCandidateRequest, PutOffCandidateRequest, RejectCandidateRequest,
    ReleaseCandidateRequest,
};
use aftercall_service::Checker;
use aftercall_service::seal::RequestHash;
use jiff::{SignedDuration, Timestamp};

use super::{Act, Command};
use crate::limits::{CLAIM_DAYS, PUT_OFF_DAYS_MAX};

/// A request to take a candidate in hand.
pub(crate) fn claim(request: ClaimCandidateRequest, now: Timestamp) -> Result<Command, Violations> {
    let request_hash = RequestHash::of(&request);
    let named = (request.request_id, request.candidate_id);
    read(named, request_hash, |checker| {
        let until = checker.time("until", request.until.as_ref());
        if let Some(until) = until {
            check_until(until, (now, CLAIM_DAYS.0), checker);
        }
        Act::Claim { until }
    })
}

/// A request to offer a candidate again.
pub(crate) fn release(
    request: ReleaseCandidateRequest,
    _now: Timestamp,
) -> Result<Command, Violations> {
    let request_hash = RequestHash::of(&request);
    let named = (request.request_id, request.candidate_id);
    read(named, request_hash, |checker| {
        checker.text("reason", &request.reason, LINE_BYTES_MAX);
        let reason = request.reason;
        Act::Release { reason }
    })
}

/// A request to leave a candidate for later.
pub(crate) fn put_off(
    request: PutOffCandidateRequest,
    now: Timestamp,
) -> Result<Command, Violations> {
    let request_hash = RequestHash::of(&request);
    let named = (request.request_id, request.candidate_id);
    read(named, request_hash, |checker| {
        let until = checker.required_time("until", request.until.as_ref());
        if let Some(until) = until {
            check_until(until, (now, PUT_OFF_DAYS_MAX), checker);
        }
        checker.text("reason", &request.reason, LINE_BYTES_MAX);
        Act::PutOff {
            until: until.unwrap_or(now),
            reason: request.reason,
        }
    })
}

/// A request to say that a candidate teaches nothing.
pub(crate) fn reject(
    request: RejectCandidateRequest,
    _now: Timestamp,
) -> Result<Command, Violations> {
    let request_hash = RequestHash::of(&request);
    let named = (request.request_id, request.candidate_id);
    read(named, request_hash, |checker| {
        checker.required_text("reason", &request.reason, LINE_BYTES_MAX);
        let reason = request.reason;
        Act::Reject { reason }
    })
}

/// A request to merge a candidate into a solution.
pub(crate) fn merge(
    request: MergeCandidateRequest,
    _now: Timestamp,
) -> Result<Command, Violations> {
    let request_hash = RequestHash::of(&request);
    let named = (request.request_id, request.candidate_id);
    read(named, request_hash, |checker| {
        checker.required_id("solution_id", &request.solution_id);
        let solution_id = SolutionId::read(&request.solution_id).into_string();
        Act::Merge { solution_id }
    })
}

/// Checks what all of them have; `act` reads what is its own.
fn read(
    (request_id, candidate_id): (String, String),
    request_hash: RequestHash,
    act: impl FnOnce(&mut Checker) -> Act,
) -> Result<Command, Violations> {
    let mut checker = Checker::new();
    checker.required_id("request_id", &request_id);
    checker.required_id("candidate_id", &candidate_id);
    let act = act(&mut checker);
    checker.done(Command {
        request_id,
        request_hash,
        candidate_id: CandidateId::read(&candidate_id).into_string(),
        act,
    })
}

/// A repetition may come later than the time that it asks for, so that alone is decided with the state at hand: what is
/// checked here is only how far ahead it is.
fn check_until(until: Timestamp, (now, days_max): (Timestamp, i64), checker: &mut Checker) {
    let latest = now.saturating_add(SignedDuration::from_hours(24 * days_max));
    if latest.is_ok_and(|latest| until > latest) {
        let text = format!("lies more than {days_max} days ahead; give an earlier time");
        checker.add("until", Reason::InFuture, text);
    }
}
