//! A change checked with all other settings, as they would be after it.

use std::collections::BTreeMap;

use aftercall_domain::setting::whole::{
    check_fallback, check_references, check_sole_call_policy, check_sole_synonyms, check_unused,
    check_webhook, idle, sort,
};
use aftercall_domain::setting::{Body, FollowUpPolicy, Reference, SettingKind};
use aftercall_domain::violation::Reason;
use aftercall_domain::{FieldPath, Violations};
use aftercall_ledger::Settings;
use aftercall_proto::convert::setting as convert;
use aftercall_proto::model::v1::Setting;
use aftercall_view::ApplyError;

/// A tenant's settings as a change would leave them.
struct After<'a> {
    current: &'a Settings<'a>,
    changed: BTreeMap<Reference<'a>, &'a Setting>,
}

/// Notes all that the settings of a request would make wrong: among themselves, and with those that it doesn't
/// change.
pub(crate) fn check(
    current: &Settings<'_>,
    changed: &[Setting],
    found: &mut Violations,
) -> Result<(), ApplyError> {
    let after = After {
        current,
        changed: changed
            .iter()
            .filter_map(|setting| Some((name(setting)?, setting)))
            .collect(),
    };
    let changes = FieldPath::of("changes");
    for (place, setting) in changed.iter().enumerate() {
        let Some(name) = name(setting) else {
            continue;
        };
        let change = changes.index(place);
        let at = change.field("setting");
        if setting.retired {
            let others = after.naming()?;
            let others = others.iter().map(|(id, body)| (&**id, body));
            check_unused(name, at.field("retired"), others, found);
        } else if let Some(body) = convert::body(setting) {
            let at = at.field(convert::field_of(name.kind));
            check_references(&body, at, |named| after.is_in_use(named), found)?;
            check_webhook(&body, at, |id| current.has_webhook(id), found)?;
            if let Body::EscalationPolicy(_) | Body::CallPolicy(_) | Body::Synonyms(_) = body {
                let others = after.of(name.kind)?;
                let others = others.iter().map(|(id, body)| (&**id, body));
                let own = (name.id, &body);
                check_fallback(own, at, others.clone(), found);
                check_sole_call_policy(own, at, others.clone(), found);
                check_sole_synonyms(own, at, others, found);
            }
        }
    }
    after.check_policies(changed, found)
}

impl After<'_> {
    fn is_in_use(&self, named: Reference<'_>) -> Result<bool, ApplyError> {
        if let Some(setting) = self.changed.get(&named) {
            return Ok(!setting.retired);
        }
        let setting = self.current.get(named.kind.into(), named.id)?;
        Ok(setting.is_some_and(|setting| !setting.retired))
    }

    /// All settings in use that may name others.
    fn naming(&self) -> Result<Vec<(String, Body)>, ApplyError> {
        let mut naming = Vec::new();
        for kind in SettingKind::NAMING {
            naming.extend(self.of(kind)?);
        }
        Ok(naming)
    }

    /// The settings of a kind that would be in use.
    fn of(&self, kind: SettingKind) -> Result<BTreeMap<String, Body>, ApplyError> {
        let mut all = BTreeMap::new();
        for setting in self.current.list(kind.into(), None) {
            let setting = setting?;
            let is_changed = name(&setting).is_some_and(|name| self.changed.contains_key(&name));
            if !is_changed && !setting.retired {
                all.extend(convert::body(&setting).map(|body| (setting.setting_id, body)));
            }
        }
        for (name, setting) in &self.changed {
            if name.kind == kind && !setting.retired {
                all.extend(convert::body(setting).map(|body| (name.id.to_owned(), body)));
            }
        }
        Ok(all)
    }

    /// Notes each policy that would never decide. The one that is said to be wrong is one that the request changes.
    fn check_policies(
        &self,
        changed: &[Setting],
        found: &mut Violations,
    ) -> Result<(), ApplyError> {
        let place = |id: &str| {
            changed.iter().position(|setting| {
                let is_policy = convert::kind_of(setting) == Some(SettingKind::FollowUpPolicy);
                is_policy && !setting.retired && setting.setting_id == id
            })
        };
        let kinds = self.changed.keys().map(|name| name.kind);
        if !kinds
            .into_iter()
            .any(|kind| kind == SettingKind::FollowUpPolicy)
        {
            return Ok(());
        }
        let bodies = self.of(SettingKind::FollowUpPolicy)?;
        let mut policies: Vec<_> = bodies.iter().filter_map(policy).collect();
        sort(&mut policies);
        for (id, taker) in idle(&policies) {
            let changes = FieldPath::of("changes");
            let (place, text) = match (place(id), place(taker)) {
                (Some(place), _) => (
                    place,
                    format!(
                        "is for promises that the follow-up policy {taker}, which is asked before, takes all; give it a \
                         smaller position, or narrow the other"
                    ),
                ),
                (None, Some(place)) => (
                    place,
                    format!(
                        "takes all promises of the follow-up policy {id}, which is asked after; give it a larger position, \
                         narrow it, or take the other out of use in the same request"
                    ),
                ),
                // It was so before, and the request does not make it so.
                (None, None) => continue,
            };
            let change = changes.index(place);
            let setting = change.field("setting");
            let policy = setting.field("follow_up_policy");
            found.add(policy.field("applies_to"), Reason::MatchesNothing, text);
        }
        Ok(())
    }
}

fn policy<'a>((id, body): (&'a String, &'a Body)) -> Option<(&'a str, &'a FollowUpPolicy)> {
    match body {
        Body::FollowUpPolicy(policy) => Some((id, policy)),
        _ => None,
    }
}

fn name(setting: &Setting) -> Option<Reference<'_>> {
    Some(Reference {
        kind: convert::kind_of(setting)?,
        id: &setting.setting_id,
    })
}
