//! What to connect to, as it is asked for on the command line.

use std::path::PathBuf;

use jiff::tz::TimeZone;

use super::amazon::House;
use super::asterisk::cel::Columns;
use super::asterisk::switch::Setup;
use super::gather::Address;
use super::gather::ami::Login;
use super::mapping::Format;
use super::staff::Staff;
use crate::command::CommandError;

/// Where the manager's secret is, if it is in no file.
const SECRET: &str = "AFTERCALL_ASTERISK_SECRET";

/// Which telephone system.
#[derive(Debug, clap::Subcommand)]
pub enum Connect {
    /// Tells the calls of an Asterisk: by its manager interface, its channel event log, or its call detail records
    ///
    /// The manager interface tells all: menus, queues, who was called and who answered, holds, transfers, conferences,
    /// who hung up, and lines that were lost. The channel event log has no holds and no menus. Call detail records come
    /// when a call is over, and have neither holds nor transfers nor who hung up. Tell a call by one of them.
    Asterisk(AsteriskArgs),
    /// Tells the calls of an Amazon Connect instance: by contact events and contact records, mixed or not
    ///
    /// The input is JSON objects, one after the other, with or without line ends between them: events as EventBridge
    /// delivers them, records as Kinesis does. A record counts instead of the events of its contact. Voice only.
    AmazonConnect(AmazonArgs),
}

/// Where records come from, and where it is kept how far they are told.
#[derive(Debug, clap::Args)]
struct InputArgs {
    /// The file to read, or - for standard input
    #[arg(
        value_name = "FILE",
        required_unless_present = "address",
        conflicts_with = "address"
    )]
    file: Option<String>,
    /// Reads on as the file grows, is rotated and is cut
    #[arg(long, requires_all = ["file", "state"])]
    follow: bool,
    /// Connects to this address instead, HOST:PORT or unix:PATH, and again whenever the connection ends
    #[arg(long, value_name = "ADDRESS", requires = "state")]
    address: Option<Address>,
    /// The directory in which it is kept how far is told; each connector has its own. Without it a file or standard
    /// input is told from its beginning
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// How much of a stream is kept in --state while the server does not take it, in MiB; then nothing more is read
    #[arg(long, value_name = "MIB", default_value_t = 1_024)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=1_048_576))]
    outbox_mib: u64,
    /// Whose which telephone or user is: a CSV file of its name there, our agent id, and, if you like, team and site
    #[arg(long, value_name = "FILE")]
    agents: Option<PathBuf>,
}

/// How the calls of an Asterisk are told.
#[derive(Debug, clap::Args)]
pub struct AsteriskArgs {
    #[command(flatten)]
    input: InputArgs,
    /// What the records are: manager, cel, cdr
    #[arg(long, value_name = "FORMAT", default_value = "manager")]
    format: AsteriskFormat,
    /// Under which name the calls are told: part of their names, so keep it
    #[arg(long, value_name = "NAME", default_value = "asterisk")]
    source: String,
    /// How the names of channels begin that lead outside, such as PJSIP/carrier-; may be repeated. Without it each
    /// call's first channel is taken to be the customer's; with it outbound calls are told, and internal ones are not
    #[arg(long = "trunk", value_name = "PREFIX")]
    trunks: Vec<String>,
    /// Tells the digits that are pressed in this context of the dialplan as steps of a menu; may be repeated. Of others
    /// none is told: they may be a customer's PIN or card number
    #[arg(long = "menu", value_name = "CONTEXT")]
    menus: Vec<String>,
    /// Which queue is which: a CSV file of its name there, our queue id, and, if you like, the team whose calls wait in it
    #[arg(long, value_name = "FILE")]
    queues: Option<PathBuf>,
    /// The manager's user, with --address; the secret is taken from AFTERCALL_ASTERISK_SECRET or --secret-file
    #[arg(long, value_name = "NAME", requires = "address")]
    user: Option<String>,
    /// A file whose first line is the manager user's secret
    #[arg(long, value_name = "FILE", requires = "user")]
    secret_file: Option<PathBuf>,
    /// The columns of a row of cel, as cel_custom.conf has them; left out, as in its sample
    #[arg(long, value_name = "NAME,…")]
    columns: Option<Columns>,
    /// The zone of the times of cdr, and of cel where they are dates, such as Europe/Berlin; left out, this machine's
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    zone: Option<TimeZone>,
}

/// What an Asterisk's records are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum AsteriskFormat {
    /// Events of the manager interface (AMI)
    Manager,
    /// The channel event log, as cel_custom writes it
    Cel,
    /// Call detail records, as cdr_csv writes them
    Cdr,
}

