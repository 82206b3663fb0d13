//! Compares rayguard with Ray Serve itself, from Ray's wheels: with the schema of a configuration, and with what the
//! controller checks when it applies the configuration.

#![allow(clippy::disallowed_methods, reason = "unlike the core, tests may read files and run programs")]

mod configs;
mod options;
mod table;

use std::collections::BTreeMap;
use std::env;
use std::fmt::{self, Write as _};
use std::io::Write as _;

use rayguard_manifest::json::Json;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use rayguard_policy::rule::{Finding, Level};
use rayguard_test_support::{oracle, ray, root, validators};
use serde::Deserialize;
use serde_json::{Value, json};

use configs::Configs;
use table::Table;

/// The number of configurations for each version. `SEED` is the seed of their generator.
const CONFIGS: u64 = 3_000;
const SEED: u64 = 17;

/// The versions of Ray, unless `RAY_VERSIONS` has others.
const VERSIONS: &str = "2.40.0 2.60.0";

/// The least share of the configurations that Ray refuses and rayguard denies, and the largest share of those that Ray
/// accepts and rayguard warns of, in percent. A key that Ray ignores is no reason for Ray to refuse anything.
const RECALL: f64 = 99.0;
const WARNED: f64 = 5.0;

/// Errors that Ray's code has for the default code of a deployment, and not for other code. rayguard warns.
const DEPEND_ON_CODE: [(&str, &str); 4] = [
    ("Invalid route prefix", "before 2.39, only the controller's next step checks it; rayguard only warns of it"),
    ("`placement_group_bundles` must also be provided", "the code may set placement_group_bundles"),
    ("num_cpus` for the actor is 1", "the code may set num_cpus below 1"),
    ("num_replicas (1) must be a multiple of", "the code may set num_replicas"),
];

/// An error of Ray.
#[derive(Debug, Deserialize)]
struct Error {
    stage: String,
    at: Vec<Value>,
    kind: String,
    message: String,
}

impl Error {
    /// Returns a name for all errors of one kind.
    fn name(&self) -> String {
        let at: Vec<_> = self.at.iter().map(|step| step.as_str().unwrap_or("*")).collect();
        let quoted =
            |text: &str| text.split(['"', '\'', '`', '(', '[']).next().unwrap_or_default().trim_end().to_owned();
        let message: String = quoted(&self.message).chars().filter(|c| !c.is_ascii_digit()).take(60).collect();
        format!("{:<12} {:<50} {:<24} {message}", self.stage, at.join("."), self.kind)
    }
}

/// The part of an error that is about a file of the image, which is not known.
const FILE_OF_THE_IMAGE: &str = "is not a valid file";

/// The JSON that KubeRay sends to Ray, or the error for which it sends nothing.
#[derive(Debug, Deserialize)]
struct Sent {
    json: Option<Value>,
    error: Option<String>,
}

fn from_env(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|error| panic!("{name}={text}: {error}")))
}

/// Returns what rayguard finds in a configuration for a version of Ray, with the rules about Serve.
fn findings(text: &str, version: &str) -> Vec<Finding> {
    let container = json!({"name": "ray", "image": "own/image:1"});
    let object = json!({"apiVersion": "ray.io/v1", "kind": "RayService", "metadata": {"name": "service"}, "spec": {
        "serveConfigV2": text,
        "rayClusterConfig": {"rayVersion": version, "headGroupSpec": {"template": {"spec": {"containers": [container]}}}}}});
    let object = object.to_string();
    let json: Json<'_> = serde_json::from_str(&object).expect("JSON");
    let object = RayObject::read(&json).expect("a RayService");
    let mut findings = Policy::default().validate(&object, None);
    findings.retain(|finding| finding.rule.name.contains("serve"));
    findings
}

/// Converts configurations as KubeRay does, with its own code.
fn sent(texts: Vec<String>) -> Vec<(String, Sent)> {
    let mut sent = Vec::new();
    oracle::ask(
        validators::command("serve-config"),
        texts.into_iter(),
        |text| json!(text).to_string(),
        |text, answer| sent.push((text, answer)),
    );
    sent
}

