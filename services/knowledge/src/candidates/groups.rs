//! Groups of candidates that say nearly the same: shown as one, and decided on as one.
//!
//! Which candidates are near each other follows from their words ([`Form::is_near`]). A candidate on which nothing was
//! decided belongs, of those that it is near to,
//!
//! 1. to one that somebody decided on, or that became a solution: what says the same as a rejected one is not offered;
//! 2. else to the one that would save most, if that is more than itself, and to what that one belongs to;
//! 3. else to itself: it **leads** a group.
//!
//! Candidates that were decided on together are a group, and so are those that became one solution. Nothing of this is
//! stored: it follows from the rows as they are, and from the time.
//!
//! Every step is bounded, and so are groups: beyond [`GROUP_MAX`] candidates a group says that it is cut.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::rc::Rc;

use aftercall_proto::model::v1::CandidateState;
use aftercall_view::{Direction, Store};
use bytes::Bytes;

use super::scoped::Scoped;
use crate::failure::Error;
use crate::fold::stored;
use crate::form::Form;
use crate::keys;
use crate::limits::{BAND_MEMBERS_MAX, GROUP_MAX, NEAR_MAX, STEPS_MAX};
use crate::records::{Decision, Tally};
use crate::standing::Standing;

/// What a group is known by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Head {
    /// The candidate that leads it; nothing was decided on it.
    Free(String),
    /// A decision, by its row's key.
    Decided(Bytes),
    /// The solution that it became.
    Promoted(String),
}

/// A candidate as far as groups need it.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) candidate_id: String,
    /// Its cases: of those within the reader's scope.
    pub(super) tally: Tally,
    rank: u64,
    standing: Standing,
}

impl Member {
    /// Whether it belongs to a group by itself, and not because it is near another one.
    fn is_of(&self, head: &Head) -> bool {
        match (head, &self.standing) {
            (Head::Free(leader), Standing::Free) => *leader == self.candidate_id,
            (Head::Decided(of), Standing::Decided { key, .. }) => of == key,
            (Head::Promoted(to), Standing::Promoted { solution_id }) => to == solution_id,
            _ => false,
        }
    }

    fn is_free(&self) -> bool {
        self.standing == Standing::Free
    }

    /// Where it stands among others; what would save more comes first.
    fn place(&self) -> (Reverse<u64>, &str) {
        (Reverse(self.rank), &self.candidate_id)
    }
}

/// A group.
#[derive(Debug)]
pub(crate) struct Group {
    pub(super) head: Head,
    /// Those that have cases, the one that leads it first.
    pub(super) members: Vec<Rc<Member>>,
    /// Those that have none any more, and were decided on with the others: what is decided next is on them, too.
    absent: Vec<Rc<Member>>,
    /// There are more than were looked at.
    pub(super) is_cut: bool,
    /// What was decided on it; nothing for a free one or a solution.
    pub(super) decision: Option<Decision>,
}

impl Group {
    /// The candidate that leads it.
    pub(crate) fn leader(&self) -> &str {
        self.members
            .first()
            .map_or("", |leader| &leader.candidate_id)
    }

    /// All of its candidates, the one that leads it first.
    pub(crate) fn candidate_ids(&self) -> impl Iterator<Item = &str> {
        let all = self.members.iter().chain(&self.absent);
        all.map(|member| member.candidate_id.as_str())
    }

    /// The reason that they share.
    pub(crate) fn reason_code(&self) -> &str {
        self.members
            .first()
            .map_or("", |leader| &leader.tally.reason_code)
    }

    /// In how many cases it worked.
    pub(crate) fn case_count(&self) -> u64 {
        let cases = self.members.iter().map(|member| member.tally.case_count);
        cases.sum()
    }

    /// What was decided on it.
    pub(crate) fn decision(&self) -> Option<&Decision> {
        self.decision.as_ref()
    }

    /// The state that it is in.
    pub(crate) fn state(&self) -> CandidateState {
        match &self.head {
            Head::Free(_) => CandidateState::Open,
            Head::Promoted(_) => CandidateState::Promoted,
            Head::Decided(_) => self
                .decision
                .as_ref()
                .map_or(CandidateState::Open, Decision::state),
        }
    }

    /// The solution that it became, or was merged into; empty for none.
    pub(crate) fn solution_id(&self) -> &str {
        match &self.head {
            Head::Promoted(solution_id) => solution_id,
            _ => self
                .decision
                .as_ref()
                .map_or("", |decision| &decision.solution_id),
        }
    }
}

type Near = Rc<Vec<Rc<Member>>>;

/// Draws groups for one answer: what was read for one is kept for the next.
pub(crate) struct Groups<'a> {
    store: &'a Store,
    tenant_id: &'a str,
    now_us: i64,
    scoped: Option<&'a Scoped<'a>>,
    members: RefCell<HashMap<String, Option<Rc<Member>>>>,
    near: RefCell<HashMap<String, Near>>,
    heads: RefCell<HashMap<String, Head>>,
}

