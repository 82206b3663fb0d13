//! Compares rayguard with `ray start`: the command line that KubeRay's own code makes, split by bash, parsed by click, and
//! checked by Ray up to the start of its first process, in several versions of Ray.

#![allow(clippy::disallowed_methods, reason = "unlike the core, tests may read files and run programs")]

mod generator;
mod hostile;
mod options;
mod table;
mod values;

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::io::Write as _;
use std::thread;

use rayguard_manifest::json::Json;
use rayguard_policy::kuberay::{KubeRay, Version};
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use rayguard_policy::rule::{Finding, Level};
use rayguard_policy::settings::Settings;
use rayguard_test_support::{oracle, ray, root, validators};
use serde::Deserialize;
use serde_json::{Value, json};

use generator::Case;
use table::Table;

/// The number of RayClusters of each version. Each has two groups, and so two command lines.
const OBJECTS: u64 = 1600;
const SEED: u64 = 17;

/// The versions, unless `RAY_VERSIONS` lists others.
const VERSIONS: &str = "2.40.0 2.60.0";

/// The rules that are about the command line.
const RULES: [&str; 7] = [
    "unknown-ray-start-parameter",
    "invalid-ray-start-parameter",
    "misplaced-ray-start-parameter",
    "conflicting-ports",
    "invalid-custom-resources",
    "invalid-node-labels",
    "object-store-above-memory",
];

/// Other rules that refuse some of the same parameters.
const OTHERS: [&str; 2] = ["shell-in-ray-start-params", "misplaced-redis-username"];

/// Returns why rayguard does not find a refusal; `None` if it should find it.
fn explanation(question: &Question, reason: &str) -> Option<&'static str> {
    let line = question.pod["containers"][0]["args"][0].as_str().unwrap_or_default();
    if reason.contains("abort: ") && question.group == 0 && line.contains("--address=") {
        Some("the address of the head is that of a Redis, which the object does not have")
    } else if line.replace("$REDIS_", "").contains('$') {
        Some("the value of a variable is not in the object; in the test, it is empty")
    } else if reason.contains("cap object store memory usage") && line.contains("--enable-resource-isolation") {
        Some("with resource isolation, the default size of the object store depends on the version in small ways")
    } else {
        None
    }
}

fn from_env(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|error| panic!("{name}={text}: {error}")))
}

/// One group of a case, with the Pod that KubeRay makes of it.
struct Question {
    case: Case,
    group: usize,
    pod: Value,
}

#[derive(Deserialize)]
struct Answer {
    refused: Option<String>,
}

/// What the comparison of one version found.
struct Result {
    report: String,
    failures: Vec<String>,
}

#[test]
fn rayguard_and_ray_start_refuse_the_same_command_lines() {
    let versions = env::var("RAY_VERSIONS").unwrap_or_else(|_| VERSIONS.to_owned());
    let versions: Vec<_> = versions.split_whitespace().collect();
    let results: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = versions.iter().map(|version| scope.spawn(move || compare(version))).collect();
        threads.into_iter().map(|thread| thread.join().expect("the comparison ends")).collect()
    });
    let report: String = results.iter().map(|result| result.report.as_str()).collect();
    // Bypasses the capture of the test runner, so that the log of a run that passes has the report.
    std::io::stdout().lock().write_all(report.as_bytes()).expect("stdout is open");
    let failures: Vec<_> = results.into_iter().flat_map(|result| result.failures).collect();
    assert!(
        failures.is_empty(),
        "{} disagreements:\n{}",
        failures.len(),
        failures[..failures.len().min(40)].join("\n")
    );
}

