//! Every rule's document is its test: each example has exactly the findings that its comments mark. The other tests
//! check the conventions of rules.

// Tests may read the files of the project.
#![allow(clippy::disallowed_methods)]

mod fixing;
mod scaling;

use std::collections::BTreeSet;
use std::fs;

use rayguard_manifest::json::Json;
use rayguard_manifest::yaml::{Document, documents};
use rayguard_policy::cluster_context::{KnownObjects, SecretKeyNames, SecretScope};
use rayguard_policy::context::{Context, Environment};
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use rayguard_policy::rule::{Finding, Input, Rule, Scope};
use rayguard_policy::rules::{RULES, markdown_table};
use rayguard_policy::schema::Schema;
use rayguard_test_support::document::{Example, Mark, examples, headings, prose};
use rayguard_test_support::generated::assert_part_current;
use rayguard_test_support::root;

/// Returns the YAML documents of an example.
fn read(example: &Example) -> Vec<Document<'static>> {
    let documents = documents(example.text).into_iter();
    documents.map(|document| document.unwrap_or_else(|error| panic!("{example}: {error}"))).collect()
}

/// An example object and what it is checked with. Before the object, an example may have a policy, if it is not the
/// built-in one, and then the old object or other existing objects.
struct Case {
    example: Example,
    policy: Policy,
    old: Option<Document<'static>>,
    others: KnownObjects,
    document: Document<'static>,
}

impl Case {
    fn read(example: Example) -> Self {
        let mut documents = read(&example);
        let is_policy = documents.first().is_some_and(|first| first.json.field("kind").as_str() == Some("Policy"));
        let policy = is_policy.then(|| documents.remove(0)).map(|policy| Policy::from_json(&policy.json));
        let policy = policy.transpose().unwrap_or_else(|errors| panic!("{example}: {errors:?}")).unwrap_or_default();
        let document = documents.pop().unwrap_or_else(|| panic!("{example}: has no object"));
        let is_beside_others = example.rule.input == Input::Cluster;
        let old = if is_beside_others { None } else { documents.pop() };
        let mut others = KnownObjects::default();
        for other in documents {
            assert!(is_beside_others, "{example}: an example has at most a policy, an old object and a new one");
            match RayObject::read(&other.json) {
                Some(object) => others.add(&object, &policy.settings.cluster_domain, None),
                None => others.secrets.push(secret(&other.json)),
            }
        }
        Self { example, policy, old, others, document }
    }

