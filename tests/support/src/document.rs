//! A rule's document as a test: its headings, its examples, and the findings that the examples mark.

use std::fmt;

use rayguard_policy::rule::{Finding, Level, Rule};

/// An example of a document: a fenced block of YAML.
#[derive(Clone, Copy)]
pub struct Example {
    /// The rule whose document it is.
    pub rule: &'static Rule,
    /// The heading above it.
    pub heading: &'static str,
    /// The YAML.
    pub text: &'static str,
    /// The number of the document's line before its first line.
    pub line: usize,
}

/// The words that begin a mark.
const SEVERITIES: [&str; 3] = ["error", "warning", "note"];

/// A comment that marks an expected finding: `# error: path: fragment`, or `# warning[rule]: path: fragment` for
/// another rule.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The line of the example with the mark, from 1.
    pub line: usize,
    /// `error`, `warning` or `note`.
    pub severity: &'static str,
    /// The rule of the expected finding.
    pub rule: &'static str,
    /// The field path of the expected finding.
    pub path: String,
    /// A part of the expected message.
    pub fragment: String,
}

/// Returns the headings of a document, without the title and the leading `## `.
pub fn headings(rule: &Rule) -> Vec<&'static str> {
    prose(rule.docs).filter_map(|(_, line)| line.strip_prefix("## ")).collect()
}

/// Returns the lines of a document outside its examples, with their numbers.
pub fn prose(docs: &'static str) -> impl Iterator<Item = (usize, &'static str)> {
    let mut fenced = false;
    docs.lines().enumerate().filter(move |(_, line)| {
        let fence = line.starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// Returns the examples of a document.
pub fn examples(rule: &'static Rule) -> Vec<Example> {
    let mut examples = Vec::new();
    let (mut heading, mut start) = ("", None);
    let mut offset = 0;
    for (number, line) in rule.docs.lines().enumerate() {
        let next = offset + line.len() + 1;
        match start {
            None if line == "```yaml" => start = Some((next, number + 1)),
            None => heading = line.strip_prefix("## ").unwrap_or(heading),
            Some((from, before)) if line == "```" => {
                examples.push(Example { rule, heading, text: &rule.docs[from..offset], line: before });
                start = None;
            }
            Some(_) => {}
        }
        offset = next;
    }
    assert!(start.is_none(), "{}: an example does not end", rule.name);
    examples
}

/// Returns the blocks of YAML in any document.
pub fn yaml_blocks(document: &str) -> Vec<String> {
    let (mut blocks, mut block) = (Vec::new(), None::<String>);
    for line in document.lines() {
        let fence = line.trim_start().strip_prefix("```");
        match (&mut block, fence) {
            (None, Some(language)) if language.starts_with("yaml") => block = Some(String::new()),
            (Some(_), Some(_)) => blocks.extend(block.take()),
            (Some(block), None) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, _) => {}
        }
    }
    blocks
}

impl Example {
    /// Returns the findings that the example marks.
    pub fn marks(&self) -> Vec<Mark> {
        let lines = self.text.lines().enumerate();
        let comments =
            lines.flat_map(|(index, line)| line.split(" # ").skip(1).map(move |comment| (index + 1, comment)));
        let is_mark = |comment: &str| SEVERITIES.iter().any(|severity| comment.starts_with(severity));
        let marks = comments.filter(|(_, comment)| is_mark(comment));
        let marks = marks.map(|(line, comment)| {
            Mark::parse(line, comment.trim(), self.rule.name)
                .unwrap_or_else(|| panic!("{self}, line {}: not the form of a mark: {comment}", self.line + line))
        });
        marks.collect()
    }
}

impl fmt::Display for Example {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.rule.name.replace('-', "_");
        write!(formatter, "crates/policy/src/rules/{file}.md:{}, under {}", self.line + 1, self.heading)
    }
}

impl Mark {
    fn parse(line: usize, comment: &str, rule: &'static str) -> Option<Self> {
        let mut severities = SEVERITIES.into_iter();
        let (severity, rest) = severities.find_map(|name| Some((name, comment.strip_prefix(name)?)))?;
        let (rule, rest) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((name, rest)) => (rayguard_policy::rules::find(name)?.name, rest),
            None => (rule, rest),
        };
        let (path, fragment) = rest.strip_prefix(": ")?.split_once(": ")?;
        Some(Self { line, severity, rule, path: path.to_owned(), fragment: fragment.to_owned() })
    }

    /// Returns the mark of a finding with its complete message.
    pub fn of(finding: &Finding, line: usize) -> Self {
        let severity = match finding.level {
            Level::Deny => "error",
            Level::Warn => "warning",
            Level::Audit | Level::Off => "note",
        };
        let (path, fragment) = (finding.path.to_string(), finding.message.clone());
        Self { line, severity, rule: finding.rule.name, path, fragment }
    }

    /// Returns whether a finding, as a mark, matches this mark.
    pub fn is_matched_by(&self, finding: &Self) -> bool {
        (self.line, self.severity, self.rule, &self.path)
            == (finding.line, finding.severity, finding.rule, &finding.path)
            && finding.fragment.contains(&self.fragment)
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, severity, rule, path, fragment } = self;
        write!(formatter, "line {line}: # {severity}[{rule}]: {path}: {fragment}")
    }
}
