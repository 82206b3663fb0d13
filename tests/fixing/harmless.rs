//! The law of fixes: `check --fix` makes no file worse. After it, there is no new error, the exit status is no worse, a
//! second `--fix` changes nothing, and neither KubeRay nor Kubernetes refuses an object that they accepted before.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use rayguard_manifest::yaml::{documents, to_string};
use rayguard_policy::rules::RULES;
use rayguard_test_support::case::Case;
use rayguard_test_support::dice::Dice;
use rayguard_test_support::document::examples;
use rayguard_test_support::generator::Generator;
use rayguard_test_support::templates::Templates;
use rayguard_test_support::{creation, kuberay, validators};
use serde_json::{Map, Value, json};

use crate::rayguard;

/// The number of objects from each generator.
const GENERATED: usize = 500;

/// The number of objects with wrong names and types of fields.
const MISTAKEN: usize = 1200;

/// Returns the seed: that of the environment variable `SEED`, or a fixed one.
fn seed() -> u64 {
    std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(18)
}

/// Returns all texts by the name of their file.
fn texts() -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for version in kuberay::versions() {
        for (name, text) in kuberay::samples(version) {
            texts.insert(format!("sample-{version}-{}", name.replace('/', "-")), text);
        }
    }
    for rule in RULES.iter().copied() {
        for (index, example) in examples(rule).into_iter().enumerate() {
            texts.insert(format!("example-{}-{index}.yaml", rule.name), example.text.to_owned());
        }
    }
    let yaml = |value: &Value| {
        let text = value.to_string();
        let json = serde_json::from_str(&text).expect("JSON");
        to_string(&json).expect("YAML")
    };
    let (generator, templates) = (Generator::new(seed()), Templates::new(seed()));
    let mut bases = Vec::new();
    for index in 0..GENERATED {
        let (case, object) = (generator.case(index), templates.object(index).object);
        texts.insert(format!("validated-{index:04}.yaml"), yaml(&case.object));
        texts.insert(format!("template-{index:04}.yaml"), yaml(&object));
        bases.extend([case.object, object]);
    }
    for index in 0..MISTAKEN {
        let mut dice = Dice::new(seed(), index as u64);
        let mut object = dice.pick(&bases).clone();
        for _ in 0..=dice.below(3) {
            spoil(&mut object, &mut dice);
        }
        texts.insert(format!("mistaken-{index:04}.yaml"), yaml(&object));
    }
    texts
}

/// Makes one mistake anywhere in an object: a wrong name of a field, or a value of another type.
fn spoil(object: &mut Value, dice: &mut Dice) {
    let mut here = object;
    loop {
        let is_leaf = |value: &Value| !value.is_object() && !value.is_array();
        match here {
            Value::Array(items) if !items.is_empty() => {
                let index = dice.below(items.len());
                here = &mut items[index];
            }
            Value::Object(fields) if !fields.is_empty() => {
                let keys: Vec<_> =
                    fields.keys().filter(|key| *key != "kind" && *key != "apiVersion").cloned().collect();
                if keys.is_empty() {
                    return;
                }
                let key = dice.pick(&keys).clone();
                if is_leaf(&fields[&key]) || dice.one_in(6) {
                    if dice.one_in(2) {
                        rename(fields, &key, dice);
                    } else {
                        fields[&key] = retyped(&fields[&key], dice);
                    }
                    return;
                }
                here = &mut fields[&key];
            }
            _ => return,
        }
    }
}

/// Replaces a key by one that a person might write for it.
fn rename(fields: &mut Map<String, Value>, key: &str, dice: &mut Dice) {
    let at = dice.below(key.len().max(1));
    let wrong = match dice.below(6) {
        0 => key.to_lowercase(),
        1 => key.replace('-', "_"),
        2 => key.chars().enumerate().filter(|(index, _)| *index != at).map(|(_, char)| char).collect(),
        3 => key.chars().flat_map(|char| if char.is_uppercase() { vec!['_', char] } else { vec![char] }).collect(),
        4 => key.trim_end_matches("V2").trim_end_matches('s').to_owned(),
        _ => format!("{key}s"),
    };
    if let Some(value) = fields.remove(key)
        && !wrong.is_empty()
    {
        fields.insert(wrong, value);
    }
}

/// Returns a value of another type that a person might write.
fn retyped(value: &Value, dice: &mut Dice) -> Value {
    match value {
        Value::String(text) => match dice.below(5) {
            0 => text.parse::<i64>().map_or_else(|_| json!([text]), Value::from),
            1 => json!({ "value": text }),
            2 => Value::from(text.to_uppercase()),
            3 => Value::from(text.to_lowercase()),
            _ => Value::from(format!(" {text}")),
        },
        Value::Number(number) => match dice.below(3) {
            0 => Value::from(number.to_string()),
            1 => number.as_f64().map_or(Value::Null, |number| Value::from(number + 0.5)),
            _ => json!([number]),
        },
        Value::Bool(is) => Value::from(is.to_string()),
        other => Value::from(other.to_string()),
    }
}

/// The errors of each file, and the exit status of `check` on it alone.
#[derive(Debug, Default, PartialEq)]
struct Verdict {
    errors: BTreeSet<String>,
    status: u8,
}

