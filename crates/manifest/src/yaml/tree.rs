//! Builds a value and its spans from parser events.

use std::borrow::Cow;
use std::collections::HashMap;

use super::SyntaxError;
use super::event::Event;
use super::scalar::{Tag, resolve};
use super::span_tree::{Span, SpanTree};
use crate::json::{Json, Object};

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
    /// For each entry, whether it is written in this map, and not merged with `<<`.
    written: Vec<bool>,
    key: Option<Key<'t>>,
}

struct Key<'t> {
    name: Cow<'t, str>,
    span: Span,
    is_merge: bool,
}

#[derive(Default)]
pub(super) struct Builder<'t> {
    frames: Vec<Frame<'t>>,
    anchors: HashMap<usize, Node<'t>>,
    copied: usize,
    is_lenient: bool,
    /// The first duplicate key that was read leniently.
    duplicate: Option<SyntaxError>,
}

/// A document that is read as go-yaml reads it.
pub(super) struct LenientDocument<'t> {
    pub(super) json: Json<'t>,
    pub(super) spans: SpanTree,
    /// The first duplicate key.
    pub(super) duplicate: Option<SyntaxError>,
}

impl<'t> Builder<'t> {
    /// Reads one document. Returns `None` if no events are left. An empty document is `null`.
    pub(super) fn read(
        events: &mut impl Iterator<Item = Result<(Event<'t>, Span), SyntaxError>>,
    ) -> Option<Result<(Json<'t>, SpanTree), SyntaxError>> {
        Self::default().read_document(events)
    }

    /// Reads one document as go-yaml does: errors after the end of the document are not detected, and the last of two
    /// equal keys counts.
    pub(super) fn read_leniently(
        events: &mut impl Iterator<Item = Result<(Event<'t>, Span), SyntaxError>>,
    ) -> Option<Result<LenientDocument<'t>, SyntaxError>> {
        let mut builder = Self { is_lenient: true, ..Self::default() };
        let document = builder.read_document(events)?;
        Some(document.map(|(json, spans)| LenientDocument { json, spans, duplicate: builder.duplicate }))
    }

    fn read_document(
        &mut self,
        events: &mut impl Iterator<Item = Result<(Event<'t>, Span), SyntaxError>>,
    ) -> Option<Result<(Json<'t>, SpanTree), SyntaxError>> {
        let mut root = None;
        for event in events {
            let node = match event {
                Ok((Event::DocumentEnd, _)) => break,
                Ok((event, span)) => self.process(event, span),
                Err(error) => Err(error),
            };
            match node {
                Ok(Some(node)) => {
                    root = Some(node);
                    if self.is_lenient {
                        break;
                    }
                }
                Ok(None) => (),
                Err(error) => return Some(Err(error)),
            }
        }
        root.map(|node| Ok((node.json, node.spans)))
    }

    /// Processes an event. Returns the document's value when it is complete.
    fn process(&mut self, event: Event<'t>, span: Span) -> Result<Option<Node<'t>>, SyntaxError> {
        let (node, is_alias) = match event {
            Event::Scalar { text, plain, tag, anchor } => {
                if self.map_without_key().is_some() {
                    let is_merge = text == "<<" && (plain && tag.is_none() || tag == Some(Tag::Merge));
                    let name = resolve(text, plain, tag).and_then(super::scalar::Scalar::into_key);
                    let name = name.map_err(|message| SyntaxError::new(message, span.start))?;
                    if anchor != 0 {
                        let spans = SpanTree { value: span.clone(), ..SpanTree::default() };
                        let (json, weight) = (Json::String(name.clone()), NODE + name.len());
                        self.remember(anchor, &Node { json, spans, weight, height: 0 }, span.start)?;
                    }
                    return self.begin_entry(Key { name, span, is_merge }).map(|()| None);
                }
                let weight = NODE + text.len();
                let json = resolve(text, plain, tag).and_then(super::scalar::Scalar::into_json);
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
                    return self.begin_entry(Key { name, span, is_merge: false }).map(|()| None);
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
                Some(Key { span, is_merge: true, .. }) => map.merge(node, is_alias, span.start, &mut frame.children)?,
                Some(Key { name, span, .. }) => {
                    map.insert(name, node.json, SpanTree { key: Some(span), ..node.spans }, true, &mut frame.children);
                }
                None => return Err(SyntaxError::new("a value without a key", node.spans.value.start)),
            },
        }
        Ok(None)
    }

    fn begin_entry(&mut self, key: Key<'t>) -> Result<(), SyntaxError> {
        let Some(Frame { children, content: Content::Map(map), .. }) = self.frames.last_mut() else { return Ok(()) };
        if !key.is_merge
            && self.duplicate.is_none()
            && let Some(index) = map.find(&key.name).filter(|index| map.written[*index])
        {
            let first = children[index].key.clone().unwrap_or_default();
            let error = SyntaxError::duplicate(&key.name, key.span.clone(), first);
            if !self.is_lenient {
                return Err(error);
            }
            self.duplicate = Some(error);
        }
        map.key = Some(key);
        Ok(())
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
        written: bool,
        children: &mut Vec<SpanTree>,
    ) {
        if let Some(index) = self.find(&name) {
            (self.entries[index].1, self.written[index], children[index]) = (json, written, spans);
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
        let maps = match node.json {
            Json::Object(object) => vec![(Json::Object(object), node.spans)],
            Json::Array(items) if !is_alias => items.into_iter().zip(node.spans.children).rev().collect(),
            _ => Vec::new(),
        };
        if maps.is_empty() || maps.iter().any(|(json, _)| json.as_object().is_none()) {
            return Err(SyntaxError::new("the value of << must be a map or a list of maps", at));
        }
        for (json, spans) in maps {
            let Json::Object(Object(entries)) = json else { continue };
            for ((name, json), spans) in entries.into_iter().zip(spans.children) {
                self.insert(name, json, spans, false, children);
            }
        }
        Ok(())
    }
}
