//! Paths of fields within an object.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use crate::json::Json;

/// The path of a field. It is displayed as Kubernetes displays it, `spec.workerGroupSpecs[0].rayStartParams[num-cpus]`,
/// or as a JSON Pointer, `/spec/workerGroupSpecs/0/rayStartParams/num-cpus`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldPath(Vec<Step>);

/// One step of a [`FieldPath`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// A field that the schema names, displayed as `.name`
    Field(Cow<'static, str>),
    /// A key that the user chooses, in a map such as `metadata.annotations`, displayed as `[key]`
    Key(String),
    /// The index of an item in a list, displayed as `[0]`
    Index(usize),
}

impl Step {
    /// Returns the name of the field or the key, or `None` for an index.
    pub fn name(&self) -> Option<&str> {
        match self {
            Step::Field(name) => Some(name),
            Step::Key(key) => Some(key),
            Step::Index(_) => None,
        }
    }
}

impl FieldPath {
    /// Returns the path of the object itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// Returns the path through fields of the given names, from the object down.
    pub fn of(fields: impl IntoIterator<Item = &'static str>) -> Self {
        Self(fields.into_iter().map(|field| Step::Field(Cow::Borrowed(field))).collect())
    }

    /// Appends a field to this path.
    #[must_use]
    pub fn field(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.0.push(Step::Field(name.into()));
        self
    }

    /// Appends fields to this path.
    #[must_use]
    pub fn fields(mut self, names: impl IntoIterator<Item = &'static str>) -> Self {
        self.0.extend(names.into_iter().map(|name| Step::Field(Cow::Borrowed(name))));
        self
    }

    /// Appends a key of a map to this path.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.0.push(Step::Key(key.into()));
        self
    }

    /// Appends an index of a list to this path.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        self.0.push(Step::Index(index));
        self
    }

    /// Appends a step to this path.
    #[must_use]
    pub fn step(mut self, step: Step) -> Self {
        self.0.push(step);
        self
    }

    /// Returns the first `steps` steps of this path, or the whole path if it is shorter.
    #[must_use]
    pub fn take(&self, steps: usize) -> Self {
        Self(self.0[..steps.min(self.0.len())].to_vec())
    }

    /// Reports whether this path is equal to the other path or below it.
    pub fn starts_with(&self, other: &FieldPath) -> bool {
        self.0.starts_with(&other.0)
    }

    /// Appends steps to this path.
    #[must_use]
    pub fn join(mut self, steps: &[Step]) -> Self {
        self.0.extend_from_slice(steps);
        self
    }

    /// Returns the value at this path of an object, even if it is `null`.
    pub fn value<'j, 'a>(&self, object: &'j Json<'a>) -> Option<&'j Json<'a>> {
        self.0.iter().try_fold(object, |here, step| match step {
            Step::Index(index) => here.items().get(*index),
            Step::Field(_) | Step::Key(_) => here.entry(step.name()?),
        })
    }

    /// Returns the steps of this path, from the object down.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Returns the path as a JSON Pointer (RFC 6901).
    pub fn to_pointer(&self) -> String {
        let mut pointer = String::with_capacity(24 * self.0.len());
        for step in &self.0 {
            match step {
                Step::Field(name) => push_token(&mut pointer, name),
                Step::Key(key) => push_token(&mut pointer, key),
                // Writing to a String cannot fail.
                Step::Index(index) => drop(write!(pointer, "/{index}")),
            }
        }
        pointer
    }
}

/// Appends a token to a JSON Pointer, and escapes it.
pub fn push_token(pointer: &mut String, token: &str) {
    pointer.push('/');
    if token.bytes().any(|byte| matches!(byte, b'~' | b'/')) {
        pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
    } else {
        pointer.push_str(token);
    }
}

/// The longest key that is displayed in full, in bytes: the longest key that Kubernetes admits, which is a domain of
/// 253 characters, a slash, and 63 characters.
const LONGEST_KEY: usize = 317;

impl fmt::Display for FieldPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(name) if position == 0 => write!(formatter, "{}", on_one_line(name))?,
                Step::Field(name) => write!(formatter, ".{}", on_one_line(name))?,
                Step::Key(key) if key.len() > LONGEST_KEY => write!(formatter, "[{:.40}…]", on_one_line(key))?,
                Step::Key(key) => write!(formatter, "[{}]", on_one_line(key))?,
                Step::Index(index) => write!(formatter, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// Reports whether a character ends a line or controls a terminal.
fn is_control(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

/// Escapes the characters of a text that end a line or control a terminal. Users may write any text as a key.
pub fn on_one_line(name: &str) -> Cow<'_, str> {
    if !name.contains(is_control) {
        return Cow::Borrowed(name);
    }
    let escape = |character: char| {
        if is_control(character) { character.escape_default().to_string() } else { character.to_string() }
    };
    Cow::Owned(name.chars().map(escape).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_displayed_as_in_kubernetes_and_as_a_pointer() {
        let path = FieldPath::of(["spec", "workerGroupSpecs"]).index(2).field("rayStartParams").key("num-cpus");
        assert_eq!(path.to_string(), "spec.workerGroupSpecs[2].rayStartParams[num-cpus]");
        assert_eq!(path.to_pointer(), "/spec/workerGroupSpecs/2/rayStartParams/num-cpus");
    }

    #[test]
    fn keys_that_are_too_long_for_kubernetes_are_cut() {
        let path = |length: usize| FieldPath::of(["labels"]).key("k".repeat(length).as_str()).to_string();
        assert_eq!(path(317).len(), "labels[]".len() + 317);
        assert_eq!(path(800_000), format!("labels[{}…]", "k".repeat(40)));
    }

    #[test]
    fn control_characters_are_escaped() {
        let path = FieldPath::of(["labels"]).key("a\nb\u{1b}[1m\u{2028}é");
        assert_eq!(path.to_string(), "labels[a\\nb\\u{1b}[1m\\u{2028}é]");
        assert_eq!(FieldPath::root().field("a\r".to_owned()).to_string(), "a\\r");
    }

    #[test]
    fn pointers_escape_slashes_and_tildes() {
        let path = FieldPath::of(["metadata", "annotations"]).key("ray.io/a~b");
        assert_eq!(path.to_pointer(), "/metadata/annotations/ray.io~1a~0b");
        assert_eq!(path.to_string(), "metadata.annotations[ray.io/a~b]");
    }
}
