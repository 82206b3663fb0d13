//! `rayguard check`: checks files, or the objects of a live cluster.

use std::path::Path;

use clap::{ArgAction, Args, ValueEnum};
use rayguard_check::assumptions::Assumptions;
use rayguard_check::checker::Checker;
use rayguard_check::report::{Severity, Summary};
use rayguard_check::storage;
use rayguard_policy::policy::Policy;
use rayguard_policy::policy::assumption::Assumption;
use rayguard_policy::ray::serve::ServeConfigCache;

use super::fix::{FixArgs, Fixed};
use super::format::{self, Format, OutputParser, OutputTo};
use super::kustomize::Patches;
use super::passes::Passes;
use super::progress::Progress;
use super::reporter::Reporter;
use super::source::Sources;
use super::webhook::WebhookState;
use super::{CliError, Input, Status, ordered, output, text};

/// Check manifests as the API server would with rayguard installed
///
/// Every KubeRay object gets the defaults of KubeRay's schema and those of rayguard, and is then checked by the rules,
/// as in a cluster. All findings of all objects are written to the standard output. Objects of one run are compared
/// with each other, as objects of one Kubernetes cluster. A saved AdmissionReview is checked as the webhook would check
/// it.
#[derive(Args, Debug)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    input: Input,

    #[cfg(feature = "server")]
    #[command(flatten)]
    live: super::cluster::LiveArgs,

    /// The format of the findings, and the file to write to; may be given several times
    ///
    /// Without a file, the findings go to the standard output. Only one format can go there.
    #[arg(long, short, value_parser = OutputParser, value_name = "FORMAT[=FILE]", action = ArgAction::Append)]
    output: Vec<OutputTo>,

    /// The least severity that makes the command exit with 1
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t)]
    fail_on: FailOn,

    /// Exit with 2 if there is no KubeRay object
    #[arg(long)]
    require_ray: bool,

    /// Whether rayguard's webhook is in the cluster that the objects are for
    ///
    /// The webhook writes defaults into objects, and this command applies them before it checks an object. With `absent`
    /// it does not. If neither this flag nor the policy file says which is true, the defaults are applied, and a denial
    /// that only a default prevents is a warning.
    #[cfg_attr(feature = "server", arg(conflicts_with = "cluster"))]
    #[arg(long, value_enum, value_name = "STATE")]
    webhook: Option<WebhookState>,

    /// Refuse what kubectl reads in a surprising way, and all unreadable documents
    ///
    /// Without it, a document that cannot be read is an error only if it seems to contain a KubeRay object; the summary
    /// counts the others. A duplicate key, or quoted text with too little indentation, is read as kubectl reads it, with
    /// a warning.
    #[arg(long)]
    strict: bool,

    /// Do not print the summary and the progress to the standard error
    #[arg(long, short)]
    quiet: bool,

    #[command(flatten)]
    fix: FixArgs,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// If the webhook would refuse an object
    #[default]
    #[value(alias = "deny")]
    Error,
    /// Also if it would only warn
    #[value(alias = "warn")]
    Warning,
    /// Never; a file that cannot be checked still exits with 2
    Never,
}

impl FailOn {
    /// Returns the least severity that counts as a failure.
    fn threshold(self) -> Option<Severity> {
        match self {
            FailOn::Error => Some(Severity::Error),
            FailOn::Warning => Some(Severity::Warning),
            FailOn::Never => None,
        }
    }
}

pub(super) fn run(args: &CheckArgs) -> Result<Status, CliError> {
    #[cfg(feature = "server")]
    if args.live.is_requested()? {
        let policy = args.input.policy()?;
        let outputs = args.outputs()?;
        let checker = args.checker(&policy, &outputs);
        // There is no progress bar, because the number of objects is not known in advance.
        let mut reporter = args.reporter(&outputs, Progress::new(false))?;
        let namespace = args.input.namespace.as_deref();
        let summary = super::cluster::check_objects(&args.live, namespace, &checker, &mut reporter, args.quiet)?;
        let summary = Summary { assumptions: checker.assumptions.found(), ..summary };
        return args.end(reporter, &summary, true, None);
    }
    let policy = args.policy()?;
    let mut outputs = args.outputs()?;
    let fixed = args.fix.run(&policy, &args.input, &outputs)?;
    if let Some(fixed) = fixed.as_ref().filter(|_| args.fix.is_dry_run()) {
        if !args.quiet {
            output::message(&fixed.preview());
        }
        return Ok(fixed.status);
    }
    if fixed.as_ref().is_some_and(Fixed::is_on_stdout) {
        format::keep_off_stdout(&mut outputs);
    }
    let passes = Passes { checker: args.checker(&policy, &outputs), fixed };
    let (sources, skipped) = args.input.sources()?;
    let mut reporter = args.reporter(&outputs, Progress::new(!args.quiet))?;
    let summary = check_files(sources, &passes, &mut reporter)?;
    let assumptions = passes.checker.assumptions.found();
    let summary = Summary { skipped: skipped.counts(), assumptions, ..summary };
    args.end(reporter, &summary, false, passes.fixed.as_ref())
}

