//! The spec of a Pod, without its containers.

use rayguard_manifest::json::Json;

use super::pod_security_context::HostNamespaces;
use super::pod_template::Added;
use super::{
    At, Subject, Violations, affinity, choice, dns, metadata, operating_system, pod_resources, pod_security_context,
    resources, syntax, tolerations, topology_spread, volumes,
};
use crate::name::Syntax;

const SUBJECT: Subject = Subject::PodSpec;

const RESTART_POLICIES: &[&str] = &["Always", "OnFailure", "Never"];
const DNS_POLICIES: &[&str] = &["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"];

/// The maximum length of `hostnameOverride`, in bytes.
const LONGEST_HOSTNAME: usize = 64;

/// The fields that decide about others.
#[derive(Default)]
struct Fields<'s, 'a> {
    host: HostNamespaces,
    security_context: Option<&'s Json<'a>>,
    resources: Option<&'s Json<'a>>,
    dns_config: Option<&'s Json<'a>>,
    dns_policy: &'s str,
    node_name: &'s str,
    host_users: Option<bool>,
    hostname_override: Option<&'s str>,
    has_scheduling_gates: bool,
    is_hostname_fqdn: bool,
    shares_processes: bool,
    system: &'s str,
    service_accounts: [&'s str; 2],
}

/// Reports everything that Kubernetes refuses in a Pod's spec (`ValidatePodSpec`), except in its containers.
pub(super) fn validate(spec: &Json<'_>, added: Added<'_>, at: &At<'_>, violations: &mut Violations) {
    let mut fields = Fields::default();
    // Each field is visited once, because looking up every known field would take longer.
    for (name, value) in spec.entries() {
        validate_field(name, value, added, at, violations);
        remember(name, value, &mut fields);
    }
    validate_together(spec, &fields, at, violations);
    service_account(fields.service_accounts, added, at, violations);
}

/// Reports what Kubernetes refuses in a field alone.
fn validate_field(name: &str, value: &Json<'_>, added: Added<'_>, at: &At<'_>, violations: &mut Violations) {
    match name {
        "volumes" => volumes::validate(value, &at.field("volumes"), violations),
        "affinity" => affinity::validate(value, &at.field("affinity"), violations),
        "tolerations" => tolerations::validate(value, &at.field("tolerations"), violations),
        "nodeSelector" => {
            metadata::validate_labels(Subject::Scheduling, value, |_| false, &at.field("nodeSelector"), violations);
        }
        "topologySpreadConstraints" => {
            topology_spread::validate(value, &at.field("topologySpreadConstraints"), violations);
        }
        "schedulingGates" => tolerations::validate_gates(value, &at.field("schedulingGates"), violations),
        "overhead" => resources::validate_overhead(value, &at.field("overhead"), violations),
        "resourceClaims" => tolerations::validate_claims(value, &at.field("resourceClaims"), violations),
        "hostAliases" => dns::validate_host_aliases(value, &at.field("hostAliases"), violations),
        "readinessGates" => readiness_gates(value, &at.field("readinessGates"), violations),
        "restartPolicy" if added.restart_policy.is_none() => {
            choice(value, RESTART_POLICIES, &at.field("restartPolicy"), violations);
        }
        "dnsPolicy" => choice(value, DNS_POLICIES, &at.field("dnsPolicy"), violations),
        "preemptionPolicy" => {
            if let Some(policy) = value.as_str() {
                let at = at.field("preemptionPolicy");
                choice::check(policy, &["Never", "PreemptLowerPriority"], SUBJECT, &at, violations);
            }
        }
        "activeDeadlineSeconds" => {
            let at = at.field("activeDeadlineSeconds");
            syntax::range(SUBJECT, value, 1..=i64::from(i32::MAX), &at, violations);
        }
        "hostname" => text(value, Syntax::Dns1123Label, &at.field("hostname"), violations),
        "subdomain" => text(value, Syntax::Dns1123Label, &at.field("subdomain"), violations),
        "priorityClassName" => text(value, Syntax::Dns1123Subdomain, &at.field("priorityClassName"), violations),
        "runtimeClassName" => {
            if let Some(name) = value.as_str() {
                let at = at.field("runtimeClassName");
                syntax::check(SUBJECT, Syntax::Dns1123Subdomain, name, "the name", &at, violations);
            }
        }
        "os" => {
            if let Some(system) = value.field("name").as_str() {
                let at = at.field("os");
                choice::check(system, &["linux", "windows"], SUBJECT, &at.field("name"), violations);
            }
        }
        _ => {}
    }
}

/// Keeps a field that decides about others.
fn remember<'s, 'a>(name: &str, value: &'s Json<'a>, fields: &mut Fields<'s, 'a>) {
    let text = || value.as_str().unwrap_or_default();
    let is_true = || value.as_bool() == Some(true);
    match name {
        "securityContext" => fields.security_context = Some(value),
        "resources" => fields.resources = Some(value),
        "serviceAccountName" => fields.service_accounts[0] = text(),
        "serviceAccount" => fields.service_accounts[1] = text(),
        "hostNetwork" => fields.host.network = is_true(),
        "hostIPC" => fields.host.ipc = is_true(),
        "hostPID" => fields.host.processes = is_true(),
        "hostUsers" => fields.host_users = value.as_bool(),
        "shareProcessNamespace" => fields.shares_processes = is_true(),
        "setHostnameAsFQDN" => fields.is_hostname_fqdn = is_true(),
        "hostnameOverride" => fields.hostname_override = value.as_str(),
        "dnsConfig" => fields.dns_config = value.as_object().map(|_| value),
        "dnsPolicy" => fields.dns_policy = text(),
        "nodeName" => fields.node_name = text(),
        "schedulingGates" => fields.has_scheduling_gates = !value.items().is_empty(),
        "os" => fields.system = value.field("name").as_str().unwrap_or_default(),
        _ => {}
    }
}

/// Reports what Kubernetes refuses in fields that decide about each other.
fn validate_together(spec: &Json<'_>, fields: &Fields<'_, '_>, at: &At<'_>, violations: &mut Violations) {
    let context = fields.security_context.unwrap_or(&Json::Null);
    pod_security_context::validate(context, fields.host, &at.field("securityContext"), violations);
    operating_system::validate(fields.system, spec, context, at, violations);
    // The operating system windows does not allow the field at all.
    if let Some(resources) = fields.resources.filter(|_| fields.system != "windows") {
        pod_resources::validate(resources, spec, at, violations);
    }
    tolerations::validate_node_name(fields.node_name, fields.has_scheduling_gates, &at.field("nodeName"), violations);
    match (fields.dns_config, fields.dns_policy) {
        (Some(config), policy) => dns::validate(config, policy, at, violations),
        (None, "None") => {
            let message = "dnsPolicy None needs a dnsConfig with nameservers";
            violations.required(SUBJECT, &at.field("dnsConfig"), message, "add it, or write another dnsPolicy");
        }
        (None, _) => {}
    }
    if fields.shares_processes && fields.host.processes {
        let message = "shareProcessNamespace and hostPID are both true";
        violations.invalid(SUBJECT, &at.field("shareProcessNamespace"), message, "remove one of them");
    }
    host_users(spec, fields, at, violations);
    hostname_override(fields, at, violations);
}

/// Reports the name of a service account that no service account can have. The deprecated field counts where the other
/// one is empty, unless KubeRay sets the name.
fn service_account(names: [&str; 2], added: Added<'_>, at: &At<'_>, violations: &mut Violations) {
    let (field, name) = match names {
        ["", ""] => return,
        ["", _] if added.changes_service_account_name => return,
        ["", deprecated] => ("serviceAccount", deprecated),
        [name, _] => ("serviceAccountName", name),
    };
    let name = added.service_account_name(name);
    syntax::check(SUBJECT, Syntax::Dns1123Subdomain, &name, "the name", &at.field(field), violations);
}

/// Reports a text that is neither empty nor one of the known values. An empty text means the default.
fn choice(value: &Json<'_>, known: &[&'static str], at: &At<'_>, violations: &mut Violations) {
    if let Some(text) = value.as_nonempty_str() {
        choice::check(text, known, SUBJECT, at, violations);
    }
}

