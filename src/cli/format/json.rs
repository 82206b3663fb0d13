//! JSON for other programs: one object with findings, errors and summary.

use std::io::{self, Write};

use rayguard_check::report::{Report, Summary, Unreadable};

use super::ReportWriter;
use super::items::{Items, indented};

#[derive(Default)]
pub(super) struct Json {
    findings: Items,
    is_begun: bool,
    errors: Vec<Unreadable>,
}

impl Json {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if !std::mem::replace(&mut self.is_begun, true) {
            out.write_all(b"{\n  \"findings\": ")?;
        }
        Ok(())
    }
}

impl ReportWriter for Json {
    fn report(&mut self, out: &mut dyn Write, report: &Report) -> io::Result<()> {
        self.begin(out)?;
        for finding in report.findings() {
            self.findings.write(out, 4, finding)?;
        }
        self.errors.extend(report.errors.iter().cloned());
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
        self.begin(out)?;
        self.findings.end(out, 2)?;
        let errors = serde_json::to_string_pretty(&self.errors)?;
        let summary = serde_json::to_string_pretty(summary)?;
        writeln!(out, ",\n  \"errors\": {},\n  \"summary\": {}\n}}", indented(&errors, 2), indented(&summary, 2))
    }
}
