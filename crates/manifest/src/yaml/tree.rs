//! Builds a value and its spans from parser events.

use std::borrow::Cow;
use std::collections::HashMap;

use super::SyntaxError;
use super::event::Event;
use super::note::{MAX_NOTES, NoteKind, RawNote};
use super::scalar::{Scalar, ScalarType, Tag, resolve};
use super::span_tree::{Span, SpanTree};
use crate::json::{Json, Object};
use crate::path::{FieldPath, Step};

/// The maximum nesting depth of lists and maps. An `AdmissionReview` has the same limit, that of `serde_json`.
const MAX_DEPTH: usize = 127;

/// The maximum total weight of the values that anchors and aliases copy, in bytes. kube-apiserver accepts no request
/// above 3 MiB.
const MAX_COPIED: usize = 8 << 20;

/// The weight of a node in addition to its text. A node takes more memory, and fewer bytes of a request.
const NODE: usize = 16;

/// The number of keys from which a map has an index of its keys.
const INDEXED: usize = 16;

/// A complete value.
#[derive(Clone, Debug)]
struct Node<'t> {
    json: Json<'t>,
    spans: SpanTree,
    /// The length of its text, plus [`NODE`] for each node.
    weight: usize,
    /// The nesting depth of its lists and maps.
    height: usize,
}

/// A list or a map that is not complete yet.
struct Frame<'t> {
    start: usize,
    anchor: usize,
    weight: usize,
    height: usize,
    children: Vec<SpanTree>,
    content: Content<'t>,
}

enum Content<'t> {
    List(Vec<Json<'t>>),
    Map(MapContent<'t>),
}

#[derive(Default)]
struct MapContent<'t> {
    entries: Vec<(Cow<'t, str>, Json<'t>)>,
    index: HashMap<Cow<'t, str>, usize>,
    /// For each entry, its first key that is written in this map, and not merged with `<<`.
    written: Vec<Option<WrittenKey>>,
    key: Option<Key<'t>>,
}

struct Key<'t> {
    name: Cow<'t, str>,
    written: WrittenKey,
    is_merge: bool,
}

#[derive(Clone)]
struct WrittenKey {
    span: Span,
    /// The type of the key before it becomes a string.
    scalar_type: ScalarType,
}

#[derive(Default)]
pub(super) struct Builder<'t> {
    frames: Vec<Frame<'t>>,
    anchors: HashMap<usize, Node<'t>>,
    copied: usize,
    notes: Vec<RawNote>,
}

/// A document that is read as kubectl reads it.
pub(super) struct ReadDocument<'t> {
    pub(super) json: Json<'t>,
    pub(super) spans: SpanTree,
    pub(super) notes: Vec<RawNote>,
}

impl<'t> Builder<'t> {
    /// Reads one document. Returns `None` if no events are left. An empty document is `null`.
    pub(super) fn read(
        events: &mut impl Iterator<Item = Result<(Event<'t>, Span), SyntaxError>>,
    ) -> Option<Result<ReadDocument<'t>, SyntaxError>> {
        Self::read_document(events, false)
    }

    /// Reads one document as go-yaml's `Unmarshal` does: errors after the end of the document are not detected.
    pub(super) fn read_first(
        events: &mut impl Iterator<Item = Result<(Event<'t>, Span), SyntaxError>>,
    ) -> Option<Result<ReadDocument<'t>, SyntaxError>> {
        Self::read_document(events, true)
    }

    fn read_document(
        events: &mut impl Iterator<Item = Result<(Event<'t>, Span), SyntaxError>>,
        ends_with_root: bool,
    ) -> Option<Result<ReadDocument<'t>, SyntaxError>> {
        let mut builder = Self::default();
        let mut root = None;
        for event in events {
            let node = match event {
                Ok((Event::DocumentEnd, _)) => break,
                Ok((event, span)) => builder.process(event, span),
                Err(error) => Err(error),
            };
            match node {
                Ok(Some(node)) => {
                    root = Some(node);
                    if ends_with_root {
                        break;
                    }
                }
                Ok(None) => (),
                Err(error) => return Some(Err(error)),
            }
        }
        root.map(|node| Ok(ReadDocument { json: node.json, spans: node.spans, notes: builder.notes }))
    }