/// How the calls of an Amazon Connect instance are told.
#[derive(Debug, clap::Args)]
pub struct AmazonArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Under which name the calls are told: part of their names, so keep it
    #[arg(long, value_name = "NAME", default_value = "amazon-connect")]
    source: String,
    /// Which queue is which: a CSV file of the last part of its ARN, our queue id, and, if you like, its team
    #[arg(long, value_name = "FILE")]
    queues: Option<PathBuf>,
}

/// What is wanted.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) format: Format,
    pub(super) input: Input,
    pub(super) source: String,
    pub(super) state: Option<PathBuf>,
    pub(super) outbox_bytes: u64,
}

/// Where records come from.
#[derive(Debug)]
pub(super) enum Input {
    File { path: String, follows: bool },
    Stdin,
    Socket(Address),
    Manager(Address, Login),
}

impl Connect {
    /// Reads what it takes.
    ///
    /// # Errors
    /// When a file can't be read, or what was asked for makes no sense.
    pub(super) fn wanted(&self) -> Result<Wanted, CommandError> {
        match self {
            Self::Asterisk(args) => args.wanted(),
            Self::AmazonConnect(args) => args.wanted(),
        }
    }
}

impl InputArgs {
    fn input(&self) -> Result<Input, CommandError> {
        match (&self.address, self.file.as_deref()) {
            (Some(address), _) => Ok(Input::Socket(address.clone())),
            (None, Some("-")) if self.follow => Err(CommandError::Usage(
                "standard input is read to its end: --follow is for files".to_owned(),
            )),
            (None, Some("-") | None) => Ok(Input::Stdin),
            (None, Some(path)) => Ok(Input::File {
                path: path.to_owned(),
                follows: self.follow,
            }),
        }
    }

    fn wanted(&self, format: Format, input: Input, source: &str) -> Result<Wanted, CommandError> {
        if source.is_empty() || source != super::facts::name(source) {
            let text = "--source is a name of at most 128 bytes, without control characters";
            return Err(CommandError::Usage(text.to_owned()));
        }
        Ok(Wanted {
            format,
            input,
            source: source.to_owned(),
            state: self.state.clone(),
            outbox_bytes: self.outbox_mib << 20,
        })
    }
}

impl AsteriskArgs {
    fn wanted(&self) -> Result<Wanted, CommandError> {
        let setup = Setup {
            trunks: self.trunks.clone(),
            menus: self.menus.clone(),
            staff: Staff::read(self.input.agents.as_deref())?,
            queues: Staff::read(self.queues.as_deref())?,
        };
        let zone = || self.zone.clone().unwrap_or_else(TimeZone::system);
        let format = match self.format {
            AsteriskFormat::Manager => Format::Manager(setup),
            AsteriskFormat::Cel => {
                let columns = self.columns.clone().unwrap_or_default();
                Format::Cel(setup, columns.in_zone(zone()))
            }
            AsteriskFormat::Cdr => Format::Cdr(setup, zone()),
        };
        if self.columns.is_some() && self.format != AsteriskFormat::Cel {
            return Err(CommandError::Usage(
                "--columns are those of --format cel".to_owned(),
            ));
        }
        let input = match (self.input.input()?, self.format) {
            (Input::Socket(address), AsteriskFormat::Manager) => {
                Input::Manager(address, self.login()?)
            }
            (input, _) => input,
        };
        self.input.wanted(format, input, &self.source)
    }

    fn login(&self) -> Result<Login, CommandError> {
        let Some(user) = &self.user else {
            return Err(CommandError::Usage(
                "the manager asks who it is: give --user".to_owned(),
            ));
        };
        let secret = match &self.secret_file {
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(super::place::failed(path))?;
                text.lines().next().unwrap_or_default().to_owned()
            }
            None => std::env::var(SECRET).map_err(|_| {
                CommandError::Usage(format!(
                    "the manager asks for a secret: give --secret-file, or set {SECRET}"
                ))
            })?,
        };
        Login::new(user, &secret)
    }
}

impl AmazonArgs {
    fn wanted(&self) -> Result<Wanted, CommandError> {
        let house = House {
            agents: Staff::read(self.input.agents.as_deref())?,
            queues: Staff::read(self.queues.as_deref())?,
        };
        self.input
            .wanted(Format::Amazon(house), self.input.input()?, &self.source)
    }
}

fn zone(text: &str) -> Result<TimeZone, String> {
    TimeZone::get(text).map_err(|error| format!("is no time zone, such as Europe/Berlin: {error}"))
}
