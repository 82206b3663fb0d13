//! `rayguard check`: the verdict on files.

use std::sync::Arc;

use clap::{ArgAction, Args, ValueEnum};
#[cfg(feature = "server")]
use rayguard_policy::policy::stored::Owners;
use rayguard_policy::cluster_context::KnownObjects;
use rayguard_policy::ray::serve::ServeConfigCache;

use super::checker::Checker;
use super::fix::{FixArgs, Fixed};
use super::format::{self, Format, OutputParser, OutputTo, Outputs};
#[cfg(feature = "server")]
use super::live;
use super::progress::Progress;
use super::report::{Report, Severity, Skipped, Summary};
use super::source::Sources;
use super::text::{self, TextView};
use super::{CliError, Input, Status, ordered, output};

/// Check manifests as the API server would with rayguard in it
///
/// Every object of KubeRay is put through what a cluster would do with it: KubeRay's own defaults, rayguard's defaults,
/// then the rules. All findings of all objects are shown, on the standard output. Objects are compared with each other, for
/// those of one run are taken for those of one Kubernetes cluster. Of an AdmissionReview, the answer is judged that the webhook
/// would give.
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

pub(super) fn run(args: &CheckArgs) -> Result<Status, CliError> {
    #[cfg(feature = "server")]
    args.live.idle().map_or(Ok(()), |message| Err(CliError::Usage(message)))?;
    let policy = args.input.policy()?;
    let mut wanted = format::distinct(&args.output, &args.input.paths).map_err(CliError::Usage)?;
    let fixed = args.fix.run(&policy, &args.input, &wanted)?;
    if let Some(fixed) = fixed.as_ref().filter(|_| args.fix.only_shows()) {
        if !args.quiet {
            output::complain(&fixed.preview());
        }
        return Ok(fixed.status);
    }
    let checker = Checker {
        policy: &policy,
        namespace: args.input.namespace(),
        view: TextView::new(output::terminal_width()),
        for_people: wanted.iter().any(|output| output.format == Format::Text),
        for_programs: wanted.iter().any(|output| output.format != Format::Text),
        fixed,
        serve_configs: ServeConfigCache::default(),
    };
    let is_aside = checker.fixed.as_ref().is_some_and(Fixed::took_stdout);
    wanted.retain(|output| !(is_aside && output.is_stdout()));
    let files = if args.is_live() { None } else { Some(args.input.sources()?) };
    let bar = args.fail_on.bar();
    let progress = Progress::new(!args.quiet && files.is_some());
    let mut teller = Teller { outputs: Outputs::open(&wanted, bar)?, progress, is_aside };
    let summary = match files {
        Some(files) => check_files(files, &checker, &mut teller),
        None => args.check_live(&checker, &mut teller),
    }?;
    teller.outputs.end(&summary)?;
    if !args.quiet {
        output::complain(&text::summary(&summary, args.is_live()));
        if let Some(fixed) = &checker.fixed {
            output::complain(&fixed.summary(summary.errors + summary.warnings + summary.notes));
        }
    }
    if args.require_ray && summary.objects == 0 && summary.unreadable == 0 {
        output::complain(&text::error("no object of KubeRay's was found, and --require-ray asks for one"));
        return Ok(Status::Unchecked);
    }
    let status = summary.status(bar);
    Ok(checker.fixed.map_or(status, |fixed| status.max(fixed.status)))
}

fn check_files(
    (sources, skipped): (Sources, Arc<Skipped>),
    checker: &Checker<'_>,
    teller: &mut Teller,
) -> Result<Summary, CliError> {
    let sources = teller.progress.count(sources);
    let mut held = Vec::new();
    let mut summary = ordered::map(
        sources,
        |source| checker.first(source),
        |firsts| {
            let mut until_claimed = (&mut *firsts).map_while(|first| {
                if first.claims.is_empty() {
                    return Some(first.report);
                }
                held.push(first);
                None
            });
            let summary = teller.tell(&mut until_claimed)?;
            for first in firsts {
                teller.progress.advance();
                held.push(first);
            }
            Ok::<_, CliError>(summary)
        },
    )?;
    teller.progress.end();
    // From the first that claims something on, what is told depends on what others claim, and so it waits for the last.
    let mut others = KnownObjects::default();
    for (claim, conflict) in held.iter().flat_map(|first| &first.claims) {
        others.storage_keys.add(claim.clone(), conflict.clone());
    }
    let rest = ordered::map(held.into_iter(), |first| checker.beside(first, &others), |reports| teller.tell(reports))?;
    summary.add(&rest);
    Ok(Summary { skipped: skipped.counts(), ..summary })
}

#[cfg(feature = "server")]
impl CheckArgs {
    /// Whether a live cluster is to be checked, and no file.
    fn is_live(&self) -> bool {
        self.live.cluster
    }

    fn check_live(&self, checker: &Checker<'_>, teller: &mut Teller) -> Result<Summary, CliError> {
        let (mut objects, around) = live::objects(&self.live, self.input.namespace.as_deref(), checker.policy)?;
        let mut owners = Owners::default();
        let summary =
            teller.tell(&mut objects.by_ref().map(|read| checker.live_object(read, &*around, &mut owners)))?;
        teller.progress.end();
        if !self.quiet {
            objects.absent().iter().for_each(|kind| output::complain(&live::absent(*kind)));
        }
        Ok(summary)
    }
}

/// There is no live cluster without a client of one.
#[cfg(not(feature = "server"))]
#[allow(clippy::unused_self, clippy::unnecessary_wraps, reason = "it is the same as with a client")]
impl CheckArgs {
    fn is_live(&self) -> bool {
        false
    }

    fn check_live(&self, _: &Checker<'_>, _: &mut Teller) -> Result<Summary, CliError> {
        Ok(Summary::default())
    }
}

/// Tells what is found while the check goes on.
struct Teller {
    outputs: Outputs,
    progress: Progress,
    /// Whether what people are shown goes to the standard error, for something else has the standard output.
    is_aside: bool,
}

impl Teller {
    fn tell(&mut self, reports: &mut dyn Iterator<Item = Report>) -> Result<Summary, CliError> {
        let mut summary = Summary::default();
        for report in reports {
            if report.text.is_empty() && report.errors.is_empty() {
                self.outputs.report(&report)?; // nothing of which is for a terminal
            } else {
                let Self { outputs, progress, is_aside } = self;
                progress.suspend(|is_shown| {
                    if *is_aside {
                        output::complain(&report.text);
                    }
                    outputs.report(&report)?;
                    report.errors.iter().for_each(|error| output::complain(&error.text));
                    if is_shown { outputs.flush() } else { Ok(()) }
                })?;
            }
            summary.add(&report.summary);
            self.progress.advance();
        }
        Ok(summary)
    }
}
