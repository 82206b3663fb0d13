//! JSON Patches of `add` operations.

mod apply;

use std::borrow::Cow;

use json_patch::jsonptr::PointerBuf;
use json_patch::{AddOperation, Patch, PatchOperation};

use crate::json::{Json, Object};
use crate::list_map;
use crate::path::{FieldPath, Step};
pub use apply::index;
pub use apply::{Inapplicable, apply};

/// Builds a JSON Patch (RFC 6902) that has only `add` operations.
///
/// The builder also applies each operation to its own copy of the object. If two defaults have the same missing parent,
/// the first one adds the parent and the second one finds it.
#[derive(Debug)]
pub struct PatchBuilder<'a> {
    object: Cow<'a, Json<'a>>,
    added: Vec<String>,
    patch: Patch,
}

impl<'a> PatchBuilder<'a> {
    /// Creates an empty patch of an object. The first addition copies the object.
    pub fn new(object: &'a Json<'a>) -> Self {
        Self::of(Cow::Borrowed(object))
    }

    /// Creates an empty patch of an object that is borrowed or owned. An owned object is not copied.
    pub fn of(object: Cow<'a, Json<'a>>) -> Self {
        Self { object, added: Vec::new(), patch: Patch(Vec::new()) }
    }

    /// Returns the object with all operations of the patch so far.
    pub fn object(&self) -> &Json<'a> {
        &self.object
    }

    /// Returns the [keyed pointers](list_map::keyed_pointer) of the values that the patch adds. Later additions do not
    /// change them.
    pub fn added(&self) -> &[String] {
        &self.added
    }

    /// Returns the object with all operations of the patch, and the [keyed pointers](list_map::keyed_pointer) of the
    /// values that the patch adds.
    pub fn into_parts(self) -> (Cow<'a, Json<'a>>, Vec<String>) {
        (self.object, self.added)
    }

    /// Returns the patch.
    pub fn finish(self) -> Patch {
        self.patch
    }

    /// Adds a field, or inserts an item into a list before the item at its index. The same operation adds missing
    /// parents.
    ///
    /// Returns `false`, and adds nothing, if the field is present, even as `null`, or if a parent has another type.
    pub fn add(&mut self, path: &FieldPath, value: Json<'a>) -> bool {
        let Some((depth, insertion)) = insertion(&self.object, path.steps()) else { return false };
        self.add_at(path, depth, &insertion, value)
    }

    /// Adds a field, or replaces its value if it is present. This is the only method that replaces a value. The same
    /// operation adds missing parents.
    ///
    /// Returns `false`, and changes nothing, if a parent has another type, or if the path does not end at a field.
    pub fn set(&mut self, path: &FieldPath, value: Json<'a>) -> bool {
        let Some((Step::Field(_) | Step::Key(_), parents)) = path.steps().split_last() else { return false };
        let (depth, insertion) = match insertion(&self.object, path.steps()) {
            Some(insertion) => insertion,
            // An `add` of a field that is present replaces it (RFC 6902, 4.1).
            None if path.value(&self.object).is_some() => (parents.len(), Insertion::Field),
            None => return false,
        };
        self.add_at(path, depth, &insertion, value)
    }

    fn add_at(&mut self, path: &FieldPath, depth: usize, insertion: &Insertion, value: Json<'a>) -> bool {
        let (existing, missing) = path.steps().split_at(depth);
        let items = value.items().len();
        let value = nest(&missing[1..], value);
        let parent = path.take(depth);
        let pointer = match (insertion, &missing[0]) {
            (Insertion::Field, step) => parent.step(step.clone()).to_pointer(),
            (Insertion::Before(index), _) => parent.index(*index).to_pointer(),
            (Insertion::AtEnd, _) => format!("{}/-", parent.to_pointer()),
        };
        let Ok(pointer) = PointerBuf::parse(pointer) else { return false };
        let operation = AddOperation { path: pointer, value: (&value).into() };
        self.patch.0.push(PatchOperation::Add(operation));
        insert(self.object.to_mut(), existing, &missing[0], value);
        // A list with a merge key is recorded item by item, because others may add items to it.
        let list = path.steps().last().and_then(Step::name).and_then(list_map::merge_key).is_some();
        if list && items > 0 {
            let pointers = (0..items).map(|index| list_map::keyed_pointer(&self.object, &path.clone().index(index)));
            self.added.extend(pointers);
        } else {
            self.added.push(list_map::keyed_pointer(&self.object, path));
        }
        true
    }
}

enum Insertion {
    Field,
    Before(usize),
    AtEnd,
}

/// Returns the number of steps of a path that exist, and how to add the next step. Returns `None` if the path exists or
/// cannot be added.
fn insertion(object: &Json<'_>, steps: &[Step]) -> Option<(usize, Insertion)> {
    let mut here = object;
    for (depth, step) in steps.iter().enumerate() {
        let last = depth + 1 == steps.len();
        match (step, here) {
            (Step::Field(_) | Step::Key(_), Json::Object(object)) => {
                match object.get(step.name()?) {
                    Some(_) if last => return None,
                    Some(value) => here = value,
                    // In a list that is absent, only the first item can be added.
                    None if steps[depth + 1..].iter().all(|below| !matches!(below, Step::Index(1..))) => {
                        return Some((depth, Insertion::Field));
                    }
                    None => return None,
                }
            }
            (Step::Index(index), Json::Array(items)) => match items.get(*index) {
                Some(_) if last => return Some((depth, Insertion::Before(*index))),
                Some(value) => here = value,
                None if last => return Some((depth, Insertion::AtEnd)),
                None => return None,
            },
            _ => return None,
        }
    }
    None
}

