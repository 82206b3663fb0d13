//! `check --fix` and `default --in-place`: texts that are changed where they are, and nowhere else.

mod defaults;
mod diff;
mod file;
mod mend;

use std::collections::HashSet;
use std::fmt::Display;

use clap::Args;
use rayguard_manifest::yaml::{self, Document, Lines, Location};
use rayguard_policy::policy::Outcome;
use rayguard_policy::policy::Policy;

pub(super) use diff::coloured;

use super::format::{Format, OutputTo};
use super::report::Unreadable;
use super::source::Source;
use super::text::{self, TextView};
use super::{CliError, Input, Status, object, output};
use defaults::defaulted;
use mend::mended;

/// Whether to change what is checked.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct FixArgs {
    /// Write into the files what mends a finding, where there is one safe answer
    ///
    /// Comments, order, quotes and indentation stay as they are; `rayguard rules` shows which rules can fix. What is left
    /// is then reported, and decides the exit status. Of the standard input, the fixed text goes to the standard output,
    /// and the findings to the standard error.
    #[arg(long)]
    fix: bool,

    /// With --fix, write nothing, and show as a unified diff what would be written
    ///
    /// No findings are reported. Exits with 1 if there would be changes.
    #[arg(long, requires = "fix", conflicts_with_all = ["output", "require_ray"])]
    diff: bool,
}

/// What came of the texts.
#[derive(Debug)]
pub(super) struct Fixed {
    /// How many findings were mended.
    count: usize,
    /// The standard input, if it was read, as it is now.
    stdin: Option<Vec<u8>>,
    /// How the command ends, as far as that is known.
    pub(super) status: Status,
}

impl FixArgs {
    /// Fixes the texts, or shows what would be fixed; nothing unless that is asked for.
    /// `outputs` is where findings are to go.
    pub(super) fn run(self, policy: &Policy, input: &Input, outputs: &[OutputTo]) -> Result<Option<Fixed>, CliError> {
        if !self.fix {
            return Ok(None);
        }
        let is_data = |output: &OutputTo| output.format != Format::Text && output.is_stdout();
        if reads_stdin(input) && !self.diff && outputs.iter().any(is_data) {
            let message = "--fix writes the standard input to the standard output; write --output FORMAT=FILE";
            return Err(CliError::Usage(message.to_owned()));
        }
        let mut fixed = Fixed { count: 0, stdin: None, status: Status::Clean };
        let run = Run { input, diff: self.diff, tells: self.diff };
        run.change(&mut fixed, |text, name| mended(text, name, policy, input.namespace()))?;
        Ok(Some(fixed))
    }

    /// Whether all is done once it is shown what would be written.
    pub(super) fn only_shows(self) -> bool {
        self.diff
    }
}

impl Fixed {
    /// Reads a source as it is now.
    pub(super) fn read(&self, source: &Source) -> Option<Vec<u8>> {
        self.stdin.clone().filter(|_| matches!(source, Source::Stdin(_)))
    }

    /// Whether the standard output is taken by the fixed text.
    pub(super) fn took_stdout(&self) -> bool {
        self.stdin.is_some()
    }

    /// What would be done, for the summary.
    pub(super) fn preview(&self) -> String {
        format!("would fix {}\n", self.count)
    }

    /// What was done, for the summary.
    pub(super) fn summary(&self, left: usize) -> String {
        format!("fixed {}, {left} left\n", self.count)
    }
}

/// Writes the defaults into files.
pub(super) fn in_place(policy: &Policy, input: &Input, diff: bool) -> Result<Status, CliError> {
    if reads_stdin(input) {
        let message = "--in-place writes into files, and the standard input is none; without it, the text is printed";
        return Err(CliError::Usage(message.to_owned()));
    }
    let mut fixed = Fixed { count: 0, stdin: None, status: Status::Clean };
    let run = Run { input, diff, tells: true };
    run.change(&mut fixed, |text, name| defaulted(text, name, policy, input.namespace()))?;
    Ok(fixed.status)
}

fn reads_stdin(input: &Input) -> bool {
    input.paths.is_empty() || input.paths.iter().any(|path| path.as_os_str() == "-")
}

/// A text with changes in it.
struct Changed {
    text: String,
    count: usize,
    /// Whether some of it was not changed as it should be, and that was said.
    is_incomplete: bool,
}

/// What is done with texts.
struct Run<'r> {
    input: &'r Input,
    /// Whether they are only to be shown.
    diff: bool,
    /// Whether nobody else will tell what cannot be read.
    tells: bool,
}

impl Run<'_> {
    /// Changes each text and writes it back, or shows what would be written.
    fn change(&self, fixed: &mut Fixed, change: impl Fn(&str, &str) -> Changed) -> Result<(), CliError> {
        let (sources, _) = self.input.sources()?;
        let mut known = HashSet::new();
        // A file may have several names, and what is done to it is done once.
        let is_new = |source: &Result<Source, Unreadable>| match source {
            Ok(Source::File(path)) => file::identity(path).is_none_or(|file| known.insert(file)),
            _ => true,
        };
        for source in sources.filter(is_new) {
            match source.and_then(|source| source.read().map(|bytes| (source, bytes))) {
                Ok((source, bytes)) => self.one(&source, bytes, fixed, &change)?,
                Err(unreadable) => self.fail(&unreadable.text, fixed),
            }
        }
        Ok(())
    }

    fn one(
        &self,
        source: &Source,
        bytes: Vec<u8>,
        fixed: &mut Fixed,
        change: impl Fn(&str, &str) -> Changed,
    ) -> Result<(), CliError> {
        let name = source.name();
        let text = match yaml::decode(&bytes) {
            Ok(text) => text,
            Err(error) => {
                self.fail(&text::undecoded(&name, &error), fixed);
                if matches!(source, Source::Stdin(_)) && !self.diff {
                    output::raw(&bytes)?;
                    fixed.stdin = Some(bytes);
                }
                return Ok(());
            }
        };
        if self.tells {
            let lines = Lines::of(text);
            for error in yaml::documents(text).iter().filter_map(|document| document.as_ref().err()) {
                self.fail(&TextView::new(None).unreadable(&lines, &name, error), fixed);
            }
        }
        let changed = change(text, &name);
        if changed.is_incomplete {
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
                    output::complain(&text::error(&format!("{name}: not written: {error}")));
                    fixed.status = Status::Unchecked;
                }
            },
            Source::File(_) => {}
        }
        Ok(())
    }

    /// What cannot be read is left as it is.
    fn fail(&self, shown: &str, fixed: &mut Fixed) {
        if self.tells {
            output::complain(shown);
            fixed.status = Status::Unchecked;
        }
    }
}

/// KubeRay's objects in a text, with what would become of them.
fn objects<'t>(text: &'t str, policy: &Policy, namespace: &str) -> Vec<(Document<'t>, Outcome<'t>)> {
    let mut objects = Vec::new();
    yaml::documents(text).into_iter().flatten().for_each(|document| object::objects(document, &mut objects));
    let judged = objects.into_iter().filter_map(|document| {
        let outcome = policy.dry_run(&document.json, Some(namespace))?;
        Some((document, outcome))
    });
    judged.collect()
}

/// Says what is not changed, and why.
fn refuse(name: &str, location: &Location, what: &str, why: impl Display) {
    let message = format!("{name}:{}:{}: not fixed: {what}: {why}", location.start.line, location.start.column);
    output::complain(&text::note(&message));
}
