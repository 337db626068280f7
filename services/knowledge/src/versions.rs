//! Commands on solutions: each is decided by how the solution stands, becomes one event of it, and is answered by
//! what the fold made of that.

mod begin;
mod check;
pub(crate) mod effective;
mod end;
mod merge;
mod named;
mod read;
mod review;
mod server;
mod verified;

use aftercall_domain::solution::{Actor, Content, Life, Rights, VersionState, Work};
use aftercall_domain::{SolutionId, Violations, Warning};
use aftercall_ledger::requests::{Done as WasDone, Known, RequestName};
use aftercall_log::{LogIdentity, Record};
use aftercall_proto::convert::solution as convert;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::EventType;
use aftercall_proto::model::v1::Solution;
use aftercall_service::command::{self, Decision};
use aftercall_service::seal::{Author, Request, RequestHash, Sealing};
use aftercall_service::{Call, Deps, Principal, Reading, Unread};
use aftercall_view::{Positions, Store};
use jiff::Timestamp;

use crate::duplicates;
use crate::failure::unsolved::{self, CONTRIBUTING, DRAFTING};
use crate::failure::{Error, Unsolved};
use crate::heads::{self, Head};
use crate::keys::versions::CHANGES;
use crate::reader::Viewer;
use crate::solutions;

pub(crate) use named::named;
pub use server::SolutionsServer;

/// What names a command.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) request_id: String,
    pub(crate) hash: RequestHash,
    /// The solution that it is of, in the canonical spelling.
    pub(crate) solution_id: String,
    /// How the solution is expected to stand; 0 for however it does.
    pub(crate) expected_sequence: u64,
}

/// What is to be done with a solution.
pub(crate) trait Act: Send + Sync + 'static {
    /// The event that it becomes.
    const METHOD: EventType;

    /// Whether search must know of it before it is answered.
    const IS_SEARCHED: bool = false;

    /// The event, by how the solution stands.
    fn decide(&self, standing: &Standing<'_>) -> Result<Fact, Error>;

    /// The event where there is no solution with the command's id yet.
    fn begin(&self, _new: &New<'_>) -> Result<Record, Error> {
        Err(Error::SolutionNotFound)
    }

    /// What was not taken as it was sent.
    fn warnings(&self) -> &[Warning] {
        &[]
    }
}

/// What a command came to.
#[derive(Debug, Clone)]
pub(crate) struct Done {
    /// The solution, in the version that the command was of.
    pub(crate) solution: Solution,
    pub(crate) position: String,
    pub(crate) warnings: Vec<Warning>,
}

/// Where there is no solution yet.
pub(crate) struct New<'a> {
    pub(crate) store: &'a Store,
    pub(crate) viewer: &'a Viewer,
    pub(crate) named: &'a Named,
    pub(crate) now: Timestamp,
}

impl New<'_> {
    pub(crate) fn request(&self) -> Request<'_> {
        Request {
            id: &self.named.request_id,
            hash: self.named.hash,
        }
    }
}

/// How a solution stands, and who wants to do something with it.
pub(crate) struct Standing<'a> {
    pub(crate) store: &'a Store,
    pub(crate) viewer: &'a Viewer,
    pub(crate) solution_id: &'a str,
    pub(crate) head: Head,
    pub(crate) life: Life,
    pub(crate) now: Timestamp,
}

impl<'a> Standing<'a> {
    /// How a solution stands; none where there is no such solution.
    pub(crate) fn of(
        store: &'a Store,
        viewer: &'a Viewer,
        solution_id: &'a str,
        now: Timestamp,
    ) -> Result<Option<Self>, Error> {
        let head = Head::read(store, viewer.tenant_id(), solution_id).map_err(Error::internal)?;
        Ok(head.map(|head| Self {
            store,
            viewer,
            solution_id,
            life: head.life(),
            head,
            now,
        }))
    }

    /// A version, if it is there for the caller.
    pub(crate) fn version(&self, version: u32) -> Result<Solution, Error> {
        let row = heads::version(
            self.store,
            self.viewer.tenant_id(),
            self.solution_id,
            version,
        );
        row.map_err(Error::internal)?
            .ok_or(Error::VersionNotFound { version })
    }

    /// The version by which the solution is known: the one that is live or was, or else the latest.
    pub(crate) fn known_by(&self) -> Result<Solution, Error> {
        match self.head.shown_version {
            0 => self.version(self.head.latest_version),
            shown => self.version(shown),
        }
    }

    /// Who acts, on a version.
    pub(crate) fn actor(&self, solution: &Solution) -> Actor<'_> {
        let principal = &self.viewer.principal;
        Actor {
            id: &principal.actor_id,
            rights: rights(principal),
            is_of_owner_group: !solution.owner_group.is_empty()
                && principal.teams.contains(&solution.owner_group),
        }
    }

    /// What of a version decides who may do what with it: it is judged by the rules of what was live last, too.
    pub(crate) fn work<'s>(&self, solution: &'s Solution) -> Result<Work<'s>, Error> {
        let rules = heads::rules(self.store, self.viewer.tenant_id(), (&self.head, solution));
        Ok(Work {
            governance: rules.map_err(Error::internal)?,
            ..work(solution)
        })
    }

    /// What is answered to a refusal.
    pub(crate) fn refused(&self, refused: aftercall_domain::solution::Refused) -> Error {
        unsolved::refused(refused, &self.viewer.principal)
    }
}

