//! `rayguard check --cluster`: checks the objects of a live cluster.

use std::path::PathBuf;

use clap::Args;
use rayguard_manifest::yaml::{self, Lines};
use rayguard_policy::cluster_context::ClusterContext;
use rayguard_policy::context::{Context, Environment};
use rayguard_policy::kuberay::Kind;
use rayguard_policy::policy::stored::OwnerFindings;
use rayguard_policy::policy::{Exempted, Exemptible};
use rayguard_policy::ray::RayObject;
use rayguard_policy::rule::Finding;

use super::objects::{self, LiveObject};
use crate::cli::check::CheckArgs;
use crate::cli::checker::Checker;
use crate::cli::evaluation::Evaluation;
use crate::cli::object::ObjectName;
use crate::cli::progress::Progress;
use crate::cli::report::{Report, Unreadable};
use crate::cli::{CliError, Status, output, text};

/// The cluster to check.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct LiveArgs {
    /// Check the objects of a live cluster instead of files
    ///
    /// Reads the RayClusters, RayServices, RayJobs and RayCronJobs of one namespace or of all, and checks each as it is
    /// stored, without the defaults that rayguard would add to a new one. If a RayService or RayJob owns a RayCluster,
    /// a finding that both have is reported only for the owner. RayClusters are compared with all others that are read.
    /// Requires only the right to list these resources.
    #[arg(long, conflicts_with_all = ["paths", "fix", "diff", "exclude", "no_ignore", "stdin_filename"])]
    cluster: bool,

    /// The context of the kubeconfig; its current context if not given
    #[arg(long, value_name = "NAME", requires = "cluster")]
    pub(super) context: Option<String>,

    /// The kubeconfig; found as kubectl finds it if not given
    #[arg(long, value_name = "FILE", requires = "cluster")]
    pub(super) kubeconfig: Option<PathBuf>,

    /// Check all namespaces, instead of that of --namespace or of the context
    #[arg(long, short = 'A', requires = "cluster", conflicts_with = "namespace")]
    pub(super) all_namespaces: bool,

    /// Also read the Secrets of passwords, for the names of their keys; requires the right to get them
    #[arg(long, requires = "cluster")]
    pub(super) secrets: bool,
}

impl LiveArgs {
    /// Reports whether a cluster is to be checked.
    ///
    /// # Errors
    ///
    /// Another argument requires `--cluster`, but a path is given. clap does not report this, because it does not
    /// require an argument that conflicts with a given one.
    pub(in crate::cli) fn is_requested(&self) -> Result<bool, CliError> {
        let given = [
            ("--context", self.context.is_some()),
            ("--kubeconfig", self.kubeconfig.is_some()),
            ("--all-namespaces", self.all_namespaces),
            ("--secrets", self.secrets),
        ];
        match given.into_iter().find(|(_, is_given)| *is_given && !self.cluster) {
            Some((name, _)) => {
                let message = format!("{name} requires --cluster, which cannot be used with a path");
                Err(CliError::Usage(message))
            }
            None => Ok(self.cluster),
        }
    }
}

/// Checks the objects of a cluster.
pub(in crate::cli) fn check(args: &CheckArgs) -> Result<Status, CliError> {
    let policy = args.input.policy()?;
    let outputs = args.outputs()?;
    let checker = args.checker(&policy, &outputs, None);
    // There is no progress bar, because the number of objects is not known in advance.
    let mut reporter = args.reporter(&outputs, Progress::new(false))?;
    let (mut objects, context) = objects::objects(&args.live, args.input.namespace.as_deref(), &policy)
        .map_err(|error| super::failed(&error))?;
    let mut owners = OwnerFindings::default();
    let mut reports = objects.by_ref().map(|object| checker.live_report(object, &*context, &mut owners));
    let summary = reporter.report(&mut reports)?;
    if !args.quiet {
        objects.absent().iter().for_each(|kind| output::message(&absent(*kind)));
    }
    reporter.end(&summary)?;
    if !args.quiet {
        output::message(&text::summary(&summary, true));
    }
    Ok(args.status(&summary, None))
}

/// Returns the message about a kind that the cluster does not have.
fn absent(kind: Kind) -> String {
    format!("the cluster has no {}s: their CRD is not installed, so they are skipped\n", kind.as_str())
}

impl Checker<'_> {
    fn live_report(
        &self,
        object: Result<LiveObject, Unreadable>,
        context: &dyn ClusterContext,
        owners: &mut OwnerFindings,
    ) -> Report {
        let name = object.as_ref().map_or_else(|unreadable| &unreadable.file, |object| &object.name);
        let mut report = Report::new(name.as_str());
        if let Err(unreadable) = object.and_then(|object| self.live(&object, context, owners, &mut report)) {
            report.fail(unreadable);
        }
        report
    }

    fn live(
        &self,
        live: &LiveObject,
        context: &dyn ClusterContext,
        owners: &mut OwnerFindings,
        report: &mut Report,
    ) -> Result<(), Unreadable> {
        let error = |message: String| Unreadable::new(live.name.clone(), message);
        // The object is checked as a value. The YAML is only for locations and excerpts: they refer to the text that
        // `kubectl get --output yaml` prints.
        let text = yaml::to_string(&live.json).map_err(|it| error(format!("cannot be written as YAML: {it}")))?;
        let document = yaml::documents(&text).into_iter().next().ok_or_else(|| error("is empty".to_owned()))?;
        let document = document.map_err(|it| Unreadable::document(&live.name, &Lines::of(&text), &it))?;
        let object = RayObject::read(&live.json).ok_or_else(|| error("is not a KubeRay object".to_owned()))?;
        let environment = Environment { cluster: context, ..Environment::EMPTY };
        let context = Context::new(&object, &self.policy.settings).within(environment);
        let found = owners.review(self.policy, &context, &Exemptible::All);
        let name = ObjectName::of(&live.json, self.namespace);
        self.report(&document, stored(name, found), None, report);
        Ok(())
    }
}

/// Returns the evaluation of a stored object. The document shows the stored object, so the paths are the same in both.
fn stored(name: ObjectName, (findings, exempted): (Vec<Finding>, Vec<Exempted>)) -> Evaluation {
    let findings = findings.into_iter().map(|finding| {
        let path = finding.path.clone();
        (finding, path)
    });
    let exempted = exempted.into_iter().map(|Exempted { finding, reason }| {
        let path = finding.path.clone();
        (finding, path, reason)
    });
    Evaluation { name, findings: findings.collect(), exempted: exempted.collect(), storage_key: None }
}
