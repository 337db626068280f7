//! `synonyms`: words that stand for each other when solutions are searched for.

use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{SettingKind, Synonyms};

use super::{Kind, Managing, Showing, manage};
use crate::command::{CommandError, Session};
use crate::output::{Card, Cell, Column};

/// A list of synonyms as `synonyms set` takes it.
pub(super) const EXAMPLE: &str = r#"{"displayName": "What customers say", "language": "en",
 "groups": [{"words": ["wifi", "wlan", "wireless network"]}, {"words": ["outage", "no connection"]}]}"#;

/// Runs a command on lists of synonyms.
///
/// # Errors
/// When the file is none, the server refuses, or the output takes no more.
pub async fn run(session: &mut Session, command: Managing) -> Result<(), CommandError> {
    manage::<Synonyms>(session, command).await
}

impl Kind for Synonyms {
    const KIND: SettingKind = SettingKind::Synonyms;
    const ONE: &'static str = "list of synonyms";
    const MANY: &'static str = "lists of synonyms";

    fn of(body: Body) -> Option<Self> {
        match body {
            Body::Synonyms(synonyms) => Some(synonyms),
            _ => None,
        }
    }

    fn body(self) -> Body {
        Body::Synonyms(self)
    }

    fn name(&self) -> &str {
        &self.display_name
    }

    fn columns() -> Vec<Column> {
        vec![
            Column::full("language"),
            Column::number("groups"),
            Column::number("words"),
        ]
    }

    fn cells(&self, _: &Showing) -> Vec<Cell> {
        let words = self.groups.iter().map(|group| group.words.len());
        vec![
            Cell::from(&self.language),
            Cell::from(self.groups.len().to_string()),
            Cell::from(words.sum::<usize>().to_string()),
        ]
    }

    fn describe(&self, card: &mut Card, _: &Showing) {
        card.field("language", &self.language);
        for group in &self.groups {
            card.field("one thing", group.words.join(", "));
        }
    }
}
