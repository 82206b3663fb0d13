//! JSON Patches that only add.

mod apply;

use std::borrow::Cow;

use json_patch::jsonptr::PointerBuf;
use json_patch::{AddOperation, Patch, PatchOperation};

use crate::json::{Json, Object};
use crate::keyed;
use crate::path::{FieldPath, Step};

pub use apply::index;
pub use apply::{Inapplicable, apply};

/// Writes a JSON Patch (RFC 6902) of nothing but additions, and keeps the object as the patch will leave it, so that
/// of two defaults under one missing parent the second finds the parent there.
#[derive(Debug)]
pub struct PatchBuilder<'a> {
    object: Cow<'a, Json<'a>>,
    added: Vec<String>,
    patch: Patch,
}

impl<'a> PatchBuilder<'a> {
    /// Begins with an object, which is copied once there is something to add, and no operation.
    pub fn new(object: &'a Json<'a>) -> Self {
        Self::of(Cow::Borrowed(object))
    }

    /// Begins with an object that need not be copied if it is not needed any more.
    pub fn of(object: Cow<'a, Json<'a>>) -> Self {
        Self { object, added: Vec::new(), patch: Patch(Vec::new()) }
    }

    /// The object as the patch so far leaves it.
    pub fn object(&self) -> &Json<'a> {
        &self.object
    }

    /// What the patch so far adds, as places that later additions do not move (see [`keyed::place`]).
    pub fn added(&self) -> &[String] {
        &self.added
    }

    /// The object as the patch leaves it, and what is added.
    pub fn into_parts(self) -> (Cow<'a, Json<'a>>, Vec<String>) {
        (self.object, self.added)
    }

    /// The patch.
    pub fn finish(self) -> Patch {
        self.patch
    }

    /// Adds a field, or an item of a list before the one that is at its index now. Missing parents are added with it,
    /// in the same operation. What is there stays as it is, `null` included, and so does what has a parent of another
    /// type; then nothing is added, and the answer is `false`.
    pub fn add(&mut self, path: &FieldPath, value: Json<'a>) -> bool {
        let Some((depth, place)) = insertion(&self.object, path.steps()) else { return false };
        self.add_at(path, depth, &place, value)
    }

    /// Adds an annotation that is rayguard's own, or gives it another value: the only thing ever written over.
    pub fn set_own_annotation(&mut self, key: &'static str, value: String) -> bool {
        let path = FieldPath::of(["metadata", "annotations"]).key(key);
        let (depth, place) = match insertion(&self.object, path.steps()) {
            Some(insertion) => insertion,
            // An `add` on a field that is there replaces it (RFC 6902, 4.1).
            None if self.object.descend(["metadata", "annotations"]).entry(key).is_some() => (2, Insertion::Field),
            None => return false,
        };
        self.add_at(&path, depth, &place, value.into())
    }

    fn add_at(&mut self, path: &FieldPath, depth: usize, place: &Insertion, value: Json<'a>) -> bool {
        let (existing, missing) = path.steps().split_at(depth);
        let items = value.items().len();
        let value = nest(&missing[1..], value);
        let parent = path.take(depth);
        let pointer = match (place, &missing[0]) {
            (Insertion::Field, step) => parent.step(step.clone()).to_pointer(),
            (Insertion::Before(index), _) => parent.index(*index).to_pointer(),
            (Insertion::AtEnd, _) => format!("{}/-", parent.to_pointer()),
        };
        let Ok(pointer) = PointerBuf::parse(pointer) else { return false };
        let operation = AddOperation { path: pointer, value: (&value).into() };
        self.patch.0.push(PatchOperation::Add(operation));
        insert(self.object.to_mut(), existing, &missing[0], value);
        // A list that is merged by a key is recorded item by item: others may come to join them.
        let list = path.steps().last().and_then(Step::name).and_then(keyed::merge_key).is_some();
        if list && items > 0 {
            let places = (0..items).map(|index| keyed::place(&self.object, &path.clone().index(index)));
            self.added.extend(places);
        } else {
            self.added.push(keyed::place(&self.object, path));
        }
        true
    }
}

enum Insertion {
    Field,
    Before(usize),
    AtEnd,
}

/// How many steps of a path exist, and how the next one is added; `None` where nothing can be.
fn insertion(object: &Json<'_>, steps: &[Step]) -> Option<(usize, Insertion)> {
    let mut here = object;
    for (depth, step) in steps.iter().enumerate() {
        let last = depth + 1 == steps.len();
        match (step, here) {
            (Step::Field(_) | Step::Key(_), Json::Object(object)) => {
                match object.get(step.name()?) {
                    Some(_) if last => return None,
                    Some(value) => here = value,
                    // Of a list that is not there, only the first item can be added.
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

/// The value, within the maps and lists that these steps go down through.
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
        assert_eq!(patched, expected, "the object that the builder keeps is the patched one");
        (patched, patch.len())
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
    fn what_is_there_stays() {
        for object in [r#"{"a":{"b":"user"}}"#, r#"{"a":{"b":null}}"#, r#"{"a":"text"}"#, r#"{"a":null}"#, "[]", "1"] {
            let (patched, operations) = built(object, &[(FieldPath::of(["a", "b"]), "default")]);
            assert_eq!(patched, serde_json::from_str::<serde_json::Value>(object).expect("JSON"), "{object}");
            assert_eq!(operations, 0);
        }
    }

    #[test]
    fn an_item_goes_where_it_is_told() {
        let list = FieldPath::of(["l"]);
        let (patched, _) = built(r#"{"l":["a","c"]}"#, &[(list.clone().index(1), "b"), (list.index(3), "d")]);
        assert_eq!(patched, serde_json::json!({"l": ["a", "b", "c", "d"]}));
    }

    #[test]
    fn names_with_signs_of_their_own_are_escaped() {
        let path = FieldPath::of(["metadata", "annotations"]).key("a~/b");
        let (patched, _) = built(r#"{"metadata":{"annotations":{}}}"#, &[(path, "v")]);
        assert_eq!(patched, serde_json::json!({"metadata": {"annotations": {"a~/b": "v"}}}));
    }
}
