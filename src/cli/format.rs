//! The output formats of a check, and their destinations.
//!
//! Each output is written file by file during the check, so that memory use does not grow with the number of files.

mod github;
mod gitlab;
mod items;
mod json;
mod junit;
mod repository;
mod sarif;
mod tap;
mod target;
mod text;
mod yaml;

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::builder::{EnumValueParser, PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Command, ValueEnum};
use rayguard_check::report::{Report, Severity, Summary};

use super::output::{self, Messages, Stdout};
use super::text::TextRenderer;
use target::{Target, resolved};

/// An output format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people: the source lines, the reason, and what to write
    #[default]
    Text,
    /// For programs: an object with `findings`, `errors` (files and documents that could not be checked) and `summary`
    Json,
    /// The content of `json` in YAML
    Yaml,
    /// SARIF 2.1.0, for code scanning and editors
    Sarif,
    /// JUnit XML: a test for every object
    Junit,
    /// The Test Anything Protocol: a test for every object
    Tap,
    /// Annotations of GitHub workflows
    Github,
    /// GitLab's code quality report
    Gitlab,
}

/// A format and its destination.
#[derive(Clone, Debug, Default)]
pub(super) struct OutputTo {
    pub(super) format: Format,
    destination: Destination,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Destination {
    #[default]
    Stdout,
    Stderr,
    File(PathBuf),
}

impl OutputTo {
    /// Reports whether the output goes to the standard output.
    pub(super) fn is_stdout(&self) -> bool {
        self.destination == Destination::Stdout
    }
}

impl Destination {
    /// Returns a destination that is equal for two paths of one file.
    fn resolved(&self) -> Self {
        match self {
            Self::File(file) => Self::File(resolved(file)),
            stream => stream.clone(),
        }
    }
}

/// Writes reports in one format.
trait ReportWriter {
    /// Writes the report on one file.
    fn report(&mut self, out: &mut dyn Write, report: &Report) -> io::Result<()>;

    /// Completes the output.
    fn end(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()>;
}

/// The outputs of a run.
pub(super) struct Outputs(Vec<Output>);

struct Output {
    writer: Box<dyn ReportWriter>,
    target: Target,
    name: String,
}

impl Outputs {
    /// Opens the outputs. `threshold` is the least severity that counts as a failure.
    ///
    /// # Errors
    ///
    /// A file cannot be opened.
    pub(super) fn open(outputs: &[OutputTo], threshold: Option<Severity>) -> Result<Self, OutputError> {
        outputs.iter().map(|output| Output::open(output, threshold)).collect::<Result<_, _>>().map(Self)
    }

    /// Writes the report on one file to all outputs.
    ///
    /// # Errors
    ///
    /// An output cannot be written.
    pub(super) fn report(&mut self, report: &Report) -> Result<(), OutputError> {
        self.0.iter_mut().try_for_each(|Output { writer, target, name }| {
            writer.report(target, report).map_err(|error| OutputError::new(name, &error))
        })
    }

    /// Writes buffered data.
    ///
    /// # Errors
    ///
    /// An output cannot be written.
    pub(super) fn flush(&mut self) -> Result<(), OutputError> {
        self.0
            .iter_mut()
            .try_for_each(|Output { target, name, .. }| target.flush().map_err(|error| OutputError::new(name, &error)))
    }

