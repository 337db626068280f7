//! The rules: who promises, what is promised, and when.
//!
//! The tables are the project's own. In them `call|ring` is one of
//! these words, `word*` any that begins so, `~` up to four words or none, `~~` up to fourteen; in rules of times `#` is a
//! number, `%` a weekday, `&` a month, `^` a day of a month, and `@` a time of day. Case, accents and the sort of apostrophe
//! make no difference, and a word is what stands between signs: `I'll` is `i` and `ll`.

mod english;
mod german;
mod times;

use std::sync::LazyLock;

pub use english::ENGLISH;
pub use german::GERMAN;
pub use times::TIME_RULES;

use super::pattern::Pattern;
use super::when::{Clock, Day, Time};
use crate::commitment::CommitmentKind;

/// What somebody says who promises something.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name: kept for ever within a version.
    pub code: &'static str,
    /// What is promised.
    pub kind: CommitmentKind,
    /// How sure it is that something was promised, in percent, where no time is said.
    pub confidence: u8,
    /// Whether an agent who says `I` and no time does it while the customer waits.
    pub only_later: bool,
    /// Whether it counts only where no other rule does.
    pub is_general: bool,
    /// What follows `I will`; in German, what stands at the end after `ich werde`.
    pub after: &'static [&'static str],
    /// German: what stands beside `ich`, the verb first.
    pub main: &'static [&'static str],
    /// What says it by itself, with a subject of its own.
    pub whole: &'static [&'static str],
}

impl Rule {
    /// What rules have that say nothing else.
    pub(super) const PLAIN: Self = Self {
        code: "",
        kind: CommitmentKind::Other,
        confidence: 70,
        only_later: false,
        is_general: false,
        after: &[],
        main: &[],
        whole: &[],
    };
}

/// Who promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Who {
    /// The agent who speaks.
    Agent,
    /// All of us.
    House,
    /// The agent's superior.
    Superior,
    /// Somebody else of us.
    Colleague,
}

/// How people of a language promise.
#[derive(Debug, PartialEq, Eq)]
pub struct Language {
    /// What is promised; of rules that fit equally well the first counts.
    pub rules: &'static [Rule],
    /// Who promises.
    pub promisers: &'static [(Who, &'static [&'static str])],
    /// Words of the future.
    pub wills: &'static [&'static str],
    /// What may stand between those and what is promised.
    pub fillers: &'static [&'static str],
    /// Of those, what makes it less sure.
    pub doubts: &'static [&'static str],
    /// Words that deny.
    pub negators: &'static [&'static str],
    /// What takes that away from the word before.
    pub no_matter: &'static [&'static str],
    /// Words on which a promise depends.
    pub conditions: &'static [&'static str],
    /// After these words, those are no conditions.
    pub wondering: &'static [&'static str],
    /// Words by which something is told that was said before.
    pub reporters: &'static [&'static str],
    /// After these words, it is said again.
    pub repeating: &'static [&'static str],
    /// Whether what is promised stands at the end, after `I will`, and the verb before `I` as well as behind it.
    pub is_verb_last: bool,
    /// A question of these words, at the end of a sentence, asks for consent alone.
    pub consents: &'static [&'static str],
}

/// What the words of a time say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    /// Nothing of when it will be done: `yesterday`, `tomorrow's appointment`.
    Nothing,
    /// While the customer waits.
    AtOnce,
    /// Soon, which is no time.
    Soon,
    /// So many minutes later.
    Minutes,
    /// Half an hour later.
    HalfHour,
    /// So many hours later.
    Hours,
    /// So many days later.
    Days,
    /// So many open days later.
    BusinessDays,
    /// So many weeks later.
    Weeks,
    /// So many months later, of thirty days each.
    Months,
    /// On this day.
    Day(Day),
    /// By this time.
    Clock(Clock),
    /// On this day by this time.
    Both(Day, Clock),
    /// By the time that is said.
    AtClock,
    /// On the weekday that is said.
    Weekday,
    /// On the weekday that is said, of the next week.
    WeekdayOfNextWeek,
    /// On the date that is said.
    Date,
}

/// How a time is said.
#[derive(Debug, PartialEq, Eq)]
pub struct TimeRule {
    /// Its name: kept for ever within a version.
    pub code: &'static str,
    /// What it says.
    pub means: Means,
    /// Its words.
    pub says: &'static [&'static str],
}

/// The rules of times, ready to be used.
pub(super) static TIMES: LazyLock<Vec<Time>> = LazyLock::new(|| {
    let rules = TIME_RULES.iter();
    let times = rules.map(|rule| Time {
        code: rule.code,
        means: rule.means,
        says: Pattern::all(rule.says),
    });
    times.collect()
});

/// A rule of promises, ready to be used.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) rule: &'static Rule,
    pub(super) after: Vec<Pattern>,
    pub(super) main: Vec<Pattern>,
    pub(super) whole: Vec<Pattern>,
}

/// A language, ready to be used.
#[derive(Debug)]
pub(super) struct Grammar {
    pub(super) words: &'static Language,
    pub(super) rules: Vec<Ready>,
    pub(super) promisers: Vec<(Who, Vec<Pattern>)>,
    pub(super) wills: Vec<Pattern>,
}

impl Grammar {
    fn of(words: &'static Language) -> Self {
        let rules = words.rules.iter().map(|rule| Ready {
            rule,
            after: Pattern::all(rule.after),
            main: Pattern::all(rule.main),
            whole: Pattern::all(rule.whole),
        });
        let promisers = words.promisers.iter();
        Self {
            words,
            rules: rules.collect(),
            promisers: promisers
                .map(|(who, says)| (*who, Pattern::all(says)))
                .collect(),
            wills: Pattern::all(words.wills),
        }
    }
}

/// The languages, ready to be used.
pub(super) static GRAMMARS: LazyLock<[Grammar; 2]> =
    LazyLock::new(|| [Grammar::of(&ENGLISH), Grammar::of(&GERMAN)]);
