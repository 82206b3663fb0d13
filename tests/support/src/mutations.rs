//! Changes to objects: for each check of KubeRay at least one that makes it fire or just not fire.

mod authentication;
mod autoscaling;
mod deletion;
mod fault_tolerance;
mod groups;
mod job;
mod metadata;
mod service;

use serde_json::{Value, json};

use crate::case::{Case, Section};
use crate::dice::Dice;
use crate::texts::Text;

/// Fields that are changed together.
pub struct Mutation {
    /// How often it is made, relative to others.
    weight: usize,
    fields: Vec<(Section, &'static str, Values)>,
}

/// The values that a field may get.
pub enum Values {
    /// A value of this list; `null` removes the field.
    Of(Value),
    /// A text of this kind.
    Any(Text),
    /// A map with one key of this kind.
    Key(Text),
}

/// Defines a mutation: fields, each with the values that it may get. `Section "/pointer" = [value, …]` is a list of
/// values, `= (Kind)` a text of a kind, and `= {Kind}` a map with a key of a kind.
macro_rules! mutation {
    ($($section:ident $pointer:literal = $values:tt),+ $(,)?) => {
        $crate::mutations::Mutation::new(vec![$(
            ($crate::case::Section::$section, $pointer, mutation!(@values $values)),
        )+])
    };
    (@values [$($values:tt)*]) => { $crate::mutations::Values::Of(::serde_json::json!([$($values)*])) };
    (@values ($text:ident)) => { $crate::mutations::Values::Any($crate::texts::Text::$text) };
    (@values {$text:ident}) => { $crate::mutations::Values::Key($crate::texts::Text::$text) };
}
pub(crate) use mutation;

impl Mutation {
    pub fn new(fields: Vec<(Section, &'static str, Values)>) -> Self {
        Self { weight: 1, fields }
    }

    /// Makes the mutation more often, because most of its values pass the check or fail an earlier one.
    fn often(self) -> Self {
        Self { weight: 4, ..self }
    }

    pub fn weight(&self) -> usize {
        self.weight
    }

    /// Changes an object. Returns false if the object has no such sections.
    pub fn apply(&self, case: &mut Case, dice: &mut Dice) -> bool {
        let mut changed = case.clone();
        let mut groups: Option<String> = None;
        for (section, pointer, values) in &self.fields {
            // Fields of a group that are set together must belong to one group.
            let found =
                groups.clone().filter(|_| *section == Section::Group).or_else(|| changed.pointer_to(*section, dice));
            let Some(found) = found else { return false };
            if *section == Section::Group {
                groups = Some(found.clone());
            }
            let value = match values {
                Values::Of(values) => dice.pick(values.as_array().expect("the macro made a list")).clone(),
                Values::Any(text) => text.draw(dice).into(),
                Values::Key(text) => json!({text.draw(dice): "v"}),
            };
            let pointer = format!("{found}{pointer}");
            changed.changes.push(format!("{pointer} = {value}"));
            changed.set(&pointer, value);
        }
        *case = changed;
        true
    }
}

/// Returns all mutations.
pub fn all() -> Vec<Mutation> {
    let subjects = [
        metadata::mutations(),
        groups::mutations(),
        autoscaling::mutations(),
        fault_tolerance::mutations(),
        authentication::mutations(),
        service::mutations(),
        job::mutations(),
        deletion::mutations(),
    ];
    subjects.into_iter().flatten().collect()
}
