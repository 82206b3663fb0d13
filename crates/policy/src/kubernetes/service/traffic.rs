//! Session affinity, traffic policies and load balancers of a Service.

use rayguard_manifest::json::Json;

use super::{SUBJECT, address, one_of};
use crate::kubernetes::{At, Violations, metadata};
use crate::name::Syntax;
use crate::reason::Reason;

/// Reports what Kubernetes refuses in the fields about affinity, traffic and load balancers.
pub(super) fn validate(spec: &Json<'_>, kind: &str, at: &At<'_>, violations: &mut Violations) {
    if let Some(affinity) = spec.field("sessionAffinity").as_nonempty_str() {
        one_of(affinity, &["ClientIP", "None"], &at.field("sessionAffinity"), violations);
        let timeout = spec.descend(["sessionAffinityConfig", "clientIP", "timeoutSeconds"]).as_i64();
        if affinity == "ClientIP" && timeout.is_some_and(|seconds| !(1..=86400).contains(&seconds)) {
            let at = at.field("sessionAffinityConfig");
            let at = at.field("clientIP");
            let message = "the timeout is not in 1-86400";
            violations.invalid(SUBJECT, &at.field("timeoutSeconds"), message, "write seconds, at most 86400");
        }
    }
    for (index, address) in spec.field("externalIPs").items().iter().enumerate() {
        let Some(address) = address.as_str() else { continue };
        let at = at.field("externalIPs");
        let at = at.index(index);
        if let Some(reason) = address::check(address, &at, violations).and_then(address::reserved) {
            violations.invalid(SUBJECT, &at, format!("the address is {reason}"), "write another address");
        }
    }
    let is_balanced = kind == "LoadBalancer";
    if !is_balanced {
        let allocates = spec.field("allocateLoadBalancerNodePorts").as_bool().is_some();
        let has_class = spec.field("loadBalancerClass").as_str().is_some();
        for (field, is_set) in [("allocateLoadBalancerNodePorts", allocates), ("loadBalancerClass", has_class)] {
            if is_set {
                let message = "only a Service of type LoadBalancer has this field";
                violations.forbidden(SUBJECT, &at.field(field), message, "remove it, or write the type LoadBalancer");
            }
        }
    } else if let Some(class) = spec.field("loadBalancerClass").as_str() {
        let at = at.field("loadBalancerClass");
        metadata::check(SUBJECT, Syntax::QualifiedName, class, "the class", &at, violations);
    }
    let external_policy = spec.field("externalTrafficPolicy").as_nonempty_str();
    if let Some(policy) = external_policy {
        let at = at.field("externalTrafficPolicy");
        let has_external_ips = kind == "ClusterIP" && !spec.field("externalIPs").items().is_empty();
        if is_balanced || kind == "NodePort" || has_external_ips {
            one_of(policy, &["Cluster", "Local"], &at, violations);
        } else {
            let message = format!("a Service of type {kind} without externalIPs has no external traffic");
            violations.invalid(SUBJECT, &at, message, "remove it, or write the type NodePort or LoadBalancer");
        }
    }
    if let Some(port) = spec.field("healthCheckNodePort").as_i64().filter(|port| *port != 0) {
        let at = at.field("healthCheckNodePort");
        if !is_balanced || external_policy != Some("Local") {
            let message = "only a LoadBalancer with externalTrafficPolicy Local has a health check";
            violations.invalid(SUBJECT, &at, message, "remove it");
        } else if !(1..=65535).contains(&port) {
            violations.invalid(SUBJECT, &at, format!("{port} is not a port"), "remove it, or write a free node port");
        }
    }
    if let Some(policy) = spec.field("internalTrafficPolicy").as_str() {
        one_of(policy, &["Cluster", "Local"], &at.field("internalTrafficPolicy"), violations);
    }
    if let Some(distribution) = spec.field("trafficDistribution").as_str()
        && distribution != "PreferClose"
    {
        // Kubernetes 1.30 ignores the field. 1.34 added two values.
        let known = ["PreferClose", "PreferSameZone", "PreferSameNode"];
        let at = at.field("trafficDistribution");
        match one_of(distribution, &known, &at, violations) {
            Some(violation) => violation,
            None => {
                let message = format!("the value {distribution} does not exist before Kubernetes 1.34");
                violations.add(SUBJECT, Reason::NotSupported, &at, message, "write PreferClose")
            }
        }
        .in_some_versions();
    }
}
