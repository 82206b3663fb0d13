//! Annotations of GitHub workflows: commands in the log of a step, which GitHub shows next to the lines of a pull
//! request.
//!
//! `::error file=…,line=…,col=…,endLine=…,endColumn=…,title=…::message`, with the escapes that the runner decodes
//! (actions/toolkit packages/core/src/command.ts; actions/runner src/Runner.Common/ActionCommand.cs).

use std::io::{self, Write};

use rayguard_check::report::{Report, Severity, Summary};

use super::ReportWriter;
use super::repository::RepositoryLocation;

pub(super) struct Github;

impl ReportWriter for Github {
    fn report(&mut self, out: &mut dyn Write, report: &Report) -> io::Result<()> {
        for reported in report.findings() {
            let command = match reported.severity() {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "notice",
            };
            let location = RepositoryLocation::of(&reported.file, reported.template.as_deref(), Some(&reported.region));
            annotate(
                out,
                command,
                &location,
                reported.finding.rule.name,
                &format!("{}: {}", reported.object, reported.line()),
            )?;
        }
        for error in &report.errors {
            let location = RepositoryLocation::of(&error.file, None, error.region.as_deref());
            annotate(out, "error", &location, "unreadable", &error.line())?;
        }
        Ok(())
    }

    fn end(&mut self, _: &mut dyn Write, _: &Summary) -> io::Result<()> {
        Ok(())
    }
}

fn annotate(
    out: &mut dyn Write,
    command: &str,
    location: &RepositoryLocation<'_>,
    title: &str,
    message: &str,
) -> io::Result<()> {
    write!(out, "::{command} file={}", property(&location.file))?;
    if let Some(region) = location.region {
        write!(out, ",line={},endLine={}", region.line, region.end_line)?;
        // The runner rejects columns if the region has several lines.
        if region.line == region.end_line {
            write!(out, ",col={},endColumn={}", region.column, region.end_column)?;
        }
    }
    writeln!(out, ",title={}::{}", property(title), data(message))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
