//! The resources of a whole Pod.
//!
//! By default, Kubernetes before 1.34 ignores them, so every violation is a warning.

use rayguard_manifest::json::Json;

use super::lookup::Lookup;
use super::quantity::{Quantity, shown};
use super::{At, Subject, Violations};
use crate::spelling::quote;

const SUBJECT: Subject = Subject::Resources;

/// Reports what Kubernetes refuses in the `resources` of a Pod (`validatePodResources`). `spec` is the whole spec, and `at`
/// its location.
pub(super) fn validate(resources: &Json<'_>, spec: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    let [limits, requests] = ["limits", "requests"].map(|field| resources.field(field));
    let at_resources = at.field("resources");
    if !resources.field("claims").items().is_empty() {
        let message = "the resources of a whole Pod allow no claims";
        let at = at_resources.field("claims");
        violations.forbidden(SUBJECT, &at, message, "remove them, or move them to a container").in_some_versions();
    }
    for (field, list) in [("limits", limits), ("requests", requests)] {
        let at = at_resources.field(field);
        for (name, amount) in list.entries() {
            validate_amount(name, amount, &at.key(name), violations);
        }
    }
    validate_requests(requests, limits, spec, &at_resources.field("requests"), violations);
    validate_limits(limits, spec, at, violations);
}

fn validate_amount(name: &str, amount: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    if !matches!(name, "cpu" | "memory") && !name.starts_with("hugepages-") {
        let message = format!("a whole Pod cannot have the resource {}", quote(name));
        violations.invalid(SUBJECT, at, message, "write cpu, memory or hugepages-2Mi").in_some_versions();
    } else if Quantity::read(amount).is_some_and(|amount| amount.nanos() < 0) {
        let message = format!("must not be negative, is {}", shown(amount));
        violations.invalid(SUBJECT, at, message, "write 0 or more").in_some_versions();
    }
}

/// Reports requests of the Pod that are above its limits, or below the sum of the requests of its containers. The sum
/// leaves out init containers and the containers that KubeRay adds.
fn validate_requests(
    requests: &Json<'_>,
    limits: &Json<'_>,
    spec: &Json<'_>,
    at: &At<'_>,
    violations: &mut Violations,
) {
    let limit_of = Lookup::new(limits);
    for (name, request) in requests.entries() {
        let Some((requested, limit)) = Quantity::read(request).zip(limit_of.get(name)) else { continue };
        if Quantity::read(limit).is_some_and(|limit| limit.nanos() < requested.nanos()) {
            let (request, limit) = (shown(request), shown(limit));
            let message = format!("the request {request} is above the limit {limit}");
            let help = format!("write at most {limit}, or raise the limit");
            violations.invalid(SUBJECT, &at.key(name), message, help).in_some_versions();
        }
    }
    for name in ["cpu", "memory"] {
        let Some(requested) = Quantity::read(requests.field(name)) else { continue };
        let of_container = |container: &Json<'_>| {
            let resources = container.field("resources");
            let request = resources.field("requests").entry(name).unwrap_or(resources.field("limits").field(name));
            Quantity::read(request).map_or(0, Quantity::nanos)
        };
        let containers = spec.field("containers").items().iter().map(of_container);
        if containers.fold(0i128, i128::saturating_add) > requested.nanos() {
            let message = "the containers together request more than the Pod";
            violations.invalid(SUBJECT, &at.key(name), message, "write at least their sum").in_some_versions();
        }
    }
}

/// Reports limits of containers that are above those of the Pod.
fn validate_limits(limits: &Json<'_>, spec: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    if limits.entries().is_empty() {
        return;
    }
    let of_pod = Lookup::new(limits);
    for (index, container) in spec.field("containers").items().iter().enumerate() {
        for (name, limit) in container.field("resources").field("limits").entries() {
            let above = of_pod.get(name).and_then(|most| Some((most, Quantity::read(most)?, Quantity::read(limit)?)));
            let Some((most, ..)) = above.filter(|(_, most, limit)| limit.nanos() > most.nanos()) else { continue };
            let at = at.field("containers");
            let at = at.index(index);
            let at = at.field("resources");
            let at = at.field("limits");
            let message = format!("the limit {} is above that of the whole Pod", shown(limit));
            let raise = "raise resources.limits of the Pod";
            let is_valid = Quantity::read(most).is_some_and(|most| most.nanos() >= 0);
            let help = if is_valid { format!("write at most {}, or {raise}", shown(most)) } else { raise.to_owned() };
            violations.invalid(SUBJECT, &at.key(name), message, help).in_some_versions();
        }
    }
}
