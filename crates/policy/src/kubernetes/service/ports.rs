//! The ports of a Service.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::Hash;

use rayguard_manifest::json::Json;

use super::{SUBJECT, one_of};
use crate::kubernetes::{At, Violations, metadata};
use crate::name::Syntax;
use crate::reason::Reason;
use crate::spelling::quote;

/// The number of ports that are compared with each other. Above it, a hash map keeps the time linear.
const FEW: usize = 16;

/// A port of a Service.
pub(crate) struct ServicePort<'a> {
    /// Where the port is from.
    pub(crate) origin: Origin<'a>,
    /// The name.
    pub(crate) name: Cow<'a, str>,
    /// The number; `None` if it is missing.
    pub(crate) number: Option<i64>,
    /// The location of the port, or of the container's port.
    pub(crate) at: At<'a>,
}

/// Where a port of a Service is from.
#[derive(Clone, Copy)]
pub(crate) enum Origin<'a> {
    /// KubeRay adds it to every Service.
    KubeRay,
    /// KubeRay makes it of a port of the Ray container. Another check validates that port.
    Container,
    /// The user writes it.
    Written(&'a Json<'a>),
}

impl<'a> ServicePort<'a> {
    /// Reads a port of a Service.
    pub(crate) fn written(json: &'a Json<'a>, at: At<'a>) -> Self {
        let name = Cow::Borrowed(json.field("name").as_str().unwrap_or_default());
        Self { origin: Origin::Written(json), name, number: json.field("port").as_i64(), at }
    }

    fn protocol(&self) -> &'a str {
        match self.origin {
            Origin::Written(json) => json.field("protocol").as_nonempty_str().unwrap_or("TCP"),
            Origin::KubeRay | Origin::Container => "TCP",
        }
    }

    fn node_port(&self) -> Option<i64> {
        match self.origin {
            Origin::Written(json) => json.field("nodePort").as_i64().filter(|port| *port != 0),
            Origin::KubeRay | Origin::Container => None,
        }
    }
}

