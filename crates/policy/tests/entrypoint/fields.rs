//! Compares rayguard with bash and Ray on the other fields of a job in the submitter's line: KubeRay's own code makes the
//! line, bash splits it, and Ray's own code reads the arguments of `ray job submit`.

use std::collections::BTreeMap;
use std::io::Write as _;

use rayguard_manifest::json::Json;
use rayguard_policy::kuberay::{KubeRay, Version};
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use rayguard_policy::rule::Level;
use rayguard_test_support::dice::Dice;
use rayguard_test_support::validators::{self, Submission};
use rayguard_test_support::{oracle, ray, root};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::from_env;

/// The number of jobs. `SEED` is the seed of their generator.
const JOBS: u64 = 3000;
const SEED: u64 = 18;

/// The release of Ray that reads the arguments.
const RAY: &str = "2.60.0";

/// The rules that read these fields.
const RULES: [&str; 4] =
    ["invalid-entrypoint-resources", "invalid-job-id", "unsupported-job-metadata", "shell-in-job-fields"];

const RESOURCES: [&str; 34] = [
    r#"{"a": 1}"#,
    r#"{"a": 0.5, "b": 2}"#,
    "{}",
    r#"{"a": 1"#,
    "",
    " ",
    "a: 1",
    "{'a': 1}",
    r#"{"a": "1"}"#,
    r#"{"a": null}"#,
    r#"{"a": true}"#,
    r#"{"a": -1}"#,
    r#"{"a": -0.0}"#,
    r#"{"CPU": 1}"#,
    r#"{"GPU": 1}"#,
    r#"{"cpu": 1}"#,
    r#"{"memory": 1}"#,
    "{\"a\": 1}\n",
    "\n{\"a\": 1}",
    "{\n  \"a\": 1\n}",
    "{\"a\":\t1}",
    "{\"a\\n\": 1}",
    "{\"a\nb\": 1}",
    "null",
    "[]",
    "1",
    "\"a\"",
    r#"{"a": 1} {}"#,
    r#"{"a": 1, "a": "x"}"#,
    r#"{"a": "x", "a": 1}"#,
    r#"{"a": [1]}"#,
    r#"{"a": {}}"#,
    r#"{"é": 1}"#,
    r#"{"$a": 1}"#,
];

const IDS: [&str; 26] = [
    "job-1", "a_b.c", "a b", "a;b", "a&b", "a|b", "a>b", "a<b", "a(b)", "$HOME", "a$b", "a`b", "a'b", "'ab'", "\"ab\"",
    "a\\b", "a\tb", "a\nb", "a=b", "a:b", "a@b", "a,b", "é", "a+b", "a^b", "[a]",
];

const VERSIONS: [&str; 32] = [
    "2.52.0",
    "2.6.0",
    "2.6",
    "2",
    "3",
    "2.5.0",
    "2.5.9",
    "1.13.0",
    "",
    "v2.52.0",
    "2.52.0rc1",
    "2.52.0-py310",
    "2.52.0+abc",
    "2.52.0.dev0",
    "nightly",
    "latest",
    "2.06.0",
    "02.52.0",
    " 2.52.0",
    "2.52.",
    "2..52",
    "3.0.0.dev0",
    "2.52.0-",
    "2.52.0-01",
    "2.52.0-0a",
    "2.52.0+",
    "2.52.0-a..b",
    "v 2.52",
    "2.52.x",
    "2.99999999999999999999",
    "vv2.52",
    "10.0.0",
];

const METADATA: [&str; 8] = ["v", "a b", "$x", "${HOME}", "`a`", "$(a)", "it's \"quoted\" \\", "${a b}"];

const RUNTIME_ENVS: [&str; 16] = [
    "pip: [requests]",
    "env_vars: {A: \"1\"}",
    "env_vars: {A: \"it's\"}",
    "env_vars: {A: 'say \"x\"'}",
    "env_vars: {A: 'a\\b'}",
    "env_vars: {A: \"${HOME}/x\"}",
    "env_vars: {A: \"$HOME\"}",
    "env_vars: {A: \"pa$word\"}",
    "env_vars: {A: \"pa$$word\"}",
    "env_vars: {A: \"$(pwd)\"}",
    "env_vars: {A: \"`pwd`\"}",
    "env_vars: {A: \"a`b\"}",
    "env_vars: {A: \"${{ x }}\"}",
    "env_vars: {A: \"$(a\"}",
    "env_vars: {A: \"a\\nb\"}",
    "env_vars: {A: \"5$\"}",
];

#[derive(Clone, Debug)]
struct Case(Value);

