//! What both programs are asked.

use aftercall_client::Client;
use aftercall_proto::insight::v1::{
    AggregateRequest, AggregateRow, CompareDriversRequest, ContactFilter,
    CountRepeatContactsRequest, Definitions, Dimension, ListContactsRequest, RepeatCauseKind,
    RepeatGroupBy, Terms, TimeBucket,
};
use anyhow::{Context, ensure};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::answers::{Answer, Row};
use crate::real::contact::wire;

/// Groups of an answer whose contacts are listed.
const DRILLED: usize = 40;

/// A question about the contacts of one source.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) source: &'static str,
    what: What,
    /// A period that has all of its contacts.
    period: [&'static str; 2],
    repeat_within_days: i32,
}

#[derive(Debug)]
enum What {
    /// Measures by time in a zone, and by dimensions; groups of fewer contacts are hidden.
    Aggregate {
        bucket: TimeBucket,
        time_zone: &'static str,
        dimensions: &'static [Dimension],
        group_contacts_min: i32,
    },
    /// Contacts that came back, by why and by reason.
    Repeats,
    /// How many contacts each driver has.
    Drivers,
}

/// What the service said.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) answer: Answer,
    /// How many groups' contacts were listed by the group's filter, and what was wrong with that.
    pub(super) drilled: u64,
    pub(super) filters_wrong: Vec<String>,
}

const BOSTON: (&str, [&str; 2]) = (
    "boston311",
    ["2011-07-01T00:00:00-04:00", "2022-02-01T00:00:00-05:00"],
);
const DESK: (&str, [&str; 2]) = (
    "uci-incident-log",
    ["2016-02-29T00:00:00Z", "2017-03-01T00:00:00Z"],
);
/// Contacts without a time stand at its beginning.
const NO_TIME: [&str; 2] = ["1970-01-01T00:00:00Z", "1970-01-02T00:00:00Z"];
const INTENTS: (&str, [&str; 2]) = ("multidogo", NO_TIME);
const DRIVERS: (&str, [&str; 2]) = ("dstc11-natcs", NO_TIME);

const NEW_YORK: &str = "America/New_York";

const fn aggregate(
    of: (&'static str, [&'static str; 2]),
    (bucket, time_zone): (TimeBucket, &'static str),
    dimensions: &'static [Dimension],
    (group_contacts_min, repeat_within_days): (i32, i32),
) -> Question {
    Question {
        source: of.0,
        period: of.1,
        repeat_within_days,
        what: What::Aggregate {
            bucket,
            time_zone,
            dimensions,
            group_contacts_min,
        },
    }
}

const fn other(of: (&'static str, [&'static str; 2]), what: What) -> Question {
    Question {
        source: of.0,
        period: of.1,
        repeat_within_days: 7,
        what,
    }
}

/// All questions.
pub(super) static QUESTIONS: [Question; 16] = {
    use Dimension::{Agent, Channel, Disposition, Reason, ReasonFamily, Team};
    use TimeBucket::{Day, Month, Unspecified, Week};
    [
        aggregate(BOSTON, (Week, NEW_YORK), &[Team], (0, 7)),
        aggregate(BOSTON, (Month, NEW_YORK), &[ReasonFamily, Channel], (0, 7)),
        aggregate(BOSTON, (Day, NEW_YORK), &[], (0, 30)),
        aggregate(BOSTON, (Week, NEW_YORK), &[Reason], (0, 14)),
        aggregate(BOSTON, (Unspecified, "UTC"), &[Reason, Disposition], (5, 7)),
        other(BOSTON, What::Repeats),
        aggregate(DESK, (Month, "UTC"), &[Team], (0, 7)),
        aggregate(DESK, (Week, "UTC"), &[ReasonFamily], (0, 30)),
        aggregate(DESK, (Month, NEW_YORK), &[Reason, Channel], (0, 7)),
        aggregate(DESK, (Unspecified, "UTC"), &[Agent, Disposition], (5, 7)),
        other(DESK, What::Repeats),
        aggregate(INTENTS, (Unspecified, "UTC"), &[Reason], (0, 7)),
        aggregate(INTENTS, (Unspecified, "UTC"), &[ReasonFamily], (0, 7)),
        other(INTENTS, What::Drivers),
        aggregate(DRIVERS, (Unspecified, "UTC"), &[Reason], (0, 7)),
        other(DRIVERS, What::Drivers),
    ]
};

