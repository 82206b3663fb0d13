//! `runtime_env` of an application or a deployment.
//!
//! Serve's schema checks the URIs in it. `ray.runtime_env.RuntimeEnv` checks the rest when the controller builds the
//! application, and when it starts a replica.

use rayguard_manifest::json::Json;

use super::coerce::is_integer;
use super::fault::Place;
use super::package;
use super::walk::{Walk, kind};

/// The minor version of Ray 2 from which there is `uv`.
const UV: u8 = 40;
/// The minor version from which `uv_pip_install_options` are options.
const UV_OPTIONS: u8 = 41;
/// The minor version from which `pip_install_options` are options.
const PIP_OPTIONS: u8 = 49;
/// The minor versions from which there are `image_uri` and, in a config, `log_files`.
const IMAGE_URI: u8 = 24;
const LOG_FILES: u8 = 11;
/// The minor version from which a container can be combined with `config` and `env_vars`.
const CONTAINER_WITH_VARIABLES: u8 = 36;

/// Whether Serve merges a runtime environment with another one, for which it needs a map of variables.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Merge {
    No,
    /// The environment of an application, into which Serve merges those of deployments.
    Into,
    /// The environment of a deployment.
    From,
}

/// Reports what is wrong in a runtime environment.
pub(super) fn check(walk: &mut Walk<'_, '_>, json: &Json<'_>, merge: Merge, place: &Place<'_>) {
    let minor = walk.minor;
    for (key, value) in json.entries() {
        if walk.faults.is_full() {
            return;
        }
        let place = place.field(key);
        match (&**key, value) {
            // Python merges only into a map, and nothing that is null.
            ("env_vars", Json::Null) if merge != Merge::No => {
                walk.faults.invalid(&place, "must not be null", "remove it, or write a map");
            }
            ("env_vars", Json::Array(_) | Json::String(_)) if merge == Merge::Into => {
                let message = format_args!("must be a map, not {}", kind(value));
                walk.faults.invalid(&place, message, "remove it, or write a map");
            }
            ("py_modules", Json::Null) => {
                walk.faults.invalid(&place, "must be a list, not null", "remove it, or write a list of remote URIs");
            }
            (_, Json::Null) | ("conda", Json::String(_) | Json::Object(_)) => {}
            ("env_vars", _) => env_vars(walk, value, &place),
            ("working_dir", _) => package::check(walk, value, package::Use::WorkingDir, &place),
            ("py_modules", Json::Array(modules)) => {
                for (index, module) in modules.iter().enumerate() {
                    package::check(walk, module, package::Use::PyModule, &place.index(index));
                }
            }
            ("py_modules", _) => {
                let message = format_args!("must be a list, not {}", kind(value));
                walk.faults.invalid(&place, message, "write a list of remote URIs");
            }
            ("excludes", _) => strings(walk, value, &place),
            ("conda", _) => {
                let message = format_args!("must be a map or a string, not {}", kind(value));
                walk.faults.invalid(&place, message, "write the name of an environment, or a map");
            }
            ("pip", _) => packages(walk, value, true, &place),
            ("uv", _) if minor >= UV => packages(walk, value, false, &place),
            ("config", _) => config(walk, value, &place),
            _ => {}
        }
    }
    if let Some((key, other)) = Fields::read(minor, json).excluded(minor) {
        let message = format_args!("is not allowed next to {other:.60}");
        walk.faults.forbidden(&place.field(key), message, format!("remove {key} or {other:.60}"));
    }
}

/// The fields of a runtime environment that are not allowed next to others.
#[derive(Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field that is set")]
pub(super) struct Fields<'j> {
    pip: bool,
    conda: bool,
    uv: bool,
    container: bool,
    image_uri: bool,
    /// A field that is not allowed next to `container`, and one that is not allowed next to `image_uri`.
    not_in_container: Option<&'j str>,
    not_in_image: Option<&'j str>,
    has_null: bool,
}

impl<'j> Fields<'j> {
    /// Reads an environment.
    pub(super) fn read(minor: u8, json: &'j Json<'_>) -> Self {
        let mut fields = Self::default();
        for (key, value) in json.entries() {
            if value.is_null() {
                fields.has_null = true;
                continue;
            }
            let is_set = minor >= UV || is_true(value);
            let is_compatible = match &**key {
                "config" | "env_vars" => minor >= CONTAINER_WITH_VARIABLES,
                _ => false,
            };
            match &**key {
                "pip" => fields.pip = is_set,
                "conda" => fields.conda = is_set,
                "uv" => fields.uv = is_set && minor >= UV,
                "container" => fields.container = is_true(value),
                "image_uri" => fields.image_uri = is_true(value) && minor >= IMAGE_URI,
                _ => {}
            }
            if !is_compatible && key != "container" && fields.not_in_container.is_none() {
                fields.not_in_container = Some(key);
            }
            if !is_compatible && key != "image_uri" && fields.not_in_image.is_none() {
                fields.not_in_image = Some(key);
            }
        }
        fields
    }

    /// Returns a field, and one that is not allowed next to it.
    fn excluded(&self, minor: u8) -> Option<(&'static str, &'j str)> {
        let installers = [("pip", self.pip), ("conda", self.conda), ("uv", self.uv && minor >= UV)];
        let mut set = installers.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name);
        if let (Some(first), Some(second)) = (set.next(), set.next()) {
            return Some((second, first));
        }
        let container = self.not_in_container.filter(|_| self.container).map(|other| ("container", other));
        container.or_else(|| self.not_in_image.filter(|_| self.image_uri).map(|other| ("image_uri", other)))
    }

    /// Returns the fields of a deployment that inherits those of its application.
    fn merge(self, parent: Self) -> Self {
        Self {
            pip: self.pip || parent.pip,
            conda: self.conda || parent.conda,
            uv: self.uv || parent.uv,
            container: self.container || parent.container,
            image_uri: self.image_uri || parent.image_uri,
            not_in_container: self.not_in_container.or(parent.not_in_container),
            not_in_image: self.not_in_image.or(parent.not_in_image),
            has_null: self.has_null || parent.has_null,
        }
    }
}

