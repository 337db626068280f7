use proptest::prelude::*;

use super::*;

fn country(code: &str) -> Option<Country> {
    code.parse().ok()
}

fn telephone(text: &str, code: &str) -> String {
    HandleKind::Telephone.canonical(text, country(code))
}

fn handle(kind: HandleKind, value: &str, country: Option<Country>) -> Handle {
    let mut handle = Handle {
        kind,
        value: value.to_owned(),
        display_form: String::new(),
    };
    handle.canonicalise(country);
    handle
}

fn finds(text: &str, asked_in: &str, handle: &Handle) -> bool {
    let asked = look_up(None, text, country(asked_in));
    handle.keys().any(|key| asked.contains(&key))
}

#[test]
fn a_number_has_one_form_whatever_its_spelling() {
    let berlin = "+4930999001";
    for (text, code) in [
        ("+4930999001", ""),
        ("+49 30 999001", ""),
        ("+49 (0)30 999001", ""),
        ("+49 (0) 30/999 001", "US"),
        ("+49030999001", ""),
        ("0049 30 999001", ""),
        ("0049 30 999001", "DE"),
        ("011 49 30 999001", "US"),
        ("030 999001", "DE"),
        ("(030) 999-001", "DE"),
        ("030\u{a0}999\u{2013}001", "DE"),
        ("\u{202a}+49 30 999001\u{202c}", ""),
        ("tel:+49-30-999001", ""),
        ("sip:+4930999001@pbx.example;user=phone", ""),
        ("030 999001 ext. 12", "DE"),
        (
            "\u{ff0b}\u{ff14}\u{ff19} \u{ff13}\u{ff10} \u{ff19}\u{ff19}\u{ff19}001",
            "",
        ),
        ("\u{0660}\u{0663}\u{0660} 999001", "DE"),
        (" +49 30 999001 ", ""),
    ] {
        assert_eq!(telephone(text, code), berlin, "{text:?} in {code:?}");
    }
    assert_eq!(telephone("06 1234567", "IT"), "+39061234567");
    assert_eq!(telephone("8 (495) 123-45-67", "RU"), "+74951234567");
    assert_eq!(telephone("(212) 555-0100", "US"), "+12125550100");
}

#[test]
fn what_no_country_gives_out_stays_as_it_is() {
    for (text, code, form) in [
        ("030 999001", "", "030999001"),
        ("4711", "DE", "4711"),
        ("62 442", "DE", "62442"),
        ("anonymous", "DE", "anonymous"),
        ("Withheld", "", "Withheld"),
        ("*31#", "DE", "*31#"),
        ("+", "DE", "+"),
        ("", "DE", ""),
    ] {
        assert_eq!(telephone(text, code), form, "{text:?} in {code:?}");
    }
}

#[test]
fn a_handle_is_found_by_its_usual_spellings_and_no_other() {
    use HandleKind::{Chat, Mail, Social, Telephone};
    let berlin = handle(Telephone, "+4930999001", None);
    for text in [
        "030 999001",
        "30 999001",
        "+4930999001",
        "0049 30 999001",
        "4930999001",
    ] {
        assert!(finds(text, "", &berlin), "{text}");
    }
    assert!(finds("030 999001", "DE", &berlin));
    let other = handle(Telephone, "+49302345678", None);
    assert!(finds("030 234 5678", "", &other));
    assert!(!finds("030 234 5678", "NL", &other), "Utrecht's");
    assert!(!finds("+31 30 999001", "", &berlin));
    assert!(!finds("999001", "", &berlin));
    let rome = handle(Telephone, "06 1234567", country("IT"));
    assert!(finds("06 1234567", "", &rome) && finds("0039 06 1234567", "", &rome));
    let unknown = handle(Telephone, "030 999001", None);
    assert!(finds("030/999001", "", &unknown));
    let mail = handle(Mail, "Anna Berg <Anna.Berg@Example.ORG>", None);
    assert_eq!(mail.value, "Anna.Berg@example.org");
    assert_eq!(mail.shown(), "Anna Berg <Anna.Berg@Example.ORG>");
    assert!(finds("anna.berg@EXAMPLE.org", "", &mail));
    assert!(finds("mailto:anna.berg@example.org", "", &mail));
    assert!(!finds("berg@example.org", "", &mail));
    assert!(finds("@Jörg", "", &handle(Social, "jo\u{308}rg", None)));
    assert!(finds("u-77", "", &handle(Chat, "U-77", None)));
    assert!(finds(
        "4711",
        "DE",
        &handle(Telephone, "4711", country("DE"))
    ));
}

#[test]
fn who_has_no_name_is_found_by_none() {
    for text in ["anonymous", "unavailable", "Withheld", "", "+"] {
        let nobody = handle(HandleKind::Telephone, text, country("DE"));
        assert_eq!(nobody.keys().count(), 0, "{text:?}");
    }
    assert_eq!(
        handle(HandleKind::Mail, "undisclosed", None).keys().count(),
        0
    );
}

#[test]
fn a_country_is_one_that_has_numbers() {
    assert_eq!("DE".parse::<Country>().unwrap().to_string(), "DE");
    for wrong in ["", "de", "DEU", "D1", "ZZ", "ÄÖ"] {
        assert_eq!(wrong.parse::<Country>(), Err(UnknownCountry), "{wrong}");
    }
}

fn kind() -> impl Strategy<Value = HandleKind> {
    proptest::sample::select(HandleKind::ALL.to_vec())
}

proptest! {
    #[test]
    fn any_text_has_a_form_that_is_its_own(
        kind in kind(),
        text in prop_oneof![".{0,40}", "[+0-9 ()x;,.ext/-]{0,30}"],
        code in proptest::sample::select(vec!["", "DE", "US", "IT", "AR", "BR"]),
    ) {
        let form = kind.canonical(&text, country(code));
        prop_assert_eq!(kind.canonical(&form, country(code)), form.as_str());
    }

    #[test]
    fn what_is_recorded_is_found_by_the_same_words(
        kind in kind(),
        text in prop_oneof!["\\PC{1,20}", "[+0-9 ()-]{1,20}", "[a-zA-Z.]{1,8}@[a-zA-Z]{1,8}"],
        code in proptest::sample::select(vec!["", "DE", "US", "IT"]),
    ) {
        let kept = handle(kind, &text, country(code));
        let asked = look_up(Some(kind), &text, country(code));
        let mut keys = kept.keys().peekable();
        prop_assert!(keys.peek().is_none() || keys.any(|key| asked.contains(&key)));
    }
}
