//! The `aftercall` command. All of it is in the library, where tests can start it.

use std::process::ExitCode;

fn main() -> ExitCode {
    aftercall::cli::main()
}
