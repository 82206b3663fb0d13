//! Applies edits of objects to the text that the objects come from. The rest of the text stays as it is: comments,
//! order, quotes, indentation, line breaks.
//!
//! The new text is read again. It is kept only if each changed document has the intended value, and all other documents
//! have the same values as before.

mod cursor;
mod render;

use std::collections::BTreeMap;
use std::ops::Range;

use super::syntax::{self, Syntax};
use super::{Document, YamlError, documents};
use crate::fix::Edit;
use crate::json::{Json, Number};
use cursor::Cursor;

/// Edits of an object that belong together. Either all of them are made or none.
#[derive(Clone, Debug)]
pub struct Change {
    /// The byte at which the object begins: the start of [`Document::location`].
    pub object: usize,
    /// The edits.
    pub edits: Vec<Edit>,
}

/// The reason why a change cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// The value is an alias, and the value that it refers to is written elsewhere.
    #[error("this is an alias, and its value is written elsewhere")]
    Alias,
    /// The value has an anchor, and an alias elsewhere refers to it.
    #[error("an alias elsewhere refers to this value, and would change with it")]
    Shared,
    /// The value is not in the text. It may come from a merge with `<<`.
    #[error("it is not written here")]
    Absent,
    /// Another entry of the map has the same key. kubectl drops all but the last of them.
    #[error("another entry of the map has the same key")]
    Duplicate,
    /// The change would remove a comment.
    #[error("a comment is in the way")]
    Comment,
    /// The value is a list or a map, or its style cannot be kept.
    #[error("the style in which it is written cannot be kept")]
    Form,
    /// The new text would not have the intended value, or the change conflicts with another one.
    #[error("the new text would not have the intended value")]
    Meaning,
}

/// The result of [`edit`].
#[derive(Clone, Debug)]
pub struct Edited {
    /// The text with all changes that are possible.
    pub text: String,
    /// For each change, the reason why it was not made, or `None` if it was made.
    pub obstacles: Vec<Option<Obstacle>>,
}

/// The maximum number of times that a text is read again to find the changes that cannot be made.
const MAX_READINGS: usize = 64;

/// Makes as many of the changes as possible.
pub fn edit(text: &str, changes: &[Change]) -> Edited {
    if changes.is_empty() {
        return Edited { text: text.to_owned(), obstacles: Vec::new() };
    }
    let syntax = syntax::of(text);
    let mut obstacles: Vec<_> = changes.iter().map(|_| Some(Obstacle::Meaning)).collect();
    let mut prepared = Vec::new();
    for (index, change) in changes.iter().enumerate() {
        match prepare(text, &syntax, change) {
            Ok(ready) => prepared.push(Prepared { index, ..ready }),
            Err(obstacle) => obstacles[index] = Some(obstacle),
        }
    }
    let before = documents(text);
    let mut trial = Trial { text, before: &before, prepared: &prepared, made: Vec::new(), readings: 0 };
    let mut edited = text.to_owned();
    trial.search(&(0..prepared.len()).collect::<Vec<_>>(), &mut edited);
    for made in trial.made {
        obstacles[prepared[made].index] = None;
    }
    Edited { text: edited, obstacles }
}

/// A span of the text and its new text.
#[derive(Clone, Debug)]
struct Replacement {
    bytes: Range<usize>,
    text: String,
}

/// A change with its replacements in the text.
struct Prepared {
    index: usize,
    /// The start of the document that contains the object.
    document: usize,
    /// The edits, with paths from the document down.
    edits: Vec<Edit>,
    replacements: Vec<Replacement>,
}

fn prepare(text: &str, documents: &[Syntax], change: &Change) -> Result<Prepared, Obstacle> {
    let document = documents.partition_point(|document| document.root.start <= change.object).checked_sub(1);
    let document = &documents[document.ok_or(Obstacle::Absent)?];
    let object = document.root.path_to(change.object).ok_or(Obstacle::Absent)?;
    let (mut edits, mut replacements) = (Vec::new(), Vec::new());
    for edit in &change.edits {
        let path = object.clone().join(edit.path().steps());
        let edit = quoted(text, document, edit.clone().at(path))?;
        replacements.extend(Cursor::replacements(text, document, &edit)?);
        edits.push(edit);
    }
    Ok(Prepared { index: 0, document: document.root.start, edits, replacements })
}

