//! `rayguard check`: the verdict on files.

use std::cell::LazyCell;
use std::sync::Arc;

use clap::{ArgAction, Args, ValueEnum};
use rayguard::path::FieldPath;
use rayguard::policy::Policy;
use rayguard::rule::Finding;
use rayguard::yaml::{self, Document, Lines, Location};

use super::format::{self, Format, OutputParser, OutputTo, Outputs};
use super::judged::Judged;
#[cfg(feature = "server")]
use super::live;
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

    #[cfg(feature = "server")]
    #[command(flatten)]
    live: live::LiveArgs,

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
}

pub(super) fn run(args: &CheckArgs) -> Result<Status, CliError> {
    let policy = args.input.policy()?;
    let wanted = format::distinct(&args.output).map_err(CliError::Usage)?;
    let checker = Checker {
        policy: &policy,
        namespace: args.input.namespace(),
        view: TextView::new(output::terminal_width()),
        for_people: wanted.iter().any(|output| output.format == Format::Text),
        for_programs: wanted.iter().any(|output| output.format != Format::Text),
    };
    let mut outputs = Outputs::open(&wanted, args.fail_on.bar())?;
    let mut progress = Progress::new(!args.quiet && !args.is_live());
    let files = if args.is_live() {
        None
    } else {
        let (sources, skipped) = args.input.sources()?;
        Some((progress.count(sources), skipped))
    };
    let mut write = |reports: &mut dyn Iterator<Item = Report>| {
        let mut summary = Summary::default();
        for report in reports {
            progress.suspend(|| {
                outputs.report(&report)?;
                report.errors.iter().for_each(|error| output::complain(&error.text));
                Ok::<_, CliError>(())
            })?;
            summary.add(&report.summary);
            progress.advance();
        }
        progress.end();
        Ok::<_, CliError>(summary)
    };
    let summary = match files {
        Some((sources, skipped)) => {
            let summary = ordered::map(sources, |source| checker.source(source), write)?;
            Summary { skipped: skipped.counts(), ..summary }
        }
        None => checker.live(args, &mut write)?,
    };
    outputs.end(&summary)?;
    if !args.quiet {
        output::complain(&text::summary(&summary, args.is_live()));
    }
    if args.require_ray && summary.objects == 0 && summary.unreadable == 0 {
        output::complain(&text::error("no object of KubeRay's was found, and --require-ray asks for one"));
        return Ok(Status::Unchecked);
    }
    Ok(summary.status(args.fail_on.bar()))
}

impl CheckArgs {
    /// Whether a live cluster is to be checked, and no file.
    fn is_live(&self) -> bool {
        #[cfg(feature = "server")]
        return self.live.cluster;
        #[cfg(not(feature = "server"))]
        return false;
    }
}

#[cfg(not(feature = "server"))]
impl Checker<'_> {
    /// There is no live cluster without a client of one.
    fn live(
        &self,
        _: &CheckArgs,
        write: &mut dyn FnMut(&mut dyn Iterator<Item = Report>) -> Result<Summary, CliError>,
    ) -> Result<Summary, CliError> {
        write(&mut std::iter::empty())
    }
}

#[cfg(feature = "server")]
impl Checker<'_> {
    /// Reports what is in a live cluster.
    fn live(
        &self,
        args: &CheckArgs,
        write: &mut dyn FnMut(&mut dyn Iterator<Item = Report>) -> Result<Summary, CliError>,
    ) -> Result<Summary, CliError> {
        let mut objects = live::objects(&args.live, args.input.namespace.as_deref())?;
        let mut owners = live::Owners::default();
        let summary = write(&mut objects.by_ref().map(|read| self.live_object(read, &mut owners)))?;
        if !args.quiet {
            objects.absent().iter().for_each(|kind| output::complain(&live::absent(*kind)));
        }
        Ok(summary)
    }

    fn live_object(&self, read: Result<live::Live, Unreadable>, owners: &mut live::Owners) -> Report {
        let mut report = Report::default();
        match read {
            Ok(live) => {
                report.file = live.name.as_str().into();
                // What is shown is the object as kubectl would show it.
                let text = yaml::to_string(&live.json).unwrap_or_default();
                if let Some(judged) = owners.judge(self.policy, &live.json, self.namespace)
                    && let Some(Ok(document)) = yaml::documents(&text).into_iter().next()
                {
                    self.judged(&document, judged, None, &mut report);
                }
            }
            Err(unreadable) => {
                report.file = unreadable.file.as_str().into();
                report.fail(unreadable);
            }
        }
        report
    }
}

impl Checker<'_> {
    fn source(&self, source: Result<Source, Unreadable>) -> Report {
        let mut report = Report::default();
        match source.and_then(|source| Ok((source.name(), source.read()?))) {
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
        self.judged(document, judged, template, report);
    }

    /// Reports what was found in the object of a document.
    fn judged(&self, document: &Document<'_>, judged: Judged, template: Option<&Arc<str>>, report: &mut Report) {
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
