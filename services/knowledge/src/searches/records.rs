//! What the view stores of searches and struggles.

use std::collections::BTreeSet;

use aftercall_domain::solution::RETURN_DAYS;
use aftercall_proto::model::v1::{
    Call, Direction, EscalationKind, EscalationRequester, HoldReason, Interaction, SearchQuestion,
    Segment, SegmentKind, SignalKind, SolutionUse, SolutionUseKind,
};

use crate::echoes::Voice;
use crate::limits::STRUGGLES_OF_A_CONTACT_MAX;
use crate::records::{Handled, micros};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// How close two contacts of a customer for one reason must be to be the same trouble, in microseconds.
pub(super) const COMES_BACK_WITHIN_US: i64 = RETURN_DAYS as i64 * MICROS_PER_DAY;

/// The day of an instant by UTC, counted from 1970; what is before that, or after all days, counts as the nearest.
pub(super) fn day_of(at_us: i64) -> u32 {
    let day = at_us.div_euclid(MICROS_PER_DAY).max(0);
    u32::try_from(day).unwrap_or(u32::MAX)
}

/// When a day begins.
pub(super) fn day_begins(day: u32) -> i64 {
    i64::from(day) * MICROS_PER_DAY
}

/// What a contact says of what its agent knew: enough to take back what was counted of it.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Trace {
    #[prost(sint64, tag = "1")]
    pub(super) occurred_at_us: i64,
    /// The main reason's.
    #[prost(string, tag = "2")]
    pub(super) reason_code: String,
    #[prost(string, tag = "3")]
    pub(super) team_id: String,
    #[prost(string, tag = "4")]
    pub(super) site_id: String,
    #[prost(string, tag = "5")]
    pub(super) customer_id: String,
    /// Holds to look something up.
    #[prost(uint32, tag = "6")]
    pub(super) lookups: u32,
    /// Holds to ask a supervisor, and agents who were consulted.
    #[prost(uint32, tag = "7")]
    pub(super) asked: u32,
    /// Escalations that the customer didn't ask for.
    #[prost(uint32, tag = "8")]
    pub(super) escalated: u32,
    #[prost(uint32, tag = "9")]
    pub(super) transfers: u32,
    #[prost(uint32, tag = "10")]
    pub(super) corrections: u32,
    /// The customer said that it isn't the first contact.
    #[prost(bool, tag = "11")]
    pub(super) says_repeat: bool,
    /// The record names the contact that it follows up.
    #[prost(bool, tag = "16")]
    pub(super) follows_up: bool,
    /// Whether a solution was looked at, whatever came of it.
    #[prost(bool, tag = "12")]
    pub(super) looked: bool,
    /// The solutions that were used, each once, with the version.
    #[prost(message, repeated, tag = "13")]
    pub(super) used: Vec<Used>,
    /// What is known of how long it took.
    #[prost(message, optional, tag = "14")]
    pub(super) handled: Option<Handled>,
    /// What is counted of it now.
    #[prost(message, optional, tag = "15")]
    pub(super) counted: Option<Counted>,
    /// What is beside it, as it is counted.
    #[prost(message, required, tag = "17")]
    pub(super) beside: Beside,
    /// Whether the customer reached out, rather than we.
    #[prost(bool, tag = "18")]
    pub(super) is_inbound: bool,
}

/// A solution's use in a contact.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, prost::Message)]
pub(super) struct Used {
    #[prost(string, tag = "1")]
    pub(super) solution_id: String,
    #[prost(uint32, tag = "2")]
    pub(super) version: u32,
}

impl Trace {
    /// The trace of a new record of a customer.
    pub(super) fn of(interaction: &Interaction, customer_id: &str) -> Self {
        let mut trace = Self {
            team_id: interaction.team_id.clone(),
            site_id: interaction.site_id.clone(),
            customer_id: customer_id.to_owned(),
            handled: Some(Handled::of(interaction)),
            ..Self::default()
        };
        for path in AMENDABLE {
            trace.take(path, interaction);
        }
        trace
    }