/// What somebody's roles allow.
pub(crate) fn rights(principal: &Principal) -> Rights {
    use aftercall_service::Role;
    let has = |roles: &[Role]| principal.require_any(roles).is_ok();
    Rights {
        drafts: has(DRAFTING),
        contributes: has(CONTRIBUTING),
        publishes: has(&[Role::KbPublisher]),
        answers_for: has(&[Role::KbDomainExpert]),
        complies: has(&[Role::ComplianceOfficer]),
    }
}

/// The same by the version alone.
fn work(solution: &Solution) -> Work<'_> {
    use aftercall_domain::solution::{Audience, Governance};
    let governance = solution.governance().try_into();
    Work {
        version: solution.version,
        editors: &solution.editors,
        reviewers: &solution.reviewers,
        submitted_by: &solution.submitted_by,
        governance: governance.unwrap_or(Governance::ExperienceBased),
        audience: solution.audience().try_into().unwrap_or(Audience::Internal),
        is_scheduled: solution.effective_from.is_some(),
    }
}

/// How far a version has come.
pub(crate) fn state(solution: &Solution) -> VersionState {
    solution.state().try_into().unwrap_or(VersionState::Draft)
}

/// What a version says, as the domain has it. What is stored was checked when it came.
pub(crate) fn says(solution: &Solution) -> Content {
    convert::content(solution, &mut Violations::new())
}

/// A command, and who gave it.
struct Asked<A> {
    viewer: Viewer,
    named: Named,
    act: A,
    log: LogIdentity,
}

/// Does a command, once however often it comes.
pub(crate) async fn run<A: Act, T>(
    (deps, reading): (&Deps, &Reading),
    call: &Call<T>,
    named: Named,
    act: A,
) -> Result<Done, Error> {
    let asked = Asked::of(call, (named, act), reading);
    Ok(*command::run(reading, &deps.clock, asked, call.write_until()).await?)
}

impl<A: Act> command::Command for Asked<A> {
    type Done = Box<Done>;
    type Refusal = Error;

    const IS_SEARCHED: bool = A::IS_SEARCHED;

    fn decide(&self, store: &Store, now: Timestamp) -> Result<Decision<Self::Done>, Error> {
        let (named, viewer) = (&self.named, &self.viewer);
        let standing = Standing::of(store, viewer, &named.solution_id, now)?;
        let name = RequestName {
            tenant_id: viewer.tenant_id(),
            actor_id: &viewer.principal.actor_id,
            method: A::METHOD,
            request_id: &named.request_id,
        };
        let known = CHANGES.find(store, name, named.hash.as_bytes());
        let known = known.map_err(Unread::from)?;
        if let Known::Done(done) = &known {
            return self.answer(store, done, now).map(Decision::Done);
        }
        if let Some(standing) = &standing {
            // Before anything else is told of it: it may be none of the caller's business.
            let solution = standing.known_by()?;
            viewer.given(solution).ok_or(Error::SolutionNotFound)?;
        }
        if known == Known::Reused {
            return Err(Error::RequestIdReused);
        }
        let Some(standing) = standing else {
            let new = New {
                store,
                viewer,
                named,
                now,
            };
            return Ok(Decision::Append(Box::new(self.act.begin(&new)?)));
        };
        let (expected, is) = (named.expected_sequence, standing.head.sequence);
        if expected != 0 && expected != is {
            return Err(Unsolved::SequenceStale { expected, is }.into());
        }
        let fact = self.act.decide(&standing)?;
        let sealing = Sealing {
            by: Author::from(&viewer.principal),
            aggregate_id: &named.solution_id,
            interaction_id: "",
            customer_id: "",
            sequence: is.saturating_add(1),
            occurred_at: now,
            recorded_at: now,
            import_batch: "",
            request: Some(Request {
                id: &named.request_id,
                hash: named.hash,
            }),
        };
        Ok(Decision::Append(Box::new(sealing.seal(&fact)?)))
    }
}

impl<A: Act> Asked<A> {
    fn of<T>(call: &Call<T>, (named, act): (Named, A), reading: &Reading) -> Self {
        Self {
            viewer: Viewer::of(call),
            named,
            act,
            log: reading.log_identity(),
        }
    }

    fn answer(&self, store: &Store, done: &WasDone, now: Timestamp) -> Result<Box<Done>, Error> {
        let version: [u8; 4] = done.answer().as_ref().try_into().map_err(Error::internal)?;
        let which = (self.named.solution_id.as_str(), u32::from_be_bytes(version));
        let solution = solutions::version(store, self.viewer.whose(), which, now)?;
        Ok(Box::new(Done {
            solution: duplicates::dress(store, &self.viewer, solution.unwrap_or_default())?,
            position: Positions::through(done.position()).encode(&self.log),
            warnings: self.act.warnings().to_vec(),
        }))
    }
}

/// The canonical spelling of a solution's id.
pub(crate) fn canonical(solution_id: &str) -> String {
    SolutionId::read(solution_id).into_string()
}
