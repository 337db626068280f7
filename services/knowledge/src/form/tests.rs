use proptest::prelude::*;

use super::*;

/// How two texts are to each other.
#[derive(Debug, PartialEq)]
enum Like {
    /// One form.
    Same,
    /// Two forms that say nearly the same.
    Near,
    /// They say two things.
    Apart,
}

fn like(one: &str, other: &str) -> Like {
    let (one, other) = (Form::of(one).unwrap(), Form::of(other).unwrap());
    assert_eq!(one.is_near(&other), other.is_near(&one));
    match (one == other, one.is_near(&other)) {
        (true, _) => Like::Same,
        (false, true) => Like::Near,
        (false, false) => Like::Apart,
    }
}

fn all(pairs: &[(&str, &str)], expected: &Like) {
    for (one, other) in pairs {
        assert_eq!(like(one, other), *expected, "{one:?} and {other:?}");
    }
}

#[test]
fn forms_and_articles_make_no_difference() {
    all(
        &[
            (
                "Reset the router and wait five minutes.",
                "Resetted router, waited 5 min",
            ),
            (
                "Refunded the duplicate charge",
                "Please refund duplicate charges.",
            ),
            ("Cancelled the order", "cancel order"),
            ("Give 10 % off", "Give 10% off"),
            ("Credited 20 EUR to the account", "credited €20 to account"),
            (
                "Credited € 20 to the account",
                "Credited 20 euros to account",
            ),
            (
                "Informed the customer that it is not possible",
                "Told cust it isn't possible",
            ),
            ("Do not restart it", "Don't restart"),
            (
                "Den Router bitte neu starten und 2 Minuten warten",
                "Router neu starten, dann zwei Min warten",
            ),
            ("Waited 24hrs for the refund", "wait 24 hours for refund"),
        ],
        &Like::Same,
    );
}

#[test]
fn a_few_words_more_are_near() {
    all(
        &[
            (
                "Refunded the duplicate charge to the card",
                "Refunded the duplicate charge to the customer's card",
            ),
            (
                "Reset the router, waited 5 minutes, line is stable",
                "Reset the router, waited 5 minutes, the line is stable again",
            ),
            (
                "Replaced the cable between modem and wall socket",
                "Replaced the old cable between modem and wall socket",
            ),
        ],
        &Like::Near,
    );
}

#[test]
fn signs_numbers_units_and_negations_tell_apart() {
    let frame = |what: &str| {
        format!("Told the customer that we take {what} off the next bill of the contract")
    };
    let told = [
        "10",
        "10 %",
        "$10",
        "€10",
        "-10",
        "+10",
        "10 days",
        "10 min",
        "100",
        "1.0",
        "#10",
        "ten percent more",
        "no 10",
        "ten or more",
        "10 once",
    ];
    for (at, one) in told.iter().enumerate() {
        for other in &told[at + 1..] {
            assert_eq!(
                like(&frame(one), &frame(other)),
                Like::Apart,
                "{one} and {other}"
            );
        }
    }
}

