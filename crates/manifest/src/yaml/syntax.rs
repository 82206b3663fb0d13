//! The syntax tree of a document: the spans of keys and values, and their styles. It has no values.

use std::borrow::Cow;
use std::collections::HashSet;

use super::SyntaxError;
use super::event::Event;
use super::json_text::JsonText;
use super::kubectl::KubectlEvents;
use super::scalar::{Scalar, resolve};
use super::span_tree::Span;
use super::stream;
use crate::path::{FieldPath, Step};

/// Returns the syntax trees of the documents of a text, without those that cannot be read.
pub(super) fn of(text: &str) -> Vec<Syntax> {
    let mut documents = Vec::new();
    for section in stream::raw_sections(text).filter(|section| section.error.is_none()) {
        let (mut rest, mut offset) = (section.text, section.offset);
        if rest.trim_start().starts_with('{') {
            let (values, end) = JsonText::split(rest, offset);
            for mut value in values {
                Parser { text, events: &mut value, aliased: HashSet::new() }.all(true, &mut documents);
            }
            (rest, offset) = (&rest[end..], offset + end);
        }
        let mut events = KubectlEvents::new(rest, offset);
        Parser { text, events: &mut events, aliased: HashSet::new() }.all(false, &mut documents);
    }
    documents
}

/// The syntax tree of a document.
#[derive(Debug)]
pub(super) struct Syntax {
    pub(super) root: Node,
    /// Whether the document is JSON.
    pub(super) is_json: bool,
    /// The anchors that aliases refer to.
    aliased: HashSet<usize>,
}

#[derive(Debug)]
pub(super) struct Node {
    /// The start of the value, after an anchor and a tag. For a list in block style, the start of its first item.
    pub(super) start: usize,
    /// The end of its last character, without the comments and empty lines after it.
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
    /// No text, which is null.
    Empty,
    Plain,
    SingleQuoted,
    DoubleQuoted,
    /// `|` or `>`. The span begins after the line of this indicator.
    Block,
}

#[derive(Debug)]
pub(super) struct Entry {
    /// The key, or `None` for an alias and for `<<`.
    pub(super) name: Option<String>,
    pub(super) key: Span,
    pub(super) value: Node,
}

impl Syntax {
    /// Reports whether an alias elsewhere refers to the node.
    pub(super) fn is_shared(&self, node: &Node) -> bool {
        self.aliased.contains(&node.anchor)
    }
}

impl Node {
    /// Returns the path of the map that begins at a byte.
    pub(super) fn path_to(&self, start: usize) -> Option<FieldPath> {
        let (mut node, mut path) = (self, FieldPath::root());
        loop {
            // A list in block style and its first item begin at the same byte.
            match &node.kind {
                Kind::Map { .. } if node.start == start => return Some(path),
                Kind::Map { entries, .. } => {
                    let index = entries.partition_point(|entry| entry.key.start <= start).checked_sub(1)?;
                    let entry = &entries[index];
                    // The value of an entry that kubectl drops has no path.
                    if entry.name.as_deref().is_some_and(|name| node.entry(name) != Some(index)) {
                        return None;
                    }
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

    /// Returns the index of the last entry with a name.
    pub(super) fn entry(&self, name: &str) -> Option<usize> {
        let Kind::Map { entries, .. } = &self.kind else { return None };
        entries.iter().rposition(|entry| entry.name.as_deref() == Some(name))
    }

    /// Reports whether several entries of this map have a name.
    pub(super) fn is_duplicate(&self, name: &str) -> bool {
        let Kind::Map { entries, .. } = &self.kind else { return false };
        entries.iter().filter(|entry| entry.name.as_deref() == Some(name)).count() > 1
    }

    /// Returns the spans of the keys and scalars that begin in a span of the text, in order.
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

/// The maximum nesting depth of a document that can be read.
const MAX_DEPTH: usize = 127;

struct Parser<'r, E> {
    text: &'r str,
    events: &'r mut E,
    aliased: HashSet<usize>,
}

/// The error for an unexpected event. A document with this error cannot be read by the value parser either.
struct Broken;

impl<'t, E: Iterator<Item = Result<(Event<'t>, Span), SyntaxError>>> Parser<'_, E> {
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
        if depth > MAX_DEPTH {
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
                        value.end = value.end.max(after_colon(self.text, key.end).unwrap_or_default());
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

/// Returns the offset after the colon that ends a key.
pub(super) fn after_colon(text: &str, key_end: usize) -> Option<usize> {
    let at = skip_blanks(text, key_end);
    text[at..].starts_with(':').then_some(at + 1)
}

/// Returns the offset of the dash of an item in a list in block style. `from` is the end of the previous item, or the
/// offset after the colon or dash before the list.
pub(super) fn dash(text: &str, from: usize) -> Option<usize> {
    let mut at = skip_blanks(text, from);
    // The anchor and the tag of the list.
    while text[at..].starts_with(['&', '!']) {
        let property = text[at..].find(char::is_whitespace)?;
        at = skip_blanks(text, at + property);
    }
    text[at..].starts_with('-').then_some(at)
}

/// Returns the offset of the next character that is neither white space nor part of a comment.
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
