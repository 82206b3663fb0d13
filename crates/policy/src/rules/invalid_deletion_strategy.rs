#![doc = include_str!("invalid_deletion_strategy.md")]

use rayguard_manifest::path::FieldPath;

use crate::context::Context;
use crate::kuberay::Version;
use crate::ray::deletion::DELETE_NONE;
use crate::ray::{Job, RayObject};
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-deletion-strategy",
    summary: "a deletionStrategy that contradicts itself or the rest of the job",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("invalid_deletion_strategy.md"),
    cel: Cel::Yes(include_str!("invalid_deletion_strategy.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    let version = settings.kuberay.version;
    let Some(job) = object.job() else { return };
    if version < Version::v1(5) {
        // KubeRay 1.3 and 1.4 have only this field.
        if let Some(policy) = job.json.field("deletionPolicy").as_str().filter(|_| version >= Version::v1(3)) {
            single_policy(object, job, policy, job.path().field("deletionPolicy"), findings);
        }
        return;
    }
    let strategy = job.json.field("deletionStrategy");
    if strategy.as_object().is_none() {
        return;
    }
    let path = job.path().field("deletionStrategy");
    let outcomes = ["onSuccess", "onFailure"].map(|name| (name, strategy.field(name)));
    if !job.deletion_rules().is_empty() {
        if job.is_on("shutdownAfterJobFinishes") {
            let help = if job.number("ttlSecondsAfterFinished").is_some_and(|seconds| seconds > 0) {
                "remove it and ttlSecondsAfterFinished, and add a rule with the policy DeleteCluster if there is none"
            } else {
                "remove it, and add a rule with the policy DeleteCluster if there is none"
            };
            let message = "shutdownAfterJobFinishes must not be set together with deletionRules";
            findings.forbidden(job.path().field("shutdownAfterJobFinishes"), message, help);
        }
        for (name, _) in outcomes.into_iter().filter(|(_, outcome)| outcome.as_object().is_some()) {
            let message = format!("{name} must not be set together with deletionRules");
            findings.forbidden(path.clone().field(name), message, "remove it: it is deprecated");
        }
    } else if outcomes.iter().all(|(_, outcome)| outcome.as_object().is_none()) {
        let message = "the deletionStrategy has no rules";
        findings.required(path.field("deletionRules"), message, "add a rule, or remove the deletionStrategy");
    } else {
        for (name, outcome) in outcomes {
            let path = path.clone().field(name);
            if outcome.as_object().is_none() {
                let message = "onSuccess and onFailure must both be set";
                findings.required(path, message, "add it with a policy, or write deletionRules instead");
            } else if let Some(policy) = outcome.field("policy").as_str() {
                single_policy(object, job, policy, path.field("policy"), findings);
            } else {
                let message = format!("{name} has no policy");
                let help = "write DeleteCluster, DeleteWorkers, DeleteSelf or DeleteNone";
                findings.required(path.field("policy"), message, help);
            }
        }
    }
}

/// Checks one policy: that of an outcome, or the `deletionPolicy` of KubeRay 1.3 and 1.4.
fn single_policy(object: &RayObject<'_>, job: Job<'_>, policy: &str, path: FieldPath, findings: &mut Findings) {
    if let Some(obstacle) = object.deletion_obstacle(policy) {
        findings.invalid(path, obstacle.message(), obstacle.help());
    } else if policy == DELETE_NONE && job.is_on("shutdownAfterJobFinishes") {
        let message = "policy DeleteNone keeps the cluster, but shutdownAfterJobFinishes deletes it";
        findings.invalid(path, message, "write DeleteCluster, or remove shutdownAfterJobFinishes");
    }
}
