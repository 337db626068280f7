//! When something will be done. Where two rules have the same number of words, the first counts.

use jiff::civil::Weekday;

use super::{Means, TimeRule};
use crate::spoken::when::{Clock, Day};

/// The rules, English and German.
#[rustfmt::skip]
pub const TIME_RULES: &[TimeRule] = &[
    // What is no time of the promise.
    TimeRule { code: "past", means: Means::Nothing, says: &[
        "yesterday", "last|from|since|of %", "last week|month|year|night", "of|from yesterday|today|tomorrow", "# days|hours|weeks|minutes ago",
        "today|tomorrow|yesterday s", "% s", "for # hours|days|minutes|weeks", "gestern", "letzte|letzten|letzter|vom|seit %",
        "letzte|letzten woche|monat", "vor # tagen|stunden|wochen", "von heute|gestern|morgen", "guten morgen|tag|abend", "seit # tagen|wochen",
    ] },
    TimeRule { code: "at_once", means: Means::AtOnce, says: &[
        "now", "right now", "in a moment|minute|second|sec", "one moment|second|minute", "just a moment|second", "while you wait|hold",
        "jetzt", "einen moment|augenblick", "in einem moment", "moment",
    ] },
    // Lengths of time.
    TimeRule { code: "in_minutes", means: Means::Minutes, says: &[
        "in|within # minute|minutes|mins|min", "in|within the next # minutes", "in|within # to|or # minutes", "in|within # # minutes",
        "in|innerhalb ~ # minute|minuten", "in den nachsten # minuten",
    ] },
    TimeRule { code: "in_half_hour", means: Means::HalfHour, says: &[
        "in|within half an hour", "in|within the next half hour", "in einer halben stunde", "innerhalb einer halben stunde",
    ] },
    TimeRule { code: "in_hours", means: Means::Hours, says: &[
        "in|within # hour|hours|hrs", "in|within the next # hours", "in|within the # hours", "in|within the hour", "in|within the next hour",
        "in|within # to|or # hours", "in|within # # hours", "in|within a # of hours", "in|within a # hours", "in # hours time",
        "in|binnen # stunde|stunden", "innerhalb # stunde|stunden", "innerhalb von|der # stunde|stunden", "innerhalb der nachsten # stunden",
        "in den nachsten # stunden", "innerhalb der nachsten stunde",
    ] },
    TimeRule { code: "in_business_days", means: Means::BusinessDays, says: &[
        "# business|working day|days", "# to|or # business|working days", "# # business|working days", "in|within # business|working days",
        "in|within the next # business|working days", "in|within # to|or # business|working days",
        "# werktag|werktage|werktagen|arbeitstag|arbeitstage|arbeitstagen", "# bis|oder # werktage|werktagen|arbeitstage|arbeitstagen",
        "in|binnen # werktag|werktagen|arbeitstagen", "innerhalb von # werktagen|arbeitstagen",
        "in|binnen # bis # werktagen|arbeitstagen", "innerhalb von # bis # werktagen|arbeitstagen",
    ] },
    TimeRule { code: "in_days", means: Means::Days, says: &[
        "in|within # day|days", "in|within the next # days", "in|within # to|or # days", "in|within # # days", "in|within a # of days", "in|within a # days",
        "over the next # days", "in # days time", "in|binnen # tag|tagen", "innerhalb von # tagen", "in den nachsten # tagen",
        "innerhalb der nachsten # tage", "in|innerhalb ~ # bis # tagen",
    ] },
    TimeRule { code: "in_weeks", means: Means::Weeks, says: &[
        "in|within # week|weeks", "in|within the next # weeks", "in|within # to|or # weeks", "in|within # # weeks", "in # weeks time",
        "in|binnen # woche|wochen", "innerhalb # woche|wochen", "innerhalb von # wochen", "in den nachsten # wochen",
    ] },
    TimeRule { code: "in_months", means: Means::Months, says: &[
        "in|within # month|months", "in|binnen # monat|monaten", "innerhalb von # monaten",
    ] },
    // Days.
    TimeRule { code: "today", means: Means::Day(Day::In(0)), says: &[
        "today", "later today", "later on today", "still today", "by|before the end of today", "heute", "heute noch", "noch heute",
        "im laufe des tages", "im lauf des tages",
    ] },
    TimeRule { code: "today.this_morning", means: Means::Both(Day::In(0), Clock::Morning), says: &[
        "this morning", "heute vormittag|fruh|mittag", "heute noch vormittag",
    ] },
    TimeRule { code: "today.this_afternoon", means: Means::Both(Day::In(0), Clock::Afternoon), says: &[
        "this afternoon", "later this afternoon", "heute nachmittag", "heute noch am nachmittag",
    ] },
    TimeRule { code: "today.tonight", means: Means::Both(Day::In(0), Clock::Evening), says: &[
        "tonight", "this evening", "later tonight|this evening", "heute abend",
    ] },
    TimeRule { code: "today.closing", means: Means::Both(Day::In(0), Clock::Closing), says: &[
        "by|before|at the end of the day", "by|before|at the end of the business|working day", "by|before end of day|business", "by|before eod|cob",
        "by|before close of business", "bis dienstschluss", "bis feierabend", "bis geschaftsschluss",
    ] },
    TimeRule { code: "tomorrow", means: Means::Day(Day::In(1)), says: &[
        "tomorrow", "the next day", "morgen", "bis|ab morgen", "am nachsten tag",
    ] },
    TimeRule { code: "tomorrow.morning", means: Means::Both(Day::In(1), Clock::Morning), says: &[
        "tomorrow morning", "first thing tomorrow", "first thing tomorrow morning", "morgen fruh|vormittag|mittag",
        "gleich morgen fruh",
    ] },
    TimeRule { code: "tomorrow.afternoon", means: Means::Both(Day::In(1), Clock::Afternoon), says: &[
        "tomorrow afternoon", "morgen nachmittag",
    ] },
    TimeRule { code: "tomorrow.evening", means: Means::Both(Day::In(1), Clock::Evening), says: &[
        "tomorrow evening|night", "morgen abend",
    ] },
    TimeRule { code: "after_tomorrow", means: Means::Day(Day::In(2)), says: &[
        "the day after tomorrow", "ubermorgen",
    ] },
    TimeRule { code: "weekday", means: Means::Weekday, says: &[
        "%", "on|by|until|before|this|coming %", "by the end of %", "this coming %", "bis|am|zum|diesen|kommenden %", "bis|spatestens zum %",
        "bis spatestens %",
    ] },
    TimeRule { code: "weekday.next", means: Means::WeekdayOfNextWeek, says: &[
        "next %", "on|by next %", "% next week", "on|by % next week", "nachsten|nachster %", "am|bis nachsten %", "nachste woche %",
        "nachste woche am %", "% nachster woche", "am % nachster woche",
    ] },
    TimeRule { code: "weekday.monday", means: Means::Day(Day::Weekday(Weekday::Monday)), says: &[
        "after the weekend", "nach dem wochenende", "anfang nachster woche", "early next week", "at the beginning of next week",
    ] },
    TimeRule { code: "this_week", means: Means::Day(Day::EndOfWeek(0)), says: &[
        "this week", "later this week", "by|at|before the end of the week", "by|before end of week", "by the end of this week", "end of the week",
        "before the weekend", "diese woche", "noch diese woche", "bis ende der|dieser woche", "bis zum ende der woche", "ende der woche",
        "bis zum wochenende", "bis wochenende", "vor dem wochenende",
    ] },
    TimeRule { code: "next_week", means: Means::Day(Day::EndOfWeek(1)), says: &[
        "next week", "sometime next week", "during|in next week", "by the end of next week", "within the next week", "nachste woche", "in der nachsten woche",
        "kommende woche", "in der kommenden woche", "bis ende nachster|kommender woche", "im laufe der nachsten woche", "bis nachste woche",
        "ende nachster woche",
    ] },
    TimeRule { code: "this_month", means: Means::Day(Day::EndOfMonth(0)), says: &[
        "this month", "by|at|before the end of the month", "by the end of this month", "diesen monat", "bis ende des monats",
        "bis zum monatsende", "bis monatsende",
    ] },
    TimeRule { code: "next_month", means: Means::Day(Day::EndOfMonth(1)), says: &[
        "next month", "by the end of next month", "nachsten monat", "im nachsten monat", "bis ende nachsten monats",
    ] },
    TimeRule { code: "date", means: Means::Date, says: &[
        "& ^", "& the ^", "^ of &", "the ^ of &", "^ &", "am|bis|zum ^ &", "bis zum ^ &", "on|by & ^", "on|by the ^ of &",
    ] },
    // Times of a day.
    TimeRule { code: "clock", means: Means::AtClock, says: &[
        "at|by|before|around|until|till @", "no later than @", "not later than @", "at around|about @", "by about @",
        "um|bis|gegen|vor|ab @", "bis spatestens @", "spatestens um @", "bis gegen @", "so gegen @", "bis um @",
    ] },
    TimeRule { code: "clock.noon", means: Means::Clock(Clock::Morning), says: &[
        "at|by|before|around noon|midday|lunch|lunchtime", "in the morning", "in the course of the morning", "before lunch",
        "am vormittag", "am morgen", "bis mittag", "bis mittags", "bis zum mittag", "vormittags", "im laufe des vormittags",
    ] },
    TimeRule { code: "clock.afternoon", means: Means::Clock(Clock::Afternoon), says: &[
        "in the afternoon", "in the course of the afternoon", "after lunch", "am nachmittag", "nachmittags", "im laufe des nachmittags",
    ] },
    TimeRule { code: "clock.evening", means: Means::Clock(Clock::Evening), says: &[
        "in the evening", "by|until midnight", "am abend", "abends", "bis zum abend", "bis abends",
    ] },
    // What is no time.
    TimeRule { code: "soon", means: Means::Soon, says: &[
        "soon", "shortly", "very soon|shortly", "asap", "as soon|quickly as possible", "as soon|quickly as i|we can", "in due course", "right away",
        "immediately", "straight away", "at once", "later", "later on", "in the next days", "in the coming days", "in the near future",
        "within short", "bald", "gleich", "sofort", "in kurze", "demnachst", "umgehend", "so schnell wie moglich", "schnellstmoglich",
        "baldmoglichst", "in den nachsten tagen", "spater", "unverzuglich", "zeitnah",
    ] },
];