impl CheckArgs {
    /// Returns the policy to apply.
    fn policy(&self) -> Result<Policy, CliError> {
        let policy = self.input.policy()?;
        let webhook = self.webhook.map(WebhookState::webhook).or(policy.webhook);
        Ok(Policy { webhook, ..policy })
    }

    /// Returns the outputs that the user asks for.
    fn outputs(&self) -> Result<Vec<OutputTo>, CliError> {
        format::distinct(&self.output, &self.input.paths).map_err(CliError::Usage)
    }

    fn checker<'c>(&'c self, policy: &'c Policy, outputs: &[OutputTo]) -> Checker<'c> {
        let patches = Patches::default();
        Checker {
            policy,
            assumptions: Assumptions::of(policy),
            is_strict: self.strict,
            is_patch_file: Box::new(move |file| patches.contains(Path::new(file))),
            namespace: self.input.namespace(),
            with_excerpts: outputs.iter().any(|output| output.format == Format::Text),
            serve_configs: ServeConfigCache::default(),
        }
    }

    fn reporter(&self, outputs: &[OutputTo], progress: Progress) -> Result<Reporter, CliError> {
        Reporter::open(outputs, self.fail_on.threshold(), progress)
    }

    /// Completes the outputs, prints the summary, and returns the exit status.
    fn end(
        &self,
        reporter: Reporter,
        summary: &Summary,
        is_live: bool,
        fixed: Option<&Fixed>,
    ) -> Result<Status, CliError> {
        reporter.end(summary)?;
        if !self.quiet {
            output::message(&text::summary(summary, is_live));
            if let Some(fixed) = fixed {
                output::message(&fixed.summary(summary.errors + summary.warnings + summary.notes));
            }
        }
        if self.require_ray && summary.objects + summary.partial == 0 && summary.unreadable == 0 {
            output::message(&text::error("no KubeRay object was found, and --require-ray requires one"));
            return Ok(Status::Unchecked);
        }
        let status = status(summary, self.fail_on.threshold());
        Ok(fixed.map_or(status, |fixed| status.max(fixed.status)))
    }
}

/// Returns the exit status. `threshold` is the least severity that counts as a failure.
fn status(summary: &Summary, threshold: Option<Severity>) -> Status {
    match (summary.unreadable, summary.worst(), threshold) {
        (1.., ..) => Status::Unchecked,
        (_, Some(worst), Some(threshold)) if worst >= threshold => Status::Denied,
        _ => Status::Clean,
    }
}

fn check_files(sources: Sources, passes: &Passes<'_>, reporter: &mut Reporter) -> Result<Summary, CliError> {
    let checker = &passes.checker;
    let sources = reporter.progress.count(sources);
    let mut waiting = Vec::new();
    let mut summary = ordered::map(
        sources,
        |source| passes.first(source),
        |results| {
            let mut independent = (&mut *results).map_while(|first| {
                if first.storage_keys.is_empty() {
                    return Some(first.report);
                }
                waiting.push(first);
                None
            });
            let summary = reporter.report(&mut independent)?;
            for first in results {
                reporter.progress.advance();
                waiting.push(first);
            }
            Ok::<_, CliError>(summary)
        },
    )?;
    reporter.progress.end();
    // The findings of a file with a storage key depend on all other files, and the files after it must not be reported
    // before it.
    let keys = || waiting.iter().flat_map(|first| &first.storage_keys);
    let others = storage::known(keys());
    if storage::depends_on_domain(keys(), checker.policy) {
        checker.assumptions.add([Assumption::ClusterDomain]);
    }
    let second_pass = |first| passes.second(first, &others);
    let rest = ordered::map(waiting.into_iter(), second_pass, |reports| reporter.report(reports))?;
    summary.add(&rest);
    Ok(summary)
}
