//! `rayguard check`: the verdict on files.

use std::cell::LazyCell;
use std::sync::Arc;

use clap::{ArgAction, Args, ValueEnum};
use rayguard::path::FieldPath;
use rayguard::policy::Policy;
use rayguard::rule::Finding;
use rayguard::yaml::{self, Document, Lines, Location};

use super::fix::{FixArgs, Fixed};
use super::format::{self, Format, OutputParser, OutputTo, Outputs};
use super::judged::Judged;
use super::object;
use super::output;
use super::progress::Progress;
use super::report::{Checked, Found, Place, Report, Severity, Summary, Unreadable};
use super::source::Source;
use super::text::{self, Shown, TextView};
use super::{CliError, Input, Status, ordered, secret};

/// Check manifests as the API server would with rayguard in it
///
/// Every object of KubeRay is put through what a cluster would do with it: KubeRay's own defaults, rayguard's defaults,
/// then the rules. All findings of all objects are shown, on the standard output. Of an AdmissionReview, the answer is
/// judged that the webhook would give.
#[derive(Args, Debug)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    input: Input,

    /// How to show the findings, and the file to write to; may be given several times
    ///
    /// Without a file, they go to the standard output, where only one form can be.
    #[arg(long, short, value_parser = OutputParser, value_name = "FORMAT[=FILE]", action = ArgAction::Append)]
    output: Vec<OutputTo>,

    /// From which severity on to exit with 1
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t)]
    fail_on: FailOn,

    /// Exit with 2 if there is no object of KubeRay's at all
    #[arg(long)]
    require_ray: bool,

    /// Leave out the summary and the progress on the standard error
    #[arg(long, short)]
    quiet: bool,

    #[command(flatten)]
    fix: FixArgs,
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

impl FailOn {
    /// The least severity that counts.
    fn bar(self) -> Option<Severity> {
        match self {
            FailOn::Error => Some(Severity::Error),
            FailOn::Warning => Some(Severity::Warning),
            FailOn::Never => None,
        }
    }
}

/// What it takes to check a text.
struct Checker<'c> {
    policy: &'c Policy,
    namespace: &'c str,
    view: TextView,
    /// Whether findings are to be shown to people.
    for_people: bool,
    /// Whether they are to be told to programs.
    for_programs: bool,
    /// What was fixed before.
    fixed: Option<Fixed>,
}

pub(super) fn run(args: &CheckArgs) -> Result<Status, CliError> {
    let policy = args.input.policy()?;
    let mut wanted = format::distinct(&args.output).map_err(CliError::Usage)?;
    let fixed = args.fix.run(&policy, &args.input, &wanted)?;
    if let Some(fixed) = fixed.as_ref().filter(|_| args.fix.only_shows()) {
        if !args.quiet {
            output::complain(&fixed.preview());
        }
        return Ok(fixed.status);
    }
    let checker = Checker {
        policy: &policy,
        namespace: &args.input.namespace,
        view: TextView::new(output::terminal_width()),
        for_people: wanted.iter().any(|output| output.format == Format::Text),
        for_programs: wanted.iter().any(|output| output.format != Format::Text),
        fixed,
    };
    let is_aside = checker.fixed.as_ref().is_some_and(Fixed::took_stdout);
    wanted.retain(|output| !(is_aside && output.is_stdout()));
    let (sources, skipped) = args.input.sources()?;
    let mut outputs = Outputs::open(&wanted, args.fail_on.bar())?;
    let mut progress = Progress::new(!args.quiet);
    let summary = ordered::map(
        progress.count(sources),
        |source| checker.source(source),
        |reports| {
            let mut summary = Summary::default();
            for report in reports {
                let tell = |outputs: &mut Outputs| {
                    if is_aside {
                        output::complain(&report.text);
                    }
                    outputs.report(&report)?;
                    report.errors.iter().for_each(|error| output::complain(&error.text));
                    Ok::<_, CliError>(())
                };
                if report.text.is_empty() && report.errors.is_empty() {
                    tell(&mut outputs)?; // nothing of which is for a terminal
                } else {
                    progress.suspend(|is_shown| {
                        tell(&mut outputs)?;
                        if is_shown { outputs.flush().map_err(CliError::from) } else { Ok(()) }
                    })?;
                }
                summary.add(&report.summary);
                progress.advance();
            }
            progress.end();
            Ok::<_, CliError>(summary)
        },
    )?;
    let summary = Summary { skipped: skipped.counts(), ..summary };
    outputs.end(&summary)?;
    if !args.quiet {
        output::complain(&text::summary(&summary));
        if let Some(fixed) = &checker.fixed {
            output::complain(&fixed.summary(summary.errors + summary.warnings + summary.notes));
        }
    }
    if args.require_ray && summary.objects == 0 && summary.unreadable == 0 {
        output::complain(&text::error("no object of KubeRay's was found, and --require-ray asks for one"));
        return Ok(Status::Unchecked);
    }
    let status = summary.status(args.fail_on.bar());
    Ok(checker.fixed.map_or(status, |fixed| status.max(fixed.status)))
}

