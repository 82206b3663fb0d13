//! `rayguard man`: prints the manual pages, which clap generates from the help texts.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory};
use clap_mangen::Man;

use super::output;
use super::{Cli, CliError, Status};

/// Print the manual page, or write the pages of all commands
///
/// `rayguard man | man -l -` shows the page of rayguard itself.
#[derive(Args, Debug)]
pub(super) struct ManArgs {
    /// Write rayguard.1, and a page such as rayguard-check.1 for each command, into this folder
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

pub(super) fn run(args: &ManArgs) -> Result<Status, CliError> {
    match &args.dir {
        None => {
            let mut page = Vec::new();
            Man::new(command()).render(&mut page)?;
            output::print(&String::from_utf8_lossy(&page))?;
        }
        Some(folder) => write(folder).map_err(|source| CliError::Folder { path: folder.clone(), source })?,
    }
    Ok(Status::Clean)
}

fn write(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    clap_mangen::generate_to(command(), folder)
}

/// Returns the command without `help`, which needs no page.
fn command() -> clap::Command {
    Cli::command().disable_help_subcommand(true)
}
