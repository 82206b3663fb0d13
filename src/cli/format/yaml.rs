//! YAML for other programs, with the content of the JSON format.

use std::io::{self, Write};

use rayguard_check::report::{Report, Summary, Unreadable};
use serde::Serialize;

use super::ReportWriter;

#[derive(Default)]
pub(super) struct Yaml {
    has_findings: bool,
    errors: Vec<Unreadable>,
}

impl ReportWriter for Yaml {
    fn report(&mut self, out: &mut dyn Write, report: &Report) -> io::Result<()> {
        for finding in report.findings() {
            if !std::mem::replace(&mut self.has_findings, true) {
                out.write_all(b"findings:\n")?;
            }
            out.write_all(to_yaml(&[finding])?.as_bytes())?;
        }
        self.errors.extend(report.errors.iter().cloned());
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
        #[derive(Serialize)]
        struct Rest<'r> {
            errors: &'r [Unreadable],
            summary: &'r Summary,
        }

        if !self.has_findings {
            out.write_all(b"findings: []\n")?;
        }
        out.write_all(to_yaml(&Rest { errors: &self.errors, summary })?.as_bytes())
    }
}

fn to_yaml(value: &impl Serialize) -> io::Result<String> {
    let options = serde_saphyr::ser_options! { folded_wrap_chars: usize::MAX };
    serde_saphyr::to_string_with_options(value, options).map_err(io::Error::other)
}
