//! `rayguard check`: the verdict on files.

use std::cell::LazyCell;
use std::io::{self, Write as _};

use clap::{Args, ValueEnum};
use rayguard::policy::Policy;
use rayguard::yaml::{self, Document, Lines, YamlError};

use super::object::{self, ObjectName};
use super::output::{self, Data};
use super::report::{Found, Report, Severity, Summary, Unreadable};
use super::source::{self, Source};
use super::text::{self, Shown, TextView};
use super::{CliError, Input, Status, json, ordered, secret};

/// Check manifests as the API server would with rayguard in it
///
/// Every object of KubeRay is put through what a cluster would do with it: KubeRay's own defaults, rayguard's defaults,
/// then the rules. All findings of all objects are shown, on the standard output.
#[derive(Args, Debug)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    input: Input,

    /// How to show the findings
    #[arg(long, short, value_enum, value_name = "FORMAT", default_value_t)]
    output: Format,

    /// From which severity on to exit with 1
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t)]
    fail_on: FailOn,

    /// Leave out the summary on the standard error
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: the place in the source, why, and what to write
    #[default]
    Text,
    /// For programs: one object with `findings`, `errors` (what could not be checked) and `summary`
    Json,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Where the webhook would refuse an object
    #[default]
    #[value(alias = "deny")]
    Error,
    /// Also where it would only warn
    #[value(alias = "warn")]
    Warning,
    /// Never; a file that cannot be checked still exits with 2
    Never,
}

/// What it takes to check a text.
struct Checker<'c> {
    policy: &'c Policy,
    namespace: &'c str,
    view: TextView,
    /// Whether findings are to be shown to people.
    for_people: bool,
}

pub(super) fn run(args: &CheckArgs) -> Result<Status, CliError> {
    let policy = args.input.policy()?;
    let checker = Checker {
        policy: &policy,
        namespace: &args.input.namespace,
        view: TextView::new(output::terminal_width()),
        for_people: args.output == Format::Text,
    };
    let write = match args.output {
        Format::Text => show,
        Format::Json => json::write,
    };
    let summary = ordered::map(source::find(&args.input.paths), |source| checker.source(source), write)?;
    if !args.quiet {
        output::complain(&text::summary(&summary));
    }
    let bar = match args.fail_on {
        FailOn::Error => Some(Severity::Error),
        FailOn::Warning => Some(Severity::Warning),
        FailOn::Never => None,
    };
    Ok(match (summary.unreadable, summary.worst(), bar) {
        (1.., ..) => Status::Unchecked,
        (_, Some(worst), Some(bar)) if worst >= bar => Status::Denied,
        _ => Status::Clean,
    })
}

/// Shows people the reports as they come.
fn show(reports: &mut dyn Iterator<Item = Report>) -> io::Result<Summary> {
    let mut data = Data::new();
    let mut summary = Summary::default();
    for report in reports {
        data.write_all(report.text.as_bytes())?;
        if !report.errors.is_empty() {
            data.flush()?; // so that what is said of one file stays together on a terminal
            report.errors.iter().for_each(|error| output::complain(&error.text));
        }
        summary.add(&report.summary);
    }
    data.flush()?;
    Ok(summary)
}

impl Checker<'_> {
    fn source(&self, source: Result<Source, Unreadable>) -> Report {
        let mut report = Report::default();
        match source.and_then(|source| Ok((source.name(), source.read()?))) {
            Err(unreadable) => report.fail(unreadable),
            Ok((name, bytes)) => {
                report.summary.files = 1;
                match yaml::decode(&bytes) {
                    Ok(text) => self.text(text, &name, &mut report),
                    Err(error) => report.fail(Unreadable::document(&name, &error, text::undecoded(&name, &error))),
                }
            }
        }
        report
    }

    fn text(&self, text: &str, file: &str, report: &mut Report) {
        let lines = LazyCell::new(|| Lines::of(text));
        for document in yaml::parts(text).flat_map(|part| part.documents) {
            report.summary.documents += 1;
            match document {
                Ok(document) => {
                    let mut objects = Vec::new();
                    object::objects(document, &mut objects);
                    for object in &objects {
                        self.object(object, file, report);
                    }
                }
                Err(error) => {
                    let shown = self.view.unreadable(&lines, file, &error);
                    report.fail(Unreadable::document(file, &error, shown));
                }
            }
        }
    }

    fn object(&self, document: &Document<'_>, file: &str, report: &mut Report) {
        let Some(outcome) = self.policy.dry_run(&document.json, Some(self.namespace)) else {
            if let Some((path, message)) = object::unknown_version(&document.json) {
                let help = Some("write apiVersion: ray.io/v1");
                let error = YamlError { message, help, location: document.locate(&path), first: None };
                let shown = self.view.unreadable(document.lines(), file, &error);
                report.fail(Unreadable::document(file, &error, shown));
            } else {
                report.summary.passed_by += 1;
            }
            return;
        };
        report.summary.objects += 1;
        if outcome.findings.is_empty() {
            return;
        }
        let object = ObjectName::of(&document.json, self.namespace);
        let secrets = if self.for_people { secret::in_document(document) } else { Vec::new() };
        for finding in &outcome.findings {
            report.summary.count(Severity::of(finding.level));
            let written = outcome.as_written(&finding.path);
            let location = document.locate(&written);
            if self.for_people {
                let shown = Shown { finding, object: &object, file, location: &location, written: &written };
                report.text += &self.view.finding(document, &shown, &secrets);
            } else {
                report.findings.push(Found::new(finding, object.clone(), file, &location));
            }
        }
    }
}