    /// The trace after the fields named by `paths` were replaced by those of `interaction`.
    pub(super) fn amended(&self, paths: &[String], interaction: &Interaction) -> Self {
        let mut trace = self.clone();
        for path in paths {
            trace.take(path, interaction);
        }
        // What was said of how it was handled was wrong, or wanting.
        let corrects = |path: &String| matches!(path.as_str(), "handling" | "contact_reasons");
        trace.corrections += u32::from(paths.iter().any(corrects));
        trace
    }

    fn take(&mut self, path: &str, interaction: &Interaction) {
        match path {
            "contact_reasons" => {
                let mut reasons = interaction.contact_reasons.iter();
                let primary = reasons.find(|reason| reason.primary);
                self.reason_code = primary.map_or_else(String::new, |one| one.code.clone());
            }
            "direction" => self.is_inbound = interaction.direction() == Direction::Inbound,
            "occurred_at" => self.occurred_at_us = micros(interaction.occurred_at.as_ref()),
            "segments" => {
                self.take_segments(&interaction.segments);
                self.handled_mut().take_segments(interaction);
            }
            "ended_at" => self.handled_mut().take_end(interaction),
            "escalations" => {
                let for_help = interaction.escalations.iter().filter(|one| {
                    let to_whom = matches!(
                        one.kind(),
                        EscalationKind::Supervisor | EscalationKind::Specialist
                    );
                    to_whom && one.requested_by() != EscalationRequester::Customer
                });
                self.escalated = number(for_help.count());
            }
            "signals" => {
                let mut signals = interaction.signals.iter();
                self.says_repeat = signals.any(|one| one.kind() == SignalKind::RepeatStated);
            }
            "previous_interaction_id" => {
                self.follows_up = !interaction.previous_interaction_id.is_empty();
            }
            "solution_uses" => self.take_uses(&interaction.solution_uses),
            // The other fields say nothing of it.
            _ => {}
        }
    }

    /// Takes from the call that the contact is what its record does not say.
    pub(super) fn complete(&mut self, call: Option<&Call>) {
        let handled = self.handled_mut();
        handled.complete(call);
        if !handled.says_segments() {
            self.take_segments(call.map_or(&[][..], |call| &call.segments[..]));
        }
    }

    fn handled_mut(&mut self) -> &mut Handled {
        self.handled.get_or_insert_default()
    }

    fn take_segments(&mut self, segments: &[Segment]) {
        let holds = |reason: HoldReason| {
            let holds = segments.iter().flat_map(|one| &one.holds);
            number(holds.filter(|hold| hold.reason() == reason).count())
        };
        let consulted = segments
            .iter()
            .filter(|one| one.kind() == SegmentKind::Consult);
        self.lookups = holds(HoldReason::Lookup);
        self.asked = holds(HoldReason::AskSupervisor) + number(consulted.count());
        self.transfers = number(segments.iter().filter(|one| one.transfer.is_some()).count());
    }

    fn take_uses(&mut self, uses: &[SolutionUse]) {
        let with = |kinds: &[SolutionUseKind]| {
            let uses = uses.iter().filter(|one| kinds.contains(&one.kind()));
            uses.map(|one| Used {
                solution_id: one.solution_id.clone(),
                version: one.version,
            })
            .collect::<BTreeSet<_>>()
        };
        let mut used: Vec<_> = with(&[SolutionUseKind::UsedAsIs, SolutionUseKind::UsedModified])
            .into_iter()
            .collect();
        used.dedup_by(|later, first| later.solution_id == first.solution_id);
        let seen = with(&[SolutionUseKind::Viewed, SolutionUseKind::Rejected]);
        self.looked = !used.is_empty() || !seen.is_empty();
        self.used = used;
    }

    /// What of it counts, with what its neighbours and searches say.
    pub(super) fn sums(&self) -> Sums {
        let beside = self.beside;
        let of = |count: u32| i64::from(count.min(STRUGGLES_OF_A_CONTACT_MAX));
        // Where a solution was used, what was looked up was found.
        let found = !self.used.is_empty();
        let searched = self.looked || beside.searched;
        // That we call somebody back is no repeat, whatever it follows up.
        let is_repeat = beside.is_repeat || self.says_repeat || self.follows_up;
        let handled = self.handled.as_ref();
        let handled = handled.and_then(|handled| handled.seconds(self.occurred_at_us));
        let mut sums = Sums {
            cases: 1,
            timed: i64::from(handled.is_some()),
            handle_seconds: handled.map_or(0, i64::from),
            came_back: i64::from(beside.came_back),
            solved_with: i64::from(found),
            lookups: if found { 0 } else { of(self.lookups) },
            transfers: if found || !searched {
                0
            } else {
                of(self.transfers)
            },
            assists: of(self.asked.saturating_add(self.escalated)),
            corrections: of(self.corrections),
            repeats: i64::from(self.is_inbound && is_repeat),
            ..Sums::default()
        };
        sums.struggling = i64::from(sums.score() > 0);
        sums
    }
}