/// The verdicts of both sides on one configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdicts {
    Accepted,
    /// rayguard warns of something that is no reason for Ray to refuse the configuration.
    AcceptedAndWarned,
    AcceptedAndDenied,
    RefusedAndDenied,
    RefusedAndNotDenied,
    /// Ray refuses it with the default code, and rayguard warns, or denies it for another reason.
    DependsOnCode,
    DependsOnCodeAndNotFound,
}

/// Returns the share of a part in itself and the rest, in percent.
fn share(part: u32, rest: u32) -> f64 {
    100.0 * f64::from(part) / f64::from((part + rest).max(1))
}

/// The comparison with one version of Ray.
struct Comparison<'v> {
    version: &'v str,
    table: Table,
    counts: BTreeMap<Verdicts, u32>,
    /// The first configurations on which the two sides differ.
    differences: Vec<String>,
}

impl Comparison<'_> {
    /// Compares the verdicts on one configuration. Returns whether Ray accepts it.
    fn add(&mut self, text: &str, unreadable: Option<&str>, mut errors: Vec<Error>) -> bool {
        errors.retain(|error| !error.message.contains(FILE_OF_THE_IMAGE));
        let findings = findings(text, self.version);
        let is_denied = findings.iter().any(|finding| finding.level == Level::Deny);
        let is_warned = findings.iter().any(|finding| finding.rule.name != "unknown-serve-key");
        let depends = |error: &Error| DEPEND_ON_CODE.iter().any(|(words, _)| error.message.contains(words));
        let is_accepted = unreadable.is_none() && errors.is_empty();
        let verdicts = match (is_accepted, is_denied) {
            (false, _) if unreadable.is_none() && errors.iter().all(depends) => {
                if is_warned {
                    Verdicts::DependsOnCode
                } else {
                    Verdicts::DependsOnCodeAndNotFound
                }
            }
            (false, true) => Verdicts::RefusedAndDenied,
            (false, false) => Verdicts::RefusedAndNotDenied,
            (true, true) => Verdicts::AcceptedAndDenied,
            (true, false) if is_warned => Verdicts::AcceptedAndWarned,
            (true, false) => Verdicts::Accepted,
        };
        for error in &errors {
            self.table.count(error, is_denied || depends(error) && is_warned);
        }
        *self.counts.entry(verdicts).or_default() += 1;
        let differ = [Verdicts::AcceptedAndDenied, Verdicts::RefusedAndNotDenied, Verdicts::DependsOnCodeAndNotFound];
        if differ.contains(&verdicts) && self.differences.len() < 20 {
            let found: Vec<_> = findings.iter().map(|finding| &finding.message).collect();
            let ray = unreadable.map_or_else(|| format!("{errors:?}"), str::to_owned);
            self.differences.push(format!("{verdicts:?}: {text}\n  Ray: {ray}\n  rayguard: {found:?}\n"));
        }
        is_accepted
    }

    fn count(&self, verdicts: Verdicts) -> u32 {
        self.counts.get(&verdicts).copied().unwrap_or_default()
    }

    fn recall(&self) -> f64 {
        let missed = self.count(Verdicts::RefusedAndNotDenied) + self.count(Verdicts::DependsOnCodeAndNotFound);
        share(self.count(Verdicts::RefusedAndDenied), missed)
    }

    fn warned(&self) -> f64 {
        share(self.count(Verdicts::AcceptedAndWarned), self.count(Verdicts::Accepted))
    }

    fn is_good(&self) -> bool {
        self.count(Verdicts::AcceptedAndDenied) == 0
            && self.recall() >= RECALL
            && self.warned() <= WARNED
            && self.count(Verdicts::Accepted) > 0
    }
}

impl fmt::Display for Comparison<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, counts, table, .. } = self;
        let (recall, warned) = (self.recall(), self.warned());
        writeln!(
            formatter,
            "Ray {version}: {recall:.2} % of the refused ones denied, {warned:.2} % of the accepted ones warned of"
        )?;
        writeln!(formatter, "{counts:?}\n{table}")?;
        self.differences.iter().try_for_each(|difference| write!(formatter, "{difference}"))
    }
}

