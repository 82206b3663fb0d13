#![doc = include_str!("ray_container_not_first.md")]

use crate::policy::Settings;
use crate::ray::Container;
use crate::ray::RayObject;
use crate::ray::gcs::{REDIS_ADDRESS, STORAGE_NAMESPACE};
use crate::ray::timeout::RECONNECT_TIMEOUT;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "ray-container-not-first",
    summary: "a Ray container that is not the Pod's first",
    category: Category::FaultTolerance,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("ray_container_not_first.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
    for group in object.cluster.groups() {
        let mut containers = group.containers();
        // A timeout in the first container shows nothing: KubeRay and rayguard write it there, whatever runs in it.
        if containers.next().is_none_or(|first| runs_ray(&first, &[REDIS_ADDRESS, STORAGE_NAMESPACE])) {
            continue;
        }
        let configured = [RECONNECT_TIMEOUT, REDIS_ADDRESS, STORAGE_NAMESPACE];
        if let Some(ray) = containers.find(|later| runs_ray(later, &configured)) {
            findings.invalid(
                ray.path(),
                "KubeRay runs Ray in containers[0] whatever its name, so this container and its variables are not Ray's",
                "move it to the first place",
            );
        }
    }
}

/// Whether a container shows by one of these variables, its image or its name that Ray is to run in it.
fn runs_ray(container: &Container<'_>, configured: &[&str]) -> bool {
    let image = container.json.field("image").as_str().unwrap_or_default();
    let repository = image.split('@').next().unwrap_or_default();
    let last = repository.rsplit('/').next().unwrap_or_default().split(':').next().unwrap_or_default();
    configured.iter().any(|name| container.env_var(name).is_some())
        || matches!(last, "ray" | "ray-ml" | "ray-llm")
        || matches!(container.name(), Some("ray-head" | "ray-worker"))
}