/// Reports a text that is neither empty nor of a syntax.
fn text(value: &Json<'_>, syntax: Syntax, at: &At<'_>, violations: &mut Violations) {
    if let Some(text) = value.as_nonempty_str() {
        syntax::check(SUBJECT, syntax, text, "the name", at, violations);
    }
}

fn readiness_gates(gates: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    for (index, gate) in gates.items().iter().enumerate() {
        if let Some(kind) = gate.field("conditionType").as_str() {
            let at = at.index(index);
            let at = at.field("conditionType");
            syntax::check(SUBJECT, Syntax::QualifiedName, kind, "the type", &at, violations);
        }
    }
}

/// Reports a Pod with users of its own in namespaces of the node (`validateHostUsers`). Kubernetes 1.30 ignores
/// `hostUsers`.
fn host_users(spec: &Json<'_>, fields: &Fields<'_, '_>, at: &At<'_>, violations: &mut Violations) {
    if fields.host_users != Some(false) {
        return;
    }
    let HostNamespaces { network, ipc, processes } = fields.host;
    for (field, is_set) in [("hostNetwork", network), ("hostPID", processes), ("hostIPC", ipc)] {
        if is_set {
            let message = format!("hostUsers: false does not allow {field}");
            let violation = violations.forbidden(SUBJECT, &at.field(field), message, "remove it, or hostUsers");
            violation.in_some_versions();
        }
    }
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for (index, container) in spec.field(list).items().iter().enumerate() {
            if !container.field("volumeDevices").items().is_empty() {
                let at = at.field(list);
                let at = at.index(index);
                let message = "hostUsers: false does not allow volumeDevices";
                let at = at.field("volumeDevices");
                violations.forbidden(SUBJECT, &at, message, "remove them, or hostUsers").in_some_versions();
            }
        }
    }
}

/// Reports what Kubernetes refuses in `hostnameOverride` (`validatePodHostName`). Kubernetes before 1.35 ignores it.
fn hostname_override(fields: &Fields<'_, '_>, at: &At<'_>, violations: &mut Violations) {
    let Some(name) = fields.hostname_override else { return };
    let at = at.field("hostnameOverride");
    for (field, is_set) in [("setHostnameAsFQDN", fields.is_hostname_fqdn), ("hostNetwork", fields.host.network)] {
        if is_set {
            let message = format!("{field}: true allows no hostnameOverride");
            violations.forbidden(SUBJECT, &at, message, format!("remove it, or {field}")).in_some_versions();
        }
    }
    if name.len() > LONGEST_HOSTNAME {
        let message = format!("the name has {} characters, more than {LONGEST_HOSTNAME}", name.len());
        violations.invalid(SUBJECT, &at, message, "write a shorter name").in_some_versions();
    }
    if let Some(found) = syntax::check(SUBJECT, Syntax::Dns1123Subdomain, name, "the name", &at, violations) {
        found.in_some_versions();
    }
}