    /// Returns a document as the API server stores it, without defaults of rayguard.
    fn stored(&self, document: &Document<'static>) -> Json<'static> {
        let mut json = document.json.clone();
        Schema::of(self.policy.settings.kuberay.version).conform(&mut json);
        // A stored object has a status, which an example may contain.
        if let (Some(status), Some(stored)) = (document.json.entry("status"), json.as_object_mut()) {
            stored.insert("status", status.clone());
        }
        json
    }

    /// Returns the offline findings in the object as written, and the findings of the validating webhook in the object
    /// as the API server stores it. rayguard's own defaults are not applied, because they would fix some examples that
    /// must fail.
    fn judge(&self) -> Vec<Finding> {
        let Self { example, policy, old, others, document } = self;
        let (old, new) = (old.as_ref().map(|old| self.stored(old)), self.stored(document));
        let old = old.as_ref().and_then(RayObject::read);
        let new = RayObject::read(&new).unwrap_or_else(|| panic!("{example}: not a KubeRay object"));
        let offline = policy
            .dry_run_within(&document.json, None, environment_of(document))
            .expect("one of KubeRay's objects")
            .findings
            .into_iter();
        let offline = offline.filter(|finding| finding.rule.scope == Scope::Offline);
        let environment = Environment { cluster: others, ..Environment::EMPTY };
        let context = Context::new(&new, &policy.settings).within(environment);
        offline.chain(policy.review(&context.replacing(old.as_ref().map(|old| old as _)))).collect()
    }
}

/// Returns the environment of a document that is alone in a cluster.
fn environment_of<'d>(document: &'d Document<'_>) -> Environment<'d> {
    Environment { notes: &document.notes, ..Environment::EMPTY }
}

/// Returns the keys of a Secret that is the only one in its namespace.
fn secret(json: &Json<'_>) -> (SecretScope, SecretKeyNames) {
    let text = |field: &str| json.descend(["metadata", field]).as_str().expect("a Secret");
    let keys = json.field("stringData").entries().iter().map(|(key, _)| (**key).into()).collect();
    (
        SecretScope { namespace: text("namespace").into(), name: None },
        SecretKeyNames::from([(text("name").into(), keys)]),
    )
}

/// Returns every example object with its findings.
fn evaluated() -> impl Iterator<Item = (Case, Vec<Finding>)> {
    let examples = RULES.iter().flat_map(|rule| examples(rule));
    examples.filter(|example| ["Fails", "Passes"].contains(&example.heading)).map(|example| {
        let case = Case::read(example);
        let findings = case.judge();
        (case, findings)
    })
}

/// Fails with a list of all faults.
fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn every_example_has_exactly_the_findings_that_it_marks() {
    let mut faults = Vec::new();
    for (Case { example, document, .. }, findings) in evaluated() {
        let line = |finding: &Finding| document.locate(&finding.path).start.line;
        let mut found: Vec<_> = findings.iter().map(|finding| Mark::of(finding, line(finding))).collect();
        let mut broken = Vec::new();
        for mark in example.marks() {
            match found.iter().position(|finding| mark.is_matched_by(finding)) {
                Some(index) => drop(found.swap_remove(index)),
                None => broken.push(mark),
            }
        }
        found.sort();
        let unkept = broken.iter().map(|mark| format!("  marked and not found: {mark}"));
        let unmarked = found.iter().map(|mark| format!("  found and not marked: {mark}"));
        let list: Vec<_> = unkept.chain(unmarked).collect();
        if !list.is_empty() {
            faults.push(format!("{example}\n{}\n{}", list.join("\n"), example.text));
        }
    }
    assert_none(&faults);
}

/// Rules check an object with its defaults. Defaults may repair the order of timeouts and must hide no other finding. A
/// finding may be missing if the schema already reports the same field path.
#[test]
fn defaults_hide_no_finding_except_of_timeouts() {
    let mut faults = Vec::new();
    for (Case { example, policy, document, .. }, findings) in evaluated() {
        let defaulted = policy
            .dry_run_within(&document.json, None, environment_of(&document))
            .expect("one of KubeRay's objects")
            .findings;
        let of_objects = |finding: &&Finding| finding.rule.input == Input::Object;
        for finding in findings.iter().filter(|finding| finding.rule == example.rule).filter(of_objects) {
            let is_repaired = ["worker-reconnect-timeout", "short-reconnect-timeout"].contains(&finding.rule.name);
            let is_said = |it: &Finding| match it.rule.name {
                "malformed-field" => finding.path.starts_with(&it.path),
                _ => it.rule == finding.rule && it.path == finding.path,
            };
            if !is_repaired && !defaulted.iter().any(is_said) {
                faults.push(format!("{example}: {} {}", finding.rule.name, finding.path));
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn passing_examples_have_no_marks_and_failing_examples_mark_their_rule() {
    for (Case { example, .. }, _) in evaluated() {
        let marks = example.marks();
        match example.heading {
            "Passes" => assert!(marks.is_empty(), "{example}: has marks"),
            _ => assert!(marks.iter().any(|mark| mark.rule == example.rule.name), "{example}: has no mark"),
        }
    }
}

#[test]
fn every_rule_document_has_the_same_headings() {
    for rule in RULES {
        let name = rule.name;
        let mut lines = prose(rule.docs).map(|(_, line)| line).filter(|line| !line.is_empty());
        assert_eq!(lines.next(), Some(format!("# {name}").as_str()), "{name}: the title is the rule's name");
        assert!(!lines.next().unwrap_or("#").starts_with('#'), "{name}: a sentence follows the title");
        let expected: Vec<_> = ["What it checks", "Why", "Error messages", "Fails", "Passes", "Settings", "References"]
            .into_iter()
            .filter(|heading| !["Error messages", "Settings"].contains(heading) || headings(rule).contains(heading))
            .collect();
        assert_eq!(headings(rule), expected, "{name}: the headings");
        for heading in ["Fails", "Passes"] {
            assert!(examples(rule).iter().any(|example| example.heading == heading), "{name}: no example {heading}");
        }
    }
}

#[test]
fn settings_examples_are_valid_policy_files() {
    let settings = RULES.iter().flat_map(|rule| examples(rule)).filter(|example| example.heading == "Settings");
    for example in settings {
        Policy::from_json(&read(&example)[0].json).unwrap_or_else(|errors| panic!("{example}: {errors:?}"));
    }
}

#[test]
fn summaries_start_in_lower_case_without_a_full_stop() {
    for Rule { name, summary, .. } in RULES {
        assert!(summary.starts_with(|first: char| first.is_lowercase()), "{name}: {summary}");
        assert!(!summary.ends_with('.') && !summary.contains(['\n', '|']), "{name}: {summary}");
    }
}

#[test]
fn findings_are_short_lines_without_a_full_stop() {
    const NAMES: [&str; 5] = ["KubeRay", "Kubernetes", "Kueue", "Ray", "Redis"];
    let mut faults = Vec::new();
    for (Case { example, .. }, findings) in evaluated() {
        for Finding { message, help, .. } in findings {
            let word = message.split([' ', '\'']).next().unwrap_or_default();
            let is_name = NAMES.contains(&word) || word.contains('_');
            let length = message.chars().count();
            for (is_kept, convention) in [
                (length <= 120, "a message has 120 characters at most"),
                (is_name || !message.starts_with(char::is_uppercase), "a message begins in lower case"),
                (!help.is_empty() && !help.starts_with(char::is_uppercase), "help begins in lower case"),
                ([&message, &help].iter().all(|text| !text.contains('\n')), "message and help are one line each"),
                ([&message, &help].iter().all(|text| !text.ends_with('.')), "message and help have no full stop"),
            ] {
                if !is_kept {
                    faults.push(format!("{example}: {convention}: {message} ({length}); {help}"));
                }
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn a_finding_points_at_an_existing_field_or_near_one() {
    for (Case { example, document, .. }, findings) in evaluated() {
        for finding in findings {
            // A missing field may be missing together with its parent map, but not with more.
            let near = finding.path.take(finding.path.steps().len().saturating_sub(2));
            assert!(near.value(&document.json).is_some(), "{example}: no field exists near {}", finding.path);
        }
    }
}

#[test]
fn every_rule_has_two_files_and_two_lines_in_rules_rs() {
    let list = fs::read_to_string(root().join("crates/policy/src/rules.rs")).expect("crates/policy/src/rules.rs");
    let rules: BTreeSet<_> = RULES.iter().map(|rule| rule.name.replace('-', "_")).collect();
    assert_eq!(rules.len(), RULES.len(), "every rule is listed once");
    let names = |extension: &str| -> BTreeSet<String> {
        let files = fs::read_dir(root().join("crates/policy/src/rules")).expect("crates/policy/src/rules");
        let paths = files.map(|file| file.expect("a file").path());
        let paths = paths.filter(|path| path.extension().is_some_and(|found| found == extension));
        paths.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect()
    };
    for extension in ["rs", "md"] {
        assert_eq!(names(extension), rules, "crates/policy/src/rules/*.{extension} and RULES");
    }
    for name in rules {
        assert!(list.contains(&format!("\nmod {name};\n")), "crates/policy/src/rules.rs: mod {name}");
        assert!(list.contains(&format!("\n    &{name}::RULE,\n")), "crates/policy/src/rules.rs: &{name}::RULE");
    }
}

#[test]
fn no_file_exceeds_400_lines_or_has_a_generic_name() {
    let mut folders = vec![root().join("src"), root().join("crates"), root().join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
            let generic = ["util", "utils", "helper", "helpers", "common"];
            assert!(!generic.contains(&name.as_str()), "{}: name the file after its content", path.display());
            if path.is_dir() {
                // npm has fetched the packages in such a folder.
                folders.extend((name != "node_modules").then_some(path));
            } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "md") {
                let lines = fs::read_to_string(&path).expect("text").lines().count();
                assert!(lines <= 400, "{}: {lines} lines, more than 400", path.display());
            }
        }
    }
}

#[test]
fn generated_table_of_rules_in_the_readme_is_current() {
    assert_part_current("README.md", "rules", &markdown_table());
}

#[test]
fn generated_table_of_rules_in_cel_is_current() {
    assert_part_current("docs/validating-admission-policy.md", "cel", &rayguard_policy::cel::markdown_table());
}

#[test]
fn every_cel_file_of_a_rule_is_exported() {
    let files = fs::read_dir(root().join("crates/policy/src/rules")).expect("the rules");
    let names = files.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let written: BTreeSet<_> =
        names.filter_map(|name| Some(name.strip_suffix(".cel.yaml")?.replace('_', "-"))).collect();
    let exported = RULES.iter().filter(|rule| rayguard_policy::cel::obstacle(rule).is_none());
    assert_eq!(written, exported.map(|rule| rule.name.to_owned()).collect());
    // A rule about a gated feature is exported if the gate is open.
    let open = "{apiVersion: rayguard.dev/v1alpha1, kind: Policy, kuberay: {featureGates: {AllAlpha: true}}}";
    let text = rayguard_policy::cel::export(&Policy::from_yaml(open).expect("a policy"));
    for rule in written {
        assert!(text.contains(&format!("  name: rayguard-{rule}\n")), "{rule} is not exported");
    }
}
