//! The Test Anything Protocol: every object is a test, and so is what could not be checked.
//!
//! It is version 13 that is written, which all that 14 has added is not needed for: Perl's own harness complains of 14.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::Form;
use crate::cli::report::{Checked, Found, Report, Severity, Summary, Unreadable};

pub(super) struct Tap {
    /// From which severity on a test has failed.
    bar: Option<Severity>,
    number: usize,
}

impl Tap {
    pub(super) fn new(bar: Option<Severity>) -> Self {
        Self { bar, number: 0 }
    }

    fn begin(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.number == 0 { out.write_all(b"TAP version 13\n") } else { Ok(()) }
    }

    fn test(&mut self, out: &mut dyn Write, is_ok: bool, name: &str, details: &[Value]) -> io::Result<()> {
        self.begin(out)?;
        self.number += 1;
        let outcome = if is_ok { "ok" } else { "not ok" };
        // What ends the line could begin another test.
        let name = name.replace(char::is_control, "\u{fffd}").replace('\\', "\\\\").replace('#', "\\#");
        writeln!(out, "{outcome} {} - {name}", self.number)?;
        if details.is_empty() {
            return Ok(());
        }
        // What is JSON is YAML.
        writeln!(out, "  ---\n  findings:")?;
        for detail in details {
            writeln!(out, "  - {detail}")?;
        }
        writeln!(out, "  ...")
    }
}

impl Form for Tap {
    fn report(&mut self, out: &mut dyn Write, report: &Report) -> io::Result<()> {
        for object in &report.objects {
            let details: Vec<_> = object.findings.iter().map(finding).collect();
            let Checked { file, object: name, .. } = object;
            self.test(out, !object.reaches(self.bar), &format!("{file}: {name}"), &details)?;
        }
        for error in &report.errors {
            self.test(out, false, &format!("{}: cannot be checked", error.file), &[unreadable(error)])?;
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write, _: &Summary) -> io::Result<()> {
        self.begin(out)?;
        writeln!(out, "1..{}{}", self.number, if self.number == 0 { " # SKIP no object of KubeRay's" } else { "" })
    }
}

fn finding(found: &Found) -> Value {
    json!({
        "severity": found.severity(),
        "rule": found.finding.rule.name,
        "at": format!("{}:{}:{}", found.file, found.place.line, found.place.column),
        "message": found.line(),
    })
}

fn unreadable(error: &Unreadable) -> Value {
    json!({"severity": "error", "at": error.at(), "message": error.line()})
}
