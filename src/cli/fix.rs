//! `check --fix` and `default --in-place`: change files in place, and keep everything else in them as it is.

mod diff;
mod file;

use std::collections::HashSet;

use clap::Args;
use rayguard_check::fix::{Changed, Unfixed, with_defaults, with_fixes};
use rayguard_check::report::Unreadable;
use rayguard_manifest::yaml::{self, Lines};
use rayguard_policy::kuberay::Kind;
use rayguard_policy::policy::Policy;

use super::format::{Format, OutputTo};
use super::source::Source;
use super::text::{self, TextRenderer};
use super::{CliError, Input, Status, output};
pub(super) use diff::coloured;

/// The arguments of `check` that change files.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct FixArgs {
    /// Fix findings in the files, where there is one safe fix
    ///
    /// Comments, order, quotes and indentation are kept; `rayguard rules` shows which rules can fix. The remaining
    /// findings are reported, and decide the exit status. If the standard input is fixed, the fixed text goes to the
    /// standard output, and the findings to the standard error.
    #[cfg_attr(feature = "server", arg(conflicts_with = "cluster"))]
    #[arg(long)]
    fix: bool,

    /// With --fix, print the changes as a unified diff, and write nothing
    ///
    /// No findings are reported. Exits with 1 if there are changes.
    #[cfg_attr(feature = "server", arg(conflicts_with = "cluster"))]
    #[arg(long, requires = "fix", conflicts_with_all = ["output", "require_ray"])]
    diff: bool,
}

/// The result of a change.
#[derive(Debug)]
pub(super) struct Fixed {
    /// The number of findings that were fixed.
    count: usize,
    /// The standard input after the change, if it was read.
    stdin: Option<Vec<u8>>,
    /// The exit status as it is known so far.
    pub(super) status: Status,
}

impl FixArgs {
    /// Fixes the files, or shows the changes; returns `None` without `--fix`. `outputs` are those of the findings.
    ///
    /// # Errors
    ///
    /// An output would mix with the fixed text, or something cannot be written.
    pub(super) fn run(self, policy: &Policy, input: &Input, outputs: &[OutputTo]) -> Result<Option<Fixed>, CliError> {
        if !self.fix {
            return Ok(None);
        }
        let is_data = |output: &OutputTo| output.format != Format::Text && output.is_stdout();
        if reads_stdin(input) && !self.diff && outputs.iter().any(is_data) {
            let message = "--fix writes the fixed text to the standard output; write --output FORMAT=FILE";
            return Err(CliError::Usage(message.to_owned()));
        }
        let mut fixed = Fixed { count: 0, stdin: None, status: Status::Clean };
        let run = Run::new(input, self.diff, self.diff, false);
        run.change(&mut fixed, |text| with_fixes(text, policy, input.namespace()))?;
        Ok(Some(fixed))
    }

    /// Reports whether the changes are only shown.
    pub(super) fn is_dry_run(self) -> bool {
        self.diff
    }
}

impl Fixed {
    /// Returns the changed standard input, which cannot be read again.
    pub(super) fn read(&self, source: &Source) -> Option<Vec<u8>> {
        self.stdin.clone().filter(|_| matches!(source, Source::Stdin(_)))
    }

    /// Reports whether the fixed text is on the standard output.
    pub(super) fn is_on_stdout(&self) -> bool {
        self.stdin.is_some()
    }

    /// Returns the summary of a dry run.
    pub(super) fn preview(&self) -> String {
        format!("would fix {}\n", self.count)
    }

    /// Returns the summary. `left` is the number of findings that are left.
    pub(super) fn summary(&self, left: usize) -> String {
        format!("fixed {}, {left} left\n", self.count)
    }
}

/// Writes the defaults into files.
///
/// # Errors
///
/// The standard input cannot be changed in place, or something cannot be written.
pub(super) fn in_place(policy: &Policy, input: &Input, diff: bool) -> Result<Status, CliError> {
    if reads_stdin(input) {
        let message = "--in-place requires files, not the standard input; without it, the text is printed";
        return Err(CliError::Usage(message.to_owned()));
    }
    let mut fixed = Fixed { count: 0, stdin: None, status: Status::Clean };
    let run = Run::new(input, diff, true, true);
    run.change(&mut fixed, |text| with_defaults(text, policy, input.namespace()))?;
    Ok(fixed.status)
}

