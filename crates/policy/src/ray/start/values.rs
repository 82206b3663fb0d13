//! Values that have the right type, and that `ray start` refuses nevertheless.

use rayguard_manifest::json::Json;

use super::command::{Command, Value};
use super::fault::Subject;
use super::python::{self, Parsed};
use super::resources::LARGEST;
use crate::kubernetes::quantity::Quantity;

/// The largest port.
const LAST_PORT: i64 = 65535;

/// The first port that a process may use without privileges.
const FIRST_FREE_PORT: i64 = 1024;

/// The longest path of a socket in Linux.
const LONGEST_SOCKET: usize = 107;

/// The shortest text that Ray appends to the temporary directory: a session with its time and the digits of a process, and
/// the name of a socket in it.
const SESSION: &str = "/session_2026-01-31_23-59-59_123456_1/sockets/plasma_store";

/// The least that Ray's own processes need with resource isolation (`python/ray/_private/ray_constants.py`), and the minor
/// version of Ray 2 since which this is so.
const RESERVED_MEMORY: i64 = 500 * 1024 * 1024;
const RESERVED_CPU: f64 = 1.0;
const RESERVED_SINCE: u64 = 51;

/// The minor version of Ray 2 since which a reservation of 0 is not as good as none.
const ZERO_COUNTS_SINCE: u64 = 57;

/// Checks all values but those that have a module of their own.
pub(super) fn check(command: &mut Command<'_, '_>) {
    check_quantities(command);
    check_worker_ports(command);
    check_ports(command);
    check_addresses(command);
    check_directory(command);
    check_sockets(command);
    check_configuration(command);
    check_isolation(command);
    check_deprecated(command);
}

/// `to_resource_dict`, `python/ray/_private/resource_and_label_spec.py`.
fn check_quantities(command: &mut Command<'_, '_>) {
    for name in ["num-cpus", "num-gpus", "memory", "object-store-memory"] {
        let Some((number, index)) = command.integer(name) else { continue };
        #[expect(clippy::cast_precision_loss, reason = "the bound is far below the loss of precision")]
        let is_large = number as f64 > LARGEST;
        if number < 0 && name != "object-store-memory" {
            let message = format!("Ray refuses a negative {name}");
            command.refuse(Subject::InvalidValue, index, message, "write 0 or a positive whole number");
        } else if is_large {
            let message = format!("Ray refuses more than 100 trillion as {name}");
            command.refuse(Subject::InvalidValue, index, message, "write a smaller number");
        }
    }
}

/// `_check_usage`, `python/ray/_private/parameter.py`: the ports of the workers.
fn check_worker_ports(command: &mut Command<'_, '_>) {
    let help = "write comma-separated ports from 1024 to 65535";
    if let Some((list, index)) = command.text("worker-port-list") {
        let ports: Vec<_> = list.split(',').map(python::integer).collect();
        if ports.contains(&None) {
            command.refuse(Subject::InvalidValue, index, "ray start accepts only whole numbers in this list", help);
        } else if ports.into_iter().flatten().flatten().any(|port| !(FIRST_FREE_PORT..=LAST_PORT).contains(&port)) {
            command.refuse(Subject::InvalidValue, index, "ray start accepts only ports from 1024 to 65535", help);
        }
    }
    let help = "write 0 or a port from 1024 to 65535";
    let mut is_valid = true;
    for name in ["min-worker-port", "max-worker-port"] {
        if let Some((port, index)) = command.integer(name)
            && port != 0
            && !(FIRST_FREE_PORT..=LAST_PORT).contains(&port)
        {
            is_valid = false;
            let message = format!("ray start accepts {name} only from 1024 to 65535, or 0");
            command.refuse(Subject::InvalidValue, index, message, help);
        }
    }
    // An absent bound has a default; an unknown one may be anything.
    let bound = |name: &str, default: i64| match command.given.get(name) {
        None => Some((default, None)),
        Some(_) => command.integer(name).map(|(port, index)| (port, Some(index))),
    };
    if let (Some((first, at_first)), Some((last, at_last))) =
        (bound("min-worker-port", 10002), bound("max-worker-port", 19999))
        && let Some(index) = at_last.or(at_first)
        && is_valid
        && last != 0
        && last <= first
    {
        let message = format!("the ports of the workers would go from {first} to {last}");
        command.refuse(Subject::InvalidValue, index, message, "write a max-worker-port above min-worker-port");
    }
}

