//! What people say of how well a solution works: it is flagged, a flag is judged, it is verified, vouched for, or
//! recalled. Each is one event of the solution.

use aftercall_domain::FieldPath;
use aftercall_domain::ids::Namespace;
use aftercall_domain::limits::{SECONDS_PER_DAY, TEXT_BYTES_MAX};
use aftercall_domain::solution::confidence::is_expired;
use aftercall_domain::solution::correction::{Correction, Terms};
use aftercall_domain::solution::{HarmClass, VersionState};
use aftercall_domain::violation::Reason;
use aftercall_proto::convert::solution::{correction_of, read_correction};
use aftercall_proto::convert::time::{from_wire, to_wire};
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{
    EventType, SolutionConfidenceChanged, SolutionFlagResolved, SolutionFlagged, SolutionVerified,
    SolutionVersionRecalled,
};
use aftercall_proto::knowledge::v1::{
    FlagSolutionRequest, RecallVersionRequest, ResolveFlagRequest, ValidateSolutionRequest,
    VerifySolutionRequest,
};
use aftercall_proto::model::v1::{
    self as wire, Confidence, ConfidenceCause, SolutionFlag, SolutionFlagKind, SolutionFlagState,
    SourceCheck,
};
use aftercall_service::{Checker, Principal};
use jiff::{SignedDuration, Timestamp};

use super::{flags, recalled, standing};
use crate::failure::{Error, Unsolved};
use crate::limits::{HASH_BYTES_MAX, SOURCES_CHECKED_MAX, VERIFY_DAYS_MAX};
use crate::stats::{self, Numbers};
use crate::versions::{Act, Named, Standing, named, state};

/// The id of the flag that a request raises.
pub(super) fn flag_id(by: &Principal, solution_id: &str, request_id: &str) -> String {
    let parts = [&*by.tenant_id, solution_id, &*by.actor_id, request_id];
    Namespace::SolutionFlag
        .id(&parts.map(str::as_bytes))
        .to_string()
}

/// Somebody says that a version is wrong.
pub(super) struct Flag {
    flag_id: String,
    request: FlagSolutionRequest,
}

impl Flag {
    /// Checks the request.
    pub(super) fn of(
        request: &FlagSolutionRequest,
        by: &Principal,
    ) -> Result<(Named, Self), Error> {
        let (named, mut checker) = named(
            request,
            Some(request.version),
            ("note", &request.note, false),
        );
        required::<SolutionFlagKind>(&mut checker, "kind", request.kind);
        checker.id("interaction_id", &request.interaction_id);
        let flag = Self {
            flag_id: flag_id(by, &named.solution_id, &request.request_id),
            request: request.clone(),
        };
        Ok(checker.done((named, flag))?)
    }
}

impl Act for Flag {
    const METHOD: EventType = EventType::SolutionFlagged;

    fn decide(&self, standing: &Standing<'_>) -> Result<Fact, Error> {
        let request = &self.request;
        let version = standing.version(request.version)?;
        let version = standing.viewer.given(version);
        let version = version.ok_or(Error::VersionNotFound {
            version: request.version,
        })?;
        if version.published_at.is_none() && !standing.viewer.works() {
            return Err(Error::VersionNotFound {
                version: request.version,
            });
        }
        Ok(Fact::SolutionFlagged(Box::new(SolutionFlagged {
            flag: Some(SolutionFlag {
                flag_id: self.flag_id.clone(),
                solution_id: standing.solution_id.to_owned(),
                version: request.version,
                kind: request.kind,
                note: request.note.clone(),
                interaction_id: request.interaction_id.clone(),
                flagged_by: standing.viewer.principal.actor_id.to_string(),
                flagged_at: Some(to_wire(standing.now)),
                state: SolutionFlagState::Open.into(),
                ..SolutionFlag::default()
            }),
        })))
    }
}

/// Somebody judges a flag.
pub(super) struct Resolve(ResolveFlagRequest);

impl Resolve {
    /// Checks the request.
    pub(super) fn of(request: &ResolveFlagRequest) -> Result<(Named, Self), Error> {
        let (named, mut checker) = named(request, None, ("note", &request.note, false));
        checker.required_id("flag_id", &request.flag_id);
        required::<SolutionFlagState>(&mut checker, "state", request.state);
        if request.state() == SolutionFlagState::Open {
            let text = "is no judgement; say CONFIRMED or DISMISSED";
            checker.add("state", Reason::OutOfRange, text);
        }
        Ok(checker.done((named, Self(request.clone())))?)
    }
}

impl Act for Resolve {
    const METHOD: EventType = EventType::SolutionFlagResolved;