/// What a contact's neighbours and searches say of it.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(super) struct Beside {
    /// The customer reached out, and had done so for the same reason shortly before,
    #[prost(bool, tag = "1")]
    pub(super) is_repeat: bool,
    /// or did so shortly after it.
    #[prost(bool, tag = "2")]
    pub(super) came_back: bool,
    /// A search names the contact.
    #[prost(bool, tag = "3")]
    pub(super) searched: bool,
}

/// All fields of a record that say something here.
const AMENDABLE: [&str; 9] = [
    "contact_reasons",
    "direction",
    "occurred_at",
    "ended_at",
    "segments",
    "escalations",
    "signals",
    "previous_interaction_id",
    "solution_uses",
];

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// What is counted, and where.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Counted {
    #[prost(sint64, tag = "1")]
    pub(super) at_us: i64,
    #[prost(string, tag = "2")]
    pub(super) reason_code: String,
    #[prost(string, tag = "3")]
    pub(super) site_id: String,
    #[prost(string, tag = "4")]
    pub(super) team_id: String,
    #[prost(message, required, tag = "5")]
    pub(super) sums: Sums,
    /// The solutions that it counts for, too.
    #[prost(message, repeated, tag = "6")]
    pub(super) used: Vec<Used>,
}

/// Sums of contacts and searches. What comes and goes in any order adds up to the same.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct Sums {
    #[prost(int64, tag = "1")]
    pub(super) cases: i64,
    #[prost(int64, tag = "2")]
    pub(super) timed: i64,
    #[prost(int64, tag = "3")]
    pub(super) handle_seconds: i64,
    #[prost(int64, tag = "4")]
    pub(super) came_back: i64,
    #[prost(int64, tag = "5")]
    pub(super) solved_with: i64,
    #[prost(int64, tag = "6")]
    pub(super) struggling: i64,
    #[prost(int64, tag = "7")]
    pub(super) lookups: i64,
    #[prost(int64, tag = "8")]
    pub(super) unanswered: i64,
    #[prost(int64, tag = "9")]
    pub(super) transfers: i64,
    #[prost(int64, tag = "10")]
    pub(super) assists: i64,
    #[prost(int64, tag = "11")]
    pub(super) corrections: i64,
    #[prost(int64, tag = "12")]
    pub(super) repeats: i64,
}

impl Sums {
    /// By what struggles are ranked: how much each sign weighs.
    pub(super) fn score(&self) -> u64 {
        let signs = [
            (self.lookups, 1),
            (self.repeats, 1),
            (self.unanswered, 2),
            (self.assists, 2),
            (self.transfers, 3),
            (self.corrections, 3),
        ];
        let weighed = signs
            .iter()
            .map(|(count, weight)| count.saturating_mul(*weight));
        u64::try_from(weighed.fold(0, i64::saturating_add)).unwrap_or(0)
    }

    /// Adds others, or takes them away.
    pub(super) fn shift(&mut self, by: &Self, sign: i64) {
        let pairs = [
            (&mut self.cases, by.cases),
            (&mut self.timed, by.timed),
            (&mut self.handle_seconds, by.handle_seconds),
            (&mut self.came_back, by.came_back),
            (&mut self.solved_with, by.solved_with),
            (&mut self.struggling, by.struggling),
            (&mut self.lookups, by.lookups),
            (&mut self.unanswered, by.unanswered),
            (&mut self.transfers, by.transfers),
            (&mut self.assists, by.assists),
            (&mut self.corrections, by.corrections),
            (&mut self.repeats, by.repeats),
        ];
        for (sum, by) in pairs {
            *sum = sum.wrapping_add(by.wrapping_mul(sign));
        }
    }
}

