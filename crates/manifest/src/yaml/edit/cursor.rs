//! Finds the replacements in a text for an edit.

use std::ops::Range;

use super::{Obstacle, Replacement, render};
use crate::fix::{Edit, nest};
use crate::json::Json;
use crate::path::{FieldPath, Step};
use crate::yaml::syntax::{Entry, Kind, Node, Style, Syntax, after_colon, dash};

/// A node of a document, with what is needed to edit it.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'s> {
    text: &'s str,
    document: &'s Syntax,
    node: &'s Node,
    /// The offset after the colon or the dash before the node.
    lead: usize,
    /// The offset of the node's key, or, in a list, the offset after its dash.
    key: usize,
    /// Whether the node is within brackets or braces.
    in_flow: bool,
}

/// The nodes along a path, and the steps of the path that do not exist.
type Descent<'s, 'p> = (Vec<Cursor<'s>>, &'p [Step]);

impl<'s> Cursor<'s> {
    /// Returns the replacements for an edit.
    pub(super) fn replacements(text: &'s str, document: &'s Syntax, edit: &Edit) -> Result<Vec<Replacement>, Obstacle> {
        let (trail, left) = Self::descend(text, document, edit.path())?;
        let here = trail.last().ok_or(Obstacle::Absent)?;
        let step = edit.path().steps().last().ok_or(Obstacle::Form)?;
        match edit {
            Edit::Set { value, .. } if left.is_empty() => here.set(value).map(|one| vec![one]),
            Edit::Set { value, .. } => here.add(&left[0], &nest(&left[1..], value)).map(|one| vec![one]),
            // The item at this index moves up.
            Edit::Insert { value, .. } => {
                let list = trail.iter().rev().nth(usize::from(left.is_empty())).ok_or(Obstacle::Absent)?;
                if left.len() > 1 { Err(Obstacle::Absent) } else { list.add(step, value).map(|one| vec![one]) }
            }
            Edit::Rename { name, .. } if left.is_empty() => {
                let parent = trail.iter().rev().nth(1).ok_or(Obstacle::Absent)?;
                parent.rename(step, name).map(|one| vec![one])
            }
            Edit::Remove { .. } if left.is_empty() => {
                let parent = trail.iter().rev().nth(1).ok_or(Obstacle::Absent)?;
                parent.remove(step).map(|one| vec![one])
            }
            Edit::Rename { .. } | Edit::Remove { .. } => Err(Obstacle::Absent),
            Edit::Quote { .. } => Err(Obstacle::Form),
        }
    }

