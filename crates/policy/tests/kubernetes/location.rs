//! Where an error of Kubernetes is in the object of the user.

use rayguard_manifest::path::{FieldPath, Step};
use rayguard_test_support::creation::{Refusal, Verdict};
use serde_json::Value;

/// The location of an error in the object of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    /// A field of the object: the names, keys and indexes that lead to it.
    Field(Vec<String>),
    /// A name, label, annotation, or a part of a Service or Job. KubeRay makes it of several fields, which are not in the
    /// spec of a Pod template. The steps lead to the field that describes the created object most closely.
    Outside(Vec<String>),
    /// An item that KubeRay adds to a list of a Pod. The steps lead to the Pod's template.
    Added(Vec<String>),
}

impl Location {
    /// Returns where an error is.
    pub(crate) fn of(error: &Refusal, verdict: &Verdict, object: &Value) -> Self {
        let from = steps(&verdict.from);
        let mut inner = steps(&error.path);
        let is_template = verdict.kind == "Job" && starts(&inner, &["spec", "template"]);
        if is_template {
            inner.drain(..2);
        }
        let is_in_pod = verdict.kind == "Pod" || is_template;
        let is_metadata = inner.first().is_some_and(|step| matches!(&**step, "metadata" | "labels" | "annotations"));
        if !is_in_pod || is_metadata {
            return Self::Outside(from);
        }
        // It is as much an error of the annotation.
        if error.detail.contains("in annotation and field must match") {
            return Self::Added(from);
        }
        let mut path = from.clone();
        path.extend(corrected(inner, error, template(&from, object)));
        cut_at_missing_index(&mut path, object);
        if exists(&path, object) { Self::Field(path) } else { Self::Added(from) }
    }

    /// Returns whether a finding can be about the error.
    pub(crate) fn is_at(&self, path: &FieldPath) -> bool {
        let path: Vec<String> = path.steps().iter().map(text).collect();
        match self {
            Self::Field(steps) => {
                let common = steps.iter().zip(&path).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
                common == steps.len().min(path.len())
            }
            Self::Outside(from) => !is_in_spec(&path) && is_in_group(from, &path),
            Self::Added(from) => is_in_group(from, &path),
        }
    }
}

/// Returns whether a path is in the spec of a Pod template, and does not lead to a port, of which KubeRay makes one of a
/// Service.
fn is_in_spec(path: &[String]) -> bool {
    let is_template = |two: &[String]| two[0].ends_with("emplate") && two[1] == "spec";
    path.windows(2).any(is_template) && !path.iter().any(|step| step == "ports")
}

/// Returns whether a path is in the same worker group as another one, or one of them is in none.
fn is_in_group(from: &[String], path: &[String]) -> bool {
    let group = |steps: &[String]| {
        let at = steps.iter().position(|step| step == "workerGroupSpecs")?;
        Some(steps[..steps.len().min(at + 2)].to_vec())
    };
    match (group(from), group(path)) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}

/// Returns a step of rayguard as Kubernetes writes it.
fn text(step: &Step) -> String {
    match step {
        Step::Field(name) => name.to_string(),
        Step::Key(key) => key.clone(),
        Step::Index(index) => index.to_string(),
    }
}

/// Returns the steps of a path as Kubernetes writes it: `spec.a[0].b[key.with.dots]`.
pub(crate) fn steps(path: &str) -> Vec<String> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        let (step, after) = match rest.strip_prefix('[') {
            Some(inner) => inner.split_once(']').unwrap_or((inner, "")),
            None => rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len())),
        };
        steps.push(step.to_owned());
        rest = after.strip_prefix('.').unwrap_or(after);
    }
    steps
}

fn starts(steps: &[String], with: &[&str]) -> bool {
    steps.len() >= with.len() && steps.iter().zip(with).all(|(step, name)| step == name)
}

/// Returns the template at a path.
fn template<'v>(from: &[String], object: &'v Value) -> &'v Value {
    object.pointer(&format!("/{}", from.join("/"))).unwrap_or(&Value::Null)
}

