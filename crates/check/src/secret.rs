//! The secrets of a manifest, which must not be printed.
//!
//! A finding shows the line that it is about. A literal password in that line would be in the log of a pipeline, which
//! more people can read than the manifest.

use std::ops::Range;

use rayguard_manifest::json::Json;
use rayguard_manifest::path::{FieldPath, Step};
use rayguard_manifest::yaml::{Document, Lines};

/// Words in the name of a secret, in lower case.
const NAMES: [&str; 8] = ["password", "passwd", "passphrase", "secret", "token", "credential", "apikey", "api_key"];

/// Parts of further names of secrets, and of misspelled ones, in lower case.
const STEMS: [&str; 9] = ["passw", "pasw", "pssw", "paswd", "pwd", "access_key", "access-key", "api-key", "pgpass"];

/// The largest distance in lines between the name of a secret and its value, in a document that cannot be parsed.
const MAX_DISTANCE: usize = 4;

/// The fields that Kubernetes has next to a value that may be secret, or in a volume from a Secret.
const FIELDS_NEXT_TO_VALUE: [&str; 6] = ["valueFrom", "key", "optional", "items", "mode", "defaultMode"];

/// Returns the secrets of a document, as spans of its text in bytes.
pub fn in_document(document: &Document<'_>) -> Vec<Range<usize>> {
    let mut search = Search { document, steps: Vec::new(), found: Vec::new() };
    search.visit(&document.json, false);
    // The value of a duplicate key that kubectl drops is not in the JSON value, so it is not known whether it is secret.
    search.found.extend(document.notes.iter().filter_map(|note| note.dropped.clone()));
    search.found
}

/// Returns the possible secrets in lines that cannot be parsed: near the name of a secret, the text after a key, or the
/// whole line if it has no key.
pub fn in_lines(lines: &Lines<'_>, numbers: Range<usize>) -> Vec<Range<usize>> {
    let is_named = |number: usize| {
        let near = number.saturating_sub(MAX_DISTANCE).max(1)..=number + MAX_DISTANCE;
        near.into_iter().any(|number| may_name_secret(lines.line(number)))
    };
    let mut found = Vec::new();
    for number in numbers {
        let (start, line) = (lines.start(number), lines.line(number));
        if line.contains('@') || is_named(number) {
            let visible = visible_length(line);
            found.push(start + visible..start + line.len());
        }
    }
    found
}

/// Returns the length of the part of a line that can be printed: up to its key, or only its indentation.
fn visible_length(line: &str) -> usize {
    let begins = line.len() - line.trim_start_matches([' ', '\t', '-', '{', '[', '"', '\'']).len();
    let is_key = |char: char| char.is_ascii_alphanumeric() || "_-./\"'".contains(char);
    let end = line[begins..].find(|char| !is_key(char)).map_or(line.len(), |length| begins + length);
    if line[end..].starts_with([':', '=']) { end + 1 } else { begins }
}

struct Search<'d, 't> {
    document: &'d Document<'t>,
    steps: Vec<Step>,
    found: Vec<Range<usize>>,
}

impl Search<'_, '_> {
    /// `is_secret` means that a name above this value makes it a secret.
    fn visit(&mut self, json: &Json<'_>, is_secret: bool) {
        match json {
            Json::Array(items) => {
                // A command line: the password follows `--redis-password`.
                let mut is_named = is_secret;
                for (index, item) in items.iter().enumerate() {
                    self.below(Step::Index(index), item, is_named);
                    let flag = item.as_str().filter(|text| text.starts_with('-') && !text.contains('='));
                    is_named = is_secret || flag.is_some_and(names_secret);
                }
            }
            Json::Object(_) => {
                let is_named = is_secret || json.field("name").as_str().is_some_and(names_secret);
                for (key, value) in json.entries() {
                    // An unknown field may be a misspelled `value`.
                    let is_value = is_named && !FIELDS_NEXT_TO_VALUE.contains(&&**key) && !is_about(key);
                    let is_named = names_secret(key) && key != "name";
                    self.below(Step::Key(key.to_string()), value, is_value || is_named);
                }
            }
            Json::String(text) if (is_secret || holds_secret(text)) && !is_reference(text) => self.hide(),
            Json::Number(_) if is_secret => self.hide(),
            _ => (),
        }
    }

    fn below(&mut self, step: Step, json: &Json<'_>, is_secret: bool) {
        self.steps.push(step);
        self.visit(json, is_secret);
        self.steps.pop();
    }

    fn hide(&mut self) {
        let path = FieldPath::root().join(&self.steps);
        self.found.extend(self.document.bytes(&path));
    }
}

fn names_secret(name: &str) -> bool {
    may_name_secret(name) && !is_about(name)
}

fn may_name_secret(text: &str) -> bool {
    let bytes = text.as_bytes();
    let has_stem = || (0..bytes.len()).any(|at| STEMS.iter().any(|stem| starts(&bytes[at..], stem)));
    name_end(text).is_some() || has_stem()
}

/// Reports whether a key only refers to a secret: by the name of a Secret, or of a file.
fn is_about(name: &str) -> bool {
    let ends = ["name", "ref", "path", "file", "dir"];
    let ends_with = |end: &str| name.len() >= end.len() && starts(&name.as_bytes()[name.len() - end.len()..], end);
    ends.into_iter().any(ends_with)
}

/// Returns the end of the first word of [`NAMES`] in a text. No word contains another, so the first to start ends
/// first.
fn name_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    (0..bytes.len()).find_map(|at| {
        // Every string of a manifest is searched, so a quick test comes first.
        let is_initial = matches!(bytes[at].to_ascii_lowercase(), b'a' | b'c' | b'p' | b's' | b't');
        let name = NAMES.iter().filter(|_| is_initial).find(|name| starts(&bytes[at..], name))?;
        Some(at + name.len())
    })
}

/// Reports whether a text starts with a word in lower case, regardless of the case of the text.
fn starts(text: &[u8], word: &str) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
}

/// Reports whether a text contains a secret and something else: `redis://:password@host`, `--redis-password=…`.
fn holds_secret(text: &str) -> bool {
    let has_user =
        text.split("://").skip(1).any(|rest| rest.split(['/', ' ']).next().is_some_and(|it| it.contains('@')));
    // It is an address even without the scheme. An image has its digest after the `@`.
    let has_password = text.split_once('@').is_some_and(|(user, host)| {
        user.contains(':') && !user.contains(char::is_whitespace) && !host.starts_with("sha256:")
    });
    has_user
        || has_password
        || name_end(text).is_some_and(|end| text[end..].trim_start_matches(['"', '\'']).starts_with(['=', ' ', ':']))
}

/// Reports whether a text is empty or a reference to a variable, such as `$REDIS_PASSWORD`.
fn is_reference(text: &str) -> bool {
    let Some(name) = text.strip_prefix('$') else { return text.is_empty() };
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    match name
        .strip_prefix('(')
        .map(|name| name.strip_suffix(')'))
        .or(name.strip_prefix('{').map(|name| name.strip_suffix('}')))
    {
        Some(name) => name.is_some_and(|name| name.bytes().all(is_word)),
        // A password may start with `$`, but names of variables are in upper case.
        None => name.bytes().all(|byte| is_word(byte) && !byte.is_ascii_lowercase()),
    }
}
