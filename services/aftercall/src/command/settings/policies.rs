//! `policies`: how promises are followed up.

mod retarget;

use aftercall_proto::model::v1::fulfilment_policy::Rule as Fulfilment;
use aftercall_proto::model::v1::internal_target_rule::Rule as Target;
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::warn_stage::Basis;
use aftercall_proto::model::v1::{
    Channel, CommitmentKind, FollowUpPolicy, FulfilmentPolicy, InternalTargetRule, OpenTime,
    Priority, PromiseFilter, Setting, SettingKind, WarnStage,
};
use aftercall_proto::settings::v1::{SettingChange, ShadowPoliciesRequest, ShadowPoliciesResponse};

use super::{Kind, Managing, Showing, manage, read, span};
use crate::command::{CommandError, Session};
use crate::output::{Card, Cell, Column, Output, Table, WireEnum, label};

/// A policy as `policies set` takes it.
pub const EXAMPLE: &str = r#"{"position": 10,
 "appliesTo": {"kinds": ["COMMITMENT_KIND_CALL_BACK"], "priorities": ["PRIORITY_P1"], "teamIds": ["billing"]},
 "internalTarget": {"sinceMade": {"duration": "28800s", "calendarId": "office"}},
 "promiseStages": [{"stageId": "half", "percentElapsed": 50}],
 "fulfilment": {"attempted": {"attempts": 3, "minGap": "7200s", "distinctDayparts": 2}},
 "escalationPolicyId": "usual", "acceptWithin": "3600s", "callBackWithin": "900s"}"#;

/// How promises are followed up
#[derive(Debug, clap::Subcommand)]
pub enum Policies {
    /// What can be done with the settings of any kind.
    #[command(flatten)]
    Managing(Managing),
    /// Has open promises followed up by the policies as they are now: an edit alone moves nothing
    Retarget(Box<retarget::RetargetArgs>),
    /// What a policy, as it is to be, would have made of the promises of the last days; changes nothing
    Shadow(ShadowArgs),
}

/// What is to be tried.
#[derive(Debug, clap::Args)]
pub struct ShadowArgs {
    /// The policy's id: one that is in use, or a new one
    id: String,
    /// The policy, as `policies set` takes it, or - for standard input
    #[arg(value_name = "FILE")]
    file: String,
    /// Promises of how many days, at most 90
    #[arg(long, value_name = "N", default_value_t = 90)]
    days: i32,
}

/// Runs one of the commands.
///
/// # Errors
/// When the file is no policy, the server refuses, or the output takes no more.
pub async fn run(session: &mut Session, command: Policies) -> Result<(), CommandError> {
    match command {
        Policies::Managing(command) => manage::<FollowUpPolicy>(session, command).await,
        Policies::Retarget(args) => retarget::retarget(session, *args).await,
        Policies::Shadow(args) => shadow(session, args).await,
    }
}

async fn shadow(session: &mut Session, args: ShadowArgs) -> Result<(), CommandError> {
    let policy: FollowUpPolicy = read(&args.file)?;
    let setting = Setting {
        setting_id: args.id,
        body: Some(policy.body()),
        ..Setting::default()
    };
    let request = ShadowPoliciesRequest {
        changes: vec![SettingChange {
            setting: Some(setting),
            expected_version: None,
        }],
        days: args.days,
        min_position: session.after.clone(),
        ..ShadowPoliciesRequest::default()
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, print_shadow)
}

fn print_shadow(answer: &ShadowPoliciesResponse, output: &mut Output) -> std::io::Result<()> {
    let mut card = Card::new();
    card.field("promises", answer.promises.to_string())
        .field("other policy", answer.other_policy.to_string())
        .field("other target", answer.other_target.to_string())
        .field(
            "target missed",
            format!("{} now, {} then", answer.missed_now, answer.missed_then),
        );
    card.print(output, 0)?;
    if answer.policies.is_empty() {
        return Ok(());
    }
    output.line("")?;
    let mut table = Table::new([
        Column::id("policy"),
        Column::number("now"),
        Column::number("then"),
    ]);
    for policy in &answer.policies {
        table.row([
            Cell::from(&policy.policy_id),
            Cell::from(policy.promises_now.to_string()),
            Cell::from(policy.promises_then.to_string()),
        ]);
    }
    table.print(output)
}

impl Kind for FollowUpPolicy {
    const KIND: SettingKind = SettingKind::FollowUpPolicy;
    const ONE: &'static str = "policy";
    const MANY: &'static str = "policies";

    fn of(body: Body) -> Option<Self> {
        match body {
            Body::FollowUpPolicy(policy) => Some(policy),
            _ => None,
        }
    }

    fn body(self) -> Body {
        Body::FollowUpPolicy(self)
    }

    fn name(&self) -> &str {
        &self.display_name
    }

