//! What must not be shown of a manifest.
//!
//! A finding shows the line that it is about. A literal password on that line would end up in the log of a pipeline,
//! which more people read than the manifest.

use std::ops::Range;

use rayguard_manifest::json::Json;
use rayguard_manifest::path::{FieldPath, Step};
use rayguard_manifest::yaml::{Document, Lines};

/// Names that say that a secret follows, in lower case.
const NAMES: [&str; 8] = ["password", "passwd", "passphrase", "secret", "token", "credential", "apikey", "api_key"];

/// What a name has in it that may have been meant as one of these, or is another one, in lower case.
const STEMS: [&str; 9] = ["passw", "pasw", "pssw", "paswd", "pwd", "access_key", "access-key", "api-key", "pgpass"];

/// So many lines around a name may have what it names, where nobody can read them as a document.
const AROUND: usize = 4;

/// What Kubernetes has beside a value that may be secret, or in a volume from a Secret.
const BESIDE_VALUE: [&str; 6] = ["valueFrom", "key", "optional", "items", "mode", "defaultMode"];

/// Where a document has secrets, in bytes of its text.
pub(super) fn in_document(document: &Document<'_>) -> Vec<Range<usize>> {
    let mut search = Search { document, steps: Vec::new(), found: Vec::new() };
    search.visit(&document.json, false);
    search.found
}

/// Where some lines that nobody could read as a document may have secrets: all that follows a key, and all of what has
/// none, near a name of one.
pub(super) fn in_lines(lines: &Lines<'_>, numbers: Range<usize>) -> Vec<Range<usize>> {
    let is_named = |number: usize| {
        let around = number.saturating_sub(AROUND).max(1)..=number + AROUND;
        around.into_iter().any(|near| may_name_secret(lines.line(near)))
    };
    let mut found = Vec::new();
    for number in numbers {
        let (start, line) = (lines.start(number), lines.line(number));
        if line.contains('@') || is_named(number) {
            let shown = shown_of(line);
            found.push(start + shown..start + line.len());
        }
    }
    found
}

/// How much of a line can be shown: its key, or what is before anything.
fn shown_of(line: &str) -> usize {
    let begins = line.len() - line.trim_start_matches([' ', '\t', '-', '{', '[', '"', '\'']).len();
    let is_key = |sign: char| sign.is_ascii_alphanumeric() || "_-./\"'".contains(sign);
    let end = line[begins..].find(|sign| !is_key(sign)).map_or(line.len(), |length| begins + length);
    if line[end..].starts_with([':', '=']) { end + 1 } else { begins }
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
    may_name_secret(name) && !is_about(name)
}

fn may_name_secret(text: &str) -> bool {
    let bytes = text.as_bytes();
    let has_stem = || (0..bytes.len()).any(|at| STEMS.iter().any(|stem| starts(&bytes[at..], stem)));
    name_end(text).is_some() || has_stem()
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
    // Without the scheme, too, that makes an address of it. An image has its digest there.
    let has_password = text.split_once('@').is_some_and(|(user, host)| {
        user.contains(':') && !user.contains(char::is_whitespace) && !host.starts_with("sha256:")
    });
    has_user
        || has_password
        || name_end(text).is_some_and(|end| text[end..].trim_start_matches(['"', '\'']).starts_with(['=', ' ', ':']))
}

/// Whether a text only says where the secret is: nothing, or `$REDIS_PASSWORD`.
fn is_reference(text: &str) -> bool {
    let Some(name) = text.strip_prefix('$') else { return text.is_empty() };
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    match name
        .strip_prefix('(')
        .map(|name| name.strip_suffix(')'))
        .or(name.strip_prefix('{').map(|name| name.strip_suffix('}')))
    {
        Some(name) => name.is_some_and(|name| name.bytes().all(is_word)),
        // A password may begin with the sign; names of variables are in capitals.
        None => name.bytes().all(|byte| is_word(byte) && !byte.is_ascii_lowercase()),
    }
}
