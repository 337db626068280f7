use aftercall_domain::alert::{ResolveCause, Rule, Severity};
use aftercall_domain::commitment::{Clock, CommitmentKind};
use aftercall_domain::wording::Language;
use jiff::Timestamp;
use uuid::Uuid;

use super::*;
use crate::mail::notice::{Cause, Standing};

fn told(due: &str) -> Told {
    Told {
        commitment_id: "c-1".to_owned(),
        kind: CommitmentKind::CallBack,
        customer_id: Some("C-1001".to_owned()),
        clock: Clock::Promise,
        due: due.parse().unwrap(),
        severity: Severity::High,
        owner: Some(Owner::Agent("a.marsh".to_owned())),
        standing: Standing::Overdue,
        promise_text: "We call you back\r\nwithin a week.".to_owned(),
    }
}

fn notice(cause: Cause, promises: Vec<Told>) -> Notice {
    Notice {
        notification_id: Uuid::from_u128(7),
        cause,
        queued_at: Timestamp::UNIX_EPOCH,
        promises,
        concerns: Vec::new(),
        omitted: 0,
    }
}

fn reader(language: Language, time_zone: &str) -> Reader {
    Reader {
        mail_address: "desk@example.com".to_owned(),
        display_name: "Desk".to_owned(),
        language,
        time_zone: time_zone.to_owned(),
        personal_allowed: true,
    }
}

#[test]
fn a_lapse_in_english() {
    let lapse = notice(Cause::Lapse, vec![told("2026-11-27T09:12:00Z")]);
    let letter = Letter::of(&lapse, &reader(Language::English, "Europe/Berlin"));
    assert_eq!(
        letter.subject,
        "Overdue: Call back · C-1001, Fri 27 Nov 2026, 10:12 (UTC+01:00)"
    );
    assert_eq!(
        letter.text,
        "\
What was promised was not done in time.

Call back · C-1001
  Due: Fri 27 Nov 2026, 10:12 (UTC+01:00), as the customer was told
  State: overdue
  Severity: high
  Kept by: a.marsh
  Promise: c-1
  Words: We call you back within a week.

Times are by the clocks of Europe/Berlin.
Sent by aftercall. Answers are not read.
"
    );
}

#[test]
fn a_warning_in_german_without_what_is_personal() {
    let mut near = told("2026-07-01T12:00:00Z");
    (near.clock, near.standing) = (Clock::Internal, Standing::AtRisk);
    (near.customer_id, near.owner) = (None, Some(Owner::Queue("q-1".to_owned())));
    let reader = Reader {
        personal_allowed: false,
        ..reader(Language::German, "Europe/Berlin")
    };
    let letter = Letter::of(&notice(Cause::Warning, vec![near]), &reader);
    assert_eq!(
        letter.subject,
        "Bald fällig: Rückruf · unbekannter Anrufer, Mi. 01.07.2026, 14:00 Uhr (UTC+02:00)"
    );
    assert_eq!(
        letter.text,
        "\
Eine Zusage muss bald eingelöst werden.

Rückruf · unbekannter Anrufer
  Fällig: Mi. 01.07.2026, 14:00 Uhr (UTC+02:00), unser eigenes Ziel
  Stand: bald fällig
  Schwere: hoch
  Zuständig: Warteschlange q-1
  Zusage: c-1

Die Zeiten gelten nach den Uhren von Europe/Berlin.
Gesendet von aftercall. Antworten werden nicht gelesen.
"
    );
}

fn threat() -> ToldConcern {
    ToldConcern {
        rule: Rule::LegalThreat,
        interaction_id: "i-1".to_owned(),
        customer_id: Some("C-1001".to_owned()),
        since: "2026-11-27T09:12:00Z".parse().unwrap(),
        severity: Severity::Critical,
        owner: Some(Owner::Agent("a.marsh".to_owned())),
        is_over: false,
    }
}

