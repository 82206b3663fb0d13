//! Tabs in indentation, which go-yaml refuses and the parser of this crate accepts.
//!
//! go-yaml refuses a tab before the first token of a line, except within brackets and quotes (`yaml_parser_scan_to_next_token`
//! and `yaml_parser_scan_block_scalar_breaks`, go-yaml v2.4.3 scannerc.go). To find such a tab, it is replaced by a
//! character with which no token can start, and the text is parsed again.

use super::event::Event;
use super::repair::RepairedEvents;
use super::span_tree::Span;

/// Returns the offset of the first tab in the indentation of a section that go-yaml refuses.
pub(super) fn find(text: &str) -> Option<usize> {
    let tabs: Vec<_> = leading_tabs(text).collect();
    if tabs.is_empty() {
        return None;
    }
    let Skeleton { blocks, opaque } = Skeleton::of(text);
    let in_block = blocks.iter().filter_map(|block| block.tab).min();
    let is_inside = |spans: &[Span], at: usize| {
        let index = spans.partition_point(|span| span.start <= at);
        index.checked_sub(1).is_some_and(|index| at < spans[index].end)
    };
    let lines: Vec<_> = blocks.into_iter().map(|block| block.lines).collect();
    let tabs: Vec<_> = tabs.into_iter().filter(|tab| !is_inside(&lines, *tab) && !is_inside(&opaque, *tab)).collect();
    let mut probe = text.as_bytes().to_vec();
    for tab in &tabs {
        probe[*tab] = b'`';
    }
    let error_at = |text: &str| RepairedEvents::new(text, 0).find_map(Result::err).map(|error| error.at);
    let outside = error_at(&String::from_utf8(probe).ok()?).and_then(|at| {
        // An error that is also in the text is not about a tab. The error may be at the token before the tab.
        let index = tabs.partition_point(|tab| *tab <= at).saturating_sub(1);
        (tabs.binary_search(&at).is_ok() || error_at(text).is_none()).then(|| tabs.get(index).copied()).flatten()
    });
    in_block.into_iter().chain(outside).min()
}

/// Returns the first tab of each line that has one before its first other character.
fn leading_tabs(text: &str) -> impl Iterator<Item = usize> {
    let mut start = 0;
    text.split_inclusive('\n').filter_map(move |line| {
        let at = start;
        start += line.len();
        let blanks = line.len() - line.trim_start_matches(' ').len();
        line[blanks..].starts_with('\t').then_some(at + blanks)
    })
}

/// The parts of a text whose lines need no indentation, or have their own.
#[derive(Default)]
struct Skeleton {
    blocks: Vec<Block>,
    /// Quoted strings, and what is within brackets, in order and without overlap.
    opaque: Vec<Span>,
}

/// A block of text, which `|` or `>` introduces.
struct Block {
    lines: Span,
    /// The first tab where go-yaml expects a space.
    tab: Option<usize>,
}

impl Skeleton {
    fn of(text: &str) -> Self {
        let mut skeleton = Self::default();
        // For each open list and map, the start of the brackets, if it has any.
        let mut open: Vec<Option<usize>> = Vec::new();
        let mut last = 0;
        for (event, span) in RepairedEvents::new(text, 0).map_while(Result::ok) {
            last = last.max(span.end);
            let in_flow = open.iter().any(Option::is_some);
            match event {
                Event::Scalar { plain: false, text: value, .. } if !in_flow => {
                    if text[span.clone()].starts_with(['"', '\'']) && text[..span.end].ends_with(['"', '\'']) {
                        skeleton.opaque.push(span);
                    } else if !value.trim().is_empty() {
                        skeleton.blocks.extend(Block::of(text, span.start));
                    }
                }
                Event::ListStart { .. } | Event::MapStart { .. } => {
                    open.push((!span.is_empty()).then_some(span.start));
                }
                Event::End => {
                    if let Some(Some(start)) = open.pop()
                        && !open.iter().any(Option::is_some)
                    {
                        skeleton.opaque.push(start..span.end);
                    }
                }
                _ => {}
            }
        }
        // After an error, nothing is known.
        if let Some(start) = open.into_iter().flatten().next() {
            skeleton.opaque.push(start..text.len().max(last));
        }
        skeleton
    }
}

impl Block {
    /// Returns the block whose first line with text has its text at this offset.
    fn of(text: &str, first: usize) -> Option<Self> {
        let first_line = text[..first].rfind('\n')? + 1;
        let indent = first - first_line;
        let above = text[..first_line].trim_end_matches([' ', '\t', '\r', '\n']);
        let start = above.len() + text[above.len()..].find('\n')? + 1;
        let header = &above[above.rfind('\n').map_or(0, |at| at + 1)..];
        let header = header.split(" #").next().unwrap_or_default();
        let is_explicit = header[header.rfind(['|', '>'])?..].contains(|character: char| character.is_ascii_digit());
        let (mut at, mut tab) = (start, None);
        for line in text[start..].split_inclusive('\n') {
            let spaces = line.len() - line.trim_start_matches(' ').len();
            let is_known = is_explicit || at > first_line;
            if line[spaces..].starts_with('\t') && (!is_known || spaces < indent) {
                tab = tab.or(Some(at + spaces));
            }
            if spaces < indent && !line.trim().is_empty() {
                break;
            }
            at += line.len();
        }
        Some(Self { lines: start..at, tab })
    }
}

#[cfg(test)]
mod tests {
    use crate::yaml::{YamlError, documents};

    fn error(text: &str) -> Option<YamlError> {
        documents(text).into_iter().find_map(Result::err)
    }

    #[test]
    fn a_tab_in_the_indentation_is_an_error() {
        for (text, line, column) in [
            ("\ta: 1\n", 1, 1),
            ("a:\n\tb: 1\n", 2, 1),
            ("a:\n  \tb: 1\n", 2, 3),
            ("a: 1\n\t# comment\nb: 2\n", 2, 1),
            ("a: 1\n\t\nb: 2\n", 2, 1),
            ("a:\n- b: c\n  \t\n  d: e\n", 3, 3),
            ("a: 'b'\n  \t\nd: e\n", 2, 3),
            ("a: 1 # c\n \t# d\nb: 2\n", 2, 2),
            ("a: |\n  \tb\n", 2, 3),
            ("a: |\n \t\n  b\n", 2, 2),
            ("a: |\n  b\n\tc\n", 3, 1),
            ("a: |\n  b\n\t# c\nd: 1\n", 3, 1),
        ] {
            let error = error(text).unwrap_or_else(|| panic!("{text:?}"));
            assert_eq!((error.location.start.line, error.location.start.column), (line, column), "{text:?} {error}");
            assert_eq!(error.message, "a tab where only spaces are allowed", "{text:?}");
        }
    }

    #[test]
    fn other_tabs_are_accepted() {
        for text in [
            "a:\t1\nb: 2\t# c\n",
            "a: one\n   \ttwo\n",
            "a: one\n   \t\nb: 2\n",
            "[\n\t1,\n\t2\n\t]\n",
            "a: 'b\n  \tc'\n",
            "a: |\n  b\n  \tc\n",
            "a: |2\n  \tb\n",
            "{\n\t\"a\": 1\n}\n",
        ] {
            assert_eq!(error(text), None, "{text:?}");
        }
    }
}
