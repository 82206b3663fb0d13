//! The Ingress of a head's dashboard.

use std::net::IpAddr;

use rayguard_manifest::json::Json;

use super::{At, Subject, Violations, metadata};
use crate::name::Syntax;

const SUBJECT: Subject = Subject::Service;

/// Reports what Kubernetes refuses as the class of an Ingress (`ValidateIngressClassName`).
pub(crate) fn validate_class(class: &str, at: &At<'_>, violations: &mut Violations) {
    metadata::check(SUBJECT, Syntax::Dns1123Subdomain, class, "the class of the Ingress", at, violations);
}

/// Reports what Kubernetes refuses in `ingressOptions` (`validateIngressRules`, `validateIngressTLS`).
pub(crate) fn validate_options(options: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    if let Some(host) = options.field("host").as_nonempty_str() {
        let at = at.field("host");
        if host.parse::<IpAddr>().is_ok() {
            let message = "the host is an IP address";
            violations.invalid(SUBJECT, &at, message, "write a DNS name, or remove it to serve every host");
        } else {
            check_host(host, &at, violations);
        }
    }
    if let Some(path) = options.field("path").as_str() {
        let at = at.field("path");
        let is_regular = options.field("pathType").as_str() != Some("ImplementationSpecific");
        let sequence = ["//", "/./", "/../", "%2f", "%2F"].into_iter().find(|sequence| path.contains(sequence));
        let end = ["/..", "/."].into_iter().find(|end| path.ends_with(end));
        if !path.starts_with('/') && (is_regular || !path.is_empty()) {
            violations.invalid(SUBJECT, &at, "the path does not begin with '/'", "write '/' before it");
        } else if let Some(sequence) = sequence.filter(|_| is_regular) {
            violations.invalid(SUBJECT, &at, format!("the path contains \"{sequence}\""), "write a path without it");
        } else if let Some(end) = end.filter(|_| is_regular) {
            violations.invalid(SUBJECT, &at, format!("the path ends with \"{end}\""), "write a path without it");
        }
    }
    for (index, tls) in options.field("tls").items().iter().enumerate() {
        let at = at.field("tls");
        let at = at.index(index);
        for (index, host) in tls.field("hosts").items().iter().enumerate() {
            if let Some(host) = host.as_str() {
                check_host(host, &at.field("hosts").index(index), violations);
            }
        }
        if let Some(name) = tls.field("secretName").as_nonempty_str() {
            let at = at.field("secretName");
            metadata::check(SUBJECT, Syntax::Dns1123Subdomain, name, "the Secret's name", &at, violations);
        }
    }
}

/// Reports a host that is neither a DNS name nor one after `*.`.
fn check_host(host: &str, at: &At<'_>, violations: &mut Violations) {
    let name = host.strip_prefix("*.").unwrap_or(host);
    metadata::check(SUBJECT, Syntax::Dns1123Subdomain, name, "the host", at, violations);
}