    /// Processes an event. Returns the document's value when it is complete.
    fn process(&mut self, event: Event<'t>, span: Span) -> Result<Option<Node<'t>>, SyntaxError> {
        let (node, is_alias) = match event {
            Event::Scalar { text, plain, tag, anchor, outdented } => {
                if self.map_without_key().is_some() {
                    let is_merge = text == "<<" && (plain && tag.is_none() || tag == Some(Tag::Merge));
                    let key =
                        resolve(text, plain, tag).and_then(|scalar| Ok((scalar.scalar_type(), scalar.into_key()?)));
                    let (scalar_type, name) = key.map_err(|message| SyntaxError::new(message, span.start))?;
                    if anchor != 0 {
                        let spans = SpanTree { value: span.clone(), ..SpanTree::default() };
                        let (json, weight) = (Json::String(name.clone()), NODE + name.len());
                        self.remember(anchor, &Node { json, spans, weight, height: 0 }, span.start)?;
                    }
                    self.begin_entry(Key { name, written: WrittenKey { span, scalar_type }, is_merge });
                    return Ok(None);
                }
                if let Some(line) = outdented {
                    let (kind, path) = (NoteKind::QuotedIndent, self.path());
                    self.note(RawNote { kind, path, span: line..line, first: None, dropped: None });
                }
                let weight = NODE + text.len();
                let json = resolve(text, plain, tag).and_then(Scalar::into_json);
                let json = json.map_err(|message| SyntaxError::new(message, span.start))?;
                let node = Node { json, spans: SpanTree { value: span, ..SpanTree::default() }, weight, height: 0 };
                self.remember(anchor, &node, node.spans.value.start)?;
                (node, false)
            }
            Event::Alias(anchor) => {
                let node = self.recall(anchor, span.start)?;
                if self.map_without_key().is_some() {
                    let Json::String(name) = node.json else {
                        return Err(SyntaxError::new("an alias as a key must refer to a string", span.start));
                    };
                    let scalar_type = ScalarType::Text;
                    self.begin_entry(Key { name, written: WrittenKey { span, scalar_type }, is_merge: false });
                    return Ok(None);
                }
                (node, true)
            }
            Event::ListStart { anchor } => {
                return self.open(span.start, anchor, Content::List(Vec::new())).map(|()| None);
            }
            Event::MapStart { anchor } => {
                return self.open(span.start, anchor, Content::Map(MapContent::default())).map(|()| None);
            }
            Event::End => (self.close(span.end)?, false),
            Event::DocumentEnd => return Ok(None),
        };
        self.add(node, is_alias)
    }

    /// Returns the innermost open map, if its next event is a key.
    fn map_without_key(&mut self) -> Option<&mut MapContent<'t>> {
        match self.frames.last_mut().map(|frame| &mut frame.content) {
            Some(Content::Map(map)) if map.key.is_none() => Some(map),
            _ => None,
        }
    }

    fn open(&mut self, start: usize, anchor: usize, content: Content<'t>) -> Result<(), SyntaxError> {
        if self.map_without_key().is_some() {
            return Err(SyntaxError::new("a key must be a string, not a list or a map", start));
        }
        if self.frames.len() >= MAX_DEPTH {
            return Err(SyntaxError::too_deep(start));
        }
        self.frames.push(Frame { start, anchor, weight: NODE, height: 0, children: Vec::new(), content });
        Ok(())
    }

