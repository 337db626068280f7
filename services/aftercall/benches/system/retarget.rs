//! A policy is edited while a million promises are open. The edit moves none of them; what it would make of them a shadow
//! run says; and they follow it when somebody asks for that. What is counted has to agree, or the run fails.

use std::path::Path;
use std::time::{Duration, Instant};

use aftercall_client::Client;
use aftercall_log::inspect;
use aftercall_proto::followups::v1::{RetargetOpenRequest, RetargetOpenResponse};
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{
    Calendar, CommitmentKind, FollowUpPolicy, PromiseFilter, Setting,
};
use aftercall_proto::settings::v1::{
    ChangeSettingsRequest, SettingChange, ShadowPoliciesRequest, ShadowPoliciesResponse,
};
use aftercall_service::testing::{open_week, setting, since_made};
use anyhow::ensure;
use jiff::{SignedDuration, Timestamp};

use crate::promises::{Promised, fill};
use crate::report::Report;
use crate::server::Server;
use crate::timers;

/// How long one call may take.
const CALL_MAX: Duration = Duration::from_secs(600);

/// The same as the server is told it.
const CALL_MAX_SETTING: (&str, &str) = ("AFTERCALL_SERVER__REQUEST_TIMEOUT", "10m");

/// How long after one promise the next is due.
const APART: SignedDuration = SignedDuration::from_millis(1);

/// What a policy is for before it is edited, and after: the documents get one that had none.
const BEFORE: (&[CommitmentKind], i64) = (&[CommitmentKind::CallBack], 24);
const AFTER: (&[CommitmentKind], i64) =
    (&[CommitmentKind::CallBack, CommitmentKind::SendDocument], 8);

/// What has to agree: how many promises get another policy or another due of our own, and of how many that has passed as
/// it was and as it is then.
type Totals = [u64; 4];

/// A server with open promises, and who asks it.
struct House<'a> {
    server: &'a Server,
    client: Client,
    data: &'a Path,
}

/// What became of open promises, or would.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sum {
    examined: u64,
    changed: u64,
    totals: Totals,
}

pub(crate) async fn run(report: &mut Report) -> anyhow::Result<()> {
    // Of each kind the same number.
    let open = timers::open()? / 2 * 2;
    let data = tempfile::tempdir()?;
    let mut program = timers::program();
    program.env(CALL_MAX_SETTING.0, CALL_MAX_SETTING.1);
    let server = Server::serve(program, data.path())?;
    let client = Client::builder(&server.grpc).call_timeout(CALL_MAX);
    let house = House {
        client: client.connect().await?,
        server: &server,
        data: data.path(),
    };
    house.set(always()).await?;
    house.set(policy(BEFORE)).await?;
    let first_due = Timestamp::now() + SignedDuration::from_hours(240);
    house.record(open, first_due).await?;
    let before = house.records().await?;

    let began = Instant::now();
    let shadow = house.shadow(policy(AFTER)).await?;
    report.note("retarget.shadow", began.elapsed().as_secs_f64(), "s");
    ensure!(
        shadow.promises == open,
        "the shadow run looked at {} promises",
        shadow.promises
    );
    let began = Instant::now();
    house.set(policy(AFTER)).await?;
    let took = began.elapsed().as_secs_f64() * 1_000.0;
    report.note("retarget.edit", took, "ms");
    let edited = house.records().await?;
    ensure!(
        edited == before + 1,
        "beside the edit {} events were written",
        edited - before - 1
    );

    house.follow(&shadow, edited, report).await?;
    server.stop()
}