impl Question {
    pub(super) fn is_of_drivers(&self) -> bool {
        matches!(self.what, What::Drivers)
    }

    /// What it asks, for people.
    pub(super) fn name(&self) -> String {
        let by = match &self.what {
            What::Repeats => "repeats by cause and reason".to_owned(),
            What::Drivers => "drivers".to_owned(),
            What::Aggregate {
                bucket,
                time_zone,
                dimensions,
                group_contacts_min,
            } => {
                let mut by: Vec<_> = bucket_name(*bucket).into_iter().collect();
                by.extend(dimensions.iter().map(|it| dimension_name(*it)));
                let hidden = match group_contacts_min {
                    0 => String::new(),
                    least => format!(", of {least} or more"),
                };
                format!("by {} in {time_zone}{hidden}", by.join(" × "))
            }
        };
        let days = self.repeat_within_days;
        format!("{} {by}, back within {days} days", self.source)
    }

    /// The same for the other program. Drivers are the groups of an aggregate by reason.
    pub(super) fn told(&self) -> Value {
        let (bucket, time_zone, dimensions, group_contacts_min) = match &self.what {
            What::Aggregate {
                bucket,
                time_zone,
                dimensions,
                group_contacts_min,
            } => (*bucket, *time_zone, *dimensions, *group_contacts_min),
            What::Repeats | What::Drivers => {
                (TimeBucket::Unspecified, "UTC", &[Dimension::Reason][..], 0)
            }
        };
        let dimensions: Vec<_> = dimensions.iter().map(|it| dimension_name(*it)).collect();
        json!({
            "what": match self.what {
                What::Repeats => "repeats",
                What::Drivers => "drivers",
                What::Aggregate { .. } => "aggregate",
            },
            "source": self.source,
            "bucket": bucket_name(bucket),
            "timeZone": time_zone,
            "dimensions": dimensions,
            "groupContactsMin": group_contacts_min,
            "repeatWithinDays": self.repeat_within_days,
        })
    }

    /// Asks the service.
    pub(super) async fn ask(&self, asked: &Client, edition: &str) -> anyhow::Result<Found> {
        match &self.what {
            What::Aggregate { .. } => self.ask_aggregate(asked, edition).await,
            What::Repeats => self.ask_repeats(asked, edition).await,
            What::Drivers => self.ask_drivers(asked, edition).await,
        }
    }

    /// What is answered for, so that no other set's contacts are counted.
    fn filter(&self) -> anyhow::Result<ContactFilter> {
        let [from, before] = self.period;
        let at = |text: &str| Ok::<_, jiff::Error>(Some(wire(text.parse::<Timestamp>()?)));
        Ok(ContactFilter {
            client_account_ids: vec![self.source.to_owned()],
            occurred_from: at(from)?,
            occurred_before: at(before)?,
            ..ContactFilter::default()
        })
    }

    fn terms(&self) -> Option<Terms> {
        Some(Terms {
            repeat_within_days: self.repeat_within_days,
            ..Terms::default()
        })
    }

