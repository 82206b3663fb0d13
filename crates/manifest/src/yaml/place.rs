//! Where each value of a document is written.

use std::ops::Range;
use std::sync::OnceLock;

use super::lines::Lines;
use crate::json::Json;
use crate::path::{FieldPath, Step};

/// A stretch of the text, in bytes.
pub(super) type Span = Range<usize>;

/// Where a value is written, and what is in it; the same tree as the value's.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// The value. Behind an alias, where its anchor is.
    pub(super) value: Span,
    /// The key, if the value stands in a map.
    pub(super) key: Option<Span>,
    /// The values within, in order.
    pub(super) children: Vec<Place>,
    /// The entries of a large map in the order of their keys, once somebody looks for one.
    pub(super) order: OnceLock<Box<[usize]>>,
}

/// From so many keys on, a map's keys are looked up in their order: each may be looked for.
const LARGE: usize = 32;

impl Place {
    /// The stretch to show for a path below this value, or for the nearest thing above it that is written.
    pub(super) fn find(&self, json: &Json<'_>, path: &FieldPath, lines: &Lines<'_>) -> Span {
        match self.descend(json, path) {
            Ok((place, json)) => place.show(json, true, lines),
            Err((place, json)) => place.show(json, false, lines),
        }
    }

    /// The place of a path, with its value; or else of the nearest thing above it that is written.
    pub(super) fn descend<'p, 'j, 't>(
        &'p self,
        json: &'j Json<'t>,
        path: &FieldPath,
    ) -> Result<(&'p Place, &'j Json<'t>), (&'p Place, &'j Json<'t>)> {
        let (mut place, mut json) = (self, json);
        for step in path.steps() {
            let index = match step {
                Step::Index(index) => Some(*index),
                step => step.name().and_then(|name| place.entry(json, name)),
            };
            let below = index.and_then(|index| Some((place.children.get(index)?, child(json, index)?)));
            (place, json) = below.ok_or((place, json))?;
        }
        Ok((place, json))
    }

    /// The entry of a name in this map, the last one if there are several.
    fn entry(&self, json: &Json<'_>, name: &str) -> Option<usize> {
        let entries = json.entries();
        if entries.len() < LARGE {
            return entries.iter().rposition(|(key, _)| key == name);
        }
        let order = self.order.get_or_init(|| {
            let mut order: Vec<_> = (0..entries.len()).collect();
            order.sort_by_key(|index| &*entries[*index].0);
            order.into()
        });
        let behind = order.partition_point(|index| *entries[*index].0 <= *name);
        order[..behind].last().copied().filter(|index| entries[*index].0 == name)
    }

    /// A scalar shows itself where it fits on a line; what is larger, empty or asked for in vain shows its key; an item
    /// of a list, or the document, shows its first line.
    fn show(&self, json: &Json<'_>, is_written: bool, lines: &Lines<'_>) -> Span {
        let is_scalar = !matches!(json, Json::Array(_) | Json::Object(_));
        let first_line = lines.first_line(self.value.clone());
        let is_short = !self.value.is_empty() && lines.text()[self.value.clone()].trim_end().len() == first_line.len();
        match &self.key {
            Some(key) if !(is_written && is_scalar && is_short) => key.clone(),
            _ => first_line,
        }
    }
}

fn child<'j, 't>(json: &'j Json<'t>, index: usize) -> Option<&'j Json<'t>> {
    json.items().get(index).or_else(|| json.entries().get(index).map(|(_, value)| value))
}
