//! `rayguard check-api`: the verdict of an API server.

use crate::check_api::{self, CheckApiArgs};

use super::output;
use super::{CliError, Status};

pub(super) fn run(args: &CheckApiArgs) -> Result<Status, CliError> {
    let policy = super::policy(args.config.as_deref())?;
    let outcomes = check_api::run(args, &policy)?;
    let lines: Vec<_> = outcomes.iter().map(ToString::to_string).collect();
    output::print(&(lines.join("\n") + "\n"))?;
    let is_as_expected = outcomes.iter().all(|outcome| outcome.is_as_expected);
    Ok(if is_as_expected { Status::Clean } else { Status::Denied })
}
