//! What `check` tells people.

use std::io::{self, Write};

use super::Form;
use crate::cli::report::{Report, Summary};

pub(super) struct Text;

impl Form for Text {
    fn report(&mut self, out: &mut dyn Write, report: &Report) -> io::Result<()> {
        out.write_all(report.text.as_bytes())?;
        if report.errors.is_empty() {
            return Ok(());
        }
        out.flush() // so that what is said of one file stays together on a terminal
    }

    fn end(&mut self, _: &mut dyn Write, _: &Summary) -> io::Result<()> {
        Ok(())
    }
}
