#![doc = include_str!("ray_container_not_first.md")]

use crate::context::Context;
use crate::ray::Container;
use crate::ray::gcs::{REDIS_ADDRESS, STORAGE_NAMESPACE};
use crate::ray::timeout::RECONNECT_TIMEOUT;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "ray-container-not-first",
    summary: "a Ray container that is not the first container of its Pod",
    category: Category::FaultTolerance,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("ray_container_not_first.md"),
    cel: Cel::Yes(include_str!("ray_container_not_first.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    for group in object.cluster.groups() {
        let mut containers = group.containers();
        // A timeout in the first container proves nothing: KubeRay and rayguard add it there to any container.
        if containers.next().is_none_or(|first| runs_ray(&first, &[REDIS_ADDRESS, STORAGE_NAMESPACE])) {
            continue;
        }
        let configured = [RECONNECT_TIMEOUT, REDIS_ADDRESS, STORAGE_NAMESPACE];
        if let Some(ray) = containers.find(|later| runs_ray(later, &configured)) {
            findings.invalid(
                ray.path(),
                "KubeRay runs Ray in containers[0], so Ray does not run in this container or read its variables",
                "move it to containers[0]",
            );
        }
    }
}

/// Whether one of these variables, the image or the name of a container shows that Ray should run in it.
fn runs_ray(container: &Container<'_>, configured: &[&str]) -> bool {
    let image = container.json.field("image").as_str().unwrap_or_default();
    let repository = image.split('@').next().unwrap_or_default();
    let last = repository.rsplit('/').next().unwrap_or_default().split(':').next().unwrap_or_default();
    configured.iter().any(|name| container.env_var(name).is_some())
        || matches!(last, "ray" | "ray-ml" | "ray-llm")
        || matches!(container.name(), Some("ray-head" | "ray-worker"))
}
