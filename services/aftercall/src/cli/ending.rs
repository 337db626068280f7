//! How the process ends: its exit code, and one clear message.

use std::error::Error;
use std::io::{self, IsTerminal};
use std::process::ExitCode;

use crate::command::CommandError;
use crate::output::{Paint, Style, clean_lines};

/// Something failed; standard error says what.
const FAILED: u8 = 1;
/// The command makes no sense. clap ends with it by itself, too.
const USAGE: u8 = 2;

/// How the process ends where it doesn't end well.
#[derive(Debug)]
pub struct Ending {
    code: u8,
    why: Option<Box<dyn Error + Send + Sync>>,
}

impl Ending {
    /// Something failed.
    pub fn failed(why: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            code: FAILED,
            why: Some(why.into()),
        }
    }

    /// The command makes no sense.
    pub fn usage(why: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            code: USAGE,
            why: Some(why.into()),
        }
    }

    /// The output takes no more. That its reader has gone is no failure.
    pub fn output(error: io::Error) -> Self {
        CommandError::Output(error).into()
    }

    /// Says why, and gives the exit code.
    pub fn report(self) -> ExitCode {
        if let Some(why) = self.why {
            let paint = Paint::for_terminal(io::stderr().is_terminal());
            let shown = clean_lines(&why.to_string());
            eprintln!("{} {shown}", paint.apply(Style::Bad, "error:"));
            let mut said = shown;
            let mut cause = why.source();
            while let Some(error) = cause {
                // Wrappers of wrappers often say the same.
                let text = clean_lines(&error.to_string());
                if text != said {
                    eprintln!("  {} {text}", paint.apply(Style::Dim, "because:"));
                }
                said = text;
                cause = error.source();
            }
        }
        ExitCode::from(self.code)
    }
}

impl From<CommandError> for Ending {
    fn from(error: CommandError) -> Self {
        match error {
            error if error.reader_is_gone() => Self { code: 0, why: None },
            CommandError::Reported => Self {
                code: FAILED,
                why: None,
            },
            CommandError::Usage(text) => Self::usage(text),
            error => Self::failed(error),
        }
    }
}
