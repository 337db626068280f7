//! `receivers`: a person or system that is told, and how.

use aftercall_proto::model::v1::MailTrouble;
use aftercall_proto::model::v1::receiver::Who;
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{Receiver, SettingKind};
use aftercall_proto::notify::v1::{TestMailRequest, TestMailResponse};

use super::{Kind, Managing, Showing, manage};
use crate::command::{CommandError, Session};
use crate::output::{Card, Cell, Column, Output, Style, label};

/// A receiver as `receivers set` takes it.
pub const EXAMPLE: &str = r#"{"displayName": "On duty", "agentId": "j.doe", "mailAddress": "duty@example.com",
 "timeZone": "Europe/Paris", "quietHours": {"begins": "22:00", "ends": "07:00"}}"#;

/// Who is told
#[derive(Debug, clap::Subcommand)]
pub enum Receivers {
    /// What can be done with the settings of any kind.
    #[command(flatten)]
    Managing(Managing),
    /// Sends a mail to a receiver, and prints what came of it
    Test(TestArgs),
}

/// Whom to test.
#[derive(Debug, clap::Args)]
pub struct TestArgs {
    /// The receiver's id
    id: String,
}

/// Runs one of the commands.
///
/// # Errors
/// When the server refuses, or the output takes no more.
pub async fn run(session: &mut Session, command: Receivers) -> Result<(), CommandError> {
    match command {
        Receivers::Managing(command) => manage::<Receiver>(session, command).await,
        Receivers::Test(args) => {
            let request = TestMailRequest {
                receiver_id: args.id,
                min_position: session.after.clone(),
                ..TestMailRequest::default()
            };
            let answer = session.client.call(request).await?;
            session.tell(&answer, tested)
        }
    }
}

/// What came of a test.
fn tested(tested: &TestMailResponse, output: &mut Output) -> std::io::Result<()> {
    let (said, style) = match (tested.taken, tested.may_be_taken_later) {
        (true, _) => ("taken", Style::Good),
        (false, true) => ("not taken; it may be later", Style::Warn),
        (false, false) => ("not taken", Style::Bad),
    };
    let trouble = label::<MailTrouble>(tested.trouble);
    let trouble = match tested.smtp_code {
        0 => trouble,
        code => format!("{trouble} {code}"),
    };
    let mut card = Card::new();
    card.styled("mail", said, style)
        .field("trouble", trouble)
        .field("message", &tested.message_id);
    card.print(output, 2)
}

impl Kind for Receiver {
    const KIND: SettingKind = SettingKind::Receiver;
    const ONE: &'static str = "receiver";
    const MANY: &'static str = "receivers";

    fn of(body: Body) -> Option<Self> {
        match body {
            Body::Receiver(receiver) => Some(receiver),
            _ => None,
        }
    }

    fn body(self) -> Body {
        Body::Receiver(self)
    }

    fn name(&self) -> &str {
        &self.display_name
    }

    fn columns() -> Vec<Column> {
        vec![
            Column::narrows("whose"),
            Column::words("mail"),
            Column::narrows("webhook"),
            Column::full("quiet"),
        ]
    }

    fn cells(&self, _: &Showing) -> Vec<Cell> {
        vec![
            Cell::from(whose(self)),
            Cell::from(&self.mail_address),
            Cell::from(&self.webhook_id),
            Cell::from(quiet(self)),
        ]
    }

    fn describe(&self, card: &mut Card, _: &Showing) {
        let personal = match self.personal_allowed {
            true => "what is personal, too",
            false => "nothing that is personal",
        };
        card.field("whose", whose(self))
            .field("mail", &self.mail_address)
            .field("webhook", &self.webhook_id)
            .field("language", &self.language)
            .field("zone", &self.time_zone)
            .field("quiet", quiet(self))
            .field(
                "in an hour",
                format!("{} messages at most", self.budget_per_hour),
            )
            .field("is told", personal);
    }
}

fn whose(receiver: &Receiver) -> String {
    match &receiver.who {
        None => String::new(),
        Some(Who::AgentId(id)) => format!("agent {id}"),
        Some(Who::TeamId(id)) => format!("team {id}"),
    }
}

fn quiet(receiver: &Receiver) -> String {
    let quiet = receiver.quiet_hours.as_ref();
    quiet.map_or_else(String::new, |hours| {
        format!("{}-{}", hours.begins, hours.ends)
    })
}
