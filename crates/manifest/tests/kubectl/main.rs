//! Compares how rayguard and kubectl read a manifest. tests/kubernetes/yaml calls the decoder of kubectl.

#![allow(clippy::disallowed_methods, reason = "the test reads manifests and runs the decoder of kubectl")]

mod texts;

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use rayguard_manifest::json::Json;
use rayguard_manifest::yaml::{NoteKind, Section, YamlError, documents, sections, unmarshal};
use serde_json::Value;

use texts::{Dice, mutated, seeds};

/// The number of generated texts. `SEED` is the seed of their generator.
const TEXTS: u64 = 10_000;
const SEED: u64 = 17;

/// What kubectl reads: the values of the documents, and the error that ends the reading.
#[derive(Debug)]
struct Answer {
    values: Vec<Value>,
    error: Option<String>,
}

/// Asks kubectl's decoder about each text.
fn ask(texts: &[String]) -> Vec<Answer> {
    let build = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/kubernetes/yaml/build");
    let output = Command::new(build).stderr(Stdio::inherit()).output().expect("the script runs");
    assert!(output.status.success(), "the decoder cannot be built; the reason is above");
    let program = String::from_utf8(output.stdout).expect("a path");
    let mut process =
        Command::new(program.trim()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the decoder starts");
    let mut questions = BufWriter::new(process.stdin.take().expect("a pipe"));
    let lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
    let answers = std::thread::scope(|scope| {
        scope.spawn(move || {
            for text in texts {
                writeln!(questions, "{}", Value::from(text.as_str())).expect("the decoder reads");
            }
            questions.flush().expect("the decoder reads");
        });
        lines.map(|line| answer(&line.expect("UTF-8"))).collect::<Vec<_>>()
    });
    assert!(process.wait().expect("it ends").success(), "the decoder failed; the reason is above");
    assert_eq!(answers.len(), texts.len());
    answers
}

fn answer(line: &str) -> Answer {
    let documents: Vec<Value> = serde_json::from_str(line).expect("JSON");
    let error = documents.last().and_then(|last| last["error"].as_str()).map(str::to_owned);
    let values = documents.into_iter().filter_map(|mut document| document.get_mut("value").map(Value::take)).collect();
    Answer { values, error }
}

/// Returns the difference between how kubectl and rayguard read a text, if there is one that the documentation of the
/// module `yaml` does not name.
fn difference(text: &str, answer: &Answer) -> Option<String> {
    if is_known(text, answer) {
        return None;
    }
    let mut values = answer.values.iter();
    for section in sections(text) {
        // kubectl reads several values of JSON in another way if they are the first of the text than if they are later.
        if section.text().trim_start().starts_with('{') && section.documents.len() > 1 {
            return None;
        }
        // kubectl reads the first document of a section, and drops the others.
        let Some(document) = section.documents.first() else { continue };
        if let Err(error) = document {
            // kubectl drops what follows the document, also if the document is null and skipped.
            let is = |value: &Value| drops(&section, text, error, value);
            match values.as_slice().first() {
                Some(value) if is(value) || !value.is_object() && !value.is_array() => return None,
                None if answer.error.is_some() => {}
                _ if is(&Value::Null) => continue,
                _ => {}
            }
        }
        let Some(value) = values.next() else {
            return match (document, &answer.error) {
                (_, Some(_)) if section.documents.iter().any(Result::is_err) => None,
                // kubectl looks at the line after a document before it returns the document.
                (Ok(_), Some(error)) if error.contains("document separator") => None,
                // A text is no object.
                (Ok(document), _) if document.json.as_str().is_some() => None,
                (Ok(_), Some(error)) => Some(format!("accepted: {error}")),
                (Ok(document), None) => Some(format!("only ours: {}", Value::from(&document.json))),
                (Err(error), _) => Some(format!("refused: {error}")),
            };
        };
        if !value.is_object() && !value.is_array() {
            return None;
        }
        match document {
            // kubectl chooses one of the entries at random.
            Ok(document) if document.notes.iter().any(|note| note.kind == NoteKind::AmbiguousKey) => {}
            Ok(document) if same(&document.json, value) => {}
            Ok(document) => return Some(format!("value {} and not {value}", Value::from(&document.json))),
            Err(error) => return Some(format!("refused: {error}")),
        }
    }
    match (values.next(), &answer.error) {
        (Some(value), _) => Some(format!("absent: {value}")),
        (None, Some(error)) => Some(format!("accepted: {error}")),
        (None, None) => None,
    }
}

/// Reports whether the text of a section before its error has this value. kubectl drops what follows such a document.
fn drops(section: &Section<'_>, text: &str, error: &YamlError, value: &Value) -> bool {
    let start = section.text().as_ptr() as usize - text.as_ptr() as usize;
    let at = error.location.bytes.start;
    let line = text[..at].rfind('\n').map_or(0, |at| at + 1);
    [line, at].into_iter().any(|end| {
        let before = text.get(start..end).unwrap_or_default();
        match documents(before).first() {
            Some(Ok(document)) => same(&document.json, value),
            Some(Err(_)) => false,
            None => value.is_null(),
        }
    }) || unmarshal(section.text()).is_ok_and(|json| same(&json, value))
}

/// Reports whether a text has what rayguard knowingly reads in another way. The documentation of the module `yaml` says
/// why.
fn is_known(text: &str, answer: &Answer) -> bool {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let is_error = |part: &str| answer.error.as_ref().is_some_and(|error| error.contains(part));
    let has = |part: &str| text.contains(part);
    let errors: Vec<_> = documents(text).into_iter().filter_map(Result::err).collect();
    let refuses = |part: &str| errors.iter().any(|error| error.message.contains(part));
    let has_old_breaks = text.contains(['\u{85}', '\u{2028}', '\u{2029}']) || text.replace("\r\n", "").contains('\r');
    // kubectl decides once for a text whether it is a stream of JSON.
    let is_json_stream = body.trim_start().starts_with('{') && (is_error("json: ") || is_error("invalid character"));
    let has_end_marker = body.lines().any(|line| line.starts_with("..."));
    // A block of text whose header is on a line of its own, and not indented more than the key.
    let is_header = |line: &str| line.trim_start().starts_with(['|', '>']);
    let has_low_header = text.lines().any(is_header);
    let begins_with_tab = body.trim_start_matches(' ').starts_with('\t') && body.trim_start().starts_with('{');
    has_old_breaks
        || begins_with_tab
        || body.contains('\u{feff}')
        || is_json_stream
        || has_end_marker && (answer.error.is_some() || answer.values.len() != documents(text).len())
        || has_low_header && refuses("")
        || is_error("cannot start any token") && ["-\t", "- \t", "?\t", "? \t"].into_iter().any(has)
        || is_error("violates indentation") && has("{")
        || is_error("did not find expected ','")
        || is_error("mapping values") && has("---#")
        || refuses("unknown escape")
        || is_error("expected whitespace or line break") && has("!")
        || refuses("a tag")
        || refuses("JSON has no infinity")
}

/// Reports whether two values are equal. A number may be written as an integer or as a float.
fn same(ours: &Json<'_>, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Json::Number(ours), Value::Number(theirs)) => ours == theirs || ours.as_f64() == theirs.as_f64(),
        (Json::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| same(ours, theirs))
        }
        (Json::Object(_), Value::Object(theirs)) => {
            let entries = ours.entries();
            entries.len() == theirs.len()
                && entries.iter().all(|(key, ours)| theirs.get(&**key).is_some_and(|theirs| same(ours, theirs)))
        }
        _ => Value::from(ours) == *theirs,
    }
}

fn from_env(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap_or_else(|_| panic!("{name} is not a number")))
}

#[test]
fn rayguard_reads_manifests_as_kubectl_does() {
    let (seed, count) = (from_env("SEED", SEED), from_env("TEXTS", TEXTS));
    let seeds = seeds();
    let texts: Vec<_> = (0..count).map(|index| mutated(&seeds, &mut Dice::new(seed, index))).collect();
    let answers = ask(&texts);
    let read = answers.iter().filter(|answer| answer.error.is_none()).count();
    assert!(read * 5 > texts.len(), "kubectl reads only {read} of {} texts", texts.len());
    let differences = texts.iter().zip(&answers).filter_map(|(text, answer)| {
        let difference = difference(text, answer)?;
        Some(format!("{difference}\n{text:?}"))
    });
    let differences: Vec<_> = differences.collect();
    let shown = differences.iter().take(20).map(String::as_str).collect::<Vec<_>>().join("\n\n");
    assert!(differences.is_empty(), "{} differences, such as\n{shown}", differences.len());
}
