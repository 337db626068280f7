//! `calendars`: when the house is open.

use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{Calendar, Hours, SettingKind, Week};

use super::holidays::{self, Holidays};
use super::{Kind, Managing, Showing, manage};
use crate::command::{CommandError, Session};
use crate::output::{Card, Cell, Column};

/// A calendar as `calendars set` takes it.
pub const EXAMPLE: &str = r#"{"timeZone": "Europe/Paris",
 "weekly": {"monday": [{"opens": "09:00", "closes": "18:00"}]},
 "closedDates": [{"date": "2027-12-25", "label": "Christmas"}]}"#;

/// When the house is open
#[derive(Debug, clap::Subcommand)]
pub enum Calendars {
    /// What can be done with the settings of any kind.
    #[command(flatten)]
    Managing(Managing),
    /// Holidays from an iCalendar feed: staged, then approved
    #[command(subcommand)]
    Holidays(Holidays),
}

/// Runs one of the commands.
///
/// # Errors
/// When the file is no calendar, the server refuses, or the output takes no more.
pub async fn run(session: &mut Session, command: Calendars) -> Result<(), CommandError> {
    match command {
        Calendars::Managing(command) => manage::<Calendar>(session, command).await,
        Calendars::Holidays(command) => holidays::run(session, command).await,
    }
}

impl Kind for Calendar {
    const KIND: SettingKind = SettingKind::Calendar;
    const ONE: &'static str = "calendar";
    const MANY: &'static str = "calendars";

    fn of(body: Body) -> Option<Self> {
        match body {
            Body::Calendar(calendar) => Some(calendar),
            _ => None,
        }
    }

    fn body(self) -> Body {
        Body::Calendar(self)
    }

    fn name(&self) -> &str {
        &self.display_name
    }

    fn columns() -> Vec<Column> {
        vec![Column::full("zone"), Column::full("counts from")]
    }

    fn cells(&self, _: &Showing) -> Vec<Cell> {
        vec![
            Cell::from(&self.time_zone),
            Cell::from(&self.effective_from),
        ]
    }

    fn describe(&self, card: &mut Card, _: &Showing) {
        card.field("zone", &self.time_zone);
        let week = self.weekly.clone().unwrap_or_default();
        for (day, open) in days(&week) {
            card.field(day, told(open));
        }
        for date in &self.special_dates {
            let open = told(&date.hours);
            card.field("special", format!("{}  {open}  {}", date.date, date.label));
        }
        for date in &self.closed_dates {
            card.field("closed", format!("{}  {}", date.date, date.label));
        }
        card.field("counts from", &self.effective_from);
    }
}

fn days(week: &Week) -> [(&'static str, &[Hours]); 7] {
    [
        ("Monday", &week.monday),
        ("Tuesday", &week.tuesday),
        ("Wednesday", &week.wednesday),
        ("Thursday", &week.thursday),
        ("Friday", &week.friday),
        ("Saturday", &week.saturday),
        ("Sunday", &week.sunday),
    ]
}

/// The hours of a day.
pub(super) fn told(open: &[Hours]) -> String {
    let open = open
        .iter()
        .map(|hours| format!("{}-{}", hours.opens, hours.closes));
    open.collect::<Vec<_>>().join(", ")
}
