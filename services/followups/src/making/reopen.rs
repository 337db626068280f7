//! A promise is taken up again after its end.

use aftercall_domain::commitment::{Commitment, Reopens};
use aftercall_domain::due::DueSpec;
use aftercall_domain::limits::TEXT_BYTES_MAX;
use aftercall_domain::{Cleaner, CommitmentId, FieldPath, Scope, Violations, Warning};
use aftercall_proto::convert::due;
use aftercall_proto::followups::v1::{ReopenCommitmentRequest, ReopenCommitmentResponse};
use aftercall_proto::model::v1 as wire;
use aftercall_service::command::Decision;
use aftercall_service::seal::RequestHash;
use aftercall_service::{Call, Checker};
use aftercall_view::{ApplyError, Store};
use jiff::Timestamp;
use prost::Message;

use super::{Basis, Done, Maker, check_one_due};
use crate::command::actor;
use crate::contacts::Contacts;
use crate::failure::Refused;
use crate::followups::Followups;
use crate::{odd, stored};

/// Takes a promise up again.
pub(crate) async fn reopen(
    followups: &Followups,
    call: Call<ReopenCommitmentRequest>,
) -> Result<ReopenCommitmentResponse, Refused> {
    let (until, scope) = (call.write_until(), call.scope());
    let asked = Asked::read(followups, call, scope)?;
    let reading = followups.reading();
    let done = aftercall_service::command::run(reading, followups.clock(), asked, until).await?;
    let commitment = wire::Commitment::decode(done.promise).map_err(ApplyError::record)?;
    Ok(ReopenCommitmentResponse {
        commitment: Some(commitment),
        position: done.position,
        warnings: done.warnings.into_iter().map(Into::into).collect(),
    })
}

/// What is wrong with a request, whichever promise it is about.
///
/// # Errors
/// That.
pub(crate) fn check_reopening(request: &ReopenCommitmentRequest) -> Result<(), Violations> {
    let wanted = Wanted::try_from(request.clone())?;
    let mut found = Violations::new();
    if let Some(due) = wanted.due {
        due::read(due, "", FieldPath::of("due"), &mut found);
    }
    found.into_result(())
}

/// What is asked for, checked as far as it can be without the promise.
struct Wanted {
    /// Its id, and what tells a repetition from another request.
    request: (String, RequestHash),
    commitment_id: CommitmentId,
    expected_version: u64,
    reason: String,
    promised_by: Option<Timestamp>,
    due: Option<wire::DueSpec>,
    told_to_customer: bool,
    /// What was dropped from the reason.
    warnings: Vec<Warning>,
}

/// Who asks for what.
struct Asked {
    maker: Maker,
    /// Whose promises they see: to them there are no others.
    scope: Scope,
    contacts: Contacts,
    wanted: Wanted,
}

impl TryFrom<ReopenCommitmentRequest> for Wanted {
    type Error = Violations;

    fn try_from(message: ReopenCommitmentRequest) -> Result<Self, Violations> {
        // Its event is that of a promise that is made: so it is told from a request to make one.
        let hash = RequestHash::of_method("ReopenCommitment", &message);
        let ReopenCommitmentRequest {
            request_id,
            commitment_id,
            expected_version,
            mut reason,
            promised_by,
            due,
            told_to_customer,
        } = message;
        let mut cleaner = Cleaner::default();
        cleaner.text(FieldPath::of("reason"), &mut reason);
        let mut checker = Checker::new();
        checker.required_id("request_id", &request_id);
        checker.required_id("commitment_id", &commitment_id);
        checker.required_text("reason", &reason, TEXT_BYTES_MAX);
        let by = checker.time("promised_by", promised_by.as_ref());
        check_one_due(&mut checker, promised_by.is_some(), due.is_some());
        checker.done(())?;
        Ok(Self {
            request: (request_id, hash),
            commitment_id: CommitmentId::read(&commitment_id),
            expected_version,
            reason,
            promised_by: by,
            due,
            told_to_customer,
            warnings: cleaner.into_warnings(),
        })
    }
}

impl Asked {
    fn read(
        followups: &Followups,
        call: Call<ReopenCommitmentRequest>,
        scope: Scope,
    ) -> Result<Self, Refused> {
        let wanted = Wanted::try_from(call.message)?;
        Ok(Self {
            maker: Maker::new(followups, call.principal, wanted.request.clone()),
            scope,
            contacts: followups.contacts().clone(),
            wanted,
        })
    }

    /// Where the new promise stands: where the old one does.
    fn basis(
        &self,
        store: &Store,
        (old, of): (&Commitment, u64),
        now: Timestamp,
    ) -> Result<Basis, Refused> {
        let tenant_id = self.maker.tenant_id();
        let basis = Basis::of_promise((store, &self.contacts), tenant_id, (old, of), now)?;
        Ok(Basis {
            reopens: Some(Reopens {
                commitment_id: old.commitment_id.clone(),
                reason: self.wanted.reason.clone(),
            }),
            ..basis
        })
    }

    /// The new due: an instant, or as people say it.
    fn due(
        &self,
        time_zone: &str,
        now: Timestamp,
        found: &mut Violations,
    ) -> (Timestamp, Option<DueSpec>) {
        let due = self.wanted.due.clone();
        let due = due.and_then(|due| due::read(due, time_zone, FieldPath::of("due"), found));
        (self.wanted.promised_by.unwrap_or(now), due)
    }
}

impl Asked {
    /// The answer, with what is odd about the new promise's due.
    fn warned(&self, done: Done) -> Result<Done, Refused> {
        let promise = wire::Commitment::decode(done.promise.clone()).map_err(ApplyError::record)?;
        let by = (self.maker.tenant_id(), &self.maker.calendars);
        let mut warnings = done.warnings;
        warnings.extend(odd::of_made(&promise, by)?);
        Ok(Done { warnings, ..done })
    }
}

impl aftercall_service::command::Command for Asked {
    type Done = Done;
    type Refusal = Refused;

    fn decide(&self, store: &Store, now: Timestamp) -> Result<Decision<Done>, Refused> {
        let tenant_id = self.maker.tenant_id();
        let meant = stored::meant(store, (tenant_id, &self.scope), &self.wanted.commitment_id)?;
        let (old, of) = meant.ok_or(Refused::NotFound)?;
        if let Some(done) = self.maker.repetition(store, self.wanted.warnings.clone())? {
            return Ok(Decision::Done(self.warned(done)?));
        }
        if ![0, old.version].contains(&self.wanted.expected_version) {
            return Err(Refused::VersionMismatch {
                current: old.version,
            });
        }
        let who = actor(&self.maker.principal);
        let mut draft = old
            .reopen(self.wanted.told_to_customer, who, now)
            .map_err(|refusal| Refused::by_rule(refusal, &old.commitment_id))?;
        let mut found = Violations::new();
        (draft.promised_by, draft.due) = self.due(&old.time_zone, now, &mut found);
        let basis = self.basis(store, (&old, of), now)?;
        let at = (FieldPath::ROOT, found, now);
        // What is odd about it is told once it is made: see `warned`.
        let (draft, _) = self.maker.complete(draft, &basis, at)?;
        let record = self.maker.record(draft, &basis, now)?;
        Ok(Decision::Append(Box::new(record)))
    }
}