    /// Completes all outputs.
    ///
    /// # Errors
    ///
    /// An output cannot be written.
    pub(super) fn end(self, summary: &Summary) -> Result<(), OutputError> {
        self.0.into_iter().try_for_each(|Output { mut writer, mut target, name }| {
            let ended = writer.end(&mut target, summary).and_then(|()| target.close());
            ended.map_err(|error| OutputError::new(&name, &error))
        })
    }
}

impl Output {
    fn open(OutputTo { format, destination }: &OutputTo, threshold: Option<Severity>) -> Result<Self, OutputError> {
        let name = match destination {
            Destination::File(path) => path.display().to_string(),
            Destination::Stdout | Destination::Stderr => "the output".to_owned(),
        };
        let writer: Box<dyn ReportWriter> = match format {
            Format::Text => Box::new(text::Text::new(destination.text_renderer())),
            Format::Json => Box::new(json::Json::default()),
            Format::Yaml => Box::new(yaml::Yaml::default()),
            Format::Sarif => Box::new(sarif::Sarif::default()),
            Format::Junit => Box::new(junit::Junit::new(threshold)),
            Format::Tap => Box::new(tap::Tap::new(threshold)),
            Format::Github => Box::new(github::Github),
            Format::Gitlab => Box::new(gitlab::GitLab::default()),
        };
        let target = match destination {
            Destination::Stdout => Target::Stdout(Stdout::new()),
            Destination::Stderr => Target::Stderr(Messages),
            Destination::File(path) => Target::file(path).map_err(|error| OutputError::new(&name, &error))?,
        };
        Ok(Self { writer, target, name })
    }
}

impl Destination {
    /// Returns the renderer for text. A file gets no colours; a stream does, and removes them where they are not
    /// wanted.
    fn text_renderer(&self) -> TextRenderer {
        let width = output::terminal_width();
        match self {
            Self::File(_) => TextRenderer::plain(width),
            Self::Stdout | Self::Stderr => TextRenderer::styled(width),
        }
    }
}

/// The reason why an output cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {name}: {reason}")]
pub(super) struct OutputError {
    name: String,
    reason: String,
}

impl OutputError {
    fn new(name: &str, error: &io::Error) -> Self {
        Self { name: name.to_owned(), reason: super::source::without_number(error) }
    }
}

/// Returns the outputs that the user asks for; text on the standard output by default.
///
/// # Errors
///
/// Two outputs have the same destination, or one would replace an input. The message is returned.
pub(super) fn distinct(outputs: &[OutputTo], inputs: &[PathBuf]) -> Result<Vec<OutputTo>, String> {
    if outputs.is_empty() {
        return Ok(vec![OutputTo::default()]);
    }
    for (index, output) in outputs.iter().enumerate() {
        if outputs[..index].iter().any(|other| other.destination.resolved() == output.destination.resolved()) {
            return Err(match &output.destination {
                Destination::File(file) => format!("more than one --output goes to {}", file.display()),
                Destination::Stdout | Destination::Stderr => {
                    "only one --output can go to the standard output; write --output FORMAT=FILE for others".into()
                }
            });
        }
        if let Destination::File(file) = &output.destination
            && inputs.iter().any(|input| input.is_file() && resolved(input) == resolved(file))
        {
            return Err(format!("--output would replace {}, which is an input", file.display()));
        }
    }
    Ok(outputs.to_vec())
}

/// Removes what goes to the standard output, because the fixed text goes there. If text output is wanted, findings go
/// to the standard error.
pub(super) fn keep_off_stdout(outputs: &mut Vec<OutputTo>) {
    let has_text = outputs.iter().any(|output| output.format == Format::Text);
    outputs.retain(|output| !output.is_stdout());
    if has_text {
        outputs.insert(0, OutputTo { format: Format::Text, destination: Destination::Stderr });
    }
}

/// Parses `FORMAT` or `FORMAT=FILE`.
#[derive(Clone, Debug)]
pub(super) struct OutputParser;

impl TypedValueParser for OutputParser {
    type Value = OutputTo;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<OutputTo, clap::Error> {
        let bytes = value.as_encoded_bytes();
        let text = value.to_str();
        let (format, file) = match text.and_then(|text| text.split_once('=')) {
            Some((format, file)) => (OsStr::new(format), Some(file)),
            // For a file name that is not UTF-8, the user can redirect the standard output.
            None if bytes.contains(&b'=') => return Err(clap::Error::new(ErrorKind::InvalidUtf8).with_cmd(command)),
            None => (value, None),
        };
        let format = EnumValueParser::<Format>::new().parse_ref(command, arg, format)?;
        match file {
            Some("") => {
                let message = format!("--output {}: write a file name after =\n", text.unwrap_or_default());
                Err(clap::Error::raw(ErrorKind::ValueValidation, message).with_cmd(command))
            }
            None | Some("-") => Ok(OutputTo { format, destination: Destination::Stdout }),
            Some(file) => Ok(OutputTo { format, destination: Destination::File(file.into()) }),
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Format::value_variants().iter().filter_map(ValueEnum::to_possible_value)))
    }
}
