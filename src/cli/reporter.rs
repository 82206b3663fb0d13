//! The output of a check while it runs.

use rayguard_check::report::{Report, Severity, Summary};

use super::format::{OutputTo, Outputs};
use super::progress::Progress;
use super::text::TextRenderer;
use super::{CliError, output};

/// Writes each report to all outputs, and its errors to the standard error.
pub(super) struct Reporter {
    outputs: Outputs,
    pub(super) progress: Progress,
    errors: TextRenderer,
}

impl Reporter {
    /// Opens the outputs. `threshold` is the least severity that counts as a failure.
    ///
    /// # Errors
    ///
    /// An output file cannot be opened.
    pub(super) fn open(
        outputs: &[OutputTo],
        threshold: Option<Severity>,
        progress: Progress,
    ) -> Result<Self, CliError> {
        let errors = TextRenderer::styled(output::terminal_width());
        Ok(Self { outputs: Outputs::open(outputs, threshold)?, progress, errors })
    }

    /// Writes reports, and returns their summary.
    ///
    /// # Errors
    ///
    /// An output cannot be written.
    pub(super) fn report(&mut self, reports: &mut dyn Iterator<Item = Report>) -> Result<Summary, CliError> {
        let mut summary = Summary::default();
        for report in reports {
            let Self { outputs, progress, errors } = self;
            if report.errors.is_empty() && report.findings().next().is_none() {
                outputs.report(&report)?;
            } else {
                // The progress bar must not be on the terminal while something else is printed there.
                progress.suspend(|is_shown| {
                    outputs.report(&report)?;
                    report.errors.iter().for_each(|error| output::message(&errors.unreadable(error)));
                    if is_shown { outputs.flush() } else { Ok(()) }
                })?;
            }
            summary.add(&report.summary);
            self.progress.advance();
        }
        Ok(summary)
    }

    /// Completes all outputs.
    ///
    /// # Errors
    ///
    /// An output cannot be written.
    pub(super) fn end(self, summary: &Summary) -> Result<(), CliError> {
        Ok(self.outputs.end(summary)?)
    }
}