#[test]
fn a_threat_names_the_contact_and_whoever_handled_it() {
    let mut concern = notice(Cause::Concern, Vec::new());
    concern.concerns = vec![threat()];
    let letter = Letter::of(&concern, &reader(Language::English, "Europe/Berlin"));
    assert_eq!(
        letter.subject,
        "Needs you: speaks of lawyers or courts · C-1001"
    );
    assert_eq!(
        letter.text,
        "\
A customer needs somebody's attention.

speaks of lawyers or courts · C-1001
  Since: Fri 27 Nov 2026, 10:12 (UTC+01:00)
  Severity: critical
  Contact handled by: a.marsh
  Contact: i-1

Times are by the clocks of Europe/Berlin.
Sent by aftercall. Answers are not read.
"
    );
    concern.concerns.push(ToldConcern {
        rule: Rule::SaveAction,
        interaction_id: String::new(),
        is_over: true,
        ..threat()
    });
    let letter = Letter::of(&concern, &reader(Language::German, ""));
    assert_eq!(letter.subject, "Braucht Sie: 2 Meldungen");
    assert!(
        letter
            .text
            .contains("\nzu viel ist schiefgegangen · C-1001\n")
    );
    assert_eq!(letter.text.matches("  Kontakt: i-1\n").count(), 1);
}

#[test]
fn every_cause_says_in_both_languages_why_somebody_is_told() {
    use ResolveCause::{Cancelled, Expired, Fulfilled};
    let by = || Cause::AcknowledgementOver {
        by: "bob".to_owned(),
    };
    let over = |by| Cause::Resolved { by };
    let causes = [
        (Cause::Warning, "Due soon: ", "Bald fällig: "),
        (Cause::Lapse, "Overdue: ", "Überfällig: "),
        (
            Cause::Escalation { level: 2 },
            "Escalated to level 2: ",
            "Eskaliert auf Stufe 2: ",
        ),
        (Cause::GivenUp, "Given up: ", "Aufgegeben: "),
        (over(Some(Fulfilled)), "Done with: ", "Erledigt: "),
        (over(Some(Cancelled)), "Called off: ", "Abgesagt: "),
        (over(Some(Expired)), "Given up: ", "Aufgegeben: "),
        (over(None), "Over: ", "Vorbei: "),
        (Cause::Digest, "Summary: ", "Zusammenfassung: "),
        (
            by(),
            "Acknowledged, but not done: ",
            "Übernommen, aber nicht erledigt: ",
        ),
    ];
    for (cause, english, german) in causes {
        let notice = notice(cause, vec![told("2026-11-27T09:12:00Z")]);
        for (language, begins) in [(Language::English, english), (Language::German, german)] {
            let letter = Letter::of(&notice, &reader(language, ""));
            assert!(letter.subject.starts_with(begins), "{}", letter.subject);
            let by = letter.text.lines().next().unwrap().contains("bob");
            assert_eq!(
                by,
                matches!(notice.cause, Cause::AcknowledgementOver { .. })
            );
        }
    }
}

#[test]
fn the_end_of_a_promise_that_was_given_up_does_not_read_as_done() {
    let by = Some(ResolveCause::Expired);
    let mut given_up = told("2026-11-27T09:12:00Z");
    given_up.standing = Standing::Over { by };
    let notice = notice(Cause::Resolved { by }, vec![given_up]);
    let english = Letter::of(&notice, &reader(Language::English, ""));
    assert!(
        english.text.starts_with(
            "Of what you were told before, this is over: given up without being done."
        )
    );
    assert!(
        english
            .text
            .contains("\n  State: given up without being done\n")
    );
    let german = Letter::of(&notice, &reader(Language::German, ""));
    assert!(german.subject.starts_with("Aufgegeben: "));
    assert!(
        german
            .text
            .contains("\n  Stand: aufgegeben, ohne eingelöst zu sein\n")
    );
}

#[test]
fn a_test_says_that_it_is_one() {
    let test = notice(Cause::Test, Vec::new());
    let english = Letter::of(&test, &reader(Language::English, ""));
    assert_eq!(english.subject, "Test of mail");
    let german = Letter::of(&test, &reader(Language::German, ""));
    assert!(
        german
            .text
            .starts_with("Jemand prüft, ob Mail hier ankommt.")
    );
}

