#![doc = include_str!("unsupported_by_kueue.md")]

use crate::context::Context;
use crate::kuberay::Kind;
use crate::ray::RayObject;
use crate::ray::kueue::ELASTIC_JOB_ANNOTATION;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "unsupported-by-kueue",
    summary: "an object in a queue of Kueue that Kueue refuses to manage",
    category: Category::Kueue,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("unsupported_by_kueue.md"),
    cel: Cel::No("Kueue has this check as a webhook of its own"),
    check,
};

/// The number of worker groups that fit into a Workload of Kueue, which has eight sets of Pods at most. One is the head.
const MAX_WORKER_GROUPS: usize = 7;

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    if !settings.installed.kueue || object.kueue_queue().is_none() {
        return;
    }
    if object.kind == Kind::RayJob && !is_judged_as_cluster(object, findings) {
        return;
    }
    let cluster = &object.cluster;
    if cluster.is_autoscaling() {
        let is_elastic = object.is_elastic_for_kueue();
        let help = if is_elastic {
            "enable Kueue's feature gate ElasticJobsViaWorkloadSlices, or turn autoscaling off"
        } else {
            "turn autoscaling off; or make it an elastic job, which is alpha in Kueue"
        };
        let message = "Kueue refuses autoscaling of an object in a queue, unless it is an elastic job";
        let path = cluster.path().field("enableInTreeAutoscaling");
        let finding = findings.invalid(path, message, help);
        if is_elastic {
            // The annotation counts only with a feature gate that the object does not show.
            finding.message =
                format!("Kueue refuses autoscaling, unless its feature gate for {ELASTIC_JOB_ANNOTATION} is on");
            finding.at_most_warn();
        }
    }
    let groups = cluster.workers.len();
    if groups > MAX_WORKER_GROUPS {
        let message = format!("Kueue manages at most {MAX_WORKER_GROUPS} worker groups, but there are {groups}");
        findings.invalid(cluster.path().field("workerGroupSpecs"), message, "merge worker groups, or use two clusters");
    }
    for group in cluster.workers.iter().filter(|group| group.name() == Some("head")) {
        let message = "Kueue reserves the group name head for the head's Pod";
        findings.forbidden(group.path().field("groupName"), message, "write another groupName");
    }
}

/// Reports what Kueue refuses in a RayJob, and returns whether it goes on to check the job's cluster.
fn is_judged_as_cluster(object: &RayObject<'_>, findings: &mut Findings) -> bool {
    let spec = object.json.field("spec");
    let path = |field: &'static str| object.cluster.path().take(1).field(field);
    let has_selector = !spec.field("clusterSelector").entries().is_empty();
    match (has_selector, object.cluster.exists()) {
        (true, true) => {
            let message = "Kueue refuses a job in a queue that has a clusterSelector and a rayClusterSpec";
            findings.invalid(
                path("clusterSelector"),
                message,
                "remove it; or remove rayClusterSpec and the queue's label",
            );
            return false;
        }
        (true, false) => return false,
        (false, false) => {
            let message = "Kueue refuses a job in a queue that has no cluster";
            findings.required(path("rayClusterSpec"), message, "write the cluster of the job");
            return false;
        }
        (false, true) => {}
    }
    if spec.field("shutdownAfterJobFinishes").as_bool() != Some(true) {
        let message = "Kueue refuses a job in a queue whose cluster stays after the job has ended";
        findings.invalid(path("shutdownAfterJobFinishes"), message, "write shutdownAfterJobFinishes: true");
    }
    true
}
