//! The rules that stand for an error message of another program.

use std::cmp::Reverse;

use crate::pattern::{Line, Pattern};
use crate::rule::Rule;
use crate::rules::{self, RULES};

/// The programs whose errors name the kind of the object.
const NAMES_KIND: [&str; 2] = ["API server", "kubectl"];

/// The kinds of KubeRay's objects, and of the objects that KubeRay creates, in lower case.
const KINDS: [&str; 12] = [
    "raycluster",
    "rayservice",
    "rayjob",
    "raycronjob",
    "pod",
    "service",
    "job",
    "ingress",
    "persistentvolumeclaim",
    "networkpolicy",
    "gateway",
    "httproute",
];

/// Finds the rules that stand for error messages of kubectl, the API server, KubeRay, Ray and other programs.
pub struct Diagnosis {
    /// The messages of all rules, the likeliest first.
    messages: Vec<KnownMessage>,
}

struct KnownMessage {
    rule: &'static Rule,
    pattern: Pattern,
    names_kind: bool,
}

impl Default for Diagnosis {
    fn default() -> Self {
        Self::new()
    }
}

impl Diagnosis {
    /// Reads the messages in the documents of all rules.
    pub fn new() -> Self {
        let known = |rule: &'static Rule| {
            rule.messages().flat_map(move |message| {
                // A page in Markdown shows no backquotes, and a shell removes them.
                let without = message.text.contains('`').then(|| message.text.replace('`', ""));
                let patterns = [Some(Pattern::new(message.text)), without.map(|text| Pattern::new(&text))];
                let names_kind = NAMES_KIND.contains(&message.program);
                patterns.into_iter().flatten().map(move |pattern| KnownMessage { rule, pattern, names_kind })
            })
        };
        let mut messages: Vec<_> = RULES.iter().copied().flat_map(known).collect();
        messages.sort_by_key(|message| Reverse(message.pattern.weight()));
        Self { messages }
    }

    /// Returns the rules that stand for an error, each once, the likeliest first.
    ///
    /// First are rules that the text names, as rayguard's own messages do: `[rule]` or `(rule)`. The others follow by
    /// how much of the text their message covers. An error of the API server about an object of another kind, such as a
    /// Deployment, has no rule.
    pub fn rules_for(&self, error: &str) -> Vec<&'static Rule> {
        let line = Line::new(error);
        let named = line.texts().flat_map(named);
        let is_foreign = is_about_other_kind(&line);
        let messages = self.messages.iter().filter(|message| !(is_foreign && message.names_kind));
        let matching = messages.filter(|message| message.pattern.is_in(&line)).map(|message| message.rule);
        let mut found: Vec<&'static Rule> = Vec::new();
        for rule in named.chain(matching) {
            if !found.contains(&rule) {
                found.push(rule);
            }
        }
        found
    }
}

/// Returns the rules that a text names, as `[rule]` or `(rule)`.
fn named(text: &str) -> impl Iterator<Item = &'static Rule> {
    const SEVERITIES: [&str; 3] = ["error[", "warning[", "note["];
    let at_start = SEVERITIES
        .iter()
        .flat_map(move |severity| text.split(severity).skip(1).filter_map(|rest| rest.split(']').next()));
    // The webhook ends each finding with its rule, after the path and the help.
    let has_finding = text.contains("; ") && text.contains(": ");
    let at_end = text.split('(').skip(1).filter_map(|rest| rest.split(')').next()).filter(move |_| has_finding);
    at_start.chain(at_end).filter_map(rules::find)
}

/// Reports whether an error of the API server names a kind that KubeRay neither has nor creates, and no other kind.
fn is_about_other_kind(line: &Line) -> bool {
    let mut kinds = line.texts().flat_map(kinds).peekable();
    kinds.peek().is_some() && !kinds.any(|kind| KINDS.contains(&kind))
}

/// Returns the kinds in texts such as `Deployment.apps "web" is invalid`, `cannot be handled as a Deployment:` and
/// `Kind=Deployment)`, without their groups. The text is in lower case and has only single quotes.
fn kinds(text: &str) -> impl Iterator<Item = &str> {
    let invalid = text.match_indices("' is invalid:").filter_map(|(end, _)| {
        let before = &text[..end];
        before[..before.rfind('\'')?].trim_end().rsplit([' ', '\'']).next()
    });
    let after = |words: &'static str| text.match_indices(words).map(move |(at, _)| &text[at + words.len()..]);
    let named = invalid.chain(after("cannot be handled as a ")).chain(after(", kind="));
    named.filter_map(|rest| rest.split(|sign: char| !sign.is_ascii_alphanumeric()).next())
}
