//! `silences`: times in which some alerts are not told.

use std::str::FromStr;

use aftercall_proto::convert::time::from_wire;
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{LabelMatcher, Setting, SettingKind, Silence};

use super::{ChangeArgs, Kind, Managing, Showing, change, manage};
use crate::command::{CommandError, Session};
use crate::output::{Card, Cell, Column, Style, When};

/// A silence as `silences set` takes it.
pub const EXAMPLE: &str = r#"{"matchers": [{"label": "kind", "values": ["call_back", "refund"]},
  {"label": "priority", "values": ["p1"], "excluded": true}],
 "endsAt": "2027-01-02T06:00:00Z", "reason": "the telephones are being replaced"}"#;

/// Times in which some alerts are not told
#[derive(Debug, clap::Subcommand)]
pub enum Silences {
    /// What can be done with the settings of any kind.
    #[command(flatten)]
    Managing(Managing),
    /// Makes a silence: of alerts that fit all that is asked for, until a time
    ///
    /// The alerts are raised and go their way all the same. `silences retire` ends it early.
    Create(CreateArgs),
}

/// What is to be silent.
#[derive(Debug, clap::Args)]
pub struct CreateArgs {
    /// The silence's id
    id: String,
    /// What a label must be, such as kind=call_back, or one of several: kind=call_back,refund
    #[arg(long, value_name = "LABEL=VALUE", required = true)]
    only: Vec<Labelled>,
    /// What a label must not be, such as priority=p1
    #[arg(long, value_name = "LABEL=VALUE")]
    not: Vec<Labelled>,
    /// Until when, at most 30 days: "2026-11-22 17:00", or 2h for in two hours
    #[arg(long, value_name = "TIME")]
    until: When,
    /// Since when; left out, now
    #[arg(long, value_name = "TIME")]
    from: Option<When>,
    /// Why nobody needs to hear of them
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    request_id: String,
}

/// A label and its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labelled {
    /// The label.
    pub label: String,
    /// Its values.
    pub values: Vec<String>,
}

impl FromStr for Labelled {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('=');
        let (label, values) = parts
            .filter(|(label, values)| !label.is_empty() && !values.is_empty())
            .ok_or("give a label and its value, such as kind=call_back")?;
        Ok(Self {
            label: label.to_owned(),
            values: values.split(',').map(str::to_owned).collect(),
        })
    }
}

/// Runs one of the commands.
///
/// # Errors
/// When the file is no silence, the server refuses, or the output takes no more.
pub async fn run(session: &mut Session, command: Silences) -> Result<(), CommandError> {
    match command {
        Silences::Managing(command) => manage::<Silence>(session, command).await,
        Silences::Create(args) => create(session, args).await,
    }
}

async fn create(session: &mut Session, args: CreateArgs) -> Result<(), CommandError> {
    let matcher = |excluded| {
        move |Labelled { label, values }| LabelMatcher {
            label,
            values,
            excluded,
        }
    };
    let only = args.only.into_iter().map(matcher(false));
    let silence = Silence {
        matchers: only
            .chain(args.not.into_iter().map(matcher(true)))
            .collect(),
        starts_at: session.optional_instant(args.from.as_ref())?,
        ends_at: Some(session.instant(&args.until)?),
        reason: args.reason,
        created_by: String::new(),
    };
    let setting = Setting {
        setting_id: args.id,
        body: Some(Body::Silence(silence)),
        ..Setting::default()
    };
    let made = ChangeArgs {
        reason: String::new(),
        expected_version: Some(0),
        request_id: args.request_id,
    };
    change::<Silence>(session, setting, made).await
}

impl Kind for Silence {
    const KIND: SettingKind = SettingKind::Silence;
    const ONE: &'static str = "silence";
    const MANY: &'static str = "silences";

    fn of(body: Body) -> Option<Self> {
        match body {
            Body::Silence(silence) => Some(silence),
            _ => None,
        }
    }

    fn body(self) -> Body {
        Body::Silence(self)
    }

    fn name(&self) -> &str {
        ""
    }

    fn columns() -> Vec<Column> {
        vec![
            Column::full("is"),
            Column::full("until"),
            Column::words("alerts"),
            Column::words("reason"),
            Column::narrows("made by"),
        ]
    }

    fn cells(&self, showing: &Showing) -> Vec<Cell> {
        let (state, style) = state(self, showing);
        vec![
            Cell::styled(state, style),
            Cell::from(showing.times.minute(self.ends_at.as_ref())),
            Cell::from(matchers(self).join("; ")),
            Cell::from(&self.reason),
            Cell::from(&self.created_by),
        ]
    }

    fn describe(&self, card: &mut Card, showing: &Showing) {
        let (state, style) = state(self, showing);
        card.styled("is", state, style)
            .field("from", showing.times.minute(self.starts_at.as_ref()))
            .field("until", showing.times.minute(self.ends_at.as_ref()));
        for matcher in matchers(self) {
            card.field("alerts", matcher);
        }
        card.field("made by", &self.created_by);
        card.field("reason", &self.reason);
    }
}

fn state(silence: &Silence, showing: &Showing) -> (&'static str, Style) {
    let at = |time: Option<&pbjson_types::Timestamp>| time.and_then(from_wire);
    let begun = at(silence.starts_at.as_ref()).is_none_or(|start| start <= showing.now);
    let over = at(silence.ends_at.as_ref()).is_some_and(|end| end <= showing.now);
    match (begun, over) {
        (_, true) => ("over", Style::Dim),
        (true, false) => ("silent", Style::Warn),
        (false, false) => ("to come", Style::Plain),
    }
}

fn matchers(silence: &Silence) -> Vec<String> {
    let told = silence.matchers.iter().map(|matcher| {
        let is = if matcher.excluded { "is not" } else { "is" };
        format!("{} {is} {}", matcher.label, matcher.values.join(" or "))
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_has_one_value_or_several() {
        let read = |text: &str| text.parse::<Labelled>();
        let one = read("kind=call_back").unwrap();
        assert_eq!(
            (&*one.label, one.values),
            ("kind", vec!["call_back".to_owned()])
        );
        assert_eq!(read("kind=a,b=c").unwrap().values, ["a", "b=c"]);
        for text in ["kind", "=a", "kind=", ""] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }
}