/// Reports what the runtime environments of a deployment and of its application do not allow together. `place` is that of
/// the deployment's options.
pub(super) fn check_merged(walk: &mut Walk<'_, '_>, json: &Json<'_>, parent: Fields<'_>, place: &Place<'_>) {
    let minor = walk.minor;
    let own = Fields::read(minor, json);
    // A null in the deployment hides a field of the application.
    if own.has_null || own.excluded(minor).is_some() || parent.excluded(minor).is_some() {
        return;
    }
    if let Some((key, other)) = own.merge(parent).excluded(minor) {
        let message = format_args!("has {key} next to {other:.60}, together with the application's runtime_env");
        walk.faults.forbidden(&place.field("runtime_env"), message, format!("remove {key} or {other:.60}"));
    }
}

/// Reports whether Python takes a value as true.
fn is_true(json: &Json<'_>) -> bool {
    match json {
        Json::Null => false,
        Json::Bool(value) => *value,
        Json::Number(number) => number.as_f64() != Some(0.0),
        Json::String(text) => !text.is_empty(),
        Json::Array(items) => !items.is_empty(),
        Json::Object(object) => !object.0.is_empty(),
    }
}

fn env_vars(walk: &mut Walk<'_, '_>, json: &Json<'_>, place: &Place<'_>) {
    match json {
        Json::Object(object) => {
            for (name, value) in &object.0 {
                if !matches!(value, Json::String(_)) {
                    let help = match value {
                        Json::Number(_) | Json::Bool(_) => "write the value in quotes",
                        _ => "write a string",
                    };
                    walk.faults.invalid(&place.key(name), format_args!("must be a string, not {}", kind(value)), help);
                }
            }
        }
        // Ray returns before it looks at the type of an empty one.
        Json::Array(items) if items.is_empty() => {}
        Json::String(text) if text.is_empty() => {}
        _ => walk.faults.invalid(place, format_args!("must be a map, not {}", kind(json)), "write a map"),
    }
}

fn strings(walk: &mut Walk<'_, '_>, json: &Json<'_>, place: &Place<'_>) {
    if !json.items().iter().all(|item| item.as_str().is_some()) || !matches!(json, Json::Array(_)) {
        walk.faults.invalid(place, "must be a list of strings", "write a list of strings");
    }
}

/// Reports what is wrong in `pip` or `uv`. The text of a requirements file is not known.
fn packages(walk: &mut Walk<'_, '_>, json: &Json<'_>, is_pip: bool, place: &Place<'_>) {
    let Json::Object(object) = json else {
        if json.as_str().is_none() {
            strings(walk, json, place);
        }
        return;
    };
    let minor = walk.minor;
    for (key, value) in &object.0 {
        let place = place.key(key);
        let expected = match (&**key, is_pip) {
            ("packages", true) if matches!(value, Json::Array(_) | Json::String(_)) => continue,
            ("packages", false) if matches!(value, Json::Array(_)) => {
                if minor >= UV_OPTIONS {
                    strings(walk, value, &place);
                }
                continue;
            }
            ("packages", _) => "a list of strings",
            ("pip_check", true) | ("uv_check", false) if value.as_bool().is_some() => continue,
            ("pip_check", true) | ("uv_check", false) => "true or false",
            ("pip_version", true) | ("uv_version", false) if value.as_str().is_some() => continue,
            ("pip_version", true) | ("uv_version", false) => "a string",
            ("pip_install_options", true) if minor >= PIP_OPTIONS => {
                strings(walk, value, &place);
                continue;
            }
            ("uv_pip_install_options", false) if minor >= UV_OPTIONS => {
                strings(walk, value, &place);
                continue;
            }
            _ => {
                walk.faults.forbidden(&place, "is not allowed here", "remove it");
                continue;
            }
        };
        walk.faults.invalid(
            &place,
            format_args!("must be {expected}, not {}", kind(value)),
            format!("write {expected}"),
        );
    }
    if json.entry("packages").is_none() {
        walk.faults.required(&place.field("packages"), "is missing", "add packages, a list of strings");
    }
}

fn config(walk: &mut Walk<'_, '_>, json: &Json<'_>, place: &Place<'_>) {
    if json.as_object().is_none() {
        walk.faults.invalid(place, format_args!("must be a map, not {}", kind(json)), "write a map");
        return;
    }
    for (key, value) in json.entries() {
        let place = place.field(key);
        match (&**key, value) {
            ("setup_timeout_seconds", Json::Bool(true))
            | ("eager_install", Json::Bool(_))
            | ("log_files", Json::Null) => {}
            ("setup_timeout_seconds", Json::Number(number)) if is_integer(number) => {
                let seconds = number.as_f64().unwrap_or_default();
                if seconds > 0.0 || seconds.to_bits() == (-1.0_f64).to_bits() {
                    continue;
                }
                let help = "write a number of seconds, or -1 for no limit";
                walk.faults.invalid(&place, "must be above 0, or -1", help);
            }
            ("setup_timeout_seconds", _) => {
                let message = format_args!("must be a whole number, not {}", kind(value));
                walk.faults.invalid(&place, message, "write a number of seconds, or -1 for no limit");
            }
            ("eager_install", _) => walk.faults.invalid(&place, "must be true or false", "write true or false"),
            ("log_files", _) if walk.minor >= LOG_FILES => strings(walk, value, &place),
            _ => {}
        }
    }
}
