#![doc = include_str!("invalid_job_deadline.md")]

use crate::context::Context;
use crate::kuberay::Version;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-job-deadline",
    summary: "a job deadline that is not positive",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("invalid_job_deadline.md"),
    cel: Cel::Yes(include_str!("invalid_job_deadline.cel.yaml")),
    check,
};

/// The deadlines, and the first version of KubeRay that checks each.
const DEADLINES: [(&str, Version); 2] =
    [("activeDeadlineSeconds", Version::v1(1)), ("preRunningDeadlineSeconds", Version::v1(6))];

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    let Some(job) = object.job() else { return };
    for (field, since) in DEADLINES {
        if settings.kuberay.version >= since && job.number(field).is_some_and(|seconds| seconds <= 0) {
            findings.invalid(
                job.path().field(field),
                format!("{field} must be at least 1"),
                "write the seconds after which the job fails, or remove it",
            );
        }
    }
}
