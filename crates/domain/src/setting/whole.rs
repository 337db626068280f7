//! What must hold of a tenant's settings together, as they would be after a change.

use std::fmt::Write;

use super::{Body, FollowUpPolicy, Reference};
use crate::violation::Reason;
use crate::{FieldPath, Violations};

/// The most users of a setting that a refusal names.
const USERS_SHOWN_MAX: usize = 5;

/// Notes what a setting names of others that are not there, or out of use. `is_in_use` says which are, after the
/// change.
///
/// # Errors
/// Those of `is_in_use`.
pub fn check_references<E>(
    body: &Body,
    at: FieldPath<'_>,
    mut is_in_use: impl FnMut(Reference<'_>) -> Result<bool, E>,
    found: &mut Violations,
) -> Result<(), E> {
    let mut failed = Ok(());
    body.references(at, &mut |at, named| {
        // An id that is left out is told by the check of the setting alone.
        if failed.is_err() || named.id.is_empty() {
            return;
        }
        match is_in_use(named) {
            Ok(true) => {}
            Ok(false) => {
                let text = format!(
                    "names no {} of this tenant that is in use; name one that is, or set it up in the same request",
                    named.kind.name()
                );
                found.add(at, named.kind.unknown(), text);
            }
            Err(error) => failed = Err(error),
        }
    });
    failed
}

/// Notes that a receiver names a webhook that is not there. `is_there` says which are, in use or not: one that is not in
/// use may come back.
///
/// # Errors
/// Those of `is_there`.
pub fn check_webhook<E>(
    body: &Body,
    at: FieldPath<'_>,
    is_there: impl FnOnce(&str) -> Result<bool, E>,
    found: &mut Violations,
) -> Result<(), E> {
    let Body::Receiver(receiver) = body else {
        return Ok(());
    };
    let id = receiver.webhook_id.as_str();
    if !id.is_empty() && !is_there(id)? {
        let text = "names no webhook of this tenant; make it first, and name it by the id that it was given, or leave it out";
        found.add(at.field("webhook_id"), Reason::UnknownWebhook, text);
    }
    Ok(())
}

/// Notes that a setting would be a second escalation policy that is the tenant's fallback. `others` are the escalation
/// policies in use, as they would be.
pub fn check_fallback<'a>(
    (id, body): (&str, &Body),
    at: FieldPath<'_>,
    others: impl IntoIterator<Item = (&'a str, &'a Body)>,
    found: &mut Violations,
) {
    let mut others = others.into_iter();
    let other = others.find(|(other, one)| *other != id && is_fallback(one));
    if let Some((other, _)) = other.filter(|_| is_fallback(body)) {
        let text = format!(
            "is so of the escalation policy {other}, too, and there is one fallback; leave it out here, or take it from \
             the other in the same request"
        );
        found.add(at.field("fallback"), Reason::Conflicting, text);
    }
}

fn is_fallback(body: &Body) -> bool {
    matches!(body, Body::EscalationPolicy(policy) if policy.fallback)
}

/// Notes that a setting would be a second call policy in use. `others` are those in use, as they would be.
pub fn check_sole_call_policy<'a>(
    (id, body): (&str, &Body),
    at: FieldPath<'_>,
    others: impl IntoIterator<Item = (&'a str, &'a Body)>,
    found: &mut Violations,
) {
    if !matches!(body, Body::CallPolicy(_)) {
        return;
    }
    let mut others = others.into_iter();
    if let Some((other, _)) = others.find(|(other, _)| *other != id) {
        let text = format!(
            "is a second call policy in use beside {other}, and a tenant's calls are judged by one; change that one, or take \
             it out of use in the same request"
        );
        found.add(at, Reason::Conflicting, text);
    }
}

/// Notes that a setting would be a second list of synonyms of its language in use. `others` are those in use, as they would
/// be.
pub fn check_sole_synonyms<'a>(
    (id, body): (&str, &Body),
    at: FieldPath<'_>,
    others: impl IntoIterator<Item = (&'a str, &'a Body)>,
    found: &mut Violations,
) {
    let Body::Synonyms(own) = body else {
        return;
    };
    let mut others = others.into_iter();
    let other = others.find(|(other, one)| {
        let Body::Synonyms(one) = one else {
            return false;
        };
        *other != id && one.language.eq_ignore_ascii_case(&own.language)
    });
    if let Some((other, _)) = other {
        let text = format!(
            "is that of the list of synonyms {other}, too, and one is in use for each language, and one without a language; \
             add the groups to that one, or take it out of use in the same request"
        );
        found.add(at.field("language"), Reason::Conflicting, text);
    }
}

/// Notes that a setting can't be taken out of use, because others that are in use name it. `at` is the field that
/// says so.
pub fn check_unused<'a>(
    setting: Reference<'_>,
    at: FieldPath<'_>,
    others: impl IntoIterator<Item = (&'a str, &'a Body)>,
    found: &mut Violations,
) {
    let mut users = Vec::new();
    for (id, body) in others {
        let mut is_named = false;
        body.references(FieldPath::ROOT, &mut |_, named| {
            is_named |= named == setting
        });
        if is_named {
            let kind = body.kind();
            users.push(Reference { kind, id });
        }
    }
    if users.is_empty() {
        return;
    }
    let mut text = String::from("is named by ");
    for (place, user) in users.iter().take(USERS_SHOWN_MAX).enumerate() {
        let comma = if place == 0 { "" } else { ", " };
        let _ = write!(text, "{comma}{user}");
    }
    if users.len() > USERS_SHOWN_MAX {
        let _ = write!(text, " and {} more", users.len() - USERS_SHOWN_MAX);
    }
    text.push_str("; let them name another one first, or in the same request");
    found.add(at, Reason::InUse, text);
}

/// The order in which policies are asked.
pub fn sort(policies: &mut [(&str, &FollowUpPolicy)]) {
    policies.sort_by_key(|(id, policy)| (policy.position, *id));
}

/// Each policy that can match nothing, because one that is asked before it takes all that it is for: its id, and that
/// of the other. `policies` are those in use, in the order in which they are asked.
pub fn idle<'a>(
    policies: &'a [(&'a str, &'a FollowUpPolicy)],
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let places = policies.iter().enumerate();
    places.filter_map(|(place, (id, policy))| {
        let before = policies[..place].iter();
        let mut before = before.filter(|(_, one)| one.applies_to.covers(&policy.applies_to));
        before.next().map(|(taker, _)| (*id, *taker))
    })
}
