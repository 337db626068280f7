//! New York's dues: what aftercall makes of the rule of a request's sort, beside the due that the city named.
//!
//! The city publishes for each sort of request how long it takes, and the set tells the dues that came of it, not the
//! rules. So the rule of a request is what the *other* requests of its sort agree on, and the request's own due is left
//! out: what is computed for it was not fitted to it. Where the city then named another due, that is counted by its
//! kind; aftercall has to agree wherever the city kept to the rule.
//!
//! Each due is told to aftercall in two ways: as people say it, and by a calendar that is always open in the city's zone.

mod rule;

use std::collections::BTreeMap;

use aftercall_client::Client;
use aftercall_proto::followups::v1::PreviewDueRequest;
use aftercall_proto::model::v1::due_spec::Spec;
use aftercall_proto::model::v1::{
    BusinessDays, BusinessElapsed, Calendar, DueSpec, EndOfLocalDay, Hours, LocalDue, Setting,
    Week, setting,
};
use aftercall_proto::settings::v1::{ChangeSettingsRequest, SettingChange};
use anyhow::{Context, ensure};
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp, ToSpan};
use pbjson_types::Duration;

use super::contact::{instant, wire};
use rule::{Lag, others_agree};

/// The calendar that is always open.
const ALWAYS: &str = "always-in-new-york";

const ZONE: &str = "America/New_York";

/// A due that the city named.
#[derive(Debug, Clone)]
pub(super) struct CityDue {
    /// The source's own id of the request.
    pub(super) id: String,
    /// The department, the type and the title: finer and finer sorts.
    pub(super) sort: [String; 3],
    /// When it was opened, by the city's clocks.
    pub(super) opened: DateTime,
    /// By when, by the city's clocks.
    pub(super) due: DateTime,
}

/// How many dues there were of each kind.
#[derive(Debug, Default)]
pub(super) struct Dues {
    /// By rule: how many requests it is for, and of how many the city's due is the computed one.
    pub(super) rules: BTreeMap<String, (u64, u64)>,
    /// Why the city's due is another one, by kind.
    pub(super) others: BTreeMap<&'static str, u64>,
    /// Where aftercall says otherwise than the rule, or in two ways.
    pub(super) mismatches: Vec<String>,
}

/// Has aftercall compute every due whose rule is known.
pub(super) async fn compare(asked: &Client, dues: &[CityDue]) -> anyhow::Result<Dues> {
    let mut found = Dues::default();
    if dues.is_empty() {
        return Ok(found);
    }
    let settings = always_open(asked).await?;
    for due in dues {
        let own = Lag::of(due);
        let Some(rule) = others_agree(due, dues) else {
            let reason = match own {
                Some(_) => "of a sort of which there is no other, or which has several rules",
                None => "of a sort without a rule",
            };
            *found.others.entry(reason).or_default() += 1;
            continue;
        };
        let counts = found.rules.entry(rule.to_string()).or_default();
        counts.0 += 1;
        let computed = computed(asked, due, rule, &settings).await;
        let computed = computed.with_context(|| format!("the due of {}", due.id))?;
        if let Some(wrong) = wrong(due, rule, own, &computed)? {
            found.mismatches.push(wrong);
        } else if own == Some(rule) {
            counts.1 += 1;
        } else {
            let kind = match own {
                None => "at a time of day that follows from no rule: the city set another due",
                Some(_) => "after another time than the rest of their sort",
            };
            *found.others.entry(kind).or_default() += 1;
        }
    }
    Ok(found)
}

/// What aftercall computes: as people say it, and by the calendar.
struct Computed {
    said: Timestamp,
    by_calendar: Timestamp,
}

async fn computed(
    asked: &Client,
    due: &CityDue,
    rule: Lag,
    settings: &str,
) -> anyhow::Result<Computed> {
    let opened = instant(&due.opened.to_string(), ZONE)?;
    let preview = async |spec: Spec| {
        let request = PreviewDueRequest {
            due: Some(DueSpec { spec: Some(spec) }),
            time_zone: ZONE.to_owned(),
            occurred_at: Some(wire(opened)),
            min_position: settings.to_owned(),
            ..PreviewDueRequest::default()
        };
        let by = asked.call(request).await?.promised_by;
        let by = by.context("no due was computed")?;
        anyhow::Ok(Timestamp::new(by.seconds, by.nanos)?)
    };
    let (said, by_calendar) = told(due, rule)?;
    Ok(Computed {
        said: preview(said).await?,
        by_calendar: preview(by_calendar).await?,
    })
}

