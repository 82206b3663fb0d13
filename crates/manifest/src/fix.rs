//! Fixes: changes of an object, described by field paths.
//!
//! A rule attaches a fix to a finding only if there is a single answer that keeps what the user meant. A fix is data.
//! [`crate::yaml::edit`] applies it to the text.

mod additions;

use crate::json::{Json, Object};
use crate::path::{FieldPath, Step};
pub use additions::additions;

/// A set of changes to one object. Either all of them are made or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fix {
    /// The changes. No two have the same path, and no path is below another one.
    pub edits: Vec<Edit>,
}

/// A single change to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Replaces a scalar, or adds a field or item that is absent, together with its missing parents. The index after
    /// the last item of a list counts as absent.
    Set {
        /// The path of the value.
        path: FieldPath,
        /// The new value.
        value: Json<'static>,
    },
    /// Puts quotes around an unquoted scalar.
    Quote {
        /// The path of the scalar.
        path: FieldPath,
    },
    /// Replaces the key of an entry of a map.
    Rename {
        /// The path of the entry.
        path: FieldPath,
        /// The new key.
        name: String,
    },
    /// Removes an entry of a map or an item of a list.
    Remove {
        /// The path of the entry or the item.
        path: FieldPath,
    },
    /// Inserts an item into a list, before the item at the same index.
    Insert {
        /// The path that the new item will have.
        path: FieldPath,
        /// The new item.
        value: Json<'static>,
    },
}

impl Edit {
    /// Returns the path of the changed value.
    pub fn path(&self) -> &FieldPath {
        match self {
            Edit::Set { path, .. }
            | Edit::Quote { path }
            | Edit::Rename { path, .. }
            | Edit::Remove { path }
            | Edit::Insert { path, .. } => path,
        }
    }

    /// Returns this change with another path.
    #[must_use]
    pub fn at(mut self, new_path: FieldPath) -> Self {
        match &mut self {
            Edit::Set { path, .. }
            | Edit::Quote { path }
            | Edit::Rename { path, .. }
            | Edit::Remove { path }
            | Edit::Insert { path, .. } => *path = new_path,
        }
        self
    }

    /// Makes the change in a value, and returns whether it was possible. [`Edit::Quote`] is never possible here,
    /// because its result depends on the text of the scalar.
    pub fn apply(&self, json: &mut Json<'_>) -> bool {
        match self {
            Edit::Set { path, value } => set(json, path.steps(), value),
            Edit::Quote { .. } => false,
            Edit::Rename { path, name } => parent(json, path).is_some_and(|(parent, last)| match parent {
                Json::Object(object) if object.get(name).is_none() => {
                    let entry = object.0.iter_mut().find(|(key, _)| Some(&**key) == last.name());
                    entry.map(|(key, _)| *key = name.clone().into()).is_some()
                }
                _ => false,
            }),
            Edit::Remove { path } => parent(json, path).is_some_and(|(parent, last)| match (parent, last) {
                (Json::Array(items), Step::Index(index)) if *index < items.len() => {
                    items.remove(*index);
                    true
                }
                (Json::Object(object), last) => {
                    let before = object.0.len();
                    object.0.retain(|(key, _)| Some(&**key) != last.name());
                    object.0.len() < before
                }
                _ => false,
            }),
            Edit::Insert { path, value } => parent(json, path).is_some_and(|(parent, last)| match (parent, last) {
                (Json::Array(items), Step::Index(index)) if *index <= items.len() => {
                    items.insert(*index, value.clone());
                    true
                }
                _ => false,
            }),
        }
    }
}

/// Returns the map or list that a path leads into, and the last step of the path.
fn parent<'j, 'a, 'p>(json: &'j mut Json<'a>, path: &'p FieldPath) -> Option<(&'j mut Json<'a>, &'p Step)> {
    let (last, above) = path.steps().split_last()?;
    let parent = above.iter().try_fold(json, |here, step| match (here, step) {
        (Json::Array(items), Step::Index(index)) => items.get_mut(*index),
        (Json::Object(object), step) => object.get_mut(step.name()?),
        _ => None,
    })?;
    Some((parent, last))
}

fn set(json: &mut Json<'_>, steps: &[Step], value: &Json<'static>) -> bool {
    let Some((step, below)) = steps.split_first() else {
        let is_scalar = !matches!(json, Json::Array(_) | Json::Object(_));
        if is_scalar {
            *json = value.clone();
        }
        return is_scalar;
    };
    match (step, json) {
        (Step::Index(index), Json::Array(items)) if *index == items.len() => {
            items.push(nest(below, value));
            true
        }
        (Step::Index(index), Json::Array(items)) => items.get_mut(*index).is_some_and(|item| set(item, below, value)),
        (Step::Field(_) | Step::Key(_), Json::Object(object)) => {
            let Some(name) = step.name() else { return false };
            match object.get_mut(name) {
                Some(present) => set(present, below, value),
                None => {
                    object.0.push((name.to_owned().into(), nest(below, value)));
                    true
                }
            }
        }
        (_, json @ Json::Null) => {
            *json = nest(steps, value);
            true
        }
        _ => false,
    }
}

/// Wraps a value in the maps and lists that the steps lead through.
pub fn nest(steps: &[Step], value: &Json<'static>) -> Json<'static> {
    steps.iter().rev().fold(value.clone(), |value, step| match step.name() {
        Some(name) => Json::Object(Object(vec![(name.to_owned().into(), value)])),
        None => Json::Array(vec![value]),
    })
}
