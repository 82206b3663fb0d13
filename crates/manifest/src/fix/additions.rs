//! A patch of additions as changes of what is written.

use json_patch::jsonptr::Token;
use json_patch::{Patch, PatchOperation};

use super::Edit;
use crate::json::Json;
use crate::patch::{apply, index};
use crate::path::{FieldPath, Step};

/// The changes that do to an object what the operations of a patch do one after the other; nothing where the patch does
/// not fit the object.
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

/// Which parts of a value were there before it grew.
struct Grown {
    is_new: bool,
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
        Self { is_new: false, children }
    }

    fn add(&mut self, tokens: &[Token<'_>]) -> Option<()> {
        let (token, below) = tokens.split_first()?;
        if self.is_new {
            return Some(()); // it is added as a whole
        }
        let name = token.decoded();
        let new = Self { is_new: true, children: Children::None };
        match &mut self.children {
            Children::Map(entries) => match entries.iter_mut().rev().find(|(key, _)| *key == name) {
                Some((_, child)) if below.is_empty() => *child = new,
                Some((_, child)) => child.add(below)?,
                None => entries.push((name.into_owned(), new)),
            },
            Children::List(items) if below.is_empty() => {
                let index = if name == "-" { items.len() } else { index(&name)? };
                items.insert(index, new);
            }
            Children::List(items) => items.get_mut(index(&name)?)?.add(below)?,
            Children::None => return None,
        }
        Some(())
    }

    /// Tells what is new; paths are those of the value before it grew.
    fn collect(&self, patched: &Json<'_>, path: &FieldPath, edits: &mut Vec<Edit>) {
        match &self.children {
            Children::None => {}
            Children::Map(entries) => {
                for (name, child) in entries {
                    let (value, path) = (patched.field(name), path.clone().step(Step::Key(name.clone())));
                    if child.is_new {
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
                    if child.is_new {
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