#[test]
fn what_says_another_thing_is_apart() {
    all(
        &[
            (
                "Enable the firewall in the settings under the advanced security options of the app",
                "Disable the firewall in the settings under the advanced security options of the app",
            ),
            (
                "Restart the router before you call the technician about the unstable line",
                "Restart the router after you call the technician about the unstable line",
            ),
            (
                "Restart the router, replace the cable, call the customer about the result",
                "Do not restart the router, replace the cable, call the customer about the result",
            ),
            (
                "Do not restart the router, replace the cable, call the customer about it",
                "Restart the router, do not replace the cable, call the customer about it",
            ),
            (
                "Moved the number from the old line to the new contract of the customer",
                "Moved the number to the old line from the new contract of the customer",
            ),
            (
                "Turn wifi on and bluetooth off in the settings of the phone and restart",
                "Turn bluetooth on and wifi off in the settings of the phone and restart",
            ),
            (
                "Wait 10 minutes, then try again within 5 days on the web page",
                "Wait 5 minutes, then try again within 10 days on the web page",
            ),
            (
                "Restart the modem and wait until the light on its front side is green",
                "Restart the router and wait until the light on its front side is green",
            ),
            ("Reset the router", "Reset the modem"),
            (
                "Call the customer back in the morning at 9 am about the refund of the fee",
                "Call the customer back in the morning at 9 pm about the refund of the fee",
            ),
            (
                "Case resolved, replaced lamp",
                "Case resolved, replaced lamp and starter",
            ),
            ("Use the form", "Use the from"),
            (
                "Reversed the amount on the card of the customer",
                "Reserved the amount on the card of the customer",
            ),
            ("Reversed the amount", "Reserved the amount"),
            ("Alerted the bank", "Altered the bank"),
            ("Sent the trial version", "Sent the trail version"),
            ("Kept a diary", "Kept a dairy"),
            ("Frist eingetragen", "First eingetragen"),
            ("Reset the router", "Reset the router of the neighbour"),
            (
                "Never give the code to anybody who calls about the parcel",
                "Give the code to anybody who calls about the parcel",
            ),
            (
                "Do not charge the card of the customer for the repair again",
                "Do not fully charge the card of the customer for the repair again",
            ),
        ],
        &Like::Apart,
    );
}

#[test]
fn near_forms_share_a_band() {
    let words: Vec<_> = (0..24)
        .map(|n| format!("word{}x", char::from(b'a' + n)))
        .collect();
    let text = words.join(" ");
    let whole = Form::of(&text).unwrap().bands("code");
    for left_out in 0..24 {
        let mut fewer = words.clone();
        fewer.remove(left_out);
        let fewer = Form::of(&fewer.join(" ")).unwrap();
        assert!(fewer.is_near(&Form::of(&text).unwrap()));
        let bands = fewer.bands("code");
        assert!(
            bands.iter().any(|band| whole.contains(band)),
            "without {left_out}"
        );
        assert!(
            fewer
                .bands("other")
                .iter()
                .all(|band| !whole.contains(band))
        );
    }
    assert!(Form::of("too short here").unwrap().bands("code").is_empty());
}

#[test]
fn the_id_that_a_candidate_had_is_known_by_its_words() {
    let former = |text| Form::former_id(text, "acme", "code");
    let id = |text| Form::of(text).unwrap().candidate_id("acme", "code");
    let (reversed, reserved) = ("Reversed the amount", "Reserved the amount");
    assert_eq!(former(reversed), former(reserved));
    assert_ne!(id(reversed), id(reserved));
    // No id that a candidate has is one that another had.
    assert_ne!(former("first"), Some(id("first")));
    assert_eq!(former("..."), None);
}

#[test]
fn a_text_of_articles_alone_has_a_form() {
    assert_ne!(Form::of("that is it"), None);
    assert_eq!(Form::of("... -"), None);
    assert_ne!(Form::of("it is"), Form::of("we are"));
}

proptest! {
    #[test]
    fn whatever_is_near_says_the_same_of_numbers_and_negations(
        one in text(), other in text(),
    ) {
        let (a, b) = (Form::of(&one).unwrap(), Form::of(&other).unwrap());
        prop_assert_eq!(a.is_near(&b), b.is_near(&a));
        if a == b || a.is_near(&b) {
            let hard = |text: &str| -> Vec<String> {
                let words = text.split(' ').filter(|word| ["10", "-10", "$10", "10%", "not", "off"].contains(word));
                words.map(str::to_owned).collect()
            };
            prop_assert_eq!(hard(&one), hard(&other));
        }
    }

    #[test]
    fn a_form_reads_back_and_any_text_has_one(text in "\\PC{0,60}") {
        if let Some(form) = Form::of(&text) {
            prop_assert_eq!(Form::from_bytes(&form.to_bytes()), form.clone());
            prop_assert!(form.bands("code").len() <= BANDS);
            prop_assert_eq!(form.is_near(&form), form.may_have_near());
        }
    }
}

/// Texts that are often near each other.
fn text() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "reset", "router", "cable", "wait", "call", "10", "-10", "$10", "10%", "not", "off",
    ]);
    prop::collection::vec(word, 4..9).prop_map(|words| words.join(" "))
}