    fn decide(&self, standing: &Standing<'_>) -> Result<Fact, Error> {
        let request = &self.0;
        let ids = (standing.solution_id, request.flag_id.as_str());
        let flag = flags::find(standing.store, standing.viewer.tenant_id(), ids)?;
        let flag = flag.ok_or(Error::FlagNotFound)?;
        if flag.state() != SolutionFlagState::Open {
            return Err(Unsolved::FlagResolved.into());
        }
        Ok(Fact::SolutionFlagResolved(SolutionFlagResolved {
            flag_id: request.flag_id.clone(),
            version: flag.version,
            state: request.state,
            note: request.note.clone(),
        }))
    }
}

/// Somebody checked the live version against its sources.
pub(super) struct Verify(VerifySolutionRequest);

impl Verify {
    /// Checks the request.
    pub(super) fn of(
        request: &VerifySolutionRequest,
        now: Timestamp,
    ) -> Result<(Named, Self), Error> {
        let (named, mut checker) = named(
            request,
            Some(request.version),
            ("note", &request.note, false),
        );
        if request.sources.is_empty() {
            checker.found().required("sources");
        }
        if checker.few("sources", request.sources.len(), SOURCES_CHECKED_MAX) {
            for (place, source) in request.sources.iter().enumerate() {
                check_source(&mut checker, place, source, now);
            }
        }
        let verify_by = checker.required_time("verify_by", request.verify_by.as_ref());
        let latest =
            now.saturating_add(SignedDuration::from_secs(VERIFY_DAYS_MAX * SECONDS_PER_DAY));
        let latest = latest.unwrap_or(Timestamp::MAX);
        if verify_by.is_some_and(|at| at <= now || at > latest) {
            let text = "lies outside of what can be promised; give a time in the next three years";
            checker.add("verify_by", Reason::OutOfRange, text);
        }
        Ok(checker.done((named, Self(request.clone())))?)
    }
}

fn check_source(checker: &mut Checker, place: usize, source: &SourceCheck, now: Timestamp) {
    let field = |name: &str| format!("sources[{place}].{name}");
    checker.required_text(&field("uri"), &source.uri, TEXT_BYTES_MAX);
    checker.required_text(&field("content_hash"), &source.content_hash, HASH_BYTES_MAX);
    let at = field("checked_at");
    let checked_at = checker.required_time(&at, source.checked_at.as_ref());
    let soon = now
        .saturating_add(SignedDuration::from_mins(5))
        .unwrap_or(now);
    if checked_at.is_some_and(|at| at > soon) {
        let text = "lies in the future; say when it was looked at";
        checker.add(&at, Reason::InFuture, text);
    }
}

impl Act for Verify {
    const METHOD: EventType = EventType::SolutionVerified;
    const IS_SEARCHED: bool = true;

    fn decide(&self, standing: &Standing<'_>) -> Result<Fact, Error> {
        let request = &self.0;
        let version = live(standing, request.version)?;
        let (actor, work) = (standing.actor(&version), standing.work(&version)?);
        let verified = actor.may_verify(work);
        verified.map_err(|barred| standing.refused(barred.into()))?;
        let known = self::standing(
            standing.store,
            standing.viewer.tenant_id(),
            standing.solution_id,
        );
        let known = known.map_err(Error::internal)?;
        let sources = request.sources.iter().map(|source| {
            let mut before = known.sources.iter();
            let before = before.find(|one| one.uri == source.uri);
            let changed = before.is_some_and(|before| {
                !before.content_hash.is_empty() && before.content_hash != source.content_hash
            });
            SourceCheck {
                changed,
                ..source.clone()
            }
        });
        Ok(Fact::SolutionVerified(Box::new(SolutionVerified {
            version: request.version,
            sources: sources.collect(),
            verify_by: request.verify_by,
            note: request.note.clone(),
        })))
    }
}

/// Somebody vouches for the live version.
pub(super) struct Validate(ValidateSolutionRequest);

impl Validate {
    /// Checks the request.
    pub(super) fn of(request: &ValidateSolutionRequest) -> Result<(Named, Self), Error> {
        let (named, checker) = named(
            request,
            Some(request.version),
            ("note", &request.note, false),
        );
        Ok(checker.done((named, Self(request.clone())))?)
    }
}

impl Act for Validate {
    const METHOD: EventType = EventType::SolutionConfidenceChanged;
    const IS_SEARCHED: bool = true;

