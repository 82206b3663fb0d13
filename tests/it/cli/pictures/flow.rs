//! A picture of steps that follow each other, each with lines of text.

use std::fmt::Write as _;

use quick_xml::escape::escape;

/// The width of the picture, in pixels.
const WIDTH: usize = 820;
/// The distance between two lines, in pixels.
const LINE: usize = 17;
/// The height of a title, in pixels.
const TITLE: usize = 30;
/// The distance between two steps, in pixels.
const GAP: usize = 22;
/// The number of characters in a line.
const COLUMNS: usize = 104;

/// The colours for a light and for a dark background. A refused line also begins with a cross, and an added one with a
/// plus.
const STYLE: &str = "\
svg { font: 13px system-ui, sans-serif; color: #1f2328; background: #ffffff }
text { fill: currentColor } .title { font-weight: 600 } .lines { font: 12px ui-monospace, Menlo, Consolas, monospace }
rect { fill: #f6f8fa; stroke: #8c959f } .arrow { stroke: currentColor; fill: none; stroke-width: 1.5 }
.added { fill: #116329 } .refused { fill: #b3231c }
@media (prefers-color-scheme: dark) {
svg { color: #e6edf3; background: #0d1117 } rect { fill: #161b22; stroke: #57606a }
.added { fill: #7ee2a0 } .refused { fill: #ff9d94 }
}";

/// What the lines of a step are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Plain,
    Added,
    Refused,
}

/// The steps, from the top to the bottom.
#[derive(Default)]
pub(super) struct Flow {
    svg: String,
    bottom: usize,
}

impl Flow {
    /// Adds a step.
    pub(super) fn step(&mut self, title: &str, mark: Mark, lines: &[String]) {
        let (class, prefix) = match mark {
            Mark::Plain => ("lines", ""),
            Mark::Added => ("lines added", "+ "),
            Mark::Refused => ("lines refused", "× "),
        };
        let lines: Vec<_> = lines.iter().flat_map(|line| filled(&format!("{prefix}{line}"))).collect();
        let mut top = 8;
        if self.bottom > 0 {
            let (start, centre) = (self.bottom, WIDTH / 2);
            top = self.bottom + GAP;
            let _ = writeln!(self.svg, r#"<path class="arrow" d="M{centre} {start}V{top}m-4 -6l4 6l4 -6"/>"#);
        }
        let height = TITLE + lines.len() * LINE + if lines.is_empty() { 0 } else { 8 };
        let (width, baseline, title) = (WIDTH - 16, top + 20, escape(title));
        let _ = writeln!(self.svg, r#"<rect x="8" y="{top}" width="{width}" height="{height}" rx="6"/>"#);
        let _ = writeln!(self.svg, r#"<text class="title" x="20" y="{baseline}">{title}</text>"#);
        for (index, line) in lines.iter().enumerate() {
            let (y, line) = (top + TITLE + 11 + index * LINE, escape(line));
            let _ = writeln!(self.svg, r#"<text class="{class}" x="20" y="{y}" xml:space="preserve">{line}</text>"#);
        }
        self.bottom = top + height;
    }

    /// Returns the picture.
    pub(super) fn end(self, title: &str) -> String {
        let Self { svg, bottom } = self;
        let (height, title) = (bottom + 8, escape(title));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
             viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n<title>{title}</title>\n<style>{STYLE}</style>\n{svg}</svg>\n"
        )
    }
}

/// Returns a line as lines that fit, broken at blanks where there are any. All but the first are indented.
fn filled(line: &str) -> Vec<String> {
    let (mut rows, mut rest) = (Vec::new(), line.to_owned());
    while let Some((end, _)) = rest.char_indices().nth(COLUMNS) {
        let at = rest[..end].rfind(' ').filter(|at| *at > end / 2).unwrap_or(end);
        rows.push(rest[..at].to_owned());
        rest = format!("  {}", rest[at..].trim_start());
    }
    rows.push(rest);
    rows
}
