//! `webhooks`: other systems that are told of what happens.

mod show;

use aftercall_proto::convert::due::duration_to_wire;
use aftercall_proto::model::v1::{Webhook, WebhookAlgorithm, WebhookDeliveryState, WebhookFormat};
use aftercall_proto::notify::v1::{
    CreateWebhookRequest, GetWebhookRequest, GetWebhookResponse, ListWebhookDeliveriesRequest,
    ListWebhooksRequest, ReplayWebhookRequest, RotateWebhookKeyRequest, TestWebhookRequest,
    UpdateWebhookRequest,
};
use jiff::SignedDuration;

use super::listing::{LIMIT, PAGE_MAX, page_size, tabled};
use super::{CommandError, Session};
use crate::output::values;

/// Other systems that are told of what happens
#[derive(Debug, clap::Subcommand)]
pub enum Webhooks {
    /// Has a system told of what happens from now on, and prints what its messages are checked by
    ///
    /// The secret is printed this once. A second call with the same --request-id prints it again.
    Create(CreateArgs),
    /// The webhooks, in use or not
    List(ListArgs),
    /// One webhook, and how far its deliveries are
    Show(WebhookArgs),
    /// Sends a test, and prints what came back
    Test(WebhookArgs),
    /// Makes a new secret; the one before signs, too, for a while
    Rotate(RotateArgs),
    /// Takes a webhook out of use: nothing is sent to it
    Disable(ChangeArgs),
    /// Takes a webhook back into use
    Enable(EnableArgs),
    /// What a webhook was told of, the latest first
    Deliveries(DeliveriesArgs),
    /// What a webhook did not take, however often it was tried
    Dead(DeadArgs),
    /// Sends again what was delivered, is dead or was suppressed
    ///
    /// The messages have the ids and numbers that they had. At most 1,000 are sent again at once; where there
    /// are more, what goes on after them is printed.
    Replay(ReplayArgs),
}

/// Whom to tell, and of what.
#[derive(Debug, clap::Args)]
pub struct CreateArgs {
    /// Where messages are sent, such as `https://crm.example/hooks`
    url: String,
    /// Of which events: a type, or the beginning of types, such as aftercall.commitment.*; may be repeated
    #[arg(long = "event", value_name = "TYPE", required = true)]
    events: Vec<String>,
    /// What people call it
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    name: String,
    /// Sends all that an event says, with what is personal in it, not only its type, times and ids
    #[arg(long)]
    personal: bool,
    /// The form of the messages
    #[arg(long, value_parser = values::<WebhookFormat>())]
    format: Option<i32>,
    /// How they are signed
    #[arg(long, value_parser = values::<WebhookAlgorithm>())]
    algorithm: Option<i32>,
    #[command(flatten)]
    request: RequestArgs,
}

/// The command's name.
#[derive(Debug, clap::Args)]
pub struct RequestArgs {
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    request_id: String,
}

/// Which webhooks to list.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// How many to show
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
}

/// Which webhook.
#[derive(Debug, clap::Args)]
pub struct WebhookArgs {
    /// The webhook's id
    webhook: String,
}

/// Which webhook, and by what from now on.
#[derive(Debug, clap::Args)]
pub struct RotateArgs {
    /// The webhook's id
    webhook: String,
    /// How messages are signed from now on
    #[arg(long, value_parser = values::<WebhookAlgorithm>())]
    algorithm: Option<i32>,
    /// For how long the secret before signs, too: 24h if it is left out, 0s for not at all
    #[arg(long, value_name = "DURATION")]
    keep_for: Option<SignedDuration>,
    #[command(flatten)]
    request: RequestArgs,
}

/// Which webhook to change.
#[derive(Debug, clap::Args)]
pub struct ChangeArgs {
    /// The webhook's id
    webhook: String,
    #[command(flatten)]
    request: RequestArgs,
}

/// Which webhook to take back into use, and how.
#[derive(Debug, clap::Args)]
pub struct EnableArgs {
    /// The webhook's id
    webhook: String,
    /// Sends what happened meanwhile, too
    #[arg(long)]
    catch_up: bool,
    /// Sends to it in this environment from now on, and nowhere else
    #[arg(long)]
    take_over: bool,
    #[command(flatten)]
    request: RequestArgs,
}

/// Which deliveries to list.
#[derive(Debug, clap::Args)]
pub struct DeliveriesArgs {
    /// The webhook's id
    webhook: String,
    /// Only those in this state
    #[arg(long, value_parser = values::<WebhookDeliveryState>())]
    state: Option<i32>,
    /// How many to show
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
}

/// Which dead deliveries to list.
#[derive(Debug, clap::Args)]
pub struct DeadArgs {
    /// The webhook's id
    webhook: String,
    /// How many to show
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
}

/// What to send again.
#[derive(Debug, clap::Args)]
pub struct ReplayArgs {
    /// The webhook's id
    webhook: String,
    /// From this number on; left out, from the first that is known
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 0,
        hide_default_value = true
    )]
    from: u64,
    /// Up to and with this number; left out, the latest
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 0,
        hide_default_value = true
    )]
    to: u64,
    /// Only what is dead
    #[arg(long)]
    dead: bool,
    #[command(flatten)]
    request: RequestArgs,
}