    /// Returns the text of an unquoted scalar.
    pub(super) fn plain_text(text: &'s str, document: &'s Syntax, path: &FieldPath) -> Result<&'s str, Obstacle> {
        let (trail, left) = Self::descend(text, document, path)?;
        match trail.last() {
            Some(here) if left.is_empty() && matches!(here.node.kind, Kind::Scalar(Style::Plain)) => {
                Ok(&text[here.node.start..here.node.end])
            }
            _ => Err(Obstacle::Form),
        }
    }

    fn descend<'p>(text: &'s str, document: &'s Syntax, path: &'p FieldPath) -> Result<Descent<'s, 'p>, Obstacle> {
        let node = &document.root;
        let mut here = Cursor { text, document, node, lead: node.start, key: 0, in_flow: document.is_json };
        let (mut trail, mut left) = (Vec::new(), path.steps());
        loop {
            match here.node.kind {
                Kind::Alias => return Err(Obstacle::Alias),
                _ if document.is_shared(here.node) => return Err(Obstacle::Shared),
                _ => trail.push(here),
            }
            let Some((step, below)) = left.split_first() else { break };
            let Some(next) = here.child(step)? else { break };
            (here, left) = (next, below);
        }
        Ok((trail, left))
    }

    fn child(self, step: &Step) -> Result<Option<Self>, Obstacle> {
        match (&self.node.kind, step) {
            (Kind::Map { flow, entries }, Step::Field(_) | Step::Key(_)) => {
                let Some(index) = step.name().and_then(|name| self.node.entry(name)) else { return Ok(None) };
                let Entry { key, value, .. } = &entries[index];
                let lead = after_colon(self.text, key.end).ok_or(Obstacle::Form)?;
                Ok(Some(Cursor { node: value, lead, key: key.start, in_flow: self.in_flow || *flow, ..self }))
            }
            (Kind::List { flow, items }, Step::Index(index)) => {
                let Some(node) = items.get(*index) else { return Ok(None) };
                let lead = if *flow { node.start } else { self.dash(items, *index)? + 1 };
                Ok(Some(Cursor { node, lead, key: lead, in_flow: self.in_flow || *flow, ..self }))
            }
            _ => Ok(None),
        }
    }

    /// Returns the offset of the dash of an item of this list.
    fn dash(&self, items: &[Node], index: usize) -> Result<usize, Obstacle> {
        let from = if index == 0 { self.lead } else { items[index - 1].end };
        dash(self.text, from).ok_or(Obstacle::Form)
    }

    fn set(&self, value: &Json<'static>) -> Result<Replacement, Obstacle> {
        let Kind::Scalar(style) = self.node.kind else { return Err(Obstacle::Form) };
        let written = render::scalar(value, style, self.document.is_json);
        match style {
            Style::Empty => Ok(self.put(self.lead..self.lead, format!(" {written}"))),
            Style::Block => {
                // The line before the text has an indicator, and perhaps a comment.
                let head = &self.text[self.lead..self.line_end(self.lead)];
                let indicator = head.find(['|', '>']).ok_or(Obstacle::Form)?;
                let comment =
                    head[indicator..].find(" #").map(|at| head[indicator + at..].trim_end()).unwrap_or_default();
                Ok(self.put(self.lead + indicator..self.node.end, format!("{written}{comment}")))
            }
            _ => Ok(self.put(self.node.start..self.node.end, written)),
        }
    }

    fn rename(&self, step: &Step, name: &str) -> Result<Replacement, Obstacle> {
        let (Kind::Map { entries, .. }, Some(old)) = (&self.node.kind, step.name()) else {
            return Err(Obstacle::Absent);
        };
        let entry = &entries[self.node.entry(old).ok_or(Obstacle::Absent)?];
        if self.node.is_duplicate(old) {
            return Err(Obstacle::Duplicate);
        }
        let style = match self.text.as_bytes()[entry.key.start] {
            b'\'' => Style::SingleQuoted,
            b'"' => Style::DoubleQuoted,
            _ => Style::Plain,
        };
        Ok(self.put(entry.key.clone(), render::key(name, style, self.document.is_json)))
    }

    fn remove(&self, step: &Step) -> Result<Replacement, Obstacle> {
        let removal = self.removal(step)?;
        if self.has_comment(&removal.bytes) { Err(Obstacle::Comment) } else { Ok(removal) }
    }

    fn removal(&self, step: &Step) -> Result<Replacement, Obstacle> {
        let (flow, index) = match (&self.node.kind, step) {
            (Kind::Map { .. }, step) if step.name().is_some_and(|name| self.node.is_duplicate(name)) => {
                return Err(Obstacle::Duplicate);
            }
            (Kind::Map { flow, .. }, step) => {
                (*flow, step.name().and_then(|name| self.node.entry(name)).ok_or(Obstacle::Absent)?)
            }
            (Kind::List { flow, .. }, Step::Index(index)) => (*flow, *index),
            _ => return Err(Obstacle::Absent),
        };
        let Range { start, end } = self.part(index)?.ok_or(Obstacle::Absent)?;
        let next = self.part(index + 1)?.map(|next| next.start);
        let before = index.checked_sub(1).map(|index| self.part(index)).transpose()?.flatten().map(|before| before.end);
        Ok(match (flow, next, before) {
            (true, None, Some(before)) => self.put(before..end, String::new()),
            (true, None, None) => self.put(start..end, String::new()),
            (false, None, None) => {
                let empty = if matches!(self.node.kind, Kind::Map { .. }) { "{}" } else { "[]" };
                if self.text[self.lead..start].trim().is_empty() && self.lead < start {
                    self.put(self.lead..end, format!(" {empty}"))
                } else {
                    self.put(start..end, empty.to_owned())
                }
            }
            (false, ..) if self.is_first_of_line(start) => self.without_lines(start, end),
            // The next entry or item moves to this position.
            (_, Some(next), _) => self.put(start..next, String::new()),
            (false, None, Some(_)) => return Err(Obstacle::Form),
        })
    }

    /// Returns the span of an entry of this map or an item of this list, from its key or dash to its end.
    fn part(&self, index: usize) -> Result<Option<Range<usize>>, Obstacle> {
        Ok(match &self.node.kind {
            Kind::Map { entries, .. } => entries.get(index).map(|entry| entry.key.start..entry.value.end),
            Kind::List { flow: true, items } => items.get(index).map(|item| item.start..item.end),
            Kind::List { flow: false, items } => match items.get(index) {
                Some(item) => Some(self.dash(items, index)?..item.end),
                None => None,
            },
            Kind::Scalar(_) | Kind::Alias => None,
        })
    }

    /// Reports whether a span of this map or list has a comment. In a scalar, a `#` does not start a comment.
    fn has_comment(&self, bytes: &Range<usize>) -> bool {
        let mut at = bytes.start;
        let follows_comment = |scalar: &Range<usize>| {
            let between = self.text.get(at..scalar.start).is_some_and(|between| between.contains('#'));
            at = at.max(scalar.end);
            between
        };
        self.node.scalars(bytes).iter().any(follows_comment) || self.text[at.min(bytes.end)..bytes.end].contains('#')
    }

    /// Adds an entry to this map or an item to this list. A null becomes a map or a list.
    fn add(&self, step: &Step, value: &Json<'static>) -> Result<Replacement, Obstacle> {
        let is_json = self.document.is_json;
        let in_line = || match step.name() {
            Some(name) => render::entry(name, value, is_json),
            None => render::flow(value, is_json),
        };
        let lines = |indent: &str| {
            let steps = std::slice::from_ref(step);
            render::block(&nest(steps, value), indent, self.line_break()).ok_or(Obstacle::Form)
        };
        match (&self.node.kind, step) {
            // A null with text, such as `~`.
            (Kind::Scalar(Style::Plain), _) => {
                let whole = render::flow(&nest(std::slice::from_ref(step), value), is_json);
                Ok(self.put(self.node.start..self.node.end, whole))
            }
            (Kind::Scalar(Style::Empty), _) if self.in_flow => {
                let whole = render::flow(&nest(std::slice::from_ref(step), value), is_json);
                Ok(self.put(self.lead..self.lead, format!(" {whole}")))
            }
            (Kind::Scalar(Style::Empty), _) => {
                let deeper = if step.name().is_some() { 2 } else { self.list_indent() };
                let indent = " ".repeat(self.column_of(self.key) + deeper);
                let at = self.line_end(self.lead);
                Ok(self.put(at..at, format!("{}{indent}{}", self.line_break(), lines(&indent)?)))
            }
            (Kind::Map { flow: true, entries }, Step::Field(_) | Step::Key(_)) => {
                let last = entries.last().map(|last| (last.key.start, last.value.end));
                Ok(self.add_in_flow(None, last, &in_line()))
            }
            (Kind::List { flow: true, items }, Step::Index(index)) => {
                let span = |item: &Node| (item.start, item.end);
                let before = index.checked_sub(1).and_then(|index| items.get(index)).map(span);
                Ok(self.add_in_flow(items.get(*index).map(span).filter(|_| before.is_none()), before, &in_line()))
            }
            (Kind::Map { flow: false, entries }, Step::Field(_) | Step::Key(_)) => {
                let (first, last) = (entries.first().ok_or(Obstacle::Form)?, entries.last().ok_or(Obstacle::Form)?);
                self.add_lines(first.key.start, last.value.end, lines)
            }
            (Kind::List { flow: false, items }, Step::Index(index)) => {
                let first = self.dash(items, 0)?;
                match index.checked_sub(1).map(|index| items.get(index)) {
                    Some(Some(before)) => self.add_lines(first, before.end, lines),
                    Some(None) => Err(Obstacle::Absent),
                    // After the line of the list's key, before the comments on the first item.
                    None if self.is_first_of_line(first) => self.add_lines(first, self.lead, lines),
                    None => Err(Obstacle::Form),
                }
            }
            _ => Err(Obstacle::Form),
        }
    }

    /// Adds text within brackets: before the item `next`, after the item `previous`, or between empty brackets.
    fn add_in_flow(&self, next: Option<(usize, usize)>, previous: Option<(usize, usize)>, new: &str) -> Replacement {
        match (next, previous) {
            (Some((start, _)), _) => self.put(start..start, format!("{new}, ")),
            (None, Some((start, end))) => {
                // If each item is on its own line, the new item is, too.
                let begin = self.line_start(start);
                let is_alone = self.is_first_of_line(start) && self.node.start < begin;
                let between = if is_alone {
                    format!(",{}{}", self.line_break(), &self.text[begin..start])
                } else {
                    ", ".to_owned()
                };
                self.put(end..end, between + new)
            }
            (None, None) => {
                let brackets = if matches!(self.node.kind, Kind::Map { .. }) { ('{', '}') } else { ('[', ']') };
                self.put(self.node.start..self.node.end, format!("{}{new}{}", brackets.0, brackets.1))
            }
        }
    }

    /// Adds lines after the line of the offset `after`, with the indentation of the entry or item at the offset
    /// `sibling`.
    fn add_lines(
        &self,
        sibling: usize,
        after: usize,
        lines: impl Fn(&str) -> Result<String, Obstacle>,
    ) -> Result<Replacement, Obstacle> {
        let indent = " ".repeat(self.column_of(sibling));
        let at = self.line_end(after);
        Ok(self.put(at..at, format!("{}{indent}{}", self.line_break(), lines(&indent)?)))
    }

    /// Removes lines. If they are the last lines of the text, also removes the line break before them.
    fn without_lines(&self, start: usize, end: usize) -> Replacement {
        let begin = self.line_start(start);
        let bytes = match self.text[end..].find('\n') {
            Some(length) => begin..end + length + 1,
            None => {
                let before = &self.text[..begin];
                let before = before.strip_suffix('\n').unwrap_or(before);
                before.strip_suffix('\r').unwrap_or(before).len()..self.text.len()
            }
        };
        self.put(bytes, String::new())
    }

    #[allow(clippy::unused_self, reason = "the calls read better as methods")]
    fn put(&self, bytes: Range<usize>, text: String) -> Replacement {
        Replacement { bytes, text }
    }

    /// Returns the indentation of this document's lists relative to their keys.
    fn list_indent(&self) -> usize {
        let mut waiting = vec![&self.document.root];
        while let Some(node) = waiting.pop() {
            match &node.kind {
                Kind::Map { entries, .. } => {
                    for Entry { key, value, .. } in entries {
                        if let Kind::List { flow: false, .. } = value.kind
                            && let Some(dash) = after_colon(self.text, key.end).and_then(|lead| dash(self.text, lead))
                        {
                            return self.column_of(dash).saturating_sub(self.column_of(key.start));
                        }
                        waiting.push(value);
                    }
                }
                Kind::List { items, .. } => waiting.extend(items),
                _ => {}
            }
        }
        0
    }

    fn line_start(&self, at: usize) -> usize {
        let start = self.text[..at].rfind('\n').map_or(0, |end| end + 1);
        if self.text[start..at].starts_with('\u{feff}') { start + '\u{feff}'.len_utf8() } else { start }
    }

    /// Returns the end of the line of an offset, before its line break.
    fn line_end(&self, at: usize) -> usize {
        let line = self.text[at..].split('\n').next().unwrap_or_default();
        at + line.strip_suffix('\r').unwrap_or(line).len()
    }

    fn line_break(&self) -> &'static str {
        let is_crlf = self.text.find('\n').is_some_and(|at| self.text[..at].ends_with('\r'));
        if is_crlf { "\r\n" } else { "\n" }
    }

    fn column_of(&self, at: usize) -> usize {
        self.text[self.line_start(at)..at].chars().count()
    }

    fn is_first_of_line(&self, at: usize) -> bool {
        self.text[self.line_start(at)..at].bytes().all(|byte| byte == b' ')
    }
}
