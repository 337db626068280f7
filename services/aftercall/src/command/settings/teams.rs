//! `teams`: who works together.

use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{SettingKind, Team};

use super::{Kind, Showing};
use crate::output::{Card, Cell, Column};

/// A team as `teams set` takes it.
pub(super) const EXAMPLE: &str = r#"{"displayName": "Billing", "memberIds": ["a.marsh", "b.lee"], "leadIds": ["j.doe"],
 "queueIds": ["billing-calls"], "siteId": "north"}"#;

impl Kind for Team {
    const KIND: SettingKind = SettingKind::Team;
    const ONE: &'static str = "team";
    const MANY: &'static str = "teams";

    fn of(body: Body) -> Option<Self> {
        match body {
            Body::Team(team) => Some(team),
            _ => None,
        }
    }

    fn body(self) -> Body {
        Body::Team(self)
    }

    fn name(&self) -> &str {
        &self.display_name
    }

    fn columns() -> Vec<Column> {
        vec![
            Column::number("members"),
            Column::words("leads"),
            Column::words("queues"),
            Column::narrows("site"),
        ]
    }

    fn cells(&self, _: &Showing) -> Vec<Cell> {
        vec![
            Cell::from(self.member_ids.len().to_string()),
            Cell::from(self.lead_ids.join(", ")),
            Cell::from(self.queue_ids.join(", ")),
            Cell::from(&self.site_id),
        ]
    }

    fn describe(&self, card: &mut Card, _: &Showing) {
        card.field("leads", self.lead_ids.join(", "))
            .field("members", self.member_ids.join(", "))
            .field("queues", self.queue_ids.join(", "))
            .field("site", &self.site_id);
    }
}