impl Case {
    fn new(index: u64, seed: u64) -> Self {
        let mut dice = Dice::new(seed, index);
        let mut spec = json!({
            "entrypoint": "python a.py",
            "rayClusterSpec": {"rayVersion": "2.52.0", "headGroupSpec": {"rayStartParams": {}, "template": {"spec":
                {"containers": [{"name": "ray-head", "image": "rayproject/ray:2.52.0"}]}}}},
        });
        match dice.below(3) {
            0 => {}
            1 => spec["submissionMode"] = Value::from("K8sJobMode"),
            _ => spec["submissionMode"] = Value::from("SidecarMode"),
        }
        // One field in most jobs, so that a rule does not hide another one.
        let which = dice.below(5);
        if which == 0 || dice.one_in(10) {
            spec["entrypointResources"] = Value::from(*dice.pick(&RESOURCES));
        }
        if which == 1 || dice.one_in(10) {
            spec["jobId"] = Value::from(*dice.pick(&IDS));
        }
        if which == 2 || dice.one_in(10) {
            spec["metadata"] = json!({"key": dice.pick(&METADATA)});
            if dice.one_in(2) {
                spec["rayClusterSpec"]["rayVersion"] = Value::from(*dice.pick(&VERSIONS));
            }
        }
        if which == 3 || dice.one_in(10) {
            spec["runtimeEnvYAML"] = Value::from(*dice.pick(&RUNTIME_ENVS));
        }
        Self(json!({"apiVersion": "ray.io/v1", "kind": "RayJob", "metadata": {"name": "job"}, "spec": spec}))
    }

    fn text(&self) -> String {
        self.0.to_string()
    }

    /// Returns the strictest level at which these rules report something.
    fn verdict(&self, policy: &Policy) -> Option<Level> {
        let text = self.text();
        let json: Json<'_> = serde_json::from_str(&text).expect("JSON");
        let object = RayObject::read(&json).expect("a RayJob");
        let findings = policy.validate(&object, None);
        findings.iter().filter(|finding| RULES.contains(&finding.rule.name)).map(|finding| finding.level).max()
    }
}

/// Ray's answer to the arguments of `ray job submit`.
#[derive(Clone, Debug, Deserialize)]
struct Answer {
    error: Option<String>,
    id: Option<String>,
}

/// Returns why the job is never submitted or not found, or what else happens; `None` where all is well.
fn fault(case: &Case, submission: &Submission, answer: Option<&Answer>) -> Option<(Level, String)> {
    let spec = &case.0["spec"];
    if !submission.refused.is_empty() {
        let kind = submission.refused.split(':').next().unwrap_or_default();
        return Some((Level::Deny, format!("KubeRay: {kind}")));
    }
    let Some(Answer { error, id }) = answer else { return Some((Level::Deny, "bash: reads no command".to_owned())) };
    if let Some(error) = error {
        return Some((Level::Deny, format!("Ray: {error:.60}")));
    }
    if let Some(written) = spec["jobId"].as_str()
        && id.as_deref() != Some(written)
    {
        return Some((Level::Deny, "the job has another ID".to_owned()));
    }
    if !submission.others.is_empty() || submission.submits.len() > 1 || submission.redirected {
        return Some((Level::Warn, "bash: runs another command".to_owned()));
    }
    None
}

#[test]
fn rayguard_finds_what_bash_and_ray_do_with_the_fields_of_a_job() {
    let (seed, count) = (from_env("SEED", SEED), from_env("JOBS", JOBS));
    let mut policy = Policy::default();
    policy.settings.kuberay = KubeRay { version: Version::v1(6), ..KubeRay::default() };
    let mut submissions = Vec::new();
    let cases = (0..count).map(|index| Case::new(index, seed));
    validators::submit(cases, Case::text, |case, submission| submissions.push((case, submission)));

    let mut answers = Vec::new();
    let asked = submissions.iter().filter_map(|(_, submission)| submission.submits.first());
    let program = ray::python(RAY, &root().join("tests/ray/submit.py"));
    let question = |arguments: &&Vec<String>| serde_json::to_string(arguments).expect("JSON");
    oracle::ask(program, asked, question, |_, answer: Answer| answers.push(answer));

    let mut answers = answers.iter();
    let mut table = BTreeMap::<(bool, String), [usize; 4]>::new();
    let mut wrong = Vec::new();
    for (case, submission) in &submissions {
        let answer = submission.submits.first().and_then(|_| answers.next());
        let (level, why) = fault(case, submission, answer).unwrap_or((Level::Off, "nothing".to_owned()));
        let said = case.verdict(&policy).unwrap_or(Level::Off);
        table.entry((level == Level::Deny, why.clone())).or_default()[said as usize] += 1;
        if (said == Level::Deny) != (level == Level::Deny) || said < level {
            wrong.push((why, said, case, submission));
        }
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "seed {seed}, {count} jobs, Ray {RAY}").expect("standard output");
    writeln!(out, "{:>6} {:>6} {:>6}  what happens", "-", "warn", "deny").expect("standard output");
    for ((_, why), [off, _, warn, deny]) in &table {
        writeln!(out, "{off:>6} {warn:>6} {deny:>6}  {why}").expect("standard output");
    }
    for (why, said, case, submission) in wrong.iter().take(30) {
        writeln!(out, "{said:?} and not {why}: {} {submission:?}", case.0["spec"]).expect("standard output");
    }
    drop(out);
    assert!(wrong.is_empty(), "{} jobs have another verdict", wrong.len());
    let faulty: usize = table.iter().filter(|((is_denied, _), _)| *is_denied).map(|(_, [.., deny])| deny).sum();
    assert!(faulty * 4 > submissions.len(), "only {faulty} jobs are faulty");
}