    fn close(&mut self, end: usize) -> Result<Node<'t>, SyntaxError> {
        let Some(frame) = self.frames.pop() else {
            return Err(SyntaxError::new("the end of a list or map that has no start", end));
        };
        let json = match frame.content {
            Content::List(items) => Json::Array(items),
            Content::Map(map) => Json::Object(Object(map.entries)),
        };
        let value = frame.start..end.max(frame.start);
        let spans = SpanTree { value, children: frame.children, ..SpanTree::default() };
        let node = Node { json, spans, weight: frame.weight, height: frame.height + 1 };
        self.remember(frame.anchor, &node, frame.start)?;
        Ok(node)
    }

    /// Adds a value to the innermost open list or map. Returns it if it is the document's value.
    fn add(&mut self, node: Node<'t>, is_alias: bool) -> Result<Option<Node<'t>>, SyntaxError> {
        let Some(frame) = self.frames.last_mut() else { return Ok(Some(node)) };
        frame.weight += node.weight;
        frame.height = frame.height.max(node.height);
        match &mut frame.content {
            Content::List(items) => {
                items.push(node.json);
                frame.children.push(node.spans);
            }
            Content::Map(map) => match map.key.take() {
                Some(Key { written, is_merge: true, .. }) => {
                    map.merge(node, is_alias, written.span.start, &mut frame.children)?;
                }
                Some(Key { name, written, .. }) => {
                    let spans = SpanTree { key: Some(written.span.clone()), ..node.spans };
                    map.insert(name, node.json, spans, Some(written), &mut frame.children);
                }
                None => return Err(SyntaxError::new("a value without a key", node.spans.value.start)),
            },
        }
        Ok(None)
    }

    fn begin_entry(&mut self, key: Key<'t>) {
        if !key.is_merge {
            self.note_duplicate(&key);
        }
        if let Some(map) = self.map_without_key() {
            map.key = Some(key);
        }
    }

    /// Adds a note if the innermost map already has an entry with this key.
    fn note_duplicate(&mut self, key: &Key<'t>) {
        let Some(Frame { children, content: Content::Map(map), .. }) = self.frames.last() else { return };
        let Some(index) = map.find(&key.name) else { return };
        let Some(first) = map.written[index].clone() else { return };
        let is_same = first.scalar_type == key.written.scalar_type;
        let kind = if is_same { NoteKind::DuplicateKey } else { NoteKind::AmbiguousKey };
        let (dropped, path) = (Some(children[index].value.clone()), self.path().step(step(&key.name)));
        // The notes on the dropped value.
        self.notes.retain(|note| note.path == path || !note.path.starts_with(&path));
        self.note(RawNote { kind, path, span: key.written.span.clone(), first: Some(first.span), dropped });
    }

    fn note(&mut self, note: RawNote) {
        if self.notes.len() < MAX_NOTES {
            self.notes.push(note);
        }
    }

    /// Returns the path of the value that is read, or, before a key, of its map. The entries of a map that is merged with `<<` have the path that
    /// they have after the merge.
    fn path(&self) -> FieldPath {
        let (mut path, mut is_merged) = (FieldPath::root(), false);
        for frame in &self.frames {
            match &frame.content {
                Content::Map(MapContent { key: Some(key), .. }) => {
                    is_merged = key.is_merge;
                    path = if is_merged { path } else { path.step(step(&key.name)) };
                }
                Content::List(items) if !is_merged => path = path.index(items.len()),
                Content::List(_) | Content::Map(_) => (),
            }
        }
        path
    }

    fn remember(&mut self, anchor: usize, node: &Node<'t>, at: usize) -> Result<(), SyntaxError> {
        if anchor != 0 {
            self.count_copy(node.weight, at)?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(())
    }

    fn recall(&mut self, anchor: usize, at: usize) -> Result<Node<'t>, SyntaxError> {
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(SyntaxError::new("the alias is inside the value that it refers to", at));
        };
        if self.frames.len() + node.height > MAX_DEPTH {
            return Err(SyntaxError::too_deep(at));
        }
        let weight = node.weight;
        self.count_copy(weight, at)?;
        Ok(self.anchors[&anchor].clone())
    }

    fn count_copy(&mut self, weight: usize, at: usize) -> Result<(), SyntaxError> {
        self.copied = self.copied.saturating_add(weight);
        if self.copied > MAX_COPIED {
            return Err(SyntaxError::new(
                "aliases expand the document beyond the size that the API server accepts",
                at,
            ));
        }
        Ok(())
    }
}

impl<'t> MapContent<'t> {
    fn find(&self, name: &str) -> Option<usize> {
        if self.entries.len() < INDEXED {
            return self.entries.iter().position(|(key, _)| key == name);
        }
        self.index.get(name).copied()
    }

    fn insert(
        &mut self,
        name: Cow<'t, str>,
        json: Json<'t>,
        spans: SpanTree,
        written: Option<WrittenKey>,
        children: &mut Vec<SpanTree>,
    ) {
        if let Some(index) = self.find(&name) {
            (self.entries[index].1, children[index]) = (json, spans);
            self.written[index] = self.written[index].take().or(written);
            return;
        }
        self.entries.push((name, json));
        self.written.push(written);
        children.push(spans);
        if self.entries.len() >= INDEXED {
            for (index, (name, _)) in self.entries.iter().enumerate().skip(self.index.len()) {
                self.index.insert(name.clone(), index);
            }
        }
    }

    /// Merges the value of `<<`. As in go-yaml v2, a merge replaces the entries before it, and the first of several
    /// maps counts.
    fn merge(
        &mut self,
        node: Node<'t>,
        is_alias: bool,
        at: usize,
        children: &mut Vec<SpanTree>,
    ) -> Result<(), SyntaxError> {
        let is_empty_list = !is_alias && matches!(&node.json, Json::Array(items) if items.is_empty());
        let maps = match node.json {
            Json::Object(object) => vec![(Json::Object(object), node.spans)],
            Json::Array(items) if !is_alias => items.into_iter().zip(node.spans.children).rev().collect(),
            _ => Vec::new(),
        };
        if !is_empty_list && maps.is_empty() || maps.iter().any(|(json, _)| json.as_object().is_none()) {
            return Err(SyntaxError::new("the value of << must be a map or a list of maps", at));
        }
        for (json, spans) in maps {
            let Json::Object(Object(entries)) = json else { continue };
            for ((name, json), spans) in entries.into_iter().zip(spans.children) {
                self.insert(name, json, spans, None, children);
            }
        }
        Ok(())
    }
}

/// Returns the step to an entry: a field if the key can be the name of a field, else a key that the user chooses.
fn step(name: &str) -> Step {
    let is_field = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_field { Step::Field(Cow::Owned(name.to_owned())) } else { Step::Key(name.to_owned()) }
}
