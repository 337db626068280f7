//! The part of the tour about why customers called: somebody who took none of the calls looks into them, a problem comes of
//! it, and it is told what putting it right has spared.

use aftercall_proto::history::v1::{InteractionFilter, SearchInteractionsRequest};
use aftercall_proto::insight::v1::{AttributeCauseRequest, CreateProblemRequest};
use aftercall_proto::model::v1::{Problem, ProblemCluster};
use anyhow::Context;

use super::month::{LETTER, LETTER_DAYS, LETTER_LABEL};
use super::say;
use super::tour::Tour;

/// Why they called: as the default tree of root causes has it.
const CAUSE: &str = "information.wrong";
/// Who can do something about it.
const DEPARTMENT: &str = "accounts";
/// How many days are compared: a little less than have passed since, so that all of them are over.
const COMPARED_DAYS: &str = "9";

impl Tour {
    /// A root cause is said, and what has it is one problem.
    pub(super) async fn put_right(&self) -> anyhow::Result<()> {
        say("\n── Why they really called: somebody who took none of these calls looks into them\n");
        let search = SearchInteractionsRequest {
            filter: Some(InteractionFilter {
                labels: vec![LETTER_LABEL.to_owned()],
                ..InteractionFilter::default()
            }),
            page_size: 200,
            latest: true,
            ..SearchInteractionsRequest::default()
        };
        let found = self.client.call(search).await?.results.into_iter();
        let mut calls = found.filter_map(|result| result.interaction);
        let first = calls.next().context("a call about the letter")?;
        let note = "The letter of this year names last year's price.";
        let cause = ["insight", "cause", first.interaction_id.as_str(), CAUSE];
        self.type_in(&[&cause[..], &["--note", note]].concat())
            .await?;
        let others: Vec<_> = calls.collect();
        let more = others.len();
        for (number, call) in others.into_iter().enumerate() {
            let request = AttributeCauseRequest {
                request_id: format!("demo-cause-{number}"),
                interaction_id: call.interaction_id,
                root_cause_code: CAUSE.to_owned(),
                ..AttributeCauseRequest::default()
            };
            self.client.call(request).await?;
        }
        say(&format!("\nThe same letter is why {more} others called."));
        self.improve().await
    }

    /// The problem, what its department did about it, and the contacts before and after.
    async fn improve(&self) -> anyhow::Result<()> {
        say("\n── One problem, who can do something about it, and what that has spared since\n");
        let create = CreateProblemRequest {
            request_id: "demo-problem".to_owned(),
            problem: Some(Problem {
                title: "The yearly letter names the wrong price".to_owned(),
                owner_department: DEPARTMENT.to_owned(),
                cluster: Some(ProblemCluster {
                    root_cause_codes: vec![CAUSE.to_owned()],
                    reason_codes: vec![LETTER.to_owned()],
                    ..ProblemCluster::default()
                }),
                ..Problem::default()
            }),
        };
        let made = self.client.call(create).await?.problem;
        let problem_id = made.context("a problem")?.problem_id;
        let problems = ["insight", "problems"];
        let change = "The letter names this year's price, and why it is another one.";
        let since = format!("{LETTER_DAYS}d");
        let improve = ["improve", problem_id.as_str(), change];
        let how = ["--by", DEPARTMENT, "--at", since.as_str()];
        self.type_in(&[&problems[..], &improve, &how].concat())
            .await?;
        say("");
        let measure = ["measure", problem_id.as_str(), "--days", COMPARED_DAYS];
        self.type_in(&[&problems[..], &measure].concat()).await
    }
}
