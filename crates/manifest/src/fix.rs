//! What mends a finding: changes of an object, told by paths.
//!
//! A rule gives a finding a fix only where there is one answer, and one that takes nothing from what the user meant. A fix
//! is data like the finding; [`crate::yaml::edit`] writes it into the text.

mod additions;

use crate::json::{Json, Object};
use crate::path::{FieldPath, Step};

pub use additions::additions;

/// Changes of one object that belong together: all are made, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fix {
    /// The changes. No two are of the same place, or of one within the other.
    pub edits: Vec<Edit>,
}

/// One change of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Gives a scalar another value, or adds what is not there, with the maps that it needs. In a list, the place behind
    /// the last item is one that is not there.
    Set {
        /// The value.
        path: FieldPath,
        /// What it is to be.
        value: Json<'static>,
    },
    /// Puts a scalar that is written without quotes into quotes.
    Quote {
        /// The scalar.
        path: FieldPath,
    },
    /// Gives a map's entry another key.
    Rename {
        /// The entry.
        path: FieldPath,
        /// Its new key.
        name: String,
    },
    /// Removes an entry of a map or an item of a list.
    Remove {
        /// The entry or the item.
        path: FieldPath,
    },
    /// Puts an item into a list, before the one that is at its index.
    Insert {
        /// Where it comes to be.
        path: FieldPath,
        /// The item.
        value: Json<'static>,
    },
}

impl Edit {
    /// What is changed.
    pub fn path(&self) -> &FieldPath {
        match self {
            Edit::Set { path, .. }
            | Edit::Quote { path }
            | Edit::Rename { path, .. }
            | Edit::Remove { path }
            | Edit::Insert { path, .. } => path,
        }
    }

    /// The same change of another place.
    #[must_use]
    pub fn at(mut self, place: FieldPath) -> Self {
        match &mut self {
            Edit::Set { path, .. }
            | Edit::Quote { path }
            | Edit::Rename { path, .. }
            | Edit::Remove { path }
            | Edit::Insert { path, .. } => *path = place,
        }
        self
    }

    /// Makes the change in a value, and says whether that can be done. What quotes make of a scalar only its text tells.
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

/// The map or list that something is in, and the step that leads there.
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

/// A value in the maps and lists that lead to it.
pub fn nest(steps: &[Step], value: &Json<'static>) -> Json<'static> {
    steps.iter().rev().fold(value.clone(), |value, step| match step.name() {
        Some(name) => Json::Object(Object(vec![(name.to_owned().into(), value)])),
        None => Json::Array(vec![value]),
    })
}
