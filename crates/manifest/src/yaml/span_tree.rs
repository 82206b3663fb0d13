//! The spans of the values of a document.

use std::ops::Range;
use std::sync::OnceLock;

use super::lines::Lines;
use crate::json::Json;
use crate::path::{FieldPath, Step};

/// A span of the text, in bytes.
pub(super) type Span = Range<usize>;

/// The spans of a value and of the values in it. The tree has the same shape as the value.
#[derive(Clone, Debug, Default)]
pub(super) struct SpanTree {
    /// The span of the value. For an alias, this is the span of the anchored value.
    pub(super) value: Span,
    /// The span of the key, if the value is in a map.
    pub(super) key: Option<Span>,
    /// The spans of the items or fields, in order.
    pub(super) children: Vec<SpanTree>,
    /// The indices of the entries of a large map, sorted by key. They are computed at the first lookup.
    pub(super) order: OnceLock<Box<[usize]>>,
}

/// The number of keys from which a map is sorted for lookups, because a caller may look up every key.
const LARGE: usize = 32;

impl SpanTree {
    /// Returns the span to display for a path below this value, or for the nearest parent that is present.
    pub(super) fn find(&self, json: &Json<'_>, path: &FieldPath, lines: &Lines<'_>) -> Span {
        match self.descend(json, path) {
            Ok((spans, json)) => spans.displayed(json, true, lines),
            Err((spans, json)) => spans.displayed(json, false, lines),
        }
    }

    /// Returns the spans and the value at a path. If the value is absent, returns those of its nearest parent that is
    /// present.
    pub(super) fn descend<'p, 'j, 't>(
        &'p self,
        json: &'j Json<'t>,
        path: &FieldPath,
    ) -> Result<(&'p SpanTree, &'j Json<'t>), (&'p SpanTree, &'j Json<'t>)> {
        let (mut spans, mut json) = (self, json);
        for step in path.steps() {
            let index = match step {
                Step::Index(index) => Some(*index),
                step => step.name().and_then(|name| spans.entry(json, name)),
            };
            let below = index.and_then(|index| Some((spans.children.get(index)?, child(json, index)?)));
            (spans, json) = below.ok_or((spans, json))?;
        }
        Ok((spans, json))
    }

    /// Returns the path of the innermost value whose key or text contains a byte.
    pub(super) fn path_at(&self, json: &Json<'_>, byte: usize) -> Option<FieldPath> {
        let contains = |span: &Span| span.start <= byte && byte <= span.end;
        if !contains(&self.value) {
            return None;
        }
        let (mut spans, mut json, mut path) = (self, json, FieldPath::root());
        loop {
            let is_here = |child: &SpanTree| contains(&child.value) || child.key.as_ref().is_some_and(contains);
            // A value that ends where the next one begins comes second.
            let Some(index) = spans.children.iter().rposition(is_here) else { return Some(path) };
            let Some(value) = child(json, index) else { return Some(path) };
            path = match json.entries().get(index) {
                Some((key, _)) => path.key(key.to_string()),
                None => path.index(index),
            };
            (spans, json) = (&spans.children[index], value);
        }
    }

    /// Returns the index of the last entry with a name in this map.
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
        let after = order.partition_point(|index| *entries[*index].0 <= *name);
        order[..after].last().copied().filter(|index| entries[*index].0 == name)
    }

    /// Returns the span to display for this value. A scalar on one line is displayed itself. For a larger or empty
    /// value, and for a child that is absent, it is the key. For an item of a list, and for the document, it is the
    /// first line.
    fn displayed(&self, json: &Json<'_>, is_present: bool, lines: &Lines<'_>) -> Span {
        let is_scalar = !matches!(json, Json::Array(_) | Json::Object(_));
        let first_line = lines.first_line(self.value.clone());
        let is_short = !self.value.is_empty() && lines.text()[self.value.clone()].trim_end().len() == first_line.len();
        match &self.key {
            Some(key) if !(is_present && is_scalar && is_short) => key.clone(),
            _ => first_line,
        }
    }
}

fn child<'j, 't>(json: &'j Json<'t>, index: usize) -> Option<&'j Json<'t>> {
    json.items().get(index).or_else(|| json.entries().get(index).map(|(_, value)| value))
}
