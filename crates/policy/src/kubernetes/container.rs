//! Containers.

use rayguard_manifest::json::Json;

use super::pod::{Kind, Pod};
use super::pod_template::ContainerOptions;
use super::{
    At, Subject, Violations, choice, container_security, env, lifecycle, ports, probe, resize_policy, resources,
    restart_policy, volume_devices, volume_mounts,
};
use crate::name::{Syntax, sentence};
use crate::spelling::quote;

const SUBJECT: Subject = Subject::Container;

/// Reports everything that Kubernetes refuses in a container (`validateContainerCommon`), except a name that another
/// container has.
pub(super) fn validate(container: &Json<'_>, kind: Kind, pod: &Pod<'_>, at: &At<'_>, violations: &mut Violations) {
    if container.as_object().is_none() {
        return;
    }
    let fields = Fields::read(container);
    check_name(fields.name, at, violations);
    check_image(fields.image, at, violations);
    check_pull_policy(fields.image_pull_policy, at, violations);
    if let Some(policy) = fields.termination_message_policy.as_nonempty_str() {
        let choices = ["File", "FallbackToLogsOnError"];
        choice::check(policy, &choices, SUBJECT, &at.field("terminationMessagePolicy"), violations);
    }
    restart_policy::validate(fields.restart_policy, fields.restart_policy_rules, kind, at, violations);
    if !fields.ports.items().is_empty() {
        ports::validate(fields.ports, kind, pod, &at.field("ports"), violations);
    }
    env::validate(fields.env, pod, &at.field("env"), violations);
    env::validate_from(fields.env_from, &at.field("envFrom"), violations);
    let (mounts, devices, security) = (fields.volume_mounts, fields.volume_devices, fields.security_context);
    if !mounts.items().is_empty() {
        let additions = (pod.added_mounts(kind), pod);
        volume_mounts::validate(mounts, devices, security, additions, &at.field("volumeMounts"), violations);
    }
    if !devices.items().is_empty() {
        volume_devices::validate(devices, pod, &at.field("volumeDevices"), violations);
    }
    resources::validate(fields.resources, pod, &at.field("resources"), violations);
    let is_sidecar = kind == Kind::Init && fields.restart_policy.as_str() == Some("Always");
    let runs_once = kind == Kind::Init && !is_sidecar;
    if !fields.resize_policy.items().is_empty() {
        resize_policy::validate(fields.resize_policy, runs_once, pod, &at.field("resizePolicy"), violations);
    }
    if !security.is_null() {
        container_security::validate(security, pod, &at.field("securityContext"), violations);
    }
    if runs_once {
        check_runs_once(&fields, at, violations);
    } else {
        for (kind, json) in fields.probes() {
            if !json.is_null() {
                probe::validate(json, kind, pod, &at.field(kind.field()), violations);
            }
        }
        if !fields.lifecycle.is_null() {
            lifecycle::validate(fields.lifecycle, pod, &at.field("lifecycle"), violations);
        }
    }
}

/// Reports everything that Kubernetes refuses in a container that KubeRay adds, as far as the user decides it.
pub(super) fn validate_options(options: &ContainerOptions<'_>, pod: &Pod<'_>, violations: &mut Violations) {
    const NULL: &Json<'static> = &Json::Null;
    let at = &options.at;
    let (mut mounts, mut security) = (NULL, NULL);
    for (name, value) in options.json.entries() {
        match &**name {
            "image" if !value.is_null() => check_image(value, at, violations),
            "imagePullPolicy" => check_pull_policy(value, at, violations),
            "env" => env::validate(value, pod, &at.field("env"), violations),
            "envFrom" => env::validate_from(value, &at.field("envFrom"), violations),
            "resources" => resources::validate(value, pod, &at.field("resources"), violations),
            "volumeMounts" => mounts = value,
            "securityContext" => security = value,
            _ => {}
        }
    }
    if !mounts.items().is_empty() {
        let additions = (options.mounts, pod);
        volume_mounts::validate(mounts, NULL, security, additions, &at.field("volumeMounts"), violations);
    }
    if !security.is_null() {
        container_security::validate(security, pod, &at.field("securityContext"), violations);
    }
}

/// The fields of a container that Kubernetes validates.
struct Fields<'c> {
    name: &'c Json<'c>,
    image: &'c Json<'c>,
    image_pull_policy: &'c Json<'c>,
    termination_message_policy: &'c Json<'c>,
    restart_policy: &'c Json<'c>,
    restart_policy_rules: &'c Json<'c>,
    ports: &'c Json<'c>,
    env: &'c Json<'c>,
    env_from: &'c Json<'c>,
    volume_mounts: &'c Json<'c>,
    volume_devices: &'c Json<'c>,
    resources: &'c Json<'c>,
    resize_policy: &'c Json<'c>,
    security_context: &'c Json<'c>,
    lifecycle: &'c Json<'c>,
    liveness_probe: &'c Json<'c>,
    readiness_probe: &'c Json<'c>,
    startup_probe: &'c Json<'c>,
}

