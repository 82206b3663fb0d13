//! A few lines of a text, made fit to be shown.

use std::ops::Range;

use rayguard_manifest::yaml::Lines;

/// A line of more bytes is shown in part: somebody's whole application may be in it.
const LONGEST: usize = 2000;

/// How much of a long line is shown on either side of what is underlined, and how much of that itself.
const AROUND: usize = 200;

/// Lines of a text, with secrets left out.
#[derive(Debug)]
pub(super) struct Excerpt {
    pub(super) text: String,
    /// The number of the first line.
    pub(super) first_line: usize,
    /// Bytes that were left out, and where in the excerpt that is.
    removed: Vec<(Range<usize>, usize)>,
    bytes: Range<usize>,
}

impl Excerpt {
    /// The lines from one number to another, of which the stretches in `hidden` are not shown. `shown` is what will be
    /// underlined.
    pub(super) fn of(lines: &Lines<'_>, numbers: Range<usize>, shown: &Range<usize>, hidden: &[Range<usize>]) -> Self {
        let last = numbers.end.saturating_sub(1);
        let mut bytes = lines.start(numbers.start)..lines.start(last) + lines.line(last).len();
        let mut first_line = numbers.start;
        if bytes.len() > LONGEST {
            first_line = lines.position(shown.start).line;
            let line = lines.start(first_line)..lines.start(first_line) + lines.line(first_line).len();
            let text = lines.text();
            bytes.start = text.floor_char_boundary(shown.start.saturating_sub(AROUND)).max(line.start);
            bytes.end = text.floor_char_boundary(shown.end.min(shown.start + AROUND) + AROUND).min(line.end);
        }
        let mut excerpt = Self { text: String::new(), first_line, removed: Vec::new(), bytes };
        excerpt.fill(lines.text(), hidden);
        excerpt
    }

    fn fill(&mut self, text: &str, hidden: &[Range<usize>]) {
        let clip = |range: &Range<usize>| range.start.max(self.bytes.start)..range.end.min(self.bytes.end);
        let mut hidden: Vec<_> = hidden.iter().map(clip).filter(|range| !range.is_empty()).collect();
        hidden.sort_by_key(|range| range.start);
        let mut at = self.bytes.start;
        for range in hidden {
            if range.start >= at {
                self.text.push_str(&text[at..range.start]);
                self.removed.push((range.clone(), self.text.len()));
                self.text.push('…');
            }
            at = at.max(range.end);
        }
        self.text.push_str(&text[at..self.bytes.end.max(at)]);
    }

    /// Where a stretch of the whole text is in the excerpt.
    pub(super) fn locate(&self, bytes: &Range<usize>) -> Range<usize> {
        let start = self.place(bytes.start, false);
        start..self.place(bytes.end.min(bytes.start + LONGEST), true).max(start)
    }

    fn place(&self, byte: usize, is_end: bool) -> usize {
        let mut shift = self.bytes.start;
        let mut gained = 0;
        for (range, at) in &self.removed {
            if byte <= range.start {
                break;
            }
            if byte < range.end {
                return if is_end { at + '…'.len_utf8() } else { *at };
            }
            shift += range.len();
            gained += '…'.len_utf8();
        }
        self.text.floor_char_boundary((byte.max(self.bytes.start) + gained).saturating_sub(shift))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_left_out_and_places_move_along() {
        let text = "a: 1\nb: secret # é\nc: {d: hush, e: 2}\n";
        let lines = Lines::of(text);
        let find = |what: &str| text.find(what).map(|at| at..at + what.len()).expect("it is there");
        let hidden = [find("hush"), find("secret"), find("cre")];
        let excerpt = Excerpt::of(&lines, 2..4, &find("2"), &hidden);
        assert_eq!(excerpt.text, "b: … # é\nc: {d: …, e: 2}");
        for (what, shown) in [("b", "b"), ("é", "é"), ("secret", "…"), ("hush", "…"), ("2", "2"), ("e: 2", "e: 2")]
        {
            assert_eq!(&excerpt.text[excerpt.locate(&find(what))], shown, "{what}");
        }
    }

    #[test]
    fn of_a_long_line_the_part_is_shown_that_matters() {
        let text = format!("x\n{}\"é\"{}\n", "é ".repeat(5000), " z".repeat(5000));
        let lines = Lines::of(&text);
        let at = text.find('"').expect("it is there");
        let excerpt = Excerpt::of(&lines, 1..3, &(at..at + 4), &[]);
        assert_eq!(excerpt.first_line, 2);
        assert!(excerpt.text.len() < 3 * AROUND, "{}", excerpt.text.len());
        assert_eq!(&excerpt.text[excerpt.locate(&(at..at + 4))], "\"é\"");
        let long = Excerpt::of(&lines, 2..3, &(2..text.len() - 1), &[]);
        assert!(long.text.len() < 3 * AROUND);
        assert!(long.locate(&(2..text.len() - 1)).end <= long.text.len());
    }
}
