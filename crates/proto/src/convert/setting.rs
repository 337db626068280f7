//! Settings: what a caller sends is checked, what the log holds is read.

mod calendar;
mod calls;
mod escalation;
mod policy;
mod silence;
mod synonyms;
mod taxonomy;

use aftercall_domain::setting::{self as domain, SettingKind};
use aftercall_domain::violation::Reason;
use aftercall_domain::{Cleaner, FieldPath, Violations};

pub use calendar::{opening_hours, put};
pub use policy::channel;

use super::enums;
use crate::model::v1 as wire;
use crate::model::v1::setting::Body;

enums::closed!(SettingKind {
    Calendar,
    FollowUpPolicy,
    EscalationPolicy,
    Team,
    Receiver,
    Silence,
    Holidays,
    Taxonomy,
    CallPolicy,
    Synonyms
});

/// Of which kind a setting is; none for one without a body, or of a kind that a later version knows.
pub const fn kind_of(setting: &wire::Setting) -> Option<SettingKind> {
    Some(match &setting.body {
        None => return None,
        Some(Body::Calendar(_)) => SettingKind::Calendar,
        Some(Body::FollowUpPolicy(_)) => SettingKind::FollowUpPolicy,
        Some(Body::EscalationPolicy(_)) => SettingKind::EscalationPolicy,
        Some(Body::Team(_)) => SettingKind::Team,
        Some(Body::Receiver(_)) => SettingKind::Receiver,
        Some(Body::Silence(_)) => SettingKind::Silence,
        Some(Body::Holidays(_)) => SettingKind::Holidays,
        Some(Body::Taxonomy(_)) => SettingKind::Taxonomy,
        Some(Body::CallPolicy(_)) => SettingKind::CallPolicy,
        Some(Body::Synonyms(_)) => SettingKind::Synonyms,
    })
}

/// The field of a body, as in [`wire::Setting`].
pub const fn field_of(kind: SettingKind) -> &'static str {
    match kind {
        SettingKind::Calendar => "calendar",
        SettingKind::FollowUpPolicy => "follow_up_policy",
        SettingKind::EscalationPolicy => "escalation_policy",
        SettingKind::Team => "team",
        SettingKind::Receiver => "receiver",
        SettingKind::Silence => "silence",
        SettingKind::Holidays => "holidays",
        SettingKind::Taxonomy => "taxonomy",
        SettingKind::CallPolicy => "call_policy",
        SettingKind::Synonyms => "synonyms",
    }
}

/// Cleans the texts of a setting that came from outside, says what counts where it left something out, and notes
/// all that is wrong with it, but for its name.
pub fn take(
    setting: &mut wire::Setting,
    at: FieldPath<'_>,
    cleaner: &mut Cleaner,
    found: &mut Violations,
) {
    let Some(kind) = kind_of(setting) else {
        let text = "sets nothing; give one of calendar, follow_up_policy, escalation_policy, team, receiver, silence, taxonomy, call_policy, synonyms";
        found.add(at, Reason::Required, text);
        return;
    };
    let at = at.field(field_of(kind));
    match setting.body.take() {
        Some(Body::Calendar(mut calendar)) => {
            calendar::take(&mut calendar, at, cleaner, found);
            setting.body = Some(Body::Calendar(calendar));
        }
        Some(Body::Holidays(_)) => {
            let text = "are made of a feed; send it to StageHolidays";
            found.add(at, Reason::Conflicting, text);
        }
        Some(body) => {
            if let Some(mut body) = read(body, at, found) {
                body.clean(at, cleaner);
                body.check(at, found);
                setting.body = Some(to_wire(body));
            }
        }
        None => {}
    }
}

/// What a setting of the log or of a checked request sets; none for calendars, which [`opening_hours`] reads, for
/// holidays, and for what only a later version understands.
pub fn body(setting: &wire::Setting) -> Option<domain::Body> {
    let mut found = Violations::new();
    let body = read(setting.body.clone()?, FieldPath::ROOT, &mut found);
    body.filter(|_| found.is_empty())
}

fn read(body: Body, at: FieldPath<'_>, found: &mut Violations) -> Option<domain::Body> {
    Some(match body {
        Body::Calendar(_) | Body::Holidays(_) => return None,
        Body::FollowUpPolicy(policy) => {
            domain::Body::FollowUpPolicy(policy::read(policy, at, found))
        }
        Body::EscalationPolicy(policy) => {
            domain::Body::EscalationPolicy(escalation::read(policy, at, found))
        }
        Body::Team(team) => domain::Body::Team(team.into()),
        Body::Receiver(receiver) => {
            domain::Body::Receiver(escalation::read_receiver(receiver, at, found))
        }
        Body::Silence(silence) => domain::Body::Silence(silence::read(silence, at, found)),
        Body::Taxonomy(taxonomy) => domain::Body::Taxonomy(taxonomy::read(taxonomy, at, found)),
        Body::CallPolicy(policy) => domain::Body::CallPolicy(calls::read(policy, at, found)),
        Body::Synonyms(synonyms) => domain::Body::Synonyms(synonyms.into()),
    })
}

/// The body on the wire.
pub fn to_wire(body: domain::Body) -> Body {
    match body {
        domain::Body::FollowUpPolicy(policy) => Body::FollowUpPolicy(policy.into()),
        domain::Body::EscalationPolicy(policy) => Body::EscalationPolicy(policy.into()),
        domain::Body::Team(team) => Body::Team(team.into()),
        domain::Body::Receiver(receiver) => Body::Receiver(receiver.into()),
        domain::Body::Silence(silence) => Body::Silence(silence.into()),
        domain::Body::Taxonomy(taxonomy) => Body::Taxonomy(taxonomy.into()),
        domain::Body::CallPolicy(policy) => Body::CallPolicy(policy.into()),
        domain::Body::Synonyms(synonyms) => Body::Synonyms(synonyms.into()),
    }
}
