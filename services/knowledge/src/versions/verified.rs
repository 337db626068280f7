//! That what a version says was checked before it is live again, and until when it has to be checked once more.

use aftercall_domain::Violations;
use aftercall_domain::limits::{LINE_BYTES_MAX, SECONDS_PER_DAY, VERIFY_DAYS_MAX};
use aftercall_domain::violation::Reason;
use aftercall_proto::convert::time::{from_wire, to_wire};
use aftercall_proto::model::v1::{Governance, Solution, SolutionVerification};
use aftercall_service::Checker;
use jiff::{SignedDuration, Timestamp};
use pbjson_types::Timestamp as WireTimestamp;

use super::Standing;
use crate::failure::{Error, Unsolved};

/// Checks what a request says of a verification.
pub(super) fn check(checker: &mut Checker, against: &str, verify_by: Option<&WireTimestamp>) {
    checker.text("verified_against", against, LINE_BYTES_MAX);
    checker.time("verify_by", verify_by);
    if verify_by.is_some() && against.trim().is_empty() {
        let text =
            "is the end of a verification; say what it was checked against as verified_against";
        checker.conflicting("verify_by", text);
    }
}

/// Until when a version has to be verified once it is live again: what is said now, or else what it says already. Who
/// says no more than what it was checked against does not make it last for ever.
pub(super) fn until(
    said: Option<&WireTimestamp>,
    solution: &Solution,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let said = said.and_then(from_wire);
    if said.is_some_and(|said| said <= now) {
        return Err(Unsolved::VerificationDue.into());
    }
    let days = SignedDuration::from_secs(VERIFY_DAYS_MAX * SECONDS_PER_DAY);
    let latest = now.saturating_add(days).unwrap_or(Timestamp::MAX);
    let mut found = Violations::new();
    if said.is_some_and(|said| said > latest) {
        let text = format!("is more than {VERIFY_DAYS_MAX} days ahead; give an earlier time");
        found.add("verify_by", Reason::InFuture, text);
    }
    let until = said.or_else(|| solution.verify_by.as_ref().and_then(from_wire));
    if until.is_none() && solution.governance() == Governance::ComplianceBased {
        let text = "is required for COMPLIANCE_BASED solutions; say until when it has to be verified again, and what \
                    it was checked against as verified_against";
        found.add("verify_by", Reason::Required, text);
    }
    Ok(found.into_result(until)?)
}

/// That it was checked now, where it was.
pub(super) fn now(standing: &Standing<'_>, against: &str) -> Option<SolutionVerification> {
    let is_verified = !against.trim().is_empty();
    is_verified.then(|| SolutionVerification {
        at: Some(to_wire(standing.now)),
        by: standing.viewer.principal.actor_id.to_string(),
        against: against.to_owned(),
    })
}
