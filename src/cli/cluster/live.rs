//! The objects of a live cluster, for `check --cluster` and `survival --cluster`.

use rayguard_check::checker::Checker;
use rayguard_check::evaluation::Evaluation;
use rayguard_check::object::ObjectName;
use rayguard_check::report::{Report, Summary, Unreadable};
use rayguard_manifest::json::Json;
use rayguard_manifest::yaml::{self, Lines};
use rayguard_policy::cluster_context::ClusterContext;
use rayguard_policy::context::{Context, Environment};
use rayguard_policy::kuberay::Kind;
use rayguard_policy::policy::stored::OwnerFindings;
use rayguard_policy::policy::{Exempted, Exemptible, Policy};
use rayguard_policy::ray::RayObject;
use rayguard_policy::rule::Finding;

use super::arguments::LiveArgs;
use super::objects::{self, LiveObject};
use crate::cli::reporter::Reporter;
use crate::cli::{CliError, output};

/// Checks the objects of a cluster, and returns the summary. `namespace` is that of the command line. `quiet` suppresses
/// messages about kinds that the cluster does not have.
///
/// # Errors
///
/// The cluster cannot be reached, or an output cannot be written.
pub(in crate::cli) fn check_objects(
    args: &LiveArgs,
    namespace: Option<&str>,
    checker: &Checker<'_>,
    reporter: &mut Reporter,
    quiet: bool,
) -> Result<Summary, CliError> {
    let (mut objects, context) =
        objects::objects(args, namespace, checker.policy).map_err(|error| super::failed(&error))?;
    let mut owners = OwnerFindings::default();
    let mut reports = objects.by_ref().map(|object| live_report(checker, object, &*context, &mut owners));
    let summary = reporter.report(&mut reports)?;
    if !quiet {
        objects.absent().iter().for_each(|kind| output::message(&absent(*kind)));
    }
    Ok(summary)
}

/// Passes each object of a cluster to `take`: the name that stands in place of a file, the object, and what rules read
/// around it.
///
/// # Errors
///
/// The cluster cannot be reached, or `take` fails.
pub(in crate::cli) fn each_object(
    args: &LiveArgs,
    namespace: Option<&str>,
    policy: &Policy,
    mut take: impl FnMut(Result<(&str, &Json<'static>), Unreadable>, &dyn ClusterContext) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let (objects, context) = objects::objects(args, namespace, policy).map_err(|error| super::failed(&error))?;
    for object in objects {
        match object {
            Ok(LiveObject { name, json }) => take(Ok((&name, &json)), &*context)?,
            Err(unreadable) => take(Err(unreadable), &*context)?,
        }
    }
    Ok(())
}

/// Returns the message about a kind that the cluster does not have.
fn absent(kind: Kind) -> String {
    format!("the cluster has no {}s: their CRD is not installed, so they are skipped\n", kind.as_str())
}

fn live_report(
    checker: &Checker<'_>,
    object: Result<LiveObject, Unreadable>,
    context: &dyn ClusterContext,
    owners: &mut OwnerFindings,
) -> Report {
    let name = object.as_ref().map_or_else(|unreadable| &unreadable.file, |object| &object.name);
    let mut report = Report::new(name.as_str());
    if let Err(unreadable) = object.and_then(|object| live(checker, &object, context, owners, &mut report)) {
        report.fail(unreadable);
    }
    report
}

fn live(
    checker: &Checker<'_>,
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
    let context = Context::new(&object, &checker.policy.settings).within(environment);
    let found = owners.review(checker.policy, &context, &Exemptible::All);
    let name = ObjectName::of(&live.json, checker.namespace);
    let evaluate = |policy: &Policy| {
        let context = Context { settings: &policy.settings, ..context };
        stored(name.clone(), policy.review_stored(&context, &Exemptible::All))
    };
    checker.assumptions.examine(&evaluate(checker.policy), |policy| Some(evaluate(policy)));
    checker.report(&document, stored(name.clone(), found), None, report);
    Ok(())
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
    Evaluation {
        name,
        findings: findings.collect(),
        exempted: exempted.collect(),
        is_partial: false,
        storage_key: None,
    }
}
