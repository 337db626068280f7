//! What things are called in the languages that people read: in calendars and in mails.

use crate::commitment::CommitmentKind;

/// A language that we write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// The language as BCP 47 names it.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// The language that somebody reads who named one as BCP 47 does, such as `de-AT`; English if we don't write it.
    pub fn read_by(tag: &str) -> Self {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        let mut all = Self::ALL.into_iter();
        let found = all.find(|language| language.tag().eq_ignore_ascii_case(primary));
        found.unwrap_or_default()
    }

    /// What sort of promise it is.
    pub const fn kind(self, kind: CommitmentKind) -> &'static str {
        let (english, german) = kind_named(kind);
        match self {
            Self::English => english,
            Self::German => german,
        }
    }

    /// Somebody of whom we don't know who they are.
    pub const fn unknown_customer(self) -> &'static str {
        match self {
            Self::English => "unknown caller",
            Self::German => "unbekannter Anrufer",
        }
    }
}

/// In English and in German.
const fn kind_named(kind: CommitmentKind) -> (&'static str, &'static str) {
    match kind {
        CommitmentKind::CallBack => ("Call back", "Rückruf"),
        CommitmentKind::SendInfo => ("Send information", "Information senden"),
        CommitmentKind::SendDocument => ("Send a document", "Dokument senden"),
        CommitmentKind::Refund => ("Refund", "Erstattung"),
        CommitmentKind::Replacement => ("Replacement", "Ersatz"),
        CommitmentKind::TechVisit => ("Technician's visit", "Technikertermin"),
        CommitmentKind::Investigate => ("Investigate", "Prüfung"),
        CommitmentKind::Escalate => ("Escalate", "Weitergabe"),
        CommitmentKind::StatusUpdate => ("Status update", "Zwischenbescheid"),
        CommitmentKind::SupervisorCall => ("Supervisor's call", "Anruf der Leitung"),
        CommitmentKind::CorrectMisinformation => ("Correct what was said", "Richtigstellung"),
        CommitmentKind::RegulatoryAck => ("Regulatory acknowledgement", "Pflichtbestätigung"),
        CommitmentKind::RegulatoryFinal => {
            ("Regulatory final answer", "Abschließende Pflichtantwort")
        }
        CommitmentKind::ReviewResponse => ("Answer a review", "Antwort auf Bewertung"),
        CommitmentKind::Coaching => ("Coaching", "Coaching"),
        CommitmentKind::Other => ("Promise", "Zusage"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_found_by_its_first_part_and_is_english_if_we_do_not_write_it() {
        for german in ["de", "DE", "de-AT", "de_CH"] {
            assert_eq!(Language::read_by(german), Language::German, "{german}");
        }
        for english in ["en", "en-GB", "fr", "", "den"] {
            assert_eq!(Language::read_by(english), Language::English, "{english}");
        }
    }
}
