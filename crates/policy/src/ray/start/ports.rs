//! The ports of a Ray node.

use std::collections::HashMap;

use super::command::{Command, Value};
use super::fault::Subject;
use super::parameters::Origin;

/// The components with a port of their own, in the order in which Ray reserves them, each with the option that sets the
/// port, its default, and its name in messages. (`update_pre_selected_port`, `python/ray/_private/parameter.py`)
const COMPONENTS: [(&str, Option<i64>, &str); 9] = [
    ("object-manager-port", None, "the object manager"),
    ("node-manager-port", None, "the node manager"),
    ("ray-client-server-port", Some(10001), "the Ray client server"),
    ("dashboard-port", Some(8265), "the dashboard"),
    ("dashboard-agent-grpc-port", None, "the gRPC server of the dashboard agent"),
    ("dashboard-agent-listen-port", Some(52365), "the dashboard agent"),
    ("dashboard-grpc-port", None, "the gRPC server of the dashboard"),
    ("runtime-env-agent-port", None, "the runtime environment agent"),
    ("metrics-export-port", Some(8080), "the metrics exporter"),
];

/// The default of the head's `port`.
const GCS: i64 = 6379;

/// The default range of the workers' ports.
const WORKERS: (i64, i64) = (10002, 19999);

const HELP: &str = "write a port that no other component uses";

/// A port and the component that uses it; the index of its parameter, if it has one.
#[derive(Clone, Copy)]
struct Used {
    component: &'static str,
    parameter: Option<usize>,
}

/// Checks that no two components have the same port.
pub(super) fn check(command: &mut Command<'_, '_>) {
    let mut used: HashMap<i64, Used> = HashMap::new();
    let mut found: Vec<(usize, i64, Used, Used)> = Vec::new();
    let mut add = |port: i64, new: Used, found: &mut Vec<_>| {
        if let Some(old) = used.get(&port).copied() {
            // The user can change the one that the user wrote.
            let (at, old, new) = match (new.parameter, old.parameter) {
                (Some(at), _) => (at, old, new),
                (None, Some(at)) => (at, new, old),
                (None, None) => return,
            };
            found.push((at, port, old, new));
        } else {
            used.insert(port, new);
        }
    };
    let port_of_gcs = ("port", Some(GCS), "the GCS");
    for (name, default, component) in command.group.is_head().then_some(port_of_gcs).into_iter().chain(COMPONENTS) {
        let (port, parameter) = match command.given.get(name) {
            None => (default, None),
            Some(given) => {
                let is_default = command.parameters[given.parameter].origin == Origin::Default;
                let port = match given.value {
                    Value::Integer(port) => port,
                    _ => None,
                };
                (port, (!is_default).then_some(given.parameter))
            }
        };
        if let Some(port) = port.filter(|port| *port != 0) {
            add(port, Used { component, parameter }, &mut found);
        }
    }
    let component = "a worker process";
    if command.given.contains_key("worker-port-list") {
        let list = command.text("worker-port-list");
        for (port, parameter) in list.iter().flat_map(|(list, at)| list.split(',').map(|port| (port, *at))) {
            if let Some(Some(port)) = super::python::integer(port) {
                add(port, Used { component, parameter: Some(parameter) }, &mut found);
            }
        }
    } else if let Some((first, last, parameter)) = worker_range(command) {
        let inside: Vec<_> = used.iter().filter(|(port, _)| (first..=last).contains(port)).collect();
        for (port, other) in inside {
            if let Some(at) = other.parameter.or(parameter) {
                found.push((at, *port, Used { component, parameter: None }, *other));
            }
        }
    }
    found.sort_by_key(|(at, port, ..)| (*at, *port));
    found.dedup_by_key(|(at, ..)| *at);
    for (at, port, other, this) in found {
        let message = if other.component == this.component {
            format!("port {port} is there twice, and ray start ends")
        } else if this.parameter == Some(at) {
            format!("{} also uses port {port}, and ray start ends", other.component)
        } else {
            format!("the range of the workers contains port {port} of {}, and ray start ends", this.component)
        };
        command.refuse(Subject::Port, at, message, HELP);
    }
    check_shards(command);
}

/// Returns the first and the last port of the workers, and the index of a parameter that sets one of them.
fn worker_range(command: &Command<'_, '_>) -> Option<(i64, i64, Option<usize>)> {
    let bound = |name: &str, default: i64| match command.given.get(name) {
        None => Some((default, None)),
        Some(_) => command.integer(name).map(|(port, at)| (port, Some(at))),
    };
    let (first, at_first) = bound("min-worker-port", WORKERS.0)?;
    let (last, at_last) = bound("max-worker-port", WORKERS.1)?;
    // Bounds that are no ports are reported as such.
    let is_bound = |port: i64| port == 0 || (1024..=65535).contains(&port);
    (is_bound(first) && is_bound(last)).then_some((first, last, at_first.or(at_last)))
}

/// The ports of the Redis shards are texts, which meet only each other.
fn check_shards(command: &mut Command<'_, '_>) {
    let Some((list, at)) = command.text("redis-shard-ports") else { return };
    if command.given.contains_key("address") {
        return;
    }
    let mut ports: Vec<_> = list.split(',').collect();
    ports.sort_unstable();
    if ports.windows(2).any(|pair| pair[0] == pair[1]) {
        command.refuse(Subject::Port, at, "two Redis shards have the same port, and ray start ends", HELP);
    }
}