impl<'a> Groups<'a> {
    /// Groups of a tenant's candidates as they stand at a time; by the cases of `scoped` alone, if that is given.
    pub(crate) fn new(
        store: &'a Store,
        (tenant_id, scoped): (&'a str, Option<&'a Scoped<'a>>),
        now_us: i64,
    ) -> Self {
        Self {
            store,
            tenant_id,
            now_us,
            scoped,
            members: RefCell::default(),
            near: RefCell::default(),
            heads: RefCell::default(),
        }
    }

    /// The group of a candidate, which may be named by the id of one of its wordings or by one that it had once; none if
    /// it has no cases.
    pub(crate) fn of(&self, candidate_id: &str) -> Result<Option<Group>, Error> {
        let wording = self
            .store
            .get(keys::wording(self.tenant_id, candidate_id))?;
        let wording = stored::<crate::records::Wording>(wording).map_err(Error::internal)?;
        let candidate_id = wording.map_or_else(|| candidate_id.to_owned(), |one| one.candidate_id);
        let mut found: Option<Rc<Member>> = None;
        for candidate_id in self.now_called(&candidate_id)? {
            if let Some(member) = self.member(&candidate_id)?
                && member.tally.case_count > 0
                && found
                    .as_ref()
                    .is_none_or(|found| member.place() < found.place())
            {
                found = Some(member);
            }
        }
        let Some(member) = found else {
            return Ok(None);
        };
        Ok(Some(self.draw(self.head(&member)?)?))
    }

    /// The candidates that have the cases of the one that an event or a caller names, whose id it may have been once.
    fn now_called(&self, candidate_id: &str) -> Result<Vec<String>, Error> {
        let all = keys::all_formerly(self.tenant_id, candidate_id);
        let all = self.store.scan_prefix(&all, Direction::Ascending);
        let all = all.take(GROUP_MAX);
        let called = all.map(|entry| keys::read_formerly(&entry?.0).map_err(Error::internal));
        let called: Vec<_> = called.collect::<Result<_, _>>()?;
        match called.is_empty() {
            true => Ok(vec![candidate_id.to_owned()]),
            false => Ok(called),
        }
    }

    /// The group that a candidate leads; none if it belongs to another one's.
    pub(super) fn led_by(&self, candidate_id: &str) -> Result<Option<Group>, Error> {
        let member = self.member(candidate_id)?;
        let Some(member) = member.filter(|member| member.tally.case_count > 0) else {
            return Ok(None);
        };
        let head = self.head(&member)?;
        if let Head::Free(leader) = &head
            && leader != candidate_id
        {
            return Ok(None);
        }
        let group = self.draw(head)?;
        Ok(Some(group).filter(|group| group.leader() == candidate_id))
    }

    /// Whether a candidate leads a group in a state.
    pub(super) fn leads(&self, candidate_id: &str, state: CandidateState) -> Result<bool, Error> {
        let Some(member) = self.member(candidate_id)? else {
            return Ok(false);
        };
        match self.head(&member)? {
            Head::Free(leader) => Ok(state == CandidateState::Open && leader == candidate_id),
            _ => Ok(self
                .led_by(candidate_id)?
                .is_some_and(|group| group.state() == state)),
        }
    }

    /// A candidate; none that neither has cases nor was decided on.
    fn member(&self, candidate_id: &str) -> Result<Option<Rc<Member>>, Error> {
        if let Some(known) = self.members.borrow().get(candidate_id) {
            return Ok(known.clone());
        }
        let member = self.read(candidate_id)?.map(Rc::new);
        let mut members = self.members.borrow_mut();
        members.insert(candidate_id.to_owned(), member.clone());
        Ok(member)
    }

    fn read(&self, candidate_id: &str) -> Result<Option<Member>, Error> {
        let standing = Standing::read(self.store, self.tenant_id, candidate_id);
        let standing = standing.map_err(Error::internal)?.at(self.now_us);
        let tally = match self.scoped {
            Some(scoped) => scoped.tally(candidate_id)?,
            None => {
                let tally = self
                    .store
                    .get(keys::candidate(self.tenant_id, candidate_id))?;
                stored::<Tally>(tally).map_err(Error::internal)?
            }
        };
        if tally.is_none() && standing == Standing::Free {
            return Ok(None);
        }
        let tally = tally.unwrap_or_default();
        Ok(Some(Member {
            candidate_id: candidate_id.to_owned(),
            rank: tally.worth().rank(),
            tally,
            standing,
        }))
    }

    /// What a candidate belongs to.
    fn head(&self, member: &Rc<Member>) -> Result<Head, Error> {
        if let Some(known) = self.heads.borrow().get(&member.candidate_id) {
            return Ok(known.clone());
        }
        let head = match &member.standing {
            Standing::Promoted { solution_id } => Head::Promoted(solution_id.clone()),
            Standing::Decided { key, .. } => Head::Decided(key.clone()),
            Standing::Free => self.head_of_free(member)?,
        };
        let mut heads = self.heads.borrow_mut();
        heads.insert(member.candidate_id.clone(), head.clone());
        Ok(head)
    }

    fn head_of_free(&self, member: &Rc<Member>) -> Result<Head, Error> {
        let mut leader = Rc::clone(member);
        if let Some(decided) = self.decided_near(&leader)? {
            return self.head(&decided);
        }
        for _ in 0..STEPS_MAX {
            let mut above = None;
            for other in self.near(&leader)?.iter() {
                if other.place() < leader.place() && self.decided_near(other)?.is_none() {
                    above = Some(Rc::clone(other));
                    break;
                }
            }
            match above {
                None => break,
                Some(above) => leader = above,
            }
        }
        Ok(Head::Free(leader.candidate_id.clone()))
    }

    /// Of those that a candidate is near to and that were decided on, the one that would save most.
    fn decided_near(&self, member: &Rc<Member>) -> Result<Option<Rc<Member>>, Error> {
        let near = self.near(member)?;
        Ok(near.iter().find(|other| !other.is_free()).cloned())
    }

    /// Those that a candidate is near to, what would save more first.
    fn near(&self, member: &Rc<Member>) -> Result<Near, Error> {
        if let Some(known) = self.near.borrow().get(&member.candidate_id) {
            return Ok(Rc::clone(known));
        }
        let near = Rc::new(self.read_near(member)?);
        let mut all = self.near.borrow_mut();
        all.insert(member.candidate_id.clone(), Rc::clone(&near));
        Ok(near)
    }

    fn read_near(&self, member: &Member) -> Result<Vec<Rc<Member>>, Error> {
        let Some(form) = self.form(&member.candidate_id)? else {
            return Ok(Vec::new());
        };
        let reason_code = match self.scoped {
            // Of one that lies without the scope, too.
            Some(scoped) => scoped.reason_code(&member.candidate_id)?,
            None => member.tally.reason_code.clone(),
        };
        let mut beside = BTreeSet::new();
        for band in form.bands(&reason_code) {
            let band = keys::band(self.tenant_id, band);
            let entries = self.store.scan_prefix(&band, Direction::Ascending);
            for entry in entries.take(BAND_MEMBERS_MAX) {
                let other = keys::read_in_band(&entry?.0).map_err(Error::internal)?;
                if other != member.candidate_id {
                    beside.insert(other);
                }
            }
        }
        let mut near = Vec::new();
        for other in beside {
            let Some(other_form) = self.form(&other)? else {
                continue;
            };
            if form.is_near(&other_form)
                && let Some(other) = self.member(&other)?
            {
                near.push(other);
            }
        }
        near.sort_by(|one, other| one.place().cmp(&other.place()));
        near.truncate(NEAR_MAX);
        Ok(near)
    }

    fn form(&self, candidate_id: &str) -> Result<Option<Form>, Error> {
        let form = self.store.get(keys::form(self.tenant_id, candidate_id))?;
        Ok(form.map(|form| Form::from_bytes(&form)))
    }

    /// All that belongs to a head.
    fn draw(&self, head: Head) -> Result<Group, Error> {
        let mut decision = None;
        let mut direct: Vec<String> = match &head {
            Head::Free(leader) => vec![leader.clone()],
            Head::Decided(key) => {
                let row = self.store.get(key)?;
                let row: Decision = stored(row).map_err(Error::internal)?.unwrap_or_default();
                let mut called = Vec::new();
                for candidate_id in &decision.insert(row).candidate_ids {
                    called.extend(self.now_called(candidate_id)?);
                }
                called
            }
            Head::Promoted(solution_id) => self.made_of(solution_id)?,
        };
        direct.sort_unstable();
        direct.dedup();
        let (mut direct_members, mut is_cut) = (Vec::new(), direct.len() > GROUP_MAX);
        for candidate_id in direct.iter().take(GROUP_MAX) {
            if let Some(member) = self.member(candidate_id)?
                && member.is_of(&head)
            {
                direct_members.push(member);
            }
        }
        direct_members.sort_by(|one, other| one.place().cmp(&other.place()));
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut queue: VecDeque<Rc<Member>> = direct_members.into();
        seen.extend(queue.iter().map(|member| member.candidate_id.clone()));
        let (mut members, mut absent) = (Vec::new(), Vec::new());
        while let Some(member) = queue.pop_front() {
            for other in self.near(&member)?.iter() {
                if !other.is_free() || seen.contains(&other.candidate_id) {
                    continue;
                }
                if self.head(other)? != head {
                    continue;
                }
                if seen.len() >= GROUP_MAX {
                    is_cut = true;
                    break;
                }
                seen.insert(other.candidate_id.clone());
                queue.push_back(Rc::clone(other));
            }
            match member.tally.case_count {
                0 => absent.push(member),
                _ => members.push(member),
            }
        }
        Ok(Group {
            head,
            members,
            absent,
            is_cut,
            decision,
        })
    }

    /// The candidates that a solution was made of, as far as they are looked at.
    fn made_of(&self, solution_id: &str) -> Result<Vec<String>, Error> {
        let all = keys::all_made_of(self.tenant_id, solution_id);
        let all = self.store.scan_prefix(&all, Direction::Ascending);
        let all = all.take(GROUP_MAX + 1);
        all.map(|entry| keys::read_made_of(&entry?.0).map_err(Error::internal))
            .collect()
    }
}
