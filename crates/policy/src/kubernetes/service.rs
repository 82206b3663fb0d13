//! Services.

mod address;
mod ports;
mod traffic;

use std::net::IpAddr;

use rayguard_manifest::json::Json;

use super::{At, Subject, Violation, Violations, metadata};
use crate::name::{Syntax, sentence};
use crate::reason::Reason;
use crate::spelling::{closest, quote};
use address::Reading;
pub(crate) use ports::{Origin, ServicePort};

const SUBJECT: Subject = Subject::Service;

/// The annotation that limits the clients of a load balancer, where the field of that name is not set.
const SOURCE_RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";

/// A Service that KubeRay creates, perhaps of one that the user writes.
pub(crate) struct Service<'a> {
    /// The Service that the user writes; `null` where KubeRay makes all of it.
    pub(crate) json: &'a Json<'a>,
    /// The location of that Service.
    pub(crate) at: At<'a>,
    /// The type, unless the user's Service has one, and its location.
    pub(crate) default_type: (&'a Json<'a>, At<'a>),
    /// Whether to report an unknown default type. Several Services of an object can have the same.
    pub(crate) checks_default_type: bool,
    /// Annotations that KubeRay writes over those of the user's Service, and their location.
    pub(crate) more_annotations: Option<(&'a Json<'a>, At<'a>)>,
    /// The keys of labels whose values KubeRay writes.
    pub(crate) overwritten_labels: &'a [&'a str],
    /// Whether KubeRay keeps the name of the user's Service.
    pub(crate) keeps_name: bool,
    /// All ports. Those that the user writes follow the others.
    pub(crate) ports: Vec<ServicePort<'a>>,
}

