use proptest::prelude::*;

use super::*;
use crate::{Handle, HandleKind};

fn kinds(text: &str, known: &Known) -> Vec<(PersonalKind, String)> {
    find(text, known)
        .into_iter()
        .map(|one| (one.kind, text[one.span].to_owned()))
        .collect()
}

fn masked(text: &str, known: &Known) -> String {
    mask(text, &find(text, known)).0
}

fn customer() -> Known {
    let mut known = Known::default();
    known.name("Dr. Anna Bill-Müller");
    known.id("C-4711");
    known.id("42");
    for (kind, value) in [
        (HandleKind::Telephone, "+4930999001"),
        (HandleKind::Social, "@sunny_anna"),
        (HandleKind::Mail, "anna@localhost"),
    ] {
        let display_form = String::new();
        let value = value.to_owned();
        known.handle(&Handle {
            kind,
            value,
            display_form,
        });
    }
    known
}

/// Each text holds one personal word, between the signs « and ».
fn holds(kind: PersonalKind, texts: &[&str], known: &Known) {
    for marked in texts {
        let text = marked.replace(['«', '»'], "");
        let word = marked.split_once('«').unwrap().1.split_once('»').unwrap().0;
        let expected = vec![(kind, word.to_owned())];
        assert_eq!(kinds(&text, known), expected, "{text:?}");
    }
}

#[test]
fn telephone_numbers_are_found_in_every_usual_spelling() {
    let texts = [
        "Call back on «+49 30 999001».",
        "Ring «+49 (0)30 / 999 001», please",
        "(«0049 30 9990012»)",
        "number «714-123-6154» on my account",
        "at «(212) 555-0100» or never",
        "at «1-212-555-0100»",
        "the number linked to my account is «281-277-5882»",
        "«212.555.0100»",
        "unter «0171/1234567» zu erreichen",
        "unter «030 999001» zu erreichen",
        "«01711234567»",
        "le «06 12 34 56 78»",
        "Tel.: «6123456»",
        "my phone number is «761 451 985»",
        "phone «nine five six seven two nine four»",
        "«7141236154» is my number",
        "it should be «7195456512».",
    ];
    holds(PersonalKind::TelephoneNumber, &texts, &Known::default());
}

#[test]
fn a_number_of_the_customers_country_is_found_without_its_code() {
    let mut known = Known::default();
    known.country("PL".parse().unwrap());
    let text = "Proszę: 601 234 567.";
    assert_eq!(masked(text, &known), "Proszę: [phone number].");
    assert_eq!(kinds(text, &Known::default()), []);
}

#[test]
fn pins_are_told_by_their_name() {
    let texts = [
        "PIN is «7600»",
        "Pin «60531».",
        "PIN# «128983»",
        "pin number is «9856», I think",
        "die PIN lautet «0896»",
    ];
    holds(PersonalKind::Id, &texts, &Known::default());
}

#[test]
fn names_are_found_in_the_forms_that_they_take() {
    let mut known = Known::default();
    for name in ["Wei Li", "Jan Berg", "김철수", "王小明"] {
        known.name(name);
    }
    let texts = [
        "told Mr «Li» so",
        "Frau «Li» sagt",
        "«Bergs» Router",
        "«Jan Bergs» Router",
        "«김철수님» 연결",
        "«김철수에게» 전화",
        "请«王小明»打电话",
    ];
    holds(PersonalKind::Name, &texts, &known);
    for text in ["li-ion", "Bergsteiger", "is li"] {
        assert_eq!(kinds(text, &known), [], "{text}");
    }
}

#[test]
fn cards_are_told_by_their_check_digit() {
    let texts = [
        "paid with «4111 1111 1111 1111» in May",
        "«4111-1111-1111-1111» 12/26",
        "«378282246310005»",
        "my card number is «7531 9007 5960 4164»",
    ];
    holds(PersonalKind::CardNumber, &texts, &Known::default());
    for text in [
        "4111 1111 1111 1112",
        "0000 0000 0000 0000",
        "20 30 40 50 60 70 84",
    ] {
        assert_eq!(kinds(text, &Known::default()), [], "{text}");
    }
}

#[test]
fn ibans_are_told_by_their_check_digits() {
    let texts = [
        "from «DE89 3704 0044 0532 0130 00» to",
        "«GB82WEST12345698765432»",
        "«gb82 west 1234 5698 7654 32»,",
        "«MT84MALT011000012345MTLCAST001S»",
    ];
    holds(PersonalKind::Iban, &texts, &Known::default());
    assert_eq!(kinds("DE88 3704 0044 0532 0130 00", &Known::default()), []);
}

