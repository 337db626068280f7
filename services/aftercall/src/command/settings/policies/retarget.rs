//! `policies retarget`: open promises, followed up by the policies as they are now.

use std::io;

use aftercall_proto::followups::v1::{
    RetargetOpenRequest, RetargetOpenResponse, RetargetedCommitment,
};
use aftercall_proto::model::v1::PolicyRef;

use crate::command::followups::FilterArgs;
use crate::command::{CommandError, Session};
use crate::output::{Card, Cell, Column, Output, Style, Table};

/// Which promises, and whether only to say what would change.
#[derive(Debug, clap::Args)]
pub struct RetargetArgs {
    /// Only say what would change
    #[arg(long)]
    dry_run: bool,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    #[command(flatten)]
    filter: FilterArgs,
}

pub(super) async fn retarget(
    session: &mut Session,
    args: RetargetArgs,
) -> Result<(), CommandError> {
    let dry_run = args.dry_run;
    let mut request = RetargetOpenRequest {
        request_id: args.request_id.unwrap_or_default(),
        filter: Some(args.filter.read(session)?),
        validate_only: dry_run,
        page_token: String::new(),
        min_position: session.after.clone(),
    };
    let mut total = Total::default();
    loop {
        let answer = session.client.call(request.clone()).await?;
        total.add(&answer);
        if session.output.json() {
            session.output.message(&answer)?;
        } else if !answer.commitments.is_empty() {
            table(&answer.commitments, &mut session.output)?;
        }
        if answer.next_page_token.is_empty() {
            break;
        }
        request.page_token = answer.next_page_token;
    }
    if !session.output.json() {
        total.print(dry_run, &mut session.output)?;
    }
    match total.refused {
        0 => Ok(()),
        _ => Err(CommandError::Reported),
    }
}

/// The sums of all pages.
#[derive(Default)]
struct Total {
    examined: u64,
    changed: u64,
    moved_by_hand: u64,
    other_target: u64,
    missed: (u64, u64),
    refused: usize,
}

impl Total {
    fn add(&mut self, answer: &RetargetOpenResponse) {
        self.examined += answer.examined;
        self.changed += answer.changed;
        self.moved_by_hand += answer.moved_by_hand;
        self.other_target += answer.other_target;
        self.missed.0 += answer.missed_now;
        self.missed.1 += answer.missed_then;
        let refused = answer.commitments.iter().filter(|one| one.status.is_some());
        self.refused += refused.count();
    }

    fn print(&self, dry_run: bool, output: &mut Output) -> io::Result<()> {
        let changed = match dry_run {
            true => "would change",
            false => "changed",
        };
        let mut card = Card::new();
        card.field("open promises", self.examined.to_string())
            .field(changed, self.changed.to_string())
            .field("with another target", self.other_target.to_string())
            .field("moved by hand, left", self.moved_by_hand.to_string())
            .field(
                "target missed",
                format!("{} before, {} then", self.missed.0, self.missed.1),
            );
        if self.refused > 0 {
            card.field("refused", self.refused.to_string());
        }
        card.print(output, 0)
    }
}

fn table(commitments: &[RetargetedCommitment], output: &mut Output) -> io::Result<()> {
    let mut table = Table::new([
        Column::id("promise"),
        Column::narrows("policy"),
        Column::full("target"),
        Column::full("from then on"),
        Column::words("refused"),
    ]);
    for one in commitments {
        let policy = match (&one.policy_before, &one.policy_after) {
            (before, after) if before == after => policy(after.as_ref()),
            (before, after) => format!("{} → {}", policy(before.as_ref()), policy(after.as_ref())),
        };
        let status = one.status.as_ref();
        let refused = status.map_or_else(String::new, |status| status.message.clone());
        table.row([
            Cell::from(&one.commitment_id),
            Cell::from(policy),
            Cell::from(output.times().minute(one.target_before.as_ref())),
            Cell::from(output.times().minute(one.target_after.as_ref())),
            Cell::styled(refused, Style::Bad),
        ]);
    }
    table.print(output)
}

fn policy(policy: Option<&PolicyRef>) -> String {
    policy.map_or_else(
        || "none".to_owned(),
        |policy| format!("{} {}", policy.policy_id, policy.version),
    )
}