#[test]
fn rayguard_denies_what_ray_serve_refuses_and_nothing_else() {
    let (seed, count) = (from_env("SEED", SEED), from_env("CONFIGS", CONFIGS));
    let generator = Configs::new(seed);
    let count = usize::try_from(count).expect("a number of configurations");
    let configs = sent((0..count).map(|index| generator.config(index)).collect());
    let versions = env::var("RAY_VERSIONS").unwrap_or_else(|_| VERSIONS.to_owned());
    let (mut report, mut is_good) = (format!("\n{count} configurations with seed {seed}\n"), true);
    let mut accepted = vec![false; count];
    for version in versions.split_whitespace() {
        let mut judge = ray::python(version, &root().join("tests/ray/serve.py"));
        judge.arg("judge");
        let mut comparison =
            Comparison { version, table: Table::default(), counts: BTreeMap::new(), differences: Vec::new() };
        let question = |index: &usize| configs[*index].1.json.clone().unwrap_or_default().to_string();
        oracle::ask(judge, 0..count, question, |index, errors| {
            let (text, sent) = &configs[index];
            accepted[index] |= comparison.add(text, sent.error.as_deref(), errors);
        });
        let _ = writeln!(report, "{comparison}");
        is_good &= comparison.is_good();
    }
    // Without a version, rayguard denies only what every version refuses.
    let is_denied = |text: &str| findings(text, "").iter().any(|finding| finding.level == Level::Deny);
    let (mut denied, mut refused) = (0, 0);
    for ((text, _), is_accepted) in configs.iter().zip(accepted) {
        let is_denied = is_denied(text);
        refused += usize::from(!is_accepted);
        denied += usize::from(is_denied);
        if is_denied && is_accepted {
            is_good = false;
            let _ = writeln!(report, "Without a version, rayguard denies: {text}\n  {:?}", findings(text, ""));
        }
    }
    let _ = writeln!(report, "Without a version: {denied} denied of {refused} that all these versions refuse");
    // Bypasses the capture of the test runner, so that the log of a run that passes has the report.
    std::io::stdout().lock().write_all(report.as_bytes()).expect("stdout is open");
    assert!(is_good, "the two sides differ, see above");
}

#[test]
fn the_table_has_the_fields_of_each_wheel() {
    let file = std::fs::read_to_string(root().join("crates/policy/src/ray/serve/schema.json")).expect("the table");
    let table: Value = serde_json::from_str(&file).expect("JSON");
    let versions = env::var("RAY_VERSIONS").unwrap_or_else(|_| VERSIONS.to_owned());
    for version in versions.split_whitespace() {
        let mut fields = ray::python(version, &root().join("tests/ray/serve.py"));
        let output = fields.arg("fields").output().expect("Python runs");
        let wheel: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let minor: u64 = version.split('.').nth(1).and_then(|minor| minor.parse().ok()).expect("a version");
        let of_table = of_release(&table, minor);
        for (name, model) in wheel["models"].as_object().expect("models") {
            assert_eq!(of_table.get(name), Some(model), "Ray {version}: {name}");
        }
        assert_eq!(
            wheel["pydantic"].as_u64() == Some(2),
            minor >= table["pydantic 2 from"].as_u64().expect("a number")
        );
    }
}

/// Returns the models of a release, as `serve.py fields` prints them.
fn of_release(table: &Value, minor: u64) -> BTreeMap<String, Value> {
    let mut models = BTreeMap::new();
    for (name, model) in table["models"].as_object().expect("models") {
        let mut fields = serde_json::Map::new();
        for (field, variants) in model["fields"].as_object().expect("fields") {
            let is_in = |variant: &&Value| (variant["from"].as_u64()..=variant["to"].as_u64()).contains(&Some(minor));
            if let Some(Value::Object(variant)) = variants.as_array().expect("variants").iter().find(is_in) {
                let mut kind = variant.clone();
                kind.retain(|key, _| key != "from" && key != "to");
                fields.insert(field.clone(), Value::Object(kind));
            }
        }
        models.insert(name.clone(), json!({"forbids": model["forbids"], "fields": fields}));
    }
    models
}
