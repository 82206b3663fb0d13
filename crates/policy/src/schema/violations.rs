//! The check of an object against the schema.

use std::collections::HashMap;

use rayguard_manifest::fix::{Edit, Fix};
use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

use super::conform::last_of_each;
use super::node::{Node, Type};
use super::violation::{
    Texts, duplicate, fix_case, fix_type, missing, not_allowed, pattern_mismatch, too_large, wrong_type,
};
use super::{Schema, Violation, metadata};
use crate::reason::Reason;

/// The number of unknown fields of one object that get a suggestion. More of them do not help, and take time.
const MOST_SUGGESTIONS: usize = 100;

impl Schema {
    /// Returns every field that the API server would drop and every value that it would reject, in the order of the
    /// object.
    ///
    /// The object is checked as the user wrote it: a `null` counts as absent, and a field with a default may be absent.
    /// An object that is not one of KubeRay's has no violations.
    pub fn violations(&self, object: &Json<'_>) -> Vec<Violation> {
        let Some(root) = self.root(object) else { return self.no_such_kind(object).into_iter().collect() };
        let cursor = Cursor { parent: None, step: Step::Root, node: self.node(root), value: object };
        let mut walk = Walk { schema: self, object, found: Vec::new(), unknown: 0 };
        walk.check(&cursor);
        walk.found.extend(metadata::violations(object.field("metadata")));
        walk.found
    }

    /// Reports whether the API server would accept a value in a field of a map, apart from unknown fields in the value.
    pub(super) fn accepts(&self, map: &Cursor<'_>, name: &str, node: &Node, value: &Json<'_>) -> bool {
        // Fields in the value get no suggestions.
        let mut walk = Walk { schema: self, object: &Json::Null, found: Vec::new(), unknown: MOST_SUGGESTIONS };
        walk.check(&Cursor { parent: Some(map), step: Step::Field(name), node, value });
        walk.found.iter().all(|violation| matches!(violation, Violation::Unknown { .. }))
    }

    /// Returns the violation of an object whose kind does not exist in this release, or in its version of the API.
    fn no_such_kind(&self, object: &Json<'_>) -> Option<Violation> {
        let kind = Schema::is_kuberays(object).then(|| object.field("kind").as_str())??;
        let (field, message, help) = if self.root_of(kind, "v1").is_some() {
            (
                "apiVersion",
                "this version of the API does not have this kind".to_owned(),
                "write apiVersion: ray.io/v1".to_owned(),
            )
        } else {
            let newer = self.first_newer(|newer| newer.root_of(kind, "v1").is_some())?;
            (
                "kind",
                format!("KubeRay {} does not have this kind yet", self.kuberay),
                format!("upgrade to KubeRay {newer}, or use another kind"),
            )
        };
        let path = FieldPath::of([field]);
        Some(Violation::Malformed { path, reason: Reason::NotSupported, message, help, fix: None })
    }
}

/// The position of the walk in an object: the value there, its node in the schema, and the positions above it.
pub(super) struct Cursor<'p> {
    pub(super) parent: Option<&'p Cursor<'p>>,
    step: Step<'p>,
    pub(super) node: &'p Node,
    pub(super) value: &'p Json<'p>,
}

#[derive(Clone, Copy)]
enum Step<'p> {
    Root,
    Field(&'p str),
    Key(&'p str),
    Index(usize),
}

impl Cursor<'_> {
    pub(super) fn path(&self) -> FieldPath {
        let above = self.parent.map(Cursor::path).unwrap_or_default();
        match self.step {
            Step::Root => above,
            Step::Field(name) => above.field(name.to_owned()),
            Step::Key(key) => above.key(key),
            Step::Index(index) => above.index(index),
        }
    }

    /// Returns the name of the field or key of this value; `None` for an item of a list.
    pub(super) fn name(&self) -> Option<&str> {
        match self.step {
            Step::Field(name) | Step::Key(name) => Some(name),
            Step::Root | Step::Index(_) => None,
        }
    }

    /// Returns the help for labels or annotations in the metadata of a job, a map of strings that Ray keeps. Users expect
    /// the metadata of an object there.
    fn help_in_job_metadata(&self) -> Option<&'static str> {
        let metadata =
            self.parent.filter(|parent| parent.name() == Some("metadata") && parent.node.additional.is_some());
        let is_object_metadata = self.name() == Some("labels") || self.name() == Some("annotations");
        (metadata.is_some() && is_object_metadata && self.value.as_object().is_some())
            .then_some("move it to the metadata of the object; this metadata is a map of strings for the Ray job")
    }

    /// Reports whether the value may be a secret. It may be one if the name of a field or key on its path looks like
    /// one, or if it is the `value` next to a `name`, as in an environment variable, and the name is not one of Ray's
    /// settings.
    fn is_secret(&self) -> bool {
        let sounds_secret = |name: &str| {
            let name = name.to_ascii_lowercase();
            ["pass", "secret", "token", "credential", "key"].iter().any(|word| name.contains(word))
        };
        if self.name().is_some_and(sounds_secret) {
            return true;
        }
        let Some(parent) = self.parent else { return false };
        let is_value = self.name() == Some("value");
        let variable = if is_value { parent.value.field("name").as_str() } else { None };
        variable.is_some_and(|name| sounds_secret(name) || !name.starts_with("RAY_")) || parent.is_secret()
    }
}

