#![doc = include_str!("invalid_job_deadline.md")]

use crate::kuberay::Version;
use crate::policy::Settings;
use crate::ray::RayObject;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-job-deadline",
    summary: "a deadline of a job that is not positive",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[
        "activeDeadlineSeconds must be a positive integer",
        "preRunningDeadlineSeconds must be a positive integer",
    ],
    docs: include_str!("invalid_job_deadline.md"),
    check: Check::Object(check),
};

/// The deadlines, and the versions that first look at them.
const DEADLINES: [(&str, Version); 2] =
    [("activeDeadlineSeconds", Version::v1(1)), ("preRunningDeadlineSeconds", Version::v1(6))];

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
    let Some(job) = object.job() else { return };
    for (field, since) in DEADLINES {
        if settings.kuberay.version >= since && job.number(field).is_some_and(|seconds| seconds <= 0) {
            findings.invalid(
                job.path().field(field),
                "it must be at least 1",
                "write the seconds after which the job has failed, or remove it",
            );
        }
    }
}
