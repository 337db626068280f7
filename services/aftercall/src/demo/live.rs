//! The part of the tour about calls while they happen, what the month's calls say, and a call that is cut off.

use std::pin::pin;

use aftercall_proto::followups::v1::{WatchCallsRequest, WatchCallsResponse};
use aftercall_proto::model::v1::{
    CallEvent, CallEventKind as Kind, CommitmentLifecycle, Direction, DropSide, HoldReason,
};
use aftercall_proto::recorder::v1::report_call_events_response::Outcome;
use aftercall_proto::recorder::v1::{BatchReportCallEventsRequest, ReportCallEventsRequest};
use anyhow::{Context, bail};
use futures::stream::{Stream, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout;

use super::call::stamp;
use super::house::CALLED_BACK_WITHIN;
use super::promises::PATIENCE;
use super::say;
use super::tour::{Tour, now};
use crate::command::calls::line;
use crate::output::Output;

/// What tells of calls here.
const SOURCE: &str = "pbx";

/// A call, as telephony tells of it, from its beginning on.
struct Telephony<'a> {
    call: &'a str,
    customer: &'a str,
    began: Timestamp,
}

impl Telephony<'_> {
    /// What happened so many seconds after the beginning.
    fn at(&self, second: i64, kind: Kind) -> CallEvent {
        CallEvent {
            source: SOURCE.to_owned(),
            call_id: self.call.to_owned(),
            event_id: format!("{second}"),
            kind: kind.into(),
            occurred_at: stamp(self.began + SignedDuration::from_secs(second)),
            customer_id: self.customer.to_owned(),
            queue_id: "appliances".to_owned(),
            ..CallEvent::default()
        }
    }

    fn started(&self) -> CallEvent {
        CallEvent {
            direction: Direction::Inbound.into(),
            ..self.at(0, Kind::Started)
        }
    }

    fn by(&self, second: i64, kind: Kind) -> CallEvent {
        CallEvent {
            agent_id: "mara".to_owned(),
            ..self.at(second, kind)
        }
    }
}

impl Tour {
    /// A call of a minute, while it happens.
    pub(super) async fn watch_calls(&self) -> anyhow::Result<()> {
        say("\n── A call while it happens, as telephony tells of it\n");
        say("$ aftercall calls watch");
        let watch = WatchCallsRequest::default();
        let mut watched = pin!(self.client.watch_calls(watch));
        let call = Telephony {
            call: "4711",
            customer: &self.customer,
            began: now() - SignedDuration::from_secs(60),
        };
        let held = CallEvent {
            hold_reason: HoldReason::Verify.into(),
            ..call.by(40, Kind::Held)
        };
        let minute = [
            call.started(),
            call.at(2, Kind::Queued),
            call.by(15, Kind::Offered),
            call.by(20, Kind::Answered),
            held,
            call.by(50, Kind::Resumed),
            call.at(60, Kind::Ended),
        ];
        let mut output = Output::stdout(false);
        for event in minute {
            self.report(event).await?;
            let change = timeout(PATIENCE, next(&mut watched)).await;
            let change = change.context("nothing was seen of a call within a minute")??;
            let stands = change.call.as_ref().context("a call")?;
            let line = line(stands, &change, &output);
            output.line(&line)?;
            output.flush()?;
        }
        say("\nIts record completes it; one that is never wrapped up is listed after two hours.");
        Ok(())
    }

    /// What the month's calls say.
    pub(super) async fn look_into(&self) -> anyhow::Result<()> {
        say("\n── Why customers call: what rose and fell, and whether that may be chance\n");
        self.type_in(&["insight", "drivers", "--from", "14d", "--limit", "5"])
            .await?;
        say("\n── What made them call: something that happened, or that we changed\n");
        let drivers = ["insight", "drivers", "--from", "14d", "--limit", "5"];
        let by = ["--by", "driver-segment", "--words", "0"];
        self.type_in(&[&drivers[..], &by].concat()).await?;
        say("\n── Who had to call again, and why: broken promises have their price\n");
        let cost = ["--cost-per-minute", "1.20 EUR"];
        let repeats = ["insight", "repeats", "--from", "30d"];
        self.type_in(&[&repeats[..], &cost].concat()).await?;
        say("\n── With whom too much went wrong: the third time, somebody should call them\n");
        self.type_in(&["insight", "slipups", "--limit", "3"]).await
    }

    /// A call that is cut off, and the customer who is back first.
    pub(super) async fn cut_off(&self) -> anyhow::Result<()> {
        let minutes = CALLED_BACK_WITHIN.as_mins();
        say(&format!(
            "\n── A call is cut off: somebody is to call back within {minutes} minutes, without being asked\n"
        ));
        let lost = Telephony {
            call: "4712",
            customer: &self.customer,
            began: now() - SignedDuration::from_secs(30),
        };
        let dropped = CallEvent {
            drop_side: DropSide::Agent.into(),
            ..lost.at(30, Kind::Dropped)
        };
        self.report(lost.started()).await?;
        self.report(lost.by(10, Kind::Answered)).await?;
        let contact = self.report(dropped).await?;
        let promise = self.promised_in(&contact, CommitmentLifecycle::Active);
        let promise = promise.await?;
        self.type_in(&["followups", "show", &promise]).await?;
        say(
            "\n── The customer is back first, so nobody has to call; and the call was lost for certain\n",
        );
        let back = Telephony {
            call: "4713",
            began: now(),
            ..lost
        };
        self.report(back.started()).await?;
        self.promised_in(&contact, CommitmentLifecycle::Cancelled)
            .await?;
        self.type_in(&["followups", "show", &promise]).await?;
        self.type_in(&["show", &contact]).await?;
        Ok(())
    }

    /// Tells of a call; gives the contact that it is.
    async fn report(&self, event: CallEvent) -> anyhow::Result<String> {
        let request = BatchReportCallEventsRequest {
            requests: vec![ReportCallEventsRequest {
                correlation_id: String::new(),
                event: Some(event),
            }],
        };
        let answer = self.client.call(request).await?;
        match answer
            .responses
            .into_iter()
            .next()
            .and_then(|it| it.outcome)
        {
            Some(Outcome::Reported(reported)) => Ok(reported.interaction_id),
            other => bail!("a call's event was not taken: {other:?}"),
        }
    }
}

/// The next call that is told of.
async fn next<S, E>(watched: &mut S) -> anyhow::Result<WatchCallsResponse>
where
    S: Stream<Item = Result<WatchCallsResponse, E>> + Unpin,
    E: std::error::Error + Send + Sync + 'static,
{
    loop {
        let answer = watched.try_next().await?.context("the watch ended")?;
        if answer.call.is_some() {
            return Ok(answer);
        }
    }
}
