//! The command `rayguard`.

#[cfg(feature = "server")]
mod check_api;
mod cli;
mod policy_file;
#[cfg(feature = "server")]
mod serve;

use std::process::ExitCode;

#[cfg(feature = "server")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run()
}