/// Reports everything that Kubernetes refuses in the ports of a Service of a type (`validateServicePort`). In the list,
/// those that the user writes follow the others.
pub(super) fn validate(ports: &[ServicePort<'_>], kind: &str, violations: &mut Violations) {
    let mut names = Firsts::new(ports, |port| Some(&*port.name).filter(|name| !name.is_empty()));
    let mut numbers = Firsts::new(ports, |port| Some((port.number?, port.protocol())));
    let mut node_ports = Firsts::new(ports, |port| Some((port.node_port()?, port.protocol())));
    for (index, port) in ports.iter().enumerate() {
        if let Origin::Written(json) = port.origin {
            if port.name.is_empty() && ports.len() > 1 {
                let message = "each port of a Service with several ports needs a name";
                violations.required(SUBJECT, &port.at.field("name"), message, "write a name");
            }
            validate_written(json, port, kind, violations);
        }
        // One finding suffices for a port that has both in common with another one.
        if let Some(first) = numbers.before(index) {
            report_number(port, first, violations);
        } else if let Some(first) = names.before(index) {
            report_name(port, first, violations);
        }
        if node_ports.before(index).is_some() {
            let message = "two ports of the Service have this node port";
            violations.add(SUBJECT, Reason::Duplicate, &port.at.field("nodePort"), message, "write another number");
        }
    }
}

fn validate_written(json: &Json<'_>, port: &ServicePort<'_>, kind: &str, violations: &mut Violations) {
    let at = &port.at;
    if !port.name.is_empty() {
        let at = at.field("name");
        metadata::check(SUBJECT, Syntax::Dns1123Label, &port.name, "the port's name", &at, violations);
    }
    if let Some(number) = port.number {
        check_number(number, &at.field("port"), violations);
        // Kubernetes 1.30 forbids the kubelet's port.
        if kind == "LoadBalancer" && number == 10250 {
            let message = "a LoadBalancer may not expose the port of the kubelet";
            violations.invalid(SUBJECT, at, message, "write another number").in_some_versions();
        }
    }
    one_of(port.protocol(), &["TCP", "UDP", "SCTP"], &at.field("protocol"), violations);
    match json.field("targetPort") {
        Json::String(name) if !name.is_empty() => {
            if let Some(error) = port_name_error(name) {
                let message = format!("the name {} {error}, so no container port can have it", quote(name));
                let help = "write the name of a container's port, or a number without quotes";
                violations.invalid(SUBJECT, &at.field("targetPort"), message, help);
            }
        }
        target => {
            if let Some(number) = target.as_i64().filter(|number| *number != 0) {
                check_number(number, &at.field("targetPort"), violations);
            }
        }
    }
    if let Some(protocol) = json.field("appProtocol").as_str() {
        let at = at.field("appProtocol");
        metadata::check(SUBJECT, Syntax::QualifiedName, protocol, "the protocol's name", &at, violations);
    }
    if let Some(number) = port.node_port() {
        let at = at.field("nodePort");
        match kind {
            "ClusterIP" => {
                let message = "a Service of type ClusterIP has no node ports";
                violations.forbidden(SUBJECT, &at, message, "remove it, or write the type NodePort");
            }
            "NodePort" | "LoadBalancer" if !(30000..=32767).contains(&number) => {
                let message = "the node port is not in 30000-32767, the range of a cluster by default";
                violations.invalid(SUBJECT, &at, message, "write a number in this range").in_some_versions();
            }
            _ => {}
        }
    }
}

fn check_number(number: i64, at: &At<'_>, violations: &mut Violations) {
    if !(1..=65535).contains(&number) {
        let message = format!("{number} is not a port");
        violations.invalid(SUBJECT, at, message, "write a number from 1 to 65535");
    }
}

fn report_number(port: &ServicePort<'_>, first: &ServicePort<'_>, violations: &mut Violations) {
    let number = port.number.unwrap_or_default();
    let (message, help) = match (port.origin, first.origin) {
        (Origin::Written(_), Origin::Written(_)) => {
            ("the Service has this number twice".to_owned(), "remove one of them")
        }
        (Origin::Written(_), _) => (
            format!("KubeRay adds the port {number} to the Service, which then has it twice"),
            if port.name == first.name { "remove this port" } else { "remove this port, or write another number" },
        ),
        (_, Origin::KubeRay) => (
            format!("the head Service has {number} twice, because KubeRay adds a port {} with it", first.name),
            "name this port metrics, or write another number",
        ),
        _ => (
            format!("the head Service has {number} twice, because KubeRay makes all its ports TCP"),
            "remove one of them, or write another number",
        ),
    };
    violations.add(SUBJECT, Reason::Duplicate, &port.at, message, help);
}

fn report_name(port: &ServicePort<'_>, first: &ServicePort<'_>, violations: &mut Violations) {
    let name = quote(&port.name);
    let (message, help) = match first.origin {
        Origin::Written(_) => (format!("the Service has two ports with the name {name}"), "write another name"),
        _ => (
            format!("KubeRay adds a port {name} to the Service, which then has two"),
            "remove this port, or write another name",
        ),
    };
    violations.add(SUBJECT, Reason::Duplicate, &port.at.field("name"), message, help);
}

/// Returns what is wrong with a text as the name of a container's port, as a predicate (`IsValidPortName`).
fn port_name_error(name: &str) -> Option<&'static str> {
    if name.len() > 15 {
        Some("has more than 15 characters")
    } else if !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
        Some("has other characters than a-z, 0-9 and '-'")
    } else if !name.bytes().any(|byte| byte.is_ascii_lowercase()) {
        Some("has no letter")
    } else if name.contains("--") {
        Some("contains \"--\"")
    } else {
        (name.starts_with('-') || name.ends_with('-')).then_some("begins or ends with '-'")
    }
}

/// The first port with each value of a key.
struct Firsts<'p, 'a, K> {
    ports: &'p [ServicePort<'a>],
    key: fn(&'p ServicePort<'a>) -> Option<K>,
    many: HashMap<K, usize>,
}

impl<'p, 'a, K: Copy + Eq + Hash> Firsts<'p, 'a, K> {
    fn new(ports: &'p [ServicePort<'a>], key: fn(&'p ServicePort<'a>) -> Option<K>) -> Self {
        Self { ports, key, many: HashMap::new() }
    }

    /// Returns an earlier port with the key of the port at an index. It must be called for every index in order.
    fn before(&mut self, index: usize) -> Option<&'p ServicePort<'a>> {
        let key = (self.key)(&self.ports[index])?;
        if self.ports.len() <= FEW {
            return self.ports[..index].iter().find(|port| (self.key)(port) == Some(key));
        }
        let first = *self.many.entry(key).or_insert(index);
        (first != index).then(|| &self.ports[first])
    }
}
