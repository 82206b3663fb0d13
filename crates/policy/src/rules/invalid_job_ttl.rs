#![doc = include_str!("invalid_job_ttl.md")]

use crate::kuberay::Version;
use crate::policy::Settings;
use crate::ray::RayObject;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-job-ttl",
    summary: "a ttlSecondsAfterFinished that is negative, or after which nothing is deleted",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[
        "TTLSecondsAfterFinished must be a non-negative integer",
        "set to false cannot have TTLSecondsAfterFinished",
    ],
    docs: include_str!("invalid_job_ttl.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
    if settings.kuberay.version < Version::v1(4) {
        return;
    }
    let Some(job) = object.job() else { return };
    let path = || job.path().field("ttlSecondsAfterFinished");
    match job.number("ttlSecondsAfterFinished") {
        Some(seconds) if seconds < 0 => {
            findings.invalid(path(), "it must not be negative", "write the seconds after which the cluster is deleted");
        }
        Some(seconds) if seconds > 0 && !job.is_on("shutdownAfterJobFinishes") => {
            let help = if job.deletion_rules().is_empty() {
                "set shutdownAfterJobFinishes to true, or remove it"
            } else {
                "remove it: each of the deletionRules has ttlSeconds of its own"
            };
            let message = "nothing is deleted after this time, for shutdownAfterJobFinishes is not true";
            findings.forbidden(path(), message, help);
        }
        _ => {}
    }
}
