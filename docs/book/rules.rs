//! The rules, each with a page.

use std::fmt::Write as _;

use serde::Deserialize;

use super::{Fault, run};

/// What `rayguard rules --output json` says of a rule.
#[derive(Deserialize)]
pub(crate) struct RuleEntry {
    pub(crate) name: String,
    category: String,
    level: String,
    summary: String,
    since: String,
    /// Whether `check --fix` mends what it finds.
    #[serde(default)]
    fixable: Option<bool>,
    /// The errors of KubeRay's operator that it stands for.
    reference: Vec<String>,
}

/// Every rule, in the order in which they are listed.
pub(crate) fn read(rayguard: &str) -> Result<Vec<RuleEntry>, Fault> {
    Ok(serde_json::from_str(&run(rayguard, &["rules", "--output", "json"])?)?)
}

impl RuleEntry {
    /// The file that is its document.
    pub(crate) fn source(&self) -> String {
        format!("crates/policy/src/rules/{}.md", self.name.replace('-', "_"))
    }

    /// Its page.
    pub(crate) fn page(&self) -> String {
        format!("rules/{}.md", self.name)
    }

    /// Its document, with what the program knows of it below the title.
    pub(crate) fn text(&self, rayguard: &str) -> Result<String, Fault> {
        let docs = run(rayguard, &["explain", &self.name])?;
        let (title, rest) = docs.split_once("\n\n").ok_or_else(|| format!("{} has no title", self.name))?;
        let mut facts = format!("`{}` · category `{}` · since {}", self.level, self.category, self.since);
        if let Some(fixable) = self.fixable {
            facts += if fixable { " · mended by `check --fix`" } else { " · to be mended by hand" };
        }
        if !self.reference.is_empty() {
            facts += " · a check of [KubeRay's operator](#in-the-operators-log)";
        }
        Ok(format!("{title}\n\n{facts}\n\n{rest}"))
    }
}

/// The page with all of them, by category.
pub(crate) fn contents(rules: &[RuleEntry]) -> String {
    let mut page = String::from(
        "# Rules\n\nEach page says what a rule checks, why, and what fails and passes; its examples are the rule's tests. \
         `rayguard explain RULE` prints the same. The level is the rule's own, and [a policy](../policy.md) can choose \
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
