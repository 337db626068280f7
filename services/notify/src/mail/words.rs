//! The words of mails, in each language that we write.

use aftercall_domain::alert::{ResolveCause, Rule, Severity};
use aftercall_domain::commitment::Clock;
use aftercall_domain::wording::Language;
use jiff::Zoned;
use jiff::civil::Weekday;

use super::notice::{Cause, Standing};

/// One of two texts, by the language.
const fn either(language: Language, english: &'static str, german: &'static str) -> &'static str {
    match language {
        Language::English => english,
        Language::German => german,
    }
}

/// How a mail's subject begins.
pub(super) fn subject(language: Language, cause: &Cause) -> String {
    match cause {
        Cause::Warning => either(language, "Due soon", "Bald fällig").to_owned(),
        Cause::Lapse => either(language, "Overdue", "Überfällig").to_owned(),
        Cause::GivenUp => either(language, "Given up", "Aufgegeben").to_owned(),
        Cause::Concern => either(language, "Needs you", "Braucht Sie").to_owned(),
        Cause::Escalation { level } => {
            let text = either(language, "Escalated to level", "Eskaliert auf Stufe");
            format!("{text} {level}")
        }
        Cause::Resolved { by } => ended(language, *by).to_owned(),
        Cause::Digest => either(language, "Summary", "Zusammenfassung").to_owned(),
        Cause::Test => either(language, "Test of mail", "Test der Mail").to_owned(),
        Cause::AcknowledgementOver { .. } => {
            let german = "Übernommen, aber nicht erledigt";
            either(language, "Acknowledged, but not done", german).to_owned()
        }
    }
}

/// What happened, as a mail's first line.
pub(super) fn opening(language: Language, cause: &Cause) -> String {
    match cause {
        Cause::Warning => either(
            language,
            "What was promised has to be done soon.",
            "Eine Zusage muss bald eingelöst werden.",
        )
        .to_owned(),
        Cause::Lapse => either(
            language,
            "What was promised was not done in time.",
            "Eine Zusage wurde nicht rechtzeitig eingelöst.",
        )
        .to_owned(),
        Cause::GivenUp => either(
            language,
            "What was promised was overdue for so long that it was given up.",
            "Eine Zusage war so lange überfällig, dass sie aufgegeben wurde.",
        )
        .to_owned(),
        Cause::Concern => either(
            language,
            "A customer needs somebody's attention.",
            "Ein Kunde braucht jemandes Aufmerksamkeit.",
        )
        .to_owned(),
        Cause::Escalation { level } => match language {
            Language::English => {
                format!("Nobody acknowledged this in time, so it goes to level {level}.")
            }
            Language::German => {
                format!(
                    "Niemand hat dies rechtzeitig übernommen, deshalb geht es auf Stufe {level}."
                )
            }
        },
        Cause::Resolved { by } => {
            let text = either(
                language,
                "Of what you were told before, this is over",
                "Was Ihnen gemeldet wurde, ist vorbei",
            );
            match by {
                Some(by) => format!("{text}: {}.", over(language, Some(*by))),
                None => format!("{text}."),
            }
        }
        Cause::Digest => either(
            language,
            "There was much to tell, so you are told all of it at once.",
            "Es gab viel zu melden, deshalb erhalten Sie alles auf einmal.",
        )
        .to_owned(),
        Cause::Test => either(
            language,
            "Somebody tries whether mail arrives here. It does.",
            "Jemand prüft, ob Mail hier ankommt. Sie kommt an.",
        )
        .to_owned(),
        Cause::AcknowledgementOver { by } => match language {
            Language::English => {
                format!("{by} said that they see to this; the time is over, and it is not done.")
            }
            Language::German => {
                format!("{by} hat dies übernommen; die Zeit ist vorbei, und es ist nicht erledigt.")
            }
        },
    }
}

/// How something ended, as a mail's subject begins.
const fn ended(language: Language, by: Option<ResolveCause>) -> &'static str {
    match by {
        Some(ResolveCause::Fulfilled) => either(language, "Done with", "Erledigt"),
        Some(ResolveCause::Cancelled) => either(language, "Called off", "Abgesagt"),
        Some(ResolveCause::Rescheduled) => either(language, "Due moved", "Frist verschoben"),
        Some(ResolveCause::Waived) => either(language, "Let go", "Erlassen"),
        Some(ResolveCause::Superseded) => either(language, "Replaced", "Ersetzt"),
        Some(ResolveCause::Expired) => either(language, "Given up", "Aufgegeben"),
        Some(ResolveCause::Averted) => either(language, "Out of danger", "Außer Gefahr"),
        Some(ResolveCause::TakenBack) => either(language, "Taken back", "Zurückgenommen"),
        Some(ResolveCause::Overtaken) | None => either(language, "Over", "Vorbei"),
    }
}

/// How something ended, within a line.
const fn over(language: Language, by: Option<ResolveCause>) -> &'static str {
    match by {
        Some(ResolveCause::Fulfilled) => either(language, "done", "erledigt"),
        Some(ResolveCause::Cancelled) => either(language, "called off", "abgesagt"),
        Some(ResolveCause::Rescheduled) => either(language, "due moved", "Frist verschoben"),
        Some(ResolveCause::Waived) => either(language, "let go", "erlassen"),
        Some(ResolveCause::Superseded) => either(
            language,
            "another promise took its place",
            "durch eine andere Zusage ersetzt",
        ),
        Some(ResolveCause::Expired) => either(
            language,
            "given up without being done",
            "aufgegeben, ohne eingelöst zu sein",
        ),
        Some(ResolveCause::Averted) => either(language, "out of danger", "außer Gefahr"),
        Some(ResolveCause::TakenBack) => either(language, "taken back", "zurückgenommen"),
        Some(ResolveCause::Overtaken) | None => either(language, "over", "vorbei"),
    }
}

