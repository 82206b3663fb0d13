//! The findings of rules.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use rayguard_manifest::fix::{Edit, Fix};
use rayguard_manifest::json::Json;
use rayguard_manifest::path::{self, FieldPath};

use super::{Level, Rule, Scope};
use crate::context::Context;
use crate::reason::Reason;

/// A violation of a rule at a field path of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule that reports it.
    pub rule: &'static Rule,
    /// The level at which it is reported.
    pub level: Level,
    /// The kind of error, as Kubernetes classifies it.
    pub reason: Reason,
    /// The field to change, or the one to add.
    pub path: FieldPath,
    /// Whether the finding is about the name of the field, which its location then shows, and not about its value.
    pub is_about_key: bool,
    /// If the field contains a document, such as `serveConfigV2`, the span in its text that the finding is about, in
    /// bytes.
    pub within: Option<Range<usize>>,
    /// What is wrong: lower case, one line, no full stop.
    pub message: String,
    /// What to write instead: an instruction, one line, no full stop.
    pub help: String,
    /// The change that fixes it, where there is exactly one safe change.
    pub fix: Option<Fix>,
    /// Whether the paths of this finding and of its fix are those of the manifest, and not those of the object as the API
    /// server stores it.
    pub in_manifest: bool,
    /// What the finding is about, if that is not its path, as the storage key that another cluster has too. Two findings
    /// of one rule with equal subjects are the same violation at any path.
    pub subject: Option<Box<str>>,
}

impl Finding {
    /// Sets the span in the field's text that the finding is about, in bytes.
    pub fn within(&mut self, span: &Range<usize>) {
        self.within = Some(span.clone());
    }

    /// Marks a finding that is about the name of the field and not about its value.
    pub fn about_key(&mut self) {
        self.is_about_key = true;
    }

    /// Sets a message that is not shortened. The names in it are of limited length, and useless if they are cut.
    pub(crate) fn in_full(&mut self, message: String) -> &mut Self {
        self.message = on_one_line(message);
        self
    }

    /// Sets the subject.
    pub(crate) fn about(&mut self, subject: &str) {
        self.subject = Some(subject.into());
    }

    /// Lowers the level of this finding to a note, because no edit of the object can answer it.
    pub fn at_most_audit(&mut self) {
        self.level = self.level.min(Level::Audit);
    }

    /// Lowers the level of this finding to at most a warning, because it is advice, or not certain enough to deny an
    /// object.
    pub fn at_most_warn(&mut self) {
        self.level = self.level.min(Level::Warn);
    }
}

/// Fixes, which a rule adds to a finding that has exactly one safe change.
impl Finding {
    /// Adds to the fix: set the value at a path.
    pub fn fix_by_value(&mut self, path: FieldPath, value: impl Into<Json<'static>>) -> &mut Self {
        self.fix_by(Edit::Set { path, value: value.into() })
    }

    /// Adds to the fix: rename the key at a path.
    pub fn fix_by_name(&mut self, path: FieldPath, name: impl Into<String>) -> &mut Self {
        self.fix_by(Edit::Rename { path, name: name.into() })
    }

    /// Adds to the fix: remove the value at a path.
    pub fn fix_by_removal(&mut self, path: FieldPath) -> &mut Self {
        self.fix_by(Edit::Remove { path })
    }

    /// Adds a change to the fix, after the changes that were added before.
    pub fn fix_by(&mut self, edit: Edit) -> &mut Self {
        self.fix.get_or_insert_default().edits.push(edit);
        self
    }
}

impl fmt::Display for Finding {
    /// Prints one line: `path: message; help (rule)`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}; {} ({})", self.path, self.message, self.help, self.rule.name)
    }
}

/// The maximum number of findings of one rule on one object. It bounds memory: a few bytes of an object can cause many
/// findings, and each finding is much longer than the value that it is about.
pub const MAX_FINDINGS: usize = 1000;

/// The findings of all rules on one object.
#[derive(Debug)]
pub struct Findings {
    rule: &'static Rule,
    level: Level,
    found: Vec<Finding>,
    /// The number of findings of earlier rules.
    before: usize,
    /// Whether a denial is kept in addition to [`MAX_FINDINGS`].
    denies_above_limit: bool,
}