    fn columns() -> Vec<Column> {
        vec![
            Column::number("position"),
            Column::words("is for"),
            Column::narrows("target"),
            Column::narrows("escalation"),
        ]
    }

    fn cells(&self, _: &Showing) -> Vec<Cell> {
        let mut conditions = conditions(self.applies_to.as_ref());
        if conditions.is_empty() {
            conditions.push(("", "all promises".to_owned()));
        }
        let conditions: Vec<_> = conditions.into_iter().map(|(_, values)| values).collect();
        vec![
            Cell::from(self.position.to_string()),
            Cell::from(conditions.join("; ")),
            Cell::from(target(self.internal_target.as_ref())),
            Cell::from(&self.escalation_policy_id),
        ]
    }

    fn describe(&self, card: &mut Card, _: &Showing) {
        card.field("position", self.position.to_string());
        for (condition, values) in conditions(self.applies_to.as_ref()) {
            card.field(condition, values);
        }
        card.field("target", target(self.internal_target.as_ref()));
        for stage in &self.promise_stages {
            card.field("warns of due", warns(stage));
        }
        for stage in &self.target_stages {
            card.field("warns of target", warns(stage));
        }
        card.field("is done", fulfilment(self.fulfilment.as_ref()))
            .field("escalation", &self.escalation_policy_id)
            .field("accept within", span(self.accept_within.as_ref()))
            .field("call back within", span(self.call_back_within.as_ref()))
            .field("given up after", span(self.expire_after.as_ref()));
    }
}

/// What is asked of promises, each with its values.
fn conditions(filter: Option<&PromiseFilter>) -> Vec<(&'static str, String)> {
    let filter = filter.cloned().unwrap_or_default();
    let told = filter.told_to_customer.map(|told| match told {
        true => "told to the customer",
        false => "not told to the customer",
    });
    let all = [
        ("kinds", names::<CommitmentKind>(&filter.kinds)),
        ("codes", filter.kind_codes.join(", ")),
        ("priorities", names::<Priority>(&filter.priorities)),
        ("teams", filter.team_ids.join(", ")),
        ("sites", filter.site_ids.join(", ")),
        ("queues", filter.queue_ids.join(", ")),
        ("channels", names::<Channel>(&filter.channels)),
        ("languages", filter.languages.join(", ")),
        ("told", told.unwrap_or_default().to_owned()),
    ];
    let given = all.into_iter().filter(|(_, values)| !values.is_empty());
    given.collect()
}

fn names<E: WireEnum>(numbers: &[i32]) -> String {
    let names = numbers.iter().map(|number| label::<E>(*number));
    names.collect::<Vec<_>>().join(", ")
}

fn target(rule: Option<&InternalTargetRule>) -> String {
    match rule.and_then(|rule| rule.rule.as_ref()) {
        None => String::new(),
        Some(Target::SinceMade(time)) => format!("{} after it was made", open(time)),
        Some(Target::BeforeDue(time)) => format!("{} before the due", open(time)),
    }
}

/// Open time in words.
pub(super) fn open(time: &OpenTime) -> String {
    format!(
        "{} open by {}",
        span(time.duration.as_ref()),
        time.calendar_id
    )
}

fn warns(stage: &WarnStage) -> String {
    let when = match &stage.basis {
        None => String::new(),
        Some(Basis::BeforeDueElapsed(before)) => format!("{} before", span(Some(before))),
        Some(Basis::BeforeDueBusiness(before)) => format!("{} before", open(before)),
        Some(Basis::PercentElapsed(percent)) => format!("at {percent} % of the time"),
        Some(Basis::PercentBusiness(share)) => {
            format!(
                "at {} % of the time open by {}",
                share.percent, share.calendar_id
            )
        }
    };
    format!("{}  {when}", stage.stage_id)
}

fn fulfilment(policy: Option<&FulfilmentPolicy>) -> String {
    match policy.and_then(|policy| policy.rule.as_ref()) {
        None | Some(Fulfilment::Manual(_)) => "when somebody says so".to_owned(),
        Some(Fulfilment::Reached(reached)) => match &reached.min_talk {
            None => "when the customer is reached".to_owned(),
            talk => format!("when the customer is reached for {}", span(talk.as_ref())),
        },
        Some(Fulfilment::Attempted(tried)) => {
            let gap = match &tried.min_gap {
                None => String::new(),
                gap => format!(", {} apart", span(gap.as_ref())),
            };
            let dayparts = match tried.distinct_dayparts {
                0 | 1 => String::new(),
                parts => format!(", in {parts} parts of the day"),
            };
            format!("after {} attempts{gap}{dayparts}", tried.attempts)
        }
        Some(Fulfilment::MessageDelivered(_)) => "when a message is delivered".to_owned(),
        Some(Fulfilment::DocumentSent(_)) => "when a document is sent".to_owned(),
        Some(Fulfilment::CaseResolved(_)) => "when the case is resolved".to_owned(),
    }
}
