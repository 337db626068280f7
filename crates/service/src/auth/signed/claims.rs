//! What a token claims, and whom that makes of its bearer.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::issuer::Issuer;
use crate::Principal;

/// How far ahead the end of a token may lie: no clock of ours counts further.
const LEFT_MAX: Duration = Duration::from_secs(366 * 86_400);

/// All claims of a token whose signature is good.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Claims(Map<String, Value>);

impl Claims {
    /// Whether `issuer` gave the token out, and for us.
    pub(super) fn are_of(&self, issuer: &Issuer) -> bool {
        let given_by = self.0.get("iss").and_then(Value::as_str);
        let given_for = match self.0.get("aud") {
            Some(Value::String(audience)) => *audience == issuer.audience,
            Some(Value::Array(audiences)) => audiences
                .iter()
                .any(|one| one.as_str() == Some(&issuer.audience)),
            _ => false,
        };
        given_by == Some(&issuer.name) && given_for
    }

    /// How long the token is still good at `now`; none when it is not, or does not say until when.
    pub(super) fn left(&self, now: Timestamp, skew: Duration) -> Option<Duration> {
        let now = Duration::try_from(now.duration_since(Timestamp::UNIX_EPOCH)).ok()?;
        if let Some(begins) = self.0.get("nbf")
            && seconds(begins)? > now + skew
        {
            return None;
        }
        let ends = seconds(self.0.get("exp")?)? + skew;
        let left = ends.checked_sub(now).filter(|left| !left.is_zero())?;
        Some(left.min(LEFT_MAX))
    }

    /// Whom `issuer` says that the bearer is.
    pub(super) fn principal(&self, issuer: &Issuer) -> Option<Principal> {
        issuer.whom.principal(&self.0)
    }
}

/// A time of a token: seconds since the Unix epoch, and nothing else.
fn seconds(value: &Value) -> Option<Duration> {
    Duration::try_from_secs_f64(value.as_f64()?).ok()
}
