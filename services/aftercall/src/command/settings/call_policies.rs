//! `call-policies`: by what calls are taken to be lost, to have settled and to be over.

use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{CallPolicy, SettingKind};

use super::{Kind, Managing, Showing, manage, span};
use crate::command::{CommandError, Session};
use crate::output::{Card, Cell, Column};

/// A call policy as `call-policies set` takes it.
pub(super) const EXAMPLE: &str = r#"{"displayName": "Our calls", "hangUpOnHoldAfter": "90s", "backWithin": "300s",
 "lateWindow": "900s", "maxDuration": "14400s", "wrapUpWithin": "3600s"}"#;

/// Runs a command on call policies.
///
/// # Errors
/// When the file is none, the server refuses, or the output takes no more.
pub async fn run(session: &mut Session, command: Managing) -> Result<(), CommandError> {
    manage::<CallPolicy>(session, command).await
}

impl Kind for CallPolicy {
    const KIND: SettingKind = SettingKind::CallPolicy;
    const ONE: &'static str = "call policy";
    const MANY: &'static str = "call policies";

    fn of(body: Body) -> Option<Self> {
        match body {
            Body::CallPolicy(policy) => Some(policy),
            _ => None,
        }
    }

    fn body(self) -> Body {
        Body::CallPolicy(self)
    }

    fn name(&self) -> &str {
        &self.display_name
    }

    fn columns() -> Vec<Column> {
        vec![
            Column::full("hold"),
            Column::full("back"),
            Column::full("late"),
            Column::full("longest"),
            Column::full("wrap-up"),
        ]
    }

    fn cells(&self, _: &Showing) -> Vec<Cell> {
        times(self).map(|(_, time)| Cell::from(time)).into()
    }

    fn describe(&self, card: &mut Card, _: &Showing) {
        for (name, time) in times(self) {
            card.field(name, time);
        }
    }
}

/// What a policy sets, each time with its name.
fn times(policy: &CallPolicy) -> [(&'static str, String); 5] {
    [
        (
            "lost on hold after",
            span(policy.hang_up_on_hold_after.as_ref()),
        ),
        ("back within", span(policy.back_within.as_ref())),
        ("settles after", span(policy.late_window.as_ref())),
        ("closed after", span(policy.max_duration.as_ref())),
        ("wrap-up within", span(policy.wrap_up_within.as_ref())),
    ]
}
