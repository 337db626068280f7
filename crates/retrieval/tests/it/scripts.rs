//! Readers of every script find what they would expect, and a slip is forgiven.

use aftercall_retrieval::words::Near;
use proptest::prelude::*;

use crate::library::Solutions;

/// Other solutions, which none of the questions is about.
const OTHERS: [&str; 4] = [
    "where is my parcel",
    "wie lange dauert der Versand",
    "配送状況を確認したい",
    "ποιο είναι το ωράριο",
];

fn finds(solution: &str, question: &str) {
    let mut questions = OTHERS.to_vec();
    questions.push(solution);
    let found = Solutions::of(&questions).first(question);
    assert_eq!(found, Some(OTHERS.len()), "{question:?} for {solution:?}");
}

#[test]
fn words_are_found_in_the_forms_that_a_language_has() {
    for (solution, question) in [
        ("Rechnung falsch", "Meine Rechnungen stimmen nicht"),
        ("Vertrag kündigen", "Kündigung"),
        ("Telefonrechnung zu hoch", "Rechnung"),
        ("Rechnung zu hoch", "Telefonrechnung"),
        ("Passwort zurücksetzen", "PASSWÖRTER vergessen"),
        ("Λάθος στον λογαριασμό", "οι λογαριασμοί μου"),
        ("Επιστροφή χρημάτων", "ΕΠΙΣΤΡΟΦΕΣ"),
        ("возврат денег", "когда возврата ждать"),
        ("如何申请退款", "退款"),
        ("如何申请退款", "我要退钱，退了款没有"),
        ("パスワードを忘れました", "パスワードの再設定"),
        ("二重に請求されました", "請求"),
        ("비밀번호를 잊어버렸어요", "비밀번호 변경"),
        ("환불을 받고 싶어요", "환불은 언제"),
        ("iPhone 退款 refund", "iphoneの退款"),
        ("Wi-Fi が遅い", "wifi遅い"),
    ] {
        finds(solution, question);
    }
}

#[test]
fn a_slip_in_a_word_is_forgiven() {
    for (solution, question) in [
        ("the router restarts", "ruoter"),
        ("cancel my subscription", "subscripton"),
        ("I was charged twice", "chargedd"),
        ("refund of the deposit", "deposjt"),
        ("Überweisung fehlgeschlagen", "Uberweisnug"),
        ("Επιστροφή χρημάτων", "επιστρφη"),
    ] {
        finds(solution, question);
    }
    // Of four letters a word is another one.
    let others = Solutions::of(&["my bill"]);
    assert_eq!(others.first("bull"), None);
}

fn slip(word: &str, kind: u8, at: usize, letter: char) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let at = at % letters.len();
    match kind {
        0 => {
            letters.remove(at);
        }
        1 => letters.insert(at, letter),
        2 => letters[at] = letter,
        _ => letters.swap(at, (at + 1).min(word.chars().count() - 1)),
    }
    letters.into_iter().collect()
}

/// The least number of slips, reckoned the slow way; letters that are swapped are one.
fn distance(one: &[char], other: &[char]) -> usize {
    let mut rows = vec![vec![0; other.len() + 1]; one.len() + 1];
    for a in 0..=one.len() {
        for b in 0..=other.len() {
            rows[a][b] = if a == 0 || b == 0 {
                a + b
            } else {
                let same = usize::from(one[a - 1] != other[b - 1]);
                let mut least = (rows[a - 1][b] + 1).min(rows[a][b - 1] + 1);
                least = least.min(rows[a - 1][b - 1] + same);
                if a > 1 && b > 1 && one[a - 1] == other[b - 2] && one[a - 2] == other[b - 1] {
                    least = least.min(rows[a - 2][b - 2] + 1);
                }
                least
            };
        }
    }
    rows[one.len()][other.len()]
}

proptest! {
    #[test]
    fn every_single_slip_is_near(
        word in "[a-zäßα-ω]{5,14}",
        kind in 0..4_u8,
        at in any::<usize>(),
        letter in prop::char::range('a', 'z'),
    ) {
        let near = Near::to(&word).unwrap();
        prop_assert!(near.matches(&word));
        prop_assert!(near.matches(&slip(&word, kind, at, letter)));
    }

    #[test]
    fn what_is_near_is_one_slip_away(word in "[abc]{5,7}", other in "[abc]{3,9}") {
        let letters = |text: &str| text.chars().collect::<Vec<_>>();
        let near = Near::to(&word).unwrap().matches(&other);
        prop_assert_eq!(near, distance(&letters(&word), &letters(&other)) <= 1);
    }
}
