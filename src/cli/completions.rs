//! `rayguard completions`: prints a completion script for a shell.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::output;
use super::{Cli, CliError, Status};

/// Print a script that completes commands and options in a shell
///
/// For bash, write it to ~/.local/share/bash-completion/completions/rayguard; for zsh, to a file `_rayguard` in a
/// folder of `$fpath`; for fish, to ~/.config/fish/completions/rayguard.fish.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: CompletionsArgs) -> Result<Status, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "rayguard", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(Status::Clean)
}