/// `_check_usage`, `python/ray/_private/parameter.py`: other ports. Ray does not check all of them before it uses them.
fn check_ports(command: &mut Command<'_, '_>) {
    let free = FIRST_FREE_PORT..=LAST_PORT;
    if let Some((port, index)) = command.integer("ray-client-server-port")
        && !free.contains(&port)
    {
        let message = "ray start accepts only a port from 1024 to 65535 for the Ray client";
        command.refuse(Subject::InvalidValue, index, message, "write a port from 1024 to 65535");
    }
    if let Some((port, index)) = command.integer("runtime-env-agent-port")
        && !free.contains(&port)
    {
        let message = "ray start accepts only a port from 1024 to 65535 here";
        let accepts = |minor: u64| port == 0 && minor >= 54;
        command.refuse_in(accepts, Subject::InvalidValue, index, message, "write a port from 1024 to 65535");
    }
    for name in [
        "port",
        "object-manager-port",
        "node-manager-port",
        "dashboard-port",
        "dashboard-agent-grpc-port",
        "dashboard-agent-listen-port",
        "metrics-export-port",
    ] {
        if let Some((port, index)) = command.integer(name)
            && !(0..=LAST_PORT).contains(&port)
        {
            // Only a negative port of the GCS ends `ray start`. Ray runs with the others, on another port.
            let is_refused = name == "port" && port < 0;
            let message = "this is not a port; a port is at most 65535";
            command.refuse(Subject::InvalidValue, index, message, "write a port from 1 to 65535").is_uncertain =
                !is_refused;
        }
    }
}

/// `canonicalize_bootstrap_address` and `resolve_ip_for_localhost`, `python/ray/_private/services.py`.
fn check_addresses(command: &mut Command<'_, '_>) {
    if let Some((address, index)) = command.text("node-ip-address")
        && address.is_empty()
    {
        command.refuse(
            Subject::InvalidValue,
            index,
            "ray start refuses an empty address",
            "write an address, or remove it",
        );
    }
    let Some((address, index)) = command.text("address") else { return };
    // On the head, these are addresses of Redis.
    let is_head = command.group.is_head();
    let first = if is_head { address.split(',').next().unwrap_or_default() } else { &*address };
    let is_port = |port: &str| python::integer(port).is_some();
    let is_address = match first.rsplit_once(':') {
        // On a worker, Ray reads the address of the head from a variable that KubeRay sets.
        None => first == "auto" && !is_head,
        Some((host, port)) => host.contains(':') || is_port(port),
    };
    if !is_address {
        let message = "ray start accepts only an address with a port, as host:port";
        command.refuse(Subject::InvalidValue, index, message, "remove it; KubeRay sets the address of the head");
    }
}

/// `_check_usage`, `python/ray/_private/parameter.py`, and `_init_temp`, `python/ray/_private/node.py`: the temporary
/// directory.
fn check_directory(command: &mut Command<'_, '_>) {
    let Some((directory, index)) = command.text("temp-dir") else { return };
    // Workers ignored it before Ray 2.55, unless it was empty.
    let is_ignored = |minor: u64| !command.group.is_head() && minor < 55 && !directory.is_empty();
    let refusal = command.versions.refusal(is_ignored);
    let Some(certainty) = refusal else { return };
    let has_sockets =
        ["plasma-store-socket-name", "raylet-socket-name"].iter().any(|name| command.given.contains_key(name));
    let (message, help) = if !directory.starts_with('/') {
        ("ray start accepts only an absolute path", "write a path that begins with /")
    } else if directory.len() + SESSION.len() > LONGEST_SOCKET && !has_sockets {
        ("the paths of Ray's sockets below this one are longer than 107 bytes", "write a path of at most 40 bytes")
    } else {
        return;
    };
    command.refuse(Subject::InvalidValue, index, message, help).is_uncertain =
        certainty == super::options::Certainty::Likely;
}

/// `_prepare_socket_file`, `python/ray/_private/node.py`: the sockets, before Ray 2.48.
fn check_sockets(command: &mut Command<'_, '_>) {
    for name in ["plasma-store-socket-name", "raylet-socket-name"] {
        let Some((path, index)) = command.text(name) else { continue };
        let path = path.split_once("://").map_or(&*path, |(_, path)| path);
        if !path.contains('/') || path.len() > LONGEST_SOCKET {
            let message = "ray start accepts only the path of a socket in a directory, of at most 107 bytes";
            command.refuse(Subject::InvalidValue, index, message, "remove it; Ray chooses the socket");
        }
    }
}

/// `Node`, `python/ray/_private/node.py`: the system configuration is a map.
fn check_configuration(command: &mut Command<'_, '_>) {
    let Some((text, index)) = command.text("system-config") else { return };
    let Parsed::Value(json) = python::json(&text) else { return };
    if !matches!(json, Json::Object(_)) && !python::is_falsy(&json) {
        let message = "ray start accepts only a JSON map as the system configuration";
        let help = "write a JSON map in single quotes within the YAML string";
        command.refuse(Subject::InvalidValue, index, message, help);
        return;
    }
    // `validate_external_storage`: the spilling is a text of JSON within the JSON.
    let spilling = json.field("object_spilling_config");
    let is_used = json.entry("automatic_object_spilling_enabled").is_none()
        && json.entry("object_spilling_directory").is_none()
        && !command.given.contains_key("object-spilling-directory");
    if is_used && !python::is_falsy(spilling) {
        let is_valid = spilling.as_str().is_some_and(|text| match python::json(text) {
            Parsed::Value(inner) => inner.entry("type").is_some(),
            Parsed::Invalid => false,
            Parsed::Unknown => true,
        });
        if !is_valid {
            let message = "object_spilling_config in it must be a text with a JSON map that has a type";
            let help = "write that map as a JSON string, with its quotes escaped";
            command.refuse(Subject::InvalidValue, index, message, help);
        }
    }
}

