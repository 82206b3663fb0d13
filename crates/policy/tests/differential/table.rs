//! Counts how often each check of KubeRay fired.

use std::collections::BTreeSet;
use std::fmt;

use rayguard_policy::pattern::{Line, Pattern};
use rayguard_policy::rules::RULES;

use crate::verdict::stand_for;

/// How often a check must have fired to count as tested.
pub(crate) const ENOUGH: usize = 20;

/// One error that KubeRay can return.
struct Row {
    /// The error's text in KubeRay's source.
    message: String,
    /// The parts of the text that do not vary.
    parts: Vec<String>,
    fired: usize,
}

impl Row {
    /// Returns whether an error is this one or contains it.
    fn matches(&self, error: &str) -> bool {
        let mut parts = self.parts.iter();
        parts.try_fold(error, |rest, part| Some(rest.split_once(part.as_str())?.1)).is_some()
    }

    /// Returns the rules that correspond to the error.
    fn rules(&self) -> BTreeSet<&'static str> {
        stand_for(&self.message).map(|(rule, _)| rule.name).collect()
    }
}

pub(crate) struct Table(Vec<Row>);

impl Table {
    /// Creates a table of the error texts in KubeRay's source.
    pub(crate) fn new(messages: Vec<String>) -> Self {
        let row = |message: String| {
            let parts: Vec<_> = parts(&message).into_iter().map(str::to_owned).collect();
            Row { message, parts, fired: 0 }
        };
        let mut rows: Vec<_> = messages.into_iter().map(row).filter(|row| !row.parts.is_empty()).collect();
        rows.sort_by(|a, b| a.message.cmp(&b.message));
        rows.dedup_by(|a, b| a.message == b.message);
        Self(rows)
    }

    /// Counts an error of KubeRay. If one error contains another, both are counted.
    pub(crate) fn count(&mut self, error: &str) {
        self.0.iter_mut().filter(|row| row.matches(error)).for_each(|row| row.fired += 1);
    }

    /// Returns the error's text in KubeRay's source. If one error contains another, returns the inner one.
    pub(crate) fn message(&self, error: &str) -> Option<&str> {
        let rows = self.0.iter().filter_map(|row| Some((error.find(row.parts.first()?.as_str())?, row)));
        let innermost = rows.filter(|(_, row)| row.matches(error)).max_by_key(|(at, row)| (*at, row.message.len()));
        innermost.map(|(_, row)| &*row.message)
    }

    /// Returns the rows with a problem: checks that fired too rarely, and checks that two rules correspond to.
    pub(crate) fn faults(&self) -> Vec<String> {
        let is_shared = |row: &&Row| row.rules().len() > 1;
        self.0.iter().filter(|row| row.fired < ENOUGH || is_shared(row)).map(Row::to_string).collect()
    }
}

/// Returns the texts in the documents of all rules that identify KubeRay's errors.
fn references() -> impl Iterator<Item = (&'static str, &'static str)> {
    RULES.iter().flat_map(|rule| rule.validator_errors().map(|text| (rule.name, text)))
}

/// Returns the constant parts of a Go format string, without the spaces around them.
fn parts(format: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = format;
    while let Some((part, varies)) = rest.split_once('%') {
        parts.push(part);
        // Every verb in these formats is one letter.
        rest = varies.get(1..).unwrap_or_default();
    }
    parts.push(rest);
    parts.into_iter().map(str::trim).filter(|part| part.contains(char::is_alphabetic)).collect()
}

impl fmt::Display for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An error that only wraps another one needs no rule.
        let rules: Vec<_> = self.rules().into_iter().collect();
        let rules = if rules.is_empty() { "-".to_owned() } else { rules.join(", ") };
        let message: String = self.message.chars().take(110).collect();
        write!(formatter, "{:>6}  {rules:<32}  {message}", self.fired)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, " fired  {:<32}  error of KubeRay", "rule")?;
        self.0.iter().try_for_each(|row| writeln!(formatter, "{row}"))?;
        let is_here = |text: &str| self.0.iter().any(|row| Pattern::new(text).is_in(&Line::new(&row.message)));
        let later = references().filter(|(_, reference)| !is_here(reference));
        for (rule, reference) in later {
            writeln!(formatter, "     -  {rule:<32}  {reference} (not in this version)")?;
        }
        Ok(())
    }
}
