//! `receivers`: a person or system that is told, and how.

use aftercall_proto::model::v1::receiver::Who;
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{Receiver, SettingKind};

use super::{Kind, Showing};
use crate::output::{Card, Cell, Column};

/// A receiver as `receivers set` takes it.
pub(super) const EXAMPLE: &str = r#"{"displayName": "On duty", "agentId": "j.doe", "mailAddress": "duty@example.com",
 "timeZone": "Europe/Paris", "quietHours": {"begins": "22:00", "ends": "07:00"}}"#;

impl Kind for Receiver {
    const KIND: SettingKind = SettingKind::Receiver;
    const ONE: &'static str = "receiver";
    const MANY: &'static str = "receivers";

    fn of(body: Body) -> Option<Self> {
        match body {
            Body::Receiver(receiver) => Some(receiver),
            _ => None,
        }
    }

    fn body(self) -> Body {
        Body::Receiver(self)
    }

    fn name(&self) -> &str {
        &self.display_name
    }

    fn columns() -> Vec<Column> {
        vec![
            Column::narrows("whose"),
            Column::words("mail"),
            Column::narrows("webhook"),
            Column::full("quiet"),
        ]
    }

    fn cells(&self, _: &Showing) -> Vec<Cell> {
        vec![
            Cell::from(whose(self)),
            Cell::from(&self.mail_address),
            Cell::from(&self.webhook_id),
            Cell::from(quiet(self)),
        ]
    }

    fn describe(&self, card: &mut Card, _: &Showing) {
        let personal = match self.personal_allowed {
            true => "what is personal, too",
            false => "nothing that is personal",
        };
        card.field("whose", whose(self))
            .field("mail", &self.mail_address)
            .field("webhook", &self.webhook_id)
            .field("language", &self.language)
            .field("zone", &self.time_zone)
            .field("quiet", quiet(self))
            .field(
                "in an hour",
                format!("{} messages at most", self.budget_per_hour),
            )
            .field("is told", personal);
    }
}

fn whose(receiver: &Receiver) -> String {
    match &receiver.who {
        None => String::new(),
        Some(Who::AgentId(id)) => format!("agent {id}"),
        Some(Who::TeamId(id)) => format!("team {id}"),
    }
}

fn quiet(receiver: &Receiver) -> String {
    let quiet = receiver.quiet_hours.as_ref();
    quiet.map_or_else(String::new, |hours| {
        format!("{}-{}", hours.begins, hours.ends)
    })
}