/// Converts [`Edit::Quote`] to an [`Edit::Set`] with the text of the scalar. Returns any other edit unchanged.
fn quoted(text: &str, document: &Syntax, edit: Edit) -> Result<Edit, Obstacle> {
    let Edit::Quote { path } = edit else { return Ok(edit) };
    let written = Cursor::plain_text(text, document, &path)?;
    let value = match serde_json::from_str(written) {
        Ok(Json::Number(number)) if canonical(&number).is_some_and(|number| number == written) => written,
        Ok(Json::Bool(_)) => written,
        // For `yes`, 0777, 1.10 or 3e2, the user may mean the text or the value.
        _ => return Err(Obstacle::Form),
    };
    Ok(Edit::Set { path, value: Json::from(value.to_owned()) })
}

/// Returns the shortest notation of a number: 1.1 for 1.10, and 300 for 300.0.
fn canonical(number: &Number) -> Option<String> {
    if number.is_f64() { number.as_f64().map(|number| number.to_string()) } else { Some(number.to_string()) }
}

/// A search for the changes that can be made together.
struct Trial<'t> {
    text: &'t str,
    before: &'t [Result<Document<'t>, YamlError>],
    prepared: &'t [Prepared],
    made: Vec<usize>,
    readings: usize,
}

impl Trial<'_> {
    /// Makes these changes. If they cannot all be made together, tries each half of them.
    fn search(&mut self, changes: &[usize], edited: &mut String) {
        if changes.is_empty() || self.readings >= MAX_READINGS {
            return;
        }
        self.readings += 1;
        let together: Vec<_> = self.made.iter().chain(changes).copied().collect();
        if let Some(text) = self.attempt(&together) {
            *edited = text;
            self.made = together;
        } else if changes.len() > 1 {
            let (first, second) = changes.split_at(changes.len() / 2);
            self.search(first, edited);
            self.search(second, edited);
        }
    }

    /// Returns the text with these changes, if it then has the intended value.
    fn attempt(&self, changes: &[usize]) -> Option<String> {
        let changes = || changes.iter().map(|index| &self.prepared[*index]);
        let text = replaced(self.text, changes().flat_map(|change| &change.replacements).collect())?;
        let mut edits: BTreeMap<usize, Vec<&Edit>> = BTreeMap::new();
        for change in changes() {
            edits.entry(change.document).or_default().extend(&change.edits);
        }
        let after = documents(&text);
        let is_kept = |(before, after): (&Result<Document<'_>, YamlError>, &Result<Document<'_>, YamlError>)| {
            let (Ok(before), Ok(after)) = (before, after) else { return before.is_err() && after.is_err() };
            if after.notes.len() > before.notes.len() {
                return false;
            }
            match edits.get(&before.spans.value.start) {
                Some(edits) => intended(&before.json, edits).is_some_and(|json| json == after.json),
                None => before.json == after.json,
            }
        };
        (self.before.len() == after.len() && self.before.iter().zip(&after).all(is_kept)).then_some(text)
    }
}

/// Returns the value after some edits. Their paths are those of the value before.
fn intended<'a>(json: &Json<'a>, edits: &[&Edit]) -> Option<Json<'a>> {
    let mut json = json.clone();
    let mut edits: Vec<_> = edits.iter().collect();
    edits.sort_by(|one, other| one.path().cmp(other.path()));
    let is_within = |(one, other): (&&&Edit, &&&Edit)| {
        other.path().starts_with(one.path()) && !is_insertion(one) && !is_insertion(other)
    };
    if edits.iter().zip(edits.iter().skip(1)).any(is_within) {
        return None;
    }
    // From the last to the first, so that no edit changes an index in the path of a later one.
    edits.iter().rev().all(|edit| edit.apply(&mut json)).then_some(json)
}

fn is_insertion(edit: &Edit) -> bool {
    matches!(edit, Edit::Insert { .. })
}

/// Returns the text with replacements, or `None` if two of them overlap.
fn replaced(text: &str, mut replacements: Vec<&Replacement>) -> Option<String> {
    replacements.sort_by_key(|replacement| (replacement.bytes.start, replacement.bytes.end));
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    let mut previous: Option<&Replacement> = None;
    for replacement in replacements {
        let Replacement { bytes, text: new } = replacement;
        // Each entry that is added to an empty map or list in brackets replaces it by one that has the entry.
        let is_same = previous.is_some_and(|previous| previous.bytes == *bytes && !bytes.is_empty());
        if let Some(entry) = new.strip_prefix(['{', '[']).filter(|_| is_same && result.ends_with(['}', ']'])) {
            result.pop();
            result.push_str(", ");
            result.push_str(entry);
        } else {
            result.push_str(text.get(at..bytes.start)?);
            result.push_str(new);
        }
        at = bytes.end;
        previous = Some(replacement);
    }
    result.push_str(text.get(at..)?);
    Some(result)
}

#[cfg(test)]
mod tests;
