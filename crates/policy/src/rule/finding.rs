//! The findings of rules.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use rayguard_manifest::fix::{Edit, Fix};
use rayguard_manifest::json::Json;
use rayguard_manifest::path::{self, FieldPath};

use super::{Level, Rule};
use crate::context::Context;
use crate::reason::Reason;

/// One rule's statement about one place of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule that says it.
    pub rule: &'static Rule,
    /// What is done about it.
    pub level: Level,
    /// The kind of fault.
    pub reason: Reason,
    /// The field to change, or the one to add.
    pub path: FieldPath,
    /// Where the field holds a document of its own: the stretch of its text that this is about, in bytes.
    pub within: Option<Range<usize>>,
    /// What is wrong: lower case, one line, no full stop.
    pub message: String,
    /// What to write instead: an instruction, one line, no full stop.
    pub help: String,
    /// The change that fixes it, where there is one safe answer.
    pub fix: Option<Fix>,
    /// What the finding is about, where that is not in the object alone: of two findings at one path, only those about the
    /// same are one violation.
    pub subject: Option<Box<str>>,
}

impl Finding {
    /// Says which stretch of the field's text it is about, in bytes.
    pub fn within(&mut self, stretch: &Range<usize>) {
        self.within = Some(stretch.clone());
    }

    /// Keeps the whole message, even if it is long: what it names is bounded, and useless in part.
    pub(crate) fn in_full(&mut self, message: String) -> &mut Self {
        self.message = on_one_line(message);
        self
    }

    /// Sets the subject.
    pub(crate) fn about(&mut self, subject: &str) {
        self.subject = Some(subject.into());
    }

    /// Lowers the level of this one finding to a warning: it is advice, or not certain enough to refuse an object.
    pub fn at_most_warn(&mut self) {
        self.level = self.level.min(Level::Warn);
    }
}

/// What a rule adds to a finding that has one safe answer.
impl Finding {
    /// It is mended by another value, or by one where there is none.
    pub fn fix_by_value(&mut self, path: FieldPath, value: impl Into<Json<'static>>) -> &mut Self {
        self.fix_by(Edit::Set { path, value: value.into() })
    }

    /// It is mended by another key.
    pub fn fix_by_name(&mut self, path: FieldPath, name: impl Into<String>) -> &mut Self {
        self.fix_by(Edit::Rename { path, name: name.into() })
    }

    /// It is mended once this is gone.
    pub fn fix_by_removal(&mut self, path: FieldPath) -> &mut Self {
        self.fix_by(Edit::Remove { path })
    }

    /// It is mended by this change, and by those named before.
    pub fn fix_by(&mut self, edit: Edit) -> &mut Self {
        self.fix.get_or_insert_default().edits.push(edit);
        self
    }
}

impl fmt::Display for Finding {
    /// One line: field path first, what to write last.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}; {} ({})", self.path, self.message, self.help, self.rule.name)
    }
}

/// How many findings of one rule are kept of an object: more than anyone mends at once. A few bytes of an object can be
/// found fault with a thousand times over, and each finding is much longer than what it is about.
pub const MAX_FINDINGS: usize = 1000;

/// The findings of all rules on one object.
#[derive(Debug)]
pub struct Findings {
    rule: &'static Rule,
    level: Level,
    found: Vec<Finding>,
    /// How many the rules before have found.
    before: usize,
    /// Whether one beyond the most is kept, for it denies.
    denies_beyond: bool,
}

impl Findings {
    /// Runs every rule whose level in the policy is not `off`.
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

    /// None yet, of one rule.
    pub(crate) fn of(rule: &'static Rule, level: Level) -> Self {
        Self { rule, level, found: Vec::new(), before: 0, denies_beyond: false }
    }

    /// The level at which the running rule works.
    pub(crate) fn level(&self) -> Level {
        self.level
    }

    /// All of them.
    pub(crate) fn into_vec(self) -> Vec<Finding> {
        self.found
    }

    /// Reports a field that has to be there and is not.
    pub fn required(&mut self, path: FieldPath, message: impl Into<String>, help: impl Into<String>) -> &mut Finding {
        self.report(Reason::Required, path, message, help)
    }

    /// Reports a value that cannot be meant.
    pub fn invalid(&mut self, path: FieldPath, message: impl Into<String>, help: impl Into<String>) -> &mut Finding {
        self.report(Reason::Invalid, path, message, help)
    }

    /// Reports a field that must not be there beside something else.
    pub fn forbidden(&mut self, path: FieldPath, message: impl Into<String>, help: impl Into<String>) -> &mut Finding {
        self.report(Reason::Forbidden, path, message, help)
    }

    /// Reports a finding at the running rule's level.
    pub fn report(
        &mut self,
        reason: Reason,
        path: FieldPath,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> &mut Finding {
        self.drop_beyond_most();
        let (message, help) = (short(on_one_line(message.into())), on_one_line(help.into()));
        let finding =
            Finding { rule: self.rule, level: self.level, reason, path, within: None, message, help, fix: None, subject: None };
        let index = self.found.len();
        self.found.push(finding);
        &mut self.found[index]
    }

    /// Drops the last finding if it is one too many. A rule may lower the level of what it has just reported, so this can
    /// only be told when the next one comes. One denial is kept wherever it is found, for it decides.
    fn drop_beyond_most(&mut self) {
        if self.found.len() > self.before + MAX_FINDINGS {
            let denies = self.found.last().is_some_and(|last| last.level == Level::Deny);
            if denies && !self.denies_beyond {
                self.denies_beyond = true;
            } else {
                self.found.pop();
            }
        }
    }
}

/// A text without what would end the line or steer a terminal, which may come from a value that is quoted.
fn on_one_line(text: String) -> String {
    if let Cow::Owned(escaped) = path::on_one_line(&text) {
        return escaped;
    }
    text
}

/// The longest message in characters. What a rule says itself is shorter; what it quotes, as a parser's words, may not be.
const LONGEST: usize = 120;

fn short(mut message: String) -> String {
    let cut = message.char_indices().nth(LONGEST).and_then(|_| message.char_indices().nth(LONGEST - 1));
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
    use crate::rule::{Category, Cel, Input, Scope};
    use crate::settings::Settings;

    /// Warns of 3,000 things, and refuses two behind many of them.
    static LONG: Rule = Rule {
        name: "long",
        summary: "",
        category: Category::Kuberay,
        level: Level::Deny,
        scope: Scope::Admission,
        since: "0.1.0",
        input: Input::Object,
        reference: &[],
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
    fn of_more_findings_than_are_kept_a_denial_is_never_dropped() {
        let json = serde_json::json!({"apiVersion": "ray.io/v1", "kind": "RayCluster"}).to_string();
        let json: Json<'_> = serde_json::from_str(&json).expect("JSON");
        let object = RayObject::read(&json).expect("a RayCluster");
        // The second time, there are findings from before.
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
    fn what_is_quoted_stays_on_the_line() {
        assert_eq!(on_one_line("says \u{1b}[1mé\nx".to_owned()), "says \\u{1b}[1mé\\nx");
    }

    #[test]
    fn a_message_that_quotes_much_is_cut() {
        for length in [0, LONGEST - 1, LONGEST] {
            assert_eq!(short("é".repeat(length)), "é".repeat(length));
        }
        assert_eq!(short("é".repeat(LONGEST + 1)), format!("{}…", "é".repeat(LONGEST - 1)));
    }
}
