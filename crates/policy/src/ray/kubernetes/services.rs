//! The Services of an object, and the Ingress of its dashboard.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

use crate::kuberay::{FeatureGate, Kind, KubeRay, Version};
use crate::kubernetes::{At, Origin, Service, ServicePort, Subject, Violations, ingress};
use crate::ray::RayObject;

/// The number of ports that are compared with each other. Above it, a hash map keeps the time linear.
const FEW: usize = 16;

/// The ports of the head Service where the Ray container has no ports (`getDefaultPorts`,
/// ray-operator/controllers/ray/common/service.go:436-444, v1.6.2).
const DEFAULT_PORTS: [(&str, i64); 5] =
    [("client", 10001), ("gcs-server", 6379), ("dashboard", 8265), ("metrics", 8080), ("serve", 8000)];

/// The labels of the head Service that KubeRay writes (`HeadServiceLabels`). A RayService and a RayJob have a second head
/// Service without labels of the user.
const HEAD_LABELS: [&str; 5] = [
    "ray.io/cluster",
    "ray.io/node-type",
    "ray.io/identifier",
    "app.kubernetes.io/name",
    "app.kubernetes.io/created-by",
];

/// The labels of the Serve Service that KubeRay writes (`BuildServeService`).
const SERVE_LABELS: [&str; 3] = ["ray.io/originated-from-cr-name", "ray.io/originated-from-crd", "ray.io/serve"];

/// Reports everything that Kubernetes refuses in the Services and the Ingress of an object.
pub(super) fn validate(object: &RayObject<'_>, kuberay: &KubeRay, violations: &mut Violations) {
    let cluster = &object.cluster;
    let Some(container) = cluster.head.ray_container() else { return };
    let ports_path = || container.path().field("ports");
    let ports_at = At::Root(&ports_path);
    let json = container.json.field("ports");
    validate_name(object, kuberay, violations);
    validate_ingress(object, kuberay, violations);
    validate_head_service(object, json, &ports_at, violations);
    validate_serve_services(object, kuberay, json, &ports_at, violations);
}

/// Returns the ports that KubeRay makes of those of the Ray container (`getServicePorts`). A port without a name gets
/// one, and of several ports with one name the last one counts. Another check validates the names and numbers.
fn ports_of_container<'p>(json: &'p Json<'_>, at: &'p At<'p>) -> Vec<ServicePort<'p>> {
    let add = |(name, number): (&'static str, i64)| ServicePort {
        origin: Origin::KubeRay,
        name: Cow::Borrowed(name),
        number: Some(number),
        at: *at,
    };
    if json.items().is_empty() {
        return DEFAULT_PORTS.into_iter().map(add).collect();
    }
    let has_metrics = has_name(json.items(), "metrics");
    let mut ports: Vec<_> = (!has_metrics).then(|| add(("metrics", 8080))).into_iter().collect();
    let mut indexes = HashMap::new();
    for (index, json) in json.items().iter().enumerate() {
        let number = json.field("containerPort").as_i64();
        let name = match json.field("name").as_nonempty_str() {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(format!("{}-port", number.unwrap_or_default())),
        };
        let number = number.filter(|number| (1..=65535).contains(number));
        let port = ServicePort { origin: Origin::Container, name, number, at: at.index(index) };
        let same = if ports.len() < FEW {
            ports.iter().position(|other| other.name == port.name)
        } else {
            if indexes.is_empty() {
                indexes.extend(ports.iter().enumerate().map(|(index, port)| (port.name.to_string(), index)));
            }
            let next = ports.len();
            Some(*indexes.entry(port.name.to_string()).or_insert(next)).filter(|index| *index < next)
        };
        match same {
            Some(same) => ports[same] = port,
            None => ports.push(port),
        }
    }
    ports
}

/// Reports the name of a RayCronJob that is too long for the head Service of its clusters. From KubeRay 1.7 on, KubeRay
/// checks it itself, as it checks the names of other objects from 1.4 on (rule `invalid-name`).
fn validate_name(object: &RayObject<'_>, kuberay: &KubeRay, violations: &mut Violations) {
    if object.kind != Kind::RayCronJob || kuberay.version >= Version::v1(7) {
        return;
    }
    let Some(name) = object.json.descend(["metadata", "name"]).as_nonempty_str() else { return };
    // Both KubeRay's RayJob and its RayCluster get a name with six more characters.
    let length = name.len() + 6 + 6 + "-head-svc".len();
    if length > 63 && object.cluster.head.json.descend(["headService", "metadata", "name"]).as_nonempty_str().is_none()
    {
        let path = || FieldPath::of(["metadata", "name"]);
        let message = format!("the head Service of its clusters has a name of {length} characters, more than 63");
        violations.invalid(Subject::Service, &At::Root(&path), message, "write at most 36 characters");
    }
}

fn validate_head_service(
    object: &RayObject<'_>,
    container_ports: &Json<'_>,
    ports_at: &At<'_>,
    violations: &mut Violations,
) {
    let head = &object.cluster.head;
    let path = || head.path().field("headService");
    let type_path = || head.path().field("serviceType");
    let annotations_path = || object.cluster.path().field("headServiceAnnotations");
    let at = At::Root(&path);
    let (at_spec, json) = (at.field("spec"), head.json.field("headService"));
    let at_ports = at_spec.field("ports");
    // KubeRay's default ports alone are valid.
    let mut ports = Vec::new();
    if json.as_object().is_some() || !container_ports.items().is_empty() {
        ports = ports_of_container(container_ports, ports_at);
        let written = json.descend(["spec", "ports"]).items().iter().enumerate();
        ports.extend(written.map(|(index, json)| ServicePort::written(json, at_ports.index(index))));
    }
    let more = object.cluster.json.field("headServiceAnnotations");
    let service = Service {
        json: if json.as_object().is_some() { json } else { &Json::Null },
        at,
        default_type: (head.json.field("serviceType"), At::Root(&type_path)),
        checks_default_type: true,
        more_annotations: more.as_object().map(|_| (more, At::Root(&annotations_path))),
        overwritten_labels: &HEAD_LABELS,
        // The rule `named-head-service` reports the name in a RayService.
        keeps_name: object.kind != Kind::RayService,
        ports,
    };
    service.validate(violations);
}

