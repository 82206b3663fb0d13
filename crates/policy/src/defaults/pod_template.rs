//! An administrator's own defaults for Pod templates, merged under what the user wrote.
//!
//! The outcome is that of a strategic merge patch in which the administrator's template is the original and the user's
//! is the patch (k8s.io/apimachinery/pkg/util/strategicpatch): maps are merged, lists with a merge key item by item,
//! any other list is the user's or the administrator's as a whole. Two things differ, for the sake of a Pod that can
//! run: of fields that exclude each other the user's one stays alone, and what cannot stand by itself is not added.

use std::borrow::Cow;

use crate::kuberay::Version;
use crate::reason::Reason;
use crate::schema::{Fault, Schema, Suggestion};
use rayguard_manifest::json::Json;
use rayguard_manifest::keyed::{key_of, merge_key};
use rayguard_manifest::patch::PatchBuilder;
use rayguard_manifest::path::{FieldPath, Step};

/// An administrator's templates, in the form of a `PodTemplateSpec`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodTemplates {
    /// For heads.
    pub head: Option<Json<'static>>,
    /// For workers.
    pub worker: Option<Json<'static>>,
}

/// Why something is no template of defaults.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// The field, within the template.
    pub path: FieldPath,
    /// What is wrong with it, and what to write.
    pub message: String,
}

impl PodTemplates {
    /// Checks a template when the policy is read, so that no review has to. Fields may be missing, for the user has
    /// them; but those that are there must be fields of a Pod template, and of the right type.
    pub fn check(template: &Json<'_>, kuberay: Version) -> Vec<TemplateError> {
        let mut errors = Vec::new();
        check_items(template, &FieldPath::root(), &mut errors);
        let place = ["spec", "headGroupSpec", "template"];
        let spec: Json<'_> = [("headGroupSpec".into(), [("template".into(), template.clone())].into_iter().collect())]
            .into_iter()
            .collect();
        let object: Json<'_> =
            [("apiVersion".into(), "ray.io/v1".into()), ("kind".into(), "RayCluster".into()), ("spec".into(), spec)]
                .into_iter()
                .collect();
        for fault in Schema::of(kuberay).faults(&object) {
            let (path, message) = match fault {
                Fault::Malformed { reason: Reason::Required, .. } => continue,
                Fault::Malformed { path, message, help, .. } => (path, format!("{message}; {help}")),
                Fault::Unknown { path, suggestion } => (
                    path,
                    match suggestion {
                        Some(Suggestion::Spelling { name: meant, .. }) => {
                            format!("there is no such key; did you mean {meant:?}?")
                        }
                        _ => "there is no such key in a Pod template".to_owned(),
                    },
                ),
            };
            if !path.starts_with(&FieldPath::of(place)) {
                continue;
            }
            let path = FieldPath::root().join(&path.steps()[place.len()..]);
            if !errors.iter().any(|error: &TemplateError| path.starts_with(&error.path)) {
                errors.push(TemplateError { path, message });
            }
        }
        errors
    }
}

/// Looks for what the schema knows nothing of: directives, and items of which nothing says what they are.
fn check_items(template: &Json<'_>, path: &FieldPath, errors: &mut Vec<TemplateError>) {
    for (name, value) in template.entries() {
        let path = path.clone().field(name.to_string());
        if name.starts_with('$') {
            let message = "defaults only add, so a directive such as $patch has no place here; remove it".to_owned();
            errors.push(TemplateError { path, message });
            continue;
        }
        check_items(value, &path, errors);
        for (index, item) in value.items().iter().enumerate() {
            let path = path.clone().index(index);
            match merge_key(name) {
                Some(key) if key_of(item, key).is_none() => {
                    let message = format!("an item of this list is known by its {key}; write one");
                    errors.push(TemplateError { path, message });
                }
                _ => check_items(item, &path, errors),
            }
        }
    }
}

/// Adds to the Pod template at a path what the administrator's has and it has not. A template without containers is
/// left to the API server to refuse.
pub(super) fn merge(builder: &mut PatchBuilder<'_>, path: &FieldPath, template: &Json<'static>) {
    let containers = path.clone().fields(["spec", "containers"]).value(builder.object());
    if containers.is_some_and(|containers| !containers.items().is_empty()) {
        merge_map(builder, path, template);
    }
}

