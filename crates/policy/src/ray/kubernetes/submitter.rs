//! The Job that submits the job of a RayJob or RayCronJob.

use super::additions::mounts_token;
use crate::kubernetes::{Added, At, Metadata, PodTemplate, Violations, job};
use crate::ray::{Kind, RayObject};

/// The labels that Kubernetes writes into the Pods of a Job. The validation of the Job checks their values.
const LABELS: [&str; 4] =
    ["job-name", "controller-uid", "batch.kubernetes.io/job-name", "batch.kubernetes.io/controller-uid"];

/// Reports everything that Kubernetes refuses in the submitter's Job. Without a template, KubeRay has one of its own
/// (`GetSubmitterTemplate`, ray-operator/controllers/ray/common/job.go:198-211, v1.6.2).
pub(super) fn validate(object: &RayObject<'_>, violations: &mut Violations) {
    let Some(job) = object.job().filter(|job| matches!(job.submission_mode(), "" | "K8sJobMode")) else { return };
    let path = || job.path().fields(["submitterConfig", "backoffLimit"]);
    let limit = job.json.descend(["submitterConfig", "backoffLimit"]);
    job::validate_backoff_limit(limit, &At::Root(&path), violations);
    let json = job.json.field("submitterPodTemplate");
    if json.as_object().is_none() {
        return;
    }
    // A cluster that the job selects may have the token, too.
    let may_have_token = job.selects_cluster() || mounts_token(object.cluster.json.field("authOptions"));
    let path = || job.path().field("submitterPodTemplate");
    let added = Added {
        volumes: if may_have_token { &[super::TOKEN_VOLUME] } else { &[] },
        metadata: Metadata { overwritten_labels: &LABELS, ..Metadata::default() },
        ..Added::default()
    };
    // The Job has the name of the RayJob (`createNewK8sJob`). That of a RayCronJob's RayJob is generated.
    let name = object.json.descend(["metadata", "name"]).as_nonempty_str().filter(|_| object.kind == Kind::RayJob);
    job::validate(PodTemplate { json, added }, name, &At::Root(&path), violations);
}
