//! Annotations of GitHub's workflows: commands in the log of a step, which GitHub shows beside the lines of a pull request.
//!
//! `::error file=…,line=…,col=…,endLine=…,endColumn=…,title=…::message`, with escapes as the runner takes them back
//! (actions/toolkit packages/core/src/command.ts; actions/runner src/Runner.Common/ActionCommand.cs).

use std::io::{self, Write};

use super::Form;
use super::place::Spot;
use crate::cli::report::{Report, Severity, Summary};

pub(super) struct Github;

impl Form for Github {
    fn report(&mut self, out: &mut dyn Write, report: &Report) -> io::Result<()> {
        for found in report.findings() {
            let command = match found.severity() {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "notice",
            };
            let spot = Spot::of(&found.file, found.template.as_deref(), Some(&found.place));
            annotate(out, command, &spot, found.finding.rule.name, &format!("{}: {}", found.object, found.line()))?;
        }
        for error in &report.errors {
            annotate(out, "error", &Spot::of(&error.file, None, error.place.as_deref()), "unreadable", &error.line())?;
        }
        Ok(())
    }

    fn end(&mut self, _: &mut dyn Write, _: &Summary) -> io::Result<()> {
        Ok(())
    }
}

fn annotate(out: &mut dyn Write, command: &str, spot: &Spot<'_>, title: &str, message: &str) -> io::Result<()> {
    write!(out, "::{command} file={}", property(&spot.file))?;
    if let Some(place) = spot.place {
        write!(out, ",line={},endLine={}", place.line, place.end_line)?;
        // The runner takes no columns of several lines.
        if place.line == place.end_line {
            write!(out, ",col={},endColumn={}", place.column, place.end_column)?;
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
