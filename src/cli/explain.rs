//! `rayguard explain`: prints the pages of rules.

use clap::Args;
use rayguard_policy::rule::Rule;
use rayguard_policy::rules;
use rayguard_policy::spelling::{quote, suggestion};

use super::output;
use super::{CliError, Status};

/// Explain rules: what they check, why, and what fails and passes
///
/// Prints each rule's page of the documentation, in Markdown. Instead of a rule's name, an error from the log of
/// KubeRay's operator can be given: it selects the rule that would have refused the object at admission.
#[derive(Args, Debug)]
pub(super) struct ExplainArgs {
    /// Names of rules, as `rayguard rules` lists them, or errors of KubeRay's operator
    #[arg(value_name = "RULE", required = true)]
    rules: Vec<String>,
}

pub(super) fn run(args: &ExplainArgs) -> Result<Status, CliError> {
    let mut pages = Vec::new();
    let mut unknown = Vec::new();
    for name in &args.rules {
        match rules::find(name).map_or_else(|| rules::covering(name), |rule| vec![rule]) {
            found if found.is_empty() => unknown.push(format!("there is no rule {}{}", quote(name), hint(name))),
            found => pages.extend(found.into_iter().map(page)),
        }
    }
    if !pages.is_empty() {
        output::print(&(pages.join("\n\n") + "\n"))?;
    }
    if unknown.is_empty() { Ok(Status::Clean) } else { Err(CliError::Failed(unknown.join("\n"))) }
}

/// Returns a rule's page, with the operator's errors for the objects that the rule refuses.
fn page(rule: &Rule) -> String {
    let docs = rule.docs.trim_end();
    if rule.reference.is_empty() {
        return docs.to_owned();
    }
    let errors: Vec<_> = rule.reference.iter().map(|error| format!("- … {error} …")).collect();
    format!("{docs}\n\n## In the operator's log\n\n{}", errors.join("\n"))
}

/// Returns the rule that the user may have meant, or the command that lists all rules.
fn hint(name: &str) -> String {
    match suggestion(name, &rules::names()) {
        none if none.is_empty() => "; `rayguard rules` lists them".to_owned(),
        suggestion => suggestion,
    }
}
