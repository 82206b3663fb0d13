//! The ports of a container.

use rayguard_manifest::json::Json;

use super::pod::{Kind, Pod};
use super::seen::Seen;
use super::{At, Subject, Violations, choice, port};
use crate::reason::Reason;
use crate::spelling::quote;

const SUBJECT: Subject = Subject::ContainerPort;

/// A port of a node: the protocol, the IP address and the number.
pub(super) type HostPort<'p> = (&'p str, &'p str, i64);

/// A port of a container.
struct Port<'p> {
    name: Option<&'p str>,
    /// `containerPort`
    inner: Option<i64>,
    /// `hostPort`
    outer: Option<i64>,
    host_ip: &'p str,
    protocol: &'p str,
}

impl<'p> Port<'p> {
    fn read(json: &'p Json<'_>) -> Self {
        let mut port = Self { name: None, inner: None, outer: None, host_ip: "", protocol: "TCP" };
        for (name, value) in json.entries() {
            match &**name {
                "name" => port.name = value.as_nonempty_str(),
                "containerPort" => port.inner = value.as_i64(),
                "hostPort" => port.outer = value.as_i64().filter(|number| *number != 0),
                "hostIP" => port.host_ip = value.as_str().unwrap_or_default(),
                "protocol" => port.protocol = value.as_nonempty_str().unwrap_or("TCP"),
                _ => {}
            }
        }
        port
    }
}

/// Reports everything that Kubernetes refuses in the ports of a container (`validateContainerPorts`,
/// `validatePodHostNetworkDeps`), except ports of the node that are in conflict.
pub(super) fn validate(ports: &Json<'_>, kind: Kind, pod: &Pod<'_>, at: &At<'_>, violations: &mut Violations) {
    let mut names = Seen::new();
    for (name, _) in pod.added_ports(kind) {
        names.insert(*name);
    }
    for (index, json) in ports.items().iter().enumerate() {
        let at = at.index(index);
        let port = Port::read(json);
        if let Some(name) = port.name {
            if let Some(error) = port::name_error(name) {
                let message = format!("the port name {} {error}", quote(name));
                violations.invalid(SUBJECT, &at.field("name"), message, port::NAME_FORM);
            } else if !names.insert(name) {
                let message = format!("another port of the container has the name {}", quote(name));
                violations.add(SUBJECT, Reason::Duplicate, &at.field("name"), message, "write another name");
            }
        }
        if let Some(number) = port.inner {
            port::check_number(number, SUBJECT, &at.field("containerPort"), violations);
        }
        if let Some(number) = port.outer {
            port::check_number(number, SUBJECT, &at.field("hostPort"), violations);
            if pod.host_network && kind != Kind::Init && port.inner.is_some_and(|other| other != number) {
                let message = "with hostNetwork, the port of the node is that of the container";
                violations.invalid(SUBJECT, &at.field("hostPort"), message, "write the containerPort, or remove it");
            }
        }
        choice::check(port.protocol, &["SCTP", "TCP", "UDP"], SUBJECT, &at.field("protocol"), violations);
    }
}

/// Returns the ports of the node that the ports take which KubeRay adds.
pub(super) fn added_host_ports<'p>(pod: &Pod<'p>) -> Seen<HostPort<'p>> {
    let mut taken = Seen::new();
    if pod.host_network {
        for (_, number) in pod.added_ports(Kind::Ray) {
            taken.insert(("TCP", "", *number));
        }
    }
    taken
}

/// Reports ports of the node that occur twice (`AccumulateUniqueHostPorts`). With `hostNetwork`, each port of a container
/// is one of the node (`defaultHostNetworkPorts`).
pub(super) fn check_conflicts<'p>(
    container: &'p Json<'_>,
    pod: &Pod<'_>,
    taken: &mut Seen<HostPort<'p>>,
    at: &At<'_>,
    violations: &mut Violations,
) {
    if !pod.host_network && !has_host_port(container) {
        return;
    }
    for (index, json) in container.field("ports").items().iter().enumerate() {
        let port = Port::read(json);
        let default = port.inner.filter(|_| pod.host_network);
        let Some(number) = port.outer.or(default).filter(|number| *number != 0) else { continue };
        if !taken.insert((port.protocol, port.host_ip, number)) {
            let field = if port.outer.is_some() { "hostPort" } else { "containerPort" };
            let message = format!("the Pod already uses port {number} of its node with the same protocol and address");
            let list = at.field("ports");
            let at = list.index(index);
            violations.add(SUBJECT, Reason::Duplicate, &at.field(field), message, "write another port");
        }
    }
}

fn has_host_port(container: &Json<'_>) -> bool {
    container.field("ports").items().iter().any(|port| port.entry("hostPort").is_some())
}
