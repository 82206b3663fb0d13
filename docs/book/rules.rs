//! The pages of the rules.

use std::fmt::Write as _;

use serde::Deserialize;

use super::{Fault, run};

/// A rule in the output of `rayguard rules --output json`.
#[derive(Deserialize)]
pub(crate) struct RuleEntry {
    pub(crate) name: String,
    category: String,
    level: String,
    summary: String,
    since: String,
    /// Whether `check --fix` can fix its findings.
    #[serde(default)]
    fixable: Option<bool>,
    /// The errors of other programs that stand for the rule.
    messages: Vec<Message>,
}

/// An error message of another program.
#[derive(Deserialize)]
struct Message {
    program: String,
}

/// Returns all rules in the order of the list.
///
/// # Errors
///
/// Returns an error if rayguard cannot be run, or its output cannot be parsed.
pub(crate) fn read(rayguard: &str) -> Result<Vec<RuleEntry>, Fault> {
    Ok(serde_json::from_str(&run(rayguard, &["rules", "--output", "json"])?)?)
}

impl RuleEntry {
    /// Returns the path of the rule's document.
    pub(crate) fn source(&self) -> String {
        format!("crates/policy/src/rules/{}.md", self.name.replace('-', "_"))
    }

    /// Returns the path of the rule's page.
    pub(crate) fn page(&self) -> String {
        format!("rules/{}.md", self.name)
    }

    /// Returns the rule's document, with level, category and other facts below the title.
    ///
    /// # Errors
    ///
    /// Returns an error if rayguard cannot explain the rule, or the document has no title.
    pub(crate) fn text(&self, rayguard: &str) -> Result<String, Fault> {
        let docs = run(rayguard, &["explain", &self.name])?;
        let (title, rest) = docs.split_once("\n\n").ok_or_else(|| format!("{} has no title", self.name))?;
        let mut facts = format!("`{}` · category `{}` · since {}", self.level, self.category, self.since);
        if let Some(fixable) = self.fixable {
            facts += if fixable { " · fixed by `check --fix`" } else { " · fixed manually" };
        }
        if self.messages.iter().any(|message| message.program == "KubeRay's validators") {
            facts += " · a check of [KubeRay's operator](#error-messages)";
        }
        Ok(format!("{title}\n\n{facts}\n\n{rest}"))
    }
}

/// Returns the page that lists all rules by category.
pub(crate) fn contents(rules: &[RuleEntry]) -> String {
    let mut page = String::from(
        "# Rules\n\nEach page describes what a rule checks, why, and what fails and passes; its examples are the rule's tests. \
         `rayguard explain RULE` prints this page. The level is the rule's default, and [a policy](../policy.md) can set \
         another.\n",
    );
    let mut categories: Vec<&str> = Vec::new();
    for rule in rules {
        if !categories.contains(&&*rule.category) {
            categories.push(&rule.category);
        }
    }
    for category in categories {
        let _ = write!(page, "\n## {category}\n\n| rule | level | finds |\n| --- | --- | --- |\n");
        for RuleEntry { name, level, summary, .. } in rules.iter().filter(|rule| rule.category == category) {
            let _ = writeln!(page, "| [{name}]({name}.md) | {level} | {summary} |");
        }
    }
    page
}
