//! Personal words in reasons that customers gave, which nobody here wrote.

use std::collections::BTreeMap;
use std::path::Path;

use aftercall_domain::masking::{self, Known, PersonalKind};
use serde_json::Value;

/// The reasons.
fn reasons() -> Vec<String> {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/drivers-dstc11.jsonl");
    let lines = std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{} is needed: {error}", file.display()));
    let reason = |line| {
        let line: Value = serde_json::from_str(line).expect("each line is a record");
        line["reason"].as_str().expect("a text").to_owned()
    };
    lines.lines().map(reason).collect()
}

/// The words of a text that are built like a telephone number of three, three and four digits.
fn telephone_numbers(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split_whitespace();
    let words = words.map(|word| word.trim_matches(|c: char| !c.is_ascii_digit()));
    words.filter(|word| {
        let lengths: Vec<_> = word.split('-').map(str::len).collect();
        let is_digits = word
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_digit());
        is_digits && lengths == [3, 3, 4]
    })
}

/// How many numbers that customers call their PIN stand in a text; `is_found` says of each whether it is masked.
fn pins(text: &str, is_found: impl Fn(&str) -> bool) -> usize {
    let words = text.split_whitespace();
    let words = words.map(|word| word.trim_matches(|c: char| !c.is_ascii_alphanumeric()));
    let words: Vec<_> = words.collect();
    let after = words.iter().enumerate();
    let after = after.filter(|(_, word)| word.eq_ignore_ascii_case("pin"));
    let numbers = after.filter_map(|(at, _)| {
        let mut rest = words[at + 1..].iter();
        let number = rest.find(|word| !["is", "number", ""].contains(word))?;
        let is_pin =
            (4..=8).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        is_pin.then_some(*number)
    });
    let mut count = 0;
    for number in numbers {
        assert!(is_found(number), "{number} in {text}");
        count += 1;
    }
    count
}

/// The words of a text that are ten digits.
fn bare_numbers(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split_whitespace();
    let words = words.map(|word| word.trim_matches(|c: char| !c.is_ascii_digit()));
    words.filter(|word| word.len() == 10 && word.bytes().all(|byte| byte.is_ascii_digit()))
}

#[test]
fn every_mail_address_and_telephone_number_that_customers_gave_is_found() {
    let mut counts: BTreeMap<PersonalKind, usize> = BTreeMap::new();
    let (mut mails, mut numbers, mut bare, mut secret) = (0, 0, 0, 0);
    for reason in reasons() {
        let found = masking::find(&reason, &Known::default());
        let of_kind = |kind| {
            let found = found.iter().filter(move |one| one.kind == kind);
            found.map(|one| &reason[one.span.clone()])
        };
        let found_mails: Vec<_> = of_kind(PersonalKind::MailAddress).collect();
        assert_eq!(found_mails.len(), reason.matches('@').count(), "{reason}");
        for mail in &found_mails {
            assert!(mail.ends_with(".com") && !mail.contains(' '), "{mail}");
        }
        for number in telephone_numbers(&reason) {
            assert!(
                of_kind(PersonalKind::TelephoneNumber).any(|found| found == number),
                "{number} in {reason}"
            );
            numbers += 1;
        }
        let texts: Vec<_> = found.iter().map(|one| &reason[one.span.clone()]).collect();
        for number in bare_numbers(&reason) {
            assert!(texts.contains(&number), "{number} in {reason}");
            bare += 1;
        }
        secret += pins(&reason, |pin| texts.contains(&pin));
        mails += found_mails.len();
        for one in &found {
            *counts.entry(one.kind).or_default() += 1;
            println!("{:?}\t{}\t{reason}", one.kind, &reason[one.span.clone()]);
        }
        let (masked, _) = masking::mask(&reason, &found);
        assert_eq!(masking::find(&masked, &Known::default()), [], "{masked}");
    }
    // What the data holds, so that nothing is missed by not being looked for.
    assert_eq!((mails, numbers, bare, secret), (13, 9, 13, 36));
    println!("{counts:?}");
}
