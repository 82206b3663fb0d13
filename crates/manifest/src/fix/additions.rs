//! Converts a JSON Patch of additions to edits.

use json_patch::jsonptr::Token;
use json_patch::{Patch, PatchOperation};

use super::Edit;
use crate::json::Json;
use crate::patch::{apply, index};
use crate::path::{FieldPath, Step};

/// Returns the edits with the same effect on an object as a JSON Patch of `add` operations. Returns `None` if the patch
/// does not apply to the object, or has another operation.
pub fn additions(object: &Json<'_>, patch: &Patch) -> Option<Vec<Edit>> {
    let mut patched = object.clone().into_owned();
    apply(&mut patched, patch).ok()?;
    let mut grown = Grown::of(object);
    for operation in &patch.0 {
        let PatchOperation::Add(operation) = operation else { return None };
        let tokens: Vec<_> = operation.path.tokens().collect();
        grown.add(&tokens)?;
    }
    let mut edits = Vec::new();
    grown.collect(&patched, &FieldPath::root(), &mut edits);
    Some(edits)
}

/// A patched value, with a mark at the parts that the patch has added.
struct Grown {
    is_added: bool,
    children: Children,
}

enum Children {
    None,
    Map(Vec<(String, Grown)>),
    List(Vec<Grown>),
}

impl Grown {
    fn of(json: &Json<'_>) -> Self {
        let children = match json {
            Json::Object(_) => {
                Children::Map(json.entries().iter().map(|(name, value)| (name.to_string(), Self::of(value))).collect())
            }
            Json::Array(items) => Children::List(items.iter().map(Self::of).collect()),
            _ => Children::None,
        };
        Self { is_added: false, children }
    }

    fn add(&mut self, tokens: &[Token<'_>]) -> Option<()> {
        let (token, below) = tokens.split_first()?;
        if self.is_added {
            return Some(()); // the whole value is added
        }
        let name = token.decoded();
        let added = Self { is_added: true, children: Children::None };
        match &mut self.children {
            Children::Map(entries) => match entries.iter_mut().rev().find(|(key, _)| *key == name) {
                Some((_, child)) if below.is_empty() => *child = added,
                Some((_, child)) => child.add(below)?,
                None => entries.push((name.into_owned(), added)),
            },
            Children::List(items) if below.is_empty() => {
                let index = if name == "-" { items.len() } else { index(&name)? };
                items.insert(index, added);
            }
            Children::List(items) => items.get_mut(index(&name)?)?.add(below)?,
            Children::None => return None,
        }
        Some(())
    }

    /// Collects the added values as edits. Their paths are those of the value before the patch.
    fn collect(&self, patched: &Json<'_>, path: &FieldPath, edits: &mut Vec<Edit>) {
        match &self.children {
            Children::None => {}
            Children::Map(entries) => {
                for (name, child) in entries {
                    let (value, path) = (patched.field(name), path.clone().step(Step::Key(name.clone())));
                    if child.is_added {
                        edits.push(Edit::Set { path, value: value.clone().into_owned() });
                    } else {
                        child.collect(value, &path, edits);
                    }
                }
            }
            Children::List(items) => {
                let mut before = 0;
                for (child, value) in items.iter().zip(patched.items()) {
                    let path = path.clone().index(before);
                    if child.is_added {
                        edits.push(Edit::Insert { path, value: value.clone().into_owned() });
                    } else {
                        child.collect(value, &path, edits);
                        before += 1;
                    }
                }
            }
        }
    }
}