fn reads_stdin(input: &Input) -> bool {
    input.paths.is_empty() || input.paths.iter().any(|path| path.as_os_str() == "-")
}

/// A change of several files.
struct Run<'r> {
    input: &'r Input,
    /// Whether the changes are only shown.
    diff: bool,
    /// Whether unreadable files are reported here. A check that follows reports them otherwise.
    reports_errors: bool,
    /// Whether a change that is not possible leaves the run incomplete. A check that follows reports a finding that is
    /// left.
    requires_all: bool,
    errors: TextRenderer,
}

impl<'r> Run<'r> {
    fn new(input: &'r Input, diff: bool, reports_errors: bool, requires_all: bool) -> Self {
        Self { input, diff, reports_errors, requires_all, errors: TextRenderer::styled(None) }
    }

    /// Changes each file, or shows its changes.
    fn change(&self, fixed: &mut Fixed, change: impl Fn(&str) -> Changed) -> Result<(), CliError> {
        let (sources, _) = self.input.sources()?;
        let mut known = HashSet::new();
        // A file with several names is changed only once.
        let is_new = |source: &Result<Source, Unreadable>| match source {
            Ok(Source::File(path)) => file::identity(path).is_none_or(|file| known.insert(file)),
            _ => true,
        };
        for source in sources.filter(is_new) {
            match source.and_then(|source| source.read().map(|bytes| (source, bytes))) {
                Ok((source, bytes)) => self.one(&source, bytes, fixed, &change)?,
                Err(unreadable) => self.fail(&unreadable, fixed),
            }
        }
        Ok(())
    }

    fn one(
        &self,
        source: &Source,
        bytes: Vec<u8>,
        fixed: &mut Fixed,
        change: impl Fn(&str) -> Changed,
    ) -> Result<(), CliError> {
        let name = source.name();
        let text = match yaml::decode(&bytes) {
            Ok(text) => text,
            Err(error) => {
                self.fail(&Unreadable::encoding(&name, &error), fixed);
                if matches!(source, Source::Stdin(_)) && !self.diff {
                    output::raw(&bytes)?;
                    fixed.stdin = Some(bytes);
                }
                return Ok(());
            }
        };
        if self.reports_errors {
            let lines = Lines::of(text);
            for section in yaml::sections(text).filter(|section| Kind::is_named_in(section.text())) {
                for error in section.documents.iter().filter_map(|document| document.as_ref().err()) {
                    self.fail(&Unreadable::document(&name, &lines, error), fixed);
                }
            }
        }
        let changed = change(text);
        changed.unfixed.iter().for_each(|unfixed| report_unfixed(&name, unfixed));
        if self.requires_all && !changed.unfixed.is_empty() {
            fixed.status = Status::Unchecked;
        }
        let is_changed = changed.text != text;
        match source {
            _ if self.diff && is_changed => {
                fixed.status = fixed.status.max(Status::Denied);
                fixed.count += changed.count;
                diff::show(text, &changed.text, &name)?;
            }
            _ if self.diff => {}
            Source::Stdin(_) => {
                output::raw(changed.text.as_bytes())?;
                fixed.count += changed.count;
                fixed.stdin = Some(changed.text.into_bytes());
            }
            Source::File(path) if is_changed => match file::replace(path, &bytes, changed.text.as_bytes()) {
                Ok(()) => fixed.count += changed.count,
                Err(error) => {
                    output::message(&text::error(&format!("{name}: not written: {error}")));
                    fixed.status = Status::Unchecked;
                }
            },
            Source::File(_) => {}
        }
        Ok(())
    }

    /// Reports a file or a document that cannot be read. It is not changed.
    fn fail(&self, unreadable: &Unreadable, fixed: &mut Fixed) {
        if self.reports_errors {
            output::message(&self.errors.unreadable(unreadable));
            fixed.status = Status::Unchecked;
        }
    }
}

/// Reports a change that is not possible.
fn report_unfixed(name: &str, Unfixed { what, location, reason }: &Unfixed) {
    let message = format!("{name}:{}:{}: not fixed: {what}: {reason}", location.start.line, location.start.column);
    output::message(&text::note(&message));
}