    fn decide(&self, standing: &Standing<'_>) -> Result<Fact, Error> {
        let request = &self.0;
        let version = live(standing, request.version)?;
        let (actor, work) = (standing.actor(&version), standing.work(&version)?);
        let vouched = actor.may_vouch(work);
        vouched.map_err(|barred| standing.refused(barred.into()))?;
        if version.confidence() != Confidence::NotValidated {
            let text =
                "the version is not one that waits to be validated; read how far it is trusted";
            return Err(Unsolved::State(text.to_owned()).into());
        }
        let verify_by = version.verify_by.as_ref().and_then(from_wire);
        if is_expired(verify_by, standing.now) {
            return Err(Unsolved::VerificationDue.into());
        }
        let solution = (standing.viewer.tenant_id(), standing.solution_id);
        let numbers = Numbers::read(standing.store, solution, standing.now);
        let uses = stats::version_uses(standing.store, solution, request.version);
        let (numbers, uses) = (
            numbers.map_err(Error::internal)?,
            uses.map_err(Error::internal)?,
        );
        let outcomes = numbers.outcomes_of(request.version, &uses);
        Ok(Fact::SolutionConfidenceChanged(Box::new(
            SolutionConfidenceChanged {
                version: request.version,
                from: version.confidence,
                to: Confidence::Validated.into(),
                cause: ConfidenceCause::Contributor.into(),
                success_count: outcomes.successes,
                failure_count: outcomes.failures,
                wilson_lower: outcomes.wilson_lower(),
                other_agents_count: uses.agents,
                note: request.note.clone(),
            },
        )))
    }
}

/// A version is recalled, or more is said of one that was.
pub(super) struct Recall {
    request: RecallVersionRequest,
    correction: Option<Correction>,
}

impl Recall {
    /// Checks the request.
    pub(super) fn of(request: &RecallVersionRequest) -> Result<(Named, Self), Error> {
        let (named, mut checker) = named(
            request,
            Some(request.version),
            ("reason", &request.reason, true),
        );
        required::<wire::HarmClass>(&mut checker, "harm_class", request.harm_class);
        let at = FieldPath::of("correction");
        let correction = request.correction.as_ref();
        let correction = correction.and_then(|one| read_correction(one, at, checker.found()));
        let recall = Self {
            request: request.clone(),
            correction,
        };
        Ok(checker.done((named, recall))?)
    }
}

impl Act for Recall {
    const METHOD: EventType = EventType::SolutionVersionRecalled;
    const IS_SEARCHED: bool = true;

    fn decide(&self, standing: &Standing<'_>) -> Result<Fact, Error> {
        let request = &self.request;
        let version = standing.version(request.version)?;
        let actor = standing.actor(&version);
        let told = (request.version, state(&version));
        let recalled = standing
            .life
            .recall(told, version.published_at.is_some(), actor);
        recalled.map_err(|refused| standing.refused(refused))?;
        let solution = (standing.viewer.tenant_id(), standing.solution_id);
        let before = recalled::find(standing.store, solution, request.version)?;
        let before = before.unwrap_or_default();
        let harm_class: i32 = match state(&version) {
            VersionState::Recalled => self.amended(&before, standing)?.into(),
            _ => request.harm_class,
        };
        if before.correction.is_none()
            && let Some(correction) = &self.correction
        {
            let mut found = aftercall_domain::Violations::new();
            correction.check(FieldPath::of("correction"), standing.now, &mut found);
            found.into_result(())?;
        }
        // What holds from now on is said whole, so that nobody has to look for what was said before.
        let correction = before.correction.or_else(|| request.correction.clone());
        Ok(Fact::SolutionVersionRecalled(SolutionVersionRecalled {
            recall_id: format!("{}@{}", standing.solution_id, request.version),
            version: request.version,
            harm_class,
            reason: request.reason.clone(),
            corrective_instructions: correction
                .as_ref()
                .map_or_else(String::new, |one| one.text.clone()),
            corrected_by_version: 0,
            correction,
        }))
    }
}

impl Recall {
    /// How bad it is to have been told a version that was recalled already, if this says more of it.
    fn amended(
        &self,
        before: &wire::Recall,
        standing: &Standing<'_>,
    ) -> Result<wire::HarmClass, Error> {
        let terms = |harm_class: wire::HarmClass, correction| Terms {
            // What is not known was never taken.
            harm_class: harm_class.try_into().unwrap_or(HarmClass::Nuisance),
            correction,
        };
        let promised = before.correction.as_ref().and_then(correction_of);
        let said = terms(self.request.harm_class(), self.correction.clone());
        let amended = terms(before.harm_class(), promised).amended(said);
        let amended = amended.map_err(|refused| standing.refused(refused))?;
        Ok(amended.harm_class.into())
    }
}

/// The version, which must be the live one.
fn live(standing: &Standing<'_>, version: u32) -> Result<wire::Solution, Error> {
    let row = standing.version(version)?;
    let live = standing.head.live_version();
    match live == version {
        true => Ok(row),
        false => Err(Unsolved::NotLive { version, live }.into()),
    }
}

/// A value of an enum that must be there.
fn required<W: TryFrom<i32>>(checker: &mut Checker, field: &str, value: i32) {
    match value {
        0 => checker.found().required(field),
        value => {
            checker.known::<W>(field, value);
        }
    }
}
