//! The policies of the project: those of its documents, of its tests and of its chart.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use rayguard_manifest::yaml::documents;
use rayguard_test_support::document::yaml_blocks;
use rayguard_test_support::root;
use serde_json::Value;

use super::agreement::{Agreement, compare};
use super::{policy, validator};

/// The first line of a policy file, and of a file of values, by which yaml-language-server finds the schema.
const POLICY_MODELINE: &str = "# yaml-language-server: $schema=policy.schema.json\n";
const VALUES_MODELINE: &str = "# yaml-language-server: $schema=charts/rayguard/values.schema.json\n";

/// Returns the files of the project with this extension, in order.
fn files(extension: &str) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![root().to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the project") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            if path.is_dir() && !path.is_symlink() {
                if name != "target" && !name.starts_with('.') {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|found| found == extension) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn text(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Returns the readable documents of a text.
fn values(text: &str) -> Vec<Value> {
    let documents = documents(text).into_iter().filter_map(Result::ok);
    documents.map(|document| Value::from(&document.json)).filter(|value| !value.is_null()).collect()
}

fn is_policy(value: &Value) -> bool {
    value["apiVersion"].as_str().is_some_and(|version| version.starts_with("rayguard.dev/"))
        && value["kind"] == "Policy"
}

/// Returns the policies in a text, also those in ConfigMaps.
fn policies(text: &str) -> Vec<Value> {
    let mut found = Vec::new();
    for value in values(text) {
        if is_policy(&value) {
            found.push(value);
        } else if let Some(nested) = value["data"]["policy.yaml"].as_str() {
            found.extend(policies(nested));
        }
    }
    found
}

/// Returns the texts in a Rust file.
fn literals(tokens: TokenStream, found: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => literals(group.stream(), found),
            TokenTree::Literal(literal) => {
                if let syn::Lit::Str(text) = syn::Lit::new(literal) {
                    found.push(text.value());
                }
            }
            _ => {}
        }
    }
}

#[test]
fn policies_in_documents_are_valid() {
    let validator = validator();
    let mut count = 0;
    for file in files("md") {
        for block in yaml_blocks(&text(&file)) {
            let policies = policies(&block);
            for policy in &policies {
                assert_eq!(compare(&validator, policy), Agreement::Valid, "{}:\n{block}", file.display());
            }
            count += policies.len();
            if policies.len() == 1 && values(&block).len() == 1 {
                assert!(block.starts_with(POLICY_MODELINE), "{}: no modeline in\n{block}", file.display());
            }
        }
    }
    assert!(count > 80, "{count}");
}

#[test]
fn policies_of_the_chart_are_valid() {
    let validator = validator();
    let chart = root().join("charts/rayguard");
    let mut count = 0;
    for file in files("yaml") {
        let is_of_values = file.starts_with(&chart) && file.to_string_lossy().ends_with("values.yaml");
        let text = text(&file);
        let of_values = values(&text).into_iter().filter(|value| is_of_values && value["policy"].is_object());
        let all: Vec<_> = policies(&text).into_iter().chain(of_values.map(|value| policy(&value["policy"]))).collect();
        for policy in &all {
            assert_eq!(compare(&validator, policy), Agreement::Valid, "{}", file.display());
        }
        count += all.len();
    }
    for file in files("snap") {
        for policy in policies(&text(&file)) {
            assert_eq!(compare(&validator, &policy), Agreement::Valid, "{}", file.display());
            count += 1;
        }
    }
    assert!(count > 8, "{count}");
}

/// Files of values in documents have parts of values.yaml only.
#[test]
fn values_in_documents_begin_with_a_modeline() {
    let known = values(&text(&root().join("charts/rayguard/values.yaml"))).remove(0);
    let known = known.as_object().expect("a map");
    let mut count = 0;
    for file in files("md") {
        for block in yaml_blocks(&text(&file)) {
            let values = values(&block);
            let [Value::Object(value)] = values.as_slice() else { continue };
            if value.keys().all(|key| known.contains_key(key)) {
                assert!(block.starts_with(VALUES_MODELINE), "{}: no modeline in\n{block}", file.display());
                count += 1;
            }
        }
    }
    assert!(count >= 3, "{count}");
}

/// Some of these are wrong on purpose. Others are only a part of the text from which a test makes a policy.
#[test]
#[expect(clippy::print_stdout, reason = "the figures are for people")]
fn policies_in_tests_are_judged_alike() {
    let validator = validator();
    let mut counts = [0; 2];
    for file in files("rs") {
        let mut texts = Vec::new();
        literals(text(&file).parse().unwrap_or_else(|error| panic!("{}: {error}", file.display())), &mut texts);
        for policy in texts.iter().filter(|text| text.contains("Policy")).flat_map(|text| policies(text)) {
            let is_valid = compare(&validator, &policy) == Agreement::Valid;
            counts[usize::from(is_valid)] += 1;
        }
    }
    println!("{counts:?}");
    assert!(counts[0] > 0 && counts[1] > 15, "{counts:?}");
}
