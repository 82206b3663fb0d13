//! The command under its two names: `rayguard`, and `kubectl ray-policy`, for kubectl runs what is called
//! `kubectl-ray_policy` as a command of its own.

use std::ffi::OsString;
use std::path::Path;

use clap::{CommandFactory, FromArgMatches};

use super::Cli;

/// Reads the arguments, with the name that the user typed in whatever is said about them.
pub(super) fn parse(arguments: Vec<OsString>) -> Cli {
    let mut command = Cli::command();
    if is_plugin(arguments.first()) {
        command = command.bin_name("kubectl ray-policy");
    }
    let matches = command.clone().get_matches_from(arguments);
    Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut command).exit())
}

/// Windows has it with an ending.
fn is_plugin(program: Option<&OsString>) -> bool {
    program.and_then(|program| Path::new(program).file_stem()).is_some_and(|name| name == "kubectl-ray_policy")
}
