//! The Test Anything Protocol. Every object is a test, and so is every file or document that could not be checked.
//!
//! The output is version 13, because Perl's own harness rejects version 14. The additions of version 14 are not needed.

use std::io::{self, Write};

use rayguard_check::report::{ObjectReport, Report, ReportedFinding, Severity, Summary, Unreadable};
use serde_json::{Value, json};

use super::ReportWriter;

pub(super) struct Tap {
    /// The least severity with which a test fails.
    threshold: Option<Severity>,
    number: usize,
}

impl Tap {
    pub(super) fn new(threshold: Option<Severity>) -> Self {
        Self { threshold, number: 0 }
    }

    fn begin(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.number == 0 { out.write_all(b"TAP version 13\n") } else { Ok(()) }
    }

    fn test(&mut self, out: &mut dyn Write, is_ok: bool, name: &str, details: &[Value]) -> io::Result<()> {
        self.begin(out)?;
        self.number += 1;
        let outcome = if is_ok { "ok" } else { "not ok" };
        // A line break in the name could start another test.
        let name = name.replace(char::is_control, "\u{fffd}").replace('\\', "\\\\").replace('#', "\\#");
        writeln!(out, "{outcome} {} - {name}", self.number)?;
        if details.is_empty() {
            return Ok(());
        }
        // The details are YAML, and JSON is YAML.
        writeln!(out, "  ---\n  findings:")?;
        for detail in details {
            writeln!(out, "  - {detail}")?;
        }
        writeln!(out, "  ...")
    }
}

impl ReportWriter for Tap {
    fn report(&mut self, out: &mut dyn Write, report: &Report) -> io::Result<()> {
        for object in &report.objects {
            let details: Vec<_> = object.findings.iter().map(finding).collect();
            let ObjectReport { file, object: name, .. } = object;
            self.test(out, !object.reaches(self.threshold), &format!("{file}: {name}"), &details)?;
        }
        for error in &report.errors {
            self.test(out, false, &format!("{}: cannot be checked", error.file), &[unreadable(error)])?;
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write, _: &Summary) -> io::Result<()> {
        self.begin(out)?;
        writeln!(out, "1..{}{}", self.number, if self.number == 0 { " # SKIP no KubeRay objects" } else { "" })
    }
}

fn finding(reported: &ReportedFinding) -> Value {
    let ReportedFinding { file, region, .. } = reported;
    json!({
        "severity": reported.severity(),
        "rule": reported.finding.rule.name,
        "at": format!("{file}:{}:{}", region.line, region.column),
        "message": reported.line(),
    })
}

fn unreadable(error: &Unreadable) -> Value {
    json!({"severity": "error", "at": error.location(), "message": error.line()})
}
