//! `rayguard lsp`: the language server, which reports findings while a manifest is written.

mod action;
mod capability;
mod diagnostic;
mod document;
mod hover;
mod page;
mod policy;
mod position;
mod scan;
mod server;
mod text_edit;
mod uri;
mod workspace;

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use clap::Args;
use lsp_server::Connection;

use super::webhook::WebhookState;
use super::{CliError, Status};

/// Run the language server, which editors start
///
/// It speaks the Language Server Protocol on the standard input and output. It reports the findings of `check` on the
/// text in the editor, and offers the fixes of `check --fix`. A hover shows the document of a rule, or the value that is
/// in effect in the cluster and its origin. Objects in other files of the workspace count as objects of one Kubernetes
/// cluster.
#[derive(Args, Debug)]
pub(super) struct LspArgs {
    /// The policy file: levels of rules, settings, defaults, exemptions
    ///
    /// A change of the file takes effect at once. An editor can give the option `config` at the start instead.
    #[arg(long, env = "RAYGUARD_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,

    /// The namespace of objects that name none; `default` if not given
    #[arg(long, short, value_name = "NAME")]
    namespace: Option<String>,

    /// Whether rayguard's webhook is in the cluster that the objects are for
    #[arg(long, value_enum, value_name = "STATE")]
    webhook: Option<WebhookState>,

    /// The address of a documentation site, to which the names of rules are linked
    ///
    /// Without it, a name is linked to a copy of the rule's document in the cache folder of the user.
    #[arg(long, value_name = "URL")]
    docs_url: Option<String>,

    /// Use the standard input and output; accepted because many editors give this flag
    #[arg(long, hide = true)]
    stdio: bool,
}

pub(super) fn run(args: LspArgs) -> Result<Status, CliError> {
    if io::stdin().is_terminal() {
        let message = "an editor starts this command, and the standard input is a terminal; see docs/editors.md";
        return Err(CliError::Usage(message.to_owned()));
    }
    let (connection, threads) = Connection::stdio();
    let served = server::serve(connection, args);
    // The writer ends once the connection is dropped.
    let ended = threads.join();
    served.map_err(|error| CliError::Usage(error.to_string()))?;
    ended.map_err(CliError::Output)?;
    Ok(Status::Clean)
}