/// Wraps a value in the maps and lists that the steps lead through.
fn nest<'a>(steps: &[Step], value: Json<'a>) -> Json<'a> {
    steps.iter().rev().fold(value, |value, step| match step {
        Step::Field(name) => [(name.clone(), value)].into_iter().collect(),
        Step::Key(key) => [(key.clone().into(), value)].into_iter().collect(),
        Step::Index(_) => Json::Array(vec![value]),
    })
}

fn insert<'a>(object: &mut Json<'a>, parents: &[Step], step: &Step, value: Json<'a>) {
    let mut here = object;
    for parent in parents {
        let below = match (parent, here) {
            (Step::Field(name), Json::Object(object)) => object.get_mut(name),
            (Step::Key(key), Json::Object(object)) => object.get_mut(key),
            (Step::Index(index), Json::Array(items)) => items.get_mut(*index),
            _ => None,
        };
        let Some(below) = below else { return };
        here = below;
    }
    match (step, here) {
        (Step::Field(name), Json::Object(object)) => Object::insert(object, name.clone(), value),
        (Step::Key(key), Json::Object(object)) => Object::insert(object, key.clone(), value),
        (Step::Index(index), Json::Array(items)) => items.insert((*index).min(items.len()), value),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(object: &str, additions: &[(FieldPath, &'static str)]) -> (serde_json::Value, usize) {
        let json: Json<'_> = serde_json::from_str(object).expect("JSON");
        let mut builder = PatchBuilder::new(&json);
        for (path, value) in additions {
            builder.add(path, Json::from(*value));
        }
        let expected = serde_json::Value::from(builder.object());
        let patch = builder.finish();
        let mut patched = serde_json::from_str(object).expect("JSON");
        json_patch::patch(&mut patched, &patch).expect("the patch applies");
        assert_eq!(patched, expected, "the builder's object is the patched object");
        (patched, patch.len())
    }

    #[test]
    fn set_adds_or_replaces_a_field() {
        let path = FieldPath::of(["metadata", "annotations"]).key("a");
        for (object, expected) in [
            ("{}", Some(r#"{"metadata":{"annotations":{"a":"new"}}}"#)),
            (
                r#"{"metadata":{"annotations":{"a":"old","b":1}}}"#,
                Some(r#"{"metadata":{"annotations":{"a":"new","b":1}}}"#),
            ),
            (r#"{"metadata":[]}"#, None),
        ] {
            let json: Json<'_> = serde_json::from_str(object).expect("JSON");
            let mut builder = PatchBuilder::new(&json);
            assert_eq!(builder.set(&path, Json::from("new")), expected.is_some(), "{object}");
            let patched = serde_json::to_string(builder.object()).expect("JSON");
            assert_eq!(patched, expected.unwrap_or(object));
            let mut applied = serde_json::from_str(object).expect("JSON");
            json_patch::patch(&mut applied, &builder.finish()).expect("the patch applies");
            assert_eq!(applied, serde_json::from_str::<serde_json::Value>(&patched).expect("JSON"));
        }
        let list: Json<'_> = serde_json::from_str("[1]").expect("JSON");
        assert!(!PatchBuilder::new(&list).set(&FieldPath::root().index(0), Json::Null));
        assert!(!PatchBuilder::new(&list).set(&FieldPath::root(), Json::Null));
    }

    #[test]
    fn missing_parents_are_added_once() {
        let env = FieldPath::of(["a", "env"]);
        let additions = [(env.clone().index(0).field("name"), "x"), (env.clone().index(1), "y"), (env.index(9), "z")];
        let (patched, operations) = built("{}", &additions);
        assert_eq!(patched, serde_json::json!({"a": {"env": [{"name": "x"}, "y", "z"]}}));
        assert_eq!(operations, 3);
    }

    #[test]
    fn present_fields_stay() {
        for object in [r#"{"a":{"b":"user"}}"#, r#"{"a":{"b":null}}"#, r#"{"a":"text"}"#, r#"{"a":null}"#, "[]", "1"] {
            let (patched, operations) = built(object, &[(FieldPath::of(["a", "b"]), "default")]);
            assert_eq!(patched, serde_json::from_str::<serde_json::Value>(object).expect("JSON"), "{object}");
            assert_eq!(operations, 0);
        }
    }

    #[test]
    fn items_are_inserted_at_their_index() {
        let list = FieldPath::of(["l"]);
        let (patched, _) = built(r#"{"l":["a","c"]}"#, &[(list.clone().index(1), "b"), (list.index(3), "d")]);
        assert_eq!(patched, serde_json::json!({"l": ["a", "b", "c", "d"]}));
    }

    #[test]
    fn special_characters_of_pointers_are_escaped() {
        let path = FieldPath::of(["metadata", "annotations"]).key("a~/b");
        let (patched, _) = built(r#"{"metadata":{"annotations":{}}}"#, &[(path, "v")]);
        assert_eq!(patched, serde_json::json!({"metadata": {"annotations": {"a~/b": "v"}}}));
    }
}
