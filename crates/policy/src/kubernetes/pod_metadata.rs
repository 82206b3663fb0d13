//! The metadata of a Pod template, which becomes that of Pods. Also a Job copies labels, annotations and finalizers of its
//! template to its Pods (`GetPodFromTemplate` in `pkg/controller/controller_utils.go`).

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use rayguard_manifest::json::Json;

use super::pod_template::PodTemplate;
use super::{At, Subject, Violations, metadata};
use crate::name::Syntax;
use crate::spelling::quote;

const SUBJECT: Subject = Subject::PodMetadata;

/// The annotation that sets the seccomp profile of a Pod.
const SECCOMP: &str = "seccomp.security.alpha.kubernetes.io/pod";
/// The prefix of the annotation that sets the seccomp profile of a container, whose name follows it.
const CONTAINER_SECCOMP: &str = "container.seccomp.security.alpha.kubernetes.io/";
/// The prefix of the annotation that sets the `AppArmor` profile of a container, whose name follows it.
const CONTAINER_APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";

/// What KubeRay makes of the metadata of a Pod template.
#[derive(Clone, Copy, Default)]
pub(crate) struct Metadata<'a> {
    /// Whether the name of the template becomes the name of the Pod.
    pub(crate) keeps_name: bool,
    /// The keys of labels whose values KubeRay or Kubernetes replaces.
    pub(crate) overwritten_labels: &'a [&'a str],
    /// Labels that KubeRay writes over those of the template. Another check validates them.
    pub(crate) group_labels: Option<&'a Json<'a>>,
}

/// Reports everything that Kubernetes refuses in the metadata of the Pods of a template (`ValidateObjectMeta`,
/// `ValidatePodSpecificAnnotations`).
pub(super) fn validate(template: PodTemplate<'_>, template_at: &At<'_>, violations: &mut Violations) {
    let made = template.added.metadata;
    let (containers, group_labels) = (OnceCell::new(), OnceCell::new());
    for (field, value) in template.json.field("metadata").entries() {
        let at = template_at.field("metadata");
        match &**field {
            "labels" => {
                let is_overwritten = |key: &str| {
                    let of_group = || made.group_labels.into_iter().flat_map(Json::entries).map(|(key, _)| &**key);
                    made.overwritten_labels.contains(&key)
                        || group_labels.get_or_init(|| of_group().collect::<HashSet<_>>()).contains(key)
                };
                metadata::validate_labels(SUBJECT, value, is_overwritten, &at.field("labels"), violations);
            }
            "annotations" => {
                let at = at.field("annotations");
                metadata::validate_annotations(SUBJECT, value, &at, violations);
                for (key, value) in value.entries() {
                    if let Some(value) = value.as_str() {
                        let find =
                            |name: &str| containers.get_or_init(|| containers_by_name(template)).get(name).copied();
                        validate_annotation(template, key, value, find, &at.key(key), template_at, violations);
                    }
                }
            }
            "name" if made.keeps_name => {
                let Some(name) = value.as_nonempty_str() else { continue };
                let what = "KubeRay gives the template's name to the Pod, and it";
                metadata::check(SUBJECT, Syntax::Dns1123Subdomain, name, what, &at.field("name"), violations);
            }
            "finalizers" => {
                metadata::validate_finalizers(SUBJECT, value, &at.field("finalizers"), violations);
            }
            _ => {}
        }
    }
}

/// Reports a value of an annotation that has a meaning to Kubernetes (`ValidatePodSpecificAnnotations`).
fn validate_annotation<'a>(
    template: PodTemplate<'a>,
    key: &str,
    value: &str,
    find: impl Fn(&str) -> Option<Container<'a>>,
    at: &At<'_>,
    template_at: &At<'_>,
    violations: &mut Violations,
) {
    if !key.contains("kubernetes.io/") {
        return;
    }
    let spec = template.json.field("spec");
    match key {
        "kubernetes.io/config.mirror" => {
            if spec.field("nodeName").as_nonempty_str().is_none() {
                let message = "only a Pod of a kubelet's own manifest has this annotation, and it has a nodeName";
                violations.invalid(SUBJECT, at, message, "remove it");
            }
        }
        "scheduler.alpha.kubernetes.io/tolerations" => {
            if let Some(message) = tolerations_error(value) {
                violations.invalid(SUBJECT, at, message, "remove it, and write spec.tolerations");
            }
        }
        "controller.kubernetes.io/pod-deletion-cost" => {
            // A plus sign and leading zeros are not allowed, except after a minus sign.
            let is_canonical = value == "0" || value.starts_with(|char| matches!(char, '-' | '1'..='9'));
            if !is_canonical || value.parse::<i32>().is_err() {
                let message = format!("the cost is {}, not a 32-bit integer", quote(value));
                violations.invalid(SUBJECT, at, message, "write an integer in quotes, such as \"100\"");
            }
        }
        SECCOMP => {
            let profile = spec.descend(["securityContext", "seccompProfile"]);
            validate_seccomp(value, profile, at, &template_at.field("spec"), violations);
        }
        _ => {
            let spec_at = template_at.field("spec");
            if let Some(name) = key.strip_prefix(CONTAINER_SECCOMP) {
                let Container { json, list, index } = find(name).unwrap_or_default();
                let profile = json.descend(["securityContext", "seccompProfile"]);
                validate_seccomp(value, profile, at, &spec_at.field(list).index(index), violations);
            } else if let Some(name) = key.strip_prefix(CONTAINER_APP_ARMOR) {
                let container = find(name);
                if container.is_none() {
                    let message = format!("the Pod has no container {}", quote(name));
                    violations.invalid(SUBJECT, at, message, "write the name of a container after the '/'");
                }
                let Container { json, list, index } = container.unwrap_or_default();
                validate_app_armor(value, json, spec, at, &spec_at.field(list).index(index), violations);
            }
        }
    }
}

