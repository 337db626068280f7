//! Times in JSON: those that are one, and what to write instead of those that aren't.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde_json::{Number, Value};

/// A time as it should be.
const SUCH_AS: &str = "write a time such as 2026-11-20T09:12:00Z or 2026-11-20T10:12:00+01:00";
/// Numbers of seconds above this are of milliseconds: the year is 5138.
const SECONDS_MAX: i64 = 100_000_000_000;

/// The time that `text` says, in the one form of RFC 3339.
pub(super) fn of_text(text: &str) -> Result<Value, String> {
    if let Ok(at) = text.parse::<Timestamp>()
        && !text.contains('[')
    {
        return Ok(Value::String(at.to_string()));
    }
    // A day alone reads as its midnight, too, so it is looked at first.
    if text.parse::<Date>().is_ok() && text.len() <= "2026-11-20".len() {
        return Err(format!(
            "needs a time of day and a zone, such as {text}T00:00:00Z"
        ));
    }
    match text.parse::<DateTime>() {
        Ok(local) if !text.contains('[') => Err(format!("needs a zone, such as {local}Z")),
        _ => Err(format!("is not a time: {SUCH_AS}")),
    }
}

/// What to say of a number where a time should stand: most often it counts from 1970.
pub(super) fn of_number(number: &Number) -> String {
    let counted = number.as_i64().and_then(|number| match number.abs() {
        0..SECONDS_MAX => Timestamp::from_second(number).ok(),
        _ => Timestamp::from_millisecond(number).ok(),
    });
    match counted {
        Some(at) => format!("is text: write a time such as {at}"),
        None => of_other(),
    }
}

/// What to say of anything else.
pub(super) fn of_other() -> String {
    format!("is text: {SUCH_AS}")
}
