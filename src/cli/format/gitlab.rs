//! GitLab's code quality report: a list of findings, which a merge request shows next to its lines (GitLab's
//! documentation, "Code Quality", "Code Quality report format").

use std::collections::HashMap;
use std::io::{self, Write};

use rayguard_check::report::{Report, Severity, Summary};
use serde_json::{Value, json};

use super::ReportWriter;
use super::items::Items;
use super::repository::{RepositoryLocation, fingerprint};

#[derive(Default)]
pub(super) struct GitLab {
    items: Items,
    /// The number of entries with each fingerprint. GitLab shows only one entry per fingerprint.
    seen: HashMap<String, usize>,
}

impl GitLab {
    fn write(&mut self, out: &mut dyn Write, entry: &Entry<'_>) -> io::Result<()> {
        let Entry { location, check, severity, description, identity } = entry;
        let mut fingerprint =
            fingerprint([&*location.file, check].into_iter().chain(identity.iter().map(|word| &**word)));
        let seen = self.seen.entry(fingerprint.clone()).or_default();
        if *seen > 0 {
            fingerprint = format!("{fingerprint}-{seen}");
        }
        *seen += 1;
        let begin = location.region.map_or(1, |region| region.line);
        let end = location.region.map_or(1, |region| region.end_line);
        let entry: Value = json!({
            "description": description,
            "check_name": check,
            "fingerprint": fingerprint,
            "severity": severity,
            "location": {"path": location.file, "lines": {"begin": begin, "end": end}},
        });
        self.items.write(out, 2, &entry)
    }
}

struct Entry<'e> {
    location: RepositoryLocation<'e>,
    check: &'e str,
    severity: &'static str,
    description: String,
    /// The part of the fingerprint that stays the same when lines move.
    identity: Vec<String>,
}

impl ReportWriter for GitLab {
    fn report(&mut self, out: &mut dyn Write, report: &Report) -> io::Result<()> {
        for reported in report.findings() {
            let severity = match reported.severity() {
                Severity::Error => "major",
                Severity::Warning => "minor",
                Severity::Note => "info",
            };
            let entry = Entry {
                location: RepositoryLocation::of(&reported.file, reported.template.as_deref(), Some(&reported.region)),
                check: reported.finding.rule.name,
                severity,
                description: format!("{}: {}", reported.object, reported.line()),
                identity: vec![reported.object.to_string(), reported.finding.path.to_string()],
            };
            self.write(out, &entry)?;
        }
        for error in &report.errors {
            let entry = Entry {
                location: RepositoryLocation::of(&error.file, None, error.region.as_deref()),
                check: "unreadable",
                severity: "critical",
                description: error.line(),
                identity: vec![error.message.clone()],
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