/// Returns what is wrong with an annotation of tolerations, as far as its keys and operators show it
/// (`ValidateTolerationsInPodAnnotations`).
fn tolerations_error(text: &str) -> Option<&'static str> {
    const OPERATORS: [&str; 5] = ["", "Equal", "Exists", "Lt", "Gt"];
    // Go also reads text that is not valid Unicode, which only an escape can contain.
    if text.is_empty() || text.contains("\\u") {
        return None;
    }
    let json = serde_json::from_str::<Json<'_>>(text).unwrap_or_default();
    if !matches!(json, Json::Array(_)) && text.trim() != "null" {
        return Some("the annotation is not a JSON list of tolerations");
    }
    for toleration in json.items() {
        let text = |field: &str| toleration.field(field).as_str().unwrap_or_default();
        if !OPERATORS.contains(&text("operator")) {
            return Some("the annotation has a toleration with an operator that does not exist");
        }
        if !text("key").is_empty() && !Syntax::QualifiedName.admits(text("key")) {
            return Some("the annotation has a toleration with a key that no taint can have");
        }
    }
    None
}

/// Reports an annotation with a seccomp profile that is not valid, or is not that of the security context of the same
/// container or Pod (`ValidateSeccompProfile`, `validateSeccompAnnotationsAndFieldsMatch`).
fn validate_seccomp(value: &str, profile: &Json<'_>, at: &At<'_>, owner_at: &At<'_>, violations: &mut Violations) {
    let is_valid = match value.strip_prefix("localhost/") {
        Some(path) => !path.starts_with('/') && path.split('/').all(|part| part != ".."),
        None => matches!(value, "runtime/default" | "docker/default" | "unconfined"),
    };
    if !is_valid {
        let help = "remove it, and write the seccompProfile of a securityContext";
        violations.invalid(SUBJECT, at, format!("{} is no seccomp profile", quote(value)), help);
    } else if !is_profile(value, profile, &["runtime/default", "docker/default"]) {
        report_other_profile("seccompProfile", owner_at, violations);
    }
}

/// Reports an annotation with an `AppArmor` profile that is not valid, or is not that of the security context of the same
/// container (`ValidateAppArmorProfileFormat`, `validateAppArmorAnnotationsAndFieldsMatchOnCreate`).
///
/// If only the Pod has a profile, the annotation counts for the container (`applyAppArmorVersionSkew`,
/// `pkg/registry/core/pod/strategy.go`).
fn validate_app_armor(
    value: &str,
    container: &Json<'_>,
    spec: &Json<'_>,
    at: &At<'_>,
    container_at: &At<'_>,
    violations: &mut Violations,
) {
    let is_valid = matches!(value, "" | "runtime/default" | "unconfined") || value.starts_with("localhost/");
    let is_windows = spec.descend(["os", "name"]).as_str() == Some("windows");
    let profile = container.descend(["securityContext", "appArmorProfile"]);
    if !is_valid {
        let message = format!("{} is no AppArmor profile", quote(value));
        violations.invalid(SUBJECT, at, message, "write runtime/default, unconfined, or a profile after localhost/");
    } else if !is_windows && !is_profile(value, profile, &["runtime/default"]) {
        report_other_profile("appArmorProfile", container_at, violations);
    }
}

fn report_other_profile(field: &'static str, owner_at: &At<'_>, violations: &mut Violations) {
    let at = owner_at.field("securityContext");
    let message = "an annotation of the template has another profile";
    violations.forbidden(SUBJECT, &at.field(field), message, "remove the annotation, which is the older way");
}