impl Findings {
    /// Runs each rule whose level is not `off`, and returns all findings in the order of the rules.
    pub fn collect(context: &Context<'_, '_>, rules: impl IntoIterator<Item = (&'static Rule, Level)>) -> Vec<Finding> {
        let mut found = Vec::new();
        for (rule, level) in rules {
            if level > Level::Off {
                let before = found.len();
                let mut findings = Findings { found, before, ..Findings::of(rule, level) };
                (rule.check)(context, &mut findings);
                found = findings.found;
            }
        }
        found
    }

    /// Returns an empty list for the findings of one rule.
    pub(crate) fn of(rule: &'static Rule, level: Level) -> Self {
        Self { rule, level, found: Vec::new(), before: 0, denies_above_limit: false }
    }

    /// Returns the level of the running rule.
    pub(crate) fn level(&self) -> Level {
        self.level
    }

    /// Returns all findings.
    pub(crate) fn into_vec(self) -> Vec<Finding> {
        self.found
    }

    /// Reports a required field that is missing.
    pub fn required(&mut self, path: FieldPath, message: impl Into<String>, help: impl Into<String>) -> &mut Finding {
        self.report(Reason::Required, path, message, help)
    }

    /// Reports a value that is not valid.
    pub fn invalid(&mut self, path: FieldPath, message: impl Into<String>, help: impl Into<String>) -> &mut Finding {
        self.report(Reason::Invalid, path, message, help)
    }

    /// Reports a field that is not allowed next to another one.
    pub fn forbidden(&mut self, path: FieldPath, message: impl Into<String>, help: impl Into<String>) -> &mut Finding {
        self.report(Reason::Forbidden, path, message, help)
    }

    /// Reports a finding at the level of the running rule. A message of more than 120 characters is shortened.
    pub fn report(
        &mut self,
        reason: Reason,
        path: FieldPath,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> &mut Finding {
        self.drop_above_limit();
        let (message, help) = (shorten(on_one_line(message.into())), on_one_line(help.into()));
        let (rule, level) = (self.rule, self.level);
        let finding = Finding {
            rule,
            level,
            reason,
            path,
            is_about_key: false,
            within: None,
            message,
            help,
            fix: None,
            in_manifest: rule.scope == Scope::Offline,
            subject: None,
        };
        let index = self.found.len();
        self.found.push(finding);
        &mut self.found[index]
    }

    /// Drops the last finding if it exceeds [`MAX_FINDINGS`]. A rule may lower the level of a finding after reporting
    /// it, so this runs before the next finding is added. The first denial above the limit is kept, because it decides
    /// the verdict.
    fn drop_above_limit(&mut self) {
        if self.found.len() > self.before + MAX_FINDINGS {
            let denies = self.found.last().is_some_and(|last| last.level == Level::Deny);
            if denies && !self.denies_above_limit {
                self.denies_above_limit = true;
            } else {
                self.found.pop();
            }
        }
    }
}

/// Escapes line ends and control characters, which a quoted value may contain.
fn on_one_line(text: String) -> String {
    if let Cow::Owned(escaped) = path::on_one_line(&text) {
        return escaped;
    }
    text
}

/// The maximum length of a message in characters. Only quoted texts, such as a parser's error, make a message longer.
const MAX_MESSAGE: usize = 120;

fn shorten(mut message: String) -> String {
    let cut = message.char_indices().nth(MAX_MESSAGE).and_then(|_| message.char_indices().nth(MAX_MESSAGE - 1));
    if let Some((cut, _)) = cut {
        message.truncate(cut);
        message.push('…');
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ray::RayObject;
    use crate::rule::{Category, Cel, Input};
    use crate::settings::Settings;

    /// A rule that reports 3,000 findings, of which those at the indexes 2,000 and 2,500 are denials.
    static LONG: Rule = Rule {
        name: "long",
        summary: "",
        category: Category::Kuberay,
        level: Level::Deny,
        scope: Scope::Admission,
        since: "0.1.0",
        input: Input::Object,
        docs: "",
        cel: Cel::No("a test"),
        check: |_, findings| {
            for index in 0..3000 {
                let finding = findings.invalid(FieldPath::of(["spec"]).index(index), "is wrong", "write another");
                if index != 2000 && index != 2500 {
                    finding.at_most_warn();
                }
            }
        },
    };

    #[test]
    fn one_denial_above_the_limit_is_kept() {
        let json = serde_json::json!({"apiVersion": "ray.io/v1", "kind": "RayCluster"}).to_string();
        let json: Json<'_> = serde_json::from_str(&json).expect("JSON");
        let object = RayObject::read(&json).expect("a RayCluster");
        // The second run starts with the findings of the first one.
        let rules = [(&LONG, Level::Deny), (&LONG, Level::Deny)];
        let findings = Findings::collect(&Context::new(&object, &Settings::default()), rules);
        let denied = |findings: &[Finding]| findings.iter().filter(|finding| finding.level == Level::Deny).count();
        let (first, second) = findings.split_at(findings.len() / 2);
        for found in [first, second] {
            assert!((MAX_FINDINGS..MAX_FINDINGS + 3).contains(&found.len()), "{}", found.len());
            assert_eq!(denied(found), 1);
            assert_eq!(found[0].path.to_string(), "spec[0]");
        }
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(on_one_line("says \u{1b}[1mé\nx".to_owned()), "says \\u{1b}[1mé\\nx");
    }

    #[test]
    fn a_long_message_is_shortened() {
        for length in [0, MAX_MESSAGE - 1, MAX_MESSAGE] {
            assert_eq!(shorten("é".repeat(length)), "é".repeat(length));
        }
        assert_eq!(shorten("é".repeat(MAX_MESSAGE + 1)), format!("{}…", "é".repeat(MAX_MESSAGE - 1)));
    }
}
