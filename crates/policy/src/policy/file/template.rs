//! The values of the key `defaults.podTemplate`: parts of Pod templates.

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;
use serde_json::{Map, Value, json};

use super::Reader;
use super::form::Form;
use super::json_schema::Definitions;
use crate::defaults::{PodTemplates, TemplateError};
use crate::kuberay::Version;
use crate::schema::PodTemplateSchema;

/// A part of a Pod template, for this kind of group.
pub(super) struct PodTemplate(pub(super) fn(&mut PodTemplates) -> &mut Option<Json<'static>>);

/// The keys of the template, and of its metadata.
const TEMPLATE: [&str; 2] = ["metadata", "spec"];
const METADATA: [&str; 2] = ["annotations", "labels"];

impl Form<PodTemplates> for PodTemplate {
    fn read(&self, reader: &mut Reader, json: &Json<'_>, path: &FieldPath, target: &mut PodTemplates) {
        reader.map(json, path, &TEMPLATE);
        reader.map(json.field("metadata"), &path.clone().field("metadata"), &METADATA);
        for TemplateError { path: below, message } in
            PodTemplates::check(json, reader.version.unwrap_or(Version::NEWEST))
        {
            let path = path.clone().join(below.steps());
            // A key that is not a field of a template was reported above.
            if !reader.errors.iter().any(|error| path.starts_with(&error.path)) {
                reader.error(path, message);
            }
        }
        *(self.0)(target) = Some(json.clone().into_owned());
    }

    fn schema(&self, definitions: &mut Definitions) -> Value {
        definitions.refer("podTemplate", |definitions| {
            let mut pod = PodTemplateSchema::new("podTemplate.");
            let metadata: Map<_, _> =
                METADATA.iter().filter_map(|name| Some(((*name).to_owned(), pod.field(["metadata", name])?))).collect();
            let template = json!({
                "metadata": {"type": ["object", "null"], "properties": metadata, "additionalProperties": false},
                "spec": pod.field(["spec"]),
            });
            definitions.extend(pod.into_definitions());
            json!({"type": ["object", "null"], "properties": template, "additionalProperties": false})
        })
    }
}
