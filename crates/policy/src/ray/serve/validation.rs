//! The validation of a Serve configuration, as a release of Ray does it.
//!
//! Ray validates a configuration in two steps: the dashboard makes a `ServeDeploySchema` of it
//! (python/ray/dashboard/modules/serve), and then the controller applies it to the deployments of each application's code
//! (`override_deployment_info`, `python/ray/serve/_private/application_state.py`).

use rayguard_manifest::json::Json;
use rayguard_manifest::yaml::Document;

use super::coerce::Pydantic;
use super::fault::{Fault, Faults, Place};
use super::table::TABLE;
use super::walk::{Walk, kind};
use super::{application, deployment, logging, runtime_env};

/// The minor version of Ray 2 from which there are options of the controller, and from which there is tracing.
const CONTROLLER_OPTIONS: u8 = 56;
const TRACING: u8 = 59;
/// The minor version from which the proxies can use TLS.
const TLS: u8 = 50;

/// The longest text, in bytes, that is validated for all releases. It bounds the time. etcd stores no larger object than 1.5
/// MiB.
const LONGEST_FOR_ALL: usize = 1536 * 1024;

/// The minor versions of Ray 2 in which a check changes that is not in the table. Nothing changes between these and the ones in
/// which the table changes.
const CHANGES: [u8; 21] = [9, 10, 11, 24, 36, 39, 40, 41, 44, 47, 48, 49, 50, 51, 53, 54, 55, 56, 58, 59, 60];

/// Returns the minor version of Ray 2 to validate for; `None` if it is not known, so that only faults in all releases
/// count.
pub(super) fn known(minor: u64) -> Option<u8> {
    u8::try_from(minor).ok().filter(|minor| TABLE.minors.contains(minor))
}

/// Returns the faults of a configuration, whose text has a length in bytes, for a release. Without one, returns those that it
/// has in all releases.
pub(super) fn faults(document: &Document<'_>, length: usize, minor: Option<u8>) -> Vec<Fault> {
    if let Some(minor) = minor {
        return of_release(document, minor);
    }
    if length > LONGEST_FOR_ALL {
        return Vec::new();
    }
    let mut releases = TABLE.minors.iter().rev().filter(|minor| TABLE.changes(**minor) || CHANGES.contains(*minor));
    let mut faults = releases.next().map_or_else(Vec::new, |newest| of_release(document, *newest));
    for minor in releases {
        if faults.is_empty() {
            break;
        }
        let others = of_release(document, *minor);
        let others: std::collections::HashMap<_, _> =
            others.iter().map(|other| ((&other.path, other.kind), other)).collect();
        faults.retain_mut(|fault| {
            let other = others.get(&(&fault.path, fault.kind));
            fault.is_certain &= other.is_some_and(|other| other.is_certain);
            other.is_some()
        });
    }
    faults
}

fn of_release(document: &Document<'_>, minor: u8) -> Vec<Fault> {
    let mut walk = Walk::new(minor, Faults::of(document));
    let (json, root) = (&document.json, Place::ROOT);
    walk.model(walk.table.index("ServeDeploySchema"), json, &root);
    logging::check(&mut walk, json.field("logging_config"), &root.field("logging_config"));
    http_options(&mut walk, json.field("http_options"), &root.field("http_options"));
    if minor >= CONTROLLER_OPTIONS {
        let place = root.field("controller_options");
        controller(&mut walk, json.descend(["controller_options", "runtime_env"]), &place.field("runtime_env"));
    }
    if minor >= TRACING {
        let ratio = json.descend(["tracing_config", "sampling_ratio"]);
        if Pydantic::float(ratio).is_some_and(|ratio| !ratio.is_nan() && !(0.0..=1.0).contains(&ratio)) {
            let place = root.field("tracing_config");
            walk.faults.invalid(&place.field("sampling_ratio"), "must be from 0 to 1", "write a number from 0 to 1");
        }
    }
    let (applications, place) = (json.field("applications").items(), root.field("applications"));
    for (index, json) in applications.iter().enumerate() {
        if walk.faults.is_full() {
            break;
        }
        let place = place.index(index);
        application::check(&mut walk, json, &place);
        let environment = runtime_env::Fields::read(minor, json.field("runtime_env"));
        let (deployments, place) = (json.field("deployments").items(), place.field("deployments"));
        for (index, json) in deployments.iter().enumerate() {
            if walk.faults.is_full() {
                break;
            }
            deployment::check(&mut walk, json, environment, &place.index(index));
        }
        application::duplicate_deployments(&mut walk, deployments, &place);
    }
    application::duplicates(&mut walk, applications, &place);
    walk.faults.into_list()
}

/// Reports a key of TLS without its certificate, or the other way round.
fn http_options(walk: &mut Walk<'_, '_>, json: &Json<'_>, place: &Place<'_>) {
    if walk.minor < TLS {
        return;
    }
    let is_set = |name: &str| {
        let value = json.field(name);
        value.as_str() != Some("") && walk.pydantic.is_string(value)
    };
    let (set, missing) = match (is_set("ssl_certfile"), is_set("ssl_keyfile")) {
        (true, false) => ("ssl_certfile", "ssl_keyfile"),
        (false, true) => ("ssl_keyfile", "ssl_certfile"),
        _ => return,
    };
    walk.faults.required(
        &place.field(missing),
        format_args!("is missing next to {set}"),
        format!("add {missing}, or remove {set}"),
    );
}

fn controller(walk: &mut Walk<'_, '_>, json: &Json<'_>, place: &Place<'_>) {
    for (key, value) in json.entries() {
        let place = place.field(key);
        match (&**key, value) {
            ("env_vars", Json::Object(variables)) => {
                for (name, value) in &variables.0 {
                    let place = place.key(name);
                    if name.is_empty() {
                        walk.faults.invalid(&place, "has an empty name", "write the name of a variable");
                    } else if value.as_str().is_none() {
                        let message = format_args!("must be a string, not {}", kind(value));
                        walk.faults.invalid(&place, message, "write the value in quotes");
                    }
                }
            }
            ("env_vars", _) => {
                walk.faults.invalid(
                    &place,
                    format_args!("must be a map, not {}", kind(value)),
                    "write a map of strings",
                );
            }
            _ => {
                let help = "remove it, or write it in the runtime_env of an application";
                walk.faults.forbidden(&place, "is not allowed here; only env_vars are", help);
            }
        }
    }
}
