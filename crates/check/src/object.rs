//! The objects of a document, and their names.

use std::borrow::Cow;
use std::fmt;

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;
use rayguard_manifest::yaml::{self, Document};
use rayguard_policy::kuberay::Kind;
use rayguard_policy::spelling::{quote, suggestion};
use serde::Serialize;

/// The identity of an object in the API server.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectName {
    api_version: String,
    kind: String,
    namespace: String,
    /// The name, or the prefix of one that the API server generates.
    name: String,
}

impl ObjectName {
    /// Returns the name of an object. `namespace` is that of an object that names none.
    pub fn of(object: &Json<'_>, namespace: &str) -> Self {
        let metadata = object.field("metadata");
        let text = |json: &Json<'_>| json.as_nonempty_str().map(str::to_owned);
        let name = text(metadata.field("name")).or_else(|| text(metadata.field("generateName")));
        Self {
            api_version: text(object.field("apiVersion")).unwrap_or_default(),
            kind: text(object.field("kind")).unwrap_or_default(),
            namespace: text(metadata.field("namespace")).unwrap_or_else(|| namespace.to_owned()),
            name: name.unwrap_or_default(),
        }
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.name.is_empty() { "(no name)" } else { &self.name };
        write!(formatter, "{} {}/{name}", self.kind, self.namespace)
    }
}

/// Reports whether this is a list of objects of any kind.
pub fn is_list(json: &Json<'_>) -> bool {
    json.field("kind").as_str().is_some_and(|kind| kind.ends_with("List"))
        && matches!(json.field("items"), Json::Array(_))
}

/// Sets the kind of a list item from the kind of the list. The API server omits it in its own lists.
pub fn complete(item: &mut Json<'_>, api_version: Option<&str>, kind: Option<&str>) {
    let Some(kind) = kind.and_then(|kind| kind.strip_suffix("List")).filter(|kind| !kind.is_empty()) else { return };
    let Json::Object(item) = item else { return };
    for (field, value) in [("apiVersion", api_version), ("kind", Some(kind))] {
        if let (None, Some(value)) = (item.get(field), value) {
            item.insert(Cow::Borrowed(field), Json::from(value.to_owned()));
        }
    }
}

/// Returns the objects of all documents of a text that can be read.
pub fn in_text(text: &str) -> Vec<Document<'_>> {
    let mut found = Vec::new();
    yaml::documents(text).into_iter().flatten().for_each(|document| objects(document, &mut found));
    found
}

/// Collects the objects of a document: itself, or the items of a list.
pub fn objects<'t>(document: Document<'t>, found: &mut Vec<Document<'t>>) {
    if !is_list(&document.json) {
        found.push(document);
        return;
    }
    let field = |name: &str| document.json.field(name).as_str().map(str::to_owned);
    let (api_version, kind) = (field("apiVersion"), field("kind"));
    for mut item in document.into_items("items") {
        complete(&mut item.json, api_version.as_deref(), kind.as_deref());
        objects(item, found);
    }
}

/// An object that is KubeRay's by its kind or its group, and cannot be checked.
pub struct UnknownObject {
    /// The field that is wrong.
    pub path: FieldPath,
    /// What is wrong with it.
    pub message: String,
    /// What to write instead.
    pub help: &'static str,
}

const WRITE_VERSION: &str = "write apiVersion: ray.io/v1";

/// Returns what is wrong with an object that is KubeRay's by its kind or its group but cannot be checked; `None` for any
/// other object.
pub fn unknown_version(object: &Json<'_>) -> Option<UnknownObject> {
    /// The largest edit distance to the name of the group, as in `rayio` or `ray.oi`.
    const MAX_DISTANCE: usize = 2;
    let unknown = |field, message, help| Some(UnknownObject { path: FieldPath::of([field]), message, help });
    let kind = object.field("kind").as_str()?;
    let is_known = Kind::ALL.into_iter().any(|known| known.as_str() == kind);
    let Some(version) = object.field("apiVersion").as_str() else {
        return is_known.then(|| unknown("kind", format!("a {kind} without apiVersion"), WRITE_VERSION))?;
    };
    let group = version.split_once('/').map_or("", |(group, _)| group);
    match (group, is_known) {
        ("ray.io", true) if Kind::of(version, kind).is_none() => {
            unknown("apiVersion", format!("there is no {kind} in {version}"), WRITE_VERSION)
        }
        ("ray.io", false) => {
            let kinds = Kind::ALL.map(Kind::as_str);
            let message = format!("there is no {} in {version}{}", quote(kind), suggestion(kind, &kinds));
            unknown("kind", message, write_kind(kind))
        }
        (group, true) if strsim::osa_distance(group, "ray.io") <= MAX_DISTANCE && group != "ray.io" => {
            unknown("apiVersion", format!("there is no {kind} in the group {}", quote(group)), WRITE_VERSION)
        }
        _ => None,
    }
}

/// Returns the help for a kind that does not exist.
fn write_kind(kind: &str) -> &'static str {
    let kinds = Kind::ALL.map(Kind::as_str);
    let is_meant = |known: &&str| suggestion(kind, &kinds).contains(&quote(known));
    match kinds.iter().find(|known| is_meant(known)).copied() {
        Some("RayCluster") => "write kind: RayCluster",
        Some("RayService") => "write kind: RayService",
        Some("RayJob") => "write kind: RayJob",
        Some("RayCronJob") => "write kind: RayCronJob",
        _ => "write kind: RayCluster, RayService, RayJob or RayCronJob",
    }
}
