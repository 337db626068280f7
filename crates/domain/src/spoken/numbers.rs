//! Numbers, weekdays, months and times of day, as people say them in English and German.

use jiff::civil::Weekday;

use super::token::Token;
use super::when::Clock;
use crate::calendar::TimeOfDay;

/// The largest number that is read: more of anything is no promise.
const NUMBER_MAX: u32 = 1_000;

#[rustfmt::skip]
const NUMBERS: &[(&str, u32)] = &[
    ("a", 1), ("an", 1), ("one", 1), ("two", 2), ("couple", 2), ("three", 3), ("few", 3), ("four", 4), ("five", 5),
    ("six", 6), ("seven", 7), ("eight", 8), ("nine", 9), ("ten", 10), ("eleven", 11), ("twelve", 12), ("fourteen", 14),
    ("fifteen", 15), ("twenty", 20), ("thirty", 30), ("forty", 40), ("fifty", 50),
    ("ein", 1), ("eine", 1), ("einen", 1), ("einem", 1), ("einer", 1), ("eins", 1), ("zwei", 2), ("drei", 3), ("vier", 4),
    ("funf", 5), ("sechs", 6), ("sieben", 7), ("acht", 8), ("neun", 9), ("zehn", 10), ("elf", 11), ("zwolf", 12),
    ("vierzehn", 14), ("funfzehn", 15), ("zwanzig", 20), ("dreissig", 30),
];

#[rustfmt::skip]
const WEEKDAYS: &[(&str, Weekday)] = &[
    ("monday", Weekday::Monday), ("tuesday", Weekday::Tuesday), ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday), ("friday", Weekday::Friday), ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
    ("montag", Weekday::Monday), ("dienstag", Weekday::Tuesday), ("mittwoch", Weekday::Wednesday),
    ("donnerstag", Weekday::Thursday), ("freitag", Weekday::Friday), ("samstag", Weekday::Saturday),
    ("sonnabend", Weekday::Saturday), ("sonntag", Weekday::Sunday),
];

/// What German puts behind a weekday, in one word with it.
#[rustfmt::skip]
const PARTS: &[(&str, Clock)] = &[
    ("fruh", Clock::Morning), ("morgen", Clock::Morning), ("vormittag", Clock::Morning), ("mittag", Clock::Morning),
    ("nachmittag", Clock::Afternoon), ("abend", Clock::Evening),
];

#[rustfmt::skip]
const MONTHS: &[(&str, i8)] = &[
    ("january", 1), ("february", 2), ("march", 3), ("april", 4), ("may", 5), ("june", 6), ("july", 7), ("august", 8),
    ("september", 9), ("october", 10), ("november", 11), ("december", 12),
    ("januar", 1), ("februar", 2), ("marz", 3), ("mai", 5), ("juni", 6), ("juli", 7), ("oktober", 10), ("dezember", 12),
];

/// Words that are numbers elsewhere, and no hours.
const ARTICLES: &[&str] = &[
    "a", "an", "ein", "eine", "einen", "einem", "einer", "few", "couple",
];

/// What makes of a number something other than a time of day.
#[rustfmt::skip]
const UNITS: &[&str] = &[
    "second", "seconds", "minute", "minutes", "min", "mins", "hour", "hours", "day", "days", "business", "working", "week",
    "weeks", "month", "months", "year", "years", "percent", "to", "or", "euro", "euros", "dollars", "pounds", "of",
    "sekunden", "minuten", "stunde", "stunden", "tag", "tage", "tagen", "werktag", "werktage", "werktagen",
    "arbeitstage", "arbeitstagen", "woche", "wochen", "monat", "monate", "monaten", "prozent", "bis", "oder",
];

fn find<T: Copy>(table: &[(&str, T)], word: &str) -> Option<T> {
    let found = table.iter().find(|(name, _)| *name == word);
    found.map(|(_, value)| *value)
}

/// A number, in digits or as a word.
pub(super) fn number(word: &str) -> Option<u32> {
    let in_digits = word
        .parse::<u32>()
        .ok()
        .filter(|number| *number <= NUMBER_MAX);
    in_digits.or_else(|| find(NUMBERS, word))
}

/// The day of a month: `5`, `5th`.
pub(super) fn ordinal(word: &str) -> Option<i8> {
    let digits = ["st", "nd", "rd", "th"]
        .iter()
        .find_map(|end| word.strip_suffix(end));
    let day = digits.unwrap_or(word).parse::<i8>().ok();
    day.filter(|day| (1..=31).contains(day))
}

/// A month.
pub(super) fn month(word: &str) -> Option<i8> {
    find(MONTHS, word)
}

/// A weekday, and the part of that day where it is said in one word with it.
pub(super) fn weekday(word: &str) -> Option<(Weekday, Option<Clock>)> {
    WEEKDAYS.iter().find_map(|(name, weekday)| {
        let rest = word.strip_prefix(name)?;
        match rest {
            "" | "s" => Some((*weekday, None)),
            rest => find(PARTS, rest).map(|part| (*weekday, Some(part))),
        }
    })
}