/// `ResourceIsolationConfig`, `python/ray/_private/resource_isolation_config.py`.
fn check_isolation(command: &mut Command<'_, '_>) {
    let is_on = command.given.contains_key("enable-resource-isolation");
    let memory = command.integer("system-reserved-memory");
    let cpu = command.given.get("system-reserved-cpu").and_then(|given| match given.value {
        Value::Number(number) => Some((number, given.parameter)),
        _ => None,
    });
    if !is_on {
        let path = command.text("cgroup-path").filter(|(path, _)| !path.is_empty()).map(|(_, index)| index);
        let zero = |is_zero: bool| move |minor: u64| is_zero && minor < ZERO_COUNTS_SINCE;
        let given = [
            path.map(|index| (index, false)),
            command.given.get("system-reserved-memory").and_then(|given| match given.value {
                Value::Integer(number) => Some((given.parameter, number.is_none_or(|number| number == 0))),
                _ => None,
            }),
            cpu.map(|(number, index)| (index, number == 0.0)),
        ];
        for (index, is_zero) in given.into_iter().flatten() {
            let message = "ray start refuses this without enable-resource-isolation";
            let help = "remove it, or set enable-resource-isolation: \"true\"";
            command.refuse_in(zero(is_zero), Subject::InvalidValue, index, message, help);
        }
        return;
    }
    let limits = command.group.ray_container().map(|container| container.json.descend(["resources", "limits"]));
    let limit = |name: &str| limits.and_then(|limits| Quantity::read(limits.field(name)));
    // Ray reserves at least 1 CPU, and less than there are.
    let has_few_cpus = limit("cpu").is_some_and(|limit| limit.millis() <= 1000);
    let has_little_memory = limit("memory").is_some_and(|limit| limit.whole() < i128::from(RESERVED_MEMORY));
    if has_few_cpus || has_little_memory {
        let index = command.given.get("enable-resource-isolation").map_or(0, |given| given.parameter);
        let message = "resource isolation needs limits of more than 1 CPU and 500 MiB in the container";
        let accepts = |minor: u64| minor < RESERVED_SINCE;
        command.refuse_in(accepts, Subject::InvalidValue, index, message, "raise the limits, or remove it");
        return;
    }
    if let Some((number, index)) = cpu {
        #[expect(clippy::cast_precision_loss, reason = "the limits of containers are small numbers")]
        let available = limit("cpu").map(|limit| limit.millis() as f64 / 1000.0);
        // Since Ray 2.51, Ray itself needs some of the CPUs.
        let is_enough = |minor: u64| match available {
            Some(available) if minor < RESERVED_SINCE => number <= available.ceil(),
            Some(available) => number < available,
            None => true,
        };
        if command.versions.refusal(is_enough).is_some() {
            let message = "the reserved CPUs are not less than the CPU limit of the container";
            command.refuse_in(is_enough, Subject::InvalidValue, index, message, "write less than limits.cpu");
        } else if number < RESERVED_CPU {
            let message = "ray start reserves at least 1 CPU for its processes";
            let accepts = |minor: u64| minor < RESERVED_SINCE || number == 0.0 && minor < ZERO_COUNTS_SINCE;
            command.refuse_in(accepts, Subject::InvalidValue, index, message, "write 1 or more");
        }
    }
    if let Some((number, index)) = memory {
        if limit("memory").is_some_and(|limit| i128::from(number) > limit.whole()) {
            let message = "the reserved memory is more than the memory limit of the container";
            command.refuse(Subject::InvalidValue, index, message, "write less than limits.memory");
        } else if number < RESERVED_MEMORY {
            let message = format!("ray start reserves at least {RESERVED_MEMORY} bytes for its processes");
            let accepts = |minor: u64| minor < RESERVED_SINCE || number == 0 && minor < ZERO_COUNTS_SINCE;
            command.refuse_in(accepts, Subject::InvalidValue, index, message, "write a larger number of bytes");
        }
    }
}

/// Options that some versions list, and refuse.
fn check_deprecated(command: &mut Command<'_, '_>) {
    if let Some(given) = command.given.get("no-redirect-output") {
        let (index, message) = (given.parameter, "ray start refuses this switch before Ray 2.54");
        let help = "remove it, and set the variable RAY_LOG_TO_STDERR to 1";
        command.refuse_in(|minor| minor >= 54, Subject::InvalidValue, index, message, help);
    }
    if command.group.is_head()
        && let Some((number, index)) = command.integer("redis-max-memory")
        && number < 10_000_000
    {
        let message = "ray start accepts no less than 10000000 bytes for Redis";
        command.refuse(Subject::InvalidValue, index, message, "remove it; Ray starts no Redis");
    }
}