/// One walk over an object.
struct Walk<'w> {
    schema: &'w Schema,
    object: &'w Json<'w>,
    found: Vec<Violation>,
    unknown: usize,
}

impl Walk<'_> {
    fn malformed(&mut self, path: FieldPath, reason: Reason, texts: Texts) {
        self.fixable(path, reason, texts, |_| None);
    }

    fn fixable(
        &mut self,
        path: FieldPath,
        reason: Reason,
        (message, help): Texts,
        fix: impl FnOnce(&FieldPath) -> Option<Fix>,
    ) {
        let fix = fix(&path);
        self.found.push(Violation::Malformed { path, reason, message, help, fix });
    }

    fn wrong_type(&mut self, cursor: &Cursor<'_>) {
        let mut texts = wrong_type(cursor.node, cursor.value, cursor.is_secret());
        if let Some(help) = cursor.help_in_job_metadata() {
            help.clone_into(&mut texts.1);
        }
        self.fixable(cursor.path(), Reason::Invalid, texts, |path| fix_type(cursor.node, cursor.value, path));
    }

    fn invalid(&mut self, cursor: &Cursor<'_>, texts: Texts) {
        self.malformed(cursor.path(), Reason::Invalid, texts);
    }

    /// Checks a value and all values in it. The recursion is as deep as the schema.
    fn check(&mut self, cursor: &Cursor<'_>) {
        let node = cursor.node;
        match (node.kind, cursor.value) {
            (Type::Object, Json::Object(_)) => self.check_fields(cursor),
            (Type::Array, Json::Array(items)) => self.check_items(cursor, items),
            (Type::String | Type::IntOrString, Json::String(text)) => self.check_text(cursor, text),
            (Type::Integer | Type::Int32 | Type::IntOrString, Json::Number(_)) => match cursor.value.as_i64() {
                Some(number) => self.check_number(cursor, number),
                None => self.wrong_type(cursor),
            },
            (Type::Number, Json::Number(_)) | (Type::Boolean, Json::Bool(_)) => {}
            (_, Json::Null) if node.nullable => {}
            _ => self.wrong_type(cursor),
        }
    }

    fn check_fields(&mut self, cursor: &Cursor<'_>) {
        let (schema, node) = (self.schema, cursor.node);
        if let Some(texts) = self.schema.label_selector(cursor) {
            return self.invalid(cursor, texts);
        }
        let fields = cursor.value.entries();
        for ((name, value), counts) in fields.iter().zip(last_of_each(fields)) {
            // The API server drops the status that a user writes.
            if !counts || cursor.parent.is_none() && name == "status" {
                continue;
            }
            let (step, child) = match node.property(name) {
                Some(child) => (Step::Field(name), child),
                None => match node.additional {
                    Some(child) => (Step::Key(name), child),
                    None => {
                        if !node.preserves_unknown_fields {
                            self.unknown_field(cursor, name);
                        }
                        continue;
                    }
                },
            };
            let child = schema.node(child);
            if !(value.is_null() && child.drops_null()) {
                self.check(&Cursor { parent: Some(cursor), step, node: child, value });
            }
        }
        for name in &node.required {
            let child = node.child(name).map(|id| schema.node(id));
            let is_there = match cursor.value.entry(name) {
                Some(value) => !(value.is_null() && child.is_none_or(Node::drops_null)),
                None => false,
            };
            if !is_there && child.is_none_or(|node| node.default.is_none()) {
                self.malformed(cursor.path().field(*name), Reason::Required, missing(name, child));
            }
        }
    }

    fn unknown_field(&mut self, cursor: &Cursor<'_>, name: &str) {
        self.unknown += 1;
        let suggestion =
            if self.unknown > MOST_SUGGESTIONS { None } else { self.schema.suggest(self.object, cursor, name) };
        self.found.push(Violation::Unknown { path: cursor.path().field(name.to_owned()), suggestion });
    }

    fn check_items(&mut self, cursor: &Cursor<'_>, items: &[Json<'_>]) {
        let node = cursor.node;
        if items.len() < node.min_items {
            let texts = (format!("must have at least {} items", node.min_items), "add an item".to_owned());
            self.invalid(cursor, texts);
        }
        let Some(child) = node.items.map(|id| self.schema.node(id)) else { return };
        for (index, value) in items.iter().enumerate() {
            if !(value.is_null() && child.drops_null() && child.default.is_some()) {
                self.check(&Cursor { parent: Some(cursor), step: Step::Index(index), node: child, value });
            }
        }
        if node.keys.is_empty() && !node.is_set {
            return;
        }
        let mut first_of = HashMap::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let Some(identity) = self.identity(node, child, item) else { continue };
            let first = *first_of.entry(identity).or_insert(index);
            if first < index {
                let texts = duplicate(&node.keys, first, item);
                // Removing an item is safe only if the two items are equal in all fields.
                let fix = |path: &FieldPath| {
                    let edits = vec![Edit::Remove { path: path.clone() }];
                    (items[first] == *item).then_some(Fix { edits })
                };
                self.fixable(cursor.path().index(index), Reason::Duplicate, texts, fix);
            }
        }
    }

    /// Returns what must differ between the items of a list, as JSON. Returns `None` where a key is missing or has the
    /// wrong type, which is reported separately.
    fn identity(&self, list: &Node, node: &Node, item: &Json<'_>) -> Option<String> {
        if list.is_set {
            return serde_json::to_string(item).ok();
        }
        let mut identity = String::new();
        for key in &list.keys {
            let default = || node.property(key).and_then(|id| self.schema.node(id).default.as_ref());
            let value = item.entry(key).filter(|value| !value.is_null()).or_else(default)?;
            if matches!(value, Json::Array(_) | Json::Object(_)) {
                return None; // a key is a scalar, so this value is reported as one of the wrong type
            }
            identity.push_str(&serde_json::to_string(value).ok()?);
            identity.push('\n');
        }
        Some(identity)
    }

    fn check_text(&mut self, cursor: &Cursor<'_>, text: &str) {
        let node = cursor.node;
        if !node.choices.is_empty() && !node.choices.contains(&text) {
            let texts = not_allowed(text, &node.choices);
            let fix = |path: &FieldPath| fix_case(text, &node.choices, path);
            self.fixable(cursor.path(), Reason::NotSupported, texts, fix);
        }
        if node.min_length > 0 || node.max_length < usize::MAX {
            let length = text.chars().count();
            if length < node.min_length {
                self.invalid(cursor, ("must not be empty".to_owned(), "write a text, or remove the field".to_owned()));
            } else if length > node.max_length {
                let most = node.max_length;
                let texts = (format!("must have at most {most} characters, has {length}"), "shorten it".to_owned());
                self.invalid(cursor, texts);
            }
        }
        if let Some(pattern) = &node.pattern
            && !pattern.matches(text)
        {
            self.invalid(cursor, pattern_mismatch(node, text, &pattern.text, cursor.is_secret()));
        }
    }

    fn check_number(&mut self, cursor: &Cursor<'_>, number: i64) {
        let node = cursor.node;
        if node.kind == Type::Int32 && i32::try_from(number).is_err() {
            return self.invalid(cursor, too_large(number));
        }
        if let Some(minimum) = node.minimum.filter(|minimum| number < *minimum) {
            self.invalid(
                cursor,
                (format!("must be at least {minimum}, is {number}"), format!("write {minimum} or more")),
            );
        }
        if let Some(maximum) = node.maximum.filter(|maximum| number > *maximum) {
            self.invalid(
                cursor,
                (format!("must be at most {maximum}, is {number}"), format!("write {maximum} or less")),
            );
        }
    }
}