/// A time of day that begins at a word, and the first word after it.
///
/// Who says `by five` means the afternoon: an hour from 1 to 7 without more is one after noon.
pub(super) fn clock(tokens: &[Token], at: usize) -> Option<(TimeOfDay, usize)> {
    let word = |at: usize| tokens.get(at).map_or("", |token| &*token.word);
    let hour =
        |at: usize| number(word(at)).filter(|hour| *hour <= 24 && !ARTICLES.contains(&word(at)));
    let past = |at: usize, minutes: u32| Some((time(by_day(hour(at)?), minutes)?, at + 1));
    let before = |at: usize, minutes: u32| Some((time(hour_before(hour(at)?), minutes)?, at + 1));
    match (word(at), word(at + 1)) {
        ("half", "past") => return past(at + 2, 30),
        ("halb", _) => return before(at + 1, 30),
        ("quarter", "past") | ("viertel", "nach") => return past(at + 2, 15),
        ("quarter", "to") | ("viertel", "vor") => return before(at + 2, 45),
        _ => {}
    }
    let first = word(at);
    for half in [Half::Am, Half::Pm] {
        let hour = first
            .strip_suffix(half.word())
            .and_then(|digits| digits.parse::<u32>().ok());
        if let Some(hour) = hour {
            return Some((half.time(hour, 0)?, at + 1));
        }
    }
    let said = hour(at)?;
    let (minutes, half, next) = minutes(tokens, at + 1).unwrap_or((0, None, at + 1));
    let (half, next) = match (half, word(next), word(next + 1)) {
        (Some(half), ..) => (Some(half), next),
        (None, "am", _) if !is_date_in_german(tokens, next) => (Some(Half::Am), next + 1),
        (None, "pm", _) => (Some(Half::Pm), next + 1),
        (None, "a", "m") => (Some(Half::Am), next + 2),
        (None, "p", "m") => (Some(Half::Pm), next + 2),
        _ => (None, next),
    };
    if let Some(half) = half {
        return Some((half.time(said, minutes)?, next));
    }
    let hours = if first.starts_with('0') {
        said
    } else {
        by_day(said)
    };
    match (word(next), word(next + 1)) {
        ("o", "clock") => Some((time(hours, minutes)?, next + 2)),
        ("oclock", _) => Some((time(hours, minutes)?, next + 1)),
        ("uhr", more) => match more
            .parse::<u32>()
            .ok()
            .filter(|more| minutes == 0 && *more < 60)
        {
            Some(minutes) => Some((time(hours, minutes)?, next + 2)),
            None => Some((time(hours, minutes)?, next + 1)),
        },
        (unit, _) if UNITS.contains(&unit) => None,
        // A date, such as 15.03.
        _ if tokens
            .get(at + 1)
            .is_some_and(|token| token.joined_by == Some('.')) =>
        {
            None
        }
        _ => Some((time(hours, minutes)?, next)),
    }
}

/// The minutes that stand joined to an hour, the half of the day that is written with them, and the first word after them.
fn minutes(tokens: &[Token], at: usize) -> Option<(u32, Option<Half>, usize)> {
    let token = tokens.get(at).filter(|token| token.joined_by.is_some())?;
    let digits = token.word.get(..2)?.parse::<u32>().ok()?;
    Some((digits, Half::of(token.word.get(2..)?), at + 1))
}

/// Whether `am` is the German preposition: a weekday follows.
fn is_date_in_german(tokens: &[Token], am: usize) -> bool {
    let next = tokens.get(am + 1);
    next.is_some_and(|next| weekday(&next.word).is_some())
}

fn time(hour: u32, minute: u32) -> Option<TimeOfDay> {
    TimeOfDay::new(hour, minute, 0)
}

/// The hour that is meant where nobody says which half of the day.
const fn by_day(hour: u32) -> u32 {
    match hour {
        1..=7 => hour + 12,
        hour => hour,
    }
}

/// The hour before one that was said.
const fn hour_before(hour: u32) -> u32 {
    match hour {
        0 | 1 => 12,
        hour => by_day(hour - 1),
    }
}

/// A half of the day.
#[derive(Debug, Clone, Copy)]
enum Half {
    Am,
    Pm,
}

impl Half {
    fn of(word: &str) -> Option<Self> {
        match word {
            "am" => Some(Self::Am),
            "pm" => Some(Self::Pm),
            _ => None,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Am => "am",
            Self::Pm => "pm",
        }
    }

    fn time(self, hour: u32, minute: u32) -> Option<TimeOfDay> {
        let hour = match (self, hour) {
            (Self::Am, 12) => 0,
            (Self::Am, hour @ 1..12) | (Self::Pm, hour @ 12) => hour,
            (Self::Pm, hour @ 1..12) => hour + 12,
            _ => return None,
        };
        time(hour, minute)
    }
}
