//! The `aftercall` command. All of it is in the library, where tests can start it.

use std::process::ExitCode;

/// Records are allocated on one thread and freed on another, and views run at a lower priority than
/// recording: under a lock for both, as in the C library's allocator, recording waits for views.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    aftercall::cli::main()
}