#[test]
fn mail_addresses_are_found() {
    let texts = [
        "to «kcarlton12233@gmail.com».",
        "<«Anna.Berg+x@mail.example.org»>",
        "an «jörg@müller.de» gesandt",
        "not «egdar_not_allenpoe@gmail.com»!",
    ];
    holds(PersonalKind::MailAddress, &texts, &Known::default());
    for text in ["@support", "a @ b", "user@", "@@", "2 @ 3.50"] {
        assert_eq!(kinds(text, &Known::default()), [], "{text}");
    }
}

#[test]
fn postal_addresses_are_found_in_english_and_german() {
    let texts = [
        "It is at «500 Hillside st, Woburn MA 01845».",
        "live at «4568 Granger rd» for now",
        "live at «4568 Granger rd in Hamilton, Kansas»",
        "address is «756 Main E blvd, Kelton, RI 02156».",
        "on «1245 Broadway» downtown",
        "to «12 N. King Street, Apt 4B»",
        "condo in «455 Patterson Road, Garden City, NY», and",
        "«221b Baker Street, London NW1 6XE»",
        "from «4 Elm Drive» tomorrow",
        "at «42 5th Avenue»",
        "to «PO Box 123»",
        "wohnt «Hauptstraße 12, 10115 Berlin»",
        "in der «Goethestr. 5a» liegt",
        "«Karl-Marx-Allee 3»",
        "an die «Berliner Straße 100»",
        "«Lindenweg 7b\n80331 München»",
        "aus «60311 Frankfurt am Main» kam",
        "nach «D-10115 Berlin»",
        "my zip code is «53549»",
        "«SW1A 1AA»",
    ];
    holds(PersonalKind::PostalAddress, &texts, &Known::default());
}

#[test]
fn dates_are_of_birth_where_the_words_beside_them_say_so() {
    let texts = [
        "I was born on «05/29/1976».",
        "my date of birth would be «September 19th 1981», bye",
        "gave birth to me on «02/22/1977»",
        "DOB: «1985-09-23». Order from 2024-01-02",
        "D.O.B. «9/23/85»",
        "geb. «3. 4. 1970» in Ulm",
        "ist am «3. März 1970» geboren",
        "Geburtsdatum «03.04.1970»",
        "«19 September 1981» (date of birth)",
    ];
    holds(PersonalKind::DateOfBirth, &texts, &Known::default());
    for text in [
        "The order of 05/29/2026 is late",
        "until September 19th 2026",
        "born to be wild. Until 01.02.2026",
        "am 01.02.2026",
    ] {
        assert_eq!(kinds(text, &Known::default()), [], "{text}");
    }
}

#[test]
fn the_customers_own_words_are_found_however_they_are_written() {
    let known = customer();
    for (text, expected) in [
        ("ANNA called", "[name] called"),
        ("Anna Bill-Müller called", "Anna Bill-Müller called"),
        ("Dr. Anna Bill Müller called", "[name] called"),
        (
            "Frau Mu\u{308}ller pays her bill",
            "Frau [name] pays her bill",
        ),
        ("Hi Bill, Annabel", "Hi [name], Annabel"),
        ("id c-4711, not C-47110", "id [id], not C-47110"),
        ("42 times", "42 times"),
        ("Sunny_Anna tweeted", "[handle] tweeted"),
        ("write to anna@localhost", "write to [mail address]"),
        ("it is 30999001 here", "it is [phone number] here"),
        ("it is 030 99 90 01 here", "it is [phone number] here"),
    ] {
        // The whole name is one finding.
        let expected = expected.replace("Anna Bill-Müller", "[name]");
        assert_eq!(masked(text, &known), expected, "{text}");
    }
}

#[test]
fn a_number_that_is_called_an_accounts_is_an_id() {
    let texts = [
        "the account number is «4999000».",
        "acct # «65489-75222»,",
        "Kundennummer: «1234567»",
        "my ss# is «340-39-1050»",
        "account number is «nine one seven one nine four nine five».",
    ];
    holds(PersonalKind::Id, &texts, &Known::default());
    let transfer = "the account 250000 euros";
    assert_eq!(kinds(transfer, &Known::default()), []);
}

