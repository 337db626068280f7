//! Which instant a due would be, and by which policy a promise with it would be followed up.

use aftercall_domain::due::{Calendars, DueSpec, DueWarning, Resolved, Telling};
use aftercall_domain::interaction::{CommitmentDraft, Surroundings};
use aftercall_domain::violation::Reason;
use aftercall_domain::{FieldPath, Violations, Warning, WarningReason};
use aftercall_proto::convert::commitment::read_draft;
use aftercall_proto::convert::due::{self as convert, working};
use aftercall_proto::convert::setting::channel;
use aftercall_proto::convert::time;
use aftercall_proto::followups::v1::{PreviewDueRequest, PreviewDueResponse, PreviewedPromise};
use aftercall_proto::model::v1 as wire;
use aftercall_service::{Call, Checker, Including, Principal};
use aftercall_view::Store;
use jiff::Timestamp;

use crate::failure::Refused;
use crate::followups::Followups;
use crate::making::{caller, follow_up};

/// Answers which instant a due would be, and our own one, if it is said of what sort the promise is.
pub(crate) async fn preview(
    followups: &Followups,
    call: Call<PreviewDueRequest>,
) -> Result<PreviewDueResponse, Refused> {
    let until = call.read_until();
    let (asked, including) = Asked::read(&call, followups.clock().now())?;
    let reading = followups.settings();
    let through = reading.store_at(including, until).await?;
    let (calendars, policies) = (followups.calendars().clone(), followups.policies().clone());
    let reckon = move |_: &Store| {
        let at = FieldPath::of("due");
        let tenant_id = &*asked.principal.tenant_id;
        let known = calendars.all(tenant_id, asked.spec.calendar_id())?;
        let told_at = asked.told_at;
        let telling = Telling {
            occurred_at: told_at,
            is_import: false,
        };
        let Resolved {
            at,
            resolution,
            warnings,
        } = asked.spec.resolve(at, telling, &known)?;
        let calendar = asked.spec.calendar_id().and_then(|id| known.calendar(id));
        let mut answer = PreviewDueResponse {
            promised_by: Some(time::to_wire(at)),
            working: Some(working(resolution.explain(told_at, at, calendar))),
            warnings: told("due", warnings),
            ..PreviewDueResponse::default()
        };
        if let Some(mut promise) = asked.promise(at) {
            let made = (asked.around(), told_at);
            let odd = follow_up(&mut promise, made, tenant_id, (&policies, &calendars))?;
            answer.warnings.extend(told("promise", odd));
            answer.policy = promise.policy.map(Into::into);
            answer.target = promise.target.map(Into::into);
        }
        Ok::<_, Refused>(answer)
    };
    let answer = reading.run(reckon).await?;
    Ok(PreviewDueResponse {
        complete_through: through.position(reading.log_identity()),
        complete_through_at: through.time(),
        ..answer
    })
}

/// What is odd about it, on the wire.
fn told(field: &str, odd: Vec<DueWarning>) -> Vec<wire::Warning> {
    let odd = odd.into_iter().map(|odd| Warning {
        field: field.to_owned(),
        reason: WarningReason::Due(odd),
        count: 1,
        detail: String::new(),
    });
    odd.map(Into::into).collect()
}

/// What is asked for.
struct Asked {
    principal: Principal,
    spec: DueSpec,
    told_at: Timestamp,
    /// What sort of promise it would be, and what is around it; none if nobody said it.
    promise: Option<(CommitmentDraft, Around)>,
}

/// What is around the promise, besides its maker.
struct Around {
    channel: wire::Channel,
    site_id: String,
    language: String,
}

impl Asked {
    fn read(
        call: &Call<PreviewDueRequest>,
        now: Timestamp,
    ) -> Result<(Self, Including<'_>), Refused> {
        let PreviewDueRequest {
            due,
            time_zone,
            occurred_at,
            min_position,
            latest,
            promise,
        } = &call.message;
        let at = FieldPath::of("due");
        let mut checker = Checker::new();
        let occurred_at = checker.time("occurred_at", occurred_at.as_ref());
        let told_at = occurred_at.unwrap_or(now);
        let promise = promise
            .clone()
            .map(|promise| read_promise(promise, told_at, &mut checker));
        let spec = match due.clone() {
            Some(due) => convert::read(due, time_zone, at, checker.found()),
            None => {
                checker.found().required(at);
                None
            }
        };
        let found: Violations = checker.into_found();
        match spec {
            Some(spec) if found.is_empty() => {
                let asked = Self {
                    principal: call.principal.clone(),
                    spec,
                    told_at,
                    promise,
                };
                let including = Including {
                    min_position,
                    latest: *latest,
                };
                Ok((asked, including))
            }
            _ => Err(found.into()),
        }
    }

    /// The promise as it would be made, due then.
    fn promise(&self, due: Timestamp) -> Option<CommitmentDraft> {
        let (draft, _) = self.promise.as_ref()?;
        Some(CommitmentDraft {
            promised_by: due,
            due: Some(self.spec.clone()),
            ..draft.clone()
        })
    }

    /// What would be around it: the caller makes it.
    fn around(&self) -> Surroundings<'_> {
        let (agent_id, team_id) = caller(&self.principal);
        let around = self.promise.as_ref().map(|(_, around)| around);
        Surroundings {
            agent_id,
            team_id,
            site_id: around.map_or("", |around| &around.site_id),
            channel: around.and_then(|around| channel(around.channel)),
            language: around.map_or("", |around| &around.language),
        }
    }
}

/// What sort of promise it would be. When it is due is said beside it.
fn read_promise(
    promise: PreviewedPromise,
    told_at: Timestamp,
    checker: &mut Checker,
) -> (CommitmentDraft, Around) {
    let PreviewedPromise {
        kind,
        kind_code,
        told_to_customer,
        owner,
        owner_team_id,
        priority,
        channel,
        site_id,
        language,
    } = promise;
    for (field, id) in [
        ("promise.kind_code", &kind_code),
        ("promise.owner_team_id", &owner_team_id),
        ("promise.site_id", &site_id),
        ("promise.language", &language),
    ] {
        checker.id(field, id);
    }
    let channel = match wire::Channel::try_from(channel) {
        Ok(channel) => channel,
        Err(_) => {
            let text = "is not a value that this server knows; see the proto for those it takes";
            checker.add("promise.channel", Reason::UnknownValue, text);
            wire::Channel::Unspecified
        }
    };
    let draft = wire::CommitmentDraft {
        kind,
        kind_code,
        told_to_customer,
        owner,
        owner_team_id,
        priority,
        promised_by: Some(time::to_wire(told_at)),
        ..wire::CommitmentDraft::default()
    };
    let draft = read_draft(draft, FieldPath::of("promise"), checker.found());
    let around = Around {
        channel,
        site_id,
        language,
    };
    (draft, around)
}
