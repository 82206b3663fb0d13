//! `rayguard schema`: prints the JSON Schema of a file that rayguard reads.

use std::io;

use clap::{Args, ValueEnum};
use rayguard_policy::policy::file;

use super::output;
use super::{CliError, Status};

/// Print a JSON Schema, with which editors complete, explain and check a file
///
/// `rayguard schema policy > policy.schema.json` writes the schema of the policy file. An editor with
/// yaml-language-server uses it for a policy file in the same folder with this first line:
///
/// # yaml-language-server: $schema=policy.schema.json
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct SchemaArgs {
    /// The file that the schema describes
    #[arg(value_enum)]
    file: File,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum File {
    /// The policy file, which --config names
    Policy,
}

pub(super) fn run(args: SchemaArgs) -> Result<Status, CliError> {
    let schema = match args.file {
        File::Policy => file::json_schema(),
    };
    output::print(&(serde_json::to_string_pretty(&schema).map_err(io::Error::from)? + "\n"))?;
    Ok(Status::Clean)
}
