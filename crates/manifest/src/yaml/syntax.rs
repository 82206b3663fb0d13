//! A document as it is written: which map has which keys where, and what is an alias, in braces or in quotes. What it
//! means is not told here.

use std::borrow::Cow;
use std::collections::HashSet;

use super::Fault;
use super::event::{Event, YamlEvents};
use super::json_text::JsonText;
use super::place::Span;
use super::scalar::{Scalar, resolve};
use super::stream;
use crate::path::{FieldPath, Step};

/// A text's documents. What cannot be read is left out.
pub(super) fn of(text: &str) -> Vec<Syntax> {
    let mut documents = Vec::new();
    for chunk in stream::chunks(text).filter(|chunk| chunk.fault.is_none()) {
        let (mut rest, mut offset) = (chunk.text, chunk.offset);
        if rest.trim_start().starts_with('{') {
            let (values, end) = JsonText::split(rest, offset);
            for mut value in values {
                Reader { text, events: &mut value, aliased: HashSet::new() }.all(true, &mut documents);
            }
            (rest, offset) = (&rest[end..], offset + end);
        }
        let mut events = YamlEvents::new(rest, offset);
        Reader { text, events: &mut events, aliased: HashSet::new() }.all(false, &mut documents);
    }
    documents
}

/// A document.
#[derive(Debug)]
pub(super) struct Syntax {
    pub(super) root: Node,
    /// Whether it is JSON, and not only YAML.
    pub(super) is_json: bool,
    /// The anchors that aliases stand for.
    aliased: HashSet<usize>,
}

#[derive(Debug)]
pub(super) struct Node {
    /// Where the value begins, behind an anchor and a tag. Of a list in block style, where its first item begins.
    pub(super) start: usize,
    /// Where its last character ends; comments and empty lines behind it do not count.
    pub(super) end: usize,
    pub(super) kind: Kind,
    anchor: usize,
}

#[derive(Debug)]
pub(super) enum Kind {
    Scalar(Style),
    Alias,
    Map { flow: bool, entries: Vec<Entry> },
    List { flow: bool, items: Vec<Node> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Nothing at all, which is null.
    Empty,
    Plain,
    SingleQuoted,
    DoubleQuoted,
    /// `|` or `>`; it begins behind its first line.
    Block,
}

#[derive(Debug)]
pub(super) struct Entry {
    /// What the key means; nothing where that is not written here.
    pub(super) name: Option<String>,
    pub(super) key: Span,
    pub(super) value: Node,
}

impl Syntax {
    /// Whether the node, or what is in it, is meant by an alias elsewhere.
    pub(super) fn is_shared(&self, node: &Node) -> bool {
        self.aliased.contains(&node.anchor)
    }
}

impl Node {
    /// The path of the map that begins at a byte.
    pub(super) fn path_to(&self, start: usize) -> Option<FieldPath> {
        let (mut node, mut path) = (self, FieldPath::root());
        loop {
            // Of a list and its first item, that is a map, both begin there.
            match &node.kind {
                Kind::Map { .. } if node.start == start => return Some(path),
                Kind::Map { entries, .. } => {
                    let index = entries.partition_point(|entry| entry.key.start <= start).checked_sub(1)?;
                    let entry = &entries[index];
                    path = path.step(Step::Key(entry.name.clone()?));
                    node = &entry.value;
                }
                Kind::List { items, .. } => {
                    let index = items.partition_point(|item| item.start <= start).checked_sub(1)?;
                    path = path.index(index);
                    node = &items[index];
                }
                Kind::Scalar(_) | Kind::Alias => return None,
            }
        }
    }

    /// The last entry of a name.
    pub(super) fn entry(&self, name: &str) -> Option<usize> {
        let Kind::Map { entries, .. } = &self.kind else { return None };
        entries.iter().rposition(|entry| entry.name.as_deref() == Some(name))
    }

    /// The keys and the scalars that begin in a stretch of the text, in order.
    pub(super) fn scalars(&self, bytes: &Span) -> Vec<Span> {
        let mut found = Vec::new();
        self.find_scalars(bytes, &mut found);
        found
    }

    fn find_scalars(&self, bytes: &Span, found: &mut Vec<Span>) {
        match &self.kind {
            Kind::Scalar(_) => found.extend(bytes.contains(&self.start).then_some(self.start..self.end)),
            Kind::Map { entries, .. } => {
                let from = entries.partition_point(|entry| entry.value.end <= bytes.start);
                for Entry { key, value, .. } in entries[from..].iter().take_while(|entry| entry.key.start < bytes.end) {
                    found.extend(bytes.contains(&key.start).then_some(key.clone()));
                    value.find_scalars(bytes, found);
                }
            }
            Kind::List { items, .. } => {
                let from = items.partition_point(|item| item.end <= bytes.start);
                let items = items[from..].iter().take_while(|item| item.start < bytes.end);
                items.for_each(|item| item.find_scalars(bytes, found));
            }
            Kind::Alias => {}
        }
    }
}

/// As deep as a document may be that can be read.
const DEEPEST: usize = 127;

struct Reader<'r, E> {
    text: &'r str,
    events: &'r mut E,
    aliased: HashSet<usize>,
}

