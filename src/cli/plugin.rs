//! The two names of the command: `rayguard`, and `kubectl ray-policy`. kubectl runs a binary with the name
//! `kubectl-ray_policy` as its plugin `ray-policy`.

use std::ffi::OsString;
use std::path::Path;

use clap::{CommandFactory, FromArgMatches};

use super::Cli;

/// Parses the arguments. Messages contain the name that the user typed.
pub(super) fn parse(arguments: Vec<OsString>) -> Cli {
    let mut command = Cli::command();
    if is_plugin(arguments.first()) {
        command = command.bin_name("kubectl ray-policy");
    }
    let matches = command.clone().get_matches_from(arguments);
    Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut command).exit())
}

/// Reports whether the binary has the name of a plugin. On Windows the name has an extension.
fn is_plugin(program: Option<&OsString>) -> bool {
    program.and_then(|program| Path::new(program).file_stem()).is_some_and(|name| name == "kubectl-ray_policy")
}
