//! Edits a text of any style at any field: the result has the intended value, and every other line is unchanged.

use proptest::prelude::*;
use rayguard_manifest::fix::Edit;
use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;
use rayguard_manifest::yaml::documents;
use rayguard_manifest::yaml::edit::{Change, Edited, Obstacle, edit};
use serde_json::Value;

use super::any_text::{layout, styled};

/// Collects the path of every field and item in a value.
fn collect_paths(value: &Value, path: &FieldPath, found: &mut Vec<FieldPath>) {
    match value {
        Value::Object(entries) => {
            for (name, value) in entries {
                let path = path.clone().key(name.as_str());
                collect_paths(value, &path, found);
                found.push(path);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                let path = path.clone().index(index);
                collect_paths(value, &path, found);
                found.push(path);
            }
        }
        _ => {}
    }
}

/// Returns the value after an edit, computed without the tested code.
fn intended(mut value: Value, edit: &Edit) -> Option<Value> {
    let pointer = edit.path().to_pointer();
    let (above, last) = pointer.rsplit_once('/')?;
    let last = last.replace("~1", "/").replace("~0", "~");
    match edit {
        Edit::Set { value: new, .. } => {
            let new = Value::from(new);
            if let Some(here) = value.pointer_mut(&pointer) {
                *here = new;
                return Some(value);
            }
            match value.pointer_mut(above)? {
                Value::Object(entries) => drop(entries.insert(last, new)),
                Value::Array(items) => items.push(new),
                here => *here = serde_json::json!({ last: new }),
            }
        }
        Edit::Rename { name, .. } => {
            let entries = value.pointer_mut(above)?.as_object_mut()?;
            let moved = entries.remove(&last)?;
            entries.insert(name.clone(), moved);
        }
        Edit::Remove { .. } => match value.pointer_mut(above)? {
            Value::Object(entries) => drop(entries.remove(&last)?),
            Value::Array(items) => drop(items.remove(last.parse().ok()?)),
            _ => return None,
        },
        Edit::Insert { value: new, .. } => {
            value.pointer_mut(above)?.as_array_mut()?.insert(last.parse().ok()?, Value::from(new));
        }
        Edit::Quote { .. } => return None,
    }
    Some(value)
}

/// Returns an edit of this kind at a path, if it is possible there.
fn change(value: &Value, path: &FieldPath, kind: u8, new: &str) -> Option<Edit> {
    let here = value.pointer(&path.to_pointer())?;
    let is_scalar = !here.is_object() && !here.is_array();
    let (path, is_item) = (path.clone(), path.to_pointer().ends_with(|last: char| last.is_ascii_digit()));
    let json = Json::from(new.to_owned());
    let pair = Json::from_iter([("name".into(), json.clone()), ("value".into(), Json::from("0"))]);
    match kind {
        0 if is_scalar => Some(Edit::Set { path, value: json }),
        1 if here.is_object() || here.is_null() => Some(Edit::Set { path: path.key("new"), value: pair }),
        2 if here.is_array() => {
            let items = here.as_array().map_or(0, Vec::len);
            Some(Edit::Set { path: path.index(items), value: pair })
        }
        3 => Some(Edit::Remove { path }),
        4 if !is_item => Some(Edit::Rename { path, name: format!("renamed-{new}").replace(' ', "") }),
        5 if is_item => Some(Edit::Insert { path, value: pair }),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]
    #[test]
    fn an_edit_produces_the_intended_value_and_other_lines_stay(
        tree in styled(),
        layout in layout(),
        at in any::<prop::sample::Index>(),
        kind in 0u8..6,
        new in "[a-z0-9 :é]{1,9}",
    ) {
        let text = tree.text(layout);
        let before = documents(&text);
        let [Ok(document)] = &before[..] else { panic!("{text}: {before:?}") };
        prop_assert_eq!(Value::from(&document.json), tree.value(), "the text has another value than intended:\n{}", text);
        let mut paths = Vec::new();
        collect_paths(&tree.value(), &FieldPath::root(), &mut paths);
        let path = &paths[at.index(paths.len())];
        let Some(change) = change(&tree.value(), path, kind, &new) else { return Ok(()) };
        let object = document.location().bytes.start;
        let Edited { text: after, obstacles } = edit(&text, &[Change { object, edits: vec![change.clone()] }]);
        if let [Some(obstacle)] = obstacles[..] {
            prop_assert_eq!(&after, &text);
            // Only a removal may be refused.
            let is_removal = matches!(change, Edit::Remove { .. });
            let is_nothing = document.bytes(path).is_some_and(|bytes| bytes.is_empty());
            prop_assert!(is_removal && obstacle == Obstacle::Comment || is_nothing, "{:?} {}:\n{}", change, obstacle, text);
            return Ok(());
        }
        for comment in ["# a comment", "# a map", "# between"] {
            let count = |text: &str| text.matches(comment).count();
            prop_assert_eq!(count(&text), count(&after), "{:?} removes a comment:\n{}\n{}", change, text, after);
        }
        let read = documents(&after);
        let expected = intended(tree.value(), &change).filter(|value| !value.is_null());
        let read = read.first().map(|document| Value::from(&document.as_ref().expect("it can be read").json));
        prop_assert_eq!(read, expected, "{:?}:\n{}\n{}", change, text, after);
        // The changed lines are those of the value and its key, or of the parent of a single item.
        let lines = document.lines();
        let location = document.locate(path).bytes;
        let value = document.bytes(path).unwrap_or(location.clone());
        let first = lines.position(location.start.min(value.start)).line;
        let last = lines.position(location.end.max(value.end)).line;
        // An empty parent is written after its colon or its dash, which may be a line above.
        let above = document.locate(&path.take(path.steps().len() - 1)).start.line;
        let (old, new): (Vec<_>, Vec<_>) =
            (text.lines().map(str::trim_end).collect(), after.lines().map(str::trim_end).collect());
        let (head, tail) = (above.min(first).saturating_sub(2), old.len().saturating_sub(last + 1));
        prop_assert_eq!(new.get(..head), Some(&old[..head]), "{:?}:\n{}\n{}", change, text, after);
        let behind = new.len().checked_sub(tail).map(|from| &new[from..]);
        prop_assert_eq!(behind, Some(&old[old.len() - tail..]), "{:?}:\n{}\n{}", change, text, after);
        // A single line without a line ending does not show which line ending to use.
        if text.contains("\r\n") {
            prop_assert_eq!(after.matches('\n').count(), after.matches("\r\n").count());
        }
    }
}
