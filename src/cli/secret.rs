//! What must not be shown of a manifest.
//!
//! A finding shows the line that it is about. A literal password on that line would end up in the log of a pipeline,
//! which more people read than the manifest.

use std::ops::Range;

use rayguard::json::Json;
use rayguard::path::{FieldPath, Step};
use rayguard::yaml::{Document, Lines};

/// Names that say that a secret follows, in lower case.
const NAMES: [&str; 8] = ["password", "passwd", "passphrase", "secret", "token", "credential", "apikey", "api_key"];

/// What Kubernetes has beside a value that may be secret, or in a volume from a Secret.
const BESIDE_VALUE: [&str; 6] = ["valueFrom", "key", "optional", "items", "mode", "defaultMode"];

/// Where a document has secrets, in bytes of its text.
pub(super) fn in_document(document: &Document<'_>) -> Vec<Range<usize>> {
    let mut search = Search { document, steps: Vec::new(), found: Vec::new() };
    search.visit(&document.json, false);
    search.found
}

/// Where some lines that nobody could read as a document may have secrets.
pub(super) fn in_lines(lines: &Lines<'_>, numbers: Range<usize>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    // The line before may name what this one holds.
    let mut is_named = false;
    for number in numbers.start.saturating_sub(1).max(1)..numbers.end {
        let line = lines.line(number);
        let name = name_end(line);
        let value_from = match name {
            Some(end) => line[end..].find([':', '=']).map(|at| end + at + 1),
            None if is_named || line.contains("://") => line.find([':', '=']).map(|at| at + 1),
            None => None,
        };
        is_named = name.is_some() && value_from.is_none();
        if let Some(from) = value_from {
            let start = lines.start(number);
            found.push(start + from..start + line.len());
        }
    }
    found
}

struct Search<'d, 't> {
    document: &'d Document<'t>,
    steps: Vec<Step>,
    found: Vec<Range<usize>>,
}

impl Search<'_, '_> {
    /// `is_secret` says that what stands above names this value a secret.
    fn visit(&mut self, json: &Json<'_>, is_secret: bool) {
        match json {
            Json::Array(items) => {
                // A command line: `--redis-password`, then the password.
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
                    // Whatever is not known to be something else may be a `value` that is misspelt.
                    let is_value = is_named && !BESIDE_VALUE.contains(&&**key) && !is_about(key);
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
    name_end(name).is_some() && !is_about(name)
}

/// Whether a key only leads to a secret: the name of a Secret, or of a file.
fn is_about(name: &str) -> bool {
    let ends = ["name", "ref", "path", "file", "dir"];
    let ends_with = |end: &str| name.len() >= end.len() && starts(&name.as_bytes()[name.len() - end.len()..], end);
    ends.into_iter().any(ends_with)
}

/// Where the first name of a secret in a text ends. None of them lies within another, so the first to begin ends first.
fn name_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    (0..bytes.len()).find_map(|at| {
        // Every text of a manifest is looked at, so what cannot begin a name is passed over at once.
        let is_initial = matches!(bytes[at].to_ascii_lowercase(), b'a' | b'c' | b'p' | b's' | b't');
        let name = NAMES.iter().filter(|_| is_initial).find(|name| starts(&bytes[at..], name))?;
        Some(at + name.len())
    })
}

/// Whether a text starts with a word, which is in lower case.
fn starts(text: &[u8], word: &str) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
}

/// Whether a text holds a secret beside other things: `redis://:password@host`, `--redis-password=…`.
fn holds_secret(text: &str) -> bool {
    let has_user =
        text.split("://").skip(1).any(|rest| rest.split(['/', ' ']).next().is_some_and(|it| it.contains('@')));
    has_user
        || name_end(text).is_some_and(|end| text[end..].trim_start_matches(['"', '\'']).starts_with(['=', ' ', ':']))
}

/// Whether a text only says where the secret is: nothing, or `$REDIS_PASSWORD`.
fn is_reference(text: &str) -> bool {
    let name = text.strip_prefix('$').unwrap_or(text);
    let name = name.trim_matches(['(', ')', '{', '}']);
    text.is_empty() || text.starts_with('$') && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
