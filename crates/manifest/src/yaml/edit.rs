//! Changes of objects written into the text that they come from, which otherwise stays as it is: comments, order, quotes,
//! indentation, ends of lines.
//!
//! What is written is read again, and kept only if every document means what it should: the changed ones what the changes
//! make of them, all others what they meant before.

mod place;
mod render;

use std::collections::BTreeMap;
use std::ops::Range;

use super::syntax::{self, Syntax};
use super::{Document, YamlError, documents};
use crate::fix::Edit;
use crate::json::{Json, Number};
use place::Here;

/// Changes of an object that belong together: all are made, or none.
#[derive(Clone, Debug)]
pub struct Change {
    /// The byte at which the object begins, as [`Document::location`] tells it.
    pub object: usize,
    /// The changes.
    pub edits: Vec<Edit>,
}

/// Why a change is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// An alias stands there, and what it stands for is written elsewhere.
    #[error("an alias stands here, and what it stands for is written elsewhere")]
    Alias,
    /// It has an anchor, and a change would be one of other places too.
    #[error("an alias elsewhere stands for this too, and would change with it")]
    Shared,
    /// It is not in the text, be it for a `<<`.
    #[error("it is not written here")]
    Absent,
    /// A comment stands where something would have to go.
    #[error("a comment is in the way")]
    Comment,
    /// It is a list or a map, or written in a way that cannot be kept.
    #[error("the way in which it is written cannot be kept")]
    Form,
    /// The text would not mean what it should, or another change is in the way.
    #[error("the text would not mean what it should")]
    Meaning,
}

/// What came of some changes.
#[derive(Clone, Debug)]
pub struct Edited {
    /// The text with the changes that could be made.
    pub text: String,
    /// For each change, what kept it from being made.
    pub obstacles: Vec<Option<Obstacle>>,
}

/// How often at most a text is read again to find out which of several changes cannot be made.
const MOST_READINGS: usize = 64;

/// Makes as many of the changes as can be made.
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
    trial.settle(&(0..prepared.len()).collect::<Vec<_>>(), &mut edited);
    for made in trial.made {
        obstacles[prepared[made].index] = None;
    }
    Edited { text: edited, obstacles }
}

/// A stretch of the text, and what takes its place.
#[derive(Clone, Debug)]
struct Replacement {
    bytes: Range<usize>,
    text: String,
}

/// A change with everything that is to be done for it.
struct Prepared {
    index: usize,
    /// Where the document begins that the object is in.
    document: usize,
    /// The changes, by paths from the document down.
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
        replacements.extend(Here::replacements(text, document, &edit)?);
        edits.push(edit);
    }
    Ok(Prepared { index: 0, document: document.root.start, edits, replacements })
}

/// A scalar that is to be put into quotes, as the text that it then is.
fn quoted(text: &str, document: &Syntax, edit: Edit) -> Result<Edit, Obstacle> {
    let Edit::Quote { path } = edit else { return Ok(edit) };
    let written = Here::plain_text(text, document, &path)?;
    let value = match serde_json::from_str(written) {
        Ok(Json::Number(number)) if canonical(&number).is_some_and(|number| number == written) => written,
        Ok(Json::Bool(_)) => written,
        // Not everyone who writes `yes`, 0777, 1.10 or 3e2 means the text that is written, nor everyone the value.
        _ => return Err(Obstacle::Form),
    };
    Ok(Edit::Set { path, value: Json::from(value.to_owned()) })
}

/// A number as it is written without need, as 1.1 is for 1.10 and 300 for 300.0.
fn canonical(number: &Number) -> Option<String> {
    if number.is_f64() { number.as_f64().map(|number| number.to_string()) } else { Some(number.to_string()) }
}

/// Finds out which changes can be made together.
struct Trial<'t> {
    text: &'t str,
    before: &'t [Result<Document<'t>, YamlError>],
    prepared: &'t [Prepared],
    made: Vec<usize>,
    readings: usize,
}

impl Trial<'_> {
    /// Makes these changes if that can be done, or else what half of them can be made.
    fn settle(&mut self, changes: &[usize], edited: &mut String) {
        if changes.is_empty() || self.readings >= MOST_READINGS {
            return;
        }
        self.readings += 1;
        let together: Vec<_> = self.made.iter().chain(changes).copied().collect();
        if let Some(text) = self.attempt(&together) {
            *edited = text;
            self.made = together;
        } else if changes.len() > 1 {
            let (first, second) = changes.split_at(changes.len() / 2);
            self.settle(first, edited);
            self.settle(second, edited);
        }
    }

    /// The text with these changes, if it then means what it should.
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
            match edits.get(&before.place.value.start) {
                Some(edits) => intended(&before.json, edits).is_some_and(|json| json == after.json),
                None => before.json == after.json,
            }
        };
        (self.before.len() == after.len() && self.before.iter().zip(&after).all(is_kept)).then_some(text)
    }
}

/// What changes make of a value. Paths are those of the value before.
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
    // From the last to the first, so that none moves what another one is about.
    edits.iter().rev().all(|edit| edit.apply(&mut json)).then_some(json)
}

fn is_insertion(edit: &Edit) -> bool {
    matches!(edit, Edit::Insert { .. })
}

/// The text with its replacements, unless two of them are about the same.
fn replaced(text: &str, mut replacements: Vec<&Replacement>) -> Option<String> {
    replacements.sort_by_key(|replacement| (replacement.bytes.start, replacement.bytes.end));
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    for Replacement { bytes, text: new } in replacements {
        result.push_str(text.get(at..bytes.start)?);
        result.push_str(new);
        at = bytes.end;
    }
    result.push_str(text.get(at..)?);
    Some(result)
}

#[cfg(test)]
mod tests;
