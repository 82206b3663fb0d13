#![doc = include_str!("invalid_job_ttl.md")]

use crate::context::Context;
use crate::kuberay::Version;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-job-ttl",
    summary: "a ttlSecondsAfterFinished that is negative, or after which nothing is deleted",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("invalid_job_ttl.md"),
    cel: Cel::Yes(include_str!("invalid_job_ttl.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    if settings.kuberay.version < Version::v1(4) {
        return;
    }
    let Some(job) = object.job() else { return };
    let path = || job.path().field("ttlSecondsAfterFinished");
    match job.number("ttlSecondsAfterFinished") {
        Some(seconds) if seconds < 0 => {
            let help = "write the seconds after which the cluster is deleted";
            findings.invalid(path(), "ttlSecondsAfterFinished must not be negative", help);
        }
        Some(seconds) if seconds > 0 && !job.is_on("shutdownAfterJobFinishes") => {
            let help = if job.deletion_rules().is_empty() {
                "set shutdownAfterJobFinishes to true, or remove ttlSecondsAfterFinished"
            } else {
                "remove it: each of the deletionRules has its own ttlSeconds"
            };
            let message = "nothing is deleted after this time, because shutdownAfterJobFinishes is not true";
            findings.forbidden(path(), message, help);
        }
        _ => {}
    }
}