fn compare(version: &str) -> Result {
    let (seed, objects) = (from_env("SEED", SEED), from_env("OBJECTS", OBJECTS));
    let mut questions = Vec::new();
    let cases = (0..objects).map(|index| generator::case(seed, index, version));
    validators::pods(
        cases,
        |case| &case.object,
        |case, pods| {
            for (group, pod) in pods.into_iter().enumerate() {
                questions.push(Question { case: case.clone(), group, pod });
            }
        },
    );
    let (mut table, mut failures, mut explained) = (Table::default(), Vec::new(), BTreeMap::new());
    let (mut refused, mut found, mut accepted, mut warned) = (0_usize, 0_usize, 0_usize, 0_usize);
    let program = ray::python(version, &root().join("tests/ray/start.py"));
    let text = |question: &Question| json!({"head": question.group == 0, "pod": question.pod}).to_string();
    oracle::ask(program, questions.into_iter(), text, |question, answer: Answer| {
        let findings = findings(&question);
        let denial = findings.iter().find(|finding| finding.level == Level::Deny);
        let denied_here = findings.iter().find(|finding| finding.level == Level::Deny && is_of(&question, finding));
        let show = || format!("{version} {} {}", question.group, lines(&question));
        match answer.refused {
            // The command does not run `ray start` of KubeRay.
            Some(reason) if reason.starts_with("own command") => {
                if let Some(finding) = denied_here {
                    failures.push(format!("denied {finding}, though it has its own command: {}", show()));
                }
            }
            Some(reason) => {
                let is_found = denial.is_some();
                let explanation = explanation(&question, &reason);
                if !question.case.is_stated {
                    return;
                }
                table.count(&reason, is_found);
                refused += 1;
                found += usize::from(is_found);
                if let Some(why) = explanation.filter(|_| !is_found) {
                    *explained.entry(why).or_insert(0_usize) += 1;
                } else if !is_found {
                    failures.push(format!("not found: {reason:.150}: {}", show()));
                }
            }
            None => {
                accepted += 1;
                warned += usize::from(findings.iter().any(|finding| is_of(&question, finding)));
                if let Some(finding) = denied_here {
                    failures.push(format!("denied: {finding}: {}", show()));
                }
            }
        }
    });
    let mut report = String::new();
    let _ = writeln!(
        report,
        "\nRay {version}, seed {seed}: of {objects} RayClusters with two groups, ray start refuses {refused} groups that \
         state their version, of which rayguard finds {found}; it accepts {accepted}, of which rayguard warns of {warned}\n{table}"
    );
    for (why, count) in &explained {
        let _ = writeln!(report, "{count:>6}  explained: {why}");
    }
    if explained.values().sum::<usize>() * 20 > refused {
        failures.push(format!("Ray {version}: more than 5 % of the refusals are not found, though with a reason"));
    }
    if warned * 20 > accepted {
        failures.push(format!("Ray {version}: rayguard warns of more than 5 % of what ray start accepts"));
    }
    Result { report, failures }
}

/// Returns rayguard's findings in a group.
fn findings(question: &Question) -> Vec<Finding> {
    let version = Version::v1(if question.case.has_fields { 6 } else { 4 });
    let kuberay = KubeRay { version, feature_gates: Vec::new() };
    // The parameters that bash would run are refused where a policy says so.
    let strict = "{apiVersion: rayguard.dev/v1alpha1, kind: Policy, rules: {shell-in-ray-start-params: deny}}";
    let strict = Policy::from_yaml(strict).expect("a policy");
    let policy = Policy { settings: Settings { kuberay, ..Settings::default() }, ..strict };
    let text = question.case.object.to_string();
    let json: Json<'_> = serde_json::from_str(&text).expect("JSON");
    let object = RayObject::read(&json).expect("a RayCluster");
    let mut findings = policy.validate(&object, None);
    findings.retain(|finding| {
        // The workers connect to the port of the head.
        let is_port = finding.path.to_string() == "spec.headGroupSpec.rayStartParams[port]";
        is_port || OTHERS.contains(&finding.rule.name) || is_of(question, finding)
    });
    findings
}

/// Reports whether a finding is about the command line of the group.
fn is_of(question: &Question, finding: &Finding) -> bool {
    let path = finding.path.to_string();
    let fields: &[&str] = match question.group {
        0 => &["spec.headGroupSpec", "spec.gcsFaultToleranceOptions"],
        _ => &["spec.workerGroupSpecs[0]"],
    };
    // With `port: "false"`, the head starts, and no worker.
    let is_of_workers = question.group == 0 && finding.message.contains("host:false");
    RULES.contains(&finding.rule.name) && !is_of_workers && fields.iter().any(|field| path.starts_with(field))
}

/// Returns the parts of a group that the command line is made of.
fn lines(question: &Question) -> String {
    let spec = &question.case.object["spec"];
    let group = if question.group == 0 { &spec["headGroupSpec"] } else { &spec["workerGroupSpecs"][0] };
    let container = &question.pod["containers"][0];
    format!(
        "{} {} {} {}\n    {}",
        group["rayStartParams"], group["resources"], group["labels"], container["resources"], container["args"]
    )
}
