//! GitLab's report on code quality: a list of what is wrong, which a merge request shows beside its lines
//! (GitLab's documentation, "Code Quality", "Code Quality report format").

use std::collections::HashMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::Form;
use super::items::Items;
use super::place::{Spot, fingerprint};
use crate::cli::report::{Report, Severity, Summary};

#[derive(Default)]
pub(super) struct GitLab {
    items: Items,
    /// How often a fingerprint has come: GitLab shows only one of each.
    seen: HashMap<String, usize>,
}

impl GitLab {
    fn write(&mut self, out: &mut dyn Write, entry: &Entry<'_>) -> io::Result<()> {
        let Entry { spot, check, severity, description, words } = entry;
        let mut fingerprint = fingerprint([&*spot.file, check].into_iter().chain(words.iter().map(|word| &**word)));
        let seen = self.seen.entry(fingerprint.clone()).or_default();
        if *seen > 0 {
            fingerprint = format!("{fingerprint}-{seen}");
        }
        *seen += 1;
        let begin = spot.place.map_or(1, |place| place.line);
        let end = spot.place.map_or(1, |place| place.end_line);
        let entry: Value = json!({
            "description": description,
            "check_name": check,
            "fingerprint": fingerprint,
            "severity": severity,
            "location": {"path": spot.file, "lines": {"begin": begin, "end": end}},
        });
        self.items.write(out, 2, &entry)
    }
}

struct Entry<'e> {
    spot: Spot<'e>,
    check: &'e str,
    severity: &'static str,
    description: String,
    /// What makes it the same as another time, though lines have moved.
    words: Vec<String>,
}

impl Form for GitLab {
    fn report(&mut self, out: &mut dyn Write, report: &Report) -> io::Result<()> {
        for found in report.findings() {
            let severity = match found.severity() {
                Severity::Error => "major",
                Severity::Warning => "minor",
                Severity::Note => "info",
            };
            let entry = Entry {
                spot: Spot::of(&found.file, found.template.as_deref(), Some(&found.place)),
                check: found.finding.rule.name,
                severity,
                description: format!("{}: {}", found.object, found.line()),
                words: vec![found.object.to_string(), found.finding.path.to_string()],
            };
            self.write(out, &entry)?;
        }
        for error in &report.errors {
            let entry = Entry {
                spot: Spot::of(&error.file, None, error.place.as_deref()),
                check: "unreadable",
                severity: "critical",
                description: error.line(),
                words: vec![error.message.clone()],
            };
            self.write(out, &entry)?;
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write, _: &Summary) -> io::Result<()> {
        self.items.end(out, 0)?;
        out.write_all(b"\n")
    }
}
