//! Promises that the finder proposes: an agent said them, and the record does not list them.

use jiff::{SignedDuration, Timestamp};

use super::CommitmentDraft;
use crate::calendar::Zone;
use crate::commitment::Origin;
use crate::due::{Calendars, DayTime, DueSpec, Telling};
use crate::limits::{PROPOSED_SAID_HOURS, SAYING_BYTES_MAX};
use crate::setting::{FollowUpPolicy, TargetRule};
use crate::spoken::{Clock, Day, Place, Saying, When, is_alike};
use crate::{FieldPath, LocalDays};

/// The zone where nobody says one.
const NO_ZONE: &str = "UTC";

impl CommitmentDraft {
    /// What was said as a promise that is proposed, before it is known by when: `promised_by` is only a stand-in until
    /// [`CommitmentDraft::reckon_said`] has been there. `text` is what was said in its turn, and `now` when its contact is
    /// recorded, which makes the record final: somebody has to confirm it within [`PROPOSED_SAID_HOURS`] from then.
    pub fn said(saying: &Saying, text: &str, now: Timestamp) -> Self {
        let words = text.get(saying.finding.span.clone()).unwrap_or_default();
        let mut words = words[..words.floor_char_boundary(SAYING_BYTES_MAX)].to_owned();
        crate::text::clean(&mut words);
        let wait = SignedDuration::from_hours(PROPOSED_SAID_HOURS);
        let origin = (saying.kind, Origin::Said);
        Self {
            told_to_customer: true,
            proposed_until: now.checked_add(wait).ok(),
            finding: Some(saying.finding.clone()),
            ..Self::of_ours(String::new(), origin, words, Timestamp::UNIX_EPOCH)
        }
    }

    /// Finds by when what was said is due: as it was said; where nothing was said of it, or no due comes of it, when the
    /// policy wants it done, or at the end of the next open day, or of the next day. False if there is no such time.
    pub fn reckon_said(
        &mut self,
        when: Option<When>,
        (told_at, time_zone): (Timestamp, &str),
        policy: Option<&FollowUpPolicy>,
        calendars: &impl Calendars,
    ) -> bool {
        let id = policy.and_then(|policy| policy.calendar_ids().next());
        let calendar = id.and_then(|id| calendars.calendar(id));
        let own = Zone::named(time_zone);
        let ours = || calendar.map(|calendar| calendar.hours_at(told_at).zone().clone());
        let Some(zone) = own.or_else(ours).or_else(|| Zone::named(NO_ZONE)) else {
            return false;
        };
        let place = Place {
            told_at,
            zone: &zone,
            calendar_id: calendar.map(|calendar| calendar.id()),
        };
        let telling = Telling {
            occurred_at: told_at,
            is_import: false,
        };
        let said = when.and_then(|when| when.due(place));
        let said = said.into_iter().map(|spec| (spec, true));
        let usual = usual(policy, place).map(|spec| (spec, false));
        for (spec, is_said) in said.chain(usual) {
            let Ok(resolved) = spec.resolve(FieldPath::ROOT, telling, calendars) else {
                continue;
            };
            self.promised_by = resolved.at;
            self.due = Some(spec);
            self.due_resolution = Some(resolved.resolution);
            zone.name().clone_into(&mut self.time_zone);
            if let Some(finding) = &mut self.finding {
                finding.is_due_said = is_said;
            }
            return true;
        }
        false
    }

    /// Whether one of some promises is what was said: a like kind, and due on the same local day, or on whichever where no
    /// day was said.
    pub fn is_among(&self, others: &[Self]) -> bool {
        let has_day = self
            .finding
            .as_ref()
            .is_none_or(|finding| finding.is_due_said);
        let days = LocalDays::of(&self.time_zone);
        // The end of a day is the first instant of the next.
        let day = |draft: &Self| {
            let last = draft.promised_by.checked_sub(SignedDuration::from_nanos(1));
            let last = last.unwrap_or(draft.promised_by);
            days.as_ref().map(|days| days.day(last))
        };
        let is_same_day = |other: &Self| day(other) == day(self);
        let mut others = others.iter();
        others.any(|other| is_alike(other.kind, self.kind) && (!has_day || is_same_day(other)))
    }
}

/// The dues of a promise of which nobody said by when, the most fitting first.
fn usual(policy: Option<&FollowUpPolicy>, place: Place<'_>) -> impl Iterator<Item = DueSpec> {
    let target = policy.and_then(|policy| policy.internal_target.as_ref());
    let target = target.and_then(|rule| match rule {
        TargetRule::SinceMade(time) => Some(DueSpec::BusinessElapsed {
            duration: time.duration,
            calendar_id: time.calendar_id.clone(),
        }),
        TargetRule::BeforeDue(_) => None,
    });
    let next_open = place.calendar_id.map(|id| DueSpec::BusinessDays {
        days: 1,
        at: DayTime::EndOfDay,
        calendar_id: id.to_owned(),
    });
    let tomorrow = When::On {
        day: Some(Day::In(1)),
        clock: Some(Clock::Closing),
    };
    let next = tomorrow.due(place);
    target.into_iter().chain(next_open).chain(next)
}
