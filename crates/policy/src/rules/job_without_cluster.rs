#![doc = include_str!("job_without_cluster.md")]

use crate::context::Context;
use crate::kuberay::Version;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};
use crate::schema::is_label_selector;

pub(super) static RULE: Rule = Rule {
    name: "job-without-cluster",
    summary: "a job that neither defines nor selects a cluster",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("job_without_cluster.md"),
    cel: Cel::Yes(include_str!("job_without_cluster.cel.yaml")),
    check,
};

/// The label that selects a cluster (`RayJobClusterSelectorKey`, ray-operator/controllers/ray/utils/constant.go).
const CLUSTER_NAME: &str = "ray.io/cluster";

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    let Some(job) = object.job() else { return };
    let selector = job.json.field("clusterSelector");
    if is_label_selector(selector) {
        return; // malformed-field reports it
    }
    if job.selects_cluster() {
        if settings.kuberay.version >= Version::v1(5) && selector.field(CLUSTER_NAME).as_nonempty_str().is_none() {
            findings.required(
                job.path().field("clusterSelector").key(CLUSTER_NAME),
                "the clusterSelector names no cluster",
                "write the name of a RayCluster",
            );
        }
    } else if job.json.field("rayClusterSpec").is_null() && (selector.is_null() || selector.as_object().is_some()) {
        findings.required(
            job.path().field("rayClusterSpec"),
            "the job has neither a rayClusterSpec nor a clusterSelector",
            "add a rayClusterSpec, or write the name of a RayCluster in clusterSelector[ray.io/cluster]",
        );
    }
}
