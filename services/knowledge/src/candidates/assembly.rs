//! A candidate, put together from its cases.

use std::collections::{BTreeMap, BTreeSet};

use aftercall_domain::masking::Known;
use aftercall_proto::model::v1::{Candidate, CandidateState, CandidateVariant, CaseKindCount};
use aftercall_view::Direction;
use bytes::Bytes;
use pbjson_types::Duration;

use super::Reader;
use super::groups::{Group, Member};
use crate::failure::Error;
use crate::fold::stored;
use crate::keys;
use crate::lessons;
use crate::limits::{CANDIDATE_CASES_MAX, VARIANTS_MAX};
use crate::personal;
use crate::records::{Case, Tally, Taught, Wording, timestamp};

/// One of a candidate's cases.
struct Found<'g> {
    /// When it occurred, its interaction, and whose that is: later ones come first.
    place: Bytes,
    taught: Taught,
    member: &'g Member,
}

impl Reader<'_> {
    /// A candidate of its latest cases. Its words are those of the latest case that has any, without what is
    /// personal to that case's customer. What the cases say of their customers is added to `known`.
    pub(super) fn assemble(
        self,
        group: &Group,
        mut known: Option<&mut Known>,
    ) -> Result<Candidate, Error> {
        let mut candidate = self.told(group);
        let mut found = Vec::new();
        let mut first = None;
        for member in &group.members {
            found.extend(self.latest(member)?);
            let of_member = self.first(member)?;
            first = first.into_iter().chain(of_member).min();
        }
        found.sort_by(|one, other| one.place.cmp(&other.place));
        candidate.first_seen_at = first.map(timestamp);
        let mut cases = Cases::new(self);
        let mut variants: Vec<CandidateVariant> = Vec::new();
        let mut shown: BTreeSet<(String, String)> = BTreeSet::new();
        let mut last_place = None;
        let mut case_count = 0;
        for one in &found {
            let is_latest = case_count < CANDIDATE_CASES_MAX && last_place != Some(&one.place);
            let of_wording = (one.member.candidate_id.clone(), one.taught.wording_id());
            let is_variant = shown.len() < VARIANTS_MAX && !shown.contains(&of_wording);
            if !(is_latest || is_variant) {
                continue;
            }
            let case = cases.read(&one.place)?;
            if let Some(known) = &mut known {
                known.extend(personal::known(case));
            }
            if is_latest {
                (case_count, last_place) = (case_count + 1, Some(&one.place));
                self.add_case(&mut candidate, one, case)?;
            }
            if is_variant {
                shown.insert(of_wording);
                variants.extend(self.variant(one, case)?);
            }
        }
        variants.sort_by(|one, other| {
            let by_cases = other.case_count.cmp(&one.case_count);
            by_cases.then_with(|| one.resolution.cmp(&other.resolution))
        });
        candidate.variants = variants;
        Ok(candidate)
    }

    /// What its numbers and decisions say.
    fn told(self, group: &Group) -> Candidate {
        let mut sum = Tally::default();
        for member in &group.members {
            sum.join(&member.tally);
        }
        let seconds = |seconds: u64| {
            Some(Duration {
                seconds: i64::try_from(seconds).unwrap_or(i64::MAX),
                nanos: 0,
            })
        };
        let kinds = sum.kinds().map(|(kind, case_count)| CaseKindCount {
            kind: kind.into(),
            case_count,
        });
        let mut candidate = Candidate {
            candidate_id: group.leader().to_owned(),
            reason_code: group.reason_code().to_owned(),
            case_count: sum.case_count,
            case_kinds: kinds.collect(),
            handle_time: seconds(sum.seconds),
            timed_case_count: sum.timed,
            saved_a_month: seconds(sum.worth().seconds_a_period(self.now_us)),
            state: group.state().into(),
            solution_id: group.solution_id().to_owned(),
            variants_are_cut: group.is_cut,
            ..Candidate::default()
        };
        if let Some(decision) = group.decision() {
            if group.state() == CandidateState::Claimed {
                candidate.claimed_by.clone_from(&decision.decided_by);
            }
            candidate.until = decision.until_us.map(timestamp);
            candidate.decided_by.clone_from(&decision.decided_by);
            candidate.decided_at = Some(timestamp(decision.decided_at_us));
            candidate.decision_reason.clone_from(&decision.reason);
        }
        candidate
    }

    /// The latest cases of a member.
    fn latest<'g>(self, member: &'g Member) -> Result<Vec<Found<'g>>, Error> {
        let found = |place: Bytes, taught: Taught| Found {
            place,
            taught,
            member,
        };
        if let Some(scoped) = self.scoped {
            let latest = scoped.cases(&member.candidate_id).iter();
            let latest = latest.take(CANDIDATE_CASES_MAX).cloned();
            return Ok(latest.map(|(place, taught)| found(place, taught)).collect());
        }
        let cases = keys::candidate_cases(self.tenant_id, &member.candidate_id);
        let latest = self.store.scan_prefix(&cases, Direction::Ascending);
        let latest = latest.take(CANDIDATE_CASES_MAX).map(|entry| {
            let (key, taught) = entry?;
            let taught = stored(Some(taught)).map_err(Error::internal)?;
            Ok(found(key.slice(cases.len()..), taught.unwrap_or_default()))
        });
        latest.collect()
    }

    /// When the first case of a member occurred.
    fn first(self, member: &Member) -> Result<Option<i64>, Error> {
        let place = match self.scoped {
            Some(scoped) => {
                let first = scoped.cases(&member.candidate_id).last();
                first.map(|(place, _)| place.clone())
            }
            None => {
                let cases = keys::candidate_cases(self.tenant_id, &member.candidate_id);
                let first = self.store.scan_prefix(&cases, Direction::Descending).next();
                let first = first.transpose()?;
                first.map(|(key, _)| key.slice(cases.len()..))
            }
        };
        let place = place.map(|place| keys::read_place(&place)).transpose();
        let place = place.map_err(Error::internal)?;
        Ok(place.map(|(occurred_at_us, ..)| occurred_at_us))
    }

    /// Adds a case, older than those before it.
    fn add_case(
        self,
        candidate: &mut Candidate,
        found: &Found<'_>,
        case: &Case,
    ) -> Result<(), Error> {
        let (occurred_at_us, interaction_id, _) =
            keys::read_place(&found.place).map_err(Error::internal)?;
        if candidate.interaction_ids.is_empty() {
            candidate.last_seen_at = Some(timestamp(occurred_at_us));
        }
        candidate.interaction_ids.push(interaction_id);
        let words = [
            &candidate.customer_wording,
            &candidate.resolution,
            &candidate.workaround,
        ];
        // Most cases only confirm the words of later ones.
        if words.iter().all(|known| !known.is_empty()) {
            return Ok(());
        }
        let lessons = lessons::of(case, self.tenant_id);
        let lesson = lessons.iter();
        let mut lesson = lesson.filter(|one| one.candidate_id == found.member.candidate_id);
        let Some(lesson) = lesson.next() else {
            return Ok(());
        };
        let mut words = [
            (
                "customer_wording",
                &mut candidate.customer_wording,
                lesson.stated_verbatim,
            ),
            ("resolution", &mut candidate.resolution, lesson.words),
            ("workaround", &mut candidate.workaround, &case.workaround),
        ];
        let personal = personal::known(case);
        for (field, known, new) in &mut words {
            if known.is_empty() && !new.is_empty() {
                let (text, masked) = personal::masked(field, new, &personal);
                **known = text;
                candidate.masked.extend(masked);
            }
        }
        Ok(())
    }

    /// The wording of a case.
    fn variant(self, found: &Found<'_>, case: &Case) -> Result<Option<CandidateVariant>, Error> {
        let candidate_id = &found.member.candidate_id;
        let wording_id = found.taught.wording_id();
        let lessons = lessons::of(case, self.tenant_id);
        let mut lessons = lessons.iter();
        let Some(lesson) = lessons.find(|one| one.candidate_id == *candidate_id) else {
            return Ok(None);
        };
        let case_count = match self.scoped {
            Some(scoped) => {
                let cases = scoped.cases(candidate_id).iter();
                cases
                    .filter(|(_, taught)| taught.wording_id() == wording_id)
                    .count() as u64
            }
            None => {
                let row = self.store.get(keys::wording(self.tenant_id, &wording_id))?;
                let row: Option<Wording> = stored(row).map_err(Error::internal)?;
                row.unwrap_or_default().case_count
            }
        };
        let (resolution, masked) =
            personal::masked("resolution", lesson.words, &personal::known(case));
        let variant = CandidateVariant {
            candidate_id: candidate_id.clone(),
            resolution,
            case_count,
            masked,
        };
        Ok(Some(variant))
    }
}

/// Cases that were read, each once.
struct Cases<'a> {
    reader: Reader<'a>,
    read: BTreeMap<Bytes, Case>,
}

impl<'a> Cases<'a> {
    fn new(reader: Reader<'a>) -> Self {
        Self {
            reader,
            read: BTreeMap::new(),
        }
    }

    fn read(&mut self, place: &Bytes) -> Result<&Case, Error> {
        if !self.read.contains_key(place) {
            let (_, interaction_id, whose) = keys::read_place(place).map_err(Error::internal)?;
            let key = keys::case(self.reader.tenant_id, &interaction_id, whose);
            let case = self.reader.store.get(key)?;
            let case: Case = stored(case).map_err(Error::internal)?.unwrap_or_default();
            self.read.insert(place.clone(), case);
        }
        self.read
            .get(place)
            .ok_or_else(|| Error::internal("a case is gone"))
    }
}
