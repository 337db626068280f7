//! `--as-of`: what was known at a moment of the past.

use aftercall_proto::history::v1::{AsOf, as_of};

use super::{CommandError, Session};
use crate::output::{Style, When, past};

/// The shortest text that is taken for a position where it is no time.
const POSITION_CHARS_MIN: usize = 16;

/// As of when it is asked.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct AsOfArgs {
    /// What was known then, instead of now: 2026-11-22, "2026-11-22 17:00", 7d for seven days ago, or a position that an
    /// answer told as `completeThrough`
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = moment)]
    as_of: Option<Moment>,
}

/// A moment as a person names it.
#[derive(Debug, Clone)]
enum Moment {
    Time(When),
    Position(String),
}

fn moment(text: &str) -> Result<Moment, String> {
    let of_position =
        |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    match past(text) {
        Ok(when) => Ok(Moment::Time(when)),
        Err(_) if text.len() >= POSITION_CHARS_MIN && text.chars().all(of_position) => {
            Ok(Moment::Position(text.to_owned()))
        }
        Err(remedy) => Err(format!("{remedy}, or a position as an answer told it")),
    }
}

impl AsOfArgs {
    /// As of when, as a request says it.
    pub(super) fn asked(&self, session: &Session) -> Result<Option<AsOf>, CommandError> {
        let moment = match &self.as_of {
            None => return Ok(None),
            Some(Moment::Time(when)) => as_of::Moment::Time(session.instant(when)?),
            Some(Moment::Position(position)) => as_of::Moment::Position(position.clone()),
        };
        Ok(Some(AsOf {
            moment: Some(moment),
        }))
    }

    /// Says for people that it is the past that they see.
    pub(super) fn say(&self, session: &mut Session) -> Result<(), CommandError> {
        let Some(asked) = self.asked(session)? else {
            return Ok(());
        };
        let output = &mut session.output;
        if output.json() {
            return Ok(());
        }
        let then = match &asked.moment {
            Some(as_of::Moment::Time(at)) => output.times().second(Some(at)),
            Some(as_of::Moment::Position(_)) | None => "that position".to_owned(),
        };
        let text = format!("as of {then}: what was recorded later is left out");
        Ok(output.line(&output.styled(Style::Dim, &text))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_or_a_position() {
        for time in ["2026-11-22", "7d", "2h ago", "2026-11-22T17:00:00Z"] {
            assert!(matches!(moment(time), Ok(Moment::Time(_))), "{time}");
        }
        let position = "A-93Ab_xq2wAAAABAQAAdGVzdA";
        assert!(matches!(moment(position), Ok(Moment::Position(_))));
        for wrong in ["", "thursday", "2026-13-01", "two words that are long"] {
            let refusal = moment(wrong).unwrap_err();
            assert!(refusal.contains("position"), "{wrong}: {refusal}");
        }
    }
}
