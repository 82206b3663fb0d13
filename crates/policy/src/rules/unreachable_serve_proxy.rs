#![doc = include_str!("unreachable_serve_proxy.md")]

use rayguard_manifest::json::Json;

use crate::context::Context;
use crate::ray::{Container, Group, RayObject};
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "unreachable-serve-proxy",
    summary: "workers of a RayService that never become ready, because no Serve proxy answers KubeRay's probe",
    category: Category::Ray,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("unreachable_serve_proxy.md"),
    cel: Cel::No("it reads the YAML of `serveConfigV2`, which CEL cannot"),
    check,
};

/// The name and the default of the port that the probe calls (`ServingPortName` and `DefaultServingPort`,
/// ray-operator/controllers/ray/utils/constant.go).
const PORT_NAME: &str = "serve";
const DEFAULT_PORT: i64 = 8000;

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    let Some(applications) = context.serve_config().applications() else { return };
    let mut probed = object.cluster.workers.iter().filter(|group| has_workers(group)).filter_map(probed);
    if let Some((location, at)) = &applications.proxy_location
        && matches!(&**location, "HeadOnly" | "Disabled")
    {
        if let Some(container) = probed.next() {
            let message =
                format!("proxy_location is {location}, so no Pod of {} becomes ready", group_name(container.group));
            let help = "write EveryNode, or give the Ray container of each worker group a readinessProbe";
            findings.invalid(RayObject::serve_config_path(), message, help).within(at);
        } else if location == "Disabled" {
            let message = "proxy_location is Disabled, so no Pod answers a request to the Service";
            findings.invalid(RayObject::serve_config_path(), message, "write EveryNode").within(at);
        }
        return;
    }
    let port = applications.port.as_ref().map_or(DEFAULT_PORT, |(port, _)| *port);
    for container in probed {
        let Some((path, probe)) = serve_port(&container) else { continue };
        if probe != port {
            let message = format!("KubeRay's probe calls port {probe}, but the proxies of Serve listen on {port}");
            match (&applications.port, path) {
                (Some((_, at)), None) => {
                    let help = format!("name a containerPort {PORT_NAME} in each Ray container, with this number");
                    findings.invalid(RayObject::serve_config_path(), message, help).within(at);
                    // All groups without such a port have the same fault.
                    return;
                }
                (_, Some(index)) => {
                    let path = container.path().field("ports").index(index).field("containerPort");
                    findings.invalid(path, message, format!("write {port}, the port of http_options in serveConfigV2"));
                }
                (None, None) => {}
            }
        }
    }
}

/// Reports whether a group can have Pods.
fn has_workers(group: &Group<'_>) -> bool {
    let counts = ["replicas", "maxReplicas"].map(|field| group.json.field(field).as_i64());
    counts != [Some(0), Some(0)] && group.json.field("suspend").as_bool() != Some(true)
}

/// Returns the Ray container of a group if KubeRay gives it a readiness probe.
fn probed<'a>(group: &Group<'a>) -> Option<Container<'a>> {
    group.ray_container().filter(|container| container.json.field("readinessProbe").is_null())
}

/// Returns the port that the probe calls, and the index of its entry in the container's ports; `None` if it is not known.
fn serve_port(container: &Container<'_>) -> Option<(Option<usize>, i64)> {
    let ports = container.json.field("ports").items();
    match ports.iter().position(|port| port.field("name").as_str() == Some(PORT_NAME)) {
        None => Some((None, DEFAULT_PORT)),
        Some(index) => Json::as_i64(ports[index].field("containerPort")).map(|port| (Some(index), port)),
    }
}

fn group_name(group: Group<'_>) -> String {
    group
        .name()
        .map_or_else(|| "the workers".to_owned(), |name| format!("worker group {}", crate::spelling::quote(name)))
}