/// A search, as far as it was told of.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Asked {
    /// Each of its fields as the first event has it that says it.
    #[prost(message, required, tag = "1")]
    pub(super) question: SearchQuestion,
    #[prost(sint64, tag = "2")]
    pub(super) at_us: i64,
    /// Somebody, or the server, said that nothing fitted.
    #[prost(bool, tag = "3")]
    pub(super) none_fitted: bool,
    /// What became of each solution. At most as many as one search may name.
    #[prost(message, repeated, tag = "4")]
    pub(super) seen: Vec<Seen>,
    /// What is counted of it now.
    #[prost(message, optional, tag = "5")]
    pub(super) counted: Option<Counted>,
    /// How many events there are of it.
    #[prost(uint64, tag = "6")]
    pub(super) sequence: u64,
}

/// What became of a solution in a search.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Seen {
    #[prost(string, tag = "1")]
    pub(super) solution_id: String,
    #[prost(bool, tag = "2")]
    pub(super) shown: bool,
    #[prost(bool, tag = "3")]
    pub(super) opened: bool,
    #[prost(bool, tag = "4")]
    pub(super) used: bool,
    #[prost(bool, tag = "5")]
    pub(super) rejected: bool,
    /// The version that was used, or else rejected.
    #[prost(uint32, tag = "6")]
    pub(super) version: u32,
}

impl Asked {
    /// What it says of versions where no contact is known that would say so by its uses. What was used in the end was not
    /// the wrong one.
    pub(super) fn voices(&self) -> Vec<Voice> {
        if !self.question.interaction_id.is_empty() {
            return Vec::new();
        }
        let judged = self.seen.iter().filter(|seen| seen.used || seen.rejected);
        let voices = judged.map(|seen| Voice {
            solution_id: seen.solution_id.clone(),
            version: seen.version,
            used: seen.used,
        });
        voices.collect()
    }

    /// Fills what no event has said yet.
    pub(super) fn learn(&mut self, question: &SearchQuestion) {
        let known = &mut self.question;
        let fields = [
            (&mut known.text, &question.text),
            (&mut known.reason_code, &question.reason_code),
            (&mut known.product, &question.product),
            (&mut known.client_account_id, &question.client_account_id),
            (&mut known.language, &question.language),
            (&mut known.interaction_id, &question.interaction_id),
            (&mut known.team_id, &question.team_id),
            (&mut known.site_id, &question.site_id),
        ];
        for (known, new) in fields {
            if known.is_empty() {
                known.clone_from(new);
            }
        }
    }

    /// Whether the question is one that nobody could answer.
    pub(super) fn is_unanswered(&self) -> bool {
        self.none_fitted && !self.seen.iter().any(|seen| seen.used)
    }
}

/// What searches and judgements say of a solution.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Reach {
    #[prost(int64, tag = "1")]
    pub(crate) shown: i64,
    #[prost(int64, tag = "2")]
    pub(crate) opened: i64,
    #[prost(int64, tag = "3")]
    pub(crate) used: i64,
    #[prost(int64, tag = "4")]
    pub(crate) rejected: i64,
    /// Links that were judged right,
    #[prost(int64, tag = "5")]
    pub(crate) right: i64,
    /// and wrong.
    #[prost(int64, tag = "6")]
    pub(crate) wrong: i64,
    /// From when on it has existed.
    #[prost(sint64, optional, tag = "7")]
    pub(crate) existed_from_us: Option<i64>,
    /// The reason for which it was last said to exist.
    #[prost(string, tag = "8")]
    pub(crate) existed_for: String,
}

/// Whose record shows a struggle.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Shown {
    #[prost(string, tag = "1")]
    pub(super) site_id: String,
    #[prost(string, tag = "2")]
    pub(super) team_id: String,
}

/// What reviewers say of a solution's use in a contact.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct Judged {
    /// How often it was judged.
    #[prost(uint64, tag = "1")]
    pub(super) sequence: u64,
    /// Whether the last judgement says that it is right.
    #[prost(bool, tag = "2")]
    pub(super) is_right: bool,
}
