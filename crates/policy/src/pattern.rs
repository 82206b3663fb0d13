//! Patterns of error messages, and the lines of logs in which they are searched.

use memchr::memmem::Finder;

/// The sign in a pattern for what varies.
const GAP: char = '…';

/// A message with gaps, which is searched in lines.
///
/// A gap stands for any text, the empty text included. After a `.` it is a part of a field path, without a blank, and
/// after a `[` also without a `]`. A pattern that begins with a word does not begin within a longer word. Letter case,
/// kinds of quotes, backslashes before them, and the number of blanks make no difference.
pub struct Pattern {
    pieces: Vec<Piece>,
    begins_word: bool,
}

/// The text between two gaps.
struct Piece {
    finder: Finder<'static>,
    /// The bytes that are not in the gap before the piece.
    excluded: &'static [u8],
}

impl Pattern {
    /// Reads a pattern, in which `…` stands for what varies.
    pub fn new(text: &str) -> Self {
        let text = normalize(text);
        let (mut pieces, mut excluded): (_, &[u8]) = (Vec::new(), b"");
        for piece in text.split(GAP) {
            if !piece.is_empty() {
                pieces.push(Piece { finder: Finder::new(piece).into_owned(), excluded });
            }
            excluded = match piece.as_bytes().last() {
                Some(b'.') => b" ",
                Some(b'[') => b" ]",
                _ => b"",
            };
        }
        Self { pieces, begins_word: text.starts_with(char::is_alphanumeric) }
    }

    /// Returns the number of bytes that are not in a gap: the larger, the more a match says.
    pub fn weight(&self) -> usize {
        self.pieces.iter().map(|piece| piece.finder.needle().len()).sum()
    }

    /// Returns the length of the longest text without a gap, in bytes.
    pub fn longest_piece(&self) -> usize {
        self.pieces.iter().map(|piece| piece.finder.needle().len()).max().unwrap_or_default()
    }

    /// Reports whether the line contains the pattern. Takes time that grows linearly with the line.
    pub fn is_in(&self, line: &Line) -> bool {
        line.forms.iter().any(|form| self.is_in_text(form.as_bytes()))
    }

    fn is_in_text(&self, text: &[u8]) -> bool {
        let mut ends = vec![0];
        for (index, piece) in self.pieces.iter().enumerate() {
            ends = piece.ends(text, &ends);
            if index == 0 && self.begins_word {
                let length = piece.finder.needle().len();
                let is_within_word = |start: usize| start > 0 && text[start - 1].is_ascii_alphanumeric();
                ends.retain(|end| !is_within_word(end - length));
            }
            if ends.is_empty() {
                return false;
            }
        }
        !self.pieces.is_empty()
    }
}

impl Piece {
    /// Returns where the piece can end, given where the piece before it can end, both ascending.
    fn ends(&self, text: &[u8], before: &[usize]) -> Vec<usize> {
        let Some(first) = before.first().copied() else { return Vec::new() };
        let length = self.finder.needle().len();
        let starts = self.finder.find_iter(&text[first..]).map(|found| first + found);
        if self.excluded.is_empty() {
            return starts.map(|start| start + length).collect();
        }
        let (mut ends, mut next, mut scanned, mut last_excluded) = (Vec::new(), 0, first, None);
        for start in starts {
            while before.get(next).is_some_and(|end| *end <= start) {
                next += 1;
            }
            let nearest = before[next - 1];
            if let Some(found) = text[scanned..start].iter().rposition(|byte| self.excluded.contains(byte)) {
                last_excluded = Some(scanned + found);
            }
            scanned = start;
            if last_excluded.is_none_or(|excluded| excluded < nearest) {
                ends.push(start + length);
            }
        }
        ends
    }
}

/// A line of a log, prepared for the search.
pub struct Line {
    /// The text with line breaks as blanks; where there are any, also without them, as a terminal may have added them.
    forms: Vec<String>,
}

impl Line {
    /// Prepares a line. Colours, escapes of JSON and line breaks are removed.
    pub fn new(text: &str) -> Self {
        let mut forms = vec![normalize(text)];
        let text = text.trim_end();
        if text.contains('\n') {
            let joined: String = text.lines().map(|line| line.trim_end_matches('\r')).collect();
            forms.push(normalize(&joined));
        }
        Self { forms }
    }

    /// Returns the text of the line, in lower case and with only single quotes, in each of its forms.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.forms.iter().map(String::as_str)
    }
}

/// Returns a text in lower case, without colours and escapes, with one kind of quotes, and with single blanks.
fn normalize(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    let mut push = |sign: char| {
        if !sign.is_whitespace() && !sign.is_control() {
            normal.push(sign);
        } else if !normal.ends_with(' ') {
            normal.push(' ');
        }
    };
    while let Some(sign) = rest.next() {
        match sign {
            // A colour: ESC, `[`, and all up to a letter.
            '\u{1b}' if rest.next_if_eq(&'[').is_some() => {
                while rest.next().is_some_and(|sign| !sign.is_ascii_alphabetic()) {}
            }
            // A log line in JSON can itself contain JSON, so there can be several backslashes.
            '\\' => {
                while rest.next_if_eq(&'\\').is_some() {}
                match rest.peek() {
                    Some('n' | 'r' | 't') => {
                        rest.next();
                        push(' ');
                    }
                    Some('u') => {
                        rest.next();
                        let digits: String = (0..4).map_while(|_| rest.next_if(char::is_ascii_hexdigit)).collect();
                        push(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32).unwrap_or(' '));
                    }
                    _ => {}
                }
            }
            '"' | '`' | '‘' | '’' | '“' | '”' => push('\''),
            sign => push(sign.to_ascii_lowercase()),
        }
    }
    // The API server adds the group to the kind, and kubectl removes it.
    normal.replace(".ray.io '", " '")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_found_with_its_gaps_in_order() {
        for (pattern, line, is_found) in [
            ("one … two", "zero one and two", true),
            ("one … two", "two one", false),
            ("one … two", "one\n  two", false),
            ("one…two", "one\n  two", true),
            ("containers[…].ports[…].…: bad", "spec.containers[0].ports[12].name: bad", true),
            ("containers[…].ports[…].…: bad", "spec.containers[0].image: x, spec.y.ports[0].name: bad", false),
            ("ports[…].name: bad", "ports[0] ports[1].name: bad", true),
            ("containers[…].name: bad", "containers[0].env[0].name: bad", false),
            ("Service \"…\"", "RayService \"x\"", false),
            ("…containers[…].name", "initContainers[0].name", true),
            ("a.…z", "a.b z a.c-z", true),
            ("a.…z", "a.b z", false),
            ("unknown field \"…\"", r#"{"error": "unknown field \\\"x\\\""}"#, true),
            ("unknown field \"…\"", "Unknown  field \u{1b}[31m`x`\u{1b}[0m", true),
            ("a < b", r"a \u003c b", true),
            ("first second", r"first\nsecond", true),
            ("first second", "first\nsecond", true),
            ("first second", "first sec\nond", true),
            ("RayCluster \"…\" is", "RayCluster.ray.io \"x\" is", true),
            ("", "a", false),
            ("…", "a", false),
        ] {
            assert_eq!(Pattern::new(pattern).is_in(&Line::new(line)), is_found, "{pattern:?} in {line:?}");
        }
    }

    #[test]
    fn a_weight_counts_what_does_not_vary() {
        let pattern = Pattern::new("one …  two…");
        assert_eq!((pattern.weight(), pattern.longest_piece()), (8, 4));
    }
}