/// Runs one of the commands.
///
/// # Errors
/// When the server refuses, a test does not arrive, or the output takes no more.
pub async fn run(session: &mut Session, command: Webhooks) -> Result<(), CommandError> {
    match command {
        Webhooks::Create(args) => create(session, args).await,
        Webhooks::List(args) => list(session, &args).await,
        Webhooks::Show(args) => {
            let found = get(session, args.webhook).await?;
            session.tell(&found, show::webhook_with_progress)
        }
        Webhooks::Test(args) => test(session, args).await,
        Webhooks::Rotate(args) => rotate(session, args).await,
        Webhooks::Disable(args) => disable(session, args).await,
        Webhooks::Enable(args) => enable(session, args).await,
        Webhooks::Deliveries(args) => deliveries(session, args).await,
        Webhooks::Dead(args) => {
            let args = DeliveriesArgs {
                webhook: args.webhook,
                state: Some(WebhookDeliveryState::Dead.into()),
                limit: args.limit,
            };
            deliveries(session, args).await
        }
        Webhooks::Replay(args) => replay(session, args).await,
    }
}

async fn create(session: &mut Session, args: CreateArgs) -> Result<(), CommandError> {
    let request = CreateWebhookRequest {
        request_id: args.request.request_id,
        webhook: Some(Webhook {
            display_name: args.name,
            url: args.url,
            event_types: args.events,
            personal_allowed: args.personal,
            format: args.format.unwrap_or_default(),
            ..Webhook::default()
        }),
        algorithm: args.algorithm.unwrap_or_default(),
    };
    let made = session.client.call(request).await?;
    session.tell(&made, |made, output| {
        show::webhook(&made.webhook.clone().unwrap_or_default(), output)?;
        show::secret(&made.secret, output)
    })
}

async fn list(session: &mut Session, args: &ListArgs) -> Result<(), CommandError> {
    let request = ListWebhooksRequest {
        page_size: page_size(args.limit, PAGE_MAX),
        min_position: session.after.clone(),
        ..Default::default()
    };
    tabled(session, request, args.limit, "no webhooks", show::webhooks).await
}

async fn get(session: &Session, webhook_id: String) -> Result<GetWebhookResponse, CommandError> {
    let request = GetWebhookRequest {
        webhook_id,
        min_position: session.after.clone(),
        ..Default::default()
    };
    Ok(session.client.call(request).await?)
}

async fn test(session: &mut Session, args: WebhookArgs) -> Result<(), CommandError> {
    let request = TestWebhookRequest {
        webhook_id: args.webhook,
        min_position: session.after.clone(),
        ..Default::default()
    };
    let tested = session.client.call(request).await?;
    session.tell(&tested, show::tested)?;
    match tested.delivered {
        true => Ok(()),
        false => Err(CommandError::Input("the test was not taken".to_owned())),
    }
}

async fn rotate(session: &mut Session, args: RotateArgs) -> Result<(), CommandError> {
    let request = RotateWebhookKeyRequest {
        request_id: args.request.request_id,
        webhook_id: args.webhook,
        algorithm: args.algorithm.unwrap_or_default(),
        keep_for: args.keep_for.map(duration_to_wire),
    };
    let made = session.client.call(request).await?;
    session.tell(&made, |made, output| {
        show::webhook(&made.webhook.clone().unwrap_or_default(), output)?;
        show::secret(&made.secret, output)
    })
}

async fn disable(session: &mut Session, args: ChangeArgs) -> Result<(), CommandError> {
    let request = UpdateWebhookRequest {
        request_id: args.request.request_id,
        ..Default::default()
    };
    change(session, args.webhook, true, request).await
}

async fn enable(session: &mut Session, args: EnableArgs) -> Result<(), CommandError> {
    let request = UpdateWebhookRequest {
        request_id: args.request.request_id,
        catch_up: args.catch_up,
        take_over: args.take_over,
        ..Default::default()
    };
    change(session, args.webhook, false, request).await
}

/// Puts a webhook back as it is, but for whether it is in use.
async fn change(
    session: &mut Session,
    webhook_id: String,
    disabled: bool,
    request: UpdateWebhookRequest,
) -> Result<(), CommandError> {
    let found = get(session, webhook_id.clone()).await?;
    let webhook = found.webhook.unwrap_or_default();
    let request = UpdateWebhookRequest {
        webhook_id,
        // What was read is what is put back.
        expected_version: webhook.version,
        webhook: Some(Webhook {
            disabled,
            ..webhook
        }),
        ..request
    };
    let changed = session.client.call(request).await?;
    session.tell(&changed, |changed, output| {
        show::webhook(&changed.webhook.clone().unwrap_or_default(), output)
    })
}

async fn deliveries(session: &mut Session, args: DeliveriesArgs) -> Result<(), CommandError> {
    let request = ListWebhookDeliveriesRequest {
        webhook_id: args.webhook,
        state: args.state.unwrap_or_default(),
        page_size: page_size(args.limit, PAGE_MAX),
        min_position: session.after.clone(),
        ..Default::default()
    };
    let nothing = "no deliveries";
    tabled(session, request, args.limit, nothing, show::deliveries).await
}

async fn replay(session: &mut Session, args: ReplayArgs) -> Result<(), CommandError> {
    let request = ReplayWebhookRequest {
        request_id: args.request.request_id,
        webhook_id: args.webhook,
        first_sequence: args.from,
        last_sequence: args.to,
        dead_only: args.dead,
    };
    let replayed = session.client.call(request).await?;
    session.tell(&replayed, show::replayed)
}