/// So many promises, for a subject.
pub(super) fn promises(language: Language, count: usize) -> String {
    let text = either(language, "promises", "Zusagen");
    format!("{count} {text}")
}

/// So many alerts, for a subject.
pub(super) fn alerts(language: Language, count: usize) -> String {
    let text = either(language, "alerts", "Meldungen");
    format!("{count} {text}")
}

/// What a rule is about, in short.
pub(super) const fn rule(language: Language, rule: Rule) -> &'static str {
    match rule {
        Rule::LegalThreat => either(
            language,
            "speaks of lawyers or courts",
            "spricht von Anwalt oder Gericht",
        ),
        Rule::ManagerRequest => either(
            language,
            "asks for a manager",
            "verlangt jemanden in leitender Stellung",
        ),
        Rule::SaveAction => either(
            language,
            "too much went wrong",
            "zu viel ist schiefgegangen",
        ),
        Rule::PromiseLapsed | Rule::TargetLapsed => either(language, "overdue", "überfällig"),
        Rule::AtRisk => either(language, "due soon", "bald fällig"),
        Rule::Expired => either(language, "given up", "aufgegeben"),
    }
}

/// So many promises that are not named.
pub(super) fn more(language: Language, count: usize) -> String {
    match (language, count) {
        (Language::English, 1) => "1 more is not named here.".to_owned(),
        (Language::English, count) => format!("{count} more are not named here."),
        (Language::German, 1) => "1 weitere ist hier nicht genannt.".to_owned(),
        (Language::German, count) => format!("{count} weitere sind hier nicht genannt."),
    }
}

/// What the lines about a promise are called.
pub(super) struct Labels {
    pub(super) due: &'static str,
    pub(super) standing: &'static str,
    pub(super) severity: &'static str,
    pub(super) owner: &'static str,
    pub(super) id: &'static str,
    pub(super) words: &'static str,
    pub(super) since: &'static str,
    pub(super) handled_by: &'static str,
    pub(super) contact: &'static str,
}

pub(super) const fn labels(language: Language) -> Labels {
    match language {
        Language::English => Labels {
            due: "Due",
            standing: "State",
            severity: "Severity",
            owner: "Kept by",
            id: "Promise",
            words: "Words",
            since: "Since",
            handled_by: "Contact handled by",
            contact: "Contact",
        },
        Language::German => Labels {
            due: "Fällig",
            standing: "Stand",
            severity: "Schwere",
            owner: "Zuständig",
            id: "Zusage",
            words: "Wortlaut",
            since: "Seit",
            handled_by: "Kontakt geführt von",
            contact: "Kontakt",
        },
    }
}

/// Which due it is.
pub(super) const fn clock(language: Language, clock: Clock) -> &'static str {
    match clock {
        Clock::Promise => either(
            language,
            "as the customer was told",
            "wie dem Kunden zugesagt",
        ),
        Clock::Internal => either(language, "our own target", "unser eigenes Ziel"),
    }
}

pub(super) const fn standing(language: Language, standing: Standing) -> &'static str {
    match standing {
        Standing::AtRisk => either(language, "due soon", "bald fällig"),
        Standing::Overdue => either(language, "overdue", "überfällig"),
        Standing::GivenUp => either(language, "given up", "aufgegeben"),
        Standing::Over { by } => over(language, by),
    }
}

pub(super) const fn severity(language: Language, severity: Severity) -> &'static str {
    match severity {
        Severity::Info => either(language, "info", "Hinweis"),
        Severity::Warning => either(language, "warning", "Warnung"),
        Severity::High => either(language, "high", "hoch"),
        Severity::Critical => either(language, "critical", "kritisch"),
    }
}

/// A queue that keeps a promise.
pub(super) fn queue(language: Language, queue_id: &str) -> String {
    let text = either(language, "queue", "Warteschlange");
    format!("{text} {queue_id}")
}

/// Nobody who keeps a promise.
pub(super) const fn nobody(language: Language) -> &'static str {
    either(language, "nobody", "niemand")
}

/// By which clocks times are told, and that nobody reads an answer.
pub(super) fn closing(language: Language, zone: &str) -> String {
    match language {
        Language::English => {
            format!(
                "Times are by the clocks of {zone}.\nSent by aftercall. Answers are not read.\n"
            )
        }
        Language::German => format!(
            "Die Zeiten gelten nach den Uhren von {zone}.\nGesendet von aftercall. Antworten werden nicht gelesen.\n"
        ),
    }
}

/// A time by its clocks, with their offset, so that an hour which exists twice is told apart.
pub(super) fn time(language: Language, at: &Zoned) -> String {
    let day = weekday(language, at.weekday());
    let pattern = match language {
        Language::English => "%-d %b %Y, %H:%M (UTC%:z)",
        Language::German => "%d.%m.%Y, %H:%M Uhr (UTC%:z)",
    };
    format!("{day} {}", at.strftime(pattern))
}

const fn weekday(language: Language, day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => either(language, "Mon", "Mo."),
        Weekday::Tuesday => either(language, "Tue", "Di."),
        Weekday::Wednesday => either(language, "Wed", "Mi."),
        Weekday::Thursday => either(language, "Thu", "Do."),
        Weekday::Friday => either(language, "Fri", "Fr."),
        Weekday::Saturday => either(language, "Sat", "Sa."),
        Weekday::Sunday => either(language, "Sun", "So."),
    }
}
