//! What `check` tells people.

use std::io::{self, Write};

use anstream::adapter::strip_str;

use super::Form;
use crate::cli::report::{Report, Summary};

pub(super) struct Text {
    /// Whether it may have colours, if those who run the command want them.
    pub(super) has_colours: bool,
}

impl Form for Text {
    fn report(&mut self, out: &mut dyn Write, report: &Report) -> io::Result<()> {
        if self.has_colours {
            out.write_all(report.text.as_bytes())?;
        } else {
            write!(out, "{}", strip_str(&report.text))?;
        }
        if report.errors.is_empty() {
            return Ok(());
        }
        out.flush() // so that what is said of one file stays together on a terminal
    }

    fn end(&mut self, _: &mut dyn Write, _: &Summary) -> io::Result<()> {
        Ok(())
    }
}