/// What is not what was expected; then the document cannot be read either.
struct Broken;

impl<'t, E: Iterator<Item = Result<(Event<'t>, Span), Fault>>> Reader<'_, E> {
    fn all(&mut self, is_json: bool, documents: &mut Vec<Syntax>) {
        while let Some(Ok(next)) = self.events.next() {
            if matches!(next.0, Event::DocumentEnd) {
                continue;
            }
            let Ok(root) = self.node(next, 0) else { return };
            let aliased = std::mem::take(&mut self.aliased);
            documents.push(Syntax { root, is_json, aliased });
        }
    }

    fn next(&mut self) -> Result<(Event<'t>, Span), Broken> {
        self.events.next().ok_or(Broken)?.map_err(|_| Broken)
    }

    fn node(&mut self, (event, span): (Event<'t>, Span), depth: usize) -> Result<Node, Broken> {
        if depth > DEEPEST {
            return Err(Broken);
        }
        let flow = !span.is_empty();
        let (kind, anchor, end) = match event {
            Event::Scalar { plain, anchor, .. } => {
                let style = self.style(&span, plain);
                let end = if style == Style::Block { self.trimmed(&span) } else { span.end };
                (Kind::Scalar(style), anchor, end)
            }
            Event::Alias(anchor) => {
                self.aliased.insert(anchor);
                (Kind::Alias, 0, span.end)
            }
            Event::ListStart { anchor } => {
                let (mut items, mut end) = (Vec::<Node>::new(), span.end);
                loop {
                    let next = self.next()?;
                    if matches!(next.0, Event::End) {
                        end = if flow { next.1.end } else { items.last().map_or(end, |last| last.end) };
                        break (Kind::List { flow, items }, anchor, end);
                    }
                    let item = self.node(next, depth + 1)?;
                    end = item.end;
                    items.push(item);
                }
            }
            Event::MapStart { anchor } => {
                let (mut entries, mut end) = (Vec::<Entry>::new(), span.end);
                loop {
                    let (event, key) = self.next()?;
                    let name = match event {
                        Event::End => {
                            end = if flow { key.end } else { end };
                            break (Kind::Map { flow, entries }, anchor, end);
                        }
                        Event::Scalar { text, plain, tag, .. } if text != "<<" || !plain => {
                            resolve(text, plain, tag).and_then(Scalar::into_key).ok().map(Cow::into_owned)
                        }
                        Event::Alias(anchor) => {
                            self.aliased.insert(anchor);
                            None
                        }
                        _ => None,
                    };
                    let next = self.next()?;
                    let mut value = self.node(next, depth + 1)?;
                    if matches!(value.kind, Kind::Scalar(Style::Empty)) {
                        value.end = value.end.max(behind_colon(self.text, key.end).unwrap_or_default());
                    }
                    end = value.end;
                    entries.push(Entry { name, key, value });
                }
            }
            Event::End | Event::DocumentEnd => return Err(Broken),
        };
        Ok(Node { start: span.start, end, kind, anchor })
    }

    fn style(&self, span: &Span, plain: bool) -> Style {
        match self.text.as_bytes().get(span.start) {
            _ if plain && span.is_empty() => Style::Empty,
            _ if plain => Style::Plain,
            Some(b'\'') if span.end - span.start > 1 && self.text[..span.end].ends_with('\'') => Style::SingleQuoted,
            Some(b'"') if span.end - span.start > 1 && self.text[..span.end].ends_with('"') => Style::DoubleQuoted,
            _ => Style::Block,
        }
    }

    fn trimmed(&self, span: &Span) -> usize {
        span.start + self.text[span.clone()].trim_end().len()
    }
}

/// The place behind the colon that ends a key.
pub(super) fn behind_colon(text: &str, key_end: usize) -> Option<usize> {
    let at = skip_blanks(text, key_end);
    text[at..].starts_with(':').then_some(at + 1)
}

/// The dash of an item of a list in block style. `from` is where the item before ends, or the list is about to begin.
pub(super) fn dash(text: &str, from: usize) -> Option<usize> {
    let mut at = skip_blanks(text, from);
    // The anchor and the tag of the list.
    while text[at..].starts_with(['&', '!']) {
        let property = text[at..].find(char::is_whitespace)?;
        at = skip_blanks(text, at + property);
    }
    text[at..].starts_with('-').then_some(at)
}

/// The next place that is neither blank nor part of a comment.
fn skip_blanks(text: &str, mut at: usize) -> usize {
    loop {
        let rest = &text[at..];
        at += rest.len() - rest.trim_start().len();
        if !text[at..].starts_with('#') {
            return at;
        }
        at += text[at..].find('\n').unwrap_or(text.len() - at);
    }
}
