//! The Job of a submitter.

use rayguard_manifest::json::Json;

use super::pod_template::PodTemplate;
use super::{At, Subject, Violations};

const SUBJECT: Subject = Subject::SubmitterJob;

/// The labels that Kubernetes writes into the Pods of a Job, with whether the value is the Job's name, and not its UID
/// (`generateSelector`, pkg/registry/batch/job/strategy.go).
const LABELS: [(&str, bool); 4] = [
    ("job-name", true),
    ("controller-uid", false),
    ("batch.kubernetes.io/job-name", true),
    ("batch.kubernetes.io/controller-uid", false),
];

/// Reports everything that Kubernetes refuses in a Job with a Pod template (`ValidateJob`). KubeRay writes all other
/// fields of the Job. `name` is the Job's name, or `None` if it is generated.
pub(crate) fn validate(template: PodTemplate<'_>, name: Option<&str>, at: &At<'_>, violations: &mut Violations) {
    let at_metadata = at.field("metadata");
    let at_labels = at_metadata.field("labels");
    for (key, value) in template.json.descend(["metadata", "labels"]).entries() {
        let Some((_, is_name)) = LABELS.iter().find(|(label, _)| label == key) else { continue };
        let is_expected = *is_name && name.is_some() && value.as_str() == name;
        if !is_expected && value.as_str().is_some() {
            let message = "each Job has its own value of this label, which Kubernetes writes";
            violations.invalid(SUBJECT, &at_labels.key(key), message, "remove the label");
        }
    }
    let spec = template.json.field("spec");
    let at_spec = at.field("spec");
    if spec.field("containers").items().is_empty() {
        let message = "the submitter has no container, and KubeRay submits the job in the first one";
        violations.required(SUBJECT, &at_spec.field("containers"), message, "add a container with a Ray image");
    }
    let at_policy = at_spec.field("restartPolicy");
    let (help, never) = ("write Never, as KubeRay does without a template", "Never");
    match spec.field("restartPolicy").as_str().unwrap_or_default() {
        "" => {
            let message = "a Job cannot have the restart policy Always, which is the default";
            violations.required(SUBJECT, &at_policy, message, help).fix_by_value(never);
        }
        "Always" => {
            let message = "a Job cannot have the restart policy Always";
            violations.invalid(SUBJECT, &at_policy, message, help).fix_by_value(never);
        }
        _ => {}
    }
    template.validate(at, violations);
}

/// Reports a number of retries that Kubernetes refuses in a Job.
pub(crate) fn validate_backoff_limit(limit: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    if limit.as_i64().is_some_and(|limit| limit < 0) {
        let message = "the number of retries of the submitter's Job is negative";
        violations.invalid(SUBJECT, at, message, "write 0 for no retry");
    }
}
