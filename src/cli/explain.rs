//! `rayguard explain`: a rule's page.

use clap::Args;
use rayguard::rules;
use rayguard::spelling::suggestion;

use super::output;
use super::{CliError, Status};

/// Explain rules: what they check, why, and what fails and passes
///
/// Prints each rule's page of the documentation, in Markdown.
#[derive(Args, Debug)]
pub(super) struct ExplainArgs {
    /// Names of rules, as `rayguard rules` lists them
    #[arg(value_name = "RULE", required = true)]
    rules: Vec<String>,
}

pub(super) fn run(args: &ExplainArgs) -> Result<Status, CliError> {
    let mut pages = Vec::new();
    let mut unknown = Vec::new();
    for name in &args.rules {
        match rules::find(name) {
            Some(rule) => pages.push(rule.docs.trim_end()),
            None => unknown.push(format!("there is no rule {name:?}{}", hint(name))),
        }
    }
    if !pages.is_empty() {
        output::print(&(pages.join("\n\n") + "\n"))?;
    }
    if unknown.is_empty() { Ok(Status::Clean) } else { Err(CliError::Unknown(unknown.join("\n"))) }
}

/// The rule that may have been meant, or where to look for it.
fn hint(name: &str) -> String {
    match suggestion(name, &rules::names()) {
        nothing if nothing.is_empty() => "; `rayguard rules` lists them".to_owned(),
        suggestion => suggestion,
    }
}