/// Returns the path of an error in a Pod as the user would write it. Kubernetes leaves out indexes, calls fields by
/// other names, and reports fields that it computed from others. Where the exact field is not in the path, it is cut.
fn corrected(mut path: Vec<String>, error: &Refusal, template: &Value) -> Vec<String> {
    /// Steps after which, and before which, a path says nothing exact.
    const CUT_AFTER: [&str; 5] = ["downwardAPI", "overhead", "projected", "tolerations", "volumeClaimTemplate"];
    const CUT_BEFORE: [&str; 3] = ["persistentDisk", "namespace", "deprecatedServiceAccount"];
    if let Some(at) = path.iter().position(|step| CUT_AFTER.contains(&&**step)) {
        let has_index = path.get(at + 1).is_some_and(|step| step.parse::<usize>().is_ok());
        path.truncate(at + 1 + usize::from(has_index));
    }
    if let Some(at) = path.iter().position(|step| CUT_BEFORE.contains(&&**step) || step.starts_with('{')) {
        path.truncate(at);
    }
    let is_at_sibling = ["may not specify more than 1 volume type", "unsupported pod version", "Limit must be set"]
        .iter()
        .any(|text| error.detail.contains(text));
    if is_at_sibling || starts_last(&path, "csi", "name") {
        path.pop();
    }
    // Until 1.36, some fields of the spec are part of the security context.
    if starts(&path, &["spec", "securityContext", "shareProcessNamespace"]) {
        path.remove(1);
    }
    // Each init container is checked as if it were the first one.
    if starts(&path, &["spec", "initContainers"])
        && error.path.ends_with("hostPort")
        && error.reason == "FieldValueDuplicate"
    {
        path.truncate(2);
    }
    if starts(&path, &["spec", "serviceAccountName"]) && template["spec"]["serviceAccountName"].is_null() {
        "serviceAccount".clone_into(&mut path[1]);
    }
    // Kubernetes sets a request that is missing to the limit.
    if let Some(at) =
        path.iter().position(|step| step == "requests").filter(|at| *at > 0 && path[at - 1] == "resources")
    {
        let written = template
            .pointer(&format!("/{}", path.iter().map(|step| step.replace('/', "~1")).collect::<Vec<_>>().join("/")));
        if path.len() > at + 1 && written.is_none() {
            "limits".clone_into(&mut path[at]);
        } else if path.len() == at + 1 {
            path.pop();
        }
    }
    path
}

fn starts_last(path: &[String], parent: &str, last: &str) -> bool {
    path.ends_with(&[parent.to_owned(), last.to_owned()])
}

/// Cuts a path after a list of which it does not say the item.
fn cut_at_missing_index(path: &mut Vec<String>, object: &Value) {
    let mut here = object;
    for (at, step) in path.iter().enumerate() {
        here = match (here, step.parse::<usize>()) {
            (Value::Array(items), Ok(index)) => items.get(index).unwrap_or(&Value::Null),
            (Value::Array(_), Err(_)) => {
                path.truncate(at);
                return;
            }
            _ => here.get(step).unwrap_or(&Value::Null),
        };
    }
}

/// Returns whether all lists on the way to a field are long enough. KubeRay appends to lists.
fn exists(steps: &[String], object: &Value) -> bool {
    let mut here = object;
    for step in steps {
        here = match (here, step.parse::<usize>()) {
            (Value::Array(items), Ok(index)) => match items.get(index) {
                Some(item) => item,
                None => return false,
            },
            (Value::Object(fields), _) => fields.get(step).unwrap_or(&Value::Null),
            // A list that the user did not write. Of other missing fields the absence is the error.
            (_, Ok(_)) => return false,
            _ => &Value::Null,
        };
    }
    true
}

#[test]
fn an_error_is_where_the_user_writes_the_value() {
    let object = serde_json::json!({"spec": {"headGroupSpec": {"template": {"spec": {
        "containers": [{"resources": {"limits": {"cpu": "-1"}}, "volumeMounts": [{"name": "a"}]}],
        "volumes": [{"name": "a"}], "serviceAccount": "A"}}}}});
    let at = |kind: &str, path: &str, detail: &str| {
        let error =
            Refusal { reason: "FieldValueInvalid".to_owned(), path: path.to_owned(), detail: detail.to_owned() };
        let from = "spec.headGroupSpec.template".to_owned();
        let verdict = Verdict { from, kind: kind.to_owned(), undecodable: None, errors: Vec::new() };
        Location::of(&error, &verdict, &object)
    };
    let field = |path: &str| Location::Field(steps(&format!("spec.headGroupSpec.template.spec{path}")));
    let from = || steps("spec.headGroupSpec.template");
    for (path, expected) in [
        ("spec.containers[0].image", field(".containers[0].image")),
        ("spec.containers[0].resources.requests[cpu]", field(".containers[0].resources.limits[cpu]")),
        ("spec.containers[0].volumeMounts.subPath", field(".containers[0].volumeMounts")),
        ("spec.volumes[0].downwardAPI.path", field(".volumes[0].downwardAPI")),
        ("spec.volumes[1].name", Location::Added(from())),
        ("spec.containers[0].env[2].name", Location::Added(from())),
        ("spec.serviceAccountName", field(".serviceAccount")),
        ("spec.securityContext.shareProcessNamespace", field(".shareProcessNamespace")),
        ("metadata.labels", Location::Outside(from())),
    ] {
        assert_eq!(at("Pod", path, ""), expected, "{path}");
    }
    assert_eq!(at("Job", "spec.template.spec.containers[0].name", ""), field(".containers[0].name"));
    assert_eq!(at("Job", "spec.backoffLimit", ""), Location::Outside(from()));
    assert_eq!(at("Service", "spec.type", ""), Location::Outside(from()));
    let several = "may not specify more than 1 volume type";
    assert_eq!(at("Pod", "spec.volumes[0].nfs", several), field(".volumes[0]"));
    for (path, is_in_spec) in
        [("spec.a.template.spec.volumes", true), ("spec.a.template.spec.containers[0].ports", false)]
    {
        assert_eq!(self::is_in_spec(&steps(path)), is_in_spec, "{path}");
    }
}
