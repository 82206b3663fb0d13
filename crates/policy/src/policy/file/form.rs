//! The forms of values in the policy file. A form reads a value, and describes as JSON Schema what it reads.

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;
use serde_json::{Value, json};

use super::Reader;
use super::json_schema::{Definitions, names, nullable};
use crate::spelling::suggestion;

/// The form of a value, from which a part of a `T` is read.
pub(super) trait Form<T>: Sync {
    /// Reads a value into the target, and reports what is wrong with it. The value is `null` where the key is absent,
    /// which only happens to a required key.
    fn read(&self, reader: &mut Reader, json: &Json<'_>, path: &FieldPath, target: &mut T);

    /// Returns the JSON Schema of the values that can be read.
    fn schema(&self, definitions: &mut Definitions) -> Value;
}

/// A key of a map in the policy file.
pub(super) struct Key<T: 'static> {
    pub(super) name: &'static str,
    /// What the key is for, in Markdown.
    pub(super) about: &'static str,
    pub(super) is_required: bool,
    pub(super) form: &'static dyn Form<T>,
}

impl<T> Key<T> {
    pub(super) const fn optional(name: &'static str, about: &'static str, form: &'static dyn Form<T>) -> Self {
        Self { name, about, is_required: false, form }
    }

    pub(super) const fn required(name: &'static str, about: &'static str, form: &'static dyn Form<T>) -> Self {
        Self { name, about, is_required: true, form }
    }
}

/// Reads a map with these keys, and reports every other key.
pub(super) fn read_keys<T>(
    reader: &mut Reader,
    json: &Json<'_>,
    path: &FieldPath,
    keys: &'static [Key<T>],
    target: &mut T,
) {
    let names: Vec<_> = keys.iter().map(|key| key.name).collect();
    reader.map(json, path, &names);
    for key in keys {
        let value = json.field(key.name);
        if key.is_required || !value.is_null() {
            key.form.read(reader, value, &path.clone().field(key.name), target);
        }
    }
}

