//! Generates manifests with what people write by mistake, and with what YAML allows and few people know.

use std::fs;
use std::path::Path;

/// A reproducible source of choices (`SplitMix64`).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64, index: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ index)
    }

    /// Returns a number below `end`, or 0 if `end` is 0.
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 1).unwrap_or_default() % end.max(1)
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// Returns the examples in the documents of rules, the fixtures, and some texts of few lines.
pub(crate) fn seeds() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |folder: &str, extension: &str| -> Vec<String> {
        let files = fs::read_dir(root.join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
        let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
        files.retain(|file| file.extension().is_some_and(|found| found == extension));
        files.sort();
        files.iter().map(|file| fs::read_to_string(file).expect("it can be read")).collect()
    };
    let mut seeds: Vec<String> = SHORT.map(str::to_owned).into();
    seeds.extend(read("tests/fixtures/manifests", "yaml"));
    for document in read("crates/policy/src/rules", "md") {
        let blocks = document.split("```yaml\n").skip(1).filter_map(|block| block.split("```").next());
        seeds.extend(blocks.map(str::to_owned));
    }
    seeds
}

const SHORT: [&str; 10] = [
    "a: 1\nb: two\nc:\n- d\n- e: f\n  g: \"h\"\n",
    "a: &x {k: 1, l: [2, 3]}\nb: *x\nc:\n  <<: *x\n  l: 4\n",
    "a: |\n  one\n   two\n\nb: >-\n  three\n  four\nc: 'five\n  six'\n",
    "a: one\n  two\n  three\nb: \"x\\ty \\\n  z\"\n---\nc: ~\n",
    "{\"a\": 1, \"b\": {\"c\": [true, null, \"d\"]}, \"e\": \"f\"}\n",
    "{\"a\": 1}\n---\nb: 2\n",
    "- a: 1\n  b: 2\n- - c\n  - d\n",
    "kind: ConfigMap\ndata:\n  key: |-\n    #!/bin/sh\n    echo \"$HOME\"\n  1: one\n  yes: two\n",
    "? a\n: b\nc: !!str 1\nd: !!binary aGVsbG8=\n",
    "# comment\na: 1 # comment\n\n# comment\nb: 2\n",
];

/// What a value is replaced with.
const VALUES: [&str; 42] = [
    "'one'",
    "\"two\"",
    "'it''s'",
    "\"a\\tb\\u00e9\"",
    "\"a\\/b\"",
    "{a: 1, b: [x, \"y\"]}",
    "[a, b]",
    "[a, b",
    "{a: 1, a: 2}",
    "{a, b: }",
    "{a: b",
    "a: b",
    "- a",
    "&x c",
    "*x",
    "!!str 1",
    "!!int x",
    "!custom {a: 1}",
    "~",
    "null",
    "yes",
    "0o17",
    "0x1F",
    "1e3",
    ".inf",
    "1_000",
    "12:30",
    "2001-01-01",
    "",
    "'",
    "\"",
    "{{ .Values.x }}",
    "${NAME}",
    "a #b",
    "a#b",
    "@a",
    "`a`",
    "%a",
    "[]",
    "{}",
    "? a",
    "{\"a\":1,\"a\":\"b\"}",
];

/// What is inserted as a line.
const LINES: [&str; 30] = [
    "---",
    "--- # comment",
    "--- x: 1",
    "----",
    " ---",
    "...",
    "---\t",
    "# comment",
    "#",
    "",
    "  ",
    "\t",
    "<<: *x",
    "<<: {a: 1, a: 2}",
    "<<: [{a: 1}, {b: 2}]",
    "<<: 1",
    "a: 1",
    "a: &x {k: 1}",
    "- a",
    "'a': 2",
    "\"a\": 3",
    "1: a",
    "\"1\": b",
    "? a",
    ": b",
    "%YAML 1.1",
    "null",
    "{\"a\": 1}",
    "\u{feff}a: 1",
    "a",
];

/// What is inserted somewhere.
const TOKENS: [&str; 34] = [
    ": ", "- ", "? ", "!!str ", "!x ", "%", "@", "`", "\"", "'", "{", "}", "[", "]", ",", "|", ">", "\\", "#", " #",
    "\t", "\r", "\u{85}", "\u{a0}", "\u{2028}", "\u{feff}", "é", "😀", "&y ", "*y", "\n", "\u{1}", "''", "\\\n",
];

