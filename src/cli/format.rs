//! The forms in which a check tells what it has found, and where they go.
//!
//! Each is written while the check goes on, file by file, so that no more of a long run is held than a short one's.

mod github;
mod gitlab;
mod items;
mod json;
mod junit;
mod place;
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

use super::report::{Report, Severity, Summary};
use target::{Target, place};

/// A form for findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people: the place in the source, why, and what to write
    #[default]
    Text,
    /// For programs: one object with `findings`, `errors` (what could not be checked) and `summary`
    Json,
    /// The same in YAML
    Yaml,
    /// SARIF 2.1.0, for code scanning and editors
    Sarif,
    /// JUnit's XML: a test for every object
    Junit,
    /// The Test Anything Protocol: a test for every object
    Tap,
    /// Annotations of GitHub's workflows
    Github,
    /// GitLab's report on code quality
    Gitlab,
}

/// A form, and the file that it goes to; to the standard output if there is none.
#[derive(Clone, Debug, Default)]
pub(super) struct OutputTo {
    pub(super) format: Format,
    file: Option<PathBuf>,
}

impl OutputTo {
    /// Whether it goes to the standard output.
    pub(super) fn is_stdout(&self) -> bool {
        self.file.is_none()
    }

    /// The file that it goes to, the same for all the names of one.
    fn place(&self) -> Option<PathBuf> {
        self.file.as_deref().map(place)
    }
}

/// Writes what is found in one form.
trait Form {
    /// Takes in what came of one file.
    fn report(&mut self, out: &mut dyn Write, report: &Report) -> io::Result<()>;

    /// Completes the output.
    fn end(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()>;
}

/// All forms that a run is asked for.
pub(super) struct Outputs(Vec<Output>);

struct Output {
    form: Box<dyn Form>,
    target: Target,
    name: String,
}

impl Outputs {
    /// Opens the files.
    pub(super) fn open(outputs: &[OutputTo], bar: Option<Severity>) -> Result<Self, OutputError> {
        outputs.iter().map(|output| Output::open(output, bar)).collect::<Result<_, _>>().map(Self)
    }

    /// Takes in what came of one file.
    pub(super) fn report(&mut self, report: &Report) -> Result<(), OutputError> {
        self.0.iter_mut().try_for_each(|Output { form, target, name }| {
            form.report(target, report).map_err(|error| OutputError::new(name, &error))
        })
    }

    /// Writes what waits to be written.
    pub(super) fn flush(&mut self) -> Result<(), OutputError> {
        self.0
            .iter_mut()
            .try_for_each(|Output { target, name, .. }| target.flush().map_err(|error| OutputError::new(name, &error)))
    }

    /// Completes all of them.
    pub(super) fn end(self, summary: &Summary) -> Result<(), OutputError> {
        self.0.into_iter().try_for_each(|Output { mut form, mut target, name }| {
            let ended = form.end(&mut target, summary).and_then(|()| target.close());
            ended.map_err(|error| OutputError::new(&name, &error))
        })
    }
}

impl Output {
    fn open(OutputTo { format, file }: &OutputTo, bar: Option<Severity>) -> Result<Self, OutputError> {
        let form: Box<dyn Form> = match format {
            Format::Text => Box::new(text::Text { has_colours: file.is_none() }),
            Format::Json => Box::new(json::Json::default()),
            Format::Yaml => Box::new(yaml::Yaml::default()),
            Format::Sarif => Box::new(sarif::Sarif::default()),
            Format::Junit => Box::new(junit::Junit::new(bar)),
            Format::Tap => Box::new(tap::Tap::new(bar)),
            Format::Github => Box::new(github::Github),
            Format::Gitlab => Box::new(gitlab::GitLab::default()),
        };
        let name = file.as_ref().map_or_else(|| "the output".to_owned(), |path| path.display().to_string());
        let target = Target::open(file.as_deref()).map_err(|error| OutputError::new(&name, &error))?;
        Ok(Self { form, target, name })
    }
}

/// Why something cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {name}: {why}")]
pub(super) struct OutputError {
    name: String,
    why: String,
}

impl OutputError {
    fn new(name: &str, error: &io::Error) -> Self {
        Self { name: name.to_owned(), why: super::report::without_number(error) }
    }
}

/// All that is asked for, once each; an error where two would go to the same place, or one to what is to be read.
pub(super) fn distinct(outputs: &[OutputTo], inputs: &[PathBuf]) -> Result<Vec<OutputTo>, String> {
    if outputs.is_empty() {
        return Ok(vec![OutputTo::default()]);
    }
    for (index, output) in outputs.iter().enumerate() {
        if outputs[..index].iter().any(|other| other.place() == output.place()) {
            return Err(match &output.file {
                None => "only one --output can go to the standard output; write --output FORMAT=FILE for others".into(),
                Some(file) => format!("more than one --output goes to {}", file.display()),
            });
        }
        if let Some(file) = &output.file
            && inputs.iter().any(|input| input.is_file() && Some(place(input)) == output.place())
        {
            return Err(format!("--output would replace {}, which is to be checked", file.display()));
        }
    }
    Ok(outputs.to_vec())
}

/// Reads `FORMAT` or `FORMAT=FILE`.
#[derive(Clone, Debug)]
pub(super) struct OutputParser;

impl TypedValueParser for OutputParser {
    type Value = OutputTo;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<OutputTo, clap::Error> {
        let bytes = value.as_encoded_bytes();
        let text = value.to_str();
        let (format, file) = match text.and_then(|text| text.split_once('=')) {
            Some((format, file)) => (OsStr::new(format), Some(file)),
            // A file's name that is no UTF-8 is left to the shell's redirection.
            None if bytes.contains(&b'=') => return Err(clap::Error::new(ErrorKind::InvalidUtf8).with_cmd(command)),
            None => (value, None),
        };
        let format = EnumValueParser::<Format>::new().parse_ref(command, arg, format)?;
        match file {
            Some("") => {
                let message = format!("--output {}: write the name of a file behind =\n", text.unwrap_or_default());
                Err(clap::Error::raw(ErrorKind::ValueValidation, message).with_cmd(command))
            }
            file => Ok(OutputTo { format, file: file.filter(|file| *file != "-").map(PathBuf::from) }),
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Format::value_variants().iter().filter_map(ValueEnum::to_possible_value)))
    }
}
