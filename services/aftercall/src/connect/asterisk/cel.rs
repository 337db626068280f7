//! Rows of Asterisk's channel event log (CEL), as `cel_custom.conf` and its sample write them.

use std::str::FromStr;

use aftercall_proto::model::v1::CallEvent;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::step::{By, Party, Step};
use super::switch::{Setup, Switch};
use super::time;
use crate::connect::csv;
use crate::connect::mapping::Taken;

/// The columns of the mapping in the sample, without its literal.
const SAMPLE: &str = "eventtype,eventtime,cidname,cidnum,cidani,cidrdnis,ciddnid,exten,context,channame,appname,appdata,\
    amaflags,acctcode,uniqueid,linkedid,peer,userfield,userdeftype,extra";
/// Columns that no row can be read without.
const NEEDED: [&str; 5] = ["eventtype", "eventtime", "channame", "uniqueid", "linkedid"];
/// Columns of a row at most.
const COLUMNS_MAX: usize = 100;

/// Which value is where in a row, and how its time is written.
#[derive(Debug, Clone)]
pub(in crate::connect) struct Columns {
    names: Vec<String>,
    /// The zone of times that are written as dates.
    zone: TimeZone,
}

impl Columns {
    /// The same, with the dates of this zone.
    pub(in crate::connect) fn in_zone(self, zone: TimeZone) -> Self {
        Self { zone, ..self }
    }
}

impl Default for Columns {
    fn default() -> Self {
        Self {
            names: SAMPLE.split(',').map(str::to_owned).collect(),
            zone: TimeZone::UTC,
        }
    }
}

impl FromStr for Columns {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names: Vec<_> = text
            .split(',')
            .map(|name| name.trim().to_ascii_lowercase())
            .collect();
        let missing = NEEDED
            .iter()
            .find(|needed| !names.iter().any(|name| name == *needed));
        match missing {
            _ if names.len() > COLUMNS_MAX => Err(format!("at most {COLUMNS_MAX} columns")),
            Some(missing) => Err(format!(
                "the column {missing} is missing: without it no call is known"
            )),
            None => Ok(Self {
                names,
                zone: TimeZone::UTC,
            }),
        }
    }
}

/// A row.
struct Row<'a> {
    columns: &'a Columns,
    values: Vec<String>,
}

impl Row<'_> {
    fn get(&self, column: &str) -> &str {
        let mut names = self.columns.names.iter();
        let at = names.position(|name| name == column);
        let value = at.and_then(|at| self.values.get(at));
        value.map_or("", |value| value.trim())
    }
}

/// What goes with an event beside its columns. Unknown keys are passed over.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Extra {
    hangupcause: Option<u32>,
    hangupsource: String,
    bridge_id: String,
    extension: String,
    channel2_uniqueid: String,
    transfer_target_channel_name: String,
    transfer_target_channel_uniqueid: String,
    app: String,
}

/// The fold of rows.
pub(in crate::connect) struct Cel<'a> {
    pub(in crate::connect) switch: &'a mut Switch,
    pub(in crate::connect) setup: &'a Setup,
    pub(in crate::connect) columns: &'a Columns,
}

impl Cel<'_> {
    pub(in crate::connect) fn take(&mut self, text: &str, out: &mut Vec<CallEvent>) -> Taken {
        let row = Row {
            columns: self.columns,
            values: csv::values(text, ','),
        };
        let event = row.get("eventtype").to_ascii_uppercase();
        if row.get("linkedid").is_empty() || row.get("uniqueid").is_empty() {
            return Taken::passed(
                "a row without uniqueid and linkedid: name its columns by --columns",
            );
        }
        let written = row.get("eventtime");
        let at = time::seconds(written).or_else(|| time::local(written, &self.columns.zone));
        let Some(at) = at else {
            return Taken::passed("without a time that can be read");
        };
        // What goes with one event or the other may be left out, or be none of ours.
        let extra: Extra = serde_json::from_str(row.get("extra")).unwrap_or_default();
        let Some(step) = step(&event, &row, &extra) else {
            return Taken::passed(&event);
        };
        self.switch.take(step, at, self.setup, out);
        if matches!(step, Step::Begins { .. }) {
            self.rings(&row, at, out);
        }
        Taken::In
    }

    /// A channel that begins while the customer waits, or is with nobody, rings at somebody's.
    fn rings(&mut self, row: &Row<'_>, at: Timestamp, out: &mut Vec<CallEvent>) {
        let Some(customer) = self.switch.customer_of(row.get("linkedid")) else {
            return;
        };
        let customer = customer.to_owned();
        let to = Party {
            id: row.get("uniqueid"),
            name: row.get("channame"),
            member: None,
        };
        if customer != to.id {
            let step = Step::Rings {
                id: &customer,
                to,
                by: By::Whatever,
            };
            self.switch.take(step, at, self.setup, out);
        }
    }
}

fn step<'a>(event: &str, row: &'a Row<'_>, extra: &'a Extra) -> Option<Step<'a>> {
    let id = row.get("uniqueid");
    let is_queue = row.get("appname").eq_ignore_ascii_case("queue");
    let step = match event {
        "CHAN_START" => Step::Begins {
            id,
            name: row.get("channame"),
            call: row.get("linkedid"),
            caller: row.get("cidnum"),
            dialled: row.get("exten"),
        },
        "APP_START" if is_queue => {
            // `support,t,,,300`
            let queue = row.get("appdata").split([',', '|']).next();
            Step::Queues {
                id,
                queue: queue.unwrap_or_default(),
            }
        }
        "APP_END" if is_queue => Step::LeavesQueue { id },
        "BRIDGE_ENTER" => Step::Joins {
            id,
            bridge: &extra.bridge_id,
        },
        "BRIDGE_EXIT" => Step::Leaves {
            id,
            bridge: &extra.bridge_id,
        },
        "BLINDTRANSFER" => Step::HandsOn {
            id,
            to: &extra.extension,
        },
        "ATTENDEDTRANSFER" => Step::HandsOver {
            ids: [id, &extra.channel2_uniqueid],
            target: Party {
                id: &extra.transfer_target_channel_uniqueid,
                name: &extra.transfer_target_channel_name,
                member: None,
            },
            to: &extra.app,
        },
        "HANGUP" => Step::HangsUp {
            id,
            cause: extra.hangupcause,
            source: &extra.hangupsource,
        },
        "LINKEDID_END" => Step::IsOver {
            call: row.get("linkedid"),
        },
        _ => return None,
    };
    Some(step)
}