/// Returns a seed with some mutations.
pub(crate) fn mutated(seeds: &[String], dice: &mut Dice) -> String {
    let seed = &seeds[if dice.below(3) == 0 { dice.below(SHORT.len()) } else { dice.below(seeds.len()) }];
    let mut lines: Vec<String> = seed.lines().map(str::to_owned).collect();
    for _ in 0..=dice.below(4) {
        mutate(&mut lines, dice);
    }
    let mut text = lines.join("\n") + "\n";
    match dice.below(16) {
        0 => text = text.replace('\n', "\r\n"),
        1 => text.insert(0, '\u{feff}'),
        2 => text.truncate(text.trim_end().len()),
        3 => text = format!("{text}---\n{seed}"),
        _ => {}
    }
    text
}

fn mutate(lines: &mut Vec<String>, dice: &mut Dice) {
    if lines.is_empty() {
        lines.push("a: 1".to_owned());
    }
    let at = dice.below(lines.len());
    let line = lines[at].clone();
    let indent = line.len() - line.trim_start().len();
    // The start of the value, after a key or a dash.
    let value = line.find(": ").map(|at| at + 2).or_else(|| line.find("- ").map(|at| at + 2)).unwrap_or(indent);
    let place = line.floor_char_boundary(dice.below(line.len() + 1));
    match dice.below(16) {
        // Duplicate keys, next to each other or not.
        0 => lines.insert(at + 1, line),
        1 => lines.insert(dice.below(lines.len() + 1), line),
        2 => lines.insert(at + 1, format!("{}{}", &line[..value], dice.pick(&VALUES))),
        3 => lines[at] = format!("{}{}", &line[..value], dice.pick(&VALUES)),
        // Quotes, and a line break within them.
        4 => lines[at] = quoted(&line[..value], &line[value..], dice),
        5 => {
            lines[at] = quoted(&line[..value], &line[value..], dice);
            broken(lines, at, dice);
        }
        6 => broken(lines, at, dice),
        // Indentation.
        7 => lines[at] = format!("{}{line}", " ".repeat(dice.below(4))),
        8 => drop(lines[at].drain(..dice.below(indent + 1))),
        9 => lines[at] = format!("{}\t{}", &line[..indent], &line[indent..]),
        10 => lines.insert(at, format!("{}{}", " ".repeat(indent), dice.pick(&LINES))),
        11 => lines.insert(at, dice.pick(&LINES).to_owned()),
        12 => lines[at].insert_str(place, dice.pick(&TOKENS)),
        13 => lines[at] += dice.pick(&[" # comment", "#", " ", "\t", " \t# c", ":", " :", ","]),
        14 => {
            let (header, deeper) = (dice.pick(&["|", ">", "|-", ">+", "|2", "| # c", "|x"]), dice.below(4));
            lines[at] = format!("{}{header}", &line[..value]);
            for text in ["one", " two", "", "\tthree"].into_iter().take(1 + dice.below(4)) {
                lines.insert(at + 1, format!("{}{text}", " ".repeat(indent + deeper)));
            }
        }
        _ => drop(lines.remove(at)),
    }
}

fn quoted(head: &str, value: &str, dice: &mut Dice) -> String {
    let quote = dice.pick(&["'", "\""]);
    let value = if value.len() < 2 { "one two three" } else { value };
    format!("{head}{quote}{}{quote}", value.replace(['\'', '"', '\\'], ""))
}

/// Breaks a line at a space, or anywhere.
fn broken(lines: &mut Vec<String>, at: usize, dice: &mut Dice) {
    let line = lines[at].clone();
    let from = line.floor_char_boundary(dice.below(line.len() + 1));
    let place = line[from..].find(' ').map_or(from, |space| from + space);
    let (head, tail) = line.split_at(place);
    let pad = dice.pick(&["", " ", "  ", "    ", "\t", "  \t", "\n", "\n  ", "      "]);
    let end = dice.pick(&["", "", " ", "\\"]);
    lines[at] = format!("{head}{end}");
    for (index, line) in format!("{pad}{}", tail.trim_start()).split('\n').enumerate() {
        lines.insert(at + 1 + index, line.to_owned());
    }
}
