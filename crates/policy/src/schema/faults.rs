//! What the API server would drop from an object, or refuse it for.

use std::collections::HashMap;

use super::conform::last_of_each;
use super::fault::{Words, meant_choice, missing, no_choice, other_type, repeated, too_large, wrong_form, wrong_type};
use super::node::{Node, Type};
use super::{Fault, Schema, metadata};
use crate::reason::Reason;
use rayguard_manifest::fix::{Edit, Fix};
use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

/// To how many unknown fields of one object suggestions are given: more do not help anyone, and take time.
const MOST_SUGGESTIONS: usize = 100;

impl Schema {
    /// Everything that the API server would drop from an object, or refuse it for, in the order in which it is written.
    ///
    /// The object is taken as it is written: a `null`, and a field that has a default, need not be there. Nothing is
    /// said of an object that is not KubeRay's.
    pub fn faults(&self, object: &Json<'_>) -> Vec<Fault> {
        let Some(root) = self.root(object) else { return self.no_such_kind(object).into_iter().collect() };
        let place = Place { parent: None, step: At::Root, node: self.node(root), value: object };
        let mut walk = Walk { schema: self, object, found: Vec::new(), unknown: 0 };
        walk.check(&place);
        walk.found.extend(metadata::faults(object.field("metadata")));
        walk.found
    }

    /// The fault of an object whose kind does not exist, in this release or in its version of the API.
    fn no_such_kind(&self, object: &Json<'_>) -> Option<Fault> {
        let kind = Schema::is_kuberays(object).then(|| object.field("kind").as_str())??;
        let (field, message, help) = if self.root_of(kind, "v1").is_some() {
            (
                "apiVersion",
                "there is no such kind in this version of the API".to_owned(),
                "write apiVersion: ray.io/v1".to_owned(),
            )
        } else {
            let newer = self.first_newer(|newer| newer.root_of(kind, "v1").is_some())?;
            (
                "kind",
                format!("KubeRay {} does not have it yet", self.kuberay),
                format!("upgrade to KubeRay {newer}, or use another kind"),
            )
        };
        Some(Fault::Malformed { path: FieldPath::of([field]), reason: Reason::NotSupported, message, help, mend: None })
    }
}

/// A place in an object: the value there, what the schema says of it, and the places that it lies in.
pub(super) struct Place<'p> {
    pub(super) parent: Option<&'p Place<'p>>,
    step: At<'p>,
    pub(super) node: &'p Node,
    pub(super) value: &'p Json<'p>,
}

#[derive(Clone, Copy)]
enum At<'p> {
    Root,
    Field(&'p str),
    Key(&'p str),
    Index(usize),
}

impl Place<'_> {
    pub(super) fn path(&self) -> FieldPath {
        let above = self.parent.map(Place::path).unwrap_or_default();
        match self.step {
            At::Root => above,
            At::Field(name) => above.field(name.to_owned()),
            At::Key(key) => above.key(key),
            At::Index(index) => above.index(index),
        }
    }

    /// The name of the field or key that leads here; none for an item of a list.
    pub(super) fn name(&self) -> Option<&str> {
        match self.step {
            At::Field(name) | At::Key(name) => Some(name),
            At::Root | At::Index(_) => None,
        }
    }

    /// Whether what is here may be a secret: by the name of a field or key that leads here, or as the `value` beside a
    /// `name`, such as that of an environment variable, unless it is a setting of Ray's.
    fn is_secret(&self) -> bool {
        let named = |name: &str| {
            let name = name.to_ascii_lowercase();
            ["pass", "secret", "token", "credential", "key"].iter().any(|word| name.contains(word))
        };
        if self.name().is_some_and(named) {
            return true;
        }
        let Some(parent) = self.parent else { return false };
        let is_value = self.name() == Some("value");
        let beside = if is_value { parent.value.field("name").as_str() } else { None };
        beside.is_some_and(|name| named(name) || !name.starts_with("RAY_")) || parent.is_secret()
    }
}

/// One walk over an object.
struct Walk<'w> {
    schema: &'w Schema,
    object: &'w Json<'w>,
    found: Vec<Fault>,
    unknown: usize,
}

