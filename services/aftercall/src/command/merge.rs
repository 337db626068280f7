//! `merge`, `unmerge`: two customers that are one, and two again.

use aftercall_proto::recorder::v1::{
    MergeCustomersRequest, MergeCustomersResponse, UnmergeCustomersRequest,
    UnmergeCustomersResponse,
};

use super::{Changing, CommandError, Session, warnings};
use crate::output::{Card, Output};

/// Which two customers
#[derive(Debug, clap::Args)]
pub struct MergeArgs {
    /// One of them, by the CRM's key
    customer: String,
    /// The other one
    other: String,
    #[command(flatten)]
    changing: Changing,
}

/// Says that two customers are one.
///
/// # Errors
/// When the server refuses, or the output takes no more.
pub async fn merge(session: &mut Session, args: MergeArgs) -> Result<(), CommandError> {
    let both = args.both();
    let request = MergeCustomersRequest {
        request_id: args.changing.request_id.unwrap_or_default(),
        customer_id: args.customer,
        merged_customer_id: args.other,
        expected_version: args.changing.expected_version,
        reason: args.changing.reason,
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        print("are one", &both, answer, output)
    })
}

/// Says that two customers that were merged are two again.
///
/// # Errors
/// When the server refuses, or the output takes no more.
pub async fn unmerge(session: &mut Session, args: MergeArgs) -> Result<(), CommandError> {
    let both = args.both();
    let request = UnmergeCustomersRequest {
        request_id: args.changing.request_id.unwrap_or_default(),
        customer_id: args.customer,
        merged_customer_id: args.other,
        expected_version: args.changing.expected_version,
        reason: args.changing.reason,
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        let UnmergeCustomersResponse {
            version,
            position,
            recorded_at,
            warnings,
        } = answer.clone();
        let answer = MergeCustomersResponse {
            version,
            position,
            recorded_at,
            warnings,
        };
        print("are two", &both, &answer, output)
    })
}

impl MergeArgs {
    fn both(&self) -> String {
        format!("{} and {}", self.customer, self.other)
    }
}

fn print(
    label: &'static str,
    both: &str,
    answer: &MergeCustomersResponse,
    output: &mut Output,
) -> std::io::Result<()> {
    let recorded = output.times().second(answer.recorded_at.as_ref());
    let mut card = Card::new();
    card.field(label, both)
        .field("recorded", recorded)
        .field("version", answer.version.to_string())
        .field("position", &answer.position);
    card.print(output, 0)?;
    warnings(&answer.warnings, output)
}
