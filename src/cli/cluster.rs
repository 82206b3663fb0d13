//! The commands that need a cluster: `serve`, `check-api`, `check --cluster` and `survival --cluster`. All of them need the feature
//! `server`.

mod arguments;
mod context;
mod live;
mod objects;
mod proxy;

use std::error::Error;

use clap::Subcommand;

use super::{CliError, Status, output};
use crate::check_api::{self, CheckApiArgs};
use crate::serve::{self, ServeArgs};
pub(super) use arguments::LiveArgs;
pub(super) use live::{check_objects, each_object};

/// The commands that exist only with the feature `server`.
#[derive(Debug, Subcommand)]
pub(super) enum ClusterCommand {
    CheckApi(CheckApiArgs),
    Serve(Box<ServeArgs>),
}

pub(super) fn run(command: ClusterCommand) -> Result<Status, CliError> {
    match command {
        ClusterCommand::CheckApi(args) => check_api(&args),
        ClusterCommand::Serve(args) => serve::run(*args).map(|()| Status::Clean).map_err(|error| failed(&error)),
    }
}

/// `rayguard check-api`: compares the decisions of an API server with those of the policy.
fn check_api(args: &CheckApiArgs) -> Result<Status, CliError> {
    let policy = super::policy(args.config.as_deref())?;
    let outcomes = check_api::run(args, &policy).map_err(|error| failed(&error))?;
    let lines: Vec<_> = outcomes.iter().map(ToString::to_string).collect();
    output::print(&(lines.join("\n") + "\n"))?;
    let is_as_expected = outcomes.iter().all(|outcome| outcome.is_as_expected);
    Ok(if is_as_expected { Status::Clean } else { Status::Denied })
}

/// Converts the error of a command that has its own error type.
fn failed(error: &impl Error) -> CliError {
    CliError::Failed(error.to_string())
}