impl<'c> Fields<'c> {
    /// Visits each field once, because looking up every known field would take longer.
    fn read(container: &'c Json<'c>) -> Self {
        const NULL: &Json<'static> = &Json::Null;
        let mut fields = Self {
            name: NULL,
            image: NULL,
            image_pull_policy: NULL,
            termination_message_policy: NULL,
            restart_policy: NULL,
            restart_policy_rules: NULL,
            ports: NULL,
            env: NULL,
            env_from: NULL,
            volume_mounts: NULL,
            volume_devices: NULL,
            resources: NULL,
            resize_policy: NULL,
            security_context: NULL,
            lifecycle: NULL,
            liveness_probe: NULL,
            readiness_probe: NULL,
            startup_probe: NULL,
        };
        for (name, value) in container.entries() {
            let field = match &**name {
                "name" => &mut fields.name,
                "image" => &mut fields.image,
                "resources" => &mut fields.resources,
                "env" => &mut fields.env,
                "ports" => &mut fields.ports,
                "volumeMounts" => &mut fields.volume_mounts,
                "imagePullPolicy" => &mut fields.image_pull_policy,
                "lifecycle" => &mut fields.lifecycle,
                "livenessProbe" => &mut fields.liveness_probe,
                "readinessProbe" => &mut fields.readiness_probe,
                "securityContext" => &mut fields.security_context,
                "envFrom" => &mut fields.env_from,
                "startupProbe" => &mut fields.startup_probe,
                "terminationMessagePolicy" => &mut fields.termination_message_policy,
                "restartPolicy" => &mut fields.restart_policy,
                "restartPolicyRules" => &mut fields.restart_policy_rules,
                "volumeDevices" => &mut fields.volume_devices,
                "resizePolicy" => &mut fields.resize_policy,
                _ => continue,
            };
            *field = value;
        }
        fields
    }

    /// Returns the probes.
    fn probes(&self) -> [(probe::Kind, &'c Json<'c>); 3] {
        [
            (probe::Kind::Liveness, self.liveness_probe),
            (probe::Kind::Readiness, self.readiness_probe),
            (probe::Kind::Startup, self.startup_probe),
        ]
    }
}

fn check_name(name: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    match name.as_str() {
        Some("") => {
            violations.required(SUBJECT, &at.field("name"), "the container has no name", "write a name");
        }
        Some(name) => {
            let syntax = Syntax::Dns1123Label;
            let errors = if is_plain(name) { Vec::new() } else { syntax.errors(name) };
            if !errors.is_empty() {
                let message = format!("the name {} {}", quote(name), sentence(&errors));
                violations.invalid(SUBJECT, &at.field("name"), message, format!("write {}", syntax.form()));
            }
        }
        // The schema requires a name.
        None => {}
    }
}

/// Reports whether a name has at most 63 lower-case letters, digits and inner `-`, as almost all names have.
fn is_plain(name: &str) -> bool {
    let bytes = name.as_bytes();
    let is_allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    // Without an early end, the compiler checks several bytes at a time.
    let has_allowed_bytes = bytes.iter().fold(true, |is_plain, byte| is_plain & is_allowed(*byte));
    has_allowed_bytes && bytes.len() <= 63 && bytes.first() != Some(&b'-') && bytes.last() != Some(&b'-')
}

fn check_image(image: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    match image.as_nonempty_str() {
        None if image.is_null() || image.as_str().is_some() => {
            violations.required(SUBJECT, &at.field("image"), "the container has no image", "write the image to run");
        }
        Some(text) if text.trim().len() != text.len() => {
            let message = "the image begins or ends with white space, which Kubernetes refuses in a Pod";
            let violation = violations.invalid(SUBJECT, &at.field("image"), message, "remove the white space");
            if !text.trim().is_empty() {
                violation.fix_by_value(text.trim().to_owned());
            }
        }
        _ => {}
    }
}

fn check_pull_policy(policy: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    if let Some(policy) = policy.as_nonempty_str() {
        let choices = ["Always", "IfNotPresent", "Never"];
        choice::check(policy, &choices, SUBJECT, &at.field("imagePullPolicy"), violations);
    }
}

/// Checks that a container that runs once before the others has no probes and no lifecycle handlers.
fn check_runs_once(fields: &Fields<'_>, at: &At<'_>, violations: &mut Violations) {
    let probes = fields.probes().map(|(kind, json)| (Subject::Probe, kind.field(), json));
    for (subject, name, json) in probes.into_iter().chain([(Subject::Probe, "lifecycle", fields.lifecycle)]) {
        if !json.is_null() {
            let message = "an init container has no probes and lifecycle handlers, unless it is a sidecar";
            let help = "remove it, or write restartPolicy: Always for a sidecar that keeps running";
            let violation = violations.forbidden(subject, &at.field(name), message, help);
            if name == "lifecycle" && has_only_stop_signal(json) {
                // Kubernetes since 1.33 ignores the signal, and then a map with nothing else.
                violation.in_some_versions();
            }
        }
    }
}

fn has_only_stop_signal(lifecycle: &Json<'_>) -> bool {
    let [signal, start, stop] = ["stopSignal", "postStart", "preStop"].map(|field| lifecycle.field(field));
    !signal.is_null() && start.is_null() && stop.is_null()
}