/// Of these a probe or a hook can have only one (`ProbeHandler` and `LifecycleHandler` in k8s.io/api/core/v1).
const HANDLERS: [&str; 5] = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"];

fn merge_map(builder: &mut PatchBuilder<'_>, path: &FieldPath, defaults: &Json<'static>) {
    for (name, value) in defaults.entries() {
        let Some(here) = path.value(builder.object()) else { return };
        let child =
            if is_free_map(path) { path.clone().key(name.to_string()) } else { path.clone().field(name.clone()) };
        match here.entry(name) {
            None if HANDLERS.contains(&&**name) && HANDLERS.iter().any(|other| here.entry(other).is_some()) => {}
            None => {
                if let Some(value) = complete(name, value) {
                    builder.add(&child, value);
                }
            }
            Some(users @ Json::Object(_)) if name == "resources" => {
                let value = without_counterparts(users, value);
                merge_map(builder, &child, &value);
            }
            Some(Json::Object(_)) if value.as_object().is_some() => merge_map(builder, &child, value),
            Some(Json::Array(_)) => {
                if let Some(key) = merge_key(name) {
                    merge_list(builder, &child, key, value, name);
                }
            }
            Some(_) => {}
        }
    }
}

fn merge_list(
    builder: &mut PatchBuilder<'_>,
    path: &FieldPath,
    merge_key: &'static str,
    defaults: &Json<'static>,
    name: &str,
) {
    for default in defaults.items() {
        let Some(list) = path.value(builder.object()) else { return };
        let key = key_of(default, merge_key);
        let present = list.items().iter().position(|item| key_of(item, merge_key) == key);
        match present {
            None if is_complete(name, default) => {
                let end = list.items().len();
                builder.add(&path.clone().index(end), default.clone());
            }
            None => {}
            // One variable has one value, one volume one source: the user's.
            Some(_) if matches!(name, "env" | "volumes") => {}
            Some(index) if name == "volumeMounts" && names_differ(&list.items()[index], default) => {}
            Some(index) => merge_map(builder, &path.clone().index(index), default),
        }
    }
}

/// The value of a new field, without the items of a list that cannot stand by themselves; `None` if nothing is left.
fn complete(name: &str, value: &Json<'static>) -> Option<Json<'static>> {
    match value {
        Json::Array(items) if merge_key(name).is_some() => {
            let items: Vec<_> = items.iter().filter(|item| is_complete(name, item)).cloned().collect();
            (!items.is_empty()).then_some(Json::Array(items))
        }
        Json::Object(_) if value.entries().is_empty() => None,
        _ => Some(value.clone()),
    }
}

/// Requests without those that the user limits, limits without those that the user requests: a limit below a request
/// is a Pod that is never made.
fn without_counterparts(users: &Json<'_>, defaults: &Json<'static>) -> Json<'static> {
    let without = |(name, value): &(Cow<'static, str>, Json<'static>)| {
        let other = match &**name {
            "limits" => users.field("requests"),
            "requests" => users.field("limits"),
            _ => return (name.clone(), value.clone()),
        };
        let kept = value.entries().iter().filter(|(resource, _)| other.entry(resource).is_none());
        (name.clone(), kept.cloned().collect())
    };
    defaults.entries().iter().map(without).collect()
}

/// Whether an item can be added. A container without an image is only there to be merged into the user's.
fn is_complete(list: &str, item: &Json<'_>) -> bool {
    !matches!(list, "containers" | "initContainers") || item.field("image").as_nonempty_str().is_some()
}

/// Mounts of two different volumes at one path have nothing to do with each other.
fn names_differ(user: &Json<'_>, default: &Json<'_>) -> bool {
    !default.field("name").is_null() && user.field("name") != default.field("name")
}

/// Maps whose keys the user chooses.
fn is_free_map(path: &FieldPath) -> bool {
    let last = path.steps().last().and_then(Step::name);
    matches!(last, Some("labels" | "annotations" | "nodeSelector" | "limits" | "requests" | "overhead" | "matchLabels"))
}
