//! Where in an object something is.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use crate::json::Json;

/// The path of a field, printed as Kubernetes prints it (`spec.workerGroupSpecs[0].rayStartParams[num-cpus]`) or as a
/// JSON Pointer (`/spec/workerGroupSpecs/0/rayStartParams/num-cpus`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldPath(Vec<Step>);

/// One step of a [`FieldPath`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// A field that the schema names, shown as `.name`
    Field(Cow<'static, str>),
    /// A key that the user chose, in a map such as `metadata.annotations`, shown as `[key]`
    Key(String),
    /// A place in a list, shown as `[0]`
    Index(usize),
}

impl Step {
    /// The name of the field or the key; `None` for a place in a list.
    pub fn name(&self) -> Option<&str> {
        match self {
            Step::Field(name) => Some(name),
            Step::Key(key) => Some(key),
            Step::Index(_) => None,
        }
    }
}

impl FieldPath {
    /// The object itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// The path of a field of the object, some fields down.
    pub fn of(fields: impl IntoIterator<Item = &'static str>) -> Self {
        Self(fields.into_iter().map(|field| Step::Field(Cow::Borrowed(field))).collect())
    }

    /// This path and a field below it.
    #[must_use]
    pub fn field(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.0.push(Step::Field(name.into()));
        self
    }

    /// This path and some fields below it.
    #[must_use]
    pub fn fields(mut self, names: impl IntoIterator<Item = &'static str>) -> Self {
        self.0.extend(names.into_iter().map(|name| Step::Field(Cow::Borrowed(name))));
        self
    }

    /// This path and a map's key below it.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.0.push(Step::Key(key.into()));
        self
    }

    /// This path and a list's item below it.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        self.0.push(Step::Index(index));
        self
    }

    /// This path and one more step.
    #[must_use]
    pub fn step(mut self, step: Step) -> Self {
        self.0.push(step);
        self
    }

    /// The first steps of this path.
    #[must_use]
    pub fn take(&self, steps: usize) -> Self {
        Self(self.0[..steps.min(self.0.len())].to_vec())
    }

    /// Whether this is the other path, or below it.
    pub fn starts_with(&self, other: &FieldPath) -> bool {
        self.0.starts_with(&other.0)
    }

    /// This path and some more steps.
    #[must_use]
    pub fn join(mut self, steps: &[Step]) -> Self {
        self.0.extend_from_slice(steps);
        self
    }

    /// The value at this path of an object, `null` included.
    pub fn value<'j, 'a>(&self, object: &'j Json<'a>) -> Option<&'j Json<'a>> {
        self.0.iter().try_fold(object, |here, step| match step {
            Step::Index(index) => here.items().get(*index),
            Step::Field(_) | Step::Key(_) => here.entry(step.name()?),
        })
    }

    /// The steps from the object down.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The path as a JSON Pointer (RFC 6901).
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

/// Goes a step down in a JSON Pointer.
pub fn push_token(pointer: &mut String, token: &str) {
    pointer.push('/');
    if token.bytes().any(|byte| matches!(byte, b'~' | b'/')) {
        pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
    } else {
        pointer.push_str(token);
    }
}

/// The longest key that is shown whole, in bytes.
const LONGEST_KEY: usize = 317;

impl fmt::Display for FieldPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(name) if position == 0 => write!(formatter, "{}", on_one_line(name))?,
                Step::Field(name) => write!(formatter, ".{}", on_one_line(name))?,
                // No key that Kubernetes admits is longer: a domain of 253 characters, a slash and 63 more.
                Step::Key(key) if key.len() > LONGEST_KEY => write!(formatter, "[{:.40}…]", on_one_line(key))?,
                Step::Key(key) => write!(formatter, "[{}]", on_one_line(key))?,
                Step::Index(index) => write!(formatter, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// Whether a sign ends a line or steers a terminal.
fn is_unseen(sign: char) -> bool {
    sign.is_control() || matches!(sign, '\u{2028}' | '\u{2029}')
}

/// A text with escapes for what would end its line or steer a terminal: users may write anything for a key.
pub fn on_one_line(name: &str) -> Cow<'_, str> {
    if !name.contains(is_unseen) {
        return Cow::Borrowed(name);
    }
    let show = |sign: char| if is_unseen(sign) { sign.escape_default().to_string() } else { sign.to_string() };
    Cow::Owned(name.chars().map(show).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_as_kubernetes_shows_it_and_as_a_pointer() {
        let path = FieldPath::of(["spec", "workerGroupSpecs"]).index(2).field("rayStartParams").key("num-cpus");
        assert_eq!(path.to_string(), "spec.workerGroupSpecs[2].rayStartParams[num-cpus]");
        assert_eq!(path.to_pointer(), "/spec/workerGroupSpecs/2/rayStartParams/num-cpus");
    }

    #[test]
    fn a_key_that_cannot_be_one_is_not_shown_whole() {
        let path = |length: usize| FieldPath::of(["labels"]).key("k".repeat(length).as_str()).to_string();
        assert_eq!(path(317).len(), "labels[]".len() + 317);
        assert_eq!(path(800_000), format!("labels[{}…]", "k".repeat(40)));
    }

    #[test]
    fn a_key_stays_on_its_line() {
        let path = FieldPath::of(["labels"]).key("a\nb\u{1b}[1m\u{2028}é");
        assert_eq!(path.to_string(), "labels[a\\nb\\u{1b}[1m\\u{2028}é]");
        assert_eq!(FieldPath::root().field("a\r".to_owned()).to_string(), "a\\r");
    }

    #[test]
    fn a_pointer_escapes_its_own_signs() {
        let path = FieldPath::of(["metadata", "annotations"]).key("ray.io/a~b");
        assert_eq!(path.to_pointer(), "/metadata/annotations/ray.io~1a~0b");
        assert_eq!(path.to_string(), "metadata.annotations[ray.io/a~b]");
    }
}