/// Reports what Kubernetes refuses in the Services of Ray Serve: that of a RayService, and that of a cluster with an
/// annotation (`BuildServeService`).
fn validate_serve_services(
    object: &RayObject<'_>,
    kuberay: &KubeRay,
    container_ports: &Json<'_>,
    ports_at: &At<'_>,
    violations: &mut Violations,
) {
    let is_service = object.kind == Kind::RayService;
    let has_annotation = object.annotation("ray.io/enable-serve-service") == Some("true");
    if !is_service && !has_annotation {
        return;
    }
    let json = object.json.descend(["spec", "serveService"]);
    let strategy = object.json.descend(["spec", "upgradeStrategy", "type"]).as_str();
    let is_incremental = strategy == Some("NewClusterWithIncrementalUpgrade")
        && kuberay.is_enabled(FeatureGate::RayServiceIncrementalUpgrade);
    let is_written = is_service && json.as_object().is_some() && !is_incremental;
    let head = &object.cluster.head;
    // The head Service has the same default type, unless the user writes another one.
    let head_has_type = head.json.descend(["headService", "spec", "type"]).as_nonempty_str().is_some();
    if container_ports.items().is_empty() && !is_written && !head_has_type {
        return;
    }
    let mut ports = ports_of_container(container_ports, ports_at);
    // Before KubeRay 1.6, only the name `serve` counts.
    let is_serve = |name: &str| name == "serve" || kuberay.version >= Version::v1(6) && name.starts_with("serve-");
    ports.retain(|port| is_serve(&port.name));
    if ports.is_empty() && (!is_written || has_annotation) {
        let message = "no port of the Ray container is named serve, so KubeRay creates no Serve Service";
        let help = "add the port {name: serve, containerPort: 8000}";
        violations.required(Subject::Service, ports_at, message, help);
    }
    let path = || FieldPath::of(["spec", "serveService"]);
    let type_path = || head.path().field("serviceType");
    let at = At::Root(&path);
    let at_spec = at.field("spec");
    let at_ports = at_spec.field("ports");
    let mut service = Service {
        json: &Json::Null,
        at,
        default_type: (head.json.field("serviceType"), At::Root(&type_path)),
        checks_default_type: head_has_type,
        more_annotations: None,
        overwritten_labels: &SERVE_LABELS,
        keeps_name: true,
        ports: Vec::new(),
    };
    if head_has_type && (!is_written || has_annotation) {
        service.validate(violations);
        service.checks_default_type = false;
    }
    if is_written {
        let written = json.descend(["spec", "ports"]).items();
        service.json = json;
        service.ports = if kuberay.version >= Version::v1(6) {
            merge(ports, written, &at_ports)
        } else if ports.is_empty() && !has_name(written, "serve") {
            Vec::new()
        } else {
            // KubeRay keeps only the name and the number.
            vec![ServicePort { origin: Origin::KubeRay, name: "serve".into(), number: None, at: at_ports }]
        };
        service.validate(violations);
    }
}

fn has_name(ports: &[Json<'_>], name: &str) -> bool {
    ports.iter().any(|port| port.field("name").as_str() == Some(name))
}

/// Merges the ports of the Ray container with those of `serveService`. With ports of the container, KubeRay keeps only
/// the user's ports that have the name of one of them.
fn merge<'p>(ports: Vec<ServicePort<'p>>, written: &'p [Json<'_>], at: &'p At<'p>) -> Vec<ServicePort<'p>> {
    let read = |(index, json): (usize, &'p Json<'_>)| ServicePort::written(json, at.index(index));
    if ports.is_empty() {
        return written.iter().enumerate().map(read).collect();
    }
    let names: HashMap<_, _> = written
        .iter()
        .enumerate()
        .map(|(index, json)| (json.field("name").as_str().unwrap_or_default(), (index, json)))
        .collect();
    let mut numbers = HashSet::new();
    let (mut made, mut kept) = (Vec::new(), Vec::new());
    for port in ports {
        match names.get(&*port.name) {
            Some(same) => kept.push(read(*same)),
            // The check of the head Service reports a number that occurs twice.
            None if !numbers.insert(port.number) => {}
            None => made.push(port),
        }
    }
    made.append(&mut kept);
    made
}

/// Reports what Kubernetes refuses in the Ingress of the dashboard (`BuildIngressForHeadService`).
fn validate_ingress(object: &RayObject<'_>, kuberay: &KubeRay, violations: &mut Violations) {
    const CLASS: &str = "kubernetes.io/ingress.class";
    let head = &object.cluster.head;
    if head.json.field("enableIngress").as_bool() != Some(true) {
        return;
    }
    if let Some(class) = object.annotation(CLASS) {
        let path = || RayObject::annotation_path(CLASS);
        ingress::validate_class(class, &At::Root(&path), violations);
    }
    if kuberay.version >= Version::v1(7) {
        let path = || head.path().field("ingressOptions");
        ingress::validate_options(head.json.field("ingressOptions"), &At::Root(&path), violations);
    }
}
