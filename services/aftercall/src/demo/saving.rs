//! The part of the tour about a customer with whom too much goes wrong.

use aftercall_proto::model::v1::Interaction;
use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout;
use uuid::Uuid;

use super::call::{Caller, Draw, call, cut_off};
use super::corpus::Corpus;
use super::play::Player;
use super::promises::{PATIENCE, since};
use super::say;
use super::tour::{Tour, now};

/// Somebody who has not called before.
const CUSTOMER: &str = "C-9001";
/// What they call about, each time.
const REASON: &str = "appliances.delivery_late";
/// How long they wait the first time, in seconds.
const LONG_WAIT_S: i64 = 11 * 60;
/// How long they wait else.
const WAIT_S: i64 = 20;
/// How long each call is answered.
const TALK_S: i64 = 120;

impl Tour {
    /// A long wait, the same once more, and a call that is cut off: the third time, somebody is alerted.
    pub(super) async fn save(&self, player: &mut Player) -> anyhow::Result<()> {
        say(
            "\n── The third thing goes wrong with a customer: somebody is told before they leave\n",
        );
        let corpus = Corpus::built_in()?;
        let days_ago = |days: i64| now() - SignedDuration::from_hours(24 * days);
        let waited = call_of(&corpus, days_ago(2), LONG_WAIT_S)?;
        player.record(waited).await?;
        let again = call_of(&corpus, days_ago(1), WAIT_S)?;
        player.record(again).await?;
        say(&format!(
            "Two days ago {CUSTOMER} waited for {} minutes, and yesterday they had to call about the same again.\n\
             Today the line is lost: that is the third time within thirty days.",
            LONG_WAIT_S / 60
        ));
        let ended = now();
        let began = ended - SignedDuration::from_secs(WAIT_S + TALK_S);
        let mut lost = call_of(&corpus, began, WAIT_S)?;
        cut_off(&mut lost);
        player.record(lost).await?;
        let alert_id = timeout(PATIENCE, player.save_action(CUSTOMER)).await;
        let alert_id = alert_id.context("the alarm did not come within a minute")??;
        say(&format!(
            "The alarm came {} ms after the call:\n",
            since(ended)
        ));
        let list = ["alerts", "list", "--rule", "customer.save_action"];
        self.type_in(&[&list[..], &["--customer", CUSTOMER]].concat())
            .await?;
        say("\n── What went wrong, and that somebody makes up for it\n");
        self.type_in(&["insight", "slipups", "--customer", CUSTOMER])
            .await?;
        let note = "calling them with an apology and a new slot";
        self.type_in(&["alerts", "ack", &alert_id, "--until", "1h", "--note", note])
            .await
    }
}

/// A call of the customer that began at an instant, after so many seconds in the queue. Nothing is promised in it.
fn call_of(corpus: &Corpus, began: Timestamp, queue_s: i64) -> anyhow::Result<Interaction> {
    let scenario = corpus.scenario(REASON).context("the scenario")?;
    let draw = Draw {
        promises: false,
        talk_s: TALK_S,
        queue_s,
        ..Draw::of_promise(Uuid::from_u128(rand::random()))
    };
    let caller = Caller::known(CUSTOMER);
    Ok(call(corpus, &caller, scenario, &draw, began))
}