#[test]
fn an_hour_that_exists_twice_is_told_apart_and_each_reader_has_their_own_clocks() {
    let subject = |due: &str, zone: &str| {
        let lapse = notice(Cause::Lapse, vec![told(due)]);
        Letter::of(&lapse, &reader(Language::English, zone)).subject
    };
    // Berlin puts its clocks back at 01:00 UTC, New York at 06:00 UTC a week later.
    for (due, zone, shown) in [
        (
            "2026-10-25T00:30:00Z",
            "Europe/Berlin",
            "Sun 25 Oct 2026, 02:30 (UTC+02:00)",
        ),
        (
            "2026-10-25T01:30:00Z",
            "Europe/Berlin",
            "Sun 25 Oct 2026, 02:30 (UTC+01:00)",
        ),
        (
            "2026-11-01T05:30:00Z",
            "America/New_York",
            "Sun 1 Nov 2026, 01:30 (UTC-04:00)",
        ),
        (
            "2026-11-01T06:30:00Z",
            "America/New_York",
            "Sun 1 Nov 2026, 01:30 (UTC-05:00)",
        ),
        (
            "2026-03-29T01:00:00Z",
            "Europe/Berlin",
            "Sun 29 Mar 2026, 03:00 (UTC+02:00)",
        ),
        (
            "2026-11-27T23:59:59Z",
            "Asia/Kathmandu",
            "Sat 28 Nov 2026, 05:44 (UTC+05:45)",
        ),
        (
            "2026-11-27T09:12:00Z",
            "",
            "Fri 27 Nov 2026, 09:12 (UTC+00:00)",
        ),
        (
            "2026-11-27T09:12:00Z",
            "No/Where",
            "Fri 27 Nov 2026, 09:12 (UTC+00:00)",
        ),
    ] {
        let subject = subject(due, zone);
        assert!(subject.ends_with(shown), "{subject}");
    }
}

#[test]
fn a_digest_names_so_many_and_counts_the_rest() {
    let mut digest = notice(Cause::Digest, vec![told("2026-11-27T09:12:00Z"); 60]);
    digest.omitted = 3;
    let english = Letter::of(&digest, &reader(Language::English, ""));
    assert_eq!(english.subject, "Summary: 63 promises");
    assert_eq!(
        english.text.matches("  Promise: c-1").count(),
        MAIL_PROMISES_MAX
    );
    assert!(
        english.text.contains("\n13 more are not named here.\n"),
        "{}",
        english.text
    );
    let german = Letter::of(&digest, &reader(Language::German, ""));
    assert_eq!(german.subject, "Zusammenfassung: 63 Zusagen");
    assert!(
        german
            .text
            .contains("\n13 weitere sind hier nicht genannt.\n")
    );
}

#[test]
fn what_others_wrote_stays_on_its_line() {
    let mut hostile = told("2026-11-27T09:12:00Z");
    hostile.customer_id = Some("C\r\nBcc: all@example.com".to_owned());
    hostile.commitment_id = "c\u{2028}\u{85}1".to_owned();
    hostile.promise_text = "one\n\n\ntwo\0three".to_owned();
    hostile.owner = Some(Owner::Agent("\x1b[2Jbob".to_owned()));
    let cause = Cause::AcknowledgementOver {
        by: "eve\r\nX: y".to_owned(),
    };
    let letter = Letter::of(
        &notice(cause, vec![hostile]),
        &reader(Language::English, ""),
    );
    assert!(
        !letter.subject.contains(char::is_control),
        "{:?}",
        letter.subject
    );
    assert!(letter.subject.contains("C Bcc: all@example.com"));
    assert!(
        !letter
            .text
            .contains(|sign: char| sign != '\n' && sign.is_control())
    );
    assert!(letter.text.contains("  Promise: c 1\n"), "{}", letter.text);
    assert!(
        letter.text.contains("  Words: one two three\n"),
        "{}",
        letter.text
    );
    assert!(letter.text.starts_with("eve X: y said"), "{}", letter.text);
}