    async fn ask_aggregate(&self, asked: &Client, edition: &str) -> anyhow::Result<Found> {
        let What::Aggregate {
            bucket,
            time_zone,
            dimensions,
            group_contacts_min,
        } = &self.what
        else {
            return Ok(Found::default());
        };
        let request = AggregateRequest {
            filter: Some(self.filter()?),
            dimensions: dimensions.iter().map(|it| (*it).into()).collect(),
            bucket: (*bucket).into(),
            time_zone: (*time_zone).to_owned(),
            terms: self.terms(),
            group_contacts_min: *group_contacts_min,
            latest: true,
            ..AggregateRequest::default()
        };
        let answer = asked.call(request).await?;
        by_edition(answer.definitions.as_ref(), edition)?;
        let mut found = Found::default();
        let step = (answer.rows.len() / DRILLED).max(1);
        for row in answer.rows.iter().step_by(step) {
            found.drilled += 1;
            if let Some(wrong) = self.drill(asked, row).await? {
                found.filters_wrong.push(wrong);
            }
        }
        let rows = answer.rows.into_iter().map(|row| {
            Ok(Row {
                bucket_from: row.bucket_from.map(|at| at.seconds),
                values: row.values,
                measures: serde_json::to_value(row.measures.unwrap_or_default())?,
                ..Row::default()
            })
        });
        found.answer = Answer {
            rows: rows.collect::<anyhow::Result<_>>()?,
            total: serde_json::to_value(answer.total.unwrap_or_default())?,
            hidden_groups: answer.hidden_groups,
            hidden_contacts: answer.hidden_contacts,
            contacts: 0,
        };
        Ok(found)
    }

    /// What is wrong if a group's filter does not give exactly its contacts.
    async fn drill(&self, asked: &Client, row: &AggregateRow) -> anyhow::Result<Option<String>> {
        let request = ListContactsRequest {
            filter: row.filter.clone(),
            page_size: 1,
            ..ListContactsRequest::default()
        };
        let listed = asked.call(request).await?.total_size.unwrap_or_default();
        let counted = row.measures.as_ref().map_or(0, |it| it.contacts);
        Ok((listed != counted).then(|| {
            let (name, values) = (self.name(), row.values.join(", "));
            format!("{name}: {values} has {counted} contacts, and its filter gives {listed}")
        }))
    }

    async fn ask_repeats(&self, asked: &Client, edition: &str) -> anyhow::Result<Found> {
        let request = CountRepeatContactsRequest {
            filter: Some(self.filter()?),
            by: RepeatGroupBy::Reason.into(),
            terms: self.terms(),
            ..CountRepeatContactsRequest::default()
        };
        let answer = asked.call(request).await?;
        by_edition(answer.definitions.as_ref(), edition)?;
        let rows = answer.rows.into_iter().map(|row| Row {
            cause: cause_name(row.cause()).to_owned(),
            value: row.value,
            contacts: row.contacts,
            ..Row::default()
        });
        Ok(Found {
            answer: Answer {
                rows: rows.collect(),
                contacts: answer.contacts,
                ..Answer::default()
            },
            ..Found::default()
        })
    }

    async fn ask_drivers(&self, asked: &Client, edition: &str) -> anyhow::Result<Found> {
        let request = CompareDriversRequest {
            filter: Some(self.filter()?),
            by: Dimension::Reason.into(),
            limit: 1_000,
            ..CompareDriversRequest::default()
        };
        let answer = asked.call(request).await?;
        by_edition(answer.definitions.as_ref(), edition)?;
        let rows = answer.drivers.into_iter().map(|driver| Row {
            value: driver.value,
            contacts: driver.contacts,
            ..Row::default()
        });
        Ok(Found {
            answer: Answer {
                rows: rows.collect(),
                contacts: answer.contacts,
                ..Answer::default()
            },
            ..Found::default()
        })
    }
}

/// Whether an answer was reckoned by the edition by which the other program reckons.
fn by_edition(definitions: Option<&Definitions>, edition: &str) -> anyhow::Result<()> {
    let version = &definitions
        .context("an answer without definitions")?
        .version;
    ensure!(
        version == edition,
        "the service reckons by {version}, and the other program by {edition}"
    );
    Ok(())
}

fn bucket_name(bucket: TimeBucket) -> Option<&'static str> {
    let name = bucket.as_str_name().strip_prefix("TIME_BUCKET_");
    name.filter(|name| *name != "UNSPECIFIED")
}

fn dimension_name(dimension: Dimension) -> &'static str {
    let name = dimension.as_str_name();
    name.strip_prefix("DIMENSION_").unwrap_or(name)
}

fn cause_name(cause: RepeatCauseKind) -> &'static str {
    let name = cause.as_str_name();
    name.strip_prefix("REPEAT_CAUSE_KIND_").unwrap_or(name)
}
