//! Events put together to a value, with the place of everything in it.

use std::borrow::Cow;
use std::collections::HashMap;

use super::Fault;
use super::event::Event;
use super::place::{Place, Span};
use super::scalar::{Tag, resolve};
use crate::json::{Json, Object};

/// How deep lists and maps may lie in each other: as deep as in an `AdmissionReview`, where `serde_json` draws the line.
const DEEPEST: usize = 127;

/// How much anchors and aliases may multiply, in bytes. kube-apiserver takes no request above 3 MiB.
const MOST_COPIED: usize = 8 << 20;

/// What a node counts beside its text. It takes more memory than that, and few bytes of a request.
const NODE: usize = 16;

/// From so many keys on, a map's keys are looked up in an index.
const INDEXED: usize = 16;

/// A value that is complete.
#[derive(Clone, Debug)]
struct Node<'t> {
    json: Json<'t>,
    place: Place,
    /// How many nodes and bytes of text it has.
    weight: usize,
    /// How many lists and maps lie in each other.
    height: usize,
}

/// A list or a map that is still open.
struct Frame<'t> {
    start: usize,
    anchor: usize,
    weight: usize,
    height: usize,
    places: Vec<Place>,
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
    /// For each entry, whether it was written here, and not merged in.
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
}

impl<'t> Builder<'t> {
    /// Reads one document; `None` where there is no more. `null` and nothing are documents, too.
    pub(super) fn read(
        events: &mut impl Iterator<Item = Result<(Event<'t>, Span), Fault>>,
    ) -> Option<Result<(Json<'t>, Place), Fault>> {
        Self::default().read_document(events)
    }

    /// Reads one document as go-yaml does: it does not see what stands behind its end, and of two equal keys the last one
    /// counts.
    pub(super) fn read_leniently(
        events: &mut impl Iterator<Item = Result<(Event<'t>, Span), Fault>>,
    ) -> Option<Result<(Json<'t>, Place), Fault>> {
        Self { is_lenient: true, ..Self::default() }.read_document(events)
    }

    fn read_document(
        mut self,
        events: &mut impl Iterator<Item = Result<(Event<'t>, Span), Fault>>,
    ) -> Option<Result<(Json<'t>, Place), Fault>> {
        let mut root = None;
        for event in events {
            let node = match event {
                Ok((Event::DocumentEnd, _)) => break,
                Ok((event, span)) => self.take(event, span),
                Err(fault) => Err(fault),
            };
            match node {
                Ok(Some(node)) => {
                    root = Some(node);
                    if self.is_lenient {
                        break;
                    }
                }
                Ok(None) => (),
                Err(fault) => return Some(Err(fault)),
            }
        }
        root.map(|node| Ok((node.json, node.place)))
    }

    /// Takes an event, and gives the document's value once that is complete.
    fn take(&mut self, event: Event<'t>, span: Span) -> Result<Option<Node<'t>>, Fault> {
        let (node, is_alias) = match event {
            Event::Scalar { text, plain, tag, anchor } => {
                if self.map_without_key().is_some() {
                    let is_merge = text == "<<" && (plain && tag.is_none() || tag == Some(Tag::Merge));
                    let name = resolve(text, plain, tag).and_then(super::scalar::Scalar::into_key);
                    let name = name.map_err(|message| Fault::new(message, span.start))?;
                    if anchor != 0 {
                        let place = Place { value: span.clone(), ..Place::default() };
                        let (json, weight) = (Json::String(name.clone()), NODE + name.len());
                        self.remember(anchor, &Node { json, place, weight, height: 0 }, span.start)?;
                    }
                    return self.begin_entry(Key { name, span, is_merge }).map(|()| None);
                }
                let weight = NODE + text.len();
                let json = resolve(text, plain, tag).and_then(super::scalar::Scalar::into_json);
                let json = json.map_err(|message| Fault::new(message, span.start))?;
                let node = Node { json, place: Place { value: span, ..Place::default() }, weight, height: 0 };
                self.remember(anchor, &node, node.place.value.start)?;
                (node, false)
            }
            Event::Alias(anchor) => {
                let node = self.recall(anchor, span.start)?;
                if self.map_without_key().is_some() {
                    let Json::String(name) = node.json else {
                        return Err(Fault::new("an alias that stands as a key must stand for a string", span.start));
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

    /// The map that waits for a key, if there is one.
    fn map_without_key(&mut self) -> Option<&mut MapContent<'t>> {
        match self.frames.last_mut().map(|frame| &mut frame.content) {
            Some(Content::Map(map)) if map.key.is_none() => Some(map),
            _ => None,
        }
    }

    fn open(&mut self, start: usize, anchor: usize, content: Content<'t>) -> Result<(), Fault> {
        if self.map_without_key().is_some() {
            return Err(Fault::new("a key must be a string, not a list or a map", start));
        }
        if self.frames.len() >= DEEPEST {
            return Err(Fault::too_deep(start));
        }
        self.frames.push(Frame { start, anchor, weight: NODE, height: 0, places: Vec::new(), content });
        Ok(())
    }

    fn close(&mut self, end: usize) -> Result<Node<'t>, Fault> {
        let Some(frame) = self.frames.pop() else { return Err(Fault::new("nothing is open here", end)) };
        let json = match frame.content {
            Content::List(items) => Json::Array(items),
            Content::Map(map) => Json::Object(Object(map.entries)),
        };
        let value = frame.start..end.max(frame.start);
        let place = Place { value, children: frame.places, ..Place::default() };
        let node = Node { json, place, weight: frame.weight, height: frame.height + 1 };
        self.remember(frame.anchor, &node, frame.start)?;
        Ok(node)
    }

    /// Puts a value into the list or map that is open, or gives it back as the document's.
    fn add(&mut self, node: Node<'t>, is_alias: bool) -> Result<Option<Node<'t>>, Fault> {
        let Some(frame) = self.frames.last_mut() else { return Ok(Some(node)) };
        frame.weight += node.weight;
        frame.height = frame.height.max(node.height);
        match &mut frame.content {
            Content::List(items) => {
                items.push(node.json);
                frame.places.push(node.place);
            }
            Content::Map(map) => match map.key.take() {
                Some(Key { span, is_merge: true, .. }) => map.merge(node, is_alias, span.start, &mut frame.places)?,
                Some(Key { name, span, .. }) => {
                    map.insert(name, node.json, Place { key: Some(span), ..node.place }, true, &mut frame.places);
                }
                None => return Err(Fault::new("a value without a key", node.place.value.start)),
            },
        }
        Ok(None)
    }

    fn begin_entry(&mut self, key: Key<'t>) -> Result<(), Fault> {
        let Some(Frame { places, content: Content::Map(map), .. }) = self.frames.last_mut() else { return Ok(()) };
        if !key.is_merge
            && !self.is_lenient
            && let Some(index) = map.find(&key.name).filter(|index| map.written[*index])
        {
            let first = places[index].key.clone().unwrap_or_default();
            return Err(Fault::duplicate(&key.name, key.span, first));
        }
        map.key = Some(key);
        Ok(())
    }

    fn remember(&mut self, anchor: usize, node: &Node<'t>, at: usize) -> Result<(), Fault> {
        if anchor != 0 {
            self.count_copy(node.weight, at)?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(())
    }

    fn recall(&mut self, anchor: usize, at: usize) -> Result<Node<'t>, Fault> {
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(Fault::new("what the alias stands for contains the alias", at));
        };
        if self.frames.len() + node.height > DEEPEST {
            return Err(Fault::too_deep(at));
        }
        let weight = node.weight;
        self.count_copy(weight, at)?;
        Ok(self.anchors[&anchor].clone())
    }

    fn count_copy(&mut self, weight: usize, at: usize) -> Result<(), Fault> {
        self.copied = self.copied.saturating_add(weight);
        if self.copied > MOST_COPIED {
            return Err(Fault::new("aliases make more of the document than the API server would take", at));
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

    fn insert(&mut self, name: Cow<'t, str>, json: Json<'t>, place: Place, written: bool, places: &mut Vec<Place>) {
        if let Some(index) = self.find(&name) {
            (self.entries[index].1, self.written[index], places[index]) = (json, written, place);
            return;
        }
        self.entries.push((name, json));
        self.written.push(written);
        places.push(place);
        if self.entries.len() >= INDEXED {
            for (index, (name, _)) in self.entries.iter().enumerate().skip(self.index.len()) {
                self.index.insert(name.clone(), index);
            }
        }
    }

    /// Merges what stands behind `<<`. As go-yaml v2 does it, a merge replaces what was written before it, and of
    /// several maps the first one counts.
    fn merge(&mut self, node: Node<'t>, is_alias: bool, at: usize, places: &mut Vec<Place>) -> Result<(), Fault> {
        let maps = match node.json {
            Json::Object(object) => vec![(Json::Object(object), node.place)],
            Json::Array(items) if !is_alias => items.into_iter().zip(node.place.children).rev().collect(),
            _ => Vec::new(),
        };
        if maps.is_empty() || maps.iter().any(|(json, _)| json.as_object().is_none()) {
            return Err(Fault::new("<< takes a map, or a list of maps", at));
        }
        for (json, place) in maps {
            let Json::Object(Object(entries)) = json else { continue };
            for ((name, json), place) in entries.into_iter().zip(place.children) {
                self.insert(name, json, place, false, places);
            }
        }
        Ok(())
    }
}