/// Returns the JSON Schema of a map with these keys.
pub(super) fn schema_of_keys<T>(keys: &[Key<T>], definitions: &mut Definitions) -> Value {
    let mut properties = serde_json::Map::new();
    for key in keys {
        let mut schema = key.form.schema(definitions);
        schema["description"] = key.about.into();
        properties.insert(key.name.to_owned(), schema);
    }
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    let required: Vec<_> = keys.iter().filter(|key| key.is_required).map(|key| key.name).collect();
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// A constant text, such as the kind.
pub(super) struct Constant(pub(super) &'static str);

impl<T> Form<T> for Constant {
    fn read(&self, reader: &mut Reader, json: &Json<'_>, path: &FieldPath, _: &mut T) {
        if json.as_str() != Some(self.0) {
            reader.error(path.clone(), format!("write {path}: {}", self.0));
        }
    }

    fn schema(&self, _: &mut Definitions) -> Value {
        json!({"const": self.0})
    }
}

/// A map with known keys, from which a part of the target is read.
pub(super) struct Map<T: 'static, U: 'static> {
    pub(super) keys: &'static [Key<U>],
    pub(super) place: fn(&mut T) -> &mut U,
}

impl<T, U> Form<T> for Map<T, U> {
    fn read(&self, reader: &mut Reader, json: &Json<'_>, path: &FieldPath, target: &mut T) {
        read_keys(reader, json, path, self.keys, (self.place)(target));
    }

    fn schema(&self, definitions: &mut Definitions) -> Value {
        nullable(schema_of_keys(self.keys, definitions))
    }
}

/// A list of maps with known keys, each of which is read into an item.
pub(super) struct List<T: 'static, U: 'static> {
    /// What the list contains, in the plural.
    pub(super) items: &'static str,
    pub(super) keys: &'static [Key<U>],
    pub(super) place: fn(&mut T) -> &mut Vec<U>,
}

impl<T, U: Default> Form<T> for List<T, U> {
    fn read(&self, reader: &mut Reader, json: &Json<'_>, path: &FieldPath, target: &mut T) {
        if !matches!(json, Json::Array(_)) {
            reader.error(path.clone(), format!("write a list of {}", self.items));
        }
        for (index, item) in json.items().iter().enumerate() {
            let mut read = U::default();
            read_keys(reader, item, &path.clone().index(index), self.keys, &mut read);
            (self.place)(target).push(read);
        }
    }

    fn schema(&self, definitions: &mut Definitions) -> Value {
        nullable(json!({"type": "array", "items": schema_of_keys(self.keys, definitions)}))
    }
}

/// A name that a value may have, and what it stands for.
pub(super) struct Choice<E: 'static> {
    pub(super) name: &'static str,
    pub(super) value: E,
    /// What happens with this choice, in Markdown.
    pub(super) about: &'static str,
}

/// The name of the choice that may also be written as `false`: YAML 1.1 reads `off` without quotes as that.
const OFF: &str = "off";

/// Reads the name of a choice, and reports any other value.
pub(super) fn read_choice<E: Copy>(
    reader: &mut Reader,
    json: &Json<'_>,
    path: &FieldPath,
    choices: &[Choice<E>],
) -> Option<E> {
    let chosen = match json {
        Json::Bool(false) => Some(OFF),
        json => json.as_str(),
    };
    let found = choices.iter().find(|choice| Some(choice.name) == chosen);
    if found.is_none() {
        let names: Vec<_> = choices.iter().map(|choice| choice.name).collect();
        let meant = chosen.map(|chosen| suggestion(chosen, &names)).unwrap_or_default();
        reader.error(path.clone(), format!("write one of {}{meant}", names.join(", ")));
    }
    found.map(|choice| choice.value)
}

/// Returns the JSON Schema of the names of choices.
pub(super) fn schema_of_choices<E>(choices: &[Choice<E>], definitions: &mut Definitions) -> Value {
    let schema = names(choices.iter().map(|choice| (choice.name, choice.about)));
    let has_off = choices.iter().any(|choice| choice.name == OFF);
    if has_off { definitions.or(schema, "off", &json!([false])) } else { schema }
}

/// One of several names.
pub(super) struct OneOf<T: 'static, E: 'static> {
    pub(super) choices: &'static [Choice<E>],
    pub(super) place: fn(&mut T) -> &mut E,
}

impl<T: Default, E: Copy + PartialEq + Sync> Form<T> for OneOf<T, E> {
    fn read(&self, reader: &mut Reader, json: &Json<'_>, path: &FieldPath, target: &mut T) {
        if let Some(chosen) = read_choice(reader, json, path, self.choices) {
            *(self.place)(target) = chosen;
        }
    }

    fn schema(&self, definitions: &mut Definitions) -> Value {
        let mut schema = schema_of_choices(self.choices, definitions);
        schema = definitions.or(schema, "absent", &json!([null]));
        let built_in = *(self.place)(&mut T::default());
        if let Some(choice) = self.choices.iter().find(|choice| choice.value == built_in) {
            schema["default"] = choice.name.into();
        }
        schema
    }
}

/// A whole number of seconds.
pub(super) struct Seconds<T: 'static>(pub(super) fn(&mut T) -> &mut u32);

impl<T: Default> Form<T> for Seconds<T> {
    fn read(&self, reader: &mut Reader, json: &Json<'_>, path: &FieldPath, target: &mut T) {
        let place = (self.0)(target);
        match json.as_i64().and_then(|seconds| u32::try_from(seconds).ok()) {
            Some(seconds) => *place = seconds,
            None => reader.error(path.clone(), format!("write a whole number of seconds, such as {place}")),
        }
    }

    fn schema(&self, _: &mut Definitions) -> Value {
        let built_in = *(self.0)(&mut T::default());
        nullable(json!({"type": "integer", "minimum": 0, "maximum": u32::MAX, "default": built_in}))
    }
}