impl Checker<'_> {
    fn source(&self, source: Result<Source, Unreadable>) -> Report {
        let mut report = Report::default();
        let read = |source: &Source| match self.fixed.as_ref().and_then(|fixed| fixed.read(source)) {
            Some(bytes) => Ok(bytes),
            None => source.read(),
        };
        match source.and_then(|source| Ok((source.name(), read(&source)?))) {
            Err(unreadable) => {
                report.file = unreadable.file.as_str().into();
                report.fail(unreadable);
            }
            Ok((name, bytes)) => {
                report.file = name.as_str().into();
                report.summary.files = 1;
                match yaml::decode(&bytes) {
                    Ok(text) => self.text(text, &mut report),
                    Err(error) => report.fail(Unreadable::document(&name, &error, text::undecoded(&name, &error))),
                }
            }
        }
        report
    }

    fn text(&self, text: &str, report: &mut Report) {
        let lines = LazyCell::new(|| Lines::of(text));
        for part in yaml::parts(text) {
            let template = part.template().map(Arc::from);
            for document in part.documents {
                report.summary.documents += 1;
                match document {
                    Ok(document) => {
                        let mut objects = Vec::new();
                        object::objects(document, &mut objects);
                        for object in &objects {
                            self.object(object, template.as_ref(), report);
                        }
                    }
                    Err(error) => {
                        let shown = self.view.unreadable(&lines, &report.file, &error);
                        report.fail(Unreadable::document(&report.file, &error, shown));
                    }
                }
            }
        }
    }

    fn object(&self, document: &Document<'_>, template: Option<&Arc<str>>, report: &mut Report) {
        let judged = match Judged::of(self.policy, document, self.namespace) {
            Ok(Some(judged)) => judged,
            Ok(None) => {
                report.summary.passed_by += 1;
                return;
            }
            Err(error) => {
                let shown = self.view.unreadable(document.lines(), &report.file, &error);
                report.fail(Unreadable::document(&report.file, &error, shown));
                return;
            }
        };
        report.summary.objects += 1;
        report.summary.exempted += judged.exempted.len();
        let is_clean = judged.findings.is_empty() && judged.exempted.is_empty();
        if is_clean && !self.for_programs {
            return;
        }
        let secrets = if self.for_people && !is_clean { secret::in_document(document) } else { Vec::new() };
        let object = Arc::new(judged.name);
        let mut checked = Checked {
            object: Arc::clone(&object),
            file: Arc::clone(&report.file),
            findings: Vec::new(),
            exempted: Vec::new(),
        };
        let found = |finding: &Finding, place: Place| Found {
            finding: finding.clone(),
            object: Arc::clone(&object),
            file: Arc::clone(&report.file),
            template: template.cloned(),
            place,
        };
        for (finding, written) in &judged.findings {
            report.summary.count(Severity::of(finding.level));
            let location = locate(document, finding, written);
            if self.for_people {
                let (object, file, template) = (&*object, &*report.file, template.map(|template| &**template));
                let shown = Shown { finding, object, file, template, location: &location, written };
                report.text += &self.view.finding(document, &shown, &secrets);
            }
            if self.for_programs {
                checked.findings.push(found(finding, Place::of(&location)));
            }
        }
        if self.for_programs {
            for (finding, written, reason) in judged.exempted {
                let place = Place::of(&locate(document, &finding, &written));
                checked.exempted.push((found(&finding, place), reason));
            }
            report.objects.push(checked);
        }
    }
}

/// Where a finding is written: within the text that its field holds, if it is about a part of that.
fn locate(document: &Document<'_>, finding: &Finding, written: &FieldPath) -> Location {
    let within = finding.within.as_ref().and_then(|stretch| document.locate_within(written, stretch));
    within.unwrap_or_else(|| document.locate(written))
}
