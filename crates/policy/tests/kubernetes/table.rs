//! Counts how often each check of Kubernetes fired, and how often rayguard found it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use rayguard_test_support::creation::{Refusal, Verdict};
use regex_lite::Regex;

use crate::location::steps;

/// How often one check fired and was found.
#[derive(Default)]
struct Row {
    fired: usize,
    found: usize,
}

/// Each check of Kubernetes that fired.
#[derive(Default)]
pub(crate) struct Table(BTreeMap<String, Row>);

impl Table {
    /// Counts an error that all versions return.
    pub(crate) fn count(&mut self, check: String, is_found: bool) {
        let row = self.0.entry(check).or_default();
        row.fired += 1;
        row.found += usize::from(is_found);
    }

    /// Returns how many errors fired, and how many of them were found.
    pub(crate) fn sums(&self) -> (usize, usize) {
        self.0.values().fold((0, 0), |(fired, found), row| (fired + row.fired, found + row.found))
    }

    /// Returns how many checks fired.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, " fired  found  error of Kubernetes")?;
        let row = |(check, row): (&String, &Row)| {
            let mark = if row.found < row.fired { '<' } else { ' ' };
            writeln!(formatter, "{:>6} {:>6}{mark} {check:.170}", row.fired, row.found)
        };
        self.0.iter().try_for_each(row)
    }
}

/// Returns the check that an error is of: the kind of object, the last names of the path, and the text without values.
pub(crate) fn check(error: &Refusal, verdict: &Verdict) -> String {
    static VALUES: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#""(?:[^"\\]|\\.)*"|'[^']*'|\{.*\}|\[.*\]|-?\d+(?:\.\d+)*(?:[KMGTPE]i?|m)?"#).expect("a pattern")
    });
    let names: Vec<_> =
        steps(&error.path).into_iter().filter(|step| step.chars().all(|letter| letter.is_ascii_alphabetic())).collect();
    let names = names[names.len().saturating_sub(2)..].join(".");
    let detail = match error.detail.split_once(": ") {
        // The value comes before the text, and may contain anything.
        Some((head, rest)) => match rest.rsplit_once(": ") {
            Some((_, tail)) if rest.len() > 40 => format!("{head}: {tail}"),
            _ => error.detail.clone(),
        },
        None => error.detail.clone(),
    };
    format!("{} {names}: {}", verdict.kind, VALUES.replace_all(&detail, "…"))
}