impl Walk<'_> {
    fn malformed(&mut self, path: FieldPath, reason: Reason, words: Words) {
        self.mendable(path, reason, words, |_| None);
    }

    fn mendable(
        &mut self,
        path: FieldPath,
        reason: Reason,
        (message, help): Words,
        mend: impl FnOnce(&FieldPath) -> Option<Fix>,
    ) {
        let mend = mend(&path);
        self.found.push(Fault::Malformed { path, reason, message, help, mend });
    }

    fn wrong_type(&mut self, place: &Place<'_>) {
        let words = wrong_type(place.node, place.value, place.is_secret());
        self.mendable(place.path(), Reason::Invalid, words, |path| other_type(place.node, place.value, path));
    }

    fn invalid(&mut self, place: &Place<'_>, words: Words) {
        self.malformed(place.path(), Reason::Invalid, words);
    }

    /// Checks a value and all below it; the depth is that of the schema.
    fn check(&mut self, place: &Place<'_>) {
        let node = place.node;
        match (node.kind, place.value) {
            (Type::Object, Json::Object(_)) => self.check_fields(place),
            (Type::Array, Json::Array(items)) => self.check_items(place, items),
            (Type::String | Type::IntOrString, Json::String(text)) => self.check_text(place, text),
            (Type::Integer | Type::Int32 | Type::IntOrString, Json::Number(_)) => match place.value.as_i64() {
                Some(number) => self.check_number(place, number),
                None => self.wrong_type(place),
            },
            (Type::Number, Json::Number(_)) | (Type::Boolean, Json::Bool(_)) => {}
            (_, Json::Null) if node.nullable => {}
            _ => self.wrong_type(place),
        }
    }

    fn check_fields(&mut self, place: &Place<'_>) {
        let (schema, node) = (self.schema, place.node);
        let fields = place.value.entries();
        for ((name, value), counts) in fields.iter().zip(last_of_each(fields)) {
            // Whatever a user writes there, the API server drops the status.
            if !counts || place.parent.is_none() && name == "status" {
                continue;
            }
            let (step, child) = match node.property(name) {
                Some(child) => (At::Field(name), child),
                None => match node.additional {
                    Some(child) => (At::Key(name), child),
                    None => {
                        if !node.preserves_unknown_fields {
                            self.unknown_field(place, name);
                        }
                        continue;
                    }
                },
            };
            let child = schema.node(child);
            if !(value.is_null() && child.drops_null()) {
                self.check(&Place { parent: Some(place), step, node: child, value });
            }
        }
        for name in &node.required {
            let child = node.child(name).map(|id| schema.node(id));
            let is_there = match place.value.entry(name) {
                Some(value) => !(value.is_null() && child.is_none_or(Node::drops_null)),
                None => false,
            };
            if !is_there && child.is_none_or(|node| node.default.is_none()) {
                self.malformed(place.path().field(*name), Reason::Required, missing(name, child));
            }
        }
    }

    fn unknown_field(&mut self, place: &Place<'_>, name: &str) {
        self.unknown += 1;
        let suggestion =
            if self.unknown > MOST_SUGGESTIONS { None } else { self.schema.suggest(self.object, place, name) };
        self.found.push(Fault::Unknown { path: place.path().field(name.to_owned()), suggestion });
    }

    fn check_items(&mut self, place: &Place<'_>, items: &[Json<'_>]) {
        let node = place.node;
        if items.len() < node.min_items {
            let words = (format!("must have at least {} items", node.min_items), "add an item".to_owned());
            self.invalid(place, words);
        }
        let Some(child) = node.items.map(|id| self.schema.node(id)) else { return };
        for (index, value) in items.iter().enumerate() {
            if !(value.is_null() && child.drops_null() && child.default.is_some()) {
                self.check(&Place { parent: Some(place), step: At::Index(index), node: child, value });
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
                let words = repeated(&node.keys, first, item);
                // Of two that are the same in everything, one is one too many.
                let mend = |path: &FieldPath| {
                    let edits = vec![Edit::Remove { path: path.clone() }];
                    (items[first] == *item).then_some(Fix { edits })
                };
                self.mendable(place.path().index(index), Reason::Duplicate, words, mend);
            }
        }
    }

    /// What must differ between the items of a list, as JSON; `None` where it cannot be told, which is a fault of its
    /// own.
    fn identity(&self, list: &Node, node: &Node, item: &Json<'_>) -> Option<String> {
        if list.is_set {
            return serde_json::to_string(item).ok();
        }
        let mut identity = String::new();
        for key in &list.keys {
            let default = || node.property(key).and_then(|id| self.schema.node(id).default.as_ref());
            let value = item.entry(key).filter(|value| !value.is_null()).or_else(default)?;
            if matches!(value, Json::Array(_) | Json::Object(_)) {
                return None; // a key is a scalar, and that this is none has been said
            }
            identity.push_str(&serde_json::to_string(value).ok()?);
            identity.push('\n');
        }
        Some(identity)
    }

    fn check_text(&mut self, place: &Place<'_>, text: &str) {
        let node = place.node;
        if !node.choices.is_empty() && !node.choices.contains(&text) {
            let words = no_choice(text, &node.choices);
            let mend = |path: &FieldPath| meant_choice(text, &node.choices, path);
            self.mendable(place.path(), Reason::NotSupported, words, mend);
        }
        if node.min_length > 0 || node.max_length < usize::MAX {
            let length = text.chars().count();
            if length < node.min_length {
                self.invalid(place, ("must not be empty".to_owned(), "write a text, or remove the field".to_owned()));
            } else if length > node.max_length {
                let most = node.max_length;
                let words = (format!("must have at most {most} characters, has {length}"), "shorten it".to_owned());
                self.invalid(place, words);
            }
        }
        if let Some(pattern) = &node.pattern
            && !pattern.matches(text)
        {
            self.invalid(place, wrong_form(node, text, &pattern.text, place.is_secret()));
        }
    }

    fn check_number(&mut self, place: &Place<'_>, number: i64) {
        let node = place.node;
        if node.kind == Type::Int32 && i32::try_from(number).is_err() {
            return self.invalid(place, too_large(number));
        }
        if let Some(minimum) = node.minimum.filter(|minimum| number < *minimum) {
            self.invalid(
                place,
                (format!("must be at least {minimum}, is {number}"), format!("write {minimum} or more")),
            );
        }
        if let Some(maximum) = node.maximum.filter(|maximum| number > *maximum) {
            self.invalid(
                place,
                (format!("must be at most {maximum}, is {number}"), format!("write {maximum} or less")),
            );
        }
    }
}
