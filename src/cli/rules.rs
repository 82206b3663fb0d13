//! `rayguard rules`: lists the rules, or exports them.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rayguard_policy::cel;
use rayguard_policy::rule::Rule;
use rayguard_policy::rules::{RULES, markdown_table};
use serde_json::json;

use super::output;
use super::{CliError, Status};

/// List the rules: name, category, level, whether it can fix, and what it finds
///
/// The level is the rule's default; a policy file can set another. `deny` refuses an object, `warn` returns a warning,
/// and `audit` only logs the finding. `fix` marks the rules whose findings `check --fix` can fix, or some of them.
#[derive(Args, Debug)]
pub(super) struct RulesArgs {
    /// The format of the list
    #[arg(long, short, value_enum, value_name = "FORMAT", default_value_t)]
    output: Format,

    /// Export the rules that another language can express
    #[arg(long, value_enum, value_name = "LANGUAGE", conflicts_with = "output")]
    export: Option<Language>,

    /// The policy file whose levels, settings and exemptions are exported
    #[arg(long, env = "RAYGUARD_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Language {
    /// ValidatingAdmissionPolicies and their bindings, which the API server itself evaluates: pipe them to kubectl
    /// apply --server-side -f -
    Cel,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table for people
    #[default]
    Text,
    /// For programs: a list of objects
    Json,
    /// A table for a document, with links to the rules' pages
    Markdown,
}

pub(super) fn run(args: &RulesArgs) -> Result<Status, CliError> {
    if let Some(Language::Cel) = args.export {
        let policy = super::policy(args.config.as_deref())?;
        output::print(&cel::export(&policy))?;
        return Ok(Status::Clean);
    }
    let text = match args.output {
        Format::Text => table(output::terminal_width()),
        Format::Json => {
            serde_json::to_string_pretty(&RULES.iter().map(|rule| entry(rule)).collect::<Vec<_>>())
                .map_err(std::io::Error::from)?
                + "\n"
        }
        Format::Markdown => markdown_table(),
    };
    output::print(&text)?;
    Ok(Status::Clean)
}

fn entry(rule: &Rule) -> serde_json::Value {
    let Rule { name, category, level, summary, since, .. } = rule;
    let messages: Vec<_> =
        rule.messages().map(|message| json!({"program": message.program, "text": message.text})).collect();
    json!({
        "name": name, "category": category, "level": level, "fixable": rule.fix_note().is_some(), "summary": summary,
        "since": since, "messages": messages,
    })
}

/// Returns a line for each rule. If the terminal is too narrow, the summary is below it.
fn table(width: Option<usize>) -> String {
    let longest = |length: fn(&Rule) -> usize| RULES.iter().map(|rule| length(rule)).max().unwrap_or_default();
    let name = longest(|rule| rule.name.len());
    let category = longest(|rule| rule.category.to_string().len());
    let summary = longest(|rule| rule.summary.chars().count());
    let narrow = width.filter(|width| name + category + summary + 15 > *width);
    let mut text = String::new();
    for rule in RULES {
        let Rule { level, summary, .. } = rule;
        let _ = write!(text, "{:name$}  {:category$}  ", rule.name, rule.category);
        let fix = if rule.fix_note().is_some() { "fix" } else { "" };
        let _ = match narrow {
            None => writeln!(text, "{level:5}  {fix:3}  {summary}"),
            Some(width) => writeln!(text, "{}\n{}", format!("{level:5}  {fix}").trim_end(), wrapped(summary, width)),
        };
    }
    text
}

/// Wraps a text into indented lines.
fn wrapped(words: &str, width: usize) -> String {
    const INDENT: &str = "    ";
    let mut text = String::new();
    let mut column = usize::MAX;
    for word in words.split(' ') {
        let length = word.chars().count();
        if column.saturating_add(1 + length) <= width {
            text.push(' ');
            column += 1 + length;
        } else {
            text.push_str(if text.is_empty() { INDENT } else { "\n    " });
            column = INDENT.len() + length;
        }
        text.push_str(word);
    }
    text
}
