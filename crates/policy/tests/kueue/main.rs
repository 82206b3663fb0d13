//! Compares rayguard with Kueue's own webhooks: rayguard denies what they refuse, and nothing else.

#![allow(clippy::disallowed_methods, reason = "unlike the core, tests may read files and run programs")]

mod generator;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use rayguard_manifest::json::Json;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use rayguard_policy::rule::{Category, Finding, Level};
use rayguard_test_support::{oracle, root};
use regex_lite::Regex;
use serde::Deserialize;

use generator::Case;

/// The number of objects and updates that both sides check, and the seed of their generator.
const CASES: usize = 6000;
const SEED: u64 = 1;

#[derive(Deserialize)]
struct Answer {
    undecodable: Option<String>,
    errors: Vec<String>,
}

/// Returns what the rules for Kueue find.
fn findings(case: &Case) -> Vec<Finding> {
    let policy = "{apiVersion: rayguard.dev/v1alpha1, kind: Policy, installed: [kueue]}";
    let policy = Policy::from_yaml(policy).expect("a policy");
    let [object, old] = [Some(&case.object), case.old.as_ref()].map(|object| object.map(ToString::to_string));
    let [object, old] =
        [&object, &old].map(|text| text.as_deref().map(|text| serde_json::from_str::<Json<'_>>(text).expect("JSON")));
    let old = old.as_ref().and_then(RayObject::read);
    let object = object.expect("an object");
    let object = RayObject::read(&object).expect("it is of a KubeRay kind");
    let findings = policy.validate(&object, old.as_ref().map(|old| old as _)).into_iter();
    findings.filter(|finding| finding.rule.category == Category::Kueue).collect()
}

#[test]
fn rayguard_and_kueue_refuse_the_same_objects() {
    let script = root().join("tests/kueue/build");
    let output = Command::new("bash").arg(script).stderr(Stdio::inherit()).output().expect("bash runs");
    assert!(output.status.success(), "tests/kueue/build failed; the reason is above");
    let program = Command::new(String::from_utf8(output.stdout).expect("UTF-8").trim_end());

    let values = Regex::new(r#""[^"]*"|\[[0-9]+\]|Invalid value: \S+|[0-9]+"#).expect("a pattern");
    let mut table = BTreeMap::<String, (usize, usize)>::new();
    let (mut refused, mut denied, mut accepted, mut warned) = (0, 0, 0, 0);
    let mut faults = Vec::new();
    let cases = (0..CASES).map(|index| Case::new(SEED, index));
    oracle::ask(program, cases, Case::line, |case, answer: Answer| {
        assert_eq!(answer.undecodable, None, "{}", case.line());
        let findings = findings(&case);
        // Two things are refused only with Kueue's default feature gates, so rayguard warns of them. Any other warning is a
        // violation that the old object of an update has too.
        let depends_on_gate =
            |finding: &Finding| finding.level == Level::Warn && finding.message.contains("feature gate");
        let is_denied = findings.iter().any(|finding| !depends_on_gate(finding));
        let depends_on_gate = findings.iter().any(depends_on_gate);
        for error in &answer.errors {
            let (found, all) = table.entry(values.replace_all(error, "…").into_owned()).or_default();
            *all += 1;
            // Kueue names no path in errors about the submitter.
            let is_about_submitter = ["strconv.", "[kueue", "<nil>"].iter().any(|start| error.starts_with(start));
            let is_found = |finding: &Finding| {
                let path = path_in_kueue(&case, finding);
                error.starts_with(&path) || (is_about_submitter && path.contains("submitterPodTemplate"))
            };
            *found += usize::from(findings.iter().any(is_found));
        }
        match (answer.errors.is_empty(), is_denied) {
            (false, true) => (refused, denied) = (refused + 1, denied + 1),
            (false, false) => {
                refused += 1;
                if !depends_on_gate {
                    faults.push(format!("Kueue refuses {}: {:?}", case.line(), answer.errors));
                }
            }
            (true, true) => faults.push(format!("Kueue accepts {}: {findings:?}", case.line())),
            (true, false) => (accepted, warned) = (accepted + 1, warned + usize::from(!findings.is_empty())),
        }
    });
    let mut report = format!(
        "\n{CASES} objects with seed {SEED}; Kueue refuses {refused}, of which rayguard denies {denied}; it warns of {warned} of the other {accepted}\n"
    );
    for (error, (found, all)) in &table {
        let _ = writeln!(report, "{found:>6} of {all:>6}  {error}");
    }
    // Bypasses the capture of the test runner, so that the log of a run that passes has the report.
    std::io::stdout().lock().write_all(report.as_bytes()).expect("stdout is open");
    assert!(faults.is_empty(), "{} differences\n{}", faults.len(), faults[..faults.len().min(5)].join("\n"));
    assert!(refused > CASES / 5 && accepted > CASES / 5, "the generator is out of balance");
    assert!(warned * 20 <= accepted, "rayguard warns of {warned} of {accepted} objects that Kueue accepts");
    for (error, (found, all)) in table {
        assert!(found > 0, "none of {all} errors was found: {error}");
    }
}

/// Returns a finding's path as Kueue writes it. Kueue names the cluster of a RayService rayClusterSpec.
fn path_in_kueue(case: &Case, finding: &Finding) -> String {
    let path = finding.path.to_string();
    if case.object["kind"] == "RayService" {
        path.replacen("spec.rayClusterConfig", "spec.rayClusterSpec", 1)
    } else {
        path
    }
}
