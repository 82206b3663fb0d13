//! The law of helps: whoever does what a help says gets no new error. Each help that is exact (`write X`, `remove it`,
//! `did you mean X?`) is applied to the object by a program, and the object is checked again.

#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "unlike the core, tests may read the environment")]

use std::collections::{BTreeMap, BTreeSet};

use rayguard_manifest::fix::Edit;
use rayguard_manifest::json::Json;
use rayguard_manifest::path::Step;
use rayguard_manifest::yaml::documents;
use rayguard_policy::policy::Policy;
use rayguard_policy::rule::{Finding, Level};
use rayguard_policy::rules::RULES;
use rayguard_test_support::document::examples;
use rayguard_test_support::generator::Generator;
use rayguard_test_support::templates::Templates;

/// The number of objects from each generator.
const GENERATED: usize = 3000;

/// Rules whose finding hides another fault, and the rule of the fault. The object has both, but the second is none yet: it
/// depends on what the user writes for the first.
const HIDDEN: [(&str, &str); 14] = [
    // A fault-tolerant cluster has more to check.
    ("ineffective-fault-tolerance", "ray-container-not-first"),
    ("conflicting-fault-tolerance", "ray-container-not-first"),
    ("malformed-field", "ineffective-fault-tolerance"),
    // Other fields depend on the value, such as dnsConfig on the dnsPolicy None.
    ("invalid-pod-spec", "invalid-pod-spec"),
    // A limit is at least the request.
    ("invalid-resources", "invalid-resources"),
    // A name that is wrong is not read.
    ("invalid-resources", "object-store-above-memory"),
    ("unknown-ray-start-parameter", "conflicting-group-resources"),
    // A value of the wrong form is not checked further.
    ("malformed-field", "invalid-deletion-rule"),
    ("malformed-field", "invalid-upgrade-strategy"),
    ("malformed-field", "unsupported-authentication"),
    ("malformed-field", "autoscaler-restart-policy"),
    // A template without a spec gets one.
    ("invalid-submitter-template", "malformed-field"),
    // Two rules for one status.
    ("invalid-deletion-rule", "invalid-deletion-rule"),
    ("invalid-deletion-strategy", "invalid-deletion-strategy"),
];

/// Returns the changes that make what a finding asks for: its fix, or what its help says first. Empty if the help leaves a
/// choice.
fn changes(finding: &Finding, json: &Json<'_>) -> Vec<Edit> {
    match &finding.fix {
        Some(fix) => fix.edits.clone(),
        None => change(finding, json).into_iter().collect(),
    }
}

fn change(finding: &Finding, json: &Json<'_>) -> Option<Edit> {
    if finding.within.is_some() {
        return None;
    }
    let path = finding.path.clone();
    let first = finding.help.split("; ").next().unwrap_or_default();
    let first = first.split(", or ").next().unwrap_or_default();
    let first = first.strip_suffix(" or more").unwrap_or(first).replacen("write at most ", "write ", 1);
    let first = &*first;
    if first == "remove it" {
        return path.value(json).is_some().then_some(Edit::Remove { path });
    }
    if let Some(name) = first.strip_prefix("did you mean ").and_then(|name| name.strip_suffix('?')) {
        return Some(Edit::Rename { path, name: name.trim_matches('"').to_owned() });
    }
    let text = first.strip_prefix("write ")?;
    let value = match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(text) if !text.contains('"') => Json::from(text.to_owned()),
        Some(_) => return None,
        None if text.contains([' ', '…', '"', ':', '{']) => return None,
        None => match path.value(json)? {
            Json::String(_) => Json::from(text.to_owned()),
            _ => documents(text).pop()?.ok()?.json.clone().into_owned(),
        },
    };
    if finding.is_about_key {
        return value.as_str().map(|name| Edit::Rename { path, name: name.to_owned() });
    }
    let is_scalar = !matches!(path.value(json), Some(Json::Object(_) | Json::Array(_)));
    is_scalar.then_some(Edit::Set { path, value })
}

/// Returns the rule and the path of each denial.
fn denials(findings: &[Finding]) -> BTreeSet<(&'static str, String)> {
    let denials = findings.iter().filter(|finding| finding.level == Level::Deny);
    denials.map(|finding| (finding.rule.name, finding.path.to_string())).collect()
}

/// Applies each exact help of an object, and collects the new errors by rule and help.
fn check(json: &Json<'_>, applied: &mut usize, faults: &mut BTreeMap<String, String>) {
    // Defaults would shift paths, and are not in the text that a user edits.
    let policy = "{apiVersion: rayguard.dev/v1alpha1, kind: Policy, webhook: absent}";
    let policy = Policy::from_yaml(policy).expect("a policy");
    let Some(outcome) = policy.dry_run(json, Some("default")) else { return };
    let before = denials(&outcome.findings);
    for finding in &outcome.findings {
        let edits = changes(finding, json);
        let mut edited = json.clone();
        // Edits of a list begin at its end, so that the indexes stay right.
        let mut in_order: Vec<_> = edits.iter().collect();
        in_order.sort_by(|one, other| other.path().cmp(one.path()));
        if edits.is_empty() || !in_order.into_iter().all(|edit| edit.apply(&mut edited)) {
            continue;
        }
        *applied += 1;
        let Some(after) = policy.dry_run(&edited, Some("default")) else { continue };
        // The value can have a second fault, which has another message.
        let is_same = |other: &Finding| {
            (other.rule, &other.path, &other.message) == (finding.rule, &finding.path, &finding.message)
        };
        let is_fixed = !after.findings.iter().any(is_same);
        let after = denials(&after.findings);
        let of_rule = |all: &BTreeSet<(&str, String)>, rule: &str| all.iter().filter(|(of, _)| *of == rule).count();
        // After the removal of an item, the items after it have other paths.
        let removes_item =
            |edit: &Edit| matches!((edit, edit.path().steps().last()), (Edit::Remove { .. }, Some(Step::Index(_))));
        let has_shifted = edits.iter().any(removes_item);
        let is_new = |(rule, _): &&(&'static str, String)| {
            let is_hidden = HIDDEN.contains(&(finding.rule.name, rule));
            let is_shifted = has_shifted && of_rule(&after, rule) <= of_rule(&before, rule);
            !is_hidden && !is_shifted
        };
        let new: Vec<_> = after.difference(&before).filter(is_new).collect();
        if !new.is_empty() || (finding.level == Level::Deny && !is_fixed && !has_shifted) {
            let key = format!("{}: {}", finding.rule.name, finding.help);
            faults.entry(key).or_insert_with(|| format!("{} -> new {new:?}, fixed: {is_fixed}", finding.path));
        }
    }
}

#[test]
fn doing_what_an_exact_help_says_leads_to_no_new_error() {
    let (mut applied, mut faults) = (0, BTreeMap::new());
    for example in RULES.iter().copied().flat_map(examples) {
        for document in documents(example.text).into_iter().flatten() {
            check(&document.json, &mut applied, &mut faults);
        }
    }
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(18);
    let (generator, templates) = (Generator::new(seed), Templates::new(seed));
    for index in 0..GENERATED {
        for object in [generator.case(index).object, templates.object(index).object] {
            let text = object.to_string();
            check(&serde_json::from_str(&text).expect("JSON"), &mut applied, &mut faults);
        }
    }
    println!("{applied} helps are applied");
    assert!(applied > 1000, "only {applied} helps are exact");
    let faults: Vec<_> = faults.iter().map(|(help, new)| format!("{help}\n    {new}")).collect();
    assert!(faults.is_empty(), "{} helps lead to a new error:\n{}", faults.len(), faults.join("\n"));
}
