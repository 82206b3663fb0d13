//! `rayguard version`: prints the versions of rayguard and KubeRay, and the hash of the rules.

use clap::{Args, ValueEnum};
use rayguard_policy::kuberay::Version;
use rayguard_policy::rule_set;
use rayguard_policy::rules::RULES;
use serde_json::json;

use super::output;
use super::{CliError, Status};

/// Returns the commit that was built; `image/compile` sets the variable.
fn commit() -> Option<&'static str> {
    option_env!("RAYGUARD_COMMIT").filter(|commit| !commit.is_empty())
}

/// Show the version, the known versions of KubeRay, and the hash of the rules
///
/// Two binaries with the same hash have the same rules with the same levels and documents.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct VersionArgs {
    /// The format
    #[arg(long, short, value_enum, value_name = "FORMAT", default_value_t)]
    output: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

pub(super) fn run(args: VersionArgs) -> Result<Status, CliError> {
    output::print(&match args.output {
        Format::Text => text(),
        Format::Json => serde_json::to_string_pretty(&json()).map_err(std::io::Error::from)? + "\n",
    })?;
    Ok(Status::Clean)
}

fn text() -> String {
    format!(
        "rayguard {}\ncommit   {}\nKubeRay  {} to {}, and {}\nrules    {}, sha256:{}\n",
        env!("CARGO_PKG_VERSION"),
        commit().unwrap_or("not recorded"),
        Version::OLDEST,
        Version::NEWEST,
        Version::NEXT,
        RULES.len(),
        rule_set::hash(),
    )
}

fn json() -> serde_json::Value {
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "commit": commit(),
        "kuberay": Version::ALL.map(|version| version.to_string()),
        "rules": {"count": RULES.len(), "hash": format!("sha256:{}", rule_set::hash())},
    })
}
