//! What somebody does about an alert.

use aftercall_domain::Warning;
use aftercall_domain::commitment::AlertWish;
use aftercall_domain::limits::TEXT_BYTES_MAX;
use aftercall_proto::alerts::v1::{AcknowledgeAlertRequest, CloseAlertRequest, SnoozeAlertRequest};
use aftercall_service::Checker;
use aftercall_service::seal::RequestHash;
use jiff::Timestamp;
use uuid::Uuid;

use super::{Wish, cleaned};
use crate::command::{About, PromiseCommand};
use crate::failure::Refused;

/// What every command about an alert begins with.
struct Head {
    request_id: String,
    alert_id: String,
    hash: RequestHash,
}

impl Head {
    fn check(&self, checker: &mut Checker) {
        checker.required_id("request_id", &self.request_id);
        checker.required_id("alert_id", &self.alert_id);
    }

    fn command(self, warnings: Vec<Warning>, wish: AlertWish) -> PromiseCommand {
        PromiseCommand {
            request_id: self.request_id,
            about: About::Alert(Uuid::try_parse(&self.alert_id).ok()),
            // An alert has no version: what is done about it is done to the episode that its id names.
            expected_version: 0,
            hash: self.hash,
            warnings,
            wish: Wish::Alert(wish),
        }
    }
}

impl TryFrom<AcknowledgeAlertRequest> for PromiseCommand {
    type Error = Refused;

    fn try_from(request: AcknowledgeAlertRequest) -> Result<Self, Refused> {
        let hash = RequestHash::of(&request);
        let AcknowledgeAlertRequest {
            request_id,
            alert_id,
            acknowledged_until,
            mut note,
        } = request;
        let head = Head {
            request_id,
            alert_id,
            hash,
        };
        let warnings = cleaned("note", &mut note);
        let mut checker = Checker::new();
        head.check(&mut checker);
        let until = checker.time("acknowledged_until", acknowledged_until.as_ref());
        checker.text("note", &note, TEXT_BYTES_MAX);
        let wish = AlertWish::Acknowledge { until, note };
        Ok(checker.done(head.command(warnings, wish))?)
    }
}

impl TryFrom<SnoozeAlertRequest> for PromiseCommand {
    type Error = Refused;

    fn try_from(request: SnoozeAlertRequest) -> Result<Self, Refused> {
        let hash = RequestHash::of(&request);
        let SnoozeAlertRequest {
            request_id,
            alert_id,
            snoozed_until,
        } = request;
        let head = Head {
            request_id,
            alert_id,
            hash,
        };
        let mut checker = Checker::new();
        head.check(&mut checker);
        let until = checker.required_time("snoozed_until", snoozed_until.as_ref());
        let wish = AlertWish::Snooze {
            // Without a time this is refused: the value stands in for none.
            until: until.unwrap_or(Timestamp::MIN),
        };
        Ok(checker.done(head.command(Vec::new(), wish))?)
    }
}

impl TryFrom<CloseAlertRequest> for PromiseCommand {
    type Error = Refused;

    fn try_from(request: CloseAlertRequest) -> Result<Self, Refused> {
        let hash = RequestHash::of(&request);
        let CloseAlertRequest {
            request_id,
            alert_id,
            mut reason,
        } = request;
        let head = Head {
            request_id,
            alert_id,
            hash,
        };
        let warnings = cleaned("reason", &mut reason);
        let mut checker = Checker::new();
        head.check(&mut checker);
        checker.required_text("reason", &reason, TEXT_BYTES_MAX);
        let wish = AlertWish::Close { reason };
        Ok(checker.done(head.command(warnings, wish))?)
    }
}
