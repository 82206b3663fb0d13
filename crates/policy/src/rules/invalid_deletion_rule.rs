#![doc = include_str!("invalid_deletion_rule.md")]

use std::collections::BTreeMap;

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

use crate::context::Context;
use crate::kuberay::Version;
use crate::ray::deletion::{DELETE_CLUSTER, DELETE_SELF, DELETE_WORKERS};
use crate::reason::Reason;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-deletion-rule",
    summary: "a deletion rule that contradicts itself, the job or another rule",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("invalid_deletion_rule.md"),
    cel: Cel::No("its field paths have list indexes, which CEL of Kubernetes 1.30 cannot compute"),
    check,
};

/// The deletion policies, in the order in which they must run.
const ORDER: [&str; 3] = [DELETE_WORKERS, DELETE_CLUSTER, DELETE_SELF];

/// The field of a condition that names a status, and that status.
type Status<'a> = (&'static str, &'a str);

/// For each policy, the index of its rule and the seconds that the rule waits.
type Waits<'a> = BTreeMap<&'a str, (usize, i64)>;

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    let Some(job) = object.job().filter(|_| settings.kuberay.version >= Version::v1(5)) else { return };
    let rules = job.deletion_rules();
    if rules.is_empty() {
        return;
    }
    let path = job.path().fields(["deletionStrategy", "deletionRules"]);
    let mut statuses: BTreeMap<Status<'_>, Waits<'_>> = BTreeMap::new();
    for (index, rule) in rules.iter().enumerate() {
        let path = || path.clone().index(index);
        let condition = rule.field("condition");
        let status = status(condition, || path().field("condition"), settings.kuberay.version, findings);
        let seconds = condition.field("ttlSeconds").as_i64().unwrap_or_default();
        if seconds < 0 {
            let path = path().fields(["condition", "ttlSeconds"]);
            findings.invalid(path, "ttlSeconds must not be negative", "write the seconds to wait, or remove it");
        }
        let policy = rule.field("policy").as_str().unwrap_or_default();
        let obstacle = object.deletion_obstacle(policy);
        if let Some(obstacle) = obstacle {
            findings.invalid(path().field("policy"), obstacle.message(), obstacle.help());
        }
        // Like KubeRay, compare only rules that are valid by themselves.
        let Some((field, status)) = status.filter(|_| seconds >= 0 && obstacle.is_none()) else { continue };
        let waits = statuses.entry((field, status)).or_default();
        if let Some((first, _)) = waits.get(policy) {
            let message = format!("deletionRules[{first}] already has this policy and this {field}");
            findings.report(Reason::Duplicate, path(), message, "remove one of the two");
        } else {
            waits.insert(policy, (index, seconds));
        }
    }
    for ((field, status), waits) in &statuses {
        let stages = || ORDER.iter().filter_map(|policy| waits.get_key_value(policy));
        let mut longest = 0;
        for ((earlier, (_, before)), (later, (index, after))) in stages().zip(stages().skip(1)) {
            longest = longest.max(*before);
            if after < before {
                findings.invalid(
                    path.clone().index(*index).fields(["condition", "ttlSeconds"]),
                    format!("runs {later} after {after} s, before {earlier} after {before} s ({field} {status:.20})"),
                    format!("write {longest} or more"),
                );
            }
        }
    }
}

/// Returns the status that a condition waits for, and reports a condition with none or with two.
fn status<'a>(
    condition: &'a Json<'_>,
    path: impl Fn() -> FieldPath,
    version: Version,
    findings: &mut Findings,
) -> Option<Status<'a>> {
    let of = |field| condition.field(field).as_str().map(|status| (field, status));
    let job = of("jobStatus");
    if version < Version::v1(6) {
        // KubeRay 1.5 has only jobStatus, and does not check that it is set.
        return Some(job.unwrap_or(("jobStatus", "")));
    }
    match (job, of("jobDeploymentStatus")) {
        (Some(_), Some(_)) => {
            let path = path().field("jobDeploymentStatus");
            let message = "the condition has both jobStatus and jobDeploymentStatus";
            findings.forbidden(path, message, "remove one of the two");
            None
        }
        (None, None) => {
            let help = "write SUCCEEDED or FAILED, or a jobDeploymentStatus instead";
            let message = "the condition has neither jobStatus nor jobDeploymentStatus";
            findings.required(path().field("jobStatus"), message, help);
            None
        }
        (job, deployment) => job.or(deployment),
    }
}