/// Reports whether the value of an annotation stands for a profile of a security context. Another check reports a profile
/// of no known type.
fn is_profile(value: &str, profile: &Json<'_>, defaults: &[&str]) -> bool {
    match profile.field("type").as_str() {
        Some("Unconfined") => value == "unconfined",
        Some("RuntimeDefault") => defaults.contains(&value),
        Some("Localhost") => match value.strip_prefix("localhost/") {
            Some(name) => profile.field("localhostProfile").as_str() == Some(name),
            None => false,
        },
        _ => true,
    }
}

/// A container of a template, or the place of one that KubeRay adds.
#[derive(Clone, Copy)]
struct Container<'a> {
    json: &'a Json<'a>,
    list: &'static str,
    index: usize,
}

impl Default for Container<'_> {
    fn default() -> Self {
        Self { json: &Json::Null, list: "containers", index: 0 }
    }
}

/// Returns all containers of the Pods of a template by their names.
fn containers_by_name(template: PodTemplate<'_>) -> HashMap<&str, Container<'_>> {
    let spec = template.json.field("spec");
    let names = template.added.containers.iter().chain(template.added.init_containers);
    let mut containers: HashMap<_, _> = names.map(|name| (*name, Container::default())).collect();
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        for (index, json) in spec.field(list).items().iter().enumerate() {
            if let Some(name) = json.field("name").as_str() {
                containers.insert(name, Container { json, list, index });
            }
        }
    }
    containers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::Added;

    fn found(template: &str) -> Vec<String> {
        let json: Json<'_> = serde_json::from_str(template).expect("JSON");
        let added = Added { containers: &["autoscaler"], ..Added::default() };
        let mut violations = Violations::default();
        validate(PodTemplate { json: &json, added }, &At::Root(&Default::default), &mut violations);
        violations.all().iter().map(|violation| violation.message.clone()).collect()
    }

    #[test]
    fn annotations_with_a_meaning_are_checked_as_by_kubernetes() {
        let of = |key: &str, value: &str| {
            let annotations = serde_json::json!({"metadata": {"annotations": {key: value}}, "spec": {"containers": [
                {"name": "ray", "securityContext": {
                    "seccompProfile": {"type": "RuntimeDefault"},
                    "appArmorProfile": {"type": "Localhost", "localhostProfile": "a"},
                }},
                {"name": "other"},
            ]}});
            found(&annotations.to_string()).len()
        };
        let [seccomp, app_armor] = [CONTAINER_SECCOMP, CONTAINER_APP_ARMOR]
            .map(|prefix| ["ray", "other", "autoscaler", "nobody"].map(|container| format!("{prefix}{container}")));
        for (key, value, errors) in [
            ("kubernetes.io/config.mirror", "", 1),
            ("scheduler.alpha.kubernetes.io/tolerations", "", 0),
            ("scheduler.alpha.kubernetes.io/tolerations", "[]", 0),
            ("scheduler.alpha.kubernetes.io/tolerations", "null", 0),
            ("scheduler.alpha.kubernetes.io/tolerations", "{}", 1),
            ("scheduler.alpha.kubernetes.io/tolerations", "x", 1),
            ("scheduler.alpha.kubernetes.io/tolerations", r#"[{"key":"a.b/c","operator":"Exists"},{}]"#, 0),
            ("scheduler.alpha.kubernetes.io/tolerations", r#"[{"key":"a","operator":"exists"}]"#, 1),
            ("scheduler.alpha.kubernetes.io/tolerations", r#"[{"key":"a b"}]"#, 1),
            ("controller.kubernetes.io/pod-deletion-cost", "-2147483648", 0),
            ("controller.kubernetes.io/pod-deletion-cost", "0", 0),
            ("controller.kubernetes.io/pod-deletion-cost", "-07", 0),
            ("controller.kubernetes.io/pod-deletion-cost", "07", 1),
            ("controller.kubernetes.io/pod-deletion-cost", "+7", 1),
            ("controller.kubernetes.io/pod-deletion-cost", "2147483648", 1),
            ("controller.kubernetes.io/pod-deletion-cost", "", 1),
            (SECCOMP, "localhost/a/b", 0),
            (SECCOMP, "localhost//a", 1),
            (SECCOMP, "localhost/a/..", 1),
            (SECCOMP, "RuntimeDefault", 1),
            (&seccomp[0], "runtime/default", 0),
            (&seccomp[0], "docker/default", 0),
            (&seccomp[0], "unconfined", 1),
            (&seccomp[1], "unconfined", 0),
            (&seccomp[3], "unconfined", 0),
            (&app_armor[0], "localhost/a", 0),
            (&app_armor[0], "localhost/b", 1),
            (&app_armor[0], "", 1),
            (&app_armor[1], "localhost/b", 0),
            (&app_armor[1], "", 0),
            (&app_armor[1], "profile", 1),
            (&app_armor[2], "unconfined", 0),
            (&app_armor[3], "unconfined", 1),
            ("example.com/config.mirror", "", 0),
        ] {
            assert_eq!(of(key, value), errors, "{key}: {value}");
        }
    }
}