impl House<'_> {
    /// Has all open promises follow the edited policy: tried first, then done.
    async fn follow(
        &self,
        shadow: &ShadowPoliciesResponse,
        edited: u64,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let open = shadow.promises;
        let expected = Sum {
            examined: open,
            changed: open,
            totals: [open / 2, open, 0, 0],
        };
        let began = Instant::now();
        let tried = self.retarget("try", true).await?;
        let rate = open as f64 / began.elapsed().as_secs_f64();
        report.note("retarget.tried", rate, "promises/s");
        ensure!(tried == expected, "it was to be {expected:?}: {tried:?}");
        let shadowed = totals_of_shadow(shadow);
        ensure!(
            shadowed == tried.totals,
            "the shadow run said {shadowed:?}, where it is {tried:?}"
        );
        let records = self.records().await?;
        ensure!(records == edited, "asking alone wrote {}", records - edited);

        let began = Instant::now();
        let done = self.retarget("do", false).await?;
        let rate = done.changed as f64 / began.elapsed().as_secs_f64();
        report.note("retarget.done", rate, "promises/s");
        ensure!(done == expected, "it was to be {expected:?}: {done:?}");
        let records = self.records().await?;
        ensure!(
            records == edited + open,
            "{} events were written for {open} promises",
            records - edited
        );
        let more = self.retarget("more", true).await?;
        ensure!(more.changed == 0, "something is left to do: {more:?}");
        Ok(())
    }

    async fn set(&self, setting: Setting) -> anyhow::Result<()> {
        let request = ChangeSettingsRequest {
            changes: vec![change(setting)],
            ..ChangeSettingsRequest::default()
        };
        self.client.call(request).await?;
        Ok(())
    }

    async fn shadow(&self, setting: Setting) -> anyhow::Result<ShadowPoliciesResponse> {
        let request = ShadowPoliciesRequest {
            changes: vec![change(setting)],
            days: 90,
            latest: true,
            ..ShadowPoliciesRequest::default()
        };
        Ok(self.client.call(request).await?)
    }

    /// Records so many promises, one half of each kind; each is due after those before it.
    async fn record(&self, count: u64, first_due: Timestamp) -> anyhow::Result<()> {
        let half = count / 2;
        for (kind, first) in [
            (CommitmentKind::CallBack, 0),
            (CommitmentKind::SendDocument, half),
        ] {
            let promised = Promised {
                kind,
                first_due: at(first_due, first)?,
                apart: APART,
            };
            fill(self.server, (first, half), promised).await?;
        }
        Ok(())
    }

    /// How many records the log has, once all is done that follows from them.
    async fn records(&self) -> anyhow::Result<u64> {
        self.server.caught_up().await?;
        Ok(inspect::stats(self.data.join("log"))?.records)
    }

    /// The sum over all pages of all open promises.
    async fn retarget(&self, id: &str, validate_only: bool) -> anyhow::Result<Sum> {
        let mut request = RetargetOpenRequest {
            request_id: id.to_owned(),
            validate_only,
            ..RetargetOpenRequest::default()
        };
        let mut sum = Sum::default();
        loop {
            let page = self.client.call(request.clone()).await?;
            let mut refused = page.commitments.iter().filter_map(|it| it.status.as_ref());
            if let Some(status) = refused.next() {
                anyhow::bail!("a promise was refused: {}", status.message);
            }
            sum.add(&page);
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                return Ok(sum);
            }
        }
    }
}

impl Sum {
    fn add(&mut self, page: &RetargetOpenResponse) {
        self.examined += page.examined;
        self.changed += page.changed;
        let of_page = [
            page.other_policy,
            page.other_target,
            page.missed_now,
            page.missed_then,
        ];
        for (total, of_page) in self.totals.iter_mut().zip(of_page) {
            *total += of_page;
        }
    }
}

fn totals_of_shadow(shadow: &ShadowPoliciesResponse) -> Totals {
    [
        shadow.other_policy,
        shadow.other_target,
        shadow.missed_now,
        shadow.missed_then,
    ]
}

fn change(setting: Setting) -> SettingChange {
    SettingChange {
        setting: Some(setting),
        expected_version: None,
    }
}

/// A calendar without a closed minute.
fn always() -> Setting {
    let calendar = Calendar {
        time_zone: "UTC".to_owned(),
        weekly: Some(open_week()),
        ..Calendar::default()
    };
    setting("always", Body::Calendar(calendar))
}

/// Promises of these kinds are to be done so many hours after they were made.
fn policy((kinds, hours): (&[CommitmentKind], i64)) -> Setting {
    let policy = FollowUpPolicy {
        applies_to: Some(PromiseFilter {
            kinds: kinds.iter().map(|kind| (*kind).into()).collect(),
            ..PromiseFilter::default()
        }),
        internal_target: Some(since_made(hours, "always")),
        ..FollowUpPolicy::default()
    };
    setting("calls", Body::FollowUpPolicy(policy))
}

/// When the promise of a number is due.
fn at(first_due: Timestamp, number: u64) -> anyhow::Result<Timestamp> {
    let after = SignedDuration::from_millis(i64::try_from(number)?);
    Ok(first_due + after)
}
