//! Checks any text as YAML: it is parsed or refused, all locations are within the text, and other parsers agree.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;
use rayguard_manifest::yaml::{self, Document, Location};
use serde_json::Value;
use serde_norway::Value as Libyaml;

fuzz_target!(|data: &[u8]| {
    let text = match yaml::decode(data) {
        Ok(text) => text,
        Err(error) => return assert!(error.location.bytes.start <= data.len() && !error.message.is_empty()),
    };
    let documents = yaml::documents(text);
    for document in &documents {
        match document {
            Ok(document) => {
                check_location(text, &document.location());
                let root = document.bytes(&FieldPath::root()).expect("the document has a location");
                assert!(text.get(root).is_some());
                check_places(text, document, &document.json, &FieldPath::root());
                check_written(&document.json);
            }
            Err(error) => {
                check_location(text, &error.location);
                error.first.iter().for_each(|first| check_location(text, first));
                assert!(!error.message.is_empty() && !error.message.contains('\n'), "{error}");
            }
        }
    }
    check_json(text, &documents);
    let _ = yaml::unmarshal(text);
    if differs_by_version(text) {
        return;
    }
    // kubectl reads a text by lines, and ends each line with a line feed.
    let lines: String = text.lines().flat_map(|line| [line, "\n"]).collect();
    if let ([Ok(document)], Ok(other)) = (&documents[..], serde_norway::from_str::<Libyaml>(&lines)) {
        // Only libyaml requires indented lines in a document that is one block of text. Such a document is no object.
        if document.json.as_str().is_some() {
            return;
        }
        assert!(agree(&document.json, &other), "ours: {}\nlibyaml's: {other:?}", Value::from(&document.json));
    }
});

fn check_location(text: &str, location: &Location) {
    assert!(text.get(location.bytes.clone()).is_some(), "{location:?} is not within {} bytes", text.len());
    assert!(location.start <= location.end, "{location:?}");
    let lines = text.split('\n').count();
    assert!(location.start.line >= 1 && location.end.line <= lines, "{location:?} of {lines} lines");
    assert!(location.start.column >= 1 && location.end.column >= 1, "{location:?}");
}

/// Checks that every value in a document has a location, and that a missing field has one too.
fn check_places(text: &str, document: &Document<'_>, json: &Json<'_>, path: &FieldPath) {
    let bytes = document.bytes(path).expect("a value has a location");
    assert!(text.get(bytes).is_some());
    check_location(text, &document.locate(path));
    check_location(text, &document.locate(&path.clone().field("notThere")));
    for (index, item) in json.items().iter().enumerate() {
        check_places(text, document, item, &path.clone().index(index));
    }
    for (name, value) in json.entries() {
        check_places(text, document, value, &path.clone().key(&**name));
    }
}

/// Checks that a value written as YAML is read as the same value.
fn check_written(json: &Json<'_>) {
    let written = yaml::to_string(json).expect("any JSON can be written");
    let read = yaml::documents(&written);
    match &read[..] {
        [Ok(document)] => assert_eq!(document.json, *json, "{written}"),
        [] if json.is_null() => {}
        other => panic!("{written:?} is read as {other:?}"),
    }
}

/// Checks that a JSON object is read as the same object.
fn check_json(text: &str, documents: &[Result<Document<'_>, yaml::YamlError>]) {
    let Ok(value @ Value::Object(_)) = serde_json::from_str::<Value>(text) else { return };
    match documents {
        [Ok(document)] => assert!(same(&Value::from(&document.json), &value), "{text}"),
        [Err(error)] => assert!(error.message.contains("too deep"), "{error}"),
        other => panic!("one object is read as {other:?}"),
    }
}

/// Returns whether two values are equal. An integer can be written with a fraction: Go reads 2.0 and 2e0 as 2.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let names = one.keys().eq(other.keys());
            names && one.values().zip(other.values()).all(|(one, other)| same(one, other))
        }
        _ => one == other,
    }
}

/// Returns whether two parsed values are the same, except for the meaning of scalars: YAML 1.1, which kubectl reads,
/// has more booleans and numbers than the core schema of the other parser.
fn agree(ours: &Json<'_>, other: &Libyaml) -> bool {
    match (ours, other) {
        (Json::Array(ours), Libyaml::Sequence(others)) => {
            ours.len() == others.len() && ours.iter().zip(others).all(|(ours, other)| agree(ours, other))
        }
        (Json::Object(_), Libyaml::Mapping(others)) => {
            let ours = ours.entries();
            // rayguard applies a merge key; the other parser treats it like any other key.
            if others.keys().any(|key| key.as_str() == Some("<<")) {
                return true;
            }
            ours.len() == others.len()
                && ours.iter().zip(others).all(|((name, ours), (key, other))| {
                    key.as_str().is_none_or(|key| key == name || is_special(key)) && agree(ours, other)
                })
        }
        (Json::String(ours), Libyaml::String(other)) => ours == other,
        (_, Libyaml::Tagged(_)) => true,
        (Json::Array(_) | Json::Object(_), _) | (_, Libyaml::Sequence(_) | Libyaml::Mapping(_)) => false,
        _ => true,
    }
}

/// Returns whether a text has syntax that YAML 1.1, which the other parser reads, and YAML 1.2 define differently, or
/// that only one of the two parsers implements.
fn differs_by_version(text: &str) -> bool {
    let follows = |signs: &[char], allowed: fn(char) -> bool| {
        text.match_indices(signs).any(|(at, _)| {
            let name = text[at + 1..].split(|sign: char| sign.is_whitespace() || ",[]{}".contains(sign)).next();
            name.is_some_and(|name| !name.chars().all(allowed))
        })
    };
    // In YAML 1.1, more characters end a line, for example a single carriage return.
    text.contains(['\u{85}', '\u{2028}', '\u{2029}'])
        || text.replace("\r\n", "\n").contains('\r')
        // In YAML 1.1, the names of anchors have only these characters.
        || follows(&['&', '*'], |sign| sign.is_ascii_alphanumeric() || "-_".contains(sign))
        // In YAML 1.1, a key may follow immediately in a flow.
        || follows(&['?'], |_| false)
        // Tags, and a byte order mark that is not at the start.
        || text.contains(['!', '\u{feff}'])
}

/// Returns whether a plain scalar can be something else than a string in YAML 1.1.
fn is_special(text: &str) -> bool {
    !matches!(yaml::documents(&format!("- {text}")).as_slice(),
        [Ok(document)] if document.json.items().first().is_some_and(|item| item.as_str() == Some(text)))
}