/// The due that a rule gives, as people say it, and by the calendar.
fn told(due: &CityDue, rule: Lag) -> anyhow::Result<(Spec, Spec)> {
    let date = |days: u32| {
        let date = due.opened.date().checked_add(i64::from(days).days())?;
        anyhow::Ok(date.to_string())
    };
    let time = due.opened.time().to_string();
    let (calendar_id, time_zone) = (ALWAYS.to_owned(), ZONE.to_owned());
    Ok(match rule {
        Lag::Hours(hours) => {
            let duration = Duration {
                seconds: 3_600 * i64::from(hours),
                nanos: 0,
            };
            let open = BusinessElapsed {
                duration: Some(duration),
                calendar_id,
            };
            (Spec::Elapsed(duration), Spec::BusinessElapsed(open))
        }
        Lag::Days(days) => {
            let said = LocalDue {
                date: date(days)?,
                time: time.clone(),
                time_zone,
            };
            let days = BusinessDays {
                days,
                time,
                calendar_id,
            };
            (Spec::Local(said), Spec::BusinessDays(days))
        }
        Lag::WithinDay(days) => {
            let said = EndOfLocalDay {
                date: date(days)?,
                time_zone,
            };
            let days = BusinessDays {
                days,
                time: String::new(),
                calendar_id,
            };
            (Spec::EndOfLocalDay(said), Spec::BusinessDays(days))
        }
    })
}

/// What is wrong with what aftercall computed; nothing if it is as it must be.
fn wrong(
    due: &CityDue,
    rule: Lag,
    own: Option<Lag>,
    computed: &Computed,
) -> anyhow::Result<Option<String>> {
    let (id, said) = (&due.id, computed.said);
    let other = computed.by_calendar;
    if other != said {
        return Ok(Some(format!(
            "{id}: due at {said} as people say it, and at {other} by a calendar"
        )));
    }
    if own != Some(rule) {
        return Ok(None);
    }
    let city = instant(&due.due.to_string(), ZONE)?;
    let is_right = match rule {
        Lag::Hours(_) | Lag::Days(_) => said == city,
        // The set does not tell at what time it was opened: the due lies on the day that ends at the computed one. A
        // day has 25 hours at most.
        Lag::WithinDay(_) => {
            city <= said && said.duration_since(city) <= SignedDuration::from_hours(25)
        }
    };
    Ok((!is_right).then(|| format!("{id}: {rule} is {said}, and the city says {city}")))
}

/// Sets the calendar up, and answers the position from which on it is known.
async fn always_open(asked: &Client) -> anyhow::Result<String> {
    let day = vec![Hours {
        opens: "00:00".to_owned(),
        closes: "24:00".to_owned(),
    }];
    let calendar = Calendar {
        time_zone: ZONE.to_owned(),
        weekly: Some(Week {
            monday: day.clone(),
            tuesday: day.clone(),
            wednesday: day.clone(),
            thursday: day.clone(),
            friday: day.clone(),
            saturday: day.clone(),
            sunday: day,
        }),
        ..Calendar::default()
    };
    let change = SettingChange {
        setting: Some(Setting {
            setting_id: ALWAYS.to_owned(),
            body: Some(setting::Body::Calendar(calendar)),
            ..Setting::default()
        }),
        ..SettingChange::default()
    };
    let request = ChangeSettingsRequest {
        request_id: ALWAYS.to_owned(),
        changes: vec![change],
        ..ChangeSettingsRequest::default()
    };
    let position = asked.call(request).await?.position;
    ensure!(!position.is_empty(), "the calendar has no position");
    Ok(position)
}

impl Dues {
    /// A table that people can read.
    pub(super) fn table(&self) -> String {
        let mut lines = vec![format!(
            "{:<58} {:>9} {:>14}",
            "New York's dues, by the rule of their sort", "requests", "as the city's"
        )];
        for (rule, (requests, same)) in &self.rules {
            lines.push(format!("  {rule:<56} {requests:>9} {same:>14}"));
        }
        lines.push("  otherwise:".to_owned());
        for (kind, count) in &self.others {
            lines.push(format!("    {count:>5} {kind}"));
        }
        let mismatches = self.mismatches.len();
        lines.push(format!(
            "    {mismatches:>5} where aftercall does not say what the rule says"
        ));
        lines.join("\n")
    }
}