impl Service<'_> {
    /// Reports everything that Kubernetes refuses in the Service (`ValidateServiceCreate`, after `SetDefaults_Service`).
    pub(crate) fn validate(&self, violations: &mut Violations) {
        self.validate_metadata(violations);
        let kind = self.validate_type(violations);
        ports::validate(&self.ports, kind.unwrap_or_default(), violations);
        let spec = self.json.field("spec");
        let at = self.at.field("spec");
        if let Some(kind) = kind {
            self.validate_source_ranges(kind, violations);
            if !self.json.is_null() || kind == "ExternalName" {
                self.validate_addresses(spec, kind, &at, violations);
                traffic::validate(spec, kind, &at, violations);
            }
        }
    }

    fn validate_metadata(&self, violations: &mut Violations) {
        if let Some((annotations, at)) = &self.more_annotations {
            metadata::validate_annotations(SUBJECT, annotations, at, violations);
        }
        let at = self.at.field("metadata");
        for (field, value) in self.json.field("metadata").entries() {
            match &**field {
                "labels" => {
                    let is_overwritten = |key: &str| self.overwritten_labels.contains(&key);
                    metadata::validate_labels(SUBJECT, value, is_overwritten, &at.field("labels"), violations);
                }
                "annotations" => {
                    metadata::validate_annotations(SUBJECT, value, &at.field("annotations"), violations);
                }
                "finalizers" => {
                    metadata::validate_finalizers(SUBJECT, value, &at.field("finalizers"), violations);
                }
                "name" if self.keeps_name => {
                    if let Some(name) = value.as_nonempty_str() {
                        validate_name(name, &at.field("name"), violations);
                    }
                }
                _ => {}
            }
        }
        let (hints, mode) = ("service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode");
        if let (Some((hints, _)), Some((mode, at))) = (self.annotation(hints), self.annotation(mode))
            && hints != mode
        {
            let message = "the annotations topology-mode and topology-aware-hints differ";
            self.with_annotation(at, violations, message, "remove topology-aware-hints, which is the older one");
        }
    }

    /// Returns the type, or `None` for one that Kubernetes does not know, and reports that.
    fn validate_type(&self, violations: &mut Violations) -> Option<&str> {
        const TYPES: [&str; 4] = ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"];
        let written = self.json.descend(["spec", "type"]).as_nonempty_str();
        let (default, default_at) = &self.default_type;
        let kind = written.or_else(|| default.as_nonempty_str()).unwrap_or("ClusterIP");
        if TYPES.contains(&kind) {
            return Some(kind);
        }
        if written.is_some() {
            one_of(kind, &TYPES, &self.at.field("spec").field("type"), violations);
        } else if self.checks_default_type {
            // ExternalName needs a field that KubeRay sets only with a Service of the user.
            one_of(kind, &TYPES[..3], default_at, violations);
        }
        None
    }

    fn validate_addresses(&self, spec: &Json<'_>, kind: &str, at: &At<'_>, violations: &mut Violations) {
        let cluster_ip = spec.field("clusterIP").as_nonempty_str();
        let cluster_ips = spec.field("clusterIPs").items();
        let families = spec.field("ipFamilies").items();
        if kind == "ExternalName" {
            self.validate_external_name(spec, at, violations);
            let is_set = |field: &&str| match *field {
                "clusterIP" => cluster_ip.is_some() && cluster_ips.is_empty(),
                "ipFamilyPolicy" => spec.field(field).as_str().is_some(),
                _ => !spec.field(field).items().is_empty(),
            };
            for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"].into_iter().filter(is_set) {
                let message = "a Service of type ExternalName does not have this field";
                violations.forbidden(SUBJECT, &at.field(field), message, "remove it");
            }
            return;
        }
        // The user's `clusterIP` becomes the only item of `clusterIPs`, unless that is set.
        let is_headless = match cluster_ips {
            [] => cluster_ip == Some("None"),
            [only] => only.as_str() == Some("None"),
            _ => false,
        };
        if is_headless && kind != "ClusterIP" {
            let field = if cluster_ips.is_empty() { "clusterIP" } else { "clusterIPs" };
            let message = format!("a Service of type {kind} cannot be None, headless");
            violations.invalid(SUBJECT, &at.field(field), message, "remove it, or write the type ClusterIP");
        }
        if self.ports.is_empty() && !is_headless {
            let message = "the Service has no ports";
            violations.required(SUBJECT, &at.field("ports"), message, "add a port");
        }
        validate_cluster_ips(spec, is_headless, at, violations);
        for (index, family) in families.iter().enumerate() {
            let Some(name) = family.as_str() else { continue };
            let at = at.field("ipFamilies");
            one_of(name, &["IPv4", "IPv6"], &at.index(index), violations);
            if families[..index.min(2)].iter().any(|other| other.as_str() == Some(name)) {
                let message = "the family occurs twice";
                violations.add(SUBJECT, Reason::Duplicate, &at.index(index), message, "remove one of them");
            }
        }
        if let Some(policy) = spec.field("ipFamilyPolicy").as_str() {
            let policies = ["SingleStack", "PreferDualStack", "RequireDualStack"];
            one_of(policy, &policies, &at.field("ipFamilyPolicy"), violations);
        }
    }

    fn validate_external_name(&self, spec: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
        let name = spec.field("externalName").as_str().unwrap_or_default();
        let name = name.strip_suffix('.').unwrap_or(name);
        let (default, default_at) = &self.default_type;
        let is_default = default.as_str() == Some("ExternalName");
        if !name.is_empty() {
            let at = at.field("externalName");
            metadata::check(SUBJECT, Syntax::Dns1123Subdomain, name, "the name", &at, violations);
        } else if is_default && self.json.is_null() {
            if self.checks_default_type {
                let message = "KubeRay creates a Service without the externalName that this type needs";
                violations.invalid(SUBJECT, default_at, message, "write ClusterIP, NodePort or LoadBalancer");
            }
        } else {
            let message = "a Service of type ExternalName needs a name";
            let help = "write the DNS name, or another type of the Service";
            violations.required(SUBJECT, &at.field("externalName"), message, help);
        }
    }

    /// Reports what Kubernetes refuses in the networks from which clients reach a load balancer.
    fn validate_source_ranges(&self, kind: &str, violations: &mut Violations) {
        let spec_at = self.at.field("spec");
        let ranges = self.json.descend(["spec", "loadBalancerSourceRanges"]).items();
        let message = "only a Service of type LoadBalancer has source ranges";
        if !ranges.is_empty() {
            let at = spec_at.field("loadBalancerSourceRanges");
            if kind != "LoadBalancer" {
                violations.forbidden(SUBJECT, &at, message, "remove them, or write the type LoadBalancer");
            }
            for (index, range) in ranges.iter().enumerate() {
                if let Some(range) = range.as_str() {
                    address::check_network(range.trim(), &at.index(index), violations);
                }
            }
        } else if let Some((text, from)) = self.annotation(SOURCE_RANGES) {
            if kind != "LoadBalancer" {
                self.with_annotation(from, violations, message, "remove it, or write the type LoadBalancer");
            }
            let text = text.trim();
            let bad = text.split(',').find(|range| address::read_network(range.trim()) == Reading::Invalid);
            if let Some(bad) = bad.filter(|_| !text.is_empty()) {
                let message = format!("{} is not a network", quote(bad.trim()));
                self.with_annotation(
                    from,
                    violations,
                    message,
                    "write networks such as 10.0.0.0/8, with ',' between them",
                );
            }
        }
    }

    /// Returns the value of an annotation, and its key with whether KubeRay writes it over that of the user's Service.
    fn annotation<'k>(&self, key: &'k str) -> Option<(&str, (&'k str, bool))> {
        let more = self.more_annotations.as_ref().and_then(|(annotations, _)| annotations.field(key).as_str());
        match more {
            Some(value) => Some((value, (key, true))),
            None => Some((self.json.descend(["metadata", "annotations"]).field(key).as_str()?, (key, false))),
        }
    }

    fn with_annotation(
        &self,
        (key, is_more): (&str, bool),
        violations: &mut Violations,
        message: impl Into<String>,
        help: &str,
    ) {
        let (metadata_at, annotations_at);
        let at = match &self.more_annotations {
            Some((_, at)) if is_more => at.key(key),
            _ => {
                metadata_at = self.at.field("metadata");
                annotations_at = metadata_at.field("annotations");
                annotations_at.key(key)
            }
        };
        violations.invalid(SUBJECT, &at, message, help);
    }
}