#[test]
fn what_is_no_personal_word_stays() {
    let mut known = customer();
    known.country("DE".parse().unwrap());
    for text in [
        "error 0x80070005 at 10:30, 12 of 24 hours",
        "a loan of $300,000 or 25,000.50 at 10 %",
        "version 10.0.19045.3803 of 2026-01-15 14:30",
        "192.168.178.1 is the router's page, port 8443",
        "FRITZ!Box 7590 AX, iPhone 14 Pro 128 GB, RT-AC68U",
        "HP LaserJet 4050 4100, model 5 550 100-20",
        "Hold for 10 seconds, then wait 5 min. 3 times",
        "press 3 to place an order, 2 hard drives, 5 GB left",
        "Speicherplatz 10 GB, Umweg 2, Schritt 3",
        "20000 Euro, 12000 Watt, 10000 Kunden in 2026",
        "Fehler 10013 Windows, build 19045 Update",
        "KB5034123, order 4912345678, SKU 12-345-678",
        "error code is 2147483648, 4912345678 bytes, $3000000000, invoice no. 4912345678",
        "pin 2 is bent, the PIN of 2 cards, a pin",
        "from 01.02.2026 until 05/29/2026",
        "0.25 - 0.75 of 1000000000000",
        "M2 2TB SSD, A4 100 sheets, USB 3.2",
        "the 1st street team, on the way, 24/7",
        "one two three, four of five",
    ] {
        assert_eq!(kinds(text, &known), [], "{text}");
    }
}

#[test]
fn what_overlaps_is_one_finding_of_the_surer_kind() {
    let known = customer();
    let text = "anna.müller@example.org wrote";
    assert_eq!(
        kinds(text, &known),
        [(
            PersonalKind::MailAddress,
            "anna.müller@example.org".to_owned()
        )]
    );
}

#[test]
fn a_mask_says_where_it_stands() {
    let text = "Ärger: +4930999001 / x@y.de";
    let (masked, placed) = mask(text, &find(text, &Known::default()));
    assert_eq!(masked, "Ärger: [phone number] / [mail address]");
    let words: Vec<_> = placed.iter().map(|one| &masked[one.span.clone()]).collect();
    assert_eq!(words, ["[phone number]", "[mail address]"]);
}

/// Pieces of texts that finders look at.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "+49", "0049", "030", "999001", "714", "123", "6154", "4111", "1111", "1", "0", "10115", "01845", "DE89",
    "3704 0044 0532 0130 00", "Berlin", "MA", "NH 01852", "Hauptstraße", "12", "500", "Hillside", "St", "born",
    "geb.", "1.2.1980", "02/22/1977", "March 3rd", "1970", "D.O.B.", "a@b.de", "@", "x@", "phone", "number",
    "account", "card", "is", "Anna", "Müller", "Bill", "C-4711", "c", "4711", "sunny_anna",
    "nine five six seven two", "one", "[name]", "[phone number]", "[", "]", " ", " ", " ", " ", ".", ",", "-", "/", "(", ")", "(0)",
    "#", "\n", ": ", "\u{301}", "ß", "山田", "_", "PO Box", "SW1A", "1AA", "zip", "in",
];

/// The pieces in every order, so that they meet.
fn pieces() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(PIECES), 0..30)
        .prop_map(|pieces| pieces.concat())
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => pieces(),
        1 => "[a-zA-Z0-9 @.,:+()/-]{0,80}",
        1 => any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn findings_stand_apart_between_characters_and_the_rest_stays(text in texts()) {
        let found = find(&text, &customer());
        let mut through = 0;
        for one in &found {
            prop_assert!(one.span.start >= through && one.span.start < one.span.end);
            prop_assert!(text.is_char_boundary(one.span.start) && text.is_char_boundary(one.span.end));
            through = one.span.end;
        }
        let (masked, placed) = mask(&text, &found);
        prop_assert_eq!(found.len(), placed.len());
        let (mut at, mut masked_at) = (0, 0);
        for (one, placed) in found.iter().zip(&placed) {
            prop_assert_eq!(&masked[masked_at..placed.span.start], &text[at..one.span.start]);
            prop_assert_eq!(&masked[placed.span.clone()], one.kind.placeholder());
            (at, masked_at) = (one.span.end, placed.span.end);
        }
        prop_assert_eq!(&masked[masked_at..], &text[at..]);
    }

    #[test]
    fn a_masked_text_holds_nothing_to_mask(text in texts()) {
        let known = customer();
        let once = masked(&text, &known);
        prop_assert_eq!(find(&once, &known), [], "{:?} of {:?}", once, text);
    }
}

#[test]
fn long_and_hostile_texts_are_read_to_their_end() {
    let known = customer();
    for part in [
        "1 ", "+1 ", "00", "@a.", "a@", "born ", "1.1.1", "DE12 ", "anna ", "one ", "[name",
        "12 a ", "AB1 2",
    ] {
        let text = part.repeat(200_000 / part.len());
        let once = masked(&text, &known);
        assert_eq!(masked(&once, &known), once, "{part}");
    }
}
