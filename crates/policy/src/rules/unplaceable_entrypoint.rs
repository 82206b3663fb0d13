#![doc = include_str!("unplaceable_entrypoint.md")]

use rayguard_manifest::json::Json;

use crate::context::Context;
use crate::ray::{Group, RayObject};
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "unplaceable-entrypoint",
    summary: "an entrypoint that asks for more CPUs or GPUs than any Pod of its cluster has",
    category: Category::Ray,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("unplaceable_entrypoint.md"),
    cel: Cel::No("CEL of Kubernetes 1.30 cannot compare the quantities of containers with numbers in strings"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    let Some(job) = object.job() else { return };
    let asked = |field: &str| match job.json.field(field) {
        Json::Number(number) => number.as_f64().filter(|number| *number > 0.0),
        _ => None,
    };
    let (cpus, gpus) = (asked("entrypointNumCpus"), asked("entrypointNumGpus"));
    if (cpus.is_none() && gpus.is_none()) || job.selects_cluster() || !object.cluster.exists() {
        return;
    }
    for (asked, field, unit, of_group) in [
        (cpus, "entrypointNumCpus", "CPUs", cpus_of as fn(&Group<'_>) -> Option<f64>),
        (gpus, "entrypointNumGpus", "GPUs", gpus_of),
    ] {
        let Some(asked) = asked else { continue };
        if let Some(largest) = largest(object, of_group)
            && asked > largest
        {
            let message = format!(
                "the entrypoint asks for {asked} {unit} on one Pod, but no Pod of the cluster has more than {largest}"
            );
            let help = if largest > 0.0 {
                format!("write at most {largest}, or give a worker group more {unit}")
            } else {
                format!("remove it, or give a worker group {unit}")
            };
            findings.invalid(job.path().field(field), message, help);
        }
    }
}

/// Returns the largest amount of any group; `None` where one of them is not in the object.
fn largest(object: &RayObject<'_>, of_group: fn(&Group<'_>) -> Option<f64>) -> Option<f64> {
    object.cluster.groups().try_fold(0.0, |largest: f64, group| {
        let runs_own_command = object.ray_start_override().is_some_and(|_| group.is_head())
            || group.pod_annotation("ray.io/overwrite-container-cmd").is_some()
            || group.containers().any(|container| container.command_line().next().is_some());
        if runs_own_command { None } else { Some(largest.max(of_group(group)?)) }
    })
}

/// Returns the CPUs that KubeRay gives a Pod of a group: those of the group's resources, of its parameter, or of the
/// container's limit or request, rounded up.
fn cpus_of(group: &Group<'_>) -> Option<f64> {
    let of_group = |key: &str| key.eq_ignore_ascii_case("cpu");
    if let Some(amount) = of_resources(group, of_group).or_else(|| of_parameter(group, "num-cpus")) {
        return amount.ok();
    }
    let resources = group.ray_container()?.json.field("resources");
    let limit = resources.field("limits").field("cpu");
    let cpus = if limit.is_null() { resources.field("requests").field("cpu") } else { limit };
    // Without either, Ray counts the CPUs of the node.
    quantity(cpus).filter(|cpus| *cpus > 0.0).map(f64::ceil)
}

/// Returns the GPUs that KubeRay gives a Pod of a group. Ray may find further ones only with a device that is not in the
/// container's limits.
fn gpus_of(group: &Group<'_>) -> Option<f64> {
    let is_gpu = |key: &str| {
        let key = key.to_ascii_lowercase();
        key.ends_with("gpu") || key.starts_with("nvidia.com/") || key.starts_with("gpu.")
    };
    if let Some(amount) = of_resources(group, is_gpu).or_else(|| of_parameter(group, "num-gpus")) {
        return amount.ok();
    }
    let pod = group.pod_spec();
    if !pod.field("resourceClaims").is_null() || !pod.field("runtimeClassName").is_null() {
        return None;
    }
    let limits = group.ray_container()?.json.descend(["resources", "limits"]).entries();
    let mut largest = 0.0;
    for (_, amount) in limits.iter().filter(|(key, _)| is_gpu(key)) {
        largest = quantity(amount)?.max(largest);
    }
    Some(largest)
}

/// An amount that only the cluster knows.
struct Unknown;

fn of_resources(group: &Group<'_>, is_it: impl Fn(&str) -> bool) -> Option<Result<f64, Unknown>> {
    let entries = group.json.field("resources").entries();
    entries.iter().find(|(key, _)| is_it(key)).map(|(_, amount)| quantity(amount).map(f64::ceil).ok_or(Unknown))
}

fn of_parameter(group: &Group<'_>, name: &str) -> Option<Result<f64, Unknown>> {
    let text = group.ray_start_param(name)?;
    let amount = text.trim_matches(['"', '\'', ' ']).parse().ok().filter(|amount: &f64| amount.is_finite());
    Some(amount.ok_or(Unknown))
}

/// Returns a quantity in units or thousandths, such as `4` or `500m`.
fn quantity(json: &Json<'_>) -> Option<f64> {
    match json {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => {
            let (number, divisor) = text.strip_suffix('m').map_or((&**text, 1.0), |number| (number, 1000.0));
            let is_plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            number.parse::<f64>().ok().filter(|_| is_plain).map(|number| number / divisor)
        }
        _ => None,
    }
}
