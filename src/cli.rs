//! The command line: the commands, and the arguments that they share.

mod check;
#[cfg(feature = "server")]
mod cluster;
mod completions;
mod default;
mod explain;
mod fix;
mod format;
mod here;
mod kustomize;
mod lsp;
mod man;
mod ordered;
mod output;
mod passes;
mod plugin;
mod progress;
mod reporter;
mod rules;
mod schema;
mod skipped;
mod source;
mod survival;
mod text;
mod version;
mod webhook;

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anstream::ColorChoice;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use rayguard_policy::policy::Policy;

use crate::policy_file;
use format::OutputError;
use skipped::Skipped;
use source::{Excluded, Search, Sources};

/// Stop Ray clusters on Kubernetes from being created in a state in which they cannot survive.
///
/// `serve` runs the admission webhook, which writes defaults into KubeRay's objects and refuses objects that cannot
/// work. The other commands apply the same policy to files, without a cluster.
#[derive(Debug, Parser)]
#[command(
    version,
    max_term_width = 100,
    after_long_help = "\
Exit status:
  0  nothing was refused
  1  something was refused (see check --fail-on)
  2  something could not be checked: wrong arguments, an unreadable file or document;
     everything else was checked"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    /// When to colour the output
    ///
    /// `auto` colours the output on a terminal, unless the variable `NO_COLOR` is set.
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    color: Color,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::CheckArgs),
    Default(default::DefaultArgs),
    Survival(Box<survival::SurvivalArgs>),
    Rules(rules::RulesArgs),
    Explain(explain::ExplainArgs),
    Lsp(lsp::LspArgs),
    Schema(schema::SchemaArgs),
    Version(version::VersionArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
    #[cfg(feature = "server")]
    #[command(flatten)]
    Cluster(cluster::ClusterCommand),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Also in pipes and redirected output
    Always,
    /// Nowhere
    Never,
}

/// The files to read, and the policy to apply.
#[derive(Args, Debug)]
struct Input {
    /// Files, folders and patterns to read; `-` is the standard input
    ///
    /// Files may be YAML or JSON, with any number of documents and with Lists. Objects of other kinds are skipped. In a
    /// folder, every *.yaml, *.yml and *.json file at any depth is read, in the order of names. Hidden files, and files
    /// that are ignored by git or excluded, are not read, and the summary counts them. In a pattern, `**` matches any
    /// number of folders. Without a path the standard input is read, unless it is a terminal.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Files and folders not to read: a pattern in the syntax of .gitignore; may be given several times
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,

    /// Also read files that .gitignore files ignore
    #[arg(long)]
    no_ignore: bool,

    /// The name of the standard input in the output
    #[arg(long, value_name = "NAME", default_value = "<stdin>", hide_default_value = true)]
    stdin_filename: String,

    /// The policy file: levels of rules, settings, defaults, exemptions
    ///
    /// The webhook accepts the same file. Without it, every rule has its default level, which `rayguard rules` shows.
    #[arg(long, env = "RAYGUARD_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,

    /// The namespace of objects that name none; `default` if not given
    ///
    /// As with kubectl, the namespace in an object takes precedence. The namespace decides which exemptions of the
    /// policy apply.
    #[arg(long, short, value_name = "NAME")]
    namespace: Option<String>,
}

impl Input {
    /// Returns the policy to apply.
    fn policy(&self) -> Result<Policy, CliError> {
        policy(self.config.as_deref())
    }

    /// Returns the namespace of objects that name none.
    fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or("default")
    }

    /// Returns the files to read, and the counter of skipped files.
    fn sources(&self) -> Result<(Sources, Arc<Skipped>), CliError> {
        let search = Search {
            paths: self.paths.clone(),
            stdin: self.stdin_filename.clone(),
            excluded: Excluded::new(&self.exclude).map_err(CliError::Usage)?,
            honours_gitignore: !self.no_ignore,
        };
        if search.would_read_terminal() {
            return Err(CliError::Usage("no path given, and the standard input is a terminal".to_owned()));
        }
        let skipped = Arc::default();
        Ok((search.sources(&skipped), skipped))
    }
}

/// Returns the policy of a file, or the built-in one.
fn policy(file: Option<&Path>) -> Result<Policy, CliError> {
    policy_file::read(file).map_err(|error| {
        let lines = error.to_string();
        CliError::Config(lines.lines().map(text::error).collect())
    })
}

/// The exit status of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Status {
    Clean,
    Denied,
    /// Something could not be checked.
    Unchecked,
}

/// The reason why a command could not do anything.
#[derive(Debug, thiserror::Error)]
enum CliError {
    /// The policy file cannot be used. Contains all its errors, rendered.
    #[error("{0}")]
    Config(String),
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
    /// The arguments do not fit together.
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Write(#[from] OutputError),
    #[error("cannot write into {}: {source}", path.display())]
    Folder { path: PathBuf, source: io::Error },
    /// Another failure of a command that needs a cluster.
    #[cfg(feature = "server")]
    #[error("{0}")]
    Failed(String),
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        ExitCode::from(match status {
            Status::Clean => 0,
            Status::Denied => 1,
            Status::Unchecked => 2,
        })
    }
}

pub(crate) fn run() -> ExitCode {
    let Cli { command, color } = plugin::parse(env::args_os().collect());
    match color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    }
    .write_global();
    let done = match command {
        Command::Check(args) => check::run(&args),
        Command::Default(args) => default::run(&args),
        Command::Survival(args) => survival::run(&args),
        Command::Rules(args) => rules::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Lsp(args) => lsp::run(args),
        Command::Schema(args) => schema::run(args),
        Command::Version(args) => version::run(args),
        Command::Completions(args) => completions::run(args),
        Command::Man(args) => man::run(&args),
        #[cfg(feature = "server")]
        Command::Cluster(command) => cluster::run(command),
    };
    let status = done.unwrap_or_else(|error| {
        output::message(&match error {
            CliError::Config(rendered) => rendered,
            CliError::Usage(message) => Cli::command().error(ErrorKind::ValueValidation, message).exit(),
            error => text::error(&error.to_string()),
        });
        Status::Unchecked
    });
    status.into()
}
