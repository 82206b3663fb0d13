//! The administrator's defaults for Pod templates, which are merged into the user's template.
//!
//! The result is that of a strategic merge patch in which the administrator's template is the original and the user's
//! template is the patch (k8s.io/apimachinery/pkg/util/strategicpatch):
//!
//! - Maps are merged.
//! - Lists with a merge key are merged item by item.
//! - Any other list is taken as a whole, from the user if the user has it.
//!
//! Two things differ, so that the Pod can run. If the user sets one of several fields that exclude each other, the
//! others are not added. An item that is incomplete by itself, such as a container without an image, is not added.

use std::borrow::Cow;

use rayguard_manifest::json::Json;
use rayguard_manifest::list_map::{key_of, merge_key};
use rayguard_manifest::patch::PatchBuilder;
use rayguard_manifest::path::{FieldPath, Step};

use crate::kuberay::Version;
use crate::reason::Reason;
use crate::schema::{Schema, Suggestion, Violation};

/// The administrator's templates, each in the format of a `PodTemplateSpec`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodTemplates {
    /// The template for heads.
    pub head: Option<Json<'static>>,
    /// The template for workers.
    pub worker: Option<Json<'static>>,
}

/// An error in a template of defaults.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// The path of the field in the template.
    pub path: FieldPath,
    /// What is wrong with the field, and what to write.
    pub message: String,
}

impl PodTemplates {
    /// Checks a template when the policy is read, so that reviews need not check it, and returns all errors. Required
    /// fields may be missing, because the user's template has them. All other constraints of a Pod template's schema
    /// apply.
    pub fn check(template: &Json<'_>, kuberay: Version) -> Vec<TemplateError> {
        let mut errors = Vec::new();
        check_items(template, &FieldPath::root(), &mut errors);
        let parent = ["spec", "headGroupSpec", "template"];
        let spec: Json<'_> = [("headGroupSpec".into(), [("template".into(), template.clone())].into_iter().collect())]
            .into_iter()
            .collect();
        let object: Json<'_> =
            [("apiVersion".into(), "ray.io/v1".into()), ("kind".into(), "RayCluster".into()), ("spec".into(), spec)]
                .into_iter()
                .collect();
        for violation in Schema::of(kuberay).violations(&object) {
            let (path, message) = match violation {
                Violation::Malformed { reason: Reason::Required, .. } => continue,
                Violation::Malformed { path, message, help, .. } => (path, format!("{message}; {help}")),
                Violation::Unknown { path, suggestion } => (
                    path,
                    match suggestion {
                        Some(Suggestion::Spelling { name, .. }) => {
                            format!("there is no such key; did you mean {name:?}?")
                        }
                        _ => "there is no such key in a Pod template".to_owned(),
                    },
                ),
            };
            if !path.starts_with(&FieldPath::of(parent)) {
                continue;
            }
            let path = FieldPath::root().join(&path.steps()[parent.len()..]);
            if !errors.iter().any(|error: &TemplateError| path.starts_with(&error.path)) {
                errors.push(TemplateError { path, message });
            }
        }
        errors
    }
}

/// Reports what the schema does not check: patch directives, and list items without their merge key.
fn check_items(template: &Json<'_>, path: &FieldPath, errors: &mut Vec<TemplateError>) {
    for (name, value) in template.entries() {
        let path = path.clone().field(name.to_string());
        if name.starts_with('$') {
            let message = "defaults only add fields, so a directive such as $patch is not allowed; remove it";
            errors.push(TemplateError { path, message: message.to_owned() });
            continue;
        }
        check_items(value, &path, errors);
        for (index, item) in value.items().iter().enumerate() {
            let path = path.clone().index(index);
            match merge_key(name) {
                Some(key) if key_of(item, key).is_none() => {
                    let message = format!("an item of this list is identified by its {key}; write one");
                    errors.push(TemplateError { path, message });
                }
                _ => check_items(item, &path, errors),
            }
        }
    }
}

/// Adds the missing fields of the administrator's template to the Pod template at a path. A template without containers
/// stays as it is, because the API server rejects it.
pub(super) fn merge(builder: &mut PatchBuilder<'_>, path: &FieldPath, template: &Json<'static>) {
    let containers = path.clone().fields(["spec", "containers"]).value(builder.object());
    if containers.is_some_and(|containers| !containers.items().is_empty()) {
        merge_map(builder, path, template);
    }
}

/// The handlers, of which a probe or a hook can have only one (`ProbeHandler` and `LifecycleHandler` in
/// k8s.io/api/core/v1).
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
            // A variable has only one value and a volume only one source, so the user's item stays as it is.
            Some(_) if matches!(name, "env" | "volumes") => {}
            Some(index) if name == "volumeMounts" && names_differ(&list.items()[index], default) => {}
            Some(index) => merge_map(builder, &path.clone().index(index), default),
        }
    }
}

/// Returns the value of a new field, without incomplete items of a list; `None` if nothing is left.
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

/// Returns the default resources without requests for which the user sets a limit, and without limits for which the
/// user sets a request. The API server rejects a Pod whose limit is below its request.
fn without_counterparts(users: &Json<'_>, defaults: &Json<'static>) -> Json<'static> {
    let without = |(name, value): &(Cow<'static, str>, Json<'static>)| {
        let other = match &**name {
            "limits" => users.field("requests"),
            "requests" => users.field("limits"),
            _ => return (name.clone(), value.clone()),
        };
        let remaining = value.entries().iter().filter(|(resource, _)| other.entry(resource).is_none());
        (name.clone(), remaining.cloned().collect())
    };
    defaults.entries().iter().map(without).collect()
}

/// Reports whether an item can be added. A container without an image is only merged into the user's container.
fn is_complete(list: &str, item: &Json<'_>) -> bool {
    !matches!(list, "containers" | "initContainers") || item.field("image").as_nonempty_str().is_some()
}

/// Reports whether a default mount is of another volume than the user's mount at this path.
fn names_differ(user: &Json<'_>, default: &Json<'_>) -> bool {
    !default.field("name").is_null() && user.field("name") != default.field("name")
}

/// Reports whether a path leads to a map whose keys the user chooses.
fn is_free_map(path: &FieldPath) -> bool {
    let last = path.steps().last().and_then(Step::name);
    matches!(last, Some("labels" | "annotations" | "nodeSelector" | "limits" | "requests" | "overhead" | "matchLabels"))
}
