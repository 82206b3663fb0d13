//! The value of the key `installed`: what else checks KubeRay's objects in the cluster.

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;
use serde_json::{Value, json};

use super::Reader;
use super::form::Form;
use super::json_schema::{Definitions, names, nullable};
use crate::policy::Policy;
use crate::settings::Installed;
use crate::spelling::suggestion;

/// A name that the list may contain, what it stands for, and where it is recorded.
type Program = (&'static str, &'static str, fn(&mut Installed) -> &mut bool);

const PROGRAMS: [Program; 1] =
    [("kueue", "rayguard also refuses what Kueue refuses (`rayguard explain unsupported-by-kueue`).", |installed| {
        &mut installed.kueue
    })];

/// A list of other programs.
pub(super) struct InstalledPrograms;

impl Form<Policy> for InstalledPrograms {
    fn read(&self, reader: &mut Reader, json: &Json<'_>, path: &FieldPath, target: &mut Policy) {
        let known = PROGRAMS.map(|(name, ..)| name);
        if !matches!(json, Json::Array(_)) {
            reader.error(path.clone(), format!("write a list of {}", known.join(", ")));
        }
        for (index, item) in json.items().iter().enumerate() {
            match PROGRAMS.iter().find(|(name, ..)| item.as_str() == Some(name)) {
                Some((.., place)) => *place(&mut target.settings.installed) = true,
                None => {
                    let meant = item.as_str().map(|other| suggestion(other, &known)).unwrap_or_default();
                    let message = format!("write one of {}{meant}", known.join(", "));
                    reader.error(path.clone().index(index), message);
                }
            }
        }
    }

    fn schema(&self, _: &mut Definitions) -> Value {
        let programs = PROGRAMS.iter().map(|(name, about, _)| (*name, *about));
        nullable(json!({"type": "array", "items": names(programs), "default": []}))
    }
}
