//! Compares how rayguard and kubectl read a manifest. tests/kubernetes/yaml calls the decoder of kubectl.

mod texts;

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use rayguard_manifest::json::Json;
use rayguard_manifest::yaml::{NoteKind, Section, sections, unmarshal};
use serde_json::Value;

use texts::{Dice, mutated, seeds};

/// The number of generated texts. `SEED` is the seed of their generator.
const TEXTS: u64 = 20_000;
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
    let built = Command::new(build).stderr(Stdio::inherit()).output().expect("the script runs");
    assert!(built.status.success(), "the decoder cannot be built; the reason is above");
    let program = String::from_utf8(built.stdout).expect("a path");
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
        // kubectl reads the first document of a section.
        let is_json = section.text().trim_start().starts_with('{');
        // kubectl reads such a section in another way if it is the first of the text than if it is a later one.
        if is_json && section.documents.len() > 1 {
            return None;
        }
        for document in section.documents.iter().take(1) {
            let Some(value) = values.next() else {
                return match (document, &answer.error) {
                    (Err(_), Some(_)) => None,
                    // kubectl looks at the line after a document before it returns the document.
                    (Ok(_), Some(error)) if error.contains("document separator") => None,
                    (Ok(_), Some(error)) => Some(format!("accepted: {error}")),
                    (Ok(document), None) => Some(format!("only ours: {}", Value::from(&document.json))),
                    (Err(error), None) => Some(format!("refused: {error}")),
                };
            };
            match document {
                // kubectl chooses one of the entries at random.
                Ok(document) if document.notes.iter().any(|note| note.kind == NoteKind::AmbiguousKey) => {}
                Ok(document) if same(&document.json, value) => {}
                // Such a document is no object.
                Ok(document) if document.json.as_str().is_some() => {}
                Err(_) if !value.is_object() && !value.is_array() => return None,
                Ok(document) => return Some(format!("value {} and not {value}", Value::from(&document.json))),
                // kubectl drops the rest of the section.
                Err(error) if drops(text, &section, error.location.bytes.start, value) => return None,
                Err(error) => return Some(format!("refused: {error}")),
            }
        }
    }
    match (values.next(), &answer.error) {
        (Some(value), _) => Some(format!("absent: {value}")),
        (None, Some(error)) => Some(format!("accepted: {error}")),
        (None, None) => None,
    }
}

/// Reports whether the start of a section, up to a byte of the text, has this value.
fn drops(text: &str, section: &Section<'_>, end: usize, value: &Value) -> bool {
    let start = section.text().as_ptr() as usize - text.as_ptr() as usize;
    let end = text[..end].rfind('\n').map_or(0, |at| at + 1);
    let end = if end > start { end - start } else { section.text().len() };
    let before = section.text().get(..end).unwrap_or(section.text());
    [before, section.text()].into_iter().any(|text| unmarshal(text).is_ok_and(|json| same(&json, value)))
}

/// Reports whether a text has what rayguard knowingly reads in another way.
fn is_known(text: &str, answer: &Answer) -> bool {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    // YAML 1.1 has more line breaks.
    let has_old_breaks = text.contains(['\u{85}', '\u{2028}', '\u{2029}']) || text.replace("\r\n", "").contains('\r');
    // kubectl decides once for a text whether it is a stream of JSON.
    let is_json_stream = body.trim_start().starts_with('{')
        && answer
            .error
            .as_ref()
            .is_some_and(|error| error.starts_with("json: ") || error.starts_with("invalid character"));
    let begins_with_end = text.lines().any(|line| line.starts_with("..."));
    has_old_breaks || begins_with_end && answer.error.is_some() || body.contains('\u{feff}') || is_json_stream
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
    let mut different = 0;
    let read = answers.iter().filter(|answer| answer.error.is_none()).count();
    for (text, answer) in texts.iter().zip(&answers) {
        if let Some(difference) = difference(text, answer) {
            different += 1;
            eprintln!("== {difference}\n{text:?}");
        }
    }
    eprintln!("kubectl reads {read} of {count}");
    assert_eq!(different, 0);
}
