//! Changes to objects: at least one for each check of KubeRay, that makes it fire or just not.

mod authentication;
mod autoscaling;
mod deletion;
mod fault_tolerance;
mod groups;
mod job;
mod metadata;
mod service;

use serde_json::{Value, json};

use crate::case::{Case, Place};
use crate::dice::Dice;
use crate::texts::Text;

/// Fields that get a value together.
pub struct Mutation {
    /// How often it is made, beside others.
    weight: usize,
    fields: Vec<(Place, &'static str, Values)>,
}

/// What a field may become.
pub enum Values {
    /// One of this list; `null` for nothing at all.
    Of(Value),
    /// Any text of a sort.
    Any(Text),
    /// A map with one key of a sort.
    Key(Text),
}

/// Fields, each with the values that it may get: `Place "/pointer" = [value, …]`, any text of a sort `= (Sort)`, or a map
/// with such a key `= {Sort}`.
macro_rules! mutation {
    ($($place:ident $pointer:literal = $values:tt),+ $(,)?) => {
        $crate::mutations::Mutation::new(vec![$(
            ($crate::case::Place::$place, $pointer, mutation!(@values $values)),
        )+])
    };
    (@values [$($values:tt)*]) => { $crate::mutations::Values::Of(::serde_json::json!([$($values)*])) };
    (@values ($text:ident)) => { $crate::mutations::Values::Any($crate::texts::Text::$text) };
    (@values {$text:ident}) => { $crate::mutations::Values::Key($crate::texts::Text::$text) };
}
pub(crate) use mutation;

impl Mutation {
    pub fn new(fields: Vec<(Place, &'static str, Values)>) -> Self {
        Self { weight: 1, fields }
    }

    /// Made more often than others, for most of its values go past the check, or another check is before it.
    fn often(self) -> Self {
        Self { weight: 4, ..self }
    }

    pub fn weight(&self) -> usize {
        self.weight
    }

    /// Changes an object, or says that it has no such places.
    pub fn apply(&self, case: &mut Case, dice: &mut Dice) -> bool {
        let mut changed = case.clone();
        let mut groups: Option<String> = None;
        for (place, pointer, values) in &self.fields {
            // Fields of a group that are set together belong to one group.
            let found = groups.clone().filter(|_| *place == Place::Group).or_else(|| changed.place(*place, dice));
            let Some(found) = found else { return false };
            if *place == Place::Group {
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

/// Every mutation.
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