/// Checks all files of a folder.
fn verdicts(folder: &Path) -> BTreeMap<String, Verdict> {
    let output = rayguard(&["check", "--quiet", "--output", "json", "."], folder);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let mut verdicts: BTreeMap<String, Verdict> = BTreeMap::new();
    let name = |it: &Value| it["file"].as_str().expect("a file").trim_start_matches("./").to_owned();
    // This rule compares the files with each other.
    let is_own = |it: &&Value| it["severity"] == "error" && it["rule"] != "shared-storage-namespace";
    for finding in report["findings"].as_array().expect("a list").iter().filter(is_own) {
        let verdict = verdicts.entry(name(finding)).or_default();
        verdict.status = verdict.status.max(1);
        verdict.errors.insert(format!("{} {}", finding["rule"], finding["path"]));
    }
    for error in report["errors"].as_array().expect("a list") {
        let verdict = verdicts.entry(name(error)).or_default();
        verdict.status = 2;
        verdict.errors.insert(format!("unreadable: {}", error["message"]));
    }
    verdicts
}

/// Returns KubeRay's objects in a text.
fn objects(text: &str) -> Vec<Value> {
    let documents = documents(text).into_iter().flatten();
    let values = documents.map(|document| serde_json::to_value(&document.json).expect("JSON"));
    values.filter(|value| value["apiVersion"] == "ray.io/v1" && value["kind"].as_str().is_some_and(is_known)).collect()
}

fn is_known(kind: &str) -> bool {
    ["RayCluster", "RayService", "RayJob", "RayCronJob"].contains(&kind)
}

/// Returns the reason of KubeRay or of every version of Kubernetes for the refusal of each object; empty if they accept it.
fn refusals(objects: &[Value]) -> Vec<String> {
    let mut refusals = Vec::new();
    let cases = objects.iter().map(|object| Case::new(Vec::new(), object.clone()));
    validators::judge(cases.collect::<Vec<_>>().into_iter(), |_, answer| {
        let texts = answer.errors.iter().chain(&answer.panics).map(|message| &message.text);
        refusals.push(answer.undecodable.iter().chain(texts).cloned().collect::<Vec<_>>().join("; "));
    });
    let lines: Vec<_> = objects.iter().map(Value::to_string).collect();
    let by_version: Vec<_> = creation::versions().iter().map(|version| creation::judge(version, &lines)).collect();
    for (index, refusal) in refusals.iter_mut().enumerate() {
        let errors = by_version.iter().map(|answers| {
            let errors = answers[index].created.iter().flat_map(|created| &created.errors);
            let errors = errors.map(|error| format!("; {}: {}", error.path, error.detail));
            answers[index].panic.iter().cloned().chain(errors).collect::<String>()
        });
        let errors: Vec<_> = errors.collect();
        if errors.iter().all(|errors| !errors.is_empty()) {
            refusal.push_str(&errors[0]);
        }
    }
    refusals
}

#[test]
#[expect(clippy::print_stdout, reason = "figures for whoever changes a fix")]
fn a_fix_makes_no_file_worse() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let texts = texts();
    for (name, text) in &texts {
        fs::write(folder.path().join(name), text).expect("it can be written");
    }
    let before = verdicts(folder.path());
    let read = || -> BTreeMap<_, _> {
        let read = |name: &String| fs::read_to_string(folder.path().join(name)).expect("it is there");
        texts.keys().map(|name| (name.clone(), read(name))).collect()
    };
    rayguard(&["check", "--fix", "--quiet", "."], folder.path());
    let fixed = read();
    let after = verdicts(folder.path());
    rayguard(&["check", "--fix", "--quiet", "."], folder.path());
    let again = read();

    let mut faults = Vec::new();
    let (mut changed, mut old, mut new) = (0, Vec::new(), Vec::new());
    for (name, text) in &texts {
        let diff =
            || similar::TextDiff::from_lines(&**text, &*fixed[name]).unified_diff().context_radius(1).to_string();
        let none = Verdict::default();
        let (was, is) = (before.get(name).unwrap_or(&none), after.get(name).unwrap_or(&none));
        let added: Vec<_> = is.errors.difference(&was.errors).collect();
        if is.status > was.status || !added.is_empty() {
            faults.push(format!("{name}: new errors {added:?}\n{}", diff()));
        }
        if fixed[name] != again[name] {
            faults.push(format!("{name}: the second --fix changes the file again\n{}", diff()));
        }
        if fixed[name] == *text {
            continue;
        }
        changed += 1;
        let pair = (objects(text), objects(&fixed[name]));
        if pair.0.len() == pair.1.len() {
            for (before, after) in pair.0.into_iter().zip(pair.1).filter(|(before, after)| before != after) {
                old.push((name, before));
                new.push(after);
            }
        }
    }
    let old_refusals = refusals(&old.iter().map(|(_, object)| object.clone()).collect::<Vec<_>>());
    for (((name, _), was), is) in old.iter().zip(&old_refusals).zip(refusals(&new)) {
        if was.is_empty() && !is.is_empty() {
            faults.push(format!("{name}: refused after the fix: {is}"));
        }
    }
    println!(
        "{changed} of {} texts are fixed; KubeRay and Kubernetes judge {} objects of them",
        texts.len(),
        new.len()
    );
    assert!(changed > 300 && new.len() > 250, "only {changed} texts have a fix, and {} objects", new.len());
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