/// Reports what Kubernetes refuses in the name of a Service. Up to 1.35, it must begin with a letter.
fn validate_name(name: &str, at: &At<'_>, violations: &mut Violations) {
    let help = format!("write {}", Syntax::Dns1035Label.form());
    let errors = Syntax::Dns1123Label.errors(name);
    if !errors.is_empty() {
        violations.invalid(SUBJECT, at, format!("the Service's name {}", sentence(&errors)), help);
    } else if !Syntax::Dns1035Label.admits(name) {
        let message = "the Service's name begins with a digit, which Kubernetes up to 1.35 refuses";
        violations.invalid(SUBJECT, at, message, help).in_some_versions();
    }
}

fn validate_cluster_ips(spec: &Json<'_>, is_headless: bool, at: &At<'_>, violations: &mut Violations) {
    let cluster_ip = spec.field("clusterIP").as_str().unwrap_or_default();
    let cluster_ips = spec.field("clusterIPs").items();
    let list_at = at.field("clusterIPs");
    let families = spec.field("ipFamilies").items();
    let Some(first) = cluster_ips.first() else {
        if !cluster_ip.is_empty() && !is_headless {
            let at = at.field("clusterIP");
            let address = address::check(cluster_ip, &at, violations);
            check_family(address, families.first(), &at, violations);
        }
        return;
    };
    if first.as_str() != Some(cluster_ip) {
        let message = "the first of clusterIPs is not the clusterIP";
        violations.invalid(SUBJECT, &list_at, message, "remove clusterIPs, or write the same in clusterIP");
    }
    if first.as_str() == Some("None") && cluster_ips.len() > 1 {
        let message = "None cannot be followed by an address";
        violations.invalid(SUBJECT, &list_at, message, "remove the addresses");
        return;
    }
    if cluster_ips.len() > 2 {
        let message = format!("there are {} addresses, more than 2", cluster_ips.len());
        violations.invalid(SUBJECT, &list_at, message, "write at most one IPv4 and one IPv6 address");
    }
    if is_headless {
        return;
    }
    let mut addresses = Vec::new();
    for (index, address) in cluster_ips.iter().enumerate() {
        let Some(address) = address.as_str() else { return };
        addresses.extend(address::check(address, &list_at.index(index), violations));
    }
    if addresses.len() < cluster_ips.len() {
        return;
    }
    for (index, address) in addresses.iter().enumerate() {
        check_family(Some(*address), families.get(index), &list_at.index(index), violations);
    }
    if let [first, second] = addresses[..]
        && family_of(first) == family_of(second)
    {
        let message = "both addresses are of the same family";
        violations.invalid(SUBJECT, &list_at, message, "write at most one IPv4 and one IPv6 address");
    }
}

/// Reports an address that is not of the family which `ipFamilies` has at its place.
fn check_family(address: Option<IpAddr>, family: Option<&Json<'_>>, at: &At<'_>, violations: &mut Violations) {
    let (Some(address), Some(family)) = (address, family.and_then(Json::as_str)) else { return };
    if ["IPv4", "IPv6"].contains(&family) && family_of(address) != family {
        let message = format!("the address is not of the family {family}, which ipFamilies has at its place");
        violations.invalid(SUBJECT, at, message, "write the families in the order of the addresses");
    }
}

fn family_of(address: IpAddr) -> &'static str {
    if address.to_canonical().is_ipv4() { "IPv4" } else { "IPv6" }
}

/// Reports a value that is not one of the known ones. A value that differs only in upper and lower case gets a fix.
fn one_of<'v>(
    value: &str,
    known: &[&'static str],
    at: &At<'_>,
    violations: &'v mut Violations,
) -> Option<&'v mut Violation> {
    if known.contains(&value) {
        return None;
    }
    let help = match closest(value, known) {
        Some(similar) => format!("write {similar}"),
        None => format!("write {}", known.join(" or ")),
    };
    let message = format!("the value {} does not exist", quote(value));
    let violation = violations.add(SUBJECT, Reason::NotSupported, at, message, help);
    if let Some(same) = known.iter().find(|known| known.eq_ignore_ascii_case(value)) {
        violation.fix_by_value(*same);
    }
    Some(violation)
}
